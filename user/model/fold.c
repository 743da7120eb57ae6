/* SPDX-License-Identifier: BSD-2-Clause */
/* fold.c - threads without a row of their own
 *
 * Threads that ended keep a row of their own while they are few; older ones are folded into one row
 * per GIL, as the kernel does by itself when they come faster than they are read. Pairs, sums by stack and chains
 * follow them to tid 0 (pairs.c): so what is kept is bounded by the threads with a row. All three readings of each move
 * together, and intervals add up as before.
 *
 * The kernel gives tids to new threads. One that comes while the former thread has a row takes that one's place: what
 * there is by tid until then goes to tid 0. If the former one ended after the reading before, what this reading
 * tells by tid is of both, and goes there, too.
 */
#include <errno.h>
#include <stdlib.h>

#include "user/model/model_impl.h"

/* Ended threads of a process that keep their own row. */
#define ENDED_ROWS 64

void mfold__sum(struct mfold *f)
{
	f->at[AT_NOW] = f->own;
	sums__add(&f->at[AT_NOW], &f->bpf);
	f->cnt_at[AT_NOW] = f->own_cnt + f->bpf_cnt;
}

/* Move a thread's sums into the row of ended threads. by_bpf: its last sums are in there already. */
static void fold_thread(struct mgil *g, const struct mthread *t, bool by_bpf)
{
	struct mfold *f = &g->fold;

	if (!by_bpf) {
		sums__add(&f->own, &t->at[AT_NOW]);
		f->own_cnt++;
	}
	sums__add(&f->at[AT_MARK], &t->at[AT_MARK]);
	sums__add(&f->at[AT_ZERO], &t->at[AT_ZERO]);
	if (t->rec.wait_max_ns > f->wait_max_ns)
		f->wait_max_ns = t->rec.wait_max_ns;
	if (t->rec.hold_max_ns > f->hold_max_ns)
		f->hold_max_ns = t->rec.hold_max_ns;
	mfold__sum(f);
}

int mproc__index_tids(struct mproc *p)
{
	hmap__clear(&p->by_tid);
	for (size_t i = 0; i < p->thread_cnt; i++) {
		struct mthread *t = p->threads[i];
		const struct mthread *other = hmap__get(&p->by_tid, t->key.tid, 0);

		if (other && other->rec.first_ns >= t->rec.first_ns)
			continue;
		if (hmap__put(&p->by_tid, t->key.tid, 0, t))
			return -ENOMEM;
	}
	return 0;
}

/* It has ended: the kernel folded it away after the last reading. */
static bool has_vanished(const struct mthread *t)
{
	return !t->exited && !t->seen;
}

/* Another thread has its tid now. (A thread at two GILs has two records.) */
static bool is_replaced(const struct mthread *t, const struct mthread *newest)
{
	return newest->rec.first_ns > t->rec.first_ns &&
	       (has_vanished(t) || (t->exited && t->rec.exit_ns <= newest->rec.first_ns));
}

int mproc__fold_threads(struct mproc *p)
{
	size_t ended = 0, n = 0;

	if (mproc__index_tids(p))
		return -ENOMEM;
	for (size_t i = 0; i < p->thread_cnt; i++) {
		struct mthread *t = p->threads[i];
		struct mthread *newest = hmap__get(&p->by_tid, t->key.tid, 0);

		ended += t->exited;
		t->replaced = is_replaced(t, newest);
		newest->again |= t->replaced;
		newest->mixed |= t->replaced && has_vanished(t);
	}
	for (size_t i = 0; i < p->thread_cnt; i++) { /* in order of appearance: oldest first */
		struct mthread *t = p->threads[i];
		struct mgil *g = mproc__gil(p, t->key.cond, false);
		bool old = t->exited && (ended > ENDED_ROWS || t->replaced);

		if (!g || !(has_vanished(t) || old)) {
			p->threads[n++] = t;
			continue;
		}
		fold_thread(g, t, has_vanished(t));
		ended -= old;
		mthread__free(t);
	}
	p->thread_cnt = n;
	return mproc__index_tids(p);
}

uint32_t mgil__first_holder(const struct mgil *g)
{
	bool held = g->known ? g->rec.held && (g->rec.seeded || !g->rec.holder_tid) : g->seed_held;

	if (!held)
		return 0;
	return g->known && g->rec.holder_tid ? g->rec.holder_tid : g->seed_tid;
}

uint32_t mproc__row_tid(const struct mproc *p, uint32_t tid)
{
	const struct mthread *t = hmap__get(&p->by_tid, tid, 0);

	if (t)
		return t->again ? 0 : tid;
	for (size_t i = 0; i < p->gil_cnt; i++)
		if (mgil__first_holder(p->gils[i]) == tid)
			return tid;
	return 0;
}
