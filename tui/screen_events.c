/* SPDX-License-Identifier: BSD-2-Clause */
/* screen_events.c - what the user wanted to be told of: long waits and holds, newest first; and one of them with both
 * stacks
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tui/draw.h"
#include "tui/layout.h"
#include "tui/list.h"
#include "tui/ui.h"
#include "user/base/sbuf.h"
#include "user/base/units.h"
#include "user/base/util.h"
#include "user/view/columns.h"
#include "user/view/trigger_lines.h"

struct events {
	size_t cnt, cap;
	const struct trigger_event **rows;
	uint64_t sel_no; /* that the user chose: the selection follows it; 0: the newest */
};

/* The thread that it is about: who holds, or who waits. */
static const char *who(const struct trigger_event *e, bool other)
{
	const char *name = (e->t.kind == TRIGGER_HOLD) != other ? e->holder : e->waiter;
	uint32_t tid = (e->t.kind == TRIGGER_HOLD) != other ? e->t.holder_tid : e->t.waiter_tid;

	return *name ? name : tid ? "?" : "";
}

static const struct snap_frame *place(const struct trigger_event *e)
{
	const struct stored_stack *s =
		e->t.kind == TRIGGER_HOLD ? &e->holder_stack : &e->waiter_stack;

	return snap_frames__python_leaf(s->frames, s->cnt);
}

static void put_text(const struct trigger_event *e, char *buf, size_t sz)
{
	__cleanup(sbuf__free) struct sbuf line = { 0 };

	trigger_lines__line(e, &line);
	snprintf(buf, sz, "%s", sbuf__str(&line));
}

static bool is_shown(const struct ui_state *ui, const struct trigger_event *e)
{
	char buf[1024];

	if (ui->focus_pid && e->pid && e->pid != ui->focus_pid)
		return false;
	put_text(e, buf, sizeof(buf));
	return ui__matches(ui->filter, buf);
}

static void refresh(struct ui_state *ui, struct screen *s)
{
	struct events *ev = s->state;
	const struct trigger_event *e;

	ev->cnt = 0;
	for (size_t i = 0; ui->events && (e = trigger_list__at(ui->events, i)); i++) {
		if (!is_shown(ui, e))
			continue;
		if (array_grow(&ev->rows, ev->cnt, &ev->cap, sizeof(*ev->rows)))
			break;
		if (ev->sel_no && e->t.no == ev->sel_no)
			s->sel = ev->cnt;
		ev->rows[ev->cnt++] = e;
	}
	s->cnt = ev->cnt;
}

static void chose(struct ui_state *ui, const struct screen *s, bool found)
{
	struct events *ev = s->state;

	(void)ui;
	(void)found;
	ev->sel_no = s->sel && s->sel < ev->cnt ? ev->rows[s->sel]->t.no : 0;
}

/* "holds of 100ms, waits of 50ms, a delay of 20 %"; "": none. */
static void put_limits(const struct ui_state *ui, struct sbuf *out)
{
	const struct tui_triggers *t = &ui->triggers;
	char buf[UNITS_SZ];

	if (t->on_hold_ns)
		sbuf__printf(out, "holds of %s", units__duration(t->on_hold_ns, buf));
	if (t->on_wait_ns)
		sbuf__printf(out, "%swaits of %s", out->len ? ", " : "",
			     units__duration(t->on_wait_ns, buf));
	if (t->on_delay_pct > 0)
		sbuf__printf(out, "%sdelays of %g%%", out->len ? ", " : "", t->on_delay_pct);
}

static void draw_none(const struct ui_state *ui, struct canvas *c, struct rect r)
{
	__cleanup(sbuf__free) struct sbuf limits = { 0 }, text = { 0 };

	put_limits(ui, &limits);
	if (ui->events && trigger_list__cnt(ui->events))
		sbuf__puts(&text, "no event has this text, or is of this process");
	else if (limits.len)
		sbuf__printf(&text, "nothing yet: %s and more are told of here",
			     sbuf__str(&limits));
	else
		sbuf__puts(&text, "Nothing is told of here yet. Start giltop with --on-hold 100ms, "
				  "--on-wait 50ms or --on-delay 20 to have long holds, long waits "
				  "and delays here as they happen; kill -USR1 adds a mark.");
	r = rect__below(r, r.h > 4 ? 2 : 0);
	if (r.w > 8)
		draw__paragraph(c, (struct rect){ r.y, r.x + 2, r.h, r.w - 4 }, ROLE_DIM,
				sbuf__str(&text));
}

