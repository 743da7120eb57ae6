/* SPDX-License-Identifier: BSD-2-Clause */
/* test_tallies.c - pairs and places by the ten thousand: what has not changed is not touched, what is light goes to
 * "other", and sums stay as they are
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "bpf/giltop.h"
#include "user/base/util.h"
#include "user/model/tallies.h"

static struct tally *add(struct tallies *ts, uint32_t tid, uint32_t other, uint32_t stack,
			 uint64_t ns)
{
	struct tally *t =
		tallies__get(ts, (struct tally){ .tid = tid, .other = other, .stack = stack });

	assert_non_null(t);
	t->closed_ns += ns;
	t->cnt++;
	return t;
}

static uint64_t sum_at(const struct tallies *ts, int at)
{
	uint64_t ns = 0;

	for (size_t i = 0; i < ts->cnt; i++)
		ns += ts->v[i]->ns_at[at];
	return ns;
}

static void feed_and_mark(struct tallies *ts)
{
	tallies__begin(ts);
	tallies__sum(ts);
	tallies__copy(ts, AT_MARK);
}

static uint32_t all_stay(const void *ctx, uint32_t tid)
{
	(void)ctx;
	return tid;
}

static void only_what_has_changed_since_the_mark_is_looked_at(void **state)
{
	struct tallies ts = { .which = PAIRS };
	struct tally *t;

	(void)state;
	for (uint32_t i = 1; i <= 1000; i++)
		add(&ts, i, 1, 0, i);
	assert_int_equal(ts.changed_cnt, 1000);
	feed_and_mark(&ts);
	assert_int_equal(ts.changed_cnt, 1000); /* a fold is to see those that are new */
	tallies__fold(&ts, all_stay, NULL, false);
	feed_and_mark(&ts);
	assert_int_equal(ts.changed_cnt, 0);
	assert_int_equal(ts.cnt, 1000);
	t = add(&ts, 7, 1, 0, 50);
	add(&ts, 7, 1, 0, 50); /* no more than once */
	assert_int_equal(ts.changed_cnt, 1);
	tallies__sum(&ts);
	assert_int_equal(t->ns_at[AT_NOW], 107);
	assert_int_equal(t->ns_at[AT_MARK], 7);
	assert_int_equal(sum_at(&ts, AT_NOW) - sum_at(&ts, AT_MARK), 100);
	tallies__copy(&ts, AT_ZERO);
	assert_int_equal(sum_at(&ts, AT_ZERO), 1000 * 1001 / 2 + 100);
	tallies__free(&ts);
}

/* An open wait's time is counted anew at each feed: it is looked at once more, to take it away. */
static void what_is_open_is_looked_at_until_it_is_not(void **state)
{
	struct tallies ts = { .which = SUMS }, pairs = { .which = PAIRS };
	struct tally *t = add(&ts, 7, GT_SUM_WAIT, 3, 0), *p = add(&pairs, 7, 8, 0, 0);

	(void)state;
	tallies__fold(&ts, all_stay, NULL, false);
	tallies__fold(&pairs, all_stay, NULL, false);
	for (int i = 0; i < 2; i++) {
		tallies__begin(i ? &pairs : &ts);
		(i ? p : t)->open_ns += 40;
		tallies__sum(i ? &pairs : &ts);
		tallies__copy(i ? &pairs : &ts, AT_MARK);
	}
	assert_int_equal(ts.changed_cnt, 1);
	assert_int_equal(pairs.changed_cnt, 1);
	tallies__undo(
		&pairs); /* its process has ended: the last feed's is to be found out better */
	assert_int_equal(p->open_ns, 0);
	feed_and_mark(&ts);
	feed_and_mark(&pairs);
	assert_int_equal(t->ns_at[AT_NOW], 0);
	assert_int_equal(ts.changed_cnt, 0);
	assert_int_equal(pairs.changed_cnt, 0);
	tallies__free(&ts);
	tallies__free(&pairs);
}

#define FOLD 0x80000000u

static uint32_t odd_ones_are_gone(const void *ctx, uint32_t tid)
{
	(void)ctx;
	return tid & FOLD || tid % 2 == 0 ? tid : FOLD;
}

