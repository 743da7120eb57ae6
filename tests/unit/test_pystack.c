/* SPDX-License-Identifier: BSD-2-Clause */
/* test_pystack.c - the frame walker on made-up memory: depth, shims, torn chains, any bytes at all */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdlib.h>
#include <string.h>

#include "user/python/layout_table.h"

/* The target's memory: one region. */
#define BASE	0x10000ull
#define MEM_SZ	(1u << 19)
#define TSTATE	BASE
#define CFRAME	(BASE + 0x400)
#define FRAME0	(BASE + 0x1000)
#define FRAME_D 0x180u /* distance between frames */
#define CODE0	(BASE + 0x40000)
#define CODE_D	0x100u
#define NAME	(BASE + 0x60000)
#define FILE0	(BASE + 0x60100) /* every 7th frame's is another one */
#define FILE_D	0x100u
#define LINES	(BASE + 0x70000)

struct mem {
	uint8_t bytes[MEM_SZ];
	unsigned int reads;
};

static long read_mem(struct mem *m, void *dst, uint32_t size, uint64_t addr)
{
	m->reads++;
	if (addr < BASE || addr - BASE > MEM_SZ || size > MEM_SZ - (addr - BASE)) {
		memset(dst, 0, size);
		return -1;
	}
	memcpy(dst, m->bytes + (addr - BASE), size);
	return 0;
}

#define py_read(stack, dst, size, addr)                                                            \
	read_mem((struct mem *)(uintptr_t)(stack)->mem, dst, size, addr)
#include "bpf/pystack.bpf.h"

static void poke(struct mem *m, uint64_t addr, uint64_t v, size_t size)
{
	memcpy(m->bytes + (addr - BASE), &v, size);
}

static uint64_t code_at(unsigned int i)
{
	return CODE0 + (uint64_t)i * CODE_D;
}

/* Where frame i is in its code object, and its instruction pointer. */
static uint64_t place_of(const struct py_row *row, unsigned int i)
{
	return row->minor <= 10 ? i * 2 : row->obj.code_bytecode + i * 2;
}

static uint64_t instr_of(const struct py_row *row, unsigned int i, uint64_t code)
{
	return row->minor <= 10 ? place_of(row, i) : code + place_of(row, i);
}

/* An ASCII str; hash: UINT64_MAX: not computed. */
static void set_text(struct mem *m, const struct py_row *row, uint64_t at, const char *text,
		     uint64_t hash)
{
	const struct py_objects *o = &row->obj;
	size_t len = strlen(text);

	poke(m, at + o->str_length, len, 8);
	poke(m, at + o->str_length + 8, hash, 8);
	poke(m, at + o->str_state, 1u << o->str_kind_shift | 3u << (o->str_kind_shift + 3), 4);
	memcpy(m->bytes + (at - BASE) + o->str_ascii_size, text, len);
}

static void set_code(struct mem *m, const struct py_row *row, uint64_t at, unsigned int first_line,
		     uint64_t name, uint64_t file)
{
	const struct py_objects *o = &row->obj;

	poke(m, at + o->code_firstlineno, first_line, 4);
	poke(m, at + (row->minor > 10 ? o->code_qualname : o->code_name), name, 8);
	poke(m, at + o->code_filename, file, 8);
}

static uint64_t frame_at(unsigned int i)
{
	return FRAME0 + (uint64_t)i * FRAME_D;
}

static void set_frame(struct mem *m, const struct py_row *row, unsigned int i, uint64_t code,
		      unsigned int owner, uint64_t back)
{
	const struct py_layout *l = &row->layout;
	uint64_t f = frame_at(i);

	memset(m->bytes + (f - BASE), 0xa5, FRAME_D);
	poke(m, f + l->frame_code, code, 8);
	poke(m, f + l->frame_back, back, 8);
	poke(m, f + l->frame_instr, instr_of(row, i, code & ~(uint64_t)l->code_tag),
	     row->minor <= 10 ? 4 : 8);
	if (l->owner_mask)
		poke(m, f + l->frame_owner, owner, 1);
}

#define SET_CODES 300u

/* cnt frames, the outermost one's caller is last; every shim_every-th (if not 0) is a shim. */
static void make_chain(struct mem *m, const struct py_row *row, unsigned int cnt,
		       unsigned int shim_every, uint64_t last)
{
	uint64_t top = cnt ? FRAME0 : 0;

	memset(m, 0, sizeof(*m));
	set_text(m, row, NAME, "parse", 4711);
	for (unsigned int i = 0; i < 4; i++) {
		char file[] = "/srv/app/_.py";

		file[9] = (char)('a' + i);
		set_text(m, row, FILE0 + i * FILE_D, file, UINT64_MAX);
	}
	for (unsigned int i = 0; i < cnt; i++) {
		bool shim = shim_every && i % shim_every == shim_every - 1;

		set_frame(m, row, i, code_at(i) + (row->layout.code_tag & 1), shim ? 3 : i % 3,
			  i + 1 < cnt ? frame_at(i + 1) : last);
		if (i < SET_CODES)
			set_code(m, row, code_at(i), i, NAME, FILE0 + i / 7 % 4 * FILE_D);
	}
	if (row->layout.walk == PY_WALK_CFRAME) {
		poke(m, CFRAME + row->layout.cframe_current, top, 8);
		top = CFRAME;
	}
	poke(m, TSTATE + row->layout.tstate_frame, top, 8);
}

static struct py_walk w;

static void walk_from(struct mem *m, const struct py_layout *l, uint64_t tstate, struct py_stack *s)
{
	memset(&w, 0xee, sizeof(w));
	w.x.mem = (__u64)(uintptr_t)m;
	py_walk_stack(l, tstate, &w);
	*s = w.stack;
	assert_true(s->cnt <= PY_STACK_MAX);
	assert_true(s->end < PY_END_CNT);
}

static void walk(struct mem *m, const struct py_layout *l, struct py_stack *s)
{
	walk_from(m, l, TSTATE, s);
}

/* What reading the ids of cnt frames takes at most: code, lines (twice: they are not readable), name, and nearly always
 * the file of the one before.
 */
static unsigned int id_reads(unsigned int cnt)
{
	return 4 * cnt + 2 * (cnt / 7 + 1);
}

static int setup(void **state)
{
	*state = malloc(sizeof(struct mem));
	return *state ? 0 : -1;
}

static int teardown(void **state)
{
	free(*state);
	return 0;
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
		cmocka_unit_test(another_code_object_at_the_same_addresses_has_another_id),
		cmocka_unit_test(long_file_names_are_told_apart_by_both_ends),
		cmocka_unit_test(the_same_function_at_another_address_is_the_same_stack),
		cmocka_unit_test(what_is_kept_of_a_code_object_is_that_of_its_id),
		cmocka_unit_test(lines_that_were_not_readable_then_are_not_missed),
		cmocka_unit_test(any_layout_and_any_bytes_are_harmless),
	};

	return cmocka_run_group_tests(tests, setup, teardown);
}
