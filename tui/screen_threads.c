/* SPDX-License-Identifier: BSD-2-Clause */
/* screen_threads.c - the table of threads, with the timeline above it where there is room */
#include <string.h>

#include "tui/draw.h"
#include "tui/lanes.h"
#include "tui/layout.h"
#include "tui/list.h"
#include "tui/stack_sum.h"
#include "tui/thread_list.h"
#include "user/base/sbuf.h"
#include "user/base/util.h"
#include "user/judge/verdict.h"

#define COLUMN_MAX 32

struct threads {
	struct thread_list list;
	struct stack_table lines; /* that make others wait */
	bool no_pane;		  /* the timeline above the table is switched off */
};

static unsigned long long extra_columns(const struct ui_state *ui)
{
	struct shown_procs shown = ui__shown_procs(ui, ui__snap(ui));
	unsigned long long extra = 0;

	if (shown.cnt > 1)
		extra |= 1ull << columns__find("pid");
	for (size_t i = 0; i < shown.cnt; i++)
		if (shown.procs[i].gil_cnt > 1)
			extra |= 1ull << columns__find("gil");
	return extra;
}

static void draw_heading(const struct ui_state *ui, struct canvas *c, int y, int x0,
			 const struct column_fit *fit, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		const struct column *col = fit[i].col;
		bool sorted = col - thread_columns == ui->sort_col;
		int x = x0 + fit[i].x, w = fit[i].w, title_w = (int)strlen(col->title);

		canvas__hit(c, y, x, w, HIT_COLUMN + (uint32_t)(col - thread_columns));
		if (col->left)
			canvas__puts(c, y, x, w, ROLE_HEAD, col->title);
		else
			canvas__puts_right(c, y, x, w, ROLE_HEAD, col->title);
		if (!sorted)
			continue;
		/* The mark of the order stands next to the title, if need be in the gap. */
		canvas__select(c, y, x, w);
		x += col->left ? title_w : w - title_w - 1;
		if (x >= x0 && x < c->w)
			canvas__puts(c, y, x, 1, ROLE_HEAD,
				     ui->sort_desc ? (c->unicode ? "▼" : "v")
						   : (c->unicode ? "▲" : "^"));
	}
}

static enum role cell_role(const struct column *col, const struct column_row *r, const char *text)
{
	bool nothing = !strcmp(text, "0") || !strcmp(text, "-") || !strcmp(text, "?");

	if (nothing)
		return ROLE_DIM;
	switch (col->kind) {
	case COLUMN_STATE: return draw__state_role(r->thread->state);
	case COLUMN_WAIT: return ROLE_WAIT;
	case COLUMN_HOLD: return ROLE_HOLD;
	case COLUMN_YIELD: return ROLE_YIELD;
	default: return snap_thread__is_over(r->thread) ? ROLE_DIM : ROLE_NORMAL;
	}
}

static void draw_row(struct canvas *c, int y, int x0, const struct column_fit *fit, size_t n,
		     const struct column_row *r)
{
	char buf[512];

	for (size_t i = 0; i < n; i++) {
		const struct column *col = fit[i].col;
		int x = x0 + fit[i].x, w = fit[i].w;
		enum role role;

		if (col->kind == COLUMN_BAR) {
			draw__stack_bar(c, y, x, w, r->thread);
			continue;
		}
		if (col->frame && col->frame(r)) {
			draw__frame(c, y, x, w, ROLE_NORMAL, col->frame(r));
			continue;
		}
		col->fmt(r, buf, sizeof(buf));
		role = cell_role(col, r, buf);
		if (col->kind == COLUMN_NAME)
			draw__name(c, y, x, w, role, buf);
		else if (col->left)
			canvas__puts(c, y, x, w, role, buf);
		else
			canvas__puts_right(c, y, x, w, role, buf);
	}
}

