/* SPDX-License-Identifier: BSD-2-Clause */
/* help.c - what the option table says to people: --help, the man page, the shells */
#include <errno.h>
#include <string.h>

#include "user/app/opts_impl.h"
#include "user/base/sbuf.h"
#include "user/base/util.h"
#include "user/judge/check.h"
#include "user/view/columns.h"
#include "user/view/formats.h"

#define WIDTH  80
#define INDENT 29 /* of what an option does */

/* A text that starts in column at, broken between words before column WIDTH; it goes on in column INDENT. */
static void put_wrapped(FILE *out, const char *text, size_t at)
{
	while (*text) {
		size_t len = strcspn(text, " ");

		if (at + len >= WIDTH && at > INDENT) {
			fprintf(out, "\n%*s", INDENT, "");
			at = INDENT;
		}
		fprintf(out, "%.*s", (int)len, text);
		at += len;
		text += len;
		if (*text == ' ' && at + 1 + strcspn(text + 1, " ") < WIDTH) {
			putc(' ', out);
			at++;
		} else if (*text == ' ') {
			fprintf(out, "\n%*s", INDENT, "");
			at = INDENT;
		}
		text += strspn(text, " ");
	}
	putc('\n', out);
}

void opt__help(const struct opt_desc *d, struct sbuf *out)
{
	static const char mark[] = "FORMATS";
	const char *at = strstr(d->help, mark);

	sbuf__add(out, d->help, at ? (size_t)(at - d->help) : strlen(d->help));
	if (at) {
		formats__names(d->type == OPT_FORMAT ? FORMAT_RECORD : FORMAT_WEIGHT, 0, ", ",
			       " or ", out);
		sbuf__puts(out, at + strlen(mark));
	}
	if (d->def)
		sbuf__printf(out, " (default %s)", d->def);
}

#define USE_COLUMNS 39

static void help_use(FILE *out, const char *verb, const char *args, const char *help)
{
	char left[48];

	snprintf(left, sizeof(left), "giltop %-*s%s", *verb ? 7 : 0, verb, args);
	if (strlen(left) > USE_COLUMNS)
		fprintf(out, "  %s\n  %*s %s\n", left, USE_COLUMNS, "", help);
	else
		fprintf(out, "  %-*s %s\n", USE_COLUMNS, left, help);
}

static void put_option(FILE *out, const struct opt_desc *d)
{
	__cleanup(sbuf__free) struct sbuf help = { 0 };
	char left[40];

	opt__help(d, &help);
	snprintf(left, sizeof(left), "%c%c%s --%s%s%s", d->short_name ? '-' : ' ',
		 d->short_name ? d->short_name : ' ', d->short_name ? "," : " ", d->name,
		 d->arg ? " " : "", d->arg ? d->arg : "");
	put_wrapped(out, sbuf__str(&help), (size_t)fprintf(out, "  %-26s ", left));
}

static void help_text(FILE *out)
{
	fprintf(out, "giltop " GILTOP_VERSION
		     " - who waits for Python's GIL, for whom, in which line\n\n");
	help_use(out, "", "-p PID", "live view of a running process");
	help_use(out, "", "-b -p PID [-d 10s]", "plain text tables");
	help_use(out, "", "-- COMMAND ARGS", "start a command and watch it from its start");
	for (int v = VERB_RECORD; v < VERB_CNT; v++)
		help_use(out, verb_table[v].name, verb_table[v].args, verb_table[v].help);
	fprintf(out, "\nOptions:\n");
	for (size_t i = 0; i < opt_cnt; i++)
		put_option(out, &opt_table[i]);
	fprintf(out,
		"\nExit status: 0 ok, 1 runtime error, 2 usage, 3 no permission, 4 no such "
		"process or not\n"
		"a CPython, 5 unsupported kernel or interpreter, 6 events were lost, 7 a --check "
		"was\nbroken; with -- COMMAND its own.\n"
		"See giltop(1).\n");
}

