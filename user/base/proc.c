/* SPDX-License-Identifier: BSD-2-Clause */
#include "user/base/proc.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "user/base/parse.h"
#include "user/base/sbuf.h"
#include "user/base/text.h"
#include "user/base/util.h"

/* The kernel refuses a set that is smaller than its own: CONFIG_NR_CPUS of Debian, and as much as any has. */
#define CPU_MAX 8192

/* Inode number of the kernel's first pid namespace (include/linux/proc_ns.h: PROC_PID_INIT_INO). */
#define INIT_PIDNS_INO 0xEFFFFFFCu

bool proc__exists(pid_t pid)
{
	return pid > 0 && (kill(pid, 0) == 0 || errno == EPERM);
}

/* A file of a thread, or (tid 0) of a process's first one. 0 or -errno. */
static int read_task(pid_t pid, pid_t tid, const char *name, struct sbuf *ret)
{
	char path[64];

	snprintf(path, sizeof(path), "/proc/%d/task/%d/%s", pid, tid ? tid : pid, name);
	return read_file(AT_FDCWD, path, 16384, ret);
}

/* What follows "\nKey:" on its line in status; false: no such thread, or no such line. */
static bool status_line(pid_t pid, pid_t tid, const char *key, char *buf, size_t sz)
{
	struct sbuf b = { 0 };
	const char *at = NULL;

	if (!read_task(pid, tid, "status", &b))
		at = strstr(sbuf__str(&b), key);
	if (at) {
		at += strlen(key);
		snprintf(buf, sz, "%.*s", (int)strcspn(at, "\n"), at);
	}
	sbuf__free(&b);
	return at;
}

/* A number from there, or -ESRCH. */
static long status_number(pid_t pid, const char *key)
{
	char text[32];

	return status_line(pid, 0, key, text, sizeof(text)) ? strtol(text, NULL, 10) : -ESRCH;
}

pid_t proc__tgid(pid_t pid)
{
	return (pid_t)status_number(pid, "\nTgid:");
}

pid_t proc__parent(pid_t pid)
{
	return (pid_t)status_number(pid, "\nPPid:");
}

int proc__uid(pid_t pid, uint32_t *ret)
{
	char text[64];

	if (!status_line(pid, 0, "\nUid:", text, sizeof(text)))
		return -ESRCH;
	*ret = (uint32_t)strtoul(text, NULL, 10);
	return 0;
}

unsigned int proc__cpu_cnt(pid_t pid)
{
	cpu_set_t *set = CPU_ALLOC(CPU_MAX);
	size_t sz = CPU_ALLOC_SIZE(CPU_MAX);
	int n = 0;

	if (set && !sched_getaffinity(pid, sz, set))
		n = CPU_COUNT_S(sz, set);
	CPU_FREE(set);
	return (unsigned int)n;
}

uint32_t proc__own_tid(pid_t pid, pid_t tid)
{
	char ids[512];
	const char *last;

	if (!status_line(pid, tid, "\nNSpid:", ids, sizeof(ids)))
		return (uint32_t)tid;
	last = strrchr(ids, '\t');
	return last ? (uint32_t)strtoul(last + 1, NULL, 10) : (uint32_t)tid;
}

bool proc__is_nested(pid_t pid)
{
	char ids[512];

	/* One id for each namespace, behind a tab each. */
	return status_line(pid, pid, "\nNSpid:", ids, sizeof(ids)) &&
	       strchr(ids, '\t') != strrchr(ids, '\t');
}

static void read_clean(pid_t pid, pid_t tid, const char *name, char *buf, size_t sz)
{
	struct sbuf b = { 0 };

	if (!sz)
		return;
	if (read_task(pid, tid, name, &b) || !b.len) {
		snprintf(buf, sz, "?");
	} else {
		/* A command line's arguments are separated by NUL bytes. */
		for (size_t i = 0; i < b.len; i++)
			if (!b.s[i])
				b.s[i] = i + 1 < b.len ? ' ' : '\0';
		if (b.s[b.len - 1] == '\n')
			b.s[b.len - 1] = '\0';
		clean_text(b.s, b.len, buf, sz);
	}
	sbuf__free(&b);
}

