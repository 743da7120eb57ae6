/* SPDX-License-Identifier: BSD-2-Clause */
/* elf_dyn.c - names in an ELF file: symbols, soname, imports
 *
 * All comes from the dynamic segment (what the loader itself uses), so stripped section headers do no
 * harm; only .symtab needs them.
 */
#include <elf.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "user/base/util.h"
#include "user/elf/elf_file_impl.h"

/* The dynamic segment does not say how many symbols there are: the hash tables do. DT_GNU_HASH: header
 * {bucket_cnt, first_sym, bloom_cnt, shift}, bloom words, buckets, chains that end with an odd word.
 */
static size_t gnu_hash_sym_cnt(const struct elf_file *elf, uint64_t va)
{
	const uint8_t *head = elf_file__at(elf, va, 16), *buckets, *link;
	uint32_t bucket_cnt, first, bloom_cnt, last = 0;
	uint64_t chains_va;

	if (!head)
		return 0;
	bucket_cnt = load_u32(head);
	first = load_u32(head + 4);
	bloom_cnt = load_u32(head + 8);
	va += 16 + 8ULL * bloom_cnt;
	buckets = elf_file__at(elf, va, 4ULL * bucket_cnt);
	if (!buckets)
		return 0;
	for (uint32_t i = 0; i < bucket_cnt; i++)
		if (load_u32(buckets + 4ULL * i) > last)
			last = load_u32(buckets + 4ULL * i);
	if (last < first)
		return first;
	chains_va = va + 4ULL * bucket_cnt;
	for (;;) {
		link = elf_file__at(elf, chains_va + 4ULL * (last - first), 4);
		if (!link)
			return 0;
		last++;
		if (load_u32(link) & 1)
			return last;
	}
}

static size_t sym_cnt(const struct elf_file *elf, uint64_t hash_va, uint64_t gnu_va)
{
	const uint8_t *hash = hash_va ? elf_file__at(elf, hash_va, 8) : NULL;

	if (hash)
		return load_u32(hash + 4); /* nchain */
	return gnu_va ? gnu_hash_sym_cnt(elf, gnu_va) : 0;
}

void elf_file__read_dynamic(struct elf_file *elf, uint64_t off, uint64_t len)
{
	uint64_t sym_va = 0, str_va = 0, str_sz = 0, hash_va = 0, gnu_va = 0, soname = UINT64_MAX;
	Elf_Data *data = elf_file__chunk(elf, off, len, ELF_T_DYN);
	struct elf_dyn *dyn = &elf->dyn;
	GElf_Dyn d;

	for (int i = 0; data && gelf_getdyn(data, i, &d) && d.d_tag != DT_NULL; i++) {
		switch (d.d_tag) {
		case DT_SYMTAB: sym_va = d.d_un.d_ptr; break;
		case DT_STRTAB: str_va = d.d_un.d_ptr; break;
		case DT_STRSZ: str_sz = d.d_un.d_val; break;
		case DT_HASH: hash_va = d.d_un.d_ptr; break;
		case DT_GNU_HASH: gnu_va = d.d_un.d_ptr; break;
		case DT_SONAME: soname = d.d_un.d_val; break;
		case DT_RELA: dyn->rela_va[0] = d.d_un.d_ptr; break;
		case DT_RELASZ: dyn->rela_sz[0] = d.d_un.d_val; break;
		case DT_JMPREL: dyn->rela_va[1] = d.d_un.d_ptr; break;
		case DT_PLTRELSZ: dyn->rela_sz[1] = d.d_un.d_val; break;
		default: break;
		}
	}
	if (!sym_va || !str_va || !str_sz)
		return;
	dyn->str = elf_file__at(elf, str_va, str_sz);
	if (!dyn->str)
		return;
	dyn->str_sz = str_sz;
	dyn->soname = elf_file__str(dyn->str, str_sz, soname);
	dyn->sym_cnt = sym_cnt(elf, hash_va, gnu_va);
	dyn->sym = elf_file__chunk_at(elf, sym_va, dyn->sym_cnt * sizeof(Elf64_Sym), ELF_T_SYM);
	if (!dyn->sym)
		dyn->sym_cnt = 0;
}

const char *elf_file__soname(const struct elf_file *elf)
{
	return elf->dyn.soname;
}

static bool sym_is_defined(const GElf_Sym *sym)
{
	return sym->st_shndx != SHN_UNDEF && sym->st_value;
}

/* A symbol table and its strings. */
struct symbols {
	Elf_Data *sym;
	size_t cnt;
	const char *str;
	size_t str_sz;
};

