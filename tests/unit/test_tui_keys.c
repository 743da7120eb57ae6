/* SPDX-License-Identifier: BSD-2-Clause */
/* What keys do, and that no size, no name and no number of threads is too much. */
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

/* Numbers and names at their worst. */
static void make_hostile(struct fake *f)
{
	static const char *const names[] = {
		"\033]0;pwned\a",
		"",
		"工作者工作者工作者工作者",
		"e\xcc\x81\xcc\x81\xcc\x81\xcc\x81\xcc\x81",
		"\xe2\x80\xae"
		"evil",
		"a\nb\tc\r",
		"%s%n%d",
		"\xff\xfe\xc0\x80",
	};
	static const struct snap_frame frame = { "\033[31m工作工作工作<lambda>%s",
						 "/a/\033[2J/工.py", 4294967295u };
	static const struct snap_frame empty = { "", "", 0 };
	struct snap_proc *p = &f->procs[0];

	for (size_t i = 0; i < ARRAY_SIZE(names); i++)
		f->threads[i].name = names[i];
	f->threads[0].wait_at = f->threads[0].blame_at = &frame;
	f->threads[1].wait_at = f->threads[1].blame_at = &empty;
	f->threads[2].wait_ns = f->threads[2].hold_ns = UINT64_MAX / 2;
	f->threads[3].span_ns = 0;
	f->threads[4].gil = 99;
	f->threads[5].state = SNAP_UNKNOWN;
	f->threads[6].tid = 0;
	f->threads[6].folded_cnt = 4294967295u;
	f->threads[7].state_ns = UINT64_MAX;
	f->stacks[0].frames = &frame;
	f->stacks[0].frame_cnt = 1;
	f->stacks[1].truncated = true;
	f->stacks[2].frame_cnt = 0;
	p->cmdline = names[0];
	p->comm = "";
	p->note = "工\033[0m";
	p->python = "?";
	f->snap.lost_events = f->snap.lost_spans = f->snap.violations = UINT64_MAX;
	f->snap.lost_detail = UINT64_MAX;
}

static void no_size_and_no_name_breaks_a_frame(void **state)
{
	static const char *const ways[] = { "1",     "2", "3", "4", "5",  "6",	 "1\n", "3\n",
					    "3vo\n", "?", "s", "S", "/x", "\\w", "2pp" };
	static struct stage st;

	(void)state;
	stage__open(&st, true, 24, 80);
	make_hostile(&st.now);
	make_hostile(&st.all);
	for (int w = 1; w <= 200; w++) {
		for (int h = 1; h <= 60; h += w > 75 && w % 10 ? 7 : 1) {
			int n = w * 60 + h;
			struct canvas c;

			st.ui.unicode = n % 3 > 0;
			assert_int_equal(canvas__init(&c, h, w, st.ui.unicode), 0);
			ui__resize(&st.ui, h, w);
			keys(&st, ways[n % (int)ARRAY_SIZE(ways)]);
			ui__draw(&st.ui, &c);
			for (int y = 0; y < h; y++) {
				for (int x = 0; x < w; x++) {
					const struct cell *cell = canvas__at(&c, y, x);

					assert_true(cell->role < ROLE_CNT);
					assert_true(!cell->ch || cell->ch >= 0x20);
					assert_true(cell->ch < 0x7f || cell->ch >= 0xa0);
					assert_true(cell->ch || x > 0);
				}
			}
			canvas__deinit(&c);
			keys(&st, "\033\033\033");
		}
	}
	stage__close(&st);
}

