/* SPDX-License-Identifier: BSD-2-Clause */
/* test_view_summary.c - the text for a ticket: what it says, and that it never outgrows its 15 lines */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tests/unit/fake_snapshot.h"
#include "user/base/sbuf.h"
#include "user/judge/verdict.h"
#include "user/base/fit.h"
#include "user/view/formats.h"
#include "user/view/summary.h"
#include "user/view/view.h"

static struct fake *fake_new(void)
{
	struct fake *f = malloc(sizeof(*f));

	assert_non_null(f);
	fake__init(f, 10 * S);
	fake__asked(&f->threads[5], 190, 200, 5 * S); /* MainThread, in its holds of some 30 ms */
	return f;
}

/* The text of a format, from a total; the caller frees it. */
static char *made(const char *format, const struct snapshot *s, const struct view_opts *o)
{
	char *text = NULL;
	size_t len = 0;
	FILE *f = open_memstream(&text, &len);
	struct view *v = formats__find(format)->make(f, o);

	assert_non_null(v);
	assert_int_equal(view__interval(v, s), 0);
	assert_int_equal(v->ops->end(v, s, "duration"), 0);
	view__free(v);
	fclose(f);
	return text;
}

/* At most 15 lines of 80 columns; returns how many lines. */
static size_t assert_small(const char *text)
{
	size_t lines = 0;

	for (const char *s = text, *nl; *s; s = nl + 1) {
		char line[1024];

		nl = strchr(s, '\n');
		assert_non_null(nl);
		assert_true((size_t)(nl - s) < sizeof(line));
		memcpy(line, s, (size_t)(nl - s));
		line[nl - s] = '\0';
		if (fit__columns(line) > SUMMARY_COLUMNS)
			print_error("%zu: %s\n", fit__columns(line), line);
		assert_true(fit__columns(line) <= SUMMARY_COLUMNS);
		lines++;
	}
	if (lines > SUMMARY_LINES)
		print_error("%s", text);
	assert_true(lines <= SUMMARY_LINES);
	return lines;
}

static bool says(const char *text, const char *line)
{
	const char *at = strstr(text, line);

	if (!at)
		print_error("no '%s' in\n%s", line, text);
	return at;
}

/* The verdict's own sentences have their own tests. */
static char *with_headline(const struct fake *f, const char *before, const char *after)
{
	struct sbuf b = { 0 };

	sbuf__puts(&b, "giltop " GILTOP_VERSION);
	sbuf__puts(&b, before);
	verdict__headline(&f->procs[0], &f->gils[0], &b);
	sbuf__puts(&b, after);
	return b.s;
}

static void it_says_what_where_who_and_by_which_command(void **state)
{
	struct fake *f = fake_new();
	struct view_opts o = { .command = "giltop -b -p 4242 -d 10s" };
	char *text = made("summary", &f->snap, &o);
	char *want = with_headline(
		f,
		": pid 4242 (gunicorn: worker [shop]), CPython 3.11.2\nMeasured for 10.0 s, "
		"nothing lost\n",
		"\nJSONEncoder.iterencode (encoder.py:257) from Shop.index (shop/views.py:88) "
		"makes\n"
		"others wait most: 65% of all waiting, in ~38ms holds, by MainThread\n"
		"Who waits: worker-3 42%, worker-2 36%, worker-1 31%\n"
		"Lines that make them wait, of all waiting:\n"
		"     65%  JSONEncoder.iterencode (encoder.py:257), called by JSONEncoder.encode\n"
		"     11%  dumps (json/__init__.py:231), called by Shop.index (shop/views.py:88)\n"
		"    9.6%  search (re/__init__.py:176), called by handler (shop/app.py:88)\n");

	(void)state;
	assert_small(text);
	if (strncmp(text, want, strlen(want)))
		assert_string_equal(text, want);
	assert_true(says(text, "\n* Native code in JSONEncoder.iterencode (encoder.py:257) takes "
			       "25.0ms to let go\n"
			       "  when asked: release the GIL there, or split the call\n"));
	assert_true(says(text, "\nMade by: giltop -b -p 4242 -d 10s\n"));
	free(want);
	free(text);
	free(f);
}

static void the_same_as_markdown(void **state)
{
	struct fake *f = fake_new();
	struct view_opts o = { .command = "giltop --markdown -p 4242" };
	char *text = made("markdown", &f->snap, &o);
	char *want = with_headline(
		f,
		": pid 4242 `gunicorn: worker [shop]`, CPython 3.11.2\nMeasured for 10.0 s, "
		"nothing lost\n\n**",
		"**\n"
		"\n"
		"- JSONEncoder.iterencode (encoder.py:257) from Shop.index (shop/views.py:88)\n"
		"  makes others wait most: 65% of all waiting, in \\~38ms holds, by MainThread\n"
		"- Who waits: `worker-3` 42%, `worker-2` 36%, `worker-1` 31%\n"
		"- Lines that make them wait, of all waiting:\n"
		"  - 65% `JSONEncoder.iterencode (encoder.py:257)`, called by "
		"`JSONEnco~r.encode`\n");

	(void)state;
	assert_small(text);
	if (strncmp(text, want, strlen(want)))
		assert_string_equal(text, want);
	assert_true(says(text, "\n- made by `giltop --markdown -p 4242`\n"));
	free(want);
	free(text);
	free(f);
}

