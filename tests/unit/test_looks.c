/* SPDX-License-Identifier: BSD-2-Clause */
/* test_looks.c - where the time of holds goes, and that of those who wait: asleep, running, in many parts */
#include "tests/unit/looks_machine.h"

/* ---- asleep ---- */

static void a_hold_asleep_is_its_place_s_in_full_and_a_wait_for_it_by_its_overlap(void **state)
{
	struct machine *k = *state;

	acquires(k, HOLDER, START);
	sleeps_at(k, HOLDER, ASLEEP);
	waits(k, WAITER, START + 4 * MS);
	releases(k, HOLDER, START + 10 * MS);
	gets_it(k, WAITER, START + 10 * MS + US);
	assert_int_equal(held_at(HOLDER, ASLEEP), 10 * MS);
	assert_int_equal(waited_for(WAITER, HOLDER, ASLEEP), 6 * MS);
}

static void asleep_is_what_no_clock_saw(void **state)
{
	struct machine *k = *state;

	acquires(k, HOLDER, START);
	runs_at(k, HOLDER, RUNNING);
	clock_looks(k, HOLDER, START + 2 * MS);
	clock_looks(k, HOLDER, START + 4 * MS);
	sleeps_at(k, HOLDER, ASLEEP);
	waits(k, WAITER, START + 5 * MS);
	runs_at(k, HOLDER, RUNNING);
	clock_looks(k, HOLDER, START + 12 * MS);
	clock_looks(k, HOLDER, START + 14 * MS);
	clock_looks(k, HOLDER, START + 16 * MS);
	releases(k, HOLDER, START + 20 * MS);
	gets_it(k, WAITER, START + 20 * MS + US);
	assert_int_equal(held_at(HOLDER, RUNNING), 5ull * GT_LOOK_NS);
	assert_int_equal(held_at(HOLDER, ASLEEP), 20 * MS - 5ull * GT_LOOK_NS);
	assert_int_equal(waited_for(WAITER, HOLDER, RUNNING), 3ull * GT_LOOK_NS);
	assert_int_equal(waited_for(WAITER, HOLDER, ASLEEP), 15 * MS - 3ull * GT_LOOK_NS);
}

/* Three looks in a hold of 4 ms that has slept. */
static void is_seen_too_much(struct machine *k)
{
	acquires(k, HOLDER, START);
	sleeps_at(k, HOLDER, ASLEEP);
	waits(k, WAITER, START + 1 * MS);
	runs_at(k, HOLDER, RUNNING);
	for (int i = 0; i < 3; i++)
		clock_looks(k, HOLDER, START + 2 * MS + i * US);
	releases(k, HOLDER, START + 4 * MS);
}

/* .. and none in one of 20 ms. */
static void what_clocks_saw_too_much_the_next_hold_there_pays(void **state)
{
	struct machine *k = *state;
	uint64_t now = START + 30 * MS;

	is_seen_too_much(k);
	gets_it(k, WAITER, START + 4 * MS + US);
	acquires(k, HOLDER, now);
	sleeps_at(k, HOLDER, ASLEEP);
	waits(k, WAITER, now + 1 * MS);
	releases(k, HOLDER, now + 20 * MS);
	gets_it(k, WAITER, now + 20 * MS + US);
	assert_int_equal(held_at(HOLDER, RUNNING), 3ull * GT_LOOK_NS);
	assert_int_equal(held_at(HOLDER, ASLEEP), 24 * MS - 3ull * GT_LOOK_NS);
	assert_int_equal(waited_for(WAITER, HOLDER, RUNNING), 3ull * GT_LOOK_NS);
	assert_int_equal(waited_for(WAITER, HOLDER, ASLEEP), 22 * MS - 3ull * GT_LOOK_NS);
}

