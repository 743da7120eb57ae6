/* SPDX-License-Identifier: BSD-2-Clause */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <locale.h>
#include <math.h>
#include <string.h>

#include "tests/unit/fake_snapshot.h"
#include "tui/layout.h"
#include "user/base/units.h"
#include "user/view/columns.h"

static void figures_keep_to_their_width(void **state)
{
	static const struct {
		uint64_t ns;
		const char *want;
	} durations[] = {
		{ 0, "0ns" },
		{ 999, "999ns" },
		{ 1000, "1.0us" },
		{ 99949, "99.9us" },
		{ 99950, "100us" },
		{ 999499, "999us" },
		{ 999500, "1.0ms" },
		{ 38200000, "38.2ms" },
		{ 101000000, "101ms" },
		{ 2500000000u, "2.5s" },
		{ 999000000000u, "999s" },
		{ 1680000000000u, "28.0m" },
		{ 18720000000000u, "5.2h" },
		{ 864000000000000u, "10.0d" },
		{ NS_UNKNOWN, "?" },
	};
	static const struct {
		double v;
		const char *want;
	} counts[] = {
		{ 0, "0" },	  { 0.04, "0.0" },  { 3.2, "3.2" },    { 7, "7" },
		{ 9.96, "10" },	  { 212, "212" },   { 999.4, "999" },  { 999.6, "1.0k" },
		{ 1900, "1.9k" }, { 23456, "23k" }, { 1.2e6, "1.2M" }, { -1, "?" },
	};
	char buf[UNITS_SZ];
	uint64_t ns = 1;

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(durations); i++)
		assert_string_equal(units__duration(durations[i].ns, buf), durations[i].want);
	for (size_t i = 0; i < ARRAY_SIZE(counts); i++)
		assert_string_equal(units__count(counts[i].v, buf), counts[i].want);
	for (int i = 0; i < 63; i++, ns = ns * 2 + (uint64_t)i)
		assert_true(strlen(units__duration(ns, buf)) <= 7);
	assert_string_equal(units__count(NAN, buf), "?");
	assert_string_equal(units__duration_or_none(NS_UNKNOWN, buf), "-");
	assert_string_equal(units__percent(978, 1000, buf), "97.8");
	assert_string_equal(units__percent(1000, 1000, buf), "100");
	assert_string_equal(units__percent(1, 1000000, buf), "0.0");
	assert_string_equal(units__percent(0, 1000, buf), "0");
	assert_string_equal(units__percent(5, 0, buf), "?");
	assert_string_equal(units__percent(NS_UNKNOWN, 5, buf), "?");
	assert_string_equal(units__percent_word(1, 1000000, buf), "<0.1%");
	assert_string_equal(units__percent_word(412, 1000, buf), "41%");
	assert_string_equal(units__rate(100, S / 2, buf), "200");
	assert_string_equal(units__rate(100, 0, buf), "?");
	assert_string_equal(units__clock(72 * S, buf), "00:01:12");
	assert_string_equal(units__clock((3 * 86400 + 3661) * S, buf), "3d 01:01:01");
}

static const char *cell(const struct fake *f, size_t thread, const char *name)
{
	static char buf[256];
	struct column_row r;

	column_row__init(&r, &f->snap, &f->procs[0], &f->threads[thread]);
	thread_columns[columns__find(name)].fmt(&r, buf, sizeof(buf));
	return buf;
}

static void cells_say_what_is_known_and_no_more(void **state)
{
	static struct fake f;

	(void)state;
	fake__init(&f, 10 * S);
	assert_string_equal(cell(&f, 0, "delay"), "41.5");
	assert_string_equal(cell(&f, 0, "HOLD%"), "3.1");
	assert_string_equal(cell(&f, 0, "state"), "W");
	assert_string_equal(cell(&f, 0, "waits"), "Socket.recv_into socket.py:706");
	assert_string_equal(cell(&f, 0, "offcpu"), "-");  /* not measured */
	assert_string_equal(cell(&f, 7, "p99wait"), "-"); /* never waited */
	assert_string_equal(cell(&f, 7, "waits"), "-");
	assert_string_equal(cell(&f, 7, "delay"), "0");
	f.threads[7].span_ns = 0;
	assert_string_equal(cell(&f, 7, "delay"), "?");
	f.threads[7].tid = 0;
	f.threads[7].folded_cnt = 31;
	f.threads[7].name = "[31 ended threads]";
	assert_string_equal(cell(&f, 7, "tid"), "-");
	assert_string_equal(cell(&f, 7, "thread"), "31 ended");
	f.threads[7].gil = 99;
	assert_string_equal(cell(&f, 7, "gil"), "?");
	assert_string_equal(cell(&f, 7, "blame"), "?");
	/* The shares of blame and of the gap make up all waiting; nobody waited: nobody is to blame. */
	f.gils[0].wait_ns = 0;
	f.threads[0].blame_ns = 0;
	assert_string_equal(cell(&f, 0, "blame"), "0");
}

