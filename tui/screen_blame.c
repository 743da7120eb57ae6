/* SPDX-License-Identifier: BSD-2-Clause */
/* screen_blame.c - the code that makes others wait: by function, by line, by whole stack; and the tree
 * of calls that lead to it
 */
#include <stdio.h>
#include <string.h>

#include "tui/cells.h"
#include "tui/draw.h"
#include "tui/list.h"
#include "user/base/sbuf.h"
#include "user/base/text.h"
#include "user/base/units.h"
#include "user/judge/verdict.h"

static const char *kind_words(enum snap_stack_kind kind)
{
	switch (kind) {
	case SNAP_STACK_WAIT: return "where threads waited";
	case SNAP_STACK_HOLD: return "where the GIL was held";
	default: return "what made others wait";
	}
}

static enum role kind_role(enum snap_stack_kind kind)
{
	return kind == SNAP_STACK_WAIT ? ROLE_WAIT : ROLE_HOLD;
}

static bool stacks_known(const struct ui_state *ui)
{
	const struct snap_proc *procs;
	bool known = false;
	size_t n;

	ui__shown_procs(ui, &procs, &n);
	for (size_t i = 0; i < n; i++)
		known |= procs[i].stacks_known;
	return known;
}

static void draw_empty(const struct ui_state *ui, struct canvas *c, struct rect r)
{
	if (!ui__snap(ui))
		draw__note(c, r, "waiting for the first data");
	else if (!stacks_known(ui))
		draw__note(
			c, r,
			"Python stacks are not measured here (see the note above, or giltop(1))");
	else if (ui->kind == SNAP_STACK_HOLD)
		draw__note(c, r, "no stack of a holder yet");
	else
		draw__note(c, r, "no thread has waited yet");
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
					      path_base(f->file), f->line);
	}
	if (s->truncated && n + 6 < sizeof(buf))
		snprintf(buf + n, sizeof(buf) - n, " < ..");
	canvas__puts(c, y, x, w, ROLE_NORMAL, buf);
}

static void draw_row(const struct ui_state *ui, struct canvas *c, int y, struct rect r,
		     const struct stack_row *e)
{
	uint64_t sum = ui->stacks.sum_ns;
	bool wide = r.w >= 76;
	char buf[UNITS_SZ];
	int x = r.x;

	canvas__puts_right(c, y, x, 6, kind_role(ui->kind), units__percent(e->self_ns, sum, buf));
	x += 7;
	if (wide) {
		draw__bar(c, y, x, 10, kind_role(ui->kind), (double)e->self_ns, (double)sum);
		x += 11;
	}
	canvas__puts_right(c, y, x, 6, ROLE_NORMAL, units__percent(e->total_ns, sum, buf));
	x += 7;
	if (wide) {
		canvas__puts_right(c, y, x, 7, ROLE_NORMAL,
				   e->self_ns ? units__duration(e->self_ns, buf) : "0");
		canvas__puts_right(c, y, x + 8, 6, ROLE_DIM, units__count((double)e->cnt, buf));
		x += 15;
	}
	if (!e->frame)
		canvas__puts(c, y, x, r.x + r.w - x, ROLE_DIM,
			     "[other: found no room in the tables]");
	else if (ui->view == STACKS_WHOLE)
		draw_stack(c, y, x, r.x + r.w - x, e->stack);
	else if (ui->view == STACKS_BY_LINE)
		draw__frame(c, y, x, r.x + r.w - x, ROLE_NORMAL, e->frame);
	else
		canvas__printf(c, y, x, r.x + r.w - x, ROLE_NORMAL,
			       *e->frame->file ? "%s (%s)" : "%s", e->frame->name,
			       path_base(e->frame->file));
}

static void draw_heading(const struct ui_state *ui, struct canvas *c, int y, struct rect r)
{
	static const char *const what[] = { "FUNCTION", "LINE", "STACK (innermost < caller < ..)" };
	bool wide = r.w >= 76;
	int x = r.x;

	canvas__puts_right(c, y, x, 6, ROLE_HEAD, "SELF%");
	x += wide ? 18 : 7;
	canvas__puts_right(c, y, x, 6, ROLE_HEAD, "TOTAL%");
	x += 7;
	if (wide) {
		canvas__puts_right(c, y, x, 7, ROLE_HEAD, "SELF");
		canvas__puts_right(c, y, x + 8, 6, ROLE_HEAD, "TIMES");
		x += 15;
	}
	canvas__puts(c, y, x, r.x + r.w - x, ROLE_HEAD, what[ui->view]);
}

