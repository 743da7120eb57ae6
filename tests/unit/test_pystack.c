/* SPDX-License-Identifier: BSD-2-Clause */
/* test_pystack.c - the frame walker on made-up memory: depth, shims, torn chains, any bytes at all */
#include "tests/unit/made_up_frames.h"

/* What reading the ids of cnt frames takes at most: code, lines (twice: they are not readable), name, and nearly always
 * the file of the one before.
 */
static unsigned int id_reads(unsigned int cnt)
{
	return 4 * cnt + 2 * (cnt / 7 + 1);
}

static void every_version_gives_all_frames_innermost_first(void **state)
{
	static const unsigned int depths[] = { 0, 1, 2, 50, 126, 127 };
	struct mem *m = *state;
	struct py_stack s;

	for (size_t r = 0; r < py_row_cnt; r++) {
		const struct py_row *row = &py_rows[r];

		for (size_t d = 0; d < sizeof(depths) / sizeof(depths[0]); d++) {
			make_chain(m, row, depths[d], 0, 0);
			walk(m, &row->layout, &s);
			assert_int_equal(s.cnt, depths[d]);
			assert_int_equal(s.end, PY_END_ROOT);
			for (unsigned int i = 0; i < s.cnt; i++) {
				uint64_t owner = row->layout.owner_mask ? i % 3 : 0;

				assert_int_equal(w.code[i], code_at(i));
				assert_true(!i || s.frames[i].id != s.frames[i - 1].id);
				assert_int_equal(s.frames[i].where,
						 place_of(row, i) | owner << PY_WHERE_OWNER_SHIFT);
			}
			assert_in_range(m->reads, depths[d], depths[d] + 2 + id_reads(depths[d]));
		}
	}
}

static void what_is_deeper_than_the_limit_is_cut_and_says_so(void **state)
{
	static const unsigned int depths[] = { 128, 129, 200, 500 };
	struct mem *m = *state;
	struct py_stack s;

	for (size_t r = 0; r < py_row_cnt; r++) {
		for (size_t d = 0; d < sizeof(depths) / sizeof(depths[0]); d++) {
			make_chain(m, &py_rows[r], depths[d], 0, 0);
			walk(m, &py_rows[r].layout, &s);
			assert_int_equal(s.cnt, PY_STACK_MAX);
			assert_int_equal(s.end, PY_END_DEPTH);
			assert_true(m->reads < 135 + id_reads(PY_STACK_MAX));
		}
	}
}

static void shims_are_left_out_and_do_not_count(void **state)
{
	struct mem *m = *state;
	const struct py_row *row = py_row__find(13, false);
	struct py_stack s;

	/* 127 frames and as many shims: complete. */
	make_chain(m, row, 254, 2, 0);
	walk(m, &row->layout, &s);
	assert_int_equal(s.cnt, 127);
	assert_int_equal(s.end, PY_END_ROOT);
	for (unsigned int i = 0; i < s.cnt; i++)
		assert_int_equal(w.code[i], code_at(2 * i));
	/* A thread with nothing but a shim has no Python frames. */
	make_chain(m, row, 1, 1, 0);
	walk(m, &row->layout, &s);
	assert_int_equal(s.cnt, 0);
	assert_int_equal(s.end, PY_END_ROOT);
}

static void unreadable_memory_ends_the_walk_as_torn(void **state)
{
	struct mem *m = *state;
	const struct py_row *row = py_row__find(11, false);
	struct py_layout none = { 0 };
	struct py_stack s;

	make_chain(m, row, 5, 0, 0x42);
	walk(m, &row->layout, &s);
	assert_int_equal(s.end, PY_END_FRAME);
	assert_int_equal(s.cnt, 5);
	/* A frame without a code object. */
	make_chain(m, row, 5, 0, 0);
	set_frame(m, row, 2, 0, 0, 0);
	walk(m, &row->layout, &s);
	assert_int_equal(s.end, PY_END_FRAME);
	assert_int_equal(s.cnt, 2);
	make_chain(m, row, 5, 0, 0);
	poke(m, TSTATE + row->layout.tstate_frame, 0x42, 8);
	walk(m, &row->layout, &s);
	assert_int_equal(s.end, PY_END_TSTATE);
	assert_int_equal(s.cnt, 0);
	walk_from(m, &row->layout, 0x42, &s);
	assert_int_equal(s.end, PY_END_TSTATE);
	walk(m, &none, &s);
	assert_int_equal(s.end, PY_END_NO_LAYOUT);
}

