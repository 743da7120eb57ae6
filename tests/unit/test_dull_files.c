/* SPDX-License-Identifier: BSD-2-Clause */
/* test_dull_files.c - a file in which there was nothing is known again, until it may hold something else */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <sys/stat.h>
#include <time.h>

#include "user/base/budgets.h"
#include "user/target/dull_files.h"

static const struct stat old_file = {
	.st_dev = 7,
	.st_ino = 1000,
	.st_size = 4096,
	.st_mtim = { 1600000000, 5 },
	.st_ctim = { 1600000000, 6 },
};

static void one_that_was_added_is_known(void **state)
{
	struct dull_files d = { 0 };

	(void)state;
	assert_false(dull_files__has(&d, &old_file));
	dull_files__add(&d, &old_file);
	assert_true(dull_files__has(&d, &old_file));
	dull_files__free(&d);
}

static void another_file_or_other_contents_are_not(void **state)
{
	struct dull_files d = { 0 };
	struct stat st;

	(void)state;
	dull_files__add(&d, &old_file);
	st = old_file;
	st.st_dev++; /* the same number in another subvolume */
	assert_false(dull_files__has(&d, &st));
	st = old_file;
	st.st_ino++;
	assert_false(dull_files__has(&d, &st));
	st = old_file;
	st.st_size++;
	assert_false(dull_files__has(&d, &st));
	st = old_file;
	st.st_mtim.tv_nsec++;
	assert_false(dull_files__has(&d, &st));
	st = old_file;
	st.st_ctim.tv_nsec++; /* its owner can set the other time back, not this one */
	assert_false(dull_files__has(&d, &st));
	dull_files__add(&d, &st);
	assert_true(dull_files__has(&d, &st));
	assert_false(dull_files__has(&d, &old_file));
	dull_files__free(&d);
}

static void one_that_may_still_be_written_is_looked_into_again(void **state)
{
	struct dull_files d = { 0 };
	struct stat st = old_file;

	(void)state;
	st.st_ctim.tv_sec = time(NULL);
	dull_files__add(&d, &st);
	assert_false(dull_files__has(&d, &st));
	st.st_ctim.tv_sec = time(NULL) + 1000; /* another machine's clock */
	dull_files__add(&d, &st);
	assert_false(dull_files__has(&d, &st));
	dull_files__free(&d);
}

static void so_many_are_kept(void **state)
{
	struct dull_files d = { 0 };
	struct stat st = old_file;

	(void)state;
	for (size_t i = 0; i < 2 * BUDGET_DULL_FILES + 1; i++) {
		st.st_ino = 1 + i;
		dull_files__add(&d, &st);
		assert_true(dull_files__has(&d, &st));
		assert_true(d.by_id.cnt <= BUDGET_DULL_FILES);
	}
	dull_files__free(&d);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(one_that_was_added_is_known),
		cmocka_unit_test(another_file_or_other_contents_are_not),
		cmocka_unit_test(one_that_may_still_be_written_is_looked_into_again),
		cmocka_unit_test(so_many_are_kept),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