static void every_column_is_complete(void **state)
{
	static struct fake f;
	char buf[512];

	(void)state;
	fake__init(&f, 10 * S);
	for (size_t i = 0; i < thread_column_cnt; i++) {
		const struct column *c = &thread_columns[i];

		assert_int_equal(columns__find(c->name), i);
		assert_int_equal(columns__find(c->title), i);
		assert_true((int)strlen(c->title) <= c->width);
		assert_true(strlen(c->help) > 10 && strlen(c->help) < 110);
		for (size_t t = 0; t < f.procs[0].thread_cnt; t++) {
			struct column_row r;

			column_row__init(&r, &f.snap, &f.procs[0], &f.threads[t]);
			c->fmt(&r, buf, sizeof(buf));
			assert_true(strlen(buf) > 0);
			if (!c->left)
				assert_true((int)strlen(buf) <= c->width);
			/* Small buffers are respected. */
			c->fmt(&r, buf, 3);
			assert_true(strlen(buf) < 3);
		}
	}
	assert_int_equal(columns__find("nonsense"), -1);
}

static void order_is_total_and_unknown_comes_last(void **state)
{
	static struct fake f;
	struct column_row a, b;

	(void)state;
	fake__init(&f, 10 * S);
	for (size_t i = 0; i < thread_column_cnt; i++) {
		const struct column *c = &thread_columns[i];

		for (size_t x = 0; x < 9; x++) {
			for (size_t y = 0; y < 9; y++) {
				int ab, ba;

				column_row__init(&a, &f.snap, &f.procs[0], &f.threads[x]);
				column_row__init(&b, &f.snap, &f.procs[0], &f.threads[y]);
				ab = columns__compare(c, c->desc, &a, &b);
				ba = columns__compare(c, c->desc, &b, &a);
				assert_true((ab < 0) == (ba > 0));
				assert_true((ab == 0) == (x == y));
			}
		}
	}
	column_row__init(&a, &f.snap, &f.procs[0], &f.threads[0]);
	column_row__init(&b, &f.snap, &f.procs[0], &f.threads[7]); /* p99 wait: none */
	assert_true(columns__compare(&thread_columns[columns__find("p99wait")], true, &a, &b) < 0);
}

static void the_bar_fills_its_width(void **state)
{
	struct snap_thread t = { .wait_ns = 50,
				 .hold_ns = 25,
				 .released_ns = 25,
				 .span_ns = 100,
				 .hold_observed_ns = 100 };
	char buf[32];

	(void)state;
	columns__bar(&t, 8, buf, sizeof(buf));
	assert_string_equal(buf, "WWWWHHrr");
	columns__bar(&t, 8, buf, 4);
	assert_string_equal(buf, "WWW");
	t = (struct snap_thread){ 0 };
	columns__bar(&t, 4, buf, sizeof(buf));
	assert_string_equal(buf, "    ");
}

static void columns_are_dropped_by_priority(void **state)
{
	struct tui_settings set = { 0 };
	struct column_fit fit[32];

	(void)state;
	tui_settings__complete(&set, 1);
	for (int w = 0; w < 300; w++) {
		size_t n = layout__columns(w, &set, columns__find("yields"), 0, fit, 32);
		bool sorted = false;

		assert_true(n >= 1);
		for (size_t i = 0; i < n; i++) {
			sorted |= !strcmp(fit[i].col->name, "yields");
			assert_true(fit[i].x + fit[i].w <= (w > 0 ? w : 0) || n == 1);
			if (i)
				assert_true(fit[i].x > fit[i - 1].x + fit[i - 1].w);
		}
		/* What it is sorted by stays in sight. */
		if (w > 40)
			assert_true(sorted);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(figures_keep_to_their_width),
		cmocka_unit_test(cells_say_what_is_known_and_no_more),
		cmocka_unit_test(every_column_is_complete),
		cmocka_unit_test(order_is_total_and_unknown_comes_last),
		cmocka_unit_test(the_bar_fills_its_width),
		cmocka_unit_test(columns_are_dropped_by_priority),
	};

	setlocale(LC_ALL, "C.UTF-8");
	return cmocka_run_group_tests(tests, NULL, NULL);
}
