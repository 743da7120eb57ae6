/* SPDX-License-Identifier: BSD-2-Clause */
/* func.c - functions (.eh_frame), their instructions, the names of callees */
#include <dwarf.h>
#include <elf.h>
#include <elfutils/libdw.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "user/base/util.h"
#include "user/gil/finder.h"

#define FUNC_MAX       (1U << 20) /* a broken file must not eat the memory; libLLVM has 200,000 */
#define FUNC_SZ_MAX    (1U << 20) /* the largest eval loop seen has 100 KB */
#define DECODE_SZ_MAX  (16U << 20)
#define PLT_STUB_INSNS 4

/* ---- .eh_frame ---------------------------------------------------------------------------------- */

struct cfi {
	Elf_Data data;
	uint64_t va;
	uint64_t cie_off; /* the last one looked at, and its pointer encoding */
	uint8_t enc;
};

static const unsigned char elf_ident[EI_NIDENT] = {
	[EI_CLASS] = ELFCLASS64, [EI_DATA] = ELFDATA2LSB
};

/* How the addresses in a CIE's FDEs are written: the R in its augmentation. */
static uint8_t cie_encoding(const Dwarf_CIE *cie)
{
	const uint8_t *p = cie->augmentation_data, *end = p + cie->augmentation_data_size;
	const char *a = cie->augmentation;

	if (*a++ != 'z')
		return DW_EH_PE_absptr;
	for (; *a && p && p < end; a++) {
		switch (*a) {
		case 'R': return *p;
		case 'L': p++; break;
		case 'P': /* an encoding and a pointer of that size */
			p += 1 + ((*p & 0x07) == DW_EH_PE_udata4   ? 4
				  : (*p & 0x07) == DW_EH_PE_udata2 ? 2
								   : 8);
			break;
		default: break; /* S, B: no data */
		}
	}
	return DW_EH_PE_absptr;
}

static bool read_encoded(const uint8_t **p, const uint8_t *end, uint8_t enc, uint64_t *ret)
{
	size_t n = (enc & 0x07) == DW_EH_PE_udata4 ? 4 : 8;
	int32_t s4;

	if ((enc & 0x07) != DW_EH_PE_absptr && (enc & 0x07) != DW_EH_PE_udata4 &&
	    (enc & 0x07) != DW_EH_PE_udata8)
		return false;
	if (*p > end || (size_t)(end - *p) < n)
		return false;
	if (n == 8) {
		memcpy(ret, *p, 8);
	} else {
		memcpy(&s4, *p, 4);
		*ret = enc & DW_EH_PE_signed ? (uint64_t)(int64_t)s4 : (uint32_t)s4;
	}
	*p += n;
	return true;
}

static int add_func(struct finder *f, struct cfi *cfi, const Dwarf_FDE *fde)
{
	const uint8_t *p = fde->start, *base = cfi->data.d_buf;
	uint64_t start, size, at = cfi->va + (uint64_t)(p - base);
	Dwarf_CFI_Entry cie;
	Dwarf_Off next;

	if (fde->CIE_pointer != cfi->cie_off) {
		if (dwarf_next_cfi(elf_ident, &cfi->data, true, fde->CIE_pointer, &next, &cie) ||
		    !dwarf_cfi_cie_p(&cie))
			return 0;
		cfi->cie_off = fde->CIE_pointer;
		cfi->enc = cie_encoding(&cie.cie);
	}
	if (!read_encoded(&p, fde->end, cfi->enc, &start) ||
	    !read_encoded(&p, fde->end, cfi->enc & 0x07, &size))
		return 0;
	if ((cfi->enc & 0x70) == DW_EH_PE_pcrel)
		start += at;
	else if (cfi->enc & 0x70)
		return 0;
	if (!start || !size || size > FUNC_SZ_MAX || start > UINT64_MAX - size)
		return 0;
	if (f->func_cnt == FUNC_MAX)
		return finder__refuse(f, -ENOTSUP, "more than %u functions", FUNC_MAX);
	if (array_grow(&f->funcs, f->func_cnt, &f->func_cap, sizeof(*f->funcs)))
		return -ENOMEM;
	f->funcs[f->func_cnt++] = (struct func){ .start = start, .end = start + size };
	return 0;
}

static int func_cmp(const void *a, const void *b)
{
	const struct func *x = a, *y = b;

	if (x->start != y->start)
		return x->start < y->start ? -1 : 1;
	return (x->end > y->end) - (x->end < y->end);
}

