/* SPDX-License-Identifier: BSD-2-Clause */
/* test_hist.c - the histogram shared with the kernel side: buckets, quantiles, their error */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdlib.h>

#include "user/picture/snapshot.h"

static void log2_is_the_highest_bit(void **state)
{
	(void)state;
	assert_int_equal(gt_log2(1), 0);
	for (unsigned int bit = 1; bit < 64; bit++) {
		assert_int_equal(gt_log2(1ull << bit), bit);
		assert_int_equal(gt_log2((1ull << bit) | 1), bit);
		assert_int_equal(gt_log2((1ull << bit) - 1), bit - 1);
	}
}

static void each_bucket_starts_at_its_floor_and_ends_before_the_next(void **state)
{
	(void)state;
	assert_int_equal(hist__bucket_floor(0), 0);
	assert_int_equal(hist__bucket_floor(1), 128);
	for (unsigned int b = 0; b + 1 < GT_HIST_BUCKETS; b++) {
		uint64_t lo = hist__bucket_floor(b), hi = hist__bucket_floor(b + 1);

		assert_true(hi > lo);
		assert_int_equal(gt_hist_bucket(lo), b);
		assert_int_equal(gt_hist_bucket(hi - 1), b);
	}
	assert_int_equal(gt_hist_bucket(UINT64_MAX), GT_HIST_BUCKETS - 1);
	assert_int_equal(hist__bucket_floor(GT_HIST_BUCKETS - 1), 1ull << 37);
}

static void no_bucket_is_wider_than_a_quarter_of_its_floor(void **state)
{
	(void)state;
	for (unsigned int b = 1; b + 1 < GT_HIST_BUCKETS; b++)
		assert_true(4 * (hist__bucket_floor(b + 1) - hist__bucket_floor(b)) <=
			    hist__bucket_floor(b));
}

static void the_quantile_of_nothing_is_unknown(void **state)
{
	struct gt_hist h = { 0 };

	(void)state;
	assert_true(hist__quantile(&h, 0.5) == NS_UNKNOWN);
	assert_int_equal(hist__count(&h), 0);
}

static int by_value(const void *a, const void *b)
{
	uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;

	return x < y ? -1 : x > y;
}

/* The promise of giltop.h: off by at most an eighth of the value, plus the interpolation's rank. */
static void quantiles_are_within_a_quarter_of_the_exact_ones(void **state)
{
	static uint64_t values[10000];
	static const double qs[] = { 0.01, 0.25, 0.5, 0.9, 0.99, 1.0 };
	struct gt_hist h = { 0 };
	uint64_t x = 88172645463325252;

	(void)state;
	for (size_t i = 0; i < 10000; i++) {
		x ^= x << 13;
		x ^= x >> 7;
		x ^= x << 17;
		values[i] = 200 + (x >> (30 + x % 28)) % 5000000000;
		h.cnt[gt_hist_bucket(values[i])]++;
	}
	assert_int_equal(hist__count(&h), 10000);
	qsort(values, 10000, sizeof(*values), by_value);
	for (size_t i = 0; i < sizeof(qs) / sizeof(*qs); i++) {
		size_t rank = (size_t)(qs[i] * 10000) - 1;
		double exact = (double)values[rank], got = (double)hist__quantile(&h, qs[i]);

		assert_true(got > exact * 0.75 && got < exact * 1.26);
	}
}

static void quantiles_of_one_bucket_stay_within_it(void **state)
{
	struct gt_hist h = { 0 };
	unsigned int b = gt_hist_bucket(1000000);

	(void)state;
	h.cnt[b] = 4000000000u;
	assert_true(hist__quantile(&h, 0.0) >= hist__bucket_floor(b));
	assert_true(hist__quantile(&h, 1.0) <= hist__bucket_floor(b + 1));
	assert_true(hist__quantile(&h, 0.1) < hist__quantile(&h, 0.9));
}

/* Hundred thousand a second in one bucket are that many after half a day. */
static void more_than_32_bits_fit_into_a_bucket(void **state)
{
	unsigned int low = gt_hist_bucket(1000), high = gt_hist_bucket(1000000);
	struct gt_hist h = { 0 };

	(void)state;
	h.cnt[low] = (1ull << 32) + 1;
	h.cnt[high] = 1ull << 32;
	assert_true(hist__count(&h) == (1ull << 33) + 1);
	assert_in_range(hist__quantile(&h, 0.25), hist__bucket_floor(low),
			hist__bucket_floor(low + 1));
	assert_in_range(hist__quantile(&h, 0.75), hist__bucket_floor(high),
			hist__bucket_floor(high + 1));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(log2_is_the_highest_bit),
		cmocka_unit_test(each_bucket_starts_at_its_floor_and_ends_before_the_next),
		cmocka_unit_test(no_bucket_is_wider_than_a_quarter_of_its_floor),
		cmocka_unit_test(the_quantile_of_nothing_is_unknown),
		cmocka_unit_test(quantiles_are_within_a_quarter_of_the_exact_ones),
		cmocka_unit_test(quantiles_of_one_bucket_stay_within_it),
		cmocka_unit_test(more_than_32_bits_fit_into_a_bucket),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
