/* SPDX-License-Identifier: BSD-2-Clause */
/* culprit.h - what makes others wait: the function, line, library, thread or pool that explains most with least
 *
 * Blame is spread over lines, and over threads. "0.9 % for thread 16446" is true and useless where 400 threads run one
 * function; "0.1 % in encoder.py" is where 50 functions share a pool.
 */
#ifndef GILTOP_JUDGE_CULPRIT_H
#define GILTOP_JUDGE_CULPRIT_H

#include <stdbool.h>
#include <stdint.h>

#include "user/picture/snapshot.h"

/* Pointers are into the process that it was found in. */
struct culprit {
	uint64_t
		all_ns; /* all waiting, in gaps too; 0: none was inflicted, and nothing else is set */
	/* The function that makes others wait most, with the line where it does so most. */
	const struct snap_frame *frame; /* NULL: no place is known */
	const struct snap_frame *
		caller; /* the program's own line that leads there; NULL: frame is its own, or none is */
	uint64_t ns, looks;	   /* of the function */
	uint64_t native_ns, gc_ns; /* part of ns in native code, in the garbage collector */
	const char *library;	   /* where most of native_ns is; NULL: not known */
	const char *
		all_library; /* where most of all native code is, whatever called it; NULL: not known */
	uint64_t all_library_ns;
	/* Who does so there; where no place is known, anywhere. */
	const struct snap_pool *pool;  /* the pool with most of it; NULL: there are no pools */
	const struct snap_thread *who; /* its sum, or the thread alone */
	uint64_t who_ns;
	size_t thread_cnt, pool_thread_cnt; /* threads that do, and of them in that pool */
};

/* At this GIL; g NULL: at any. False: no memory (then nothing is known). */
bool culprit__find(const struct snap_proc *p, const struct snap_gil *g, struct culprit *ret);
/* How long the holds are in which it spends its holding: half of it is in longer ones. NS_UNKNOWN: there are none. */
uint64_t culprit__hold_ns(const struct snap_thread *t);

#endif
