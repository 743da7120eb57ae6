/* SPDX-License-Identifier: BSD-2-Clause */
/* check_things.c - the figures that rules are about
 *
 * Of holds more must have been seen for a rule than for a table: a share or a quantile of less than half of the time says
 * nothing of the rest, and the longest hold may be any that was not seen.
 */
#include "user/judge/check_things.h"

#include <fnmatch.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "user/base/text.h"
#include "user/base/util.h"
#include "user/picture/pools.h"

/* The rest of a run that begins in light mode, or ends so, is not worth a word. */
#define NEARLY_ALL 0.95

static const char unseen[] = "holds were not seen (light mode; --mode exact sees them)";
static const char seen_in_part[] = "holds were seen for a part of the time; --mode exact sees all";
static const char no_stacks[] = "no stacks were collected";

static const struct check_thing unknown = { .v = NAN };

static bool is_called(const char *pattern, const char *name)
{
	return !strcmp(pattern, name) || !fnmatch(pattern, name, 0);
}

/* By its own name or that of its pool; of ended threads that share a row the pool's is the name. */
static bool fits(const struct check *c, const struct snap_proc *p, const struct snap_thread *t)
{
	const struct snap_pool *pool = snap_proc__pool(p, t);

	return !*c->name || is_called(c->name, t->name) || (pool && is_called(c->name, pool->name));
}

/* Of its time for a share, else as it is. */
static double scaled(const struct check *c, uint64_t ns, uint64_t whole)
{
	return c->unit == CHECK_PERCENT ? (double)ns / (double)whole : (double)ns;
}

static double seen_share(const struct snap_thread *t, const struct snap_proc *p)
{
	return (double)snap_thread__seen_ns(t, p) / (double)t->span_ns;
}

static void take_hold(const struct check *c, const struct snap_proc *p, const struct snap_thread *t,
		      struct check_thing *ret)
{
	double share = seen_share(t, p);

	ret->why = share > 0 ? seen_in_part : unseen;
	if (c->unit == CHECK_PERCENT && share >= 0.5)
		ret->v = (double)t->hold_ns / (double)snap_thread__seen_ns(t, p);
	else if (c->unit == CHECK_TIME && share > 0)
		ret->v = (double)t->hold_ns;
	ret->at_least = c->unit == CHECK_TIME && share < NEARLY_ALL;
}

/* Of a thread that has had none that ended: the one that is open, or none. */
static double or_open(uint64_t known, uint64_t sum)
{
	return (double)(known == NS_UNKNOWN ? sum : known);
}

/* A quantile or the longest. */
static void take_hold_time(const struct snap_proc *p, const struct snap_thread *t, uint64_t ns,
			   bool max, struct check_thing *ret)
{
	double share = seen_share(t, p);

	ret->why = share > 0 ? seen_in_part : unseen;
	if (max ? share > 0 : share >= 0.5)
		ret->v = or_open(ns, t->hold_ns);
	ret->at_least = max && share < NEARLY_ALL;
}

static void take_quantile(const struct check *c, const struct snap_proc *p,
			  const struct snap_thread *t, struct check_thing *ret)
{
	const uint64_t waits[] = { t->wait_p50_ns, t->wait_p90_ns, t->wait_p99_ns };
	const uint64_t holds[] = { t->hold_p50_ns, t->hold_p90_ns, t->hold_p99_ns };

	if (c->holds)
		take_hold_time(p, t, holds[c->metric - CHECK_P50], false, ret);
	else
		ret->v = or_open(waits[c->metric - CHECK_P50], t->wait_ns);
}

static void take_thread(const struct check *c, const struct snap_proc *p,
			const struct snap_thread *t, struct check_thing *ret)
{
	switch (c->metric) {
	case CHECK_DELAY: ret->v = scaled(c, snap_thread__delay_ns(t), t->span_ns); break;
	case CHECK_WAIT: ret->v = scaled(c, t->wait_ns, t->span_ns); break;
	case CHECK_YIELD: ret->v = scaled(c, t->yield_ns, t->span_ns); break;
	case CHECK_HOLD: take_hold(c, p, t, ret); break;
	case CHECK_WAIT_MAX: ret->v = or_open(t->wait_max_ns, t->wait_ns); break;
	case CHECK_HOLD_MAX: take_hold_time(p, t, t->hold_max_ns, true, ret); break;
	default: take_quantile(c, p, t, ret);
	}
}

static void take_gil(const struct check *c, const struct snap_proc *p, const struct snap_gil *g,
		     struct check_thing *ret)
{
	ret->why = unseen;
	ret->v = c->metric == CHECK_LOAD ? snap_gil__load(g, p->span_ns)
					 : snap_gil__held(g, p->span_ns).share;
}

