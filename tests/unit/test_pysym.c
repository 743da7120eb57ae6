/* SPDX-License-Identifier: BSD-2-Clause */
/* test_pysym.c - strings and code objects, on made-up objects in this process's memory */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <elf.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include "user/python/object.h"
#include "user/python/sym.h"

/* ---- made-up objects --------------------------------------------------------------------------- */

static uint64_t at(const void *p)
{
	return (uint64_t)(uintptr_t)p;
}

static void put(void *obj, unsigned int off, uint64_t v, size_t size)
{
	memcpy((char *)obj + off, &v, size);
}

/* Some address that stands for PyCode_Type. */
static const char code_type[16];

static struct py_process *open_self(int minor, pid_t pid)
{
	const struct py_row *row = py_row__find(minor, false);
	struct py_runtime rt = { .major = 3, .minor = minor, .machine = EM_X86_64 };
	struct py_process *p;

	rt.layout = row->layout;
	rt.obj = row->obj;
	rt.code_type_va = at(code_type);
	p = py_process__new(pid, &rt, 0);
	assert_non_null(p);
	return p;
}

static const struct py_objects *objs(const struct py_process *p)
{
	return &py_process__runtime(p)->obj;
}

/* A str with characters of kind bytes; caller frees. */
static void *make_str(const struct py_objects *o, const void *chars, size_t cnt, unsigned int kind,
		      bool ascii)
{
	char *s = calloc(1, 128 + cnt * kind);
	unsigned int shift = o->str_kind_shift;

	assert_non_null(s);
	put(s, o->str_length, cnt, 8);
	put(s, o->str_length + 8, UINT64_MAX, 8); /* its hash is not computed */
	put(s, o->str_state, kind << shift | 1u << (shift + 3) | (unsigned int)ascii << (shift + 4),
	    4);
	memcpy(s + (ascii ? o->str_ascii_size : o->str_compact_size), chars, cnt * kind);
	return s;
}

static void *make_text(const struct py_objects *o, const char *text)
{
	return make_str(o, text, strlen(text), 1, true);
}

static void *make_bytes(const struct py_objects *o, const void *data, size_t len)
{
	char *b = calloc(1, 64 + len);

	assert_non_null(b);
	put(b, o->var_size, len, 8);
	memcpy(b + o->bytes_data, data, len);
	return b;
}

struct code {
	char obj[8192];
	void *name, *file, *lines;
};

static void make_code(struct code *c, const struct py_objects *o, const char *name,
		      unsigned int firstlineno, const void *lines, size_t len)
{
	memset(c->obj, 0, sizeof(c->obj));
	c->name = make_text(o, name);
	c->file = make_text(o, "/srv/app/main.py");
	c->lines = make_bytes(o, lines, len);
	put(c->obj, o->ob_type, at(code_type), 8);
	put(c->obj, o->code_name, at(c->name), 8);
	put(c->obj, o->code_filename, at(c->file), 8);
	put(c->obj, o->code_lines, at(c->lines), 8);
	put(c->obj, o->code_firstlineno, firstlineno, 4);
	if (o->code_qualname == PY_NONE)
		return;
	put(c->obj, o->code_qualname, at(c->name), 8);
	put(c->obj, o->code_firsttraceable, 3, 4);
	put(c->obj, o->var_size, 2000, 8);
}

static void free_code(struct code *c)
{
	free(c->name);
	free(c->file);
	free(c->lines);
}

/* The frame of c at a code unit. */
static struct py_frame_ref frame_of(const struct code *c, const struct py_process *p, int64_t unit,
				    uint64_t owner)
{
	const struct py_objects *o = objs(p);
	struct py_frame_ref ref = { .id = py_process__code_id(p, at(c->obj)) };

	if (o->code_bytecode == PY_NONE)
		ref.where = (uint32_t)((uint32_t)unit << o->lasti_shift);
	else
		ref.where = ((o->code_bytecode + 2 * (uint64_t)unit) & ~(0xffull << 56)) |
			    owner << PY_WHERE_OWNER_SHIFT;
	return ref;
}