static void losses_are_said_if_there_are_any(void **state)
{
	struct fake *f = fake_new();
	struct view_opts o = { 0 };
	char *text;

	(void)state;
	f->snap.lost_events = 3;
	f->snap.lost_detail = 12;
	f->snap.violations = 1;
	text = made("summary", &f->snap, &o);
	assert_null(strstr(text, "nothing lost"));
	assert_true(says(
		text, "3 events lost: times are too small, detail of 12 lost,\ntimes are whole"));
	assert_true(says(text, "SELF-CHECK FAILED 1 times\n"));
	assert_small(text);
	free(text);
	free(f);
}

/* "~": as few looks as that may be half or twice as much. */
static void rough_shares_have_a_mark(void **state)
{
	struct fake *f = fake_new();
	struct view_opts o = { 0 };
	char *text;

	(void)state;
	for (size_t i = 0; i < f->procs[0].stack_cnt; i++)
		f->stacks[i].cnt = 2;
	text = made("summary", &f->snap, &o);
	assert_true(says(text, "\n    ~65%  JSONEncoder.iterencode"));
	assert_small(text);
	free(text);
	free(f);
}

static void several_processes_the_busiest_first_a_line_each(void **state)
{
	struct fake *f = fake_new();
	struct view_opts o = { .command = "giltop -b -a" };
	struct snap_proc *procs = calloc(40, sizeof(*procs));
	struct snap_gil idle = { .held_ns = S, .observed_ns = 10 * S };
	char *text;

	(void)state;
	assert_non_null(procs);
	f->snap.procs = procs;
	for (size_t i = 0; i < 40; i++) {
		procs[i] = f->procs[0];
		procs[i].pid = 100 + (uint32_t)i;
		if (i != 7)
			procs[i].gils = &idle;
	}
	for (size_t n = 8; n <= 40; n += n == 8 ? 1 : 31) {
		f->snap.proc_cnt = n;
		text = made("summary", &f->snap, &o);
		assert_true(says(text, ": pid 107 (gunicorn: worker [shop])"));
		assert_true(says(text, "\nAlso pid 100 gunicorn: worker [shop]: "));
		assert_true(says(text, "\nand "));
		assert_true(says(text, "\nMade by: giltop -b -a\n"));
		assert_small(text);
		free(text);
		text = made("markdown", &f->snap, &o);
		assert_true(says(text, "\n- and "));
		assert_small(text);
		free(text);
	}
	f->snap.proc_cnt = 2;
	procs[0].gils = &f->gils[0];
	text = made("summary", &f->snap, &o);
	assert_true(says(text, "\nAlso pid 101 gunicorn: worker [shop]: "));
	assert_null(strstr(text, "\nand "));
	free(text);
	free(procs);
	free(f);
}

/* Whatever things are called, there are 15 lines of 80 columns, and in Markdown all of it is text. */
static void the_worker_that_is_stuck_has_a_line(void **state)
{
	static const char *const formats[] = { "summary", "markdown" };
	struct view_opts o = { .hint = "a hint", .command = "giltop -s -p 4242" };
	struct fake *f = malloc(sizeof(*f));

	(void)state;
	assert_non_null(f);
	for (size_t i = 0; i < ARRAY_SIZE(formats); i++) {
		char *text;

		fake__workers(f, 10 * S);
		text = made(formats[i], &f->snap, &o);
		assert_small(text);
		assert_non_null(strstr(text, "worker 4245 of 5: delay 90.0%"));
		free(text);
	}
	free(f);
}

static void long_and_odd_names_stay_within_the_lines(void **state)
{
	static char huge[5000], wide[3000];
	const char *const names[] = {
		huge, wide, "", " ", "a b c d e f g", "`x` **y** <b>@all #1"
	};
	struct fake *f = fake_new();

	(void)state;
	memset(huge, 'x', sizeof(huge) - 1);
	for (size_t i = 0; i + 3 < sizeof(wide); i += 3)
		memcpy(wide + i, "\xe6\x97\xa5", 3);
	for (size_t i = 0; i < ARRAY_SIZE(names); i++) {
		struct snap_frame fr[] = { { names[i], names[i], 7 },
					   { names[i], names[i], 4294967295u } };
		struct view_opts o = { .command = names[i] };
		char *text;

		for (size_t k = 0; k < f->procs[0].stack_cnt; k++) {
			f->stacks[k].frames = fr;
			f->stacks[k].frame_cnt = 1 + k % 2;
		}
		for (size_t k = 0; k < f->procs[0].thread_cnt; k++)
			f->threads[k].name = names[i];
		f->procs[0].cmdline = f->procs[0].comm = f->procs[0].note = names[i];
		f->snap.lost_events = f->snap.lost_detail = f->snap.violations = UINT64_MAX;
		text = made("summary", &f->snap, &o);
		assert_small(text);
		free(text);
		text = made("markdown", &f->snap, &o);
		assert_small(text);
		assert_true(i != 5 || says(text, "\\`x\\` \\*\\*y\\*\\* \\<b\\>&#64;all"));
		free(text);
	}
	free(f);
}

