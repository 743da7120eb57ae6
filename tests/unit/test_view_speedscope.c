/* SPDX-License-Identifier: BSD-2-Clause */
/* test_view_speedscope.c - for speedscope: totals by stack, and what each thread did */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "tests/unit/view_run.h"

static void speedscope_event_is(json_t *j, const char *path, int n, const char *type,
				const char *frame, uint64_t ns)
{
	json_t *e = json_array_get(at(j, path), (size_t)n);
	json_t *f =
		json_array_get(at(j, "shared.frames"), (size_t)json_integer_value(at(e, "frame")));

	is_text(e, "type", type);
	is_text(f, "name", frame);
	assert_int_equal(json_integer_value(at(e, "at")), ns);
}

static void speedscope_has_what_a_thread_did(void **state)
{
	static const char *const names[] = { "Waiting for GIL",
					     "held by a \"b\" \\ (8) at its start", "main",
					     "work" };
	const char *path = "profiles.0.events";
	struct run r;
	json_t *j;

	(void)state;
	start(&r, view_speedscope__new);
	hand_over(&r);
	j = end(&r, 50 * MS);
	assert_int_equal(json_array_size(at(j, "profiles")), 2);
	is_text(j, "profiles.0.name", "MainThread (7) of app (7)"); /* it waited */
	is_text(j, "profiles.0.type", "evented");
	is_text(j, "profiles.0.unit", "nanoseconds");
	is_number(j, "profiles.0.endValue", 50e6);
	for (int i = 0; i < 4; i++) {
		speedscope_event_is(j, path, i, "O", names[i], 5 * MS);
		speedscope_event_is(j, path, 7 - i, "C", names[i], 21 * MS + 1);
	}
	speedscope_event_is(j, path, 8, "O", "Has GIL", 21 * MS + 1);
	speedscope_event_is(j, path, 9, "C", "Has GIL", 30 * MS);
	assert_int_equal(json_array_size(at(j, path)), 10);
	is_text(j, "shared.frames.5.file", "/srv/app.py");
	is_number(j, "shared.frames.5.line", 8);
	json_decref(j);
}

static void speedscope_shows_the_most_blame_first(void **state)
{
	const struct snap_stack stacks[] = {
		{ .kind = SNAP_STACK_WAIT, .tid = 7, .ns = 900, .frame_cnt = 2, .frames = frames },
		{ .kind = SNAP_STACK_WAIT, .tid = 8, .ns = 80 },
		{ .kind = SNAP_STACK_WAIT, .tid = 7, .ns = 20, .frame_cnt = 1, .frames = frames },
		{ .kind = SNAP_STACK_BLAME,
		  .tid = 8,
		  .ns = 1000,
		  .truncated = true,
		  .frame_cnt = 1,
		  .frames = frames },
	};
	const struct snap_thread threads[] = { { .tid = 7, .name = "one" },
					       { .tid = 8, .name = "two" } };
	const struct snap_proc procs[] = {
		{ .pid = 5,
		  .comm = "other",
		  .thread_cnt = 2,
		  .threads = threads,
		  .stack_cnt = 3,
		  .stacks = stacks },
		{ .pid = 7,
		  .comm = "app",
		  .thread_cnt = 2,
		  .threads = threads,
		  .stack_cnt = 4,
		  .stacks = stacks },
	};
	const struct snapshot total = { .now_ns = 50, .proc_cnt = 2, .procs = procs };
	struct run r;
	json_t *j;

	(void)state;
	start(&r, view_speedscope__new);
	j = end_with(&r, &total);
	assert_int_equal(json_array_size(at(j, "profiles")), 3);
	is_text(j, "profiles.0.name", "other (5) waits for the GIL");
	is_text(j, "profiles.1.name", "app (7) makes others wait");
	is_text(j, "profiles.2.name", "app (7) waits for the GIL");
	is_number(j, "activeProfileIndex", 1);
	is_number(j, "profiles.1.weights.0", 1000);
	is_number(j, "profiles.2.endValue", 1000);
	/* Those of a thread are together, the shorter stack before what goes on from it. */
	is_number(j, "profiles.2.weights.0", 20);
	is_number(j, "profiles.2.weights.1", 900);
	is_number(j, "profiles.2.weights.2", 80);
	assert_int_equal(json_array_size(at(j, "profiles.2.samples.1")), 3);
	assert_int_equal(json_array_size(at(j, "profiles.2.samples.2")), 2); /* thread, [other] */
	assert_int_equal(json_array_size(at(j, "profiles.1.samples.0")),
			 3); /* thread, [truncated], main */
	json_decref(j);
}

static void speedscope_says_what_is_too_short(void **state)
{
	struct run r;
	json_t *j;

	(void)state;
	start(&r, view_speedscope__new);
	segment(&r);
	j = end(&r, 10 * MS);
	is_text(j, "profiles.0.name",
		"thread (7) of app (7), without 5 short states of 0.002000 s in sum");
	assert_int_equal(json_array_size(at(j, "profiles.0.events")), 0);
	json_decref(j);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(speedscope_has_what_a_thread_did),
		cmocka_unit_test(speedscope_shows_the_most_blame_first),
		cmocka_unit_test(speedscope_says_what_is_too_short),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
