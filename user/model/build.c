/* SPDX-License-Identifier: BSD-2-Clause */
/* build.c - the picture of one moment, made from the model */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "user/base/util.h"
#include "user/model/build.h"
#include "user/picture/balance.h"
#include "user/picture/lines.h"
#include "user/picture/pools.h"
#include "user/picture/snapshot_box.h"

/* In a light stretch somebody has it if others wait for it; more is not known. */
static bool is_held(const struct mgil *g)
{
	if (!g->known)
		return g->seed_held && !g->was_light;
	return g->rec.light ? g->waiters != 0 : g->rec.held;
}

/* For how much of the span were its books exact? */
static uint64_t observed(const struct mgil *g, const struct gil_acc *d, uint64_t span_ns)
{
	if (!g->known)
		return g->was_light ? 0 : span_ns;
	return span_ns > d->light_ns ? span_ns - d->light_ns : 0;
}

static int build_gils(struct builder *b, const struct mproc *p, struct snap_proc *s)
{
	struct snap_gil *gils = arena__alloc(&b->box->arena, p->gil_cnt, sizeof(*gils));

	if (!gils)
		return -ENOMEM;
	for (size_t i = 0; i < p->gil_cnt; i++) {
		const struct mgil *g = p->gils[i];
		struct gil_acc d;

		gil_acc__sub(&g->at[AT_NOW], &g->at[b->base], &d);
		if (!g->known && g->seed_held && !g->was_light &&
		    !p->end_ns) /* nothing has happened: held all the time */
			d.held_ns = s->span_ns;
		gils[i] = (struct snap_gil){
			.id = (uint32_t)i,
			.interpreter = g->interpreter,
			.interval_ns = g->interval_ns,
			.addr = g->key.cond,
			.held_ns = d.held_ns - d.light_ns,
			.observed_ns = observed(g, &d, s->span_ns),
			.runnable_ns = span_ns(g->runnable_at[b->base], g->runnable_at[AT_NOW]),
			.unsure_ns = span_ns(g->unsure_at[b->base], g->unsure_at[AT_NOW]),
			.gap_ns = d.gap_ns,
			.gap_wall_ns = d.gap_wall_ns,
			.wait_ns = d.wait_ns,
			.look_cnt = g->looks_at[AT_NOW].cnt - g->looks_at[b->base].cnt,
			.locked_cnt =
				g->looks_at[AT_NOW].locked_cnt - g->looks_at[b->base].locked_cnt,
			.acquisitions = d.acquisitions,
			.switches = d.switches,
			.asked_ns = g->known && g->rec.held && g->rec.asked_ns
					    ? span_ns(g->rec.asked_ns, builder__proc_now(b, p))
					    : 0,
			.held = is_held(g),
			.holder_tid =
				g->rec.holder_tid || g->rec.light ? g->rec.holder_tid : g->seed_tid,
			.waiters = g->waiters,
		};
		if (!gils[i].held || p->end_ns) {
			gils[i].held = false;
			gils[i].asked_ns = 0;
			gils[i].holder_tid = TID_UNKNOWN;
		}
	}
	s->gil_cnt = p->gil_cnt;
	s->gils = gils;
	return 0;
}

static int by_ns(const void *a, const void *b)
{
	const struct snap_pair *x = a, *y = b;

	if (x->ns != y->ns)
		return x->ns > y->ns ? -1 : 1;
	if (x->waiter_tid != y->waiter_tid)
		return x->waiter_tid < y->waiter_tid ? -1 : 1;
	return x->holder_tid < y->holder_tid ? -1 : x->holder_tid > y->holder_tid;
}

static int build_pairs(struct builder *b, const struct mproc *p, struct snap_proc *s)
{
	const struct tallies *all = &p->tallies[PAIRS];
	struct tally *const *v = b->base == AT_MARK ? all->changed : all->v;
	size_t cnt = b->base == AT_MARK ? all->changed_cnt : all->cnt;
	struct snap_pair *pairs = arena__alloc(&b->box->arena, cnt, sizeof(*pairs));

	if (!pairs)
		return -ENOMEM;
	for (size_t i = 0; i < cnt; i++) {
		const struct tally *pr = v[i];
		uint64_t ns = span_ns(pr->ns_at[b->base], pr->ns_at[AT_NOW]);

		if (ns)
			pairs[s->pair_cnt++] = (struct snap_pair){ pr->tid, pr->other, ns };
	}
	qsort(pairs, s->pair_cnt, sizeof(*pairs), by_ns);
	s->pairs = pairs;
	s->pairs_known = true;
	return 0;
}

