/* SPDX-License-Identifier: BSD-2-Clause */
/* runtime.h - which CPython an ELF file holds, and how its memory is laid out
 *
 * Told from the file alone, before a process is touched (see runtime.c).
 */
#ifndef GILTOP_PYTHON_RUNTIME_H
#define GILTOP_PYTHON_RUNTIME_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include "bpf/pylayout.h"
#include "user/python/layout_table.h"

struct elf_file;

struct py_runtime {
	int major, minor;
	int micro;		 /* -1: not known */
	uint32_t hex;		 /* PY_VERSION_HEX, 0: not known (before 3.11) */
	bool free_threaded;	 /* built without a GIL (it may be on all the same) */
	uint16_t machine;	 /* EM_X86_64 or EM_AARCH64 */
	char version[24];	 /* "3.11.2", "3.13.0t", "3.9.?" */
	char how[96];		 /* what it was told by, one line for doctor */
	uint64_t runtime_va;	 /* of _PyRuntime, as in the file (without load bias) */
	uint64_t code_type_va;	 /* of PyCode_Type, 0: not known */
	struct py_layout layout; /* for BPF, the same in all processes of this file */
	struct py_objects obj;
};

/* Identify the CPython in an opened ELF file.
 * why (size why_sz) receives one line when it is refused. Returns 0; -ENOENT: no CPython in this
 * file (or a stub executable whose CPython is in a shared library); -ENOTSUP: a CPython whose layout
 * is not known or not proven (fail closed: never read with a guessed layout).
 */
int py_runtime__identify(const struct elf_file *elf, struct py_runtime *ret, char *why,
			 size_t why_sz);

#endif
