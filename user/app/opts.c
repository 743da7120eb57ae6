/* SPDX-License-Identifier: BSD-2-Clause */
#include "user/app/opts.h"

#include <errno.h>
#include <getopt.h>
#include <stdlib.h>
#include <string.h>

#include "user/app/command_line.h"
#include "user/app/opts_impl.h"
#include "user/base/nearest.h"
#include "user/base/sbuf.h"
#include "user/base/util.h"
#include "user/view/formats.h"

bool opts__converts(const struct opts *o)
{
	return o->verb == VERB_RECORD || o->verb == VERB_EXPORT;
}

/* What record and export write. NULL: its name does not say. */
static const struct format *record_format(const struct opts *o)
{
	const struct format *f = o->format;

	if (!f && (o->ring_ns || o->ring_bytes))
		f = formats__find("giltop");
	if (!f && o->output)
		f = formats__of_file(o->output);
	return f || !o->output || strcmp(o->output, "-") ? f : formats__find("folded");
}

bool opts__records(const struct opts *o)
{
	if (o->verb == VERB_RECORD)
		return record_format(o) == formats__find("giltop");
	return o->verb == VERB_TOP && (o->ring_ns || o->ring_bytes);
}

const struct format *opts__format(const struct opts *o)
{
	bool tables = o->json || o->text || o->markdown;

	/* What is said of a recording while it is made is another thing. */
	if (opts__converts(o) && !(opts__records(o) && tables) && (o->format || !tables))
		return record_format(o);
	if (o->verb == VERB_DIFF && o->format)
		return o->format;
	if (o->json)
		return formats__find("jsonl");
	if (o->text || o->markdown)
		return formats__find(o->text ? "summary" : "markdown");
	return formats__find(o->verb == VERB_DUMP ? "dump" : "text");
}

/* getopt's table, from ours: the value of an option is its index + 256. */
static void make_getopt(struct option *longs, char *shorts)
{
	size_t s = 0;

	shorts[s++] = '+';
	shorts[s++] = ':';
	for (size_t i = 0; i < opt_cnt; i++) {
		const struct opt_desc *d = &opt_table[i];
		bool may_miss = d->arg && d->arg[0] == '[';
		int arg = d->arg && !may_miss ? required_argument : no_argument;

		if (may_miss || (d->type == OPT_ACTION && d->short_name == 'h'))
			arg = optional_argument;
		longs[i] = (struct option){ d->name, arg, NULL, (int)i + 256 };
		if (!d->short_name)
			continue;
		shorts[s++] = d->short_name;
		if (arg == required_argument)
			shorts[s++] = ':';
	}
	shorts[s] = '\0';
}

static const struct opt_desc *desc_of(int c)
{
	if (c >= 256)
		return &opt_table[c - 256];
	for (size_t i = 0; i < opt_cnt; i++)
		if (opt_table[i].short_name == c)
			return &opt_table[i];
	return NULL;
}

/* What opts__parse has seen so far. */
struct parsing {
	struct opts o;
	uint64_t given; /* bits 1 << index in opt_table */
	bool verb_said; /* or something else that is no option: no verb comes any more */
	int help_of;	/* of help VERB; -1: all */
};

/* -h and -V: > 0, all is done. */
static int action(const struct parsing *p, const struct opt_desc *d, const char *arg)
{
	if (d->short_name == 'V') {
		puts("giltop " GILTOP_VERSION);
		return 1;
	}
	if (!arg && p->verb_said && p->o.verb != VERB_HELP) {
		opts__print_verb_help(stdout, p->o.verb);
		return 1;
	}
	if (opts__print_help(stdout, arg ? arg : "text"))
		return usage("--help=%s: text, man, bash, zsh or fish", arg);
	return 1;
}

static int find_verb(const char *name, struct nearest *near)
{
	near->word = name;
	for (int v = 0; v < VERB_CNT; v++) {
		nearest__try(near, verb_table[v].name);
		if (!strcmp(verb_table[v].name, name))
			return v;
	}
	return -1;
}

