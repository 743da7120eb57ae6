/* SPDX-License-Identifier: BSD-2-Clause */
/* Every screen, at several sizes, compared with the frames in tests/golden. After a wanted change:
 *   GILTOP_GOLDEN=write build/unit/test_tui_screens
 * and look at the difference.
 */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <locale.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tests/unit/trigger_stage.h"
#include "tests/unit/tui_stage.h"
#include "user/base/sbuf.h"
#include "user/base/util.h"

/* Found from the source file's own place, so that the tests run from anywhere; -ffile-prefix-map may
 * make that relative to the top of the tree.
 */
static const char *golden_dir(void)
{
	const char *dir = getenv("GILTOP_GOLDEN_DIR");

	return dir ? dir : "tests/golden";
}

static void check_golden(const char *name, const char *text)
{
	__cleanup(sbuf__free) struct sbuf want = { 0 };
	__cleanup(fclosep) FILE *out = NULL;
	char path[512];

	snprintf(path, sizeof(path), "%s/%s.txt", golden_dir(), name);
	if (getenv("GILTOP_GOLDEN")) {
		out = fopen(path, "w");
		assert_non_null(out);
		fputs(text, out);
		return;
	}
	assert_int_equal(read_file(-100 /* AT_FDCWD */, path, 1 << 20, &want), 0);
	if (strcmp(sbuf__str(&want), text))
		fprintf(stderr, "--- %s, now:\n%s--- wanted:\n%s", path, text, sbuf__str(&want));
	assert_string_equal(sbuf__str(&want), text);
}

static void check_frame(struct stage *st, const char *name, bool roles)
{
	__cleanup(sbuf__free) struct sbuf text = { 0 };
	struct canvas c;

	assert_int_equal(canvas__init(&c, st->ui.h, st->ui.w, st->ui.unicode), 0);
	ui__draw(&st->ui, &c);
	if (roles)
		canvas__to_roles(&c, &text);
	else
		canvas__to_text(&c, &text);
	canvas__deinit(&c);
	check_golden(name, sbuf__str(&text));
}

/* Each screen by the keys that lead to it. */
static const struct {
	const char *name, *keys;
} screens[] = {
	{ "threads", "1" }, { "timeline", "2" },  { "blame", "3" },    { "matrix", "4" },
	{ "latency", "5" }, { "processes", "6" }, { "detail", "1\n" }, { "tree", "3\n" },
	{ "events", "7" },  { "help", "?" },	  { "sort", "s" },     { "setup", "S" },
};

static void every_screen_looks_as_before(void **state)
{
	static const struct {
		int h, w;
		bool unicode;
	} sizes[] = { { 24, 80, true },	 { 24, 80, false }, { 12, 60, true },
		      { 12, 60, false }, { 43, 132, true }, { 43, 132, false } };
	struct stage st;
	char name[64];

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(sizes); i++) {
		for (size_t k = 0; k < ARRAY_SIZE(screens); k++) {
			stage__open(&st, sizes[i].unicode, sizes[i].h, sizes[i].w);
			keys(&st, screens[k].keys);
			snprintf(name, sizeof(name), "%s-%dx%d%s", screens[k].name, sizes[i].w,
				 sizes[i].h, sizes[i].unicode ? "" : "-ascii");
			check_frame(&st, name, false);
			stage__close(&st);
		}
	}
}

static void colours_mean_the_same_on_every_screen(void **state)
{
	struct stage st;
	char name[64];

	(void)state;
	for (size_t k = 0; k < ARRAY_SIZE(screens); k++) {
		stage__open(&st, true, 24, 80);
		keys(&st, screens[k].keys);
		snprintf(name, sizeof(name), "%s-80x24-roles", screens[k].name);
		check_frame(&st, name, true);
		stage__close(&st);
	}
}

