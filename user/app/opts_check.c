/* SPDX-License-Identifier: BSD-2-Clause */
/* opts_check.c - a command line must make sense as a whole: nothing contradicts, nothing is said in vain
 *
 * An option that would do nothing is an error, for who said it believes that it did something. Where
 * each one applies is in opt_table.
 */
#include <errno.h>
#include <string.h>
#include <unistd.h>

#include "user/app/at.h"
#include "user/app/opts_impl.h"
#include "user/base/sbuf.h"
#include "user/base/util.h"
#include "user/judge/check.h"
#include "user/source/collector.h"
#include "user/view/formats.h"

static bool is_given(uint64_t given, size_t i)
{
	return given >> i & 1;
}

static bool is_given_name(uint64_t given, const char *name)
{
	for (size_t i = 0; i < opt_cnt; i++)
		if (is_given(given, i) && !strcmp(opt_table[i].name, name))
			return true;
	return false;
}

/* "top and record" */
static void put_verbs_of(const struct opt_desc *d, struct sbuf *out)
{
	unsigned int left = d->verbs;

	for (int v = 0; v <= VERB_CNT; v++) {
		if (!(d->verbs & 1u << v))
			continue;
		left &= ~(1u << v);
		sbuf__puts(out, v < VERB_CNT ? verb__name((enum verb)v) : "dump --json");
		if (left)
			sbuf__puts(out, left & (left - 1) ? ", " : " and ");
	}
}

/* They read what was measured. */
#define FILE_VERBS (1u << VERB_REPORT | 1u << VERB_EXPORT | 1u << VERB_DIFF)

/* why: NULL: it is for its verbs. */
static int no_effect(const struct opt_desc *d, const char *with, const char *first, const char *why)
{
	__cleanup(sbuf__free) struct sbuf verbs = { 0 };

	if (!why) {
		sbuf__puts(&verbs, "it is for ");
		put_verbs_of(d, &verbs);
	}
	return usage("--%s has no effect with %s: %s%s", d->name, with, first,
		     why ? why : sbuf__str(&verbs));
}

static int no_effect_with_verb(const struct opt_desc *d, enum verb v)
{
	bool measures = FILE_VERBS >> v & 1 && !(d->verbs & FILE_VERBS);

	return no_effect(d, verb__name(v), measures ? "nothing is measured; " : "",
			 measures ? NULL : d->why);
}

static int check_verb(const struct opts *o, uint64_t given)
{
	unsigned int json = o->verb == VERB_DUMP && o->json ? OPT_DUMP_JSON : 0;

	for (size_t i = 0; i < opt_cnt; i++)
		if (is_given(given, i) && !opt_table[i].harmless &&
		    !opt__is_for(&opt_table[i], o->verb) && !(opt_table[i].verbs & json))
			return no_effect_with_verb(&opt_table[i], o->verb);
	if (o->command && (o->verb == VERB_LIST || o->verb == VERB_DOCTOR))
		return usage("%s starts no command: top, record and dump do", verb__name(o->verb));
	return 0;
}

static int check_pairs(const struct opts *o, uint64_t given)
{
	for (size_t i = 0; i < opt_pair_cnt; i++)
		if (is_given_name(given, opt_pairs[i].a) && is_given_name(given, opt_pairs[i].b))
			return usage("--%s and --%s do not go together: %s", opt_pairs[i].a,
				     opt_pairs[i].b, opt_pairs[i].why);
	if (o->json && o->format && o->format != formats__find("jsonl") && !opts__records(o))
		return usage("--json and --format %s do not go together: one of them",
			     o->format->name);
	return 0;
}

/* What is named by its pid is wanted, whatever it is. */
static int check_filters(const struct opts *o, uint64_t given)
{
	for (size_t i = 0; i < opt_cnt; i++)
		if (is_given(given, i) && opt_table[i].type == OPT_WORDS && !o->all &&
		    o->verb != VERB_LIST)
			return usage("--%s chooses among all processes: it goes with -a",
				     opt_table[i].name);
	return 0;
}

