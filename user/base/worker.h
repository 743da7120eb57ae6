/* SPDX-License-Identifier: BSD-2-Clause */
/* worker.h - a process of ours that does what may never come back
 *
 * To read another process's memory, to open a file that it has mapped or to look into that file can block for as long
 * as its owner likes: a page may be served by a file system or a fault handler of his. A thread that is stuck there
 * cannot be stopped, and keeps open what the process has open: the links that hold the probes. So such things are done
 * by a process that has no descriptor but its pipe to us, is limited in memory and time, and can be given up. It is a
 * fork of giltop: what it is to do is a function of giltop, with bytes in and bytes out.
 */
#ifndef GILTOP_BASE_WORKER_H
#define GILTOP_BASE_WORKER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct sbuf;
struct worker;

/* What it may take. */
struct worker_limits {
	uint64_t memory;  /* bytes, beyond what giltop itself has mapped; 0: no limit */
	uint64_t cpu_ns;  /* of one call */
	uint64_t wait_ns; /* of one call, blocked, not waiting for a CPU */
	uint64_t answer;  /* bytes that a call may return */
};

/* in is of in_len bytes; what is added to out comes back. state: the worker's, kept from call to call while that process
 * lives. 0 or -errno, which comes back too.
 */
typedef int (*worker_fn)(void *state, const void *in, size_t in_len, struct sbuf *out);

/* Nothing is started before the first call. state is not owned, and only the copies of it in the worker change.
 * NULL + errno: ENOMEM.
 */
struct worker *worker__new(const struct worker_limits *limits, void *state);
/* Does not wait for one that is stuck. */
void worker__free(struct worker *w);

/* Have fn done there, and wait for it: what fn returned (out: its answer, added), or
 *	-ETIMEDOUT	it was blocked for too long (what it waited for may never come), and was given up
 *	-EFBIG		it took too much CPU time, or its answer is too long
 *	-EINTR		a signal came that wants giltop to end (also one that is blocked and pending)
 *	-EIO		it died (a limit of memory, or a fault of ours)
 *	-EAGAIN		not tried: too many that were given up are still stuck
 *	-ENOMEM, or why a process could not be made
 */
int worker__call(struct worker *w, worker_fn fn, const void *in, size_t in_len, struct sbuf *out);

/* How often it was given up, for whatever reason. */
uint64_t worker__lost_cnt(const struct worker *w);
/* CPU time that it has taken, with all that were given up. */
uint64_t worker__cpu_ns(const struct worker *w);

#endif
