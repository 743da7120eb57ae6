/* SPDX-License-Identifier: BSD-2-Clause */
/* test_player.c - where a recording is, how fast it goes, and that no keys lead out of it or stop it for ever */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "tests/unit/tui_stage.h"
#include "tui/player.h"

#define MARKS_MAX 400

/* A recording, the clock on the wall, and who does what the player wants. */
struct film {
	size_t cnt, at;
	uint64_t end_ns[MARKS_MAX], trigger_ns[8];
	uint64_t wall_ns, x;
	struct player p;
	uint64_t shown_cnt;
};

static uint64_t rnd(struct film *f, uint64_t below)
{
	f->x ^= f->x << 13;
	f->x ^= f->x >> 7;
	f->x ^= f->x << 17;
	return (f->x * 2685821657736338717ull >> 20) % below;
}

/* cnt marks from 1000 s on, every second, or (wild) from 10 ms to 3 s apart. */
static void film__open(struct film *f, size_t cnt, bool wild)
{
	struct player_file file = { .interval_ns = S, .mono_ns = 1000 * S };
	uint64_t now = 1000 * S;

	*f = (struct film){ .cnt = cnt, .x = 88172645463325252ull, .wall_ns = 5 * S };
	for (size_t i = 0; i < cnt; i++, now += wild ? 10 * MS + rnd(f, 3 * S) : S)
		f->end_ns[i] = now;
	f->at = cnt > 1 ? 1 : 0;
	file.start_ns = f->end_ns[0];
	file.first_ns = f->end_ns[f->at];
	file.end_ns = f->end_ns[cnt - 1];
	/* The clock of the wall at its start: 2024-03-05 13:59:50 UTC. */
	file.real_ns = 1709647190ull * S;
	file.trigger_ns = f->trigger_ns;
	player__open(&f->p, &file, f->end_ns[0]);
}

/* What the session does. */
static void film__go(struct film *f, const struct player_step *step)
{
	size_t n = f->at, first = f->cnt > 1 ? 1 : 0;

	if (step->go == PLAYER_FORWARD)
		n = step->cnt > f->cnt - 1 - n ? f->cnt - 1 : n + step->cnt;
	if (step->go == PLAYER_AT || step->go == PLAYER_COVER)
		for (n = first; n + 1 < f->cnt && f->end_ns[n + 1] <= step->to_ns;)
			n++;
	if (step->go == PLAYER_COVER && f->end_ns[n] < step->to_ns && n + 1 < f->cnt)
		n++;
	f->shown_cnt += n != f->at;
	f->at = n;
	player__moved(&f->p, n ? f->end_ns[n - 1] : f->end_ns[0] - S, f->end_ns[n],
		      n == f->cnt - 1);
}

/* Let so much time pass, as an event loop does. */
static void film__run(struct film *f, uint64_t ns)
{
	uint64_t until = f->wall_ns + ns;

	for (;;) {
		struct player_step step = player__next(&f->p, f->wall_ns);
		int ms;

		if (step.go != PLAYER_STAY)
			film__go(f, &step);
		ms = player__wait_ms(&f->p, f->wall_ns);
		/* A picture that is drawn takes a moment, too. */
		f->wall_ns += ms ? 0 : 100000;
		if (ms < 0 || f->wall_ns + (uint64_t)ms * MS > until)
			break;
		f->wall_ns += (uint64_t)ms * MS;
	}
	if (f->wall_ns < until)
		f->wall_ns = until;
}

