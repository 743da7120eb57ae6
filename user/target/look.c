/* SPDX-License-Identifier: BSD-2-Clause */
/* look.c - from a pid to checked probe points: what a worker does for target.c
 *
 * The interpreter may be the executable itself (Debian), a libpython under any name (pyenv, the
 * official images, programs that embed it), already deleted or replaced on disk, in another mount
 * namespace. So the mapped inode is what is opened, through /proc/PID/map_files, not a path; and what
 * the analysed file says must be what the process's memory holds, byte for byte, at every probe point.
 */
#include "user/target/target_impl.h"

#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <sys/uio.h>
#include <unistd.h>

#include "user/base/budgets.h"
#include "user/base/caps.h"
#include "user/base/hmap.h"
#include "user/base/proc.h"
#include "user/base/sbuf.h"
#include "user/base/text.h"
#include "user/base/util.h"
#include "user/elf/elf_file.h"
#include "user/python/process.h"

/* Somebody else's uprobe or breakpoint sits there already, or it came with a fork: int3; brk #5 (the kernel's
 * UPROBE_SWBP_INSN of arm64).
 */
static bool is_breakpoint(const uint8_t *insn)
{
#ifdef __aarch64__
	return !memcmp(insn, "\xa0\x00\x20\xd4", 4);
#else
	return insn[0] == 0xcc;
#endif
}

static __attribute__((format(printf, 2, 3))) void step(struct sbuf *steps, const char *fmt, ...)
{
	char line[1024];
	va_list ap;

	if (!steps)
		return;
	va_start(ap, fmt);
	vsnprintf(line, sizeof(line), fmt, ap);
	va_end(ap);
	clean_in_place(line);
	sbuf__puts(steps, line);
	sbuf__puts(steps, "\n");
}

/* Gate: the process's memory holds the analysed instructions, all of them inside this mapping. */
static int check_memory(const struct target *t, const struct proc_maps *maps, uint64_t inode,
			struct sbuf *why)
{
	for (size_t i = 0; i < t->sites->site_cnt; i++) {
		const struct gil_site *s = &t->sites->sites[i];
		uint64_t addr = s->probe_va + t->bias;
		uint8_t mem[sizeof(s->insn)] = { 0 };
		struct iovec local = { mem, s->insn_len };
		struct iovec remote = { (void *)(uintptr_t)addr, s->insn_len };
		bool mapped = false;

		for (size_t k = 0; k < maps->cnt && !mapped; k++) {
			const struct proc_map *m = &maps->maps[k];

			mapped = m->exec && !m->write && m->inode == inode && addr >= m->start &&
				 addr + s->insn_len <= m->end &&
				 addr - m->start + m->off == s->probe_off;
		}
		if (!mapped) {
			sbuf__printf(why, "probe point 0x%" PRIx64 " is not in the file's mapping",
				     s->probe_va);
			return -ENOTSUP;
		}
		if (process_vm_readv(t->pid, &local, 1, &remote, 1, 0) != (ssize_t)s->insn_len) {
			int err = -errno;

			sbuf__printf(why, "cannot read the memory of pid %d: %s", t->pid,
				     errstr(err));
			return err == -ESRCH ? -ESRCH : -EACCES;
		}
		if (memcmp(mem, s->insn, s->insn_len) && !is_breakpoint(mem)) {
			sbuf__printf(why,
				     "memory at probe point 0x%" PRIx64
				     " is not what the file holds",
				     s->probe_va);
			return -ENOTSUP;
		}
	}
	return 0;
}

static bool is_python_name(const char *path)
{
	return strstr(path_base(path), "python") != NULL;
}

static struct file_id id_of(const struct proc_map *m)
{
	return (struct file_id){ m->inode, m->dev_major, m->dev_minor };
}

/* Was a worker lost at it? */
static bool is_bad(const struct target_cache *cache, const struct proc_map *m)
{
	struct file_id id = id_of(m);

	for (size_t i = 0; i < cache->shared->bad_cnt && i < BAD_FILES; i++)
		if (!memcmp(&cache->shared->bad[i], &id, sizeof(id)))
			return true;
	return false;
}

/* It is looked into from now on (NULL: none is): whoever asks later, when we are lost, is to know. */
static void looking_into(struct target_cache *cache, const struct proc_map *m)
{
	cache->shared->since_ns = now_ns();
	cache->shared->now = m ? id_of(m) : (struct file_id){ 0 };
}