/* Where the columns are: what is not there has width 0. */
struct fit {
	int when, kind, ns, who, other;
};

static struct fit fit_of(int w)
{
	struct fit f = { .when = 10, .kind = 6, .ns = 7, .who = w >= 76 ? 18 : 14 };

	if (w >= 100)
		f.when = 22;
	if (w >= 120)
		f.other = 20;
	return f;
}

static void draw_row(struct canvas *c, int y, struct rect r, const struct fit *f,
		     const struct trigger_event *e)
{
	__cleanup(sbuf__free) struct sbuf when = { 0 };
	enum role role = e->t.kind == TRIGGER_HOLD   ? ROLE_HOLD
			 : e->t.kind == TRIGGER_WAIT ? ROLE_WAIT
						     : ROLE_NORMAL;
	bool has_time = e->t.kind <= TRIGGER_DELAY;
	int x = r.x, room;
	char buf[UNITS_SZ];
	const char *text;

	trigger_lines__when(e, &when);
	text = sbuf__str(&when);
	if (f->when < 20 && strchr(text, '+'))
		text = strchr(text, '+');
	canvas__puts_right(c, y, x, f->when, ROLE_DIM, text);
	x += f->when + 1;
	canvas__puts(c, y, x, f->kind, role, trigger_event__kind(e));
	x += f->kind + 1;
	if (has_time)
		canvas__puts_right(c, y, x, f->ns, role, units__duration(e->t.ns, buf));
	/* It goes on. */
	canvas__puts(c, y, x + f->ns, 1, ROLE_WARN, has_time && !e->t.over ? "+" : " ");
	x += f->ns + 2;
	draw__name(c, y, x, f->who, ROLE_NORMAL, who(e, false));
	x += f->who + 1;
	room = r.x + r.w - x - (f->other ? f->other + 1 : 0);
	if (!has_time)
		canvas__puts(c, y, x, room, ROLE_NORMAL, e->t.file ? e->t.file : "");
	else if (place(e))
		draw__frame(c, y, x, room, ROLE_NORMAL, place(e));
	if (f->other)
		draw__name(c, y, x + room + 1, f->other, ROLE_DIM, who(e, true));
}

static void draw(const struct ui_state *ui, const struct screen *s, struct canvas *c, struct rect r)
{
	const struct events *ev = s->state;
	struct fit f = fit_of(r.w);
	struct list_rows l = list__rows(c, rect__below(r, 2), s->sel, ev->cnt);
	__cleanup(sbuf__free) struct sbuf limits = { 0 };
	int x;

	put_limits(ui, &limits);
	x = canvas__puts(c, r.y, r.x, r.w, ROLE_TITLE, "Events");
	if (limits.len)
		canvas__printf(c, r.y, r.x + x, r.w - x, ROLE_DIM, ": %s and more",
			       sbuf__str(&limits));
	if (!ev->cnt) {
		draw_none(ui, c, rect__below(r, 1));
		return;
	}
	x = r.x;
	canvas__puts_right(c, r.y + 1, x, f.when, ROLE_HEAD, "WHEN");
	x += f.when + 1;
	canvas__puts(c, r.y + 1, x, f.kind, ROLE_HEAD, "EVENT");
	x += f.kind + 1;
	canvas__puts_right(c, r.y + 1, x, f.ns, ROLE_HEAD, "TIME");
	x += f.ns + 2;
	canvas__puts(c, r.y + 1, x, f.who, ROLE_HEAD, "THREAD");
	x += f.who + 1;
	canvas__puts(c, r.y + 1, x, -1, ROLE_HEAD, "IN WHICH LINE");
	if (f.other)
		canvas__puts(c, r.y + 1, r.x + r.w - f.other, f.other, ROLE_HEAD, "THE OTHER");
	list__position(c, r.y, r.x + r.w, l.top, l.cnt, l.r.h);
	while (list__next(&l))
		draw_row(c, l.y, r, &f, ev->rows[l.i]);
}

