/* SPDX-License-Identifier: BSD-2-Clause */
#include "user/app/opts.h"

#include <errno.h>
#include <getopt.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include "user/app/opts_impl.h"
#include "user/base/parse.h"
#include "user/base/sbuf.h"
#include "user/base/util.h"
#include "user/view/columns.h"
#include "user/view/formats.h"

static const char *const weight_names[] = { "wait", "hold", "blame", "chain", NULL };
static const char *const unit_names[] = { "us", "ns", NULL };
static const char *const color_names[] = { "auto", "always", "never", NULL };
static const char *const group_names[] = { "auto", "pool", "none", NULL };
static const char *const attach_names[] = { "auto", "multi", "perf", NULL };

#define OFF(field) offsetof(struct opts, field)

const struct opt_desc opt_table[] = {
	{ "pid", 'p', "PID[,PID..]", OPT_LIST, OFF(pid_cnt),
	  .help = "look at these running processes", .min = 1, .max = INT32_MAX },
	{ "tid", 't', "TID[,TID..]", OPT_LIST, OFF(view.tid_cnt), .help = "show only these threads",
	  .min = 1, .max = INT32_MAX },
	{ "all", 'a', NULL, OPT_FLAG, OFF(all),
	  .help = "every Python process, also those that start later" },
	{ "subprocesses", 's', NULL, OPT_ON, OFF(subprocesses),
	  .help = "follow child processes (default with -- COMMAND)" },
	{ "no-subprocesses", 0, NULL, OPT_OFF, OFF(subprocesses),
	  .help = "do not follow child processes" },
	{ "duration", 'd', "TIME", OPT_DURATION, OFF(duration_ns),
	  .help = "stop after 10, 10s, 500ms, 2m .." },
	{ "interval", 'i', "TIME", OPT_DURATION, OFF(view.interval_ns),
	  .help = "refresh every TIME (default 1s)" },
	{ "iterations", 'n', "N", OPT_U64, OFF(iterations), .help = "stop after N refreshes",
	  .min = 1, .max = UINT32_MAX },
	{ "batch", 'b', NULL, OPT_FLAG, OFF(batch),
	  .help = "plain text tables instead of the live view" },
	{ "json", 0, NULL, OPT_FLAG, OFF(json), .help = "batch as JSON lines" },
	{ "output", 'o', "FILE", OPT_STR, OFF(output), .help = "write to FILE (- is stdout)" },
	{ "force", 0, NULL, OPT_FLAG, OFF(force), .help = "overwrite FILE" },
	{ "format", 'f', "NAME", OPT_FORMAT, OFF(format), .help = "record: FORMATS" },
	{ "weight", 0, "WHAT", OPT_ENUM, OFF(view.weight),
	  .help = "FORMATS stacks of: wait (who waited), hold, blame (who made others wait), chain "
		  "(both)",
	  .names = weight_names },
	{ "unit", 0, "UNIT", OPT_ENUM, OFF(view.unit_ns),
	  .help = "FORMATS values in us or ns (default us)", .names = unit_names },
	{ "sort", 0, "KEY", OPT_STR, OFF(view.sort),
	  .help = "sort threads by a column (default delay)" },
	{ "group", 0, "HOW", OPT_ENUM, OFF(view.group),
	  .help = "threads of a pool in one row: auto (those that ended), pool (all) or none",
	  .names = group_names },
	{ "my-code", 0, NULL, OPT_FLAG, OFF(view.my_code),
	  .help = "time goes to the nearest frame outside the standard library and site-packages" },
	{ "merge-threads", 0, NULL, OPT_FLAG, OFF(view.merge_threads),
	  .help = "FORMATS one root for all threads of a pool" },
	{ "text", 0, NULL, OPT_FLAG, OFF(text),
	  .help = "batch: only a summary of 15 lines, for a ticket" },
	{ "markdown", 0, NULL, OPT_FLAG, OFF(markdown), .help = "the same summary as Markdown" },
	{ "mouse", 0, NULL, OPT_FLAG, OFF(mouse),
	  .help = "live view: use the mouse (copy and paste then need Shift)" },
	{ "limit", 'l', "N", OPT_U64, OFF(view.limit),
	  .help = "show the first N threads of a process", .max = UINT32_MAX },
	{ "no-stacks", 0, NULL, OPT_FLAG, OFF(no_stacks), .help = "do not collect Python stacks" },
	{ "min-hold", 0, "TIME", OPT_DURATION, OFF(min_hold_ns),
	  .help = "collect stacks of holds of at least TIME (default 1ms), and of those that made "
		  "others "
		  "wait" },
	{ "max-loss", 0, "N", OPT_U64, OFF(max_loss),
	  .help = "exit with 6 if more than N were lost, in totals and in detail together",
	  .max = UINT64_MAX },
	{ "color", 0, "WHEN", OPT_ENUM, OFF(color),
	  .help = "auto, always or never (NO_COLOR is honoured)", .names = color_names },
	{ "no-unicode", 'U', NULL, OPT_FLAG, OFF(no_unicode), .help = "draw with ASCII only" },
	{ "attach", 0, "HOW", OPT_ENUM, OFF(attach),
	  .help = "auto, multi (uprobe_multi links) or perf (perf events)", .names = attach_names },
	{ "quiet", 'q', NULL, OPT_FLAG, OFF(quiet), .help = "errors only" },
	{ "verbose", 'v', NULL, OPT_COUNT, OFF(verbose),
	  .help = "say more; twice: libbpf's own words too" },
	{ "version", 'V', NULL, OPT_ACTION, 0, .help = "print the version" },
	{ "help", 'h', NULL, OPT_ACTION, 0, .help = "print this" },
};

