/* SPDX-License-Identifier: BSD-2-Clause */
/* test_pools.c - threads that do the same work are one pool, with sums that are those of its threads */
#include "tests/unit/pool_stage.h"
#include "user/base/hist.h"
#include "user/base/text.h"
#include "user/base/util.h"

static void a_pool_is_called_like_its_threads_without_their_number(void **state)
{
	static const struct {
		const char *thread, *pool;
	} names[] = {
		{ "ThreadPoolExecutor-0_12", "ThreadPoolExecutor-0_*" },
		{ "Thread-12 (handle)", "Thread-* (handle)" },
		{ "Thread-7", "Thread-*" },
		{ "uWSGIWorker1Core0", "uWSGIWorker1Core*" },
		{ "MainThread", "MainThread" },
		{ "worker-3-reader", "worker-*-reader" },
		{ "", "" },
		{ "4711", "*" },
		{ " (x1)", " (x1)" },
		{ "\xe5\xb7\xa5\xe4\xbd\x9c-8", "\xe5\xb7\xa5\xe4\xbd\x9c-*" },
		/* Digits of other scripts are no numbers here, and their bytes are left whole. */
		{ "t\xd9\xa3", "t\xd9\xa3" },
		{ "12\xd0\xb6", "*\xd0\xb6" },
	};
	char buf[64];

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(names); i++) {
		pool__of_name(names[i].thread, buf, sizeof(buf));
		assert_string_equal(buf, names[i].pool);
	}
}

/* In any room, of long names too: what there is room for, and never half a character. */
static void a_long_name_is_cut_at_a_character(void **state)
{
	char name[320] = "", buf[256], clean[256];

	(void)state;
	while (strlen(name) < 300)
		strcat(name, "\xe5\xb7\xa5");
	strcat(name, "-8");
	for (size_t sz = 1; sz <= sizeof(buf); sz++) {
		pool__of_name(name, buf, sz);
		assert_true(strlen(buf) < sz);
		assert_true(sz < 4 || strlen(buf) + 3 >= sz);
		clean_text(buf, strlen(buf), clean, sizeof(clean));
		assert_string_equal(buf, clean);
	}
}

static void sums_are_those_of_the_threads(void **state)
{
	struct stage s;
	struct snap_thread *t;
	const struct snap_pool *pl;

	(void)state;
	begin(&s);
	for (uint32_t i = 0; i < 3; i++) {
		uint64_t k = i + 1;

		t = add(&s, 200 + i, i == 0 ? "w-1" : i == 1 ? "w-2" : "w-31");
		t->span_ns = 1000 * k;
		t->wait_ns = 10 * k;
		t->yield_ns = k;
		t->hold_ns = 100 * k;
		t->released_ns = 889 * k;
		t->blame_ns = 7 * k;
		t->acquisitions = 5 * k;
		t->contended = 4 * k;
		t->releases = 5 * k - 1;
		t->yields = 2 * k;
		t->asked = 3 * k;
		t->react_ns = 11 * k;
		t->late = k;
		t->hold_offcpu_ns = i;
		s.wait[i].cnt[3] = k;
		s.wait[i].cnt[9] = 1;
		t->wait_max_ns = i ? hist__bucket_floor(9) + i : NS_UNKNOWN;
	}
	build(&s);
	pl = pool(&s, "w-*");
	assert_non_null(pl);
	assert_int_equal(s.p.pool_cnt, 1);
	assert_int_equal(pl->cnt, 3);
	assert_int_equal(pl->ended_cnt, 0);
	assert_null(pl->ended);
	/* 1 + 2 + 3 = 6 times what each has once */
	assert_int_equal(pl->all->folded_cnt, 3);
	assert_int_equal(pl->all->span_ns, 6000);
	assert_int_equal(pl->all->wait_ns, 60);
	assert_int_equal(pl->all->yield_ns, 6);
	assert_int_equal(pl->all->hold_ns, 600);
	assert_int_equal(pl->all->released_ns, 6 * 889);
	assert_int_equal(pl->all->blame_ns, 42);
	assert_int_equal(pl->all->acquisitions, 30);
	assert_int_equal(pl->all->contended, 24);
	assert_int_equal(pl->all->releases, 27);
	assert_int_equal(pl->all->yields, 12);
	assert_int_equal(pl->all->asked, 18);
	assert_int_equal(pl->all->react_ns, 66);
	assert_int_equal(pl->all->late, 6);
	assert_int_equal(pl->all->hold_offcpu_ns, 0 + 1 + 2);
	assert_int_equal(pl->all->wait_hist->cnt[3], 6);
	assert_int_equal(pl->all->wait_hist->cnt[9], 3);
	assert_int_equal(hist__count(pl->all->hold_hist), 0);
	/* The largest one bounds the quantiles; of holds there are none. */
	assert_int_equal(pl->all->wait_max_ns, hist__bucket_floor(9) + 2);
	assert_int_equal(pl->all->wait_p99_ns, pl->all->wait_max_ns);
	assert_true(pl->all->wait_p50_ns >= hist__bucket_floor(3) &&
		    pl->all->wait_p50_ns <= hist__bucket_floor(4));
	assert_int_equal(pl->all->hold_max_ns, NS_UNKNOWN);
	assert_int_equal(pl->all->hold_p99_ns, NS_UNKNOWN);
	arena__free(&s.a);
}

