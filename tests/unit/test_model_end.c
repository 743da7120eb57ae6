/* SPDX-License-Identifier: BSD-2-Clause */
/* test_model_end.c - a process ends with waits and a hold open: each is closed at its thread's death */
#include "tests/unit/fake_stacks.h"

static struct snapshot *end_of(struct model *m, struct skernel *k, uint64_t read_ns,
			       uint64_t end_ns)
{
	struct snapshot *s;

	sk__feed(m, k, read_ns, false);
	say_end(m, PID, end_ns);
	s = model__snapshot(m, MODEL_TOTAL);
	assert_non_null(s);
	assert_false(s->procs[0].alive);
	return s;
}

static void three_threads(struct skernel *k)
{
	sk__init(k);
	sk__acquire(k, 1, T0 + 100);
	sk__wait(k, 2, 20, T0 + 200);
	sk__sample(k, 2, 11, T0 + 400);
	sk__wait(k, 3, 30, T0 + 500);
}

static const struct snap_thread *thread_of(const struct snapshot *s, uint32_t tid)
{
	const struct snap_thread *t = snap_proc__thread(&s->procs[0], tid);

	assert_non_null(t);
	return t;
}

static void all_die_at_once(void **state)
{
	struct model *m = new_model();
	struct skernel k;
	struct snapshot *s;

	(void)state;
	three_threads(&k);
	for (uint32_t tid = 1; tid <= 3; tid++)
		sk__kill(&k, tid, T0 + 1000);
	s = end_of(m, &k, T0 + 5000, T0 + 6000); /* read long after: nothing happens any more */
	all_balanced(s);
	assert_int_equal(thread_of(s, 2)->wait_ns, 800);
	assert_int_equal(thread_of(s, 3)->wait_ns, 500);
	assert_int_equal(thread_of(s, 1)->blame_ns, 1300);
	assert_int_equal(stack_sums_of(&s->procs[0]).chains, 1300);
	snapshot__free(s);
	model__free(m);
}

static void the_holder_dies_first_then_nobody_holds(void **state)
{
	struct model *m = new_model();
	struct skernel k;
	struct snapshot *s;

	(void)state;
	three_threads(&k);
	sk__kill(&k, 1, T0 + 1000);
	sk__kill(&k, 3, T0 + 1100);
	sk__kill(&k, 2, T0 + 1300);
	s = end_of(m, &k, T0 + 5000, T0 + 6000);
	all_balanced(s);
	assert_int_equal(thread_of(s, 1)->blame_ns, 1300);
	assert_int_equal(thread_of(s, 2)->wait_ns, 1100);
	assert_int_equal(thread_of(s, 3)->wait_ns, 600);
	assert_int_equal(s->procs[0].gils[0].gap_ns, 2 * 100 + 200);
	snapshot__free(s);
	model__free(m);
}

static void the_waiters_die_first(void **state)
{
	struct model *m = new_model();
	struct skernel k;
	struct snapshot *s;

	(void)state;
	three_threads(&k);
	sk__kill(&k, 2, T0 + 700);
	sk__kill(&k, 3, T0 + 800);
	sk__kill(&k, 1, T0 + 2000);
	s = end_of(m, &k, T0 + 5000, T0 + 6000);
	all_balanced(s);
	assert_int_equal(thread_of(s, 1)->hold_ns, 1900);
	assert_int_equal(thread_of(s, 1)->blame_ns, 500 + 300);
	assert_int_equal(s->procs[0].gils[0].gap_ns, 0);
	snapshot__free(s);
	model__free(m);
}

/* No exit was seen (giltop's programs were closed already): the end of the process is theirs. */
static void no_death_was_seen(void **state)
{
	struct model *m = new_model();
	struct skernel k;
	struct snapshot *s;

	(void)state;
	three_threads(&k);
	s = end_of(m, &k, T0 + 900, T0 + 1000);
	all_balanced(s);
	assert_int_equal(thread_of(s, 2)->wait_ns, 800);
	assert_int_equal(thread_of(s, 1)->blame_ns, 1300);
	snapshot__free(s);
	model__free(m);
}

/* Its rows are still there at later readings, and stay as they are; a new life starts at 0. */
static void what_has_ended_stays_and_the_next_life_is_its_own(void **state)
{
	const struct say_proc info = { .pid = PID, .comm = "again" };
	struct model *m = new_model();
	struct skernel k;
	struct snapshot *s;

	(void)state;
	three_threads(&k);
	s = end_of(m, &k, T0 + 900, T0 + 1000);
	snapshot__free(s);
	assert_int_equal(say_start(m, &info, T0 + 2000), 0);
	sk__init(&k);
	k.gil.rec.first_ns = k.gil.rec.last_ns = k.gil.rec.seg_start_ns = T0 + 2000;
	sk__acquire(&k, 1, T0 + 2100);
	sk__wait(&k, 2, 20, T0 + 2200);
	sk__release(&k, 1, 11, T0 + 2300);
	sk__acquire(&k, 2, T0 + 2300);
	sk__feed(m, &k, T0 + 2400, true);
	s = model__snapshot(m, MODEL_TOTAL);
	assert_int_equal(s->proc_cnt, 2);
	assert_int_equal(stack_sums_of(&s->procs[0]).kind[SNAP_STACK_WAIT], 800 + 500);
	assert_int_equal(stack_sums_of(&s->procs[1]).kind[SNAP_STACK_WAIT], 100);
	assert_int_equal(stack_sums_of(&s->procs[1]).chains, 100);
	snapshot__free(s);
	model__free(m);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(all_die_at_once),
		cmocka_unit_test(the_holder_dies_first_then_nobody_holds),
		cmocka_unit_test(the_waiters_die_first),
		cmocka_unit_test(no_death_was_seen),
		cmocka_unit_test(what_has_ended_stays_and_the_next_life_is_its_own),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
