/* SPDX-License-Identifier: BSD-2-Clause */
/* feed.c - a reading of all books into the model */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "user/base/util.h"
#include "user/model/model_impl.h"

/* It has held the GIL since before the books and shows only now, by letting go. At the readings before
 * this one it held it too, and its blame was in the GIL's record.
 */
void mthread__backdate(const struct mgil *g, struct mthread *t, int at, uint64_t when)
{
	if (!g || t->rec.first_ns >= when)
		return;
	t->at[at].time_ns[GT_HOLD] = when - t->rec.first_ns;
	t->at[at].blame_ns = g->at[at].open_blame_ns;
}

/* Hits of the probes: what the records have grown by. (Their sum falls when a thread or a process ends.) */
static void count_hits(struct model *m, uint64_t before, uint64_t now)
{
	m->hits_at[AT_NOW] += now > before ? now - before : 0;
}

static uint64_t thread_hits(const struct gt_thread *rec)
{
	return rec->wait_ticks + 2 * rec->sums.yields;
}

static int feed_thread(struct model *m, const struct total_thread *in, uint64_t now)
{
	struct mproc *p = model__proc(m, in->rec.tgid);
	uint64_t b = mthread__key_b(in->rec.tgid, in->key.tid);
	struct mthread *t = hmap__get(&m->thread_by_key, in->key.cond, b);
	bool fresh;

	if (!p)
		return 0;
	/* Another thread has the tid now: the former one was folded by the kernel. */
	if (t && t->rec.first_ns != in->rec.first_ns)
		t = NULL;
	fresh = !t;
	if (!t) {
		if (array_grow(&p->threads, p->thread_cnt, &p->thread_cap, sizeof(*p->threads)))
			return -ENOMEM;
		t = calloc(1, sizeof(*t));
		if (!t)
			return -ENOMEM;
		t->key = in->key;
		p->threads[p->thread_cnt++] = t;
		if (hmap__put(&m->thread_by_key, in->key.cond, b, t))
			return -ENOMEM;
	}
	count_hits(m, thread_hits(&t->rec), thread_hits(&in->rec));
	t->rec = in->rec;
	t->seen = true;
	t->now_stack = in->open_stack;
	t->exited =
		in->rec.flags & GT_F_EXITED && in->rec.state != GT_WAIT && in->rec.state != GT_HOLD;
	t->died = !t->exited && t->rec.state == GT_WAIT && t->rec.flags & GT_F_DYING_WAIT;
	sums__of_thread(&t->rec, now, &t->at[AT_NOW]);
	t->light_added = 0;
	t->wait_max_at[AT_NOW] = t->rec.wait_max_ns;
	t->hold_max_at[AT_NOW] = t->rec.hold_max_ns;
	if (fresh) {
		mthread__backdate(mproc__gil(p, in->key.cond, false), t, AT_MARK, m->mark_ns);
		mthread__backdate(mproc__gil(p, in->key.cond, false), t, AT_ZERO, m->zero_ns);
	}
	return 0;
}

/* The blame of an open hold is in the GIL's record until the hold ends. */
static void add_open_blame(struct mproc *p)
{
	for (size_t i = 0; i < p->thread_cnt; i++) {
		struct mthread *t = p->threads[i];
		struct mgil *g = mproc__gil(p, t->key.cond, false);

		if (g && !t->exited && g->rec.held && !g->rec.light &&
		    g->rec.holder_tid == t->key.tid)
			t->at[AT_NOW].blame_ns += g->at[AT_NOW].open_blame_ns;
	}
}

/* Held, memory said, and so it was shown; but the first event was that it is taken. Between the mark in memory and the
 * probe, where a thread may stay for long, nobody held it yet.
 */
static void take_back_hold(struct mgil *g)
{
	if (g->known || !g->seed_held || g->rec.releases + g->rec.held > g->rec.acquisitions)
		return;
	g->at[AT_MARK].held_ns = g->at[AT_ZERO].held_ns = 0;
}

/* Its first event was in a light stretch: since the books started, and so at the readings before. */
static void backdate_light(struct mgil *g, int at, uint64_t when)
{
	bool light = g->rec.light_ns || (g->rec.light && g->rec.mode_ns == g->rec.first_ns);

	if (g->known || when <= g->rec.first_ns || !light)
		return;
	g->at[at].light_ns = g->at[at].held_ns = when - g->rec.first_ns;
}

