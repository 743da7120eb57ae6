/* SPDX-License-Identifier: BSD-2-Clause */
/* test_books_faults.c - what random schedules have found: deaths, tids that come again, races with readings */
#include "tests/unit/model_feed.h"

/* Waiter 2 died, its tid has gone round: the GIL must not count it as a waiter for ever. */
static void a_tid_reused_before_its_dead_waiter_was_taken_out_ends_that_wait(void **state)
{
	struct model *m = new_model();
	struct snapshot *s;
	struct machine k;

	(void)state;
	machine__init(&k, false);
	acquires(&k, 1, T0 + 100);
	waits(&k, 2, T0 + 200);
	dies(&k, 2, T0 + 400);
	waits(&k, 2, T0 + 1000);
	releases(&k, 1, T0 + 1500);
	acquires(&k, 2, T0 + 1600);
	feed_at(m, &k, T0 + 5000, true);
	s = model__snapshot(m, MODEL_TOTAL);
	assert_int_equal(balanced(s).wait, 200 + 600);
	assert_int_equal(s->procs[0].gils[0].waiters, 0);
	snapshot__free(s);
	model__free(m);
	machine__deinit(&k);
}

/* A thread of another process gets the tid: it is not for that one to touch the first one's GIL. */
static void a_tid_reused_elsewhere_leaves_the_dead_waiter_alone(void **state)
{
	struct machine k;

	(void)state;
	machine__init(&k, false);
	acquires(&k, 1, T0 + 100);
	waits(&k, 2, T0 + 200);
	dies(&k, 2, T0 + 400);
	add_gil(&k, PID + 1, COND);
	start_books(PID + 1, T0 + 500);
	*find_thread(&k, 2) = (struct fake_thread){ .tid = 2, .tgid = PID + 1, .gil = &k.gils[1] };
	acquires(&k, 2, T0 + 600);
	assert_int_equal(stat_of(GT_STAT_THREAD_FULL), 1);
	releases(&k, 1, T0 + 700); /* now it is over */
	releases(&k, 2, T0 + 800);
	acquires(&k, 2, T0 + 900);
	read_books(&k);
	for (size_t i = 0; i < k.totals.thread_cnt; i++)
		if (k.totals.threads[i].key.tid == 2)
			assert_int_equal(k.totals.threads[i].rec.tgid, PID + 1);
	assert_int_equal(k.totals.ended[0].rec.sums.time_ns[GT_WAIT], 200);
	machine__deinit(&k);
}

/* Whom it waited for is known, though it never got there. */
static void a_dead_waiters_wait_is_blamed_on_the_holders(void **state)
{
	struct machine k;

	(void)state;
	machine__init(&k, false);
	acquires(&k, 1, T0 + 100);
	waits(&k, 2, T0 + 200);
	releases(&k, 1, T0 + 300);
	acquires(&k, 3, T0 + 300);
	dies(&k, 2, T0 + 400);
	releases(&k, 3, T0 + 500);
	read_books(&k);
	for (size_t i = 0; i < k.totals.pair_cnt; i++) {
		const struct total_pair *p = &k.totals.pairs[i];

		if (p->key.waiter_tid == 2)
			assert_int_equal(p->ns, p->key.holder_tid == 1	 ? 100
						: p->key.holder_tid == 3 ? 100
									 : 0);
	}
	machine__deinit(&k);
}

/* After an exec, the GIL of the next program has the same address; nothing of it is in the old books. */
static void an_exec_by_a_thread_without_gil_closes_the_books_too(void **state)
{
	struct machine k;

	(void)state;
	machine__init(&k, false);
	acquires(&k, PID, T0 + 100);
	releases(&k, PID, T0 + 200);
	add_thread(&k, 55, &k.gils[0]); /* a thread of some library */
	dies(&k, PID, T0 + 300);
	runs(&k, thread_of_tid(&k, PID), T0 + 400);
	on_task_exec(55, 0, 0);
	acquires(&k, PID, T0 + 500);
	read_books(&k);
	assert_int_equal(k.totals.gils[0].rec.acquisitions, 1);
	assert_int_equal(k.totals.thread_cnt, 1);
	assert_int_equal(k.totals.ended_cnt, 0);
	machine__deinit(&k);
}

