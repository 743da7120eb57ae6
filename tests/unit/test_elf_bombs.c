/* SPDX-License-Identifier: BSD-2-Clause */
/* test_elf_bombs.c - files that are small on disk and want to be large in memory, or long to read: anybody may run one */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <elf.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>
#include <zlib.h>

#include "user/elf/elf_file.h"
#include "user/python/runtime.h"
#include "user/base/util.h"

#define MIB	 (1ull << 20)
#define BASE	 0x10000u /* where the file is loaded */
#define GROWS_KB (100 * 1024)

/* A header, up to 64 segments, 8 sections, and room for what they point to. */
struct bomb {
	Elf64_Ehdr eh;
	Elf64_Phdr ph[64];
	Elf64_Shdr sh[8];
	Elf64_Dyn dyn[8];
	uint8_t text[512];
};

static struct bomb bomb(void)
{
	return (struct bomb){
		.eh = { .e_ident = { ELFMAG0, ELFMAG1, ELFMAG2, ELFMAG3, ELFCLASS64, ELFDATA2LSB,
				     EV_CURRENT },
			.e_type = ET_DYN,
			.e_machine = EM_X86_64,
			.e_version = EV_CURRENT,
			.e_phoff = offsetof(struct bomb, ph),
			.e_shoff = offsetof(struct bomb, sh),
			.e_ehsize = sizeof(Elf64_Ehdr),
			.e_phentsize = sizeof(Elf64_Phdr),
			.e_phnum = 1,
			.e_shentsize = sizeof(Elf64_Shdr),
			.e_shnum = 8,
			.e_shstrndx = 1 },
		.ph[0] = { .p_type = PT_LOAD,
			   .p_flags = PF_R | PF_X,
			   .p_vaddr = BASE,
			   .p_filesz = sizeof(struct bomb),
			   .p_memsz = sizeof(struct bomb) },
	};
}

/* The file, with len bytes of tail behind it and then a hole up to size (0: none). */
static int file_of(const struct bomb *b, const void *tail, size_t len, uint64_t size)
{
	int fd = memfd_create("bomb", MFD_CLOEXEC);

	assert_int_equal(write(fd, b, sizeof(*b)), sizeof(*b));
	assert_int_equal(write(fd, tail, len), (ssize_t)len);
	if (size)
		assert_int_equal(ftruncate(fd, (off_t)size), 0);
	return fd;
}

static int count_bytes(const char *name, const struct elf_sym *sym, void *arg)
{
	(void)sym;
	*(uint64_t *)arg += strlen(name);
	return 0;
}

/* All that is asked of a file of which nothing is known, and more. */
static void look_at(int fd)
{
	struct elf_file *elf = elf_file__open_fd(fd);
	struct elf_import *imports;
	struct py_runtime py;
	struct elf_seg seg;
	const uint8_t *id;
	uint64_t va, sz, sum = 0;
	char why[256];
	size_t cnt;
	bool exact;

	if (!elf)
		return;
	elf_file__build_id(elf, &id);
	py_runtime__identify(elf, &py, why, sizeof(why));
	elf_file__find_section(elf, ".PyRuntime", &va, &sz);
	elf_file__eh_frame(elf, &va, &sz, &exact);
	for (size_t i = 0; !elf_file__seg(elf, i, &seg); i++)
		elf_file__at(elf, seg.va, seg.filesz);
	elf_file__each_sym(elf, ELF_DYNSYM, count_bytes, &sum);
	elf_file__each_sym(elf, ELF_SYMTAB, count_bytes, &sum);
	if (!elf_file__imports(elf, &imports, &cnt))
		free(imports);
	elf_file__free(elf);
}

static long peak_kb_of(int fd, void (*look)(int fd))
{
	struct rusage ru;
	int status;
	pid_t pid = fork();

	assert_true(pid >= 0);
	if (!pid) {
		if (fd >= 0)
			look(fd);
		_exit(0);
	}
	assert_int_equal(wait4(pid, &status, 0, &ru), pid);
	assert_int_equal(status, 0);
	return ru.ru_maxrss;
}

/* Takes the descriptor. */
static void assert_is_small(int fd, void (*look)(int fd))
{
	long idle = peak_kb_of(-1, NULL), peak = peak_kb_of(fd, look);

	close(fd);
	if (peak > idle + GROWS_KB)
		fail_msg("it took %ld KiB more than nothing", peak - idle);
}

