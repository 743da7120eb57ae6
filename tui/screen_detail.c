/* SPDX-License-Identifier: BSD-2-Clause */
/* screen_detail.c - all about one thread: whom it waits for, whom it makes wait, its stacks, and how
 * long its waits and holds take. A text longer than the screen, that scrolls.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tui/cells.h"
#include "tui/draw.h"
#include "tui/layout.h"
#include "tui/list.h"
#include "tui/ui.h"
#include "user/base/sbuf.h"
#include "user/base/units.h"
#include "user/base/util.h"
#include "user/judge/verdict.h"
#include "user/picture/offcpu.h"
#include "user/picture/pools.h"

#define PAIRS_MAX  8
#define STACKS_MAX 3
#define HIST_H	   14
#define WORDS_MAX  64 /* lines of a sentence */

struct detail {
	uint32_t pid, tid;
	bool is_pool;
	char pool[256]; /* its name, as the row's */
};

/* The text is written line by line onto a sheet; one without cells only counts the lines. */
struct doc {
	struct canvas *c;
	int w, line;
};

static void doc_puts(struct doc *d, int indent, enum role role, const char *s)
{
	canvas__puts(d->c, d->line++, indent, d->w - indent, role, s);
}

/* A sentence, on as many lines as it takes. */
static void doc_words(struct doc *d, enum role role, const char *s)
{
	d->line += draw__paragraph(d->c, (struct rect){ d->line, 0, WORDS_MAX, d->w }, role, s);
}

/* How often: what only exact stretches tell may be missing. */
static void add_rates(const struct snap_thread *t, const struct snap_proc *p, struct sbuf *out)
{
	char u[3][UNITS_SZ];

	if (!snap_thread__all_seen(t, p)) {
		sbuf__printf(out, "Had to wait for the GIL %s/s, gave it away %s/s",
			     units__rate(t->contended, t->span_ns, u[0]),
			     units__rate(t->yields, t->span_ns, u[1]));
		if (t->hold_observed_ns)
			sbuf__printf(
				out, ", took it %s/s while that was seen",
				units__rate(t->acquisitions, snap_thread__seen_ns(t, p), u[2]));
		return;
	}
	sbuf__printf(
		out, "Took the GIL %s/s, had to wait for it in %s of the cases, gave it away %s/s",
		units__rate(t->acquisitions, t->span_ns, u[0]),
		t->acquisitions ? units__percent_word(t->contended, t->acquisitions, u[1]) : "none",
		units__rate(t->yields, t->span_ns, u[2]));
}

static void add_figures(struct doc *d, const struct snap_proc *p, const struct snap_thread *t)
{
	bool seen = t->hold_observed_ns || !p->span_ns, part = !snap_thread__all_seen(t, p);
	__cleanup(sbuf__free) struct sbuf b = { 0 };
	char u[6][UNITS_SZ];

	sbuf__printf(&b, "Now: %s for %s.  Of its time: waiting %s",
		     t->state == SNAP_UNKNOWN ? "released or holding" : snap_state__name(t->state),
		     units__duration(t->state_ns, u[0]),
		     units__percent_word(t->wait_ns, t->span_ns, u[1]));
	if (t->runnable_ns != NS_UNKNOWN && t->runnable_ns)
		sbuf__printf(&b, " (%s woken, without a CPU)",
			     units__percent_word(snap_thread__runnable_ns(t), t->span_ns, u[4]));
	sbuf__printf(&b, ", yielding %s", units__percent_word(t->yield_ns, t->span_ns, u[2]));
	if (!seen)
		sbuf__puts(&b, "; holding: not seen in light mode");
	else if (part)
		sbuf__printf(&b, ", holding %s (seen for %s)",
			     units__percent_word(t->hold_ns, snap_thread__seen_ns(t, p), u[3]),
			     units__duration(t->hold_observed_ns, u[5]));
	else
		sbuf__printf(&b, ", holding %s", units__percent_word(t->hold_ns, t->span_ns, u[3]));
	doc_words(d, ROLE_NORMAL, sbuf__str(&b));
	sbuf__reset(&b);
	add_rates(t, p, &b);
	doc_words(d, ROLE_NORMAL, sbuf__str(&b));
	sbuf__reset(&b);
	if (!seen || t->hold_offcpu_ns == NS_UNKNOWN)
		sbuf__puts(&b, "Whether it ran while holding: not measured");
	else
		sbuf__printf(&b, "Did not run for %s of its holding",
			     t->hold_ns ? units__percent_word(t->hold_offcpu_ns, t->hold_ns, u[0])
					: "none");
	if (t->hold_offcpu_ns && t->hold_offcpu_ns != NS_UNKNOWN)
		sbuf__printf(&b, " (no CPU for %s)",
			     units__percent_word(t->hold_runnable_ns, t->hold_ns, u[1]));
	if (t->gil < p->gil_cnt && p->gils[t->gil].wait_ns)
		sbuf__printf(&b, ".  Caused %s of all waiting for this GIL",
			     units__percent_word(t->blame_ns, p->gils[t->gil].wait_ns, u[1]));
	doc_words(d, ROLE_NORMAL, sbuf__str(&b));
}

