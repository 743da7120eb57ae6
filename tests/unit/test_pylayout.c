/* SPDX-License-Identifier: BSD-2-Clause */
/* test_pylayout.c - layouts per version, and telling a CPython by its file
 *
 * This program poses as a CPython: it has a symbol _PyRuntime, whose bytes the tests write into a copy
 * of its file.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <elf.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "user/base/util.h"
#include "user/elf/elf_file.h"
#include "user/python/layout_table.h"
#include "user/python/runtime.h"
#include "tests/elf_open.h"

#define FAKE_SIZE 888

extern char _PyRuntime[FAKE_SIZE];
char _PyRuntime[FAKE_SIZE] = PY_DEBUG_OFFSETS_COOKIE;

/* Where the tables of 3.13, 3.14 and 3.15 have what these tests change. */
struct pos {
	unsigned int owner, filename, imports_modules;
};
static const struct pos pos[] = { { 264, 280, 88 }, { 288, 320, 96 }, { 352, 384, 96 } };

static void put(char *table, unsigned int at, uint64_t v)
{
	memcpy(table + at, &v, 8);
}

/* A table that says what the row says. The positions are written down a second time on purpose. */
static void make_table(const struct py_row *r, char *t)
{
	const struct py_objects *o = &r->obj;
	const struct py_layout *l = &r->layout;
	bool v13 = r->minor == 13, v15 = r->minor == 15;
	unsigned int frame = v13 ? 224 : v15 ? 312 : 248, code = v13 ? 272 : v15 ? 376 : 312;
	unsigned int ts = v13 ? 152 : 176, gil = v13 ? 120 : 128;

	memset(t, 0, FAKE_SIZE);
	memcpy(t, PY_DEBUG_OFFSETS_COOKIE, 8);
	put(t, 8, (uint64_t)3 << 24 | (uint64_t)r->minor << 16 | 0x02f0);
	put(t, 16, r->free_threaded);
	put(t, 40, o->rt_interp_head);
	put(t, 56, o->interp_id);
	put(t, 64, o->interp_next);
	put(t, 72, o->interp_threads);
	put(t, v13 ? 88 : 96, o->interp_modules == PY_NONE ? 7000 : o->interp_modules);
	put(t, v13 ? 80 : 88, o->interp_gc);
	put(t, v13 ? 576 : v15 ? 760 : 656, o->gc_collecting);
	put(t, v13 ? 112 : 120, o->interp_gil);
	put(t, gil, 7752);
	put(t, gil + 16, 7752u + o->gil_locked);
	put(t, gil + 24, 7752u + o->gil_last_holder);
	put(t, ts + 16, o->tstate_next);
	put(t, ts + 24, o->tstate_interp);
	put(t, ts + 32, l->tstate_frame);
	put(t, v15 ? 240 : ts + 40, o->tstate_thread_id);
	put(t, v15 ? 248 : ts + 48, o->tstate_native_id);
	put(t, frame + 8, l->frame_back);
	put(t, frame + 16, l->frame_code);
	put(t, frame + 24, l->frame_instr);
	put(t, frame + 40, l->frame_owner);
	put(t, code + 8, o->code_filename);
	put(t, code + 16, o->code_name);
	put(t, code + 24, o->code_qualname);
	put(t, code + 32, o->code_lines);
	put(t, code + 40, o->code_firstlineno);
	put(t, code + 72, o->code_bytecode);
	put(t, v13 ? 360 : v15 ? 472 : 408, o->ob_type);
	put(t, v13 ? 520 : v15 ? 696 : 600, o->var_size);
	put(t, v13 ? 528 : v15 ? 704 : 608, o->bytes_data);
	put(t, v13 ? 544 : v15 ? 720 : 624, o->str_state);
	put(t, v13 ? 552 : v15 ? 728 : 632, o->str_length);
	put(t, v13 ? 560 : v15 ? 736 : 640, o->str_ascii_size);
}