void opts__print_verb_help(FILE *out, enum verb v)
{
	const struct verb_desc *d = &verb_table[v];

	fprintf(out, "giltop %s - %s\n\nUsage: giltop %s%s%s%s\n\nOptions:\n", d->name, d->help,
		v == VERB_TOP ? "[top]" : d->name, *d->args ? " " : "", d->args,
		v == VERB_HELP ? "" : " [options]");
	for (size_t i = 0; i < opt_cnt; i++)
		if (opt__is_for(&opt_table[i], v))
			put_option(out, &opt_table[i]);
	fprintf(out, "\nExample:\n  %s\n\nSee giltop(1).\n", d->example);
}

/* A paragraph under its heading. */
static void put_sentence(FILE *out, const char *text)
{
	fprintf(out, "\n\t%c%s.\n\n", text[0] - (text[0] >= 'a' && text[0] <= 'z' ? 32 : 0),
		*text ? text + 1 : "");
}

static void put_arg(FILE *out, const char *arg)
{
	int len = arg ? (int)strcspn(arg + (*arg == '['), "]") : 0;

	if (arg && *arg == '[')
		fprintf(out, " [_%.*s_]", len, arg + 1);
	else if (arg)
		fprintf(out, " _%s_", arg);
}

/* Those it is for, if it is not for all that measure. */
static void put_verbs_of(FILE *out, const struct opt_desc *d)
{
	const char *before = " (";

	if (opt__is_for(d, VERB_TOP) && opt__is_for(d, VERB_RECORD) && opt__is_for(d, VERB_DUMP))
		return;
	for (int v = 0; v < VERB_HELP; v++) {
		if (!opt__is_for(d, (enum verb)v))
			continue;
		fprintf(out, "%s%s", before, verb_table[v].name);
		before = ", ";
	}
	putc(')', out);
}

static void help_man(FILE *out)
{
	for (size_t i = 0; i < opt_cnt; i++) {
		const struct opt_desc *d = &opt_table[i];
		__cleanup(sbuf__free) struct sbuf help = { 0 };

		opt__help(d, &help);

		if (d->short_name)
			fprintf(out, "*-%c*, ", d->short_name);
		fprintf(out, "*--%s*", d->name);
		put_arg(out, d->arg);
		put_verbs_of(out, d);
		put_sentence(out, sbuf__str(&help));
	}
}

/* The columns of the thread table, for the man page. */
static void help_columns(FILE *out)
{
	for (size_t i = 0; i < thread_column_cnt; i++) {
		const struct column *c = &thread_columns[i];

		fprintf(out, "*%s*", c->title);
		if (c->cmp && strcasecmp(c->title, c->name))
			fprintf(out, " (--sort %s)", c->name);
		if (!c->shown)
			fputs(", shown when sorted by it", out);
		put_sentence(out, c->help);
	}
}

/* Those of record, for the man page. */
static void help_formats(FILE *out)
{
	for (size_t i = 0; i < format_cnt; i++) {
		if (!(format_table[i].bits & FORMAT_RECORD))
			continue;
		fprintf(out, "*%s* (%s)", format_table[i].name, format_table[i].suffixes);
		put_sentence(out, format_table[i].help);
	}
}

/* What --check knows, for the man page. */
static void help_checks(FILE *out)
{
	for (int i = 0; i < CHECK_METRICS; i++) {
		__cleanup(sbuf__free) struct sbuf name = { 0 }, units = { 0 };

		check_metric__usage(&check_metrics[i], &name);
		check_metric__units(&check_metrics[i], &units);
		fprintf(out, "*%s* (%s)", sbuf__str(&name), sbuf__str(&units));
		put_sentence(out, check_metrics[i].help);
	}
}

int opts__print_help(FILE *out, const char *style)
{
	static const struct {
		const char *name;
		void (*print)(FILE *out);
	} styles[] = { { "text", help_text },	    { "man", help_man },
		       { "columns", help_columns }, { "formats", help_formats },
		       { "checks", help_checks },   { "bash", help_bash },
		       { "zsh", help_zsh },	    { "fish", help_fish } };

	for (size_t i = 0; i < ARRAY_SIZE(styles); i++) {
		if (strcmp(style, styles[i].name))
			continue;
		styles[i].print(out);
		return 0;
	}
	return -EINVAL;
}