static void what_is_not_known_of_one_is_not_known_of_the_sum(void **state)
{
	struct stage s;

	(void)state;
	begin(&s);
	add(&s, 201, "w-1")->hold_offcpu_ns = 5;
	add(&s, 202, "w-2");
	add(&s, 203, "w-3")->hold_offcpu_ns = 7;
	build(&s);
	assert_int_equal(pool(&s, "w-*")->all->hold_offcpu_ns, NS_UNKNOWN);
	arena__free(&s.a);
}

/* Holding before waiting before yielding before released before ended; of two alike the longer one. */
static void the_state_of_a_sum_is_the_one_that_says_most(void **state)
{
	static const enum snap_state order[] = { SNAP_EXITED,	SNAP_FINALIZING, SNAP_UNKNOWN,
						 SNAP_RELEASED, SNAP_YIELDING,	 SNAP_WAITING,
						 SNAP_HOLDING };

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(order); i++) {
		for (size_t k = 0; k < ARRAY_SIZE(order); k++) {
			struct stage s;
			struct snap_thread *t;

			begin(&s);
			t = add(&s, 201, "w-1");
			t->state = order[i];
			t->state_ns = 30;
			t = add(&s, 202, "w-2");
			t->state = order[k];
			t->state_ns = 20;
			build(&s);
			assert_int_equal(pool(&s, "w-*")->all->state, order[i > k ? i : k]);
			assert_int_equal(pool(&s, "w-*")->all->state_ns, i >= k ? 30 : 20);
			arena__free(&s.a);
		}
	}
}

static void one_name_at_two_gils_is_two_pools(void **state)
{
	struct stage s;

	(void)state;
	begin(&s);
	add(&s, 201, "w-1")->wait_ns = 1;
	add(&s, 202, "w-2")->gil = 1;
	add(&s, 203, "w-3")->wait_ns = 2;
	s.th[1].wait_ns = 10;
	build(&s);
	assert_int_equal(s.p.pool_cnt, 2);
	/* The one that lost most comes first, and threads know theirs. */
	assert_int_equal(s.p.pools[0].all->gil, 1);
	assert_ptr_equal(s.p.pools[0].all, &s.th[1]);
	assert_int_equal(s.p.pools[1].cnt, 2);
	assert_int_equal(s.p.pools[1].all->gil, 0);
	assert_int_equal(s.p.pools[1].all->wait_ns, 3);
	assert_ptr_equal(snap_proc__pool(&s.p, &s.th[0]), &s.p.pools[1]);
	assert_ptr_equal(snap_proc__pool(&s.p, &s.th[1]), &s.p.pools[0]);
	assert_ptr_equal(snap_proc__pool(&s.p, s.p.pools[1].all), &s.p.pools[1]);
	arena__free(&s.a);
}