/* What is left to do for a process: its files are many, if it likes, and each may be mapped many times. */
struct effort {
	uint64_t cpu_ns;   /* when it began */
	struct hmap tries; /* (inode, device) -> as a pointer: so many mappings of it were tried */
	int opts;	   /* of the search, for this process; -1: not known yet */
};

static unsigned int effort__opts(struct effort *e, pid_t pid)
{
	if (e->opts < 0)
		e->opts = proc__shadow_stack(pid) ? GIL_SITE_AVOID_CALLS : 0;
	return (unsigned int)e->opts;
}

/* Shall this mapping be tried? 0; -ENOENT: no more of this file; -E2BIG: of no file, for the next one would pay for those
 * before it, which may be anybody's.
 */
static int may_try(struct effort *e, const struct proc_map *m)
{
	uint64_t dev = (uint64_t)m->dev_major << 32 | m->dev_minor;
	uintptr_t cnt = (uintptr_t)hmap__get(&e->tries, m->inode, dev);

	if (cnt >= BUDGET_FILE_TRIES)
		return -ENOENT;
	if (own_cpu_ns() - e->cpu_ns > BUDGET_FILES_CPU_NS)
		return -E2BIG;
	return hmap__put(&e->tries, m->inode, dev, (void *)(cnt + 1));
}

static void effort__free(struct effort *e)
{
	hmap__free(&e->tries);
}

/* One file of the process. 0: resolved; -ENOENT: nothing of interest in it; else refused, with why. */
static int try_file(struct target *t, struct target_cache *cache, const struct proc_maps *maps,
		    const struct proc_map *m, struct effort *e, struct sbuf *steps,
		    struct sbuf *why)
{
	struct elf_file *elf = NULL;
	const struct analysis *a;
	__cleanup(closep) int fd = -1;
	struct stat st;
	int err;

	if (is_bad(cache, m)) {
		clean_text(m->path, strlen(m->path), t->runtime, sizeof(t->runtime));
		sbuf__reset(why);
		sbuf__puts(why, t->runtime);
		sbuf__puts(why, ": it could not be looked into, once: not tried again");
		return -ENOTSUP;
	}
	looking_into(cache, m);
	fd = proc_map__open(m, t->pid, t->open_path, sizeof(t->open_path));
	if (fd < 0)
		return fd;
	if (fstat(fd, &st))
		return -errno;
	if (dull_files__has(&cache->dull, &st))
		return -ENOENT;
	clean_text(m->path, strlen(m->path), t->runtime, sizeof(t->runtime));
	elf = elf_file__open_fd(fd);
	if (!elf)
		return -ENOENT;
	err = target__analyse(cache, elf, &st, effort__opts(e, t->pid), &a);
	if (err == -ENOENT)
		dull_files__add(&cache->dull, &st);
	if (!err)
		err = a->err;
	if (!err)
		err = elf_file__bias(elf, m->start, m->off, (uint64_t)sysconf(_SC_PAGESIZE),
				     &t->bias);
	elf_file__free(elf);
	looking_into(cache, NULL); /* what follows is the process's own memory */
	if (err == -ENOENT && a && a->old_python) {
		sbuf__reset(why);
		sbuf__printf(why, "%s is a Python older than 3.7, whose GIL works otherwise",
			     t->runtime);
		return -ENOTSUP;
	}
	if (err == -ENOENT)
		return err;
	if (err) {
		step(steps, "  %s%s: refused: %s", t->runtime, m->deleted ? " (deleted)" : "",
		     a ? a->why : "no memory");
		sbuf__reset(why);
		sbuf__printf(why, "%s: %s", t->runtime, a ? a->why : "no memory");
		return err;
	}
	t->dev = st.st_dev;
	t->ino = st.st_ino;
	t->py = &a->py;
	t->sites = &a->sites;
	step(steps, "  %s%s: CPython %s (%s)", t->runtime, m->deleted ? " (deleted on disk)" : "",
	     a->py.version, a->py.how);
	step(steps, "  load bias 0x%" PRIx64 ", opened as %s", t->bias, t->open_path);
	step(steps, "  %s; %.1f ms", a->sites.how, (double)a->sites.analysis_ns / 1e6);
	sbuf__reset(why);
	err = check_memory(t, maps, m->inode, why);
	step(steps, "  memory at the probe points: %s", err ? sbuf__str(why) : "as in the file");
	return err;
}

