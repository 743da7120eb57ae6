/* SPDX-License-Identifier: BSD-2-Clause */
/* model.c - totals in, sums per thread and GIL kept at three moments: now, last mark, last reset
 *
 * The kernel keeps running totals. An interval is the difference of two readings, and what is still
 * open (a wait, a hold) counts in each reading up to the moment of that reading, so a thread that has
 * been stuck for ten seconds shows ten seconds, and the intervals of a run add up to its total.
 *
 * Threads that ended keep a row of their own while they are few (fold.c).
 */
#include "user/model/model.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "user/base/util.h"
#include "user/model/model_impl.h"

/* Ended processes that are kept: a struct mgil (14 KB) and more each, and looked at in every refresh. */
#define ENDED_PROCS 500

static int take(struct sink *s, const struct record *r);

struct model *model__new(void)
{
	struct model *m = calloc(1, sizeof(*m));

	if (m)
		m->sink.take = take;
	return m;
}

struct sink *model__sink(struct model *m)
{
	return &m->sink;
}

void mthread__free(struct mthread *t)
{
	free(t->name);
	free(t);
}

static void mproc__free(struct mproc *p)
{
	mproc__free_folds(p);
	for (size_t i = 0; i < p->gil_cnt; i++) {
		free(p->gils[i]->seed_name);
		free(p->gils[i]);
	}
	for (size_t i = 0; i < p->thread_cnt; i++)
		mthread__free(p->threads[i]);
	mproc__free_pairs(p);
	mproc__free_sleeps(p);
	free(p->gils);
	free(p->threads);
	free(p->comm);
	free(p->cmdline);
	free(p->python);
	free(p->runtime);
	free(p->sites);
	free(p->note);
	free(p->parent_comm);
	where_list__free(&p->where);
	mproc__free_names(p);
	free(p);
}

void model__free(struct model *m)
{
	if (!m)
		return;
	for (size_t i = 0; i < m->proc_cnt; i++)
		mproc__free(m->procs[i]);
	free(m->procs);
	free(m->attach);
	free(m->stacks);
	hmap__free(&m->thread_by_key);
	free(m);
}

struct mproc *model__proc(const struct model *m, uint32_t pid)
{
	for (size_t i = m->proc_cnt; i-- > 0;)
		if (m->procs[i]->pid == pid)
			return m->procs[i]->end_ns ? NULL : m->procs[i];
	return NULL;
}

/* A build server starts interpreters without end: those that ended first go. */
static void drop_old_procs(struct model *m)
{
	size_t ended = 0;

	for (size_t i = 0; i < m->proc_cnt; i++)
		ended += m->procs[i]->end_ns != 0;
	for (; ended > ENDED_PROCS; ended--) {
		size_t first = m->proc_cnt;

		/* Those of this interval are still to be shown. */
		for (size_t i = 0; i < m->proc_cnt; i++)
			if (m->procs[i]->end_ns && m->procs[i]->end_ns <= m->mark_ns &&
			    (first == m->proc_cnt || m->procs[i]->end_ns < m->procs[first]->end_ns))
				first = i;
		if (first == m->proc_cnt)
			return;
		mproc__free(m->procs[first]);
		memmove(&m->procs[first], &m->procs[first + 1],
			(m->proc_cnt - first - 1) * sizeof(struct mproc *));
		m->proc_cnt--;
		m->dropped_cnt++;
	}
}

/* A child that has forked and executes another program at once has done nothing worth a row. */
static void drop_idle(struct model *m, const struct mproc *p)
{
	if (p->books_ns < m->before_ns) /* what has been shown is not taken back */
		return;
	for (size_t i = 0; i < p->gil_cnt; i++)
		if (p->gils[i]->rec.last_ns)
			return;
	for (size_t i = 0; i < m->proc_cnt && !p->thread_cnt; i++) {
		if (m->procs[i] != p)
			continue;
		mproc__free(m->procs[i]);
		memmove(&m->procs[i], &m->procs[i + 1],
			(m->proc_cnt - i - 1) * sizeof(struct mproc *));
		m->proc_cnt--;
		model__reindex(m);
		return;
	}
}

static int end_proc(struct model *m, const struct record *r)
{
	struct mproc *p = model__proc(m, r->pid);

	model__end_proc(m, r->pid, r->end.end_ns);
	if (!p || !r->end.by_exec)
		return 0;
	p->executed = true;
	drop_idle(m, p);
	return 0;
}

static char *copy(const char *s)
{
	return strdup(s ? s : "?");
}

