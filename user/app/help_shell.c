/* SPDX-License-Identifier: BSD-2-Clause */
/* help_shell.c - what the option table says to shells: completion scripts for bash, zsh and fish
 *
 * Each knows the verbs, the options of the verb that is there, the values of those that have a list, and
 * for -p the processes: those that giltop itself finds, and, for who may not look into others' before
 * sudo, those that are called python.
 */
#include <string.h>

#include "user/app/opts_impl.h"
#include "user/base/sbuf.h"
#include "user/base/util.h"

static void put_verbs(FILE *out, const char *sep)
{
	for (int v = 0; v < VERB_CNT; v++)
		fprintf(out, "%s%s", v ? sep : "", verb_table[v].name);
}

/* ---- bash ---- */

static void bash_values(FILE *out)
{
	for (size_t i = 0; i < opt_cnt; i++) {
		const struct opt_desc *d = &opt_table[i];
		__cleanup(sbuf__free) struct sbuf values = { 0 };

		opt__values(d, " ", &values);
		if (!d->arg || (!values.len && d->type == OPT_STR))
			continue; /* -o: a file, as the shell knows them */
		putc('\t', out);
		if (d->short_name)
			fprintf(out, "-%c | ", d->short_name);
		fprintf(out, "--%s) ", d->name);
		if (!strcmp(d->name, "pid"))
			fputs("_giltop_pids \"$cmd\" \"$cur\"; return ;;\n", out);
		else if (d->arg[0] == '[') /* or an option comes */
			fprintf(out, "[[ $cur == -* ]] || words=\"%s\" ;;\n", sbuf__str(&values));
		else if (values.len)
			fprintf(out, "words=\"%s\" ;;\n", sbuf__str(&values));
		else /* a number: no files for it */
			fputs("words=; compopt +o default 2>/dev/null ;;\n", out);
	}
}

