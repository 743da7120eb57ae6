/* SPDX-License-Identifier: BSD-2-Clause */
/* test_mode_choice.c - loads that come and go: what exact books cost stays below the budget, and they come back */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdlib.h>
#include <string.h>

#include "user/source/mode_choice.h"

#define MS	  1000000ull
#define S	  1000000000ull
#define STEP	  MS
#define LONGEST	  (400 * S)
#define ATTACH_NS (10 * MS)  /* after the step exact books cost nothing yet, .. */
#define DETACH_NS (100 * MS) /* .. and after the one to light ones go on to cost */

/* A machine with one process: a rate of cycles over time, what probes take of the CPU. */
struct run {
	struct mode_choice ch;
	uint64_t now, price_ns, next, hits;
	uint64_t exact_from, exact_to; /* probes are hit in this time */
	double cost[LONGEST / STEP];   /* of each step, ns of CPU */
	bool exact[LONGEST / STEP];
	size_t steps, changes;
};

typedef double (*rate_fn)(uint64_t now);

static double low(uint64_t now)
{
	(void)now;
	return 100;
}

static double high(uint64_t now)
{
	(void)now;
	return 500000;
}

static double swings(uint64_t now)
{
	return now / (30 * S) % 2 ? 1000 : 500000;
}

/* About what the budget of 1 % allows at 1 us a hit. */
static double borders(uint64_t now)
{
	return 5000 * (0.8 + 0.4 * (double)(now / (700 * MS) % 10) / 9);
}

static struct run *run(rate_fn rate, uint64_t price_ns, uint64_t budget_ppm, bool once, uint64_t ns)
{
	struct run *r = calloc(1, sizeof(*r));
	double owed = 0;

	assert_non_null(r);
	r->price_ns = price_ns;
	r->exact_to = UINT64_MAX;
	r->next = mode_choice__init(&r->ch, 0, price_ns, budget_ppm, once);
	for (; r->now < ns; r->now += STEP) {
		bool on = r->now >= r->exact_from && r->now < r->exact_to;
		/* A cycle takes its two hits, too. */
		double hits = on ? 2 / (1 / rate(r->now) + 2e-9 * (double)price_ns) / 1000 : 0;

		r->cost[r->steps] = hits * (double)price_ns;
		r->exact[r->steps++] = !r->ch.light;
		owed += hits;
		r->hits = (uint64_t)owed;
		if (!r->next || r->now < r->next)
			continue;
		owed -= (double)r->hits;
		switch (mode_choice__look(&r->ch, r->now, r->ch.light ? 0 : r->hits, &r->next)) {
		case MODE_TO_LIGHT:
			r->exact_to = r->now + DETACH_NS;
			r->changes++;
			break;
		case MODE_TO_EXACT:
			r->exact_from = r->now + ATTACH_NS;
			r->exact_to = UINT64_MAX;
			r->changes++;
			owed = 0;
			break;
		case MODE_STAY: break;
		}
	}
	return r;
}

/* Of one CPU, over the minute in which that is most. */
static double worst_minute(const struct run *r)
{
	size_t n = 60 * S / STEP;
	double sum = 0, worst = 0;

	for (size_t i = 0; i < r->steps; i++) {
		sum += r->cost[i] - (i >= n ? r->cost[i - n] : 0);
		worst = sum > worst ? sum : worst;
	}
	return worst / (double)(60 * S);
}

static void what_costs_little_stays_exact(void **state)
{
	struct run *r = run(low, 1000, 10000, false, 100 * S);

	(void)state;
	assert_int_equal(r->changes, 0);
	assert_true(worst_minute(r) < 0.001);
	free(r);
}

static void what_costs_much_is_light_at_once_and_tried_seldom(void **state)
{
	static const uint64_t prices[] = { 500, 1000, 6000 };

	(void)state;
	for (size_t i = 0; i < 3; i++) {
		struct run *r = run(high, prices[i], 10000, false, 300 * S);

		assert_true(r->exact[0] && !r->exact[100]);
		assert_true(worst_minute(r) < 0.02);
		assert_true(r->changes <= 2 * 300 / 10 + 1);
		assert_true(r->changes >= 300 / 20); /* it is tried */
		free(r);
	}
}

