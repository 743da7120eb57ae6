/* SPDX-License-Identifier: BSD-2-Clause */
/* test_pool_rows.c - ended threads of a pool, rows of threads or of pools, and how a thread is found */
#include "tests/unit/pool_stage.h"

#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include "user/base/util.h"

/* Six of w-*: one that lives, one that ended, four that were folded. */
static void add_mixed(struct stage *s)
{
	struct snap_thread *t;

	add(s, PID, "MainThread");
	add(s, 201, "w-1")->wait_ns = 1;
	t = add(s, 202, "w-2");
	t->state = SNAP_EXITED;
	t->wait_ns = 20;
	t = add(s, SNAP_FOLD_TID | 3, "w-*");
	t->state = SNAP_EXITED;
	t->folded_cnt = 4;
	t->wait_ns = 300;
	t = add(s, 0, "[9 ended threads]");
	t->state = SNAP_EXITED;
	t->folded_cnt = 9;
}

static void ended_ones_are_counted_and_summed_beside_all(void **state)
{
	struct stage s;
	const struct snap_pool *pl;

	(void)state;
	begin(&s);
	add_mixed(&s);
	build(&s);
	pl = pool(&s, "w-*");
	assert_int_equal(pl->cnt, 6);
	assert_int_equal(pl->ended_cnt, 5);
	assert_int_equal(pl->all->wait_ns, 321);
	assert_int_equal(pl->all->folded_cnt, 6);
	assert_int_equal(pl->all->state, SNAP_RELEASED);
	assert_int_equal(pl->ended->wait_ns, 320);
	assert_int_equal(pl->ended->folded_cnt, 5);
	assert_int_equal(pl->ended->state, SNAP_EXITED);
	/* Those that nobody knows the pool of are no pool's; their row is a sum already. */
	pl = pool(&s, "[9 ended threads]");
	assert_ptr_equal(pl->all, &s.th[4]);
	assert_int_equal(pl->ended_cnt, 9);
	arena__free(&s.a);
}

/* Their row is called like the pool already: its other numbers are not for us to take out. */
static void ended_ones_that_share_a_row_are_of_the_pool_of_the_living(void **state)
{
	struct stage s;
	struct snap_thread *t;

	(void)state;
	begin(&s);
	add(&s, 201, "ThreadPoolExecutor-0_1");
	t = add(&s, SNAP_FOLD_TID, "ThreadPoolExecutor-0_*");
	t->state = SNAP_EXITED;
	t->folded_cnt = 30;
	add(&s, 202, "ThreadPoolExecutor-1_1");
	build(&s);
	assert_int_equal(s.p.pool_cnt, 2);
	assert_int_equal(pool(&s, "ThreadPoolExecutor-0_*")->cnt, 31);
	assert_int_equal(pool(&s, "ThreadPoolExecutor-1_*")->cnt, 1);
	arena__free(&s.a);
}

/* .. and without a name of the pool of the function that all of them were started with, if it is one. */
static void nameless_ones_that_share_a_row_are_of_one_start_function_only_if_all_are(void **state)
{
	struct stage s;
	struct snap_thread *t;

	(void)state;
	begin(&s);
	add(&s, 201, "Thread-1");
	stands(&s, 201, boot, 3);
	for (uint32_t i = 0; i < 2; i++) {
		t = add(&s, SNAP_FOLD_TID | i, i ? "app" : "Thread-*");
		t->state = SNAP_EXITED;
		t->folded_cnt = 10;
	}
	s.p.comm = "app";
	stands(&s, SNAP_FOLD_TID, boot, 3);
	stands(&s, SNAP_FOLD_TID, boot, 4);
	stands(&s, SNAP_FOLD_TID | 1, boot, 3);
	stands(&s, SNAP_FOLD_TID | 1, other, 2);
	stands(&s, SNAP_FOLD_TID | 1, boot, 3);
	build(&s);
	assert_int_equal(pool(&s, "Thread-* (serve)")->cnt, 11);
	assert_int_equal(pool(&s, "app")->cnt, 10);
	arena__free(&s.a);
}

static bool has_row(const struct stage *s, size_t n, const struct snap_thread *t)
{
	for (size_t i = 0; i < n; i++)
		if (s->rows[i] == t)
			return true;
	return false;
}

static enum group only_main(const void *ctx, const struct snap_pool *pl, enum group how)
{
	return strcmp(pl->name, ctx) != 0 ? how : GROUP_NONE;
}

static void rows_are_of_threads_or_pools_as_wanted(void **state)
{
	struct stage s;
	const struct snap_pool *w, *rest;
	size_t n;

	(void)state;
	begin(&s);
	add_mixed(&s);
	build(&s);
	w = pool(&s, "w-*");
	rest = pool(&s, "[9 ended threads]");
	n = pools__rows(&s.p, GROUP_NONE, NULL, NULL, s.rows);
	assert_int_equal(n, 5);
	for (size_t i = 0; i < n; i++)
		assert_ptr_equal(s.rows[i], &s.th[i]);
	n = pools__rows(&s.p, GROUP_AUTO, NULL, NULL, s.rows);
	assert_int_equal(n, 4);
	assert_true(has_row(&s, n, &s.th[0]) && has_row(&s, n, &s.th[1]));
	assert_true(has_row(&s, n, w->ended) && has_row(&s, n, rest->all));
	n = pools__rows(&s.p, GROUP_POOL, NULL, NULL, s.rows);
	assert_int_equal(n, 3);
	assert_true(has_row(&s, n, &s.th[0]));
	assert_true(has_row(&s, n, w->all) && has_row(&s, n, rest->all));
	/* The user has opened this one. */
	n = pools__rows(&s.p, GROUP_POOL, only_main, "w-*", s.rows);
	assert_int_equal(n, 5);
	assert_true(has_row(&s, n, &s.th[2]) && has_row(&s, n, &s.th[3]));
	arena__free(&s.a);
}

