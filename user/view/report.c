/* SPDX-License-Identifier: BSD-2-Clause */
/* report.c - plain text: a few lines per process and a row per thread, at each refresh */
#include <errno.h>
#include <stddef.h>
#include <string.h>

#include "user/base/sbuf.h"
#include "user/base/text.h"
#include "user/base/units.h"
#include "user/base/util.h"
#include "user/judge/verdict.h"
#include "user/view/columns.h"
#include "user/view/view.h"

/* In this order; the same for every table, so that a script may cut by column. */
static const char *const shown[] = { "tid",	     "thread",	  "gil",     "state",
				     "delay",	     "wait",	  "yield",   "hold",
				     "acquisitions", "contended", "p50wait", "p99wait",
				     "maxwait",	     "maxhold",	  "blame",   "blocks" };

static void put_cell(FILE *out, const struct column *c, const char *text, bool last)
{
	size_t chars, bytes = text_prefix(text, (size_t)c->width, SIZE_MAX, &chars);
	int pad = c->width - (int)chars;

	if (last)
		fprintf(out, " %s", text);
	else
		fprintf(out, " %*s%.*s%*s", c->left ? 0 : pad, "", (int)bytes, text,
			c->left ? pad : 0, "");
}

/* r NULL: the headings. Where a process has several GILs each row tells its own: the shares are of that. */
static void put_row(struct view *v, const struct column_row *r, bool with_gil, bool with_at)
{
	for (size_t i = 0; i < ARRAY_SIZE(shown) - !with_at; i++) {
		const struct column *c = &thread_columns[columns__find(shown[i])];
		char cell[512];

		if (!with_gil && !strcmp(shown[i], "gil"))
			continue;
		if (r)
			c->fmt(r, cell, sizeof(cell));
		put_cell(v->out, c, r ? cell : c->title, i + 1 == ARRAY_SIZE(shown));
	}
	putc('\n', v->out);
}

static void put_gil(struct view *v, const struct snapshot *s, const struct snap_proc *p,
		    const struct snap_gil *g)
{
	char held[UNITS_SZ], load[UNITS_SZ], switches[UNITS_SZ], over[UNITS_SZ], self[UNITS_SZ];
	uint64_t span = p->span_ns;

	fprintf(v->out, "GIL");
	if (p->gil_cnt > 1)
		fprintf(v->out, " %u", g->id);
	if (p->gil_cnt > 1 && g->interpreter >= 0)
		fprintf(v->out, " (interpreter %lld)", (long long)g->interpreter);
	fprintf(v->out,
		"  held %s%%  in hand-over %s%%  load %s  hand-overs %s/s  self %s%%  lost %llu",
		units__percent(g->held_ns, span, held), units__percent(g->gap_wall_ns, span, over),
		units__count(snap_gil__load(g, span), load),
		units__rate(g->switches, span, switches),
		units__percent(s->self_cpu_ns, s->now_ns - s->start_ns, self),
		(unsigned long long)s->lost_events);
	if (s->lost_detail)
		fprintf(v->out, " (detail %llu)", (unsigned long long)s->lost_detail);
	if (s->violations)
		fprintf(v->out, "  SELF-CHECK FAILED %llu times",
			(unsigned long long)s->violations);
	putc('\n', v->out);
}

static int put_threads(struct view *v, const struct snapshot *s, const struct snap_proc *p)
{
	bool by_tid = v->opts->tid_cnt; /* threads of -t are asked for one by one */
	size_t row_cnt = 0;
	__cleanup(freep) struct column_row *rows = columns__sorted(
		s, p, v->opts->sort, by_tid ? GROUP_NONE : (enum group)v->opts->group, &row_cnt);
	size_t cnt = 0, hidden = 0;
	bool with_at = false;

	if (!rows)
		return -ENOMEM;
	for (size_t i = 0; i < row_cnt; i++) {
		if (!view_opts__shows_tid(v->opts, rows[i].thread->tid))
			continue;
		with_at |= rows[i].thread->blame_at != NULL;
		rows[cnt++] = rows[i];
	}
	if (v->opts->limit && cnt > v->opts->limit) {
		hidden = cnt - v->opts->limit;
		cnt = v->opts->limit;
	}
	put_row(v, NULL, p->gil_cnt > 1, with_at);
	for (size_t i = 0; i < cnt; i++)
		put_row(v, &rows[i], p->gil_cnt > 1, with_at);
	if (!cnt)
		fprintf(v->out, "  no thread has touched the GIL yet\n");
	if (hidden)
		fprintf(v->out, "  .. and %zu more threads (-l)\n", hidden);
	return 0;
}

static int put_proc(struct view *v, const struct snapshot *s, const struct snap_proc *p)
{
	__cleanup(sbuf__free) struct sbuf who = { 0 };
	char clock[UNITS_SZ];

	fprintf(v->out, "pid %u %s  CPython %s (%s)  %s%s%s%s\n", p->pid, p->comm, p->python,
		p->sites, units__clock(s->now_ns - s->books_ns, clock), p->alive ? "" : "  ended",
		p->note[0] ? "  " : "", p->note);
	for (size_t i = 0; i < p->gil_cnt; i++)
		put_gil(v, s, p, &p->gils[i]);
	verdict__headline(p, verdict__busiest_gil(p), &who);
	sbuf__puts(&who, "\n");
	verdict__who(s, p, verdict__busiest_gil(p), VERDICT_FULL, &who);
	fprintf(v->out, "%s\n", sbuf__str(&who));
	return who.oom ? -ENOMEM : put_threads(v, s, p);
}

static int interval(struct view *v, const struct snapshot *s)
{
	for (size_t i = 0; i < s->proc_cnt; i++) {
		int err = put_proc(v, s, &s->procs[i]);

		if (err)
			return err;
		putc('\n', v->out);
	}
	return fflush(v->out) ? -errno : 0;
}

/* What was lost or odd, by reason; nothing when all is well. */
static void put_health(struct view *v, const struct snapshot *s)
{
	for (size_t i = 0; i < COUNTER_CNT; i++)
		if (s->stats[i] && counter_table[i].words)
			fprintf(v->out, "%s: %llu\n", counter_table[i].words,
				(unsigned long long)s->stats[i]);
	fprintf(v->out, "self-checks against the target's memory: %llu, disagreements: %llu\n",
		(unsigned long long)s->stats[GT_STAT_CHECKS], (unsigned long long)s->violations);
}

static int end(struct view *v, const struct snapshot *total, const char *why)
{
	char span[UNITS_SZ], load[UNITS_SZ], own[UNITS_SZ];
	int err;

	if (!total->proc_cnt)
		return 0;
	fprintf(v->out, "== total of %s (%s) ==\n",
		units__duration(total->now_ns - total->start_ns, span), why);
	err = interval(v, total);
	if (err)
		return err;
	if (total->dropped_cnt)
		fprintf(v->out, "and %llu processes that ended before those\n",
			(unsigned long long)total->dropped_cnt);
	put_health(v, total);
	fprintf(v->out, "giltop's own CPU time: %s to load and attach, %s since\n",
		units__duration(total->load_cpu_ns, load),
		units__duration(total->self_cpu_ns, own));
	return fflush(v->out) ? -errno : 0;
}

static const struct view_ops report_ops = {
	.interval = interval,
	.end = end,
};

struct view *view_report__new(FILE *out, const struct view_opts *o)
{
	return view__new(&report_ops, out, o);
}
