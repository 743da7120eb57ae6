/* SPDX-License-Identifier: BSD-2-Clause */
/* Every change has its effect at once; what was changed here, and only that, goes into what is kept: an
 * option of the command line is for one run.
 */
#include "tui/setup.h"

#include <stdio.h>

#include "tui/draw.h"
#include "tui/list.h"
#include "user/base/util.h"
#include "user/view/columns.h"

/* The rows: these, then one for each column. */
enum setup_row { ROW_SCHEME, ROW_SCREEN, ROW_GROUP, ROW_MY_CODE, ROW_MOUSE, ROW_SORT, ROW_COLUMNS };

static const struct {
	const char *name, *help;
} choices[ROW_COLUMNS] = {
	[ROW_SCHEME] = { "Colours", NULL },
	[ROW_SCREEN] = { "First screen", "what is shown at the start" },
	[ROW_GROUP] = { "Pools", NULL },
	[ROW_MY_CODE] = { "Own code only", "time of libraries goes to their callers" },
	[ROW_MOUSE] = { "Mouse", "click, wheel; to copy and paste hold Shift" },
	[ROW_SORT] = { "Sort by", "the order of the threads" },
};

#define NAME_W	15
#define VALUE_W 15

/* As it is now, wherever it is. */
static struct tui_settings settings_now(const struct ui_state *ui)
{
	struct tui_settings s = ui->set;

	s.group = ui->group;
	s.my_code = ui->my_code;
	s.sort = ui->sort_col + 1;
	return s;
}

void setup__open(struct ui_state *ui)
{
	ui->overlay = UI_OVER_SETUP;
	ui->setup_sel = 0;
	ui->opened = settings_now(ui);
}

/* ---- drawing ---- */

static const char *value_of(const struct ui_state *ui, enum setup_row row)
{
	switch (row) {
	case ROW_SCHEME: return tui_settings__scheme_name(ui->set.scheme);
	case ROW_SCREEN: return ui->screens[ui->set.screen].ops->name;
	case ROW_GROUP: return tui_settings__group_name(ui->group);
	case ROW_MY_CODE: return ui->my_code ? "on" : "off";
	case ROW_MOUSE: return ui->set.mouse ? "on" : "off";
	default: return thread_columns[ui->sort_col].title;
	}
}

static const char *group_help(int group)
{
	static const char *const words[] = { "threads of a pool that ended in one row",
					     "all threads of a pool in one row",
					     "a row for each thread" };

	return words[group];
}

/* The states as they look now. */
static void draw_sample(struct canvas *c, int y, int x, int right)
{
	static const struct {
		enum role role;
		const char *wide, *ascii;
	} states[] = {
		{ ROLE_HOLD, "██ hold", "## hold" },
		{ ROLE_WAIT, "▒▒ wait", "ww wait" },
		{ ROLE_YIELD, "▚▚ yield", "yy yield" },
		{ ROLE_RELEASED, "── without", "-- without" },
	};

	for (size_t i = 0; i < ARRAY_SIZE(states) && x < right; i++)
		x += canvas__puts(c, y, x, right - x, states[i].role,
				  c->unicode ? states[i].wide : states[i].ascii) +
		     1;
}

static void draw_choice(const struct ui_state *ui, struct canvas *c, int y, struct rect r,
			enum setup_row row)
{
	int x = r.x + NAME_W;

	canvas__puts(c, y, r.x, NAME_W - 1, ROLE_HEAD, choices[row].name);
	canvas__puts(c, y, x, VALUE_W - 1, ROLE_KEY, value_of(ui, row));
	x += VALUE_W;
	if (row == ROW_SCHEME)
		draw_sample(c, y, x, r.x + r.w);
	else
		canvas__puts(c, y, x, r.x + r.w - x, ROLE_NORMAL,
			     row == ROW_GROUP ? group_help(ui->group) : choices[row].help);
}

static void draw_column(const struct ui_state *ui, struct canvas *c, int y, struct rect r,
			size_t place)
{
	size_t col = ui->set.order[place];
	int x = r.x + NAME_W;

	if (!place)
		canvas__puts(c, y, r.x, NAME_W - 1, ROLE_HEAD, "Columns");
	canvas__puts(c, y, x, 3, ROLE_KEY, tui_settings__shows(&ui->set, col) ? "[x]" : "[ ]");
	canvas__puts(c, y, x + 4, VALUE_W - 5, ROLE_KEY, thread_columns[col].title);
	x += VALUE_W;
	canvas__puts(c, y, x, r.x + r.w - x, ROLE_NORMAL, thread_columns[col].help);
}

