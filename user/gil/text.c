/* SPDX-License-Identifier: BSD-2-Clause */
/* text.c - a byte scan of the text for what may refer to the GIL's strings
 *
 * The scan of the text is a sieve: it decides which functions are worth decoding, nothing else. It may
 * let too much through (bytes that only look like an instruction), so its few patterns are no decoder.
 */
#include <elf.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "user/base/util.h"
#include "user/gil/finder.h"

#define ERROR_BLOCK_SZ                                                                             \
	160 /* a jump to at most this far before a reference is a jump to its block */

struct range {
	uint64_t lo, hi; /* hi included */
};

struct ranges {
	struct range *r;
	size_t cnt, cap;
};

/* Sorted, and overlapping ones merged. */
static void ranges_sort(struct ranges *rs)
{
	size_t out = 0;

	if (!rs->cnt)
		return;
	qsort(rs->r, rs->cnt, sizeof(*rs->r), cmp_u64);
	for (size_t i = 1; i < rs->cnt; i++) {
		if (rs->r[i].lo > rs->r[out].hi)
			rs->r[++out] = rs->r[i];
		else if (rs->r[i].hi > rs->r[out].hi)
			rs->r[out].hi = rs->r[i].hi;
	}
	rs->cnt = out + 1;
}

static int holds(const void *key, const void *elem)
{
	const struct range *r = elem;
	uint64_t va = load_u64(key);

	return va < r->lo ? -1 : va > r->hi;
}

static bool ranges_hold(const struct ranges *rs, uint64_t va)
{
	/* Most jumps of the text go elsewhere. */
	if (!rs->cnt || va < rs->r[0].lo || va > rs->r[rs->cnt - 1].hi)
		return false;
	return bsearch(&va, rs->r, rs->cnt, sizeof(*rs->r), holds);
}

static int ranges_add(struct ranges *rs, uint64_t lo, uint64_t hi)
{
	if (array_grow(&rs->r, rs->cnt, &rs->cap, sizeof(*rs->r)))
		return -ENOMEM;
	rs->r[rs->cnt++] = (struct range){ lo, hi };
	return 0;
}

/* The block that ends at va is of interest: so is its function, and whoever jumps into the block. */
static int mark(struct finder *f, uint64_t va, struct ranges *rs)
{
	struct func *fn = finder__func_at(f, va);

	if (!fn)
		return 0;
	fn->candidate = true;
	return ranges_add(rs, va > fn->start + ERROR_BLOCK_SZ ? va - ERROR_BLOCK_SZ : fn->start,
			  va);
}

static int x86_refs(struct finder *f, const uint8_t *p, uint64_t len, uint64_t va,
		    struct ranges *rs)
{
	bool low = f->strs[0].va <= UINT32_MAX; /* an immediate can hold it */
	uint64_t to;

	for (uint64_t i = 1; i + 6 <= len; i++) {
		if (p[i] == 0x8d && (p[i + 1] & 0xc7) == 0x05 && (p[i - 1] & 0xfb) == 0x48)
			to = va + i + 6 +
			     (uint64_t)(int64_t)(int32_t)load_u32(p + i + 2); /* lea rip */
		else if (low && (p[i] & 0xf8) == 0xb8)
			to = load_u32(p + i + 1); /* mov r32, imm32 */
		else if (low && p[i] == 0xc7 && (p[i + 1] & 0xf8) == 0xc0)
			to = load_u32(p + i + 2); /* mov r64, simm32 */
		else
			continue;
		if (finder__str_at(f, to) && mark(f, va + i, rs))
			return -ENOMEM;
	}
	return 0;
}

static uint64_t sext(uint32_t v, unsigned int bits)
{
	return (uint64_t)((int64_t)((uint64_t)v << (64 - bits)) >> (64 - bits));
}

/* The 21 bits of adr and adrp */
static uint64_t adr_imm(uint32_t w)
{
	return sext((w >> 5 & 0x7ffff) << 2 | (w >> 29 & 3), 21);
}

static uint64_t adrp_page(uint32_t w, uint64_t pc)
{
	return (pc & ~0xfffULL) + adr_imm(w) * 4096;
}

/* Is there an adrp of va's page anywhere in the function? */
static bool has_adrp(const struct finder *f, const struct func *fn, uint64_t va)
{
	const uint8_t *p = elf_file__at(f->elf, fn->start, fn->end - fn->start);

	for (uint64_t i = 0; p && i + 4 <= fn->end - fn->start; i += 4) {
		uint32_t w = load_u32(p + i);

		if ((w & 0x9f000000) == 0x90000000 &&
		    adrp_page(w, fn->start + i) == (va & ~0xfffULL))
			return true;
	}
	return false;
}

/* The linker turns "add x1, x1, #0" into a nop, so an adrp alone may be an address. */
static bool nop_follows(const uint8_t *p, uint64_t len)
{
	for (uint64_t i = 4; i <= 32 && i + 4 <= len; i += 4)
		if (load_u32(p + i) == 0xd503201f)
			return true;
	return false;
}

