/* SPDX-License-Identifier: BSD-2-Clause */
/* fake_stacks.h - fake_books.h with stacks: sums and chains as bpf/books.bpf.h books them
 *
 * A stack is a number, an id of the stack store (which need not have it). Included by one test program.
 */
#ifndef GILTOP_TEST_FAKE_STACKS_H
#define GILTOP_TEST_FAKE_STACKS_H

#include "tests/unit/fake_books.h"
#include "user/base/util.h"

struct skernel {
	struct total_gil gil;
	struct total_thread threads[MAX_T];
	size_t cnt;
	struct total_stack sums[512];
	size_t sum_cnt;
	struct total_stack chains[4096];
	size_t chain_cnt;
	uint64_t overruns;
};

static inline void sk__init(struct skernel *k)
{
	memset(k, 0, sizeof(*k));
	k->gil.key = (struct gt_gil_key){ .cond = COND, .tgid = PID };
	k->gil.rec.first_ns = k->gil.rec.last_ns = k->gil.rec.seg_start_ns = T0;
}

static inline struct total_thread *sk__thread(struct skernel *k, uint32_t tid, uint64_t now)
{
	struct total_thread *t;

	for (size_t i = 0; i < k->cnt; i++)
		if (k->threads[i].key.tid == tid)
			return &k->threads[i];
	assert_true(k->cnt < MAX_T);
	t = &k->threads[k->cnt++];
	*t = (struct total_thread){ .key = { .cond = COND, .tid = tid } };
	t->rec = (struct gt_thread){ .tid = tid, .tgid = PID, .first_ns = now, .since_ns = now };
	return t;
}

static inline void sk__sum(struct skernel *k, uint32_t kind, uint32_t tid, uint32_t stack,
			   uint64_t ns, uint64_t cnt)
{
	struct total_stack *s;

	for (size_t i = 0; i < k->sum_cnt; i++) {
		s = &k->sums[i];
		if (s->kind == kind && s->tid == tid && s->stack == stack) {
			s->ns += ns;
			s->cnt += cnt;
			return;
		}
	}
	assert_true(k->sum_cnt < ARRAY_SIZE(k->sums));
	k->sums[k->sum_cnt++] = (struct total_stack){
		.tgid = PID, .tid = tid, .kind = kind, .stack = stack, .ns = ns, .cnt = cnt
	};
}

static inline void sk__chain(struct skernel *k, uint32_t waiter, uint32_t holder, uint32_t ws,
			     uint32_t hs, uint64_t ns)
{
	struct total_stack *c;

	for (size_t i = 0; ns && i < k->chain_cnt; i++) {
		c = &k->chains[i];
		if (c->tid == waiter && c->other == holder && c->stack == ws &&
		    c->other_stack == hs) {
			c->ns += ns;
			c->cnt++;
			return;
		}
	}
	if (!ns)
		return;
	assert_true(k->chain_cnt < ARRAY_SIZE(k->chains));
	k->chains[k->chain_cnt++] = (struct total_stack){ .tgid = PID,
							  .tid = waiter,
							  .other = holder,
							  .stack = ws,
							  .other_stack = hs,
							  .ns = ns,
							  .cnt = 1 };
}

/* pairs_book() */
static inline void sk__book(struct skernel *k, struct total_thread *th, uint64_t now)
{
	struct gt_gil *g = &k->gil.rec;
	struct gt_thread *t = &th->rec;
	uint64_t since = t->wait_booked_ns, open = 0, rest;

	if (g->held)
		open = now - (g->seg_start_ns > since ? g->seg_start_ns : since);
	rest = g->held_ns - open - t->wait_held_ns;
	for (uint64_t i = 1; i <= GT_RING_HOLDS && i <= g->hold_cnt && rest; i++) {
		const struct gt_past_hold *h = &g->past[(g->hold_cnt - i) % GT_RING_HOLDS];
		uint64_t start = h->start_ns > since ? h->start_ns : since, ns;

		if (h->end_ns <= since)
			break;
		ns = h->end_ns - start < rest ? h->end_ns - start : rest;
		rest -= ns;
		sk__chain(k, t->tid, h->tid, th->open_stack, (uint32_t)h->stack, ns);
	}
	k->overruns += rest != 0;
	sk__chain(k, t->tid, 0, th->open_stack, 0, rest);
	t->wait_booked_ns = now - open;
	t->wait_held_ns = g->held_ns - open;
	t->wait_hold_cnt = g->hold_cnt;
}

