/* SPDX-License-Identifier: BSD-2-Clause */
/* limit.h - no more events than so many a second of each process: short states go into sums
 *
 * Events are kept back for a window (100 ms of theirs). If a process has had too many in it, its shortest waits,
 * holds and yields are left out, as many as must be, and are told of as one EVENT_SEGMENT each of a thread at a GIL and
 * window: how many, how long in sum, the longest, how they are spread. Only whole states are: an event that begins one and
 * is there has the one that ends it there, too. A hold goes only with the wait before it.
 */
#ifndef GILTOP_CODEC_LIMIT_H
#define GILTOP_CODEC_LIMIT_H

#include <stddef.h>
#include <stdint.h>

#include "user/books/event.h"

struct limit;

struct limit_opts {
	uint64_t max_rate; /* events/s of a process; 0: no limit, nothing is kept back */
	/* What is left, in its order; segments are there during the call only. 0 or -errno, which is handed on. */
	int (*out)(void *ctx, const struct event *list, size_t cnt);
	void *ctx;
};

struct limit_stats {
	uint64_t out_cnt;    /* handed on, segments too */
	uint64_t left_cnt;   /* left out */
	uint64_t folded_cnt; /* states that are in segments */
	uint64_t segment_cnt;
};

/* NULL + errno. */
struct limit *limit__new(const struct limit_opts *o);
void limit__free(struct limit *l);
int limit__take(struct limit *l, const struct event *list, size_t cnt);
/* Hand on all that is kept back: before the totals that follow it. */
int limit__flush(struct limit *l);
struct limit_stats limit__stats(const struct limit *l);

#endif