/* .symtab: there is one at most. Empty where there is none that can be read. */
static struct symbols symtab(const struct elf_file *elf)
{
	Elf_Data *sym, *str;
	Elf_Scn *scn = NULL;
	GElf_Shdr sh;

	while ((scn = elf_nextscn(elf->elf, scn)))
		if (gelf_getshdr(scn, &sh) && sh.sh_type == SHT_SYMTAB)
			break;
	if (!scn || sh.sh_size > ELF_FILE_SYMS_MAX ||
	    !elf_file__section_fits(elf, sh.sh_link, ELF_FILE_SYMS_MAX))
		return (struct symbols){ 0 };
	sym = elf_getdata(scn, NULL);
	str = elf_rawdata(elf_getscn(elf->elf, sh.sh_link), NULL);
	if (!sym || !str)
		return (struct symbols){ 0 };
	return (struct symbols){ sym, sym->d_size / sizeof(Elf64_Sym), str->d_buf, str->d_size };
}

int elf_file__each_sym(const struct elf_file *elf, enum elf_symtab which, elf_sym_fn fn, void *arg)
{
	const struct elf_dyn *dyn = &elf->dyn;
	struct symbols t = { dyn->sym, dyn->sym_cnt, dyn->str, dyn->str_sz };
	const char *name;
	GElf_Sym sym;
	int err;

	if (which == ELF_SYMTAB)
		t = symtab(elf);
	for (size_t i = 1; i < t.cnt; i++) {
		if (!gelf_getsym(t.sym, (int)i, &sym) || !sym_is_defined(&sym))
			continue;
		name = elf_file__str(t.str, t.str_sz, sym.st_name);
		if (!name)
			continue;
		err = fn(name,
			 &(struct elf_sym){ .va = sym.st_value,
					    .size = sym.st_size,
					    .is_func = GELF_ST_TYPE(sym.st_info) == STT_FUNC },
			 arg);
		if (err)
			return err;
	}
	return 0;
}

struct by_name {
	const char *name;
	struct elf_sym *ret;
};

static int match_name(const char *name, const struct elf_sym *sym, void *arg)
{
	struct by_name *want = arg;

	if (strcmp(name, want->name))
		return 0;
	*want->ret = *sym;
	return 1;
}

int elf_file__find_sym(const struct elf_file *elf, const char *name, struct elf_sym *ret)
{
	struct by_name want = { .name = name, .ret = ret };

	if (elf_file__each_sym(elf, ELF_DYNSYM, match_name, &want) ||
	    elf_file__each_sym(elf, ELF_SYMTAB, match_name, &want))
		return 0;
	return -ENOENT;
}

static bool rela_is_slot(const struct elf_file *elf, uint64_t type)
{
	if (elf->machine == EM_X86_64)
		return type == R_X86_64_JUMP_SLOT || type == R_X86_64_GLOB_DAT;
	return type == R_AARCH64_JUMP_SLOT || type == R_AARCH64_GLOB_DAT;
}

int elf_file__imports(const struct elf_file *elf, struct elf_import **ret, size_t *ret_cnt)
{
	const struct elf_dyn *dyn = &elf->dyn;
	struct elf_import *imp = NULL;
	size_t cnt = 0, cap = 0;
	GElf_Rela rela;
	GElf_Sym sym;
	Elf_Data *data;

	for (int t = 0; t < 2; t++) {
		data = elf_file__chunk_at(elf, dyn->rela_va[t], dyn->rela_sz[t], ELF_T_RELA);
		for (int i = 0; data && gelf_getrela(data, i, &rela); i++) {
			uint64_t symndx = GELF_R_SYM(rela.r_info);
			const char *name;

			if (!symndx || symndx >= dyn->sym_cnt ||
			    !rela_is_slot(elf, GELF_R_TYPE(rela.r_info)) ||
			    !gelf_getsym(dyn->sym, (int)symndx, &sym))
				continue;
			name = elf_file__str(dyn->str, dyn->str_sz, sym.st_name);
			if (!name)
				continue;
			if (array_grow(&imp, cnt, &cap, sizeof(*imp))) {
				free(imp);
				return -ENOMEM;
			}
			imp[cnt++] = (struct elf_import){
				.slot_va = rela.r_offset,
				.name = name,
				.def_va = sym_is_defined(&sym) ? sym.st_value : 0,
			};
		}
	}
	if (cnt)
		qsort(imp, cnt, sizeof(*imp), cmp_u64);
	*ret = imp;
	*ret_cnt = cnt;
	return 0;
}
