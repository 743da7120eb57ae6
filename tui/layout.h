/* SPDX-License-Identifier: BSD-2-Clause */
/* layout.h - who gets which part of the screen: sizes in, rectangles out
 *
 * Pure. What matters least goes first when there is no room; nothing is ever drawn in half.
 */
#ifndef GILTOP_TUI_LAYOUT_H
#define GILTOP_TUI_LAYOUT_H

#include <stdbool.h>
#include <stddef.h>

#include "tui/canvas.h"
#include "tui/tui_settings.h"
#include "user/view/columns.h"

/* 80x24 is complete. Below this there is room for one line of text only. */
#define LAYOUT_MIN_W 60
#define LAYOUT_MIN_H 12

/* Line numbers; -1: not shown. */
struct layout {
	bool one_line;
	int title, gil, spark, headline, who, rule;
	int who_h,
		advice_h; /* lines of the sentence, and below it of what to do; they may share them */
	struct rect body;
	int hints, tabs;
};

struct layout layout__frame(int h, int w);
/* How many threads the timeline pane above a table of thread_cnt rows shows; 0: no pane. It takes
 * two lines more (owner, rule).
 */
int layout__pane_threads(int body_h, size_t thread_cnt);

#define LAYOUT_PANE_MAX 8

/* Lines that make others wait, with a title, in what the table has left over of the body; 0: none. */
int layout__culprits(int left);

struct column_fit {
	const struct column *col;
	int x, w;
};

/* Place the columns that fit into width, by priority, one cell apart; the last one that grows takes
 * the rest, the others that grow up to 8 cells more. always: index of a column that is not dropped
 * (sorted by), or -1; extra: bit i adds column i to those of the settings (complete ones). Those that
 * the user has added are dropped late. Returns how many.
 */
size_t layout__columns(int width, const struct tui_settings *set, int always,
		       unsigned long long extra, struct column_fit *ret, size_t max);

#endif
