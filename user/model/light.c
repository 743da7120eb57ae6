/* SPDX-License-Identifier: BSD-2-Clause */
/* light.c - the blame of light stretches: it is in no integral, but is what waiters say of whom they take to hold
 *
 * Waits of light stretches are blame of a thread that has a row, a wait for a CPU, or unsure: for nobody that is known.
 */
#include "user/model/model_impl.h"

struct mlight *mproc__light_of(struct mproc *p, struct mgil *g, uint32_t tid)
{
	for (size_t i = p->thread_cnt; tid && i-- > 0;) {
		struct mthread *t = p->threads[i];

		if (t->key.tid != tid || t->key.cond != g->key.cond)
			continue;
		t->settled = false;
		return &t->light;
	}
	return &g->light;
}

void mproc__take_light(struct mproc *p, uint32_t slot, uint32_t tid, uint64_t ns)
{
	for (size_t i = 0; i < p->gil_cnt; i++)
		if (p->gils[i]->known && p->gils[i]->slot == slot)
			mproc__light_of(p, p->gils[i], tid)->closed_ns += ns;
}

static uint64_t sum_of(const struct mlight *l)
{
	return l->closed_ns + l->open_ns + l->pending_ns;
}

void mthread__sum_light(struct mthread *t)
{
	uint64_t all = sum_of(&t->light);

	t->at[AT_NOW].blame_ns += all - t->light_added;
	t->light_added = all;
}

void mproc__sum_light(struct mproc *p)
{
	for (size_t i = 0; i < p->gil_cnt; i++) {
		struct mgil *g = p->gils[i];

		g->unsure_at[AT_NOW] = sum_of(&g->light);
		g->runnable_at[AT_NOW] = 0;
		for (size_t n = 0; mgil__fold(g, n); n++)
			g->runnable_at[AT_NOW] += mgil__fold(g, n)->at[AT_NOW].light_runnable_ns;
	}
	for (size_t i = 0; i < p->thread_cnt; i++) {
		struct mgil *g = mproc__gil(p, p->threads[i]->key.cond, false);

		mthread__sum_light(p->threads[i]);
		if (g)
			g->runnable_at[AT_NOW] += p->threads[i]->at[AT_NOW].light_runnable_ns;
	}
}

void mproc__drop_pending(struct mproc *p)
{
	for (size_t i = 0; i < p->gil_cnt; i++)
		p->gils[i]->light.pending_ns = 0;
	for (size_t i = 0; i < p->thread_cnt; i++)
		p->threads[i]->light.pending_ns = 0;
}

void mproc__begin_light(struct mproc *p)
{
	mproc__drop_pending(p);
	for (size_t i = 0; i < p->gil_cnt; i++) {
		struct mgil *g = p->gils[i];

		g->light.open_before = g->light.open_ns;
		if (g->rec.light && g->at[AT_NOW].open_blame_ns)
			mproc__light_of(p, g, g->rec.holder_tid)->pending_ns +=
				g->at[AT_NOW].open_blame_ns;
	}
	for (size_t i = 0; i < p->thread_cnt; i++)
		p->threads[i]->light.open_before = p->threads[i]->light.open_ns;
}

void mproc__undo_light(struct mproc *p)
{
	for (size_t i = 0; i < p->gil_cnt; i++)
		p->gils[i]->light.open_ns = p->gils[i]->light.open_before;
	for (size_t i = 0; i < p->thread_cnt; i++)
		p->threads[i]->light.open_ns = p->threads[i]->light.open_before;
}

void mproc__close_light(struct mproc *p)
{
	mproc__drop_pending(p);
	for (size_t i = 0; i < p->gil_cnt; i++) {
		struct mgil *g = p->gils[i];

		if (!g->rec.light || !g->rec.hold_blame_ns)
			continue;
		mproc__light_of(p, g, g->rec.holder_tid)->closed_ns += g->rec.hold_blame_ns;
		g->rec.hold_blame_ns = 0;
	}
}
