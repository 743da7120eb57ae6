/* SPDX-License-Identifier: BSD-2-Clause */
/* help.c - what the option table says to people: --help, the man page, the shells */
#include <errno.h>
#include <string.h>

#include "user/app/opts_impl.h"
#include "user/base/sbuf.h"
#include "user/base/util.h"
#include "user/view/columns.h"
#include "user/view/formats.h"

static void help_use(FILE *out, const char *verb, const char *args, const char *help)
{
	char left[48];

	snprintf(left, sizeof(left), "giltop %-*s%s", *verb ? 7 : 0, verb, args);
	fprintf(out, "  %-39s %s\n", left, help);
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
	for (size_t i = 0; i < opt_cnt; i++) {
		__cleanup(sbuf__free) struct sbuf help = { 0 };
		char left[40];

		opt__help(&opt_table[i], &help);

		snprintf(left, sizeof(left), "%c%c%s --%s%s%s", opt_table[i].short_name ? '-' : ' ',
			 opt_table[i].short_name ? opt_table[i].short_name : ' ',
			 opt_table[i].short_name ? "," : " ", opt_table[i].name,
			 opt_table[i].arg ? " " : "", opt_table[i].arg ? opt_table[i].arg : "");
		fprintf(out, "  %-26s %s\n", left, sbuf__str(&help));
	}
	fprintf(out, "\nExit status: 0 ok, 1 runtime error, 2 usage, 3 no permission, 4 no such "
		     "process or not\n"
		     "a CPython, 5 unsupported kernel or interpreter, 6 events were lost; with -- "
		     "COMMAND its own.\n"
		     "See giltop(1).\n");
}

/* A paragraph under its heading. */
static void put_sentence(FILE *out, const char *text)
{
	fprintf(out, "\n\t%c%s.\n\n", text[0] - (text[0] >= 'a' && text[0] <= 'z' ? 32 : 0),
		*text ? text + 1 : "");
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
		if (d->arg)
			fprintf(out, " _%s_", d->arg);
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

/* The words that an option's value is one of, empty if it is anything else. */
static void values_of(const struct opt_desc *d, struct sbuf *out)
{
	if (d->type == OPT_FORMAT)
		formats__names(FORMAT_RECORD, " ", " ", out);
	for (size_t i = 0; d->type == OPT_ENUM && d->names[i]; i++)
		sbuf__printf(out, "%s%s", i ? " " : "", d->names[i]);
}

static void put_verbs(FILE *out)
{
	for (int v = 0; v < VERB_CNT; v++)
		fprintf(out, "%s%s", v ? " " : "", verb_table[v].name);
}

static void help_bash(FILE *out)
{
	fputs("_giltop() {\n\tlocal words=\"", out);
	put_verbs(out);
	for (size_t i = 0; i < opt_cnt; i++)
		fprintf(out, " --%s", opt_table[i].name);
	fputs("\"\n\tcase $3 in\n", out);
	for (size_t i = 0; i < opt_cnt; i++) {
		const struct opt_desc *d = &opt_table[i];
		__cleanup(sbuf__free) struct sbuf values = { 0 };

		values_of(d, &values);
		if (d->short_name && values.len)
			fprintf(out, "\t-%c | --%s) words=\"%s\" ;;\n", d->short_name, d->name,
				sbuf__str(&values));
		else if (values.len)
			fprintf(out, "\t--%s) words=\"%s\" ;;\n", d->name, sbuf__str(&values));
	}
	fputs("\tesac\n\tCOMPREPLY=($(compgen -W \"$words\" -- \"$2\"))\n}\n"
	      "complete -F _giltop -o default giltop\n",
	      out);
}

/* In '..': there zsh ends at the next ', whatever is before it, fish takes \' as one; zsh's _arguments
 * would end at a ].
 */
static void put_quoted(FILE *out, const char *s, bool fish)
{
	for (; *s; s++) {
		if (*s == '\'')
			fputs(fish ? "\\'" : "'\\''", out);
		else if (*s == '\\' || (*s == ']' && !fish))
			fprintf(out, "\\%c", *s);
		else
			putc(*s, out);
	}
}

static void help_zsh(FILE *out)
{
	fputs("#compdef giltop\n_arguments \\\n", out);
	for (size_t i = 0; i < opt_cnt; i++) {
		const struct opt_desc *d = &opt_table[i];
		__cleanup(sbuf__free) struct sbuf help = { 0 }, values = { 0 };

		opt__help(d, &help);
		values_of(d, &values);
		fprintf(out, "  '--%s[", d->name);
		put_quoted(out, sbuf__str(&help), false);
		if (values.len)
			fprintf(out, "]:value:(%s)' \\\n", sbuf__str(&values));
		else
			fprintf(out, "]%s' \\\n", d->arg ? ":value:" : "");
	}
	fputs("  '1:verb:(", out);
	put_verbs(out);
	fputs(")'\n", out);
}

static void help_fish(FILE *out)
{
	for (int v = 0; v < VERB_CNT; v++) {
		fprintf(out, "complete -c giltop -n __fish_use_subcommand -f -a %s -d '",
			verb_table[v].name);
		put_quoted(out, verb_table[v].help, true);
		fputs("'\n", out);
	}
	for (size_t i = 0; i < opt_cnt; i++) {
		const struct opt_desc *d = &opt_table[i];
		__cleanup(sbuf__free) struct sbuf help = { 0 }, values = { 0 };

		opt__help(d, &help);
		values_of(d, &values);
		fprintf(out, "complete -c giltop -l %s", d->name);
		if (d->short_name)
			fprintf(out, " -s %c", d->short_name);
		fprintf(out, " -%c", values.len ? 'x' : d->arg ? 'r' : 'f');
		if (values.len)
			fprintf(out, " -a '%s'", sbuf__str(&values));
		fputs(" -d '", out);
		put_quoted(out, sbuf__str(&help), true);
		fputs("'\n", out);
	}
}

int opts__print_help(FILE *out, const char *style)
{
	static const struct {
		const char *name;
		void (*print)(FILE *out);
	} styles[] = { { "text", help_text },	    { "man", help_man },
		       { "columns", help_columns }, { "formats", help_formats },
		       { "bash", help_bash },	    { "zsh", help_zsh },
		       { "fish", help_fish } };

	for (size_t i = 0; i < ARRAY_SIZE(styles); i++) {
		if (strcmp(style, styles[i].name))
			continue;
		styles[i].print(out);
		return 0;
	}
	return -EINVAL;
}
