/* SPDX-License-Identifier: BSD-2-Clause */
#include "user/picture/balance.h"

#include <stdint.h>
#include <stdlib.h>

#include "user/base/hmap.h"
#include "user/base/util.h"
#include "user/picture/snapshot.h"

/* Of the threads of a process, or of one GIL. */
struct exact {
	uint64_t wait_ns, hold_ns, blame_ns;
};

static void add_thread(struct exact *to, const struct snap_thread *t)
{
	to->wait_ns += t->wait_ns;
	to->hold_ns += t->hold_ns;
	to->blame_ns += t->blame_ns;
}

/* Each thread is at a GIL, and all its time is known; each GIL has what its threads have. by_gil: zeroed, NULL: no
 * memory, nothing is said against GILs then.
 */
static bool threads_fit(const struct snap_proc *p, struct exact *by_gil, struct exact *all)
{
	bool ok = true;

	for (size_t i = 0; i < p->thread_cnt; i++) {
		const struct snap_thread *t = &p->threads[i];

		add_thread(all, t);
		ok &= t->wait_ns + t->hold_ns + t->yield_ns + t->released_ns == t->span_ns;
		ok &= t->gil < p->gil_cnt;
		if (by_gil && t->gil < p->gil_cnt)
			add_thread(&by_gil[t->gil], t);
	}
	for (size_t i = 0; i < p->gil_cnt && by_gil; i++) {
		const struct snap_gil *g = &p->gils[i];

		ok &= g->held_ns <= p->span_ns && by_gil[i].hold_ns == g->held_ns &&
		      by_gil[i].wait_ns == g->wait_ns &&
		      by_gil[i].wait_ns ==
			      by_gil[i].blame_ns + g->gap_ns + g->runnable_ns + g->unsure_ns;
	}
	return ok;
}

/* What is said by pairs of threads, and by places. */
struct spread {
	uint64_t pair_ns, chain_ns;
	uint64_t unsure_ns;			 /* is in pairs, with nobody */
	uint64_t stack_ns[SNAP_STACK_BLAME + 1]; /* by kind */
};

static void add_places(const struct snap_proc *p, struct spread *b)
{
	for (size_t i = 0; i < p->gil_cnt; i++)
		b->unsure_ns += p->gils[i].unsure_ns;
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
	__cleanup(freep) struct exact *by_gil = calloc(p->gil_cnt + 1, sizeof(*by_gil));
	struct exact all = { 0 };
	struct spread b = { 0 };
	bool ok = threads_fit(p, by_gil, &all);

	add_places(p, &b);
	ok &= !p->pairs_known || (b.pair_ns == all.blame_ns + b.unsure_ns && pairs_fit(p));
	if (p->stacks_known)
		ok &= b.stack_ns[SNAP_STACK_WAIT] == all.wait_ns &&
		      b.stack_ns[SNAP_STACK_HOLD] == all.hold_ns &&
		      b.stack_ns[SNAP_STACK_BLAME] == all.blame_ns &&
		      (p->pairs_left_out || b.chain_ns == all.blame_ns);
	return ok;
}
