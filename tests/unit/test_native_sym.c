/* SPDX-License-Identifier: BSD-2-Clause */
/* test_native_sym.c - names of this program's own functions */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <errno.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

#include "user/target/native_sym.h"

static uint64_t at(void (*fn)(void **))
{
	return (uint64_t)(uintptr_t)fn;
}

static void nothing_is_found_outside_of_files(void **state);

static void functions_have_their_names_and_a_file_is_read_once(void **state)
{
	struct native_files *files = native_files__new();
	struct native_sym *n = native_sym__new(getpid(), files),
			  *other = native_sym__new(getpid(), files);
	struct native_place place;

	(void)state;
	assert_true(files && n && other);
	assert_int_equal(native_sym__find(n, at(nothing_is_found_outside_of_files) + 4, &place), 0);
	assert_string_equal(place.object, "test_native_sym");
	assert_string_equal(place.symbol, "nothing_is_found_outside_of_files");
	for (uint64_t i = 0; i < 16; i++) {
		assert_int_equal(
			native_sym__find(other,
					 at(functions_have_their_names_and_a_file_is_read_once) + i,
					 &place),
			0);
		assert_string_equal(place.symbol,
				    "functions_have_their_names_and_a_file_is_read_once");
	}
	assert_int_equal(native_files__reads(files), 1);
	native_sym__free(n);
	native_sym__free(other);
	native_files__free(files);
}

static void nothing_is_found_outside_of_files(void **state)
{
	struct native_files *files = native_files__new();
	struct native_sym *n = native_sym__new(getpid(), files);
	void *jit = mmap(NULL, 4096, PROT_READ | PROT_EXEC, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	struct native_place place;

	(void)state;
	assert_true(files && n && jit != MAP_FAILED);
	assert_int_equal(native_sym__find(n, (uint64_t)(uintptr_t)jit, &place), -ENOENT);
	munmap(jit, 4096);
	native_sym__free(n);
	native_files__free(files);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(functions_have_their_names_and_a_file_is_read_once),
		cmocka_unit_test(nothing_is_found_outside_of_files),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