static bool is_text(const struct finder *f, const struct func *fn)
{
	struct elf_seg seg;

	for (size_t i = 0; !elf_file__seg(f->elf, i, &seg); i++)
		if (seg.flags & PF_X && fn->start >= seg.va && fn->end - seg.va <= seg.filesz)
			return true;
	return false;
}

/* Keep what lies in the text; of two that overlap, the first. */
static void tidy_funcs(struct finder *f)
{
	size_t out = 0;

	if (f->func_cnt)
		qsort(f->funcs, f->func_cnt, sizeof(*f->funcs), func_cmp);
	for (size_t i = 0; i < f->func_cnt; i++) {
		if (!is_text(f, &f->funcs[i]) || (out && f->funcs[i].start < f->funcs[out - 1].end))
			continue;
		f->funcs[out] = f->funcs[i];
		f->funcs[out].group = (uint32_t)out;
		out++;
	}
	f->func_cnt = out;
}

int finder__read_funcs(struct finder *f)
{
	struct cfi cfi = { .cie_off = UINT64_MAX };
	Dwarf_CFI_Entry entry;
	Dwarf_Off off = 0, next;
	uint64_t size;
	bool exact;
	int rc, err;

	if (elf_file__eh_frame(f->elf, &cfi.va, &size, &exact))
		return finder__refuse(f, -ENOTSUP, "a CPython without .eh_frame");
	cfi.data = (Elf_Data){
		.d_buf = (void *)elf_file__at(f->elf, cfi.va, size),
		.d_type = ELF_T_BYTE,
		.d_version = EV_CURRENT,
		.d_size = size,
	};
	if (!cfi.data.d_buf)
		return finder__refuse(f, -EINVAL, "cannot read .eh_frame");
	while (off + 4 <= size) {
		/* A static glibc has zero terminators in the middle: only the last one is the end. */
		if (!memcmp((char *)cfi.data.d_buf + off, "\0\0\0\0", 4)) {
			if (!exact)
				break;
			off += 4;
			continue;
		}
		next = off;
		rc = dwarf_next_cfi(elf_ident, &cfi.data, true, off, &next, &entry);
		if (next <= off || next == (Dwarf_Off)-1)
			break;
		off = next;
		if (rc || dwarf_cfi_cie_p(&entry))
			continue;
		err = add_func(f, &cfi, &entry.fde);
		if (err)
			return err;
	}
	tidy_funcs(f);
	return f->func_cnt ? 0 : finder__refuse(f, -ENOTSUP, "no functions in .eh_frame");
}

void finder__free_funcs(struct finder *f)
{
	for (size_t i = 0; i < f->func_cnt; i++)
		free(f->funcs[i].insns);
	free(f->funcs);
}

/* ---- instructions ------------------------------------------------------------------------------- */

static int covers(const void *key, const void *elem)
{
	const struct func *fn = elem;
	uint64_t va = load_u64(key);

	return va < fn->start ? -1 : va >= fn->end;
}

struct func *finder__func_at(struct finder *f, uint64_t va)
{
	return f->func_cnt ? bsearch(&va, f->funcs, f->func_cnt, sizeof(*f->funcs), covers) : NULL;
}

int finder__decode(struct finder *f, struct func *fn)
{
	size_t len = fn->end - fn->start, cnt;
	const uint8_t *code;
	int64_t done;

	if (fn->tried)
		return fn->insns ? 0 : -ENOENT;
	fn->tried = true;
	code = elf_file__at(f->elf, fn->start, len);
	if (!code || f->decoded_sz + len > DECODE_SZ_MAX)
		return -ENOENT;
	f->decoded_sz += len;
	done = disasm__decode(f->dis, code, len, fn->start, &fn->insns, &cnt);
	if (done < 0) {
		f->err = (int)done;
		return f->err;
	}
	fn->insn_cnt = (uint32_t)cnt;
	fn->whole = (size_t)done == len;
	return fn->insns ? 0 : -ENOENT;
}

const struct insn *finder__insn_at(struct finder *f, uint64_t va, struct func **ret_fn)
{
	struct func *fn = finder__func_at(f, va);
	const struct insn *in;

	if (!fn || finder__decode(f, fn) || !fn->insn_cnt)
		return NULL;
	in = bsearch(&va, fn->insns, fn->insn_cnt, sizeof(*in), cmp_u64);
	if (in)
		*ret_fn = fn;
	return in;
}

uint32_t finder__group(struct finder *f, const struct func *fn)
{
	uint32_t i = (uint32_t)(fn - f->funcs);

	while (f->funcs[i].group != i) {
		f->funcs[i].group = f->funcs[f->funcs[i].group].group;
		i = f->funcs[i].group;
	}
	return i;
}