static void the_report_ends_with_it_once(void **state)
{
	struct fake *f = fake_new();
	struct view_opts o = { .command = "giltop -b" }, one = { .one_interval = true };
	char *summary = made("summary", &f->snap, &o), *text = made("text", &f->snap, &o);
	size_t len = strlen(text), at = len - strlen(summary);
	const char *total = strstr(text, "== total of ");

	(void)state;
	assert_string_equal(text + at, summary);
	assert_non_null(total);
	assert_true(strstr(text, "pid 4242 ") < total); /* the interval */
	assert_null(strstr(strstr(text, "Made by:") + 1, "Made by:"));
	free(text);
	text = made("text", &f->snap, &one); /* the only interval is the total */
	assert_ptr_equal(strstr(text, "== total of "), text);
	free(text);
	free(summary);
	free(f);
}

static void tables_are_no_wider_than_the_terminal(void **state)
{
	static const char *const widths[] = { "80", "100", "132", "200", NULL };
	struct fake *f = fake_new();
	struct view_opts o = { 0 };

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(widths); i++) {
		size_t max = widths[i] ? strtoul(widths[i], NULL, 10) : 100;
		char *text, *save = NULL;
		bool lines = false;

		if (widths[i])
			setenv("COLUMNS", widths[i], 1);
		else
			unsetenv("COLUMNS");
		text = made("text", &f->snap, &o);
		assert_true(says(text, "     TID THREAD "));
		assert_true(says(text, " AT\n"));
		assert_true(says(text, " BLAME% IN WHICH LINE "));
		for (char *s = strtok_r(text, "\n", &save); s; s = strtok_r(NULL, "\n", &save)) {
			lines |= strstr(s, "BLAME% IN WHICH") != NULL;
			if (*s == ' ')
				assert_true(fit__columns(s) <= max);
		}
		assert_true(lines);
		free(text);
	}
	free(f);
}

static void nobody_waits_is_a_summary_too(void **state)
{
	static const struct snap_gil idle = { .held_ns = 100 * MS, .observed_ns = 10 * S };
	struct fake *f = fake_new();
	struct view_opts o = { 0 };
	char *text;

	(void)state;
	f->procs[0].gils = &idle;
	f->procs[0].thread_cnt = f->procs[0].stack_cnt = f->procs[0].pair_cnt = 0;
	text = made("summary", &f->snap, &o);
	assert_true(assert_small(text) >= 3);
	assert_null(strstr(text, "Who "));
	free(text);
	f->snap.proc_cnt = 0;
	text = made("summary", &f->snap, &o);
	assert_string_equal(text, "");
	free(text);
	free(f);
}

static char *fitted(const char *s, size_t columns)
{
	struct sbuf b = { 0 };

	fit__middle(s, columns, &b);
	return b.s ? b.s : strdup("");
}

static void cuts_are_in_the_middle_and_wraps_at_words(void **state)
{
	static const struct {
		const char *s;
		size_t columns;
		const char *want;
	} cases[] = { { "abcdefghij", 10, "abcdefghij" },
		      { "abcdefghijk", 10, "abcde~hijk" },
		      { "abcdefghijk", 3, "a~k" },
		      { "abcdefghijk", 1, "a" },
		      { "abc", 0, "" },
		      { "\xe6\x97\xa5\xe6\x97\xa5", 3, "~" } };
	struct sbuf b = { 0 };

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		char *got = fitted(cases[i].s, cases[i].columns);

		assert_string_equal(got, cases[i].want);
		free(got);
	}
	assert_int_equal(fit__wrap("one two three four", 4, "  ", 12, 9, &b), 2);
	assert_string_equal(sbuf__str(&b), "one two\n  three four\n");
	sbuf__free(&b);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(it_says_what_where_who_and_by_which_command),
		cmocka_unit_test(the_same_as_markdown),
		cmocka_unit_test(losses_are_said_if_there_are_any),
		cmocka_unit_test(rough_shares_have_a_mark),
		cmocka_unit_test(several_processes_the_busiest_first_a_line_each),
		cmocka_unit_test(the_worker_that_is_stuck_has_a_line),
		cmocka_unit_test(long_and_odd_names_stay_within_the_lines),
		cmocka_unit_test(the_report_ends_with_it_once),
		cmocka_unit_test(tables_are_no_wider_than_the_terminal),
		cmocka_unit_test(nobody_waits_is_a_summary_too),
		cmocka_unit_test(cuts_are_in_the_middle_and_wraps_at_words),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
