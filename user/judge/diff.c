/* SPDX-License-Identifier: BSD-2-Clause */
/* diff.c - figures of both runs, and whether they differ by more than chance
 *
 * What chance makes is told by how much was counted. Time that is the sum of n waits of lengths that vary as much as they
 * are long has an error of sqrt(2/n) of it (that of their number and that of their mean), twice that is rarely passed. A
 * quantile that leaves k of them above it moves by about 1/sqrt(k), more where lengths have a long tail, as they do, and its
 * histogram by a quarter at most; the longest is one alone. And as no two runs are alike, a change of less than a tenth is
 * none.
 */
#include "user/judge/diff.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "user/base/util.h"
#include "user/judge/check_things.h"
#include "user/judge/diff_tally.h"

#define SAME_PART  0.05	 /* of the larger one */
#define SAME_SHARE 0.001 /* of the time */
#define SAME_NS	   20000 /* waking up a thread takes as much */

const struct diff_figure_desc diff_figures[DIFF_FIGURES] = {
	[DIFF_DELAY] = { "delay", "delay", DIFF_SHARE, true },
	[DIFF_WAIT] = { "wait", "wait", DIFF_SHARE, true },
	[DIFF_HOLD] = { "hold", "hold", DIFF_SHARE, false },
	[DIFF_UTILIZATION] = { "utilization", "utilization of the busiest GIL", DIFF_SHARE, false },
	[DIFF_LOAD] = { "load", "load of the busiest GIL", DIFF_NUMBER, false },
	[DIFF_HANDOVERS] = { "handovers", "hand-overs", DIFF_RATE, false },
	[DIFF_ACQUISITIONS] = { "acquisitions", "acquisitions", DIFF_RATE, false },
	[DIFF_WAIT_P50] = { "wait_p50", "wait p50", DIFF_NS, true },
	[DIFF_WAIT_P90] = { "wait_p90", "wait p90", DIFF_NS, true },
	[DIFF_WAIT_P99] = { "wait_p99", "wait p99", DIFF_NS, true },
	[DIFF_WAIT_MAX] = { "wait_max", "longest wait", DIFF_NS, true },
	[DIFF_HOLD_P50] = { "hold_p50", "hold p50", DIFF_NS, true },
	[DIFF_HOLD_P90] = { "hold_p90", "hold p90", DIFF_NS, true },
	[DIFF_HOLD_P99] = { "hold_p99", "hold p99", DIFF_NS, true },
	[DIFF_HOLD_MAX] = { "hold_max", "longest hold", DIFF_NS, true },
	[DIFF_BLAME] = { "blame", "blame", DIFF_SHARE, true },
	[DIFF_WAITING] = { "waiting", "waiting", DIFF_SHARE, true },
};

struct making {
	struct diff *d;
	struct diff_tallies t;
	const struct snapshot *s[2];
	struct diff_row *rows;
	size_t cnt, cap;
};

static double larger(double a, double b)
{
	return a > b ? a : b;
}

/* Of sums of n events each. */
static double sum_error(const double v[2], const double n[2], double least)
{
	double var = 0;

	for (int i = 0; i < 2; i++)
		if (v[i] > 0)
			var += v[i] * v[i] * 2 / (n[i] > 1 ? n[i] : 1);
	return larger(2 * sqrt(var), larger(SAME_PART * larger(v[0], v[1]), least));
}

/* By how much they may differ, as a factor: that of the smaller one. */
static double quantile_error(const double v[2], const double n[2], double q)
{
	double few = n[0] < n[1] ? n[0] : n[1], above = q < 1 ? few * (1 - q) : 0.5;
	double factor = 1.5 + 3 / sqrt(above > 0.1 ? above : 0.1);

	return larger((factor - 1) * (v[0] < v[1] ? v[0] : v[1]), SAME_NS);
}

static enum diff_judgement judge(const struct diff_row *r)
{
	const struct diff_figure_desc *f = &diff_figures[r->figure];

	if (isnan(r->v[0]) || isnan(r->v[1]))
		return DIFF_UNKNOWN;
	if (fabs(r->v[1] - r->v[0]) <= r->err)
		return DIFF_SAME;
	if (f->less_is_better)
		return r->v[1] < r->v[0] ? DIFF_BETTER : DIFF_WORSE;
	return r->v[1] < r->v[0] ? DIFF_LESS : DIFF_MORE;
}

static void put_row(struct making *m, const struct diff_row *r)
{
	m->rows[m->cnt++] = *r;
}

/* ---- figures of a sum ---- */

static double value(const struct diff_sum *s, enum diff_figure f)
{
	if (!s->cnt || !(s->span_ns > 0))
		return NAN;
	if (f >= DIFF_WAIT_P50 && f <= DIFF_HOLD_MAX)
		return s->q[f - DIFF_WAIT_P50];
	if (f == DIFF_HOLD) /* seen for half of the time at least */
		return s->seen_ns >= s->span_ns / 2 ? s->hold_ns / s->seen_ns : NAN;
	return (s->wait_ns + (f == DIFF_DELAY ? s->yield_ns : 0)) / s->span_ns;
}