/* Whatever the rows, what was waited is there once. */
static void no_row_is_counted_twice_and_none_is_lost(void **state)
{
	struct stage s;

	(void)state;
	begin(&s);
	add_mixed(&s);
	build(&s);
	for (int how = GROUP_AUTO; how <= GROUP_NONE; how++) {
		size_t n = pools__rows(&s.p, (enum group)how, NULL, NULL, s.rows);
		uint64_t wait = 0, cnt = 0;

		assert_true(n <= s.p.thread_cnt);
		for (size_t i = 0; i < n; i++) {
			wait += s.rows[i]->wait_ns;
			cnt += s.rows[i]->folded_cnt ? s.rows[i]->folded_cnt : 1;
		}
		assert_int_equal(wait, 321);
		assert_int_equal(cnt, 1 + 6 + 9);
	}
	arena__free(&s.a);
}

static void a_process_without_threads_has_no_pools(void **state)
{
	struct stage s;

	(void)state;
	begin(&s);
	build(&s);
	assert_int_equal(s.p.pool_cnt, 0);
	assert_int_equal(pools__rows(&s.p, GROUP_AUTO, NULL, NULL, s.rows), 0);
	assert_null(snap_proc__thread(&s.p, 1));
	arena__free(&s.a);
}

static void threads_are_found_by_tid_with_an_index_or_without(void **state)
{
	struct stage s;
	static const uint32_t tids[] = { 900, 0, 7, SNAP_FOLD_TID, 42, 7, 8, 1 };

	(void)state;
	begin(&s);
	for (size_t i = 0; i < ARRAY_SIZE(tids); i++)
		add(&s, tids[i], "t");
	for (int indexed = 0; indexed < 2; indexed++) {
		if (indexed)
			build(&s);
		assert_int_equal(s.p.by_tid != NULL, indexed);
		for (size_t i = 0; i < ARRAY_SIZE(tids); i++) /* of two alike the first */
			assert_ptr_equal(snap_proc__thread(&s.p, tids[i]),
					 !tids[i] ? NULL : &s.th[i == 5 ? 2 : i]);
		assert_null(snap_proc__thread(&s.p, 2));
		assert_null(snap_proc__thread(&s.p, 901));
		assert_null(snap_proc__thread(&s.p, UINT32_MAX));
	}
	arena__free(&s.a);
}

static void the_name_for_a_sum_is_the_pools(void **state)
{
	struct stage s;

	(void)state;
	begin(&s);
	add_mixed(&s);
	assert_string_equal(snap_proc__pool_name(&s.p, 201), "w-1"); /* there are none yet */
	build(&s);
	assert_string_equal(snap_proc__pool_name(&s.p, 201), "w-*");
	assert_string_equal(snap_proc__pool_name(&s.p, SNAP_FOLD_TID | 3), "w-*");
	assert_string_equal(snap_proc__pool_name(&s.p, 0), "[other threads]");
	assert_string_equal(snap_proc__pool_name(&s.p, 4711), "thread");
	arena__free(&s.a);
}

/* Each with a name of its own: no step may look at all of them for each of them. */
static void a_thousand_names_take_no_time(void **state)
{
	enum { CNT = 1000, ROUNDS = 20 };
	struct snap_thread *th = calloc(CNT, sizeof(*th));
	char(*names)[16] = calloc(CNT, sizeof(*names));
	struct snap_proc p = { .pid = PID, .comm = "x", .gil_cnt = 1, .thread_cnt = CNT };
	clock_t from = clock();

	(void)state;
	assert_true(th && names);
	p.threads = th;
	for (int round = 0; round < ROUNDS; round++) {
		struct arena a = { 0 };

		for (unsigned int i = 0; i < CNT; i++) {
			snprintf(names[i], sizeof(names[i]), "%c%c%c", 'a' + (char)(i % 26),
				 'a' + (char)(i / 26 % 26), 'a' + (char)(i / 676));
			th[i] = (struct snap_thread){ .tid = 1000 + i, .name = names[i] };
		}
		p.by_tid = NULL;
		assert_int_equal(pools__build(&p, th, &a), 0);
		assert_int_equal(p.pool_cnt, CNT);
		for (unsigned int i = 0; i < CNT; i++)
			assert_ptr_equal(snap_proc__thread(&p, 1000 + i), &th[i]);
		arena__free(&a);
	}
	/* 20 ms of CPU in all; a million comparisons of names in each round take seconds. */
	assert_true((double)(clock() - from) / CLOCKS_PER_SEC < 2);
	free(th);
	free(names);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(ended_ones_are_counted_and_summed_beside_all),
		cmocka_unit_test(ended_ones_that_share_a_row_are_of_the_pool_of_the_living),
		cmocka_unit_test(
			nameless_ones_that_share_a_row_are_of_one_start_function_only_if_all_are),
		cmocka_unit_test(rows_are_of_threads_or_pools_as_wanted),
		cmocka_unit_test(no_row_is_counted_twice_and_none_is_lost),
		cmocka_unit_test(a_process_without_threads_has_no_pools),
		cmocka_unit_test(threads_are_found_by_tid_with_an_index_or_without),
		cmocka_unit_test(the_name_for_a_sum_is_the_pools),
		cmocka_unit_test(a_thousand_names_take_no_time),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
