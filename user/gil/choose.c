/* SPDX-License-Identifier: BSD-2-Clause */
/* choose.c - which instruction to probe at a site
 *
 * The call itself, if the kernel emulates it: then the first argument's register has the address. Calls
 * through a pointer (-fno-plt) are single-stepped, 30 times slower; and where calls are to be avoided
 * (an emulated call does not write the shadow stack) not even that will do. Then:
 *
 *	acquire, release  the conditional jump that tests the call's result. Still under gil->mutex, with
 *			  the GIL's fields as they were at the call; the address is a register that the
 *			  call preserves, plus a constant. (Where the compiler kept it nowhere: as below.)
 *	wait, yield	  these must be seen before the call blocks. If calls are to be avoided, the
 *			  instruction before it, stepped: they are slow paths anyway.
 *
 * Behind each wait is one more, "after": the first conditional jump in a straight line, still under gil->mutex, which
 * every return of the call passes. Only a light mode needs them, so they are all there or none is: an
 * interpreter without is good enough for an exact one.
 */
#include <errno.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>

#include "user/gil/finder.h"

#define RESULT_INSNS 4 /* call; test %eax,%eax; jcc */
#define AFTER_INSNS  8 /* call; cmp $ETIMEDOUT,%eax; je; at -O0 the result goes through the stack */

struct anchor {
	const struct insn *insn;
	enum gil_site_reg reg;
	uint8_t reg_no;
	int64_t disp;
};

static int add_site(struct finder *f, struct gil_sites *ret, enum gil_site_kind kind,
		    const struct insn *call, const struct anchor *a)
{
	const void *bytes = elf_file__at(f->elf, a->insn->va, a->insn->len);
	struct gil_site *site = &ret->sites[ret->site_cnt];

	if (ret->site_cnt == GIL_SITES_MAX)
		return finder__refuse(f, -ENOTSUP, "more than %d sites", GIL_SITES_MAX);
	*site = (struct gil_site){
		.kind = kind,
		.call_va = call->va,
		.probe_va = a->insn->va,
		.insn_len = a->insn->len,
		.insn_name = a->insn->name,
		.emulated = a->insn->emulated,
		.reg = a->reg,
		.reg_no = a->reg_no,
		.disp = (int32_t)a->disp,
	};
	if (!bytes || a->insn->len > sizeof(site->insn) ||
	    elf_file__va_to_off(f->elf, a->insn->va, &site->probe_off))
		return finder__refuse(f, -EINVAL, "G8: no file offset for %#lx",
				      (unsigned long)a->insn->va);
	memcpy(site->insn, bytes, a->insn->len);
	ret->site_cnt++;
	ret->cnt[kind]++;
	return 0;
}

/* The jump that tests the result of the call at index i, no more than max instructions behind it. */
static const struct insn *result_jump(const struct func *fn, uint32_t i, uint32_t max)
{
	for (uint32_t j = i + 1; j < fn->insn_cnt && j <= i + max; j++) {
		if (fn->insns[j].flow == INSN_JCC)
			return &fn->insns[j];
		if (fn->insns[j].flow != INSN_NEXT)
			break;
	}
	return NULL;
}

/* Express the call's argument in what holds at insn: a preserved register, or the program counter for an
 * address known when linking.
 */
static bool place_arg(struct finder *f, const struct func *fn, uint32_t call, uint32_t keep,
		      const struct insn *insn, struct anchor *ret)
{
	struct gil_arg arg;

	if (!finder__arg(f, fn, call, keep, true, &arg))
		return false;
	if (finder__is_jumped_into(f, fn, false, fn->insns[arg.from].va + 1, fn->insns[call].va))
		return false; /* the argument may come from elsewhere, too */
	ret->insn = insn;
	ret->reg = GIL_REG_BASE;
	ret->reg_no = arg.reg;
	ret->disp = arg.disp;
	if (arg.reg == DISASM_NO_REG) {
		ret->reg_no = disasm__pc(f->dis);
		ret->disp = arg.disp - (int64_t)insn->va;
	}
	return ret->disp >= INT32_MIN && ret->disp <= INT32_MAX;
}

static bool anchor_after(struct finder *f, const struct gil_call *c, struct anchor *ret)
{
	const struct func *fn = c->func;
	const struct insn *jump = result_jump(fn, c->insn, RESULT_INSNS);
	uint32_t keep = ~disasm__call_clobbers(f->dis);

	if (!jump || !jump->emulated ||
	    finder__is_jumped_into(f, fn, false, fn->insns[c->insn].va + 1, jump->va))
		return false;
	for (const struct insn *in = &fn->insns[c->insn + 1]; in < jump; in++)
		keep &= ~in->writes;
	return place_arg(f, fn, c->insn, keep, jump, ret);
}

