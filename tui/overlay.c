/* SPDX-License-Identifier: BSD-2-Clause */
#include "tui/overlay.h"

#include <string.h>

#include "tui/draw.h"
#include "tui/list.h"
#include "tui/setup.h"
#include "user/base/util.h"
#include "user/view/columns.h"

/* One line of the help: a word of so many cells with its meaning (help NULL: a line of text). */
struct help_line {
	const char *shown; /* NULL: it is in keys */
	const char *help;
	enum role role;
	int w;
	char keys[KEYS_SHOWN_SZ];
};

#define HELP_MAX 128

static size_t help_keys(const struct ui_state *ui, struct help_line *ret)
{
	static const char numbers[][2] = { "1", "2", "3", "4", "5", "6", "7", "8", "9" };
	const char *group = "";
	size_t n = 0;

	for (size_t i = 0; i < key_cnt && n + 2 + UI_TAB_CNT < HELP_MAX; i++) {
		const struct key_def *k = &key_table[i];
		struct help_line line = { NULL, k->help, ROLE_KEY, 16, "" };

		for (size_t s = 0; k->action == ACT_SCREEN && s < UI_TAB_CNT; s++)
			ret[n++] = (struct help_line){ numbers[s], ui->screens[s].ops->help,
						       ROLE_KEY, 16, "" };
		if (!k->help || !*keymap__shown(k, ui->player.on, line.keys))
			continue;
		if (strcmp(group, k->group)) {
			group = k->group;
			ret[n++] = (struct help_line){ group, NULL, ROLE_HEAD, 0, "" };
		}
		ret[n++] = line;
	}
	return n;
}

/* The keys, then what the columns and glyphs mean. */
static size_t help_lines(const struct ui_state *ui, struct help_line *ret)
{
	const char *const words[] = {
		ui->unicode ? "█ H holds the GIL   ▒ W waits for it   ▚ Y gives it away"
			    : "# H holds the GIL   w W waits for it   y Y gives it away",
		ui->unicode ? "─ r runs without it (I/O, native code, idle)   x has ended"
			    : "- r runs without it (I/O, native code, idle)   x has ended",
		"load: how many threads hold the GIL or wait for it, on average",
		"gap: from letting go to the next taking over, on average",
		"?: not known or not measured; -: there was none",
		"~: a share or line that rests on less than ten looks: a rough one",
	};
	size_t n = help_keys(ui, ret);

	for (size_t i = 0; i <= ARRAY_SIZE(words) && n < HELP_MAX; i++)
		ret[n++] = i ? (struct help_line){ words[i - 1], NULL, ROLE_NORMAL, 0, "" }
			     : (struct help_line){ "What is shown", NULL, ROLE_HEAD, 0, "" };
	for (size_t i = 0; i < thread_column_cnt && n < HELP_MAX; i++)
		if (tui_settings__shows(&ui->set, i))
			ret[n++] = (struct help_line){ thread_columns[i].title,
						       thread_columns[i].help, ROLE_NORMAL, 8, "" };
	return n;
}

static void draw_help(const struct ui_state *ui, struct canvas *c)
{
	struct help_line lines[HELP_MAX];
	size_t total = help_lines(ui, lines), top = ui->help_top;
	struct rect r = draw__box(c, (int)total + 2, 78, "Help: any other key closes");

	if (r.h < 1 || r.w < 20)
		return;
	if (top + (size_t)r.h > total)
		top = total > (size_t)r.h ? total - (size_t)r.h : 0;
	for (int y = 0; y < r.h && top + (size_t)y < total; y++) {
		const struct help_line *l = &lines[top + (size_t)y];

		canvas__puts(c, r.y + y, r.x, l->help ? l->w : r.w, l->role,
			     l->shown ? l->shown : l->keys);
		if (l->help)
			canvas__puts(c, r.y + y, r.x + l->w + 1, r.w - l->w - 1, ROLE_NORMAL,
				     l->help);
	}
	list__position(c, r.y + r.h, r.x + r.w, top, total, r.h);
}

static void draw_sort_menu(const struct ui_state *ui, struct canvas *c)
{
	size_t cols[64] = { 0 }, n = 0, at = 0;
	struct list_rows l;

	for (size_t i = 0; i < thread_column_cnt && n < 64; i++) {
		if (!thread_columns[i].cmp)
			continue;
		at = (int)i == ui->sort_menu ? n : at;
		cols[n++] = i;
	}
	l = list__rows(c, draw__box(c, (int)n + 2, 78, "Sort by: Enter, or Esc"), at, n);
	while (list__next(&l)) {
		size_t i = cols[l.i];
		const struct column *col = &thread_columns[i];

		canvas__puts(c, l.y, l.r.x, 1, ROLE_KEY, (int)i == ui->sort_col ? "*" : " ");
		canvas__puts(c, l.y, l.r.x + 2, 9, ROLE_HEAD, col->title);
		canvas__puts(c, l.y, l.r.x + 12, l.r.w - 12, ROLE_NORMAL, col->help);
	}
	list__position(c, l.r.y + l.r.h, l.r.x + l.r.w, l.top, n, l.r.h);
}

void overlay__draw(const struct ui_state *ui, struct canvas *c)
{
	/* What lies below cannot be clicked. */
	for (int y = 0; y < c->h && ui->overlay; y++)
		canvas__hit(c, y, 0, c->w, 0);
	if (ui->overlay == UI_OVER_HELP)
		draw_help(ui, c);
	else if (ui->overlay == UI_OVER_SORT)
		draw_sort_menu(ui, c);
	else if (ui->overlay == UI_OVER_SETUP)
		setup__draw(ui, c);
}

static void help_key(struct ui_state *ui, enum key_action action, size_t page)
{
	struct help_line lines[HELP_MAX];
	size_t total = help_lines(ui, lines);
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

enum tui_action overlay__key(struct ui_state *ui, enum key_action action, int key, size_t page)
{
	switch (ui->overlay) {
	case UI_OVER_SETUP: return setup__key(ui, action, key, page);
	case UI_OVER_HELP: help_key(ui, action, page); break;
	default: sort_menu_key(ui, action, key, page); break;
	}
	return TUI_HANDLED;
}

enum tui_action overlay__click(struct ui_state *ui, size_t row, bool twice)
{
	size_t n = 0;

	if (ui->overlay == UI_OVER_SETUP)
		return setup__click(ui, row);
	for (size_t i = 0; i < thread_column_cnt && ui->overlay == UI_OVER_SORT; i++) {
		if (!thread_columns[i].cmp || n++ != row)
			continue;
		ui->sort_menu = (int)i;
		if (twice)
			sort_menu_key(ui, ACT_NONE, UI_KEY_ENTER, 1);
		break;
	}
	return TUI_HANDLED;
}
