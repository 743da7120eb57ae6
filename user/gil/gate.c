/* SPDX-License-Identifier: BSD-2-Clause */
/* gate.c - what must hold before one of the sites may be used
 *
 * A probe at a wrong address can only waste time (the kernel executes the original instruction), but a
 * missing one makes every number wrong. So all checks concern the set as a whole, and one that fails
 * refuses the file. The names G1..G7 are those of the messages.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "user/base/util.h"
#include "user/gil/finder.h"

#define WRAPPER_SZ_MAX 1024 /* PyCOND_TIMEDWAIT at -O0 has 150 bytes */

static const struct {
	const char *import, *what;
} ops[GIL_OP_CNT] = {
	[GIL_OP_WAIT] = { "pthread_cond_timedwait", "wait" },
	[GIL_OP_ACQUIRE] = { "pthread_cond_signal", "acquire" },
	[GIL_OP_RELEASE] = { "pthread_cond_signal", "release" },
	[GIL_OP_YIELD] = { "pthread_cond_wait", "yield" },
	[GIL_OP_LOCK] = { "pthread_mutex_lock", "lock" },
	[GIL_OP_UNLOCK] = { "pthread_mutex_unlock", "unlock" },
	[GIL_OP_LOCK_SWITCH] = { "pthread_mutex_lock", "switch lock" },
	[GIL_OP_UNLOCK_SWITCH] = { "pthread_mutex_unlock", "switch unlock" },
};

const char *gil_op__import(enum gil_op op)
{
	return ops[op].import;
}

static size_t count(const struct finder *f, enum gil_op op)
{
	size_t n = 0;

	for (size_t i = 0; i < f->call_cnt; i++)
		n += f->calls[i].op == op;
	return n;
}

bool finder__group_has(struct finder *f, const struct func *fn, enum gil_op op)
{
	uint32_t group = finder__group(f, fn);

	for (size_t i = 0; i < f->call_cnt; i++)
		if (f->calls[i].op == op && finder__group(f, f->calls[i].func) == group)
			return true;
	return false;
}

/* At -O0 the timed wait sits in a small function of its own, with the same first argument. */
static bool is_wrapper_of(struct finder *f, uint64_t va, const char *name)
{
	struct func *fn = finder__func_at(f, va);

	if (!fn || fn->start != va || fn->end - fn->start > WRAPPER_SZ_MAX || finder__decode(f, fn))
		return false;
	for (uint32_t i = 0; i < fn->insn_cnt; i++) {
		struct callee c;

		if (!insn__is_call(&fn->insns[i]))
			continue;
		c = finder__callee(f, fn, i);
		if (callee__is(&c, name))
			return true;
	}
	return false;
}

/* libc is inside: its functions have no names, but every use of one has the same target. */
static struct callee majority(const struct finder *f, const char *import)
{
	struct callee best = { 0 };
	size_t best_cnt = 0;

	for (size_t i = 0; i < f->call_cnt; i++) {
		size_t n = 0;

		if (strcmp(ops[f->calls[i].op].import, import))
			continue;
		for (size_t j = 0; j < f->call_cnt; j++)
			n += !strcmp(ops[f->calls[j].op].import, import) &&
			     callee__same(&f->calls[i].callee, &f->calls[j].callee);
		if (n > best_cnt) {
			best_cnt = n;
			best = f->calls[i].callee;
		}
	}
	return best;
}

static bool right_callee(struct finder *f, const struct gil_call *c, const struct callee *targets)
{
	const char *import = ops[c->op].import;

	if (f->is_static)
		return c->callee.va && callee__same(&c->callee, &targets[c->op]);
	if (callee__is(&c->callee, import))
		return true;
	return c->op == GIL_OP_WAIT && !c->callee.name && is_wrapper_of(f, c->callee.va, import);
}