const size_t opt_cnt = ARRAY_SIZE(opt_table);

const struct verb_desc verb_table[VERB_CNT] = {
	[VERB_TOP] = { "top", "-p PID | -a | -- COMMAND ..",
		       "live view, or batch with -b (the default verb)" },
	[VERB_RECORD] = { "record", "-f folded -p PID -o FILE",
			  "measure into a file, in the format of -f" },
	[VERB_DUMP] = { "dump", "-p PID",
			"one look: who holds, who waits since when, with Python stacks" },
	[VERB_LIST] = { "list", "",
			"the Python processes of this machine and how their GIL was found" },
	[VERB_DOCTOR] = { "doctor", "[-p PID]",
			  "what this kernel allows; with -p how the GIL is found" },
};

const char *verb__name(enum verb v)
{
	return verb_table[v].name;
}

static int usage(const char *fmt, ...) __attribute__((format(printf, 1, 2)));

static int usage(const char *fmt, ...)
{
	va_list ap;

	fputs("giltop: ", stderr);
	va_start(ap, fmt);
	vfprintf(stderr, fmt, ap);
	va_end(ap);
	fputs("; see giltop --help\n", stderr);
	return -EINVAL;
}

static int add_list(const struct opt_desc *d, const char *arg, size_t *cnt, uint32_t **list)
{
	__cleanup(freep) char *copy = strdup(arg);
	char *save = NULL;

	if (!copy)
		return -ENOMEM;
	for (char *s = strtok_r(copy, ",", &save); s; s = strtok_r(NULL, ",", &save)) {
		uint32_t *more;
		uint64_t v;

		if (parse_u64(s, d->min, d->max, &v))
			return usage("--%s: '%s' is not a process or thread id", d->name, s);
		more = reallocarray(*list, *cnt + 1, sizeof(*more));
		if (!more)
			return -ENOMEM;
		*list = more;
		more[(*cnt)++] = (uint32_t)v;
	}
	return *cnt ? 0 : usage("--%s needs a number", d->name);
}

void opt__help(const struct opt_desc *d, struct sbuf *out)
{
	static const char mark[] = "FORMATS";
	const char *at = strstr(d->help, mark);

	sbuf__add(out, d->help, at ? (size_t)(at - d->help) : strlen(d->help));
	if (!at)
		return;
	formats__names(d->type == OPT_FORMAT ? FORMAT_RECORD : FORMAT_WEIGHT, ", ", " or ", out);
	sbuf__puts(out, at + strlen(mark));
}

static int set_enum(const struct opt_desc *d, const char *arg, void *field)
{
	__cleanup(sbuf__free) struct sbuf help = { 0 };

	for (int i = 0; d->names[i]; i++) {
		if (strcmp(d->names[i], arg))
			continue;
		*(int *)field = i;
		return 0;
	}
	opt__help(d, &help);
	return usage("--%s: '%s' is none of its values (%s)", d->name, arg, sbuf__str(&help));
}

static int set_format(const struct opt_desc *d, const char *arg, const struct format **field)
{
	__cleanup(sbuf__free) struct sbuf names = { 0 };
	const struct format *f = formats__find(arg);

	if (f && f->bits & FORMAT_RECORD) {
		*field = f;
		return 0;
	}
	formats__names(FORMAT_RECORD, ", ", ", ", &names);
	return usage("--%s: '%s' is none of %s", d->name, arg, sbuf__str(&names));
}

static int set_option(struct opts *o, const struct opt_desc *d, const char *arg)
{
	char *field = (char *)o + d->off;

	switch (d->type) {
	case OPT_FLAG: *(bool *)field = true; return 0;
	case OPT_COUNT: (*(int *)field)++; return 0;
	case OPT_ON: *(int *)field = 1; return 0;
	case OPT_OFF: *(int *)field = 0; return 0;
	case OPT_STR: *(const char **)field = arg; return 0;
	case OPT_FORMAT: return set_format(d, arg, (const struct format **)field);
	case OPT_ENUM: return set_enum(d, arg, field);
	case OPT_LIST:
		return add_list(d, arg, (size_t *)field, (uint32_t **)(field + sizeof(size_t)));
	case OPT_DURATION:
		if (parse_duration(arg, (uint64_t *)field))
			return usage("--%s: '%s' is not a time (10, 10s, 500ms, 2m)", d->name, arg);
		return 0;
	case OPT_U64:
		if (parse_u64(arg, d->min, d->max, (uint64_t *)field))
			return usage("--%s: '%s' is not a number from %llu", d->name, arg,
				     (unsigned long long)d->min);
		return 0;
	case OPT_ACTION: break;
	}
	return 0;
}

