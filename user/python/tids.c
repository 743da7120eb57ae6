/* SPDX-License-Identifier: BSD-2-Clause */
/* tids.c - which kernel thread is a PyThreadState's: ids across pid namespaces, libc's own record */
#include "user/python/tids.h"

#include <elf.h>
#include <limits.h>
#include <stdlib.h>
#include <errno.h>
#include "user/base/proc.h"
#include "user/base/util.h"
#include "user/python/process.h"

/* A thread: its id as /proc shows it and as it sees itself. */
struct py_task {
	uint32_t tid, own;
};

/* struct pthread.tid of glibc and musl. Tried in this order; one is believed when it names a live
 * thread of the process for every thread.
 */
static const struct {
	uint16_t machine;
	uint16_t off;
} pthread_tid[] = {
	{ EM_X86_64, 720 },  /* glibc */
	{ EM_X86_64, 48 },   /* musl 1.2 */
	{ EM_X86_64, 56 },   /* musl 1.1 */
	{ EM_AARCH64, 208 }, /* glibc */
	{ EM_AARCH64, 32 },  /* musl 1.2 */
	{ EM_AARCH64, 40 },  /* musl 1.1 */
};

static int cmp_task(const void *a, const void *b)
{
	const struct py_task *x = a, *y = b;

	return (x->own > y->own) - (x->own < y->own);
}

int py_tids__load_some(struct py_tids *t, pid_t pid, const uint32_t *tids, size_t n)
{
	/* Outside of a pid namespace of its own a process sees the same ids as we do. */
	bool same = proc__own_tid(pid, pid) == (uint32_t)pid;
	struct py_task *tasks = calloc(n + 1, sizeof(*tasks));

	if (!tasks)
		return -ENOMEM;
	for (size_t i = 0; i < n; i++) {
		tasks[i].tid = tids[i];
		tasks[i].own = same ? tids[i] : proc__own_tid(pid, (pid_t)tids[i]);
	}
	qsort(tasks, n, sizeof(*tasks), cmp_task);
	free(t->tasks);
	t->tasks = tasks;
	t->cnt = n;
	return 0;
}

int py_tids__load(struct py_tids *t, pid_t pid)
{
	__cleanup(freep) uint32_t *tids = NULL;
	ssize_t n = proc__tids(pid, &tids);

	return n < 0 ? (int)n : py_tids__load_some(t, pid, tids, (size_t)n);
}

void py_tids__free(struct py_tids *t)
{
	free(t->tasks);
	t->tasks = NULL;
	t->cnt = 0;
}

uint32_t py_tids__of_own(const struct py_tids *t, uint64_t own)
{
	struct py_task key = { .own = (uint32_t)own };
	const struct py_task *task;

	if (!own || own > INT_MAX || !t->tasks)
		return 0;
	task = bsearch(&key, t->tasks, t->cnt, sizeof(key), cmp_task);
	return task ? task->tid : 0;
}

static uint32_t tid_at(const struct py_tids *t, const struct py_process *p, uint64_t ident,
		       unsigned int off)
{
	uint32_t own;

	return py_process__read(p, ident + off, &own, sizeof(own)) ? 0 : py_tids__of_own(t, own);
}

uint32_t py_tids__of_pthread(const struct py_tids *t, const struct py_process *p, uint64_t ident)
{
	return t->pthread_off < 0 ? 0 : tid_at(t, p, ident, (unsigned int)t->pthread_off);
}

void py_tids__find_pthread(struct py_tids *t, const struct py_process *p,
			   const struct py_thread *threads, size_t n)
{
	for (size_t i = 0; i < ARRAY_SIZE(pthread_tid); i++) {
		size_t ok = 0;

		if (pthread_tid[i].machine != py_process__runtime(p)->machine)
			continue;
		for (size_t j = 0; j < n; j++)
			ok += tid_at(t, p, threads[j].ident, pthread_tid[i].off) != 0;
		/* A few may have ended meanwhile. */
		if (ok && ok + 1 + n / 16 > n) {
			t->pthread_off = pthread_tid[i].off;
			return;
		}
	}
}
