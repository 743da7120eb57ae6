/* SPDX-License-Identifier: BSD-2-Clause */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <locale.h>
#include <string.h>

#include "tui/canvas.h"
#include "tui/cells.h"
#include "user/base/text.h"
#include "user/base/sbuf.h"
#include "user/base/util.h"

static void check_text(const struct canvas *c, const char *want)
{
	struct sbuf b = { 0 };

	canvas__to_text(c, &b);
	assert_string_equal(sbuf__str(&b), want);
	sbuf__free(&b);
}

static void text_is_cut_with_a_mark(void **state)
{
	struct canvas c;

	(void)state;
	canvas__init(&c, 2, 8, true);
	assert_int_equal(canvas__puts(&c, 0, 0, -1, ROLE_NORMAL, "12345678"), 8);
	assert_int_equal(canvas__puts(&c, 1, 2, 4, ROLE_NORMAL, "abcdef"), 4);
	check_text(&c, "12345678\n  abc~\n");
	canvas__deinit(&c);
}

static void nothing_is_drawn_outside(void **state)
{
	struct canvas c;

	(void)state;
	canvas__init(&c, 2, 3, true);
	assert_int_equal(canvas__puts(&c, -1, 0, -1, ROLE_NORMAL, "x"), 0);
	assert_int_equal(canvas__puts(&c, 2, 0, -1, ROLE_NORMAL, "x"), 0);
	assert_int_equal(canvas__puts(&c, 0, 3, -1, ROLE_NORMAL, "x"), 0);
	assert_int_equal(canvas__puts(&c, 0, -1, 5, ROLE_NORMAL, "x"), 0);
	canvas__puts_right(&c, 0, -2, 4, ROLE_NORMAL, "xxxx");
	canvas__fill(&c, (struct rect){ -5, -5, 4, 100 }, ROLE_NORMAL, '#');
	canvas__fill(&c, (struct rect){ 1, 2, 100, 100 }, ROLE_NORMAL, '#');
	canvas__select(&c, 1, 1, 100);
	canvas__select(&c, -1, -1, 100);
	check_text(&c, "\n  #\n");
	assert_null(canvas__at(&c, 0, 3));
	canvas__deinit(&c);
	canvas__init(&c, -3, 0, true);
	assert_int_equal(c.h * c.w, 1);
	canvas__deinit(&c);
}

static void wide_characters_take_two_cells_and_are_never_halved(void **state)
{
	struct canvas c;

	(void)state;
	canvas__init(&c, 3, 6, true);
	assert_int_equal(canvas__puts(&c, 0, 0, -1, ROLE_NORMAL, "工作者"), 6);
	assert_int_equal(canvas__puts(&c, 1, 0, 4, ROLE_NORMAL, "工作者"),
			 3); /* one, and the mark */
	canvas__puts(&c, 2, 0, -1, ROLE_NORMAL, "工作");
	canvas__puts(&c, 2, 1, 2, ROLE_NORMAL, "ab"); /* over both halves */
	check_text(&c, "工作者\n工~\n ab\n");
	canvas__puts(&c, 0, 2, 1, ROLE_NORMAL, "x");
	check_text(&c, "工x 者\n工~\n ab\n");
	canvas__deinit(&c);
}

static void combining_marks_stay_on_their_character(void **state)
{
	struct canvas c;

	(void)state;
	canvas__init(&c, 1, 6, true);
	assert_int_equal(canvas__puts(&c, 0, 0, -1, ROLE_NORMAL, "e\xcc\x81t\xcc\x81\xcc\x81"), 2);
	check_text(&c, "e\xcc\x81t\xcc\x81\n");
	/* One with nothing to stand on is dropped. */
	canvas__clear(&c);
	assert_int_equal(canvas__puts(&c, 0, 0, -1, ROLE_NORMAL, "\xcc\x81x"), 1);
	check_text(&c, "x\n");
	canvas__deinit(&c);
}

static void hostile_text_cannot_reach_the_terminal(void **state)
{
	static const char *const bad[] = {
		"\033]0;pwned\a",
		"a\tb\r\nc",
		"\x7f\xc2\x9b",
		"\xff\xfe\x80",
		"\xe2\x80\xae"
		"abc",
		"\xe2\x80\x8b",
		"\xf0\x9f",
		"\xed\xa0\x80",
		"\xf3\xa0\x80\x81",
	};
	struct canvas c;

	(void)state;
	for (int unicode = 0; unicode < 2; unicode++) {
		canvas__init(&c, 1, 20, unicode);
		for (size_t i = 0; i < ARRAY_SIZE(bad); i++) {
			canvas__clear(&c);
			canvas__puts(&c, 0, 0, -1, ROLE_NORMAL, bad[i]);
			for (int x = 0; x < 20; x++) {
				const struct cell *cell = canvas__at(&c, 0, x);

				assert_true(cell->ch >= 0x20 && cell->ch < 0x7f);
				assert_int_equal(cell->mark, 0);
			}
		}
		canvas__deinit(&c);
	}
}

static void without_unicode_everything_is_ascii(void **state)
{
	struct canvas c;

	(void)state;
	canvas__init(&c, 1, 10, false);
	assert_int_equal(canvas__puts(&c, 0, 0, -1, ROLE_NORMAL, "a工b"), 3);
	check_text(&c, "a?b\n");
	canvas__deinit(&c);
}

