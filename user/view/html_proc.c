/* SPDX-License-Identifier: BSD-2-Clause */
/* html_proc.c - of one process: the verdict, its threads, who blocks whom, how long waits and holds were */
#include <errno.h>
#include <inttypes.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "user/base/sbuf.h"
#include "user/base/text.h"
#include "user/base/units.h"
#include "user/base/util.h"
#include "user/base/where.h"
#include "user/judge/verdict.h"
#include "user/view/blame_lines.h"
#include "user/view/columns.h"
#include "user/view/html_impl.h"

#define ADVICE_MAX 4
#define LINES_MAX  10
/* Rows and columns of who blocks whom; all others are one more. */
#define MATRIX_MAX 12

/* ---- words ---- */

static void put_para(FILE *out, const char *class, struct sbuf *text)
{
	if (text->len) {
		fprintf(out, "<p class=\"%s\">", class);
		html__text(out, sbuf__str(text));
		fputs("</p>\n", out);
	}
	sbuf__reset(text);
}

static void put_advice(FILE *out, const struct snap_proc *p, const struct snap_gil *g)
{
	struct sbuf advice[ADVICE_MAX] = { 0 };
	size_t cnt = verdict__advice(p, g, advice, ADVICE_MAX);

	if (cnt)
		fputs("<ul class=\"advice\">\n", out);
	for (size_t i = 0; i < cnt; i++) {
		fputs("<li>", out);
		html__text(out, sbuf__str(&advice[i]));
		fputs("</li>\n", out);
		sbuf__free(&advice[i]);
	}
	if (cnt)
		fputs("</ul>\n", out);
}

static void put_held(FILE *out, const struct snap_proc *p)
{
	for (size_t i = 0; i < p->gil_cnt; i++) {
		const struct snap_gil *g = &p->gils[i];
		char held[UNITS_SZ], load[UNITS_SZ], rate[UNITS_SZ];

		fprintf(out,
			"<div><dt>GIL %u</dt><dd>held %s, load %s, %s hand-overs/s</dd></div>\n",
			g->id, snap_gil__held_word(g, p->span_ns, held),
			units__count(snap_gil__load(g, p->span_ns), load),
			g->observed_ns ? units__rate(g->switches, g->observed_ns, rate) : "-");
	}
}

static void put_words(struct html *h, const struct snapshot *total, const struct snap_proc *p)
{
	const struct snap_gil *g = snap_proc__busiest_gil(p);
	__cleanup(sbuf__free) struct sbuf text = { 0 };
	FILE *out = h->view.out;
	char span[UNITS_SZ];

	fprintf(out, "<p class=\"level level-%s\">%s</p>\n",
		verdict__level_word(verdict__level(p, g)),
		verdict__level_word(verdict__level(p, g)));
	verdict__headline(p, g, &text);
	put_para(out, "verdict", &text);
	verdict__who(total, p, g, VERDICT_FULL, &text);
	put_para(out, "who", &text);
	put_advice(out, p, g);
	fputs("<dl class=\"facts\">\n<div><dt>Process</dt><dd>", out);
	html__text(out, *p->cmdline ? p->cmdline : p->comm);
	fprintf(out, " (%u)</dd></div>\n<div><dt>Interpreter</dt><dd>CPython ", p->pid);
	html__text(out, p->python);
	fputs(", ", out);
	html__text(out, p->runtime);
	fprintf(out, "</dd></div>\n<div><dt>Measured</dt><dd>%s%s%s</dd></div>\n",
		units__duration(p->span_ns, span), *snap_proc__mode_word(p) ? ", " : "",
		snap_proc__mode_word(p));
	put_held(out, p);
	where__words(&p->where, &text);
	if (text.len) {
		fputs("<div><dt>Runs in</dt><dd>", out);
		html__text(out, sbuf__str(&text));
		fputs("</dd></div>\n", out);
	}
	if (*p->note) {
		fputs("<div><dt>Note</dt><dd>", out);
		html__text(out, p->note);
		fputs("</dd></div>\n", out);
	}
	fputs("</dl>\n", out);
}