static void draw_table(const struct ui_state *ui, const struct thread_list *l, size_t sel,
		       struct canvas *c, struct rect r)
{
	struct list_rows rows = list__rows(c, rect__below(r, 1), sel, l->cnt);
	struct column_fit fit[COLUMN_MAX];
	size_t n = layout__columns(r.w, &ui->set, ui->sort_col, extra_columns(ui), fit, COLUMN_MAX);

	draw_heading(ui, c, r.y, r.x, fit, n);
	if (extra_columns(ui))
		thread_list__mark_shares(c, r, fit, n);
	if (!l->cnt)
		draw__note(c, rows.r,
			   *ui->filter	   ? "no thread has this text (Esc clears the filter)"
			   : !ui__snap(ui) ? "waiting for the first data"
			   : ui->tid_cnt   ? "none of the threads of -t has touched the GIL yet"
					   : "no thread has touched the GIL yet");
	while (list__next(&rows))
		draw_row(c, rows.y, r.x, fit, n, &l->rows[rows.i]);
}

static bool is_lane(const struct column_row *r)
{
	return !r->thread->folded_cnt;
}

static size_t lane_cnt(const struct thread_list *l)
{
	size_t n = 0;

	for (size_t i = 0; i < l->cnt; i++)
		n += is_lane(&l->rows[i]);
	return n;
}

/* The threads of the pane: those around the selected row, and always the one that makes others wait most: without it the
 * picture has no sense. n: at most lane_cnt(). Returns which is the selected one, or -1.
 */
static long pane_rows(const struct thread_list *l, size_t sel, size_t n, struct column_row *ret)
{
	const struct column_row *culprit = NULL;
	size_t lanes = 0, before = 0, top, at = 0;
	long selected = -1;

	for (size_t i = 0; i < l->cnt; i++) {
		before += i < sel && is_lane(&l->rows[i]);
		lanes += is_lane(&l->rows[i]);
		if (is_lane(&l->rows[i]) && l->rows[i].thread->blame_ns &&
		    (!culprit || l->rows[i].thread->blame_ns > culprit->thread->blame_ns))
			culprit = &l->rows[i];
	}
	top = list__top(before < lanes ? before : lanes - 1, lanes, (int)n);
	for (size_t i = 0, k = 0; i < l->cnt && at < n; i++) {
		if (!is_lane(&l->rows[i]) || k++ < top)
			continue;
		if (i == sel)
			selected = (long)at;
		if (culprit == &l->rows[i])
			culprit = NULL;
		ret[at++] = l->rows[i];
	}
	if (culprit && n > 1)
		ret[selected == (long)n - 1 ? n - 2 : n - 1] = *culprit;
	return selected;
}

/* Who holds it in that line: the thread that does so most, and whether there are more. */
static void draw_holders(const struct ui_state *ui, struct canvas *c, int y, int x, int w,
			 const struct stack_row *e)
{
	__cleanup(sbuf__free) struct sbuf text = { 0 };
	struct shown_procs shown = ui__shown_procs(ui, ui__snap(ui));
	bool more = false;

	for (size_t p = 0; p < shown.cnt; p++) {
		for (size_t i = 0; i < shown.procs[p].stack_cnt; i++) {
			const struct snap_stack *s = &shown.procs[p].stacks[i];

			if (s == e->stack)
				verdict__thread_name(&shown.procs[p], s->tid, &text);
			more |= s->kind == SNAP_STACK_BLAME && s->tid != e->stack->tid && s->ns &&
				s->frame_cnt &&
				snap_frame__same(&s->frames[s->frame_cnt - 1], e->frame, true);
		}
	}
	if (more)
		sbuf__puts(&text, " and others");
	canvas__puts(c, y, x, w, ROLE_DIM, sbuf__str(&text));
}

/* The lines that make others wait, in the room below a short table. */
static void draw_culprits(const struct ui_state *ui, const struct stack_table *t, struct canvas *c,
			  struct rect r)
{
	int who = r.w >= 100 ? 30 : r.w >= 76 ? 22 : 0;

