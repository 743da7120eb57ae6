/* SPDX-License-Identifier: BSD-2-Clause */
/* screen_procs.c - one row a process */
#include <math.h>
#include <stdio.h>

#include "tui/cells.h"
#include "tui/draw.h"
#include "tui/list.h"
#include "tui/ui.h"
#include "user/base/text.h"
#include "user/base/units.h"
#include "user/base/where.h"
#include "user/judge/verdict.h"

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
	const struct snap_gil *g = verdict__busiest_gil(p);
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

static void draw(const struct ui_state *ui, const struct screen *s, struct canvas *c, struct rect r)
{
	const struct snapshot *snap = ui__snap(ui);
	struct list_rows l = list__rows(c, rect__below(r, 1), s->sel, s->cnt);
	int in_w = in_width(snap, r);

	draw_heading(c, r.y, r, in_w);
	if (!s->cnt)
		draw__note(c, r,
			   snap ? "no process is being measured" : "waiting for the first data");
	while (list__next(&l))
		draw_proc(c, l.y, r, &snap->procs[l.i], in_w);
}

static void refresh(struct ui_state *ui, struct screen *s)
{
	const struct snapshot *snap = ui__snap(ui);

	s->cnt = snap ? snap->proc_cnt : 0;
}

static void text(const struct ui_state *ui, const struct screen *s, size_t row, char *buf,
		 size_t sz)
{
	const struct snap_proc *p = &ui__snap(ui)->procs[row];
	char label[WHERE_SZ];

	(void)s;
	where__label(&p->where, label, sizeof(label));
	snprintf(buf, sz, "%u %s %s %s", p->pid, p->comm, label, p->cmdline);
}

static enum tui_action enter(struct ui_state *ui, struct screen *s)
{
	ui__focus(ui, ui__snap(ui)->procs[s->sel].pid);
	ui->sel_set = false;
	ui__open(ui, UI_THREADS, &(struct ui_subject){ .pid = ui->focus_pid });
	return TUI_HANDLED;
}

const struct screen_ops screen_procs = {
	.name = "processes",
	.short_name = "proc",
	.help = "processes: one row for each",
	.keys = KEYS_VIEW | KEYS_FIND | KEYS_OPEN,
	.refresh = refresh,
	.draw = draw,
	.enter = enter,
	.text = text,
};
