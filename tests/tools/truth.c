/* SPDX-License-Identifier: BSD-2-Clause */
/* truth - where the GIL's condition-variable calls are, according to symbols and DWARF:
 *
 *	truth ELF DEBUG-FILE
 *
 * Prints "kind address" lines as tests compare them with the finder's, and "take_gil address". This knows
 * nothing of the failure strings: it looks at every call of pthread_cond_signal, _timedwait and _wait in
 * the text, and asks the debug information which function, inlined or not, the call was written in.
 */
#include <dwarf.h>
#include <elf.h>
#include <elfutils/libdw.h>
#include <err.h>
#include <errno.h>
#include <fcntl.h>
#include <gelf.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "user/base/util.h"
#include "user/elf/disasm.h"
#include "user/elf/elf_file.h"
#include "tests/elf_open.h"

#define STUB_MAX 64

struct stub {
	uint64_t va;
	const char *name;
};

struct truth {
	struct elf_file *elf;
	struct disasm *dis;
	Elf *debug;
	Dwarf *dwarf;
	struct elf_import *imports;
	size_t import_cnt;
	struct stub stubs[STUB_MAX];
	size_t stub_cnt;
	unsigned int other_cnt;
};

static const char *interesting(const struct truth *t, uint64_t slot)
{
	static const char *const names[] = { "pthread_cond_signal", "pthread_cond_timedwait",
					     "pthread_cond_wait" };

	for (size_t i = 0; i < t->import_cnt; i++)
		for (size_t j = 0; j < ARRAY_SIZE(names); j++)
			if (t->imports[i].slot_va == slot && !strcmp(t->imports[i].name, names[j]))
				return names[j];
	return NULL;
}

static void add_stub(struct truth *t, uint64_t va, const char *name)
{
	if (t->stub_cnt == STUB_MAX)
		errx(2, "too many stubs");
	t->stubs[t->stub_cnt++] = (struct stub){ va, name };
}

/* The PLT sections in linear order: a stub begins after the jump that ends the one before. */
static void find_stubs(struct truth *t)
{
	static const char *const sections[] = { ".plt", ".plt.sec", ".plt.got" };
	uint64_t va, size, begin, page, slot;
	struct insn *insns;
	const void *code;
	const char *name;
	size_t cnt;

	for (size_t s = 0; s < ARRAY_SIZE(sections); s++) {
		if (elf_file__find_section(t->elf, sections[s], &va, &size))
			continue;
		code = elf_file__at(t->elf, va, size);
		if (!code || disasm__decode(t->dis, code, size, va, &insns, &cnt) < 0)
			continue;
		begin = page = slot = 0;
		for (size_t i = 0; i < cnt; i++) {
			const struct insn *in = &insns[i];

			if (!begin && (strncmp(in->name, "nop", 3)))
				begin = in->va;
			if (in->set == INSN_SET_PAGE)
				page = (uint64_t)in->imm;
			if (in->set == INSN_SET_LOAD)
				slot = page + (uint64_t)in->imm;
			if (in->flow == INSN_JMP_MEM)
				slot = in->target;
			if (in->flow == INSN_NEXT)
				continue;
			name = in->flow == INSN_JMP ? NULL : interesting(t, slot);
			if (name)
				add_stub(t, begin, name);
			begin = 0;
		}
		free(insns);
	}
}

typedef void (*sym_fn)(struct truth *t, const char *name, const GElf_Sym *sym);

static void each_func(struct truth *t, sym_fn fn)
{
	Elf_Scn *scn = NULL;
	GElf_Shdr sh;
	GElf_Sym sym;

	while ((scn = elf_nextscn(t->debug, scn))) {
		Elf_Data *data;

		if (!gelf_getshdr(scn, &sh) || sh.sh_type != SHT_SYMTAB)
			continue;
		data = elf_getdata(scn, NULL);
		for (int i = 0; data && gelf_getsym(data, i, &sym); i++)
			if (GELF_ST_TYPE(sym.st_info) == STT_FUNC && sym.st_shndx && sym.st_size)
				fn(t, elf_strptr(t->debug, sh.sh_link, sym.st_name), &sym);
	}
}