/* .. not that of another thread. */
static void what_clocks_saw_too_much_of_one_thread_no_other_pays(void **state)
{
	struct machine *k = *state;

	is_seen_too_much(k);
	acquires(k, OTHER, START + 4 * MS);
	sleeps_at(k, OTHER, ASLEEP_ELSEWHERE);
	waits(k, HOLDER, START + 10 * MS);
	releases(k, OTHER, START + 24 * MS);
	gets_it(k, WAITER, START + 24 * MS + US);
	assert_int_equal(held_at(OTHER, ASLEEP_ELSEWHERE), 20 * MS);
	assert_int_equal(waited_for(WAITER, OTHER, ASLEEP_ELSEWHERE), 20 * MS);
}

/* ---- a sleep that nobody saw ---- */

/* A hold of 10 ms; the waiter comes before the holder sleeps, and ticks after that: it sees nothing. */
static void sleeps_unseen(struct machine *k, uint64_t now, uint64_t queued_ns)
{
	acquires(k, HOLDER, now);
	runs_at(k, HOLDER, RUNNING);
	clock_looks(k, HOLDER, now + MS);
	waits(k, WAITER, now + 2 * MS);
	k->task.nvcsw++;
	k->task.queued_ns += queued_ns;
	releases(k, HOLDER, now + 10 * MS);
	gets_it(k, WAITER, now + 10 * MS + US);
}

/* A hold of 10 ms, all of it asleep, and seen. */
static void sleeps_seen(struct machine *k)
{
	acquires(k, HOLDER, START);
	sleeps_at(k, HOLDER, ASLEEP);
	waits(k, WAITER, START + 2 * MS);
	releases(k, HOLDER, START + 10 * MS);
	gets_it(k, WAITER, START + 10 * MS + US);
}

static void a_sleep_that_nobody_saw_was_where_that_thread_was_last_seen_asleep(void **state)
{
	struct machine *k = *state;

	sleeps_seen(k);
	sleeps_unseen(k, START + 20 * MS, 0);
	assert_int_equal(held_at(HOLDER, RUNNING), GT_LOOK_NS);
	assert_int_equal(held_at(HOLDER, ASLEEP), 20 * MS - GT_LOOK_NS);
	assert_int_equal(waited_for(WAITER, HOLDER, ASLEEP), (8 + 8) * MS);
}

static void what_it_wanted_a_cpu_for_was_no_sleep(void **state)
{
	struct machine *k = *state;

	k->task.queued_ns = MS; /* 0 would be: not known */
	sleeps_seen(k);
	sleeps_unseen(k, START + 20 * MS, 3 * MS);
	assert_int_equal(held_at(HOLDER, ASLEEP), 20 * MS - GT_LOOK_NS - 3 * MS);
}

static void who_has_not_slept_in_a_hold_was_not_asleep(void **state)
{
	struct machine *k = *state;

	sleeps_seen(k);
	acquires(k, HOLDER, START + 20 * MS);
	runs_at(k, HOLDER, RUNNING);
	waits(k, WAITER, START + 22 * MS);
	releases(k, HOLDER, START + 30 * MS);
	gets_it(k, WAITER, START + 30 * MS + US);
	assert_int_equal(held_at(HOLDER, ASLEEP), 10 * MS);
	assert_int_equal(waited_for(WAITER, HOLDER, ASLEEP), 8 * MS);
}

static void who_never_was_seen_asleep_has_no_place_for_it(void **state)
{
	struct machine *k = *state;

	sleeps_unseen(k, START, 0);
	assert_int_equal(held_at(HOLDER, RUNNING), GT_LOOK_NS);
	assert_int_equal(held_at(HOLDER, ASLEEP), 0);
}

/* ---- asleep here and there ---- */

static void between_two_places_asleep_each_has_half_of_the_time_between_looks(void **state)
{
	struct machine *k = *state;

	acquires(k, HOLDER, START);
	sleeps_at(k, HOLDER, ASLEEP);
	waits(k, WAITER, START + 2 * MS);
	sleeps_at(k, HOLDER, ASLEEP_ELSEWHERE);
	waits(k, WAITER, START + 8 * MS); /* a tick */
	releases(k, HOLDER, START + 11 * MS);
	gets_it(k, WAITER, START + 11 * MS + US);
	assert_int_equal(held_at(HOLDER, ASLEEP), (2 + 3) * MS);
	assert_int_equal(held_at(HOLDER, ASLEEP_ELSEWHERE), (3 + 3) * MS);
	assert_int_equal(waited_for(WAITER, HOLDER, ASLEEP), 3 * MS);
	assert_int_equal(waited_for(WAITER, HOLDER, ASLEEP_ELSEWHERE), (3 + 3) * MS);
}

