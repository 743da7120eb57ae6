/* SPDX-License-Identifier: BSD-2-Clause */
/* test_opts_help.c - help, the manual and the completions know all of the command line, and say what is so */
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
#include "user/view/formats.h"

static void each_default_is_said_and_is_what_applies(void **state)
{
	struct opts o;

	(void)state;
	assert_int_equal(parse("", &o), 0);
	for (size_t i = 0; i < opt_cnt; i++) {
		const struct opt_desc *d = &opt_table[i];
		__cleanup(sbuf__free) struct sbuf text = { 0 };
		const void *field = (const char *)&o + d->off;
		uint64_t ns;

		if (d->type == OPT_ENUM || d->type == OPT_DURATION || d->type == OPT_COLUMN) {
			opt__help(d, &text);
			if (!strstr(sbuf__str(&text), "(default"))
				fail_msg("--%s does not say its default", d->name);
		}
		if (d->type == OPT_ENUM)
			assert_string_equal(d->names[*(const int *)field], d->def);
		if (d->type != OPT_DURATION || !d->def)
			continue;
		assert_int_equal(parse_duration(d->def, &ns), 0);
		assert_int_equal(*(const uint64_t *)field, ns);
	}
	opts__free(&o);
}

static void help_of_a_verb_has_its_options_only(void **state)
{
	static const char *const lines[] = { "help record", "record --help", "record -p 1 -h" };
	struct opts o;

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(lines); i++) {
		assert_int_equal(parse(lines[i], &o), 1);
		if (!strstr(said, "Usage: giltop record") || !strstr(said, "--weight") ||
		    !strstr(said, "(default 1s)") || strstr(said, "--mouse") ||
		    !strstr(said, "Example:"))
			fail_msg("giltop %s: %s", lines[i], said);
	}
	assert_int_equal(parse("list -h", &o), 1);
	assert_null(strstr(said, "--pid"));
	assert_non_null(strstr(said, "--json"));
	assert_int_equal(parse("help", &o), 1);
	for (int v = 0; v < VERB_CNT; v++)
		assert_true(v == VERB_TOP || strstr(said, verb__name((enum verb)v)));
	refused("help nonsense");
}

static void pairs_are_of_options_that_there_are(void **state)
{
	(void)state;
	for (size_t i = 0; i < opt_pair_cnt; i++) {
		int found = 0;

		for (size_t k = 0; k < opt_cnt; k++)
			found += !strcmp(opt_table[k].name, opt_pairs[i].a) ||
				 !strcmp(opt_table[k].name, opt_pairs[i].b);
		assert_int_equal(found, 2);
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
		cmocka_unit_test(each_default_is_said_and_is_what_applies),
		cmocka_unit_test(help_of_a_verb_has_its_options_only),
		cmocka_unit_test(pairs_are_of_options_that_there_are),
		cmocka_unit_test(all_forms_of_help_name_all_options),
		cmocka_unit_test(all_forms_of_help_name_all_formats_of_record),
		cmocka_unit_test(no_help_text_breaks_a_completion_script),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
