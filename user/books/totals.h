/* SPDX-License-Identifier: BSD-2-Clause */
/* totals.h - what a source knows at one moment: all books, as of the last reading */
#ifndef GILTOP_BOOKS_TOTALS_H
#define GILTOP_BOOKS_TOTALS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "bpf/giltop.h"
#include "user/books/counters.h"

struct total_gil {
	struct gt_gil_key key;
	struct gt_gil rec;
	uint32_t slot; /* its place in `gils`: GT_PAIR_OF_GIL */
	uint64_t
		exact_since_ns; /* the kernel's record has yet to take a step to light books since then; 0: it is light */
};

struct total_thread {
	struct gt_thread_key key;
	struct gt_thread rec;
	uint64_t hold_since_ns; /* the same of a hold; 0: none */
	uint32_t open_stack;	/* where it is now, if it waits or was asked for; 0: not known */
};

struct total_ended {
	struct gt_gil_key key;
	struct gt_ended rec;
};

/* Who waited for whom, since the reading before. */
struct total_pair {
	struct gt_pair_key key;
	uint64_t ns;
};

/* Time by stack, new since the reading before: of a thread's waits or holds; or of a chain: how long tid waited at stack for other, who was at
 * other_stack.
 */
struct total_stack {
	uint32_t tgid, tid, stack;
	uint32_t kind; /* enum gt_sum_kind; of a chain GT_SUM_WAIT */
	uint32_t other, other_stack;
	uint64_t ns, cnt;
};

/* Sleeps of holders at one place (--sched), since the books started; one that goes on counts up to now_ns. A place may have two of these. */
struct total_sleep {
	struct gt_sleep_key at; /* its stack is the kernel's hash, .. */
	uint32_t stack;		/* .. this is the id */
	uint64_t ns, cnt;
};

/* Stacks are ids: those of the REC_STACK records before it (sink.h); 0: not captured, or without room.
 * Zero-initialise; the arrays are kept and reused by the reader. Free with totals__free. */
struct totals {
	uint64_t
		now_ns; /* the cut (bpf/cut.bpf.h): all records are as of this moment, but for their histograms */
	uint64_t self_cpu_ns;
	uint64_t stats
		[COUNTER_CNT]; /* since the start; of enum counter's, each part that counts adds its own */
	bool last;	       /* the books are closed: nothing comes after this */
	uint64_t torn_cnt, late_cnt; /* COUNTER_TORN and COUNTER_LATE, of this reading */
	size_t gil_cnt, gil_cap;
	struct total_gil *gils;
	size_t thread_cnt, thread_cap;
	struct total_thread *threads;
	size_t ended_cnt, ended_cap;
	struct total_ended *ended;
	size_t pair_cnt, pair_cap;
	struct total_pair *pairs;
	bool stacks_known;
	size_t stack_cnt, stack_cap;
	struct total_stack *stacks;
	size_t chain_cnt, chain_cap;
	struct total_stack *chains;
	bool runnable_unknown; /* the kernel does not say for how long a thread wants a CPU and has none */
	bool sleeps_known; /* with --sched */
	size_t sleep_cnt, sleep_cap;
	struct total_sleep *sleeps;
};

void totals__free(struct totals *t);
/* Make a record that may have passed this cut (with GT_CUT_SIDE) what it was then. (first_ns 0: it had shown no event.) */
void totals__thread_at(struct gt_thread *rec, uint64_t cut);
/* What books are that have become light up to then (bpf/modes.h; m NULL: never), and of which nothing has been seen since.
 * now: the reading's moment.
 */
void totals__lighten_gil(struct gt_gil *rec, const struct gt_modes *m, uint64_t now);
void totals__lighten_thread(struct gt_thread *rec, const struct gt_modes *m, uint64_t now);

#endif
