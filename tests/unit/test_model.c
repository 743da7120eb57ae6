/* SPDX-License-Identifier: BSD-2-Clause */
/* test_model.c - the model fed with readings made by hand: sums, intervals, open states, ended threads */
#include "tests/unit/model_feed.h"

static void two_threads_and_a_gap_add_up(void **state)
{
	struct model *m = new_model();
	struct machine k;
	struct snapshot *s;
	const struct snap_thread *a, *b;

	(void)state;
	machine__init(&k, false);
	acquires(&k, 1, T0 + 100);
	waits(&k, 2, T0 + 300);
	releases(&k, 1, T0 + 1000);
	acquires(&k, 2, T0 + 1050);
	releases(&k, 2, T0 + 1250);
	feed(m, &k, T0 + 2000);
	s = model__snapshot(m, MODEL_TOTAL);
	balanced(s);
	assert_int_equal(s->procs[0].span_ns, 2000);
	a = snap_proc__thread(&s->procs[0], 1);
	b = snap_proc__thread(&s->procs[0], 2);
	assert_int_equal(a->hold_ns, 900);
	assert_int_equal(a->blame_ns, 700);
	assert_int_equal(a->released_ns, 1000);
	assert_true(a->wait_max_ns == NS_UNKNOWN); /* never waited: unknown, not 0 */
	assert_int_equal(b->wait_ns, 750);
	assert_int_equal(b->wait_max_ns, 750);
	assert_int_equal(b->contended, 1);
	assert_int_equal(s->procs[0].gils[0].gap_ns, 50);
	assert_int_equal(s->procs[0].gils[0].gap_wall_ns, 50);
	assert_int_equal(s->procs[0].pair_cnt, 1);
	assert_int_equal(s->procs[0].pairs[0].ns, 700);
	assert_int_equal(s->procs[0].threads[0].tid, 2); /* by delay */
	assert_string_equal(a->name, "t1");
	snapshot__free(s);
	model__free(m);
	machine__deinit(&k);
}

static void open_wait_and_open_hold_count_up_to_the_reading(void **state)
{
	struct model *m = new_model();
	struct machine k;

	(void)state;
	machine__init(&k, false);
	acquires(&k, 1, T0 + 100);
	waits(&k, 2, T0 + 500);
	for (uint64_t now = T0 + 1000; now <= T0 + 5000; now += 1000) {
		struct snapshot *s;
		const struct snap_thread *a, *b;

		feed(m, &k, now);
		s = model__snapshot(m, MODEL_TOTAL);
		balanced(s);
		a = snap_proc__thread(&s->procs[0], 1);
		b = snap_proc__thread(&s->procs[0], 2);
		assert_int_equal(a->state, SNAP_HOLDING);
		assert_int_equal(a->hold_ns, now - T0 - 100);
		assert_int_equal(a->hold_max_ns, now - T0 - 100);
		assert_int_equal(a->blame_ns, now - T0 - 500);
		assert_int_equal(b->state, SNAP_WAITING);
		assert_int_equal(b->wait_ns, now - T0 - 500);
		assert_int_equal(b->wait_max_ns, now - T0 - 500);
		assert_int_equal(s->procs[0].gils[0].holder_tid, 1);
		assert_int_equal(s->procs[0].gils[0].waiters, 1);
		snapshot__free(s);
	}
	model__free(m);
	machine__deinit(&k);
}

/* Three threads, round robin with waits and gaps, read at odd moments: in the middle of everything. */
static void intervals_balance_and_add_up_to_the_total(void **state)
{
	struct model *m = new_model();
	struct sums sum = { 0 }, total;
	struct machine k;
	uint64_t now = T0, x = 7;

	(void)state;
	machine__init(&k, false);
	acquires(&k, 1, now += 50);
	for (uint32_t round = 0; round < 2000; round++) {
		uint32_t holder = 1 + round % 3, next = 1 + (round + 1) % 3;
		struct sums r;

		x = x * 6364136223846793005u + 1442695040888963407u;
		waits(&k, next, now += 1 + (x >> 40) % 5000);
		if (x & 1)
			waits(&k, next, now += 5000); /* the timed wait starts again */
		releases(&k, holder, now += 1 + (x >> 30) % 900);
		if (round % 7 == 3) {
			feed(m, &k, now += 11); /* in a gap */
			r = check(m, MODEL_INTERVAL);
			model__mark(m);
			sum.wait += r.wait, sum.hold += r.hold, sum.blame += r.blame,
				sum.gap += r.gap;
			sum.acquisitions += r.acquisitions, sum.releases += r.releases;
		}
		acquires(&k, next, now += (x >> 20) % 100);
		if (round % 11 == 5) {
			feed(m, &k, now += 3); /* in a hold */
			r = check(m, MODEL_INTERVAL);
			model__mark(m);
			sum.wait += r.wait, sum.hold += r.hold, sum.blame += r.blame,
				sum.gap += r.gap;
			sum.acquisitions += r.acquisitions, sum.releases += r.releases;
		}
	}
	feed(m, &k, now += 77);
	total = check(m, MODEL_INTERVAL);
	sum.wait += total.wait, sum.hold += total.hold, sum.blame += total.blame,
		sum.gap += total.gap;
	sum.acquisitions += total.acquisitions, sum.releases += total.releases;
	total = check(m, MODEL_TOTAL);
	assert_int_equal(sum.wait, total.wait);
	assert_int_equal(sum.hold, total.hold);
	assert_int_equal(sum.blame, total.blame);
	assert_int_equal(sum.gap, total.gap);
	assert_int_equal(sum.acquisitions, total.acquisitions);
	assert_int_equal(sum.releases, total.releases);
	assert_int_equal(total.acquisitions, 2001);
	assert_int_equal(total.releases, 2000);
	model__free(m);
	machine__deinit(&k);
}

