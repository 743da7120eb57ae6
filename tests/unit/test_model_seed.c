/* SPDX-License-Identifier: BSD-2-Clause */
/* test_model_seed.c - a hold that began before the books: its intervals, its blame, its end */
#include "tests/unit/model_feed.h"

/* Thread 42 has held since before the books, and showed no event; thread 2 waits for it. */
static void held_since_before(struct model *m, struct machine *k)
{
	machine__init(k, false);
	has_held(k, 42);
	waits(k, 2, T0 + 1000);
	say_holder(m, PID, COND, true, 42);
}

/* Seen at attach: held by somebody who has shown no event yet, and others wait for it. */
static void who_held_before_the_start_gets_the_blame_of_those_who_wait(void **state)
{
	struct model *m = new_model();
	struct machine k;
	struct snapshot *s;

	(void)state;
	held_since_before(m, &k);
	feed(m, &k, T0 + 5000);
	s = model__snapshot(m, MODEL_TOTAL);
	assert_int_equal(snap_proc__thread(&s->procs[0], 42)->hold_ns, 5000);
	assert_int_equal(snap_proc__thread(&s->procs[0], 42)->blame_ns, 4000);
	balanced(s);
	snapshot__free(s);
	model__free(m);
	machine__deinit(&k);
}

/* ... and lets go in a later interval: no interval holds more than its own time. */
static void a_hold_from_before_the_start_is_spread_over_its_intervals(void **state)
{
	struct model *m = new_model();
	struct totals none = { .now_ns = T0 + 1000 };
	struct machine k;
	struct sums r;

	(void)state;
	machine__init(&k, false);
	say_holder(m, PID, COND, true, 42);
	assert_int_equal(say_totals(m, &none), 0); /* no event at all */
	assert_int_equal(check(m, MODEL_INTERVAL).hold, 1000);
	model__mark(m);
	none.now_ns = T0 + 2000;
	assert_int_equal(say_totals(m, &none), 0);
	assert_int_equal(check(m, MODEL_INTERVAL).hold, 1000);
	model__mark(m);
	has_held(&k, 42);
	waits(&k, 2, T0 + 2400); /* the first event */
	feed(m, &k, T0 + 3000);
	r = check(m, MODEL_INTERVAL);
	assert_int_equal(r.hold, 1000);
	assert_int_equal(r.blame, 600);
	model__mark(m);
	releases(&k, 42, T0 + 3500);
	acquires(&k, 2, T0 + 3510);
	feed(m, &k, T0 + 4000);
	r = check(m, MODEL_INTERVAL);
	assert_int_equal(r.hold, 500 + 490);
	assert_int_equal(r.blame, 500);
	assert_int_equal(r.gap, 10);
	r = check(m, MODEL_TOTAL);
	assert_int_equal(r.hold, 3500 + 490);
	assert_int_equal(r.blame, 1100);
	model__free(m);
	machine__deinit(&k);
}

static void a_hold_from_before_the_start_outlives_its_process_in_the_total(void **state)
{
	struct model *m = new_model();
	struct snapshot *s;
	struct machine k;
	struct sums r;

	(void)state;
	held_since_before(m, &k);
	feed(m, &k, T0 + 2000);
	dies(&k, 2, T0 + 2500);
	feed(m, &k, T0 + 2600);
	say_end(m, PID, T0 + 2600);
	s = model__snapshot(m, MODEL_TOTAL);
	r = balanced_but_pairs(s);
	snapshot__free(s);
	assert_int_equal(r.wait, 1500);
	assert_int_equal(r.blame, 1500);
	assert_int_equal(r.hold, 2600);
	model__free(m);
	machine__deinit(&k);
}

/* ... in the interval it has that interval's share alone, and its longest hold is the whole. */
static void a_hold_from_before_the_start_dies_in_a_later_interval(void **state)
{
	struct model *m = new_model();
	const struct snap_thread *t;
	struct snapshot *s;
	struct machine k;

	(void)state;
	held_since_before(m, &k);
	feed(m, &k, T0 + 2000);
	model__mark(m);
	feed(m, &k, T0 + 2600);
	say_end(m, PID, T0 + 2600);
	s = model__snapshot(m, MODEL_INTERVAL);
	t = snap_proc__thread(&s->procs[0], 42);
	assert_int_equal(t->hold_ns, 600);
	assert_int_equal(t->blame_ns, 600);
	assert_int_equal(t->hold_max_ns, 2600);
	t = snap_proc__thread(&s->procs[0], 2);
	assert_int_equal(t->wait_ns, 600);
	assert_int_equal(t->wait_max_ns, 1600);
	snapshot__free(s);
	model__free(m);
	machine__deinit(&k);
}

/* Seen at attach between the moment that the GIL is marked as taken and the probe there (a forked child stays there
 * long): what was shown as held was not, as its first event says.
 */
static void a_hold_that_turns_out_not_to_have_begun_is_taken_back(void **state)
{
	struct totals none = { .now_ns = T0 + 1000 };
	struct model *m = new_model();
	struct machine k;

	(void)state;
	machine__init(&k, false);
	say_holder(m, PID, COND, true, 42);
	assert_int_equal(say_totals(m, &none), 0);
	assert_int_equal(check(m, MODEL_INTERVAL).hold, 1000);
	model__mark(m);
	acquires(&k, 42, T0 + 1900);
	feed(m, &k, T0 + 2000);
	assert_int_equal(check(m, MODEL_INTERVAL).hold, 100);
	assert_int_equal(check(m, MODEL_TOTAL).hold, 100);
	model__mark(m);
	releases(&k, 42, T0 + 2300);
	feed(m, &k, T0 + 3000);
	assert_int_equal(check(m, MODEL_INTERVAL).hold, 300);
	assert_int_equal(check(m, MODEL_TOTAL).hold, 400);
	model__free(m);
	machine__deinit(&k);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(who_held_before_the_start_gets_the_blame_of_those_who_wait),
		cmocka_unit_test(a_hold_from_before_the_start_is_spread_over_its_intervals),
		cmocka_unit_test(a_hold_from_before_the_start_outlives_its_process_in_the_total),
		cmocka_unit_test(a_hold_from_before_the_start_dies_in_a_later_interval),
		cmocka_unit_test(a_hold_that_turns_out_not_to_have_begun_is_taken_back),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
