/* SPDX-License-Identifier: BSD-2-Clause */
/* proc_maps.c - what a process has mapped, and how to open that very file */
#include "user/base/proc.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#include "user/base/budgets.h"
#include "user/base/sbuf.h"
#include "user/base/util.h"

/* A number, and the character behind it (' ': any amount of them), which are passed over. */
static bool take_number(char **at, unsigned int base, char end, uint64_t *ret)
{
	const char *start = *at;
	uint64_t v = 0;

	for (;; (*at)++) {
		char c = **at;
		unsigned int digit = c >= '0' && c <= '9'   ? (unsigned int)(c - '0')
				     : c >= 'a' && c <= 'f' ? (unsigned int)(c - 'a') + 10
							    : base;

		if (digit >= base)
			break;
		v = v * base + digit;
	}
	if (*at == start || **at != end)
		return false;
	do
		(*at)++;
	while (end == ' ' && **at == end);
	*ret = v;
	return true;
}

/* "55d0c5a00000-55d0c5a28000 r-xp 00002000 fe:01 1835015    /usr/bin/python3.11"; processes have thousands of them, so no
 * sscanf. False: no mapping of a file.
 */
static bool parse_map(char *line, struct proc_map *ret)
{
	struct proc_map m = { 0 };
	uint64_t major_no, minor_no;
	const char *perms;
	char *at = line;
	size_t len;

	if (!take_number(&at, 16, '-', &m.start) || !take_number(&at, 16, ' ', &m.end) ||
	    strnlen(at, 5) < 5 || at[4] != ' ')
		return false;
	perms = at;
	at += 5;
	if (!take_number(&at, 16, ' ', &m.off) || !take_number(&at, 16, ':', &major_no) ||
	    !take_number(&at, 16, ' ', &minor_no) || !take_number(&at, 10, ' ', &m.inode))
		return false;
	if (!m.inode || *at != '/')
		return false;
	m.dev_major = (uint32_t)major_no;
	m.dev_minor = (uint32_t)minor_no;
	m.exec = perms[2] == 'x';
	m.write = perms[1] == 'w';
	m.path = strdup(at);
	if (!m.path)
		return false;
	len = strlen(m.path);
	if (len > 10 && !strcmp(m.path + len - 10, " (deleted)")) {
		m.path[len - 10] = '\0';
		m.deleted = true;
	}
	*ret = m;
	return true;
}

int proc_maps__read(pid_t pid, struct proc_maps *ret)
{
	__cleanup(fclosep) FILE *f = NULL;
	__cleanup(freep) char *line = NULL;
	struct proc_maps m = { 0 };
	size_t cap = 0, line_cap = 0, lines = 0;
	char path[64];
	ssize_t n;

	snprintf(path, sizeof(path), "/proc/%d/maps", pid);
	f = fopen(path, "re");
	if (!f)
		return errno == ENOENT ? -ESRCH : -errno;
	while ((n = getline(&line, &line_cap, f)) > 0 && lines++ < BUDGET_MAPS) {
		if (line[n - 1] == '\n')
			line[n - 1] = '\0';
		if (array_grow(&m.maps, m.cnt, &cap, sizeof(*m.maps))) {
			proc_maps__free(&m);
			return -ENOMEM;
		}
		if (parse_map(line, &m.maps[m.cnt]))
			m.cnt++;
	}
	if (ferror(f)) {
		proc_maps__free(&m);
		return -ESRCH; /* the process went away while it was read */
	}
	*ret = m;
	return 0;
}

void proc_maps__free(struct proc_maps *m)
{
	for (size_t i = 0; i < m->cnt; i++)
		free(m->maps[i].path);
	free(m->maps);
	*m = (struct proc_maps){ 0 };
}

int proc_map__open(const struct proc_map *m, pid_t pid, char *path, size_t path_sz)
{
	struct stat st;
	int fd;

	snprintf(path, path_sz, "/proc/%d/map_files/%" PRIx64 "-%" PRIx64, (int)pid, m->start,
		 m->end);
	fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
	if (fd >= 0 || (errno != EACCES && errno != EPERM) || m->deleted)
		return fd >= 0 ? fd : -errno;
	/* Without root that takes CAP_CHECKPOINT_RESTORE; CAP_SYS_PTRACE is enough for the name in the process's own
	 * root, if it is still the same file. (O_NONBLOCK: it may be a FIFO meanwhile.)
	 */
	if ((size_t)snprintf(path, path_sz, "/proc/%d/root%s", (int)pid, m->path) >= path_sz)
		return -EACCES;
	fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
	if (fd < 0)
		return -EACCES;
	if (!fstat(fd, &st) && st.st_ino == m->inode && major(st.st_dev) == m->dev_major &&
	    minor(st.st_dev) == m->dev_minor)
		return fd;
	close(fd);
	return -EACCES;
}
