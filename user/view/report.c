/* SPDX-License-Identifier: BSD-2-Clause */
/* report.c - plain text: a few lines per process and a row per thread, at each refresh */
#include <errno.h>
#include <math.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "user/base/parse.h"
#include "user/base/sbuf.h"
#include "user/base/units.h"
#include "user/base/util.h"
#include "user/base/where.h"
#include "user/judge/verdict.h"
#include "user/picture/offcpu.h"
#include "user/view/blame_lines.h"
#include "user/view/columns.h"
#include "user/base/fit.h"
#include "user/view/summary.h"
#include "user/view/trigger_lines.h"
#include "user/view/view.h"
#include "user/view/worker_lines.h"

/* In this order; the same for every table, so that a script may cut by column. */
static const char *const shown[] = { "tid",	     "thread",	  "gil",     "state",	"delay",
				     "wait",	     "runnable",  "yield",   "hold",	"offcpu",
				     "acquisitions", "contended", "p50wait", "p99wait", "maxwait",
				     "maxhold",	     "blame",	  "blocks" };

/* A row of a table is at most so wide: as the terminal, or as is usual. */
#define COLUMNS_DEFAULT 100
#define COLUMNS_MIN	60
#define COLUMNS_MAX	500
#define LINES_MAX	10

static size_t columns_of(FILE *out)
{
	const char *said = getenv("COLUMNS");
	struct winsize ws;
	int fd = fileno(out); /* none, of a stream that leads to one in a way of its own */
	uint64_t n;

	if (said && !parse_u64(said, COLUMNS_MIN, COLUMNS_MAX, &n))
		return n;
	if (!ioctl(fd < 0 ? STDOUT_FILENO : fd, TIOCGWINSZ, &ws) && ws.ws_col >= COLUMNS_MIN)
		return ws.ws_col;
	return COLUMNS_DEFAULT;
}

/* Of the last column, where a line of Python is. */
#define AT_MIN 24

/* The columns that have room, in the order of shown. */
struct table {
	size_t width;
	size_t cnt;
	const struct column *col[ARRAY_SIZE(shown)];
};

/* The least that they take. */
static size_t table_width(const struct table *t)
{
	size_t w = 0;

	for (size_t i = 0; i < t->cnt; i++) {
		const struct column *c = t->col[i];
		bool at = i + 1 == t->cnt && c->kind == COLUMN_FRAME;

		w += 1 + (size_t)(at && c->width < AT_MIN ? AT_MIN : c->width);
	}
	return w;
}

/* What matters least goes first, but for the one that is sorted by, and the ids that other options want. */
static void table__init(struct table *t, size_t width, const char *sort, bool with_gil,
			bool with_at)
{
	int kept = sort ? columns__find(sort) : -1;

	*t = (struct table){ .width = width };
	/* Where a process has several GILs each row tells its own: the shares are of that. */
	for (size_t i = 0; i < ARRAY_SIZE(shown) - !with_at; i++)
		if (with_gil || strcmp(shown[i], "gil") != 0)
			t->col[t->cnt++] = &thread_columns[columns__find(shown[i])];
	while (t->cnt > 1 && table_width(t) > width) {
		size_t worst = 0;
		int worst_prio = -1;

		for (size_t i = 0; i < t->cnt; i++) {
			bool keep = t->col[i] - thread_columns == kept || !i;
			int prio = keep ? 0 : t->col[i]->prio;

			if (prio >= worst_prio) {
				worst_prio = prio;
				worst = i;
			}
		}
		t->cnt--;
		memmove(&t->col[worst], &t->col[worst + 1], (t->cnt - worst) * sizeof(t->col[0]));
	}
}

static void put_cell(FILE *out, const struct column *c, const char *text, size_t width, bool last)
{
	__cleanup(sbuf__free) struct sbuf cell = { 0 };
	size_t columns;

	fit__middle(text, width, &cell);
	columns = fit__columns(sbuf__str(&cell));
	fprintf(out, " %*s%s%*s", c->left ? 0 : (int)(width - columns), "", sbuf__str(&cell),
		c->left && !last ? (int)(width - columns) : 0, "");
}

/* r NULL: the headings. The last column takes what is left over. */
static void put_row(FILE *out, const struct table *t, const struct column_row *r)
{
	for (size_t i = 0; i < t->cnt; i++) {
		const struct column *c = t->col[i];
		bool last = i + 1 == t->cnt;
		size_t width = (size_t)c->width;
		char cell[512];

		if (last && c->kind == COLUMN_FRAME && table_width(t) <= t->width)
			width = t->width - (table_width(t) - AT_MIN);

		if (r)
			c->fmt(r, cell, sizeof(cell));
		put_cell(out, c, r ? cell : c->title, width, last);
	}
	putc('\n', out);
}

/* "  held 97.8%  in hand-over 0.8%  load 2.4  hand-overs 1.9k/s"; estimated: "  held ~62%  load ~1.4", and without what
 * was not seen.
 */
