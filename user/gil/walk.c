/* SPDX-License-Identifier: BSD-2-Clause */
/* walk.c - follow the failure branch of every call: what does it complain about?
 *
 * From the instruction after a call all paths are walked until the next call, keeping track of the
 * constants in registers. If that next call is the fatal error routine and its argument is a message
 * about the GIL, the message names the first call:
 *
 *	call pthread_cond_signal@plt            lea "drop_gil", %rdi
 *	test %eax, %eax                  .----> lea "PyCOND_SIGNAL(gil->cond) failed", %rsi
 *	jne  ---------------------------'       call _Py_FatalErrorFunc
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "user/base/util.h"
#include "user/gil/finder.h"

#define PATH_INSNS_MAX 40   /* the longest seen has 17 */
#define WALK_INSNS_MAX 2000 /* over all paths after one call */

static const char *const fatal_names[] = { "_Py_FatalErrorFunc", "Py_FatalError" };
_Static_assert(ARRAY_SIZE(fatal_names) == ARRAY_SIZE(((struct finder *)0)->fatal_va), "one each");

/* What is known about the registers on the way. */
struct path {
	uint64_t val[DISASM_REG_CNT];
	uint64_t from[DISASM_REG_CNT]; /* the instruction that made the value */
	uint32_t known;		       /* mask: val is valid */
	bool tested;		       /* a conditional jump was passed */
	unsigned int left;
};

struct walk {
	struct finder *f;
	struct func *func; /* of the call */
	uint32_t insn;
	unsigned int left;
};

/* The string that a register points to. */
static const struct gil_str *str_in(const struct walk *w, const struct path *p, uint8_t reg)
{
	return p->known & 1U << reg ? finder__str_at(w->f, p->val[reg]) : NULL;
}

/* The path ends in a call: is a message among its first two arguments? Py_FatalError(message) up to 3.8,
 * _Py_FatalErrorFunc(function, message) since.
 */
static int end_path(struct walk *w, const struct path *p, struct func *fn, uint32_t insn)
{
	uint8_t arg[] = { disasm__arg(w->f->dis, 0), disasm__arg(w->f->dis, 1) };
	struct gil_hit hit = { .func = w->func, .insn = w->insn, .op = GIL_OP_NONE };
	const struct gil_str *s;
	struct finder *f = w->f;

	for (size_t i = 0; i < ARRAY_SIZE(arg); i++) {
		s = str_in(w, p, arg[i]);
		if (!s)
			continue;
		if (s->op == GIL_OP_NONE) {
			hit.fn = s->fn;
		} else {
			hit.op = s->op;
			hit.ref_va = p->from[arg[i]];
		}
	}
	/* Without a test of the result the call is one that does not return, and stands before an error
	 * block by chance.
	 */
	if (hit.op == GIL_OP_NONE || !p->tested)
		return 0;
	hit.fatal = finder__callee(f, fn, insn);
	if (array_grow(&f->hits, f->hit_cnt, &f->hit_cap, sizeof(*f->hits)))
		return -ENOMEM;
	f->hits[f->hit_cnt++] = hit;
	return 0;
}

/* The base of an address may have been set before the call (aarch64: one adrp for many strings): look
 * for a page that the function puts into that register and that makes it one of our strings.
 */
static const struct gil_str *earlier_base(const struct finder *f, const struct func *fn,
					  const struct insn *in)
{
	bool likely = false;

	for (size_t i = 0; i < f->str_cnt; i++)
		likely |= in->imm && !((f->strs[i].va ^ (uint64_t)in->imm) & 0xfff);
	for (uint32_t i = 0; likely && i < fn->insn_cnt; i++) {
		const struct insn *c = &fn->insns[i];
		const struct gil_str *s;

		if (c->set != INSN_SET_PAGE || c->dst != in->src)
			continue;
		s = finder__str_at(f, (uint64_t)(c->imm + in->imm));
		if (s)
			return s;
	}
	return NULL;
}

static void track(const struct walk *w, struct path *p, const struct func *fn,
		  const struct insn *in)
{
	uint64_t v = (uint64_t)in->imm, from = in->va;
	const struct gil_str *s;
	bool known = false;

	if (in->set == INSN_SET_CONST || in->set == INSN_SET_PAGE) {
		known = true;
	} else if (in->set == INSN_SET_ADD && in->src < DISASM_REG_CNT) {
		known = p->known & 1U << in->src;
		v += p->val[in->src];
		if (known && !in->imm)
			from = p->from[in->src]; /* a copy */
		s = known ? NULL : earlier_base(w->f, fn, in);
		if (!known && !s && fn != w->func)
			s = earlier_base(w->f, w->func, in);
		if (s) {
			known = true;
			v = s->va;
		}
	}
	p->known &= ~in->writes;
	if (known) {
		p->known |= 1U << in->dst;
		p->val[in->dst] = v;
		p->from[in->dst] = from;
	}
}