static int no_verb(const char *word, const struct nearest *near, bool may_be_pid)
{
	__cleanup(sbuf__free) struct sbuf what = { 0 }, names = { 0 };

	for (int v = 0; v < VERB_CNT; v++)
		sbuf__printf(&names, "%s%s", v ? ", " : "", verb_table[v].name);
	sbuf__printf(&what,
		     may_be_pid ? "'%s' is neither a pid (a command goes after --) nor a verb"
				: "'%s' is no verb",
		     word);
	return usage_none_of(sbuf__str(&what), near, "", sbuf__str(&names));
}

static bool may_read_files(enum verb v)
{
	return v == VERB_REPORT || v == VERB_EXPORT || v == VERB_DIFF || v == VERB_DUMP ||
	       v == VERB_RECORD;
}

static int add_file(struct opts *o, const char *path)
{
	size_t max = o->verb == VERB_DIFF ? 2 : 1;

	if (o->file_cnt == max)
		return usage("%s reads %s: '%s' is one more", verb__name(o->verb),
			     max == 1 ? "one file" : "two files", path);
	o->files[o->file_cnt++] = path;
	return 0;
}

/* One word that is no option: a verb, a file to read, or a pid. */
static int positional(struct parsing *p, const char *word)
{
	struct nearest near = { 0 };
	int v = find_verb(word, &near);
	bool first = !p->verb_said;

	p->verb_said = true;
	if (p->o.verb == VERB_HELP) {
		p->help_of = v;
		return v >= 0 ? 0 : no_verb(word, &near, false);
	}
	if (v >= 0 && first) {
		p->o.verb = (enum verb)v;
		return 0;
	}
	/* A pid is never that, and a file may be called by its path. */
	if (may_read_files(p->o.verb) && word[strspn(word, "0123456789,")])
		return add_file(&p->o, word);
	if (word[0] >= '0' && word[0] <= '9') {
		p->given |= 1; /* as with -p */
		return opt__set(&p->o, &opt_table[0], word);
	}
	if (!first)
		return usage("'%s' is no pid (a verb goes first, a command after --)", word);
	return no_verb(word, &near, true);
}

/* What getopt does not take: c is what it says. */
static int not_taken(int c, const char *word)
{
	const struct opt_desc *d = optopt ? desc_of(optopt) : NULL;
	__cleanup(sbuf__free) struct sbuf fits = { 0 };
	struct nearest near = { 0 };
	size_t len, cnt = 0;

	if (d)
		return usage(c == ':' ? "--%s needs a value: %s" : "--%s takes no value%s", d->name,
			     c == ':' ? d->arg : "");
	if (optopt)
		return usage("unknown option '-%c'", optopt);
	word += strspn(word, "-");
	len = strcspn(word, "=");
	near.word = strndupa(word, len);
	for (size_t i = 0; i < opt_cnt; i++) {
		nearest__try(&near, opt_table[i].name);
		if (!strncmp(opt_table[i].name, word, len))
			sbuf__printf(&fits, "%s--%s", cnt++ ? ", " : "", opt_table[i].name);
	}
	if (cnt > 1)
		return usage("option '--%s' is short for several: %s", near.word, sbuf__str(&fits));
	if (near.best)
		return usage("unknown option '--%s'; did you mean --%s?", near.word, near.best);
	return usage("unknown option '--%s'", near.word);
}

/* The value of -s is a word of its own, if it is one: getopt knows values that may be missing only in -sVALUE, where
 * other options could be.
 */
static const char *value_after(const struct opt_desc *d, int argc, char **argv)
{
	for (int i = 0; d->type == OPT_ENUM_OR && optind < argc && d->names[i]; i++)
		if (!strcmp(d->names[i], argv[optind]))
			return argv[optind++];
	return NULL;
}

