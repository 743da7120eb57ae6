/* SPDX-License-Identifier: BSD-2-Clause */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>

#include <elf.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "user/base/util.h"
#include "user/elf/elf_file.h"
#include "tests/elf_open.h"

/* The smallest file that is one: a header, one PT_LOAD that covers everything, some bytes. */
struct tiny {
	Elf64_Ehdr eh;
	Elf64_Phdr ph[2];
	uint8_t text[64];
};

static struct tiny tiny_elf(void)
{
	struct tiny t = {
		.eh = {
			.e_ident = { ELFMAG0, ELFMAG1, ELFMAG2, ELFMAG3, ELFCLASS64, ELFDATA2LSB, EV_CURRENT },
			.e_type = ET_DYN,
			.e_machine = EM_X86_64,
			.e_version = EV_CURRENT,
			.e_phoff = offsetof(struct tiny, ph),
			.e_ehsize = sizeof(Elf64_Ehdr),
			.e_phentsize = sizeof(Elf64_Phdr),
			.e_phnum = 1,
			.e_shentsize = sizeof(Elf64_Shdr),
		},
		.ph = { {
			.p_type = PT_LOAD,
			.p_flags = PF_R | PF_X,
			.p_vaddr = 0x10000,
			.p_filesz = sizeof(struct tiny),
			.p_memsz = sizeof(struct tiny) + 0x1000,
		} },
	};

	return t;
}

static struct elf_file *open_bytes(const void *p, size_t len)
{
	__cleanup(closep) int fd = memfd_create("elf", MFD_CLOEXEC);

	assert_int_equal(write(fd, p, len), (ssize_t)len);
	return elf_file__open_fd(fd);
}

static void opens_a_minimal_file(void **state)
{
	struct tiny t = tiny_elf();
	struct elf_file *elf = open_bytes(&t, sizeof(t));
	struct elf_seg seg;
	const uint8_t *id;
	uint64_t off;

	(void)state;
	assert_non_null(elf);
	assert_int_equal(elf_file__machine(elf), EM_X86_64);
	assert_int_equal(elf_file__seg(elf, 0, &seg), 0);
	assert_int_equal(seg.va, 0x10000);
	assert_int_equal(elf_file__seg(elf, 1, &seg), -ENOENT);
	assert_int_equal(elf_file__va_to_off(elf, 0x10010, &off), 0);
	assert_int_equal(off, 0x10);
	assert_int_equal(elf_file__build_id(elf, &id), 0);
	assert_null(elf_file__soname(elf));
	elf_file__free(elf);
}

static void bytes_come_only_from_inside_a_segment(void **state)
{
	struct tiny t = tiny_elf();
	struct elf_file *elf = open_bytes(&t, sizeof(t));
	uint64_t end = 0x10000 + sizeof(t), off;

	(void)state;
	assert_memory_equal(elf_file__at(elf, 0x10000, 4), ELFMAG, 4);
	assert_non_null(elf_file__at(elf, end - 1, 1));
	assert_null(elf_file__at(elf, end - 1, 2));
	assert_null(elf_file__at(elf, end, 1)); /* in memory (.bss), not in the file */
	assert_null(elf_file__at(elf, 0xffff, 2));
	assert_null(elf_file__at(elf, 0x10000, SIZE_MAX));
	assert_null(elf_file__at(elf, UINT64_MAX, 1));
	assert_int_equal(elf_file__va_to_off(elf, end, &off), -ENOENT);
	elf_file__free(elf);
}

/* A text segment at 0x23450 of the file, mapped from the start of its page on. */
static void load_bias_follows_the_page_size(void **state)
{
	static uint8_t file[0x24000];
	struct tiny t = tiny_elf();
	const uint64_t base = 0x7f0000000000, va = 0x5023450, off = 0x23450;
	struct elf_file *elf;
	uint64_t bias;

	(void)state;
	t.ph[0].p_offset = off;
	t.ph[0].p_vaddr = va;
	t.ph[0].p_filesz = t.ph[0].p_memsz = 0x100;
	memcpy(file, &t, sizeof(t));
	elf = open_bytes(file, sizeof(file));
	assert_non_null(elf);
	for (uint64_t page = 4096; page <= 65536; page *= 4) {
		uint64_t from = off / page * page;

		bias = 1;
		assert_int_equal(elf_file__bias(elf, base + va - (off - from), from, page, &bias),
				 0);
		assert_int_equal(bias, base);
		/* A later part of it, after a mapping was cut. */
		assert_int_equal(elf_file__bias(elf, base + va + 0x20, off + 0x20, page, &bias), 0);
		assert_int_equal(bias, base);
		assert_int_equal(elf_file__bias(elf, base, from - page, page, &bias), -EINVAL);
		assert_int_equal(elf_file__bias(elf, base, off + 0x100, page, &bias), -EINVAL);
	}
	elf_file__free(elf);
}

