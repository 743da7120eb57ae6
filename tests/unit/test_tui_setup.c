/* SPDX-License-Identifier: BSD-2-Clause */
/* test_tui_setup.c - what F2 and the mouse do, and settings that come from anywhere */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <locale.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "tests/unit/tui_stage.h"
#include "tui/layout.h"
#include "user/base/sbuf.h"
#include "user/base/util.h"

/* The first column of the table that is shown. */
static const char *first_column(const struct stage *st)
{
	struct column_fit fit[32];

	assert_true(layout__columns(132, &st->ui.set, st->ui.sort_col, 0, fit, 32) > 0);
	return fit[0].col->name;
}

static void the_setup_changes_at_once_and_keeps_what_was_changed(void **state)
{
	static struct stage st;
	struct ui_state *ui = &st.ui;

	(void)state;
	stage__open(&st, true, 43, 132);
	/* Nothing is changed: nothing is to be kept. */
	assert_int_equal(ui__key(ui, UI_KEY_F(2)), TUI_HANDLED);
	assert_int_equal(ui->overlay, UI_OVER_SETUP);
	assert_int_equal(ui__key(ui, UI_KEY_ESC), TUI_HANDLED);
	assert_int_equal(ui->overlay, UI_OVER_NONE);
	/* What was chosen by a key, or on the command line, is not kept with it. */
	keys(&st, "tSj");
	assert_int_equal(ui__key(ui, UI_KEY_RIGHT), TUI_HANDLED);
	assert_int_equal(ui__key(ui, UI_KEY_RIGHT), TUI_HANDLED);
	assert_int_equal(ui->set.screen, UI_BLAME);
	assert_int_equal(ui->saved.screen, 0);
	assert_int_equal(ui__key(ui, UI_KEY_ESC), TUI_SETTINGS);
	assert_int_equal(ui->saved.screen, UI_BLAME);
	assert_int_equal(ui->group, 1);
	assert_int_equal(ui->saved.group, 0);
	assert_int_equal(ui->screen, UI_THREADS);
	/* Own code is the session's to apply, at once. */
	keys(&st, "Sjjj");
	assert_int_equal(ui__key(ui, ' '), TUI_MY_CODE);
	assert_int_equal(ui__key(ui, 'q'), TUI_SETTINGS);
	assert_true(ui->my_code && ui->saved.my_code);
	/* The first column goes; THREAD, behind it, moves to the left of PID, which is not shown. */
	assert_string_equal(first_column(&st), "tid");
	keys(&st, "Sjjjjjjj ");
	assert_string_equal(first_column(&st), "thread");
	keys(&st, "jj");
	assert_int_equal(ui->set.order[3], columns__find("gil"));
	ui__key(ui, ' ');
	for (int i = 0; i < 9; i++)
		ui__key(ui, UI_KEY_LEFT);
	assert_string_equal(first_column(&st), "gil");
	assert_int_equal(ui__key(ui, UI_KEY_F(2)), TUI_SETTINGS);
	assert_int_equal(ui->saved.order[0], columns__find("gil"));
	stage__close(&st);
}

static void the_table_has_a_column_at_least(void **state)
{
	static struct stage st;
	struct ui_state *ui = &st.ui;

	(void)state;
	stage__open(&st, true, 43, 132);
	keys(&st, "S");
	for (size_t i = 0; i < 6; i++)
		ui__key(ui, UI_KEY_DOWN);
	for (size_t i = 0; i < thread_column_cnt; i++) {
		if (tui_settings__shows(&ui->set, ui->set.order[i]))
			ui__key(ui, ' ');
		ui__key(ui, UI_KEY_DOWN);
	}
	assert_int_not_equal(ui->set.columns, 0);
	assert_int_equal(ui->set.columns & (ui->set.columns - 1), 0);
	/* The last one that is shown refuses. */
	ui__key(ui, UI_KEY_END);
	if (!tui_settings__shows(&ui->set, ui->set.order[thread_column_cnt - 1]))
		ui->set.columns = 1ull << ui->set.order[thread_column_cnt - 1];
	ui__key(ui, ' ');
	assert_string_equal(ui->message, "one column must stay");
	assert_int_not_equal(ui->set.columns, 0);
	stage__close(&st);
}

/* Whatever a file of settings says. */
static void settings_out_of_range_become_whole(void **state)
{
	struct tui_settings s = { 0 };
	unsigned int seed = 3;

	(void)state;
	for (int round = 0; round < 2000; round++) {
		uint64_t seen = 0;

		for (size_t i = 0; i < sizeof(s); i++)
			((unsigned char *)&s)[i] = (unsigned char)rand_r(&seed);
		s.my_code = s.mouse = round & 1;
		if (round & 2)
			s.order_cnt %= 70;
		tui_settings__complete(&s, UI_TAB_CNT);
		assert_int_equal(s.order_cnt, thread_column_cnt);
		for (size_t i = 0; i < s.order_cnt; i++)
			seen |= 1ull << s.order[i];
		assert_true(seen == (1ull << thread_column_cnt) - 1);
		assert_true(s.columns && !(s.columns & ~seen));
		assert_true(s.screen >= 0 && s.screen < UI_TAB_CNT);
		assert_true(s.sort > 0 && thread_columns[s.sort - 1].cmp);
		assert_non_null(tui_settings__scheme_name(s.scheme));
		assert_non_null(tui_settings__group_name(s.group));
	}
}

