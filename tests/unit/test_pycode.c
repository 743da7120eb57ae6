/* SPDX-License-Identifier: BSD-2-Clause */
/* test_pycode.c - which code object is it? Ids on made-up memory, and what is kept with them */
#include "tests/unit/made_up_frames.h"

/* What makes an id, of one frame whose code object is at code_at(0). */
static uint64_t id_of(struct mem *m, const struct py_row *row)
{
	struct py_stack s;

	walk(m, &row->layout, &s);
	assert_int_equal(s.cnt, 1);
	assert_true(s.frames[0].id != 0);
	return s.frames[0].id;
}

static void another_code_object_at_the_same_addresses_has_another_id(void **state)
{
	static const char *const files[] = { "<rule-7>", "<rule-8>" };
	struct mem *m = *state;
	uint64_t first, id;

	for (size_t r = 0; r < py_row_cnt; r++) {
		const struct py_row *row = &py_rows[r];

		/* Only the bytes of the file's name differ. */
		make_chain(m, row, 1, 0, 0);
		set_text(m, row, FILE0, files[0], UINT64_MAX);
		first = id_of(m, row);
		set_text(m, row, FILE0, files[1], UINT64_MAX);
		assert_true(id_of(m, row) != first);
		set_text(m, row, FILE0, files[0], UINT64_MAX);
		assert_true(id_of(m, row) == first);
		/* .. the name, which has its hash, or has not. */
		set_text(m, row, NAME, "parse", 4712);
		assert_true(id_of(m, row) != first);
		set_text(m, row, NAME, "parse", UINT64_MAX);
		id = id_of(m, row);
		set_text(m, row, NAME, "parsf", UINT64_MAX);
		assert_true(id_of(m, row) != id);
		/* .. the first line; a number that depends on the bytecode. */
		set_text(m, row, NAME, "parse", 4711);
		poke(m, code_at(0) + row->obj.code_firstlineno, 9, 4);
		assert_true(id_of(m, row) != first);
		poke(m, code_at(0) + row->obj.code_firstlineno, 0, 4);
		poke(m, code_at(0) + row->layout.object_head + row->layout.code_extra, 77, 4);
		assert_true(id_of(m, row) != first);
		poke(m, code_at(0) + row->layout.object_head + row->layout.code_extra, 0, 4);
		/* .. the line table; but not what is behind its end. */
		poke(m, code_at(0) + row->obj.code_lines, LINES, 8);
		poke(m, LINES + row->obj.var_size, 10, 8);
		first = id_of(m, row);
		poke(m, LINES + row->obj.bytes_data + 10, 1, 1);
		assert_true(id_of(m, row) == first);
		poke(m, LINES + row->obj.bytes_data + 9, 1, 1);
		assert_true(id_of(m, row) != first);
	}
}

static void long_file_names_are_told_apart_by_both_ends(void **state)
{
	struct mem *m = *state;

	for (size_t r = 0; r < py_row_cnt; r++) {
		const struct py_row *row = &py_rows[r];
		char file[121];
		uint64_t first;

		memset(file, 'x', sizeof(file));
		file[120] = '\0';
		make_chain(m, row, 1, 0, 0);
		set_text(m, row, FILE0, file, UINT64_MAX);
		first = id_of(m, row);
		for (unsigned int i = 0; i < 120; i++) {
			if (i >= 32 && i < 120 - 64)
				continue;
			file[i] = 'y';
			set_text(m, row, FILE0, file, UINT64_MAX);
			assert_true(id_of(m, row) != first);
			file[i] = 'x';
		}
		file[119] = '\0';
		set_text(m, row, FILE0, file, UINT64_MAX);
		assert_true(id_of(m, row) != first);
	}
}

static void the_same_function_at_another_address_is_the_same_stack(void **state)
{
	struct mem *m = *state;
	struct py_stack a, b;

	for (size_t r = 0; r < py_row_cnt; r++) {
		const struct py_row *row = &py_rows[r];

		make_chain(m, row, 2, 0, 0);
		walk(m, &row->layout, &a);
		set_code(m, row, code_at(40), 0, NAME, FILE0);
		set_frame(m, row, 0, code_at(40), 0, frame_at(1));
		walk(m, &row->layout, &b);
		assert_int_equal(w.code[0], code_at(40));
		assert_true(a.hash == b.hash);
		assert_memory_equal(a.frames, b.frames, 2 * sizeof(a.frames[0]));
	}
}

static void what_is_kept_of_a_code_object_is_that_of_its_id(void **state)
{
	struct mem *m = *state;
	struct py_scratch x = { .mem = (__u64)(uintptr_t)m };
	struct py_code k;
	uint64_t id;

	for (size_t r = 0; r < py_row_cnt; r++) {
		struct py_layout l = py_rows[r].layout;

		make_chain(m, &py_rows[r], 1, 0, 0);
		poke(m, code_at(0) + py_rows[r].obj.code_lines, NAME, 8);
		poke(m, code_at(0) + py_rows[r].obj.ob_type, 0x1234, 8);
		id = id_of(m, &py_rows[r]);
		assert_int_equal(py_code_read(&l, &x, code_at(0), id, &k), 0);
		assert_int_equal(k.addr, code_at(0));
		assert_int_equal(k.name.kept, 5);
		assert_memory_equal(k.name_text, "parse", 5);
		assert_int_equal(k.file.kept, 13);
		assert_memory_equal(k.file_text, "/srv/app/a.py", 13);
		assert_int_equal(k.unread, 0);
		assert_true(py_code_read(&l, &x, code_at(0), id + 2, &k) != 0);
		l.code_type = 0x1234;
		assert_int_equal(py_code_read(&l, &x, code_at(0), id, &k), 0);
		l.code_type = 0x1238; /* no code object */
		assert_true(py_code_read(&l, &x, code_at(0), id, &k) != 0);
	}
}

/* A line table that could not be read when the id was made, and can be now. */
static void lines_that_were_not_readable_then_are_not_missed(void **state)
{
	struct mem *m = *state;
	struct py_scratch x = { .mem = (__u64)(uintptr_t)m };
	struct py_code k;
	uint64_t id;

	for (size_t r = 0; r < py_row_cnt; r++) {
		struct py_layout l = py_rows[r].layout;

		make_chain(m, &py_rows[r], 1, 0, 0);
		poke(m, code_at(0) + py_rows[r].obj.ob_type, 0x1234, 8);
		id = id_of(m, &py_rows[r]);
		poke(m, code_at(0) + py_rows[r].obj.code_lines, NAME, 8);
		assert_true(id != id_of(m, &py_rows[r]));
		x.blind = 0;
		assert_int_equal(py_code_read(&l, &x, code_at(0), id, &k), -1);
		x.blind = 1;
		assert_int_equal(py_code_read(&l, &x, code_at(0), id, &k), 0);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(another_code_object_at_the_same_addresses_has_another_id),
		cmocka_unit_test(long_file_names_are_told_apart_by_both_ends),
		cmocka_unit_test(the_same_function_at_another_address_is_the_same_stack),
		cmocka_unit_test(what_is_kept_of_a_code_object_is_that_of_its_id),
		cmocka_unit_test(lines_that_were_not_readable_then_are_not_missed),
	};

	return cmocka_run_group_tests(tests, set_up, tear_down);
}