static void every_row_fits_the_walker(void **state)
{
	(void)state;
	for (size_t i = 0; i < py_row_cnt; i++) {
		const struct py_layout *l = &py_rows[i].layout;
		const struct py_objects *o = &py_rows[i].obj;

		assert_true(l->walk != PY_WALK_NONE);
		assert_true(l->frame_size <= PY_FRAME_BYTES);
		assert_int_equal(l->frame_code % 8, 0);
		assert_int_equal(l->frame_back % 8, 0);
		assert_int_equal(l->frame_instr % 8, 0);
		assert_true(l->frame_code + 8 <= l->frame_size);
		assert_true(l->frame_back + 8 <= l->frame_size);
		assert_true(l->frame_instr + 4 <= l->frame_size);
		assert_true(l->frame_owner + 1 <= l->frame_size);
		assert_true(l->instr_mask == 0xffffffff || l->instr_mask == 0x00ffffffffffffff);
		assert_int_equal(l->owner_mask, py_rows[i].minor > 10 ? 0xff : 0);
		assert_int_equal(o->gil_locked - o->gil_last_holder, 8);
		assert_int_equal(o->gil_cond - o->gil_locked, 16);
		assert_true(o->code_lines + 8 <= o->code_size);
		/* What is said twice: for BPF, and for user space. */
		assert_int_equal(l->object_head, o->var_size);
		assert_int_equal(l->object_head, o->str_length);
		assert_int_equal(l->object_head + 16, o->str_state);
		assert_int_equal(l->object_head + 16, o->bytes_data);
		assert_int_equal(l->object_head - 8, o->ob_type);
		assert_int_equal(l->object_head + l->code_first_line, o->code_firstlineno);
		assert_int_equal(l->object_head + l->code_name,
				 o->code_qualname != PY_NONE ? o->code_qualname : o->code_name);
		assert_int_equal(l->object_head + l->code_file, o->code_filename);
		assert_int_equal(l->object_head + l->code_lines, o->code_lines);
		assert_int_equal(l->code_first_unit, o->code_firsttraceable);
		assert_int_equal(l->str_data, o->str_ascii_size);
		assert_int_equal(l->str_data + l->str_more, o->str_compact_size);
		assert_int_equal(l->str_kind_shift, o->str_kind_shift);
		assert_true(l->code_lines + 8 <= PY_CODE_BYTES);
		assert_int_equal((l->code_name | l->code_file | l->code_lines | l->code_extra) % 8,
				 0);
		assert_int_equal(l->code_mask != 0, py_rows[i].minor > 10);
		if (o->code_firsttraceable != PY_NONE)
			assert_true(o->code_firsttraceable + 4 <= o->code_size);
		assert_true((o->rt_gil == PY_NONE) != (o->interp_gil == PY_NONE));
		assert_true((o->rt_gc == PY_NONE) != (o->interp_gc == PY_NONE));
		assert_true((py_rows[i].minor < 13) == (py_rows[i].rt_size_max != 0));
	}
}

static void size_tells_the_version_per_machine(void **state)
{
	(void)state;
	assert_int_equal(py_row__by_size(672, EM_X86_64)->minor, 10);
	assert_int_equal(py_row__by_size(672, EM_AARCH64)->minor, 9);
	assert_int_equal(py_row__by_size(1424, EM_X86_64)->obj.rt_gil, 1176);
	assert_int_equal(py_row__by_size(1520, EM_X86_64)->obj.rt_gil, 1264);
	assert_int_equal(py_row__by_size(459992, EM_X86_64)->minor, 12);
	assert_int_equal(py_row__by_size(166704, EM_AARCH64)->minor, 11);
	assert_null(py_row__by_size(0, EM_X86_64));
	assert_null(py_row__by_size(0, EM_AARCH64));
	assert_null(py_row__by_size(673, EM_X86_64));
	assert_null(py_row__find(16, false));
	assert_null(py_row__find(12, true));
}

static void debug_offsets_must_agree_where_the_walk_rests_on_them(void **state)
{
	char t[FAKE_SIZE], why[128];

	(void)state;
	for (size_t i = 0; i < py_row_cnt; i++) {
		struct py_row r = py_rows[i];
		const struct pos *at;

		if (r.minor < 13)
			continue;
		at = &pos[r.minor - 13];
		make_table(&r, t);
		assert_int_equal(py_row__apply_debug_offsets(&r, t, sizeof(t), why, sizeof(why)),
				 0);
		assert_int_equal(py_row__apply_debug_offsets(&r, t, 500, why, sizeof(why)),
				 -EINVAL);

		r = py_rows[i];
		put(t, at->imports_modules, 7664);
		put(t, 72, 7352); /* threads_head */
		assert_int_equal(py_row__apply_debug_offsets(&r, t, sizeof(t), why, sizeof(why)),
				 r.free_threaded && r.minor > 13	 ? 1
				 : py_rows[i].obj.interp_modules == 7664 ? 1
									 : 2);
		assert_int_equal(r.obj.interp_modules, 7664);
		assert_int_equal(r.obj.interp_threads, 7352);

		make_table(&py_rows[i], t);
		put(t, at->owner, 71);
		assert_int_equal(py_row__apply_debug_offsets(&r, t, sizeof(t), why, sizeof(why)),
				 -ENOTSUP);
		assert_non_null(strstr(why, "interpreter_frame.owner is 71"));
		make_table(&py_rows[i], t);
		put(t, at->filename, 1 << 20);
		assert_int_equal(py_row__apply_debug_offsets(&r, t, sizeof(t), why, sizeof(why)),
				 -ENOTSUP);
	}
}

