/* SPDX-License-Identifier: BSD-2-Clause */
/* build.c - the picture of one moment, made from the model */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "user/base/text.h"
#include "user/base/util.h"
#include "user/model/model_impl.h"
#include "user/picture/balance.h"
#include "user/picture/lines.h"
#include "user/picture/pools.h"
#include "user/picture/snapshot_box.h"

struct builder {
	const struct model *m;
	struct snapshot_box *box;
	int base; /* AT_MARK or AT_ZERO */
	bool brief;
};

static uint64_t base_ns(const struct builder *b)
{
	return b->base == AT_MARK ? b->m->mark_ns : b->m->zero_ns;
}

/* The moment up to which a process is known. */
static uint64_t proc_now(const struct builder *b, const struct mproc *p)
{
	return p->end_ns && p->end_ns < b->m->now_ns ? p->end_ns : b->m->now_ns;
}

static uint64_t span(uint64_t from, uint64_t to)
{
	return to > from ? to - from : 0;
}

/* It is there, but to the books it has ended. */
static bool is_parked(const struct mproc *p, const struct mthread *t)
{
	return t->rec.flags & GT_F_PARKED && !p->end_ns;
}

static enum snap_state state_of(const struct mproc *p, const struct mthread *t)
{
	if (t->exited || t->died)
		return is_parked(p, t) ? SNAP_FINALIZING : SNAP_EXITED;
	switch (t->rec.state) {
	case GT_WAIT: return SNAP_WAITING;
	case GT_HOLD: return SNAP_HOLDING;
	case GT_YIELD: return SNAP_YIELDING;
	default: return p->is_light ? SNAP_UNKNOWN : SNAP_RELEASED; /* it may hold */
	}
}

/* The longest of the span. The kernel keeps the longest of all: exact if it has grown since the base;
 * else the end of the highest bucket that was hit since, which that longest bounds.
 */
static uint64_t max_since(const struct gt_hist *delta, uint64_t max_now, uint64_t max_base,
			  uint64_t open_ns)
{
	uint64_t max = 0;

	if (max_now > max_base) {
		max = max_now;
	} else {
		for (unsigned int i = GT_HIST_BUCKETS; i-- > 0;) {
			if (!delta->cnt[i])
				continue;
			max = hist__bucket_floor(i + 1);
			max = max < max_now ? max : max_now;
			break;
		}
	}
	if (open_ns > max)
		max = open_ns;
	return max ? max : NS_UNKNOWN;
}

/* A copy that lives as long as the picture. Of thousands of threads that wait most have none to count: they share one.
 * NULL: no memory.
 */
static const struct gt_hist *keep_hist(struct builder *b, const struct gt_hist *h)
{
	static const struct gt_hist none;
	struct gt_hist *ret;

	if (!memcmp(h, &none, sizeof(none)))
		return &none;
	ret = arena__alloc(&b->box->arena, 1, sizeof(*ret));
	return ret ? memcpy(ret, h, sizeof(*ret)) : NULL;
}

/* Known of holds that have ended, and for those as a whole: of an interval that saw but the end of one, the share is its. */
static void fill_offcpu(const struct gt_sums *d, struct snap_thread *s)
{
	unsigned __int128 hold = s->hold_ns < d->hold_split_ns ? s->hold_ns : d->hold_split_ns;

	s->hold_offcpu_ns = s->hold_runnable_ns = s->hold_ns ? NS_UNKNOWN : 0;
	if (!d->hold_split_ns || !s->hold_ns)
		return;
	s->hold_offcpu_ns = (uint64_t)(hold * d->hold_offcpu_ns / d->hold_split_ns);
	s->hold_runnable_ns = (uint64_t)(hold * d->hold_runnable_ns / d->hold_split_ns);
}

static int fill_sums(struct builder *b, const struct gt_sums *d, struct snap_thread *s)
{
	s->wait_ns = d->time_ns[GT_WAIT];
	s->yield_ns = d->time_ns[GT_YIELD];
	s->hold_ns = d->time_ns[GT_HOLD];
	s->released_ns = d->time_ns[GT_RELEASED];
	s->span_ns = s->wait_ns + s->yield_ns + s->hold_ns + s->released_ns;
	s->runnable_ns = d->runnable_ns + d->light_runnable_ns;
	fill_offcpu(d, s);
	s->blame_ns = d->blame_ns;
	s->acquisitions = d->acquisitions;
	s->contended = d->contended;
	s->releases = d->releases;
	s->yields = d->yields;
	s->asked = d->asked;
	s->react_ns = d->react_ns;
	s->react_queued_ns = d->react_queued_ns;
	s->late = d->late;
	s->wait_hist = keep_hist(b, &d->wait_hist);
	s->hold_hist = keep_hist(b, &d->hold_hist);
	return s->wait_hist && s->hold_hist ? 0 : -ENOMEM;
}

