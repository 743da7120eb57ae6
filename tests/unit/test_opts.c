/* SPDX-License-Identifier: BSD-2-Clause */
/* test_opts.c - the command line: what is taken, and what is refused */
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

#include "tests/unit/opts_stage.h"
#include "user/app/opts.h"
#include "user/app/opts_impl.h"
#include "user/base/parse.h"
#include "user/base/sbuf.h"
#include "user/base/util.h"
#include "user/source/collector.h"
#include "user/view/formats.h"

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
	assert_int_equal(o.max_self_pct, 20);
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
	assert_int_equal(parse("record -o - -p 1 -t 7,8 -s -vv -q --weight blame --unit ns "
			       "--attach perf --color "
			       "never",
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
	assert_int_equal(parse("-b -p 1 --max-self 0", &o), 0);
	assert_int_equal(o.max_self_pct, 0);
	opts__free(&o);
	assert_int_equal(parse("-p 1 -s --no-subprocesses", &o), 0);
	assert_int_equal(o.subprocesses, 0);
	assert_true(view_opts__shows_tid(&o.view, 0));
	opts__free(&o);
}

static void the_mode_and_its_budget_are_taken(void **state)
{
	static const char *const refused[] = {
		"-p 1 --mode lite",
		"-p 1 --max-overhead -1",
		"-p 1 --max-overhead 1e3",
		"-p 1 --max-overhead 1.2.3",
		"-p 1 --max-overhead .",
		"-p 1 --max-overhead nan",
		"-p 1 --max-overhead 100001",
		"-p 1 --max-overhead 1%",
		"-p 1 --mode exact --max-overhead 2",
		"dump -p 1 --max-overhead 2",
		"list --mode light",
	};
	struct opts o;

	(void)state;
	assert_int_equal(parse("-p 1", &o), 0);
	assert_int_equal(o.mode, COLLECT_AUTO);
	assert_true(o.max_overhead_pct == 1);
	opts__free(&o);
	assert_int_equal(parse("record -p 1 -o - -f folded --max-overhead 0.25", &o), 0);
	assert_true(o.max_overhead_pct == 0.25);
	opts__free(&o);
	assert_int_equal(parse("-p 1 --mode auto --max-overhead 0", &o), 0);
	assert_true(o.max_overhead_pct == 0);
	opts__free(&o);
	assert_int_equal(parse("dump -p 1 --mode light", &o), 0);
	assert_int_equal(o.mode, COLLECT_LIGHT);
	opts__free(&o);
	for (size_t i = 0; i < ARRAY_SIZE(refused); i++)
		assert_int_equal(parse(refused[i], &o), -EINVAL);
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
	for (int v = 0; v < VERB_HELP; v++) {
		char line[64];

		snprintf(line, sizeof(line), "%s%s", verb__name((enum verb)v),
			 v == VERB_LIST	    ? ""
			 : v == VERB_RECORD ? " -p 1 -o -"
			 : v == VERB_REPORT ? " a.giltop"
			 : v == VERB_EXPORT ? " -f folded a.giltop"
			 : v == VERB_DIFF   ? " a.giltop b.giltop"
					    : " -p 1");
		assert_int_equal(parse(line, &o), 0);
		assert_int_equal(o.verb, v);
		opts__free(&o);
	}
	assert_int_equal(parse("-p 1 doctor", &o), 0); /* options may come before it */
	assert_int_equal(o.verb, VERB_DOCTOR);
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
		"record -p 1 -o name.png",
		"--text --json -p 1",
		"--text --markdown -p 1",
		"--text",
		"record -p 1 -o folded",
		"record -p 1 -o name.",
		"record -p 1 -o - -f text",
		"record -p 1 -o - -f dump",
		"record -p 1 -o - -f no",
		"record -p 1 -f folded --json -o x",
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
		{ "record -p 1 -f jsonl --json -o x", "jsonl" },
		{ "record -p 1 --json -o x.folded", "jsonl" },
		{ "record -p 1 --json -o -", "jsonl" },
		{ "record -p 1 -o x.folded", "folded" },
		{ "record -p 1 -o a.json/x.txt", "folded" },
		{ "record -p 1 -o x.jsonl", "jsonl" },
		{ "record -p 1 -o .json", "jsonl" },
		{ "record -p 1 -o -", "folded" },
		{ "-b -p 1", "text" },
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

/* Who says an option believes that it does something. */
static void what_would_have_no_effect_is_refused_with_the_reason(void **state)
{
	static const struct {
		const char *line, *says;
	} cases[] = {
		{ "-b -p 1 --weight wait", "--weight has no effect with top: it is for record" },
		{ "-p 1 --unit ns", "--unit has no effect with top" },
		{ "-b -p 1 -f jsonl",
		  "--format has no effect with top: it is for record and export; batch" },
		{ "-p 1 --merge-threads", "tables have --group" },
		{ "record -p 1 -o x.jsonl --weight hold", "--weight has no effect with jsonl" },
		{ "record -p 1 -o x.jsonl --merge-threads", "no effect with jsonl" },
		{ "record -p 1 -o - --sort tid", "--sort has no effect with folded" },
		{ "record -p 1 -o - -l 3", "--limit has no effect with folded" },
		{ "record -p 1 -o - --group pool", "stacks have --merge-threads" },
		{ "record -p 1 -o x.folded --no-stacks", "it is made of stacks" },
		{ "record -p 1 -o x.pb.gz --no-stacks",
		  "--no-stacks and --format pprof do not go together" },
		{ "export -f csv --group pool x.giltop", "stacks have --merge-threads" },
		{ "export -f csv -i 1s x.giltop", "nothing is measured; it is for top and record" },
		{ "report --mode exact x.giltop",
		  "nothing is measured; it is for top, record and dump" },
		{ "export -f csv --at 3s x.giltop", "it is for report and dump" },
		{ "export -f chrome -l 3 x.giltop", "it is for tables of threads" },
		{ "export -f pprof -o x --sort tid x.giltop", "it is for tables of threads" },
		{ "record -p 1 -o x.giltop -l 3", "--limit has no effect with giltop" },
		{ "export -f csv --my-code x.giltop", "--my-code has no effect with csv" },
		{ "export -f chrome --my-code x.giltop", "what has sums by place in the code" },
		{ "record -p 1 -o - -b", "only top and report have a live view" },
		{ "dump -p 1 -i 1", "-d TIME says how long" },
		{ "dump -p 1 -n 1", "--iterations has no effect with dump" },
		{ "dump -p 1 -t 1", "it is for top, record, report, export and dump --json" },
		{ "dump -p 1 --sort tid", "--sort has no effect with dump" },
		{ "dump -p 1 --min-hold 1ms", "it looks at all of them" },
		{ "dump -p 1 --sched", "it watches over a time" },
		{ "record -f folded -o - -p 1 --sched", "it watches over a time" },
		{ "list -p 1", "giltop doctor -p PID" },
		{ "list 1", "giltop doctor -p PID" },
		{ "list -o x", "> FILE" },
		{ "list -d 1", "it is for top, record and dump" },
		{ "list -- true", "starts no command" },
		{ "doctor -a", "giltop list" },
		{ "doctor --json", "--json has no effect with doctor" },
		{ "doctor -s", "--subprocesses has no effect with doctor" },
		{ "-p 1 -a", "-a is all of them" },
		{ "-a --no-subprocesses", "-a is all of them" },
		{ "-p 1 --text --json", "--text and --json do not go together" },
		{ "-p 1 --text --markdown", "--text and --markdown" },
		{ "record -p 1 --text -f folded -o x", "--text and --format" },
		{ "-p 1 --no-stacks --min-hold 1ms", "there are no stacks then" },
	};
	struct opts o;

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++)
		if (parse(cases[i].line, &o) != -EINVAL || !strstr(said, cases[i].says))
			fail_msg("giltop %s: %s", cases[i].line, said);
}

static void what_misleads_nobody_is_taken(void **state)
{
	static const char *const lines[] = {
		"-b -p 1 --color always -U --mouse",
		"list --color never -a",
		"doctor -U -v",
		"record -p 1 -o x.jsonl --sort tid -l 3 -i 2s -n 3",
		"report --text --my-code x.giltop",
		"export -o x.csv --sort tid -l 3 x.giltop",
		"export -o x.html --sort tid -l 3 --my-code x.giltop",
		"dump --json -p 1 -t 1 --sort tid -l 1",
		"-b -p 1 --force",
		"-a -s",
	};
	struct opts o;

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(lines); i++) {
		if (parse(lines[i], &o))
			fail_msg("giltop %s: %s", lines[i], said);
		opts__free(&o);
	}
}

