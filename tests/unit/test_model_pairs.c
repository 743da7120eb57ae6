/* SPDX-License-Identifier: BSD-2-Clause */
/* test_model_pairs.c - who waited for whom and where: open waits, samples, overrun rings, equal sums */
#include "tests/unit/model_feed.h"

/* Long enough for a waiter's tick to look at the holder's stack: that is not done twice in 4 ms. */
#define U 20000u

static uint64_t pair_ns(const struct snap_proc *p, uint32_t waiter, uint32_t holder)
{
	for (size_t i = 0; i < p->pair_cnt; i++)
		if (p->pairs[i].waiter_tid == waiter && p->pairs[i].holder_tid == holder)
			return p->pairs[i].ns;
	return 0;
}

static struct snapshot *total_of(const struct model *m)
{
	struct snapshot *s = model__snapshot(m, MODEL_TOTAL);

	assert_non_null(s);
	return s;
}

static size_t waiters(const struct machine *k)
{
	size_t n = 0;

	for (size_t i = 0; i < k->thread_cnt; i++)
		n += k->threads[i].state == GT_WAIT;
	return n;
}

/* Five threads in turn, waits of all lengths, read at odd moments; each of them has its own stacks. */
static void random_turns_add_up_at_every_reading(void **state)
{
	struct model *m = new_model();
	struct machine k;
	uint64_t now = T0, x = 42;
	uint32_t holder = 1;

	(void)state;
	machine__init(&k, true);
	acquires(&k, 1, now += 10);
	for (int round = 0; round < 3000; round++) {
		uint32_t tid;
		struct snapshot *s;

		x = x * 6364136223846793005u + 1442695040888963407u;
		tid = 1 + (uint32_t)(x >> 60) % 5;
		now += 1 + (x >> 40) % 4000000;
		if (tid != holder && thread_of_tid(&k, tid)->state == GT_RELEASED)
			stands_at(&k, tid, 100 + tid);
		else if (tid != holder) /* who waits looks at it */
			stands_at(&k, holder, 200 + (uint32_t)(x >> 50) % 4);
		if (tid != holder)
			waits(&k, tid, now);
		if ((x >> 33) % 3 || !waiters(&k))
			continue;
		stands_at(&k, holder, 210 + holder);
		releases(&k, holder, now += 7);
		if (round % 5 == 0) {
			feed_at(m, &k, now += 3, true); /* in the gap */
			s = total_of(m);
			all_balanced(s);
			snapshot__free(s);
		}
		for (holder = 1; thread_of_tid(&k, holder)->state != GT_WAIT;)
			holder = holder % 5 + 1;
		acquires(&k, holder, now += 11);
		if (round % 7)
			continue;
		feed_at(m, &k, now += 5, true); /* just begun, and others wait */
		s = total_of(m);
		all_balanced(s);
		snapshot__free(s);
		feed(m, &k, now); /* as in between: the open hold has no stack yet */
		s = model__snapshot(m, MODEL_INTERVAL);
		assert_int_equal(stack_sums_of(&s->procs[0]).kind[SNAP_STACK_WAIT],
				 balanced(s).wait);
		snapshot__free(s);
		model__mark(m);
	}
	model__free(m);
	machine__deinit(&k);
}

static void an_open_wait_is_blamed_on_each_who_held_meanwhile(void **state)
{
	struct model *m = new_model();
	struct machine k;
	struct snapshot *s;

	(void)state;
	machine__init(&k, true);
	acquires(&k, 1, T0 + 100);
	stands_at(&k, 9, 90);
	waits(&k, 9, T0 + 300);
	stands_at(&k, 1, 10);
	releases(&k, 1, T0 + 1000);
	acquires(&k, 2, T0 + 1010);
	stands_at(&k, 2, 20);
	releases(&k, 2, T0 + 1500);
	acquires(&k, 3, T0 + 1520);
	feed(m, &k, T0 + 2000);
	s = total_of(m);
	assert_int_equal(pair_ns(&s->procs[0], 9, 1), 700);
	assert_int_equal(pair_ns(&s->procs[0], 9, 2), 490);
	assert_int_equal(pair_ns(&s->procs[0], 9, 3), 480);
	assert_int_equal(stack_sums_of(&s->procs[0]).kind[SNAP_STACK_WAIT], 1700);
	all_balanced(s);
	assert_int_equal(stack_sums_of(&s->procs[0]).chains, 700 + 490 + 480);
	snapshot__free(s);
	model__free(m);
	machine__deinit(&k);
}

