/* SPDX-License-Identifier: BSD-2-Clause */
/* tui_settings.h - what the user has chosen of the live view and may be kept: plain data
 *
 * All zero is "nothing was chosen": the defaults.
 */
#ifndef GILTOP_TUI_TUI_SETTINGS_H
#define GILTOP_TUI_TUI_SETTINGS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define TUI_COLUMN_MAX 64

enum tui_scheme {
	TUI_SCHEME_AUTO, /* as COLORFGBG says, else dark */
	TUI_SCHEME_DARK,
	TUI_SCHEME_LIGHT,
	TUI_SCHEME_MONO,
	TUI_SCHEME_CNT,
};

/* Columns are indices of thread_columns[] (columns.h). */
struct tui_settings {
	uint64_t columns;	       /* bit i: column i is in the table; 0: the default ones */
	uint8_t order[TUI_COLUMN_MAX]; /* from left to right, those that are not shown, too; */
	size_t order_cnt;	       /* .. those not among these come behind them */
	int sort;		       /* column + 1; 0: the default */
	int scheme;		       /* enum tui_scheme */
	int screen;		       /* the first one: 0 is that of key 1 */
	int group;		       /* enum group (view.h): auto, pool, none */
	bool my_code, mouse;
};

/* The same with nothing left open and nothing out of range, wherever it came from: every column has its
 * place, one at least is shown. screen_cnt: how many screens there are.
 */
void tui_settings__complete(struct tui_settings *s, int screen_cnt);
bool tui_settings__equal(const struct tui_settings *a, const struct tui_settings *b);
/* What differs between before and after is taken over into s. */
void tui_settings__take(struct tui_settings *s, const struct tui_settings *before,
			const struct tui_settings *after);
/* Put the column at this place one place further left (-1) or right (1); returns its place now. */
size_t tui_settings__move_column(struct tui_settings *s, size_t place, int step);
/* Show the column at this place, or no longer; false: the last one stays. */
bool tui_settings__toggle_column(struct tui_settings *s, size_t place);
bool tui_settings__shows(const struct tui_settings *s, size_t column);
/* "auto", "dark" ..; NULL: there is no such number. */
const char *tui_settings__scheme_name(int scheme);
const char *tui_settings__group_name(int group);

#endif
