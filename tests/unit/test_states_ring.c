/* SPDX-License-Identifier: BSD-2-Clause */
/* test_states_ring.c - timelines of a flight recorder's file, which begin and end in the middle */
#include "tests/unit/told_states.h"

/* Of a flight recorder's file: the totals begin later than the events. */
static void what_was_before_the_totals_is_cut_off(void **state)
{
	const struct view_opts o = { .from_ns = 30 };
	struct event e = { .ns = 29, .tid = 1, .kind = EVENT_SEGMENT };
	const struct event_segment seg = { .from_ns = 6, .cnt = 3, .sum_ns = 9, .max_ns = 4 };
	const struct totals books = { .now_ns = 30 };
	const struct record first = { REC_TOTALS, 0, .totals = &books };
	struct told t = { 0 };
	struct states *s = start(&t, &o);

	(void)state;
	e.segment = &seg;
	event(s, 6, 1, EVENT_GET);
	event(s, 7, 1, EVENT_RELEASE);
	event(s, 10, 1, EVENT_GET);
	event(s, 15, 2, EVENT_WAIT);
	event(s, 16, 3, EVENT_WAIT);
	assert_int_equal(give_event(s, e), 0);
	event(s, 29, 1, EVENT_RELEASE);
	assert_int_equal(t.cnt + t.waiter_cnt + t.segment_cnt, 0);
	give(s, &first);
	event(s, 33, 2, EVENT_GET);
	event(s, 40, 2, EVENT_RELEASE);
	event(s, 41, 3, EVENT_GET);
	assert_int_equal(t.cnt, 3);
	assert_int_equal(t.list[0].kind, GT_WAIT);
	assert_int_equal(t.list[0].start_ns, 30);
	assert_int_equal(t.list[0].end_ns, 33);
	assert_int_equal(t.list[1].kind, GT_HOLD);
	assert_int_equal(t.list[1].in, 0); /* it comes from what is not there */
	assert_int_equal(t.list[1].from->tid, 1);
	assert_int_equal(t.list[2].start_ns, 30);
	assert_int_equal(t.waiter_cnt, 3);
	assert_int_equal(t.waiters[0], 2);
	assert_int_equal(t.waiters_ns[0], 30);
	assert_int_equal(t.waiters[1], 1);
	assert_int_equal(t.waiters_ns[1], 33);
	assert_int_equal(finish(s, 50), 0);
	assert_int_equal(t.list[3].kind, GT_HOLD);
	assert_int_equal(t.list[3].in, 2);
	states__free(s);
}

/* .. whose events lack what began before: the first books have it. */
static void what_goes_on_as_it_begins_is_of_the_first_books(void **state)
{
	const struct view_opts o = { .from_ns = 30, .to_ns = 60 };
	struct total_gil gils[] = { { .key = { GIL, PID, 0 } },
				    { .key = { GIL2, PID, 0 }, .rec = { .light = 1 } } };
	struct total_thread threads[] = {
		{ { GIL, 2, 0 }, { .since_ns = 12, .state = GT_WAIT, .tgid = PID }, 0, 0 },
		{ { GIL, 1, 0 }, { .since_ns = 9, .state = GT_HOLD, .tgid = PID }, 0, 0 },
		{ { GIL, 3, 0 }, { .since_ns = 8, .state = GT_YIELD, .tgid = PID }, 0, 0 },
		{ { GIL, 4, 0 }, { .since_ns = 7, .state = GT_RELEASED, .tgid = PID }, 0, 0 },
		{ { GIL, 5, 0 },
		  { .since_ns = 7, .exit_ns = 8, .state = GT_WAIT, .tgid = PID },
		  0,
		  0 },
		{ { GIL2, 6, 0 }, { .since_ns = 9, .state = GT_HOLD, .tgid = PID }, 0, 0 },
		{ { GIL, 7, 0 }, { .since_ns = 28, .state = GT_HOLD, .tgid = PID }, 0, 0 },
		{ { GIL, 9, 0 }, { .since_ns = 8, .state = GT_WAIT, .tgid = PID }, 0, 0 },
		{ { GIL, 8, 0 }, { .since_ns = 28, .state = GT_WAIT, .tgid = 99 }, 0, 0 },
	};
	struct totals first = { .now_ns = 30,
				.gil_cnt = ARRAY_SIZE(gils),
				.gils = gils,
				.thread_cnt = ARRAY_SIZE(threads),
				.threads = threads };
	struct record r = { REC_TOTALS, 0, .totals = &first };
	struct record holder = { REC_HOLDER, PID,
				 .holder = { .cond = 0x3000, .tid = 11, .held = true } };
	struct told t = { 0 };
	struct states *s = start(&t, &o);

	(void)state;
	give(s, &holder); /* it has no books yet */
	event(s, 29, 7, EVENT_GET);
	event(s, 29, 7, EVENT_RELEASE); /* of this more is known */
	give(s, &r);
	assert_int_equal(t.waiter_cnt, 1);
	assert_int_equal(t.waiters[0], 2);
	assert_int_equal(t.waiters_ns[0], 30);
	event(s, 50, 1, EVENT_RELEASE);
	event(s, 51, 2, EVENT_GET);
	event(s, 61, 2, EVENT_RELEASE); /* after the last books */
	assert_int_equal(t.cnt, 2);
	assert_int_equal(t.list[0].kind, GT_HOLD);
	assert_int_equal(t.list[0].start_ns, 30);
	assert_int_equal(t.list[0].end_ns, 50);
	assert_int_equal(t.list[1].kind, GT_WAIT);
	assert_int_equal(t.list[1].start_ns, 30);
	assert_int_equal(t.list[1].holder->tid, 1);
	first.now_ns = 60;
	give(s, &r); /* nothing begins anew */
	assert_int_equal(finish(s, 60), 0);
	assert_int_equal(t.cnt, 6);
	for (size_t i = 2; i < t.cnt; i++) {
		uint32_t tid = t.list[i].thread->tid;

		assert_int_equal(t.list[i].kind, tid == 2    ? GT_HOLD
						 : tid == 11 ? GT_HOLD
						 : tid == 3  ? GT_YIELD
							     : GT_WAIT);
		assert_null(t.list[i].holder); /* who holds now came later */
		assert_int_equal(t.list[i].end_ns, 60);
	}
	states__free(s);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_was_before_the_totals_is_cut_off),
		cmocka_unit_test(what_goes_on_as_it_begins_is_of_the_first_books),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