void finder__join(struct finder *f, struct func *a, struct func *b)
{
	uint32_t x = finder__group(f, a), y = finder__group(f, b);

	f->funcs[x > y ? x : y].group = x > y ? y : x;
}

bool finder__is_jumped_into(struct finder *f, const struct func *fn, bool others, uint64_t lo,
			    uint64_t hi)
{
	uint32_t group = finder__group(f, fn);

	for (size_t i = 0; i < f->func_cnt; i++) {
		const struct func *from = &f->funcs[i];

		if (!from->insn_cnt || (others && from == fn) || finder__group(f, from) != group)
			continue;
		for (uint32_t j = 0; j < from->insn_cnt; j++) {
			const struct insn *in = &from->insns[j];

			if (insn__is_jump(in) && in->target >= lo && in->target <= hi)
				return true;
		}
	}
	return false;
}

/* ---- callees ------------------------------------------------------------------------------------ */

static const struct elf_import *import_at(const struct finder *f, uint64_t slot_va)
{
	return f->import_cnt
		       ? bsearch(&slot_va, f->imports, f->import_cnt, sizeof(*f->imports), cmp_u64)
		       : NULL;
}

/* A PLT stub is a jump through a slot: x86_64 [endbr64] [bnd] jmp *slot(%rip), aarch64 [bti] adrp, ldr,
 * add, br. Returns the import, or NULL.
 */
static const struct elf_import *stub_import(struct finder *f, uint64_t va)
{
	size_t len = PLT_STUB_INSNS * 4 + 4, cnt;
	uint64_t val[DISASM_REG_CNT] = { 0 }, slot[DISASM_REG_CNT] = { 0 };
	const uint8_t *code = elf_file__at(f->elf, va, len);
	const struct elf_import *imp = NULL;
	struct insn *insns;

	if (!code || !f->import_cnt)
		return NULL;
	disasm__decode(f->dis, code, len, va, &insns, &cnt);
	for (size_t i = 0; i < cnt && i <= PLT_STUB_INSNS; i++) {
		const struct insn *in = &insns[i];

		if (in->set == INSN_SET_CONST || in->set == INSN_SET_PAGE)
			val[in->dst] = (uint64_t)in->imm;
		else if (in->set == INSN_SET_LOAD && in->src < DISASM_REG_CNT)
			slot[in->dst] = val[in->src] + (uint64_t)in->imm;
		if (in->flow == INSN_JMP_MEM)
			imp = import_at(f, in->target);
		else if (in->flow == INSN_JMP_REG && in->src < DISASM_REG_CNT)
			imp = import_at(f, slot[in->src]);
		if (in->flow != INSN_NEXT)
			break;
	}
	free(insns);
	return imp;
}

/* call *%reg: what the nearest instruction before it in the function put there, if it is a slot. */
static const struct elf_import *reg_import(struct finder *f, const struct func *fn, uint32_t insn)
{
	uint8_t reg = fn->insns[insn].src;

	for (uint32_t i = insn; reg < DISASM_REG_CNT && i-- > 0;) {
		const struct insn *in = &fn->insns[i];

		if (!(in->writes & 1U << reg))
			continue;
		if (in->set == INSN_SET_LOAD && in->src == DISASM_NO_REG)
			return import_at(f, (uint64_t)in->imm);
		break;
	}
	return NULL;
}

struct callee finder__callee(struct finder *f, const struct func *fn, uint32_t insn)
{
	const struct insn *in = &fn->insns[insn];
	const struct elf_import *imp = NULL;
	struct callee c = { 0 };

	if (in->flow == INSN_CALL || in->flow == INSN_JMP) {
		/* a function of its own is no stub (stubs have one .eh_frame entry all together) */
		const struct func *to = finder__func_at(f, in->target);

		c.va = in->target;
		if (!to || to->start != in->target || to->end - to->start <= PLT_STUB_INSNS * 4 + 4)
			imp = stub_import(f, in->target);
	} else if (in->flow == INSN_CALL_MEM || in->flow == INSN_JMP_MEM) {
		imp = import_at(f, in->target);
	} else if (in->flow == INSN_CALL_REG) {
		imp = reg_import(f, fn, insn);
	}
	if (imp)
		c = (struct callee){ .va = imp->def_va, .name = imp->name };
	return c;
}

bool callee__is(const struct callee *c, const char *name)
{
	return c->name && !strcmp(c->name, name);
}

bool callee__same(const struct callee *a, const struct callee *b)
{
	if (a->va || b->va)
		return a->va == b->va;
	return a->name && b->name && !strcmp(a->name, b->name);
}
