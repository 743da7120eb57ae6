/* SPDX-License-Identifier: BSD-2-Clause */
/* test_books_full.c - tables without room: what is lost is counted, and the sums stay right */
#include "tests/unit/model_feed.h"

/* As machine__init(), with tables for so much; user space's rows are in them. */
static void start_small(struct machine *k, bool with_stacks, struct shim_map *(*which)(void),
			uint32_t max)
{
	machine__init_empty(k, with_stacks);
	shim__resize(which(), max);
	add_gil(k, PID, COND);
	start_books(PID, T0);
}

static struct shim_map *pairs_map(void)
{
	return SHIM_MAP(&pairs);
}

static struct shim_map *sums_map(void)
{
	return SHIM_MAP(&sums);
}

static struct shim_map *chains_map(void)
{
	return SHIM_MAP(&chains);
}

static struct shim_map *stacks_map(void)
{
	return SHIM_MAP(&stacks);
}

static struct shim_map *threads_map(void)
{
	return SHIM_MAP(&threads);
}

static struct shim_map *tids_map(void)
{
	return SHIM_MAP(&tids);
}

static struct shim_map *ended_map(void)
{
	return SHIM_MAP(&ended);
}

static struct shim_map *dead_map(void)
{
	return SHIM_QUEUE(&dead);
}

/* Eight threads take turns, each waits for each, at places of their own. */
static uint64_t take_turns(struct machine *k, uint64_t now)
{
	acquires(k, 1, now += 10);
	for (uint32_t i = 0; i < 200; i++) {
		uint32_t holder = 1 + i * 3 % 8, next = 1 + (i + 1) * 3 % 8;

		stands_at(k, next, 2000 + i % 40);
		waits(k, next, now += 100);
		releases(k, holder, now += 50);
		acquires(k, next, now += 5);
	}
	return now;
}

/* .. and all of it is in the picture. */
static void picture_is_whole(struct machine *k, uint64_t now, bool with_stacks)
{
	struct model *m = new_model();
	struct snapshot *s;

	feed_at(m, k, now += 10, true);
	s = model__snapshot(m, MODEL_TOTAL);
	assert_non_null(s);
	assert_int_equal(balanced(s).wait, 200 * 55);
	if (with_stacks)
		all_balanced(s);
	snapshot__free(s);
	model__free(m);
}

static void pairs_without_room_are_under_other(void **state)
{
	struct machine k;
	uint64_t now;

	(void)state;
	for (uint32_t max = 2; max < 13; max++) {
		start_small(&k, false, pairs_map, max);
		now = take_turns(&k, T0);
		assert_true(max > 9 || stat_of(GT_STAT_PAIR_FULL) > 0);
		picture_is_whole(&k, now, false);
		machine__deinit(&k);
	}
}

static void sums_and_chains_without_room_are_under_other(void **state)
{
	struct machine k;
	uint64_t now;

	(void)state;
	for (uint32_t max = 2 * GT_SUM_KINDS; max < 24; max++) {
		start_small(&k, true, sums_map, max);
		now = take_turns(&k, T0);
		assert_true(stat_of(GT_STAT_SUM_FULL) > 0);
		read_books(&k);
		for (size_t i = 0, wait = 0; i <= k.totals.stack_cnt; i++) {
			if (i == k.totals.stack_cnt)
				assert_int_equal(wait, 200 * 55);
			else if (k.totals.stacks[i].kind == GT_SUM_WAIT)
				wait += k.totals.stacks[i].ns;
		}
		machine__deinit(&k);
		start_small(&k, true, chains_map, max - 2);
		k.task.sleeps = 1; /* so that those who come look at the holder */
		now = take_turns(&k, T0);
		assert_true(stat_of(GT_STAT_CHAIN_FULL) > 0);
		shim.cpu.now_ns = now;
		picture_is_whole(&k, now, false);
		machine__deinit(&k);
	}
}

static void stacks_without_room_are_other_and_no_time_is_lost(void **state)
{
	struct machine k;
	uint64_t now;

	(void)state;
	start_small(&k, true, stacks_map, 3);
	now = take_turns(&k, T0);
	assert_true(stat_of(GT_STAT_STACK_FULL) > 0);
	picture_is_whole(&k, now, false);
	machine__deinit(&k);
}

/* Whoever finds no room is not there: its hits are counted as lost, the others' books go on. */
static void threads_without_room_are_counted(void **state)
{
	static struct shim_map *(*const maps[])(void) = { threads_map, tids_map };
	struct machine k;

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(maps); i++) {
		start_small(&k, false, maps[i], 2);
		acquires(&k, 1, T0 + 10);
		waits(&k, 2, T0 + 20);
		waits(&k, 3, T0 + 30);
		assert_int_equal(stat_of(GT_STAT_THREAD_FULL), 1);
		assert_int_equal(SHIM_MAP(&threads)->cnt, 2);
		releases(&k, 1, T0 + 40);
		acquires(&k, 3, T0 + 50);
		releases(&k, 3, T0 + 60);
		acquires(&k, 2, T0 + 70);
		assert_int_equal(stat_of(GT_STAT_THREAD_FULL), 3);
		read_books(&k);
		assert_int_equal(k.totals.gils[0].rec.acquisitions, 2);
		assert_int_equal(k.totals.gils[0].rec.wait_ns, 50);
		assert_int_equal(k.totals.gils[0].rec.gap_ns, 30);
		machine__deinit(&k);
	}
}