/* Two runs side by side are text, JSON lines or folded stacks. */
static int check_diff(const struct opts *o)
{
	const struct format *f = o->format;

	if (o->verb != VERB_DIFF)
		return 0;
	if (f && f != formats__find("folded") && f != formats__find("jsonl"))
		return usage("diff writes text, --json or -f folded, not '%s'", f->name);
	if (o->view.weight == WEIGHT_CHAIN)
		return usage("--weight chain is of one run: diff has wait, hold and blame");
	return 0;
}

/* Only record, export and diff have formats of several kinds. */
static int check_format(const struct opts *o, uint64_t given)
{
	const struct format *f = opts__format(o);
	bool several = opts__converts(o) || o->verb == VERB_DIFF || o->text || o->markdown;

	if (opts__converts(o) && o->no_stacks && f->bits & FORMAT_ONLY_STACKS)
		return usage("--no-stacks and --format %s do not go together: it is made of stacks",
			     f->name);

	for (size_t i = 0; i < opt_cnt && several; i++) {
		const struct opt_desc *d = &opt_table[i];

		if (is_given(given, i) &&
		    ((d->only && !(f->bits & d->only)) || (d->never && f->bits & d->never)))
			return no_effect(d, f->name, "",
					 d->only & FORMAT_ROWS ? "it is for tables of threads"
							       : d->why);
	}
	return 0;
}

static bool is_to_terminal(const struct opts *o)
{
	return (!o->output || !strcmp(o->output, "-")) && !o->ring_ns && !o->ring_bytes &&
	       isatty(STDOUT_FILENO);
}

static int check_target(const struct opts *o)
{
	__cleanup(sbuf__free) struct sbuf names = { 0 };
	bool has_target = o->pid_cnt || o->all || o->command;

	if (o->command && (o->pid_cnt || o->all))
		return usage("a command and -p or -a do not go together");
	if (o->file_cnt && has_target)
		return usage("'%s' is a file: it and -p, -a or a command do not go together",
			     o->files[0]);
	if (o->verb == VERB_REPORT && !o->file_cnt)
		return usage("report needs a FILE that giltop record has written");
	if (o->verb == VERB_DIFF && o->file_cnt != 2)
		return usage("diff needs two files: recordings, or what --json has written");
	if ((o->verb == VERB_RECORD || o->verb == VERB_DUMP) && !has_target && !o->file_cnt)
		return usage("%s needs -p PID", verb__name(o->verb));
	if (o->at && !at__is_valid(o->at))
		return usage("--at: '%s' is no moment (12.5s, 3m, 1:30 after the start; 14:03:07)",
			     o->at);
	if (o->verb == VERB_DUMP && o->file_cnt && !o->at)
		return usage("dump of a recording needs --at TIME");
	if (o->verb == VERB_EXPORT && !o->file_cnt)
		return usage("export needs a FILE that giltop record has written");
	if (opts__converts(o) && o->file_cnt && opts__format(o) == formats__find("giltop"))
		return usage("'%s' is a recording already: give another -f", o->files[0]);
	if (o->at && !o->file_cnt)
		return usage("--at is a moment of a recording: it goes with a FILE");
	if (o->output && !*o->output)
		return usage("--output: the name is empty");
	if (o->verb == VERB_RECORD && !o->output && !o->ring_ns && !o->ring_bytes)
		return usage("record needs -o FILE (- is stdout)");
	if (opts__converts(o) && !opts__format(o)) {
		formats__names(FORMAT_RECORD, o->file_cnt ? FORMAT_EVENTS : 0, ", ", " or ",
			       &names);
		if (!o->output)
			return usage("export needs -f: %s", sbuf__str(&names));
		return usage("%s: the name '%s' does not say which format: add -f %s",
			     verb__name(o->verb), o->output, sbuf__str(&names));
	}
	if (opts__converts(o) && opts__format(o)->bits & FORMAT_BINARY && is_to_terminal(o))
		return usage("%s is not for a terminal: give -o FILE", opts__format(o)->name);
	if ((o->batch || o->json) && o->verb == VERB_TOP && !has_target)
		return usage("batch needs -p PID, -a or -- COMMAND");
	return 0;
}

