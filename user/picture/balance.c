/* SPDX-License-Identifier: BSD-2-Clause */
#include "user/picture/balance.h"

#include <stdint.h>
#include <stdlib.h>

#include "user/base/hmap.h"
#include "user/base/util.h"
#include "user/picture/snapshot.h"

struct balance {
	uint64_t wait_ns, hold_ns, blame_ns; /* of threads */
	uint64_t gil_wait_ns, held_ns, gap_ns, pair_ns;
	uint64_t stack_ns[SNAP_STACK_BLAME + 1], chain_ns; /* by kind */
};

static bool add_threads(const struct snap_proc *p, struct balance *b)
{
	bool whole = true;

	for (size_t i = 0; i < p->thread_cnt; i++) {
		const struct snap_thread *t = &p->threads[i];

		b->wait_ns += t->wait_ns;
		b->hold_ns += t->hold_ns;
		b->blame_ns += t->blame_ns;
		whole &= t->wait_ns + t->hold_ns + t->yield_ns + t->released_ns == t->span_ns;
	}
	return whole;
}

static bool add_gils(const struct snap_proc *p, struct balance *b)
{
	bool within = true;

	for (size_t i = 0; i < p->gil_cnt; i++) {
		b->gil_wait_ns += p->gils[i].wait_ns;
		b->held_ns += p->gils[i].held_ns;
		b->gap_ns += p->gils[i].gap_ns;
		within &= p->gils[i].held_ns <= p->span_ns;
	}
	return within;
}

static void add_places(const struct snap_proc *p, struct balance *b)
{
	for (size_t i = 0; i < p->pair_cnt; i++)
		b->pair_ns += p->pairs[i].ns;
	for (size_t i = 0; i < p->stack_cnt; i++)
		b->stack_ns[p->stacks[i].kind] += p->stacks[i].ns;
	for (size_t i = 0; i < p->chain_cnt; i++)
		b->chain_ns += p->chains[i].ns;
}

/* What a thread waited and made wait, and what of that is in pairs. */
struct share {
	uint64_t wait_ns, blame_ns;
	uint64_t row_ns, column_ns;
};

static bool fit(const struct snap_proc *p, struct hmap *by_tid, struct share *v)
{
	bool ok = true;

	for (size_t i = 0; i < p->thread_cnt; i++) {
		const struct snap_thread *t = &p->threads[i];
		struct share *s = hmap__get(by_tid, t->tid, 0); /* at another GIL */

		/* Folded ones may have had the tid of one that has a row. */
		if (t->folded_cnt || (!s && hmap__put(by_tid, t->tid, 0, s = &v[i])))
			return true;
		s->wait_ns += t->wait_ns;
		s->blame_ns += t->blame_ns;
	}
	for (size_t i = 0; i < p->pair_cnt; i++) {
		struct share *waiter = hmap__get(by_tid, p->pairs[i].waiter_tid, 0);
		struct share *holder = hmap__get(by_tid, p->pairs[i].holder_tid, 0);

		if (waiter)
			waiter->row_ns += p->pairs[i].ns;
		if (holder)
			holder->column_ns += p->pairs[i].ns;
	}
	for (size_t i = 0; i < p->thread_cnt; i++)
		ok &= v[i].row_ns <= v[i].wait_ns && v[i].column_ns <= v[i].blame_ns;
	return ok;
}

/* Thread by thread; without memory nothing is said against them. */
static bool pairs_fit(const struct snap_proc *p)
{
	__cleanup(freep) struct share *v = calloc(p->thread_cnt + 1, sizeof(*v));
	struct hmap by_tid = { 0 };
	bool ok = !v || fit(p, &by_tid, v);

	hmap__free(&by_tid);
	return ok;
}

bool snap_proc__balances(const struct snap_proc *p)
{
	struct balance b = { 0 };
	bool ok = add_threads(p, &b);

	ok &= add_gils(p, &b);
	add_places(p, &b);
	ok &= b.wait_ns == b.gil_wait_ns && b.wait_ns == b.blame_ns + b.gap_ns;
	ok &= b.hold_ns == b.held_ns;
	ok &= !p->pairs_known || (b.pair_ns == b.blame_ns && pairs_fit(p));
	if (p->stacks_known)
		ok &= b.stack_ns[SNAP_STACK_WAIT] == b.wait_ns &&
		      b.stack_ns[SNAP_STACK_HOLD] == b.hold_ns &&
		      b.stack_ns[SNAP_STACK_BLAME] == b.blame_ns && b.chain_ns == b.blame_ns;
	return ok;
}
