/* SPDX-License-Identifier: BSD-2-Clause */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "user/picture/timeline.h"

#define MS 1000000ull

static void add(struct timeline *t, uint32_t tid, enum gt_state state, uint64_t start_ms,
		uint64_t end_ms)
{
	struct tl_span s = { start_ms * MS, end_ms * MS, 0x1000, 7, tid, state };

	assert_int_equal(timeline__add(t, &s), 0);
}

/* A row as letters: '.' none, 'r' 'w' 'h' 'y'. */
static const char *row(const struct timeline *t, uint32_t tid, const struct tl_span *open,
		       uint64_t first_ms, uint64_t from_ms, uint64_t to_ms, size_t n)
{
	static char buf[512];
	enum tl_cell cells[512];
	struct tl_window w = { from_ms * MS, to_ms * MS, n };

	timeline__row(t, tid, open, first_ms * MS, &w, cells);
	for (size_t i = 0; i < n; i++)
		buf[i] = ".rwhy"[cells[i]];
	buf[n] = '\0';
	return buf;
}

static void a_cell_shows_the_state_of_most_of_its_time(void **state)
{
	struct timeline *t = timeline__new(100);

	(void)state;
	timeline__restart(t, 0, 0);
	add(t, 1, GT_WAIT, 10, 30);
	add(t, 1, GT_HOLD, 30, 46); /* 6 ms of the cell from 40 to 50 */
	add(t, 1, GT_YIELD, 46, 48);
	assert_string_equal(row(t, 1, NULL, 0, 0, 100, 10), "rwwhhrrrrr");
	/* Each state at a finer grain. */
	assert_string_equal(row(t, 1, NULL, 0, 40, 50, 10), "hhhhhhyyrr");
	/* And at a coarser: 20 ms of waiting beat 16 of holding, but not 62 without. */
	assert_string_equal(row(t, 1, NULL, 0, 0, 100, 1), "r");
	assert_string_equal(row(t, 1, NULL, 0, 10, 50, 1), "w");
	timeline__free(t);
}

/* The picture is paused, the spans come in on. */
static void an_open_state_that_came_in_closed_meanwhile_stays(void **state)
{
	struct timeline *t = timeline__new(100);
	struct tl_span open = { 20 * MS, 60 * MS, 0x1000, 7, 1, GT_WAIT };

	(void)state;
	timeline__restart(t, 0, 0);
	assert_string_equal(row(t, 1, &open, 0, 0, 60, 6), "rrwwww");
	add(t, 1, GT_WAIT, 20, 90);
	assert_string_equal(row(t, 1, &open, 0, 0, 60, 6), "rrwwww");
	timeline__free(t);
}

static void what_is_not_known_is_not_drawn_as_released(void **state)
{
	struct timeline *t = timeline__new(100);
	struct tl_span open = { 80 * MS, 100 * MS, 0x1000, 7, 1, GT_WAIT };

	(void)state;
	assert_string_equal(row(t, 1, NULL, 0, 0, 100, 5), ".....");
	assert_true(timeline__known_from(t) == UINT64_MAX);
	timeline__restart(t, 20 * MS, 5000);
	assert_true(timeline__min_ns(t) == 5000);
	/* Nothing before recording began, nothing before the thread was born. */
	assert_string_equal(row(t, 1, NULL, 0, 0, 100, 5), ".rrrr");
	assert_string_equal(row(t, 1, NULL, 60, 0, 100, 5), "...rr");
	/* The state that it is in now is no span yet. */
	assert_string_equal(row(t, 1, &open, 60, 0, 100, 5), "...rw");
	timeline__free(t);
}

static void the_oldest_spans_give_way(void **state)
{
	struct timeline *t = timeline__new(4);

	(void)state;
	timeline__restart(t, 0, 0);
	for (uint64_t i = 0; i < 10; i++)
		add(t, 1 + (uint32_t)(i % 2), GT_HOLD, i * 10, i * 10 + 10);
	assert_int_equal(timeline__count(t), 4);
	/* Spans 6..9 are kept; what ended at 60 is gone, so before that nothing is known. */
	assert_true(timeline__known_from(t) == 60 * MS);
	assert_string_equal(row(t, 1, NULL, 0, 0, 100, 10), "......hrhr");
	assert_string_equal(row(t, 2, NULL, 0, 0, 100, 10), "......rhrh");
	timeline__restart(t, 100 * MS, 0);
	assert_int_equal(timeline__count(t), 0);
	assert_string_equal(row(t, 1, NULL, 0, 0, 100, 10), "..........");
	timeline__free(t);
}

static void a_gil_has_one_owner_at_a_time(void **state)
{
	struct timeline *t = timeline__new(1000);
	struct tl_span other = { 0, 100 * MS, 0x2000, 7, 50, GT_HOLD };
	struct tl_span open = { 90 * MS, 100 * MS, 0x1000, 7, 3, GT_HOLD };
	struct tl_window w = { 0, 100 * MS, 10 };
	uint32_t owner[10];

	(void)state;
	timeline__restart(t, 0, 0);
	/* Another GIL, and another process with a GIL at the same address, do not count. */
	assert_int_equal(timeline__add(t, &other), 0);
	other.gil = 0x1000;
	other.tgid = 8;
	assert_int_equal(timeline__add(t, &other), 0);
	add(t, 1, GT_HOLD, 0, 26);
	add(t, 2, GT_HOLD, 26, 30);
	add(t, 2, GT_HOLD, 36, 50);
	add(t, 9, GT_WAIT, 36, 50);
	for (uint64_t i = 0; i < 100; i++) /* many short ones of many threads: 11 has most */
		add(t, i % 2 ? 11 : 100 + (uint32_t)i, GT_HOLD, 60 + i / 10, 60 + i / 10);
	for (uint64_t i = 0; i < 10; i++) {
		struct tl_span s = { 60 * MS + i * MS,
				     61 * MS + i * MS,
				     0x1000,
				     7,
				     i % 5 < 3 ? 11 : 20 + (uint32_t)i,
				     GT_HOLD };

		assert_int_equal(timeline__add(t, &s), 0);
	}
	assert_int_equal(timeline__owner(t, 7, 0x1000, &open, &w, owner), 0);
	{
		/* 30..40: held for 4 ms only, so most of it by nobody. */
		static const uint32_t want[10] = { 1, 1, 1, 0, 2, 0, 11, 0, 0, 3 };

		for (size_t i = 0; i < 10; i++)
			assert_int_equal(owner[i], want[i]);
	}
	timeline__free(t);
}

