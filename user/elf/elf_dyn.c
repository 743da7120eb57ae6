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

/* Names with the same hash; real ones are a handful. */
#define CHAIN_MAX 65536

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
	for (uint32_t i = 0; i < CHAIN_MAX; i++) {
		link = elf_file__at(elf, chains_va + 4ULL * (last - first), 4);
		if (!link)
			return 0;
		last++;
		if (load_u32(link) & 1)
			return last;
	}
	return 0;
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
	Elf_Data *data = len <= ELF_FILE_DYN_MAX ? elf_file__chunk(elf, off, len, ELF_T_DYN) : NULL;
	struct elf_dyn *dyn = &elf->dyn;
	GElf_Dyn d;
	size_t n;

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
	dyn->syms.str = elf_file__at(elf, str_va, str_sz);
	if (!dyn->syms.str)
		return;
	dyn->syms.str_sz = str_sz;
	dyn->soname = elf_file__str(dyn->syms.str, str_sz, soname);
	n = sym_cnt(elf, hash_va, gnu_va);
	if (n <= ELF_FILE_SYMS_MAX / sizeof(Elf64_Sym))
		dyn->syms.sym = elf_file__chunk_at(elf, sym_va, n * sizeof(Elf64_Sym), ELF_T_SYM);
	dyn->syms.cnt = dyn->syms.sym ? n : 0;
}

const char *elf_file__soname(const struct elf_file *elf)
{
	return elf->dyn.soname;
}

static bool sym_is_defined(const GElf_Sym *sym)
{
	return sym->st_shndx != SHN_UNDEF && sym->st_value;
}

static struct elf_sym described(const GElf_Sym *sym)
{
	return (struct elf_sym){ .va = sym->st_value,
				 .size = sym->st_size,
				 .is_func = GELF_ST_TYPE(sym->st_info) == STT_FUNC };
}

/* .symtab: there is one at most. */
static struct elf_symbols read_symtab(const struct elf_file *elf)
{
	struct elf_symbols t = { 0 };
	GElf_Shdr sh, str_sh;
	Elf_Scn *scn = NULL;
	Elf_Data *str;

	while ((scn = elf_nextscn(elf->elf, scn)))
		if (gelf_getshdr(scn, &sh) && sh.sh_type == SHT_SYMTAB)
			break;
	if (!scn || !(scn = elf_getscn(elf->elf, sh.sh_link)) || !gelf_getshdr(scn, &str_sh))
		return t;
	t.sym = elf_file__section(elf, &sh, ELF_FILE_SYMS_MAX, ELF_T_SYM);
	str = t.sym ? elf_file__section(elf, &str_sh, ELF_FILE_STRS_MAX, ELF_T_BYTE) : NULL;
	if (str) {
		t.cnt = sh.sh_size / sizeof(Elf64_Sym);
		t.str = str->d_buf;
		t.str_sz = str->d_size;
	}
	return t;
}

static const struct elf_symbols *symbols_of(const struct elf_file *elf, enum elf_symtab which)
{
	if (which == ELF_DYNSYM)
		return &elf->dyn.syms;
	if (!elf->kept->symtab_tried) {
		elf->kept->symtab_tried = true;
		elf->kept->symtab = read_symtab(elf);
	}
	return &elf->kept->symtab;
}

int elf_file__each_sym(const struct elf_file *elf, enum elf_symtab which, elf_sym_fn fn, void *arg)
{
	const struct elf_symbols *t = symbols_of(elf, which);
	/* Many symbols may have one short name, or the tail of another's; but who copies the names must not have to hold
	 * many times what is in the file.
	 */
	uint64_t names_left = 2 * t->str_sz + 16 * t->cnt;

	for (size_t i = 1; i < t->cnt; i++) {
		const char *name;
		struct elf_sym sym;
		GElf_Sym s;
		size_t len;
		int err;

		if (!gelf_getsym(t->sym, (int)i, &s) || !sym_is_defined(&s))
			continue;
		name = elf_file__str(t->str, t->str_sz, s.st_name);
		if (!name)
			continue;
		len = strlen(name);
		if (len > names_left)
			break;
		names_left -= len;
		sym = described(&s);
		err = fn(name, &sym, arg);
		if (err)
			return err;
	}
	return 0;
}

/* Without looking for the names' ends: they may be far, and the same for all. */
static bool find_in(const struct elf_symbols *t, const char *name, struct elf_sym *ret)
{
	size_t sz = strlen(name) + 1;

	for (size_t i = 1; i < t->cnt; i++) {
		GElf_Sym s;

		if (!gelf_getsym(t->sym, (int)i, &s) || s.st_name >= t->str_sz ||
		    t->str_sz - s.st_name < sz || memcmp(t->str + s.st_name, name, sz) ||
		    !sym_is_defined(&s))
			continue;
		*ret = described(&s);
		return true;
	}
	return false;
}

int elf_file__find_sym(const struct elf_file *elf, const char *name, struct elf_sym *ret)
{
	return find_in(symbols_of(elf, ELF_DYNSYM), name, ret) ||
			       find_in(symbols_of(elf, ELF_SYMTAB), name, ret)
		       ? 0
		       : -ENOENT;
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

	for (int t = 0; t < 2; t++) {
		Elf_Data *data = NULL;

		if (dyn->rela_sz[t] <= ELF_FILE_RELA_MAX)
			data = elf_file__chunk_at(elf, dyn->rela_va[t], dyn->rela_sz[t],
						  ELF_T_RELA);
		for (int i = 0; data && gelf_getrela(data, i, &rela); i++) {
			uint64_t symndx = GELF_R_SYM(rela.r_info);
			const char *name;

			if (!symndx || symndx >= dyn->syms.cnt ||
			    !rela_is_slot(elf, GELF_R_TYPE(rela.r_info)) ||
			    !gelf_getsym(dyn->syms.sym, (int)symndx, &sym))
				continue;
			name = elf_file__str(dyn->syms.str, dyn->syms.str_sz, sym.st_name);
			if (!name)
				continue;
			if (!elf_file__charge(elf, sizeof(*imp)) ||
			    array_grow(&imp, cnt, &cap, sizeof(*imp))) {
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