static double error_of(const struct diff_tally *t, enum diff_figure f, const double v[2])
{
	static const double q[] = { 0.5, 0.9, 0.99, 1 };
	double n[2];

	for (int i = 0; i < 2; i++)
		n[i] = f >= DIFF_WAIT_P50 && f <= DIFF_HOLD_MAX ? t->sum[i].q_cnt[f - DIFF_WAIT_P50]
		       : f == DIFF_HOLD				? t->sum[i].holds
								: t->sum[i].waits;
	if (f >= DIFF_WAIT_P50 && f <= DIFF_HOLD_MAX)
		return quantile_error(v, n, q[(f - DIFF_WAIT_P50) % 4]);
	return sum_error(v, n, SAME_SHARE);
}

/* Nothing happened there in both. */
static bool is_empty(const struct diff_row *r)
{
	return !(r->v[0] > 0) && !(r->v[1] > 0);
}

static void put_sum(struct making *m, const struct diff_tally *t, enum diff_figure f)
{
	struct diff_row r = { .kind = t->kind, .figure = f, .role = t->role, .pool = t->pool };

	for (int i = 0; i < 2; i++)
		r.v[i] = value(&t->sum[i], f);
	r.err = error_of(t, f, r.v);
	r.judgement = judge(&r);
	if (t->kind == DIFF_THREADS && (!t->sum[0].cnt || !t->sum[1].cnt))
		r.judgement = t->sum[0].cnt ? DIFF_GONE : DIFF_NEW;
	if (t->kind == DIFF_RUN || f == DIFF_DELAY || !is_empty(&r))
		put_row(m, &r);
}

/* ---- figures of the run ---- */

static void take_largest(void *ctx, const struct check_thing *t)
{
	double *v = ctx;

	if (!isnan(t->v) && (isnan(*v) || t->v > *v))
		*v = t->v;
}

/* As --check has it. */
static void put_check(struct making *m, enum diff_figure f, enum check_metric metric,
		      enum check_unit unit)
{
	struct check c = { .metric = metric, .unit = unit };
	struct diff_row r = { .kind = DIFF_RUN, .figure = f };
	double n[2];

	for (int i = 0; i < 2; i++) {
		r.v[i] = NAN;
		check_things__each(&c, m->s[i], take_largest, &r.v[i]);
		n[i] = r.v[i] * (double)m->d->side[i].duration_ns / 1e9;
	}
	r.err = unit == CHECK_RATE ? sum_error(r.v, n, 0.1)
				   : larger(SAME_PART * larger(r.v[0], r.v[1]), 0.02);
	r.judgement = judge(&r);
	put_row(m, &r);
}

static void put_run(struct making *m)
{
	put_sum(m, &m->t.v[0], DIFF_DELAY);
	put_check(m, DIFF_UTILIZATION, CHECK_UTILIZATION, CHECK_PERCENT);
	put_check(m, DIFF_LOAD, CHECK_LOAD, CHECK_NUMBER);
	put_check(m, DIFF_HANDOVERS, CHECK_HANDOVERS, CHECK_RATE);
	put_check(m, DIFF_ACQUISITIONS, CHECK_ACQUISITIONS, CHECK_RATE);
	for (int f = DIFF_WAIT_P50; f <= DIFF_HOLD_MAX; f++)
		put_sum(m, &m->t.v[0], (enum diff_figure)f);
}

static void put_threads(struct making *m, const struct diff_tally *t)
{
	put_sum(m, t, DIFF_DELAY);
	put_sum(m, t, DIFF_WAIT);
	put_sum(m, t, DIFF_HOLD);
	for (int f = DIFF_WAIT_P50; f <= DIFF_HOLD_MAX; f++)
		put_sum(m, t, (enum diff_figure)f);
}

/* ---- places ---- */

static void place_values(const struct making *m, const struct diff_tally *t, double v[2])
{
	for (int i = 0; i < 2; i++) {
		const struct diff_side *s = &m->d->side[i];

		v[i] = s->stacks_known && s->thread_ns > 0 ? t->sum[i].ns / s->thread_ns : NAN;
	}
}

static void put_place(struct making *m, const struct diff_tally *t)
{
	bool blame = t->kind == DIFF_BLAME_FUNCTION || t->kind == DIFF_BLAME_LINE;
	bool line = t->kind == DIFF_BLAME_LINE || t->kind == DIFF_WAIT_LINE;
	const struct diff_tally *function = line ? &m->t.v[t->parent] : t;
	const double n[2] = { t->sum[0].looks, t->sum[1].looks };
	struct diff_row r = { .kind = t->kind,
			      .figure = blame ? DIFF_BLAME : DIFF_WAITING,
			      .role = t->role,
			      .function = t->function,
			      .file = t->file,
			      .line = t->line };

	if (!line && function->most_line != TALLY_NONE)
		r.line = m->t.v[function->most_line].line;
	if (function->most_pool != TALLY_NONE)
		r.pool = m->t.v[function->most_pool].pool;
	r.only_line = line && function->line_cnt == 1;
	place_values(m, t, r.v);
	r.err = sum_error(r.v, n, SAME_SHARE);
	r.judgement = judge(&r);
	if ((!t->sum[0].cnt || !t->sum[1].cnt) && r.judgement > DIFF_SAME)
		r.judgement = t->sum[0].cnt ? DIFF_GONE : DIFF_NEW;
	put_row(m, &r);
}