/* by_pool: the pair stands for all of the other's pool. */
static void add_pair(struct doc *d, const struct snap_proc *p, const struct snap_pair *pair,
		     uint64_t whole, bool blocker, bool by_pool)
{
	__cleanup(sbuf__free) struct sbuf name = { 0 };
	uint32_t tid = blocker ? pair->holder_tid : pair->waiter_tid;
	struct verdict_line line = { 0 };
	int y = d->line++, x = 2;
	uint64_t ns = pair->ns;
	char u[UNITS_SZ];

	if (blocker)
		line = verdict__pair_line(p, pair->waiter_tid, tid);
	if (blocker && !line.frame)
		line = verdict__blame_line(p, tid);
	if (by_pool)
		sbuf__puts(&name, snap_proc__pool_name(p, tid));
	else
		verdict__thread_name(p, tid, &name);
	draw__percent(d->c, y, x, 5, ROLE_WAIT, ns, whole);
	canvas__puts(d->c, y, x + 5, 1, ROLE_DIM, "%");
	canvas__puts_right(d->c, y, x + 7, 7, ROLE_NORMAL, units__duration(ns, u));
	draw__bar(d->c, y, x + 15, 10, ROLE_WAIT, (double)ns, (double)whole);
	draw__name(d->c, y, x + 26, 17, ROLE_NORMAL, sbuf__str(&name));
	if (!line.frame || d->w - (x + 45) <= 8)
		return;
	/* How long it waited for this one is exact; in which line is not. */
	canvas__puts(d->c, y, x + 44, 1, ROLE_DIM, snap_looks__mark(SNAP_STACK_BLAME, line.looks));
	draw__frame(d->c, y, x + 45, d->w - (x + 45), ROLE_DIM, line.frame);
}

/* Is what is told of this tid told of t: a thread, or a pool that it is in? */
static bool is_of(const struct snap_proc *p, const struct snap_thread *t, uint32_t tid)
{
	const struct snap_thread *one;

	if (!t->folded_cnt || !snap_proc__pool(p, t))
		return t->tid == tid;
	one = snap_proc__thread(p, tid);
	return one && one->pool == t->pool &&
	       (t == p->pools[t->pool].all || snap_thread__is_over(one));
}

/* The other side of a pool's pairs: each pool once, as the pair of its largest part. */
static void join(const struct snap_proc *p, const struct snap_pair *pair, uint32_t other,
		 bool blockers, struct snap_pair *sum, size_t *cnt, size_t max)
{
	const struct snap_thread *one = snap_proc__thread(p, other);

	for (size_t i = 0; i < *cnt; i++) {
		uint32_t tid = blockers ? sum[i].holder_tid : sum[i].waiter_tid;
		const struct snap_thread *t = snap_proc__thread(p, tid);

		if (tid != other && (!t || !one || t->pool != one->pool))
			continue;
		sum[i].ns += pair->ns;
		return;
	}
	if (*cnt < max)
		sum[(*cnt)++] = *pair;
}

static int by_ns(const void *a, const void *b)
{
	const struct snap_pair *x = a, *y = b;

	return x->ns > y->ns ? -1 : x->ns < y->ns;
}

/* The pairs of t on one side, largest first; of a pool summed up by the other's. */
static size_t collect_pairs(const struct snap_proc *p, const struct snap_thread *t, bool blockers,
			    struct snap_pair *ret, size_t max)
{
	size_t n = 0;

	for (size_t i = 0; i < p->pair_cnt; i++) {
		const struct snap_pair *pair = &p->pairs[i];
		uint32_t me = blockers ? pair->waiter_tid : pair->holder_tid;
		uint32_t other = blockers ? pair->holder_tid : pair->waiter_tid;

		if (!pair->ns || !is_of(p, t, me))
			continue;
		if (t->folded_cnt)
			join(p, pair, other, blockers, ret, &n, max);
		else if (n < max)
			ret[n++] = *pair;
	}
	if (n)
		qsort(ret, n, sizeof(*ret), by_ns);
	return n;
}

