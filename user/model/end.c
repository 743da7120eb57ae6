/* SPDX-License-Identifier: BSD-2-Clause */
/* end.c - the end of a process: what its threads had open is closed, death by death */
#include <stdlib.h>
#include <string.h>

#include "bpf/modes.h"
#include "user/base/util.h"
#include "user/model/model_impl.h"

/* Whoever held the GIL when it died keeps it to the end. */
static uint64_t exit_of(const struct mthread *t)
{
	return t->rec.exit_ns && t->rec.state != GT_HOLD ? t->rec.exit_ns : UINT64_MAX;
}

static int by_exit(const void *a, const void *b)
{
	uint64_t x = exit_of(*(struct mthread *const *)a), y = exit_of(*(struct mthread *const *)b);

	return x < y ? -1 : x > y;
}

/* Step one GIL's record to the moment ns (as gil_advance() in bpf/modes.h). */
static void step(struct mgil *g, uint64_t ns)
{
	struct gil_acc a;

	if (ns <= g->rec.last_ns)
		return;
	gil_acc__of(&g->rec, ns, &a);
	g->rec.held_ns = a.held_ns;
	g->rec.gap_ns = a.gap_ns;
	g->rec.gap_wall_ns = a.gap_wall_ns;
	g->rec.wait_ns = a.wait_ns;
	g->rec.light_ns = a.light_ns;
	g->rec.hold_blame_ns = a.open_blame_ns;
	g->rec.last_ns = ns;
}

/* Its hold ended with it: those who die later waited for it, too. */
static void end_hold(struct mthread *t, struct mgil *g, uint64_t when)
{
	struct gt_gil *rec = &g->rec;
	size_t at = rec->hold_cnt++ % GT_RING_HOLDS;

	rec->past[at] = (struct gt_past_hold){ .start_ns = rec->hold_since_ns,
					       .end_ns = when,
					       .tid = t->key.tid };
	t->rec.sums.blame_ns += rec->hold_blame_ns;
	rec->hold_blame_ns = 0;
	rec->held = 0;
	rec->holder_tid = 0;
}

/* One thread of an ended process died here: close what it had open, at that moment. last_ns: of the last reading. */
static void close_dead(struct mproc *p, struct mthread *t, uint64_t last_ns, uint64_t end_ns)
{
	struct mgil *g = mproc__gil(p, t->key.cond, false);
	uint64_t when = exit_of(t) < end_ns ? exit_of(t) : end_ns;

	if (t->rec.exit_ns && t->rec.state == GT_HOLD && when > last_ns)
		when = last_ns;

	if (!g)
		return;
	if (when < g->rec.last_ns)
		when = t->died && when >= g->rec.event_ns ? when : g->rec.last_ns;
	if (when < t->rec.since_ns)
		when = t->rec.since_ns;
	if (t->rec.state == GT_WAIT || t->rec.state == GT_HOLD)
		step(g, when);
	if (t->rec.state == GT_WAIT && g->rec.waiters) {
		mproc__add_open_wait(p, t, g, gil_held_at(&g->rec, when),
				     gil_light_at(&g->rec, when), when);
		gil_unwait(&g->rec,
			   when); /* it stands there, or where its books became light after that */
	} else if (t->rec.state == GT_HOLD && g->rec.holder_tid == t->key.tid) {
		end_hold(t, g, when);
	}
	t->rec.sums.time_ns[t->rec.state & (GT_STATE_CNT - 1)] += when - t->rec.since_ns;
	if (t->rec.state == GT_WAIT)
		t->last_wait_ns = when - t->rec.since_ns;
	else if (t->rec.state == GT_HOLD)
		t->last_hold_ns = when - t->rec.since_ns;
	t->rec.since_ns = when;
	t->rec.state = GT_RELEASED;
	t->rec.exit_ns = when;
	t->rec.flags |= GT_F_EXITED;
	sums__of_thread(&t->rec, when, &t->at[AT_NOW]);
	t->light_added = 0;
	t->exited = true;
}

/* A holder since before the books that never let go has no record of its own: make it one, so that its
 * hold and blame end like any other's.
 */
static void add_first_holder(const struct model *m, struct mproc *p, struct mgil *g)
{
	uint32_t tid = g->rec.holder_tid ? g->rec.holder_tid : g->seed_tid;
	struct mthread *t;

	if (!g->known && g->seed_held && !g->was_light) {
		g->rec.first_ns = g->rec.last_ns = p->books_ns;
		g->rec.hold_since_ns = p->books_ns;
		g->rec.held = 1;
		g->known = true;
	}
	if (!g->rec.held || g->rec.light || !tid)
		return;
	for (size_t i = 0; i < p->thread_cnt; i++)
		if (p->threads[i]->key.tid == tid && p->threads[i]->key.cond == g->key.cond)
			return;
	t = calloc(1, sizeof(*t));
	if (!t || array_grow(&p->threads, p->thread_cnt, &p->thread_cap, sizeof(*p->threads))) {
		free(t);
		return;
	}
	t->key = (struct gt_thread_key){ .cond = g->key.cond, .tid = tid };
	t->rec.tid = tid;
	t->rec.tgid = p->pid;
	t->rec.first_ns = t->rec.since_ns = g->rec.hold_since_ns;
	t->rec.state = GT_HOLD;
	t->name = g->seed_name ? strdup(g->seed_name) : NULL;
	memcpy(t->rec.comm, p->comm, strnlen(p->comm, sizeof(t->rec.comm) - 1));
	g->rec.holder_tid = tid;
	mthread__backdate(g, t, AT_MARK, m->mark_ns);
	mthread__backdate(g, t, AT_ZERO, m->zero_ns);
	p->threads[p->thread_cnt++] = t;
}

void model__end_proc(struct model *m, uint32_t pid, uint64_t end_ns)
{
	struct mproc *p = model__proc(m, pid);

	if (!p)
		return;
	if (end_ns < m->before_ns) /* what has been shown is not taken back */
		end_ns = m->before_ns;
	for (size_t i = 0; i < p->gil_cnt;
	     i++) /* nor what became light after it, before it was seen */
		if (p->gils[i]->rec.light && p->gils[i]->rec.mode_ns > end_ns)
			end_ns = p->gils[i]->rec.mode_ns;
	mproc__undo_open_pairs(p);
	for (size_t i = 0; i < p->gil_cnt; i++)
		add_first_holder(m, p, p->gils[i]);
	mproc__index_tids(p);
	if (p->thread_cnt)
		qsort(p->threads, p->thread_cnt, sizeof(*p->threads), by_exit);
	for (size_t i = 0; i < p->thread_cnt; i++)
		if (!p->threads[i]->exited)
			close_dead(p, p->threads[i], m->now_ns, end_ns);
	mproc__close_light(p);
	for (size_t i = 0; i < p->gil_cnt;
	     i++) { /* nobody waits any more; what is light is so to the end */
		const struct gt_gil *rec = &p->gils[i]->rec;

		gil_acc__of(rec, rec->light && end_ns > rec->last_ns ? end_ns : rec->last_ns,
			    &p->gils[i]->at[AT_NOW]);
	}
	mproc__sum_pairs(p);
	mproc__sum_light(p);
	p->end_ns = end_ns > p->books_ns ? end_ns : p->books_ns + 1;
	model__reindex(m);
}