static void it_goes_as_fast_as_it_says(void **state)
{
	static struct film f;

	(void)state;
	for (int wild = 0; wild < 2; wild++) {
		film__open(&f, MARKS_MAX, wild);
		film__run(&f, 0);
		assert_int_equal(f.at, 1);
		film__run(&f, 20 * S);
		assert_in_range(f.p.at_ns, f.end_ns[1] + 17 * S, f.end_ns[1] + 23 * S);
		player__command(&f.p, PLAYER_SLOWER);
		player__command(&f.p, PLAYER_SLOWER);
		assert_string_equal(player__speed_name(&f.p), "1/4x");
		film__run(&f, 40 * S);
		assert_in_range(f.p.at_ns, f.end_ns[1] + 27 * S, f.end_ns[1] + 33 * S);
		for (int i = 0; i < 6; i++)
			player__command(&f.p, PLAYER_FASTER);
		assert_string_equal(player__speed_name(&f.p), "16x");
		film__run(&f, 10 * S);
		assert_in_range(f.p.at_ns, f.end_ns[1] + 187 * S, f.end_ns[1] + 193 * S);
		for (int i = 0; i < 20; i++)
			player__command(&f.p, PLAYER_FASTER);
		assert_string_equal(player__speed_name(&f.p), "max");
		film__run(&f, S / 10);
		assert_int_equal(f.at, f.cnt - 1);
		assert_true(f.p.at_end && f.p.paused);
		assert_int_equal(player__wait_ms(&f.p, f.wall_ns), -1);
	}
}

/* A change of the speed, or a pause, between two intervals loses no time and makes none. */
static void speed_changes_and_pauses_do_not_shift_it(void **state)
{
	static struct film f;

	(void)state;
	film__open(&f, MARKS_MAX, false);
	for (int i = 0; i < 100; i++) {
		player__command(&f.p, i % 2 ? PLAYER_SLOWER : PLAYER_FASTER);
		film__run(&f, S * 3 / 10);
	}
	/* 15 s at 2x, 15 s at 1x. */
	assert_in_range(f.p.at_ns, f.end_ns[1] + 43 * S, f.end_ns[1] + 46 * S);
	player__command(&f.p, PLAYER_TOGGLE);
	film__run(&f, 1000 * S);
	assert_in_range(f.p.at_ns, f.end_ns[1] + 43 * S, f.end_ns[1] + 46 * S);
	player__command(&f.p, PLAYER_TOGGLE);
	film__run(&f, 10 * S);
	assert_in_range(f.p.at_ns, f.end_ns[1] + 52 * S, f.end_ns[1] + 56 * S);
}

/* As after ^Z and fg, or a slow machine: it goes on from where it was. */
static void time_that_giltop_has_slept_is_not_made_up_for(void **state)
{
	static struct film f;
	uint64_t was;

	(void)state;
	film__open(&f, MARKS_MAX, false);
	film__run(&f, 10 * S);
	was = f.p.at_ns;
	f.wall_ns += 100 * S;
	film__run(&f, 0);
	assert_in_range(f.p.at_ns, was, was + 3 * S);
}

static void steps_jumps_and_triggers(void **state)
{
	static struct film f;

	(void)state;
	film__open(&f, 101, false); /* 100 s */
	f.trigger_ns[0] = 1040 * S + MS;
	f.trigger_ns[1] = 1040 * S + 2 * MS;
	f.trigger_ns[2] = 1070 * S;
	f.p.file.trigger_cnt = 3;
	player__command(&f.p, PLAYER_STEP_ON);
	film__run(&f, 10 * S);
	assert_int_equal(f.at, 2);
	assert_true(f.p.paused);
	player__command(&f.p, PLAYER_STEP_BACK);
	film__run(&f, S);
	assert_int_equal(f.at, 1);
	assert_non_null(player__command(&f.p, PLAYER_STEP_BACK));
	film__run(&f, S);
	assert_int_equal(f.at, 1);
	player__command(&f.p, PLAYER_JUMP_ON);
	film__run(&f, S);
	assert_int_equal(f.at, 11);
	assert_null(player__command(&f.p, PLAYER_TRIGGER_NEXT));
	film__run(&f, S);
	assert_int_equal(f.at, 41); /* both of them */
	assert_null(player__command(&f.p, PLAYER_TRIGGER_NEXT));
	film__run(&f, S);
	assert_int_equal(f.at, 70);
	assert_non_null(player__command(&f.p, PLAYER_TRIGGER_NEXT));
	assert_null(player__command(&f.p, PLAYER_TRIGGER_PREV));
	film__run(&f, S);
	assert_int_equal(f.at, 41);
	assert_non_null(player__command(&f.p, PLAYER_TRIGGER_PREV));
	assert_null(player__command(&f.p, PLAYER_TO_END));
	film__run(&f, S);
	assert_true(f.p.at_end);
	assert_non_null(player__command(&f.p, PLAYER_STEP_ON));
	assert_non_null(player__command(&f.p, PLAYER_JUMP_ON));
	player__command(&f.p, PLAYER_JUMP_BACK);
	film__run(&f, S);
	assert_int_equal(f.at, 90);
	assert_false(f.p.at_end);
	player__command(&f.p, PLAYER_TO_END);
	film__run(&f, S);
	player__command(&f.p, PLAYER_TOGGLE); /* from the start again */
	film__run(&f, 5 * S + S / 2);
	assert_int_equal(f.at, 6);
}