static void threads_without_a_name_are_told_apart_by_what_they_were_started_with(void **state)
{
	struct stage s;

	(void)state;
	begin(&s);
	add(&s, PID, "gunicorn"); /* the main thread is called so, too */
	add(&s, 201, "Thread-1");
	add(&s, 202, "Thread-2");
	add(&s, 203, "Thread-3");
	add(&s, 204, "gunicorn");
	add(&s, 205, "gunicorn");
	add(&s, 206, "Thread-4 (serve)");
	add(&s, 207, "Thread-x");
	add(&s, 208, "");
	stands(&s, PID, boot, 4);
	stands(&s, 201, boot, 4);
	stands(&s, 202, boot, 3);
	stands(&s, 203, other, 2);
	stands(&s, 204, other, 2);
	stands(&s, 207, boot, 4); /* has a name */
	build(&s);
	assert_int_equal(pool(&s, "Thread-* (serve)")->cnt, 3); /* as newer ones are called */
	assert_int_equal(pool(&s, "Thread-* (poll)")->cnt, 2);
	assert_int_equal(pool(&s, "gunicorn")->cnt, 2); /* no stack of 205 is known */
	assert_int_equal(pool(&s, "Thread-x")->cnt, 1);
	assert_int_equal(pool(&s, "Thread-*")->cnt, 1); /* who has no name at all */
	assert_int_equal(s.p.pool_cnt, 5);
	arena__free(&s.a);
}

static void a_stack_without_its_root_says_nothing_of_the_start(void **state)
{
	struct stage s;

	(void)state;
	begin(&s);
	add(&s, 201, "Thread-1");
	add(&s, 202, "Thread-2");
	add(&s, 203, "Thread-3");
	stands(&s, 201, boot + 3, 1);
	s.stacks[0].truncated = true;
	stands(&s, 201, boot, 4); /* .. but another one of it does */
	stands(&s, 202, boot + 3, 1);
	s.stacks[2].truncated = true;
	stands(&s, 203, boot, 2); /* threading.py alone */
	build(&s);
	assert_int_equal(pool(&s, "Thread-* (serve)")->all->tid, 201);
	assert_int_equal(pool(&s, "Thread-*")->cnt, 2);
	assert_int_equal(s.p.pool_cnt, 2);
	arena__free(&s.a);
}

/* What was cut off for own code is still there. */
static void the_start_does_not_go_by_own_code(void **state)
{
	struct stage s;

	(void)state;
	begin(&s);
	add(&s, 201, "Thread-1");
	stands(&s, 201, boot, 4);
	s.stacks[0].frame_cnt = 1;
	s.stacks[0].hidden_cnt = 3;
	build(&s);
	assert_non_null(pool(&s, "Thread-* (serve)"));
	arena__free(&s.a);
}

static void one_thread_is_its_own_sum(void **state)
{
	struct stage s;
	const struct snap_pool *pl;

	(void)state;
	begin(&s);
	add(&s, PID, "MainThread");
	add(&s, 201, "w-1")->state = SNAP_EXITED;
	build(&s);
	pl = pool(&s, "MainThread");
	assert_ptr_equal(pl->all, &s.th[0]);
	assert_null(pl->ended);
	pl = pool(&s, "w-*");
	assert_ptr_equal(pl->all, &s.th[1]);
	assert_ptr_equal(pl->ended, &s.th[1]);
	assert_int_equal(pl->all->folded_cnt, 0);
	arena__free(&s.a);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_pool_is_called_like_its_threads_without_their_number),
		cmocka_unit_test(a_long_name_is_cut_at_a_character),
		cmocka_unit_test(sums_are_those_of_the_threads),
		cmocka_unit_test(what_is_not_known_of_one_is_not_known_of_the_sum),
		cmocka_unit_test(the_state_of_a_sum_is_the_one_that_says_most),
		cmocka_unit_test(one_name_at_two_gils_is_two_pools),
		cmocka_unit_test(
			threads_without_a_name_are_told_apart_by_what_they_were_started_with),
		cmocka_unit_test(a_stack_without_its_root_says_nothing_of_the_start),
		cmocka_unit_test(the_start_does_not_go_by_own_code),
		cmocka_unit_test(one_thread_is_its_own_sum),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