static void fill_quantiles(struct snap_thread *s)
{
	s->wait_p50_ns = hist__quantile_upto(s->wait_hist, 0.5, s->wait_max_ns);
	s->wait_p90_ns = hist__quantile_upto(s->wait_hist, 0.9, s->wait_max_ns);
	s->wait_p99_ns = hist__quantile_upto(s->wait_hist, 0.99, s->wait_max_ns);
	s->hold_p50_ns = hist__quantile_upto(s->hold_hist, 0.5, s->hold_max_ns);
	s->hold_p90_ns = hist__quantile_upto(s->hold_hist, 0.9, s->hold_max_ns);
	s->hold_p99_ns = hist__quantile_upto(s->hold_hist, 0.99, s->hold_max_ns);
}

static int add_thread(struct builder *b, const struct mproc *p, const struct mthread *t, size_t gil,
		      struct snap_thread *s)
{
	bool ended = t->exited || t->died;
	uint64_t now = proc_now(b, p), open = ended ? 0 : span(t->rec.since_ns, now);
	char name[sizeof(t->rec.comm) * 4];
	struct stored_stack now_stack;
	struct gt_sums d;

	sums__sub(&t->at[AT_NOW], &t->at[b->base], &d);
	if (fill_sums(b, &d, s))
		return -ENOMEM;
	now_stack = model__stack(b->m, ended ? 0 : t->now_stack);
	s->now_frames = now_stack.frames;
	s->now_frame_cnt = now_stack.cnt;
	s->tid = t->key.tid;
	s->gil = gil;
	s->state = state_of(p, t);
	s->state_ns = ended ? span(t->rec.exit_ns, now) : open;
	s->wait_max_ns = max_since(s->wait_hist, t->wait_max_at[AT_NOW], t->wait_max_at[b->base],
				   ended		     ? t->last_wait_ns
				   : t->rec.state == GT_WAIT ? open
							     : 0);
	s->hold_max_ns = max_since(s->hold_hist, t->hold_max_at[AT_NOW], t->hold_max_at[b->base],
				   ended		     ? t->last_hold_ns
				   : t->rec.state == GT_HOLD ? open
							     : 0);
	fill_quantiles(s);
	if (t->name) {
		s->name = arena__strdup(&b->box->arena, t->name);
	} else {
		clean_text(t->rec.comm, sizeof(t->rec.comm), name, sizeof(name));
		s->name = arena__strdup(&b->box->arena, name[0] ? name : "?");
	}
	return 0;
}

static int add_fold(struct builder *b, const struct mproc *p, const struct mfold *f, size_t gil,
		    struct snap_thread *s)
{
	const char *pool = mproc__pool_name(p, f);
	uint64_t cnt = f->cnt_at[AT_NOW];
	char name[48];
	struct gt_sums d;

	sums__sub(&f->at[AT_NOW], &f->at[b->base], &d);
	if (fill_sums(b, &d, s))
		return -ENOMEM;
	s->folded_cnt = cnt > UINT32_MAX ? UINT32_MAX : (uint32_t)cnt;
	s->gil = gil;
	s->state = SNAP_EXITED;
	s->wait_max_ns = max_since(s->wait_hist, f->wait_max_ns, f->wait_max_ns, 0);
	s->hold_max_ns = max_since(s->hold_hist, f->hold_max_ns, f->hold_max_ns, 0);
	fill_quantiles(s);
	snprintf(name, sizeof(name), "[%llu ended threads]", (unsigned long long)cnt);
	s->tid = f->tid;
	s->name = arena__strdup(&b->box->arena, pool ? pool : name);
	return 0;
}

/* A thread that never showed an event but, by the target's memory, has held all the time. */
static int add_seed(struct builder *b, const struct mproc *p, const struct mgil *g, size_t gil,
		    struct snap_thread *s)
{
	uint64_t now = proc_now(b, p);
	uint64_t from = base_ns(b) > p->books_ns ? base_ns(b) : p->books_ns;
	struct gt_sums d = { 0 };

	d.time_ns[GT_HOLD] = span(from, now);
	d.blame_ns = span(g->at[b->base].open_blame_ns, g->at[AT_NOW].open_blame_ns);
	if (fill_sums(b, &d, s))
		return -ENOMEM;
	s->tid = mgil__first_holder(g);
	s->gil = gil;
	s->state = SNAP_HOLDING;
	s->state_ns = span(p->books_ns, now);
	s->wait_max_ns = NS_UNKNOWN;
	s->hold_max_ns = s->state_ns ? s->state_ns : NS_UNKNOWN;
	fill_quantiles(s);
	s->name = arena__strdup(&b->box->arena, g->seed_name ? g->seed_name : p->comm);
	return 0;
}

