/* SPDX-License-Identifier: BSD-2-Clause */
/* formats.h - the forms of output: a row each
 *
 * To add one: a file that makes a view (view.h), and a row in formats.c. --format, the suffixes, the
 * messages, --help, the manual and the completions have it from there.
 */
#ifndef GILTOP_VIEW_FORMATS_H
#define GILTOP_VIEW_FORMATS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>

struct sbuf;
struct view;
struct view_opts;

/* What a format needs besides the totals, which each gets, and what applies to it. */
enum format_bits {
	FORMAT_STACKS = 1 << 0,	 /* Python stacks are collected */
	FORMAT_STATES = 1 << 1,	 /* what happens is collected one by one, too: view_ops.take */
	FORMAT_RECORD = 1 << 2,	 /* for record and export: known to -f and by its suffixes */
	FORMAT_WEIGHT = 1 << 3,	 /* --weight and --unit apply */
	FORMAT_DROPPED = 1 << 4, /* says itself how many ended processes are not in it any more */
	FORMAT_EVENTS = 1 << 5, /* all that happened is written, by codec/: the view does nothing */
	FORMAT_BINARY = 1 << 6, /* nothing for a terminal */
	FORMAT_ROWS = 1 << 7,	/* -l and --sort apply: it has a row for each thread */
	FORMAT_PLACES = 1 << 8, /* --my-code applies: it has sums by place in the code */
	FORMAT_ONLY_STACKS = 1 << 9, /* it is made of stacks: without any there is nothing */
};

struct format {
	const char *name;
	const char *
		suffixes; /* of files, ".a, .b.c", or NULL; of two that fit the longer one counts */
	const char *help; /* a phrase, for the manual */
	const char *lines; /* what one line is, "stack"; NULL: it is not for counting */
	unsigned int bits; /* enum format_bits */
	/* NULL + errno. out and o are the caller's, and outlive the view. */
	struct view *(*make)(FILE *out, const struct view_opts *o);
};

extern const struct format format_table[];
extern const size_t format_cnt;

const struct format *formats__find(const char *name);	 /* NULL: none */
const struct format *formats__of_file(const char *path); /* by the suffix; NULL: by none */
/* The names of those with all bits of with and none of without: "a, b or c" with sep ", " and last " or ". */
void formats__names(unsigned int with, unsigned int without, const char *sep, const char *last,
		    struct sbuf *out);

#endif