/* ---- tables ---- */

static void put_head_cell(FILE *out, const char *title, const char *help, bool num)
{
	fprintf(out, "<th scope=\"col\"%s title=\"%s\">%s</th>", num ? " class=\"num\"" : "", help,
		title);
}

/* A cell that sorts by a number; NS_UNKNOWN: it is not known. */
static void put_num(FILE *out, const char *key, uint64_t v, const char *text)
{
	fprintf(out, "<td class=\"num\" data-key=\"%s\"", key);
	if (v != NS_UNKNOWN)
		fprintf(out, " data-v=\"%" PRIu64 "\"", v);
	fprintf(out, ">%s</td>", v == NS_UNKNOWN ? "-" : text);
}

static void put_ns(FILE *out, const char *key, uint64_t ns)
{
	char text[UNITS_SZ];

	put_num(out, key, ns, units__duration(ns, text));
}

static void put_pct(FILE *out, const char *key, uint64_t ns, uint64_t whole)
{
	char text[UNITS_SZ];

	put_num(out, key, ns, units__percent(ns, whole, text));
}

static void put_frame_cell(FILE *out, const struct snap_frame *f)
{
	char text[512] = "";

	if (f)
		columns__frame(f, text, sizeof(text));
	fputs("<td class=\"frame\">", out);
	html__text(out, text);
	fputs("</td>", out);
}

static void put_thread(FILE *out, const struct snap_proc *p, const struct snap_thread *t)
{
	bool seen = t->hold_observed_ns;
	uint64_t all_ns = blame_lines__all_ns(p);
	char cnt[UNITS_SZ];

	fprintf(out, "<tr data-tid=\"%u\"><td class=\"num\" data-v=\"%u\">",
		snap_thread__is_fold(t) ? 0 : t->tid, t->tid);
	if (!snap_thread__is_fold(t))
		fprintf(out, "%u", t->tid);
	fputs("</td><th scope=\"row\">", out);
	html__text(out, t->name);
	fputs("</th>", out);
	put_pct(out, "delay_ns", snap_thread__delay_ns(t), t->span_ns);
	put_ns(out, "wait_ns", t->wait_ns);
	put_ns(out, "wait_p99_ns", t->wait_p99_ns);
	put_ns(out, "wait_max_ns", t->wait_max_ns);
	put_frame_cell(out, t->wait_at);
	put_pct(out, "blame_ns", t->blame_ns, all_ns);
	put_ns(out, "hold_ns", seen ? t->hold_ns : NS_UNKNOWN);
	put_ns(out, "hold_max_ns", seen ? t->hold_max_ns : NS_UNKNOWN);
	put_frame_cell(out, t->blame_at);
	put_ns(out, "yield_ns", t->yield_ns);
	put_num(out, "contended", t->contended, units__count((double)t->contended, cnt));
	put_num(out, "acquisitions", seen ? t->acquisitions : NS_UNKNOWN,
		units__count((double)t->acquisitions, cnt));
	fprintf(out, "<td>%s</td>", snap_state__name(t->state));
	fputs("</tr>\n", out);
}