/* At -O0 the timed wait is in a function of its own; what counts is the call of that in take_gil. With
 * libc linked in, the calls go to its functions themselves.
 */
static void on_wrapper(struct truth *t, const char *name, const GElf_Sym *sym)
{
	static const char *const names[] = { "pthread_cond_signal", "pthread_cond_timedwait",
					     "pthread_cond_wait" };

	for (size_t i = 0; i < ARRAY_SIZE(names); i++)
		if (!strcmp(name, names[i]))
			add_stub(t, sym->st_value, names[i]);
	if (!strcmp(name, "PyCOND_TIMEDWAIT"))
		add_stub(t, sym->st_value, "pthread_cond_timedwait");
	if (!strncmp(name, "take_gil", 8) && !strstr(name, ".cold"))
		printf("take_gil\t%#" PRIx64 "\n", (uint64_t)sym->st_value);
}

static bool cu_of(struct truth *t, uint64_t va, Dwarf_Die *ret)
{
	Dwarf_CU *cu = NULL;
	uint8_t type;

	if (dwarf_addrdie(t->dwarf, va, ret))
		return true;
	while (!dwarf_get_units(t->dwarf, cu, &cu, NULL, &type, ret, NULL))
		if (dwarf_haspc(ret, va) > 0)
			return true;
	return false;
}

/* Go down to the innermost scope at va; *ret is left at the last GIL function passed: 't', 'd' or 0.
 * (dwarf_getscopes() does not find the way through functions that link-time optimisation inlined from
 * another unit.)
 */
static void descend(Dwarf_Die *die, uint64_t va, char *ret)
{
	Dwarf_Die child;
	const char *name;

	if (dwarf_child(die, &child))
		return;
	do {
		int tag = dwarf_tag(&child);

		if (tag != DW_TAG_subprogram && tag != DW_TAG_inlined_subroutine &&
		    tag != DW_TAG_lexical_block)
			continue;
		if (dwarf_haspc(&child, va) <= 0)
			continue;
		name = tag == DW_TAG_lexical_block ? NULL : dwarf_diename(&child);
		if (name && !strcmp(name, "take_gil"))
			*ret = 't';
		else if (name && (!strcmp(name, "drop_gil") || !strcmp(name, "drop_gil_impl")))
			*ret = 'd';
		descend(&child, va, ret);
	} while (!dwarf_siblingof(&child, &child));
}

static char written_in(struct truth *t, uint64_t va)
{
	Dwarf_Die cu;
	char ret = 0;

	if (cu_of(t, va, &cu))
		descend(&cu, va, &ret);
	return ret;
}

/* By its bits: the finder's disassembler is not asked again. */
static bool is_conditional(const struct truth *t, const struct insn *in)
{
	const uint8_t *p = elf_file__at(t->elf, in->va, in->len);
	uint32_t word;

	if (!p)
		return false;
	if (elf_file__machine(t->elf) == EM_X86_64)
		return (p[0] & 0xf0) == 0x70 || (p[0] == 0x0f && (p[1] & 0xf0) == 0x80);
	memcpy(&word, p, sizeof(word));
	return (word & 0xff000010) == 0x54000000 || /* b.cond */
	       (word & 0x7e000000) == 0x34000000 || /* cbz, cbnz */
	       (word & 0x7e000000) == 0x36000000;   /* tbz, tbnz */
}

/* The conditional jump that a wait comes to first when it is over: none is behind a jump or another call. */
static void print_after(const struct truth *t, const struct insn *in, const struct insn *end)
{
	while (in < end && in->flow == INSN_NEXT)
		in++;
	if (in < end && is_conditional(t, in))
		printf("after\t%#" PRIx64 "\n", in->va);
}

