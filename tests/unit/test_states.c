/* SPDX-License-Identifier: BSD-2-Clause */
/* test_states.c - from the stream of records to what threads did */
#include "tests/unit/told_states.h"

static void a_hand_over_is_told_by_both_sides(void **state)
{
	static const struct snap_frame frames[] = { { "main", "app.py", 3 } };
	struct record stack = { REC_STACK, 0, .stack = { 9, false, 1, frames } };
	const struct view_opts o = { 0 };
	struct told t = { 0 };
	struct states *s = start(&t, &o);
	struct event e = { .ns = 30, .tid = 1, .kind = EVENT_RELEASE, .flags = EVENT_F_ASKED };

	(void)state;
	give(s, &stack);
	event(s, 10, 1, EVENT_GET); /* without waiting */
	event(s, 15, 2, EVENT_WAIT);
	event(s, 20, 2, EVENT_RETRY);
	event(s, 25, 2, EVENT_RETRY);
	e.stack = 9;
	assert_int_equal(give_event(s, e), 0);
	event(s, 33, 2, EVENT_GET);
	event(s, 50, 2, EVENT_RELEASE);
	assert_int_equal(t.cnt, 3);
	assert_int_equal(t.list[0].kind, GT_HOLD);
	assert_int_equal(t.list[0].start_ns, 10);
	assert_int_equal(t.list[0].end_ns, 30);
	assert_true(t.list[0].asked);
	assert_int_equal(t.list[0].in, 0);
	assert_int_equal(t.list[0].out, 1);
	assert_int_equal(t.list[0].stack.cnt, 1);
	assert_ptr_equal(t.list[0].stack.frames, frames);
	assert_int_equal(t.list[1].kind, GT_WAIT);
	assert_int_equal(t.list[1].end_ns - t.list[1].start_ns, 18);
	assert_int_equal(t.list[1].retries, 2);
	assert_int_equal(t.list[1].holder->tid, 1);
	assert_int_equal(t.list[1].stack.cnt, 0);
	assert_int_equal(t.list[2].in, 1);
	assert_int_equal(t.list[2].from->tid, 1);
	assert_int_equal(t.list[2].from_ns, 30);
	assert_int_equal(t.list[2].out, 0); /* nobody waited */
	assert_false(t.list[2].asked);
	assert_int_equal(t.waiter_cnt, 2);
	assert_int_equal(t.waiters[0], 1);
	assert_int_equal(t.waiters[1], 0);
	states__free(s);
}

static void who_takes_it_again_has_been_handed_nothing(void **state)
{
	const struct view_opts o = { 0 };
	struct told t = { 0 };
	struct states *s = start(&t, &o);

	(void)state;
	event(s, 10, 1, EVENT_GET);
	event(s, 15, 2, EVENT_WAIT);
	event(s, 20, 1, EVENT_RELEASE);
	event(s, 21, 1, EVENT_GET); /* before the waiter was awake */
	event(s, 30, 1, EVENT_RELEASE);
	event(s, 31, 2, EVENT_GET);
	event(s, 40, 2, EVENT_RELEASE);
	assert_int_equal(t.cnt, 4);
	assert_int_equal(t.list[0].out, 1);
	assert_int_equal(t.list[1].in, 0);
	assert_int_equal(t.list[1].out, 2);
	assert_int_equal(t.list[3].in, 2);
	states__free(s);
}

static void what_goes_on_ends_with_its_process_or_the_run(void **state)
{
	const struct view_opts o = { 0 };
	struct told t = { 0 };
	struct states *s = start(&t, &o);

	(void)state;
	event(s, 10, 1, EVENT_GET);
	event(s, 15, 2, EVENT_WAIT);
	end_proc(s, PID, 60);
	assert_int_equal(t.cnt, 2);
	for (size_t i = 0; i < t.cnt; i++) {
		assert_true(t.list[i].open);
		assert_int_equal(t.list[i].end_ns, 60);
	}
	assert_int_equal(states__proc(s, 0)->end_ns, 60);
	start_proc(s, PID); /* another one with its pid */
	event(s, 80, 1, EVENT_GET);
	assert_int_equal(finish(s, 100), 0);
	assert_int_equal(t.cnt, 3);
	assert_int_equal(t.list[2].end_ns, 100);
	assert_ptr_equal(t.list[2].thread->proc, states__proc(s, 1));
	assert_int_equal(states__thread_cnt(s), 3);
	assert_int_equal(states__gil_cnt(s), 2);
	assert_int_equal(finish(s, 200), 0); /* once is enough */
	assert_int_equal(t.cnt, 3);
	states__free(s);
}