static void text(const struct ui_state *ui, const struct screen *s, size_t row, char *buf,
		 size_t sz)
{
	const struct events *ev = s->state;

	(void)ui;
	put_text(ev->rows[row], buf, sz);
}

static enum tui_action enter(struct ui_state *ui, struct screen *s)
{
	const struct events *ev = s->state;

	ui__open(ui, UI_EVENT, &(struct ui_subject){ .event = ev->rows[s->sel]->t.no });
	return TUI_HANDLED;
}

static void deinit(struct screen *s)
{
	struct events *ev = s->state;

	free(ev->rows);
}

const struct screen_ops screen_events = {
	.name = "events",
	.short_name = "ev",
	.help = "events: long waits and holds, as they happened (--on-hold, --on-wait)",
	.keys = KEYS_VIEW | KEYS_FIND | KEYS_OPEN,
	.state_sz = sizeof(struct events),
	.deinit = deinit,
	.refresh = refresh,
	.draw = draw,
	.enter = enter,
	.text = text,
	.chose = chose,
};

/* ---- one of them ---- */

struct event {
	uint64_t no;
};

static void open_event(struct screen *s, const struct ui_subject *what)
{
	struct event *ev = s->state;

	ev->no = what->event;
}

/* All of it as text, which scrolls: the lines are those of the block. */
static void put_event(const struct ui_state *ui, const struct screen *s, struct sbuf *out)
{
	const struct event *ev = s->state;
	const struct trigger_event *e = ui->events ? trigger_list__find(ui->events, ev->no) : NULL;

	if (e)
		trigger_lines__block(e, out);
	else
		sbuf__puts(out, "This event is not kept any more.\n");
}

static int count_lines(const char *text)
{
	int n = 0;

	for (; *text; text++)
		n += *text == '\n';
	return n;
}

static void refresh_event(struct ui_state *ui, struct screen *s)
{
	__cleanup(sbuf__free) struct sbuf text = { 0 };
	int h = layout__frame(ui->h, ui->w).body.h - 3, lines;

	put_event(ui, s, &text);
	lines = count_lines(sbuf__str(&text)) - 1; /* the first one stays */
	s->cnt = lines > h ? (size_t)(lines - h) + 1 : 1;
}

/* The next line, without its end; the text goes on behind it. */
static const char *next_line(const char **text, char *buf, size_t sz)
{
	const char *end = strchr(*text, '\n');
	size_t len = end ? (size_t)(end - *text) : strlen(*text);

	snprintf(buf, sz, "%.*s", (int)len, *text);
	*text += len + (end != NULL);
	return buf;
}

static void draw_event(const struct ui_state *ui, const struct screen *s, struct canvas *c,
		       struct rect r)
{
	__cleanup(sbuf__free) struct sbuf all = { 0 };
	const char *left;
	char line[1024];
	int used;

	put_event(ui, s, &all);
	left = sbuf__str(&all);
	used = draw__paragraph(c, (struct rect){ r.y, r.x, r.h < 3 ? r.h : 3, r.w }, ROLE_TITLE,
			       next_line(&left, line, sizeof(line)));
	r = rect__below(r, used);
	for (size_t i = 0; i < s->sel && *left; i++)
		next_line(&left, line, sizeof(line));
	for (int y = 0; y < r.h && *left; y++) {
		bool head = strncmp(next_line(&left, line, sizeof(line)), "    ", 4) != 0;

		canvas__puts(c, r.y + y, r.x, r.w, head ? ROLE_HEAD : ROLE_NORMAL, line);
	}
}

const struct screen_ops screen_event = {
	.keys = KEYS_VIEW,
	.state_sz = sizeof(struct event),
	.open = open_event,
	.refresh = refresh_event,
	.draw = draw_event,
};
