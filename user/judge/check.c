/* SPDX-License-Identifier: BSD-2-Clause */
/* check.c - a rule and a snapshot: does it hold?
 *
 * A rule is about things that have a figure: threads, GILs, or all that was measured as one. Each is judged by itself; one
 * that breaks it decides, then one that is not known. If there are none of these things, nothing was seen: not known, too.
 */
#include "user/judge/check.h"

#include <math.h>

#include "user/base/nearest.h"
#include "user/base/sbuf.h"
#include "user/judge/check_things.h"

static bool compares(const struct check *c, double v)
{
	switch (c->op) {
	case CHECK_LT: return v < c->value;
	case CHECK_LE: return v <= c->value;
	case CHECK_GT: return v > c->value;
	case CHECK_GE: return v >= c->value;
	}
	return false;
}

static bool wants_less(const struct check *c)
{
	return c->op == CHECK_LT || c->op == CHECK_LE;
}

static enum check_result judge(const struct check *c, const struct check_thing *t)
{
	if (isnan(t->v))
		return CHECK_UNKNOWN;
	/* It is that and maybe more: a change cannot be told then. */
	if (t->at_least && (c->change || compares(c, t->v) == wants_less(c)))
		return CHECK_UNKNOWN;
	return compares(c, t->v) ? CHECK_HOLDS : CHECK_BROKEN;
}

/* What was seen of one picture. */
struct seen {
	const struct check *c;
	size_t cnt[3]; /* by result */
	struct check_thing
		worst[3]; /* of each result the one next to breaking it, or furthest beyond */
};

static bool is_worse(const struct check *c, const struct check_thing *a,
		     const struct check_thing *b)
{
	if (isnan(a->v) || isnan(b->v))
		return isnan(b->v) && !isnan(a->v);
	return wants_less(c) ? a->v > b->v : a->v < b->v;
}

static void see(void *ctx, const struct check_thing *t)
{
	struct seen *s = ctx;
	enum check_result r = judge(s->c, t);

	if (!s->cnt[r]++ || is_worse(s->c, t, &s->worst[r]))
		s->worst[r] = *t;
}

static void put_value(double v, enum check_unit unit, struct sbuf *out)
{
	const char *sign = v < 0 ? "-" : "";
	char buf[UNITS_SZ];

	v = fabs(v);
	switch (unit) {
	case CHECK_PERCENT:
		sbuf__printf(out, v < 0.01 ? "%s%.2g%%" : "%s%.1f%%", sign, v * 100);
		break;
	case CHECK_TIME:
		sbuf__printf(out, "%s%s", sign,
			     units__duration(v < 1e19 ? (uint64_t)v : NS_UNKNOWN, buf));
		break;
	case CHECK_RATE: sbuf__printf(out, "%s%.4g/s", sign, v); break;
	case CHECK_NUMBER: sbuf__printf(out, v == floor(v) ? "%s%.0f" : "%s%.3g", sign, v); break;
	}
}

static void put_who(const struct check_thing *t, struct sbuf *out)
{
	if (t->thread && !snap_thread__is_fold(t->thread))
		sbuf__printf(out, "%s (%u) has ", t->thread->name, t->thread->tid);
	else if (t->thread)
		sbuf__printf(out, "%s (ended) has ", t->thread->name);
	else if (t->gil && t->proc)
		sbuf__printf(out, "%s (%u) has ", t->proc->comm, t->proc->pid);
	else
		sbuf__puts(out, "it is ");
}

/* Nobody is called so: who is, nearly? */
static void put_nearest(const struct check *c, const struct snapshot *s, struct sbuf *out)
{
	struct nearest near = { .word = c->name };

	for (size_t i = 0; i < s->proc_cnt; i++)
		for (size_t k = 0; k < s->procs[i].thread_cnt; k++)
			if (s->procs[i].threads[k].span_ns)
				nearest__try(&near, s->procs[i].threads[k].name);
	if (near.best)
		sbuf__printf(out, "; did you mean %s?", near.best);
}

