/* SPDX-License-Identifier: BSD-2-Clause */
/* value.c - which address does a call pass: the second opinion
 *
 * Without any strings: every call of pthread_cond_signal and its like gets the address of a condition
 * variable, and GIL's two of them lie at a fixed distance. Searching backwards from the call for what is
 * in the first argument's register tells the two apart in most places. That is not enough to find the
 * sites, but where both methods have an opinion they have to agree.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "user/gil/finder.h"

/* switch_cond - cond: a condition variable (48) and a mutex (40; 48 on aarch64 glibc) */
#define SWITCH_DIST_NEAR 0x58
#define SWITCH_DIST_FAR	 0x60

/* Of the two condition variables, the second? */
static bool is_of_switch(enum gil_op op)
{
	return op == GIL_OP_ACQUIRE || op == GIL_OP_YIELD;
}

bool finder__arg(const struct finder *f, const struct func *fn, uint32_t call, uint32_t keep,
		 bool unchanged, struct gil_arg *ret)
{
	struct gil_arg a = { .reg = disasm__arg(f->dis, 0), .from = call };
	uint32_t written = 0;
	bool found = false;

	for (uint32_t i = call; i-- > 0;) {
		const struct insn *in = &fn->insns[i];
		bool sets = in->writes & 1U << a.reg;

		if (in->flow != INSN_NEXT && in->flow != INSN_JCC)
			break; /* what stands before a jump or a call says nothing any more */
		written |= in->writes;
		if (!sets)
			continue;
		a.from = i;
		if (in->set == INSN_SET_CONST || in->set == INSN_SET_PAGE) {
			a.reg = DISASM_NO_REG;
			a.disp += in->imm;
			*ret = a;
			return true;
		}
		if (in->set != INSN_SET_ADD || in->src >= DISASM_REG_CNT)
			break;
		a.disp += in->imm;
		a.reg = in->src;
		if (!(1U << a.reg & keep))
			continue;
		if (unchanged && written & 1U << a.reg)
			continue;
		*ret = a;
		found = true;
		if (unchanged)
			break;
	}
	return found;
}

/* Is the register set in one place only (saving and restoring aside), so that it holds one thing? */
static bool is_set_once(struct finder *f, const struct func *fn, uint8_t reg)
{
	uint32_t group = finder__group(f, fn), cnt = 0;

	for (size_t i = 0; i < f->func_cnt; i++) {
		const struct func *part = &f->funcs[i];

		for (uint32_t j = 0; j < part->insn_cnt && finder__group(f, part) == group; j++)
			cnt += part->insns[j].writes & 1U << reg &&
			       strcmp(part->insns[j].name, "pop") &&
			       strcmp(part->insns[j].name, "ldp");
	}
	return cnt == 1;
}

/* Do two sites tell different stories? *agree: they tell the same one. */
static bool contradict(struct finder *f, const struct gil_call *x, const struct gil_arg *a,
		       const struct gil_call *y, const struct gil_arg *b, bool *agree)
{
	bool switch_x = is_of_switch(x->op), switch_y = is_of_switch(y->op);
	bool absolute = a->reg == DISASM_NO_REG, wrong;
	int64_t dist = switch_x ? a->disp - b->disp : b->disp - a->disp;

	*agree = false;
	if (a->reg != b->reg ||
	    (!absolute && finder__group(f, x->func) != finder__group(f, y->func)))
		return false;
	if (switch_x == switch_y) {
		*agree = dist == 0;
		wrong = dist != 0;
	} else {
		*agree = dist == SWITCH_DIST_NEAR || dist == SWITCH_DIST_FAR;
		f->near_cnt += dist == SWITCH_DIST_NEAR;
		f->far_cnt += dist == SWITCH_DIST_FAR;
		wrong = dist == 0;
	}
	return wrong && (absolute || is_set_once(f, x->func, a->reg));
}

/* No call of the same kind may stand in a function of the GIL and have escaped the first method. */
static int check_escaped(struct finder *f, struct func *fn)
{
	for (uint32_t i = 0; i < fn->insn_cnt; i++) {
		struct callee c;
		bool known = false;

		if (!insn__is_call(&fn->insns[i]))
			continue;
		c = finder__callee(f, fn, i);
		if (!callee__is(&c, gil_op__import(GIL_OP_ACQUIRE)) &&
		    !callee__is(&c, gil_op__import(GIL_OP_YIELD)) &&
		    !callee__is(&c, gil_op__import(GIL_OP_WAIT)))
			continue;
		for (size_t j = 0; j < f->call_cnt && !known; j++)
			known = f->calls[j].func == fn && f->calls[j].insn == i;
		if (!known)
			return finder__refuse(f, -ENOTSUP, "G6: %s at %#lx has no failure message",
					      c.name, (unsigned long)fn->insns[i].va);
	}
	return 0;
}

/* One site against all others. */
static int check_one(struct finder *f, const struct gil_arg *args, const bool *known, size_t i)
{
	const struct gil_call *c = &f->calls[i], *d;
	bool any = false, agree;

	for (size_t j = 0; known[i] && j < f->call_cnt; j++) {
		if (i == j || !known[j])
			continue;
		d = &f->calls[j];
		if (contradict(f, c, &args[i], d, &args[j], &agree))
			return finder__refuse(
				f, -ENOTSUP, "G6: the addresses passed at %#lx and %#lx contradict",
				(unsigned long)gil_call__va(c), (unsigned long)gil_call__va(d));
		any |= agree;
	}
	f->agree_cnt += any;
	return 0;
}

/* What lies between the two condition variables is the same for all sites. */
static int check_distance(struct finder *f)
{
	if (f->near_cnt && f->near_cnt == f->far_cnt)
		return finder__refuse(f, -ENOTSUP,
				      "G6: the two condition variables are %#x apart in some "
				      "places, %#x in others",
				      SWITCH_DIST_NEAR, SWITCH_DIST_FAR);
	return 0;
}

uint16_t finder__switch_dist(const struct finder *f)
{
	if (!f->near_cnt && !f->far_cnt)
		return 0;
	return f->near_cnt > f->far_cnt ? SWITCH_DIST_NEAR : SWITCH_DIST_FAR;
}

int finder__second_opinion(struct finder *f)
{
	struct gil_arg *args = calloc(f->call_cnt + 1, sizeof(*args));
	bool *known = calloc(f->call_cnt + 1, sizeof(*known));
	/* other registers hold one thing here and another there */
	uint32_t keep = ~disasm__call_clobbers(f->dis);
	int err = args && known ? 0 : -ENOMEM;

	for (size_t i = 0; !err && i < f->call_cnt; i++) {
		const struct gil_call *c = &f->calls[i];

		if (c->op > GIL_OP_YIELD)
			continue;
		known[i] = finder__arg(f, c->func, c->insn, keep, false, &args[i]);
		err = check_escaped(f, c->func);
	}
	for (size_t i = 0; !err && i < f->call_cnt; i++)
		err = check_one(f, args, known, i);
	if (!err)
		err = check_distance(f);
	free(args);
	free(known);
	return err;
}