static int put_threads(struct html *h, const struct snapshot *total, const struct snap_proc *p)
{
	size_t cnt = 0, shown = 0;
	__cleanup(freep) struct column_row *rows =
		columns__sorted(total, p, h->view.opts->sort, GROUP_NONE, &cnt);
	FILE *out = h->view.out;

	if (!rows && p->thread_cnt)
		return -ENOMEM;
	fprintf(out,
		"<h3 id=\"threads-%u\">Threads</h3><div class=\"scroll\" tabindex=\"0\" "
		"role=\"region\" aria-labelledby=\"threads-%u\">"
		"<table class=\"sortable\"><caption>Times of the whole run; a heading "
		"sorts</caption><thead><tr>",
		p->pid, p->pid);
	put_head_cell(out, "TID", "thread id", true);
	put_head_cell(out, "Thread", "its name", false);
	fprintf(out,
		"<th scope=\"col\" class=\"num\"%s title=\"of its time it wanted to run Python and "
		"could not\">"
		"Delay %%</th>",
		h->view.opts->sort && strcmp(h->view.opts->sort, "delay") != 0
			? ""
			: " aria-sort=\"descending\"");
	put_head_cell(out, "Waited", "blocked until it had the GIL", true);
	put_head_cell(out, "p99 wait", "of a hundred waits one is longer", true);
	put_head_cell(out, "Max wait", "the longest", true);
	put_head_cell(out, "Waits at", "the line where it waits most", false);
	put_head_cell(out, "Blame %", "of all waiting happened while it held", true);
	put_head_cell(out, "Held", "had the GIL", true);
	put_head_cell(out, "Max hold", "the longest", true);
	put_head_cell(out, "Blocks at", "the line where it makes others wait most", false);
	put_head_cell(out, "Yielded", "had let go and was kept until another had taken over", true);
	put_head_cell(out, "Waits", "times", true);
	put_head_cell(out, "Acquired", "times", true);
	put_head_cell(out, "State", "at the end", false);
	fputs("</tr></thead><tbody>\n", out);
	for (size_t i = 0; i < cnt && h->thread_rows < THREAD_ROWS_MAX; i++)
		if (view_opts__shows_tid(h->view.opts, rows[i].thread->tid) &&
		    (!h->view.opts->limit || shown < h->view.opts->limit)) {
			put_thread(out, p, rows[i].thread);
			shown++;
			h->thread_rows++;
		}
	fputs("</tbody></table></div>\n", out);
	if (shown < cnt)
		fprintf(out, "<p>.. and %zu more threads.</p>\n", cnt - shown);
	return 0;
}

static void put_lines(struct html *h, const struct snap_proc *p)
{
	struct blame_line lines[LINES_MAX];
	size_t all, cnt = blame_lines__top(p, h->view.opts, lines, LINES_MAX, &all);
	FILE *out = h->view.out;
	char text[UNITS_SZ];

	if (!cnt)
		return;
	fprintf(out, "<h3>Lines that make others wait</h3><div class=\"scroll\"><table><caption>Of "
		     "all waiting; ~ rests on few looks</caption><thead><tr>");
	put_head_cell(out, "Share", "of all waiting", true);
	put_head_cell(out, "Time", "that others waited", true);
	put_head_cell(out, "Line", "of Python that held the GIL", false);
	put_head_cell(out, "Called by", "most", false);
	fputs("</tr></thead><tbody>\n", out);
	for (size_t i = 0; i < cnt; i++) {
		fprintf(out, "<tr><td class=\"num\">%s%s%%</td>",
			snap_looks__mark(SNAP_STACK_BLAME, lines[i].cnt),
			units__percent(lines[i].ns, blame_lines__all_ns(p), text));
		put_ns(out, "blame_ns", lines[i].ns);
		put_frame_cell(out, lines[i].frame);
		put_frame_cell(out, lines[i].caller);
		fputs("</tr>\n", out);
	}
	fputs("</tbody></table></div>\n", out);
	if (all > cnt)
		fprintf(out, "<p>.. and %zu more lines.</p>\n", all - cnt);
}

/* ---- who blocks whom ---- */

struct matrix {
	size_t waiter_cnt, holder_cnt;
	uint32_t waiters[MATRIX_MAX], holders[MATRIX_MAX];
	uint64_t ns[MATRIX_MAX + 1][MATRIX_MAX + 1], all_ns, most_ns;
	bool other_waiters, other_holders;
};

/* The place of this thread, which gets one if there is any; MATRIX_MAX: among the others. */
static size_t place(uint32_t *list, size_t *cnt, uint32_t tid)
{
	for (size_t i = 0; i < *cnt; i++)
		if (list[i] == tid)
			return i;
	if (*cnt == MATRIX_MAX || !tid)
		return MATRIX_MAX;
	list[*cnt] = tid;
	return (*cnt)++;
}

