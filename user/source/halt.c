/* SPDX-License-Identifier: BSD-2-Clause */
/* halt.c - a process that is stopped is said to be: its threads seem to wait, and its figures stand still */
#include <fcntl.h>
#include <stdio.h>
#include <string.h>

#include "user/base/cgroup.h"
#include "user/base/proc.h"
#include "user/base/sbuf.h"
#include "user/base/util.h"
#include "user/source/collector_impl.h"

/* Refreshes between two looks for the cgroup that it is in: few ever move. */
#define CGROUP_EVERY 16

static bool is_readable(const char *path)
{
	__cleanup(closep) int fd = open(path, O_RDONLY | O_CLOEXEC);

	return fd >= 0;
}

/* Version 2 is where distributions mount it, alone or beside version 1. */
static void find_events(pid_t pid, char *ret, size_t sz)
{
	static const char *const roots[] = { "/sys/fs/cgroup", "/sys/fs/cgroup/unified" };
	char path[512];

	ret[0] = '\0';
	/* What is above our own namespace's root (/..) cannot be read from here. */
	if (cgroup__path(pid, "", path, sizeof(path)) || strstr(path, "/../"))
		return;
	for (size_t i = 0; i < ARRAY_SIZE(roots) && !*ret; i++)
		if ((size_t)snprintf(ret, sz, "%s%s/cgroup.events", roots[i], path) >= sz ||
		    !is_readable(ret))
			ret[0] = '\0';
}

static bool is_frozen(struct halt *h, pid_t pid)
{
	struct sbuf b = { 0 };
	bool frozen;

	if (h->looks++ % CGROUP_EVERY == 0)
		find_events(pid, h->events, sizeof(h->events));
	if (!*h->events)
		return false;
	frozen = !read_file(AT_FDCWD, h->events, 4096, &b) && strstr(sbuf__str(&b), "frozen 1");
	sbuf__free(&b);
	return frozen;
}

const char *halt__look(struct halt *h, pid_t pid)
{
	char state = proc__state(pid);
	/* A tracer stops it for a moment at each system call; a debugger for longer. */
	bool traced = state == 't' && h->was_traced;

	h->was_traced = state == 't';
	if (state == 'T')
		return "stopped by a signal (until SIGCONT)";
	if (traced)
		return "stopped by a debugger";
	return is_frozen(h, pid) ? "stopped: its cgroup is frozen" : "";
}
