/* SPDX-License-Identifier: BSD-2-Clause */
/* event.h - what happened at a GIL, one by one: for recordings (doc/format.md), never for sums
 *
 * Totals do not come from these: the books are exact whatever of them is lost. A thread's events are in the order of
 * their times; those of one GIL (WAIT, RETRY, GET, RELEASE) are, too.
 */
#ifndef GILTOP_BOOKS_EVENT_H
#define GILTOP_BOOKS_EVENT_H

#include <stdbool.h>
#include <stdint.h>

enum event_kind {
	EVENT_WAIT = 1, /* it wants the GIL and blocks */
	EVENT_RETRY, /* it was woken, has not got it and blocks again: lost to another, or an interval is over */
	EVENT_GET,	 /* it has it; without a WAIT before it did not have to block */
	EVENT_RELEASE,	 /* it lets go: by itself, or asked to (EVENT_F_ASKED) */
	EVENT_YIELD,	 /* it has let go and blocks until another has it */
	EVENT_YIELD_END, /* .. */
	EVENT_START,	 /* the first of a thread */
	EVENT_END,	 /* it is over */
	EVENT_WAKE, /* --sched: thread `other` made it runnable; 0: nobody of this process, or an interrupt */
	EVENT_SEGMENT, /* short waits or holds that are not here one by one: see struct event_segment */
	EVENT_KINDS,
};

enum event_flag {
	EVENT_F_ASKED = 1 << 0, /* RELEASE: a waiter had asked for it */
	EVENT_F_LIGHT = 1 << 1, /* seen in a light stretch: what the holder did is not known */
	EVENT_F_HOLDS =
		1 << 2, /* SEGMENT: of holds, else of waits; START: it has held it since then */
	EVENT_F_YIELDS = 1 << 3, /* SEGMENT: of yields */
	EVENT_F_ALL = (1 << 4) - 1,
};

#define EVENT_NO_CPU UINT64_MAX

/* Of EVENT_SEGMENT: those between from_ns and the event's time. */
struct event_segment {
	uint64_t from_ns, cnt, sum_ns, max_ns;
	uint32_t log2[64]; /* how many were of at least 2^i ns, and less than 2^(i+1) */
};

struct event {
	uint64_t ns;	 /* CLOCK_MONOTONIC */
	uint64_t cpu_ns; /* CPU time of the thread by then; EVENT_NO_CPU: not known */
	uint64_t gil;	 /* address of the lock */
	uint32_t pid, tid;
	uint32_t other; /* WAKE: who; WAIT in a light stretch: who is taken to hold it; else 0 */
	uint32_t
		stack; /* GET after a wait, RELEASE after a hold that was long enough; 0: not captured */
	uint8_t kind;			     /* enum event_kind */
	uint8_t flags;			     /* enum event_flag */
	const struct event_segment *segment; /* of SEGMENT, else NULL; there during the call only */
};

#endif