/* A compressed section as ELF has it; the caller frees. */
static void *compressed(const void *p, size_t len, size_t *ret_len)
{
	Elf64_Chdr ch = { .ch_type = ELFCOMPRESS_ZLIB, .ch_size = len, .ch_addralign = 1 };
	uLongf out_len = compressBound(len);
	uint8_t *out = malloc(sizeof(ch) + out_len);

	assert_non_null(out);
	memcpy(out, &ch, sizeof(ch));
	assert_int_equal(compress2(out + sizeof(ch), &out_len, p, len, 1), Z_OK);
	*ret_len = sizeof(ch) + out_len;
	return out;
}

static void put_names(struct bomb *b, size_t len)
{
	b->sh[1] = (Elf64_Shdr){ .sh_type = SHT_STRTAB,
				 .sh_flags = SHF_COMPRESSED,
				 .sh_offset = sizeof(*b),
				 .sh_size = len };
	b->sh[2] = (Elf64_Shdr){ .sh_name = 1, .sh_type = SHT_PROGBITS, .sh_addr = BASE };
}

static void compressed_names_of_sections_are_not_read(void **state)
{
	static const char names[] = "\0.PyRuntime";
	struct bomb b = bomb();
	struct elf_file *elf;
	uint64_t va, sz;
	size_t len;
	void *tail = compressed(names, sizeof(names), &len);
	int fd;

	(void)state;
	put_names(&b, len);
	fd = file_of(&b, tail, len, 0);
	elf = elf_file__open_fd(fd);
	assert_non_null(elf);
	assert_int_equal(elf_file__find_section(elf, ".PyRuntime", &va, &sz), -ENOENT);
	elf_file__free(elf);
	close(fd);
	free(tail);
}