static void an_open_part_is_not_counted_twice_when_it_closes(void **state)
{
	struct model *m = new_model();
	struct machine k;
	struct snapshot *s;

	(void)state;
	machine__init(&k, true);
	acquires(&k, 1, T0 + 100);
	stands_at(&k, 2, 5);
	waits(&k, 2, T0 + 200);
	for (uint64_t now = T0 + 300; now < T0 + 900; now += 100) {
		feed(m, &k, now);
		model__mark(m);
	}
	stands_at(&k, 1, 7);
	releases(&k, 1, T0 + 1000);
	acquires(&k, 2, T0 + 1000);
	feed_at(m, &k, T0 + 1100, true);
	s = total_of(m);
	all_balanced(s);
	assert_int_equal(pair_ns(&s->procs[0], 2, 1), 800);
	snapshot__free(s);
	s = model__snapshot(m, MODEL_INTERVAL);
	assert_int_equal(pair_ns(&s->procs[0], 2, 1), 200); /* from 800 to 1000 */
	snapshot__free(s);
	model__free(m);
	machine__deinit(&k);
}

static void a_sampled_hold_shows_each_place_for_its_time(void **state)
{
	struct model *m = new_model();
	struct machine k;
	struct snapshot *s;
	uint64_t ns[4] = { 0 };

	(void)state;
	machine__init(&k, true);
	acquires(&k, 1, T0 + 1000 * U);
	stands_at(&k, 2, 50);
	waits(&k, 2, T0 + 1500 * U);
	stands_at(&k, 1, 71);
	waits(&k, 2, T0 + 5000 * U);
	stands_at(&k, 1, 72);
	waits(&k, 2, T0 + 9000 * U);
	stands_at(&k, 1, 73);
	waits(&k, 2, T0 + 12000 * U);
	feed(m, &k, T0 + 13000 * U); /* goes on where it was last seen */
	s = total_of(m);
	all_balanced(s);
	for (size_t i = 0; i < s->procs[0].stack_cnt; i++)
		if (s->procs[0].stacks[i].kind == SNAP_STACK_BLAME)
			ns[i % 4] = s->procs[0].stacks[i].ns;
	assert_int_equal(ns[0] + ns[1] + ns[2] + ns[3], 11500 * U);
	assert_int_equal(stack_sums_of(&s->procs[0]).kind[SNAP_STACK_HOLD], 12000 * U);
	snapshot__free(s);
	model__free(m);
	machine__deinit(&k);
}

/* A waiter that sleeps through more holds than the ring keeps: the rest is nobody's in particular. */
static void an_overrun_ring_loses_no_time(void **state)
{
	struct model *m = new_model();
	struct machine k;
	struct snapshot *s;
	uint64_t now = T0 + 100;

	(void)state;
	machine__init(&k, true);
	acquires(&k, 1, now);
	stands_at(&k, 9, 90);
	waits(&k, 9, now += 100);
	for (uint32_t i = 0; i < GT_RING_HOLDS + 50; i++) {
		stands_at(&k, 1 + i % 3, 10);
		releases(&k, 1 + i % 3, now += 20);
		acquires(&k, 1 + (i + 1) % 3, now += 2);
	}
	feed_at(m, &k, now += 5, true); /* while it is open .. */
	s = total_of(m);
	all_balanced(s);
	assert_true(pair_ns(&s->procs[0], 9, 0) >= 50 * 20 - 20);
	snapshot__free(s);
	stands_at(&k, 1 + (GT_RING_HOLDS + 50) % 3, 10);
	releases(&k, 1 + (GT_RING_HOLDS + 50) % 3, now += 20);
	acquires(&k, 9, now += 2); /* .. and when it has ended */
	feed_at(m, &k, now += 5, true);
	s = total_of(m);
	all_balanced(s);
	snapshot__free(s);
	model__free(m);
	machine__deinit(&k);
}