/* What a click on the first place of the picture with this text means. */
static uint32_t hit_at(struct stage *st, const char *want)
{
	struct canvas c;
	uint32_t hit = UINT32_MAX;

	assert_int_equal(canvas__init(&c, st->ui.h, st->ui.w, false), 0);
	ui__draw(&st->ui, &c);
	for (int y = 0; y < c.h && hit == UINT32_MAX; y++) {
		for (int x = 0; x < c.w && hit == UINT32_MAX; x++) {
			size_t n = 0;

			while (want[n] && canvas__at(&c, y, x + (int)n) &&
			       canvas__at(&c, y, x + (int)n)->ch == (uint32_t)want[n])
				n++;
			if (!want[n])
				hit = canvas__at(&c, y, x)->hit;
		}
	}
	canvas__deinit(&c);
	assert_int_not_equal(hit, UINT32_MAX);
	return hit;
}

static enum tui_action click(struct stage *st, const char *text)
{
	return ui__mouse(&st->ui, UI_MOUSE_CLICK, hit_at(st, text));
}

static enum tui_action double_click(struct stage *st, const char *text)
{
	return ui__mouse(&st->ui, UI_MOUSE_DOUBLE, hit_at(st, text));
}

static void the_mouse_selects_opens_sorts_and_presses_keys(void **state)
{
	static struct stage st;
	struct ui_state *ui = &st.ui;

	(void)state;
	stage__open(&st, false, 30, 132);
	keys(&st, "T"); /* without the pane each name is there once */
	click(&st, "worker-1");
	assert_int_equal(stage__selected_tid(&st), 4244);
	assert_int_equal(ui->screen, UI_THREADS);
	click(&st, "HOLD%");
	assert_int_equal(ui->sort_col, columns__find("hold"));
	assert_true(ui->sort_desc);
	click(&st, "HOLD%");
	assert_false(ui->sort_desc);
	keys(&st, "g");
	ui__mouse(ui, UI_MOUSE_WHEEL_DOWN, 0);
	assert_int_equal(ui->screens[UI_THREADS].sel, 3);
	ui__mouse(ui, UI_MOUSE_WHEEL_UP, 0);
	assert_int_equal(ui->screens[UI_THREADS].sel, 0);
	double_click(&st, "metrics");
	assert_int_equal(ui->screen, UI_DETAIL);
	click(&st, "back");
	assert_int_equal(ui->screen, UI_THREADS);
	click(&st, "3 blame");
	assert_int_equal(ui->screen, UI_BLAME);
	click(&st, "TOTAL%"); /* no column of the threads */
	click(&st, "handle_request");
	assert_int_not_equal(ui->screens[UI_BLAME].sel, 0);
	click(&st, "2 timeline");
	click(&st, "worker-2");
	assert_int_equal(ui->sel_id, 4245);
	assert_int_equal(click(&st, "pause"), TUI_PAUSE_CHANGED);
	/* In an overlay: its own rows, and nothing of what is below. */
	click(&st, "F2Setup");
	assert_int_equal(ui->overlay, UI_OVER_SETUP);
	click(&st, "Mouse");
	assert_false(ui->set.mouse);
	click(&st, "Mouse");
	assert_true(ui->set.mouse);
	keys(&st, "\0331s");
	assert_int_equal(hit_at(&st, "GIL  held"), 0);
	double_click(&st, "YIELD/s");
	assert_int_equal(ui->sort_col, columns__find("yields"));
	assert_int_equal(ui->overlay, UI_OVER_NONE);
	/* A prompt takes keys alone. */
	keys(&st, "/");
	assert_int_equal(click(&st, "3 blame"), TUI_HANDLED);
	assert_int_equal(ui->prompt, UI_PROMPT_SEARCH);
	assert_string_equal(ui->search, "");
	keys(&st, "\033");
	assert_int_equal(click(&st, "Quit"), TUI_QUIT);
	stage__close(&st);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_setup_changes_at_once_and_keeps_what_was_changed),
		cmocka_unit_test(the_table_has_a_column_at_least),
		cmocka_unit_test(settings_out_of_range_become_whole),
		cmocka_unit_test(the_mouse_selects_opens_sorts_and_presses_keys),
	};

	setlocale(LC_ALL, "C.UTF-8");
	return cmocka_run_group_tests(tests, NULL, NULL);
}