/* .. that no clock has seen. */
static void running_between_two_places_asleep_is_taken_from_neither(void **state)
{
	struct machine *k = *state;

	acquires(k, HOLDER, START);
	sleeps_at(k, HOLDER, ASLEEP);
	waits(k, WAITER, START + 2 * MS);
	runs_at(k, HOLDER, RUNNING);
	clock_looks(k, HOLDER, START + 4 * MS);
	clock_looks(k, HOLDER, START + 6 * MS);
	sleeps_at(k, HOLDER, ASLEEP_ELSEWHERE);
	waits(k, WAITER, START + 8 * MS);
	releases(k, HOLDER, START + 11 * MS);
	gets_it(k, WAITER, START + 11 * MS + US);
	assert_int_equal(held_at(HOLDER, ASLEEP), 5 * MS - GT_LOOK_NS);
	assert_int_equal(held_at(HOLDER, ASLEEP_ELSEWHERE), 6 * MS - GT_LOOK_NS);
	assert_int_equal(waited_for(WAITER, HOLDER, ASLEEP), 3 * MS - GT_LOOK_NS);
	assert_int_equal(waited_for(WAITER, HOLDER, ASLEEP_ELSEWHERE), 6 * MS - GT_LOOK_NS);
}

/* One who came in the second half of the time between the two looks, and saw neither. */
static void who_came_between_two_looks_has_no_more_than_its_wait(void **state)
{
	struct machine *k = *state;

	acquires(k, HOLDER, START);
	sleeps_at(k, HOLDER, ASLEEP);
	waits(k, WAITER, START + 2 * MS);
	waits(k, OTHER, START + 2 * MS + US);
	waits(k, WAITER, START + 7 * MS);
	runs_at(k, HOLDER, RUNNING);
	waits(k, THIRD, START + 11 * MS);
	clock_looks(k, HOLDER, START + 11 * MS + US);
	sleeps_at(k, HOLDER, ASLEEP_ELSEWHERE);
	waits(k, WAITER, START + 12 * MS);
	releases(k, HOLDER, START + 20 * MS);
	gets_it(k, THIRD, START + 20 * MS + US);
	assert_int_equal(waited_for(THIRD, HOLDER, RUNNING), 1ull * GT_LOOK_NS);
	assert_int_equal(waited_for(THIRD, HOLDER, RUNNING) + waited_for(THIRD, HOLDER, ASLEEP) +
				 waited_for(THIRD, HOLDER, ASLEEP_ELSEWHERE),
			 9 * MS);
}

/* ---- many ticks, many waiters, many holds ---- */

static void a_long_sleep_is_booked_as_it_goes_and_nothing_twice_at_its_end(void **state)
{
	struct machine *k = *state;
	uint64_t now = START;

	acquires(k, HOLDER, now);
	sleeps_at(k, HOLDER, ASLEEP);
	waits(k, WAITER, now += 1 * MS);
	for (int i = 1; i <= 100; i++) {
		waits(k, WAITER, now += 5 * MS);
		assert_int_equal(held_at(HOLDER, ASLEEP), now - START);
		assert_int_equal(waited_for(WAITER, HOLDER, ASLEEP), now - START - MS);
	}
	releases(k, HOLDER, now += 2 * MS);
	gets_it(k, WAITER, now + US);
	assert_int_equal(held_at(HOLDER, ASLEEP), 503 * MS);
	assert_int_equal(waited_for(WAITER, HOLDER, ASLEEP), 502 * MS);
}