static void add_pairs(struct doc *d, const struct snap_proc *p, const struct snap_thread *t,
		      bool blockers)
{
	__cleanup(freep) struct snap_pair *v = calloc(p->pair_cnt + 1, sizeof(*v));
	uint64_t whole = blockers ? t->wait_ns : t->blame_ns, rest = 0;
	size_t n = v ? collect_pairs(p, t, blockers, v, p->pair_cnt) : 0;
	char buf[128], u[UNITS_SZ];

	doc_puts(d, 0, ROLE_HEAD,
		 t->folded_cnt ? (blockers ? "They waited for" : "They made wait")
			       : (blockers ? "It waited for" : "It made wait"));
	for (size_t i = 0; i < n && i < PAIRS_MAX; i++)
		add_pair(d, p, &v[i], whole, blockers, t->folded_cnt > 0);
	for (size_t i = PAIRS_MAX; i < n; i++)
		rest += v[i].ns;
	if (n > PAIRS_MAX) {
		snprintf(buf, sizeof(buf), "and %zu more, %s together", n - PAIRS_MAX,
			 units__duration(rest, u));
		doc_puts(d, 2, ROLE_DIM, buf);
	}
	if (!n)
		doc_puts(d, 2, ROLE_DIM, p->pairs_known ? "nobody" : "not measured");
}

static void add_stack(struct doc *d, const struct snap_stack *s, uint64_t whole, enum role role)
{
	char head[64], u[UNITS_SZ], v[UNITS_SZ], w[UNITS_SZ];

	snprintf(head, sizeof(head), "%s%s, %s, %s %s", snap_looks__mark(s->kind, s->cnt),
		 units__percent_word(s->ns, whole, u), units__duration(s->ns, v),
		 units__count((double)s->cnt, w), s->kind == SNAP_STACK_WAIT ? "times" : "looks");
	doc_puts(d, 2, role, head);
	if (!s->frame_cnt)
		draw__frame(d->c, d->line++, 4, d->w - 4, ROLE_DIM, NULL);
	for (size_t i = s->frame_cnt; i-- > 0;)
		draw__frame(d->c, d->line++, 4, d->w - 4, ROLE_NORMAL, &s->frames[i]);
	if (s->truncated)
		doc_puts(d, 4, ROLE_DIM, "(and what called it)");
}

static void add_stacks(struct doc *d, const struct snap_proc *p, const struct snap_thread *t,
		       enum snap_stack_kind kind, const char *title, enum role role)
{
	uint64_t whole = kind == SNAP_STACK_WAIT   ? t->wait_ns
			 : kind == SNAP_STACK_HOLD ? t->hold_ns
						   : t->blame_ns;
	size_t n = 0;

	doc_puts(d, 0, ROLE_HEAD, title);
	for (size_t i = 0; i < p->stack_cnt && n < STACKS_MAX; i++) {
		const struct snap_stack *s = &p->stacks[i];

		if (s->kind != kind || !s->ns || !is_of(p, t, s->tid))
			continue;
		n++;
		add_stack(d, s, whole, role);
	}
	if (!n)
		doc_puts(d, 2, ROLE_DIM,
			 !p->stacks_known				   ? "not measured"
			 : kind == SNAP_STACK_HOLD && !t->hold_observed_ns ? "not observed"
									   : "none");
}

struct subject {
	const struct snap_proc *p;
	const struct snap_thread *t;
};

static bool is_of_subject(const void *ctx, uint32_t tid)
{
	const struct subject *s = ctx;

	return is_of(s->p, s->t, tid);
}

/* Where it slept while it held the GIL: nothing without --sched. */
static void add_sleeps(struct doc *d, const struct snap_proc *p, const struct snap_thread *t)
{
	const struct subject who = { p, t };
	struct offcpu_line lines[STACKS_MAX];
	size_t cnt = offcpu__lines(p, is_of_subject, &who, lines, STACKS_MAX, NULL);

	if (!p->offcpu_known)
		return;
	doc_puts(d, 0, ROLE_HEAD, "Where it slept with the GIL");
	for (size_t i = 0; i < cnt; i++) {
		char head[160], call[OFFCPU_WORDS_SZ], u[2][UNITS_SZ];

		snprintf(head, sizeof(head), "%s in %s, %s times",
			 units__duration(lines[i].ns, u[0]), offcpu__call_words(&lines[i], call),
			 units__count((double)lines[i].cnt, u[1]));
		doc_puts(d, 2, ROLE_HOLD, head);
		draw__frame(d->c, d->line++, 4, d->w - 4, ROLE_NORMAL, lines[i].frame);
	}
	if (!cnt)
		doc_puts(d, 2, ROLE_DIM, "nowhere");
}

static void add_hist(struct doc *d, const char *title, enum role role, const struct gt_hist *h,
		     uint64_t max_ns, bool seen)
{
	int lines = h && hist__count(h) ? HIST_H : 1;

	draw__hist(d->c, (struct rect){ d->line, 0, lines, d->w < 100 ? d->w : 100 }, title, role,
		   h, max_ns, seen);
	d->line += lines;
}