	canvas__rule(c, r.y, r.x, r.w);
	canvas__puts(c, r.y, r.x + 2, r.w - 4, ROLE_TITLE, " lines that make others wait ");
	for (int i = 0; i + 1 < r.h && (size_t)i < t->cnt && t->rows[i].self_ns; i++) {
		const struct stack_row *e = &t->rows[i];
		int y = r.y + 1 + i, x = r.x;

		draw__share(c, y, x, 7, ROLE_HOLD, e->self_ns, t->sum_ns,
			    snap_looks__mark(SNAP_STACK_BLAME, e->self_cnt));
		canvas__puts(c, y, x + 7, 1, ROLE_DIM, "%");
		draw__bar(c, y, x + 9, 14, ROLE_HOLD, (double)e->self_ns, (double)t->sum_ns);
		draw__frame(c, y, x + 24, r.w - 25 - who, ROLE_NORMAL, e->frame);
		if (who && e->frame)
			draw_holders(ui, c, y, r.x + r.w - who, who, e);
	}
}

static void draw(const struct ui_state *ui, const struct screen *s, struct canvas *c, struct rect r)
{
	const struct threads *t = s->state;
	size_t n = t->list.cnt;
	long selected;
	int table = 1 + (int)(n > 1 ? n : 1), culprits;
	size_t lanes = lane_cnt(&t->list);
	int threads = t->no_pane ? 0 : layout__pane_threads(r.h, lanes);
	struct column_row shown[LAYOUT_PANE_MAX];

	if (threads) {
		selected = pane_rows(&t->list, s->sel, (size_t)threads, shown);
		lanes__draw(ui, c, (struct rect){ r.y, r.x, threads + 1, r.w }, shown,
			    (size_t)threads, selected);
		canvas__rule(c, r.y + threads + 1, r.x, r.w);
		r = rect__below(r, threads + 2);
	}
	culprits = t->lines.sum_ns ? layout__culprits(r.h - table) : 0;
	if (culprits) {
		draw_culprits(ui, &t->lines, c, (struct rect){ r.y + table, r.x, culprits, r.w });
		r.h = table;
	}
	draw_table(ui, &t->list, s->sel, c, r);
}

static void deinit(struct screen *s)
{
	struct threads *t = s->state;

	thread_list__deinit(s);
	stack_table__free(&t->lines);
}

static void refresh(struct ui_state *ui, struct screen *s)
{
	struct threads *t = s->state;
	struct shown_procs shown = ui__shown_procs(ui, ui__snap(ui));

	thread_list__build(&t->list, ui);
	stack_table__build(&t->lines, shown.procs, shown.cnt, SNAP_STACK_BLAME, STACKS_BY_LINE);
	thread_list__follow(ui, s);
	s->spans = !t->no_pane &&
		   layout__pane_threads(layout__frame(ui->h, ui->w).body.h, lane_cnt(&t->list)) > 0;
}

static enum tui_action key(struct ui_state *ui, struct screen *s, enum key_action action)
{
	struct threads *t = s->state;

	if (action == ACT_FOLD)
		thread_list__fold(ui, s);
	else if (action == ACT_PANE)
		t->no_pane = !t->no_pane;
	else
		return TUI_NONE;
	return TUI_HANDLED;
}

const struct screen_ops screen_threads = {
	.name = "threads",
	.short_name = "thr",
	.help = "threads: who waits, who makes them wait",
	.keys = KEYS_VIEW | KEYS_FIND | KEYS_OPEN | KEYS_SORT | KEYS_PANE,
	.state_sz = sizeof(struct threads),
	.deinit = deinit,
	.refresh = refresh,
	.draw = draw,
	.key = key,
	.enter = thread_list__open,
	.text = thread_list__text,
	.chose = thread_list__choose,
};
