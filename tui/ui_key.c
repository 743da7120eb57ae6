/* SPDX-License-Identifier: BSD-2-Clause */
/* ui_key.c - what a key changes; nothing is drawn here */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "tui/list.h"
#include "tui/overlay.h"
#include "tui/setup.h"
#include "tui/ui.h"
#include "user/base/text.h"
#include "user/base/util.h"
#include "user/view/columns.h"

static size_t page(const struct ui_state *ui)
{
	return ui->h > 14 ? (size_t)ui->h - 12 : 2;
}

/* ---- the prompt for search and filter ---- */

static void prompt_erase(char *text)
{
	size_t n = strlen(text);

	while (n && (text[n - 1] & 0xc0) == 0x80)
		n--;
	text[n ? n - 1 : 0] = '\0';
}

static char *prompt_text(struct ui_state *ui)
{
	switch (ui->prompt) {
	case UI_PROMPT_SEARCH: return ui->search;
	case UI_PROMPT_TIME: return ui->time;
	default: return ui->filter;
	}
}

/* Nothing was typed: the next one of the search before, as with the key for that. */
static void search_again(struct ui_state *ui)
{
	if (*ui->search || !*ui->searched)
		return;
	memcpy(ui->search, ui->searched, sizeof(ui->search));
	ui__search(ui, ui->screens[ui->screen].sel + 1);
}

/* A time that there is not stays in the prompt. */
static void go_to_time(struct ui_state *ui)
{
	uint64_t to;
	int err = *ui->time ? player__time(&ui->player, ui->time, &to) : 0;

	if (err)
		snprintf(ui->message, sizeof(ui->message), "%s",
			 err == -ERANGE ? "the recording has no such moment"
					: "as 90s, 1:30, 14:03:07, 50%, +10s or -1m");
	else
		ui->prompt = UI_PROMPT_NONE;
	if (!err && *ui->time)
		player__seek(&ui->player, to);
}

static void prompt_enter(struct ui_state *ui)
{
	if (ui->prompt == UI_PROMPT_TIME) {
		go_to_time(ui);
		return;
	}
	if (ui->prompt == UI_PROMPT_SEARCH)
		search_again(ui);
	ui->prompt = UI_PROMPT_NONE;
}

static void prompt_key(struct ui_state *ui, int key)
{
	bool search = ui->prompt == UI_PROMPT_SEARCH;
	char *text = prompt_text(ui);
	char enc[4];

	ui->message[0] = '\0';
	if (key == UI_KEY_ENTER) {
		prompt_enter(ui);
		ui__refresh(ui);
		return;
	} else if (key == UI_KEY_ESC) {
		ui->prompt = UI_PROMPT_NONE;
		text[0] = '\0';
	} else if (key == UI_KEY_BACKSPACE || key == UI_KEY_DELETE) {
		prompt_erase(text);
	} else if (key == ('u' & 31)) {
		text[0] = '\0';
	} else if (key >= ' ' && key != 0x7f && key < 0x110000) {
		size_t n = strlen(text), len = utf8_write((uint32_t)key, enc);

		if (n + len < UI_TEXT_SZ) {
			memcpy(text + n, enc, len);
			text[n + len] = '\0';
		}
	} else {
		return;
	}
	if (search)
		ui__search(ui, ui->screens[ui->screen].sel);
	ui__refresh(ui);
}

/* ---- everything else ---- */

static enum tui_action go_back(struct ui_state *ui)
{
	struct screen *s = &ui->screens[ui->screen];

	if (s->ops->question)
		return TUI_QUIT;
	if (ui->screen >= UI_TAB_CNT) {
		ui__goto(ui, ui->tab);
	} else if (*ui->filter) {
		ui->filter[0] = '\0';
	} else if (ui->focus_pid) {
		ui__focus(ui, 0);
	} else {
		ui->sel_set = false;
		s->sel = 0;
	}
	return TUI_HANDLED;
}

