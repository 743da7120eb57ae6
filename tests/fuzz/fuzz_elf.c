/* SPDX-License-Identifier: BSD-2-Clause */
/* fuzz_elf.c - libFuzzer on the ELF reader and the finder: no crash, and no site outside the text */
#include <elf.h>
#include <stdint.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

#include "user/elf/elf_file.h"
#include "user/gil/gil_site.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check(const struct elf_file *elf, const struct gil_site *site)
{
	struct elf_seg seg;

	for (size_t i = 0; !elf_file__seg(elf, i, &seg); i++)
		if (seg.flags & PF_X && site->probe_va >= seg.va &&
		    site->probe_va - seg.va + site->insn_len <= seg.filesz &&
		    site->probe_off - seg.off < seg.filesz)
			return;
	abort();
}

static int ignore(const char *name, const struct elf_sym *sym, void *arg)
{
	*(uint64_t *)arg += (uint8_t)name[0] + sym->size;
	return 0;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct gil_sites sites;
	struct elf_file *elf;
	uint64_t va, sz, sum = 0;
	const uint8_t *id;
	char why[256];
	int fd;

	fd = memfd_create("fuzz", MFD_CLOEXEC);
	if (fd < 0 || write(fd, data, size) != (ssize_t)size)
		abort();
	elf = elf_file__open_fd(fd);
	close(fd);
	if (!elf)
		return 0;
	elf_file__each_sym(elf, ELF_DYNSYM, ignore, &sum);
	elf_file__each_sym(elf, ELF_SYMTAB, ignore, &sum);
	elf_file__build_id(elf, &id);
	elf_file__find_section(elf, ".PyRuntime", &va, &sz);
	for (unsigned int opts = 0; opts <= GIL_SITE_AVOID_CALLS; opts++)
		if (!gil_sites__find(elf, opts, why, sizeof(why), &sites))
			for (size_t i = 0; i < sites.site_cnt; i++)
				check(elf, &sites.sites[i]);
	elf_file__free(elf);
	return 0;
}
