/* SPDX-License-Identifier: BSD-2-Clause */
/* gil_site_probe.c - which instruction to probe at a site */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "gil_site_impl.h"
#include "util.h"

#define YIELD_END_INSNS 4 /* call; test %eax,%eax; jcc */

static int add_site(struct finder *f, struct gil_sites *ret, const struct gil_site *tmpl,
		    const struct insn *call, const struct insn *probe)
{
	struct gil_site *site = &ret->sites[ret->site_cnt];
	const void *bytes = elf_file__at(f->elf, probe->va, probe->len);

	if (ret->site_cnt == GIL_SITES_MAX)
		return finder__refuse(f, -ENOTSUP, "more than %d sites", GIL_SITES_MAX);
	*site = *tmpl;
	site->call_va = call->va;
	site->probe_va = probe->va;
	site->insn_len = probe->len;
	site->insn_name = probe->name;
	site->emulated = probe->emulated;
	if (!bytes || probe->len > sizeof(site->insn) ||
	    elf_file__va_to_off(f->elf, probe->va, &site->probe_off))
		return finder__refuse(f, -EINVAL, "G8: no file offset for %#lx",
				      (unsigned long)probe->va);
	memcpy(site->insn, bytes, probe->len);
	ret->site_cnt++;
	ret->cnt[site->kind]++;
	return 0;
}

/* The jump that tests the result of the call at index i. */
static const struct insn *result_jump(const struct func *fn, uint32_t i)
{
	for (uint32_t j = i + 1; j < fn->insn_cnt && j <= i + YIELD_END_INSNS; j++) {
		if (fn->insns[j].flow == INSN_JCC)
			return &fn->insns[j];
		if (fn->insns[j].flow != INSN_NEXT)
			break;
	}
	return NULL;
}

static int choose_call(struct finder *f, const struct gil_call *c, struct gil_sites *ret)
{
	const struct insn *call = &c->func->insns[c->insn], *end;
	struct gil_site tmpl = { .kind = (enum gil_site_kind)c->op, .reg = GIL_REG_ARG0 };
	int err = add_site(f, ret, &tmpl, call, call);

	if (err || c->op != GIL_OP_YIELD)
		return err;
	end = result_jump(c->func, c->insn);
	if (!end)
		return finder__refuse(f, -ENOTSUP, "no test of the result of the yield at %#lx",
				      (unsigned long)call->va);
	tmpl = (struct gil_site){ .kind = GIL_SITE_YIELD_END, .reg = GIL_REG_NONE };
	return add_site(f, ret, &tmpl, call, end);
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
		err = choose_call(f, &f->calls[i], ret);
		if (err)
			return err;
	}
	qsort(ret->sites, ret->site_cnt, sizeof(*ret->sites), site_cmp);
	return 0;
}
