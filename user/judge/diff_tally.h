/* SPDX-License-Identifier: BSD-2-Clause */
/* diff_tally.h - what two runs have under one name, added up (for diff.c) */
#ifndef GILTOP_JUDGE_DIFF_TALLY_H
#define GILTOP_JUDGE_DIFF_TALLY_H

#include "user/base/hmap.h"
#include "user/judge/diff.h"
#include "user/picture/snapshot.h"

#define DIFF_QUANTILES 8 /* from DIFF_WAIT_P50 to DIFF_HOLD_MAX */

/* Of one run. */
struct diff_sum {
	size_t cnt; /* threads or stacks; 0: it is not there */
	double span_ns, wait_ns, yield_ns, hold_ns, seen_ns;
	double waits, holds;
	/* Of the thread that has it largest, and of how many waits or holds; NaN: not known. Quantiles of several threads
	 * cannot be added up, and the worst one is what users feel.
	 */
	double q[DIFF_QUANTILES], q_cnt[DIFF_QUANTILES];
	double ns, looks; /* of a place */
};

#define TALLY_NONE SIZE_MAX

struct diff_tally {
	enum diff_kind kind;
	bool by_pool; /* a part of a function: what one pool does of it; no row of its own */
	const char *role, *pool, *function, *file;
	uint32_t line;
	size_t parent;		     /* of a line or part: its function */
	size_t line_cnt;	     /* of a function */
	size_t most_line, most_pool; /* .. its largest parts; TALLY_NONE: none */
	struct diff_sum sum[2];
};

struct diff_tallies {
	size_t cnt, cap;
	struct diff_tally *v; /* the first is the run */
	struct hmap by_key;
	struct arena *arena; /* of names */
};

/* side: 0 or 1. 0 or -ENOMEM. */
int diff_tallies__add(struct diff_tallies *t, int side, const struct snapshot *s,
		      const char *only_role);
/* After both: the largest parts of functions are found. */
void diff_tallies__finish(struct diff_tallies *t);
void diff_tallies__free(struct diff_tallies *t);

#endif