/* Whatever is pressed: the position is that of an interval of the file, and one key plays it to the end. */
static void no_keys_lead_out_of_it_or_stop_it_for_ever(void **state)
{
	static const size_t lengths[] = { 1, 2, 3, 40, MARKS_MAX };
	static struct film f;

	(void)state;
	for (size_t round = 0; round < 200; round++) {
		film__open(&f, lengths[round % 5], round % 2);
		f.x += round;
		for (size_t i = 0; i < 3; i++)
			f.trigger_ns[i] = 1000 * S + i * rnd(&f, 100 * S);
		f.p.file.trigger_cnt = 3;
		for (int i = 0; i < 200; i++) {
			if (rnd(&f, 5))
				player__command(&f.p, (enum player_command)rnd(&f, 12));
			else
				player__seek(&f.p, rnd(&f, 2) ? rnd(&f, 3000 * S) : f.x);
			film__run(&f, rnd(&f, 3 * S));
			assert_true(f.at < f.cnt);
			assert_int_equal(f.p.at_ns, f.end_ns[f.at]);
			assert_in_range(f.p.at_ns, f.p.file.first_ns, f.p.file.end_ns);
			assert_true(f.p.speed >= 0 && f.p.speed <= PLAYER_SPEED_MAX);
			if (f.p.at_end)
				assert_int_equal(f.at, f.cnt - 1);
		}
		if (f.p.paused)
			player__command(&f.p, PLAYER_TOGGLE);
		for (int i = 0; i < 20; i++)
			player__command(&f.p, PLAYER_FASTER);
		film__run(&f, 10 * S);
		assert_int_equal(f.at, f.cnt - 1);
		assert_true(f.p.paused && f.p.at_end);
	}
}

static uint64_t time_of(const struct film *f, const char *text)
{
	uint64_t ns = UINT64_MAX;

	assert_int_equal(player__time(&f->p, text, &ns), 0);
	return ns - 1000 * S;
}

static void times_as_people_write_them(void **state)
{
	static const char *const none[] = { "",	       "x",	  "1:",	   ":1",
					    "1:60",    "1:2:3:4", "1:2x",  "12 s",
					    "+",       "-x",	  "101%",  "%",
					    "1:60:00", "--1",	  "1:30s", "99999999:00" };
	static const char *const outside[] = { "10:00", "601s",	    "14:10:01",
					       "3h",	"13:00:00", "25:00:00" };
	static struct film f;
	uint64_t ns = 7;

	(void)state;
	setenv("TZ", "UTC", 1);
	tzset();
	film__open(&f, 301, false); /* five minutes from 13:59:50 on */
	film__go(&f, &(struct player_step){ PLAYER_AT, 0, 1100 * S });
	assert_int_equal(time_of(&f, "0"), S - 1);
	assert_int_equal(time_of(&f, "90"), 91 * S - 1);
	assert_int_equal(time_of(&f, "90s"), 91 * S - 1);
	assert_int_equal(time_of(&f, "1.5m"), 91 * S - 1);
	assert_int_equal(time_of(&f, "500ms"), S / 2);
	assert_int_equal(time_of(&f, "1:30"), 91 * S - 1);
	assert_int_equal(time_of(&f, "01:30.25"), 90 * S + S / 4);
	assert_int_equal(time_of(&f, "14:00:00"), 11 * S - 1);
	assert_int_equal(time_of(&f, "14:00:00.5"), 10 * S + S / 2);
	assert_int_equal(time_of(&f, "14:01"),
			 71 * S - 1); /* 14 minutes are not in it: a time of day */
	assert_int_equal(time_of(&f, "0:01:30"), 91 * S - 1); /* and no night is */
	assert_int_equal(time_of(&f, "50%"), 150 * S);
	assert_int_equal(time_of(&f, "100%"), 300 * S);
	assert_int_equal(time_of(&f, "+10s"), 110 * S + S / 2);
	assert_int_equal(time_of(&f, "-1:00"), 40 * S + S / 2);
	assert_int_equal(time_of(&f, "-1h"), S); /* its first interval */
	assert_int_equal(time_of(&f, "+1h"), 300 * S);
	for (size_t i = 0; i < sizeof(none) / sizeof(none[0]); i++)
		assert_true(player__time(&f.p, none[i], &ns) < 0 && ns == 7);
	for (size_t i = 0; i < sizeof(outside) / sizeof(outside[0]); i++)
		assert_int_equal(player__time(&f.p, outside[i], &ns), -ERANGE);
	f.p.file.interval_ns = S / 10;
	assert_int_equal(time_of(&f, "1:30"), 90 * S);
	assert_int_equal(time_of(&f, "14:00:00"), 10 * S);
	f.p.file.real_ns = 0;
	assert_int_equal(player__time(&f.p, "14:00:00", &ns), -ERANGE);
}