void proc__comm(pid_t pid, pid_t tid, char *buf, size_t sz)
{
	read_clean(pid, tid, "comm", buf, sz);
}

void proc__cmdline(pid_t pid, char *buf, size_t sz)
{
	size_t len;

	read_clean(pid, 0, "cmdline", buf, sz);
	/* A title (setproctitle) is filled up to the length of what it has taken the place of. */
	for (len = sz ? strlen(buf) : 0; len && buf[len - 1] == ' ';)
		buf[--len] = '\0';
}

void proc__exe(pid_t pid, char *buf, size_t sz)
{
	char path[64], target[4096];
	ssize_t n;

	if (!sz)
		return;
	snprintf(path, sizeof(path), "/proc/%d/exe", pid);
	n = readlink(path, target, sizeof(target));
	if (n <= 0)
		snprintf(buf, sz, "?");
	else
		clean_text(target, (size_t)n, buf, sz);
}

bool proc__shadow_stack(pid_t pid)
{
	char features[128];

	return status_line(pid, 0, "\nx86_Thread_features:", features, sizeof(features)) &&
	       strstr(features, "shstk");
}

static ssize_t numeric_entries(const char *path, uint32_t **ret)
{
	uint32_t *ids = NULL;
	size_t cnt = 0, cap = 0;
	struct dirent *e;
	DIR *d = opendir(path);

	if (!d)
		return errno == ENOENT ? -ESRCH : -errno;
	while ((e = readdir(d))) {
		uint64_t id;

		if (parse_u64(e->d_name, 1, INT32_MAX, &id))
			continue;
		if (array_grow(&ids, cnt, &cap, sizeof(*ids))) {
			free(ids);
			closedir(d);
			return -ENOMEM;
		}
		ids[cnt++] = (uint32_t)id;
	}
	closedir(d);
	*ret = ids;
	return (ssize_t)cnt;
}

ssize_t proc__tids(pid_t pid, uint32_t **ret)
{
	char path[64];

	snprintf(path, sizeof(path), "/proc/%d/task", pid);
	return numeric_entries(path, ret);
}

ssize_t proc__pids(uint32_t **ret)
{
	return numeric_entries("/proc", ret);
}

ssize_t proc__descendants(pid_t pid, uint32_t **ret)
{
	__cleanup(freep) uint32_t *parents = NULL;
	uint32_t *pids = NULL;
	ssize_t n = proc__pids(&pids), cnt = 0, last;

	if (n < 0)
		return n;
	parents = calloc((size_t)n + 1, sizeof(*parents));
	if (!parents) {
		free(pids);
		return -ENOMEM;
	}
	for (ssize_t i = 0; i < n; i++)
		parents[i] = (uint32_t)proc__parent((pid_t)pids[i]);
	/* Those found go to the front: each may be the parent of one that was passed over. */
	do {
		last = cnt;
		for (ssize_t i = cnt; i < n; i++) {
			bool found = parents[i] == (uint32_t)pid;
			uint32_t child = pids[i], parent = parents[i];

			for (ssize_t k = 0; k < cnt && !found; k++)
				found = parent == pids[k];
			if (!found)
				continue;
			pids[i] = pids[cnt];
			parents[i] = parents[cnt];
			pids[cnt] = child;
			parents[cnt++] = parent;
		}
	} while (cnt > last);
	*ret = pids;
	return cnt;
}

int proc__pidfd(pid_t pid)
{
	long fd = syscall(SYS_pidfd_open, pid, 0);

	return fd < 0 ? -errno : (int)fd;
}

char proc__state(pid_t pid)
{
	char state[32];

	return status_line(pid, 0, "\nState:\t", state, sizeof(state)) ? state[0] : '\0';
}

bool proc__runs(pid_t pid)
{
	char state = proc__state(pid);

	return state && !strchr("ZX", state);
}

uint32_t proc__pidns(void)
{
	struct stat st;

	/* A kernel without namespaces has no such file. */
	if (stat("/proc/self/ns/pid", &st) || st.st_ino == INIT_PIDNS_INO)
		return 0;
	return (uint32_t)st.st_ino;
}

bool proc__is_own(void)
{
	char self[16] = "";
	ssize_t n = readlink("/proc/self", self, sizeof(self) - 1);

	return n > 0 && atoi(self) == getpid();
}
