/* SPDX-License-Identifier: BSD-2-Clause */
/* opts.h - the command line: one table makes the parser, --help, the man page and the completions */
#ifndef GILTOP_APP_OPTS_H
#define GILTOP_APP_OPTS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include "user/target/proc_filter.h"
#include "user/view/view.h"

enum verb {
	VERB_TOP,
	VERB_RECORD,
	VERB_REPORT,
	VERB_EXPORT,
	VERB_DIFF,
	VERB_DUMP,
	VERB_LIST,
	VERB_DOCTOR,
	VERB_HELP, /* opts__parse does all of it */
	VERB_CNT,
};

/* -s: AUTO: children of a process that has no Python load of its own. */
enum follow_mode { FOLLOW_NO, FOLLOW_YES, FOLLOW_AUTO };

enum color_mode { COLOR_AUTO, COLOR_ALWAYS, COLOR_NEVER };

struct check;
struct format;

/* Of --check: all that were said (judge/check.h). */
struct checks {
	size_t cnt;
	struct check *list;
};

struct opts {
	enum verb verb;
	size_t file_cnt; /* recordings, or for diff JSON lines, that are read: no process is measured */
	const char *files[2];
	size_t pid_cnt;
	uint32_t *pids;
	bool all;
	struct proc_filter filter; /* of all */
	int subprocesses;	   /* enum follow_mode; -1: not said (session__follow_mode) */
	uint64_t duration_ns;	   /* 0: no end */
	uint64_t iterations;	   /* 0: no end */
	bool batch, json, force, no_stacks, no_unicode, quiet;
	bool text, markdown; /* only the summary that goes into a ticket */
	bool mouse;
	int sched;     /* see holders that sleep; an int: OPT_OFF takes it back */
	uint64_t said; /* bit i: row i of the option table was given (opts__said) */
	const char *output;
	const struct format *format; /* of -f; NULL: not said, see opts__format */
	uint64_t min_hold_ns;	     /* stacks of holds at least so long */
	uint64_t max_loss;
	uint64_t max_self_pct;	 /* of a CPU, for giltop itself; 0: no limit */
	double max_overhead_pct; /* of a CPU, for the probes of a process; 0: no limit */
	int mode;		 /* enum collector_mode */
	int color;		 /* enum color_mode */
	int verbose;
	struct view_opts view;
	/* Recordings: */
	uint64_t max_rate, max_size;  /* events/s of a process; bytes of all files, 0: no limit */
	uint64_t ring_ns, ring_bytes; /* flight recorder: keep so much; both 0: none */
	const char *ring_to;	      /* its files: a folder, or FILE.giltop; NULL: here */
	uint64_t on_wait_ns, on_hold_ns; /* triggers; 0: none */
	double on_delay_pct;
	uint64_t max_files,
		quiet_ns; /* what triggers write at most; from one to the next at least */
	const char *at;	  /* of a recording: the moment */
	struct checks checks;
	int attach;	/* enum probe_tier: for tests and for odd kernels */
	char **command; /* after --, NULL-terminated; NULL: none */
	char *words;	/* all of the command line, as for a shell: view.command */
};

/* Parse. 0: go on; > 0: everything is done (help, version): exit with 0; -EINVAL: usage error, said
 * on stderr; -ENOMEM.
 */
int opts__parse(int argc, char **argv, struct opts *ret);
void opts__free(struct opts *o);
/* What is to be written; never NULL for options that opts__parse has taken. */
const struct format *opts__format(const struct opts *o);
/* Is what happens recorded: into one file as it goes, or (--ring) in memory until something happens? */
bool opts__records(const struct opts *o);
/* Is what is written in a format of -f, from what is measured or from a recording? */
bool opts__converts(const struct opts *o);
/* Was this option given, whatever its value? */
bool opts__said(const struct opts *o, const char *name);
const char *verb__name(enum verb v);
/* The option table as "text" (--help), "man" (scdoc; "columns", "formats", "checks": of other tables), "bash", "zsh" or "fish". -EINVAL: no such. */
int opts__print_help(FILE *out, const char *style);
/* What one verb does, its options and an example. */
void opts__print_verb_help(FILE *out, enum verb v);

#endif
