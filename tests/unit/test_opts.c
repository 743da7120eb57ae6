/* SPDX-License-Identifier: BSD-2-Clause */
/* test_opts.c - the command line: what is taken, what is refused, and that the help knows it all */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "user/app/opts.h"
#include "user/base/util.h"
#include "user/view/formats.h"

#define MAX_ARGS 32

/* Parse a line of words; the usage text is not shown. */
static int parse(const char *line, struct opts *o)
{
	static char copy[512], *argv[MAX_ARGS + 1];
	char *save = NULL;
	int argc = 1, err, keep = dup(2), null = open("/dev/null", O_WRONLY);

	argv[0] = (char *)"giltop";
	memset(&argv[1], 0, sizeof(argv) - sizeof(argv[0]));
	snprintf(copy, sizeof(copy), "%s", line);
	for (char *w = strtok_r(copy, " ", &save); w && argc < MAX_ARGS;
	     w = strtok_r(NULL, " ", &save))
		argv[argc++] = w;
	memset(o, 0, sizeof(*o));
	dup2(null, 2);
	err = opts__parse(argc, argv, o);
	dup2(keep, 2);
	close(keep);
	close(null);
	return err;
}

static void refused(const char *line)
{
	struct opts o;

	if (parse(line, &o) != -EINVAL)
		fail_msg("was not refused: giltop %s", line);
}

static void defaults_are_those_of_the_manual(void **state)
{
	struct opts o;

	(void)state;
	assert_int_equal(parse("", &o), 0);
	assert_int_equal(o.verb, VERB_TOP);
	assert_int_equal(o.view.interval_ns, 1000000000);
	assert_int_equal(o.duration_ns, 0);
	assert_int_equal(o.iterations, 0);
	assert_int_equal(o.subprocesses, -1);
	assert_true(o.max_loss == UINT64_MAX);
	assert_null(o.command);
	opts__free(&o);
}

static void pids_come_as_lists_again_and_again_and_bare(void **state)
{
	static const uint32_t want[] = { 1, 22, 333, 4444 };
	static const char *const lines[] = { "-p 1,22 -p 333 --pid=4444", "top -p1,22,333,4444",
					     "1 22 333,4444", "--pid 1 22 -p 333 4444" };

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(lines); i++) {
		struct opts o;

		assert_int_equal(parse(lines[i], &o), 0);
		assert_int_equal(o.verb, VERB_TOP);
		assert_int_equal(o.pid_cnt, 4);
		assert_memory_equal(o.pids, want, sizeof(want));
		opts__free(&o);
	}
}

static void every_kind_of_option_arrives(void **state)
{
	struct opts o;

	(void)state;
	assert_int_equal(parse("-b -p 1 -d 1.5s -i 100ms -n 3 --sort blame -l 5 -o f --force", &o),
			 0);
	assert_true(o.batch && o.force);
	assert_int_equal(o.duration_ns, 1500000000);
	assert_int_equal(o.view.interval_ns, 100000000);
	assert_int_equal(o.iterations, 3);
	assert_int_equal(o.view.limit, 5);
	assert_string_equal(o.view.sort, "blame");
	assert_string_equal(o.output, "f");
	opts__free(&o);
	assert_int_equal(
		parse("-p 1 -t 7,8 -s -vv -q --weight blame --unit ns --attach perf --color never",
		      &o),
		0);
	assert_int_equal(o.subprocesses, 1);
	assert_int_equal(o.verbose, 2);
	assert_true(o.quiet && o.view.unit_ns);
	assert_int_equal(o.view.weight, WEIGHT_BLAME);
	assert_int_equal(o.color, COLOR_NEVER);
	assert_int_equal(o.attach, 2);
	assert_true(view_opts__shows_tid(&o.view, 7) && view_opts__shows_tid(&o.view, 8));
	assert_false(view_opts__shows_tid(&o.view, 9) || view_opts__shows_tid(&o.view, 0));
	opts__free(&o);
	assert_int_equal(parse("-p 1 -s --no-subprocesses", &o), 0);
	assert_int_equal(o.subprocesses, 0);
	assert_true(view_opts__shows_tid(&o.view, 0));
	opts__free(&o);
}

