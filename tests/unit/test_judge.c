/* SPDX-License-Identifier: BSD-2-Clause */
/* test_judge.c - what makes others wait is said at the level that explains most: function, library, pool or thread */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "tests/unit/made_up_blame.h"

/* 3 + 3 s of 10 at two lines of one function, by two threads: 60%, the line is the heavier one. */
static void a_function_with_much_is_said_with_its_line_and_who_is_in_it(void **state)
{
	static struct blamed b;
	struct snap_thread *t;

	(void)state;
	blamed__init(&b);
	blamed__thread(&b, 1, "waiter", 10 * S);
	t = blamed__thread(&b, 11, "w-1", 0);
	blamed__at(&b, t, 3 * S, 50, at_own, 2);
	t = blamed__thread(&b, 12, "w-2", 0);
	blamed__at(&b, t, 3 * S + 1, 50, at_own_too, 2);
	blamed__at(&b, t, 4 * S - 1, 50, at_dumps, 2);
	blamed__pools(&b);
	assert_string_equal(blamed__who(&b, VERDICT_FULL),
			    "crunch (work.py:25) makes others wait most: 60% of all waiting, by "
			    "both threads of w-*; waiter waited 100% of the last 10 s");
	blamed__deinit(&b);
}

/* What nobody holds the GIL for is waiting, too: 3 of 10 s, not 3 of 5. */
static void gaps_are_a_part_of_all_waiting(void **state)
{
	static struct blamed b;

	(void)state;
	blamed__init(&b);
	b.g->gap_ns = 5 * S;
	blamed__at(&b, blamed__thread(&b, 11, "w", 0), 3 * S, 50, at_own, 2);
	blamed__at(&b, blamed__thread(&b, 1, "waiter", 10 * S), 2 * S, 50, at_dumps, 2);
	assert_string_equal(blamed__who(&b, VERDICT_TINY), "crunch (work.py:21): 30% of waiting");
}

static void a_function_of_a_library_is_said_with_the_own_line_that_called_it(void **state)
{
	static struct blamed b;

	(void)state;
	blamed__init(&b);
	blamed__thread(&b, 1, "waiter", 10 * S);
	blamed__at(&b, blamed__thread(&b, 11, "w", 0), 10 * S, 50, at_dumps, 2);
	assert_string_equal(blamed__who(&b, VERDICT_SHORT),
			    "dumps (enc.py:231) from view (pages.py:88) makes others wait most: "
			    "100% of all waiting, by w");
	/* An own function needs no other one; nor does a line without any. */
	b.f.stacks[0].frames = at_own;
	assert_string_equal(
		blamed__who(&b, VERDICT_SHORT),
		"crunch (work.py:21) makes others wait most: 100% of all waiting, by w");
	b.f.stacks[0].frames = at_dumps + 1;
	b.f.stacks[0].frame_cnt = 1;
	assert_string_equal(blamed__who(&b, VERDICT_SHORT),
			    "dumps (enc.py:231) makes others wait most: 100% of all waiting, by w");
}

#define MANY 20

static char names[MANY][16];
static struct snap_frame frames[MANY][2];

/* 20 functions with 5% each; the first has 1% more, the last less. leaf NULL: they end in Python. */
static void spread(struct blamed *b, const char *library, bool one_pool)
{
	blamed__init(b);
	blamed__thread(b, 1, "waiter", 10 * S);
	for (uint32_t i = 0; i < MANY; i++) {
		struct snap_thread *t;

		snprintf(names[i], sizeof(names[i]), one_pool ? "w-%u" : "%c-thread",
			 one_pool ? i : 'a' + i);
		frames[i][0] = (struct snap_frame){ names[i], "/srv/app.py", 10 + i };
		frames[i][1] = (struct snap_frame){ "[native code]", library, 0 };
		t = blamed__thread(b, 100 + i, names[i], 0);
		blamed__at(b, t, S / 2 + (i ? 0 : S / 10) - (i == MANY - 1 ? S / 10 : 0), 50,
			   frames[i], library ? 2 : 1);
	}
	blamed__pools(b);
}