/* Any keys in any order, on data and on none. */
static void no_keys_break_it(void **state)
{
	static const int special[] = { UI_KEY_UP,
				       UI_KEY_DOWN,
				       UI_KEY_LEFT,
				       UI_KEY_RIGHT,
				       UI_KEY_PGUP,
				       UI_KEY_PGDN,
				       UI_KEY_HOME,
				       UI_KEY_END,
				       UI_KEY_ENTER,
				       UI_KEY_BACKSPACE,
				       UI_KEY_ESC,
				       UI_KEY_TAB,
				       UI_KEY_BACKTAB,
				       UI_KEY_F(12),
				       0x5de5,
				       0x301,
				       -1,
				       0 };
	static struct stage st;
	unsigned int seed = 7;
	struct canvas c;

	(void)state;
	stage__open(&st, true, 24, 80);
	make_hostile(&st.now);
	assert_int_equal(canvas__init(&c, 24, 80, true), 0);
	for (int i = 0; i < 20000; i++) {
		int r = rand_r(&seed);
		int key = r % 3 ? 32 + (r >> 8) % 95 : special[(r >> 8) % (int)ARRAY_SIZE(special)];

		ui__key(&st.ui, key);
		if (i % 5 == 0)
			ui__mouse(&st.ui, (enum ui_mouse)(r >> 4 & 3),
				  (uint32_t)(r >> 6) % 5 << 24 |
					  (uint32_t)(r >> 8) % (r & 1 ? 40 : 1 << 24));
		if (i % 500 == 0)
			ui__update(&st.ui, i % 1000 ? NULL : &st.now.snap, NULL, NULL);
		if (i % 700 == 0)
			ui__update(&st.ui, &st.now.snap, &st.all.snap, st.timeline);
		if (i % 16 == 0)
			ui__draw(&st.ui, &c);
	}
	canvas__deinit(&c);
	stage__close(&st);
}

static void a_chosen_thread_stays_chosen(void **state)
{
	static struct stage st;

	(void)state;
	stage__open(&st, true, 24, 80);
	keys(&st, "jj"); /* worker-1 is third */
	assert_int_equal(stage__selected_tid(&st), 4244);
	st.now.threads[2].wait_ns = 9 * S; /* now it is the first */
	ui__update(&st.ui, &st.now.snap, &st.all.snap, st.timeline);
	assert_int_equal(st.ui.screens[UI_THREADS].sel, 0);
	assert_int_equal(stage__threads(&st)->rows[0].thread->tid, 4244);
	/* Who has not moved stays at the top, whoever is there. */
	keys(&st, "g");
	st.now.threads[1].wait_ns = 9 * S + 1;
	ui__update(&st.ui, &st.now.snap, &st.all.snap, st.timeline);
	assert_int_equal(st.ui.screens[UI_THREADS].sel, 0);
	assert_int_equal(stage__threads(&st)->rows[0].thread->tid, 4245);
	stage__close(&st);
}

static void keys_ask_the_session_for_what_only_it_can_do(void **state)
{
	static struct stage st;
	struct ui_state *ui = &st.ui;

	(void)state;
	stage__open(&st, true, 24, 80);
	assert_int_equal(ui__key(ui, 'q'), TUI_QUIT);
	assert_int_equal(ui__key(ui, UI_KEY_F(10)), TUI_QUIT);
	assert_int_equal(ui__key(ui, 3), TUI_QUIT);
	assert_int_equal(ui__key(ui, 26), TUI_SUSPEND);
	assert_int_equal(ui__key(ui, 'r'), TUI_RESET);
	assert_int_equal(ui__key(ui, 'P'), TUI_PICK_PID);
	assert_int_equal(ui__key(ui, '+'), TUI_INTERVAL_CHANGED);
	assert_true(ui->interval_ns == S / 2);
	assert_int_equal(ui__key(ui, '-'), TUI_INTERVAL_CHANGED);
	assert_true(ui->interval_ns == S);
	assert_int_equal(ui__key(ui, 'p'), TUI_PAUSE_CHANGED);
	assert_true(ui->paused);
	assert_int_equal(ui__key(ui, ' '), TUI_PAUSE_CHANGED);
	/* On the timeline + zooms, and looking back pauses. */
	ui__key(ui, '2');
	assert_int_equal(ui__key(ui, '+'), TUI_HANDLED);
	assert_int_equal(ui__key(ui, UI_KEY_LEFT), TUI_PAUSE_CHANGED);
	assert_true(ui->paused && ui->scroll_ns > 0);
	/* In a prompt keys are text, but ^C still quits. */
	ui__key(ui, '/');
	assert_int_equal(ui__key(ui, 'q'), TUI_HANDLED);
	assert_string_equal(ui->search, "q");
	assert_int_equal(ui__key(ui, 3), TUI_QUIT);
	ui__key(ui, UI_KEY_ESC);
	/* Spans are asked for only while they can be seen. */
	ui__key(ui, '2');
	assert_true(ui__wants_spans(ui));
	ui__key(ui, '3');
	assert_false(ui__wants_spans(ui));
	ui__key(ui, '1');
	assert_true(ui__wants_spans(ui));
	ui__key(ui, 'T');
	assert_false(ui__wants_spans(ui));
	ui__resize(ui, 5, 20);
	ui__key(ui, '2');
	assert_false(ui__wants_spans(ui));
	stage__close(&st);
}