static void a_mistyped_word_is_answered_with_the_choices_and_the_nearest(void **state)
{
	static const struct {
		const char *line, *says[2];
	} cases[] = {
		{ "-p 1 --durration 3", { "'--durration'; did you mean --duration?" } },
		{ "-p 1 --wieght=wait", { "'--wieght'; did you mean --weight?" } },
		{ "-p 1 --no", { "--no-subprocesses, --no-stacks" } },
		{ "-p 1 -bZ", { "unknown option '-Z'" } },
		{ "-p 1 --force=x", { "--force takes no value" } },
		{ "-p", { "--pid needs a value: PID" } },
		{ "recrod -p 1",
		  { "did you mean record?",
		    "top, record, report, export, diff, dump, list, doctor" } },
		{ "help recrod", { "did you mean record?" } },
		{ "xyzzy",
		  { "; see giltop --help",
		    "top, record, report, export, diff, dump, list, doctor" } },
		{ "-p 1 --sort blam", { "no column 'blam'", "did you mean blame?" } },
		{ "-p 1 --sort bar", { "'bar' has no order" } },
		{ "-p 1 --color alwasy", { "(auto, always, never)", "did you mean always?" } },
		{ "-p 1 --group x", { "(auto, pool, none); see" } },
		{ "record -p 1 -o x -f flded",
		  { "folded, svg, markdown, jsonl", "did you mean folded?" } },
	};
	struct opts o;

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++)
		for (size_t k = 0; k < 2 && cases[i].says[k]; k++)
			if (parse(cases[i].line, &o) != -EINVAL || !strstr(said, cases[i].says[k]))
				fail_msg("giltop %s: %s", cases[i].line, said);
}

