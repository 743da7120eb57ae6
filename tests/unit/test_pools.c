/* SPDX-License-Identifier: BSD-2-Clause */
/* test_pools.c - threads that do the same work are one row, with sums that are those of its threads */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "user/base/arena.h"
#include "user/base/hist.h"
#include "user/base/text.h"
#include "user/base/util.h"
#include "user/picture/pools.h"

#define MAX_T 16
#define PID   100u

static const struct snap_frame boot[] = {
	{ "Thread._bootstrap", "/usr/lib/python3.11/threading.py", 995 },
	{ "Thread.run", "/usr/lib/python3.11/threading.py", 975 },
	{ "serve", "/srv/shop/app.py", 10 },
	{ "dumps", "/usr/lib/python3.11/json/__init__.py", 231 },
};
static const struct snap_frame other[] = {
	{ "Thread.run", "/opt/py/lib/python3.14/threading.py", 1000 },
	{ "poll", "/srv/shop/poll.py", 7 },
};

struct stage {
	struct snap_proc p;
	struct snap_gil gils[2];
	struct snap_thread th[MAX_T];
	struct gt_hist wait[MAX_T], hold[MAX_T];
	struct snap_stack stacks[MAX_T];
	struct arena a;
	const struct snap_thread *rows[MAX_T];
};

static struct snap_thread *add(struct stage *s, uint32_t tid, const char *name)
{
	size_t i = s->p.thread_cnt++;

	assert_true(i < MAX_T);
	s->th[i] = (struct snap_thread){ .tid = tid,
					 .name = name,
					 .state = SNAP_RELEASED,
					 .wait_max_ns = NS_UNKNOWN,
					 .hold_max_ns = NS_UNKNOWN,
					 .hold_offcpu_ns = NS_UNKNOWN,
					 .wait_hist = &s->wait[i],
					 .hold_hist = &s->hold[i] };
	return &s->th[i];
}

static void stands(struct stage *s, uint32_t tid, const struct snap_frame *f, size_t cnt)
{
	s->stacks[s->p.stack_cnt++] = (struct snap_stack){
		.kind = SNAP_STACK_WAIT, .tid = tid, .frames = f, .frame_cnt = cnt, .all_cnt = cnt
	};
}

static void begin(struct stage *s)
{
	memset(s, 0, sizeof(*s));
	s->p = (struct snap_proc){ .pid = PID,
				   .comm = "gunicorn",
				   .gil_cnt = 2,
				   .gils = s->gils,
				   .threads = s->th,
				   .stacks = s->stacks };
}

static void build(struct stage *s)
{
	assert_int_equal(pools__build(&s->p, s->th, &s->a), 0);
}

static const struct snap_pool *pool(const struct stage *s, const char *name)
{
	const struct snap_pool *ret = NULL;

	for (size_t i = 0; i < s->p.pool_cnt; i++)
		if (!strcmp(s->p.pools[i].name, name)) {
			assert_null(ret); /* there is one of a name */
			ret = &s->p.pools[i];
		}
	return ret;
}

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
	assert_int_equal(pool(&s, "Thread-* (poll)")->cnt, 1);
	assert_int_equal(pool(&s, "gunicorn (poll)")->cnt, 1);
	assert_int_equal(pool(&s, "gunicorn")->cnt, 2); /* no stack of 205 is known */
	assert_int_equal(pool(&s, "Thread-x")->cnt, 1);
	assert_int_equal(pool(&s, "Thread-*")->cnt, 1); /* who has no name at all */
	assert_int_equal(s.p.pool_cnt, 6);
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
