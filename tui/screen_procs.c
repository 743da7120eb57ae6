/* SPDX-License-Identifier: BSD-2-Clause */
/* screen_procs.c - one row a process; workers of one master below a row that says how they are together */
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "tui/cells.h"
#include "tui/draw.h"
#include "tui/list.h"
#include "tui/proc_list.h"
#include "tui/ui.h"
#include "user/base/sbuf.h"
#include "user/base/text.h"
#include "user/base/units.h"
#include "user/base/util.h"
#include "user/base/where.h"
#include "user/judge/verdict.h"
#include "user/judge/workers.h"

struct procs {
	struct proc_list list;
	uint64_t chosen; /* the row that the user chose: the selection follows it; 0: none */
};

/* Of a range, in a row: whole percents; "<1" is not 0. */
static const char *percent(double v, bool about, char buf[UNITS_SZ])
{
	if (isnan(v))
		snprintf(buf, UNITS_SZ, "-");
	else if (v > 0 && v < 0.005)
		snprintf(buf, UNITS_SZ, "<1");
	else
		snprintf(buf, UNITS_SZ, "%s%.0f", about ? "~" : "", v * 100);
	return buf;
}

/* "held 14/16/98%", where there is room for all of it; returns the cells used. */
static int draw_range(struct canvas *c, int y, int x, int w, enum role role, const char *label,
		      const struct worker_group *g, enum worker_figure f)
{
	const struct worker_range *r = &g->range[f];
	const double v[] = { r->min, r->median, r->max };
	bool share = f == WORKERS_HELD || f == WORKERS_DELAY;
	char text[3][UNITS_SZ], all[4 * UNITS_SZ];

	for (size_t i = 0; i < ARRAY_SIZE(v); i++)
		if (share)
			percent(v[i], r->about, text[i]);
		else
			worker_figure__text(f, v[i], r->about, text[i]);
	snprintf(all, sizeof(all), "%s/%s/%s%s", text[0], text[1], text[2],
		 share && r->known ? "%" : "");
	if ((int)(strlen(label) + strlen(all)) + 3 > w)
		return 0;
	x += canvas__printf(c, y, x, w, ROLE_DIM, "  %s ", label);
	canvas__puts(c, y, x, w, role, all);
	return (int)(strlen(label) + strlen(all)) + 3;
}

/* "v 5 workers, 2 ended  held 14/16/98%  delay 2/3/90%  load 0.2/0.2/1.9  gunicorn" */
static void draw_group(struct canvas *c, int y, struct rect r, const struct worker_group *g,
		       bool folded)
{
	static const struct {
		enum worker_figure f;
		const char *label;
		enum role role;
	} shown[] = { { WORKERS_HELD, "held", ROLE_HOLD },
		      { WORKERS_DELAY, "delay", ROLE_WAIT },
		      { WORKERS_LOAD, "load", ROLE_NORMAL } };
	__cleanup(sbuf__free) struct sbuf cnt = { 0 };
	int x = r.x, end = r.x + r.w;

	verdict__worker_count(g, &cnt);
	canvas__puts(c, y, x, 1, ROLE_KEY,
		     c->unicode ? (folded ? "▸" : "▾") : (folded ? "+" : "-"));
	x += 2;
	x += canvas__puts(c, y, x, end - x, ROLE_TITLE, sbuf__str(&cnt));
	for (size_t i = 0; i < ARRAY_SIZE(shown); i++)
		x += draw_range(c, y, x, end - x, shown[i].role, shown[i].label, g, shown[i].f);
	if (end - x > 6)
		canvas__puts(c, y, x + 2, end - x - 2, ROLE_NORMAL, g->name);
}

/* "lost 41%: worker-3": who suffers most. */
static void draw_worst(struct canvas *c, int y, int x, int w, const struct snap_proc *p)
{
	const struct snap_thread *t = verdict__sufferer(p, NULL);
	char pct[UNITS_SZ];

	if (!t) {
		canvas__puts(c, y, x, w, ROLE_DIM, "-");
		return;
	}
	canvas__printf(c, y, x, 6, ROLE_WAIT, "%6s",
		       units__percent(snap_thread__delay_ns(t), t->span_ns, pct));
	draw__name(c, y, x + 7, w - 7, ROLE_NORMAL, t->name);
}