/* What could be done about it, in words; returns the lines used. */
static int draw_advice(const struct ui_state *ui, struct canvas *c, struct rect r)
{
	const struct snapshot *s = ui__snap(ui);
	const struct snap_proc *p = ui__proc(ui);
	struct sbuf advice[2] = { { 0 }, { 0 } };
	size_t n = p ? verdict__advice(s, p, ui__gil(ui, p), advice, 2) : 0;
	int used = 0;

	for (size_t i = 0; i < n; i++)
		used += draw__paragraph(c, (struct rect){ r.y + used, r.x, r.h - used, r.w },
					ROLE_VERDICT, sbuf__str(&advice[i]));
	for (size_t i = 0; i < 2; i++)
		sbuf__free(&advice[i]);
	return used;
}

/* The heaviest stack with the selected row in it, innermost first. */
static void draw_selected(const struct ui_state *ui, struct canvas *c, struct rect r)
{
	const struct stack_row *e = &ui->stacks.rows[ui->sel[UI_BLAME]];
	const struct snap_stack *s = e->stack;
	char buf[UNITS_SZ];

	canvas__rule(c, r.y, r.x, r.w);
	canvas__printf(c, r.y, r.x + 2, r.w - 4, ROLE_TITLE, " heaviest stack of it (%s%%) ",
		       units__percent(s->ns, ui->stacks.sum_ns, buf));
	for (size_t i = 0; i < s->frame_cnt && (int)i + 1 < r.h; i++)
		draw__frame(c, r.y + 1 + (int)i, r.x + 2, r.w - 2, ROLE_NORMAL,
			    &s->frames[s->frame_cnt - 1 - i]);
}

static void draw(const struct ui_state *ui, struct canvas *c, struct rect r)
{
	static const char *const by[] = { "by function", "by line", "whole stacks" };
	size_t sel = ui->sel[UI_BLAME], top;
	char buf[UNITS_SZ];
	int x, below;

	x = canvas__printf(c, r.y, r.x, r.w, ROLE_TITLE, "Blame: %s, %s", kind_words(ui->kind),
			   by[ui->view]);
	if (!ui->stacks.cnt) {
		draw_empty(ui, c, (struct rect){ r.y + 1, r.x, r.h - 1, r.w });
		return;
	}
	canvas__printf(c, r.y, r.x + x, r.w - x, ROLE_DIM, ", %s in all",
		       units__duration(ui->stacks.sum_ns, buf));
	list__position(c, r.y, r.x + r.w, list__top(sel, ui->stacks.cnt, r.h - 2), ui->stacks.cnt,
		       r.h - 2);
	if (r.h >= 12 && ui->kind == SNAP_STACK_BLAME) {
		x = draw_advice(ui, c, (struct rect){ r.y + 1, r.x, 4, r.w });
		r.y += x;
		r.h -= x;
	}
	/* The stack comes below the table if there is room for a good part of both. */
	below = r.h >= 24 ? (r.h - 2) / 2 : 0;
	if (below)
		draw_selected(ui, c, (struct rect){ r.y + r.h - below, r.x, below, r.w });
	r.h -= below;
	draw_heading(ui, c, r.y + 1, r);
	top = list__top(sel, ui->stacks.cnt, r.h - 2);
	for (int y = 2; y < r.h && top + (size_t)y - 2 < ui->stacks.cnt; y++) {
		size_t i = top + (size_t)y - 2;

		draw_row(ui, c, r.y + y, r, &ui->stacks.rows[i]);
		if (i == sel)
			canvas__select(c, r.y + y, r.x, r.w);
	}
}

static size_t rows(const struct ui_state *ui)
{
	return ui->stacks.cnt;
}

static void text(const struct ui_state *ui, size_t row, char *buf, size_t sz)
{
	columns__frame(ui->stacks.rows[row].frame, buf, sz);
}

static bool change_view(struct ui_state *ui, enum key_action action)
{
	if (action == ACT_VIEW) {
		ui->view = (ui->view + 1) % STACK_VIEW_CNT;
	} else if (action == ACT_KIND) {
		ui->kind = ui->kind == SNAP_STACK_BLAME	 ? SNAP_STACK_WAIT
			   : ui->kind == SNAP_STACK_WAIT ? SNAP_STACK_HOLD
							 : SNAP_STACK_BLAME;
	} else {
		return false;
	}
	ui->sel[ui->screen] = 0;
	return true;
}

