/* SPDX-License-Identifier: BSD-2-Clause */
/* opts_impl.h - the option table, for the parser and for those that print it */
#ifndef GILTOP_APP_OPTS_IMPL_H
#define GILTOP_APP_OPTS_IMPL_H

#include "user/app/opts.h"

enum opt_type {
	OPT_FLAG,     /* bool */
	OPT_COUNT,    /* int, ++ */
	OPT_STR,      /* const char * */
	OPT_U64,      /* uint64_t */
	OPT_DURATION, /* uint64_t ns */
	OPT_LIST,     /* uint32_t *, and its count just before it */
	OPT_FORMAT,   /* const struct format * */
	OPT_ENUM,     /* int, index into names */
	OPT_ON,	      /* int := 1 */
	OPT_OFF,      /* int := 0 */
	OPT_ACTION,   /* help, version */
};

struct opt_desc {
	const char *name;
	char short_name; /* 0: none */
	const char *arg; /* NULL: takes none */
	enum opt_type type;
	size_t off;
	const char *help;	  /* FORMATS in it: see opt__help */
	const char *const *names; /* OPT_ENUM, ends with NULL */
	uint64_t min, max;
};

struct verb_desc {
	const char *name, *args, *help;
};

struct sbuf;

extern const struct opt_desc opt_table[];
extern const size_t opt_cnt;
extern const struct verb_desc verb_table[VERB_CNT];
/* Its help text; for FORMATS the names of the formats that it is about. */
void opt__help(const struct opt_desc *d, struct sbuf *out);

#endif