/* Their ticks are 1 ms apart: the later one finds that somebody has just looked. */
static void each_of_several_waiters_has_its_whole_overlap(void **state)
{
	struct machine *k = *state;
	uint64_t now = START + 1 * MS;

	acquires(k, HOLDER, START);
	sleeps_at(k, HOLDER, ASLEEP);
	waits(k, WAITER, now);
	waits(k, OTHER, now + 1 * MS);
	waits(k, THIRD, now + 3 * MS);
	for (int i = 1; i <= 100; i++) {
		waits(k, WAITER, now + i * 5 * MS);
		waits(k, OTHER, now + i * 5 * MS + 1 * MS);
		waits(k, THIRD, now + i * 5 * MS + 3 * MS);
	}
	releases(k, HOLDER, now += 510 * MS);
	gets_it(k, WAITER, now + 10 * US);
	gets_it(k, OTHER, now + 20 * US);
	gets_it(k, THIRD, now + 30 * US);
	assert_int_equal(held_at(HOLDER, ASLEEP), 511 * MS);
	assert_int_equal(waited_for(WAITER, HOLDER, ASLEEP), 510 * MS);
	assert_int_equal(waited_for(OTHER, HOLDER, ASLEEP), 509 * MS);
	assert_int_equal(waited_for(THIRD, HOLDER, ASLEEP), 507 * MS);
}

static void who_waits_through_several_holds_has_each_sleep_once(void **state)
{
	struct machine *k = *state;
	uint64_t now = START;

	acquires(k, HOLDER, now);
	sleeps_at(k, HOLDER, ASLEEP);
	waits(k, WAITER, now + 2 * MS);
	for (int i = 0; i < 3; i++) {
		waits(k, OTHER, now + 3 * MS);
		releases(k, HOLDER, now += 10 * MS);
		acquires(k, OTHER, now);
		sleeps_at(k, OTHER, ASLEEP_ELSEWHERE);
		waits(k, HOLDER, now + 5 * MS);
		releases(k, OTHER, now += 20 * MS);
		acquires(k, HOLDER, now);
	}
	waits(k, OTHER, now + 3 * MS);
	releases(k, HOLDER, now += 4 * MS);
	gets_it(k, WAITER, now + US);
	assert_int_equal(held_at(HOLDER, ASLEEP), 34 * MS);
	assert_int_equal(held_at(OTHER, ASLEEP_ELSEWHERE), 60 * MS);
	assert_int_equal(waited_for(WAITER, HOLDER, ASLEEP), 32 * MS);
	assert_int_equal(waited_for(WAITER, OTHER, ASLEEP_ELSEWHERE), 60 * MS);
}

/* ---- running ---- */

static void what_clocks_see_while_nobody_waits_counts_for_the_hold_alone(void **state)
{
	struct machine *k = *state;

	acquires(k, HOLDER, START);
	runs_at(k, HOLDER, RUNNING);
	for (uint64_t i = 1; i <= 4; i++)
		clock_looks(k, HOLDER, START + i * GT_LOOK_NS);
	waits(k, WAITER, START + 9 * MS);
	releases(k, HOLDER, START + 10 * MS);
	gets_it(k, WAITER, START + 10 * MS + US);
	assert_int_equal(held_at(HOLDER, RUNNING), 4ull * GT_LOOK_NS);
	assert_int_equal(waited_for(WAITER, HOLDER, RUNNING), 0);
}

/* From a few looks to more than the ring has; a step is for how many one of them stands. */
static void of_many_looks_in_one_wait_a_few_stand_for_all(void **state)
{
	struct machine *k = *state;
	uint64_t now = START, before, taken, step;

	for (uint64_t n = 1; n <= GT_LOOKS; n++) {
		acquires(k, HOLDER, now);
		runs_at(k, HOLDER, RUNNING);
		waits(k, WAITER, now += US);
		for (uint64_t i = 0; i < n; i++)
			clock_looks(k, HOLDER, now += GT_LOOK_NS);
		before = waited_for(WAITER, HOLDER, RUNNING);
		releases(k, HOLDER, now += 7 * US);
		gets_it(k, WAITER, now += 11 * US);
		taken = waited_for(WAITER, HOLDER, RUNNING) - before;
		step = n / LOOKS_TAKEN + 1;
		assert_int_equal(taken % (step * GT_LOOK_NS), 0);
		assert_true(taken / GT_LOOK_NS < n + step && taken / GT_LOOK_NS + step > n);
		now += MS;
	}
}