static enum tui_action change_interval(struct ui_state *ui, int step)
{
	static const unsigned int ms[] = { 100, 200, 500, 1000, 2000, 5000, 10000, 30000, 60000 };

	return ui__step(ms, ARRAY_SIZE(ms), step, &ui->interval_ns) ? TUI_INTERVAL_CHANGED
								    : TUI_HANDLED;
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
	ui->past.cnt = 0;
}

static enum tui_action toggle_pause(struct ui_state *ui)
{
	ui__set_paused(ui, !ui->paused);
	return TUI_PAUSE_CHANGED;
}

static enum tui_action play(struct ui_state *ui, enum player_command what)
{
	bool was_paused = ui->paused;
	const char *say = player__command(&ui->player, what);

	if (say)
		snprintf(ui->message, sizeof(ui->message), "%s", say);
	ui__set_paused(ui, ui->player.paused);
	return ui->paused && !was_paused ? TUI_PAUSE_CHANGED : TUI_HANDLED;
}

/* Of a recording. */
static enum tui_action player_key(struct ui_state *ui, enum key_action action)
{
	switch (action) {
	case ACT_PLAY: return play(ui, PLAYER_TOGGLE);
	case ACT_STEP_BACK: return play(ui, PLAYER_STEP_BACK);
	case ACT_STEP_ON: return play(ui, PLAYER_STEP_ON);
	case ACT_JUMP_BACK: return play(ui, PLAYER_JUMP_BACK);
	case ACT_JUMP_ON: return play(ui, PLAYER_JUMP_ON);
	case ACT_TO_START: return play(ui, PLAYER_TO_START);
	case ACT_TO_END: return play(ui, PLAYER_TO_END);
	case ACT_TRIGGER_PREV: return play(ui, PLAYER_TRIGGER_PREV);
	case ACT_TRIGGER_NEXT: return play(ui, PLAYER_TRIGGER_NEXT);
	case ACT_SPEED_UP: return play(ui, PLAYER_FASTER);
	case ACT_SPEED_DOWN: return play(ui, PLAYER_SLOWER);
	case ACT_TO_TIME:
		ui->prompt = UI_PROMPT_TIME;
		ui->time[0] = '\0';
		return TUI_HANDLED;
	case ACT_LIVE_ONLY:
		snprintf(ui->message, sizeof(ui->message),
			 "this is a recording: that key is for what is measured now");
		return TUI_HANDLED;
	default: return TUI_NONE;
	}
}

static void sort_step(struct ui_state *ui, int step)
{
	int n = (int)ui->set.order_cnt, place = 0;

	/* Among the columns of the table, or one sorts by what is not on the screen. */
	for (int i = 0; i < n && ui->set.order[place] != ui->sort_col; i++)
		place = i;
	for (int i = 0; i < n; i++) {
		int col;

		place = (place + step + n) % n;
		col = ui->set.order[place];
		if (!thread_columns[col].cmp || !tui_settings__shows(&ui->set, (size_t)col))
			continue;
		ui__sort_by(ui, col);
		return;
	}
}

static void change_group(struct ui_state *ui)
{
	static const char *const words[] = { "threads: those of a pool that ended in one row",
					     "threads: pools folded", "threads: a row for each" };

	ui->group = (ui->group + 1) % (int)ARRAY_SIZE(words);
	memset(ui->folds, 0, sizeof(ui->folds));
	snprintf(ui->message, sizeof(ui->message), "%s", words[ui->group]);
}

static enum tui_action toggle_my_code(struct ui_state *ui)
{
	ui->my_code = !ui->my_code;
	snprintf(ui->message, sizeof(ui->message), "%s",
		 ui->my_code ? "own code only: time goes to the nearest frame outside libraries"
			     : "all code: time goes to the line that ran");
	return TUI_MY_CODE;
}

