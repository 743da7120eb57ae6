/* SPDX-License-Identifier: BSD-2-Clause */
/* fake_books.h - a little kernel that keeps the books as bpf/books.bpf.h does, event by event
 *
 * So that what the model makes of a reading can be held against the invariants of the accounting.
 * Included by one test program; everything in it is static inline.
 */
#ifndef GILTOP_TEST_FAKE_BOOKS_H
#define GILTOP_TEST_FAKE_BOOKS_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "user/books/totals.h"
#include "tests/unit/say.h"

#define PID   100u
#define COND  0x7000u
#define T0    1000000u /* the books start */
#define MAX_T 256

struct kernel {
	struct total_gil gil;
	struct total_thread threads[MAX_T];
	size_t cnt;
	struct total_ended ended;
	struct total_pair pairs[64];
	size_t pair_cnt;
	uint64_t held_at_wait[MAX_T];
};

static inline void kernel__init(struct kernel *k)
{
	memset(k, 0, sizeof(*k));
	k->gil.key = (struct gt_gil_key){ .cond = COND, .tgid = PID };
	k->gil.rec.first_ns = k->gil.rec.last_ns = k->gil.rec.seg_start_ns = T0;
	k->ended.key = k->gil.key;
}

static inline void advance(struct gt_gil *g, uint64_t now)
{
	uint64_t dt = now - g->last_ns;

	g->wait_ns += dt * g->waiters;
	if (g->held) {
		g->held_ns += dt;
		g->hold_blame_ns += dt * g->waiters;
	} else if (g->waiters) {
		g->gap_ns += dt * g->waiters;
		g->gap_wall_ns += dt;
	}
	g->last_ns = now;
}

static inline struct gt_thread *thread(struct kernel *k, uint32_t tid, uint64_t now)
{
	struct total_thread *t;

	for (size_t i = 0; i < k->cnt; i++)
		if (k->threads[i].key.tid == tid)
			return &k->threads[i].rec;
	assert_true(k->cnt < MAX_T);
	t = &k->threads[k->cnt++];
	*t = (struct total_thread){ .key = { .cond = COND, .tid = tid } };
	t->rec = (struct gt_thread){ .tid = tid, .tgid = PID, .first_ns = now, .since_ns = now };
	snprintf(t->rec.comm, sizeof(t->rec.comm), "t%u", tid);
	return &t->rec;
}

static inline void enter(struct gt_thread *t, __u32 state, uint64_t now)
{
	t->time_ns[t->state] += now - t->since_ns;
	t->since_ns = now;
	t->state = state;
}

static inline void book_pair(struct kernel *k, uint32_t waiter, uint32_t holder, uint64_t ns)
{
	for (size_t i = 0; ns && i <= k->pair_cnt; i++) {
		struct total_pair *p = &k->pairs[i];

		if (i == k->pair_cnt) {
			p->key = (struct gt_pair_key){ .tgid = PID,
						       .waiter_tid = waiter,
						       .holder_tid = holder };
			k->pair_cnt++;
		}
		if (p->key.waiter_tid == waiter && p->key.holder_tid == holder) {
			p->ns += ns;
			return;
		}
	}
}

static inline void on_wait(struct kernel *k, uint32_t tid, uint64_t now)
{
	struct gt_thread *t = thread(k, tid, now);

	advance(&k->gil.rec, now);
	t->wait_ticks++;
	if (t->state == GT_WAIT)
		return;
	enter(t, GT_WAIT, now);
	t->wait_held_ns = k->gil.rec.held_ns;
	t->wait_booked_ns = now;
	k->gil.rec.waiters++;
}

