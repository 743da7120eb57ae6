/* SPDX-License-Identifier: BSD-2-Clause */
/* screen_latency.c - how long waits and holds take: of all threads of the GIL, or of one; and how the
 * waits were spread over time
 */
#include <stdio.h>

#include "tui/cells.h"
#include "tui/draw.h"
#include "user/judge/verdict.h"

/* Row 0 is all threads together, the others are those of the thread table. */
static size_t rows(const struct ui_state *ui)
{
	return ui->row_cnt + 1;
}

static uint64_t longest(const struct snap_proc *p, const struct snap_gil *g, bool hold)
{
	uint64_t max = NS_UNKNOWN;

	for (size_t i = 0; i < p->thread_cnt; i++) {
		const struct snap_thread *t = &p->threads[i];
		uint64_t v = hold ? t->hold_max_ns : t->wait_max_ns;

		if (g && (t->gil >= p->gil_cnt || &p->gils[t->gil] != g))
			continue;
		if (v != NS_UNKNOWN && (max == NS_UNKNOWN || v > max))
			max = v;
	}
	return max;
}

static void draw_both(struct canvas *c, struct rect r, const struct gt_hist *wait,
		      uint64_t wait_max, const struct gt_hist *hold, uint64_t hold_max)
{
	struct rect left = r, right = r;

	if (r.w >= 76) {
		left.w = r.w / 2 - 1;
		right.x = r.x + r.w / 2 + 1;
		right.w = r.w - r.w / 2 - 1;
	} else {
		left.h = r.h / 2;
		right.y += left.h;
		right.h -= left.h;
	}
	draw__hist(c, left, "Waits", ROLE_WAIT, wait, wait_max);
	draw__hist(c, right, "Holds", ROLE_HOLD, hold, hold_max);
}

static void draw(const struct ui_state *ui, struct canvas *c, struct rect r)
{
	size_t sel = ui->sel[UI_LATENCY];
	const struct snap_proc *p = ui__proc(ui);
	const struct snap_gil *g = ui__gil(ui, p);
	struct rect heat = r;
	struct gt_hist wait, hold;
	int x;

	if (!p) {
		draw__note(c, r, "waiting for the first data");
		return;
	}
	if (sel > ui->row_cnt)
		sel = ui->row_cnt;
	if (sel)
		x = canvas__printf(c, r.y, r.x, r.w, ROLE_TITLE, "Latency: %s (%u)",
				   ui->rows[sel - 1].thread->name, ui->rows[sel - 1].thread->tid);
	else if (p->gil_cnt > 1 && g)
		x = canvas__printf(c, r.y, r.x, r.w, ROLE_TITLE, "Latency: all threads of GIL %u",
				   g->id);
	else
		x = canvas__puts(c, r.y, r.x, r.w, ROLE_TITLE, "Latency: all threads");
	canvas__puts(c, r.y, r.x + x + 2, r.w - x - 2, ROLE_DIM, "(Up, Down: one thread)");
	r.y++;
	r.h--;
	if (r.h >= 12) {
		heat.h = r.h / 3 + 1;
		heat.y = r.y + r.h - heat.h;
		r.h -= heat.h;
		draw__heat(ui, c, heat);
	}
	if (sel) {
		const struct snap_thread *t = ui->rows[sel - 1].thread;

		draw_both(c, r, t->wait_hist, t->wait_max_ns, t->hold_hist, t->hold_max_ns);
		return;
	}
	ui__sum_hist(p, g, false, &wait);
	ui__sum_hist(p, g, true, &hold);
	draw_both(c, r, &wait, longest(p, g, false), &hold, longest(p, g, true));
}

static void text(const struct ui_state *ui, size_t row, char *buf, size_t sz)
{
	if (row)
		screen_threads.text(ui, row - 1, buf, sz);
	else
		snprintf(buf, sz, "all threads");
}

const struct screen_ops screen_latency = {
	.name = "latency", .short_name = "lat", .draw = draw, .rows = rows, .text = text
};
