/* SPDX-License-Identifier: BSD-2-Clause */
#include "tui/overlay.h"

#include <stdio.h>
#include <string.h>

#include "tui/draw.h"
#include "tui/list.h"
#include "user/view/columns.h"

/* One line of the help: keys and what they do, or a heading (help NULL). */
struct help_line {
	const char *shown, *help;
};

#define HELP_MAX 96

static size_t help_lines(const struct ui_state *ui, struct help_line *ret)
{
	static const char numbers[][2] = { "1", "2", "3", "4", "5", "6", "7", "8", "9" };
	const char *group = "";
	size_t n = 0;

	for (size_t i = 0; i < key_cnt && n + 2 + UI_TAB_CNT < HELP_MAX; i++) {
		const struct key_def *k = &key_table[i];

		if (k->help && strcmp(group, k->group)) {
			group = k->group;
			ret[n++] = (struct help_line){ .shown = group };
		}
		for (size_t s = 0; k->action == ACT_SCREEN && s < UI_TAB_CNT; s++)
			ret[n++] = (struct help_line){ numbers[s], ui->screens[s].ops->help };
		if (k->help)
			ret[n++] = (struct help_line){ k->shown, k->help };
	}
	return n;
}

/* What the columns and glyphs mean, after the keys. */
static size_t legend(const struct canvas *c, char lines[][96])
{
	size_t n = 0;

	snprintf(lines[n++], 96,
		 c->unicode ? "█ H holds the GIL   ▒ W waits for it   ▚ Y gives it away"
			    : "# H holds the GIL   w W waits for it   y Y gives it away");
	snprintf(lines[n++], 96,
		 c->unicode ? "─ r runs without it (I/O, native code, idle)   x has ended"
			    : "- r runs without it (I/O, native code, idle)   x has ended");
	snprintf(lines[n++], 96, "load: how many threads hold the GIL or wait for it, on average");
	snprintf(lines[n++], 96, "gap: from letting go to the next taking over, on average");
	snprintf(lines[n++], 96, "?: not known or not measured; -: there was none");
	for (size_t i = 0; i < thread_column_cnt && n < 32; i++)
		if (thread_columns[i].shown)
			snprintf(lines[n++], 96, "%-8s %.80s", thread_columns[i].title,
				 thread_columns[i].help);
	return n;
}

static void draw_help(const struct ui_state *ui, struct canvas *c)
{
	struct help_line lines[HELP_MAX];
	char words[32][96];
	size_t n = help_lines(ui, lines), total = n + 1 + legend(c, words), top = ui->help_top;
	struct rect r = draw__box(c, (int)total + 2, 78, "Help: any other key closes");

	if (r.h < 1 || r.w < 20)
		return;
	if (top + (size_t)r.h > total)
		top = total > (size_t)r.h ? total - (size_t)r.h : 0;
	for (int y = 0; y < r.h && top + (size_t)y < total; y++) {
		size_t i = top + (size_t)y;

		if (i >= n) {
			canvas__puts(c, r.y + y, r.x, r.w, i == n ? ROLE_HEAD : ROLE_NORMAL,
				     i == n ? "What is shown" : words[i - n - 1]);
		} else if (!lines[i].help) {
			canvas__puts(c, r.y + y, r.x, r.w, ROLE_HEAD, lines[i].shown);
		} else {
			canvas__puts(c, r.y + y, r.x, 16, ROLE_KEY, lines[i].shown);
			canvas__puts(c, r.y + y, r.x + 17, r.w - 17, ROLE_NORMAL, lines[i].help);
		}
	}
	list__position(c, r.y + r.h, r.x + r.w, top, total, r.h);
}

static void draw_sort_menu(const struct ui_state *ui, struct canvas *c)
{
	size_t cols[64], n = 0, at = 0, top;
	struct rect r;

	for (size_t i = 0; i < thread_column_cnt && n < 64; i++) {
		if (!thread_columns[i].cmp)
			continue;
		at = (int)i == ui->sort_menu ? n : at;
		cols[n++] = i;
	}
	r = draw__box(c, (int)n + 2, 78, "Sort by: Enter, or Esc");
	top = list__top(at, n, r.h);
	for (int y = 0; y < r.h && top + (size_t)y < n; y++) {
		size_t i = cols[top + (size_t)y];
		const struct column *col = &thread_columns[i];

		canvas__puts(c, r.y + y, r.x, 1, ROLE_KEY, (int)i == ui->sort_col ? "*" : " ");
		canvas__puts(c, r.y + y, r.x + 2, 9, ROLE_HEAD, col->title);
		canvas__puts(c, r.y + y, r.x + 12, r.w - 12, ROLE_NORMAL, col->help);
		if ((int)i == ui->sort_menu)
			canvas__select(c, r.y + y, r.x, r.w);
	}
	list__position(c, r.y + r.h, r.x + r.w, top, n, r.h);
}

void overlay__draw(const struct ui_state *ui, struct canvas *c)
{
	if (ui->overlay == UI_OVER_HELP)
		draw_help(ui, c);
	else if (ui->overlay == UI_OVER_SORT)
		draw_sort_menu(ui, c);
}

static void help_key(struct ui_state *ui, enum key_action action, size_t page)
{
	static const struct canvas ascii;
	struct help_line lines[HELP_MAX];
	char words[32][96];
	size_t total = help_lines(ui, lines) + 1 + legend(&ascii, words);
	size_t room = ui->h > 2 ? (size_t)ui->h - 2 : 1;

	if (!list__move(action, total > room ? total - room + 1 : 1, page, &ui->help_top))
		ui->overlay = UI_OVER_NONE;
}

static void sort_menu_key(struct ui_state *ui, enum key_action action, int key, size_t page)
{
	size_t sel = (size_t)ui->sort_menu;

	if (list__move(action, thread_column_cnt, page, &sel)) {
		int step = (int)sel < ui->sort_menu ? -1 : 1;

		/* Pass over what has no order. */
		if (!thread_columns[sel].cmp)
			sel = (size_t)((int)sel + step);
		ui->sort_menu = (int)sel;
		return;
	}
	ui->overlay = UI_OVER_NONE;
	if (key == UI_KEY_ENTER)
		ui__sort_by(ui, ui->sort_menu);
	else if (action == ACT_INVERT)
		ui->sort_desc = !ui->sort_desc;
	ui__refresh(ui);
}

void overlay__key(struct ui_state *ui, enum key_action action, int key, size_t page)
{
	if (ui->overlay == UI_OVER_HELP)
		help_key(ui, action, page);
	else
		sort_menu_key(ui, action, key, page);
}
