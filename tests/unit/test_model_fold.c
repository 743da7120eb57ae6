/* SPDX-License-Identifier: BSD-2-Clause */
/* test_model_fold.c - threads that come and go without end: what is known of the ended ones is folded, and nothing of it
 * is lost or another's
 */
#include "tests/unit/model_feed.h"
#include "user/picture/pools.h"

#define U 20000u

/* Two readings of sums by stack, in which the kernel drops what it has. */
static void feed_and_drop(struct model *m, struct machine *k, uint64_t now)
{
	feed(m, k, now);
	next_epoch(k);
}

/* Thread 1 holds; this one waits for it (ns and a little more), holds, makes it wait, and ends. */
static uint64_t comes_and_goes(struct machine *k, uint32_t tid, uint64_t now, uint64_t ns)
{
	stands_at(k, tid, 5);
	stands_at(k, 1, 7);
	waits(k, tid, now += 100 * U);
	waits(k, tid, now += ns);
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

#define ROUNDS 1300
/* Of so many a few weigh more than any other. */
#define HEAVY 100

static bool is_heavy(uint32_t round)
{
	return round % (ROUNDS / HEAVY) == 0;
}

/* Ended threads with a row of their own, and in all: those that share one, too. */
struct rows {
	size_t own, all, heavy, folds;
};

static struct rows rows_of(const struct snapshot *s)
{
	const struct snap_proc *p = &s->procs[0];
	struct rows r = { 0 };

	for (size_t i = 0; i < p->thread_cnt; i++) {
		const struct snap_thread *t = &p->threads[i];

		if (t->state != SNAP_EXITED)
			continue;
		r.own += !t->folded_cnt;
		r.folds += t->folded_cnt > 0;
		r.all += t->folded_cnt ? t->folded_cnt : 1;
		r.heavy += !t->folded_cnt && is_heavy(t->tid - 10);
	}
	return r;
}

static const struct snap_thread *row_called(const struct snapshot *s, const char *name)
{
	for (size_t i = 0; i < s->procs[0].thread_cnt; i++)
		if (!strcmp(s->procs[0].threads[i].name, name))
			return &s->procs[0].threads[i];
	return NULL;
}

/* The intervals add up to the total, and every picture balances. */
static void check_pictures(struct model *m, struct sums *sum)
{
	struct snapshot *s = balanced_picture(m, MODEL_INTERVAL);
	struct sums total;

	add(sum, s);
	snapshot__free(s);
	model__mark(m);
	s = balanced_picture(m, MODEL_TOTAL);
	total = sums_of(s);
	assert_int_equal(sum->wait, total.wait);
	assert_int_equal(sum->hold, total.hold);
	assert_int_equal(sum->blame, total.blame);
	assert_int_equal(sum->pairs, total.pairs);
	snapshot__free(s);
}

/* As many come and go as there are rounds, four between two readings. The last picture is left to the caller. */
static struct snapshot *many_come_and_go(struct model *m, struct machine *k, uint64_t keep)
{
	struct sums sum = { 0 };
	uint64_t now = T0;

	machine__init(k, true);
	exited_keep = keep;
	acquires(k, 1, now += 10);
	for (uint32_t round = 0; round < ROUNDS; round++) {
		now = comes_and_goes(k, 10 + round, now, is_heavy(round) ? 900 * U : 300 * U);
		if (round % 4 != 3)
			continue;
		feed_and_drop(m, k, now += 1);
		k->thread_cnt = 1; /* the dead are read */
		if (round % 100 == 99)
			check_pictures(m, &sum);
	}
	return balanced_picture(m, MODEL_TOTAL);
}

static void ended_threads_keep_a_row_up_to_a_thousand_and_the_heavy_ones_longest(void **state)
{
	struct model *m = new_model();
	struct machine k;
	struct snapshot *s = many_come_and_go(m, &k, 1024);
	const struct snap_proc *p = &s->procs[0];
	const struct snap_thread *fold = row_called(s, "t*");
	struct rows r = rows_of(s);

	(void)state;
	assert_in_range(r.own, 875, 1000);
	assert_int_equal(r.all, ROUNDS);
	assert_int_equal(r.heavy, HEAVY);
	/* Those that share a row have their pool's, and all that was theirs is there. */
	assert_int_equal(r.folds, 1);
	assert_int_equal(fold->tid, SNAP_FOLD_TID);
	assert_int_equal(fold->folded_cnt, ROUNDS - r.own);
	assert_int_equal(fold->acquisitions, ROUNDS - r.own);
	/* 100 U until the second hit of its WAIT, .. : each light one waited for 311 U. */
	assert_int_equal(fold->wait_ns, (ROUNDS - r.own) * 311 * U);
	assert_int_equal(pair_ns(s, SNAP_FOLD_TID, 1), (ROUNDS - r.own) * 310 * U);
	assert_int_equal(pair_ns(s, 1, SNAP_FOLD_TID), (ROUNDS - r.own) * 310 * U);
	assert_int_equal(pair_ns(s, 0, 1), 0);
	/* Two pairs and chains, and a place of each kind: no more for a row of many. */
	assert_in_range(p->stack_cnt + p->chain_cnt + p->pair_cnt, 1, 1002 * (2 + 2 + 3));
	assert_non_null(snap_proc__pool(p, fold));
	assert_string_equal(snap_proc__pool(p, fold)->name, "t*");
	snapshot__free(s);
	model__free(m);
	machine__deinit(&k);
}

/* Nobody has seen them: there are no names, and so no pool. */
static void what_the_kernel_folded_is_in_a_row_of_no_pool(void **state)
{
	struct model *m = new_model();
	struct machine k;
	struct snapshot *s = many_come_and_go(m, &k, 0);
	struct rows r = rows_of(s);

	(void)state;
	assert_int_equal(r.own, 0);
	assert_int_equal(r.all, ROUNDS);
	assert_int_equal(r.folds, 1);
	assert_non_null(row_called(s, "[1300 ended threads]"));
	assert_int_equal(row_called(s, "[1300 ended threads]")->tid, 0);
	assert_true(pair_ns(s, 0, 1) > ROUNDS * 300 * U && pair_ns(s, 1, 0) > ROUNDS * 300 * U);
	snapshot__free(s);
	model__free(m);
	machine__deinit(&k);
}

/* Of tids that come again the former threads have no row: 70 of as many pools, of which 64 have one. */
static void further_pools_than_there_is_room_for_share_the_row_of_none(void **state)
{
	struct model *m = new_model();
	struct machine k;
	struct snapshot *s;
	uint64_t now = T0, wait = 0;

	(void)state;
	machine__init(&k, true);
	acquires(&k, 1, now += 10);
	for (int round = 0; round < 3; round++) {
		for (uint32_t i = 0; i < 70; i++) {
			char name[16];

			snprintf(name, sizeof(name), "%c%c-%d", 'a' + (int)i % 26,
				 'a' + (int)i / 26, round);
			now = comes_and_goes(&k, 10 + i, now, 300 * U);
			say(m, &(struct record){ REC_THREAD, PID,
						 .thread = { 10 + i, false, name, now } });
		}
		feed_and_drop(m, &k, now += 1);
		s = balanced_picture(m, MODEL_TOTAL);
		snapshot__free(s);
		model__mark(m);
	}
	s = balanced_picture(m, MODEL_TOTAL);
	assert_int_equal(rows_of(s).folds, 65);
	assert_int_equal(rows_of(s).own, 70);
	assert_int_equal(rows_of(s).all, 210);
	assert_int_equal(row_called(s, "aa-*")->folded_cnt, 2);
	assert_int_equal(row_called(s, "[12 ended threads]")->folded_cnt, 2 * 6);
	for (size_t i = 0; i < s->procs[0].thread_cnt; i++)
		wait += s->procs[0].threads[i].folded_cnt ? s->procs[0].threads[i].wait_ns : 0;
	assert_int_equal(wait, 140 * 311 * U);
	snapshot__free(s);
	model__free(m);
	machine__deinit(&k);
}

/* A process's own name is no thread's: the number in it is the program's. */
static void a_thread_called_like_its_process_is_of_the_pool_of_that_name(void **state)
{
	struct model *m = model__new();
	struct machine k;
	struct snapshot *s;
	uint64_t now = T0;

	(void)state;
	assert_int_equal(say_start(m, &(struct say_proc){ .pid = PID, .comm = "t20" }, T0), 0);
	machine__init(&k, true);
	acquires(&k, 1, now += 10);
	for (int round = 0; round < 2; round++) {
		now = comes_and_goes(&k, 20, now, 300 * U);
		now = comes_and_goes(&k, 21, now, 300 * U);
		feed_and_drop(m, &k, now += 1);
	}
	s = balanced_picture(m, MODEL_TOTAL);
	for (size_t i = 0; i < s->procs[0].thread_cnt; i++)
		if (s->procs[0].threads[i].folded_cnt)
			assert_true(!strcmp(s->procs[0].threads[i].name, "t20") ||
				    !strcmp(s->procs[0].threads[i].name, "t*"));
	assert_int_equal(rows_of(s).folds, 2);
	snapshot__free(s);
	model__free(m);
	machine__deinit(&k);
}

/* More than 20,000 pairs and places: half of the ended threads' rows go with each reading, down to some 64. */
static void many_tallies_leave_room_for_fewer_rows(void **state)
{
	const size_t more = 21000;
	struct total_stack *rows = calloc(more, sizeof(*rows)), *read;
	struct model *m = new_model();
	size_t read_cnt, before = 200;
	struct machine k;
	struct snapshot *s;
	uint64_t now = T0;

	(void)state;
	assert_non_null(rows);
	for (size_t i = 0; i < more; i++)
		rows[i] = (struct total_stack){ .tgid = PID,
						.tid = 1,
						.kind = GT_SUM_WAIT,
						.stack = 1 + (uint32_t)i,
						.ns = 1 };
	machine__init(&k, false);
	acquires(&k, 1, now += 10);
	for (uint32_t i = 0; i < 200; i++)
		now = comes_and_goes(&k, 10 + i, now, 300 * U);
	for (int round = 0; round < 6; round++) {
		struct rows r;

		publish_cut(now += 10);
		shim.cpu = (struct shim_cpu){ .now_ns = now };
		read_cut_books(&k);
		read = k.totals.stacks;
		read_cnt = k.totals.stack_cnt;
		k.totals.stacks = rows;
		k.totals.stack_cnt = more;
		k.totals.stacks_known = true;
		feed_totals(m, &k.totals);
		k.totals.stacks = read;
		k.totals.stack_cnt = read_cnt;
		s = model__snapshot(m, MODEL_TOTAL);
		balanced(s);
		r = rows_of(s);
		assert_int_equal(r.all, 200);
		assert_true(r.own <= before && (r.own == before || round));
		assert_true(r.own >= before / 2 - before / 16 - 1 || r.own >= 56);
		before = r.own;
		snapshot__free(s);
	}
	assert_in_range(before, 56, 64);
	free(rows);
	model__free(m);
	machine__deinit(&k);
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
	now = comes_and_goes(&k, 20, now, 300 * U);
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
	assert_int_equal(pair_ns(s, SNAP_FOLD_TID, 1), former);
	assert_int_equal(pair_ns(s, 20, 1), 60 * U);
	snapshot__free(s);
	s = balanced_picture(m, MODEL_INTERVAL);
	assert_int_equal(pair_ns(s, 20, 1), 20 * U);
	assert_int_equal(pair_ns(s, SNAP_FOLD_TID, 1), 0);
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
		cmocka_unit_test(
			ended_threads_keep_a_row_up_to_a_thousand_and_the_heavy_ones_longest),
		cmocka_unit_test(what_the_kernel_folded_is_in_a_row_of_no_pool),
		cmocka_unit_test(further_pools_than_there_is_room_for_share_the_row_of_none),
		cmocka_unit_test(a_thread_called_like_its_process_is_of_the_pool_of_that_name),
		cmocka_unit_test(many_tallies_leave_room_for_fewer_rows),
		cmocka_unit_test(a_tid_that_comes_again_has_nothing_of_the_former_thread),
		cmocka_unit_test(
			a_tid_that_comes_again_between_two_readings_has_no_more_than_its_own),
		cmocka_unit_test(without_room_it_is_nobodys_in_particular),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
