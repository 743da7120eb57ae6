/* SPDX-License-Identifier: BSD-2-Clause */
/* test_self_limit.c - giltop does less when it costs too much, in the order that the manual says, and all again later */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdbool.h>
#include <string.h>

#include "user/picture/self_limit.h"

#define MS 1000000ull
#define S  1000000000ull

/* So many seconds of refreshes, each of which takes a part (in percent) of its interval. */
static void runs(struct self_limit *l, uint64_t ms, uint64_t interval_ms, unsigned int pct)
{
	for (uint64_t t = 0; t < ms; t += interval_ms) {
		uint64_t cpu = interval_ms * MS * pct / 100;

		self_limit__add(l, &(struct self_cost){ cpu, cpu, interval_ms * MS, cpu },
				interval_ms * MS);
	}
}

static struct self_limit limit_of(uint64_t pct)
{
	struct self_limit l;

	self_limit__init(&l, pct);
	return l;
}

static void below_the_limit_all_is_done(void **state)
{
	struct self_limit l = limit_of(20);

	(void)state;
	runs(&l, 600000, 100, 19);
	assert_int_equal(l.level, SELF_ALL);
	assert_int_equal(self_limit__every(&l), 1);
	assert_int_equal(l.late_cnt, 0);
}

/* Not at once: ten seconds may have a dear one. */
static void a_dear_second_is_no_reason(void **state)
{
	struct self_limit l = limit_of(20);

	(void)state;
	for (int i = 0; i < 60; i++) {
		runs(&l, 1000, 1000, 45);
		runs(&l, 9000, 1000, 10);
	}
	assert_int_equal(l.level, SELF_ALL);
}

static void each_ten_seconds_above_it_leave_out_one_thing_more(void **state)
{
	struct self_limit l = limit_of(20);

	(void)state;
	for (int level = 1; level < SELF_LEVEL_CNT; level++) {
		uint64_t ms = 0;

		for (; l.level < (enum self_level)level && ms < 60000; ms += 100)
			runs(&l, 100, 100, 21);
		assert_int_equal(l.level, level);
		assert_in_range(ms, 9500, 10000);
	}
	runs(&l, 60000, 100, 21); /* there is no more to leave out */
	assert_int_equal(l.level, SELF_EIGHTH);
}

/* .. and as soon as there is no more left of the time of ten seconds. */
static void far_above_it_it_is_sooner(void **state)
{
	struct self_limit l = limit_of(20);

	(void)state;
	runs(&l, 4000, 100, 50);
	assert_int_equal(l.level, SELF_ALL);
	runs(&l, 100, 100, 50);
	assert_int_equal(l.level, SELF_NO_WALKS);
	runs(&l, 4100, 100, 50);
	assert_int_equal(l.level, SELF_NO_PAIRS);
}

static void the_last_levels_are_longer_intervals(void **state)
{
	static const unsigned int every[SELF_LEVEL_CNT] = { 1, 1, 1, 1, 2, 4, 8 };
	struct self_limit l = limit_of(20);

	(void)state;
	for (int level = 0; level < SELF_LEVEL_CNT; level++) {
		l.level = (enum self_level)level;
		assert_int_equal(self_limit__every(&l), every[level]);
		assert_int_equal(!*self_level__words(l.level), level == SELF_ALL);
	}
}

/* Between half of the limit and all of it nothing changes. */
static void what_is_left_out_comes_back_when_there_is_room(void **state)
{
	struct self_limit l = limit_of(20);

	(void)state;
	runs(&l, 20000, 100, 30);
	assert_true(l.level >= SELF_NO_PAIRS);
	runs(&l, 600000, 100, 15);
	assert_true(l.level >= SELF_NO_PAIRS);
	for (int i = 0; i < 6000 && l.level; i++)
		runs(&l, 100, 100, 5);
	assert_int_equal(l.level, SELF_ALL);
}

/* What makes it too dear again is tried less and less often. */
static void it_does_not_swing(void **state)
{
	struct self_limit l = limit_of(20);
	unsigned int changes = 0;

	(void)state;
	for (int i = 0; i < 36000; i++) { /* an hour */
		enum self_level before = l.level;

		runs(&l, 100, 100, l.level ? 5 : 30);
		changes += l.level != before;
	}
	assert_in_range(changes, 2, 50);
}

static void without_a_limit_nothing_is_left_out(void **state)
{
	struct self_limit l = limit_of(0);

	(void)state;
	runs(&l, 60000, 100, 99);
	assert_int_equal(l.level, SELF_ALL);
	assert_int_equal(self_limit__every(&l), 2); /* no core is eaten even so */
}

static void a_refresh_longer_than_its_interval_is_late(void **state)
{
	struct self_limit l = limit_of(20);

	(void)state;
	/* By the clock, whatever CPU time it took. */
	self_limit__add(&l, &(struct self_cost){ 101 * MS, MS, 200 * MS, MS }, 100 * MS);
	self_limit__add(&l, &(struct self_cost){ 100 * MS, MS, 200 * MS, MS }, 100 * MS);
	assert_int_equal(l.late_cnt, 1);
	assert_int_equal(self_limit__every(&l), 1);
}

static void a_dear_refresh_makes_the_interval_longer_until_it_is_cheap(void **state)
{
	struct self_limit l = limit_of(0);
	const struct self_cost dear = { 130 * MS, 120 * MS, 100 * MS, 120 * MS };
	const struct self_cost cheap = { 10 * MS, 10 * MS, 100 * MS, 10 * MS };

	(void)state;
	self_limit__add(&l, &dear, 100 * MS);
	assert_int_equal(self_limit__every(&l), 1); /* one alone may be the first */
	self_limit__add(&l, &dear, 100 * MS);
	assert_int_equal(self_limit__every(&l), 3); /* more than half of 300 ms is not giltop's */
	self_limit__add(&l, &dear, 100 * MS);
	assert_int_equal(l.late_cnt, 2); /* not late any more */
	self_limit__add(&l, &cheap, 100 * MS);
	self_limit__add(&l, &dear, 100 * MS);
	self_limit__add(&l, &cheap, 100 * MS);
	assert_int_equal(self_limit__every(&l), 3);
	self_limit__add(&l, &cheap, 100 * MS);
	assert_int_equal(self_limit__every(&l), 1);
	for (int i = 0; i < 2; i++)
		self_limit__add(&l, &(struct self_cost){ 1000 * S, 1000 * S, S, S }, MS);
	assert_in_range(self_limit__every(&l), 100, 100); /* something is shown yet */
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(below_the_limit_all_is_done),
		cmocka_unit_test(a_dear_second_is_no_reason),
		cmocka_unit_test(each_ten_seconds_above_it_leave_out_one_thing_more),
		cmocka_unit_test(far_above_it_it_is_sooner),
		cmocka_unit_test(the_last_levels_are_longer_intervals),
		cmocka_unit_test(what_is_left_out_comes_back_when_there_is_room),
		cmocka_unit_test(it_does_not_swing),
		cmocka_unit_test(without_a_limit_nothing_is_left_out),
		cmocka_unit_test(a_refresh_longer_than_its_interval_is_late),
		cmocka_unit_test(a_dear_refresh_makes_the_interval_longer_until_it_is_cheap),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