static bool wants_seed(const struct mproc *p, const struct mgil *g)
{
	uint32_t tid = mgil__first_holder(g);

	if (!tid || p->end_ns)
		return false;
	for (size_t i = 0; i < p->thread_cnt; i++)
		if (p->threads[i]->key.tid == tid && p->threads[i]->key.cond == g->key.cond)
			return false;
	return true;
}

static int by_delay(const void *a, const void *b)
{
	const struct snap_thread *x = a, *y = b;
	uint64_t dx = snap_thread__delay_ns(x), dy = snap_thread__delay_ns(y);

	if (dx != dy)
		return dx > dy ? -1 : 1;
	if (x->hold_ns != y->hold_ns)
		return x->hold_ns > y->hold_ns ? -1 : 1;
	return x->tid < y->tid ? -1 : x->tid > y->tid;
}

static size_t gil_index(const struct mproc *p, uint64_t cond)
{
	for (size_t i = 0; i < p->gil_cnt; i++)
		if (p->gils[i]->key.cond == cond)
			return i;
	return 0;
}

static int build_threads(struct builder *b, const struct mproc *p, struct snap_proc *s)
{
	size_t max = p->thread_cnt + 2 * p->gil_cnt;
	struct snap_thread *th;
	int err;

	for (size_t i = 0; i < p->gil_cnt; i++)
		max += p->gils[i]->pool_cnt;
	th = arena__alloc(&b->box->arena, max, sizeof(*th));
	err = th ? 0 : -ENOMEM;

	for (size_t i = 0; i < p->thread_cnt && !err; i++) {
		const struct mthread *t = p->threads[i];

		/* An interval does not show those who had ended before it. */
		if ((t->exited || t->died) && !is_parked(p, t) && b->base == AT_MARK &&
		    t->rec.exit_ns <= b->m->mark_ns &&
		    t->at[AT_NOW].blame_ns == t->at[AT_MARK].blame_ns)
			continue;
		err = add_thread(b, p, t, gil_index(p, t->key.cond), &th[s->thread_cnt++]);
	}
	for (size_t i = 0; i < p->gil_cnt && !err; i++) {
		const struct mgil *g = p->gils[i];

		for (size_t n = 0; mgil__fold(g, n) && !err; n++) {
			const struct mfold *f = mgil__fold(g, n);

			if (f->cnt_at[AT_NOW] > (b->base == AT_MARK ? f->cnt_at[AT_MARK] : 0))
				err = add_fold(b, p, f, i, &th[s->thread_cnt++]);
		}
		if (!err && wants_seed(p, g))
			err = add_seed(b, p, g, i, &th[s->thread_cnt++]);
	}
	if (err)
		return err;
	qsort(th, s->thread_cnt, sizeof(*th), by_delay);
	s->threads = th;
	return 0;
}

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
			.runnable_ns = span(g->runnable_at[b->base], g->runnable_at[AT_NOW]),
			.unsure_ns = span(g->unsure_at[b->base], g->unsure_at[AT_NOW]),
			.gap_ns = d.gap_ns,
			.gap_wall_ns = d.gap_wall_ns,
			.wait_ns = d.wait_ns,
			.look_cnt = g->looks_at[AT_NOW].cnt - g->looks_at[b->base].cnt,
			.locked_cnt =
				g->looks_at[AT_NOW].locked_cnt - g->looks_at[b->base].locked_cnt,
			.acquisitions = d.acquisitions,
			.switches = d.switches,
			.asked_ns = g->known && g->rec.held && g->rec.asked_ns
					    ? span(g->rec.asked_ns, proc_now(b, p))
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
		uint64_t ns = span(pr->ns_at[b->base], pr->ns_at[AT_NOW]);

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
	uint64_t from = base_ns(b) > p->books_ns ? base_ns(b) : p->books_ns;
	int err;

	s->pid = p->pid;
	s->comm = arena__strdup(a, p->comm);
	s->cmdline = arena__strdup(a, p->cmdline);
	s->python = arena__strdup(a, p->python);
	s->runtime = arena__strdup(a, p->runtime);
	s->sites = arena__strdup(a, p->sites);
	s->note = arena__strdup(a, p->note);
	s->halted = p->halted;
	s->mode = p->is_light ? SNAP_MODE_LIGHT : SNAP_MODE_EXACT;
	s->mode_auto = p->is_auto;
	s->mode_changes = p->mode_changes_at[AT_NOW] - p->mode_changes_at[b->base];
	s->cpu_cnt = p->cpu_cnt;
	s->throttled_ns = p->throttled_known ? p->throttled_at[AT_NOW] - p->throttled_at[b->base]
					     : NS_UNKNOWN;
	s->alive = !p->end_ns;
	s->span_ns = span(from, proc_now(b, p));
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
		s->stats[i] = span(b->m->stats_at[b->base][i], now[i]);
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
	s->start_ns = base_ns(&b) > s->books_ns ? base_ns(&b) : s->books_ns;
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