/* Where there is room for it, and one of them runs somewhere. */
#define IN_WIDTH     24
#define IN_MIN_WIDTH 120

static int in_width(const struct snapshot *snap, struct rect r)
{
	char label[WHERE_SZ] = "";

	for (size_t i = 0; snap && i < snap->proc_cnt && r.w >= IN_MIN_WIDTH && !*label; i++)
		where__label(&snap->procs[i].where, label, sizeof(label));
	return *label ? IN_WIDTH : 0;
}

static void draw_proc(struct canvas *c, int y, struct rect r, const struct snap_proc *p, int in_w)
{
	const struct snap_gil *g = snap_proc__busiest_gil(p);
	enum verdict_level level = verdict__level(p, g);
	bool wide = r.w >= 76;
	double held = g ? snap_gil__held(g, p->span_ns).share : NAN;
	char buf[UNITS_SZ], label[WHERE_SZ];
	int x = r.x;

	canvas__printf(c, y, x, 8, p->alive ? ROLE_NORMAL : ROLE_DIM, "%8u", p->pid);
	x += 9;
	canvas__puts_right(c, y, x, 5, ROLE_HOLD,
			   g ? snap_gil__held_percent(g, p->span_ns, buf) : "?");
	x += 6;
	if (r.w >= 100) {
		if (!isnan(held))
			draw__bar(c, y, x, 8, ROLE_HOLD, held, 1);
		x += 9;
	}
	if (g && p->span_ns && !isnan(held))
		canvas__printf(c, y, x, 5, ROLE_NORMAL, "%5.1f", snap_gil__load(g, p->span_ns));
	else
		canvas__puts_right(c, y, x, 5, ROLE_DIM, g && p->span_ns ? "-" : "?");
	x += 6;
	if (wide) {
		canvas__printf(c, y, x, 4, ROLE_NORMAL, "%4zu", p->thread_cnt);
		x += 5;
	}
	canvas__puts(c, y, x, 12, level == VERDICT_BOTTLENECK ? ROLE_WAIT : ROLE_DIM,
		     !p->alive	 ? "ended"
		     : p->halted ? "stopped"
				 : verdict__level_word(level));
	x += 13;
	draw_worst(c, y, x, wide ? 20 : 14, p);
	x += wide ? 21 : 15;
	if (in_w) {
		where__label(&p->where, label, sizeof(label));
		draw__name(c, y, x, in_w - 1, p->alive ? ROLE_NORMAL : ROLE_DIM, label);
		x += in_w;
	}
	canvas__puts(c, y, x, r.x + r.w - x, p->alive ? ROLE_NORMAL : ROLE_DIM,
		     *p->cmdline ? command_short(p->cmdline) : p->comm);
}

static void draw_heading(struct canvas *c, int y, struct rect r, int in_w)
{
	bool wide = r.w >= 76;
	int x = r.x;

	canvas__puts_right(c, y, x, 8, ROLE_HEAD, "PID");
	canvas__puts_right(c, y, x + 9, 5, ROLE_HEAD, "HELD%");
	x += r.w >= 100 ? 24 : 15;
	canvas__puts_right(c, y, x, 5, ROLE_HEAD, "LOAD");
	x += 6;
	if (wide) {
		canvas__puts_right(c, y, x, 4, ROLE_HEAD, "THR");
		x += 5;
	}
	canvas__puts(c, y, x, 12, ROLE_HEAD, "THE GIL IS");
	canvas__puts(c, y, x + 13, 20, ROLE_HEAD, wide ? "DELAY% WORST THREAD" : "DELAY% WORST");
	x += 13 + (wide ? 21 : 15);
	if (in_w)
		canvas__puts(c, y, x, in_w, ROLE_HEAD, "IN");
	x += in_w;
	canvas__puts(c, y, x, r.x + r.w - x, ROLE_HEAD, "COMMAND");
}

/* Who is far worse than the others: of the first group that has such a one. */
static void put_stuck(const struct proc_list *l, struct sbuf *out)
{
	for (size_t i = 0; l->groups && i < l->groups->cnt && !out->len; i++)
		verdict__workers(&l->groups->v[i], out);
}

