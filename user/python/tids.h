/* SPDX-License-Identifier: BSD-2-Clause */
/* tids.h - which kernel thread is a PyThreadState's: ids across pid namespaces, libc's own record */
#ifndef GILTOP_PYTHON_TIDS_H
#define GILTOP_PYTHON_TIDS_H

#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

struct py_process;
struct py_task;
struct py_thread;

/* Zero-initialise, then pthread_off = -1. */
struct py_tids {
	size_t cnt;
	struct py_task *tasks;
	int pthread_off; /* where libc keeps a thread's tid (found by find_pthread); -1: not known */
};

/* Read the threads of a process from /proc: 0 or -errno (then what was known stays). */
int py_tids__load(struct py_tids *t, pid_t pid);
/* The same for these threads alone. */
int py_tids__load_some(struct py_tids *t, pid_t pid, const uint32_t *tids, size_t n);
void py_tids__free(struct py_tids *t);

/* The tid as in /proc of the thread that knows itself by own (gettid() there); 0: there is none. */
uint32_t py_tids__of_own(const struct py_tids *t, uint64_t own);
/* The same by its pthread_self(), for CPython up to 3.10, which does not keep the tid; 0: not known. */
uint32_t py_tids__of_pthread(const struct py_tids *t, const struct py_process *p, uint64_t ident);
/* Find out where this process's libc keeps it, given its threads. */
void py_tids__find_pthread(struct py_tids *t, const struct py_process *p,
			   const struct py_thread *threads, size_t n);

#endif