static void the_command_keeps_its_own_options(void **state)
{
	struct opts o;

	(void)state;
	assert_int_equal(parse("-b --json -- python3 -p 5 --json -- x", &o), 0);
	assert_true(o.batch && o.json);
	assert_int_equal(o.pid_cnt, 0);
	assert_string_equal(o.command[0], "python3");
	assert_string_equal(o.command[1], "-p");
	assert_string_equal(o.command[4], "--");
	assert_string_equal(o.command[5], "x");
	assert_null(o.command[6]);
	opts__free(&o);
	/* The value of an option is no end of the options. */
	assert_int_equal(parse("-b -p 7 -o --", &o), 0);
	assert_null(o.command);
	assert_string_equal(o.output, "--");
	opts__free(&o);
}

static void verbs_are_found_at_the_first_place_only(void **state)
{
	struct opts o;

	(void)state;
	for (int v = 0; v < VERB_CNT; v++) {
		char line[64];

		snprintf(line, sizeof(line), "%s -p 1 -o -", verb__name((enum verb)v));
		assert_int_equal(parse(line, &o), 0);
		assert_int_equal(o.verb, v);
		opts__free(&o);
	}
	assert_int_equal(parse("-p 1 list", &o), 0); /* options may come before it */
	assert_int_equal(o.verb, VERB_LIST);
	opts__free(&o);
	refused("list list");
	refused("1 list");
}

static void what_makes_no_sense_is_refused(void **state)
{
	static const char *const lines[] = {
		"-p",
		"-p x",
		"-p 0",
		"-p -1",
		"-p 1,,x",
		"-p 99999999999",
		"-p ,",
		"--nonsense",
		"-Z",
		"-d x",
		"-d 0",
		"-d -1",
		"-i 1ms",
		"-n 0",
		"-n x",
		"-l -1",
		"--sort no",
		"--weight no",
		"--unit ms",
		"--color no",
		"--attach no",
		"-p 1 -- true",
		"-a -- true",
		"frobnicate",
		"record",
		"record -p 1",
		"dump",
		"-b",
		"--json",
		"--help=klingon",
		"-t x -p 1",
		"--max-loss=-1 -p 1",
		"-p 1 --force=yes",
		"record -p 1 -o name",
		"record -p 1 -o name.svg",
		"record -p 1 -o folded",
		"record -p 1 -o name.",
		"record -p 1 -o - -f text",
		"record -p 1 -o - -f dump",
		"record -p 1 -o - -f no",
		"--",
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(lines); i++)
		refused(lines[i]);
}

static void the_format_is_that_of_f_or_json_or_the_suffix(void **state)
{
	static const struct {
		const char *line, *format;
	} cases[] = {
		{ "record -p 1 -f jsonl -o x.txt", "jsonl" },
		{ "record -p 1 -f folded -o x.json", "folded" },
		{ "record -p 1 -f folded --json -o x", "folded" },
		{ "record -p 1 --json -o x.folded", "jsonl" },
		{ "record -p 1 --json -o -", "jsonl" },
		{ "record -p 1 -o x.folded", "folded" },
		{ "record -p 1 -o a.json/x.txt", "folded" },
		{ "record -p 1 -o x.jsonl", "jsonl" },
		{ "record -p 1 -o .json", "jsonl" },
		{ "record -p 1 -o -", "folded" },
		{ "-b -p 1", "text" },
		{ "-b -p 1 -f jsonl", "text" },
		{ "--json -p 1", "jsonl" },
		{ "dump -p 1", "dump" },
		{ "dump -p 1 --json", "jsonl" },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		struct opts o;

		assert_int_equal(parse(cases[i].line, &o), 0);
		if (strcmp(opts__format(&o)->name, cases[i].format))
			fail_msg("giltop %s: %s", cases[i].line, opts__format(&o)->name);
		opts__free(&o);
	}
}

