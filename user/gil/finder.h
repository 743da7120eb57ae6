/* SPDX-License-Identifier: BSD-2-Clause */
/* finder.h - what the rooms of the finder share; included by gil/ alone
 *
 *   strings.c    the GIL's messages
 *   text.c   a byte scan for what may refer to them
 *   func.c   functions (.eh_frame), their instructions, the names of callees
 *   walk.c   follow the failure branch of every call: what does it complain about?
 *   value.c  which address does a call pass: the second opinion
 *   names.c  do exported functions and symbols, if any, agree?
 *   gate.c   what must hold before one of the sites may be used
 *   choose.c  which instruction to probe at a site
 *   find.c        the idea in words, and the order of it all
 */
#ifndef GILTOP_GIL_FINDER_H
#define GILTOP_GIL_FINDER_H

#include "user/elf/disasm.h"
#include "user/elf/elf_file.h"
#include "user/gil/gil_site.h"

/* What the failure branch of a pthread call says it was. The first four are enum gil_site_kind. */
enum gil_op {
	GIL_OP_WAIT = GIL_SITE_WAIT,
	GIL_OP_ACQUIRE = GIL_SITE_ACQUIRE,
	GIL_OP_RELEASE = GIL_SITE_RELEASE,
	GIL_OP_YIELD = GIL_SITE_YIELD,
	GIL_OP_LOCK, /* gil->mutex */
	GIL_OP_UNLOCK,
	GIL_OP_LOCK_SWITCH, /* gil->switch_mutex */
	GIL_OP_UNLOCK_SWITCH,
	GIL_OP_CNT,
	GIL_OP_NONE = GIL_OP_CNT,
};

/* __func__ of the C function that complains (Python 3.9+) */
enum gil_fn { GIL_FN_NONE = 0, GIL_FN_TAKE = 1, GIL_FN_DROP = 2 };

struct gil_str {
	uint64_t va;
	uint8_t op; /* enum gil_op; GIL_OP_NONE: a function name */
	uint8_t fn; /* enum gil_fn */
};

struct func {
	uint64_t start, end;
	struct insn *insns; /* NULL until decoded */
	uint32_t insn_cnt;
	uint32_t group; /* index of another function of the same group: union-find */
	bool tried;	/* decoded, or not decodable */
	bool whole;	/* the decode consumed it exactly */
	bool candidate; /* refers to a GIL string, or jumps close to such a place */
	bool entered;	/* exported, or the target of a call: not a cold part */
};

struct callee {
	uint64_t va;	  /* in this file; 0: elsewhere */
	const char *name; /* of the import; NULL: called directly */
};

/* A call whose failure branch ends in the fatal error routine with a message about the GIL. */
struct gil_call {
	struct func *func;
	uint32_t insn; /* index */
	uint8_t op;    /* enum gil_op */
	uint8_t fns;   /* mask of enum gil_fn */
	struct callee callee;
};

static inline uint64_t gil_call__va(const struct gil_call *c)
{
	return c->func->insns[c->insn].va;
}

/* A place where a failure branch ended, before it is known which routine is the fatal one. */
struct gil_hit {
	struct func *func;
	uint32_t insn;
	uint8_t op, fn;
	uint64_t ref_va; /* the instruction that loaded the message */
	struct callee fatal;
};

struct finder {
	const struct elf_file *elf;
	struct disasm *dis;
	unsigned int opts;
	struct gil_str *strs; /* sorted by va */
	size_t str_cnt, str_cap;
	struct func *funcs; /* sorted by start, not overlapping */
	size_t func_cnt, func_cap;
	struct elf_import *imports;
	size_t import_cnt;
	struct gil_hit *hits;
	size_t hit_cnt, hit_cap;
	struct gil_call *calls; /* sorted by address */
	size_t call_cnt, call_cap;
	uint64_t decoded_sz;
	uint64_t fatal_va[2]; /* _Py_FatalErrorFunc, Py_FatalError; 0: not known */
	unsigned int bailout_cnt, dead_cnt;
	unsigned int agree_cnt;		/* sites that the second opinion confirms */
	unsigned int near_cnt, far_cnt; /* its votes for the two possible distances */
	bool is_static;			/* no pthread imports: libc is inside */
	int err;			/* first failure inside a callback */
	char *why;
	size_t why_sz;
};

/* Write the reason and return err. */
int finder__refuse(struct finder *f, int err, const char *fmt, ...)
	__attribute__((format(printf, 3, 4)));

/* strings.c */
int finder__find_strings(struct finder *f); /* -ENOENT: not a CPython */
const struct gil_str *finder__str_at(const struct finder *f, uint64_t va);

/* text.c */
int finder__mark_candidates(struct finder *f);
int finder__mark_entered(struct finder *f);

/* func.c */
int finder__read_funcs(struct finder *f);
void finder__free_funcs(struct finder *f);
struct func *finder__func_at(struct finder *f, uint64_t va); /* NULL: none covers va */
int finder__decode(struct finder *f, struct func *fn);	     /* 0, -ENOENT: not code, -ENOMEM */
/* The instruction that starts at va, decoding its function if need be; NULL: none. */
const struct insn *finder__insn_at(struct finder *f, uint64_t va, struct func **ret_fn);
struct callee finder__callee(struct finder *f, const struct func *fn, uint32_t insn);
bool callee__is(const struct callee *c, const char *name);
bool callee__same(const struct callee *a, const struct callee *b);
uint32_t finder__group(struct finder *f, const struct func *fn);
void finder__join(struct finder *f, struct func *a, struct func *b);
/* Does any jump of fn's group, but for those of fn itself if others, land in [lo, hi]? */
bool finder__is_jumped_into(struct finder *f, const struct func *fn, bool others, uint64_t lo,
			    uint64_t hi);

/* walk.c */
int finder__walk(struct finder *f);
/* value.c */
/* Where the first argument of a call comes from: register reg as it is at instruction "from", plus disp,
 * or (reg DISASM_NO_REG) the address disp. keep: the registers that may be the answer. unchanged: the
 * nearest answer that still holds at the call; else the one that lies farthest back. False: not known.
 */
struct gil_arg {
	uint8_t reg;
	int64_t disp;
	uint32_t from;
};
bool finder__arg(const struct finder *f, const struct func *fn, uint32_t call, uint32_t keep,
		 bool unchanged, struct gil_arg *ret);
int finder__second_opinion(struct finder *f);
uint16_t finder__switch_dist(const struct finder *f); /* see struct gil_sites */

/* names.c */
int finder__check_names(struct finder *f);

/* gate.c */
const char *gil_op__import(enum gil_op op); /* "pthread_cond_wait": what such a call calls */
/* Has fn's group a call of this kind? */
bool finder__group_has(struct finder *f, const struct func *fn, enum gil_op op);
int finder__check(struct finder *f);

/* choose.c */
int finder__choose(struct finder *f, struct gil_sites *ret);

#endif