/* Only auto has a choice. */
static int check_mode(const struct opts *o)
{
	if (o->mode != COLLECT_AUTO && opts__said(o, "max-overhead"))
		return usage("--max-overhead has no effect with --mode %s: it is for auto",
			     o->mode == COLLECT_EXACT ? "exact" : "light");
	return 0;
}

/* What cannot be judged at the end is better said before anything is measured. */
static int check_checks(const struct opts *o)
{
	for (size_t i = 0; i < o->checks.cnt; i++) {
		const struct check *c = &o->checks.list[i];

		if (c->change && o->verb != VERB_DIFF)
			return usage("--check '%s': a change is from one file to another: it is "
				     "for diff",
				     c->text);
		if (o->no_stacks && check_metrics[c->metric].args == CHECK_PLACE)
			return usage(
				"--check '%s' needs stacks: it and --no-stacks do not go together",
				c->text);
	}
	return 0;
}

/* Shorter ones are not news: there may be thousands of them in a second. */
#define TRIGGER_MIN_NS 1000000

/* What only recordings have, and what they cannot have. */
static int check_recording(const struct opts *o)
{
	static const char *const of_rings[] = { "max-files", "quiet-time" };
	static const char *const of_recordings[] = { "max-rate", "max-size" };
	bool ring = o->ring_ns || o->ring_bytes;
	bool to_stdout = o->output && !strcmp(o->output, "-");
	bool no_folder = o->ring_to && !strcmp(o->ring_to, "-");

	for (size_t i = 0; i < ARRAY_SIZE(of_rings) && !ring; i++)
		if (opts__said(o, of_rings[i]))
			return usage("--%s has no effect without --ring: it is for a flight "
				     "recorder's files",
				     of_rings[i]);
	for (size_t i = 0; i < ARRAY_SIZE(of_recordings) && !opts__records(o); i++)
		if (opts__said(o, of_recordings[i]))
			return usage("--%s has no effect without a recording: it is for -o "
				     "FILE.giltop and --ring",
				     of_recordings[i]);
	if (ring && o->verb == VERB_RECORD && !opts__records(o))
		return usage("--ring keeps a recording: it and --format %s do not go together",
			     opts__format(o)->name);
	if (no_folder)
		return usage("--ring writes files: -o names their folder, or FILE.giltop");
	if (ring && o->force)
		return usage(
			"--force has no effect with --ring: its files have names that are free");
	if (opts__records(o) && to_stdout && (o->json || o->text || o->markdown))
		return usage("both would go to stdout: give the recording a file with -o");
	return 0;
}

static int check_triggers(const struct opts *o)
{
	if (opts__said(o, "on-wait") && o->on_wait_ns < TRIGGER_MIN_NS)
		return usage("--on-wait is at least 1ms");
	if (opts__said(o, "on-hold") && o->on_hold_ns < TRIGGER_MIN_NS)
		return usage("--on-hold is at least 1ms");
	if (opts__said(o, "on-delay") && o->on_delay_pct <= 0)
		return usage("--on-delay is more than 0");
	return 0;
}

int opts__check(const struct opts *o, uint64_t given)
{
	int err = check_verb(o, given);

	if (!err)
		err = check_pairs(o, given);
	if (!err)
		err = check_filters(o, given);
	if (!err)
		err = check_target(o);
	if (!err)
		err = check_diff(o);
	if (!err)
		err = check_format(o, given);
	if (!err)
		err = check_mode(o);
	if (!err)
		err = check_checks(o);
	if (!err)
		err = check_recording(o);
	if (!err)
		err = check_triggers(o);
	if (!err && o->view.interval_ns < 10000000)
		err = usage("--interval is at least 10ms");
	return err;
}
