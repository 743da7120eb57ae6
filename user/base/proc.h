/* SPDX-License-Identifier: BSD-2-Clause */
/* proc.h - what /proc says of a process: maps, threads, names */
#ifndef GILTOP_BASE_PROC_H
#define GILTOP_BASE_PROC_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

struct proc_map {
	uint64_t start, end, off;
	uint64_t inode;
	uint32_t dev_major, dev_minor;
	bool exec, write;
	bool deleted; /* the path ends in " (deleted)" (cut off here) */
	char *path;   /* as the process names it (its own mount namespace) */
};

struct proc_maps {
	size_t cnt;
	struct proc_map *maps;
};

/* File mappings of a process, in address order. 0; -ESRCH: no such process; -EACCES: no permission;
 * -errno. Free with proc_maps__free.
 */
int proc_maps__read(pid_t pid, struct proc_maps *ret);
void proc_maps__free(struct proc_maps *m);
/* Open the mapped file itself, whatever is under its name by now. path: a name for it that works from here (for the
 * kernel). A descriptor; -EACCES: no permission; -errno.
 */
int proc_map__open(const struct proc_map *m, pid_t pid, char *path, size_t path_sz);

bool proc__exists(pid_t pid);
/* The thread group of a tid (a tid is accepted where a pid is meant), or -ESRCH. */
pid_t proc__tgid(pid_t pid);
pid_t proc__parent(pid_t pid); /* or -ESRCH */
/* The real user of a process. 0 or -ESRCH. */
int proc__uid(pid_t pid, uint32_t *ret);
/* A thread's id in its own pid namespace; tid itself where that is not known. */
uint32_t proc__own_tid(pid_t pid, pid_t tid);
/* Has it ids of its own, in a pid namespace below the one whose /proc this is? */
bool proc__is_nested(pid_t pid);
/* Clean text (see clean_text); "?" where unreadable. */
void proc__comm(pid_t pid, pid_t tid, char *buf, size_t sz); /* tid 0: the process */
void proc__cmdline(pid_t pid, char *buf, size_t sz);
void proc__exe(pid_t pid, char *buf, size_t sz);
/* User shadow stacks are on: an emulated call would corrupt them (x86_Thread_features). */
bool proc__shadow_stack(pid_t pid);
/* Thread ids of a process; caller frees *ret. Count or -errno. */
ssize_t proc__tids(pid_t pid, uint32_t **ret);
/* All process ids; caller frees *ret. Count or -errno. */
ssize_t proc__pids(uint32_t **ret);
/* Its children and theirs, at this moment; caller frees *ret. Looks at every process of the machine. Count or -errno. */
ssize_t proc__descendants(pid_t pid, uint32_t **ret);
/* A pidfd (poll it for the end of the process), or -errno. */
int proc__pidfd(pid_t pid);
/* Which pid namespace are we in, by its number in /proc/self/ns? 0: the machine's. */
uint32_t proc__pidns(void);
/* Is /proc that of our pid namespace, or one that has other ids? */
bool proc__is_own(void);
/* Of its first thread, as in /proc/PID/stat: 'R', 'S', 'T' .., '\0': there is none. */
char proc__state(pid_t pid);
/* CPUs that its first thread may run on (sched_setaffinity, cpusets); 0: not known. */
unsigned int proc__cpu_cnt(pid_t pid);
/* It is there, and not a zombie that nobody has waited for. */
bool proc__runs(pid_t pid);

#endif
