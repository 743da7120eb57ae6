/* SPDX-License-Identifier: BSD-2-Clause */
/* test_names.c - a text is kept once, and names without end take no memory without end */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "user/base/names.h"

static void a_text_is_kept_once(void **state)
{
	struct names *n = names__new(1 << 20);
	char text[] = "handler";
	const char *one = names__get(n, text);
	size_t bytes = names__bytes(n);

	(void)state;
	text[0] = 'H';
	assert_string_equal(one, "handler");
	assert_ptr_equal(names__get(n, "handler"), one);
	assert_int_equal(names__bytes(n), bytes);
	assert_ptr_not_equal(names__get(n, text), one);
	assert_string_equal(names__get(n, ""), "");
	assert_int_equal(names__full_cnt(n), 0);
	names__free(n);
	names__free(NULL);
}

static void of_names_without_end_those_without_room_are_counted(void **state)
{
	const size_t max = 100000;
	struct names *n = names__new(max);
	const char *first = names__get(n, "first");
	uint64_t others = 0;
	const char *got;
	char text[64];

	(void)state;
	for (int i = 0; i < 100000; i++) {
		snprintf(text, sizeof(text), "made up %d", i);
		got = names__get(n, text);
		others += !got;
		if (got)
			assert_string_equal(got, text);
		assert_true(names__bytes(n) <= max);
	}
	assert_true(others > 90000);
	assert_int_equal(names__full_cnt(n), others);
	/* What is known stays known. */
	assert_ptr_equal(names__get(n, "first"), first);
	assert_string_equal(names__get(n, "made up 0"), "made up 0");
	assert_null(names__get(n, "of no room"));
	names__free(n);
}

static void what_goes_with_the_names_takes_of_their_room(void **state)
{
	struct names *n = names__new(1000);

	(void)state;
	assert_int_equal(names__charge(n, 900), 0);
	assert_int_equal(names__charge(n, 101), -ENOSPC);
	assert_int_equal(names__charge(n, SIZE_MAX), -ENOSPC);
	assert_int_equal(names__bytes(n), 900);
	assert_int_equal(names__charge(n, 100), 0);
	assert_null(names__get(n, "x"));
	assert_int_equal(names__full_cnt(n), 3);
	names__free(n);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_text_is_kept_once),
		cmocka_unit_test(of_names_without_end_those_without_room_are_counted),
		cmocka_unit_test(what_goes_with_the_names_takes_of_their_room),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
