/* SPDX-License-Identifier: BSD-2-Clause */
/* elf_file.h - an ELF file opened for reading: segments, symbols, build-id
 *
 * The file is untrusted: every accessor checks bounds and fails softly.
 */
#ifndef GILTOP_ELF_FILE_H
#define GILTOP_ELF_FILE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct elf_file;

struct elf_sym {
	uint64_t va;
	uint64_t size;
	bool is_func;
};

struct elf_seg {
	uint64_t va, off, filesz, memsz;
	uint32_t flags; /* PF_R, PF_W, PF_X */
};

/* fd is duplicated. Returns NULL + errno: EINVAL (no ELF, truncated), ENOTSUP (not 64-bit little-endian
 * x86_64 or aarch64).
 */
struct elf_file *elf_file__open_fd(int fd);
void elf_file__free(struct elf_file *elf);

uint16_t elf_file__machine(const struct elf_file *elf);
/* The i-th PT_LOAD; -ENOENT: there are no more. */
int elf_file__seg(const struct elf_file *elf, size_t i, struct elf_seg *ret);
/* Bytes at a virtual address as stored in the file; NULL unless [va, va+len) lies in one segment. */
const void *elf_file__at(const struct elf_file *elf, uint64_t va, size_t len);
int elf_file__va_to_off(const struct elf_file *elf, uint64_t va, uint64_t *ret);
/* What is to be added to the file's addresses in a process, from a mapping of its executable segment: the file from off
 * on, at start. The kernel maps whole pages of page_sz. -EINVAL: of no such segment.
 */
int elf_file__bias(const struct elf_file *elf, uint64_t start, uint64_t off, uint64_t page_sz,
		   uint64_t *ret);
/* GNU build-id; returns its length (0: none). *ret points into the file. */
size_t elf_file__build_id(const struct elf_file *elf, const uint8_t **ret);
/* A defined symbol by exact name: .dynsym first, then .symtab. -ENOENT. */
int elf_file__find_sym(const struct elf_file *elf, const char *name, struct elf_sym *ret);
/* A section by name (".PyRuntime"): its va and size. -ENOENT. */
int elf_file__find_section(const struct elf_file *elf, const char *name, uint64_t *va,
			   uint64_t *size);
/* The call frame information: address and size of .eh_frame. By the section header, else by
 * PT_GNU_EH_FRAME, which does not know the size (*exact false: it ends at the first zero). -ENOENT.
 */
int elf_file__eh_frame(const struct elf_file *elf, uint64_t *va, uint64_t *size, bool *exact);
/* DT_SONAME, or NULL. Points into the file. */
const char *elf_file__soname(const struct elf_file *elf);

/* All defined symbols of one table, until fn returns non-zero, which is handed on. */
enum elf_symtab { ELF_DYNSYM, ELF_SYMTAB };
typedef int (*elf_sym_fn)(const char *name, const struct elf_sym *sym, void *arg);
int elf_file__each_sym(const struct elf_file *elf, enum elf_symtab which, elf_sym_fn fn, void *arg);

/* A GOT or PLT slot that the loader fills with a symbol's address. */
struct elf_import {
	uint64_t slot_va;
	const char *name; /* points into the file */
	uint64_t def_va;  /* where this file itself defines the name; 0: it does not */
};
/* All of them, sorted by slot_va; the caller frees *ret. 0 or -ENOMEM. */
int elf_file__imports(const struct elf_file *elf, struct elf_import **ret, size_t *ret_cnt);

#endif