/* What is not known, not there or not measured must read so. */
static void empty_and_unknown_look_as_before(void **state)
{
	static struct stage st;

	(void)state;
	stage__open(&st, true, 24, 80);
	ui__update(&st.ui, NULL, NULL, NULL);
	check_frame(&st, "empty-no-data", false);
	st.now.procs[0].thread_cnt = st.now.procs[0].gil_cnt = 0;
	st.now.procs[0].pair_cnt = st.now.procs[0].stack_cnt = 0;
	ui__update(&st.ui, &st.now.snap, NULL, NULL);
	check_frame(&st, "empty-no-threads", false);
	keys(&st, "3");
	check_frame(&st, "empty-no-stacks", false);
	keys(&st, "4");
	check_frame(&st, "empty-no-pairs", false);
	keys(&st, "5");
	check_frame(&st, "empty-no-waits", false);
	fake__init(&st.now, 10 * S);
	st.now.procs[0].stacks_known = st.now.procs[0].pairs_known = false;
	st.now.procs[0].pair_cnt = st.now.procs[0].stack_cnt = 0;
	for (size_t i = 0; i < 9; i++)
		st.now.threads[i].wait_at = st.now.threads[i].blame_at = NULL;
	st.now.snap.lost_events = 12;
	st.now.snap.violations = 3;
	ui__update(&st.ui, &st.now.snap, NULL, NULL);
	keys(&st, "1");
	check_frame(&st, "unknown-threads", false);
	keys(&st, "\n");
	check_frame(&st, "unknown-detail", false);
	keys(&st, "\0333");
	check_frame(&st, "unknown-stacks", false);
	stage__close(&st);
}

/* Only shares by place, of blame and of holding: what is exact has no mark, nor has what many looks saw. */
static void shares_that_rest_on_few_looks_are_marked(void **state)
{
	static struct stage st;

	(void)state;
	stage__open(&st, true, 43, 80);
	for (size_t i = 0; i < st.now.procs[0].stack_cnt; i++)
		st.now.stacks[i].cnt = 4;
	st.now.stacks[0].cnt = 600;
	ui__update(&st.ui, &st.now.snap, &st.all.snap, st.timeline);
	check_frame(&st, "few-threads", false);
	keys(&st, "3");
	check_frame(&st, "few-blame", false);
	keys(&st, "vv");
	check_frame(&st, "few-stacks", false);
	keys(&st, "vo");
	check_frame(&st, "few-waits", false);
	keys(&st, "oojj\n");
	check_frame(&st, "few-tree", false);
	ui__resize(&st.ui, 60, 80);
	keys(&st, "\0331\n");
	check_frame(&st, "few-detail", false);
	stage__close(&st);
}

/* In light mode: no hold that nobody saw, no utilisation but an estimate or a dash. */
static void what_light_mode_does_not_see_is_not_drawn(void **state)
{
	static const uint64_t sizes[][2] = { { 24, 80 }, { 12, 60 }, { 43, 132 } };
	static struct stage st;
	char name[64];

	(void)state;
	stage__open(&st, true, 24, 80);
	fake__light(&st.now, 300, 620);
	fake__light(&st.all, 2000, 640);
	timeline__free(st.timeline);
	st.timeline = fake__timeline_of(FAKE_NOW, 5 * S, false);
	ui__update(&st.ui, &st.now.snap, &st.all.snap, st.timeline);
	for (size_t i = 0; i < ARRAY_SIZE(sizes); i++) {
		ui__resize(&st.ui, (int)sizes[i][0], (int)sizes[i][1]);
		keys(&st, "1");
		snprintf(name, sizeof(name), "light-threads-%ux%u", (unsigned int)sizes[i][1],
			 (unsigned int)sizes[i][0]);
		check_frame(&st, name, false);
	}
	ui__resize(&st.ui, 24, 80);
	keys(&st, "2");
	check_frame(&st, "light-timeline", false);
	keys(&st, "5");
	check_frame(&st, "light-latency", false);
	keys(&st, "3oo");
	check_frame(&st, "light-holders", false);
	keys(&st, "6");
	check_frame(&st, "light-processes", false);
	ui__resize(&st.ui, 60, 80);
	keys(&st, "1\n");
	check_frame(&st, "light-detail", false);
	ui__resize(&st.ui, 24, 80);
	keys(&st, "\0331");
	st.now.gils[0].look_cnt = 0; /* no estimate either */
	check_frame(&st, "light-unknown", false);
	fake__init(&st.now, 10 * S);
	fake__seen_for(&st.now, 6 * S);
	ui__update(&st.ui, &st.now.snap, &st.all.snap, st.timeline);
	check_frame(&st, "mixed-threads", false);
	stage__close(&st);
}

