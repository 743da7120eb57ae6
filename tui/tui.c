/* SPDX-License-Identifier: BSD-2-Clause */
#include "tui/tui.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/signalfd.h>
#include <unistd.h>

#include "tui/canvas.h"
#include "tui/term.h"
#include "tui/ui.h"
#include "user/base/util.h"

/* However fast data and keys come: eyes see no more. */
#define DRAW_EVERY_NS 100000000u
/* Two clicks on a line in so short a time are a double click. */
#define DOUBLE_CLICK_NS 400000000u

struct tui {
	struct term *term;
	struct ui_state ui;
	struct canvas canvas;
	bool dirty, all; /* all: what is on the terminal is not what was drawn last */
	bool suspended;
	uint64_t drawn_ns;
	uint64_t clicked_ns; /* 0: the next click is a first one */
	int clicked_y;
};

static void take_size(struct tui *t)
{
	int h, w;

	term__size(t->term, &h, &w);
	/* Without memory for a larger canvas the frame stays as large as it was. */
	if (!canvas__resize(&t->canvas, h, w))
		ui__resize(&t->ui, h, w);
	t->dirty = t->all = true;
}

int tui__can_run(void)
{
	return term__can_run();
}

struct tui *tui__new(const struct tui_opts *opts)
{
	struct tui *t = calloc(1, sizeof(*t));
	int err;

	if (!t)
		return NULL;
	t->term = term__open(opts);
	if (!t->term) {
		err = errno;
		free(t);
		errno = err;
		return NULL;
	}
	if (canvas__init(&t->canvas, 1, 1, term__is_unicode(t->term)) ||
	    ui__init(&t->ui, opts, term__is_unicode(t->term))) {
		tui__free(t);
		errno = ENOMEM;
		return NULL;
	}
	take_size(t);
	return t;
}

void tui__free(struct tui *t)
{
	if (!t)
		return;
	term__close(t->term);
	canvas__deinit(&t->canvas);
	ui__deinit(&t->ui);
	free(t);
}

void tui__update(struct tui *t, const struct snapshot *interval, const struct snapshot *total,
		 const struct timeline *timeline)
{
	ui__update(&t->ui, interval, total, timeline);
	t->dirty = true;
}

void tui__text(struct tui *t, struct sbuf *ret)
{
	/* Not what was said about the last key. */
	t->ui.message[0] = '\0';
	ui__draw(&t->ui, &t->canvas);
	canvas__to_text(&t->canvas, ret);
	t->dirty = t->all = true;
}

/* What the terminal has to do for a change of the settings. */
static void obey(struct tui *t, const struct tui_settings *before)
{
	if (t->ui.set.mouse != before->mouse)
		term__set_mouse(t->term, t->ui.set.mouse);
	if (t->ui.set.scheme == before->scheme)
		return;
	term__set_scheme(t->term, t->ui.set.scheme);
	t->all = true;
}

static enum ui_mouse mouse_kind(struct tui *t, int *ret_y, int *ret_x)
{
	enum term_button button = term__mouse(t->term, ret_y, ret_x);
	uint64_t now = now_ns();
	bool twice =
		button == TERM_BUTTON_TWICE ||
		(t->clicked_ns && now < t->clicked_ns + DOUBLE_CLICK_NS && *ret_y == t->clicked_y);

	if (button == TERM_WHEEL_UP || button == TERM_WHEEL_DOWN) {
		t->clicked_ns = 0;
		return button == TERM_WHEEL_UP ? UI_MOUSE_WHEEL_UP : UI_MOUSE_WHEEL_DOWN;
	}
	t->clicked_ns = twice ? 0 : now;
	t->clicked_y = *ret_y;
	return twice ? UI_MOUSE_DOUBLE : UI_MOUSE_CLICK;
}

static enum tui_action mouse(struct tui *t)
{
	int y, x;
	enum ui_mouse kind = mouse_kind(t, &y, &x);
	/* Where the user pointed to is in the frame that is on the terminal. */
	const struct cell *cell = canvas__at(&t->canvas, y, x);

	return ui__mouse(&t->ui, kind, cell ? cell->hit : 0);
}

enum tui_action tui__key(struct tui *t, int key)
{
	struct tui_settings before = t->ui.set;
	enum tui_action action = key == UI_KEY_MOUSE ? mouse(t) : ui__key(&t->ui, key);

	t->dirty = true;
	obey(t, &before);
	if (action == TUI_REDRAW) {
		t->all = true;
		return TUI_HANDLED;
	}
	return action;
}

enum tui_action tui__input(struct tui *t)
{
	int key = term__key(t->term);

	if (key == TERM_NO_KEY)
		return TUI_NONE;
	return key == TERM_LOST ? TUI_QUIT : tui__key(t, key);
}

void tui__resize(struct tui *t)
{
	term__resize(t->term);
	take_size(t);
}

