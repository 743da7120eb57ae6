/* SPDX-License-Identifier: BSD-2-Clause */
/* screen_latency.c - how long waits and holds take: of all threads of the GIL, or of one; and how the
 * waits were spread over time
 */
#include <stdio.h>

#include "tui/draw.h"
#include "tui/thread_list.h"

/* Waits and holds, side by side where there is room: of t, or of all threads of g if t is NULL. */
static void draw_both(struct canvas *c, struct rect r, const struct snap_proc *p,
		      const struct snap_gil *g, const struct snap_thread *t)
{
	struct rect waits = r, holds = r;
	struct gt_hist sum;
	uint64_t max_ns;

	if (r.w >= 76) {
		waits.w = r.w / 2 - 1;
		holds.x = r.x + r.w / 2 + 1;
		holds.w = r.w - r.w / 2 - 1;
	} else {
		waits.h = r.h / 2;
		holds = rect__below(r, waits.h);
	}
	if (t) {
		draw__hist(c, waits, "Waits", ROLE_WAIT, t->wait_hist, t->wait_max_ns, true);
		draw__hist(c, holds, "Holds", ROLE_HOLD, t->hold_hist, t->hold_max_ns,
			   !p->span_ns || t->hold_observed_ns);
		return;
	}
	past__sum_hist(p, g, false, &sum, &max_ns);
	draw__hist(c, waits, "Waits", ROLE_WAIT, &sum, max_ns, true);
	past__sum_hist(p, g, true, &sum, &max_ns);
	draw__hist(c, holds, "Holds", ROLE_HOLD, &sum, max_ns, snap_proc__holds_seen(p, g));
}

static void draw(const struct ui_state *ui, const struct screen *s, struct canvas *c, struct rect r)
{
	const struct thread_list *l = s->state;
	size_t sel = s->sel > l->cnt ? l->cnt : s->sel;
	const struct snap_thread *t = sel ? l->rows[sel - 1].thread : NULL;
	const struct snap_proc *p = ui__proc(ui);
	const struct snap_gil *g = ui__gil(ui, p);
	int x, heat;

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
	r = rect__below(r, 1);
	heat = r.h >= 12 ? r.h / 3 + 1 : 0;
	draw__heat(c, rect__below(r, r.h - heat), &ui->past, ui->interval_ns);
	r.h -= heat;
	draw_both(c, r, p, g, t);
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
