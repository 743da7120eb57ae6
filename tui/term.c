/* SPDX-License-Identifier: BSD-2-Clause */
/* Signals belong to the session (signalfd), so what ncurses installs at start is taken out again; ^C
 * and ^Z come as keys (raw mode).
 */
#define NCURSES_WIDECHAR 1
#include "tui/term.h"

#include <curses.h>
#include <errno.h>
#include <langinfo.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <termcap.h>
#include <termios.h>
#include <unistd.h>
#include <wchar.h>

#include "tui/keymap.h"
#include "tui/looks.h"
#include "user/base/ending.h"
#include "user/base/log.h"
#include "user/base/sbuf.h"
#include "user/base/util.h"

struct term {
	SCREEN *screen;
	bool unicode;
	int colours; /* 0: none, or none wanted */
	attr_t attrs[ROLE_CNT];
	short pairs[ROLE_CNT];
	MEVENT mouse; /* the last one */
	bool twice;   /* it was pressed two times at once */
};

static const int caught[] = { SIGINT, SIGTERM, SIGTSTP, SIGWINCH };

static void signals_save(struct sigaction old[ARRAY_SIZE(caught)])
{
	for (size_t i = 0; i < ARRAY_SIZE(caught); i++)
		sigaction(caught[i], NULL, &old[i]);
}

static void signals_restore(const struct sigaction old[ARRAY_SIZE(caught)])
{
	for (size_t i = 0; i < ARRAY_SIZE(caught); i++)
		sigaction(caught[i], &old[i], NULL);
}

/* What is to be done to the screen if giltop is ended in the middle of something; modes: as they were. */
static void on_last_signal(const struct termios *modes)
{
	static const char *const names[] = { "sgr0", "cnorm", "rmkx", "rmcup" };
	struct sbuf bytes = { 0 };

	for (size_t i = 0; i < ARRAY_SIZE(names); i++) {
		const char *s = tigetstr(names[i]);

		if (s && s != (const char *)-1)
			sbuf__puts(&bytes, s);
	}
	sbuf__puts(&bytes, "\033[?1000l\033[?1006l"); /* no mouse: what ncurses itself sends */
	if (!bytes.oom)
		ending__terminal(modes, bytes.s, bytes.len);
	sbuf__free(&bytes);
}

static void init_looks(struct term *t, bool plain)
{
	t->colours = 0;
	if (!plain && has_colors() && start_color() == OK && use_default_colors() == OK)
		t->colours = COLORS;
}

void term__set_scheme(struct term *t, int scheme)
{
	for (short i = 0; i < ROLE_CNT; i++) {
		struct look l = looks__of((enum role)i, scheme, t->colours, getenv("COLORFGBG"));

		t->attrs[i] = (l.attrs & LOOK_BOLD ? A_BOLD : 0) |
			      (l.attrs & LOOK_DIM ? A_DIM : 0) |
			      (l.attrs & LOOK_REVERSE ? A_REVERSE : 0);
		t->pairs[i] = 0;
		if (l.fg >= 0 && init_pair((short)(i + 1), l.fg, -1) == OK)
			t->pairs[i] = (short)(i + 1);
	}
}

void term__set_mouse(struct term *t, bool on)
{
	(void)t;
	/* 0: ncurses must not wait whether a press becomes a click. */
	mouseinterval(0);
	mousemask(on ? BUTTON1_PRESSED | BUTTON4_PRESSED | BUTTON5_PRESSED : 0, NULL);
}

enum term_button term__mouse(const struct term *t, int *ret_y, int *ret_x)
{
	*ret_y = t->mouse.y;
	*ret_x = t->mouse.x;
	return t->twice				   ? TERM_BUTTON_TWICE
	       : t->mouse.bstate & BUTTON4_PRESSED ? TERM_WHEEL_UP
	       : t->mouse.bstate & BUTTON5_PRESSED ? TERM_WHEEL_DOWN
						   : TERM_BUTTON;
}

static void init_input(void)
{
	raw();
	noecho();
	nonl();
	intrflush(stdscr, FALSE);
	keypad(stdscr, TRUE);
	nodelay(stdscr, TRUE);
	curs_set(0);
}

int term__can_run(void)
{
	const char *name = getenv("TERM"), *cup;

	if (!isatty(STDIN_FILENO) || !isatty(STDOUT_FILENO))
		return -ENOTTY;
	if (!name || tgetent(NULL, name) != 1)
		return -ENODEV;
	/* terminfo answers (char *)-1 or NULL for what it has not. */
	cup = tigetstr("cup");
	return cup && cup != (const char *)-1 && *cup ? 0 : -ENODEV;
}

struct term *term__open(const struct tui_opts *opts)
{
	struct sigaction saved[ARRAY_SIZE(caught)];
	struct termios modes;
	bool has_modes;
	struct term *t;
	int err = term__can_run();

	if (err) {
		errno = -err;
		return NULL;
	}
	t = calloc(1, sizeof(*t));
	if (!t)
		return NULL;
	t->unicode = !opts->ascii && !strcmp(nl_langinfo(CODESET), "UTF-8");
	signals_save(saved);
	has_modes = !tcgetattr(STDIN_FILENO, &modes);
	set_escdelay(25);
	t->screen = newterm(NULL, stdout, stdin);
	signals_restore(saved);
	if (!t->screen) {
		free(t);
		errno = ENODEV;
		return NULL;
	}
	set_term(t->screen);
	log__hold(true);
	if (has_modes)
		on_last_signal(&modes);
	init_looks(t, opts->plain);
	term__set_scheme(t, opts->settings.scheme);
	init_input();
	term__set_mouse(t, opts->settings.mouse);
	return t;
}

