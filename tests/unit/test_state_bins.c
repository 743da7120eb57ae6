/* SPDX-License-Identifier: BSD-2-Clause */
/* test_state_bins.c - a picture of any run in little room: what is left out of it is not lost */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <math.h>
#include <stdlib.h>

#include "user/base/util.h"
#include "user/view/state_bins.h"

#define START 1000000ull

static double sum_of(const struct bin_row *r, unsigned int kind)
{
	double sum = 0;

	for (size_t i = 0; r && i < BINS_MAX; i++)
		sum += (double)r->ns[kind - GT_WAIT][i];
	return sum;
}

static void add(struct state_bins *b, uint32_t thread, uint8_t kind, uint64_t start, uint64_t len)
{
	const struct long_state s = {
		.start_ns = start, .len_ns = len, .thread = thread, .kind = kind
	};

	assert_int_equal(state_bins__add(b, &s), 0);
}

static void bins_grow_with_the_run_and_keep_the_sums(void **state)
{
	struct state_bins b = { 0 };
	uint64_t at = START, sum = 0;

	(void)state;
	state_bins__begin(&b, START);
	for (int i = 0; i < 5000; i++) { /* an hour and more */
		uint64_t len = (uint64_t)(i % 97) * 10000000 + 1;

		add(&b, 0, GT_HOLD, at, len);
		sum += len;
		at += 800000000;
	}
	assert_true(fabs(sum_of(b.rows[0], GT_HOLD) / (double)sum - 1) < 1e-4);
	assert_true(state_bins__cnt(&b, at) <= BINS_MAX && state_bins__cnt(&b, at) > BINS_MAX / 4);
	assert_true(sum_of(b.rows[0], GT_WAIT) == 0);
	for (size_t i = 0; i < state_bins__cnt(&b, at); i++)
		assert_true(state_bins__share(&b, b.rows[0], GT_HOLD, i) <= 63);
	assert_int_equal(state_bins__share(&b, NULL, GT_HOLD, 0), 0);
	state_bins__free(&b);
}

static void a_full_bin_is_full_and_little_is_not_nothing(void **state)
{
	struct state_bins b = { 0 };

	(void)state;
	state_bins__begin(&b, START);
	add(&b, 1, GT_WAIT, START, 1ull << b.shift);
	add(&b, 1, GT_WAIT, START + (1ull << b.shift), 3);
	assert_int_equal(state_bins__share(&b, b.rows[1], GT_WAIT, 0), 63);
	assert_int_equal(state_bins__share(&b, b.rows[1], GT_WAIT, 1), 1);
	assert_int_equal(state_bins__share(&b, b.rows[1], GT_WAIT, 2), 0);
	assert_int_equal(state_bins__spread(&b, 1, GT_YIELD, START, START + 1000, 500), 0);
	assert_true(fabs(sum_of(b.rows[1], GT_YIELD) - 500) < 1);
	add(&b, 1, GT_WAIT, START - 500, 600); /* from before the start */
	add(&b, 1, GT_WAIT, START - 500, 100);
	state_bins__free(&b);
}

static void the_longest_are_kept_in_the_order_of_time(void **state)
{
	struct state_bins b = { 0 };
	uint64_t least = UINT64_MAX;

	(void)state;
	srand(1);
	state_bins__begin(&b, START);
	for (uint64_t i = 0; i < 3 * LONG_STATES_MAX; i++) /* each length once, in no order */
		add(&b, (uint32_t)(i % 7), GT_HOLD, START + (i * 7919 % 1000003) * 1000,
		    1 + i * 7919 % (3 * LONG_STATES_MAX));
	state_bins__sort(&b);
	assert_int_equal(b.long_cnt, LONG_STATES_MAX);
	assert_int_equal(b.left_cnt, 2 * LONG_STATES_MAX);
	for (size_t i = 0; i < b.long_cnt; i++) {
		least = b.longs[i].len_ns < least ? b.longs[i].len_ns : least;
		assert_true(!i || b.longs[i - 1].start_ns <= b.longs[i].start_ns);
	}
	assert_int_equal(least, 2 * LONG_STATES_MAX + 1);
	state_bins__free(&b);
}

static void threads_beyond_the_bound_are_one_row(void **state)
{
	struct state_bins b = { 0 };

	(void)state;
	state_bins__begin(&b, START);
	for (uint32_t i = 0; i < BIN_ROWS_MAX + 50; i++)
		add(&b, i, GT_WAIT, START, 100);
	assert_null(b.rows[BIN_ROWS_MAX]);
	assert_true(fabs(sum_of(b.others, GT_WAIT) - 5000) < 1);
	state_bins__free(&b);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(bins_grow_with_the_run_and_keep_the_sums),
		cmocka_unit_test(a_full_bin_is_full_and_little_is_not_nothing),
		cmocka_unit_test(the_longest_are_kept_in_the_order_of_time),
		cmocka_unit_test(threads_beyond_the_bound_are_one_row),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
