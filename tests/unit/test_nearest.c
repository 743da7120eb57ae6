/* SPDX-License-Identifier: BSD-2-Clause */
/* test_nearest.c - did you mean: the nearest word, and none where all are far */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <string.h>

#include "user/base/nearest.h"
#include "user/base/util.h"

static void edits_are_letters_added_left_out_changed_or_swapped(void **state)
{
	char longest[65], longer[66];

	(void)state;
	assert_int_equal(text_edits("", ""), 0);
	assert_int_equal(text_edits("abc", ""), 3);
	assert_int_equal(text_edits("", "abc"), 3);
	assert_int_equal(text_edits("blame", "blame"), 0);
	assert_int_equal(text_edits("BLAME", "blame"), 0);
	assert_int_equal(text_edits("blam", "blame"), 1);
	assert_int_equal(text_edits("blamme", "blame"), 1);
	assert_int_equal(text_edits("blome", "blame"), 1);
	assert_int_equal(text_edits("balme", "blame"), 1);
	assert_int_equal(text_edits("kitten", "sitting"), 3);
	memset(longest, 'x', 64);
	longest[64] = '\0';
	memset(longer, 'x', 65);
	longer[65] = '\0';
	assert_int_equal(text_edits(longest, longest), 0);
	assert_true(text_edits(longest, longer) == SIZE_MAX);
	assert_true(text_edits(longer, "x") == SIZE_MAX);
}

static const char *nearest_of(const char *word)
{
	static const char *const names[] = { "top", "record", "dump", "list", "doctor" };
	struct nearest n = { .word = word };

	for (size_t i = 0; i < ARRAY_SIZE(names); i++)
		nearest__try(&n, names[i]);
	return n.best ? n.best : "none";
}

static void the_nearest_is_found_and_a_far_one_is_not(void **state)
{
	(void)state;
	assert_string_equal(nearest_of("recrod"), "record");
	assert_string_equal(nearest_of("tpo"), "top");
	assert_string_equal(nearest_of("lst"), "list");
	assert_string_equal(nearest_of("doc"), "doctor");
	assert_string_equal(nearest_of("frobnicate"), "none");
	assert_string_equal(nearest_of("x"), "none");
	assert_string_equal(nearest_of(""), "none");
	assert_string_equal(nearest_of("python3"), "none");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(edits_are_letters_added_left_out_changed_or_swapped),
		cmocka_unit_test(the_nearest_is_found_and_a_far_one_is_not),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