static int find_verb(const char *name)
{
	for (int v = 0; v < VERB_CNT; v++)
		if (!strcmp(verb_table[v].name, name))
			return v;
	return -1;
}

const struct format *opts__format(const struct opts *o)
{
	const struct format *f;

	if (o->format && o->verb == VERB_RECORD)
		return o->format;
	if (o->json)
		return formats__find("jsonl");
	if (o->verb != VERB_RECORD)
		return formats__find(o->verb == VERB_DUMP ? "dump" : "text");
	f = formats__of_file(o->output);
	return f || strcmp(o->output, "-") ? f : formats__find("folded");
}

static int check(const struct opts *o)
{
	__cleanup(sbuf__free) struct sbuf names = { 0 };
	bool has_target = o->pid_cnt || o->all || o->command;

	if (o->view.sort && columns__find(o->view.sort) < 0)
		return usage("--sort: there is no column '%s'", o->view.sort);
	if (o->command && (o->pid_cnt || o->all))
		return usage("a command and -p or -a do not go together");
	if ((o->verb == VERB_RECORD || o->verb == VERB_DUMP) && !has_target)
		return usage("%s needs -p PID", verb__name(o->verb));
	if (o->verb == VERB_RECORD && !o->output)
		return usage("record needs -o FILE (- is stdout)");
	if (o->verb == VERB_RECORD && !opts__format(o)) {
		formats__names(FORMAT_RECORD, ", -f ", " or -f ", &names);
		return usage("record: the name '%s' does not say which format: add -f %s",
			     o->output, sbuf__str(&names));
	}
	if (o->view.interval_ns < 10000000)
		return usage("--interval is at least 10ms");
	if ((o->batch || o->json) && o->verb == VERB_TOP && !has_target)
		return usage("batch needs -p PID, -a or -- COMMAND");
	return 0;
}

/* getopt's table, from ours: the value of an option is its index + 256. */
static void make_getopt(struct option *longs, char *shorts)
{
	size_t s = 0;

	shorts[s++] = '+';
	shorts[s++] = ':';
	for (size_t i = 0; i < opt_cnt; i++) {
		int arg = opt_table[i].arg ? required_argument : no_argument;

		if (opt_table[i].type == OPT_ACTION && opt_table[i].short_name == 'h')
			arg = optional_argument;
		longs[i] = (struct option){ opt_table[i].name, arg, NULL, (int)i + 256 };
		if (!opt_table[i].short_name)
			continue;
		shorts[s++] = opt_table[i].short_name;
		if (opt_table[i].arg)
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

static int action(const struct opt_desc *d, const char *arg)
{
	if (d->short_name == 'V') {
		puts("giltop " GILTOP_VERSION);
		return 1;
	}
	if (opts__print_help(stdout, arg ? arg : "text"))
		return usage("--help=%s: text, man, bash, zsh or fish", arg);
	return 1;
}

/* One word that is no option: a verb, or a pid. */
static int positional(struct opts *o, const char *word, bool first)
{
	int v = first ? find_verb(word) : -1;

	if (v >= 0) {
		o->verb = (enum verb)v;
		return 0;
	}
	if (word[0] >= '0' && word[0] <= '9')
		return add_list(&opt_table[0], word, &o->pid_cnt, &o->pids);
	return usage("'%s' is neither a verb nor a pid (a command goes after --)", word);
}

int opts__parse(int argc, char **argv, struct opts *ret)
{
	struct option longs[ARRAY_SIZE(opt_table) + 1] = { 0 };
	char shorts[3 * ARRAY_SIZE(opt_table) + 3];
	struct opts o = { .subprocesses = -1,
			  .view = { .interval_ns = 1000000000 },
			  .min_hold_ns = 1000000,
			  .max_loss = UINT64_MAX };
	bool first = true;
	int err = 0;

	make_getopt(longs, shorts);
	optind = 0;
	while (!err) {
		int before = optind ? optind : 1;
		int c = getopt_long(argc, argv, shorts, longs, NULL);

		if (c == -1) {
			/* If getopt has stepped over it: else it is the value of the option before. */
			if (optind > before && !strcmp(argv[optind - 1], "--")) {
				o.command = &argv[optind];
				err = optind < argc ? 0 : usage("there is no command after --");
				break;
			}
			if (optind >= argc)
				break;
			err = positional(&o, argv[optind++], first);
			first = false;
		} else if (c == '?' || c == ':') {
			err = usage(c == '?' ? "unknown option '%s'" : "option '%s' needs a value",
				    argv[optind - 1]);
		} else {
			const struct opt_desc *d = desc_of(c);

			err = d->type == OPT_ACTION ? action(d, optarg) : set_option(&o, d, optarg);
		}
	}
	if (!err)
		err = check(&o);
	if (err)
		opts__free(&o);
	else
		*ret = o;
	return err;
}

void opts__free(struct opts *o)
{
	free(o->pids);
	free(o->view.tids);
	o->pids = o->view.tids = NULL;
}