/* A pid known before (after an exec) starts afresh. */
static int add_proc(struct model *m, const struct record *r)
{
	struct mproc *p, *old = model__proc(m, r->pid);

	if (array_grow(&m->procs, m->proc_cnt, &m->proc_cap, sizeof(*m->procs)))
		return -ENOMEM;
	p = calloc(1, sizeof(*p));
	if (!p)
		return -ENOMEM;
	mproc__init_pairs(p);
	p->pid = r->pid;
	p->books_ns = r->proc.books_ns;
	p->late_ns = r->proc.late_ns;
	p->cpu_cnt = r->proc.cpu_cnt;
	p->parent = r->proc.parent;
	p->comm = copy(r->proc.comm);
	p->cmdline = copy(r->proc.cmdline);
	p->python = copy(r->proc.python);
	p->runtime = copy(r->proc.runtime);
	p->sites = copy(r->proc.sites);
	p->note = copy(r->proc.note ? r->proc.note : "");
	p->parent_comm = copy(r->proc.parent_comm);
	if (!p->comm || !p->cmdline || !p->python || !p->runtime || !p->sites || !p->note ||
	    !p->parent_comm || where_list__copy(&p->where, &r->proc.where)) {
		mproc__free(p);
		return -ENOMEM;
	}
	if (old)
		model__end_proc(m, r->pid, p->books_ns);
	m->procs[m->proc_cnt++] = p;
	if (!m->books_ns)
		m->books_ns = p->books_ns;
	drop_old_procs(m);
	return 0;
}

struct mgil *mproc__gil(struct mproc *p, uint64_t cond, bool add)
{
	struct mgil *g;

	for (size_t i = 0; i < p->gil_cnt; i++)
		if (p->gils[i]->key.cond == cond)
			return p->gils[i];
	if (!add || array_grow(&p->gils, p->gil_cnt, &p->gil_cap, sizeof(*p->gils)))
		return NULL;
	g = calloc(1, sizeof(*g));
	if (!g)
		return NULL;
	g->key = (struct gt_gil_key){ .cond = cond, .tgid = p->pid };
	g->interpreter = -1;
	g->was_light = p->was_light;
	p->gils[p->gil_cnt++] = g;
	return g;
}

/* Threads are removed by rebuilding the index: seldom, and a living process has few. */
int model__reindex(struct model *m)
{
	hmap__clear(&m->thread_by_key);
	for (size_t i = 0; i < m->proc_cnt; i++) {
		struct mproc *p = m->procs[i];

		for (size_t k = 0; k < p->thread_cnt && !p->end_ns; k++) {
			struct mthread *t = p->threads[k];

			if (!t->exited && hmap__put(&m->thread_by_key, t->key.cond,
						    mthread__key_b(p->pid, t->key.tid), t))
				return -ENOMEM;
		}
	}
	return 0;
}

static void copy_readings(struct model *m, int to)
{
	m->self_cpu_at[to] = m->self_cpu_at[AT_NOW];
	m->hits_at[to] = m->hits_at[AT_NOW];
	memcpy(m->stats_at[to], m->stats_at[AT_NOW], sizeof(m->stats_at[to]));
	for (size_t i = 0; i < m->proc_cnt; i++) {
		struct mproc *p = m->procs[i];

		p->mode_changes_at[to] = p->mode_changes_at[AT_NOW];
		for (size_t k = 0; k < p->gil_cnt; k++) {
			p->gils[k]->at[to] = p->gils[k]->at[AT_NOW];
			p->gils[k]->looks_at[to] = p->gils[k]->looks_at[AT_NOW];
			p->gils[k]->unsure_at[to] = p->gils[k]->unsure_at[AT_NOW];
			p->gils[k]->runnable_at[to] = p->gils[k]->runnable_at[AT_NOW];
			if (!p->gils[k]->known && p->gils[k]->seed_held && !p->gils[k]->was_light)
				p->gils[k]->at[to].held_ns = m->now_ns - p->books_ns;
			for (size_t n = 0; mgil__fold(p->gils[k], n); n++)
				mfold__copy(mgil__fold(p->gils[k], n), to);
		}
		for (size_t k = 0; k < p->thread_cnt; k++) {
			struct mthread *t = p->threads[k];

			if (t->settled && to == AT_MARK)
				continue;
			t->at[to] = t->at[AT_NOW];
			t->wait_max_at[to] = t->wait_max_at[AT_NOW];
			t->hold_max_at[to] = t->hold_max_at[AT_NOW];
			t->settled |= t->exited && to == AT_MARK;
		}
		mproc__copy_pairs(p, to);
		p->throttled_at[to] = p->throttled_at[AT_NOW];
		mproc__copy_sleeps(p, to);
	}
}

void model__mark(struct model *m)
{
	m->mark_ns = m->now_ns;
	copy_readings(m, AT_MARK);
}

void model__late(struct model *m)
{
	m->refresh_late_cnt++;
}

void model__leave_out_pairs(struct model *m, bool on)
{
	m->no_pairs = on;
}

uint64_t model__since_mark_ns(const struct model *m)
{
	return m->mark_ns ? m->now_ns - m->mark_ns : 0;
}

void model__reset(struct model *m)
{
	m->zero_ns = m->now_ns;
	copy_readings(m, AT_ZERO);
	model__mark(m);
}

static int take(struct sink *s, const struct record *r)
{
	struct model *m = (struct model *)s;

	switch (r->kind) {
	case REC_PROC_START: return add_proc(m, r);
	case REC_TOTALS: return model__feed(m, r->totals);
	case REC_PROC_END: return end_proc(m, r);
	case REC_MARK:
		if (r->mark.reset)
			model__reset(m);
		else if (!r->mark.first)
			model__mark(m);
		return 0;
	case REC_SELF:
		if (r->self.late)
			model__late(m);
		model__leave_out_pairs(m, r->self.no_pairs);
		return 0;
	default: return model__take_fact(m, r);
	}
}
