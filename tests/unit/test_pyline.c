/* SPDX-License-Identifier: BSD-2-Clause */
/* test_pyline.c - CPython's three line number tables, written out by hand */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdlib.h>
#include <string.h>

#include "user/base/util.h"
#include "user/python/line.h"

static void lnotab_counts_bytes_of_code(void **state)
{
	/* def f(): (10) / a (12, at 0) / b (512: two steps, at 6) / c (5, at 10) */
	static const uint8_t t[] = { 0,	  2, 6,	   127, 0,    127, 0,	 127, 0,
				     119, 4, 0x80, 0,	0x80, 0,   0x80, 0,   0x85 };

	(void)state;
	assert_int_equal(py_line__find(PY_LINES_LNOTAB, t, sizeof(t), 10, -1), 10);
	assert_int_equal(py_line__find(PY_LINES_LNOTAB, t, sizeof(t), 10, 0), 12);
	assert_int_equal(py_line__find(PY_LINES_LNOTAB, t, sizeof(t), 10, 2), 12);
	assert_int_equal(py_line__find(PY_LINES_LNOTAB, t, sizeof(t), 10, 3), 512);
	assert_int_equal(py_line__find(PY_LINES_LNOTAB, t, sizeof(t), 10, 5), 5);
	assert_int_equal(py_line__find(PY_LINES_LNOTAB, t, sizeof(t), 10, 500), 5);
	assert_int_equal(py_line__find(PY_LINES_LNOTAB, t, 0, 10, 0), 10);
}

static void linetable_has_ranges_and_holes(void **state)
{
	/* 0..8: line 11; 8..12: none; 12..16: line 9; then nothing */
	static const uint8_t t[] = { 8, 1, 4, 0x80, 4, 0xfe };

	(void)state;
	assert_int_equal(py_line__find(PY_LINES_LINETABLE, t, sizeof(t), 10, 0), 11);
	assert_int_equal(py_line__find(PY_LINES_LINETABLE, t, sizeof(t), 10, 3), 11);
	assert_int_equal(py_line__find(PY_LINES_LINETABLE, t, sizeof(t), 10, 4), 0);
	assert_int_equal(py_line__find(PY_LINES_LINETABLE, t, sizeof(t), 10, 6), 9);
	assert_int_equal(py_line__find(PY_LINES_LINETABLE, t, sizeof(t), 10, 8), 0);
	assert_int_equal(py_line__find(PY_LINES_LINETABLE, t, sizeof(t), 10, -1), 10);
}

static void locations_have_five_kinds(void **state)
{
	static const uint8_t t[] = {
		0x80 | 0 << 3 | 1,  0x20,	/* short: 2 units, line 10 */
		0x80 | 11 << 3 | 0, 1,	  2,	/* one line: 1 unit, +1 */
		0x80 | 13 << 3 | 3, 0x42, 0x05, /* no columns: 4 units, svarint 0x142: +161 */
		0x80 | 15 << 3 | 0,		/* none: 1 unit */
		0x80 | 14 << 3 | 7, 0x47, 0x05, 0, 1, 1, /* long: 8 units, svarint 0x147: -163 */
		0x80 | 12 << 3 | 0, 1,	  2,		 /* one line: 1 unit, +2 */
	};
	static const uint32_t want[] = { 10, 10, 11, 172, 172, 172, 172, 0, 9,
					 9,  9,	 9,  9,	  9,   9,   9,	 11 };

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(want); i++)
		assert_int_equal(py_line__find(PY_LINES_LOCATIONS, t, sizeof(t), 10, (int32_t)i),
				 want[i]);
	assert_int_equal(py_line__find(PY_LINES_LOCATIONS, t, sizeof(t), 10, 17), 0);
	/* Cut anywhere, it must not read beyond. */
	for (size_t len = 0; len < sizeof(t); len++) {
		uint8_t *cut = malloc(len + 1);

		assert_non_null(cut);
		memcpy(cut, t, len);
		for (int32_t unit = 0; unit < 20; unit++)
			py_line__find(PY_LINES_LOCATIONS, cut, len, 10, unit);
		free(cut);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(lnotab_counts_bytes_of_code),
		cmocka_unit_test(linetable_has_ranges_and_holes),
		cmocka_unit_test(locations_have_five_kinds),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
