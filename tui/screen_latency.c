/* SPDX-License-Identifier: BSD-2-Clause */
/* screen_latency.c - how long waits and holds take: of all threads of the GIL, or of one; and how the
 * waits were spread over time
 */
#include <stdio.h>

#include "tui/draw.h"
#include "tui/thread_list.h"

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

static void draw(const struct ui_state *ui, const struct screen *s, struct canvas *c, struct rect r)
{
	const struct thread_list *l = s->state;
	size_t sel = s->sel > l->cnt ? l->cnt : s->sel;
	const struct snap_thread *t = sel ? l->rows[sel - 1].thread : NULL;
	const struct snap_proc *p = ui__proc(ui);
	const struct snap_gil *g = ui__gil(ui, p);
	struct rect heat = r;
	struct gt_hist wait, hold;
	uint64_t wait_max, hold_max;
	int x;

	if (!p) {
		draw__note(c, r, "waiting for the first data");
		return;
	}
	if (t)
		x = canvas__printf(c, r.y, r.x, r.w, ROLE_TITLE, "Latency: %s (%u)", t->name,
				   t->tid);
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
		draw__heat(c, heat, &ui->past, ui->interval_ns);
	}
	if (t) {
		draw_both(c, r, t->wait_hist, t->wait_max_ns, t->hold_hist, t->hold_max_ns);
		return;
	}
	past__sum_hist(p, g, false, &wait, &wait_max);
	past__sum_hist(p, g, true, &hold, &hold_max);
	draw_both(c, r, &wait, wait_max, &hold, hold_max);
}

/* Row 0 is all threads together, the others are those of the thread table. */
static void refresh(struct ui_state *ui, struct screen *s)
{
	struct thread_list *l = s->state;

	thread_list__build(l, ui);
	s->cnt = l->cnt + 1;
}

static void text(const struct ui_state *ui, const struct screen *s, size_t row, char *buf,
		 size_t sz)
{
	if (row)
		thread_list__text(ui, s, row - 1, buf, sz);
	else
		snprintf(buf, sz, "all threads");
}

const struct screen_ops screen_latency = {
	.name = "latency",
	.short_name = "lat",
	.help = "latency: how long waits and holds take",
	.keys = KEYS_VIEW | KEYS_FIND,
	.state_sz = sizeof(struct thread_list),
	.deinit = thread_list__deinit,
	.refresh = refresh,
	.draw = draw,
	.text = text,
};