static void compressed_sections_are_not_inflated(void **state)
{
	const size_t whole = 200 * MIB;
	void *zeros =
		mmap(NULL, whole, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
	struct bomb b = bomb();
	size_t len;
	void *tail = compressed(zeros, whole, &len);

	(void)state;
	munmap(zeros, whole);
	put_names(&b, len);
	b.sh[3] = (Elf64_Shdr){ .sh_type = SHT_SYMTAB,
				.sh_flags = SHF_COMPRESSED,
				.sh_offset = sizeof(b),
				.sh_size = len,
				.sh_link = 1 };
	assert_is_small(file_of(&b, tail, len, 0), look_at);
	free(tail);
}

static void a_sparse_file_is_not_read_whole(void **state)
{
	struct bomb b = bomb();

	(void)state;
	b.ph[0].p_filesz = b.ph[0].p_memsz = 250 * MIB;
	assert_is_small(file_of(&b, "", 1, 251 * MIB), look_at);
	/* The sections' number may be in a section, and be anything. */
	b = bomb();
	b.eh.e_shnum = 0;
	b.sh[0].sh_size = 1u << 22;
	assert_is_small(file_of(&b, "", 1, sizeof(b) + (64ull << 22)), look_at);
}

static void segments_that_overlap_are_not_read_again_and_again(void **state)
{
	uint8_t *tail = calloc(1, 4 * MIB);
	struct bomb b = bomb();

	(void)state;
	memset(tail, 'x', 4 * MIB);
	b.eh.e_phnum = 64;
	for (size_t i = 0; i < 64; i++)
		b.ph[i] = (Elf64_Phdr){ .p_type = PT_LOAD,
					.p_flags = PF_R,
					.p_vaddr = BASE + i * 16 * MIB,
					.p_filesz = 4 * MIB,
					.p_memsz = 4 * MIB };
	assert_is_small(file_of(&b, tail, 4 * MIB, 0), look_at);
	free(tail);
}

static void look_at_little(int fd)
{
	struct elf_file *elf = elf_file__open_fd(fd);

	if (!elf || !elf_file__at(elf, BASE + 60 * MIB, 100) || !elf_file__at(elf, BASE, 100) ||
	    !elf_file__at(elf, BASE + 119 * MIB, MIB))
		_exit(1);
	elf_file__free(elf);
}

/* A large library is no bomb, but most of it is none of our business. */
static void of_a_large_segment_only_what_is_wanted_is_read(void **state)
{
	struct bomb b = bomb();
	int fd;

	(void)state;
	b.ph[0].p_filesz = b.ph[0].p_memsz = 120 * MIB;
	fd = file_of(&b, "", 1, 0);
	assert_int_equal(posix_fallocate(fd, 0, 121 * MIB), 0);
	assert_is_small(fd, look_at_little);
}

/* Symbols that all have the same long name, in both tables. */
static void one_long_name_of_many_symbols_is_not_handed_out_for_each(void **state)
{
	const size_t cnt = 20000, syms_sz = cnt * sizeof(Elf64_Sym), name_sz = MIB;
	uint8_t *tail = calloc(1, syms_sz + name_sz);
	struct bomb b = bomb();
	struct elf_file *elf;
	struct elf_sym sym;
	uint64_t bytes = 0;
	int fd;

	(void)state;
	assert_non_null(tail);
	memset(tail + syms_sz, 'x', name_sz - 1);
	for (size_t i = 0; i < cnt; i++) /* the last 2000 bytes of it */
		((Elf64_Sym *)tail)[i] = (Elf64_Sym){ .st_name = (uint32_t)name_sz - 2000,
						      .st_info = STT_FUNC,
						      .st_shndx = 1,
						      .st_value = BASE };
	b.sh[3] = (Elf64_Shdr){
		.sh_type = SHT_SYMTAB, .sh_offset = sizeof(b), .sh_size = syms_sz, .sh_link = 4
	};
	b.sh[4] = (Elf64_Shdr){ .sh_type = SHT_STRTAB,
				.sh_offset = sizeof(b) + syms_sz,
				.sh_size = name_sz };
	fd = file_of(&b, tail, syms_sz + name_sz, 0);
	elf = elf_file__open_fd(fd);
	assert_non_null(elf);
	assert_int_equal(elf_file__each_sym(elf, ELF_SYMTAB, count_bytes, &bytes), 0);
	assert_true(bytes > 0 && bytes <= 2 * (syms_sz + name_sz));
	assert_int_equal(elf_file__find_sym(elf, "_PyRuntime", &sym), -ENOENT);
	elf_file__free(elf);
	close(fd);
	free(tail);
}

/* A name longer than any is none; what is found by its name is found whatever stands around it. */
static void names_without_an_end_are_none(void **state)
{
	struct {
		Elf64_Sym sym[3];
		char str[10000];
	} tail = { 0 };
	struct bomb b = bomb();
	struct elf_file *elf;
	struct elf_sym sym;
	uint64_t bytes = 0;
	int fd;

	(void)state;
	memset(tail.str, 'x', sizeof(tail.str));
	strcpy(tail.str, "_PyRuntime");
	for (uint32_t i = 1; i < 3; i++)
		tail.sym[i] =
			(Elf64_Sym){ .st_name = i == 1 ? 100 : 0, .st_shndx = 1, .st_value = BASE };
	b.sh[3] = (Elf64_Shdr){ .sh_type = SHT_SYMTAB,
				.sh_offset = sizeof(b),
				.sh_size = sizeof(tail.sym),
				.sh_link = 4 };
	b.sh[4] = (Elf64_Shdr){ .sh_type = SHT_STRTAB,
				.sh_offset = sizeof(b) + sizeof(tail.sym),
				.sh_size = sizeof(tail.str) };
	fd = file_of(&b, &tail, sizeof(tail), 0);
	elf = elf_file__open_fd(fd);
	assert_non_null(elf);
	assert_int_equal(elf_file__each_sym(elf, ELF_SYMTAB, count_bytes, &bytes), 0);
	assert_int_equal(bytes, strlen("_PyRuntime"));
	assert_int_equal(elf_file__find_sym(elf, "_PyRuntime", &sym), 0);
	assert_int_equal(sym.va, BASE);
	assert_int_equal(elf_file__find_sym(elf, "x", &sym), -ENOENT);
	elf_file__free(elf);
	close(fd);
}

static void devices_and_pipes_are_not_read(void **state)
{
	int fds[2];

	(void)state;
	assert_int_equal(pipe(fds), 0);
	assert_null(elf_file__open_fd(fds[0])); /* would wait */
	assert_int_equal(errno, EINVAL);
	close(fds[0]);
	close(fds[1]);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(compressed_names_of_sections_are_not_read),
		cmocka_unit_test(compressed_sections_are_not_inflated),
		cmocka_unit_test(a_sparse_file_is_not_read_whole),
		cmocka_unit_test(segments_that_overlap_are_not_read_again_and_again),
		cmocka_unit_test(of_a_large_segment_only_what_is_wanted_is_read),
		cmocka_unit_test(one_long_name_of_many_symbols_is_not_handed_out_for_each),
		cmocka_unit_test(names_without_an_end_are_none),
		cmocka_unit_test(devices_and_pipes_are_not_read),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