static inline void sk__push(struct skernel *k, uint32_t tid, uint32_t stack, uint64_t now)
{
	struct gt_gil *g = &k->gil.rec;

	g->past[g->hold_cnt++ % GT_RING_HOLDS] = (struct gt_past_hold){
		.start_ns = g->seg_start_ns, .end_ns = now, .tid = tid, .stack = stack
	};
	g->seg_start_ns = now;
	g->seg_stack = stack;
}

static inline void sk__wait(struct skernel *k, uint32_t tid, uint32_t stack, uint64_t now)
{
	struct total_thread *th = sk__thread(k, tid, now);

	advance(&k->gil.rec, now);
	enter(&th->rec, GT_WAIT, now);
	th->rec.wait_booked_ns = now;
	th->rec.wait_held_ns = k->gil.rec.held_ns;
	th->rec.wait_hold_cnt = k->gil.rec.hold_cnt;
	th->open_stack = stack;
	k->gil.rec.waiters++;
}

/* The wait of tid goes on: the holder's stack is sampled. */
static inline void sk__sample(struct skernel *k, uint32_t tid, uint32_t holder_stack, uint64_t now)
{
	struct gt_gil *g = &k->gil.rec;
	struct total_thread *th = sk__thread(k, tid, now);

	advance(g, now);
	if (g->held && holder_stack) {
		sk__sum(k, GT_SUM_HOLD, g->holder_tid, holder_stack, now - g->seg_start_ns, 0);
		sk__push(k, g->holder_tid, holder_stack, now);
	}
	if (g->hold_cnt - th->rec.wait_hold_cnt > GT_RING_HOLDS / 2)
		sk__book(k, th, now);
}

static inline void sk__acquire(struct skernel *k, uint32_t tid, uint64_t now)
{
	struct gt_gil *g = &k->gil.rec;
	struct total_thread *th = sk__thread(k, tid, now);

	advance(g, now);
	assert_int_equal(g->held, 0);
	if (th->rec.state == GT_WAIT) {
		g->waiters--;
		sk__book(k, th, now);
		sk__sum(k, GT_SUM_WAIT, tid, th->open_stack, now - th->rec.since_ns, 1);
		th->open_stack = 0;
	}
	enter(&th->rec, GT_HOLD, now);
	th->rec.acquisitions++;
	g->acquisitions++;
	g->held = 1;
	g->holder_tid = tid;
	g->hold_since_ns = g->seg_start_ns = now;
	g->seg_stack = 0;
	g->hold_blame_ns = 0;
}

static inline void sk__release(struct skernel *k, uint32_t tid, uint32_t stack, uint64_t now)
{
	struct gt_gil *g = &k->gil.rec;
	struct total_thread *th = sk__thread(k, tid, now);

	advance(g, now);
	if (g->hold_blame_ns)
		sk__sum(k, GT_SUM_HOLD, tid, stack, now - g->seg_start_ns, 1);
	sk__push(k, tid, g->hold_blame_ns ? stack : 0, now);
	enter(&th->rec, GT_RELEASED, now);
	th->rec.blame_ns += g->hold_blame_ns;
	th->rec.releases++;
	g->releases++;
	g->held = 0;
	g->holder_tid = 0;
	g->hold_blame_ns = 0;
}

static inline void sk__kill(struct skernel *k, uint32_t tid, uint64_t now)
{
	struct total_thread *th = sk__thread(k, tid, now);

	th->rec.flags |= GT_F_EXITED;
	th->rec.exit_ns = now;
}

static inline void sk__feed(struct model *m, struct skernel *k, uint64_t now, bool last)
{
	struct totals t = {
		.now_ns = now,
		.gil_cnt = 1,
		.gils = &k->gil,
		.thread_cnt = k->cnt,
		.threads = k->threads,
		.stacks_known = true,
		.stack_cnt = k->sum_cnt,
		.stacks = k->sums,
		.chain_cnt = k->chain_cnt,
		.chains = k->chains,
		.last = last,
	};

	k->gil.seg_stack = (uint32_t)k->gil.rec.seg_stack;
	for (int i = 0; i < GT_RING_HOLDS; i++)
		k->gil.past_stack[i] = (uint32_t)k->gil.rec.past[i].stack;
	assert_int_equal(say_totals(m, &t), 0);
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