void term__close(struct term *t)
{
	if (!t)
		return;
	if (!isendwin())
		endwin();
	ending__terminal(NULL, NULL, 0);
	delscreen(t->screen);
	log__hold(false);
	free(t);
}

void term__suspend(struct term *t)
{
	(void)t;
	if (!isendwin())
		endwin();
	log__hold(false);
}

void term__resume(struct term *t)
{
	struct sigaction saved[ARRAY_SIZE(caught)];

	log__hold(true);
	signals_save(saved);
	term__resize(t);
	refresh();
	curs_set(0);
	signals_restore(saved);
}

bool term__is_unicode(const struct term *t)
{
	return t->unicode;
}

void term__size(const struct term *t, int *ret_h, int *ret_w)
{
	(void)t;
	getmaxyx(stdscr, *ret_h, *ret_w);
}

void term__resize(struct term *t)
{
	struct winsize ws;

	(void)t;
	if (!ioctl(STDOUT_FILENO, TIOCGWINSZ, &ws) && ws.ws_row && ws.ws_col)
		resizeterm(ws.ws_row, ws.ws_col);
}

static int translate(int key)
{
	static const struct {
		int curses, ui;
	} keys[] = {
		{ KEY_UP, UI_KEY_UP },	     { KEY_DOWN, UI_KEY_DOWN },
		{ KEY_LEFT, UI_KEY_LEFT },   { KEY_RIGHT, UI_KEY_RIGHT },
		{ KEY_PPAGE, UI_KEY_PGUP },  { KEY_NPAGE, UI_KEY_PGDN },
		{ KEY_HOME, UI_KEY_HOME },   { KEY_END, UI_KEY_END },
		{ KEY_ENTER, UI_KEY_ENTER }, { KEY_BACKSPACE, UI_KEY_BACKSPACE },
		{ KEY_DC, UI_KEY_DELETE },   { KEY_BTAB, UI_KEY_BACKTAB },
	};

	for (size_t i = 0; i < ARRAY_SIZE(keys); i++)
		if (keys[i].curses == key)
			return keys[i].ui;
	if (key >= KEY_F(1) && key <= KEY_F(12))
		return UI_KEY_F(key - KEY_F(0));
	return TERM_NO_KEY;
}

/* What came at once (over a slow line two clicks do) is one key for ncurses, and has the newest first. */
static bool take_mouse(struct term *t)
{
	MEVENT older;

	if (getmouse(&t->mouse) != OK)
		return false;
	t->twice = false;
	while (getmouse(&older) == OK)
		t->twice |=
			older.bstate & t->mouse.bstate & BUTTON1_PRESSED && older.y == t->mouse.y;
	return true;
}

/* Nothing to read although it is said to be readable: the other end has gone. */
static bool is_lost(void)
{
	struct pollfd p = { .fd = STDIN_FILENO, .events = POLLIN };
	int n = 0;

	if (poll(&p, 1, 0) < 1)
		return false;
	if (p.revents & (POLLHUP | POLLERR | POLLNVAL))
		return true;
	return ioctl(STDIN_FILENO, FIONREAD, &n) || n == 0;
}

int term__key(struct term *t)
{
	for (;;) {
		wint_t c;
		int kind = get_wch(&c), key;

		if (kind == ERR)
			return is_lost() ? TERM_LOST : TERM_NO_KEY;
		if (kind == KEY_CODE_YES && c == KEY_MOUSE) {
			if (take_mouse(t))
				return UI_KEY_MOUSE;
			continue; /* e.g. a button that was let go */
		}
		if (kind == KEY_CODE_YES) {
			key = translate((int)c);
			if (key != TERM_NO_KEY)
				return key;
			continue; /* a key that means nothing: the next one */
		}
		switch (c) {
		case 0: continue;
		case '\r':
		case '\n': return UI_KEY_ENTER;
		case '\t': return UI_KEY_TAB;
		case 27: return UI_KEY_ESC;
		case 8:
		case 127: return UI_KEY_BACKSPACE;
		default: return (int)c;
		}
	}
}

static void show_cell(const struct term *t, int y, int x, const struct cell *cell)
{
	wchar_t text[3] = { (wchar_t)cell->ch, (wchar_t)cell->mark, 0 };
	attr_t attrs = t->attrs[cell->role];
	cchar_t cc;

	if (cell->selected)
		attrs ^= A_REVERSE;
	if (setcchar(&cc, text, attrs, t->pairs[cell->role], NULL) == OK)
		mvadd_wch(y, x, &cc);
}

void term__show(struct term *t, const struct canvas *c, bool all)
{
	int h, w;

	term__size(t, &h, &w);
	if (all)
		clearok(curscr, TRUE);
	erase();
	for (int y = 0; y < h && y < c->h; y++) {
		for (int x = 0; x < w && x < c->w; x++) {
			const struct cell *cell = canvas__at(c, y, x);

			if (cell->ch)
				show_cell(t, y, x, cell);
		}
	}
	refresh();
}