/* ---- all that was measured, as one ---- */

/* "parse_line" is the function of that name, of any class; "app.py" or its path a file, "app.py:88" a line. */
static bool frame_fits(const char *place, const struct snap_frame *f)
{
	const char *last = strrchr(f->name, '.'), *base = path_base(f->file);
	char line[512];

	if (is_called(place, f->name) || (last && is_called(place, last + 1)) ||
	    !strcmp(place, base) || !strcmp(place, f->file))
		return true;
	if (!f->line || !strchr(place, ':'))
		return false;
	snprintf(line, sizeof(line), "%s:%u", base, f->line);
	if (!strcmp(place, line))
		return true;
	snprintf(line, sizeof(line), "%s:%u", f->file, f->line);
	return !strcmp(place, line);
}

static bool stack_fits(const char *place, const struct snap_stack *s)
{
	for (size_t i = s->frame_cnt + s->hidden_cnt; i-- > 0;)
		if (frame_fits(place, &s->frames[i]))
			return true;
	return false;
}

static void take_place(const struct check *c, const struct snapshot *s, struct check_thing *ret)
{
	enum snap_stack_kind kind = c->metric == CHECK_BLAME ? SNAP_STACK_BLAME : SNAP_STACK_WAIT;
	double part = 0, all = 0;
	bool known = true;

	for (size_t i = 0; i < s->proc_cnt; i++) {
		const struct snap_proc *p = &s->procs[i];

		known &= p->stacks_known;
		for (size_t k = 0; k < p->gil_cnt; k++)
			all += (double)p->gils[k].wait_ns;
		for (size_t k = 0; k < p->stack_cnt; k++)
			if (p->stacks[k].kind == kind && stack_fits(c->name, &p->stacks[k]))
				part += (double)p->stacks[k].ns;
	}
	ret->why = no_stacks;
	if (!known)
		return;
	ret->v = c->unit == CHECK_TIME ? part : all > 0 ? part / all : 0;
}

static void take_rate(const struct check *c, const struct snapshot *s, struct check_thing *ret)
{
	double sum = 0;

	ret->why = unseen;
	for (size_t i = 0; i < s->proc_cnt && s->now_ns > s->start_ns; i++) {
		const struct snap_proc *p = &s->procs[i];

		for (size_t k = 0; k < p->gil_cnt; k++) {
			const struct snap_gil *g = &p->gils[k];
			uint64_t cnt = c->metric == CHECK_HANDOVERS ? g->switches : g->acquisitions;

			if (!g->observed_ns || g->observed_ns < p->span_ns / 2)
				return;
			/* A process that was there for a part of the time adds as much. */
			sum += (double)cnt * 1e9 / (double)g->observed_ns *
			       ((double)p->span_ns / (double)(s->now_ns - s->start_ns));
		}
	}
	if (s->now_ns > s->start_ns)
		ret->v = sum;
}

static void take_all(const struct check *c, const struct snapshot *s, struct check_thing *ret)
{
	if (c->metric == CHECK_LOST)
		ret->v = (double)s->lost_events + (double)s->lost_detail;
	else if (c->metric == CHECK_BLAME || c->metric == CHECK_WAITING)
		take_place(c, s, ret);
	else
		take_rate(c, s, ret);
}

static bool is_about_threads(const struct check *c)
{
	return check_metrics[c->metric].args == CHECK_THREAD ||
	       check_metrics[c->metric].args == CHECK_WHAT;
}

void check_things__each(const struct check *c, const struct snapshot *s,
			void (*fn)(void *ctx, const struct check_thing *t), void *ctx)
{
	bool gils = c->metric == CHECK_UTILIZATION || c->metric == CHECK_LOAD, any = false;

	for (size_t i = 0; i < s->proc_cnt; i++) {
		const struct snap_proc *p = &s->procs[i];

		any |= p->span_ns && p->gil_cnt;
		for (size_t k = 0; k < p->gil_cnt && gils && p->span_ns; k++) {
			struct check_thing t = unknown;

			t.proc = p;
			t.gil = &p->gils[k];
			take_gil(c, p, t.gil, &t);
			fn(ctx, &t);
		}
		for (size_t k = 0; k < p->thread_cnt && is_about_threads(c); k++) {
			struct check_thing t = unknown;

			if (!fits(c, p, &p->threads[k]) || !p->threads[k].span_ns)
				continue;
			t.proc = p;
			t.thread = &p->threads[k];
			take_thread(c, p, t.thread, &t);
			fn(ctx, &t);
		}
	}
	if (any && !gils && !is_about_threads(c)) {
		struct check_thing t = unknown;

		take_all(c, s, &t);
		fn(ctx, &t);
	}
}
