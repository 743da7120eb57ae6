/* SPDX-License-Identifier: BSD-2-Clause */
#include "user/picture/balance.h"

#include <stdint.h>

#include "user/picture/snapshot.h"

struct balance {
	uint64_t wait_ns, hold_ns, blame_ns; /* of threads */
	uint64_t pair_ns;
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
		whole &= t->gil < p->gil_cnt;
		whole &= t->wait_ns + t->hold_ns + t->yield_ns + t->released_ns == t->span_ns;
	}
	return whole;
}

static bool gil_balances(const struct snap_proc *p, size_t gil)
{
	const struct snap_gil *g = &p->gils[gil];
	uint64_t wait_ns = 0, hold_ns = 0, blame_ns = 0;

	for (size_t i = 0; i < p->thread_cnt; i++) {
		const struct snap_thread *t = &p->threads[i];

		if (t->gil != gil)
			continue;
		wait_ns += t->wait_ns;
		hold_ns += t->hold_ns;
		blame_ns += t->blame_ns;
	}
	return g->held_ns <= p->span_ns && hold_ns == g->held_ns && wait_ns == g->wait_ns &&
	       wait_ns == blame_ns + g->gap_ns;
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

bool snap_proc__balances(const struct snap_proc *p)
{
	struct balance b = { 0 };
	bool ok = add_threads(p, &b);

	for (size_t i = 0; i < p->gil_cnt; i++)
		ok &= gil_balances(p, i);
	add_places(p, &b);
	ok &= !p->pairs_known || b.pair_ns == b.blame_ns;
	if (p->stacks_known)
		ok &= b.stack_ns[SNAP_STACK_WAIT] == b.wait_ns &&
		      b.stack_ns[SNAP_STACK_HOLD] == b.hold_ns &&
		      b.stack_ns[SNAP_STACK_BLAME] == b.blame_ns && b.chain_ns == b.blame_ns;
	return ok;
}
