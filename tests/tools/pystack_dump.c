/* SPDX-License-Identifier: BSD-2-Clause */
/* pystack_dump.c - print the Python stacks of all threads of a process, for tests
 *
 * Usage: pystack_dump PID. For each thread a line "thread TID INTERPRETER END NAME", where END is
 * "complete", "truncated" or "torn", then its frames, innermost first: "  LINE<tab>NAME<tab>FILE".
 * First come lines about the runtime ("python ..") and its GILs ("gil .."). Exit code 1: no CPython.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "bpf/pystack.h"
#include "user/base/parse.h"
#include "user/base/proc.h"
#include "user/base/util.h"
#include "user/elf/elf_file.h"
#include "user/python/process.h"
#include "user/python/sym.h"
#include "user/python/thread_name.h"
#include "tests/elf_open.h"

/* The load bias of a file of which m is a mapping. */
static int find_bias(const struct elf_file *elf, const struct proc_map *m, uint64_t *ret)
{
	struct elf_seg seg;

	for (size_t i = 0; !elf_file__seg(elf, i, &seg); i++) {
		if (m->off + (m->end - m->start) <= seg.off || m->off >= seg.off + seg.filesz)
			continue;
		*ret = m->start - (seg.va - seg.off + m->off);
		return 0;
	}
	return -1;
}

static struct py_process *open_map(pid_t pid, const struct proc_map *m)
{
	struct py_process *p = NULL;
	struct py_runtime rt;
	struct elf_file *elf;
	char path[80], why[256] = "";
	uint64_t bias;

	snprintf(path, sizeof(path), "/proc/%d/map_files/%llx-%llx", (int)pid,
		 (unsigned long long)m->start, (unsigned long long)m->end);
	elf = open_elf(path);
	if (!elf)
		return NULL;
	if (!py_runtime__identify(elf, &rt, why, sizeof(why)) && !find_bias(elf, m, &bias)) {
		printf("python %s %s %s (%s)\n", rt.version,
		       rt.free_threaded ? "free-threaded" : "gil", m->path, rt.how);
		p = py_process__new(pid, &rt, bias);
	}
	elf_file__free(elf);
	return p;
}

static struct py_process *open_process(pid_t pid)
{
	struct py_process *p = NULL;
	struct proc_maps maps;

	if (proc_maps__read(pid, &maps))
		return NULL;
	for (size_t i = 0; i < maps.cnt && !p; i++) {
		if (maps.maps[i].path && maps.maps[i].exec)
			p = open_map(pid, &maps.maps[i]);
	}
	proc_maps__free(&maps);
	return p;
}

static void print_gils(struct py_process *p)
{
	__cleanup(freep) struct py_gil *gils = NULL;
	ssize_t n = py_process__gils(p, &gils);

	for (ssize_t i = 0; i < n; i++) {
		struct py_gil_state st;

		if (py_process__gil_state(p, gils[i].addr, &st))
			continue;
		printf("gil %lld %s %s holder %u switches %llu interval %llu\n",
		       (long long)gils[i].interp_id, st.enabled ? "on" : "off",
		       st.locked ? "locked" : "free", st.holder_tid,
		       (unsigned long long)st.switch_number, (unsigned long long)st.interval_us);
	}
}

static void print_thread(const struct py_process *p, struct pysym *ps, const struct py_thread *t,
			 const char *name)
{
	__cleanup(freep) struct py_walk *w = calloc(1, sizeof(*w));
	const struct py_stack *s;
	struct pysym_frame f;

	if (!w)
		return;
	s = &w->stack;
	py_process__walk(p, t->tstate, w);
	pysym__begin(ps);
	printf("thread %u %lld %s %s\n", t->tid, (long long)t->interp_id,
	       s->end == PY_END_ROOT	? "complete"
	       : s->end == PY_END_DEPTH ? "truncated"
					: "torn",
	       name);
	for (uint32_t i = 0; i < s->cnt; i++) {
		int err = pysym__resolve(ps, &s->frames[i], w->code[i], &f);

		if (!err)
			printf("  %u\t%s\t%s\n", f.line, f.name, f.file);
		else if (err != -ENOENT)
			printf("  # %s\n", errstr(err));
	}
}

int main(int argc, char **argv)
{
	__cleanup(freep) struct py_thread_name *names = NULL;
	__cleanup(freep) struct py_thread *threads = NULL;
	struct py_process *p;
	struct pysym *ps;
	char why[256] = "";
	uint64_t pid;
	ssize_t n;
	int err;

	if (argc != 2 || parse_u64(argv[1], 1, INT32_MAX, &pid)) {
		fprintf(stderr, "usage: pystack_dump PID\n");
		return 2;
	}
	p = open_process((pid_t)pid);
	ps = p ? pysym__new(p) : NULL;
	if (!ps) {
		fprintf(stderr, "no CPython in process %s\n", argv[1]);
		return 1;
	}
	err = py_process__check(p, why, sizeof(why));
	if (err)
		fprintf(stderr, "check: %s %s\n", errstr(err), why);
	print_gils(p);
	n = py_process__threads(p, &threads);
	names = n > 0 ? calloc((size_t)n, sizeof(*names)) : NULL;
	if (names) {
		py_thread_names__read(p, ps, NULL, threads, (size_t)n, names);
		for (ssize_t i = 0; i < n; i++)
			print_thread(p, ps, &threads[i], names[i].name);
	}
	pysym__free(ps);
	py_process__free(p);
	return err || n < 0;
}