static int walk_path(struct walk *w, struct path p, uint64_t va)
{
	const struct insn *in = NULL;
	struct func *fn = NULL;
	int err;

	while (p.left-- && w->left--) {
		if (in && in + 1 < fn->insns + fn->insn_cnt && in[1].va == va)
			in++; /* falls through, as nearly always */
		else
			in = finder__insn_at(w->f, va, &fn);
		if (!in)
			return w->f->err;
		track(w, &p, fn, in);
		va = in->va + in->len;
		switch ((enum insn_flow)in->flow) {
		case INSN_NEXT: break;
		case INSN_JMP: va = in->target; break;
		case INSN_JCC:
			p.tested = true;
			err = walk_path(w, p, in->target);
			if (err)
				return err;
			break;
		case INSN_CALL:
		case INSN_CALL_MEM:
		case INSN_CALL_REG: return end_path(w, &p, fn, (uint32_t)(in - fn->insns));
		default: return 0;
		}
	}
	/* left is unsigned: do not let it wrap for the paths that follow */
	w->left = w->left > WALK_INSNS_MAX ? 0 : w->left;
	return 0;
}

static int walk_func(struct finder *f, struct func *fn)
{
	int err = finder__decode(f, fn);

	if (err)
		return err == -ENOENT ? 0 : err;
	for (uint32_t i = 0; i < fn->insn_cnt; i++) {
		struct walk w = { .f = f, .func = fn, .insn = i, .left = WALK_INSNS_MAX };
		struct path p = { .left = PATH_INSNS_MAX };

		if (!insn__is_call(&fn->insns[i]))
			continue;
		err = walk_path(&w, p, fn->insns[i].va + fn->insns[i].len);
		if (err)
			return err;
	}
	return 0;
}

/* The routine that the failure branches end in: the exported one, else (hidden in some builds) the
 * callee met most often.
 */
static struct callee fatal_routine(const struct finder *f)
{
	size_t best = 0, n;
	size_t best_i = 0;

	for (size_t i = 0; i < f->hit_cnt; i++) {
		n = 0;
		for (size_t j = i; j < f->hit_cnt; j++)
			n += callee__same(&f->hits[i].fatal, &f->hits[j].fatal);
		if (n > best) {
			best = n;
			best_i = i;
		}
	}
	return f->hits[best_i].fatal;
}

static bool is_exported_fatal(const struct finder *f, const struct callee *c)
{
	for (size_t i = 0; i < ARRAY_SIZE(fatal_names); i++)
		if (callee__is(c, fatal_names[i]) || (c->va && c->va == f->fatal_va[i]))
			return true;
	return false;
}

static int add_call(struct finder *f, const struct gil_hit *hit, const struct callee *callee)
{
	struct gil_call *last = f->call_cnt ? &f->calls[f->call_cnt - 1] : NULL;

	if (last && last->func == hit->func && last->insn == hit->insn) {
		if (last->op != hit->op)
			return finder__refuse(f, -ENOTSUP,
					      "the call at %#lx has two failure messages",
					      (unsigned long)hit->func->insns[hit->insn].va);
		last->fns |= hit->fn;
		return 0;
	}
	if (array_grow(&f->calls, f->call_cnt, &f->call_cap, sizeof(*f->calls)))
		return -ENOMEM;
	f->calls[f->call_cnt++] = (struct gil_call){
		.func = hit->func,
		.insn = hit->insn,
		.op = hit->op,
		.fns = hit->fn,
		.callee = *callee,
	};
	return 0;
}

int finder__walk(struct finder *f)
{
	struct callee fatal, callee;
	struct elf_sym sym;
	int err;

	for (size_t i = 0; i < ARRAY_SIZE(fatal_names); i++)
		if (!elf_file__find_sym(f->elf, fatal_names[i], &sym))
			f->fatal_va[i] = sym.va;

	for (size_t i = 0; i < f->func_cnt; i++) {
		if (!f->funcs[i].candidate)
			continue;
		err = walk_func(f, &f->funcs[i]);
		if (err)
			return err;
	}
	if (!f->hit_cnt)
		return finder__refuse(f, -ENOTSUP,
				      "a CPython, but no call leads to a GIL failure message");
	fatal = fatal_routine(f);
	/* hits are in the order of the calls, all of one call together */
	for (size_t i = 0; i < f->hit_cnt; i++) {
		const struct gil_hit *hit = &f->hits[i];

		if (!callee__same(&hit->fatal, &fatal) && !is_exported_fatal(f, &hit->fatal))
			continue;
		/* the fatal routine does not return: what stands after it is another error block */
		callee = finder__callee(f, hit->func, hit->insn);
		if (callee__same(&callee, &fatal) || is_exported_fatal(f, &callee))
			continue;
		err = add_call(f, hit, &callee);
		if (err)
			return err;
	}
	return 0;
}