/* The one that is stuck comes first among the workers, and is said; folded, their row stands for them. */
static void workers_are_a_tree_below_their_master(void **state)
{
	static const struct {
		int h, w;
		bool unicode;
	} sizes[] = { { 24, 80, true }, { 12, 60, true }, { 43, 132, true }, { 24, 80, false } };
	static struct stage st;
	char name[64];

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(sizes); i++) {
		stage__open(&st, sizes[i].unicode, sizes[i].h, sizes[i].w);
		fake__workers(&st.now, 10 * S);
		ui__update(&st.ui, &st.now.snap, &st.all.snap, st.timeline);
		keys(&st, "6");
		snprintf(name, sizeof(name), "workers-%dx%d%s", sizes[i].w, sizes[i].h,
			 sizes[i].unicode ? "" : "-ascii");
		check_frame(&st, name, false);
		keys(&st, "jje");
		assert_int_equal(st.ui.screens[UI_PROCS].sel, 1);
		snprintf(name, sizeof(name), "workers-folded-%dx%d%s", sizes[i].w, sizes[i].h,
			 sizes[i].unicode ? "" : "-ascii");
		check_frame(&st, name, false);
		stage__close(&st);
	}
	stage__open(&st, true, 24, 80);
	fake__workers(&st.now, 10 * S);
	for (size_t i = 0; i < 8; i++)
		st.now.gils[i].observed_ns = 0;
	ui__update(&st.ui, &st.now.snap, &st.all.snap, st.timeline);
	keys(&st, "6");
	check_frame(&st, "workers-light", false);
	stage__close(&st);
}

static void many_threads_gils_and_processes_look_as_before(void **state)
{
	static struct stage st;
	static const struct tui_pick picks[] = {
		{ 4242, "3.11", "gunicorn", "gunicorn: worker [shop]" },
		{ 17, "3.13", "python3", "python3 -m http.server 8000" },
		{ 99, "", "evil\033]0;x", "\033[31mred" },
	};

	(void)state;
	stage__open(&st, true, 24, 80);
	stage__many(&st.now, 100);
	ui__update(&st.ui, &st.now.snap, &st.all.snap, st.timeline);
	check_frame(&st, "many-threads", false);
	keys(&st, "]]4G");
	check_frame(&st, "many-matrix", false);
	fake__init(&st.now, 10 * S);
	for (size_t i = 1; i < 4; i++) {
		st.now.procs[i] = st.now.procs[0];
		st.now.procs[i].pid += (uint32_t)i;
		st.now.procs[i].thread_cnt -= i * 2;
	}
	st.now.procs[2].alive = false;
	st.now.procs[3].gil_cnt = st.now.procs[3].thread_cnt = 0;
	st.now.procs[3].cmdline = "";
	/* Where they run has a column where there is room. */
	st.now.procs[0].where.part[WHERE_CONTAINER] =
		"0f1e2d3c4b5a69788796a5b4c3d2e1f00f1e2d3c4b5a69788796a5b4c3d2e1f0";
	st.now.procs[1].where.part[WHERE_CONTAINER] = "x";
	st.now.procs[1].where.part[WHERE_NAME] = "web";
	st.now.procs[1].where.part[WHERE_POD_NAME] = "shop-frontend-7d9c5b6f4-x2k";
	st.now.procs[2].where.part[WHERE_UNIT] = "gunicorn@3.service";
	st.now.snap.proc_cnt = 4;
	ui__update(&st.ui, &st.now.snap, NULL, st.timeline);
	keys(&st, "6");
	check_frame(&st, "many-processes", false);
	ui__resize(&st.ui, 43, 132);
	check_frame(&st, "many-processes-132x43", false);
	ui__resize(&st.ui, 24, 80);
	keys(&st, "1");
	check_frame(&st, "many-processes-threads", false);
	ui__resize(&st.ui, 12, 60);
	check_frame(&st, "many-processes-threads-60x12", false);
	ui__resize(&st.ui, 43, 132);
	check_frame(&st, "many-processes-threads-132x43", false);
	ui__resize(&st.ui, 24, 80);
	keys(&st, "6j\n");
	assert_int_equal(st.ui.focus_pid, 4243);
	assert_int_equal(st.ui.screen, UI_THREADS);
	ui__open(&st.ui, UI_PICK,
		 &(struct ui_subject){ .picks = picks, .pick_cnt = ARRAY_SIZE(picks) });
	check_frame(&st, "pick", false);
	keys(&st, "j");
	assert_int_equal(ui__key(&st.ui, UI_KEY_ENTER), TUI_PICKED);
	assert_int_equal(st.ui.focus_pid, 17);
	stage__close(&st);
}