static int resolve(struct pysym *ps, const struct py_frame_ref *ref, const struct code *c,
		   struct pysym_frame *ret)
{
	pysym__begin(ps);
	return pysym__resolve(ps, ref, c ? at(c->obj) : 0, ret);
}

/* ---- strings ----------------------------------------------------------------------------------- */

static void strings_of_all_kinds_become_utf8(void **state)
{
	static const uint16_t ucs2[] = { 0x65e5, 0x672c, 0x00e9, 'x', 0xd800 };
	static const uint32_t ucs4[] = { 0x1f40d, 'a', 0x110000 };

	(void)state;
	for (size_t r = 0; r < py_row_cnt; r++) {
		struct py_runtime rt = { .minor = py_rows[r].minor,
					 .layout = py_rows[r].layout,
					 .obj = py_rows[r].obj };
		struct py_process *p = py_process__new(getpid(), &rt, 0);
		void *s[4];
		char buf[64];

		s[0] = make_text(&rt.obj, "plain");
		s[1] = make_str(&rt.obj, "\xe9t\xe9", 3, 1, false);
		s[2] = make_str(&rt.obj, ucs2, 5, 2, false);
		s[3] = make_str(&rt.obj, ucs4, 3, 4, false);
		assert_int_equal(py_str__read(p, at(s[0]), buf, sizeof(buf)), 5);
		assert_string_equal(buf, "plain");
		assert_int_equal(py_str__read(p, at(s[1]), buf, sizeof(buf)), 5);
		assert_string_equal(buf, "\xc3\xa9t\xc3\xa9");
		py_str__read(p, at(s[2]), buf, sizeof(buf));
		assert_string_equal(buf, "\xe6\x97\xa5\xe6\x9c\xac\xc3\xa9x?");
		py_str__read(p, at(s[3]), buf, sizeof(buf));
		assert_string_equal(buf, "\xf0\x9f\x90\x8d"
					 "a?");
		/* Cut at a character. */
		assert_int_equal(py_str__read(p, at(s[2]), buf, 6), 3);
		assert_true(py_str__read(p, 0, buf, sizeof(buf)) < 0);
		assert_true(py_str__read(p, 64, buf, sizeof(buf)) < 0);
		/* Text of the target cannot drive the terminal. */
		memset(s[0], 0, 16);
		memcpy((char *)s[0] + rt.obj.str_ascii_size, "\033[2J\n", 5);
		py_str__read(p, at(s[0]), buf, sizeof(buf));
		assert_string_equal(buf, "?[2J?");
		for (size_t i = 0; i < 4; i++)
			free(s[i]);
		py_process__free(p);
	}
}

/* ---- code objects ------------------------------------------------------------------------------ */

static const uint8_t one_line[] = { 0x80 | 11 << 3 | 7, 1, 2 }; /* 8 units, +1 */

static void a_frame_becomes_function_file_and_line(void **state)
{
	struct pysym_frame f;

	(void)state;
	for (int minor = 7; minor <= 15; minor++) {
		static const uint8_t pairs[] = { 0, 1 }, ranges[] = { 200, 1 };
		struct py_process *p = open_self(minor, getpid());
		struct pysym *ps = pysym__new(p);
		struct py_frame_ref ref;
		struct code c;

		make_code(&c, objs(p), "Class.method", 41,
			  minor < 10	? pairs
			  : minor == 10 ? ranges
					: one_line,
			  minor < 11 ? 2 : sizeof(one_line));
		ref = frame_of(&c, p, 5, 0);
		assert_int_equal(resolve(ps, &ref, &c, &f), 0);
		assert_string_equal(f.name, "Class.method");
		assert_string_equal(f.file, "/srv/app/main.py");
		assert_int_equal(f.line, 42);
		/* Not started. */
		ref = frame_of(&c, p, -1, PY_OWNED_BY_GENERATOR);
		assert_int_equal(resolve(ps, &ref, &c, &f), 0);
		assert_int_equal(f.line, 41);
		free_code(&c);
		pysym__free(ps);
		py_process__free(p);
	}
}