static void fill(struct matrix *m, const struct html *h, const struct snap_proc *p)
{
	for (size_t i = 0; i < p->pair_cnt; i++) { /* largest first */
		const struct snap_pair *pair = &p->pairs[i];
		size_t w, o;

		if (!view_opts__shows_tid(h->view.opts, pair->waiter_tid))
			continue;
		w = place(m->waiters, &m->waiter_cnt, pair->waiter_tid);
		o = place(m->holders, &m->holder_cnt, pair->holder_tid);
		m->other_waiters |= w == MATRIX_MAX;
		m->other_holders |= o == MATRIX_MAX;
		m->ns[w][o] += pair->ns;
		m->all_ns += pair->ns;
		if (m->ns[w][o] > m->most_ns)
			m->most_ns = m->ns[w][o];
	}
}

static bool has_column(const struct matrix *m, size_t o)
{
	return o < m->holder_cnt || (o == MATRIX_MAX && m->other_holders);
}

static void put_name(FILE *out, const struct snap_proc *p, const uint32_t *list, size_t cnt,
		     size_t i)
{
	__cleanup(sbuf__free) struct sbuf name = { 0 };

	if (i < cnt)
		verdict__thread_name(p, list[i], &name);
	html__text(out, i < cnt ? sbuf__str(&name) : "others");
}

/* Nine steps of a shade, beside the number. */
static void put_matrix_row(FILE *out, const struct matrix *m, const struct snap_proc *p, size_t w)
{
	char text[UNITS_SZ];

	fputs("<tr><th scope=\"row\">", out);
	put_name(out, p, m->waiters, m->waiter_cnt, w);
	fputs("</th>", out);
	for (size_t o = 0; o <= MATRIX_MAX; o++) {
		uint64_t ns = m->ns[w][o];

		if (!has_column(m, o))
			continue;
		fprintf(out, "<td class=\"num s%u\" data-v=\"%" PRIu64 "\" title=\"%s\">",
			ns ? 1 + (unsigned int)(8.0 * sqrt((double)ns /
							   (double)(m->most_ns ? m->most_ns : 1)))
			   : 0,
			ns, units__duration(ns, text));
		if (ns)
			fputs(units__percent_word(ns, m->all_ns, text), out);
		fputs("</td>", out);
	}
	fputs("</tr>\n", out);
}

static void put_matrix(struct html *h, const struct snap_proc *p)
{
	struct matrix m = { 0 };
	FILE *out = h->view.out;

	fill(&m, h, p);
	if (!m.all_ns)
		return;
	fputs("<h3>Who blocks whom</h3><div class=\"scroll\"><table class=\"matrix\"><caption>Rows "
	      "wait for columns; of all waiting</caption>"
	      "<thead><tr><td></td>",
	      out);
	for (size_t o = 0; o <= MATRIX_MAX; o++) {
		if (!has_column(&m, o))
			continue;
		fputs("<th scope=\"col\">", out);
		put_name(out, p, m.holders, m.holder_cnt, o);
		fputs("</th>", out);
	}
	fputs("</tr></thead><tbody>\n", out);
	for (size_t w = 0; w <= MATRIX_MAX; w++)
		if (w < m.waiter_cnt || (w == MATRIX_MAX && m.other_waiters))
			put_matrix_row(out, &m, p, w);
	fputs("</tbody></table></div>\n", out);
}

int html__put_proc(struct html *h, const struct snapshot *total, const struct snap_proc *p)
{
	FILE *out = h->view.out;
	int err;

	fprintf(out,
		"<section class=\"proc\" data-pid=\"%u\" aria-labelledby=\"proc-%u\"><h2 "
		"id=\"proc-%u\">",
		p->pid, p->pid, p->pid);
	html__text(out, *p->cmdline ? command_short(p->cmdline) : p->comm);
	fprintf(out, " <small>pid %u</small></h2>\n", p->pid);
	put_words(h, total, p);
	err = put_threads(h, total, p);
	put_lines(h, p);
	put_matrix(h, p);
	html__put_hists(h, p);
	fputs("</section>\n", out);
	return err;
}