/* FAKE_NOW is 1:12 after its start. */
static void play_stage(struct stage *st, const uint64_t *trigger_ns, size_t trigger_cnt)
{
	const struct player_file file = { .first_ns = FAKE_NOW - 71 * S,
					  .start_ns = FAKE_NOW - 72 * S,
					  .end_ns = FAKE_NOW + 528 * S,
					  .interval_ns = S,
					  .mono_ns = FAKE_NOW,
					  .real_ns = 1709647387ull * S,
					  .trigger_ns = trigger_ns,
					  .trigger_cnt = trigger_cnt };

	player__open(&st->ui.player, &file, FAKE_NOW - S);
	ui__moved(&st->ui, FAKE_NOW - S, FAKE_NOW, false);
}

/* In a recording: where it is, as far as there is room. */
static void a_recording_says_where_it_is(void **state)
{
	static const struct {
		int h, w;
		const char *keys, *name;
	} frames[] = {
		{ 24, 80, "", "player-80x24" },
		{ 24, 80, "p", "player-paused-80x24" },
		{ 24, 80, "p++++c\\work\n", "player-narrowed-80x24" },
		{ 24, 80, "g14:0", "player-time-80x24" },
		{ 24, 100, "++++", "player-100x24" },
		{ 43, 132, "-", "player-132x43" },
		{ 12, 60, "", "player-60x12" },
		{ 6, 60, "p", "player-line" },
		{ 60, 80, "?", "player-help" },
	};
	static const uint64_t triggers[] = { FAKE_NOW - 20 * S, FAKE_NOW + 200 * S,
					     FAKE_NOW + 500 * S };
	static struct stage st;
	char name[64];

	(void)state;
	setenv("TZ", "UTC", 1);
	for (size_t i = 0; i < 2 * ARRAY_SIZE(frames); i++) {
		bool unicode = i < ARRAY_SIZE(frames);
		size_t k = i % ARRAY_SIZE(frames);

		stage__open(&st, unicode, frames[k].h, frames[k].w);
		play_stage(&st, triggers, ARRAY_SIZE(triggers));
		keys(&st, frames[k].keys);
		snprintf(name, sizeof(name), "%s%s", frames[k].name, unicode ? "" : "-ascii");
		check_frame(&st, name, false);
		stage__close(&st);
	}
	stage__open(&st, true, 24, 80);
	play_stage(&st, triggers, ARRAY_SIZE(triggers));
	st.ui.player.file.interval_ns = S / 10;
	ui__moved(&st.ui, FAKE_NOW + 527 * S, FAKE_NOW + 528 * S, true);
	check_frame(&st, "player-end-80x24", false);
	check_frame(&st, "player-end-80x24-roles", true);
	stage__close(&st);
}

/* Waits, holds and others; the last one goes on. FAKE_NOW is 1000 s. */
static struct trigger_list *some_events(void)
{
	struct trigger_list *l = trigger_stage(100, 0);
	struct trigger all[] = {
		trigger_hold(1, 850000, 102, false),
		trigger_hold(1, 850200, 302, true),
		trigger_wait(2, 870500, 81, true),
		{ .kind = TRIGGER_DELAY,
		  .no = 3,
		  .at_ns = 980000 * TRIGGER_MS,
		  .ns = 412 * TRIGGER_MS,
		  .waiter_tid = TRIGGER_PID + 3,
		  .waiter_stack = 2,
		  .waiter_cnt = 1 },
		{ .kind = TRIGGER_SIGNAL,
		  .no = 4,
		  .at_ns = 983000 * TRIGGER_MS,
		  .file = "giltop-20260102-030405-4.giltop" },
		trigger_hold(5, 888000, 101, false),
	};