/* G3: what complains about pthread_cond_signal has called pthread_cond_signal. */
static int check_callees(struct finder *f)
{
	struct callee targets[GIL_OP_CNT];

	f->is_static = true;
	for (size_t i = 0; i < f->import_cnt; i++)
		if (!strcmp(f->imports[i].name, "pthread_cond_signal") && !f->imports[i].def_va)
			f->is_static = false;
	for (int op = 0; op < GIL_OP_CNT; op++)
		targets[op] = majority(f, ops[op].import);
	for (size_t i = 0; i < f->call_cnt; i++)
		if (!right_callee(f, &f->calls[i], targets))
			return finder__refuse(
				f, -ENOTSUP, "G3: the %s call at %#lx is not one of %s",
				ops[f->calls[i].op].what, (unsigned long)gil_call__va(&f->calls[i]),
				ops[f->calls[i].op].import);
	if (f->is_static && (callee__same(&targets[GIL_OP_WAIT], &targets[GIL_OP_ACQUIRE]) ||
			     callee__same(&targets[GIL_OP_YIELD], &targets[GIL_OP_ACQUIRE]) ||
			     callee__same(&targets[GIL_OP_YIELD], &targets[GIL_OP_WAIT])))
		return finder__refuse(f, -ENOTSUP,
				      "G3: wait, signal and yield call the same function");
	return 0;
}

static bool is_claimed(const struct finder *f, uint64_t ref_va)
{
	for (size_t i = 0; i < f->hit_cnt; i++) {
		if (f->hits[i].ref_va != ref_va)
			continue;
		for (size_t j = 0; j < f->call_cnt; j++)
			if (f->calls[j].func == f->hits[i].func &&
			    f->calls[j].insn == f->hits[i].insn)
				return true;
	}
	return false;
}

/* Is the page that instruction i loads all of the address? (The linker turns "add x1, x1, #0" into a
 * nop.) It is not if anything adds to it or loads through it before the block ends.
 */
static bool page_is_all(const struct func *fn, uint32_t i)
{
	uint8_t reg = fn->insns[i].dst;

	for (uint32_t j = i + 1; j < fn->insn_cnt; j++) {
		const struct insn *in = &fn->insns[j];

		if (in->src == reg || in->writes & 1U << reg)
			return false;
		if (in->flow != INSN_NEXT)
			return true;
	}
	return false;
}

/* The message that instruction i loads, or NULL. On aarch64 an address takes two instructions; the first
 * is searched backwards in the order of the text, which is right where it matters (an error block has
 * both) and must not be wrong elsewhere: the same offset from another page is no reference.
 */
static const struct gil_str *message_ref(const struct finder *f, const struct func *fn, uint32_t i)
{
	const struct insn *in = &fn->insns[i];
	const struct gil_str *s = NULL;

	if (in->set == INSN_SET_CONST || (in->set == INSN_SET_PAGE && page_is_all(fn, i)))
		s = finder__str_at(f, (uint64_t)in->imm);
	for (uint32_t j = i; in->set == INSN_SET_ADD && in->src < DISASM_REG_CNT && j-- > 0;) {
		const struct insn *base = &fn->insns[j];

		if (!(base->writes & 1U << in->src))
			continue;
		if (base->set == INSN_SET_PAGE)
			s = finder__str_at(f, (uint64_t)(base->imm + in->imm));
		break;
	}
	return s && s->op != GIL_OP_NONE ? s : NULL;
}

/* G1: every place that loads one of the messages belongs to a site that was found. */
static int check_complete(struct finder *f)
{
	for (size_t i = 0; i < f->func_cnt; i++) {
		const struct func *fn = &f->funcs[i];

		if (!fn->candidate)
			continue;
		for (uint32_t j = 0; j < fn->insn_cnt; j++) {
			const struct gil_str *s = message_ref(f, fn, j);

			if (s && !is_claimed(f, fn->insns[j].va))
				return finder__refuse(
					f, -ENOTSUP,
					"G1: no %s call was found for the error at %#lx",
					ops[s->op].what, (unsigned long)fn->insns[j].va);
		}
	}
	return 0;
}

/* G1, G7 */
static int check_counts(struct finder *f)
{
	static const struct {
		enum gil_op op;
		size_t min, max;
	} sane[] = {
		{ GIL_OP_WAIT, 1, 4 },	 { GIL_OP_ACQUIRE, 1, 4 }, { GIL_OP_RELEASE, 1, 64 },
		{ GIL_OP_YIELD, 0, 64 }, { GIL_OP_LOCK, 1, 128 },  { GIL_OP_UNLOCK, 1, 128 },
	};

	for (size_t i = 0; i < ARRAY_SIZE(sane); i++) {
		size_t n = count(f, sane[i].op);

		if (n < sane[i].min || n > sane[i].max)
			return finder__refuse(f, -ENOTSUP, "G7: %zu %s sites, %zu to %zu expected",
					      n, ops[sane[i].op].what, sane[i].min, sane[i].max);
	}
	if (count(f, GIL_OP_YIELD) > count(f, GIL_OP_RELEASE))
		return finder__refuse(f, -ENOTSUP, "G1: more yield sites (%zu) than releases (%zu)",
				      count(f, GIL_OP_YIELD), count(f, GIL_OP_RELEASE));
	return 0;
}

