/* SPDX-License-Identifier: BSD-2-Clause */
/* test_view_gecko.c - for the Firefox Profiler: what threads did as markers and as samples, to the ns */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "tests/unit/view_run.h"
#include "user/books/trigger.h"

static void gecko_has_states_as_markers(void **state)
{
	struct run r;
	json_t *j;

	(void)state;
	start(&r, view_gecko__new);
	hand_over(&r);
	j = end(&r, 50 * MS);
	is_number(j, "meta.preprocessedProfileVersion", 57);
	is_number(j, "meta.startTime", 1700000000000.0);
	is_text(j, "meta.categories.2.name", "GIL");
	assert_int_equal(json_array_size(at(j, "threads")), 2);
	is_text(j, "threads.0.name", "MainThread"); /* though 8 was there before */
	is_text(j, "threads.0.pid", "7");
	is_text(j, "threads.1.name", "a \"b\" \\");
	assert_true(json_is_true(at(j, "threads.0.isMainThread")));
	assert_true(json_is_false(at(j, "threads.1.isMainThread")));
	is_number(j, "threads.0.markers.length", 2);
	assert_string_equal(string_at(j, "threads.0.markers.name.0"), "Waiting for GIL");
	assert_string_equal(string_at(j, "threads.0.markers.name.1"), "Has GIL");
	is_number(j, "threads.0.markers.startTime.0", 5);
	is_number(j, "threads.0.markers.endTime.0", 21.000001);
	is_number(j, "threads.0.markers.endTime.1", 30);
	is_number(j, "threads.0.markers.phase.0", 1);
	is_number(j, "threads.0.markers.category.1", 2);
	is_text(j, "threads.0.markers.data.0.type", "WaitingforGIL");
	assert_string_equal(string_at(j, "threads.0.markers.data.0.holder"), "a \"b\" \\ (8)");
	is_number(j, "threads.0.markers.data.0.retries", 1);
	assert_string_equal(string_at(j, "threads.0.markers.data.1.from"), "a \"b\" \\ (8)");
	is_text(j, "threads.1.markers.data.0.asked", "yes");
	json_decref(j);
}

/* The names of the frames of a stack of thread t, leaf first. */
static void stack_is(json_t *j, int t, json_int_t stack, const char *const *want)
{
	char path[128];

	for (; *want; want++) {
		json_int_t frame, func;
		json_t *prefix;

		snprintf(path, sizeof(path), "threads.%d.stackTable.frame.%lld", t,
			 (long long)stack);
		frame = (json_int_t)number(j, path);
		snprintf(path, sizeof(path), "threads.%d.frameTable.func.%lld", t,
			 (long long)frame);
		func = (json_int_t)number(j, path);
		snprintf(path, sizeof(path), "threads.%d.funcTable.name.%lld", t, (long long)func);
		assert_string_equal(string_at(j, path), *want);
		snprintf(path, sizeof(path), "threads.%d.stackTable.prefix.%lld", t,
			 (long long)stack);
		prefix = at(j, path);
		assert_true(json_is_null(prefix) == !want[1]);
		stack = json_integer_value(prefix);
	}
}

static void gecko_has_the_same_states_as_samples(void **state)
{
	static const char *const wait[] = { "work", "main", "Waiting for GIL", NULL };
	static const char *const hold[] = { "Has GIL", NULL };
	static const char *const idle[] = { "[without the GIL]", NULL };
	static const double times[] = { 5, 21, 21.000001, 29.999999, 30 };
	struct run r;
	json_t *j;

	(void)state;
	start(&r, view_gecko__new);
	hand_over(&r);
	j = end(&r, 50 * MS);
	is_number(j, "threads.0.samples.length", 5);
	for (size_t i = 0; i < ARRAY_SIZE(times); i++)
		assert_true(json_number_value(json_array_get(at(j, "threads.0.samples.time"), i)) ==
			    times[i]);
	is_number(j, "threads.0.samples.weight.0", 16.000001);
	is_number(j, "threads.0.samples.weight.1", 0);
	is_number(j, "threads.0.samples.weight.2", 8.999999);
	stack_is(j, 0, (json_int_t)number(j, "threads.0.samples.stack.0"), wait);
	stack_is(j, 0, (json_int_t)number(j, "threads.0.samples.stack.1"), wait);
	stack_is(j, 0, (json_int_t)number(j, "threads.0.samples.stack.2"), hold);
	stack_is(j, 0, (json_int_t)number(j, "threads.0.samples.stack.4"), idle);
	stack_is(j, 0, (json_int_t)number(j, "threads.0.markers.data.0.cause.stack"), wait);
	is_text(j, "threads.0.samples.weightType", "tracing-ms");
	is_number(j, "threads.0.frameTable.line.5", 8);
	json_decref(j);
}

