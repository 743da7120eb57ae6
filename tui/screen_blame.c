/* SPDX-License-Identifier: BSD-2-Clause */
/* screen_blame.c - the code that makes others wait: by function, by line, by whole stack; and the tree
 * of calls that lead to it
 */
#include <stdio.h>

#include "tui/draw.h"
#include "tui/layout.h"
#include "tui/list.h"
#include "tui/stack_sum.h"
#include "tui/ui.h"
#include "user/base/sbuf.h"
#include "user/base/text.h"
#include "user/base/units.h"
#include "user/base/util.h"
#include "user/judge/verdict.h"
#include "user/view/columns.h"

/* What key o goes round. */
static const struct kind {
	enum snap_stack_kind kind;
	enum role role;
	const char *words, *none, *times;
} kinds[] = {
	{ SNAP_STACK_BLAME, ROLE_HOLD, "what made others wait", "no thread waited", "LOOKS" },
	{ SNAP_STACK_WAIT, ROLE_WAIT, "where threads waited", "no thread waited", "TIMES" },
	{ SNAP_STACK_HOLD, ROLE_HOLD, "where the GIL was held", "no stack of a holder yet",
	  "LOOKS" },
};

struct blame {
	enum stack_view view;
	size_t kind; /* of kinds; the tree shows this one, too */
	bool by_total;
	struct stack_table stacks;
};

struct tree {
	struct stack_tree calls;
	struct snap_frame frame; /* name NULL: all; else the strings are copies in text */
	char text[2][256];
};

static struct blame *blame_of(const struct ui_state *ui)
{
	return ui->screens[UI_BLAME].state;
}

static bool stacks_known(const struct ui_state *ui)
{
	struct shown_procs shown = ui__shown_procs(ui, ui__snap(ui));
	bool known = false;

	for (size_t i = 0; i < shown.cnt; i++)
		known |= shown.procs[i].stacks_known;
	return known;
}

/* "inner < caller < its caller", as many as fit. */
static void draw_stack(struct canvas *c, int y, int x, int w, const struct snap_stack *s)
{
	char buf[1024];
	size_t n = 0;

	for (size_t i = s->frame_cnt; i-- > 0 && n + 2 < sizeof(buf);) {
		const struct snap_frame *f = &s->frames[i];

		n += (size_t)snprintf(buf + n, sizeof(buf) - n, "%s%s",
				      i + 1 == s->frame_cnt ? "" : " < ", f->name);
		if (i + 1 == s->frame_cnt && n + 2 < sizeof(buf))
			n += (size_t)snprintf(buf + n, sizeof(buf) - n, " %s:%u",
					      path_short(f->file), f->line);
	}
	if (s->truncated && n + 6 < sizeof(buf))
		snprintf(buf + n, sizeof(buf) - n, " < ..");
	canvas__puts(c, y, x, w, ROLE_NORMAL, buf);
}

static void draw_row(const struct blame *b, struct canvas *c, int y, struct rect r,
		     const struct stack_row *e)
{
	const struct kind *k = &kinds[b->kind];
	uint64_t sum = b->stacks.sum_ns;
	bool wide = r.w >= 76;
	char buf[UNITS_SZ];
	int x = r.x;

	draw__share(c, y, x, 6, k->role, e->self_ns, sum, snap_looks__mark(k->kind, e->self_cnt));
	x += 7;
	if (wide) {
		draw__bar(c, y, x, 10, k->role, (double)e->self_ns, (double)sum);
		x += 11;
	}
	draw__share(c, y, x, 6, ROLE_NORMAL, e->total_ns, sum, snap_looks__mark(k->kind, e->cnt));
	x += 7;
	if (wide) {
		canvas__puts_right(c, y, x, 7, ROLE_NORMAL,
				   e->self_ns ? units__duration(e->self_ns, buf) : "0");
		canvas__puts_right(c, y, x + 8, 6, ROLE_DIM, units__count((double)e->cnt, buf));
		x += 15;
	}
	if (!e->frame || b->view == STACKS_BY_LINE)
		draw__frame(c, y, x, r.x + r.w - x, ROLE_NORMAL, e->frame);
	else if (b->view == STACKS_WHOLE)
		draw_stack(c, y, x, r.x + r.w - x, e->stack);
	else
		canvas__printf(c, y, x, r.x + r.w - x, ROLE_NORMAL,
			       *e->frame->file ? "%s (%s)" : "%s", e->frame->name,
			       path_short(e->frame->file));
}

static void draw_heading(const struct blame *b, struct canvas *c, int y, struct rect r)
{
	static const char *const what[] = { "FUNCTION", "LINE", "STACK (innermost < caller < ..)" };
	bool wide = r.w >= 76;
	int x = r.x;

	canvas__puts_right(c, y, x, 6, ROLE_HEAD, "SELF%");
	canvas__select(c, y, b->by_total ? x + (wide ? 18 : 7) : x, 6);
	x += wide ? 18 : 7;
	canvas__puts_right(c, y, x, 6, ROLE_HEAD, "TOTAL%");
	x += 7;
	if (wide) {
		canvas__puts_right(c, y, x, 7, ROLE_HEAD, "SELF");
		canvas__puts_right(c, y, x + 8, 6, ROLE_HEAD, kinds[b->kind].times);
		x += 15;
	}
	canvas__puts(c, y, x, r.x + r.w - x, ROLE_HEAD, what[b->view]);
}

