/* SPDX-License-Identifier: BSD-2-Clause */
/* tallies.h - times by thread and stack, or by pair of threads: found by key, visited when they have changed, and bounded
 * (part of the model)
 *
 * A long run knows tens of thousands of them, of which some hundreds change between two readings: a reading, a mark and a
 * picture of an interval cost what has changed (tallies.changed), a picture of all time what there is.
 */
#ifndef GILTOP_MODEL_TALLIES_H
#define GILTOP_MODEL_TALLIES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "user/base/hmap.h"

/* Three readings of each sum: now, at the last mark, at the last reset. */
enum { AT_NOW, AT_MARK, AT_ZERO, AT_CNT };

enum { PAIRS, SUMS, CHAINS, TALLIES_CNT };

/* Time, and how often: by pair of threads, by thread and stack, or by pair of threads with their stacks. */
struct tally {
	uint32_t tid,
		other; /* waiter and holder; of a sum by stack: the thread and enum gt_sum_kind */
	uint32_t stack, other_stack; /* 0 in a pair */
	uint64_t closed_ns, cnt;
	/* Of waits and holds that still go on: of sums counted anew at each feed; of pairs and chains what all feeds
	 * have added for the time up to them. (The kernel begins anew at each cut.)
	 */
	uint64_t open_ns, open_before; /* .. before the last feed */
	uint64_t ns_at[AT_CNT], cnt_at[AT_CNT];
	struct tally *next; /* of the same row */
	bool changed, gone;
	bool fresh; /* not looked at by a fold yet, whatever has been marked since */
};

struct tallies {
	int which; /* PAIRS .. */
	size_t cnt, cap;
	struct tally **v;
	size_t changed_cnt, changed_cap;
	struct tally **
		changed; /* since the last mark, or what is open in them is to be looked at again */
	struct hmap by_key; /* (tids, stacks) */
	struct hmap
		by_row; /* (tid, kind) of sums, (holder, 0) of chains: the first of those whose time is scaled together */
	uint64_t full_cnt; /* how often there was no room for one, in the last feed */
	uint64_t
		light_cnt; /* of how many the time went to "other", as they were many and light; in the last feed */
};

/* Under another tid (0: none in particular); NULL ctx is the process's. */
typedef uint32_t (*tally_tid_fn)(const void *ctx, uint32_t tid);

void tallies__free(struct tallies *ts);
/* The one with the key of `want`, which is new then, and counted as changed. Without room that of nobody in particular.
 * NULL: no memory.
 */
struct tally *tallies__get(struct tallies *ts, struct tally want);
/* The first of those whose time is scaled together, then .next; NULL: none. kind: of sums, else 0. */
const struct tally *tallies__row(const struct tallies *ts, uint32_t tid, uint32_t kind);
/* Those whose threads have another tid by now are joined with what that has. all: look at all of them, else at those that
 * have changed. Without memory they stay, until the next time.
 */
void tallies__fold(struct tallies *ts, tally_tid_fn fn, const void *ctx, bool all);
/* If there are too many: the time of the lightest goes to one each of their thread's, "other". */
void tallies__prune(struct tallies *ts);
/* A feed begins: keep what was open, for tallies__undo(), and begin anew where that is counted at each feed. */
void tallies__begin(struct tallies *ts);
void tallies__undo(struct tallies *ts);
/* What is known now is the reading AT_NOW. */
void tallies__sum(struct tallies *ts);
/* .. and AT_MARK or AT_ZERO. */
void tallies__copy(struct tallies *ts, int to);

#endif