void setup__draw(const struct ui_state *ui, struct canvas *c)
{
	size_t n = ROW_COLUMNS + ui->set.order_cnt;
	const char *title = *ui->message ? ui->message
			    : c->w < 80
				    ? "Setup: Space changes, arrows move, Esc ends"
				    : "Setup: Space changes, Left Right move a column, Esc ends";
	struct list_rows l = list__rows(c, draw__box(c, (int)n + 2, 78, title), ui->setup_sel, n);

	if (l.r.w < NAME_W + VALUE_W)
		return;
	while (list__next(&l)) {
		if (l.i < ROW_COLUMNS)
			draw_choice(ui, c, l.y, l.r, (enum setup_row)l.i);
		else
			draw_column(ui, c, l.y, l.r, l.i - ROW_COLUMNS);
	}
	list__position(c, l.r.y + l.r.h, l.r.x + l.r.w, l.top, n, l.r.h);
}

/* ---- keys ---- */

static int turn(int value, int step, int cnt)
{
	return (value + step + cnt) % cnt;
}

static void sort_by_next(struct ui_state *ui, int step)
{
	int col = ui->sort_col;

	do
		col = turn(col, step, (int)ui->set.order_cnt);
	while (!thread_columns[col].cmp);
	ui__sort_by(ui, col);
}

static enum tui_action change(struct ui_state *ui, enum setup_row row, int step)
{
	switch (row) {
	case ROW_SCHEME: ui->set.scheme = turn(ui->set.scheme, step, TUI_SCHEME_CNT); break;
	case ROW_SCREEN: ui->set.screen = turn(ui->set.screen, step, UI_TAB_CNT); break;
	case ROW_GROUP: ui->group = turn(ui->group, step, 3); break;
	case ROW_MOUSE: ui->set.mouse = !ui->set.mouse; break;
	case ROW_SORT: sort_by_next(ui, step); break;
	case ROW_MY_CODE: ui->my_code = !ui->my_code; return TUI_MY_CODE;
	default: break;
	}
	return TUI_HANDLED;
}

static enum tui_action close_it(struct ui_state *ui)
{
	struct tui_settings now = settings_now(ui);

	ui->overlay = UI_OVER_NONE;
	if (tui_settings__equal(&ui->opened, &now))
		return TUI_HANDLED;
	tui_settings__take(&ui->saved, &ui->opened, &now);
	return TUI_SETTINGS;
}

enum tui_action setup__key(struct ui_state *ui, enum key_action action, int key, size_t page)
{
	size_t n = ROW_COLUMNS + ui->set.order_cnt, place = ui->setup_sel - ROW_COLUMNS;
	int step = key == UI_KEY_LEFT ? -1 : 1;
	enum tui_action ret = TUI_HANDLED;

	if (list__move(action, n, page, &ui->setup_sel))
		return TUI_HANDLED;
	if (action == ACT_BACK || action == ACT_QUIT || action == ACT_SETUP) {
		ret = close_it(ui);
	} else if (key == UI_KEY_LEFT || key == UI_KEY_RIGHT) {
		if (ui->setup_sel < ROW_COLUMNS)
			ret = change(ui, (enum setup_row)ui->setup_sel, step);
		else
			ui->setup_sel =
				ROW_COLUMNS + tui_settings__move_column(&ui->set, place, step);
	} else if (key == UI_KEY_ENTER || key == ' ') {
		if (ui->setup_sel < ROW_COLUMNS)
			ret = change(ui, (enum setup_row)ui->setup_sel, 1);
		else if (!tui_settings__toggle_column(&ui->set, place))
			snprintf(ui->message, sizeof(ui->message), "one column must stay");
	}
	ui__refresh(ui);
	return ret;
}

enum tui_action setup__click(struct ui_state *ui, size_t row)
{
	if (row == ui->setup_sel)
		return setup__key(ui, ACT_NONE, ' ', 1);
	if (row < ROW_COLUMNS + ui->set.order_cnt)
		ui->setup_sel = row;
	return TUI_HANDLED;
}