/* Hot and cold parts of one function are one group: they jump into each other, and nobody calls the
 * cold one. (A jump to a function's entry is a tail call.)
 */
static int join_parts(struct finder *f)
{
	for (size_t i = 0; i < f->func_cnt; i++) {
		struct func *fn = &f->funcs[i], *to;

		for (uint32_t j = 0; j < fn->insn_cnt; j++) {
			const struct insn *in = &fn->insns[j];

			if (!insn__is_jump(in))
				continue;
			to = finder__func_at(f, in->target);
			if (to && to != fn && (to->start != in->target || !to->entered))
				finder__join(f, fn, to);
		}
	}
	return 0;
}

/* G2: an instruction boundary is what a linear decode from the function's start says it is, and the
 * decode must come out even at its end.
 */
static int check_decode(struct finder *f)
{
	for (size_t i = 0; i < f->call_cnt; i++)
		if (!f->calls[i].func->whole)
			return finder__refuse(f, -ENOTSUP,
					      "G2: the function at %#lx does not decode to its end",
					      (unsigned long)f->calls[i].func->start);
	return 0;
}

/* G4: the sites of one function make sense together, and the names in the messages agree. */
static int check_groups(struct finder *f)
{
	size_t out = 0;

	for (size_t i = 0; i < f->call_cnt; i++) {
		const struct gil_call *c = &f->calls[i];
		const char *bad = NULL;

		if (c->op == GIL_OP_RELEASE && c->fns == GIL_FN_TAKE) {
			/* free-threaded: a waiter found the GIL switched off and passes the signal on */
			f->bailout_cnt++;
			continue;
		}
		if (c->op == GIL_OP_RELEASE && c->fns & GIL_FN_TAKE)
			bad = "is in take_gil and in drop_gil";
		else if ((c->op == GIL_OP_ACQUIRE || c->op == GIL_OP_WAIT) && c->fns & GIL_FN_DROP)
			bad = "is in drop_gil";
		else if (c->op == GIL_OP_ACQUIRE && !finder__group_has(f, c->func, GIL_OP_WAIT))
			bad = "has no wait in its function";
		else if (c->op == GIL_OP_WAIT && !finder__group_has(f, c->func, GIL_OP_ACQUIRE))
			bad = "has no acquire in its function";
		else if (c->op == GIL_OP_RELEASE && (!finder__group_has(f, c->func, GIL_OP_LOCK) ||
						     !finder__group_has(f, c->func, GIL_OP_UNLOCK)))
			bad = "is not between lock and unlock";
		if (bad)
			return finder__refuse(f, -ENOTSUP, "G4: the %s call at %#lx %s",
					      ops[c->op].what, (unsigned long)gil_call__va(c), bad);
		f->calls[out++] = *c;
	}
	f->call_cnt = out;
	return 0;
}

/* BOLT keeps the original text as a dead copy. */
static int drop_dead(struct finder *f)
{
	uint64_t va, size;
	size_t out = 0;

	if (elf_file__find_section(f->elf, ".bolt.org.text", &va, &size))
		return 0;
	for (size_t i = 0; i < f->call_cnt; i++) {
		if (gil_call__va(&f->calls[i]) - va < size)
			f->dead_cnt++;
		else
			f->calls[out++] = f->calls[i];
	}
	f->call_cnt = out;
	return 0;
}

int finder__check(struct finder *f)
{
	static int (*const steps[])(struct finder * f) = {
		check_callees, check_complete, join_parts,   finder__second_opinion, drop_dead,
		check_groups,  check_counts,   check_decode, finder__check_names,
	};
	int err = 0;

	for (size_t i = 0; !err && i < ARRAY_SIZE(steps); i++)
		err = steps[i](f);
	return err;
}