/* As much as a stream takes. */
static char *help(const char *style)
{
	char *text = NULL;
	size_t len = 0;
	FILE *f = open_memstream(&text, &len);

	assert_int_equal(opts__print_help(f, style), 0);
	fclose(f);
	return text;
}

static void all_forms_of_help_name_all_options(void **state)
{
	static const char *const styles[] = { "text", "man", "bash", "zsh", "fish" };
	static const char *const names[] = { "pid",	 "tid",	    "all",    "subprocesses",
					     "duration", "json",    "output", "sort",
					     "limit",	 "weight",  "quiet",  "max-loss",
					     "attach",	 "version", "help" };

	(void)state;
	for (size_t s = 0; s < ARRAY_SIZE(styles); s++) {
		char *text = help(styles[s]);

		for (size_t i = 0; i < ARRAY_SIZE(names); i++)
			if (!strstr(text, names[i]))
				fail_msg("--help=%s lacks %s", styles[s], names[i]);
		free(text);
	}
	assert_int_equal(opts__print_help(stderr, "klingon"), -EINVAL);
}

static void all_forms_of_help_name_all_formats_of_record(void **state)
{
	static const char *const styles[] = { "text", "man", "formats", "bash", "zsh", "fish" };

	(void)state;
	for (size_t s = 0; s < ARRAY_SIZE(styles); s++) {
		char *text = help(styles[s]);

		for (size_t i = 0; i < format_cnt; i++) {
			bool record = format_table[i].bits & FORMAT_RECORD;

			assert_int_equal(record, format_table[i].suffixes != NULL);
			if (record && !strstr(text, format_table[i].name))
				fail_msg("--help=%s lacks %s", styles[s], format_table[i].name);
		}
		assert_null(strstr(text, "FORMATS"));
		free(text);
	}
}

/* What a shell makes of a line: is every '..' closed? fish has escapes within, the others have not. */
static bool quotes_are_closed(const char *line, const char *end, bool fish)
{
	bool open = false;

	for (const char *p = line; p < end; p++) {
		if (*p == '\\' && (!open || (fish && (p[1] == '\'' || p[1] == '\\'))))
			p++;
		else if (*p == '\'')
			open = !open;
	}
	return !open;
}

/* One help text, that of -v, has an apostrophe. */
static void no_help_text_breaks_a_completion_script(void **state)
{
	static const char *const shells[] = { "zsh", "fish" };

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(shells); i++) {
		char *text = help(shells[i]);

		for (const char *line = text; *line;) {
			const char *end = strchr(line, '\n');

			if (!quotes_are_closed(line, end, i == 1))
				fail_msg("--help=%s: %.*s", shells[i], (int)(end - line), line);
			line = end + 1;
		}
		for (int v = 0; v < VERB_CNT; v++)
			assert_non_null(strstr(text, verb__name((enum verb)v)));
		free(text);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(defaults_are_those_of_the_manual),
		cmocka_unit_test(pids_come_as_lists_again_and_again_and_bare),
		cmocka_unit_test(every_kind_of_option_arrives),
		cmocka_unit_test(the_command_keeps_its_own_options),
		cmocka_unit_test(verbs_are_found_at_the_first_place_only),
		cmocka_unit_test(what_makes_no_sense_is_refused),
		cmocka_unit_test(the_format_is_that_of_f_or_json_or_the_suffix),
		cmocka_unit_test(all_forms_of_help_name_all_options),
		cmocka_unit_test(all_forms_of_help_name_all_formats_of_record),
		cmocka_unit_test(no_help_text_breaks_a_completion_script),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
