/* SPDX-License-Identifier: BSD-2-Clause */
/* screen_timeline.c - every thread's states over time */
#include <stdlib.h>

#include "tui/draw.h"
#include "tui/lanes.h"
#include "tui/list.h"
#include "tui/thread_list.h"
#include "user/base/sbuf.h"
#include "user/base/units.h"
#include "user/base/util.h"

static const unsigned int zooms_ms[] = { 10,   20,   50,    100,   200,	  500,	 1000,
					 2000, 5000, 10000, 20000, 60000, 300000 };

static uint64_t activity(const struct snap_thread *t)
{
	return t->wait_ns + t->yield_ns + t->hold_ns;
}

static int cmp_activity(const void *a, const void *b)
{
	const struct column_row *x = a, *y = b;
	uint64_t u = activity(x->thread), v = activity(y->thread);

	if (u != v)
		return u > v ? -1 : 1;
	return x->thread->tid < y->thread->tid ? -1 : x->thread->tid > y->thread->tid;
}

static int cmp_tid(const void *a, const void *b)
{
	const struct column_row *x = a, *y = b;

	if (x->proc->pid != y->proc->pid)
		return x->proc->pid < y->proc->pid ? -1 : 1;
	return x->thread->tid < y->thread->tid ? -1 : x->thread->tid > y->thread->tid;
}

/* It ended before what the timeline shows. */
static bool is_past(const struct ui_state *ui, const struct snap_thread *t)
{
	return !t->tid || (snap_thread__is_over(t) && t->state_ns > ui->zoom_ns + ui->scroll_ns);
}

/* Rows must not change places all the time: the most active ones of the whole run come on the first
 * page, and within a page the order is that of the thread ids.
 */
static void refresh(struct ui_state *ui, struct screen *s)
{
	struct thread_list *l = s->state;
	size_t page = ui->h > 12 ? (size_t)ui->h - 10 : 2, n = 0;

	thread_list__collect(l, ui, ui->total ? ui->total : ui__snap(ui), GROUP_NONE);
	for (size_t i = 0; i < l->cnt; i++)
		if (!is_past(ui, l->rows[i].thread))
			l->rows[n++] = l->rows[i];
	l->cnt = n;
	if (n)
		qsort(l->rows, l->cnt, sizeof(*l->rows), cmp_activity);
	thread_list__limit(l, ui);
	for (size_t i = 0; i < l->cnt; i += page)
		qsort(l->rows + i, l->cnt - i < page ? l->cnt - i : page, sizeof(*l->rows),
		      cmp_tid);
	thread_list__follow(ui, s);
	s->spans = true;
}

static bool all_seen(const struct ui_state *ui)
{
	const struct snap_proc *p = ui__proc(ui);
	const struct snap_gil *g = ui__gil(ui, p);

	return !g || g->observed_ns >= p->span_ns;
}

static void draw_scale(const struct ui_state *ui, const struct snapshot *s, struct canvas *c,
		       struct rect r)
{
	__cleanup(sbuf__free) struct sbuf text = { 0 };
	char buf[UNITS_SZ];

	if (all_seen(ui))
		sbuf__puts(&text, c->unicode ? "█ hold ▒ wait ▚ yield ─ without"
					     : "# hold w wait y yield - without");
	else
		sbuf__puts(&text, c->unicode ? "█ hold ▒ wait ▚ yield ' ' without, or unseen hold"
					     : "# hold w wait y yield ' ' without, or unseen hold");
	if (ui->timeline && timeline__min_ns(ui->timeline) > 1)
		sbuf__printf(&text, "   shorter than %s not drawn",
			     units__duration(timeline__min_ns(ui->timeline), buf));
	if (s->lost_spans)
		sbuf__printf(&text, "   %s states lost", units__count((double)s->lost_spans, buf));
	if (ui->scroll_ns)
		sbuf__printf(&text, "   %s back", units__duration(ui->scroll_ns, buf));
	canvas__puts(c, r.y, r.x, r.w, s->lost_spans ? ROLE_WARN : ROLE_DIM, sbuf__str(&text));
}

static void draw(const struct ui_state *ui, const struct screen *s, struct canvas *c, struct rect r)
{
	const struct thread_list *l = s->state;
	const struct snapshot *snap = ui__snap(ui);
	size_t top = list__top(s->sel, l->cnt, r.h - 2);

	if (!snap || !l->cnt) {
		draw__note(c, r,
			   snap ? "no thread has touched the GIL yet"
				: "waiting for the first data");
		return;
	}
	lanes__draw(ui, c, (struct rect){ r.y, r.x, r.h - 1, r.w }, l->rows + top, l->cnt - top,
		    (long)(s->sel - top));
	for (size_t i = top; i < l->cnt && (int)(i - top) < r.h - 2; i++)
		canvas__hit(c, r.y + 1 + (int)(i - top), r.x, r.w, HIT_ROW + (uint32_t)i);
	draw_scale(ui, snap, c, (struct rect){ r.y + r.h - 1, r.x, 1, r.w });
}

static enum tui_action key(struct ui_state *ui, struct screen *s, enum key_action action)
{
	uint64_t step = ui->zoom_ns / 4;
	bool was_paused = ui->paused;

	(void)s;
	switch (action) {
	case ACT_ZOOM_IN:
	case ACT_ZOOM_OUT:
		ui__step(zooms_ms, ARRAY_SIZE(zooms_ms), action == ACT_ZOOM_IN ? -1 : 1,
			 &ui->zoom_ns);
		return TUI_HANDLED;
	case ACT_LEFT:
		/* Looking back needs a picture that stands still. */
		ui__set_paused(ui, true);
		if (ui->scroll_ns < 3600ull * 1000000000)
			ui->scroll_ns += step;
		return was_paused ? TUI_HANDLED : TUI_PAUSE_CHANGED;
	case ACT_RIGHT:
		ui->scroll_ns -= ui->scroll_ns < step ? ui->scroll_ns : step;
		return TUI_HANDLED;
	default: return TUI_NONE;
	}
}

const struct screen_ops screen_timeline = {
	.name = "timeline",
	.short_name = "time",
	.help = "timeline: every hand-over, newest right",
	.keys = KEYS_VIEW | KEYS_FIND | KEYS_OPEN | KEYS_ACROSS | KEYS_TIME,
	.state_sz = sizeof(struct thread_list),
	.deinit = thread_list__deinit,
	.refresh = refresh,
	.draw = draw,
	.key = key,
	.enter = thread_list__open,
	.text = thread_list__text,
	.chose = thread_list__choose,
};