/* What could be done about it, in words; returns the lines used. */
static int draw_advice(const struct ui_state *ui, struct canvas *c, struct rect r)
{
	const struct snap_proc *p = ui__proc(ui);
	struct sbuf advice[2] = { { 0 }, { 0 } };
	size_t n = p ? verdict__advice(p, ui__gil(ui, p), advice, 2) : 0;
	int used = 0;

	for (size_t i = 0; i < n; i++)
		used += draw__paragraph(c, rect__below(r, used), ROLE_VERDICT,
					sbuf__str(&advice[i]));
	for (size_t i = 0; i < 2; i++)
		sbuf__free(&advice[i]);
	return used;
}

/* The heaviest stack with the selected row in it, innermost first. */
static void draw_selected(const struct blame *b, size_t sel, struct canvas *c, struct rect r)
{
	const struct stack_row *e = &b->stacks.rows[sel];
	const struct snap_stack *s = e->stack;
	char buf[UNITS_SZ];

	canvas__rule(c, r.y, r.x, r.w);
	canvas__printf(c, r.y, r.x + 2, r.w - 4, ROLE_TITLE, " heaviest stack of it (%s%s%%) ",
		       snap_looks__mark(s->kind, s->cnt),
		       units__percent(s->ns, b->stacks.sum_ns, buf));
	for (size_t i = 0; i < s->frame_cnt && (int)i + 1 < r.h; i++)
		draw__frame(c, r.y + 1 + (int)i, r.x + 2, r.w - 2, ROLE_NORMAL,
			    &s->frames[s->frame_cnt - 1 - i]);
}

static bool holders_seen(const struct ui_state *ui, const struct blame *b)
{
	const struct snap_proc *p = ui__proc(ui);

	return kinds[b->kind].kind != SNAP_STACK_HOLD || !p || snap_proc__holds_seen(p, NULL);
}

static void draw(const struct ui_state *ui, const struct screen *s, struct canvas *c, struct rect r)
{
	static const char *const by[] = { "by function", "by line", "whole stacks" };
	const struct blame *b = s->state;
	struct list_rows l;
	char buf[UNITS_SZ];
	int x, below, title = r.y;

	x = canvas__printf(c, title, r.x, r.w, ROLE_TITLE, "Blame: %s, %s", kinds[b->kind].words,
			   by[b->view]);
	if (!b->stacks.cnt) {
		draw__note(c, rect__below(r, 1),
			   !ui__snap(ui)	  ? "waiting for the first data"
			   : !stacks_known(ui)	  ? "Python stacks are not measured here (see the "
						    "note above, or giltop(1))"
			   : !holders_seen(ui, b) ? "holders are not seen in light mode"
						  : kinds[b->kind].none);
		return;
	}
	canvas__printf(c, r.y, r.x + x, r.w - x, ROLE_DIM, ", %s in all",
		       units__duration(b->stacks.sum_ns, buf));
	if (r.h >= 12 && kinds[b->kind].kind == SNAP_STACK_BLAME &&
	    !layout__frame(ui->h, ui->w).advice_h) {
		x = draw_advice(ui, c, (struct rect){ r.y + 1, r.x, 4, r.w });
		r = rect__below(r, x);
	}
	/* The stack comes below the table if there is room for a good part of both. */
	below = r.h >= 24 ? (r.h - 2) / 2 : 0;
	if (below)
		draw_selected(b, s->sel, c, rect__below(r, r.h - below));
	r.h -= below;
	draw_heading(b, c, r.y + 1, r);
	l = list__rows(c, rect__below(r, 2), s->sel, s->cnt);
	list__position(c, title, r.x + r.w, l.top, l.cnt, l.r.h);
	while (list__next(&l))
		draw_row(b, c, l.y, r, &b->stacks.rows[l.i]);
}

static void deinit(struct screen *s)
{
	struct blame *b = s->state;

	stack_table__free(&b->stacks);
}

static void refresh(struct ui_state *ui, struct screen *s)
{
	struct blame *b = s->state;
	struct shown_procs shown = ui__shown_procs(ui, ui__snap(ui));

	stack_table__build(&b->stacks, shown.procs, shown.cnt, kinds[b->kind].kind, b->view);
	if (b->by_total)
		stack_table__sort(&b->stacks, true);
	s->cnt = b->stacks.cnt;
}

static void text(const struct ui_state *ui, const struct screen *s, size_t row, char *buf,
		 size_t sz)
{
	const struct blame *b = s->state;

	(void)ui;
	columns__frame(b->stacks.rows[row].frame, buf, sz);
}

/* What both screens do. */
static enum tui_action change_view(struct ui_state *ui, struct screen *s, enum key_action action)
{
	struct blame *b = blame_of(ui);