/* A thread; or the row that stands for a pool's threads, or the ended ones of them. */
static const struct snap_thread *find(const struct snap_proc *p, const struct detail *which)
{
	for (size_t i = 0; which->is_pool && i < p->pool_cnt; i++) {
		const struct snap_pool *pool = &p->pools[i];

		if (!strcmp(pool->name, which->pool))
			return pool->all;
	}
	for (size_t i = 0; i < p->thread_cnt; i++) {
		const struct snap_thread *t = &p->threads[i];

		if (which->is_pool ? t->folded_cnt && !strcmp(t->name, which->pool)
				   : t->tid == which->tid)
			return t;
	}
	return NULL;
}

/* Returns how many lines it is. */
static int emit(const struct ui_state *ui, const struct detail *which, struct canvas *c, int w)
{
	const struct snapshot *s = ui__snap(ui);
	const struct snap_proc *p = ui__find_proc(s, which->pid);
	const struct snap_thread *t = NULL;
	__cleanup(sbuf__free) struct sbuf b = { 0 };
	struct doc doc = { .c = c, .w = w }, *d = &doc;

	t = p ? find(p, which) : NULL;
	if (!t) {
		doc_puts(d, 0, ROLE_DIM,
			 "This thread is not in this picture: it has ended (c shows the totals)");
		return d->line;
	}
	if (t->folded_cnt)
		sbuf__printf(&b, "%u threads %s (e in the table shows each)", t->folded_cnt,
			     t->name);
	else
		sbuf__printf(&b, "Thread %u %s", t->tid, t->name);
	doc_puts(d, 0, ROLE_TITLE, sbuf__str(&b));
	for (int detail = 0; detail < VERDICT_DETAIL_CNT; detail++) {
		sbuf__reset(&b);
		verdict__thread(s, p, t, (enum verdict_detail)detail, &b);
		if (cells__width(sbuf__str(&b), ui->unicode) <= w)
			break;
	}
	doc_puts(d, 0, ROLE_VERDICT, sbuf__str(&b));
	add_figures(d, p, t);
	doc_puts(d, 0, ROLE_NORMAL, "");
	add_pairs(d, p, t, true);
	add_pairs(d, p, t, false);
	doc_puts(d, 0, ROLE_NORMAL, "");
	add_stacks(d, p, t, SNAP_STACK_WAIT, "Where it waited (innermost first)", ROLE_WAIT);
	add_stacks(d, p, t, SNAP_STACK_BLAME, "Where it made others wait", ROLE_HOLD);
	if (p->stacks_known)
		add_stacks(d, p, t, SNAP_STACK_HOLD, "Where it held the GIL", ROLE_HOLD);
	add_sleeps(d, p, t);
	doc_puts(d, 0, ROLE_NORMAL, "");
	add_hist(d, "Waits", ROLE_WAIT, t->wait_hist, t->wait_max_ns, true);
	add_hist(d, "Holds", ROLE_HOLD, t->hold_hist, t->hold_max_ns,
		 t->hold_observed_ns || !p->span_ns);
	return d->line;
}

static int count_lines(const struct ui_state *ui, const struct detail *which, int w)
{
	struct canvas none = { .unicode = ui->unicode };

	return emit(ui, which, &none, w);
}

static void draw(const struct ui_state *ui, const struct screen *s, struct canvas *c, struct rect r)
{
	int lines = count_lines(ui, s->state, r.w), top = (int)s->sel;
	struct canvas sheet;

	if (canvas__init(&sheet, lines, r.w, c->unicode))
		return;
	emit(ui, s->state, &sheet, r.w);
	if (top + r.h > lines)
		top = lines > r.h ? lines - r.h : 0;
	for (int y = 0; y < r.h && top + y < lines; y++)
		memcpy(canvas__at(c, r.y + y, r.x), canvas__at(&sheet, top + y, 0),
		       (size_t)r.w * sizeof(struct cell));
	canvas__deinit(&sheet);
	list__position(c, r.y, r.x + r.w, (size_t)top, (size_t)lines, r.h);
}

static void refresh(struct ui_state *ui, struct screen *s)
{
	int h = layout__frame(ui->h, ui->w).body.h, lines = count_lines(ui, s->state, ui->w);

	s->cnt = lines > h ? (size_t)(lines - h) + 1 : 1;
}

static void open_thread(struct screen *s, const struct ui_subject *what)
{
	struct detail *which = s->state;

	*which = (struct detail){ .pid = what->pid,
				  .tid = what->tid,
				  .is_pool = what->pool != NULL };
	snprintf(which->pool, sizeof(which->pool), "%s", what->pool ? what->pool : "");
}

const struct screen_ops screen_detail = {
	.keys = KEYS_VIEW,
	.state_sz = sizeof(struct detail),
	.open = open_thread,
	.refresh = refresh,
	.draw = draw,
};