static void frames_being_set_up_are_left_out(void **state)
{
	struct py_process *p = open_self(12, getpid());
	struct pysym *ps = pysym__new(p);
	struct pysym_frame f = { .line = 99 };
	struct py_frame_ref ref;
	struct code c;

	(void)state;
	make_code(&c, objs(p), "f", 1, one_line, sizeof(one_line));
	ref = frame_of(&c, p, 2, PY_OWNED_BY_THREAD);
	assert_int_equal(resolve(ps, &ref, &c, &f), -ENOENT);
	assert_int_equal(f.line, 99);
	ref = frame_of(&c, p, 2, PY_OWNED_BY_GENERATOR);
	assert_int_equal(resolve(ps, &ref, &c, &f), 0);
	ref = frame_of(&c, p, 3, PY_OWNED_BY_THREAD);
	assert_int_equal(resolve(ps, &ref, &c, &f), 0);
	free_code(&c);
	pysym__free(ps);
	py_process__free(p);
}

static void an_address_that_is_used_again_gives_nobody_another_name(void **state)
{
	(void)state;
	for (int minor = 7; minor <= 15; minor++) {
		struct py_process *p = open_self(minor, getpid());
		struct pysym *ps = pysym__new(p);
		struct py_frame_ref before, after;
		struct pysym_frame f;
		struct code c;

		make_code(&c, objs(p), "f", 1, one_line, sizeof(one_line));
		before = frame_of(&c, p, 4, 0);
		/* All is where it was; only the file's name has other bytes. */
		((char *)c.file)[objs(p)->str_ascii_size + 1] = 'x';
		after = frame_of(&c, p, 4, 0);
		assert_true(before.id != after.id);
		assert_int_equal(resolve(ps, &before, &c, &f), -EFAULT);
		assert_int_equal(resolve(ps, &after, &c, &f), 0);
		assert_string_equal(f.file, "/xrv/app/main.py");
		assert_int_equal(resolve(ps, &before, &c, &f), -EFAULT);
		assert_int_equal(pysym__stats(ps)->codes, 1);
		assert_int_equal(pysym__stats(ps)->unreadable, 2);
		free_code(&c);
		pysym__free(ps);
		py_process__free(p);
	}
}

/* As the kernel reads it when it meets it. */
static struct py_code met(const struct code *c, const struct py_process *p)
{
	struct py_code k;

	assert_int_equal(py_process__code(p, at(c->obj), py_process__code_id(p, at(c->obj)), &k),
			 0);
	return k;
}

static void what_the_kernel_kept_is_enough_when_memory_is_gone(void **state)
{
	(void)state;
	for (int minor = 7; minor <= 15; minor++) {
		static const uint8_t pairs[] = { 0, 1 }, ranges[] = { 200, 1 };
		struct py_process *p = open_self(minor, getpid());
		struct pysym *ps = pysym__new(p);
		struct py_frame_ref ref;
		struct pysym_frame f;
		struct py_code k;
		struct code c;

		make_code(&c, objs(p), "Class.method", 41,
			  minor < 10	? pairs
			  : minor == 10 ? ranges
					: one_line,
			  minor < 11 ? 2 : sizeof(one_line));
		ref = frame_of(&c, p, 5, 0);
		k = met(&c, p);
		free_code(&c);
		memset(&c, 0, sizeof(c));
		assert_true(pysym__wants(ps, ref.id));
		assert_int_equal(pysym__learn(ps, &k), 0);
		assert_false(pysym__wants(ps, ref.id));
		assert_int_equal(resolve(ps, &ref, NULL, &f), 0);
		assert_string_equal(f.name, "Class.method");
		assert_string_equal(f.file, "/srv/app/main.py");
		assert_int_equal(f.line, 42);
		pysym__free(ps);
		py_process__free(p);
	}
}