static void draw(const struct ui_state *ui, const struct screen *s, struct canvas *c, struct rect r)
{
	const struct proc_list *list = &((const struct procs *)s->state)->list;
	__cleanup(sbuf__free) struct sbuf stuck = { 0 };
	int in_w = in_width(ui__snap(ui), r);
	struct list_rows l;

	draw_heading(c, r.y, r, in_w);
	put_stuck(list, &stuck);
	if (stuck.len && r.h >= 4)
		canvas__puts(c, r.y + --r.h, r.x, r.w, ROLE_WAIT, sbuf__str(&stuck));
	l = list__rows(c, rect__below(r, 1), s->sel, s->cnt);
	if (!s->cnt)
		draw__note(c, r,
			   ui__snap(ui) ? "no process is being measured"
					: "waiting for the first data");
	while (list__next(&l)) {
		const struct proc_row *row = &list->rows[l.i];

		if (!row->proc) {
			draw_group(c, l.y, r, row->group, proc_list__is_folded(list, row->group));
			continue;
		}
		draw_proc(c, l.y, r, row->proc, in_w);
		if (row->group)
			canvas__puts(c, l.y, r.x, 1, ROLE_DIM,
				     c->unicode	    ? (row->is_last ? "└" : "│")
				     : row->is_last ? "`"
						    : "|");
	}
}

/* The selection stays with the row that was chosen, wherever it is now. */
static void refresh(struct ui_state *ui, struct screen *s)
{
	struct procs *p = s->state;

	proc_list__build(&p->list, ui__snap(ui));
	s->cnt = p->list.cnt;
	for (size_t i = 0; i < p->list.cnt && p->chosen; i++)
		if (proc_row__id(&p->list.rows[i]) == p->chosen)
			s->sel = i;
}

static void choose(const struct screen *s)
{
	struct procs *p = s->state;

	/* Back at the top, the top is of interest again. */
	p->chosen = s->sel && s->sel < p->list.cnt ? proc_row__id(&p->list.rows[s->sel]) : 0;
}

static void chose(struct ui_state *ui, const struct screen *s, bool found)
{
	(void)ui;
	(void)found;
	choose(s);
}

static void text(const struct ui_state *ui, const struct screen *s, size_t row, char *buf,
		 size_t sz)
{
	const struct proc_row *r = &((const struct procs *)s->state)->list.rows[row];

	char label[WHERE_SZ];

	(void)ui;
	if (r->proc)
		where__label(&r->proc->where, label, sizeof(label));
	if (r->proc)
		snprintf(buf, sz, "%u %s %s %s", r->proc->pid, r->proc->comm, label,
			 r->proc->cmdline);
	else
		snprintf(buf, sz, "%u %s", r->group->parent, r->group->name);
}

/* Fold the group of the selected row, or unfold it: its row is the selected one then. */
static void fold(struct ui_state *ui, struct screen *s)
{
	struct procs *p = s->state;
	const struct proc_row *r = s->sel < p->list.cnt ? &p->list.rows[s->sel] : NULL;

	if (!r || !r->group) {
		snprintf(ui->message, sizeof(ui->message), "this is not one of several workers");
		return;
	}
	proc_list__fold(&p->list, r->group);
	p->chosen = worker_group__id(r->group);
}

static enum tui_action key(struct ui_state *ui, struct screen *s, enum key_action action)
{
	if (action != ACT_FOLD)
		return TUI_NONE;
	fold(ui, s);
	return TUI_HANDLED;
}

static enum tui_action enter(struct ui_state *ui, struct screen *s)
{
	const struct procs *p = s->state;
	const struct proc_row *r = &p->list.rows[s->sel];

	if (!r->proc) {
		fold(ui, s);
		return TUI_HANDLED;
	}
	choose(s);
	ui__focus(ui, r->proc->pid);
	ui->sel_set = false;
	ui__open(ui, UI_THREADS, &(struct ui_subject){ .pid = ui->focus_pid });
	return TUI_HANDLED;
}

static void deinit(struct screen *s)
{
	struct procs *p = s->state;

	proc_list__deinit(&p->list);
}

const struct screen_ops screen_procs = {
	.name = "processes",
	.short_name = "proc",
	.help = "processes; workers below their master (min/median/max)",
	.keys = KEYS_VIEW | KEYS_FIND | KEYS_OPEN | KEYS_TREE,
	.state_sz = sizeof(struct procs),
	.deinit = deinit,
	.refresh = refresh,
	.draw = draw,
	.key = key,
	.enter = enter,
	.text = text,
	.chose = chose,
};