void help_bash(FILE *out)
{
	fputs("_giltop_pids() {\n"
	      "\tlocal before=\n"
	      "\t[[ $2 != *,* ]] || before=${2%,*},\n"
	      "\tCOMPREPLY=($(compgen -P \"$before\" -W \"$({ \"$1\" list; pgrep python; } "
	      "2>/dev/null |\n"
	      "\t\tawk '$1 + 0 { print $1 }' | sort -nu)\" -- \"${2##*,}\"))\n"
	      "}\n"
	      "_giltop() {\n"
	      "\tlocal cmd=$1 cur=$2 prev=$3 verb=top words=\"\" i\n"
	      "\tfor ((i = 1; i < COMP_CWORD; i++)); do\n"
	      "\t\tcase ${COMP_WORDS[i]} in\n"
	      "\t\t--)\n"
	      "\t\t\tCOMPREPLY=()\n"
	      "\t\t\t((i + 1 < COMP_CWORD)) || COMPREPLY=($(compgen -c -- \"$cur\"))\n"
	      "\t\t\treturn ;;\n"
	      "\t\t",
	      out);
	put_verbs(out, " | ");
	fputs(")\n"
	      "\t\t\tverb=${COMP_WORDS[i]}; break ;;\n"
	      "\t\tesac\n"
	      "\tdone\n"
	      "\tif [[ $cur == = ]]; then\n"
	      "\t\tcur=\n"
	      "\telif [[ $prev == = ]]; then\n"
	      "\t\tprev=${COMP_WORDS[COMP_CWORD - 2]}\n"
	      "\tfi\n"
	      "\tcase $verb in\n",
	      out);
	for (int v = 0; v < VERB_CNT; v++) {
		fprintf(out, "\t%s) words=\"", verb_table[v].name);
		if (v == VERB_TOP || v == VERB_HELP)
			put_verbs(out, " ");
		for (size_t i = 0; i < opt_cnt; i++)
			if (opt__is_for(&opt_table[i], (enum verb)v))
				fprintf(out, " --%s", opt_table[i].name);
		fputs("\" ;;\n", out);
	}
	fputs("\tesac\n"
	      "\tcase $prev in\n"
	      "\t-o | --output) words= ;;\n",
	      out);
	bash_values(out);
	fputs("\tesac\n"
	      "\tCOMPREPLY=($(compgen -W \"$words\" -- \"$cur\"))\n"
	      "}\n"
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

/* ---- zsh ---- */

/* What comes after the option, as _arguments wants it. */
static void zsh_value(FILE *out, const struct opt_desc *d)
{
	__cleanup(sbuf__free) struct sbuf values = { 0 };

	opt__values(d, " ", &values);
	if (values.len)
		fprintf(out, "%svalue:(%s)", d->arg[0] == '[' ? "::" : ":", sbuf__str(&values));
	else if (!strcmp(d->name, "pid"))
		fputs(":pid:_giltop_pids", out);
	else if (d->type == OPT_STR)
		fputs(":file:_files", out);
	else if (d->arg)
		fputs(":value: ", out);
}

static void zsh_option(FILE *out, const struct opt_desc *d)
{
	bool again = d->type == OPT_LIST || d->type == OPT_COUNT || d->type == OPT_WORDS;

	for (int is_long = !d->short_name; is_long < 2; is_long++) {
		__cleanup(sbuf__free) struct sbuf help = { 0 };

		opt__help(d, &help);
		fprintf(out, "    '%s", again ? "*" : "");
		if (is_long)
			fprintf(out, "--%s%s", d->name, d->arg && d->arg[0] != '[' ? "=" : "");
		else
			fprintf(out, "-%c", d->short_name);
		putc('[', out);
		put_quoted(out, sbuf__str(&help), false);
		putc(']', out);
		zsh_value(out, d);
		fputs("'\n", out);
	}
}

void help_zsh(FILE *out)
{
	fputs("#compdef giltop\n"
	      "_giltop_pids() {\n"
	      "  local -a pids\n"
	      "  pids=(${(fnu)\"$({ $words[1] list; pgrep python } 2>/dev/null | awk '$1 + 0 { "
	      "print $1 }')\"})\n"
	      "  _sequence compadd - $pids\n"
	      "}\n"
	      "_giltop() {\n"
	      "  local verb=top word\n"
	      "  local -a opts\n"
	      "  for word in ${words[2,CURRENT-1]}; do\n"
	      "    case $word in\n"
	      "    (",
	      out);
	put_verbs(out, "|");
	fputs(") verb=$word; break ;;\n"
	      "    (--) break ;;\n"
	      "    esac\n"
	      "  done\n"
	      "  opts=()\n",
	      out);
	for (size_t i = 0; i < opt_cnt; i++) {
		const struct opt_desc *d = &opt_table[i];
		const char *before = "";

		fputs("  case $verb in\n  (", out);
		for (int v = 0; v < VERB_CNT; v++) {
			if (!opt__is_for(d, (enum verb)v))
				continue;
			fprintf(out, "%s%s", before, verb_table[v].name);
			before = "|";
		}
		fputs(") opts+=(\n", out);
		zsh_option(out, d);
		fputs("    ) ;;\n  esac\n", out);
	}
	fputs("  case $verb in\n"
	      "  (help) opts+=('2:verb:(",
	      out);
	put_verbs(out, " ");
	fputs(")') ;;\n"
	      "  (top) opts+=('(-)--[a command follows]:*:::command:_normal') ;;\n"
	      "  esac\n"
	      "  _arguments -s $opts '1:verb:((",
	      out);
	for (int v = 0; v < VERB_CNT; v++) {
		fprintf(out, "%s%s\\:\"", v ? " " : "", verb_table[v].name);
		put_quoted(out, verb_table[v].help, false);
		putc('"', out);
	}
	fputs("))'\n"
	      "}\n"
	      "if [[ $funcstack[1] == _giltop ]]; then _giltop \"$@\"; else compdef _giltop "
	      "giltop; fi\n",
	      out);
}

/* ---- fish ---- */

static void fish_condition(FILE *out, const struct opt_desc *d)
{
	bool top = opt__is_for(d, VERB_TOP);
	bool any = false;

	/* Without a verb it is top. */
	for (int v = 0; v < VERB_CNT; v++) {
		if (opt__is_for(d, (enum verb)v) == top)
			continue;
		fprintf(out, "%s %s",
			any   ? ""
			: top ? " -n 'not __fish_seen_subcommand_from"
			      : " -n '__fish_seen_subcommand_from",
			verb_table[v].name);
		any = true;
	}
	if (any)
		putc('\'', out);
}

static void fish_option(FILE *out, const struct opt_desc *d)
{
	__cleanup(sbuf__free) struct sbuf help = { 0 }, values = { 0 };
	bool pid = !strcmp(d->name, "pid"), file = d->type == OPT_STR;

	opt__help(d, &help);
	opt__values(d, " ", &values);
	fputs("complete -c giltop", out);
	fish_condition(out, d);
	fprintf(out, " -l %s", d->name);
	if (d->short_name)
		fprintf(out, " -s %c", d->short_name);
	fprintf(out, " -%c", !d->arg || d->arg[0] == '[' ? 'f' : file ? 'r' : 'x');
	if (pid)
		fputs(" -a '(__giltop_pids)'", out);
	else if (values.len)
		fprintf(out, " -a '%s'", sbuf__str(&values));
	fputs(" -d '", out);
	put_quoted(out, sbuf__str(&help), true);
	fputs("'\n", out);
}

void help_fish(FILE *out)
{
	fputs("function __giltop_pids\n"
	      "  begin; giltop list; pgrep python; end 2>/dev/null | awk '$1 + 0 { print $1 }' | "
	      "sort -nu\n"
	      "end\n"
	      "complete -c giltop -n '__fish_seen_subcommand_from help' -f -a '",
	      out);
	put_verbs(out, " ");
	fputs("'\n", out);
	for (int v = 0; v < VERB_CNT; v++) {
		fprintf(out, "complete -c giltop -n __fish_use_subcommand -f -a %s -d '",
			verb_table[v].name);
		put_quoted(out, verb_table[v].help, true);
		fputs("'\n", out);
	}
	for (size_t i = 0; i < opt_cnt; i++)
		fish_option(out, &opt_table[i]);
}
