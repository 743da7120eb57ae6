/* SPDX-License-Identifier: BSD-2-Clause */
#include "tui/keymap.h"

#include <string.h>

#define ALL	(~0u)
#define CTRL(c) ((c)&31)
/* With a macro for the keys a row of the table takes a line or two. */
#define K(...)                                                                                     \
	{                                                                                          \
		__VA_ARGS__                                                                        \
	}

#define MOVE "Move"
#define SHOW "Screens"
#define FIND "Sort and find"
#define RUN  "Measure"
#define PLAY "Recording"

/* The first match wins, so what is special to a screen comes before what holds everywhere. */
const struct key_def key_table[] = {
	{ ACT_PLAY, KEYS_PLAY, PLAY, "Space p", "play",
	  "play, pause; at the end: from the start again", K(' ', 'p', 'Z') },
	{ ACT_STEP_BACK, KEYS_PLAY, PLAY, ", .", "step",
	  "an interval back, on (Left, Right on most screens, too)", K(',') },
	{ ACT_STEP_ON, KEYS_PLAY, PLAY, NULL, NULL, NULL, K('.') },
	{ ACT_TRIGGER_NEXT, KEYS_PLAY, PLAY, "n N", "trigger", "the next trigger, the one before",
	  K('n') },
	{ ACT_TRIGGER_PREV, KEYS_PLAY, PLAY, NULL, NULL, NULL, K('N') },
	{ ACT_TO_TIME, KEYS_PLAY, PLAY, "g", "time",
	  "go to 90s, 1:30, a time of day 14:03:07, 50%, +10s, -1m", K('g') },
	{ ACT_JUMP_BACK, KEYS_PLAY, PLAY, "{ }", NULL, "a tenth of it back, on", K('{') },
	{ ACT_JUMP_ON, KEYS_PLAY, PLAY, NULL, NULL, NULL, K('}') },
	{ ACT_TO_START, KEYS_PLAY, PLAY, "0 $", NULL, "to its start, to its end", K('0') },
	{ ACT_TO_END, KEYS_PLAY, PLAY, NULL, NULL, NULL, K('$') },

	{ ACT_HELP, ALL, SHOW, "F1 ? h", "Help", "this help", K(UI_KEY_F(1), '?', 'h') },
	{ ACT_SCREEN, KEYS_VIEW, SHOW, NULL, NULL, NULL, /* each screen has a line of its own */
	  K('1', '2', '3', '4', '5', '6', '7', '8', '9') },
	{ ACT_NEXT_SCREEN, KEYS_VIEW, SHOW, "Tab", NULL, "next screen (Shift-Tab: the one before)",
	  K(UI_KEY_TAB) },
	{ ACT_PREV_SCREEN, KEYS_VIEW, SHOW, NULL, NULL, NULL, K(UI_KEY_BACKTAB) },

	{ ACT_SETUP, KEYS_VIEW, SHOW, "F2 S", "Setup", "columns, colours, first screen ..",
	  K(UI_KEY_F(2), 'S') },

	{ ACT_UP, ALL, MOVE, "Up Down j k", NULL, "move", K(UI_KEY_UP, 'k') },
	{ ACT_DOWN, ALL, MOVE, NULL, NULL, NULL, K(UI_KEY_DOWN, 'j') },
	{ ACT_LEFT, KEYS_ACROSS, MOVE, "Left Right", NULL,
	  "move across (timeline: back in time, paused)", K(UI_KEY_LEFT) },
	{ ACT_RIGHT, KEYS_ACROSS, MOVE, NULL, NULL, NULL, K(UI_KEY_RIGHT) },
	{ ACT_STEP_BACK, KEYS_PLAY, MOVE, NULL, NULL, NULL, K(UI_KEY_LEFT) },
	{ ACT_STEP_ON, KEYS_PLAY, MOVE, NULL, NULL, NULL, K(UI_KEY_RIGHT) },
	{ ACT_PGUP, ALL, MOVE, "PgUp PgDn", NULL, "a page", K(UI_KEY_PGUP, CTRL('b')) },
	{ ACT_PGDN, ALL, MOVE, NULL, NULL, NULL, K(UI_KEY_PGDN, CTRL('f')) },
	{ ACT_HOME, ALL, MOVE, "Home End g G", NULL, "first, last", K(UI_KEY_HOME, 'g') },
	{ ACT_END, ALL, MOVE, NULL, NULL, NULL, K(UI_KEY_END, 'G') },
	{ ACT_ENTER, KEYS_OPEN, MOVE, "Enter", "open", "open what is selected", K(UI_KEY_ENTER) },
	{ ACT_BACK, ALL, MOVE, "Esc Backspace", NULL, "back; clears the filter",
	  K(UI_KEY_ESC, UI_KEY_BACKSPACE) },

	{ ACT_ORDER, KEYS_STACKS, FIND, "F6 s", "Self/total",
	  "blame: sort by self time, by total time", K(UI_KEY_F(6), 's') },
	{ ACT_SORT, KEYS_SORT, FIND, "F6 s", "Sort", "choose the column to sort by",
	  K(UI_KEY_F(6), 's') },
	{ ACT_SORT_LEFT, KEYS_SORT, FIND, "< >", NULL, "sort by the column to the left, right",
	  K('<', ',') },
	{ ACT_SORT_RIGHT, KEYS_SORT, FIND, NULL, NULL, NULL, K('>', '.') },
	{ ACT_SORT_DELAY, KEYS_SORT, FIND, "W H B", NULL, "sort by delay, hold, blame", K('W') },
	{ ACT_SORT_HOLD, KEYS_SORT, FIND, NULL, NULL, NULL, K('H') },
	{ ACT_SORT_BLAME, KEYS_SORT, FIND, NULL, NULL, NULL, K('B') },
	{ ACT_SORT_NAME, KEYS_SORT, FIND, "N", NULL, "sort by name", K('N') },
	{ ACT_INVERT, KEYS_SORT, FIND, "I", NULL, "turn the order round", K('I') },
	{ ACT_GROUP, KEYS_SORT, FIND, "F5 t", "Pools", "fold threads of a pool: auto, all, none",
	  K(UI_KEY_F(5), 't') },
	{ ACT_FOLD, KEYS_SORT | KEYS_TREE, FIND, "e *", NULL,
	  "fold, unfold this pool, these workers", K('e', '*') },
	{ ACT_BY_PROC, KEYS_SORT, FIND, "Y", NULL, "group threads by process", K('Y') },
	{ ACT_SEARCH, KEYS_FIND, FIND, "F3 /", "Search",
	  "find a row by its text (/ Enter: the next one)", K(UI_KEY_F(3), '/') },
	{ ACT_SEARCH_NEXT, KEYS_FIND, FIND, "n", NULL, "the next one", K('n') },
	{ ACT_FILTER, KEYS_FIND, FIND, "F4 \\", "Filter", "show only rows with this text",
	  K(UI_KEY_F(4), '\\') },
	{ ACT_VIEW, KEYS_STACKS, FIND, "v", "lines/stacks", "blame: functions, lines, whole stacks",
	  K('v') },
	{ ACT_KIND, KEYS_STACKS, FIND, "o", "waits/holds",
	  "blame: of waiting caused, of waiting, of holding", K('o') },

	{ ACT_ZOOM_IN, KEYS_TIME, RUN, "+ -", "zoom", "timeline: shorter, longer time",
	  K('+', '=') },
	{ ACT_ZOOM_OUT, KEYS_TIME, RUN, NULL, NULL, NULL, K('-', '_') },
	{ ACT_SPEED_UP, KEYS_PLAY, RUN, "+ -", NULL,
	  "elsewhere: play faster, slower: 1/4x .. 64x, max", K('+', '=') },
	{ ACT_SPEED_DOWN, KEYS_PLAY, RUN, NULL, NULL, NULL, K('-', '_') },
	{ ACT_FASTER, KEYS_LIVE, RUN, "+ -", NULL, "elsewhere: refresh more, less often",
	  K('+', '=') },
	{ ACT_SLOWER, KEYS_LIVE, RUN, NULL, NULL, NULL, K('-', '_') },
	{ ACT_PAUSE, KEYS_LIVE, RUN, "p Space", "pause",
	  "freeze the picture (it goes on measuring)", K('p', ' ', 'Z') },
	{ ACT_MY_CODE, KEYS_VIEW, RUN, "m", "own code",
	  "own code only: time of libraries goes to their callers", K('m') },
	{ ACT_CUMULATIVE, KEYS_VIEW, RUN, "c", "totals", "since the start, or the last interval",
	  K('c') },
	{ ACT_RESET, KEYS_LIVE, RUN, "r", NULL, "start the totals anew", K('r') },
	{ ACT_GIL_PREV, KEYS_VIEW, RUN, "[ ]", NULL,
	  "another GIL of the process (sub-interpreters)", K('[') },
	{ ACT_GIL_NEXT, KEYS_VIEW, RUN, NULL, NULL, NULL, K(']') },
	{ ACT_PANE, KEYS_PANE, RUN, "T", NULL, "threads: the timeline pane on, off", K('T') },
	{ ACT_WRITE, KEYS_VIEW, RUN, "w", "write", "write this screen to a text file", K('w') },
	{ ACT_PICK, KEYS_LIVE, RUN, "P", NULL, "choose another process", K('P') },
	{ ACT_LIVE_ONLY, KEYS_PLAY, RUN, NULL, NULL, NULL, K('r', 'P') },
	{ ACT_REDRAW, ALL, RUN, "^L", NULL, "draw everything again", K(CTRL('l')) },
	{ ACT_SUSPEND, ALL, RUN, "^Z", NULL, "suspend (fg brings it back)", K(CTRL('z')) },
	{ ACT_QUIT, ALL, RUN, "F10 q ^C", "Quit", "quit", K(UI_KEY_F(10), 'q', CTRL('c')) },
};
const size_t key_cnt = sizeof(key_table) / sizeof(key_table[0]);

