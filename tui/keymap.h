/* SPDX-License-Identifier: BSD-2-Clause */
/* keymap.h - which key does what where: the one table behind dispatch, footer and help */
#ifndef GILTOP_TUI_KEYMAP_H
#define GILTOP_TUI_KEYMAP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Keys that are no character; above Unicode. Characters are their code point, ^X is X & 31. */
enum ui_keycode {
	UI_KEY_UP = 0x110000,
	UI_KEY_DOWN,
	UI_KEY_LEFT,
	UI_KEY_RIGHT,
	UI_KEY_PGUP,
	UI_KEY_PGDN,
	UI_KEY_HOME,
	UI_KEY_END,
	UI_KEY_ENTER,
	UI_KEY_BACKSPACE,
	UI_KEY_DELETE,
	UI_KEY_ESC,
	UI_KEY_TAB,
	UI_KEY_BACKTAB,
	UI_KEY_MOUSE, /* of the terminal alone: what it did goes to ui__mouse */
	UI_KEY_F0,    /* UI_KEY_F(1).. follow */
};
#define UI_KEY_F(n) (UI_KEY_F0 + (n))

enum key_action {
	ACT_NONE,
	ACT_HELP,
	ACT_QUIT,
	ACT_UP,
	ACT_DOWN,
	ACT_LEFT,
	ACT_RIGHT,
	ACT_PGUP,
	ACT_PGDN,
	ACT_HOME,
	ACT_END,
	ACT_ENTER,
	ACT_BACK,
	ACT_SCREEN, /* the one with the number that was pressed */
	ACT_NEXT_SCREEN,
	ACT_PREV_SCREEN,
	ACT_SEARCH,
	ACT_SEARCH_NEXT,
	ACT_FILTER,
	ACT_SORT,
	ACT_ORDER,
	ACT_SORT_LEFT,
	ACT_SORT_RIGHT,
	ACT_SORT_DELAY,
	ACT_SORT_HOLD,
	ACT_SORT_BLAME,
	ACT_SORT_NAME,
	ACT_INVERT,
	ACT_GROUP,
	ACT_FOLD,
	ACT_BY_PROC,
	ACT_MY_CODE,
	ACT_SETUP,
	ACT_PANE,
	ACT_VIEW,
	ACT_KIND,
	ACT_ZOOM_IN,
	ACT_ZOOM_OUT,
	ACT_FASTER,
	ACT_SLOWER,
	ACT_GIL_PREV,
	ACT_GIL_NEXT,
	ACT_PAUSE,
	ACT_CUMULATIVE,
	ACT_RESET,
	ACT_WRITE,
	ACT_PICK,
	ACT_SUSPEND,
	ACT_REDRAW,
	/* Of a recording: */
	ACT_PLAY,
	ACT_STEP_BACK,
	ACT_STEP_ON,
	ACT_JUMP_BACK,
	ACT_JUMP_ON,
	ACT_TO_START,
	ACT_TO_END,
	ACT_TRIGGER_PREV,
	ACT_TRIGGER_NEXT,
	ACT_TO_TIME,
	ACT_SPEED_UP,
	ACT_SPEED_DOWN,
	ACT_LIVE_ONLY, /* what needs something that runs */
};

/* Keys that belong together. A screen says which of them it has (at least one). */
enum key_group {
	KEYS_VIEW = 1 << 0,   /* wherever something is measured */
	KEYS_OPEN = 1 << 1,   /* Enter */
	KEYS_FIND = 1 << 2,   /* search, filter */
	KEYS_ACROSS = 1 << 3, /* left, right */
	KEYS_SORT = 1 << 4,
	KEYS_PANE = 1 << 5,
	KEYS_STACKS = 1 << 6,
	KEYS_TIME = 1 << 7,
	KEYS_TREE = 1 << 8, /* fold workers */
	/* Whatever the screen, one of them where it has KEYS_VIEW (ui__keys): */
	KEYS_LIVE = 1 << 9,  /* it is measured now */
	KEYS_PLAY = 1 << 10, /* it is a recording */
};

#define KEYS_MAX 9

struct key_def {
	enum key_action action;
	unsigned int groups; /* on screens that have one of these */
	const char *group;   /* heading in the help */
	const char *shown; /* how the keys are written: "PgUp PgDn"; the first one in the footer */
	const char *hint;  /* for the footer, NULL: not there */
	const char *help;  /* plain words; NULL: not in the help (listed with another) */
	int keys[KEYS_MAX];
};

extern const struct key_def key_table[];
extern const size_t key_cnt;

/* The row of the function key Fn on such a screen, if it is in the footer, or NULL. */
const struct key_def *keymap__function_key(unsigned int groups, int n);
/* What this key does on a screen with these groups of keys; ACT_NONE if nothing. */
enum key_action keymap__action(unsigned int groups, int key);
/* How the keys of a row are written for the help, without those that mean something else in a recording, or live (play
 * says which one it is): "" if none is left.
 */
#define KEYS_SHOWN_SZ 24
const char *keymap__shown(const struct key_def *k, bool play, char buf[KEYS_SHOWN_SZ]);

#endif