/* ---- the end of a hold ---- */

static void the_end_of_a_hold_counts_only_where_nothing_was_seen_lately(void **state)
{
	struct machine *k = *state;
	uint64_t now = START;

	stands_at(k, HOLDER, RUNNING);
	k->task.sleeps = 0;
	acquires(k, HOLDER, now);
	waits(k, WAITER, now + 4 * MS);
	releases(k, HOLDER, now += 10 * MS); /* never seen: it counts */
	gets_it(k, WAITER, now);
	assert_int_equal(sum_ns(GT_SUM_END, HOLDER, RUNNING), 10 * MS);
	assert_int_equal(sum_ns(GT_SUM_END_BLAME, HOLDER, RUNNING), 6 * MS);
	acquires(k, HOLDER, now += 100 * MS);
	clock_looks(k, HOLDER, now += 1 * MS);
	releases(k, HOLDER, now + 9 * MS);
	acquires(k, HOLDER, now + LOOK_STALE_NS - 10 * MS);
	releases(k, HOLDER, now + LOOK_STALE_NS - 1); /* seen lately */
	assert_int_equal(sum_ns(GT_SUM_END, HOLDER, RUNNING), 10 * MS);
	acquires(k, HOLDER, now + LOOK_STALE_NS - 1);
	releases(k, HOLDER, now + LOOK_STALE_NS + 20 * MS); /* .. no more */
	assert_int_equal(sum_ns(GT_SUM_END, HOLDER, RUNNING), 30 * MS + 1);
	sleeps_at(k, HOLDER, ASLEEP);
	acquires(k, HOLDER, now += 2 * LOOK_STALE_NS);
	waits(k, WAITER, now += 1 * MS);
	releases(k, HOLDER, now += 2 * LOOK_STALE_NS); /* a waiter has seen it */
	gets_it(k, WAITER, now);
	acquires(k, HOLDER, now += 1 * MS);
	releases(k, HOLDER, now += 10 * MS);
	assert_int_equal(sum_ns(GT_SUM_END, HOLDER, ASLEEP), 0);
	assert_int_equal(sum_ns(GT_SUM_END_BLAME, HOLDER, ASLEEP), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		LOOKS_TEST(a_hold_asleep_is_its_place_s_in_full_and_a_wait_for_it_by_its_overlap),
		LOOKS_TEST(asleep_is_what_no_clock_saw),
		LOOKS_TEST(what_clocks_saw_too_much_the_next_hold_there_pays),
		LOOKS_TEST(what_clocks_saw_too_much_of_one_thread_no_other_pays),
		LOOKS_TEST(a_sleep_that_nobody_saw_was_where_that_thread_was_last_seen_asleep),
		LOOKS_TEST(what_it_wanted_a_cpu_for_was_no_sleep),
		LOOKS_TEST(who_has_not_slept_in_a_hold_was_not_asleep),
		LOOKS_TEST(who_never_was_seen_asleep_has_no_place_for_it),
		LOOKS_TEST(between_two_places_asleep_each_has_half_of_the_time_between_looks),
		LOOKS_TEST(running_between_two_places_asleep_is_taken_from_neither),
		LOOKS_TEST(who_came_between_two_looks_has_no_more_than_its_wait),
		LOOKS_TEST(a_long_sleep_is_booked_as_it_goes_and_nothing_twice_at_its_end),
		LOOKS_TEST(each_of_several_waiters_has_its_whole_overlap),
		LOOKS_TEST(who_waits_through_several_holds_has_each_sleep_once),
		LOOKS_TEST(what_clocks_see_while_nobody_waits_counts_for_the_hold_alone),
		LOOKS_TEST(of_many_looks_in_one_wait_a_few_stand_for_all),
		LOOKS_TEST(the_end_of_a_hold_counts_only_where_nothing_was_seen_lately),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