static void bad_spans_are_refused(void **state)
{
	struct timeline *t = timeline__new(4);
	struct tl_span back = { 10, 5, 0, 0, 1, GT_HOLD };
	struct tl_span odd = { 5, 10, 0, 0, 1, (enum gt_state)17 };

	(void)state;
	assert_int_equal(timeline__add(t, &back), -EINVAL);
	assert_int_equal(timeline__add(t, &odd), -EINVAL);
	assert_int_equal(timeline__count(t), 0);
	timeline__free(t);
	timeline__free(NULL);
}

/* The same question asked of a plain list of all spans. */
static void rows_agree_with_a_plain_list(void **state)
{
	enum { SPANS = 3000, THREADS = 40, CELLS = 37 };
	static struct tl_span list[SPANS];
	struct timeline *t = timeline__new(1024);
	uint64_t at[THREADS] = { 0 };
	unsigned int seed = 42;

	(void)state;
	timeline__restart(t, 0, 0);
	for (int i = 0; i < SPANS; i++) {
		uint32_t tid = (uint32_t)(rand_r(&seed) % THREADS);
		uint64_t start = at[tid] + (uint64_t)(rand_r(&seed) % 1000);
		uint64_t end = start + (uint64_t)(rand_r(&seed) % 3000);

		/* Arrival in the order of ends, more or less. */
		if (i && end < list[i - 1].end_ns)
			end = list[i - 1].end_ns + (uint64_t)(rand_r(&seed) % 5);
		list[i] = (struct tl_span){ start, end, 1, 1, tid + 1, GT_WAIT + (i % 3) };
		at[tid] = end;
		assert_int_equal(timeline__add(t, &list[i]), 0);
	}
	for (uint32_t tid = 1; tid <= THREADS; tid++) {
		uint64_t to = list[SPANS - 1].end_ns, from = timeline__known_from(t);
		struct tl_window w = { from, to, CELLS };
		enum tl_cell cells[CELLS];

		timeline__row(t, tid, NULL, 0, &w, cells);
		for (size_t i = 0; i < CELLS; i++) {
			uint64_t lo = from + (to - from) * i / CELLS;
			uint64_t hi = from + (to - from) * (i + 1) / CELLS, sum[5] = { 0 };

			for (int k = SPANS - 1024; k < SPANS; k++) {
				uint64_t a = list[k].start_ns > lo ? list[k].start_ns : lo;
				uint64_t b = list[k].end_ns < hi ? list[k].end_ns : hi;

				if (list[k].tid == tid && a < b)
					sum[list[k].state + 1] += b - a;
			}
			sum[TL_RELEASED] = hi - lo - sum[TL_WAIT] - sum[TL_HOLD] - sum[TL_YIELD];
			for (int s = TL_RELEASED; s < TL_CELL_CNT; s++)
				assert_true(sum[cells[i]] >= sum[s]);
		}
	}
	timeline__free(t);
}

/* The ring buffer may still hold spans of before. */
static void spans_of_before_the_restart_are_not_drawn(void **state)
{
	struct timeline *t = timeline__new(64);

	(void)state;
	timeline__restart(t, 50 * MS, 0);
	add(t, 1, GT_HOLD, 10, 20);
	add(t, 1, GT_WAIT, 40, 60);
	add(t, 1, GT_HOLD, 60, 70);
	assert_string_equal(row(t, 1, NULL, 0, 0, 100, 10), "....wwhrrr");
	timeline__free(t);
}

static void threads_that_left_do_not_pile_up(void **state)
{
	struct timeline *t = timeline__new(64);

	(void)state;
	timeline__restart(t, 0, 0);
	for (uint32_t i = 0; i < 100000; i++)
		add(t, i + 1, GT_HOLD, i, i + 1);
	assert_string_equal(row(t, 100000, NULL, 0, 99998, 100000, 2), "rh");
	assert_string_equal(row(t, 5, NULL, 0, 99998, 100000, 2), "rr");
	timeline__free(t);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_cell_shows_the_state_of_most_of_its_time),
		cmocka_unit_test(an_open_state_that_came_in_closed_meanwhile_stays),
		cmocka_unit_test(what_is_not_known_is_not_drawn_as_released),
		cmocka_unit_test(the_oldest_spans_give_way),
		cmocka_unit_test(a_gil_has_one_owner_at_a_time),
		cmocka_unit_test(bad_spans_are_refused),
		cmocka_unit_test(rows_agree_with_a_plain_list),
		cmocka_unit_test(spans_of_before_the_restart_are_not_drawn),
		cmocka_unit_test(threads_that_left_do_not_pile_up),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