static void put_held(FILE *out, const struct snap_gil *g, uint64_t span_ns)
{
	struct snap_held h = snap_gil__held(g, span_ns);
	char held[UNITS_SZ], load[UNITS_SZ], switches[UNITS_SZ], over[UNITS_SZ];
	bool known = !span_ns || !isnan(h.share);

	fprintf(out, "  held %s%s", snap_gil__held_percent(g, span_ns, held), known ? "%" : "");
	if (g->observed_ns)
		fprintf(out, "  in hand-over %s%%",
			units__percent(g->gap_wall_ns, g->observed_ns, over));
	if (known)
		fprintf(out, "  load %s%s", isnan(h.err) ? "" : "~",
			units__count(snap_gil__load(g, span_ns), load));
	else
		fprintf(out, "  load -  waiting %s",
			units__count((double)g->wait_ns / (double)span_ns, load));
	if (g->observed_ns)
		fprintf(out, "  hand-overs %s/s",
			units__rate(g->switches, g->observed_ns, switches));
}

static void put_gil(struct view *v, const struct snapshot *s, const struct snap_proc *p,
		    const struct snap_gil *g)
{
	char self[UNITS_SZ];

	fprintf(v->out, "GIL");
	if (p->gil_cnt > 1)
		fprintf(v->out, " %u", g->id);
	if (p->gil_cnt > 1 && g->interpreter >= 0)
		fprintf(v->out, " (interpreter %lld)", (long long)g->interpreter);
	put_held(v->out, g, p->span_ns);
	fprintf(v->out, "  self %s%%  lost %llu",
		units__percent(s->self_cpu_ns, s->now_ns - s->start_ns, self),
		(unsigned long long)s->lost_events);
	if (s->lost_detail)
		fprintf(v->out, " (detail %llu)", (unsigned long long)s->lost_detail);
	if (s->stats[COUNTER_REFRESH_LATE])
		fprintf(v->out, "  late %llu", (unsigned long long)s->stats[COUNTER_REFRESH_LATE]);
	if (s->self_level)
		fprintf(v->out, "  does less (%u)", s->self_level);
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
	struct table table;

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
	table__init(&table, columns_of(v->out), v->opts->sort, p->gil_cnt > 1, with_at);
	put_row(v->out, &table, NULL);
	for (size_t i = 0; i < cnt; i++)
		put_row(v->out, &table, &rows[i]);
	if (!cnt)
		fprintf(v->out, "  no thread has touched the GIL yet\n");
	if (hidden)
		fprintf(v->out, "  .. and %zu more threads (-l)\n", hidden);
	return 0;
}

static void put_frame(FILE *out, const struct snap_frame *f, size_t width, bool pad)
{
	__cleanup(sbuf__free) struct sbuf cell = { 0 };
	char text[512] = "[other]";

	if (f)
		columns__frame(f, text, sizeof(text));
	fit__middle(text, width, &cell);
	fprintf(out, "%s%*s", sbuf__str(&cell),
		pad ? (int)(width - fit__columns(sbuf__str(&cell))) : 0, "");
}

/* "  42.1  parse_line demo_service.py:35    parse_feed demo_service.py:43 +2" */
static void put_lines(struct view *v, const struct snap_proc *p)
{
	struct blame_line lines[LINES_MAX];
	size_t all, cnt = blame_lines__top(p, v->opts, lines, LINES_MAX, &all);
	size_t room = columns_of(v->out) - 10;
	size_t half = room / 2 < 48 ? room / 2 : 48;

	if (!cnt)
		return;
	fprintf(v->out, "\n %7s %-*s CALLED BY\n", "BLAME%", (int)half, "IN WHICH LINE");
	for (size_t i = 0; i < cnt; i++) {
		const struct blame_line *l = &lines[i];
		char pct[UNITS_SZ], mark[UNITS_SZ + 2];

		snprintf(mark, sizeof(mark), "%s%s", snap_looks__mark(SNAP_STACK_BLAME, l->cnt),
			 units__percent(l->ns, blame_lines__all_ns(p), pct));
		fprintf(v->out, " %7s ", mark);
		put_frame(v->out, l->frame, half, l->caller);
		if (l->caller) {
			putc(' ', v->out);
			put_frame(v->out, l->caller, half - 5, false);
		}
		if (l->caller_cnt > 1)
			fprintf(v->out, " +%zu", l->caller_cnt - 1);
		putc('\n', v->out);
	}
	if (all > cnt)
		fprintf(v->out, "  .. and %zu more lines\n", all - cnt);
}

static bool is_shown(const void *ctx, uint32_t tid)
{
	return view_opts__shows_tid(ctx, tid);
}

