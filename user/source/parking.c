/* SPDX-License-Identifier: BSD-2-Clause */
/* parking.c - threads that a finalizing interpreter parks for ever
 *
 * A daemon thread that wants the GIL after its interpreter has begun to finalize was ended up to 3.13.5, and is parked
 * since: it calls pause() in a loop, out of take_gil. Nothing else tells it from one that waits. So pause() is probed,
 * which programs hardly ever call; the handler looks whether the thread waits for a GIL.
 */
#include <errno.h>
#include <string.h>
#include <unistd.h>

#include "user/base/log.h"
#include "user/base/proc.h"
#include "user/base/text.h"
#include "user/base/util.h"
#include "user/elf/elf_file.h"
#include "user/probe/probe.h"
#include "user/python/runtime.h"
#include "user/source/collector_impl.h"

#define FIRST_MINOR 13

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

void tracked__watch_parking(struct tracked *t, struct collector *c)
{
	struct proc_maps maps = { 0 };
	pid_t pid = t->target.pid;

	if (t->pause_tried || t->target.py->minor < FIRST_MINOR)
		return;
	t->pause_tried = true;
	if (proc_maps__read(pid, &maps))
		return;
	for (size_t i = 0; i < maps.cnt && !t->att_pause; i++) {
		__cleanup(closep) int fd = -1;
		char path[512];
		uint64_t off;

		if (!may_have_it(&maps.maps[i], t->target.runtime))
			continue;
		fd = proc_map__open(&maps.maps[i], pid, path, sizeof(path));
		if (fd >= 0 && !pause_off(fd, &off))
			t->att_pause = probe__attach_pause(c->probe, pid, path, off);
	}
	proc_maps__free(&maps);
	if (!t->att_pause)
		pr_verb("pid %d: threads that finalization parks will seem to wait on\n", pid);
}