/* One step of getopt. 0: go on; > 0: all is done; -EINVAL; -ENOMEM. *ret_end: this was the last one. */
static int parse_next(struct parsing *p, int argc, char **argv, const char *shorts,
		      const struct option *longs, bool *ret_end)
{
	int before = optind ? optind : 1, c = getopt_long(argc, argv, shorts, longs, NULL);
	const struct opt_desc *d;

	if (c == -1) {
		/* If getopt has stepped over it: else it is the value of the option before. */
		if (optind > before && !strcmp(argv[optind - 1], "--")) {
			p->o.command = &argv[optind];
			*ret_end = true;
			return optind < argc ? 0 : usage("there is no command after --");
		}
		*ret_end = optind >= argc;
		return *ret_end ? 0 : positional(p, argv[optind++]);
	}
	if (c == '?' || c == ':')
		return not_taken(c, argv[optind - 1]);
	d = desc_of(c);
	if (d->type == OPT_ACTION)
		return action(p, d, optarg);
	p->given |= 1ull << (d - opt_table);
	return opt__set(&p->o, d, optarg ? optarg : value_after(d, argc, argv));
}

/* What the table says of times and numbers; the other defaults are 0, but for those here. */
static int set_defaults(struct opts *o)
{
	o->subprocesses = -1;
	o->max_loss = UINT64_MAX;
	for (size_t i = 0; i < opt_cnt; i++) {
		const struct opt_desc *d = &opt_table[i];

		if (d->def &&
		    (d->type == OPT_DURATION || d->type == OPT_ENUM || d->type == OPT_U64 ||
		     d->type == OPT_PCT) &&
		    opt__set(o, d, d->def))
			return -EINVAL;
	}
	return 0;
}

/* What follows from the options. */
static int finish(int argc, char **argv, struct parsing *p)
{
	__cleanup(sbuf__free) struct sbuf why = { 0 };
	struct opts *o = &p->o;
	int err;

	o->said = p->given;
	if ((o->ring_ns || o->ring_bytes) && o->output && *o->output &&
	    (o->verb == VERB_RECORD || o->output[strlen(o->output) - 1] == '/')) {
		o->ring_to = o->output; /* what is said goes to stdout */
		o->output = NULL;
	}
	o->batch |= o->text || o->markdown;
	o->view.one_interval =
		o->iterations == 1 || (o->duration_ns && o->duration_ns <= o->view.interval_ns);
	o->words = command_line(argc, argv);
	err = proc_filter__check(&o->filter, &why);
	if (err)
		return err == -EINVAL ? usage("%s", sbuf__str(&why)) : err;
	o->view.command = o->words;
	return o->words ? opts__check(o, p->given) : -ENOMEM;
}

int opts__parse(int argc, char **argv, struct opts *ret)
{
	struct option longs[OPT_MAX + 1] = { 0 };
	char shorts[3 * OPT_MAX + 3];
	struct parsing p = { .help_of = -1 };
	bool end = false;
	int err = set_defaults(&p.o);

	make_getopt(longs, shorts);
	optind = 0;
	while (!err && !end)
		err = parse_next(&p, argc, argv, shorts, longs, &end);
	if (!err && p.o.verb == VERB_HELP) {
		if (p.help_of >= 0)
			opts__print_verb_help(stdout, (enum verb)p.help_of);
		else
			opts__print_help(stdout, "text");
		err = 1;
	}
	if (!err)
		err = finish(argc, argv, &p);
	if (err)
		opts__free(&p.o);
	else
		*ret = p.o;
	return err;
}

void opts__free(struct opts *o)
{
	free(o->pids);
	free(o->view.tids);
	free(o->checks.list);
	free(o->words);
	proc_filter__free(&o->filter);
	o->pids = o->view.tids = NULL;
	o->checks = (struct checks){ 0 };
	o->words = NULL;
}

bool opts__said(const struct opts *o, const char *name)
{
	for (size_t i = 0; i < opt_cnt; i++)
		if (!strcmp(opt_table[i].name, name))
			return o->said >> i & 1;
	return false;
}