/* ---- their order ---- */

static double change_of(const struct making *m, const struct diff_tally *t)
{
	double v[2];

	if (t->kind >= DIFF_BLAME_FUNCTION) {
		place_values(m, t, v);
	} else {
		v[0] = value(&t->sum[0], DIFF_DELAY);
		v[1] = value(&t->sum[1], DIFF_DELAY);
	}
	for (int i = 0; i < 2; i++)
		v[i] = isnan(v[i]) ? 0 : v[i];
	return fabs(v[1] - v[0]);
}

struct ranked {
	const struct diff_tally *t;
	double change;
};

static int cmp_text(const char *a, const char *b)
{
	return strcmp(a ? a : "", b ? b : "");
}

static int cmp_ranked(const void *a, const void *b)
{
	const struct ranked *x = a, *y = b;
	int c = (x->t->kind > y->t->kind) - (x->t->kind < y->t->kind);

	if (!c)
		c = (x->change < y->change) - (x->change > y->change);
	if (!c)
		c = cmp_text(x->t->role, y->t->role);
	if (!c)
		c = cmp_text(x->t->pool, y->t->pool);
	if (!c)
		c = cmp_text(x->t->file, y->t->file);
	if (!c)
		c = cmp_text(x->t->function, y->t->function);
	return c ? c : (x->t->line > y->t->line) - (x->t->line < y->t->line);
}

static int put_all(struct making *m)
{
	__cleanup(freep) struct ranked *order = calloc(m->t.cnt, sizeof(*order));
	size_t cnt = 0, row_cnt = DIFF_FIGURES;

	if (!order)
		return -1;
	for (size_t i = 1; i < m->t.cnt; i++) {
		if (m->t.v[i].by_pool)
			continue;
		order[cnt++] = (struct ranked){ &m->t.v[i], change_of(m, &m->t.v[i]) };
		row_cnt += m->t.v[i].kind == DIFF_THREADS ? DIFF_FIGURES : 1;
	}
	m->rows = arena__alloc(&m->d->arena, row_cnt, sizeof(*m->rows));
	if (!m->rows)
		return -1;
	qsort(order, cnt, sizeof(*order), cmp_ranked);
	put_run(m);
	for (size_t i = 0; i < cnt; i++) {
		if (order[i].t->kind == DIFF_THREADS)
			put_threads(m, order[i].t);
		else
			put_place(m, order[i].t);
	}
	m->d->rows = m->rows;
	m->d->cnt = m->cnt;
	return 0;
}

/* ---- both sides ---- */

static struct diff_side side_of(const struct snapshot *s)
{
	struct diff_side ret = { .duration_ns = s->now_ns - s->start_ns,
				 .proc_cnt = s->proc_cnt,
				 .lost = s->lost_events + s->lost_detail,
				 .stacks_known = s->proc_cnt > 0 };

	for (size_t i = 0; i < s->proc_cnt; i++) {
		const struct snap_proc *p = &s->procs[i];

		ret.stacks_known &= p->stacks_known;
		for (size_t k = 0; k < p->thread_cnt; k++) {
			ret.thread_ns += (double)p->threads[k].span_ns;
			ret.thread_cnt += p->threads[k].folded_cnt ? p->threads[k].folded_cnt : 1;
		}
	}
	return ret;
}

const char *diff_program(const struct snapshot *s, struct arena *a)
{
	const char *first = s->proc_cnt ? diff_role(&s->procs[0], a) : NULL;

	for (size_t i = 1; i < s->proc_cnt; i++)
		if (strcmp(first, diff_role(&s->procs[i], a)) != 0)
			return NULL;
	return first;
}

struct diff *diff__new(const struct snapshot *a, const struct snapshot *b)
{
	struct making m = { .d = calloc(1, sizeof(*m.d)), .s = { a, b } };
	const char *both;
	int err = m.d ? 0 : -1;

	if (err)
		return NULL;
	m.t.arena = &m.d->arena;
	for (int i = 0; i < 2; i++) {
		m.d->side[i] = side_of(m.s[i]);
		m.d->program[i] = diff_program(m.s[i], &m.d->arena);
	}
	/* before.py and after.py are compared, whatever they are called. */
	both = m.d->program[0] && m.d->program[1] ? m.d->program[1] : NULL;
	for (int i = 0; i < 2 && !err; i++)
		err = diff_tallies__add(&m.t, i, m.s[i], both);
	if (!err) {
		diff_tallies__finish(&m.t);
		err = put_all(&m);
	}
	diff_tallies__free(&m.t);
	if (!err)
		return m.d;
	diff__free(m.d);
	return NULL;
}

void diff__free(struct diff *d)
{
	if (!d)
		return;
	arena__free(&d->arena);
	free(d);
}