static void gils_without_room_are_counted(void **state)
{
	struct machine k;
	uint32_t slot;

	(void)state;
	machine__init(&k, false);
	while (SHIM_QUEUE(&gil_free)->cnt > 1)
		shim__pop(SHIM_QUEUE(&gil_free), &slot);
	add_gil(&k, PID, COND + 0x1000);
	add_thread(&k, 7, &k.gils[1]);
	acquires(&k, 1, T0 + 10);
	acquires(&k, 7, T0 + 20);
	releases(&k, 7, T0 + 30);
	assert_int_equal(stat_of(GT_STAT_GIL_FULL), 2);
	read_books(&k);
	assert_int_equal(k.totals.gil_cnt, 1);
	assert_int_equal(k.totals.thread_cnt, 1);
	machine__deinit(&k);
}

static void the_fifth_gil_of_a_thread_is_counted(void **state)
{
	struct machine k;

	(void)state;
	machine__init(&k, false);
	for (uint64_t i = 0; i < 5; i++) {
		thread_of_tid(&k, 1)->gil = i ? add_gil(&k, PID, COND + i * 0x1000) : &k.gils[0];
		acquires(&k, 1, T0 + 20 * i + 10);
		releases(&k, 1, T0 + 20 * i + 15);
	}
	assert_int_equal(stat_of(GT_STAT_TID_FULL), 1);
	dies(&k, 1, T0 + 500);
	read_books(&k);
	assert_int_equal(k.totals.thread_cnt, 5);
	assert_int_equal(exited_cnt, 0);
	assert_int_equal(SHIM_MAP(&threads)->cnt, 1); /* it is not seen to end there */
	machine__deinit(&k);
}

/* It waits on in the books, on both sides of the equation. */
static void a_dead_waiter_without_room_in_the_queue_waits_on(void **state)
{
	struct model *m = new_model();
	struct snapshot *s;
	struct machine k;

	(void)state;
	start_small(&k, false, dead_map, 1);
	acquires(&k, 1, T0 + 100);
	waits(&k, 2, T0 + 200);
	waits(&k, 3, T0 + 300);
	dies(&k, 2, T0 + 400);
	dies(&k, 3, T0 + 500);
	assert_int_equal(stat_of(GT_STAT_DEAD_FULL), 1);
	releases(&k, 1, T0 + 600);
	acquires(&k, 1, T0 + 700);
	feed_at(m, &k, T0 + 1000, true);
	s = model__snapshot(m, MODEL_TOTAL);
	assert_int_equal(balanced(s).wait, 200 + 700);
	snapshot__free(s);
	/* Until its tid comes again. */
	releases(&k, 1, T0 + 1000);
	acquires(&k, 3, T0 + 1000);
	feed_at(m, &k, T0 + 1100, true);
	s = model__snapshot(m, MODEL_TOTAL);
	assert_int_equal(balanced(s).wait, 200 + 700);
	assert_int_equal(s->procs[0].gils[0].waiters, 0);
	snapshot__free(s);
	model__free(m);
	machine__deinit(&k);
}

static void an_ended_thread_without_a_row_keeps_its_own(void **state)
{
	struct machine k;

	(void)state;
	start_small(&k, false, ended_map, 1);
	exited_keep = 0;
	shim__update(ended_map(), &(struct gt_gil_key){ .cond = 1 }, &new_ended, BPF_ANY);
	acquires(&k, 1, T0 + 10);
	releases(&k, 1, T0 + 30);
	dies(&k, 1, T0 + 40);
	read_books(&k);
	assert_int_equal(k.totals.thread_cnt, 1);
	assert_int_equal(k.totals.threads[0].rec.flags & GT_F_EXITED, GT_F_EXITED);
	assert_int_equal(exited_cnt, 0);
	machine__deinit(&k);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(pairs_without_room_are_under_other),
		cmocka_unit_test(sums_and_chains_without_room_are_under_other),
		cmocka_unit_test(stacks_without_room_are_other_and_no_time_is_lost),
		cmocka_unit_test(threads_without_room_are_counted),
		cmocka_unit_test(gils_without_room_are_counted),
		cmocka_unit_test(the_fifth_gil_of_a_thread_is_counted),
		cmocka_unit_test(a_dead_waiter_without_room_in_the_queue_waits_on),
		cmocka_unit_test(an_ended_thread_without_a_row_keeps_its_own),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
