/* SPDX-License-Identifier: BSD-2-Clause */
/* test_model_end.c - a process ends with waits and a hold open: a wait is closed at its thread's death, the hold is
 * its holder's to the end
 */
#include "tests/unit/model_feed.h"

/* Long enough for a waiter's tick to look at the holder's stack: that is not done twice in 4 ms. */
#define U 20000u

static struct snapshot *end_of(struct model *m, struct machine *k, uint64_t read_ns,
			       uint64_t end_ns)
{
	struct snapshot *s;

	feed(m, k, read_ns);
	say_end(m, PID, end_ns);
	s = model__snapshot(m, MODEL_TOTAL);
	assert_non_null(s);
	assert_false(s->procs[0].alive);
	return s;
}

static void three_threads(struct machine *k)
{
	machine__init(k, true);
	acquires(k, 1, T0 + 100 * U);
	stands_at(k, 2, 20);
	waits(k, 2, T0 + 200 * U);
	stands_at(k, 1, 11);
	waits(k, 2, T0 + 400 * U);
	stands_at(k, 3, 30);
	waits(k, 3, T0 + 500 * U);
}

static const struct snap_thread *row_of(const struct snapshot *s, uint32_t tid)
{
	const struct snap_thread *t = snap_proc__thread(&s->procs[0], tid);

	assert_non_null(t);
	return t;
}

static void all_die_at_once(void **state)
{
	struct model *m = new_model();
	struct machine k;
	struct snapshot *s;

	(void)state;
	three_threads(&k);
	for (uint32_t tid = 1; tid <= 3; tid++)
		dies(&k, tid, T0 + 1000 * U);
	s = end_of(m, &k, T0 + 5000 * U,
		   T0 + 6000 * U); /* read long after: nothing happens any more */
	all_balanced(s);
	assert_int_equal(row_of(s, 2)->wait_ns, 800 * U);
	assert_int_equal(row_of(s, 3)->wait_ns, 500 * U);
	assert_int_equal(row_of(s, 1)->blame_ns, 1300 * U);
	assert_int_equal(stack_sums_of(&s->procs[0]).chains, 1300 * U);
	snapshot__free(s);
	model__free(m);
	machine__deinit(&k);
}

static void the_holder_dies_first_and_nobody_else_gets_it(void **state)
{
	struct model *m = new_model();
	struct machine k;
	struct snapshot *s;

	(void)state;
	three_threads(&k);
	dies(&k, 1, T0 + 1000 * U);
	dies(&k, 3, T0 + 1100 * U);
	dies(&k, 2, T0 + 1300 * U);
	s = end_of(m, &k, T0 + 5000 * U, T0 + 6000 * U);
	all_balanced(s);
	assert_int_equal(row_of(s, 1)->blame_ns, 1700 * U);
	assert_int_equal(row_of(s, 2)->wait_ns, 1100 * U);
	assert_int_equal(row_of(s, 3)->wait_ns, 600 * U);
	assert_int_equal(s->procs[0].gils[0].gap_ns, 0);
	snapshot__free(s);
	model__free(m);
	machine__deinit(&k);
}

static void the_waiters_die_first(void **state)
{
	struct model *m = new_model();
	struct machine k;
	struct snapshot *s;

	(void)state;
	three_threads(&k);
	dies(&k, 2, T0 + 700 * U);
	dies(&k, 3, T0 + 800 * U);
	dies(&k, 1, T0 + 2000 * U);
	s = end_of(m, &k, T0 + 5000 * U, T0 + 6000 * U);
	all_balanced(s);
	assert_int_equal(row_of(s, 1)->hold_ns, 4900 * U);
	assert_int_equal(row_of(s, 1)->blame_ns, (500 + 300) * U);
	assert_int_equal(s->procs[0].gils[0].gap_ns, 0);
	snapshot__free(s);
	model__free(m);
	machine__deinit(&k);
}

/* No exit was seen (giltop's programs were closed already): the end of the process is theirs. */
static void no_death_was_seen(void **state)
{
	struct model *m = new_model();
	struct machine k;
	struct snapshot *s;

	(void)state;
	three_threads(&k);
	s = end_of(m, &k, T0 + 900 * U, T0 + 1000 * U);
	all_balanced(s);
	assert_int_equal(row_of(s, 2)->wait_ns, 800 * U);
	assert_int_equal(row_of(s, 1)->blame_ns, 1300 * U);
	snapshot__free(s);
	model__free(m);
	machine__deinit(&k);
}

/* Its rows are still there at later readings, and stay as they are; a new life starts at 0. */
static void what_has_ended_stays_and_the_next_life_is_its_own(void **state)
{
	const struct say_proc info = { .pid = PID, .comm = "again" };
	struct model *m = new_model();
	struct machine k;
	struct snapshot *s;

	(void)state;
	three_threads(&k);
	s = end_of(m, &k, T0 + 900 * U, T0 + 1000 * U);
	snapshot__free(s);
	assert_int_equal(say_start(m, &info, T0 + 2000 * U), 0);
	next_program(&k, PID, T0 + 2000 * U);
	acquires(&k, 1, T0 + 2100 * U);
	waits(&k, 2, T0 + 2200 * U);
	releases(&k, 1, T0 + 2300 * U);
	acquires(&k, 2, T0 + 2300 * U);
	feed_at(m, &k, T0 + 2400 * U, true);
	s = model__snapshot(m, MODEL_TOTAL);
	assert_int_equal(s->proc_cnt, 2);
	assert_int_equal(stack_sums_of(&s->procs[0]).kind[SNAP_STACK_WAIT], (800 + 500) * U);
	assert_int_equal(stack_sums_of(&s->procs[1]).kind[SNAP_STACK_WAIT], 100 * U);
	assert_int_equal(stack_sums_of(&s->procs[1]).chains, 100 * U);
	snapshot__free(s);
	model__free(m);
	machine__deinit(&k);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(all_die_at_once),
		cmocka_unit_test(the_holder_dies_first_and_nobody_else_gets_it),
		cmocka_unit_test(the_waiters_die_first),
		cmocka_unit_test(no_death_was_seen),
		cmocka_unit_test(what_has_ended_stays_and_the_next_life_is_its_own),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