/* "   1.2s     304 clock_nanosleep()    refill cache.py:42" */
static void put_sleeps(struct view *v, const struct snap_proc *p)
{
	struct offcpu_line lines[LINES_MAX];
	size_t all, cnt = offcpu__lines(p, is_shown, v->opts, lines, LINES_MAX, &all);
	char ns[UNITS_SZ], times[UNITS_SZ], call[OFFCPU_WORDS_SZ];

	if (!p->offcpu_known)
		return;
	fprintf(v->out, "\nholders that slept with the GIL%s\n", cnt ? ":" : ": none");
	if (cnt)
		fprintf(v->out, " %7s %7s %-20s IN WHICH LINE\n", "SLEPT", "TIMES", "SYSTEM CALL");
	for (size_t i = 0; i < cnt; i++) {
		fprintf(v->out, " %7s %7s %-20s ", units__duration(lines[i].ns, ns),
			units__count((double)lines[i].cnt, times),
			offcpu__call_words(&lines[i], call));
		put_frame(v->out, lines[i].frame, columns_of(v->out) - 38, false);
		putc('\n', v->out);
	}
	if (all > cnt)
		fprintf(v->out, "  .. and %zu more places\n", all - cnt);
}

static int put_proc(struct view *v, const struct snapshot *s, const struct snap_proc *p)
{
	__cleanup(sbuf__free) struct sbuf who = { 0 }, where = { 0 };
	const char *mode = snap_proc__mode_word(p);
	char clock[UNITS_SZ];

	fprintf(v->out, "pid %u %s  CPython %s (%s)  %s%s%s%s%s%s\n", p->pid, p->comm, p->python,
		p->sites, units__clock(s->now_ns - s->books_ns, clock), *mode ? "  " : "", mode,
		p->alive ? "" : "  ended", p->note[0] ? "  " : "", p->note);
	if (p->late_ns)
		fprintf(v->out, "its first %s were not measured\n",
			units__duration(p->late_ns, clock));
	where__words(&p->where, &where);
	if (where.len)
		fprintf(v->out, "in %s\n", sbuf__str(&where));
	for (size_t i = 0; i < p->gil_cnt; i++)
		put_gil(v, s, p, &p->gils[i]);
	verdict__headline(p, snap_proc__busiest_gil(p), &who);
	sbuf__puts(&who, "\n");
	verdict__who(s, p, snap_proc__busiest_gil(p), VERDICT_FULL, &who);
	fprintf(v->out, "%s\n", sbuf__str(&who));
	if (who.oom || put_threads(v, s, p))
		return -ENOMEM;
	put_lines(v, p);
	put_sleeps(v, p);
	return 0;
}

static int put_procs(struct view *v, const struct snapshot *s)
{
	__cleanup(sbuf__free) struct sbuf workers = { 0 };

	worker_lines__put(s, &workers);
	if (workers.oom)
		return -ENOMEM;
	fputs(sbuf__str(&workers), v->out);
	for (size_t i = 0; i < s->proc_cnt; i++) {
		int err = put_proc(v, s, &s->procs[i]);

		if (err)
			return err;
		putc('\n', v->out);
	}
	return fflush(v->out) ? -errno : 0;
}

static int interval(struct view *v, const struct snapshot *s)
{
	return v->opts->one_interval ? 0 : put_procs(v, s);
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
	__cleanup(sbuf__free) struct sbuf summary = { 0 };
	char span[UNITS_SZ], load[UNITS_SZ], own[UNITS_SZ];
	int err;

	if (!total->proc_cnt && !total->stats[COUNTER_MISSED] && !total->stats[COUNTER_QUIET])
		return 0;
	fprintf(v->out, "== total of %s (%s) ==\n",
		units__duration(total->now_ns - total->start_ns, span), why);
	err = put_procs(v, total);
	if (err)
		return err;
	if (total->dropped_cnt)
		fprintf(v->out, "and %llu processes that ended before those\n",
			(unsigned long long)total->dropped_cnt);
	put_health(v, total);
	fprintf(v->out, "giltop's own CPU time: %s to load and attach, %s since\n",
		units__duration(total->load_cpu_ns, load),
		units__duration(total->self_cpu_ns, own));
	putc('\n', v->out);
	summary__put(total, v->opts, SUMMARY_TEXT, &summary);
	if (summary.oom)
		return -ENOMEM;
	fputs(sbuf__str(&summary), v->out);
	return fflush(v->out) ? -errno : 0;
}

/* Between the tables, as it comes. */
static int event(struct view *v, const struct trigger_event *e)
{
	__cleanup(sbuf__free) struct sbuf text = { 0 };

	trigger_lines__block(e, &text);
	if (text.oom)
		return -ENOMEM;
	fprintf(v->out, "%s\n", sbuf__str(&text));
	return fflush(v->out) ? -errno : 0;
}

static const struct view_ops report_ops = {
	.event = event,
	.interval = interval,
	.end = end,
};

struct view *view_report__new(FILE *out, const struct view_opts *o)
{
	return view__new(&report_ops, out, o);
}