static void sentences_break_between_words(void **state)
{
	const char *s = "one two  three abcdefghijkl 工作 end";
	static const char *const want[] = { "one two", "three", "abcdefg", "hijkl", "工作", "end" };
	char buf[64];
	size_t i = 0;

	(void)state;
	for (; cells__wrap(&s, true, 7, buf, sizeof(buf)); i++)
		assert_string_equal(buf, want[i]);
	assert_int_equal(i, ARRAY_SIZE(want));
	/* A character wider than the line does not make it loop. */
	s = "工作";
	assert_true(cells__wrap(&s, true, 1, buf, sizeof(buf)));
	assert_true(cells__wrap(&s, true, 1, buf, sizeof(buf)));
	assert_false(cells__wrap(&s, true, 1, buf, sizeof(buf)));
}

static void a_line_number_is_never_cut(void **state)
{
	static const struct {
		const char *name;
		uint32_t line;
		int w;
		const char *want;
	} cases[] = {
		{ "JSONEncoder.iterencode", 257, 40, "JSONEncoder.iterencode encoder.py:257" },
		{ "JSONEncoder.iterencode", 257, 36, "JSONEncoder.iterencode encoder.~:257" },
		{ "JSONEncoder.iterencode", 257, 31, "JSONEncoder.iterencode enc~:257" },
		{ "JSONEncoder.iterencode", 257, 30, "iterencode encoder.py:257" },
		{ "JSONEncoder.iterencode", 257, 19, "iterencode enc~:257" },
		{ "JSONEncoder.iterencode", 257, 18, "iterencode:257" },
		{ "JSONEncoder.iterencode", 257, 10, "itere~:257" },
		{ "JSONEncoder.iterencode", 257, 5, "~:257" },
		{ "JSONEncoder.iterencode", 257, 4, ":257" },
		{ "JSONEncoder.iterencode", 257, 0, "" },
		{ "<module>", 7, 21, "<module> encoder.py:7" },
		{ "<module>", 7, 20, "encoder.py:7" },
		{ "<module>", 7, 8, "encod~:7" },
		{ "[native code]", 0, 24, "[native code] encoder.py" },
		{ "[native code]", 0, 20, "[native code] encod~" },
		{ "[native code]", 0, 14, "[native code]" },
	};
	char buf[128];

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		cells__place(cases[i].name, "encoder.py", cases[i].line, true, cases[i].w, buf,
			     sizeof(buf));
		assert_string_equal(buf, cases[i].want);
		assert_true(cells__width(buf, true) <= cases[i].w);
	}
}

static void what_is_in_no_file_is_only_a_name(void **state)
{
	char buf[128];

	(void)state;
	cells__place("[no Python frame]", "", 0, true, 40, buf, sizeof(buf));
	assert_string_equal(buf, "[no Python frame]");
	cells__place("[no Python frame]", "", 0, true, 10, buf, sizeof(buf));
	assert_string_equal(buf, "[no Pytho~");
}

static void a_command_is_shown_without_its_interpreter(void **state)
{
	static const char *const cases[][2] = {
		{ "/usr/bin/python3.11 app.py 1", "app.py 1" },
		{ "python -m http.server", "-m http.server" },
		{ "/usr/bin/python3", "/usr/bin/python3" },
		{ "python3 ", "python3 " },
		{ "/opt/python-tools/run it", "/opt/python-tools/run it" },
		{ "gunicorn: worker [shop]", "gunicorn: worker [shop]" },
		{ "", "" },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++)
		assert_string_equal(command_short(cases[i][0]), cases[i][1]);
}

static void names_of_a_pool_stay_apart(void **state)
{
	char buf[64];

	(void)state;
	cells__cut_middle("ThreadPoolExecutor-0_12", true, 15, buf, sizeof(buf));
	assert_string_equal(buf, "ThreadPo~r-0_12");
	cells__cut_middle("worker-3", true, 8, buf, sizeof(buf));
	assert_string_equal(buf, "worker-3");
	for (int w = 0; w < 20; w++) {
		cells__cut_middle("工作工作工作工作-12", true, w, buf, sizeof(buf));
		assert_true(cells__width(buf, true) <= w);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(text_is_cut_with_a_mark),
		cmocka_unit_test(nothing_is_drawn_outside),
		cmocka_unit_test(wide_characters_take_two_cells_and_are_never_halved),
		cmocka_unit_test(combining_marks_stay_on_their_character),
		cmocka_unit_test(hostile_text_cannot_reach_the_terminal),
		cmocka_unit_test(without_unicode_everything_is_ascii),
		cmocka_unit_test(sentences_break_between_words),
		cmocka_unit_test(names_of_a_pool_stay_apart),
		cmocka_unit_test(a_line_number_is_never_cut),
		cmocka_unit_test(what_is_in_no_file_is_only_a_name),
		cmocka_unit_test(a_command_is_shown_without_its_interpreter),
	};

	setlocale(LC_ALL, "C.UTF-8");
	return cmocka_run_group_tests(tests, NULL, NULL);
}
