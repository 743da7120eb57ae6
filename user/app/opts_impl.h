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
	OPT_PCT,      /* double, decimals allowed */
	OPT_DURATION, /* uint64_t ns */
	OPT_LIST,     /* uint32_t *, and its count just before it */
	OPT_FORMAT,   /* const struct format * */
	OPT_ENUM,     /* int, index into names */
	OPT_ENUM_OR,  /* the same, and its value may be missing: alone */
	OPT_COLUMN,   /* const char *, a column that has an order */
	OPT_OFF,      /* int := 0 */
	OPT_ON,	      /* int := 1 */
	OPT_WORDS,    /* struct proc_filter; filter says of what */
	OPT_SIZE,     /* uint64_t bytes: 64K, 64M, 2G */
	OPT_RING,     /* uint64_t ns, and bytes just after it: the one that the value is */
	OPT_CHECKS,   /* struct checks, one more */
	OPT_ACTION,   /* help, version */
};

struct opt_desc {
	const char *name;
	char short_name; /* 0: none */
	const char *arg; /* NULL: takes none; in []: may be missing */
	enum opt_type type;
	size_t off;
	const char *help; /* FORMATS in it: see opt__help */
	const char *def;  /* what it is if it is not said, in the user's words; NULL: see help */
	const char *const *names; /* of an enum, ends with NULL */
	int alone;		  /* OPT_ENUM_OR without a value */
	enum filter_kind filter;  /* of OPT_WORDS */
	uint64_t min, max;
	unsigned int verbs; /* bits 1 << enum verb: it does something for those; 0: for all */
	bool harmless;	    /* the others take it, too: nobody is misled */
	/* enum format_bits of record's formats on which it has an effect, and on which it has none. 0: not said */
	unsigned int only, never;
	const char *why; /* it has no effect elsewhere, and what has; NULL: in general words */
};

/* Two that contradict each other, or of which one leaves the other nothing to do. */
struct opt_pair {
	const char *a, *b, *why;
};

struct verb_desc {
	const char *name, *args, *help, *example;
};

struct nearest;
struct sbuf;

/* At most so many: a set of them is a uint64_t. The first one is --pid. */
#define OPT_MAX 64

/* In opt_desc.verbs: with --json dump shows as much as the others. */
#define OPT_DUMP_JSON (1u << VERB_CNT)

extern const struct opt_desc opt_table[];
extern const size_t opt_cnt;
extern const struct opt_pair opt_pairs[];
extern const size_t opt_pair_cnt;
extern const struct verb_desc verb_table[VERB_CNT];
/* Does it do something for this verb? */
bool opt__is_for(const struct opt_desc *d, enum verb v);
/* Its help text with its default; for FORMATS the names of the formats that it is about. */
void opt__help(const struct opt_desc *d, struct sbuf *out);
/* The words that its value is one of, with sep between; none if it is anything else. */
void opt__values(const struct opt_desc *d, const char *sep, struct sbuf *out);
/* A complaint about the command line on stderr. Returns -EINVAL. */
int usage(const char *fmt, ...) __attribute__((format(printf, 1, 2)));

/* The same: "what (choices)", and the choice that is most like what was said, with what is before it (-- or ""). */
int usage_none_of(const char *what, const struct nearest *n, const char *before,
		  const char *choices);
/* Give an option its value; arg is NULL if there is none. 0; -EINVAL, said on stderr; -ENOMEM. */
int opt__set(struct opts *o, const struct opt_desc *d, const char *arg);

/* opts_check.c: what was said must make sense together, and have an effect. given: bits 1 << index in opt_table. 0 or
 * -EINVAL, said on stderr.
 */
int opts__check(const struct opts *o, uint64_t given);

/* help_shell.c: the completion scripts. */
void help_bash(FILE *out);
void help_zsh(FILE *out);
void help_fish(FILE *out);

#endif
