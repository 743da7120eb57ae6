/* SPDX-License-Identifier: BSD-2-Clause */
/* ui_key.c - what a key changes; nothing is drawn here */
#include <stdio.h>
#include <string.h>

#include "tui/cells.h"
#include "tui/draw.h"
#include "tui/list.h"
#include "tui/ui.h"
#include "user/base/util.h"

static size_t page(const struct ui_state *ui)
{
	return ui->h > 14 ? (size_t)ui->h - 12 : 2;
}

/* ---- the prompt for search and filter ---- */

static void search_from(struct ui_state *ui, size_t start)
{
	const struct screen_ops *ops = ui_screens[ui->screen];
	size_t n = ui__row_cnt(ui);
	char buf[1024];

	ui->search_failed = false;
	if (!*ui->search || !ops->text)
		return;
	for (size_t i = 0; i < n; i++) {
		size_t row = (start + i) % n;

		ops->text(ui, row, buf, sizeof(buf));
		if (!ui__matches(ui->search, buf))
			continue;
		ui->sel[ui->screen] = row;
		ui__pin(ui);
		/* What was found stays selected, at the top, too. */
		ui->sel_set |= ui->screen == UI_THREADS && row < ui->row_cnt;
		return;
	}
	ui->search_failed = true;
	snprintf(ui->message, sizeof(ui->message), "not found: %s", ui->search);
}

void ui__search_again(struct ui_state *ui)
{
	ui->message[0] = '\0';
	search_from(ui, ui->sel[ui->screen]);
}

static void prompt_erase(char *text)
{
	size_t n = strlen(text);

	while (n && (text[n - 1] & 0xc0) == 0x80)
		n--;
	text[n ? n - 1 : 0] = '\0';
}

static void prompt_key(struct ui_state *ui, int key)
{
	bool search = ui->prompt == UI_PROMPT_SEARCH;
	char *text = search ? ui->search : ui->filter;
	char enc[4];

	ui->message[0] = '\0';
	if (key == UI_KEY_ENTER) {
		ui->prompt = UI_PROMPT_NONE;
	} else if (key == UI_KEY_ESC) {
		ui->prompt = UI_PROMPT_NONE;
		text[0] = '\0';
	} else if (key == UI_KEY_BACKSPACE || key == UI_KEY_DELETE) {
		prompt_erase(text);
	} else if (key == ('u' & 31)) {
		text[0] = '\0';
	} else if (key >= ' ' && key != 0x7f && key < 0x110000) {
		size_t n = strlen(text), len = cells__encode((uint32_t)key, enc);

		if (n + len < UI_TEXT_SZ) {
			memcpy(text + n, enc, len);
			text[n + len] = '\0';
		}
	} else {
		return;
	}
	if (search)
		search_from(ui, ui->sel[ui->screen]);
	ui__refresh(ui);
}

/* ---- overlays ---- */

static void sort_by(struct ui_state *ui, int col)
{
	if (col < 0 || !thread_columns[col].cmp)
		return;
	ui->sort_col = col;
	ui->sort_desc = thread_columns[col].desc;
	ui__refresh(ui);
}

static void sort_step(struct ui_state *ui, int step)
{
	int n = (int)thread_column_cnt, col = ui->sort_col;

	/* Among the columns of the default set, or one sorts by what is not on the screen. */
	do {
		col = (col + step + n) % n;
	} while (!thread_columns[col].cmp || !thread_columns[col].shown);
	sort_by(ui, col);
}

static bool overlay_key(struct ui_state *ui, enum key_action action, int key)
{
	size_t sel = (size_t)ui->sort_menu;

	if (ui->overlay == UI_OVER_HELP) {
		size_t lines = draw__help_lines(), room = ui->h > 2 ? (size_t)ui->h - 2 : 1;

		if (!list__move(action, lines > room ? lines - room + 1 : 1, page(ui),
				&ui->help_top))
			ui->overlay = UI_OVER_NONE;
		return true;
	}
	if (ui->overlay != UI_OVER_SORT)
		return false;
	if (list__move(action, thread_column_cnt, page(ui), &sel)) {
		int step = (int)sel < ui->sort_menu ? -1 : 1;

		/* Pass over what has no order. */
		if (!thread_columns[sel].cmp)
			sel = (size_t)((int)sel + step);
		ui->sort_menu = (int)sel;
		return true;
	}
	ui->overlay = UI_OVER_NONE;
	if (key == UI_KEY_ENTER)
		sort_by(ui, ui->sort_menu);
	else if (action == ACT_INVERT)
		ui->sort_desc = !ui->sort_desc;
	ui__refresh(ui);
	return true;
}

/* ---- everything else ---- */

static enum tui_action go_back(struct ui_state *ui)
{
	if (ui->screen == UI_PICK)
		return TUI_QUIT;
	if (ui->screen >= UI_TAB_CNT)
		ui__goto(ui,
			 ui->back < UI_TAB_CNT || ui->back == UI_DETAIL ? ui->back : UI_THREADS);
	else if (*ui->filter)
		ui->filter[0] = '\0';
	else if (ui->focus_pid) {
		ui->focus_pid = 0;
		ui->past_cnt = 0;
		ui->gil = -1;
	} else {
		ui->sel_set = false;
		ui->sel[ui->screen] = 0;
	}
	ui__refresh(ui);
	return TUI_HANDLED;
}

static enum tui_action change_interval(struct ui_state *ui, int step)
{
	static const uint64_t ms[] = { 100, 200, 500, 1000, 2000, 5000, 10000, 30000, 60000 };
	int n = ARRAY_SIZE(ms), i = 0;