static enum tui_action common_key(struct ui_state *ui, enum key_action action, int key)
{
	switch (action) {
	case ACT_QUIT: return TUI_QUIT;
	case ACT_SUSPEND: return TUI_SUSPEND;
	case ACT_REDRAW: return TUI_REDRAW;
	case ACT_WRITE: return TUI_WRITE;
	case ACT_PICK: return TUI_PICK_PID;
	case ACT_RESET: ui->past.cnt = 0; return TUI_RESET;
	case ACT_FASTER: return change_interval(ui, -1);
	case ACT_SLOWER: return change_interval(ui, 1);
	case ACT_PAUSE: return toggle_pause(ui);
	case ACT_MY_CODE: return toggle_my_code(ui);
	case ACT_BACK: return go_back(ui);
	case ACT_HELP:
		ui->overlay = UI_OVER_HELP;
		ui->help_top = 0;
		break;
	case ACT_SEARCH:
		ui->prompt = UI_PROMPT_SEARCH;
		if (*ui->search)
			memcpy(ui->searched, ui->search, sizeof(ui->searched));
		ui->search[0] = '\0';
		break;
	case ACT_FILTER: ui->prompt = UI_PROMPT_FILTER; break;
	case ACT_SEARCH_NEXT: ui__search(ui, ui->screens[ui->screen].sel + 1); break;
	case ACT_CUMULATIVE: ui->cumulative = !ui->cumulative; return TUI_TOTALS_CHANGED;
	case ACT_GIL_PREV: change_gil(ui, -1); break;
	case ACT_GIL_NEXT: change_gil(ui, 1); break;
	case ACT_SCREEN:
		if (key - '1' < UI_TAB_CNT)
			ui__goto(ui, (enum ui_screen)(key - '1'));
		break;
	case ACT_NEXT_SCREEN: ui__goto(ui, (ui->tab + 1) % UI_TAB_CNT); break;
	case ACT_PREV_SCREEN: ui__goto(ui, (ui->tab + UI_TAB_CNT - 1) % UI_TAB_CNT); break;
	case ACT_SORT:
		ui->overlay = UI_OVER_SORT;
		ui->sort_menu = ui->sort_col;
		break;
	case ACT_SORT_LEFT: sort_step(ui, -1); break;
	case ACT_SORT_RIGHT: sort_step(ui, 1); break;
	case ACT_SORT_DELAY: ui__sort_by(ui, columns__find("delay")); break;
	case ACT_SORT_HOLD: ui__sort_by(ui, columns__find("hold")); break;
	case ACT_SORT_BLAME: ui__sort_by(ui, columns__find("blame")); break;
	case ACT_SORT_NAME: ui__sort_by(ui, columns__find("thread")); break;
	case ACT_INVERT: ui->sort_desc = !ui->sort_desc; break;
	case ACT_GROUP: change_group(ui); break;
	case ACT_BY_PROC: ui->by_proc = !ui->by_proc; break;
	case ACT_SETUP: setup__open(ui); break;
	default: return player_key(ui, action);
	}
	return TUI_HANDLED;
}

enum tui_action ui__key(struct ui_state *ui, int key)
{
	struct screen *s = &ui->screens[ui->screen];
	enum key_action action = keymap__action(ui__keys(ui), key);
	bool always = action == ACT_SUSPEND || action == ACT_REDRAW;
	enum tui_action ret;

	if (key == ('c' & 31))
		return TUI_QUIT;
	if (ui->prompt && !always) {
		prompt_key(ui, key);
		return TUI_HANDLED;
	}
	ui->message[0] = '\0';
	if (ui->overlay && !always) {
		return overlay__key(ui, action, key, page(ui));
	}
	ret = s->ops->key ? s->ops->key(ui, s, action) : TUI_NONE;
	if (action == ACT_ENTER && s->ops->enter && s->sel < s->cnt)
		ret = s->ops->enter(ui, s);
	if (ret == TUI_NONE)
		ret = common_key(ui, action, key);
	if (ret != TUI_NONE) {
		ui__refresh(ui);
		return ret;
	}
	if (list__move(action, s->cnt, page(ui), &s->sel) && s->ops->chose)
		s->ops->chose(ui, s, false);
	return TUI_HANDLED;
}
