/* SPDX-License-Identifier: BSD-2-Clause */
/* counters.h - all that is lost, odd or merely counted: one table says what each counter means
 *
 * To add one: a value of enum gt_stat (counted by the kernel) or of enum counter (by user space), and
 * its row in counters.c. JSON, the text report, the header, --max-loss and the model have it from there.
 */
#ifndef GILTOP_BOOKS_COUNTERS_H
#define GILTOP_BOOKS_COUNTERS_H

#include <stdint.h>

#include "bpf/giltop.h"

/* User space's own, after enum gt_stat. */
enum counter {
	COUNTER_TORN =
		GT_STAT_CNT, /* records that were being written at each of many looks, for seconds */
	COUNTER_TORN_LAST,   /* .. in the last reading, so never read whole */
	COUNTER_LATE,	     /* records that had to be waited for: the reading was late */
	COUNTER_UNBALANCED, /* processes whose sums do not agree in this picture (picture/balance.h) */
	COUNTER_STORE_FULL,	   /* the stack store has no room (or no memory) for a stack */
	COUNTER_STACK_TOTALS_FULL, /* no room for a running total by stack, or pair of stacks */
	COUNTER_UNRESOLVED,	   /* frames whose code object was gone before its name was read */
	COUNTER_NO_LINE,	   /* frames whose line would have taken too long to find */
	COUNTER_GIVEN_UP,	   /* a worker was lost: what it read blocked, or was too much */
	COUNTER_LIGHT,	      /* pairs and places so light, among many, that they went to "other" */
	COUNTER_MISSED,	      /* processes that ended before their books could be opened */
	COUNTER_QUIET,	      /* .. whose waits would have been seen, and that had none */
	COUNTER_REFRESH_LATE, /* refreshes that took longer than their interval */
	COUNTER_UNTOLD, /* triggers that were not told of: at the same time as others, or too many */
	COUNTER_CNT,
};

enum counter_class {
	COUNTER_INFO = 1,    /* happens without any fault */
	COUNTER_LOSS,	     /* something is missing in a total */
	COUNTER_LOSS_DETAIL, /* totals are whole; who, where or when is missing for a part of them */
	COUNTER_DISAGREEMENT, /* of the books with the target's memory, or of events with each other */
};

struct counter_desc {
	const char *name;  /* in JSON's "stats" */
	const char *words; /* in the text report: "WORDS: COUNT". NULL: in JSON only */
	enum counter_class class;
};

/* By enum gt_stat and enum counter. */
extern const struct counter_desc counter_table[COUNTER_CNT];

/* The sum of all counters of a class; stats has COUNTER_CNT of them. */
uint64_t counters__sum(const uint64_t *stats, enum counter_class class);

#endif
