/* SPDX-License-Identifier: BSD-2-Clause */
/* elf_file_impl.h - what elf_file.c and elf_dyn.c share; nobody else includes it */
#ifndef GILTOP_ELF_FILE_IMPL_H
#define GILTOP_ELF_FILE_IMPL_H

#include "user/elf/elf_file.h"

#include <gelf.h>

#define ELF_FILE_SEG_MAX 64 /* PT_LOADs; real files have 2 to 6 */
#define ELF_FILE_READ_MAX                                                                          \
	(1ULL << 30) /* so many bytes of a file are read in all: it may be sparse, and a lie */
#define ELF_FILE_SYMS_MAX  (1ULL << 28) /* .symtab and its strings, each */
#define ELF_FILE_NAMES_MAX (1ULL << 20) /* the sections' names */
#define ELF_FILE_NOTE_MAX  (1ULL << 16) /* a PT_NOTE */
#define ELF_FILE_NOTES	   16

/* The dynamic segment, read once at open; all zero in a static file. */
struct elf_dyn {
	Elf_Data *sym; /* ELF_T_SYM */
	size_t sym_cnt;
	const char *str;
	size_t str_sz;
	const char *soname;
	uint64_t rela_va[2], rela_sz[2]; /* DT_RELA, DT_JMPREL */
};

/* A loaded segment's bytes are read on first use. The file is never mapped: the target may truncate it
 * under us, and a read fails where a mapping would kill us with SIGBUS.
 */
struct elf_seg_data {
	struct elf_seg seg;
	const uint8_t *bytes;
	bool tried;
};

struct elf_file {
	int fd;
	Elf *elf;
	uint16_t machine;
	size_t seg_cnt;
	struct elf_seg_data *segs;
	uint64_t *read_left; /* ELF_FILE_READ_MAX, less what has been read */
	struct elf_dyn dyn;
};

/* Is the section idx there and at most max bytes long? libelf reads it whole, whatever it says. */
bool elf_file__section_fits(const struct elf_file *elf, size_t idx, uint64_t max);
/* A piece of the file by offset, converted to type; NULL if it is not all there. */
Elf_Data *elf_file__chunk(const struct elf_file *elf, uint64_t off, uint64_t len, Elf_Type type);
/* The same by virtual address. */
Elf_Data *elf_file__chunk_at(const struct elf_file *elf, uint64_t va, uint64_t len, Elf_Type type);
/* A NUL-terminated string at off in a string table, or NULL. */
const char *elf_file__str(const char *tab, size_t tab_sz, uint64_t off);
void elf_file__read_dynamic(struct elf_file *elf, uint64_t off, uint64_t len);

#endif