static bool key(struct ui_state *ui, enum key_action action)
{
	const struct snap_frame *f;

	if (change_view(ui, action))
		return true;
	if (action != ACT_ENTER || ui->sel[UI_BLAME] >= ui->stacks.cnt)
		return false;
	f = ui->stacks.rows[ui->sel[UI_BLAME]].frame;
	ui->tree_frame = (struct snap_frame){ 0 };
	if (f) {
		/* The snapshot that it is in will be gone before the user leaves the tree. */
		snprintf(ui->tree_text[0], sizeof(ui->tree_text[0]), "%s", f->name);
		snprintf(ui->tree_text[1], sizeof(ui->tree_text[1]), "%s", f->file);
		ui->tree_frame =
			(struct snap_frame){ .name = ui->tree_text[0], .file = ui->tree_text[1] };
	}
	ui__goto(ui, UI_TREE);
	return true;
}

static void draw_node(const struct ui_state *ui, struct canvas *c, int y, struct rect r,
		      const struct stack_node *n)
{
	const struct stack_tree *t = &ui->tree;
	int indent = n->depth * 2 < r.w / 2 ? n->depth * 2 : r.w / 2, x = r.x + 14;
	bool here = ui->tree_frame.name && stack_frame__same(n->frame, &ui->tree_frame, false);
	char buf[UNITS_SZ];

	canvas__puts_right(c, y, r.x, 6, kind_role(ui->kind),
			   units__percent(n->total_ns, t->sum_ns, buf));
	canvas__puts_right(c, y, r.x + 7, 6, n->self_ns ? kind_role(ui->kind) : ROLE_DIM,
			   units__percent(n->self_ns, t->sum_ns, buf));
	if (!n->frame) {
		canvas__puts(c, y, x + indent, r.w - 14 - indent, ROLE_DIM, "[other]");
		return;
	}
	if (n->depth == 0 && n->truncated)
		x += canvas__puts(c, y, x, 3, ROLE_DIM, ".. ");
	draw__frame(c, y, x + indent, r.x + r.w - x - indent, here ? ROLE_VERDICT : ROLE_NORMAL,
		    n->frame);
}

static void draw_tree(const struct ui_state *ui, struct canvas *c, struct rect r)
{
	const struct stack_tree *t = &ui->tree;
	size_t sel = ui->sel[UI_TREE], top = list__top(sel, t->cnt, r.h - 2);

	canvas__printf(c, r.y, r.x, r.w, ROLE_TITLE, "Calls: %s%s%s, from the outermost in",
		       kind_words(ui->kind), ui->tree_frame.name ? " in " : "",
		       ui->tree_frame.name ? ui->tree_frame.name : "");
	if (!t->cnt) {
		draw__note(c, (struct rect){ r.y + 1, r.x, r.h - 1, r.w },
			   "nothing of it in this interval (c shows the totals)");
		return;
	}
	canvas__puts_right(c, r.y + 1, r.x, 6, ROLE_HEAD, "TOTAL%");
	canvas__puts_right(c, r.y + 1, r.x + 7, 6, ROLE_HEAD, "SELF%");
	canvas__puts(c, r.y + 1, r.x + 14, r.w - 14, ROLE_HEAD,
		     t->cut ? "FRAME (cut: too many)" : "FRAME");
	for (int y = 2; y < r.h && top + (size_t)y - 2 < t->cnt; y++) {
		size_t i = top + (size_t)y - 2;

		draw_node(ui, c, r.y + y, r, &t->nodes[i]);
		if (i == sel)
			canvas__select(c, r.y + y, r.x, r.w);
	}
	list__position(c, r.y + 1, r.x + r.w, top, t->cnt, r.h - 2);
}

static size_t tree_rows(const struct ui_state *ui)
{
	return ui->tree.cnt;
}

const struct screen_ops screen_blame = {
	.name = "blame", .short_name = "blame", .draw = draw, .key = key, .rows = rows, .text = text
};
const struct screen_ops screen_tree = { .name = "calls",
					.short_name = "calls",
					.draw = draw_tree,
					.key = change_view,
					.rows = tree_rows };