static void pools_and_own_code_are_one_key_away_and_say_so(void **state)
{
	static struct stage st;
	struct ui_state *ui = &st.ui;

	(void)state;
	stage__open(&st, true, 24, 80);
	assert_int_equal(ui->group, 0);
	assert_int_equal(ui__key(ui, UI_KEY_F(5)), TUI_HANDLED);
	assert_int_equal(ui->group, 1);
	assert_non_null(strstr(ui->message, "pools folded"));
	keys(&st, "tt");
	assert_int_equal(ui->group, 0);
	assert_int_equal(ui__key(ui, 'm'), TUI_MY_CODE);
	assert_true(ui->my_code);
	assert_non_null(strstr(ui->message, "own code only"));
	assert_int_equal(ui__key(ui, 'm'), TUI_MY_CODE);
	assert_false(ui->my_code);
	assert_false(ui->by_proc);
	keys(&st, "Y");
	assert_true(ui->by_proc);
	stage__close(&st);
}

static void esc_leaves_a_process_at_once_even_after_a_search(void **state)
{
	static struct stage st;

	(void)state;
	stage__open(&st, true, 30, 100);
	keys(&st, "/gun\n6\n");
	assert_int_equal(st.ui.focus_pid, 4242);
	keys(&st, "\033");
	assert_int_equal(st.ui.focus_pid, 0);
	stage__close(&st);
}

static void after_a_reset_the_past_is_forgotten(void **state)
{
	__cleanup(sbuf__free) struct sbuf text = { 0 };
	static struct stage st;
	struct canvas c;

	(void)state;
	stage__open(&st, true, 30, 100);
	keys(&st, "r");
	for (size_t i = 0; i < st.now.procs[0].gil_cnt; i++)
		st.now.gils[i].wait_ns = 0;
	ui__update(&st.ui, &st.now.snap, &st.all.snap, st.timeline);
	assert_int_equal(st.ui.past.cnt, 1);
	assert_int_equal(canvas__init(&c, 30, 100, true), 0);
	ui__draw(&st.ui, &c);
	canvas__to_text(&c, &text);
	canvas__deinit(&c);
	/* The scale of the sparkline is that of what it shows. */
	assert_null(strstr(sbuf__str(&text), "waiting 0.."));
	stage__close(&st);
}

static void every_loss_is_in_the_header(void **state)
{
	__cleanup(sbuf__free) struct sbuf text = { 0 };
	static struct stage st;
	struct canvas c;

	(void)state;
	stage__open(&st, true, 30, 100);
	st.all.snap.lost_events = 3;
	st.all.snap.lost_detail = 12;
	assert_int_equal(canvas__init(&c, 30, 100, true), 0);
	ui__draw(&st.ui, &c);
	canvas__to_text(&c, &text);
	canvas__deinit(&c);
	assert_non_null(strstr(sbuf__str(&text), "lost 3 (detail 12)"));
	stage__close(&st);
}

static void search_and_filter_find_by_name_and_line(void **state)
{
	static struct stage st;

	(void)state;
	stage__open(&st, true, 24, 80);
	keys(&st, "/METRICS\n");
	assert_int_equal(stage__selected_tid(&st), 4249);
	keys(&st, "\\encoder.py\n");
	assert_int_equal(stage__threads(&st)->cnt, 1);
	assert_int_equal(stage__threads(&st)->rows[0].thread->tid, 4242);
	keys(&st, "\033");
	assert_int_equal(stage__threads(&st)->cnt, 9);
	stage__close(&st);
}

/* + and - have another meaning on the timeline, left and right where one moves across, some letters in a recording: on
 * purpose. What has lost a key to a recording does not name it in the help.
 */