static void many_ended_threads_fold_into_one_row_and_lose_nothing(void **state)
{
	struct model *m = new_model();
	struct machine k;
	struct snapshot *s;
	struct sums r;
	uint64_t now = T0;

	(void)state;
	machine__init(&k, false);
	for (uint32_t tid = 1; tid <= 1200; tid++) {
		acquires(&k, tid, now += 10);
		releases(&k, tid, now += 30);
		dies(&k, tid, now += 5);
		if (tid % 10)
			continue;
		feed(m, &k, now);
		k.thread_cnt = 0; /* the dead are read */
	}
	s = model__snapshot(m, MODEL_TOTAL);
	r = balanced(s);
	assert_int_equal(r.acquisitions, 1200);
	assert_int_equal(r.releases, 1200);
	assert_int_equal(r.hold, 1200 * 30);
	/* A thousand keep a row of their own; when there are more, an eighth of them goes. */
	assert_in_range(s->procs[0].thread_cnt, 876, 1001);
	assert_int_equal(r.folded + s->procs[0].thread_cnt - 1, 1200);
	snapshot__free(s);
	model__free(m);
	machine__deinit(&k);
}

static void threads_that_the_kernel_folded_are_counted_once(void **state)
{
	struct model *m = new_model();
	struct machine k;
	struct sums a, b;
	uint64_t now = T0;

	(void)state;
	machine__init(&k, false);
	exited_keep = 0;
	for (uint32_t tid = 1; tid <= 50; tid++) {
		acquires(&k, tid, now += 10);
		releases(&k, tid, now += 30);
		if (tid % 2) /* seen alive by the model first */
			feed(m, &k, now);
		dies(&k, tid, now += 5);
	}
	feed(m, &k, now += 10);
	a = check(m, MODEL_INTERVAL);
	assert_int_equal(a.acquisitions, 50);
	assert_int_equal(a.hold, 1500);
	assert_int_equal(a.folded, 50);
	model__mark(m);
	feed(m, &k, now += 10);
	b = check(m, MODEL_INTERVAL);
	assert_int_equal(b.acquisitions, 0);
	assert_int_equal(check(m, MODEL_TOTAL).acquisitions, 50);
	model__free(m);
	machine__deinit(&k);
}

static void a_tid_that_comes_again_is_another_thread(void **state)
{
	struct model *m = new_model();
	struct machine k;
	struct sums r;

	(void)state;
	machine__init(&k, false);
	exited_keep = 0;
	acquires(&k, 5, T0 + 10);
	releases(&k, 5, T0 + 30);
	feed(m, &k, T0 + 40);
	dies(&k, 5, T0 + 50);
	acquires(&k, 5, T0 + 60);
	releases(&k, 5, T0 + 65);
	feed(m, &k, T0 + 100);
	r = check(m, MODEL_TOTAL);
	assert_int_equal(r.acquisitions, 2);
	assert_int_equal(r.hold, 25);
	model__free(m);
	machine__deinit(&k);
}