static void a_name_goes_to_who_had_the_tid_then(void **state)
{
	const struct view_opts o = { 0 };
	struct told t = { 0 };
	struct states *s = start(&t, &o);
	struct record totals = { .kind = REC_TOTALS };
	struct totals at = { .now_ns = 250 };

	(void)state;
	name(s, 1, "early", 0); /* before it shows any event */
	event(s, 10, 1, EVENT_START);
	event(s, 90, 1, EVENT_END);
	event(s, 200, 1, EVENT_START);
	assert_int_equal(states__thread_cnt(s), 2);
	assert_string_equal(states__thread(s, 0)->name, "early");
	assert_string_equal(states__thread(s, 1)->name, "");
	name(s, 1, "first", 50); /* known late */
	assert_string_equal(states__thread(s, 0)->name, "first");
	totals.totals = &at;
	give(s, &totals);
	name(s, 1, "second", 0);
	assert_string_equal(states__thread(s, 0)->name, "first");
	assert_string_equal(states__thread(s, 1)->name, "second");
	event(s, 260, 1, EVENT_END);
	name(s, 1, "third", 300); /* who is to come */
	assert_string_equal(states__thread(s, 1)->name, "second");
	event(s, 290, 1, EVENT_START);
	assert_string_equal(states__thread(s, 2)->name, "third");
	assert_int_equal(states__thread(s, 1)->first_ns, 200);
	assert_int_equal(states__thread(s, 1)->end_ns, 260);
	states__free(s);
}

static void at_the_end_threads_are_called_as_everywhere_else(void **state)
{
	const struct snap_thread shown[] = { { .tid = 1, .name = "worker" },
					     { .tid = 2, .name = "third" } };
	const struct snap_proc proc = { .pid = PID, .thread_cnt = 2, .threads = shown };
	const struct snapshot total = { .now_ns = 500, .proc_cnt = 1, .procs = &proc };
	const struct view_opts o = { 0 };
	struct told t = { 0 };
	struct states *s = start(&t, &o);

	(void)state;
	name(s, 1, "python3", 0);
	event(s, 10, 1, EVENT_START);
	for (uint64_t ns = 20; ns < 60; ns += 20) { /* one tid, two threads */
		event(s, ns, 2, EVENT_START);
		event(s, ns + 10, 2, EVENT_END);
	}
	assert_int_equal(states__finish(s, &total), 0);
	assert_string_equal(states__thread(s, 0)->name, "worker");
	assert_string_equal(states__thread(s, 2)->name, "");
	states__free(s);
}

static void a_thread_may_be_at_two_gils(void **state)
{
	const struct view_opts o = { 0 };
	struct told t = { 0 };
	struct states *s = start(&t, &o);
	struct event e = { .ns = 20, .tid = 1, .gil = GIL2, .kind = EVENT_GET };
	struct record gil = { REC_GIL, PID, .gil = { .cond = GIL2, .interpreter = 3 } };

	(void)state;
	event(s, 10, 1, EVENT_GET);
	assert_int_equal(give_event(s, e), 0);
	give(s, &gil);
	e.ns = 30;
	e.kind = EVENT_RELEASE;
	assert_int_equal(give_event(s, e), 0);
	event(s, 40, 1, EVENT_RELEASE);
	assert_int_equal(t.cnt, 2);
	assert_int_equal(t.list[0].gil->id, 1);
	assert_int_equal(t.list[0].gil->interpreter, 3);
	assert_int_equal(t.list[1].gil->id, 0);
	assert_int_equal(t.list[1].gil->interpreter, -1);
	assert_ptr_equal(t.list[0].thread, t.list[1].thread);
	states__free(s);
}