/* What found no room is in rows of thread 0: part of every sum. */
static void rows_of_nobody_in_particular_count(void **state)
{
	struct model *m = new_model();
	struct machine k;
	struct snapshot *s;
	struct stack_sums st;

	(void)state;
	machine__init_empty(&k, true);
	shim__resize(SHIM_MAP(&sums), 2 * GT_SUM_KINDS);
	shim__resize(SHIM_MAP(&chains), 2);
	add_gil(&k, PID, COND);
	start_books(PID, T0);
	acquires(&k, 1, T0 + 100);
	stands_at(&k, 2, 5);
	waits(&k, 2, T0 + 200);
	stands_at(&k, 1, 7);
	releases(&k, 1, T0 + 1000);
	acquires(&k, 2, T0 + 1000);
	feed_at(m, &k, T0 + 1100, true);
	s = total_of(m);
	balanced(s);
	st = stack_sums_of(&s->procs[0]);
	assert_int_equal(st.kind[SNAP_STACK_WAIT], 800);
	assert_int_equal(st.kind[SNAP_STACK_BLAME], 800);
	assert_int_equal(st.chains, 800);
	assert_int_equal(pair_ns(&s->procs[0], 2, 1), 800); /* there was room for that */
	snapshot__free(s);
	model__free(m);
	machine__deinit(&k);
}

static void without_stacks_the_kernels_pairs_count_and_no_stacks_are_shown(void **state)
{
	struct model *m = new_model();
	struct machine k;
	struct snapshot *s;

	(void)state;
	machine__init(&k, false);
	acquires(&k, 1, T0 + 100);
	waits(&k, 2, T0 + 200);
	releases(&k, 1, T0 + 1000);
	acquires(&k, 2, T0 + 1000);
	waits(&k, 1, T0 + 1050);
	feed(m, &k, T0 + 1100);
	s = total_of(m);
	balanced(s);
	assert_false(s->procs[0].stacks_known);
	assert_true(s->procs[0].pairs_known);
	assert_int_equal(pair_ns(&s->procs[0], 2, 1), 800);
	assert_int_equal(pair_ns(&s->procs[0], 1, 2), 50);
	snapshot__free(s);
	model__free(m);
	machine__deinit(&k);
}

/* Seen by its stack alone: no event of its own, but blame, which is in the sums like any other. */
static void who_has_held_since_before_the_books_is_blamed(void **state)
{
	struct model *m = new_model();
	struct machine k;
	struct snapshot *s;
	const struct snap_thread *t;

	(void)state;
	machine__init(&k, true);
	has_held(&k, 77);
	stands_at(&k, 2, 5);
	waits(&k, 2, T0 + 200 * U);
	stands_at(&k, 77, 8);
	waits(&k, 2, T0 + 600 * U);
	say_holder(m, PID, COND, true, 77);
	say_name(m, PID, 77, "the-holder");
	feed(m, &k, T0 + 1000 * U);
	s = total_of(m);
	all_balanced(s);
	t = snap_proc__thread(&s->procs[0], 77);
	assert_non_null(t);
	assert_string_equal(t->name, "the-holder");
	assert_int_equal(t->hold_ns, 1000 * U);
	assert_int_equal(t->blame_ns, 800 * U);
	assert_int_equal(t->state, SNAP_HOLDING);
	assert_int_equal(pair_ns(&s->procs[0], 2, 77), 800 * U);
	snapshot__free(s);
	model__mark(m);
	feed(m, &k, T0 + 1500 * U);
	s = model__snapshot(m, MODEL_INTERVAL);
	all_balanced(s);
	assert_int_equal(snap_proc__thread(&s->procs[0], 77)->blame_ns, 500 * U);
	snapshot__free(s);
	model__free(m);
	machine__deinit(&k);
}

/* 200 threads wait for 150 holds each, of which the hundred longest are told apart: by thread 1 long ones, by thread 2
 * short ones of all lengths, and the longest of these.
 */
