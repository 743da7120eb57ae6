/* SPDX-License-Identifier: BSD-2-Clause */
/* elf_open.h - open an ELF file by its name: giltop itself has a descriptor */
#ifndef GILTOP_TESTS_ELF_OPEN_H
#define GILTOP_TESTS_ELF_OPEN_H

#include <fcntl.h>

#include "user/base/util.h"
#include "user/elf/elf_file.h"

/* NULL + errno. */
static inline struct elf_file *open_elf(const char *path)
{
	__cleanup(closep) int fd = open(path, O_RDONLY | O_CLOEXEC);

	return fd < 0 ? NULL : elf_file__open_fd(fd);
}

#endif
