/* SPDX-License-Identifier: BSD-2-Clause */
/* test_pysym.c - strings and code objects, on made-up objects in this process's memory */
#include "user/base/budgets.h"

#include "tests/unit/made_up_code.h"

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
	/* But not at any cost: so many bytes from one reading to the next, with the first reading of the table. */
	for (uint64_t left = BUDGET_LINES_BYTES - 2 * len; left >= len; left -= len) {
		assert_int_equal(resolve(ps, &ref, &c, &f), 0);
		assert_int_equal(f.line, 1 + len / 3);
	}
	assert_int_equal(resolve(ps, &ref, &c, &f), 0);
	assert_int_equal(f.line, 0);
	assert_int_equal(pysym__stats(ps)->no_line, 1);
	pysym__refill(ps);
	assert_int_equal(resolve(ps, &ref, &c, &f), 0);
	assert_int_equal(f.line, 1 + len / 3);
	free(lines);
	free_code(&c);
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
		cmocka_unit_test(what_is_no_code_is_counted),
		cmocka_unit_test(line_tables_of_megabytes_are_read_whole),
		cmocka_unit_test(a_dead_process_gives_errors_and_nothing_else),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