static int build_proc(struct builder *b, const struct mproc *p, struct snap_proc *s)
{
	struct arena *a = &b->box->arena;
	uint64_t from = builder__base_ns(b) > p->books_ns ? builder__base_ns(b) : p->books_ns;
	int err;

	s->pid = p->pid;
	s->comm = arena__strdup(a, p->comm);
	s->cmdline = arena__strdup(a, p->cmdline);
	s->python = arena__strdup(a, p->python);
	s->runtime = arena__strdup(a, p->runtime);
	s->sites = arena__strdup(a, p->sites);
	s->note = arena__strdup(a, p->note);
	s->parent = p->parent;
	s->parent_comm = arena__strdup(a, p->parent_comm);
	s->where.ns_pid = p->where.ns_pid;
	for (int i = 0; i < WHERE_CNT; i++)
		s->where.part[i] = p->where.part[i] ? arena__strdup(a, p->where.part[i]) : NULL;
	s->halted = p->halted;
	s->mode = p->is_light ? SNAP_MODE_LIGHT : SNAP_MODE_EXACT;
	s->mode_auto = p->is_auto;
	s->mode_changes = p->mode_changes_at[AT_NOW] - p->mode_changes_at[b->base];
	s->late_ns = p->late_ns;
	s->cpu_cnt = p->cpu_cnt;
	s->throttled_ns = p->throttled_known ? p->throttled_at[AT_NOW] - p->throttled_at[b->base]
					     : NS_UNKNOWN;
	s->alive = !p->end_ns;
	s->executed = p->executed;
	s->span_ns = span_ns(from, builder__proc_now(b, p));
	err = build_gils(b, p, s);
	if (!err)
		err = build_threads(b, p, s);
	for (size_t i = 0; i < s->thread_cnt && !err; i++) {
		struct snap_thread *t = (struct snap_thread *)(uintptr_t)&s->threads[i];

		t->hold_observed_ns = s->gils[t->gil].observed_ns;
	}
	if (!err && !b->m->no_pairs && !b->brief)
		err = build_pairs(b, p, s);
	s->pairs_left_out = b->m->no_pairs || b->brief;
	if (!err && !b->brief)
		err = mproc__build_sleeps(b->m, p, b->base, a, s);
	if (!err && !b->brief)
		err = mproc__build_stacks(b->m, p, b->base, a, s);
	/* Built here: not const to us. */
	if (!err)
		err = pools__build(s, (struct snap_thread *)(uintptr_t)s->threads, a);
	return err ? err : lines__find(s);
}

static void fill_health(struct builder *b, struct snapshot *s)
{
	const uint64_t *now = b->m->stats_at[AT_NOW];

	for (size_t i = 0; i < COUNTER_CNT; i++)
		s->stats[i] = span_ns(b->m->stats_at[b->base][i], now[i]);
	for (size_t i = 0; i < s->proc_cnt; i++)
		s->stats[COUNTER_UNBALANCED] += !snap_proc__balances(&s->procs[i]);
	s->lost_events = counters__sum(s->stats, COUNTER_LOSS);
	s->lost_detail = counters__sum(s->stats, COUNTER_LOSS_DETAIL);
	s->lost_ever = counters__sum(now, COUNTER_LOSS) + counters__sum(now, COUNTER_LOSS_DETAIL);
	s->violations = counters__sum(s->stats, COUNTER_DISAGREEMENT);
	s->lost_spans = s->stats[GT_STAT_SPAN_DROP];
	s->self_cpu_ns = b->m->self_cpu_at[AT_NOW] - b->m->self_cpu_at[b->base];
	s->load_cpu_ns = b->m->load_cpu_ns;
	s->probe_hits = b->m->hits_at[AT_NOW] - b->m->hits_at[b->base];
}

static struct snapshot *snapshot(const struct model *m, enum model_span which, bool brief)
{
	struct builder b = { .m = m,
			     .base = which == MODEL_INTERVAL ? AT_MARK : AT_ZERO,
			     .brief = brief };
	struct snap_proc *procs;
	struct snapshot *s;
	int err = 0;

	b.box = calloc(1, sizeof(*b.box));
	if (!b.box)
		return NULL;
	s = &b.box->snap;
	procs = arena__alloc(&b.box->arena, m->proc_cnt, sizeof(*procs));
	if (!procs)
		err = -ENOMEM;
	for (size_t i = 0; i < m->proc_cnt && !err; i++) {
		const struct mproc *p = m->procs[i];

		if (p->end_ns && which == MODEL_INTERVAL && p->end_ns <= m->mark_ns)
			continue;
		err = build_proc(&b, p, &procs[s->proc_cnt++]);
	}
	if (err) {
		snapshot__free(s);
		errno = -err;
		return NULL;
	}
	s->procs = procs;
	s->attach = arena__strdup(&b.box->arena, m->attach ? m->attach : "?");
	s->now_ns = m->now_ns;
	s->books_ns = m->books_ns ? m->books_ns : m->now_ns;
	s->dropped_cnt = m->dropped_cnt;
	s->start_ns = builder__base_ns(&b) > s->books_ns ? builder__base_ns(&b) : s->books_ns;
	s->brief = brief;
	fill_health(&b, s);
	return s;
}

struct snapshot *model__snapshot(const struct model *m, enum model_span which)
{
	return snapshot(m, which, false);
}

struct snapshot *model__snapshot_brief(const struct model *m, enum model_span which)
{
	return snapshot(m, which, true);
}