static void where_no_function_has_much_it_is_the_library(void **state)
{
	static struct blamed b;

	(void)state;
	spread(&b, "libfoo.so", true);
	assert_string_equal(blamed__who(&b, VERDICT_SHORT),
			    "Native code in libfoo.so makes others wait most: 100% of all waiting; "
			    "most in w-0 (srv/app.py:10), 6.0%, by w-*");
	assert_string_equal(blamed__who(&b, VERDICT_TINY),
			    "libfoo.so: 100% of waiting; most in w-0 (srv/app.py:10), 6.0%");
	blamed__deinit(&b);
}

static void or_the_pool(void **state)
{
	static struct blamed b;

	(void)state;
	spread(&b, NULL, true);
	assert_string_equal(blamed__who(&b, VERDICT_BRIEF),
			    "20 threads of w-* make others wait most: 100% of all waiting; most in "
			    "w-0 (srv/app.py:10), 6.0%");
	blamed__deinit(&b);
}

static void or_still_the_function(void **state)
{
	static struct blamed b;

	(void)state;
	spread(&b, NULL, false);
	assert_string_equal(blamed__who(&b, VERDICT_TINY),
			    "a-thread (srv/app.py:10): 6.0% of waiting");
	blamed__deinit(&b);
}

/* Where 30% are one function's, that is what can be changed, whatever library it calls. */
static void a_function_with_much_comes_before_its_library_and_pool(void **state)
{
	static struct blamed b;

	(void)state;
	blamed__init(&b);
	blamed__thread(&b, 1, "waiter", 10 * S);
	blamed__at(&b, blamed__thread(&b, 11, "w-1", 0), 3 * S, 50, at_native, 3);
	blamed__at(&b, blamed__thread(&b, 12, "w-2", 0), 7 * S, 50, NULL, 0);
	blamed__pools(&b);
	assert_string_equal(blamed__who(&b, VERDICT_TINY), "crunch (work.py:21): 30% of waiting");
	b.f.stacks[0].ns = 3 * S - 1;
	assert_string_equal(blamed__who(&b, VERDICT_TINY),
			    "2 threads of w-*: 100% of waiting; most in crunch (work.py:21), 30%");
	blamed__deinit(&b);
}

static void without_places_it_is_the_threads(void **state)
{
	static struct blamed b;

	(void)state;
	blamed__init(&b);
	blamed__thread(&b, 1, "waiter", 10 * S);
	blamed__thread(&b, 11, "w-1", 0)->blame_ns = 2 * S;
	blamed__thread(&b, 12, "w-2", 0)->blame_ns = 3 * S;
	blamed__thread(&b, 13, "w-3", 0);
	blamed__thread(&b, 14, "x", 0)->blame_ns = 4 * S;
	b.p->stacks_known = false;
	assert_string_equal(blamed__who(&b, VERDICT_SHORT),
			    "x makes others wait most: 40% of all waiting (in which line: "
			    "not measured)");
	blamed__pools(&b);
	assert_string_equal(blamed__who(&b, VERDICT_TINY),
			    "2 of the 3 threads of w-*: 50% of waiting");
	blamed__deinit(&b);
}

/* Details only drop words, and in each of them the numbers are the same. */
static void each_detail_is_shorter_than_the_one_before(void **state)
{
	static struct blamed b;

	(void)state;
	for (int kind = 0; kind < 8; kind++) {
		size_t len = SIZE_MAX;

		spread(&b, kind & 1 ? "libfoo.so" : NULL, kind & 2);
		if (kind & 4)
			b.f.stacks[0].cnt = 3;
		for (int d = VERDICT_FULL; d < VERDICT_DETAIL_CNT; d++) {
			const char *text = blamed__who(&b, (enum verdict_detail)d);

			assert_true(strlen(text) <= len);
			assert_true(strlen(text) > 0);
			len = strlen(text);
		}
		blamed__deinit(&b);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_function_with_much_is_said_with_its_line_and_who_is_in_it),
		cmocka_unit_test(gaps_are_a_part_of_all_waiting),
		cmocka_unit_test(a_function_of_a_library_is_said_with_the_own_line_that_called_it),
		cmocka_unit_test(where_no_function_has_much_it_is_the_library),
		cmocka_unit_test(or_the_pool),
		cmocka_unit_test(or_still_the_function),
		cmocka_unit_test(a_function_with_much_comes_before_its_library_and_pool),
		cmocka_unit_test(without_places_it_is_the_threads),
		cmocka_unit_test(each_detail_is_shorter_than_the_one_before),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