/* .. whatever the calling thread is known by: its id may be one of another pid namespace. */
static void an_exec_by_a_stranger_closes_the_books_of_all_its_gils(void **state)
{
	struct machine k;

	(void)state;
	machine__init(&k, false);
	acquires(&k, 7, T0 + 100);
	releases(&k, 7, T0 + 200);
	runs(&k, thread_of_tid(&k, PID), T0 + 400);
	on_task_exec(9999, 0, 0);
	acquires(&k, 7, T0 + 500);
	read_books(&k);
	assert_int_equal(k.totals.gils[0].rec.acquisitions, 1);
	assert_int_equal(stat_of(GT_STAT_ACQUIRE_HELD), 0);
	machine__deinit(&k);
}

static uint32_t forks(uint32_t parent, uint32_t child)
{
	struct task_struct p = { .tgid = (int)parent }, c = { .tgid = (int)child };
	struct gt_note note;

	on_task_fork(&p, &c);
	return shim__ring_take(SHIM_RING(&notes), &note, sizeof(note), 1) ? note.tid : 0;
}

/* Whose children giltop may want later it is told of; that takes no room, and of theirs it hears nothing. */
static void a_child_is_told_of_before_it_is_followed(void **state)
{
	struct machine k;

	(void)state;
	machine__init(&k, false);
	assert_int_equal(forks(PID, 201), 0);
	follow = GT_FOLLOW_TELL;
	assert_int_equal(forks(PID, 201), 201);
	assert_int_equal(forks(201, 202), 0);
	follow = GT_FOLLOW_CHILDREN;
	assert_int_equal(forks(PID, 203), 203);
	assert_int_equal(forks(203, 204), 204);
	machine__deinit(&k);
}

struct exit_inside {
	struct machine *k;
	uint64_t at;
};

static uint64_t exits_inside(void *ctx, uint64_t cnt)
{
	struct exit_inside *e = ctx;

	if (cnt != e->at)
		return 0;
	shim.point = NULL;
	dies(e->k, 1, T0 + 300);
	return 2;
}

/* However far the reading has come when it ends: one thread, not two and not none. */
static void a_thread_that_ends_while_it_is_read_is_counted_once(void **state)
{
	(void)state;
	for (uint64_t keep = 0; keep < 2; keep++)
		for (uint64_t at = 1; at < 40; at++) {
			struct model *m = new_model();
			struct machine k;
			struct exit_inside e = { &k, at };

			machine__init(&k, false);
			exited_keep = keep;
			acquires(&k, 1, T0 + 100);
			releases(&k, 1, T0 + 200);
			publish_cut(T0 + 290);
			shim.point = exits_inside;
			shim.ctx = &e;
			feed_cut(m, &k, T0 + 310, false);
			shim.point = NULL;
			assert_true(exited_cnt <= 1);
			assert_int_equal(check(m, MODEL_TOTAL).acquisitions, 1);
			if (!find_thread(&k, 1)->dead)
				dies(&k, 1, T0 + 900);
			feed(m, &k, T0 + 1000);
			assert_int_equal(exited_cnt, 0);
			assert_int_equal(check(m, MODEL_TOTAL).acquisitions, 1);
			model__free(m);
			machine__deinit(&k);
		}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_tid_reused_before_its_dead_waiter_was_taken_out_ends_that_wait),
		cmocka_unit_test(a_tid_reused_elsewhere_leaves_the_dead_waiter_alone),
		cmocka_unit_test(a_dead_waiters_wait_is_blamed_on_the_holders),
		cmocka_unit_test(an_exec_by_a_stranger_closes_the_books_of_all_its_gils),
		cmocka_unit_test(an_exec_by_a_thread_without_gil_closes_the_books_too),
		cmocka_unit_test(a_child_is_told_of_before_it_is_followed),
		cmocka_unit_test(a_thread_that_ends_while_it_is_read_is_counted_once),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