static void what_did_not_fit_is_read_from_memory_or_has_no_line(void **state)
{
	struct py_process *p = open_self(11, getpid());
	struct pysym *ps = pysym__new(p), *late = pysym__new(p);
	uint8_t lines[PY_LINES_BYTES + 3];
	char name[PY_NAME_BYTES + 100];
	struct py_frame_ref ref;
	struct pysym_frame f;
	struct py_code k;
	struct code c;

	(void)state;
	memset(name, 'n', sizeof(name));
	name[sizeof(name) - 1] = '\0';
	for (size_t i = 0; i < sizeof(lines); i++)
		lines[i] = i % 3 ? 1 : 0x80 | 11 << 3;
	make_code(&c, objs(p), name, 1, lines, sizeof(lines) / 3 * 3);
	ref = frame_of(&c, p, 150, 0);
	k = met(&c, p);
	assert_int_equal(pysym__learn(ps, &k), 0);
	assert_int_equal(resolve(ps, &ref, NULL, &f), 0);
	assert_string_equal(f.name, name);
	assert_int_equal(f.line, 152);
	/* Another code object is there by now. */
	put(c.obj, objs(p)->code_firstlineno, 2, 4);
	assert_int_equal(pysym__learn(late, &k), 0);
	assert_true(pysym__wants(late, ref.id));
	assert_int_equal(resolve(late, &ref, NULL, &f), 0);
	assert_int_equal(strlen(f.name), PY_NAME_BYTES - 4 + 2);
	assert_string_equal(f.name + PY_NAME_BYTES - 4, "..");
	assert_int_equal(f.line, 0);
	/* It is met again, somewhere. */
	put(c.obj, objs(p)->code_firstlineno, 1, 4);
	assert_int_equal(pysym__learn(late, &k), 0);
	assert_int_equal(resolve(late, &ref, NULL, &f), 0);
	assert_int_equal(f.line, 152);
	free_code(&c);
	pysym__free(ps);
	pysym__free(late);
	py_process__free(p);
}

/* Parts of it were not readable in the kernel: it is known by where its strings are, and only by that. */
static void what_was_swapped_out_is_read_from_memory(void **state)
{
	struct py_process *p = open_self(13, getpid());
	struct pysym *ps = pysym__new(p);
	struct py_frame_ref ref;
	struct pysym_frame f;
	struct py_code k;
	struct code c;

	(void)state;
	make_code(&c, objs(p), "f", 1, one_line, sizeof(one_line));
	ref = frame_of(&c, p, 4, 0);
	k = met(&c, p);
	k.id = ref.id = ref.id + 2;
	k.unread = 1;
	k.name.str++;
	assert_int_equal(pysym__learn(ps, &k), 0);
	assert_int_equal(resolve(ps, &ref, NULL, &f), -EFAULT);
	k.name.str--;
	assert_int_equal(pysym__learn(ps, &k), 0);
	assert_int_equal(resolve(ps, &ref, NULL, &f), 0);
	assert_string_equal(f.name, "f");
	free_code(&c);
	pysym__free(ps);
	py_process__free(p);
}

static void what_is_no_code_is_counted(void **state)
{
	struct py_process *p = open_self(13, getpid());
	struct pysym *ps = pysym__new(p);
	struct py_frame_ref ref = { .id = 0x11, .where = 0x20 };
	struct pysym_frame f;
	struct code c;

	(void)state;
	assert_int_equal(pysym__resolve(ps, &ref, 0x10, &f), -EFAULT);
	make_code(&c, objs(p), "f", 1, one_line, sizeof(one_line));
	put(c.obj, objs(p)->ob_type, 0x1234, 8);
	ref = frame_of(&c, p, 4, 0);
	assert_int_equal(resolve(ps, &ref, &c, &f), -EFAULT);
	put(c.obj, objs(p)->ob_type, at(code_type), 8);
	assert_int_equal(resolve(ps, &ref, &c, &f), 0);
	/* An instruction that is not in this code object. */
	ref.where += 1 << 20;
	assert_int_equal(resolve(ps, &ref, &c, &f), -EFAULT);
	assert_int_equal(pysym__stats(ps)->unreadable, 3);
	free_code(&c);
	pysym__free(ps);
	py_process__free(p);
}