static void put_nothing(const struct check *c, const struct snapshot *s, struct sbuf *out)
{
	enum check_args args = check_metrics[c->metric].args;

	sbuf__puts(out, "could not be judged: ");
	if (!s->proc_cnt) {
		sbuf__puts(out, "no process was measured");
	} else if (*c->name && args != CHECK_PLACE) {
		sbuf__printf(out, "no thread called %s was seen", c->name);
		put_nearest(c, s, out);
	} else {
		sbuf__puts(out, args == CHECK_THREAD || args == CHECK_WHAT ? "no thread was seen"
									   : "no GIL was seen");
	}
}

/* Words of the thing that decides. */
static enum check_result conclude(const struct seen *s, const struct snapshot *snap,
				  struct sbuf *words)
{
	enum check_result r = s->cnt[CHECK_BROKEN]    ? CHECK_BROKEN
			      : s->cnt[CHECK_UNKNOWN] ? CHECK_UNKNOWN
			      : s->cnt[CHECK_HOLDS]   ? CHECK_HOLDS
						      : CHECK_UNKNOWN;
	const struct check_thing *t = &s->worst[r];

	if (!s->cnt[r]) {
		put_nothing(s->c, snap, words);
		return r;
	}
	if (r == CHECK_UNKNOWN) {
		sbuf__printf(words, "could not be judged: %s", t->why);
		return r;
	}
	put_who(t, words);
	put_value(t->v, s->c->unit, words);
	if (r == CHECK_BROKEN && s->cnt[r] > 1)
		sbuf__printf(words, ", and %zu more", s->cnt[r] - 1);
	return r;
}

/* The one figure of a picture, for a change: the worst of all. False: it is not known, and the words say so. */
static bool one_figure(const struct check *c, const struct snapshot *s, const char *which,
		       double *ret, struct sbuf *words)
{
	/* In its own unit, whatever the change is compared with; worst as if all held. */
	struct check own = *c;
	struct seen seen = { .c = &own };
	const struct check_thing *t;

	own.value = wants_less(c) ? INFINITY : -INFINITY;
	if (c->relative)
		own.unit = check_metrics[c->metric].units & CHECK_TIME ? CHECK_TIME : CHECK_NUMBER;
	check_things__each(&own, s, see, &seen);
	t = &seen.worst[CHECK_HOLDS];
	if (seen.cnt[CHECK_HOLDS] && !seen.cnt[CHECK_UNKNOWN]) {
		*ret = t->v;
		return true;
	}
	if (seen.cnt[CHECK_UNKNOWN])
		sbuf__printf(words, "could not be judged: %s", seen.worst[CHECK_UNKNOWN].why);
	else
		put_nothing(&own, s, words);
	sbuf__printf(words, " (in %s)", which);
	return false;
}

static enum check_unit told_in(const struct check *c)
{
	unsigned int units = check_metrics[c->metric].units;

	return c->relative ? (enum check_unit)(units & -units) : c->unit;
}

static enum check_result judge_change(const struct check *c, const struct snapshot *before,
				      const struct snapshot *s, struct sbuf *words)
{
	double a, b, change;

	if (!before) {
		sbuf__puts(words, "could not be judged: there is nothing before it");
		return CHECK_UNKNOWN;
	}
	if (!one_figure(c, before, "A", &a, words) || !one_figure(c, s, "B", &b, words))
		return CHECK_UNKNOWN;
	change = b - a;
	if (c->relative)
		change = change == 0 ? 0 : change / a; /* of nothing: without end */
	sbuf__puts(words, "it went from ");
	put_value(a, told_in(c), words);
	sbuf__puts(words, " to ");
	put_value(b, told_in(c), words);
	sbuf__puts(words, change < 0 ? ": " : ": +");
	if (isinf(change))
		sbuf__puts(words, "without end");
	else
		put_value(change, c->unit, words);
	return compares(c, change) ? CHECK_HOLDS : CHECK_BROKEN;
}

enum check_result check__judge(const struct check *c, const struct snapshot *before,
			       const struct snapshot *s, struct sbuf *words)
{
	struct seen seen = { .c = c };

	if (c->change)
		return judge_change(c, before, s, words);
	check_things__each(c, s, see, &seen);
	return conclude(&seen, s, words);
}