/* This program's file with other bytes in its _PyRuntime. */
static struct elf_file *fake_python(const char *runtime)
{
	struct elf_file *self = open_elf("/proc/self/exe"), *ret;
	__cleanup(closep) int in = open("/proc/self/exe", O_RDONLY | O_CLOEXEC);
	__cleanup(closep) int out = memfd_create("fake", MFD_CLOEXEC);
	struct elf_sym sym;
	char buf[65536];
	uint64_t off;
	ssize_t n;

	assert_non_null(self);
	assert_int_equal(elf_file__find_sym(self, "_PyRuntime", &sym), 0);
	assert_int_equal(elf_file__va_to_off(self, sym.va, &off), 0);
	while ((n = read(in, buf, sizeof(buf))) > 0)
		assert_int_equal(write(out, buf, (size_t)n), n);
	assert_int_equal(pwrite(out, runtime, FAKE_SIZE, (off_t)off), FAKE_SIZE);
	ret = elf_file__open_fd(out);
	assert_non_null(ret);
	elf_file__free(self);
	return ret;
}

static int identify(const char *runtime, struct py_runtime *rt, char *why, size_t why_sz)
{
	struct elf_file *elf = fake_python(runtime);
	int err = py_runtime__identify(elf, rt, why, why_sz);

	elf_file__free(elf);
	return err;
}

static void version_comes_from_debug_offsets_in_the_file(void **state)
{
	char t[FAKE_SIZE], why[256];
	struct py_runtime rt;

	(void)state;
	for (int minor = 13; minor <= 15; minor++) {
		char want[16];

		make_table(py_row__find(minor, false), t);
		assert_int_equal(identify(t, &rt, why, sizeof(why)), 0);
		snprintf(want, sizeof(want), "3.%d.2", minor);
		assert_string_equal(rt.version, want);
		assert_false(rt.free_threaded);
		make_table(py_row__find(minor, true), t);
		assert_int_equal(identify(t, &rt, why, sizeof(why)), 0);
		strcat(want, "t");
		assert_string_equal(rt.version, want);
		assert_true(rt.free_threaded);
		assert_int_equal(rt.obj.gil_cond, 40);
	}
}

static void unknown_versions_and_layouts_are_refused_with_a_reason(void **state)
{
	char t[FAKE_SIZE], why[256] = "";
	struct py_runtime rt = { .minor = 99 };

	(void)state;
	make_table(py_row__find(15, false), t);
	put(t, 8, 0x031000a1);
	assert_int_equal(identify(t, &rt, why, sizeof(why)), -ENOTSUP);
	assert_non_null(strstr(why, "3.16.0a1"));
	assert_non_null(strstr(why, "New CPython"));
	put(t, 8, 0x040000f0);
	assert_int_equal(identify(t, &rt, why, sizeof(why)), -ENOTSUP);
	make_table(py_row__find(14, false), t);
	put(t, pos[1].owner, 75);
	assert_int_equal(identify(t, &rt, why, sizeof(why)), -ENOTSUP);
	assert_non_null(strstr(why, "interpreter_frame.owner is 75"));
	/* No cookie, no Py_Version, and no version has a _PyRuntime of this size. */
	memset(t, 0, sizeof(t));
	assert_int_equal(identify(t, &rt, why, sizeof(why)), -ENOTSUP);
	assert_non_null(strstr(why, "888 bytes"));
	assert_int_equal(rt.minor, 99);
}

static void other_programs_are_no_cpython(void **state)
{
	struct elf_file *elf = open_elf("/bin/sh");
	struct py_runtime rt;
	char why[128];

	(void)state;
	assert_non_null(elf);
	assert_int_equal(py_runtime__identify(elf, &rt, why, sizeof(why)), -ENOENT);
	elf_file__free(elf);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_row_fits_the_walker),
		cmocka_unit_test(size_tells_the_version_per_machine),
		cmocka_unit_test(debug_offsets_must_agree_where_the_walk_rests_on_them),
		cmocka_unit_test(version_comes_from_debug_offsets_in_the_file),
		cmocka_unit_test(unknown_versions_and_layouts_are_refused_with_a_reason),
		cmocka_unit_test(other_programs_are_no_cpython),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
