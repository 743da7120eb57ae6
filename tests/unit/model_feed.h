/* SPDX-License-Identifier: BSD-2-Clause */
/* model_feed.h - a model that is fed from a fake machine, and the invariants of its snapshots
 *
 * new_model() and feed_totals() alone know how a model is made and fed.
 */
#ifndef GILTOP_TEST_MODEL_FEED_H
#define GILTOP_TEST_MODEL_FEED_H

#include "tests/unit/fake_reader.h"
#include "tests/unit/say.h"

static inline struct model *new_model(void)
{
	const struct say_proc info = { .pid = PID,
				       .comm = "app",
				       .cmdline = "app -x",
				       .python = "3.11.2",
				       .runtime = "/x",
				       .sites = "call-sites" };
	struct model *m = model__new();

	assert_non_null(m);
	assert_int_equal(say_start(m, &info, T0), 0);
	return m;
}

static inline void feed_totals(struct model *m, const struct totals *t)
{
	assert_int_equal(say_totals(m, t), 0);
}

/* The books as of the cut that has been published, read at now. last: nothing comes after this. */
static inline void feed_cut(struct model *m, struct machine *k, uint64_t now, bool last)
{
	shim.cpu = (struct shim_cpu){ .now_ns = now };
	read_cut_books(k);
	k->totals.last = last;
	feed_totals(m, &k->totals);
}

static inline void feed_at(struct model *m, struct machine *k, uint64_t now, bool last)
{
	publish_cut(now);
	feed_cut(m, k, now, last);
}

static inline void feed(struct model *m, struct machine *k, uint64_t now)
{
	feed_at(m, k, now, false);
}

/* ---- sums over a snapshot ---- */

struct sums {
	uint64_t wait, hold, blame, gap, held, gil_wait, acquisitions, releases, pairs, folded;
	uint64_t contended, yields, runnable, unsure;
};

static inline struct sums sums_of(const struct snapshot *s)
{
	struct sums r = { 0 };

	for (size_t i = 0; i < s->proc_cnt; i++) {
		const struct snap_proc *p = &s->procs[i];

		for (size_t k = 0; k < p->thread_cnt; k++) {
			const struct snap_thread *t = &p->threads[k];

			r.wait += t->wait_ns;
			r.hold += t->hold_ns;
			r.blame += t->blame_ns;
			r.acquisitions += t->acquisitions;
			r.releases += t->releases;
			r.folded += t->folded_cnt;
			r.contended += t->contended;
			r.yields += t->yields;
			assert_int_equal(t->wait_ns + t->hold_ns + t->yield_ns + t->released_ns,
					 t->span_ns);
		}
		for (size_t k = 0; k < p->gil_cnt; k++) {
			r.gap += p->gils[k].gap_ns;
			r.runnable += p->gils[k].runnable_ns;
			r.unsure += p->gils[k].unsure_ns;
			r.held += p->gils[k].held_ns;
			r.gil_wait += p->gils[k].wait_ns;
		}
		for (size_t k = 0; k < p->pair_cnt; k++)
			r.pairs += p->pairs[k].ns;
	}
	return r;
}

/* All but the pairs, which count an open wait up to the reading, not to its thread's death. */
static inline struct sums balanced_but_pairs(const struct snapshot *s)
{
	struct sums r = sums_of(s);

	assert_true(r.hold <= s->now_ns - s->start_ns);
	assert_int_equal(r.wait, r.blame + r.gap);
	assert_int_equal(r.wait, r.gil_wait);
	assert_int_equal(r.hold, r.held);
	return r;
}

static inline struct sums balanced(const struct snapshot *s)
{
	struct sums r = balanced_but_pairs(s);

	assert_int_equal(r.pairs, r.blame);
	return r;
}

static inline struct sums check(const struct model *m, enum model_span span)
{
	struct snapshot *s = model__snapshot(m, span);
	struct sums r;

	assert_non_null(s);
	r = balanced(s);
	snapshot__free(s);
	return r;
}

struct stack_sums {
	uint64_t kind[3], chains;
};

static inline struct stack_sums stack_sums_of(const struct snap_proc *p)
{
	struct stack_sums r = { { 0 }, 0 };

	for (size_t i = 0; i < p->stack_cnt; i++)
		r.kind[p->stacks[i].kind] += p->stacks[i].ns;
	for (size_t i = 0; i < p->chain_cnt; i++)
		r.chains += p->chains[i].ns;
	return r;
}

/* All sums of the first process agree to the nanosecond, in sum, by waiter and by holder. */
static inline void all_balanced(const struct snapshot *s)
{
	const struct snap_proc *p = &s->procs[0];
	struct stack_sums st = stack_sums_of(p);
	struct sums r = balanced(s);

	assert_int_equal(st.kind[SNAP_STACK_WAIT], r.wait);
	assert_int_equal(st.kind[SNAP_STACK_BLAME], r.blame);
	assert_int_equal(st.chains, r.blame);
	for (size_t i = 0; i < p->thread_cnt; i++) {
		const struct snap_thread *t = &p->threads[i];
		uint64_t wait = 0, blame = 0, on = 0, others = 0;

		for (size_t k = 0; k < p->stack_cnt; k++) {
			wait += p->stacks[k].kind == SNAP_STACK_WAIT && p->stacks[k].tid == t->tid
					? p->stacks[k].ns
					: 0;
			blame += p->stacks[k].kind == SNAP_STACK_BLAME && p->stacks[k].tid == t->tid
					 ? p->stacks[k].ns
					 : 0;
		}
		for (size_t k = 0; k < p->pair_cnt; k++) {
			on += p->pairs[k].waiter_tid == t->tid ? p->pairs[k].ns : 0;
			others += p->pairs[k].holder_tid == 0 ? p->pairs[k].ns : 0;
		}
		assert_int_equal(wait, t->wait_ns);
		assert_true(on <= t->wait_ns);
		assert_true(blame <= t->blame_ns && blame + others >= t->blame_ns);
	}
}

#endif
