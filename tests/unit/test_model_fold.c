/* SPDX-License-Identifier: BSD-2-Clause */
/* test_model_fold.c - threads that come and go without end: what is known of the ended ones is folded, and nothing of it
 * is lost or another's
 */
#include "tests/unit/model_feed.h"

#define U 20000u

/* Two readings of sums by stack, in which the kernel drops what it has. */
static void feed_and_drop(struct model *m, struct machine *k, uint64_t now)
{
	feed(m, k, now);
	next_epoch(k);
}

/* Thread 1 holds; this one waits for it, holds, makes it wait, and ends. */
static uint64_t comes_and_goes(struct machine *k, uint32_t tid, uint64_t now)
{
	stands_at(k, tid, 5);
	stands_at(k, 1, 7);
	waits(k, tid, now += 100 * U);
	waits(k, tid, now += 300 * U);
	releases(k, 1, now += 10 * U);
	acquires(k, tid, now += U);
	waits(k, 1, now += U);
	waits(k, 1, now += 300 * U);
	releases(k, tid, now += 10 * U);
	acquires(k, 1, now += U);
	dies(k, tid, now += U);
	return now;
}

static uint64_t pair_ns(const struct snapshot *s, uint32_t waiter, uint32_t holder)
{
	const struct snap_proc *p = &s->procs[0];

	for (size_t i = 0; i < p->pair_cnt; i++)
		if (p->pairs[i].waiter_tid == waiter && p->pairs[i].holder_tid == holder)
			return p->pairs[i].ns;
	return 0;
}

static struct snapshot *balanced_picture(const struct model *m, enum model_span span)
{
	struct snapshot *s = model__snapshot(m, span);

	assert_non_null(s);
	all_balanced(s);
	assert_int_equal(s->violations, 0);
	return s;
}

static void add(struct sums *to, const struct snapshot *s)
{
	struct sums r = sums_of(s);

	to->wait += r.wait;
	to->hold += r.hold;
	to->blame += r.blame;
	to->pairs += r.pairs;
}

static void places_and_pairs_of_ended_threads_are_folded(uint64_t keep)
{
	struct model *m = new_model();
	struct sums sum = { 0 }, total;
	struct machine k;
	struct snapshot *s;
	uint64_t now = T0;
	size_t rows = 0;

	machine__init(&k, true);
	exited_keep = keep;
	acquires(&k, 1, now += 10);
	for (uint32_t round = 0; round < 240; round++) {
		now = comes_and_goes(&k, 10 + round, now);
		if (round % 4)
			continue;
		feed_and_drop(m, &k, now += 1);
		s = balanced_picture(m, MODEL_INTERVAL);
		add(&sum, s);
		snapshot__free(s);
		model__mark(m);
		s = balanced_picture(m, MODEL_TOTAL);
		total = sums_of(s);
		assert_int_equal(sum.wait, total.wait);
		assert_int_equal(sum.hold, total.hold);
		assert_int_equal(sum.blame, total.blame);
		assert_int_equal(sum.pairs, total.pairs);
		rows = s->procs[0].stack_cnt + s->procs[0].chain_cnt + s->procs[0].pair_cnt;
		snapshot__free(s);
	}
	/* Of 64 and some threads: two pairs, chains, and a place of each kind. */
	assert_in_range(rows, 1, 70 * (2 + 2 + 3));
	s = balanced_picture(m, MODEL_TOTAL);
	assert_true(pair_ns(s, 0, 1) > 100 * 300 * U && pair_ns(s, 1, 0) > 100 * 300 * U);
	snapshot__free(s);
	model__free(m);
	machine__deinit(&k);
}

static void ended_threads_leave_their_places_to_the_ended_ones(void **state)
{
	(void)state;
	places_and_pairs_of_ended_threads_are_folded(1024);
}

static void and_those_that_the_kernel_folded(void **state)
{
	(void)state;
	places_and_pairs_of_ended_threads_are_folded(0);
}