static void refuses_what_is_not_an_elf_of_ours(void **state)
{
	struct tiny t = tiny_elf();
	__cleanup(closep) int fd = memfd_create("empty", MFD_CLOEXEC);

	(void)state;
	assert_null(elf_file__open_fd(fd));
	assert_int_equal(errno, EINVAL);
	assert_null(open_elf("/etc/passwd"));
	assert_int_equal(errno, EINVAL);
	assert_null(open_elf("/"));
	assert_null(elf_file__open_fd(-1));
	assert_int_equal(errno, EBADF);
	t.eh.e_machine = EM_PPC64;
	assert_null(open_bytes(&t, sizeof(t)));
	assert_int_equal(errno, ENOTSUP);
	t = tiny_elf();
	t.eh.e_ident[EI_DATA] = ELFDATA2MSB;
	assert_null(open_bytes(&t, sizeof(t)));
	assert_int_equal(errno, ENOTSUP);
	t = tiny_elf();
	t.eh.e_type = ET_CORE;
	assert_null(open_bytes(&t, sizeof(t)));
	assert_int_equal(errno, ENOTSUP);
}

static void refuses_segments_that_lie(void **state)
{
	static const struct {
		uint64_t off, va, filesz, memsz;
	} lies[] = {
		{ 0, 0x10000, sizeof(struct tiny) + 1, 0x10000 }, /* beyond the end of the file */
		{ UINT64_MAX - 8, 0x10000, 16, 16 },		  /* the sum wraps */
		{ 0, UINT64_MAX - 8, 16, 16 },
		{ 0, 0x10000, 64, 32 }, /* more in the file than in memory */
		{ 0, 0x10000, 0, 0 },	/* nothing at all is loaded */
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(lies); i++) {
		struct tiny t = tiny_elf();

		t.ph[0].p_offset = lies[i].off;
		t.ph[0].p_vaddr = lies[i].va;
		t.ph[0].p_filesz = lies[i].filesz;
		t.ph[0].p_memsz = lies[i].memsz;
		assert_null(open_bytes(&t, sizeof(t)));
		assert_int_equal(errno, EINVAL);
	}
}

static void a_dynamic_segment_full_of_rubbish_yields_no_symbols(void **state)
{
	struct tiny t = tiny_elf();
	struct elf_import *imports;
	struct elf_file *elf;
	struct elf_sym sym;
	size_t cnt;

	(void)state;
	t.eh.e_phnum = 2;
	t.ph[1] = (Elf64_Phdr){ .p_type = PT_DYNAMIC,
				.p_offset = offsetof(struct tiny, text),
				.p_vaddr = 0x10000 + offsetof(struct tiny, text),
				.p_filesz = 64 };
	for (int seed = 1; seed < 200; seed++) {
		Elf64_Dyn dyn[4] = { { .d_tag = DT_SYMTAB },
				     { .d_tag = DT_STRTAB },
				     { .d_tag = DT_GNU_HASH },
				     { .d_tag = DT_STRSZ } };

		srand(seed);
		for (int i = 0; i < 4; i++)
			dyn[i].d_un.d_ptr = 0x10000 + (uint64_t)rand() % (sizeof(t) + 8);
		if (seed & 1)
			dyn[3].d_un.d_val = 16;
		memcpy(t.text, dyn, sizeof(dyn));
		elf = open_bytes(&t, sizeof(t));
		assert_non_null(elf);
		assert_int_equal(elf_file__find_sym(elf, "_PyRuntime", &sym), -ENOENT);
		assert_int_equal(elf_file__imports(elf, &imports, &cnt), 0);
		free(imports);
		elf_file__free(elf);
	}
}

static void finds_symbols_imports_and_sections_of_itself(void **state)
{
	struct elf_file *elf = open_elf("/proc/self/exe");
	struct elf_import *imports;
	uint64_t va, size;
	struct elf_sym sym;
	const uint8_t *id;
	bool exact, found = false;
	size_t cnt;

	(void)state;
	assert_non_null(elf);
	assert_int_equal(elf_file__find_sym(elf, "main", &sym), 0);
	assert_true(sym.is_func);
	assert_non_null(elf_file__at(elf, sym.va, sym.size));
	assert_int_equal(elf_file__find_sym(elf, "no such symbol", &sym), -ENOENT);
	assert_int_equal(elf_file__find_section(elf, ".text", &va, &size), 0);
	assert_true(sym.va >= va && sym.va < va + size);
	assert_int_equal(elf_file__find_section(elf, ".nothing", &va, &size), -ENOENT);
	assert_int_equal(elf_file__eh_frame(elf, &va, &size, &exact), 0);
	assert_true(exact);
	assert_true(elf_file__build_id(elf, &id) == 0 || id);
	assert_int_equal(elf_file__imports(elf, &imports, &cnt), 0);
	for (size_t i = 0; i < cnt; i++) {
		found |= !strcmp(imports[i].name, "memfd_create");
		assert_true(!i || imports[i - 1].slot_va <= imports[i].slot_va);
	}
	assert_true(found);
	free(imports);
	elf_file__free(elf);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(opens_a_minimal_file),
		cmocka_unit_test(bytes_come_only_from_inside_a_segment),
		cmocka_unit_test(load_bias_follows_the_page_size),
		cmocka_unit_test(refuses_what_is_not_an_elf_of_ours),
		cmocka_unit_test(refuses_segments_that_lie),
		cmocka_unit_test(a_dynamic_segment_full_of_rubbish_yields_no_symbols),
		cmocka_unit_test(finds_symbols_imports_and_sections_of_itself),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