int tui__draw(struct tui *t)
{
	uint64_t now = now_ns();

	if (!t->dirty || t->suspended)
		return 0;
	if (t->drawn_ns && now < t->drawn_ns + DRAW_EVERY_NS)
		return (int)((t->drawn_ns + DRAW_EVERY_NS - now) / 1000000) + 1;
	ui__draw(&t->ui, &t->canvas);
	term__show(t->term, &t->canvas, t->all);
	t->drawn_ns = now;
	t->dirty = t->all = false;
	return 0;
}

void tui__suspend(struct tui *t)
{
	if (!t->suspended)
		term__suspend(t->term);
	t->suspended = true;
}

void tui__resume(struct tui *t)
{
	if (!t->suspended)
		return;
	t->suspended = false;
	term__resume(t->term);
	take_size(t);
}

bool tui__wants_totals(const struct tui *t)
{
	return t->ui.cumulative;
}

void tui__set_total(struct tui *t, const struct snapshot *total)
{
	ui__set_total(&t->ui, total);
	t->dirty = true;
}

void tui__set_player(struct tui *t, const struct player *player)
{
	t->ui.player = *player;
	t->ui.paused = player->paused;
	t->dirty = true;
}

struct player *tui__player(struct tui *t)
{
	return &t->ui.player;
}

void tui__pass(struct tui *t, const struct snapshot *interval)
{
	ui__pass(&t->ui, interval);
}

void tui__forget(struct tui *t)
{
	ui__forget(&t->ui);
}

void tui__moved(struct tui *t, uint64_t from_ns, uint64_t at_ns, bool at_end)
{
	ui__moved(&t->ui, from_ns, at_ns, at_end);
	t->dirty = true;
}

bool tui__is_paused(const struct tui *t)
{
	return t->ui.paused;
}

bool tui__wants_spans(const struct tui *t)
{
	return ui__wants_spans(&t->ui);
}

uint64_t tui__interval_ns(const struct tui *t)
{
	return t->ui.interval_ns;
}

int tui__group(const struct tui *t)
{
	return t->ui.group;
}

bool tui__my_code(const struct tui *t)
{
	return t->ui.my_code;
}

const struct tui_settings *tui__settings(const struct tui *t)
{
	return &t->ui.saved;
}

const char *tui__screen_name(size_t i)
{
	return ui__tab_name(i);
}

void tui__events(struct tui *t, const struct trigger_list *l)
{
	ui__set_events(&t->ui, l);
	t->dirty = true;
}

void tui__message(struct tui *t, const char *text)
{
	snprintf(t->ui.message, sizeof(t->ui.message), "%s", text);
	t->dirty = true;
}

/* What the keys that have come mean for the choice: < 0: go on, else the answer. */
static int64_t pick_keys(struct tui *t)
{
	for (;;) {
		switch (tui__input(t)) {
		case TUI_NONE: return -1;
		case TUI_QUIT: return 0;
		case TUI_PICKED: return t->ui.focus_pid;
		case TUI_SUSPEND:
			tui__suspend(t);
			raise(SIGSTOP);
			tui__resume(t);
			break;
		default: break;
		}
	}
}

int64_t tui__pick(const struct tui_opts *opts, const struct tui_pick *procs, size_t cnt)
{
	__cleanup(closep) int sfd = -1;
	struct tui *t = tui__new(opts);
	sigset_t caught, before;
	int64_t ret = -1;

	if (!t)
		return -errno;
	/* A signal that ends the program must not leave the terminal as it is now: it waits until the
	 * terminal is restored, then it is delivered as ever.
	 */
	sigemptyset(&caught);
	sigaddset(&caught, SIGINT);
	sigaddset(&caught, SIGTERM);
	sigaddset(&caught, SIGHUP);
	sigaddset(&caught, SIGWINCH);
	sigprocmask(SIG_BLOCK, &caught, &before);
	sigdelset(&caught, SIGWINCH);
	sfd = signalfd(-1, &caught, SFD_CLOEXEC | SFD_NONBLOCK);
	ui__open(&t->ui, UI_PICK, &(struct ui_subject){ .picks = procs, .pick_cnt = cnt });
	while (ret < 0) {
		int ms = tui__draw(t), h, w;
		struct pollfd p[] = { { .fd = STDIN_FILENO, .events = POLLIN },
				      { .fd = sfd, .events = POLLIN } };

		/* No signal is read for the size: look now and then. */
		poll(p, ARRAY_SIZE(p), ms ? ms : 250);
		term__resize(t->term);
		term__size(t->term, &h, &w);
		if (h != t->canvas.h || w != t->canvas.w)
			take_size(t);
		ret = p[1].revents & POLLIN ? 0 : pick_keys(t);
	}
	tui__free(t);
	sigprocmask(SIG_SETMASK, &before, NULL);
	return ret;
}