static void the_end_of_a_process_closes_what_was_open(void **state)
{
	struct model *m = new_model();
	struct machine k;
	struct snapshot *s;

	(void)state;
	machine__init(&k, false);
	acquires(&k, 1, T0 + 100);
	waits(&k, 2, T0 + 200);
	waits(&k, 3, T0 + 300);
	for (uint32_t tid = 1; tid <= 3; tid++) /* SIGKILL */
		dies(&k, tid, T0 + 1000);
	feed(m, &k, T0 + 1500);
	say_end(m, PID, T0 + 1500);
	s = model__snapshot(m, MODEL_TOTAL);
	assert_int_equal(s->procs[0].alive, false);
	assert_int_equal(s->procs[0].gils[0].held, false);
	for (size_t i = 0; i < 3; i++)
		assert_int_equal(s->procs[0].threads[i].state, SNAP_EXITED);
	assert_int_equal(snap_proc__thread(&s->procs[0], 1)->hold_ns,
			 1400); /* nobody else got it */
	assert_int_equal(snap_proc__thread(&s->procs[0], 2)->wait_ns, 800);
	assert_int_equal(snap_proc__thread(&s->procs[0], 3)->wait_ns, 700);
	assert_int_equal(snap_proc__thread(&s->procs[0], 1)->blame_ns, 1500);
	balanced_but_pairs(s);
	snapshot__free(s);
	model__mark(m);
	feed(m, &k, T0 + 3000);
	s = model__snapshot(m, MODEL_INTERVAL);
	assert_int_equal(s->proc_cnt, 0); /* it had ended before this interval */
	snapshot__free(s);
	model__free(m);
	machine__deinit(&k);
}

static void a_process_after_exec_starts_afresh_under_its_pid(void **state)
{
	const struct say_proc info = { .pid = PID, .comm = "new" };
	struct model *m = new_model();
	struct machine k;
	struct snapshot *s;

	(void)state;
	machine__init(&k, false);
	acquires(&k, PID, T0 + 100);
	feed(m, &k, T0 + 500);
	say_end(m, PID, T0 + 500);
	next_program(&k, PID, T0 + 600);
	assert_int_equal(say_start(m, &info, T0 + 600), 0);
	acquires(&k, PID, T0 + 700);
	feed(m, &k, T0 + 800);
	s = model__snapshot(m, MODEL_TOTAL);
	assert_int_equal(s->proc_cnt, 2);
	assert_int_equal(s->procs[0].threads[0].hold_ns, 400);
	assert_false(s->procs[0].alive);
	assert_int_equal(s->procs[1].threads[0].hold_ns, 100);
	assert_int_equal(s->procs[1].span_ns, 200);
	assert_string_equal(s->procs[1].python, "?");
	snapshot__free(s);
	model__free(m);
	machine__deinit(&k);
}

static void who_held_before_the_start_and_never_let_go_has_a_row(void **state)
{
	struct model *m = new_model();
	struct totals t = { .now_ns = T0 + 5000 };
	struct snapshot *s;

	(void)state;
	say_holder(m, PID, COND, true, 42);
	assert_int_equal(say_totals(m, &t), 0);
	s = model__snapshot(m, MODEL_TOTAL);
	assert_int_equal(s->procs[0].thread_cnt, 1);
	assert_int_equal(s->procs[0].threads[0].tid, 42);
	assert_int_equal(s->procs[0].threads[0].state, SNAP_HOLDING);
	assert_int_equal(s->procs[0].threads[0].hold_ns, 5000);
	assert_int_equal(s->procs[0].gils[0].held_ns, 5000);
	snapshot__free(s);
	model__free(m);
}

static void a_reset_starts_the_total_anew(void **state)
{
	struct model *m = new_model();
	struct machine k;
	struct sums r;

	(void)state;
	machine__init(&k, false);
	acquires(&k, 1, T0 + 100);
	waits(&k, 2, T0 + 200);
	feed(m, &k, T0 + 1000);
	model__reset(m);
	releases(&k, 1, T0 + 1300);
	acquires(&k, 2, T0 + 1310);
	feed(m, &k, T0 + 1500);
	r = check(m, MODEL_TOTAL);
	assert_int_equal(r.hold, 300 + 190);
	assert_int_equal(r.wait, 310);
	assert_int_equal(r.acquisitions, 1);
	model__free(m);
	machine__deinit(&k);
}
int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(two_threads_and_a_gap_add_up),
		cmocka_unit_test(open_wait_and_open_hold_count_up_to_the_reading),
		cmocka_unit_test(intervals_balance_and_add_up_to_the_total),
		cmocka_unit_test(many_ended_threads_fold_into_one_row_and_lose_nothing),
		cmocka_unit_test(threads_that_the_kernel_folded_are_counted_once),
		cmocka_unit_test(a_tid_that_comes_again_is_another_thread),
		cmocka_unit_test(the_end_of_a_process_closes_what_was_open),
		cmocka_unit_test(a_process_after_exec_starts_afresh_under_its_pid),
		cmocka_unit_test(who_held_before_the_start_and_never_let_go_has_a_row),
		cmocka_unit_test(a_reset_starts_the_total_anew),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