static int feed_gils(struct model *m, const struct totals *t)
{
	for (size_t i = 0; i < t->gil_cnt; i++) {
		struct mproc *p = model__proc(m, t->gils[i].key.tgid);
		struct mgil *g = p ? mproc__gil(p, t->gils[i].key.cond, true) : NULL;

		if (p && !g)
			return -ENOMEM;
		if (!g)
			continue;
		count_hits(m, g->rec.acquisitions + g->rec.releases,
			   t->gils[i].rec.acquisitions + t->gils[i].rec.releases);
		g->rec = t->gils[i].rec;
		g->slot = t->gils[i].slot;
		take_back_hold(g);
		backdate_light(g, AT_MARK, m->mark_ns);
		backdate_light(g, AT_ZERO, m->zero_ns);
		g->known = true;
		g->waiters = g->rec.waiters;
		g->reap_ns = g->rec.reap_ns;
		gil_acc__of(&g->rec, t->now_ns, &g->at[AT_NOW]);
	}
	for (size_t i = 0; i < t->ended_cnt; i++) {
		struct mproc *p = model__proc(m, t->ended[i].key.tgid);
		struct mgil *g = p ? mproc__gil(p, t->ended[i].key.cond, true) : NULL;

		if (!g)
			continue;
		g->fold.bpf = t->ended[i].rec.sums;
		g->fold.bpf_cnt = t->ended[i].rec.threads;
		if (t->ended[i].rec.wait_max_ns > g->fold.wait_max_ns)
			g->fold.wait_max_ns = t->ended[i].rec.wait_max_ns;
		if (t->ended[i].rec.hold_max_ns > g->fold.hold_max_ns)
			g->fold.hold_max_ns = t->ended[i].rec.hold_max_ns;
	}
	return 0;
}

/* Take somebody out of a GIL's waiters at now who has waited up to when, as gil_unwait() in books.bpf.h. (The record
 * itself stays as it is: if the process has ended, its deaths are gone through in their order, end.c.)
 */
static void mgil_unwait(struct mgil *g, uint64_t when, uint64_t now)
{
	struct gil_acc *a = &g->at[AT_NOW];
	bool held = g->rec.held;

	a->wait_ns -= now - when;
	if (g->waiters)
		g->waiters--;
	if (when > g->reap_ns)
		g->reap_ns = when;
	if (g->rec.light) {
		if (when >= g->rec.mode_ns)
			return;
		now = g->rec.mode_ns;
		held = g->rec.holder_tid != 0;
	}
	if (held) {
		a->open_blame_ns -= now - when;
		return;
	}
	a->gap_ns -= now - when;
	if (!g->waiters && g->reap_ns < now)
		a->gap_wall_ns -= now - g->reap_ns;
}

/* Who died waiting waited up to its death, or to the last event of its GIL if that was later: the same as the
 * next event of that GIL will find (waiter_close() in books.bpf.h).
 */
static void end_dead_wait(struct mproc *p, struct mthread *t, uint64_t now)
{
	struct mgil *g = mproc__gil(p, t->key.cond, false);
	uint64_t when = t->rec.exit_ns;

	if (!g || !t->died)
		return;
	if (when < g->rec.event_ns)
		when = g->rec.event_ns;
	if (when > now)
		when = now;
	mgil_unwait(g, when, now);
	t->rec.exit_ns = when;
	t->last_wait_ns = when - t->rec.since_ns;
	sums__of_thread(&t->rec, now, &t->at[AT_NOW]);
	t->light_added = 0;
}

int model__feed(struct model *m, const struct totals *t)
{
	int err;

	/* What loading and attaching cost is not the cost of looking. */
	if (!m->now_ns)
		m->load_cpu_ns = m->self_cpu_at[AT_MARK] = m->self_cpu_at[AT_ZERO] = t->self_cpu_ns;
	m->before_ns = m->now_ns;
	m->now_ns = t->now_ns;
	m->self_cpu_at[AT_NOW] = t->self_cpu_ns;
	m->stacks_known = t->stacks_known;
	m->runnable_unknown = t->runnable_unknown;
	memcpy(m->stats_at[AT_NOW], t->stats, sizeof(m->stats_at[AT_NOW]));
	m->stats_at[AT_NOW][COUNTER_REFRESH_LATE] = m->refresh_late_cnt;
	if (t->last)
		m->stats_at[AT_NOW][COUNTER_TORN_LAST] = t->torn_cnt;
	for (size_t i = 0; i < m->proc_cnt; i++)
		for (size_t k = 0; k < m->procs[i]->thread_cnt; k++) {
			m->procs[i]->threads[k]->seen = m->procs[i]->end_ns != 0;
			m->procs[i]->threads[k]->again = false;
			m->procs[i]->threads[k]->mixed = false;
		}
	err = feed_gils(m, t);
	for (size_t i = 0; i < t->thread_cnt && !err; i++)
		err = feed_thread(m, &t->threads[i], t->now_ns);
	for (size_t i = 0; i < m->proc_cnt && !err; i++) {
		struct mproc *p = m->procs[i];

		if (p->end_ns)
			continue;
		mproc__take_names(p);
		mproc__drop_pending(p);
		err = mproc__fold_threads(p);
		for (size_t k = 0; k < p->thread_cnt; k++)
			end_dead_wait(p, p->threads[k], t->now_ns);
		for (size_t k = 0; k < p->gil_cnt; k++)
			for (size_t n = 0; mgil__fold(p->gils[k], n); n++)
				mfold__sum(mgil__fold(p->gils[k], n));
		add_open_blame(p);
	}
	/* Ended threads leave the index too: their tid may come again. */
	if (!err)
		err = model__reindex(m);
	if (!err)
		err = model__feed_sleeps(m, t);
	return err ? err : model__feed_pairs(m, t);
}