static void a_circle_of_frames_ends(void **state)
{
	struct mem *m = *state;
	struct py_stack s;

	for (size_t r = 0; r < py_row_cnt; r++) {
		make_chain(m, &py_rows[r], 7, 0, frame_at(3));
		walk(m, &py_rows[r].layout, &s);
		assert_int_equal(s.end, PY_END_DEPTH);
		assert_true(m->reads <= PY_WALK_STEPS + 2 + 8 * PY_STACK_MAX);
		/* Shims only: nothing to keep, but it ends, too. */
		if (!py_rows[r].layout.owner_mask)
			continue;
		make_chain(m, &py_rows[r], 3, 1, frame_at(0));
		walk(m, &py_rows[r].layout, &s);
		assert_int_equal(s.end, PY_END_DEPTH);
		assert_true(m->reads <= PY_WALK_STEPS + 2 + 8 * PY_STACK_MAX);
	}
}

static void the_hash_follows_every_frame(void **state)
{
	struct mem *m = *state;
	const struct py_row *row = py_row__find(12, false);
	struct py_stack a, b;

	make_chain(m, row, 30, 0, 0);
	walk(m, &row->layout, &a);
	walk(m, &row->layout, &b);
	assert_true(a.hash == b.hash && a.hash != 0);
	for (unsigned int i = 0; i < 30; i++) {
		make_chain(m, row, 30, 0, 0);
		poke(m, frame_at(i) + row->layout.frame_instr, instr_of(row, i, code_at(i)) + 2, 8);
		walk(m, &row->layout, &b);
		assert_true(a.hash != b.hash);
	}
	make_chain(m, row, 29, 0, 0);
	walk(m, &row->layout, &b);
	assert_true(a.hash != b.hash);
	/* Shims are no part of it. */
	make_chain(m, row, 60, 2, 0);
	walk(m, &row->layout, &a);
	make_chain(m, row, 60, 2, 0);
	poke(m, frame_at(1) + row->layout.frame_instr, 4711, 8);
	walk(m, &row->layout, &b);
	assert_true(a.hash == b.hash);
}

static void any_layout_and_any_bytes_are_harmless(void **state)
{
	struct mem *m = *state;
	struct py_stack s;
	uint64_t rnd = 4711;

	for (int run = 0; run < 3000; run++) {
		struct py_layout l;

		for (size_t i = 0; i < sizeof(l); i++) {
			rnd = rnd * 6364136223846793005ull + 1442695040888963407ull;
			((uint8_t *)&l)[i] = (uint8_t)(rnd >> 56);
		}
		if (run % 2)
			l = py_rows[(size_t)run % py_row_cnt].layout;
		/* Random bytes, but many that point into the memory. */
		for (size_t i = 0; i + 8 <= 8192; i += 8) {
			uint64_t v;

			rnd = rnd * 6364136223846793005ull + 1442695040888963407ull;
			v = rnd >> 60 < 12 ? BASE + (rnd >> 20) % 8192 : rnd;
			memcpy(m->bytes + i, &v, 8);
		}
		m->reads = 0;
		walk(m, &l, &s);
		assert_true(m->reads <= PY_WALK_STEPS + 2 + 8 * PY_STACK_MAX);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_version_gives_all_frames_innermost_first),
		cmocka_unit_test(what_is_deeper_than_the_limit_is_cut_and_says_so),
		cmocka_unit_test(shims_are_left_out_and_do_not_count),
		cmocka_unit_test(unreadable_memory_ends_the_walk_as_torn),
		cmocka_unit_test(a_circle_of_frames_ends),
		cmocka_unit_test(the_hash_follows_every_frame),
		cmocka_unit_test(any_layout_and_any_bytes_are_harmless),
	};

	return cmocka_run_group_tests(tests, set_up, tear_down);
}
