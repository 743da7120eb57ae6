/* SPDX-License-Identifier: BSD-2-Clause */
/* process_impl.h - what process.c and threads.c share */
#ifndef GILTOP_PYTHON_PROCESS_IMPL_H
#define GILTOP_PYTHON_PROCESS_IMPL_H

#include "user/base/worker.h"
#include "user/python/process.h"
#include "user/python/tids.h"

struct pysym;

struct py_process {
	pid_t pid;
	struct py_runtime rt;
	uint64_t bias;
	struct py_tids tids;
	struct worker *worker; /* does all that reads its memory; NULL: that is done here */
	uint64_t silent_until_ns,
		silent_ns; /* a worker was lost at it: no reading before, and for so long */
	bool gone;	   /* it has ended: nothing is read any more */
	struct pysym *sym; /* in a worker: names of functions; NULL: none asked for yet */
};

/* ---- guests.c: the same functions, done by a worker ---- */

/* Have fn done for this process by its worker, with args of len bytes; it finds both by py_guest__open(). As
 * worker__call(); -ETIMEDOUT at once for a while after that has happened, -ESRCH when the process has ended.
 */
int py_guest__call(struct py_process *p, worker_fn fn, const void *args, size_t len,
		   struct sbuf *out);
/* The same for a list of things of sz bytes: count or -errno; the caller frees *ret. */
ssize_t py_guest__list(struct py_process *p, worker_fn fn, const void *args, size_t len, size_t sz,
		       void *ret);
/* In the worker: who it is for, and the args (need bytes at least). NULL: no memory, or short. */
struct py_process *py_guest__open(void *state, const void *in, size_t in_len, const void **args,
				  size_t need);
/* Of a list that was made there, which is freed: n things, or -errno. */
int py_guest__put_list(ssize_t n, void *list, size_t sz, struct sbuf *out);

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