static int arm64_refs(struct finder *f, const uint8_t *p, uint64_t len, uint64_t va,
		      struct ranges *rs)
{
	for (uint64_t i = 0; i + 4 <= len; i += 4) {
		uint32_t w = load_u32(p + i);
		struct func *fn = NULL;
		bool found = false;

		if ((w & 0x9f000000) == 0x10000000) { /* adr */
			found = finder__str_at(f, va + i + adr_imm(w));
		} else if ((w & 0x9f000000) == 0x90000000) { /* adrp, alone if the rest is 0 */
			found = finder__str_at(f, adrp_page(w, va + i)) &&
				nop_follows(p + i, len - i);
		} else if ((w & 0xffc00000) == 0x91000000 && (w >> 5 & 31) != 31) {
			/* add xd, xn, imm12; not of sp */
			for (size_t s = 0; s < f->str_cnt && !found; s++) {
				if ((f->strs[s].va & 0xfff) != (w >> 10 & 0xfff))
					continue;
				fn = fn ? fn : finder__func_at(f, va + i);
				found = fn && has_adrp(f, fn, f->strs[s].va);
			}
		}
		if (found && mark(f, va + i, rs))
			return -ENOMEM;
	}
	return 0;
}

/* The target of a direct jump (call: false) or call at p[i], or 0. */
static uint64_t x86_target(const uint8_t *p, uint64_t i, uint64_t va, bool call)
{
	uint64_t n;

	if (call ? p[i] == 0xe8 : p[i] == 0xe9)
		n = 1;
	else if (!call && p[i] == 0x0f && (p[i + 1] & 0xf0) == 0x80)
		n = 2;
	else
		return 0;
	return va + i + n + 4 + (uint64_t)(int64_t)(int32_t)load_u32(p + i + n);
}

static uint64_t arm64_target(const uint8_t *p, uint64_t i, uint64_t va, bool call)
{
	uint32_t w = load_u32(p + i);

	if ((w & 0xfc000000) == (call ? 0x94000000 : 0x14000000))
		return va + i + sext(w & 0x3ffffff, 26) * 4;
	if (call)
		return 0;
	if ((w & 0xff000010) == 0x54000000 ||
	    (w & 0x7e000000) == 0x34000000) /* b.cond, cbz, cbnz */
		return va + i + sext(w >> 5 & 0x7ffff, 19) * 4;
	if ((w & 0x7e000000) == 0x36000000) /* tbz, tbnz */
		return va + i + sext(w >> 5 & 0x3fff, 14) * 4;
	return 0;
}

typedef int (*target_fn)(struct finder *f, uint64_t from, uint64_t to, void *arg);

/* Everything in the text that may be a direct jump (or call). */
static int each_target(struct finder *f, bool call, target_fn fn, void *arg)
{
	bool x86 = elf_file__machine(f->elf) == EM_X86_64;
	struct elf_seg seg;
	const uint8_t *p;
	uint64_t to;
	int err = 0;

	for (size_t s = 0; !err && !elf_file__seg(f->elf, s, &seg); s++) {
		p = seg.flags & PF_X ? elf_file__at(f->elf, seg.va, seg.filesz) : NULL;
		for (uint64_t i = 0; p && !err && i + 6 <= seg.filesz; i += x86 ? 1 : 4) {
			to = x86 ? x86_target(p, i, seg.va, call)
				 : arm64_target(p, i, seg.va, call);
			if (to)
				err = fn(f, seg.va + i, to, arg);
		}
	}
	return err;
}

struct jump_scan {
	const struct ranges *blocks;
	struct ranges *next;
};

static int on_jump(struct finder *f, uint64_t from, uint64_t to, void *arg)
{
	struct jump_scan *js = arg;

	return ranges_hold(js->blocks, to) ? mark(f, from, js->next) : 0;
}

int finder__mark_candidates(struct finder *f)
{
	bool x86 = elf_file__machine(f->elf) == EM_X86_64;
	struct ranges rs = { 0 }, next = { 0 }, last = { 0 };
	struct elf_seg seg;
	const uint8_t *p;
	int err = 0;

	for (size_t s = 0; !err && !elf_file__seg(f->elf, s, &seg); s++) {
		p = seg.flags & PF_X ? elf_file__at(f->elf, seg.va, seg.filesz) : NULL;
		if (p)
			err = x86 ? x86_refs(f, p, seg.filesz, seg.va, &rs)
				  : arm64_refs(f, p, seg.filesz, seg.va, &rs);
	}
	ranges_sort(&rs);
	/* hot parts whose error block is in a cold one; then hot parts that get there by a trampoline */
	if (!err)
		err = each_target(f, false, on_jump, &(struct jump_scan){ &rs, &next });
	ranges_sort(&next);
	if (!err)
		err = each_target(f, false, on_jump, &(struct jump_scan){ &next, &last });
	free(rs.r);
	free(next.r);
	free(last.r);
	return err;
}

static int on_call(struct finder *f, uint64_t from, uint64_t to, void *arg)
{
	struct func *fn = finder__func_at(f, to);

	(void)from;
	(void)arg;
	if (fn && fn->start == to)
		fn->entered = true;
	return 0;
}

static int on_export(const char *name, const struct elf_sym *sym, void *arg)
{
	(void)name;
	return sym->is_func ? on_call(arg, 0, sym->va, NULL) : 0;
}

int finder__mark_entered(struct finder *f)
{
	each_target(f, true, on_call, NULL);
	return elf_file__each_sym(f->elf, ELF_DYNSYM, on_export, f);
}
