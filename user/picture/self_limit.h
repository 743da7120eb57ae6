/* SPDX-License-Identifier: BSD-2-Clause */
/* self_limit.h - what giltop itself may cost, and what it leaves out to stay below that
 *
 * Pure: no clock. It is told what each refresh has cost, and says what is to be done from then on.
 */
#ifndef GILTOP_PICTURE_SELF_LIMIT_H
#define GILTOP_PICTURE_SELF_LIMIT_H

#include <stddef.h>
#include <stdint.h>

/* In this order; each leaves out what those before it do, too. Documented in the manual: SELF LIMIT. */
enum self_level {
	SELF_ALL,	/* nothing is left out */
	SELF_NO_WALKS,	/* stacks of open waits that nobody has seen are not read */
	SELF_NO_PAIRS,	/* pairs and chains are not in the pictures (in the last one they are) */
	SELF_NO_NATIVE, /* names of native functions are not looked up */
	SELF_HALF,	/* the interval is twice as long .. */
	SELF_QUARTER,	/* .. four times .. */
	SELF_EIGHTH,	/* .. eight times */
	SELF_LEVEL_CNT,
};

/* Refreshes of the last ten seconds at least. */
#define SELF_REFRESHES 128

/* What one refresh has cost. */
struct self_cost {
	uint64_t refresh_ns, refresh_cpu_ns; /* to read, add up and show */
	uint64_t wall_ns,
		cpu_ns; /* since the refresh before, whatever else was done: up to its end */
};

/* Initialise with self_limit__init(). */
struct self_limit {
	uint64_t max_pct; /* of one CPU; 0: no limit */
	enum self_level level;
	unsigned int stretch; /* how many intervals from one refresh to the next, for its cost */
	unsigned int short_cnt, long_cnt; /* refreshes in a row that cost less than that, or more */
	uint64_t late_cnt;		  /* refreshes that took longer than their interval */
	uint64_t back_ns;		  /* so long it must be cheap before more is done again */
	uint64_t level_ns, cheap_ns;	  /* since the level changed, and of that cheap all along */
	struct self_cost last[SELF_REFRESHES]; /* since then, up to ten seconds */
	size_t first, cnt;
	uint64_t wall_ns, cpu_ns; /* their sums */
};

void self_limit__init(struct self_limit *l, uint64_t max_pct);
/* A refresh is over. interval_ns: that was asked for. */
void self_limit__add(struct self_limit *l, const struct self_cost *c, uint64_t interval_ns);
/* How many intervals are to be between two refreshes. */
unsigned int self_limit__every(const struct self_limit *l);
/* "stacks of open waits are not read": what this level leaves out beside those before it; "" for SELF_ALL. */
const char *self_level__words(enum self_level level);

#endif