static void s_takes_a_word_as_its_value_if_it_is_one(void **state)
{
	static const struct {
		const char *line;
		int mode;
		size_t pid_cnt;
	} cases[] = {
		{ "-s -p 1", FOLLOW_YES, 1 },
		{ "-s auto -p 1", FOLLOW_AUTO, 1 },
		{ "-s no -p 1", FOLLOW_NO, 1 },
		{ "-s yes 1", FOLLOW_YES, 1 },
		{ "-s 1", FOLLOW_YES, 1 },
		{ "-bs auto 1", FOLLOW_AUTO, 1 },
		{ "-sb 1", FOLLOW_YES, 1 },
		{ "-sp 1", FOLLOW_YES, 1 },
		{ "--subprocesses=auto 1", FOLLOW_AUTO, 1 },
		{ "--subprocesses auto 1", FOLLOW_AUTO, 1 },
		{ "--subprocesses -p 1", FOLLOW_YES, 1 },
		{ "-s -p 1 --no-subprocesses", FOLLOW_NO, 1 },
		{ "-p 1,2", -1, 2 },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		struct opts o;

		if (parse(cases[i].line, &o) || o.subprocesses != cases[i].mode ||
		    o.pid_cnt != cases[i].pid_cnt)
			fail_msg("giltop %s: %d %s", cases[i].line, o.subprocesses, said);
		opts__free(&o);
	}
	refused("-p 1 --subprocesses=maybe");
	refused("-s maybe -p 1");
}

static void text_and_markdown_are_batch(void **state)
{
	struct opts o;

	(void)state;
	assert_int_equal(parse("-p 1 --text", &o), 0);
	assert_true(o.text && o.batch);
	assert_non_null(opts__format(&o));
	opts__free(&o);
	assert_int_equal(parse("-p 1 --markdown", &o), 0);
	assert_true(o.markdown && o.batch);
	assert_non_null(opts__format(&o));
	opts__free(&o);
	refused("--text");
	refused("--markdown");
}

static void what_was_typed_is_kept_as_a_shell_takes_it(void **state)
{
	char *argv[] = { "/usr/bin/giltop", "-p1", "--",    "a b", "it's",
			 "x\033[31m",	    "",	   "--k=v", NULL };
	struct opts o;

	(void)state;
	assert_int_equal(opts__parse((int)ARRAY_SIZE(argv) - 1 - 6, argv, &o), 0);
	assert_string_equal(o.view.command, "giltop -p1");
	opts__free(&o);
	argv[1] = "-q";
	assert_int_equal(opts__parse((int)ARRAY_SIZE(argv) - 1, argv, &o), 0);
	assert_string_equal(o.view.command, "giltop -q -- 'a b' 'it'\\''s' 'x?[31m' '' --k=v");
	opts__free(&o);
}

static void a_summary_is_a_batch(void **state)
{
	struct opts o;

	(void)state;
	assert_int_equal(parse("--text -p 1", &o), 0);
	assert_true(o.batch);
	assert_string_equal(opts__format(&o)->name, "summary");
	opts__free(&o);
	assert_int_equal(parse("--markdown -p 1", &o), 0);
	assert_string_equal(opts__format(&o)->name, "markdown");
	opts__free(&o);
	assert_int_equal(parse("record -p 1 -o a.md", &o), 0);
	assert_string_equal(opts__format(&o)->name, "markdown");
	opts__free(&o);
	assert_int_equal(parse("record -p 1 -o a.svg", &o), 0);
	assert_string_equal(opts__format(&o)->name, "svg");
	opts__free(&o);
	assert_int_equal(parse("-b -p 1 -d 1", &o), 0);
	assert_true(o.view.one_interval);
	opts__free(&o);
	assert_int_equal(parse("-b -p 1 -d 2", &o), 0);
	assert_false(o.view.one_interval);
	opts__free(&o);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(defaults_are_those_of_the_manual),
		cmocka_unit_test(pids_come_as_lists_again_and_again_and_bare),
		cmocka_unit_test(every_kind_of_option_arrives),
		cmocka_unit_test(the_mode_and_its_budget_are_taken),
		cmocka_unit_test(the_command_keeps_its_own_options),
		cmocka_unit_test(verbs_are_found_at_the_first_place_only),
		cmocka_unit_test(what_makes_no_sense_is_refused),
		cmocka_unit_test(the_format_is_that_of_f_or_json_or_the_suffix),
		cmocka_unit_test(what_would_have_no_effect_is_refused_with_the_reason),
		cmocka_unit_test(what_misleads_nobody_is_taken),
		cmocka_unit_test(a_mistyped_word_is_answered_with_the_choices_and_the_nearest),
		cmocka_unit_test(s_takes_a_word_as_its_value_if_it_is_one),
		cmocka_unit_test(text_and_markdown_are_batch),
		cmocka_unit_test(what_was_typed_is_kept_as_a_shell_takes_it),
		cmocka_unit_test(a_summary_is_a_batch),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