/* Executable mappings, most likely file first: what is named like python, then all the others. */
static int try_files(struct target *t, struct target_cache *cache, const struct proc_maps *maps,
		     struct sbuf *steps, struct sbuf *why)
{
	__cleanup(effort__free) struct effort effort = { .cpu_ns = own_cpu_ns(), .opts = -1 };
	int ret = -ENOEXEC;

	for (int pass = 0; pass < 2; pass++) {
		for (size_t i = 0; i < maps->cnt; i++) {
			const struct proc_map *m = &maps->maps[i];
			int err;

			if (!m->exec || is_python_name(m->path) != (pass == 0))
				continue;
			if (i && maps->maps[i - 1].exec && maps->maps[i - 1].inode == m->inode)
				continue;
			err = may_try(&effort, m);
			if (!err)
				err = try_file(t, cache, maps, m, &effort, steps, why);
			if (err == -E2BIG) {
				sbuf__reset(why);
				sbuf__printf(why, "pid %d (%s): too many files to look into",
					     t->pid, t->comm);
				return -ENOTSUP;
			}
			if (!err || err == -ESRCH || err == -EACCES || err == -ENOMEM ||
			    err == -EPERM)
				return err;
			if (err == -ENOTSUP)
				ret = err;
		}
		if (ret == -ENOTSUP)
			break;
	}
	return ret;
}

/* Which file its program is: by number, as the kernel tells of one that begins (its MKDEV, 12 bits and 20). */
static void find_exe(struct target *t)
{
	struct stat st;
	char path[32];

	snprintf(path, sizeof(path), "/proc/%d/exe", t->pid);
	if (stat(path, &st))
		return;
	t->exe_ino = st.st_ino;
	t->exe_dev = major(st.st_dev) << 20 | minor(st.st_dev);
}

/* Where the interpreter's own code is in memory. */
static void find_text(const struct proc_maps *maps, struct target *t)
{
	for (size_t i = 0; i < maps->cnt; i++) {
		char path[sizeof(t->runtime)];

		if (!maps->maps[i].exec)
			continue;
		clean_text(maps->maps[i].path, strlen(maps->maps[i].path), path, sizeof(path));
		if (strcmp(path, t->runtime))
			continue;
		if (!t->text[1])
			t->text[0] = maps->maps[i].start;
		t->text[1] = maps->maps[i].end;
	}
}

enum failure target__look(pid_t pid, struct target_cache *cache, struct sbuf *steps,
			  struct sbuf *why, struct target *ret)
{
	struct proc_maps maps = { 0 };
	struct target t = { 0 };
	int err;

	t.pid = proc__tgid(pid);
	if (t.pid < 0) {
		sbuf__printf(why, "no process with pid %d", pid);
		return FAIL_GONE;
	}
	proc__comm(t.pid, 0, t.comm, sizeof(t.comm));
	proc__cmdline(t.pid, t.cmdline, sizeof(t.cmdline));
	proc__exe(t.pid, t.exe, sizeof(t.exe));
	step(steps, "pid %d: %s, exe %s", t.pid, t.comm, t.exe);
	err = proc_maps__read(t.pid, &maps);
	if (!err)
		err = try_files(&t, cache, &maps, steps, why);
	looking_into(cache, NULL);
	if (err == -EACCES || err == -EPERM) {
		if (!why->len)
			sbuf__printf(why, "may not look into pid %d (%s): %s", t.pid, t.comm,
				     caps__has(CAP_SYS_PTRACE)
					     ? "the kernel forbids it even to root"
					     : "needs root, or CAP_SYS_PTRACE");
		err = -EACCES;
	} else if (err == -ENOEXEC && maps.cnt) {
		sbuf__reset(why);
		sbuf__printf(why, "pid %d is not a CPython (exe %s)", t.pid, t.exe);
	} else if (err && !why->len) {
		sbuf__printf(why, "pid %d: %s", t.pid,
			     err == -ENOEXEC ? "no program (a kernel thread or a zombie)"
					     : errstr(err));
	}
	if (!err)
		find_text(&maps, &t);
	if (!err)
		find_exe(&t);
	if (!err && t.py->free_threaded) {
		struct py_process *py = py_process__new(t.pid, t.py, t.bias);

		t.gil_off = py ? py_process__gil_is_off(py) : -ENOMEM;
		py_process__free(py);
		snprintf(t.note, sizeof(t.note), "%s", target__free_threaded_note(t.gil_off));
	}
	proc_maps__free(&maps);
	*ret = t;
	return failure__of(err);
}