	while (i < n - 1 && ms[i] * 1000000 < ui->interval_ns)
		i++;
	i += step;
	if (i < 0 || i >= n)
		return TUI_HANDLED;
	ui->interval_ns = ms[i] * 1000000;
	return TUI_INTERVAL_CHANGED;
}

static void change_gil(struct ui_state *ui, int step)
{
	const struct snap_proc *p = ui__proc(ui);
	const struct snap_gil *g = ui__gil(ui, p);
	int i;

	if (!g || p->gil_cnt < 2)
		return;
	/* One step beyond the ends is "the busiest". */
	i = ui->gil < 0 ? (step > 0 ? 0 : (int)p->gil_cnt - 1) : (int)(g - p->gils) + step;
	ui->gil = i >= 0 && i < (int)p->gil_cnt ? (int)p->gils[i].id : -1;
	ui->past_cnt = 0;
}

static enum tui_action toggle_pause(struct ui_state *ui)
{
	ui->paused = !ui->paused;
	if (!ui->paused)
		ui->scroll_ns = 0;
	return TUI_PAUSE_CHANGED;
}

static void change_screen(struct ui_state *ui, enum key_action action)
{
	int from = ui->screen < UI_TAB_CNT ? (int)ui->screen : (int)ui->back;
	int to = (int)action - ACT_SCREEN_1;

	if (from >= UI_TAB_CNT)
		from = 0;
	if (action == ACT_NEXT_SCREEN)
		to = (from + 1) % UI_TAB_CNT;
	else if (action == ACT_PREV_SCREEN)
		to = (from + UI_TAB_CNT - 1) % UI_TAB_CNT;
	ui__goto(ui, (enum ui_screen)to);
}

static bool sort_key(struct ui_state *ui, enum key_action action)
{
	switch (action) {
	case ACT_SORT:
		ui->overlay = UI_OVER_SORT;
		ui->sort_menu = ui->sort_col;
		return true;
	case ACT_SORT_LEFT: sort_step(ui, -1); return true;
	case ACT_SORT_RIGHT: sort_step(ui, 1); return true;
	case ACT_SORT_DELAY: sort_by(ui, columns__find("delay")); return true;
	case ACT_SORT_HOLD: sort_by(ui, columns__find("hold")); return true;
	case ACT_SORT_BLAME: sort_by(ui, columns__find("blame")); return true;
	case ACT_SORT_NAME: sort_by(ui, columns__find("thread")); return true;
	case ACT_INVERT: ui->sort_desc = !ui->sort_desc; return true;
	case ACT_GROUP: ui->grouped = !ui->grouped; return true;
	default: return false;
	}
}

static enum tui_action common_key(struct ui_state *ui, enum key_action action)
{
	switch (action) {
	case ACT_QUIT: return TUI_QUIT;
	case ACT_SUSPEND: return TUI_SUSPEND;
	case ACT_REDRAW: return TUI_REDRAW;
	case ACT_WRITE: return TUI_WRITE;
	case ACT_PICK: return TUI_PICK_PID;
	case ACT_RESET: ui->past_cnt = 0; return TUI_RESET;
	case ACT_FASTER: return change_interval(ui, -1);
	case ACT_SLOWER: return change_interval(ui, 1);
	case ACT_PAUSE: return toggle_pause(ui);
	case ACT_BACK: return go_back(ui);
	case ACT_HELP:
		ui->overlay = UI_OVER_HELP;
		ui->help_top = 0;
		break;
	case ACT_SEARCH:
		ui->prompt = UI_PROMPT_SEARCH;
		ui->search[0] = '\0';
		break;
	case ACT_FILTER: ui->prompt = UI_PROMPT_FILTER; break;
	case ACT_SEARCH_NEXT: search_from(ui, ui->sel[ui->screen] + 1); break;
	case ACT_CUMULATIVE: ui->cumulative = !ui->cumulative; break;
	case ACT_PANE: ui->pane = !ui->pane; break;
	case ACT_GIL_PREV: change_gil(ui, -1); break;
	case ACT_GIL_NEXT: change_gil(ui, 1); break;
	default: return TUI_NONE;
	}
	return TUI_HANDLED;
}

enum tui_action ui__key(struct ui_state *ui, int key)
{
	enum key_action action = keymap__action(ui->screen, key);
	const struct screen_ops *ops = ui_screens[ui->screen];
	bool was_paused = ui->paused;
	enum tui_action ret;
	size_t n;

	if (key == ('c' & 31))
		return TUI_QUIT;
	if (ui->prompt && action != ACT_SUSPEND && action != ACT_REDRAW) {
		prompt_key(ui, key);
		return TUI_HANDLED;
	}
	ui->message[0] = '\0';
	if (ui->overlay && action != ACT_SUSPEND && action != ACT_REDRAW &&
	    overlay_key(ui, action, key))
		return TUI_HANDLED;
	if (ops->key && ops->key(ui, action)) {
		ui__refresh(ui);
		if (ui->screen == UI_PICK && action == ACT_ENTER)
			return TUI_PICKED;
		return ui->paused != was_paused ? TUI_PAUSE_CHANGED : TUI_HANDLED;
	}
	ret = common_key(ui, action);
	if (ret != TUI_NONE) {
		ui__refresh(ui);
		return ret;
	}
	if (sort_key(ui, action)) {
		ui__refresh(ui);
		return TUI_HANDLED;
	}
	if (action >= ACT_SCREEN_1 && action <= ACT_PREV_SCREEN) {
		change_screen(ui, action);
		return TUI_HANDLED;
	}
	n = ui__row_cnt(ui);
	if (list__move(action, n, page(ui), &ui->sel[ui->screen]))
		ui__pin(ui);
	return TUI_HANDLED;
}