/* From 23:59:50 to 00:04:50. */
static void a_time_of_day_after_midnight(void **state)
{
	static struct film f;
	char buf[16];

	(void)state;
	setenv("TZ", "UTC", 1);
	tzset();
	film__open(&f, 301, false);
	f.p.file.real_ns += 36000 * S;
	assert_int_equal(time_of(&f, "23:59:55"), 6 * S - 1);
	assert_int_equal(time_of(&f, "0:01:00"), 71 * S - 1);
	assert_string_equal(player__day_time(&f.p, 1070 * S, buf), "00:01:00");
	setenv("TZ", "EST5EDT", 1);
	tzset();
	assert_int_equal(time_of(&f, "19:01:00"), 71 * S - 1);
	assert_string_equal(player__day_time(&f.p, 1070 * S, buf), "19:01:00");
}

/* ---- the keys of the live view ---- */

static void open_recording(struct stage *st, struct film *f)
{
	film__open(f, 101, false);
	stage__open(st, true, 24, 80);
	st->ui.player = f->p;
}

static struct player_step wanted(struct stage *st)
{
	return player__next(&st->ui.player, 0);
}

static void keys_say_where_to_go(void **state)
{
	static struct film f;
	static struct stage st;
	struct player_step step;

	(void)state;
	open_recording(&st, &f);
	keys(&st, ".");
	step = wanted(&st);
	assert_true(step.go == PLAYER_FORWARD && step.cnt == 1 && st.ui.paused);
	ui__moved(&st.ui, 1001 * S, 1002 * S, false);
	keys(&st, ",");
	step = wanted(&st);
	assert_true(step.go == PLAYER_AT && step.to_ns == 1002 * S - 1);
	keys(&st, "g1:30\n");
	step = wanted(&st);
	assert_true(step.go == PLAYER_AT && step.to_ns == 1091 * S - 1);
	assert_int_equal(st.ui.prompt, UI_PROMPT_NONE);
	keys(&st, "g7:00\n");
	assert_int_equal(wanted(&st).go, PLAYER_STAY);
	assert_int_equal(st.ui.prompt, UI_PROMPT_TIME); /* to be mended */
	assert_string_equal(st.ui.message, "the recording has no such moment");
	ui__key(&st.ui, UI_KEY_BACKSPACE);
	ui__key(&st.ui, 'u' & 31);
	keys(&st, "$\033");
	assert_int_equal(wanted(&st).go, PLAYER_STAY);
	keys(&st, "$");
	assert_int_equal(wanted(&st).go, PLAYER_COVER);
	keys(&st, "0");
	assert_int_equal(wanted(&st).go, PLAYER_AT);
	keys(&st, "n");
	assert_string_equal(st.ui.message, "no trigger is in it");
	keys(&st, " ");
	assert_false(st.ui.paused);
	keys(&st, "++");
	assert_string_equal(player__speed_name(&st.ui.player), "4x");
	keys(&st, "p");
	assert_true(st.ui.paused);
	stage__close(&st);
}