static void on_call(struct truth *t, const struct insn *call, const struct insn *end,
		    const char *callee)
{
	uint64_t va = call->va;
	char in = written_in(t, va);
	const char *kind = NULL;

	if (!strcmp(callee, "pthread_cond_signal"))
		kind = in == 't' ? "acquire" : in == 'd' ? "release" : NULL;
	else if (!strcmp(callee, "pthread_cond_timedwait"))
		kind = in == 't' ? "wait" : NULL;
	else
		kind = in == 'd' ? "yield" : NULL;
	if (kind)
		printf("%s\t%#" PRIx64 "\n", kind, va);
	else
		t->other_cnt++;
	if (kind && !strcmp(kind, "wait"))
		print_after(t, call + 1, end);
}

static bool may_call(const struct truth *t, const uint8_t *p, uint64_t len, uint64_t va)
{
	bool x86 = elf_file__machine(t->elf) == EM_X86_64;

	for (uint64_t i = 0; i + 6 <= len + (x86 ? 1 : 2); i += x86 ? 1 : 4) {
		uint64_t to = 0;
		int32_t rel;

		memcpy(&rel, p + i + (x86 ? 1 : 0), 4);
		if (x86 && p[i] == 0xe8)
			to = va + i + 5 + (uint64_t)(int64_t)rel;
		else if (x86 && p[i] == 0xff && p[i + 1] == 0x15)
			return true;
		else if (!x86 && ((uint32_t)rel & 0xfc000000) == 0x94000000)
			to = va + i + (uint64_t)((int64_t)((uint64_t)rel << 38) >> 36);
		for (size_t s = 0; to && s < t->stub_cnt; s++)
			if (t->stubs[s].va == to)
				return true;
	}
	return false;
}

static void on_func(struct truth *t, const char *name, const GElf_Sym *sym)
{
	const uint8_t *code = elf_file__at(t->elf, sym->st_value, sym->st_size);
	struct insn *insns;
	size_t cnt;

	(void)name;
	if (!code || sym->st_size < 6 || !may_call(t, code, sym->st_size, sym->st_value))
		return;
	if (disasm__decode(t->dis, code, sym->st_size, sym->st_value, &insns, &cnt) < 0)
		err(2, "decode");
	for (size_t i = 0; i < cnt; i++) {
		const char *callee = NULL;

		for (size_t s = 0; insns[i].flow == INSN_CALL && s < t->stub_cnt; s++)
			if (t->stubs[s].va == insns[i].target)
				callee = t->stubs[s].name;
		if (insns[i].flow == INSN_CALL_MEM)
			callee = interesting(t, insns[i].target);
		if (callee)
			on_call(t, &insns[i], insns + cnt, callee);
	}
	free(insns);
}

int main(int argc, char **argv)
{
	struct truth t = { 0 };
	int fd;

	if (argc != 3)
		errx(2, "usage: truth ELF DEBUG-FILE");
	t.elf = open_elf(argv[1]);
	if (!t.elf)
		err(2, "%s", argv[1]);
	t.dis = disasm__new(elf_file__machine(t.elf));
	fd = open(argv[2], O_RDONLY | O_CLOEXEC);
	t.debug = fd < 0 ? NULL : elf_begin(fd, ELF_C_READ_MMAP, NULL);
	t.dwarf = t.debug ? dwarf_begin_elf(t.debug, DWARF_C_READ, NULL) : NULL;
	if (!t.dis || !t.dwarf || elf_file__imports(t.elf, &t.imports, &t.import_cnt))
		errx(2, "%s: no debug information", argv[2]);
	find_stubs(&t);
	each_func(&t, on_wrapper);
	each_func(&t, on_func);
	fprintf(stderr, "%u calls of these functions have nothing to do with the GIL\n",
		t.other_cnt);
	dwarf_end(t.dwarf);
	elf_end(t.debug);
	disasm__free(t.dis);
	free(t.imports);
	elf_file__free(t.elf);
	return 0;
}
