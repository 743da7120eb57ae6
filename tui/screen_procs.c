/* SPDX-License-Identifier: BSD-2-Clause */
/* screen_procs.c - one row a process; and the list of processes to choose one from */
#include <stdio.h>
#include <string.h>

#include "tui/cells.h"
#include "tui/draw.h"
#include "tui/list.h"
#include "user/base/units.h"
#include "user/judge/verdict.h"

static size_t rows(const struct ui_state *ui)
{
	const struct snapshot *s = ui__snap(ui);

	return s ? s->proc_cnt : 0;
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

static void draw_proc(struct canvas *c, int y, struct rect r, const struct snap_proc *p)
{
	const struct snap_gil *g = verdict__busiest_gil(p);
	enum verdict_level level = verdict__level(p, g);
	bool wide = r.w >= 76;
	char buf[UNITS_SZ];
	int x = r.x;

	canvas__printf(c, y, x, 8, p->alive ? ROLE_NORMAL : ROLE_DIM, "%8u", p->pid);
	x += 9;
	canvas__puts_right(c, y, x, 5, ROLE_HOLD,
			   g ? units__percent(g->held_ns, p->span_ns, buf) : "?");
	x += 6;
	if (r.w >= 100) {
		if (g)
			draw__bar(c, y, x, 8, ROLE_HOLD, (double)g->held_ns, (double)p->span_ns);
		x += 9;
	}
	if (g && p->span_ns)
		canvas__printf(c, y, x, 5, ROLE_NORMAL, "%5.1f", snap_gil__load(g, p->span_ns));
	else
		canvas__puts_right(c, y, x, 5, ROLE_DIM, "?");
	x += 6;
	if (wide) {
		canvas__printf(c, y, x, 4, ROLE_NORMAL, "%4zu", p->thread_cnt);
		x += 5;
	}
	canvas__puts(c, y, x, 12, level == VERDICT_BOTTLENECK ? ROLE_WAIT : ROLE_DIM,
		     p->alive ? verdict__level_word(level) : "ended");
	x += 13;
	draw_worst(c, y, x, wide ? 20 : 14, p);
	x += wide ? 21 : 15;
	canvas__puts(c, y, x, r.x + r.w - x, p->alive ? ROLE_NORMAL : ROLE_DIM,
		     *p->cmdline ? cells__command(p->cmdline) : p->comm);
}

static void draw_heading(struct canvas *c, int y, struct rect r)
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
	canvas__puts(c, y, x, r.x + r.w - x, ROLE_HEAD, "COMMAND");
}

static void draw(const struct ui_state *ui, struct canvas *c, struct rect r)
{
	const struct snapshot *s = ui__snap(ui);
	size_t sel = ui->sel[UI_PROCS], n = rows(ui), top = list__top(sel, n, r.h - 1);

	draw_heading(c, r.y, r);
	if (!n)
		draw__note(c, r, s ? "no process is being measured" : "waiting for the first data");
	for (int y = 1; y < r.h && top + (size_t)y - 1 < n; y++) {
		size_t i = top + (size_t)y - 1;

		draw_proc(c, r.y + y, r, &s->procs[i]);
		if (i == sel)
			canvas__select(c, r.y + y, r.x, r.w);
	}
}

static void text(const struct ui_state *ui, size_t row, char *buf, size_t sz)
{
	const struct snap_proc *p = &ui__snap(ui)->procs[row];

	snprintf(buf, sz, "%u %s %s", p->pid, p->comm, p->cmdline);
}

static bool key(struct ui_state *ui, enum key_action action)
{
	const struct snapshot *s = ui__snap(ui);
	size_t sel = ui->sel[UI_PROCS];

	if (action != ACT_ENTER || !s || sel >= s->proc_cnt)
		return false;
	ui->focus_pid = s->procs[sel].pid;
	ui->gil = -1;
	ui->past_cnt = 0;
	ui->sel_set = false;
	ui->sel[UI_THREADS] = 0;
	ui__goto(ui, UI_THREADS);
	return true;
}

const struct screen_ops screen_procs = { .name = "processes",
					 .short_name = "proc",
					 .draw = draw,
					 .key = key,
					 .rows = rows,
					 .text = text };

/* ---- the list to choose from ---- */

static size_t pick_rows(const struct ui_state *ui)
{
	size_t n = 0;
	char buf[1024];

	if (!*ui->filter)
		return ui->pick_cnt;
	for (size_t i = 0; i < ui->pick_cnt; i++) {
		snprintf(buf, sizeof(buf), "%u %s %s", ui->picks[i].pid, ui->picks[i].comm,
			 ui->picks[i].cmdline);
		n += ui__matches(ui->filter, buf);
	}
	return n;
}

static const struct tui_pick *pick_at(const struct ui_state *ui, size_t row)
{
	char buf[1024];

	if (!*ui->filter)
		return row < ui->pick_cnt ? &ui->picks[row] : NULL;
	for (size_t i = 0; i < ui->pick_cnt; i++) {
		snprintf(buf, sizeof(buf), "%u %s %s", ui->picks[i].pid, ui->picks[i].comm,
			 ui->picks[i].cmdline);
		if (ui__matches(ui->filter, buf) && row-- == 0)
			return &ui->picks[i];
	}
	return NULL;
}

static void draw_pick(const struct ui_state *ui, struct canvas *c, struct rect r)
{
	size_t sel = ui->sel[UI_PICK], n = pick_rows(ui), top = list__top(sel, n, r.h - 1);

	canvas__puts(c, r.y, r.x, r.w, ROLE_HEAD, "     PID PYTHON   NAME            COMMAND");
	if (!n)
		draw__note(c, r,
			   *ui->filter ? "no process has this text"
				       : "no Python process that giltop may look at");
	for (int y = 1; y < r.h && top + (size_t)y - 1 < n; y++) {
		size_t i = top + (size_t)y - 1;
		const struct tui_pick *p = pick_at(ui, i);

		canvas__printf(c, r.y + y, r.x, 8, ROLE_NORMAL, "%8u", p->pid);
		canvas__puts(c, r.y + y, r.x + 9, 8, ROLE_DIM, *p->version ? p->version : "?");
		canvas__puts(c, r.y + y, r.x + 18, 15, ROLE_NORMAL, p->comm);
		canvas__puts(c, r.y + y, r.x + 34, r.w - 34, ROLE_NORMAL,
			     cells__command(p->cmdline));
		if (i == sel)
			canvas__select(c, r.y + y, r.x, r.w);
	}
}

static void pick_text(const struct ui_state *ui, size_t row, char *buf, size_t sz)
{
	const struct tui_pick *p = pick_at(ui, row);

	if (p)
		snprintf(buf, sz, "%u %s %s", p->pid, p->comm, p->cmdline);
	else
		buf[0] = '\0';
}

static bool pick_key(struct ui_state *ui, enum key_action action)
{
	const struct tui_pick *p = pick_at(ui, ui->sel[UI_PICK]);

	if (action != ACT_ENTER || !p)
		return false;
	ui->focus_pid = p->pid;
	return true;
}

const struct screen_ops screen_pick = { .name = "choose",
					.short_name = "choose",
					.draw = draw_pick,
					.key = pick_key,
					.rows = pick_rows,
					.text = pick_text };
