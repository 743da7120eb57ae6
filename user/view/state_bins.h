/* SPDX-License-Identifier: BSD-2-Clause */
/* state_bins.h - what threads did over a whole run in little room: shares by time, and the longest states one by one
 *
 * Time is cut into at most BINS_MAX bins of one length, which doubles as the run gets longer; of each thread it is known for
 * how long it waited, held and yielded in each. The longest states of all, wherever they are, are kept as they were. So there is a picture
 * of any length, finer where the time is, in memory that depends on the number of threads alone.
 */
#ifndef GILTOP_VIEW_STATE_BINS_H
#define GILTOP_VIEW_STATE_BINS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "bpf/giltop.h"

#define BINS_MAX  1024
#define BIN_KINDS 3 /* GT_WAIT, GT_HOLD, GT_YIELD */
#define BIN_ROWS_MAX                                                                               \
	2048 /* threads with bins of their own: 24 MB; all further ones share one row */
#define LONG_STATES_MAX 20000

/* Of one thread; of kind k at [k - GT_WAIT]. */
struct bin_row {
	float ns[BIN_KINDS][BINS_MAX]; /* for shares: a millionth is enough */
};

struct long_state {
	uint64_t start_ns, len_ns;
	uint32_t thread, holder; /* numbers of threads; holder UINT32_MAX: none */
	uint32_t stack;		 /* id; 0: none */
	uint16_t gil;		 /* its id */
	uint8_t kind;		 /* enum gt_state */
	uint8_t flags;		 /* the caller's */
};

/* Zero-initialise. */
struct state_bins {
	uint64_t start_ns;  /* of the first bin; 0: nothing has been added */
	unsigned int shift; /* a bin is 2^shift ns long */
	size_t row_cnt, row_cap;
	struct bin_row **rows; /* by thread number; NULL: it has done nothing */
	struct bin_row *others;
	size_t made_cnt;
	/* A heap, the shortest on top; state_bins__sort puts them into the order of time. */
	size_t long_cnt;
	struct long_state *longs;
	uint64_t left_cnt; /* states that are in bins alone */
};

/* Bins begin here: nothing is before it. */
void state_bins__begin(struct state_bins *b, uint64_t start_ns);
/* 0 or -ENOMEM. What is before the start is cut off in bins. */
int state_bins__add(struct state_bins *b, const struct long_state *s);
/* A sum of states between two moments, spread evenly. */
int state_bins__spread(struct state_bins *b, uint32_t thread, uint8_t kind, uint64_t start_ns,
		       uint64_t end_ns, uint64_t sum_ns);
/* How long a bin is, and how many there are up to this moment. */
uint64_t state_bins__len_ns(const struct state_bins *b);
size_t state_bins__cnt(const struct state_bins *b, uint64_t end_ns);
/* The share of a bin, 0..63, for the row of a thread; NULL: none. */
unsigned int state_bins__share(const struct state_bins *b, const struct bin_row *row,
			       unsigned int kind, size_t bin);
void state_bins__sort(struct state_bins *b); /* by start; nothing is added after it */
void state_bins__free(struct state_bins *b);

#endif