static void gecko_counts_waiters(void **state)
{
	struct run r;
	json_t *j;

	(void)state;
	start(&r, view_gecko__new);
	hand_over(&r);
	j = end(&r, 50 * MS);
	assert_int_equal(json_array_size(at(j, "counters")), 1);
	is_number(j, "counters.0.samples.length", 2);
	is_number(j, "counters.0.samples.time.0", 5);
	is_number(j, "counters.0.samples.count.0", 1);
	is_number(j, "counters.0.samples.time.1", 21.000001);
	is_number(j, "counters.0.samples.count.1", -1);
	is_number(j, "counters.0.mainThreadIndex", 0);
	is_text(j, "counters.0.pid", "7");
	json_decref(j);
}

static void gecko_tells_processes_of_one_pid_apart(void **state)
{
	struct run r;
	json_t *j;

	(void)state;
	start(&r, view_gecko__new);
	start_proc(&r, PID, 0);
	event(&r, 1 * MS, 7, EVENT_GET);
	give(&r, (struct record){ REC_PROC_END, PID, .end = { .end_ns = 3 * MS } });
	start_proc(&r, PID, 4 * MS);
	event(&r, 5 * MS, 7, EVENT_GET);
	j = end(&r, 6 * MS);
	is_text(j, "threads.0.pid", "7");
	is_number(j, "threads.0.processShutdownTime", 3);
	is_text(j, "threads.0.markers.data.0.open", "yes");
	is_number(j, "threads.0.markers.endTime.0", 3);
	is_text(j, "threads.1.pid", "7.1");
	assert_int_equal(json_array_size(at(j, "counters")), 0); /* nobody waited */
	is_number(j, "threads.1.markers.endTime.0", 6);
	json_decref(j);
}

static void two_gils_of_a_thread_are_two_rows(void **state)
{
	struct run r;
	json_t *j;

	(void)state;
	start(&r, view_gecko__new);
	start_proc(&r, PID, 0);
	event(&r, 1 * MS, 7, EVENT_GET);
	event(&r, 2 * MS, 7, EVENT_RELEASE);
	event_of(&r, (struct event){ .ns = 3 * MS, .tid = 7, .gil = 0x2000, .kind = EVENT_GET });
	j = end(&r, 6 * MS);
	is_text(j, "threads.0.name", "thread");
	is_text(j, "threads.1.name", "thread (GIL 1)");
	is_number(j, "threads.1.markers.startTime.0", 3);
	json_decref(j);
}

static void gecko_has_what_is_too_short_in_sum(void **state)
{
	static const char *const stack[] = { "[too short for one by one]", "Waiting for GIL",
					     NULL };
	struct run r;
	json_t *j;

	(void)state;
	start(&r, view_gecko__new);
	segment(&r);
	j = end(&r, 10 * MS);
	assert_string_equal(string_at(j, "threads.0.markers.name.0"), "Short waits");
	is_number(j, "threads.0.markers.startTime.0", 1);
	is_number(j, "threads.0.markers.endTime.0", 9);
	is_number(j, "threads.0.markers.data.0.count", 5);
	is_number(j, "threads.0.markers.data.0.sum", 2);
	is_number(j, "threads.0.samples.weight.0", 2);
	stack_is(j, 0, (json_int_t)number(j, "threads.0.samples.stack.0"), stack);
	json_decref(j);
}

static void gecko_has_what_the_user_wanted_to_be_told_of(void **state)
{
	const struct trigger told = { .kind = TRIGGER_HOLD,
				      .over = true,
				      .at_ns = 20 * MS,
				      .start_ns = 0,
				      .ns = 20 * MS,
				      .limit_ns = 2 * MS,
				      .gil = GIL,
				      .waiter_tid = 7,
				      .holder_tid = 8,
				      .waiter_cnt = 1 };
	struct run r;
	json_t *j;

	(void)state;
	start(&r, view_gecko__new);
	hand_over(&r);
	give(&r, (struct record){ REC_TRIGGER, PID, .trigger = &told });
	j = end(&r, 50 * MS);
	is_number(j, "threads.1.markers.length", 2);
	assert_string_equal(string_at(j, "threads.1.markers.name.1"), "on-hold");
	is_number(j, "threads.1.markers.endTime.1", 20);
	is_number(j, "threads.1.markers.data.1.limit", 2);
	is_number(j, "threads.1.markers.data.1.waiters", 1);
	is_text(j, "threads.1.markers.data.1.over", "yes");
	assert_string_equal(string_at(j, "threads.1.markers.data.1.other"), "MainThread (7)");
	is_number(j, "threads.1.samples.length", 3); /* of its hold alone */
	json_decref(j);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(gecko_has_states_as_markers),
		cmocka_unit_test(gecko_has_the_same_states_as_samples),
		cmocka_unit_test(gecko_counts_waiters),
		cmocka_unit_test(gecko_tells_processes_of_one_pid_apart),
		cmocka_unit_test(two_gils_of_a_thread_are_two_rows),
		cmocka_unit_test(gecko_has_what_is_too_short_in_sum),
		cmocka_unit_test(gecko_has_what_the_user_wanted_to_be_told_of),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
