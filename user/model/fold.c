/* SPDX-License-Identifier: BSD-2-Clause */
/* fold.c - threads without a row of their own
 *
 * Threads that ended keep a row of their own while they are few; then those of little weight are folded into one row for
 * each pool (pools.h) at their GIL. Those that came faster than they were read the kernel has folded, without a name:
 * that is one more row. Pairs, sums by stack and chains follow them to the tid of that row (pairs.c): so what is kept is
 * bounded by the threads with a row. All three readings of each move together, and intervals add up as before.
 *
 * The kernel gives tids to new threads. One that comes while the former thread has a row takes that one's place: what
 * there is by tid until then goes to the row of its pool. If the former one ended after the reading before, what this
 * reading tells by tid is of both, and goes to tid 0.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "user/base/budgets.h"
#include "user/base/text.h"
#include "user/base/util.h"
#include "user/model/model_impl.h"
#include "user/picture/pools.h"

/* Ended threads of a process that keep their own row: BUDGET_ENDED_ROWS while there are not more pairs and sums by stack
 * than these, of all threads; but so many in any case.
 */
#define ENDED_TALLIES  20000
#define ENDED_ROWS_MIN 64
/* Pools of ended threads; further ones have no row of their own. */
#define POOLS_MAX 64

void mfold__copy(struct mfold *f, int to)
{
	f->at[to] = f->at[AT_NOW];
	f->cnt_at[to] = f->cnt_at[AT_NOW];
}

struct mfold *mgil__fold(const struct mgil *g, size_t nth)
{
	if (!nth)
		return (struct mfold *)(uintptr_t)&g->fold;
	return nth <= g->pool_cnt ? g->pools[nth - 1] : NULL;
}

const char *mproc__pool_name(const struct mproc *p, const struct mfold *f)
{
	return f->tid ? p->pools[f->tid & ~SNAP_FOLD_TID] : NULL;
}

void mproc__free_folds(struct mproc *p)
{
	for (size_t i = 0; i < p->gil_cnt; i++) {
		for (size_t k = 0; k < p->gils[i]->pool_cnt; k++)
			free(p->gils[i]->pools[k]);
		free(p->gils[i]->pools);
	}
	for (size_t i = 0; i < p->pool_cnt; i++)
		free(p->pools[i]);
	free(p->pools);
	hmap__free(&p->gone);
	hmap__free(&p->gone_before);
}

/* The tid of the rows of this thread's pool; 0: there are too many, or no memory. */
static uint32_t pool_tid(struct mproc *p, const struct mthread *t)
{
	char name[256], comm[4 * sizeof(t->rec.comm)];
	const char *called = t->name ? t->name : comm;

	clean_text(t->rec.comm, sizeof(t->rec.comm), comm, sizeof(comm));
	pool__of_name(called, name, sizeof(name));
	if (!strcmp(called, p->comm)) /* no name of its own, and a number in it is none */
		snprintf(name, sizeof(name), "%s", called);
	for (size_t i = 0; i < p->pool_cnt; i++)
		if (!strcmp(p->pools[i], name))
			return SNAP_FOLD_TID | (uint32_t)i;
	if (p->pool_cnt >= POOLS_MAX ||
	    array_grow(&p->pools, p->pool_cnt, &p->pool_cap, sizeof(*p->pools)))
		return 0;
	p->pools[p->pool_cnt] = strdup(name);
	return p->pools[p->pool_cnt] ? SNAP_FOLD_TID | (uint32_t)p->pool_cnt++ : 0;
}

/* The row for threads of this pool; that of no pool without memory. */
static struct mfold *fold_of(struct mgil *g, uint32_t tid)
{
	struct mfold *f;

	for (size_t i = 0; i < g->pool_cnt; i++)
		if (g->pools[i]->tid == tid)
			return g->pools[i];
	if (!tid || array_grow(&g->pools, g->pool_cnt, &g->pool_cap, sizeof(*g->pools)))
		return &g->fold;
	f = calloc(1, sizeof(*f));
	if (!f)
		return &g->fold;
	f->tid = tid;
	g->pools[g->pool_cnt++] = f;
	return f;
}

void mfold__sum(struct mfold *f)
{
	f->at[AT_NOW] = f->own;
	sums__add(&f->at[AT_NOW], &f->bpf);
	f->cnt_at[AT_NOW] = f->own_cnt + f->bpf_cnt;
}

