/* SPDX-License-Identifier: BSD-2-Clause */
/* test_native_sym.c - names of this program's own functions */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "user/base/proc.h"
#include "user/base/util.h"
#include "user/elf/elf_file.h"
#include "user/target/native_sym.h"

static uint64_t at(void (*fn)(void **))
{
	return (uint64_t)(uintptr_t)fn;
}

static void nothing_is_found_outside_of_files(void **state);

static void functions_have_their_names_and_a_file_is_read_once(void **state)
{
	struct native_files *files = native_files__new();
	struct native_sym *n = native_sym__new(getpid(), files),
			  *other = native_sym__new(getpid(), files);
	struct native_place place;

	(void)state;
	assert_true(files && n && other);
	assert_int_equal(native_sym__find(n, at(nothing_is_found_outside_of_files) + 4, &place), 0);
	assert_string_equal(place.object, "test_native_sym");
	assert_string_equal(place.symbol, "nothing_is_found_outside_of_files");
	for (uint64_t i = 0; i < 16; i++) {
		assert_int_equal(
			native_sym__find(other,
					 at(functions_have_their_names_and_a_file_is_read_once) + i,
					 &place),
			0);
		assert_string_equal(place.symbol,
				    "functions_have_their_names_and_a_file_is_read_once");
	}
	assert_int_equal(native_files__reads(files), 1);
	assert_int_equal(native_files__asked(files), 2); /* once a function, and process */
	native_sym__free(n);
	native_sym__free(other);
	native_files__free(files);
}

/* The functions of this program around an offset in its file, the innermost first, by looking at all of them. */
struct around {
	const struct elf_file *elf;
	uint64_t off, start; /* of the innermost ones found */
	size_t cnt;
	char names[16][192];
};

static int look(const char *name, const struct elf_sym *sym, void *arg)
{
	struct around *a = arg;
	uint64_t off;

	if (!sym->is_func || elf_file__va_to_off(a->elf, sym->va, &off) || off > a->off ||
	    a->off - off >= (sym->size ? sym->size : 4096) || (a->cnt && off < a->start))
		return 0;
	if (off != a->start)
		a->cnt = 0;
	a->start = off;
	if (a->cnt < ARRAY_SIZE(a->names))
		snprintf(a->names[a->cnt++], sizeof(a->names[0]), "%s", name);
	return 0;
}

static void each_address_has_the_function_around_it(void **state)
{
	struct native_files *files = native_files__new();
	struct native_sym *n = native_sym__new(getpid(), files);
	__cleanup(closep) int fd = open("/proc/self/exe", O_RDONLY);
	struct elf_file *elf = elf_file__open_fd(fd);
	struct proc_maps maps = { 0 };
	size_t named = 0;

	(void)state;
	assert_non_null(elf);
	assert_int_equal(proc_maps__read(getpid(), &maps), 0);
	srand(1);
	for (size_t i = 0; i < maps.cnt; i++) {
		const struct proc_map *m = &maps.maps[i];

		for (int k = 0; m->exec && strstr(m->path, "test_native_sym") && k < 500; k++) {
			struct around a = { .elf = elf };
			struct native_place place;
			bool found;

			a.off = m->off + (uint64_t)rand() % (m->end - m->start);
			elf_file__each_sym(elf, ELF_SYMTAB, look, &a);
			elf_file__each_sym(elf, ELF_DYNSYM, look, &a);
			assert_int_equal(native_sym__find(n, m->start + a.off - m->off, &place), 0);
			found = !a.cnt && !*place.symbol;
			for (size_t s = 0; s < a.cnt && s < ARRAY_SIZE(a.names); s++)
				found |= !strcmp(place.symbol, a.names[s]);
			assert_true(found);
			named += *place.symbol != '\0';
		}
	}
	assert_true(named > 100);
	proc_maps__free(&maps);
	elf_file__free(elf);
	native_sym__free(n);
	native_files__free(files);
}

static void nothing_is_found_outside_of_files(void **state)
{
	struct native_files *files = native_files__new();
	struct native_sym *n = native_sym__new(getpid(), files);
	void *jit = mmap(NULL, 4096, PROT_READ | PROT_EXEC, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	struct native_place place;

	(void)state;
	assert_true(files && n && jit != MAP_FAILED);
	assert_int_equal(native_sym__find(n, (uint64_t)(uintptr_t)jit, &place), -ENOENT);
	assert_int_equal(native_sym__find(n, (uint64_t)(uintptr_t)jit + 1, &place), -ENOENT);
	assert_int_equal(native_files__asked(files), 1);
	munmap(jit, 4096);
	native_sym__free(n);
	native_files__free(files);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(functions_have_their_names_and_a_file_is_read_once),
		cmocka_unit_test(each_address_has_the_function_around_it),
		cmocka_unit_test(nothing_is_found_outside_of_files),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