static bool anchor_before(struct finder *f, const struct gil_call *c, struct anchor *ret)
{
	const struct func *fn = c->func;
	const struct insn *call = &fn->insns[c->insn], *prev = call - 1;
	uint8_t arg0 = disasm__arg(f->dis, 0);

	if (!c->insn || prev->flow != INSN_NEXT ||
	    finder__is_jumped_into(f, fn, false, call->va, call->va))
		return false;
	if (!(prev->writes & 1U << arg0)) {
		*ret = (struct anchor){ .insn = prev, .reg = GIL_REG_ARG0 };
		return true;
	}
	/* prev has not run yet, so its own source is as good as what was there before */
	return place_arg(f, fn, c->insn, UINT32_MAX, prev, ret);
}

static int choose(struct finder *f, const struct gil_call *c, struct gil_sites *ret)
{
	const struct insn *call = &c->func->insns[c->insn], *end;
	bool avoid = f->opts & GIL_SITE_AVOID_CALLS;
	bool blocks = c->op == GIL_OP_WAIT || c->op == GIL_OP_YIELD;
	struct anchor a = { .insn = call, .reg = GIL_REG_ARG0 };
	bool ok = true;
	int err;

	if (avoid)
		ok = (!blocks && anchor_after(f, c, &a)) || anchor_before(f, c, &a);
	else if (!call->emulated && !blocks)
		anchor_after(f, c, &a); /* else the call, stepped: slow but right */
	if (!ok)
		return finder__refuse(
			f, -ENOTSUP, "the %s call at %#lx cannot be probed without emulating it",
			gil_site_kind__name((enum gil_site_kind)c->op), (unsigned long)call->va);
	err = add_site(f, ret, (enum gil_site_kind)c->op, call, &a);
	if (err || c->op != GIL_OP_YIELD)
		return err;
	end = result_jump(c->func, c->insn, RESULT_INSNS);
	if (!end)
		return finder__refuse(f, -ENOTSUP, "no test of the result of the yield at %#lx",
				      (unsigned long)call->va);
	a = (struct anchor){ .insn = end, .reg = GIL_REG_NONE };
	return add_site(f, ret, GIL_SITE_YIELD_END, call, &a);
}

/* Where a wait has ended: nobody comes there but by the return of its call. */
static bool add_after(struct finder *f, const struct gil_call *c, struct gil_sites *ret)
{
	const struct insn *jump = result_jump(c->func, c->insn, AFTER_INSNS);
	const struct anchor a = { .insn = jump, .reg = GIL_REG_NONE };
	uint64_t call_va = gil_call__va(c);

	return jump && jump->emulated &&
	       !finder__is_jumped_into(f, c->func, false, call_va + 1, jump->va) &&
	       !add_site(f, ret, GIL_SITE_AFTER, &c->func->insns[c->insn], &a);
}

/* One behind each wait, or none. They come last: of what there was before nothing is changed. */
static void choose_after(struct finder *f, struct gil_sites *ret)
{
	for (size_t i = 0; i < f->call_cnt && !ret->no_after_va; i++)
		if (f->calls[i].op == GIL_OP_WAIT && !add_after(f, &f->calls[i], ret))
			ret->no_after_va = gil_call__va(&f->calls[i]);
	if (!ret->no_after_va)
		return;
	ret->site_cnt -= ret->cnt[GIL_SITE_AFTER];
	ret->cnt[GIL_SITE_AFTER] = 0;
}

static int site_cmp(const void *a, const void *b)
{
	const struct gil_site *x = a, *y = b;

	if (x->probe_va != y->probe_va)
		return x->probe_va < y->probe_va ? -1 : 1;
	return (int)x->kind - (int)y->kind;
}

int finder__choose(struct finder *f, struct gil_sites *ret)
{
	int err;

	for (size_t i = 0; i < f->call_cnt; i++) {
		if (f->calls[i].op > GIL_OP_YIELD)
			continue;
		err = choose(f, &f->calls[i], ret);
		if (err)
			return err;
	}
	choose_after(f, ret);
	qsort(ret->sites, ret->site_cnt, sizeof(*ret->sites), site_cmp);
	return 0;
}