static void of_many_open_waits_the_short_holds_are_other(void **state)
{
	struct model *m = new_model();
	uint64_t now = T0, by_1 = 0, by_2 = 0, other = 0;
	struct snapshot *s;
	struct machine k;

	(void)state;
	machine__init(&k, true);
	acquires(&k, 1, now += 10);
	for (uint32_t tid = 10; tid < 210; tid++)
		waits(&k, tid, now += 1);
	feed(m, &k, now += 10);
	model__mark(m);
	releases(&k, 1, now += 10);
	for (uint32_t i = 0; i < 149; i++) {
		uint32_t tid = i % 8 ? 2 : 1;
		uint64_t ns = tid == 1 ? 90 * U : 100 + i * 10;

		acquires(&k, tid, now += 5);
		releases(&k, tid, now += ns);
		if (tid == 1)
			by_1 += ns;
		else if (i > 56) /* of 131 short ones with that of the beginning, the 81 longest */
			by_2 += ns;
		else
			other += ns;
	}
	acquires(&k, 3, now += 5);
	feed(m, &k, now += 100);
	s = model__snapshot(m, MODEL_INTERVAL);
	all_balanced(s);
	for (uint32_t tid = 10; tid < 210; tid++) {
		assert_int_equal(pair_ns(&s->procs[0], tid, 1), by_1);
		assert_int_equal(pair_ns(&s->procs[0], tid, 2), by_2);
		assert_int_equal(pair_ns(&s->procs[0], tid, 0), other + 10);
		assert_int_equal(pair_ns(&s->procs[0], tid, 3), 100);
	}
	snapshot__free(s);
	check(m, MODEL_TOTAL);
	model__free(m);
	machine__deinit(&k);
}

/* .. to cost less: all else balances, and later they are there, whole. */
static void pairs_can_be_left_out_of_pictures(void **state)
{
	struct model *m = new_model();
	uint64_t now = T0;
	struct snapshot *s;
	struct machine k;

	(void)state;
	machine__init(&k, true);
	acquires(&k, 1, now += 10);
	stands_at(&k, 2, 5);
	waits(&k, 2, now += 10);
	waits(&k, 2, now += 400 * U);
	model__leave_out_pairs(m, true);
	model__late(m);
	feed(m, &k, now += 10);
	s = total_of(m);
	assert_false(s->procs[0].pairs_known);
	assert_int_equal(s->procs[0].pair_cnt + s->procs[0].chain_cnt, 0);
	assert_int_equal(stack_sums_of(&s->procs[0]).kind[SNAP_STACK_BLAME], sums_of(s).blame);
	assert_true(sums_of(s).blame > 400 * U);
	assert_int_equal(s->violations, 0);
	assert_int_equal(s->stats[COUNTER_REFRESH_LATE], 1);
	snapshot__free(s);
	model__leave_out_pairs(m, false);
	s = model__snapshot_brief(m, MODEL_TOTAL);
	assert_true(s->brief);
	assert_int_equal(s->procs[0].thread_cnt, 2);
	assert_int_equal(s->procs[0].pair_cnt + s->procs[0].stack_cnt + s->procs[0].chain_cnt, 0);
	assert_int_equal(s->violations, 0);
	snapshot__free(s);
	s = total_of(m);
	assert_false(s->brief);
	all_balanced(s);
	assert_int_equal(s->violations, 0);
	snapshot__free(s);
	model__free(m);
	machine__deinit(&k);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(random_turns_add_up_at_every_reading),
		cmocka_unit_test(an_open_wait_is_blamed_on_each_who_held_meanwhile),
		cmocka_unit_test(an_open_part_is_not_counted_twice_when_it_closes),
		cmocka_unit_test(a_sampled_hold_shows_each_place_for_its_time),
		cmocka_unit_test(an_overrun_ring_loses_no_time),
		cmocka_unit_test(rows_of_nobody_in_particular_count),
		cmocka_unit_test(without_stacks_the_kernels_pairs_count_and_no_stacks_are_shown),
		cmocka_unit_test(who_has_held_since_before_the_books_is_blamed),
		cmocka_unit_test(of_many_open_waits_the_short_holds_are_other),
		cmocka_unit_test(pairs_can_be_left_out_of_pictures),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
