/* SPDX-License-Identifier: BSD-2-Clause */
/* trigger.h - something that the user wants to be told of at once: --on-wait, --on-hold, --on-delay and others */
#ifndef GILTOP_BOOKS_TRIGGER_H
#define GILTOP_BOOKS_TRIGGER_H

#include <stdbool.h>
#include <stdint.h>

enum trigger_kind {
	TRIGGER_WAIT, /* a thread waits for so long */
	TRIGGER_HOLD, /* a thread holds for so long (in light stretches: one that others wait for) */
	TRIGGER_DELAY,	/* a thread lost so much of an interval to the GIL */
	TRIGGER_SIGNAL, /* SIGUSR1 */
	TRIGGER_KEY,	/* w in the live view */
	TRIGGER_END,	/* the target has ended, or giltop */
	TRIGGER_KINDS,
};

/* A hold that goes on is told of once while it does, and once more with `over` when it has ended: no is the same. */
struct trigger {
	enum trigger_kind kind;
	bool over;
	uint64_t no;	   /* from 1 in each run */
	uint64_t at_ns;	   /* it was seen; CLOCK_MONOTONIC */
	uint64_t start_ns; /* of the wait or the hold; of the interval */
	uint64_t ns; /* it has lasted for so long, up to at_ns; of DELAY: lost of the interval */
	uint64_t limit_ns;		 /* what was asked for */
	uint64_t gil;			 /* address of the lock; 0: of none */
	uint32_t waiter_tid, holder_tid; /* 0: none, or not known */
	uint32_t waiter_stack, holder_stack;
	uint32_t waiter_cnt; /* so many waited for that GIL then */
	const char *file;    /* what was recorded of it; NULL: nothing */
};

#endif
