/* SPDX-License-Identifier: BSD-2-Clause */
#include "user/target/libc_pause.h"

#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#include "user/base/proc.h"
#include "user/base/sbuf.h"
#include "user/base/text.h"
#include "user/base/util.h"
#include "user/base/worker.h"
#include "user/elf/elf_file.h"
#include "user/target/target.h"

/* glibc, also before 2.34 (libc-2.31.so), and musl. */
static bool is_libc(const char *path)
{
	static const char *const names[] = { "libc.so.", "libc-2.", "ld-musl-", "libc.musl-" };
	const char *base = path_base(path);

	for (size_t i = 0; i < ARRAY_SIZE(names); i++)
		if (!strncmp(base, names[i], strlen(names[i])))
			return true;
	return false;
}

static int pause_off(int fd, uint64_t *ret)
{
	struct elf_file *elf = elf_file__open_fd(fd);
	struct elf_sym sym;
	int err;

	if (!elf)
		return -errno;
	err = elf_file__find_sym(elf, "pause", &sym);
	if (!err)
		err = elf_file__va_to_off(elf, sym.va, ret);
	elf_file__free(elf);
	return err;
}

/* A program with the C library inside has it in its own file, if that still has names. */
static bool may_have_it(const struct proc_map *m, const char *runtime)
{
	return m->exec && (is_libc(m->path) || !strcmp(m->path, runtime));
}

static int find_here(pid_t pid, const char *runtime, char *path, size_t path_sz, uint64_t *off)
{
	struct proc_maps maps = { 0 };
	int err = proc_maps__read(pid, &maps);

	if (err)
		return err;
	err = -ENOENT;
	for (size_t i = 0; i < maps.cnt && err; i++) {
		__cleanup(closep) int fd = -1;

		if (!may_have_it(&maps.maps[i], runtime))
			continue;
		fd = proc_map__open(&maps.maps[i], pid, path, path_sz);
		err = fd < 0 ? fd : pause_off(fd, off);
	}
	proc_maps__free(&maps);
	return err;
}

struct request {
	pid_t pid;
	char runtime[512];
};

struct answer {
	char path[512];
	uint64_t off;
};

static int answer_request(void *state, const void *in, size_t len, struct sbuf *out)
{
	struct answer a = { 0 };
	struct request r;
	int err;

	(void)state;
	if (len != sizeof(r))
		return -EINVAL;
	memcpy(&r, in, sizeof(r));
	err = find_here(r.pid, r.runtime, a.path, sizeof(a.path), &a.off);
	sbuf__add(out, (const char *)&a, sizeof(a));
	return err;
}

int libc_pause__find(struct target_cache *cache, pid_t pid, const char *runtime, char *path,
		     size_t path_sz, uint64_t *off)
{
	struct request r = { .pid = pid };
	struct sbuf out = { 0 };
	struct answer a;
	int err;

	snprintf(r.runtime, sizeof(r.runtime), "%s", runtime);
	err = worker__call(target_cache__worker(cache), answer_request, &r, sizeof(r), &out);
	if (!err && out.len != sizeof(a))
		err = -EIO;
	if (!err) {
		memcpy(&a, out.s, sizeof(a));
		snprintf(path, path_sz, "%s", a.path);
		*off = a.off;
	}
	sbuf__free(&out);
	return err;
}