/* Move a thread's sums into a row of ended threads. by_bpf: its last sums are in that of no pool already. */
static int fold_thread(struct mproc *p, struct mgil *g, struct mthread *t, bool by_bpf)
{
	struct mfold *f = fold_of(g, by_bpf ? 0 : pool_tid(p, t));

	if (!by_bpf) {
		mthread__sum_light(t);
		sums__add(&f->own, &t->at[AT_NOW]);
		f->own_cnt++;
	} else { /* the kernel does not know of that as a thread's */
		f->own.blame_ns += t->light.closed_ns + t->light.open_ns;
	}
	sums__add(&f->at[AT_MARK], &t->at[AT_MARK]);
	sums__add(&f->at[AT_ZERO], &t->at[AT_ZERO]);
	if (t->rec.wait_max_ns > f->wait_max_ns)
		f->wait_max_ns = t->rec.wait_max_ns;
	if (t->rec.hold_max_ns > f->hold_max_ns)
		f->hold_max_ns = t->rec.hold_max_ns;
	mfold__sum(f);
	return f->tid ? hmap__put(&p->gone, t->key.tid, 0, (void *)(uintptr_t)f->tid) : 0;
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

static uint64_t weight_of(const struct mthread *t)
{
	const struct gt_sums *s = &t->at[AT_NOW];

	return s->time_ns[GT_WAIT] + s->time_ns[GT_YIELD] + s->time_ns[GT_HOLD] + s->blame_ns;
}

static int by_weight(const void *a, const void *b)
{
	uint64_t x = weight_of(*(struct mthread *const *)a),
		 y = weight_of(*(struct mthread *const *)b);

	return x > y ? -1 : x < y;
}

/* Of the ended threads so many may keep a row; some fewer are left than fit, so that this comes seldom. */
static size_t rows_to_keep(const struct mproc *p, size_t ended)
{
	size_t tallies = 0, most = BUDGET_ENDED_ROWS;

	for (int which = 0; which < TALLIES_CNT; which++)
		tallies += p->tallies[which].cnt;
	if (tallies > ENDED_TALLIES)
		most = ended / 2 > ENDED_ROWS_MIN ? ended / 2 : ENDED_ROWS_MIN;
	return ended <= most ? ended : most - most / 8;
}

/* Mark those that are to be folded as there are too many: the least heavy. */
static int mark_small(struct mproc *p, size_t ended)
{
	size_t keep = rows_to_keep(p, ended), n = 0;
	__cleanup(freep) struct mthread **v = keep < ended ? calloc(ended, sizeof(*v)) : NULL;

	for (size_t i = 0; i < p->thread_cnt; i++)
		p->threads[i]->small = false;
	if (keep == ended)
		return 0;
	if (!v)
		return -ENOMEM;
	for (size_t i = 0; i < p->thread_cnt; i++)
		if (p->threads[i]->exited)
			v[n++] = p->threads[i];
	qsort(v, n, sizeof(*v), by_weight);
	for (size_t i = keep; i < n; i++)
		v[i]->small = true;
	return 0;
}

/* The ones of two feeds ago are not asked for any more. */
static void turn_gone(struct mproc *p)
{
	struct hmap old = p->gone_before;

	p->gone_before = p->gone;
	p->gone = old;
	hmap__clear(&p->gone);
}

int mproc__fold_threads(struct mproc *p)
{
	size_t ended = 0, n = 0;
	int err = 0;

	if (mproc__index_tids(p))
		return -ENOMEM;
	turn_gone(p);
	for (size_t i = 0; i < p->thread_cnt; i++) {
		struct mthread *t = p->threads[i];
		struct mthread *newest = hmap__get(&p->by_tid, t->key.tid, 0);

		ended += t->exited;
		t->replaced = is_replaced(t, newest);
		newest->again |= t->replaced;
		p->rows_gone |= t->replaced;
		newest->mixed |= t->replaced && has_vanished(t);
	}
	if (mark_small(p, ended))
		return -ENOMEM;
	for (size_t i = 0; i < p->thread_cnt; i++) {
		struct mthread *t = p->threads[i];
		struct mgil *g = mproc__gil(p, t->key.cond, false);
		bool old = t->exited && (t->small || t->replaced);

		if (!g || !(has_vanished(t) || old)) {
			p->threads[n++] = t;
			continue;
		}
		err |= fold_thread(p, g, t, has_vanished(t));
		mthread__free(t);
	}
	p->rows_gone |= n != p->thread_cnt;
	p->thread_cnt = n;
	return err ? err : mproc__index_tids(p);
}

uint32_t mgil__first_holder(const struct mgil *g)
{
	bool held = g->known ? !g->rec.light && g->rec.held && (g->rec.seeded || !g->rec.holder_tid)
			     : g->seed_held && !g->was_light;

	if (!held)
		return 0;
	return g->known && g->rec.holder_tid ? g->rec.holder_tid : g->seed_tid;
}

/* The row of one that has none of its own. */
static uint32_t gone_to(const struct mproc *p, uint32_t tid)
{
	void *to = hmap__get(&p->gone, tid, 0);

	if (!to)
		to = hmap__get(&p->gone_before, tid, 0);
	return (uint32_t)(uintptr_t)to;
}

uint32_t mproc__row_tid(const struct mproc *p, uint32_t tid)
{
	const struct mthread *t = hmap__get(&p->by_tid, tid, 0);

	if (tid & SNAP_FOLD_TID)
		return tid;
	if (t)
		return t->again ? gone_to(p, tid) : tid;
	for (size_t i = 0; i < p->gil_cnt; i++)
		if (mgil__first_holder(p->gils[i]) == tid)
			return tid;
	return gone_to(p, tid);
}
