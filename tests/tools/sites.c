/* SPDX-License-Identifier: BSD-2-Clause */
/* sites - print what the finder finds in ELF files, one tab-separated line each:
 *
 *	sites [-a] FILE..	(-a: avoid calls, as for a process with a shadow stack)
 *
 * file  path  machine  wait  acquire  release  yield  yield-end  after  bailouts  take_gil  microseconds  how
 * site  kind  call address  probe address  file offset  instruction  emulated|stepped  register  disp
 * refused  path  errno  why
 */
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "user/elf/elf_file.h"
#include "user/gil/gil_site.h"
#include "tests/elf_open.h"

static void print_sites(const char *path, const struct gil_sites *s)
{
	printf("file\t%s\t%s", path, s->machine == 62 ? "x86_64" : "aarch64");
	for (int i = 0; i < GIL_SITE_KIND_CNT; i++)
		printf("\t%u", s->cnt[i]);
	printf("\t%u\t%#" PRIx64 "\t%" PRIu64 "\t%s\n", s->bailout_cnt, s->take_gil_va,
	       s->analysis_ns / 1000, s->how);
	for (size_t i = 0; i < s->site_cnt; i++) {
		const struct gil_site *site = &s->sites[i];

		printf("site\t%s\t%#" PRIx64 "\t%#" PRIx64 "\t%#" PRIx64 "\t%s\t%s\t",
		       gil_site_kind__name(site->kind), site->call_va, site->probe_va,
		       site->probe_off, site->insn_name, site->emulated ? "emulated" : "stepped");
		if (site->reg == GIL_REG_BASE)
			printf("%u\t%d\n", site->reg_no, site->disp);
		else
			printf("%s\t0\n", site->reg == GIL_REG_ARG0 ? "arg0" : "-");
	}
}

int main(int argc, char **argv)
{
	unsigned int opts = 0;
	char why[256];
	int rc = 0;

	for (int i = 1; i < argc; i++) {
		static struct gil_sites sites;
		struct elf_file *elf;
		int err;

		if (!strcmp(argv[i], "-a")) {
			opts |= GIL_SITE_AVOID_CALLS;
			continue;
		}
		elf = open_elf(argv[i]);
		if (elf) {
			err = gil_sites__find(elf, opts, why, sizeof(why), &sites);
		} else {
			err = -errno;
			snprintf(why, sizeof(why), "no ELF file this tool reads");
		}
		if (err) {
			printf("refused\t%s\t%s\t%s\n", argv[i], strerrorname_np(-err), why);
			rc = 1;
		} else {
			print_sites(argv[i], &sites);
		}
		elf_file__free(elf);
	}
	return rc;
}