static void line_tables_of_megabytes_are_read_whole(void **state)
{
	struct py_process *p = open_self(11, getpid());
	struct pysym *ps = pysym__new(p);
	size_t len = 3u << 20;
	uint8_t *lines = malloc(len);
	struct py_frame_ref ref;
	struct pysym_frame f;
	struct code c;

	(void)state;
	assert_non_null(lines);
	for (size_t i = 0; i < len; i += 3) {
		lines[i] = 0x80 | 11 << 3;
		lines[i + 1] = 1;
		lines[i + 2] = 2;
	}
	make_code(&c, objs(p), "huge", 1, lines, len);
	put(c.obj, objs(p)->var_size, len, 8);
	ref = frame_of(&c, p, (int64_t)(len / 3 - 1), 0);
	assert_int_equal(resolve(ps, &ref, &c, &f), 0);
	assert_int_equal(f.line, 1 + len / 3);
	free(lines);
	free_code(&c);
	pysym__free(ps);
	py_process__free(p);
}

/* A service that makes code under ever new names. */
static void names_of_forgotten_code_do_not_pile_up(void **state)
{
	struct py_process *p = open_self(11, getpid());
	struct pysym *ps = pysym__new(p);
	struct pysym_frame f, g;
	struct py_frame_ref ref;
	uint64_t most = 0;
	char name[1000];
	struct code c;

	(void)state;
	memset(name, 'x', sizeof(name));
	name[sizeof(name) - 1] = '\0';
	for (int i = 0; i < 40000; i++) {
		snprintf(name, sizeof(name), "made-%010d", i);
		name[15] = '-';
		make_code(&c, objs(p), name, 1, one_line, sizeof(one_line));
		ref = frame_of(&c, p, 4, 0);
		assert_int_equal(resolve(ps, &ref, &c, &f), 0);
		/* Within a stack what was handed out stays. */
		assert_int_equal(pysym__resolve(ps, &ref, 0, &g), 0);
		assert_ptr_equal(f.name, g.name);
		assert_string_equal(f.name, name);
		if (pysym__stats(ps)->bytes > most)
			most = pysym__stats(ps)->bytes;
		free_code(&c);
	}
	assert_true(most > 1 << 20 && most < 33 << 20);
	pysym__free(ps);
	py_process__free(p);
}

static void a_dead_process_gives_errors_and_nothing_else(void **state)
{
	struct py_interp *interps;
	struct py_thread *threads;
	struct py_gil_state st;
	struct py_process *p;
	struct py_gil *gils;
	struct py_walk w;
	char why[128];
	pid_t pid = fork();

	(void)state;
	if (!pid)
		_exit(0);
	assert_true(pid > 0);
	assert_int_equal(waitpid(pid, NULL, 0), pid);
	p = open_self(12, pid);
	assert_int_equal(py_process__interps(p, &interps), -ESRCH);
	assert_int_equal(py_process__gils(p, &gils), -ESRCH);
	assert_int_equal(py_process__threads(p, &threads), -ESRCH);
	assert_int_equal(py_process__gil_state(p, at(code_type), &st), -ESRCH);
	assert_int_equal(py_process__check(p, why, sizeof(why)), -ESRCH);
	py_process__walk(p, at(code_type), &w);
	assert_int_equal(w.stack.end, PY_END_TSTATE);
	py_process__free(p);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(strings_of_all_kinds_become_utf8),
		cmocka_unit_test(a_frame_becomes_function_file_and_line),
		cmocka_unit_test(frames_being_set_up_are_left_out),
		cmocka_unit_test(an_address_that_is_used_again_gives_nobody_another_name),
		cmocka_unit_test(what_the_kernel_kept_is_enough_when_memory_is_gone),
		cmocka_unit_test(what_did_not_fit_is_read_from_memory_or_has_no_line),
		cmocka_unit_test(what_was_swapped_out_is_read_from_memory),
		cmocka_unit_test(what_is_no_code_is_counted),
		cmocka_unit_test(line_tables_of_megabytes_are_read_whole),
		cmocka_unit_test(names_of_forgotten_code_do_not_pile_up),
		cmocka_unit_test(a_dead_process_gives_errors_and_nothing_else),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