/* Each reading of them moves along. */
static void those_of_a_thread_without_a_row_join_what_its_pool_has(void **state)
{
	struct tallies ts = { .which = SUMS };
	const struct tally *t;
	size_t rows = 0;

	(void)state;
	for (uint32_t i = 1; i <= 1000; i++)
		add(&ts, i, GT_SUM_HOLD, 5 + i % 3, 10);
	tallies__sum(&ts);
	tallies__copy(&ts, AT_MARK);
	for (uint32_t i = 1; i <= 1000; i++)
		add(&ts, i, GT_SUM_HOLD, 5 + i % 3, 1);
	tallies__sum(&ts);
	tallies__fold(&ts, odd_ones_are_gone, NULL, true);
	assert_int_equal(ts.cnt, 500 + 3);
	assert_int_equal(sum_at(&ts, AT_NOW), 11000);
	assert_int_equal(sum_at(&ts, AT_MARK), 10000);
	for (t = tallies__row(&ts, FOLD, GT_SUM_HOLD); t; t = t->next, rows++)
		assert_in_range(t->ns_at[AT_NOW], 166 * 11, 167 * 11);
	assert_int_equal(rows, 3);
	assert_null(tallies__row(&ts, 7, GT_SUM_HOLD));
	assert_non_null(tallies__row(&ts, 8, GT_SUM_HOLD));
	assert_null(tallies__row(&ts, 8, GT_SUM_WAIT));
	/* One that is new is found among those that have changed, also if it has been marked before. */
	feed_and_mark(&ts);
	add(&ts, 11, GT_SUM_HOLD, 5, 50);
	feed_and_mark(&ts);
	add(&ts, 9, GT_SUM_HOLD, 5, 50);
	tallies__fold(&ts, odd_ones_are_gone, NULL, false);
	tallies__sum(&ts);
	assert_int_equal(ts.cnt, 503);
	assert_int_equal(sum_at(&ts, AT_NOW), 11100);
	assert_int_equal(sum_at(&ts, AT_MARK), 11050);
	tallies__free(&ts);
}

/* Five thousand threads that wait for each other: the heaviest pairs stay, with each waiter's row and all sums. */
static void of_too_many_the_lightest_go_to_other(void **state)
{
	static const struct {
		int which;
		uint32_t tid, other; /* of "other" of the first thread */
	} kinds[] = { { PAIRS, 1, 0 }, { SUMS, 1, GT_SUM_WAIT }, { CHAINS, 0, 1 } };

	(void)state;
	for (size_t k = 0; k < ARRAY_SIZE(kinds); k++) {
		struct tallies ts = { .which = kinds[k].which };
		uint64_t all = 0, of_one = 0, other;

		for (uint32_t i = 0; i < 45000; i++) {
			uint32_t a = 1 + i % 100, b = 1000 + i / 100;
			uint64_t ns = 1 + (i * 7919ull) % 45000; /* of each weight there is one */

			if (ts.which == PAIRS)
				add(&ts, a, b, 0, ns);
			else if (ts.which == SUMS)
				add(&ts, a, GT_SUM_WAIT, b, ns);
			else
				add(&ts, b, a, 5, ns);
			all += ns;
			of_one += a == 1 && ns <= 15000 ? ns : 0;
		}
		tallies__sum(&ts);
		tallies__copy(&ts, AT_MARK);
		tallies__prune(&ts);
		tallies__sum(&ts);
		assert_in_range(ts.cnt, 30000, 30000 + 100);
		assert_int_equal(ts.light_cnt, 15000);
		assert_int_equal(sum_at(&ts, AT_NOW), all);
		assert_int_equal(sum_at(&ts, AT_MARK), all);
		other = tallies__get(&ts,
				     (struct tally){ .tid = kinds[k].tid, .other = kinds[k].other })
				->ns_at[AT_NOW];
		assert_int_equal(other, of_one);
		for (size_t i = 0; i < ts.cnt; i++)
			if (ts.v[i]->ns_at[AT_NOW] <= 15000)
				fail_msg("a light one is left: %u %u", ts.v[i]->tid,
					 ts.v[i]->other);
		tallies__free(&ts);
	}
}

static void few_stay_as_they_are(void **state)
{
	struct tallies ts = { .which = PAIRS };

	(void)state;
	for (uint32_t i = 0; i < 40000; i++)
		add(&ts, 1 + i, 1, 0, 1);
	tallies__sum(&ts);
	tallies__prune(&ts);
	assert_int_equal(ts.cnt, 40000);
	assert_int_equal(ts.light_cnt, 0);
	tallies__free(&ts);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(only_what_has_changed_since_the_mark_is_looked_at),
		cmocka_unit_test(what_is_open_is_looked_at_until_it_is_not),
		cmocka_unit_test(those_of_a_thread_without_a_row_join_what_its_pool_has),
		cmocka_unit_test(of_too_many_the_lightest_go_to_other),
		cmocka_unit_test(few_stay_as_they_are),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