	for (size_t i = 0; i < ARRAY_SIZE(all); i++)
		trigger_tell(l, &all[i]);
	return l;
}

static void events_are_a_list_newest_first_and_each_has_its_stacks(void **state)
{
	static const struct {
		int h, w;
		bool unicode;
	} sizes[] = { { 24, 80, true }, { 24, 80, false }, { 12, 60, true }, { 43, 132, true } };
	struct stage st;
	char name[64];

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(sizes); i++) {
		struct trigger_list *l = some_events();

		stage__open(&st, sizes[i].unicode, sizes[i].h, sizes[i].w);
		st.ui.triggers =
			(struct tui_triggers){ .on_hold_ns = 100 * MS, .on_wait_ns = 50 * MS };
		ui__set_events(&st.ui, l);
		keys(&st, "7");
		snprintf(name, sizeof(name), "events-some-%dx%d%s", sizes[i].w, sizes[i].h,
			 sizes[i].unicode ? "" : "-ascii");
		check_frame(&st, name, false);
		keys(&st, "j\n");
		keys(&st, "\033kkk\n");
		snprintf(name, sizeof(name), "event-%dx%d%s", sizes[i].w, sizes[i].h,
			 sizes[i].unicode ? "" : "-ascii");
		check_frame(&st, name, false);
		stage__close(&st);
		trigger_list__free(l);
	}
}

/* Who reads of one is not moved away from it by the next. */
static void the_selected_event_stays_selected_when_others_come(void **state)
{
	struct trigger_list *l = some_events();
	struct trigger t = trigger_hold(6, 890000, 110, false);
	struct stage st;

	(void)state;
	stage__open(&st, true, 24, 80);
	ui__set_events(&st.ui, l);
	keys(&st, "7jj"); /* number 3 */
	trigger_tell(l, &t);
	ui__set_events(&st.ui, l);
	assert_int_equal(st.ui.screens[UI_EVENTS].sel, 3);
	/* At the top it is the newest that one looks at. */
	keys(&st, "g");
	t.no = 7;
	trigger_tell(l, &t);
	ui__set_events(&st.ui, l);
	assert_int_equal(st.ui.screens[UI_EVENTS].sel, 0);
	keys(&st, "\\signal\n");
	assert_int_equal(st.ui.screens[UI_EVENTS].cnt, 1);
	stage__close(&st);
	trigger_list__free(l);
}

static void an_empty_list_says_what_it_waits_for(void **state)
{
	struct trigger_list *l = trigger_stage(10, 0);
	struct stage st;

	(void)state;
	stage__open(&st, true, 24, 80);
	st.ui.triggers = (struct tui_triggers){ .on_hold_ns = 100 * MS, .on_delay_pct = 20 };
	ui__set_events(&st.ui, l);
	keys(&st, "7");
	check_frame(&st, "events-none-80x24", false);
	stage__close(&st);
	trigger_list__free(l);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_screen_looks_as_before),
		cmocka_unit_test(colours_mean_the_same_on_every_screen),
		cmocka_unit_test(empty_and_unknown_look_as_before),
		cmocka_unit_test(shares_that_rest_on_few_looks_are_marked),
		cmocka_unit_test(what_light_mode_does_not_see_is_not_drawn),
		cmocka_unit_test(workers_are_a_tree_below_their_master),
		cmocka_unit_test(many_threads_gils_and_processes_look_as_before),
		cmocka_unit_test(a_recording_says_where_it_is),
		cmocka_unit_test(events_are_a_list_newest_first_and_each_has_its_stacks),
		cmocka_unit_test(the_selected_event_stays_selected_when_others_come),
		cmocka_unit_test(an_empty_list_says_what_it_waits_for),
	};

	setlocale(LC_ALL, "C.UTF-8");
	return cmocka_run_group_tests(tests, NULL, NULL);
}