static void a_load_that_swings_is_exact_when_it_is_calm(void **state)
{
	static const uint64_t prices[] = { 500, 1000, 2000 };

	(void)state;
	for (size_t i = 0; i < 3; i++) {
		struct run *r = run(swings, prices[i], 10000, false, 300 * S);

		assert_true(worst_minute(r) < 0.02);
		/* Calm from 30 to 60, 90 to 120, ..; within 20 s of that. */
		for (uint64_t at = 50 * S; at < 300 * S; at += 60 * S)
			assert_true(r->exact[at / STEP + 1]);
		for (uint64_t at = 61 * S; at < 300 * S; at += 60 * S)
			assert_false(r->exact[at / STEP]);
		free(r);
	}
}

static void dear_hits_need_a_larger_budget(void **state)
{
	struct run *r = run(swings, 6000, 50000, false, 300 * S);

	(void)state;
	assert_true(worst_minute(r) < 0.06);
	for (uint64_t at = 50 * S; at < 300 * S; at += 60 * S)
		assert_true(r->exact[at / STEP + 1]);
	free(r);
}

static void at_the_border_it_does_not_go_to_and_fro(void **state)
{
	struct run *r = run(borders, 1000, 10000, false, 300 * S);

	(void)state;
	assert_true(worst_minute(r) < 0.02);
	assert_true(r->changes <= 2 * 300 / 10);
	free(r);
}

static void probes_that_go_slowly_go_once(void **state)
{
	struct run *r = run(swings, 1000, 10000, true, 300 * S);

	(void)state;
	assert_int_equal(r->changes, 1);
	assert_false(r->exact[299 * S / STEP]);
	free(r);
}

static void without_a_limit_it_is_exact(void **state)
{
	struct run *r = run(high, 1000, 0, false, 30 * S);

	(void)state;
	assert_int_equal(r->changes, 0);
	free(r);
}

static void a_step_that_was_not_possible_is_tried_again(void **state)
{
	struct mode_choice ch;
	uint64_t next = mode_choice__init(&ch, S, 1000, 10000, false);

	(void)state;
	assert_int_equal(mode_choice__look(&ch, next, 1000000, &next), MODE_TO_LIGHT);
	mode_choice__stays(&ch, 2 * S);
	assert_int_equal(mode_choice__look(&ch, 3 * S, 10000000, &next), MODE_TO_LIGHT);
	assert_true(ch.light);
}

/* One of many begins light: it is tried after a moment, and as often as its turn has not come. */
static void who_begins_light_is_tried_soon_and_again(void **state)
{
	struct mode_choice ch;
	uint64_t now = 100 * S, next;

	(void)state;
	assert_int_equal(mode_choice__init_light(&ch, now, 1000, 0, false), 0);
	assert_int_equal(mode_choice__init_light(&ch, now, 1000, 10000, true), 0);
	next = mode_choice__init_light(&ch, now, 1000, 10000, false);
	assert_int_equal(next, now + 300 * MS);
	assert_int_equal(mode_choice__look(&ch, now + 200 * MS, 0, &next), MODE_STAY);
	assert_int_equal(mode_choice__look(&ch, now + 300 * MS, 0, &next), MODE_TO_EXACT);
	mode_choice__again(&ch, now + 300 * MS);
	assert_int_equal(mode_choice__look(&ch, now + 301 * MS, 0, &next), MODE_TO_EXACT);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_costs_little_stays_exact),
		cmocka_unit_test(what_costs_much_is_light_at_once_and_tried_seldom),
		cmocka_unit_test(a_load_that_swings_is_exact_when_it_is_calm),
		cmocka_unit_test(dear_hits_need_a_larger_budget),
		cmocka_unit_test(at_the_border_it_does_not_go_to_and_fro),
		cmocka_unit_test(probes_that_go_slowly_go_once),
		cmocka_unit_test(without_a_limit_it_is_exact),
		cmocka_unit_test(a_step_that_was_not_possible_is_tried_again),
		cmocka_unit_test(who_begins_light_is_tried_soon_and_again),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