const struct key_def *keymap__function_key(unsigned int groups, int n)
{
	for (size_t i = 0; i < key_cnt; i++)
		if (key_table[i].hint && key_table[i].groups & groups &&
		    key_table[i].keys[0] == UI_KEY_F(n))
			return &key_table[i];
	return NULL;
}

enum key_action keymap__action(unsigned int groups, int key)
{
	for (size_t i = 0; i < key_cnt; i++) {
		const struct key_def *k = &key_table[i];

		for (size_t j = 0; j < KEYS_MAX && k->keys[j] && (k->groups & groups); j++)
			if (k->keys[j] == key)
				return k->action;
	}
	return ACT_NONE;
}

/* Does a row before k, of recordings or of what is measured alone, take this key? */
static bool is_taken(const struct key_def *k, int key, unsigned int mode)
{
	for (const struct key_def *d = key_table; d < k; d++)
		for (size_t j = 0; d->groups == mode && j < KEYS_MAX && d->keys[j]; j++)
			if (d->keys[j] == key)
				return true;
	return false;
}

const char *keymap__shown(const struct key_def *k, bool play, char buf[KEYS_SHOWN_SZ])
{
	size_t n = 0;

	buf[0] = '\0';
	if (k->groups == (play ? KEYS_LIVE : KEYS_PLAY))
		return buf;
	for (const char *word = k->shown; word && *word;) {
		size_t len = strcspn(word, " ");

		if ((len > 1 || !is_taken(k, *word, play ? KEYS_PLAY : KEYS_LIVE)) &&
		    n + len + 2 < KEYS_SHOWN_SZ) {
			if (n)
				buf[n++] = ' ';
			memcpy(buf + n, word, len);
			n += len;
		}
		word += len + (word[len] == ' ');
	}
	buf[n] = '\0';
	return buf;
}
