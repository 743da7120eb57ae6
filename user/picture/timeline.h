/* SPDX-License-Identifier: BSD-2-Clause */
/* timeline.h - who was in which state when: the newest spans, for drawing rows of cells
 *
 * A span is a closed state (wait, hold, yield) of one thread. Only the newest are kept. What lies
 * between two spans of a thread it spent without the GIL, or in states too short to be reported; what
 * lies before the first span that is still kept is not known, and is told apart from that.
 * Pure: no clock, no I/O. Spans should come about in the order of their ends, as they do from the
 * ring buffer; one that is late by some others does no harm.
 */
#ifndef GILTOP_PICTURE_TIMELINE_H
#define GILTOP_PICTURE_TIMELINE_H

#include <stddef.h>
#include <stdint.h>

#include "bpf/giltop.h"

enum tl_cell {
	TL_NONE, /* not there, or not known */
	TL_RELEASED,
	TL_WAIT,
	TL_HOLD,
	TL_YIELD,
	TL_CELL_CNT,
};

struct tl_span {
	uint64_t start_ns, end_ns; /* CLOCK_MONOTONIC */
	uint64_t gil;		   /* address of the lock */
	uint32_t tgid, tid;
	enum gt_state state;
};

/* n equal cells from from_ns to to_ns. */
struct tl_window {
	uint64_t from_ns, to_ns;
	size_t n;
};

struct sink;
struct timeline;

/* Keeps at most span_max spans (56 bytes each). NULL and errno on failure. */
struct timeline *timeline__new(size_t span_max);
void timeline__free(struct timeline *t); /* NULL is fine */
/* Takes spans; lives as long as the timeline. */
struct sink *timeline__sink(struct timeline *t);
/* Forget everything; from now on, all spans of at least min_ns are going to be added. */
void timeline__restart(struct timeline *t, uint64_t now_ns, uint64_t min_ns);
/* 0, -EINVAL (ends before it starts, or no such state) or -ENOMEM (then it is not there, or not as its GIL's). */
int timeline__add(struct timeline *t, const struct tl_span *s);
/* All spans that ended after this are there. UINT64_MAX if it was never started. */
uint64_t timeline__known_from(const struct timeline *t);
/* Shorter spans are not there. */
uint64_t timeline__min_ns(const struct timeline *t);
size_t timeline__count(const struct timeline *t);

/* The state that each cell of the window was in most of the time. open: the state that the thread is
 * in now, as a span up to now, or NULL; first_ns: it is not known to have lived before that.
 */
void timeline__row(const struct timeline *t, uint32_t tid, const struct tl_span *open,
		   uint64_t first_ns, const struct tl_window *w, enum tl_cell *ret);
/* Who held this GIL longest in each cell; 0: nobody for the most part of it, or not known. A GIL has
 * one owner at a time, so a cell has one too. 0 or -ENOMEM. open: the hold going on, or NULL.
 */
int timeline__owner(const struct timeline *t, uint32_t tgid, uint64_t gil,
		    const struct tl_span *open, const struct tl_window *w, uint32_t *ret);

#endif
