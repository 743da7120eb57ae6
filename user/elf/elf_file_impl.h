/* SPDX-License-Identifier: BSD-2-Clause */
/* elf_file_impl.h - what elf_file.c and elf_dyn.c share; nobody else includes it */
#ifndef GILTOP_ELF_FILE_IMPL_H
#define GILTOP_ELF_FILE_IMPL_H

#include "user/elf/elf_file.h"

#include <gelf.h>

#define ELF_FILE_SEG_MAX  64   /* PT_LOADs; real files have 2 to 6 */
#define ELF_FILE_PHDR_MAX 1170 /* the kernel starts nothing with more: 64 KiB of them */
/* So many bytes of a file are read in all: interpreters take 3 to 10 MB, a large program that embeds one takes more. And no
 * more than twice what is there: a part is read once or twice.
 */
#define ELF_FILE_READ_MAX   (256ULL << 20)
#define ELF_FILE_READ_LEAST (16ULL << 20)
/* A sparse file is a lie about its size; one that is compressed on disk looks like one. */
#define ELF_FILE_SPARSE_MAX 8
#define ELF_FILE_SYMS_MAX   (48ULL << 20) /* .symtab: two million symbols */
#define ELF_FILE_STRS_MAX   (64ULL << 20) /* and their names */
#define ELF_FILE_NAMES_MAX  (1ULL << 20)  /* the sections' names */
#define ELF_FILE_DYN_MAX    (1ULL << 16)
#define ELF_FILE_RELA_MAX   (32ULL << 20)
#define ELF_FILE_NOTE_MAX   (1ULL << 16) /* a PT_NOTE */
#define ELF_FILE_NOTES	    16
#define ELF_FILE_NAME_MAX   4096 /* of a symbol */

/* A symbol table and its strings; empty where there is none that can be read. */
struct elf_symbols {
	Elf_Data *sym; /* ELF_T_SYM */
	size_t cnt;
	const char *str;
	size_t str_sz;
};

/* The dynamic segment, read once at open; all zero in a static file. */
struct elf_dyn {
	struct elf_symbols syms;
	const char *soname;
	uint64_t rela_va[2], rela_sz[2]; /* DT_RELA, DT_JMPREL */
};

/* A loaded segment's bytes are read on first use, in blocks: of a library of 100 MB often no more than its symbols are
 * wanted. The file is never mapped: the target may truncate it under us, and a read fails where a mapping would kill
 * us with SIGBUS.
 */
#define ELF_FILE_BLOCK_SZ  65536u
#define ELF_FILE_BLOCK_CNT 65536u

struct elf_seg_data {
	struct elf_seg seg;
	uint8_t *bytes; /* NULL: none was wanted yet */
	bool *have;	/* each block */
};

/* What has been found out of a file, and how much more may be read. */
struct elf_kept {
	uint64_t left;
	bool names_tried, symtab_tried;
	const char *names; /* of the sections */
	size_t names_sz;
	struct elf_symbols symtab;
};

struct elf_file {
	int fd;
	Elf *elf;
	uint16_t machine;
	size_t phdr_cnt, seg_cnt;
	struct elf_seg_data *segs;
	struct elf_kept *kept;
	struct elf_dyn dyn;
};

/* elf_read.c */
/* All of [off, off + len), or false. */
bool elf_file__read(int fd, void *buf, uint64_t len, uint64_t off);
/* A piece of the file by offset, converted to type; NULL if it is not all there, or too much. All that is read of the file
 * but its headers comes this way, or by elf_file__seg_bytes: libelf's functions for sections inflate what is compressed.
 */
Elf_Data *elf_file__chunk(const struct elf_file *elf, uint64_t off, uint64_t len, Elf_Type type);
/* len bytes of memory are taken for what the file says: may they be? */
bool elf_file__charge(const struct elf_file *elf, uint64_t len);
/* len bytes from off on in a segment, which are all in it; NULL: they cannot be read, or are too many. */
const void *elf_file__seg_bytes(const struct elf_file *elf, struct elf_seg_data *sd, uint64_t off,
				uint64_t len);
/* All of those go. */
void elf_file__forget_bytes(struct elf_file *elf);
/* elf_file.c */
/* elf_file__chunk by virtual address. */
Elf_Data *elf_file__chunk_at(const struct elf_file *elf, uint64_t va, uint64_t len, Elf_Type type);
/* A section's bytes as they are in the file, NULL if they are not, or more than max. */
Elf_Data *elf_file__section(const struct elf_file *elf, const GElf_Shdr *sh, uint64_t max,
			    Elf_Type type);
/* A NUL-terminated string of at most ELF_FILE_NAME_MAX bytes at off in a string table, or NULL. */
const char *elf_file__str(const char *tab, size_t tab_sz, uint64_t off);
void elf_file__read_dynamic(struct elf_file *elf, uint64_t off, uint64_t len);

#endif
