/* SPDX-License-Identifier: BSD-2-Clause */
/* names.c - the checks that use names: exported functions, and symbols if there are any */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "user/base/util.h"
#include "user/gil/finder.h"

#define REACH_DEPTH	5
#define REACH_FUNCS_MAX 256
#define TAKE_GIL_MAX	8

/* Is there a call of kind op in what the function at va calls, REACH_DEPTH levels deep? */
static bool reaches(struct finder *f, uint64_t va, enum gil_op op)
{
	struct {
		struct func *fn;
		int depth;
	} todo[REACH_FUNCS_MAX];
	size_t cnt = 0;
	struct func *fn = finder__func_at(f, va);

	if (fn)
		todo[cnt++].fn = fn;
	todo[0].depth = 0;
	for (size_t i = 0; i < cnt; i++) {
		if (finder__group_has(f, todo[i].fn, op))
			return true;
		if (todo[i].depth == REACH_DEPTH || finder__decode(f, todo[i].fn))
			continue;
		for (uint32_t j = 0; j < todo[i].fn->insn_cnt && cnt < REACH_FUNCS_MAX; j++) {
			const struct insn *in = &todo[i].fn->insns[j];
			size_t k = 0;

			if (in->flow == INSN_NEXT || in->flow == INSN_RET)
				continue;
			fn = finder__func_at(f, in->flow == INSN_JCC
							? in->target
							: finder__callee(f, todo[i].fn, j).va);
			while (fn && k < cnt && todo[k].fn != fn)
				k++;
			if (!fn || k < cnt)
				continue;
			todo[cnt].fn = fn;
			todo[cnt++].depth = todo[i].depth + 1;
		}
	}
	return false;
}

/* G5: what the exported functions do must lead to the sites. */
static int check_exports(struct finder *f)
{
	static const struct {
		const char *name, *what;
		enum gil_op op;
	} exports[] = {
		{ "PyEval_SaveThread", "release", GIL_OP_RELEASE },
		{ "PyEval_RestoreThread", "acquire", GIL_OP_ACQUIRE },
	};
	struct elf_sym sym;

	for (size_t i = 0; i < ARRAY_SIZE(exports); i++) {
		if (elf_file__find_sym(f->elf, exports[i].name, &sym) || !sym.is_func)
			continue; /* hidden: nothing to hold against it */
		if (!reaches(f, sym.va, exports[i].op))
			return finder__refuse(f, -ENOTSUP, "G5: %s does not lead to any %s site",
					      exports[i].name, exports[i].what);
	}
	return 0;
}

/* All bodies and cold parts of take_gil. */
struct bodies {
	struct elf_sym sym[TAKE_GIL_MAX];
	size_t cnt;
};

static int on_symbol(const char *name, const struct elf_sym *sym, void *arg)
{
	struct bodies *b = arg;

	if (sym->is_func && !strncmp(name, "take_gil", 8) && (!name[8] || name[8] == '.') &&
	    b->cnt < TAKE_GIL_MAX)
		b->sym[b->cnt++] = *sym;
	return 0;
}

/* G6: a symbol table, if there is one, has wait and acquire inside take_gil. (It never speaks against a
 * release: those are inlined anywhere.)
 */
static int check_symbols(struct finder *f)
{
	struct bodies b = { 0 };

	elf_file__each_sym(f->elf, ELF_SYMTAB, on_symbol, &b);
	for (size_t i = 0; b.cnt && i < f->call_cnt; i++) {
		const struct gil_call *c = &f->calls[i];
		uint64_t va = gil_call__va(c);
		bool inside = c->op != GIL_OP_WAIT && c->op != GIL_OP_ACQUIRE;

		for (size_t j = 0; j < b.cnt; j++)
			inside |= va - b.sym[j].va < b.sym[j].size;
		if (!inside)
			return finder__refuse(f, -ENOTSUP,
					      "G6: the symbol table has %#lx outside take_gil",
					      (unsigned long)va);
	}
	return 0;
}

int finder__check_names(struct finder *f)
{
	int err = check_exports(f);

	return err ? err : check_symbols(f);
}
