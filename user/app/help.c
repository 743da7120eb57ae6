/* SPDX-License-Identifier: BSD-2-Clause */
/* help.c - what the option table says to people: --help, the man page, the shells */
#include <errno.h>
#include <string.h>

#include "user/app/opts_impl.h"
#include "user/view/columns.h"

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
		char left[40];

		snprintf(left, sizeof(left), "%c%c%s --%s%s%s", opt_table[i].short_name ? '-' : ' ',
			 opt_table[i].short_name ? opt_table[i].short_name : ' ',
			 opt_table[i].short_name ? "," : " ", opt_table[i].name,
			 opt_table[i].arg ? " " : "", opt_table[i].arg ? opt_table[i].arg : "");
		fprintf(out, "  %-26s %s\n", left, opt_table[i].help);
	}
	fprintf(out, "\nExit status: 0 ok, 1 runtime error, 2 usage, 3 no permission, 4 no such "
		     "process or not\n"
		     "a CPython, 5 unsupported kernel or interpreter, 6 events were lost; with -- "
		     "COMMAND its own.\n"
		     "See giltop(1).\n");
}

static void help_man(FILE *out)
{
	for (size_t i = 0; i < opt_cnt; i++) {
		const struct opt_desc *d = &opt_table[i];

		if (d->short_name)
			fprintf(out, "*-%c*, ", d->short_name);
		fprintf(out, "*--%s*", d->name);
		if (d->arg)
			fprintf(out, " _%s_", d->arg);
		fprintf(out, "\n\t%c%s.\n\n",
			d->help[0] - (d->help[0] >= 'a' && d->help[0] <= 'z' ? 32 : 0),
			d->help + 1);
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
		fprintf(out, "%s\n\t%c%s.\n\n", c->shown ? "" : ", shown when sorted by it",
			c->help[0] - (c->help[0] >= 'a' && c->help[0] <= 'z' ? 32 : 0),
			c->help + 1);
	}
}

static void help_completion(FILE *out, const char *shell)
{
	if (!strcmp(shell, "bash")) {
		fprintf(out, "complete -W \"");
		for (int v = 0; v < VERB_CNT; v++)
			fprintf(out, "%s ", verb_table[v].name);
		for (size_t i = 0; i < opt_cnt; i++)
			fprintf(out, "--%s ", opt_table[i].name);
		fprintf(out, "\" -o default giltop\n");
		return;
	}
	if (!strcmp(shell, "zsh"))
		fprintf(out, "#compdef giltop\n_arguments \\\n");
	for (size_t i = 0; i < opt_cnt; i++) {
		const struct opt_desc *d = &opt_table[i];

		if (!strcmp(shell, "zsh"))
			fprintf(out, "  '--%s[%s]%s' \\\n", d->name, d->help,
				d->arg ? ":value:" : "");
		else
			fprintf(out, "complete -c giltop -l %s%s%c %s -d '%s'\n", d->name,
				d->short_name ? " -s " : "", d->short_name ? d->short_name : ' ',
				d->arg ? "-r" : "-f", d->help);
	}
	if (!strcmp(shell, "zsh"))
		fprintf(out, "  '1:verb:(top record dump list doctor)'\n");
}

int opts__print_help(FILE *out, const char *style)
{
	if (!strcmp(style, "text"))
		help_text(out);
	else if (!strcmp(style, "man"))
		help_man(out);
	else if (!strcmp(style, "columns"))
		help_columns(out);
	else if (!strcmp(style, "bash") || !strcmp(style, "zsh") || !strcmp(style, "fish"))
		help_completion(out, style);
	else
		return -EINVAL;
	return 0;
}