static void only_the_threads_that_are_asked_for_come_out(void **state)
{
	uint32_t tids[] = { 2 };
	const struct view_opts o = { .tid_cnt = 1, .tids = tids };
	struct told t = { 0 };
	struct states *s = start(&t, &o);
	struct event_segment sum = { .from_ns = 50, .cnt = 3, .sum_ns = 30, .max_ns = 20 };
	struct event e = { .ns = 90, .tid = 2, .kind = EVENT_SEGMENT, .segment = &sum };

	(void)state;
	event(s, 10, 1, EVENT_GET);
	event(s, 15, 2, EVENT_WAIT);
	event(s, 20, 1, EVENT_RELEASE);
	event(s, 25, 2, EVENT_GET);
	assert_int_equal(t.cnt, 1);
	assert_int_equal(t.list[0].holder->tid, 1);
	e.flags = EVENT_F_HOLDS;
	assert_int_equal(give_event(s, e), 0);
	e.tid = 1;
	assert_int_equal(give_event(s, e), 0);
	assert_int_equal(t.segment_cnt, 1);
	assert_int_equal(t.segment.kind, GT_HOLD);
	assert_int_equal(t.segment.start_ns, 50);
	assert_int_equal(t.segment.cnt, 3);
	states__free(s);
}

static void no_arrow_or_trigger_is_of_a_thread_that_is_not_shown(void **state)
{
	uint32_t tids[] = { 2 };
	const struct view_opts o = { .tids = tids, .tid_cnt = 1 };
	struct trigger hold = { .kind = TRIGGER_HOLD, .waiter_tid = 2 };
	struct record r = { REC_TRIGGER, PID, .trigger = &hold };
	struct told t = { 0 };
	struct states *s = start(&t, &o);

	(void)state;
	event(s, 10, 1, EVENT_GET);
	event(s, 15, 2, EVENT_WAIT);
	event(s, 20, 1, EVENT_RELEASE);
	event(s, 21, 2, EVENT_GET);
	event(s, 30, 2, EVENT_RELEASE);
	assert_int_equal(t.cnt, 2);
	assert_int_equal(t.list[1].from->tid, 1);
	assert_int_equal(t.list[1].in, 0);
	hold.holder_tid = 99; /* of whom nothing has been seen */
	give(s, &r);
	hold.holder_tid = 1;
	give(s, &r);
	assert_int_equal(t.trigger_cnt, 0);
	hold.holder_tid = 2;
	give(s, &r);
	assert_int_equal(t.trigger_cnt, 1);
	states__free(s);
}

static void triggers_have_their_threads_and_errors_come_out(void **state)
{
	const struct trigger hold = { .kind = TRIGGER_HOLD, .holder_tid = 1, .waiter_tid = 99 };
	struct record r = { REC_TRIGGER, PID, .trigger = &hold };
	struct event foreign = { .ns = 1, .pid = 8, .tid = 5, .kind = EVENT_GET };
	const struct view_opts o = { 0 };
	struct told t = { 0 };
	struct states *s = start(&t, &o);
	struct event e = { .ns = 20, .tid = 1, .kind = EVENT_RELEASE };

	(void)state;
	event(s, 10, 1, EVENT_GET);
	give(s, &r);
	assert_int_equal(t.trigger_cnt, 1);
	assert_int_equal(t.trigger_holder->tid, 1);
	assert_null(t.trigger_waiter);
	assert_int_equal(give_event(s, foreign), 0); /* of no process that was told of */
	assert_int_equal(states__thread_cnt(s), 1);
	t.fails = -ENOSPC;
	assert_int_equal(give_event(s, e), -ENOSPC);
	assert_int_equal(finish(s, 30), -ENOSPC);
	states__free(s);
	states__free(NULL);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_hand_over_is_told_by_both_sides),
		cmocka_unit_test(who_takes_it_again_has_been_handed_nothing),
		cmocka_unit_test(what_goes_on_ends_with_its_process_or_the_run),
		cmocka_unit_test(a_name_goes_to_who_had_the_tid_then),
		cmocka_unit_test(at_the_end_threads_are_called_as_everywhere_else),
		cmocka_unit_test(a_thread_may_be_at_two_gils),
		cmocka_unit_test(only_the_threads_that_are_asked_for_come_out),
		cmocka_unit_test(no_arrow_or_trigger_is_of_a_thread_that_is_not_shown),
		cmocka_unit_test(triggers_have_their_threads_and_errors_come_out),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