static inline void on_acquire(struct kernel *k, uint32_t tid, uint64_t now)
{
	struct gt_thread *t = thread(k, tid, now);
	struct gt_gil *g = &k->gil.rec;

	advance(g, now);
	assert_int_equal(g->held, 0);
	if (t->state == GT_WAIT) {
		uint64_t ns = now - t->since_ns, rest = g->held_ns - t->wait_held_ns;

		g->waiters--;
		t->contended++;
		t->wait_hist.cnt[gt_hist_bucket(ns)]++;
		t->wait_max_ns = ns > t->wait_max_ns ? ns : t->wait_max_ns;
		for (uint64_t i = 1; rest && i <= g->hold_cnt && i <= GT_RING_HOLDS; i++) {
			const struct gt_past_hold *h = &g->past[(g->hold_cnt - i) % GT_RING_HOLDS];
			uint64_t from = h->start_ns > t->since_ns ? h->start_ns : t->since_ns;

			book_pair(k, tid, h->tid, h->end_ns - from);
			rest -= h->end_ns - from;
		}
		assert_int_equal(rest, 0);
	}
	enter(t, GT_HOLD, now);
	t->acquisitions++;
	g->acquisitions++;
	g->switches += g->holder_tid != tid;
	g->held = 1;
	g->holder_tid = tid;
	g->hold_since_ns = g->seg_start_ns = now;
	g->hold_blame_ns = 0;
}

static inline void on_release(struct kernel *k, uint32_t tid, uint64_t now)
{
	struct gt_thread *t = thread(k, tid, now);
	struct gt_gil *g = &k->gil.rec;
	uint64_t ns = now - t->since_ns;

	advance(g, now);
	t->blame_ns += g->hold_blame_ns;
	g->hold_blame_ns = 0;
	t->hold_hist.cnt[gt_hist_bucket(ns)]++;
	t->hold_max_ns = ns > t->hold_max_ns ? ns : t->hold_max_ns;
	t->releases++;
	g->releases++;
	g->past[g->hold_cnt++ % GT_RING_HOLDS] =
		(struct gt_past_hold){ .start_ns = g->hold_since_ns, .end_ns = now, .tid = tid };
	g->held = 0;
	g->holder_tid = 0;
	enter(t, GT_RELEASED, now);
}

static inline void on_exit_of(struct kernel *k, uint32_t tid, uint64_t now)
{
	struct gt_thread *t = thread(k, tid, now);

	enter(t, t->state, now);
	t->flags |= GT_F_EXITED;
	t->exit_ns = now;
}

/* The kernel folds an ended thread away by itself. */
static inline void fold(struct kernel *k, uint32_t tid)
{
	for (size_t i = 0; i < k->cnt; i++) {
		const struct gt_thread *t = &k->threads[i].rec;
		struct gt_ended *e = &k->ended.rec;

		if (t->tid != tid)
			continue;
		e->threads++;
		for (int s = 0; s < GT_STATE_CNT; s++)
			e->time_ns[s] += t->time_ns[s];
		e->blame_ns += t->blame_ns;
		e->acquisitions += t->acquisitions;
		e->contended += t->contended;
		e->releases += t->releases;
		for (int b = 0; b < GT_HIST_BUCKETS; b++) {
			e->wait_hist.cnt[b] += t->wait_hist.cnt[b];
			e->hold_hist.cnt[b] += t->hold_hist.cnt[b];
		}
		k->threads[i] = k->threads[--k->cnt];
		return;
	}
	fail();
}

static inline void feed(struct model *m, struct kernel *k, uint64_t now)
{
	struct totals t = {
		.now_ns = now,
		.gil_cnt = 1,
		.gils = &k->gil,
		.thread_cnt = k->cnt,
		.threads = k->threads,
		.ended_cnt = k->ended.rec.threads != 0,
		.ended = &k->ended,
		.pair_cnt = k->pair_cnt,
		.pairs = k->pairs,
	};

	assert_int_equal(say_totals(m, &t), 0);
	for (size_t i = k->cnt; i-- > 0;) { /* as the reader does: an ended thread comes once */
		const struct gt_thread *rec = &k->threads[i].rec;

		if (rec->flags & GT_F_EXITED && rec->state != GT_WAIT && rec->state != GT_HOLD)
			k->threads[i] = k->threads[--k->cnt];
	}
}

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

/* ---- sums over a snapshot ---- */

struct sums {
	uint64_t wait, hold, blame, gap, held, gil_wait, acquisitions, releases, pairs, folded;
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
			assert_int_equal(t->wait_ns + t->hold_ns + t->yield_ns + t->released_ns,
					 t->span_ns);
		}
		for (size_t k = 0; k < p->gil_cnt; k++) {
			r.gap += p->gils[k].gap_ns;
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

#endif
