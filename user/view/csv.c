/* SPDX-License-Identifier: BSD-2-Clause */
/* csv.c - a row for each thread and interval, for spreadsheets and data frames: RFC 4180, with a heading
 *
 * Columns are called as the fields of the JSON; what is not known is empty, never 0. The columns that end in _ns but for
 * maxima and quantiles, and the counts, add up over all rows to the totals of the run. A text that a spreadsheet would take
 * for a formula has an apostrophe before it: what a thread is called must not run anything.
 */
#include <errno.h>
#include <inttypes.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "user/base/util.h"
#include "user/books/sink.h"
#include "user/picture/pools.h"
#include "user/view/columns.h"
#include "user/view/view.h"

struct csv {
	struct view view;
	uint64_t mono_ns, real_ns; /* both clocks at one moment; 0: not known */
	bool shown;		   /* an interval */
};

/* When a number of a thread is known. */
enum when {
	ALWAYS, /* unless it is NS_UNKNOWN */
	SEEN,	/* where its holds were seen at all */
	ALL,	/* where they were seen all the time */
};

#define N(field, when)                                                                             \
	{                                                                                          \
#field, offsetof(struct snap_thread, field), when                                  \
	}

static const struct {
	const char *name;
	size_t off; /* of a uint64_t */
	enum when when;
} numbers[] = {
	N(span_ns, ALWAYS),	     N(wait_ns, ALWAYS),     N(yield_ns, ALWAYS),
	N(hold_observed_ns, ALWAYS), N(hold_ns, SEEN),	     N(released_ns, ALL),
	N(blame_ns, ALWAYS),	     N(runnable_ns, ALWAYS), N(hold_offcpu_ns, SEEN),
	N(hold_runnable_ns, SEEN),   N(acquisitions, SEEN),  N(contended, ALWAYS),
	N(releases, SEEN),	     N(yields, ALWAYS),	     N(asked, SEEN),
	N(wait_max_ns, ALWAYS),	     N(wait_p50_ns, ALWAYS), N(wait_p90_ns, ALWAYS),
	N(wait_p99_ns, ALWAYS),	     N(hold_max_ns, SEEN),   N(hold_p50_ns, SEEN),
	N(hold_p90_ns, SEEN),	     N(hold_p99_ns, SEEN),
};

static int take(struct view *v, const struct record *r)
{
	struct csv *c = (struct csv *)v;

	if (r->kind == REC_SOURCE) {
		c->mono_ns = r->source.mono_ns;
		c->real_ns = r->source.real_ns;
	}
	return 0;
}

/* A whole cell. The text is clean: no control characters are in it. */
static void put_text(FILE *out, const char *s)
{
	bool quote = strpbrk(s, ",\"") || s[0] == ' ' || (*s && s[strlen(s) - 1] == ' ');

	if (quote)
		putc('"', out);
	if (*s && strchr("=+-@", *s))
		putc('\'', out);
	for (; *s; s++) {
		if (*s == '"')
			putc('"', out);
		putc(*s, out);
	}
	if (quote)
		putc('"', out);
}

/* "2026-11-29T04:57:14.123456Z", as spreadsheets, pandas and databases read it. */
static void put_time(const struct csv *c, uint64_t mono_ns)
{
	uint64_t ns = c->real_ns + (mono_ns - c->mono_ns);
	time_t s = (time_t)(ns / 1000000000);
	char text[64];
	struct tm tm;

	if (!c->real_ns || !gmtime_r(&s, &tm) ||
	    !strftime(text, sizeof(text), "%Y-%m-%dT%H:%M:%S", &tm))
		return;
	fprintf(c->view.out, "%s.%06" PRIu64 "Z", text, ns % 1000000000 / 1000);
}

static bool is_known(enum when when, const struct snap_proc *p, const struct snap_thread *t)
{
	return when == ALWAYS || (when == SEEN && t->hold_observed_ns) ||
	       (when == ALL && snap_thread__all_seen(t, p));
}

static void put_row(const struct csv *c, const struct snapshot *s, const struct snap_proc *p,
		    const struct snap_thread *t)
{
	const struct snap_pool *pool = snap_proc__pool(p, t);
	FILE *out = c->view.out;

	put_time(c, s->start_ns);
	fprintf(out, ",%" PRIu64 ",%" PRIu64 ",%u,", s->start_ns, s->now_ns - s->start_ns, p->pid);
	put_text(out, p->comm);
	putc(',', out);
	if (!snap_thread__is_fold(t))
		fprintf(out, "%u", t->tid);
	putc(',', out);
	put_text(out, t->name);
	putc(',', out);
	put_text(out, pool ? pool->name : "");
	fprintf(out, ",%zu,%s", t->gil, snap_state__name(t->state));
	for (size_t i = 0; i < ARRAY_SIZE(numbers); i++) {
		uint64_t n = *(const uint64_t *)(const void *)((const char *)t + numbers[i].off);

		putc(',', out);
		if (n != NS_UNKNOWN && is_known(numbers[i].when, p, t))
			fprintf(out, "%" PRIu64, n);
	}
	putc('\n', out);
}

static int put_proc(const struct csv *c, const struct snapshot *s, const struct snap_proc *p)
{
	const struct view_opts *o = c->view.opts;
	size_t shown = 0, cnt = 0;
	__cleanup(freep) struct column_row *rows = columns__sorted(s, p, o->sort, GROUP_NONE, &cnt);

	if (!rows)
		return p->thread_cnt ? -ENOMEM : 0;
	for (size_t i = 0; i < cnt; i++) {
		const struct snap_thread *t = rows[i].thread;

		if (!view_opts__shows_tid(o, t->tid) || (o->limit && shown >= o->limit))
			continue;
		put_row(c, s, p, t);
		shown++;
	}
	return 0;
}

static int interval(struct view *v, const struct snapshot *s)
{
	struct csv *c = (struct csv *)v;
	int err = 0;

	c->shown = true;
	for (size_t i = 0; i < s->proc_cnt && !err; i++)
		err = put_proc(c, s, &s->procs[i]);
	return err ? err : fflush(v->out) ? -errno : 0;
}

static int begin(struct view *v, const struct snapshot *first)
{
	(void)first;
	fputs("time,start_ns,duration_ns,pid,process,tid,thread,pool,gil,state", v->out);
	for (size_t i = 0; i < ARRAY_SIZE(numbers); i++)
		fprintf(v->out, ",%s", numbers[i].name);
	putc('\n', v->out);
	return 0;
}

/* A run that was over before its first interval was is one. */
static int end(struct view *v, const struct snapshot *total, const char *why)
{
	(void)why;
	return ((struct csv *)v)->shown ? fflush(v->out) ? -errno : 0 : interval(v, total);
}

static const struct view_ops csv_ops = {
	.take = take,
	.begin = begin,
	.interval = interval,
	.end = end,
};

struct view *view_csv__new(FILE *out, const struct view_opts *o)
{
	struct csv *c = calloc(1, sizeof(*c));

	if (!c)
		return NULL;
	c->view = (struct view){ .ops = &csv_ops, .out = out, .opts = o };
	return &c->view;
}
