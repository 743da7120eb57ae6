/* SPDX-License-Identifier: BSD-2-Clause */
/* process_impl.h - what process.c and threads.c share */
#ifndef GILTOP_PYTHON_PROCESS_IMPL_H
#define GILTOP_PYTHON_PROCESS_IMPL_H

#include "user/python/process.h"
#include "user/python/tids.h"

struct py_process {
	pid_t pid;
	struct py_runtime rt;
	uint64_t bias;
	struct py_tids tids;
};

/* Does a list in the target's memory come back to where it was? (Brent: compare with the place of the last power of
 * two.) seen starts as 0; n counts the steps.
 */
static inline bool goes_round(uint64_t *seen, uint64_t addr, size_t n)
{
	if (addr == *seen)
		return true;
	if (!(n & (n - 1)))
		*seen = addr;
	return false;
}

/* The tid of the thread that owns a tstate; looks at /proc again if it is not among the known. */
uint32_t py_process__tid_of(struct py_process *p, uint64_t tstate);

#endif