static bool is_its_own(unsigned int groups, const struct key_def *k, int key)
{
	enum key_action a = keymap__action(groups, key);
	char shown[KEYS_SHOWN_SZ], word[3] = { (char)key, '\0' };

	if (a == k->action || a == ACT_ZOOM_IN || a == ACT_ZOOM_OUT)
		return true;
	if (k->groups == KEYS_PLAY)
		return key == UI_KEY_LEFT || key == UI_KEY_RIGHT;
	if (!(groups & KEYS_PLAY) || key >= 128)
		return false;
	keymap__shown(k, true, shown);
	for (char *w = strtok(shown, " "); w; w = strtok(NULL, " "))
		if (!strcmp(w, word))
			return false;
	return true;
}

static void every_key_is_in_the_help_once(void **state)
{
	static struct stage st;

	(void)state;
	stage__open(&st, true, 24, 80);
	for (size_t n = 0; n < 2 * UI_SCREEN_CNT; n++) {
		unsigned int groups;

		st.ui.player.on = n % 2;
		st.ui.screen = n / 2;
		groups = ui__keys(&st.ui);
		for (size_t i = 0; i < key_cnt; i++) {
			const struct key_def *k = &key_table[i];

			if (!(k->groups & groups))
				continue;
			for (size_t j = 0; j < KEYS_MAX && k->keys[j]; j++)
				assert_true(is_its_own(groups, k, k->keys[j]));
		}
	}
	for (size_t i = 0; i < key_cnt; i++)
		assert_true(!key_table[i].help || (key_table[i].shown && key_table[i].group));
	for (size_t i = 0; i < UI_TAB_CNT; i++)
		assert_non_null(st.ui.screens[i].ops->help);
	stage__close(&st);
}

static void a_thousand_threads_stay_fluent(void **state)
{
	static struct stage st;
	struct canvas c;
	clock_t start;
	double ms;

	(void)state;
	stage__open(&st, true, 60, 200);
	stage__many(&st.now, 100);
	assert_int_equal(canvas__init(&c, 60, 200, true), 0);
	start = clock();
	for (int i = 0; i < 60; i++) {
		keys(&st, (const char[]){ (char)('1' + i % 6), '\0' });
		ui__update(&st.ui, &st.now.snap, &st.all.snap, st.timeline);
		ui__draw(&st.ui, &c);
	}
	ms = (double)(clock() - start) * 1000 / CLOCKS_PER_SEC / 60;
	printf("[          ] %.2f ms a refresh (with sanitizers)\n", ms);
	assert_true(ms < 100); /* generous: sanitizers, shared machines */
	canvas__deinit(&c);
	stage__close(&st);
}

/* Until it is asked for the session has a total without what takes long. */
static void totals_are_shown_when_they_are_whole(void **state)
{
	struct stage st;

	(void)state;
	stage__open(&st, true, 24, 80);
	st.all.snap.brief = true;
	keys(&st, "3j");
	assert_int_equal(ui__key(&st.ui, 'c'), TUI_TOTALS_CHANGED);
	assert_ptr_equal(ui__snap(&st.ui), &st.now.snap);
	assert_int_equal(st.ui.screens[UI_BLAME].sel, 1);
	st.all.snap.brief = false;
	ui__set_total(&st.ui, &st.all.snap);
	assert_ptr_equal(ui__snap(&st.ui), &st.all.snap);
	assert_int_equal(ui__key(&st.ui, 'c'), TUI_TOTALS_CHANGED);
	assert_ptr_equal(ui__snap(&st.ui), &st.now.snap);
	stage__close(&st);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(no_size_and_no_name_breaks_a_frame),
		cmocka_unit_test(no_keys_break_it),
		cmocka_unit_test(a_chosen_thread_stays_chosen),
		cmocka_unit_test(keys_ask_the_session_for_what_only_it_can_do),
		cmocka_unit_test(pools_and_own_code_are_one_key_away_and_say_so),
		cmocka_unit_test(search_and_filter_find_by_name_and_line),
		cmocka_unit_test(esc_leaves_a_process_at_once_even_after_a_search),
		cmocka_unit_test(after_a_reset_the_past_is_forgotten),
		cmocka_unit_test(every_loss_is_in_the_header),
		cmocka_unit_test(every_key_is_in_the_help_once),
		cmocka_unit_test(a_thousand_threads_stay_fluent),
		cmocka_unit_test(totals_are_shown_when_they_are_whole),
	};

	setlocale(LC_ALL, "C.UTF-8");
	return cmocka_run_group_tests(tests, NULL, NULL);
}