	if (action == ACT_VIEW)
		b->view = (b->view + 1) % STACK_VIEW_CNT;
	else if (action == ACT_KIND)
		b->kind = (b->kind + 1) % ARRAY_SIZE(kinds);
	else if (action == ACT_ORDER)
		b->by_total = !b->by_total;
	else
		return TUI_NONE;
	s->sel = 0;
	return TUI_HANDLED;
}

static enum tui_action enter(struct ui_state *ui, struct screen *s)
{
	const struct blame *b = s->state;

	ui__open(ui, UI_TREE, &(struct ui_subject){ .frame = b->stacks.rows[s->sel].frame });
	return TUI_HANDLED;
}

const struct screen_ops screen_blame = {
	.name = "blame",
	.short_name = "blame",
	.help = "blame: the code that makes others wait",
	.keys = KEYS_VIEW | KEYS_FIND | KEYS_OPEN | KEYS_STACKS,
	.state_sz = sizeof(struct blame),
	.deinit = deinit,
	.refresh = refresh,
	.draw = draw,
	.key = change_view,
	.enter = enter,
	.text = text,
};

/* ---- the tree of calls ---- */

/* The snapshot that the frame is in will be gone before the user leaves the tree. */
static void open_tree(struct screen *s, const struct ui_subject *what)
{
	struct tree *t = s->state;

	t->frame = (struct snap_frame){ 0 };
	if (!what->frame)
		return;
	snprintf(t->text[0], sizeof(t->text[0]), "%s", what->frame->name);
	snprintf(t->text[1], sizeof(t->text[1]), "%s", what->frame->file);
	t->frame = (struct snap_frame){ .name = t->text[0], .file = t->text[1] };
}

static void refresh_tree(struct ui_state *ui, struct screen *s)
{
	struct tree *t = s->state;
	struct shown_procs shown = ui__shown_procs(ui, ui__snap(ui));

	stack_tree__build(&t->calls, shown.procs, shown.cnt, kinds[blame_of(ui)->kind].kind,
			  t->frame.name ? &t->frame : NULL);
	s->cnt = t->calls.cnt;
}

static void deinit_tree(struct screen *s)
{
	struct tree *t = s->state;

	stack_tree__free(&t->calls);
}

static void draw_node(const struct tree *t, const struct kind *k, struct canvas *c, int y,
		      struct rect r, const struct stack_node *n)
{
	int indent = n->depth * 2 < r.w / 2 ? n->depth * 2 : r.w / 2, x = r.x + 14;
	bool here = t->frame.name && snap_frame__same(n->frame, &t->frame, false);

	draw__share(c, y, r.x, 6, k->role, n->total_ns, t->calls.sum_ns,
		    snap_looks__mark(k->kind, n->cnt));
	draw__share(c, y, r.x + 7, 6, n->self_ns ? k->role : ROLE_DIM, n->self_ns, t->calls.sum_ns,
		    snap_looks__mark(k->kind, n->self_cnt));
	if (!n->frame) {
		canvas__puts(c, y, x + indent, r.w - 14 - indent, ROLE_DIM, "[other]");
		return;
	}
	if (n->depth == 0 && n->truncated)
		x += canvas__puts(c, y, x, 3, ROLE_DIM, ".. ");
	draw__frame(c, y, x + indent, r.x + r.w - x - indent, here ? ROLE_VERDICT : ROLE_NORMAL,
		    n->frame);
}

static void draw_tree(const struct ui_state *ui, const struct screen *s, struct canvas *c,
		      struct rect r)
{
	const struct tree *t = s->state;
	const struct kind *k = &kinds[blame_of(ui)->kind];
	struct list_rows l = list__rows(c, rect__below(r, 2), s->sel, s->cnt);

	canvas__printf(c, r.y, r.x, r.w, ROLE_TITLE, "Calls: %s%s%s, from the outermost in",
		       k->words, t->frame.name ? " in " : "", t->frame.name ? t->frame.name : "");
	if (!s->cnt) {
		draw__note(c, rect__below(r, 1),
			   "nothing of it in this interval (c shows the totals)");
		return;
	}
	canvas__puts_right(c, r.y + 1, r.x, 6, ROLE_HEAD, "TOTAL%");
	canvas__puts_right(c, r.y + 1, r.x + 7, 6, ROLE_HEAD, "SELF%");
	canvas__puts(c, r.y + 1, r.x + 14, r.w - 14, ROLE_HEAD,
		     t->calls.cut ? "FRAME (cut: too many)" : "FRAME");
	while (list__next(&l))
		draw_node(t, k, c, l.y, r, &t->calls.nodes[l.i]);
	list__position(c, r.y + 1, r.x + r.w, l.top, l.cnt, l.r.h);
}

const struct screen_ops screen_tree = {
	.keys = KEYS_VIEW | KEYS_STACKS,
	.state_sz = sizeof(struct tree),
	.deinit = deinit_tree,
	.open = open_tree,
	.refresh = refresh_tree,
	.draw = draw_tree,
	.key = change_view,
};