/* Left and right are the timeline's and the matrix's own, plus and minus the timeline's. */
static void what_a_screen_has_for_itself_it_keeps(void **state)
{
	static struct film f;
	static struct stage st;

	(void)state;
	open_recording(&st, &f);
	keys(&st, "1p");
	ui__key(&st.ui, UI_KEY_RIGHT);
	assert_int_equal(wanted(&st).go, PLAYER_FORWARD);
	keys(&st, "2");
	ui__key(&st.ui, UI_KEY_LEFT);
	assert_int_equal(wanted(&st).go, PLAYER_STAY);
	assert_int_equal(st.ui.scroll_ns, S / 4);
	keys(&st, "+");
	assert_string_equal(player__speed_name(&st.ui.player), "1x");
	assert_int_equal(st.ui.zoom_ns, S / 2);
	keys(&st, ".");
	assert_int_equal(wanted(&st).go, PLAYER_FORWARD);
	ui__moved(&st.ui, 1001 * S, 1002 * S, false);
	assert_int_equal(st.ui.scroll_ns, 0);
	keys(&st, "4");
	ui__key(&st.ui, UI_KEY_RIGHT);
	assert_int_equal(wanted(&st).go, PLAYER_STAY);
	/* Looking back pauses it. */
	keys(&st, "2p");
	assert_false(st.ui.player.paused);
	ui__key(&st.ui, UI_KEY_LEFT);
	assert_true(st.ui.player.paused);
	stage__close(&st);
}

static void keys_of_what_runs_say_that_this_does_not(void **state)
{
	static struct film f;
	static struct stage st;

	(void)state;
	open_recording(&st, &f);
	assert_int_equal(ui__key(&st.ui, 'r'), TUI_HANDLED);
	assert_non_null(strstr(st.ui.message, "this is a recording"));
	assert_int_equal(ui__key(&st.ui, 'P'), TUI_HANDLED);
	assert_non_null(strstr(st.ui.message, "this is a recording"));
	assert_int_equal(ui__key(&st.ui, '+'), TUI_HANDLED);
	assert_int_equal(st.ui.interval_ns, S);
	assert_int_equal(ui__key(&st.ui, 'w'), TUI_WRITE);
	stage__close(&st);
	/* Live none of the player's keys does anything to it. */
	stage__open(&st, true, 24, 80);
	keys(&st, ",.{}0$");
	assert_int_equal(st.ui.player.wanted.go, PLAYER_STAY);
	assert_int_equal(ui__key(&st.ui, 'r'), TUI_RESET);
	assert_int_equal(ui__key(&st.ui, 'P'), TUI_PICK_PID);
	assert_int_equal(ui__key(&st.ui, '+'), TUI_INTERVAL_CHANGED);
	stage__close(&st);
}

/* n is the next trigger there. */
static void an_empty_search_finds_the_next_one(void **state)
{
	static struct film f;
	static struct stage st;
	size_t first;

	(void)state;
	open_recording(&st, &f);
	keys(&st, "/worker\n");
	first = st.ui.screens[UI_THREADS].sel;
	keys(&st, "/\n");
	assert_int_not_equal(st.ui.screens[UI_THREADS].sel, first);
	keys(&st, "/\033/\n");
	assert_int_not_equal(st.ui.screens[UI_THREADS].sel, first);
	stage__close(&st);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(it_goes_as_fast_as_it_says),
		cmocka_unit_test(speed_changes_and_pauses_do_not_shift_it),
		cmocka_unit_test(time_that_giltop_has_slept_is_not_made_up_for),
		cmocka_unit_test(steps_jumps_and_triggers),
		cmocka_unit_test(no_keys_lead_out_of_it_or_stop_it_for_ever),
		cmocka_unit_test(times_as_people_write_them),
		cmocka_unit_test(a_time_of_day_after_midnight),
		cmocka_unit_test(keys_say_where_to_go),
		cmocka_unit_test(what_a_screen_has_for_itself_it_keeps),
		cmocka_unit_test(keys_of_what_runs_say_that_this_does_not),
		cmocka_unit_test(an_empty_search_finds_the_next_one),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