/* It has a row of its own, and what another with its tid did is not in there. */
static void a_tid_that_comes_again_has_nothing_of_the_former_thread(void **state)
{
	struct model *m = new_model();
	struct machine k;
	struct snapshot *s;
	const struct snap_thread *t;
	uint64_t now = T0, former;

	(void)state;
	machine__init(&k, true);
	acquires(&k, 1, now += 10);
	now = comes_and_goes(&k, 20, now);
	feed_and_drop(m, &k, now += 1);
	s = balanced_picture(m, MODEL_TOTAL);
	former = pair_ns(s, 20, 1);
	assert_int_equal(former, 310 * U);
	snapshot__free(s);
	model__mark(m);
	waits(&k, 20, now += 100 * U);
	feed_and_drop(m, &k, now += 40 * U);
	s = balanced_picture(m, MODEL_INTERVAL);
	assert_int_equal(snap_proc__thread(&s->procs[0], 20)->wait_ns, 40 * U);
	snapshot__free(s);
	model__mark(m);
	feed_and_drop(m, &k, now += 20 * U);
	s = balanced_picture(m, MODEL_TOTAL);
	t = snap_proc__thread(&s->procs[0], 20);
	assert_int_equal(t->wait_ns, 60 * U);
	assert_true(pair_ns(s, 20, 1) <= 60 * U);
	assert_int_equal(pair_ns(s, 0, 1) + pair_ns(s, 20, 1), former + 60 * U);
	snapshot__free(s);
	s = balanced_picture(m, MODEL_INTERVAL);
	assert_int_equal(pair_ns(s, 20, 1), 20 * U);
	assert_int_equal(pair_ns(s, 0, 1), 0);
	snapshot__free(s);
	model__free(m);
	machine__deinit(&k);
}

/* .. and with both in one interval, what is told by tid is of neither. */
static void a_tid_that_comes_again_between_two_readings_has_no_more_than_its_own(void **state)
{
	struct model *m = new_model();
	struct machine k;
	struct snapshot *s;
	uint64_t now = T0;

	(void)state;
	machine__init(&k, true);
	acquires(&k, 1, now += 10);
	waits(&k, 20, now += 100 * U);
	feed_and_drop(m, &k, now += 10 * U);
	model__mark(m);
	releases(&k, 1, now += 300 * U);
	acquires(&k, 20, now += U);
	waits(&k, 1, now += U);
	releases(&k, 20, now += 100 * U);
	acquires(&k, 1, now += U);
	dies(&k, 20, now += U);
	waits(&k, 20, now += 100 * U);
	releases(&k, 1, now += 30 * U);
	acquires(&k, 20, now += U);
	feed_and_drop(m, &k, now += 10 * U);
	for (int which = 0; which < 2; which++) {
		s = model__snapshot(m, which ? MODEL_INTERVAL : MODEL_TOTAL);
		balanced(s);
		assert_int_equal(snap_proc__thread(&s->procs[0], 20)->wait_ns, 31 * U);
		assert_true(pair_ns(s, 20, 1) <= 31 * U);
		assert_int_equal(pair_ns(s, 20, 1) + pair_ns(s, 0, 1),
				 (which ? 300 : 310) * U + 30 * U);
		snapshot__free(s);
	}
	model__free(m);
	machine__deinit(&k);
}

/* A table has an end, however many threads live at however many stacks. */
static void without_room_it_is_nobodys_in_particular(void **state)
{
	const size_t max = 60000, more = 97;
	struct total_stack *rows = calloc(max + more, sizeof(*rows));
	const struct totals t = {
		.now_ns = T0 + 1, .stacks_known = true, .stack_cnt = max + more, .stacks = rows
	};
	struct model *m = new_model();
	struct snapshot *s;

	(void)state;
	assert_non_null(rows);
	for (size_t i = 0; i < max + more; i++)
		rows[i] = (struct total_stack){
			.tgid = PID, .kind = GT_SUM_WAIT, .stack = 1 + (uint32_t)i, .ns = 10
		};
	feed_totals(m, &t);
	s = model__snapshot(m, MODEL_TOTAL);
	assert_int_equal(s->stats[COUNTER_STACK_TOTALS_FULL], more);
	assert_int_equal(s->lost_detail, more);
	snapshot__free(s);
	free(rows);
	model__free(m);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(ended_threads_leave_their_places_to_the_ended_ones),
		cmocka_unit_test(and_those_that_the_kernel_folded),
		cmocka_unit_test(a_tid_that_comes_again_has_nothing_of_the_former_thread),
		cmocka_unit_test(
			a_tid_that_comes_again_between_two_readings_has_no_more_than_its_own),
		cmocka_unit_test(without_room_it_is_nobodys_in_particular),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
