/* SPDX-License-Identifier: BSD-2-Clause */
#include "tui/keymap.h"

#include "tui/ui.h"

#define ON(s)	(1u << (s))
#define ALL	(~0u)
#define TABS	(ALL & ~ON(UI_PICK))
#define THREADS (ON(UI_THREADS))
#define SORTED	THREADS
#define LISTS                                                                                      \
	(ON(UI_THREADS) | ON(UI_TIMELINE) | ON(UI_BLAME) | ON(UI_PROCS) | ON(UI_PICK) |            \
	 ON(UI_LATENCY))
#define STACKS	(ON(UI_BLAME) | ON(UI_TREE))
#define TIME	(ON(UI_TIMELINE))
#define SIDEWAY (ON(UI_MATRIX) | ON(UI_TIMELINE))
#define DRILL	(ON(UI_THREADS) | ON(UI_TIMELINE) | ON(UI_BLAME) | ON(UI_PROCS) | ON(UI_MATRIX))
#define CTRL(c) ((c)&31)

#define MOVE "Move"
#define SHOW "Screens"
#define FIND "Sort and find"
#define RUN  "Measure"

/* The first match wins, so what is special to a screen comes before what holds everywhere. */
const struct key_def key_table[] = {
	{ ACT_HELP, ALL, SHOW, "? F1 h", "help", "this help", { '?', UI_KEY_F1, 'h' } },
	{ ACT_SCREEN_1, TABS, SHOW, "1", NULL, "threads: who waits, who makes them wait", { '1' } },
	{ ACT_SCREEN_2, TABS, SHOW, "2", NULL, "timeline: every hand-over, newest right", { '2' } },
	{ ACT_SCREEN_3, TABS, SHOW, "3", NULL, "blame: the code that makes others wait", { '3' } },
	{ ACT_SCREEN_4, TABS, SHOW, "4", NULL, "who blocks whom: waiters by holders", { '4' } },
	{ ACT_SCREEN_5, TABS, SHOW, "5", NULL, "latency: how long waits and holds take", { '5' } },
	{ ACT_SCREEN_6, TABS, SHOW, "6", NULL, "processes: one row for each", { '6' } },
	{ ACT_NEXT_SCREEN,
	  TABS,
	  SHOW,
	  "Tab",
	  NULL,
	  "next screen (Shift-Tab: the one before)",
	  { UI_KEY_TAB } },
	{ ACT_PREV_SCREEN, TABS, SHOW, NULL, NULL, NULL, { UI_KEY_BACKTAB } },

	{ ACT_UP, ALL, MOVE, "Up Down j k", NULL, "move", { UI_KEY_UP, 'k' } },
	{ ACT_DOWN, ALL, MOVE, NULL, NULL, NULL, { UI_KEY_DOWN, 'j' } },
	{ ACT_LEFT,
	  SIDEWAY,
	  MOVE,
	  "Left Right",
	  NULL,
	  "move across (timeline: back in time, paused)",
	  { UI_KEY_LEFT } },
	{ ACT_RIGHT, SIDEWAY, MOVE, NULL, NULL, NULL, { UI_KEY_RIGHT } },
	{ ACT_PGUP, ALL, MOVE, "PgUp PgDn", NULL, "a page", { UI_KEY_PGUP, CTRL('b') } },
	{ ACT_PGDN, ALL, MOVE, NULL, NULL, NULL, { UI_KEY_PGDN, CTRL('f') } },
	{ ACT_HOME, ALL, MOVE, "Home End g G", NULL, "first, last", { UI_KEY_HOME, 'g' } },
	{ ACT_END, ALL, MOVE, NULL, NULL, NULL, { UI_KEY_END, 'G' } },
	{ ACT_ENTER,
	  DRILL | ON(UI_PICK),
	  MOVE,
	  "Enter",
	  "open",
	  "open what is selected",
	  { UI_KEY_ENTER } },
	{ ACT_BACK,
	  ALL,
	  MOVE,
	  "Esc Backspace",
	  NULL,
	  "back; clears the filter",
	  { UI_KEY_ESC, UI_KEY_BACKSPACE } },

	{ ACT_SORT,
	  SORTED,
	  FIND,
	  "s F6",
	  "sort",
	  "choose the column to sort by",
	  { 's', UI_KEY_F6 } },
	{ ACT_SORT_LEFT,
	  SORTED,
	  FIND,
	  "< >",
	  NULL,
	  "sort by the column to the left, right",
	  { '<', ',' } },
	{ ACT_SORT_RIGHT, SORTED, FIND, NULL, NULL, NULL, { '>', '.' } },
	{ ACT_SORT_DELAY,
	  SORTED,
	  FIND,
	  "W H B N",
	  NULL,
	  "sort by delay, hold, blame, name",
	  { 'W' } },
	{ ACT_SORT_HOLD, SORTED, FIND, NULL, NULL, NULL, { 'H' } },
	{ ACT_SORT_BLAME, SORTED, FIND, NULL, NULL, NULL, { 'B' } },
	{ ACT_SORT_NAME, SORTED, FIND, NULL, NULL, NULL, { 'N' } },
	{ ACT_INVERT, SORTED, FIND, "I", NULL, "turn the order round", { 'I' } },
	{ ACT_GROUP, SORTED, FIND, "t", NULL, "group threads by process", { 't' } },
	{ ACT_SEARCH,
	  LISTS,
	  FIND,
	  "/ F3",
	  "search",
	  "find a row by its text (n: the next one)",
	  { '/', UI_KEY_F3 } },
	{ ACT_SEARCH_NEXT, LISTS, FIND, NULL, NULL, NULL, { 'n' } },
	{ ACT_FILTER,
	  LISTS,
	  FIND,
	  "\\ F4",
	  "filter",
	  "show only rows with this text",
	  { '\\', UI_KEY_F4 } },
	{ ACT_VIEW,
	  STACKS,
	  FIND,
	  "v",
	  "lines/stacks",
	  "blame: functions, lines, whole stacks",
	  { 'v' } },
	{ ACT_KIND,
	  STACKS,
	  FIND,
	  "o",
	  "waits/holds",
	  "blame: of waiting caused, of waiting, of holding",
	  { 'o' } },

	{ ACT_ZOOM_IN, TIME, RUN, "+ -", "zoom", "timeline: shorter, longer time", { '+', '=' } },
	{ ACT_ZOOM_OUT, TIME, RUN, NULL, NULL, NULL, { '-', '_' } },
	{ ACT_FASTER, TABS, RUN, "+ -", NULL, "elsewhere: refresh more, less often", { '+', '=' } },
	{ ACT_SLOWER, TABS, RUN, NULL, NULL, NULL, { '-', '_' } },
	{ ACT_PAUSE,
	  TABS,
	  RUN,
	  "p Space",
	  "pause",
	  "freeze the picture (it goes on measuring)",
	  { 'p', ' ', 'Z' } },
	{ ACT_CUMULATIVE,
	  TABS,
	  RUN,
	  "c",
	  "totals",
	  "since the start, or the last interval",
	  { 'c' } },
	{ ACT_RESET, TABS, RUN, "r", NULL, "start the totals anew", { 'r' } },
	{ ACT_GIL_PREV,
	  TABS,
	  RUN,
	  "[ ]",
	  NULL,
	  "another GIL of the process (sub-interpreters)",
	  { '[' } },
	{ ACT_GIL_NEXT, TABS, RUN, NULL, NULL, NULL, { ']' } },
	{ ACT_PANE, THREADS, RUN, "T", NULL, "threads: the timeline pane on, off", { 'T' } },
	{ ACT_WRITE, TABS, RUN, "w", "write", "write this screen to a text file", { 'w' } },
	{ ACT_PICK, TABS, RUN, "P", NULL, "choose another process", { 'P' } },
	{ ACT_REDRAW, ALL, RUN, "^L", NULL, "draw everything again", { CTRL('l') } },
	{ ACT_SUSPEND, ALL, RUN, "^Z", NULL, "suspend (fg brings it back)", { CTRL('z') } },
	{ ACT_QUIT, ALL, RUN, "q F10 ^C", "quit", "quit", { 'q', UI_KEY_F10, CTRL('c') } },
};
const size_t key_cnt = sizeof(key_table) / sizeof(key_table[0]);

enum key_action keymap__action(unsigned int screen, int key)
{
	for (size_t i = 0; i < key_cnt; i++) {
		const struct key_def *k = &key_table[i];

		for (size_t j = 0; j < KEYS_MAX && k->keys[j] && (k->screens & ON(screen)); j++)
			if (k->keys[j] == key)
				return k->action;
	}
	return ACT_NONE;
}
