/* SPDX-License-Identifier: BSD-2-Clause */
/* throttle.c - what a CPU limit took: time in which threads that wanted a CPU were kept from running by their cgroup's quota */
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "user/base/budgets.h"
#include "user/base/cgroup.h"
#include "user/base/proc.h"
#include "user/base/sbuf.h"
#include "user/base/units.h"
#include "user/base/util.h"
#include "user/source/collector_impl.h"

/* Looks between two for the cgroup that it is in: few ever move. */
#define CGROUP_EVERY 16

/* The number behind this word at the start of a line; false: there is no such line. */
static bool number_of(const char *text, const char *word, uint64_t *ret)
{
	const size_t len = strlen(word);

	for (; *text; text += strcspn(text, "\n"), text += *text == '\n')
		if (!strncmp(text, word, len) && text[len] == ' ') {
			*ret = strtoull(text + len, NULL, 10);
			return true;
		}
	return false;
}

/* Of one cgroup. A group without a limit of its own, or without the controller, says nothing: 0. False: it cannot be read. */
static bool read_level(const char *root, const char *path, int len, uint64_t *ret_ns)
{
	struct sbuf b = { 0 };
	char name[640];
	bool ok = (size_t)snprintf(name, sizeof(name), "%s%.*s/cpu.stat", root, len, path) <
			  sizeof(name) &&
		  !read_file(AT_FDCWD, name, BUDGET_CGROUP_FILE, &b);

	*ret_ns = 0;
	if (ok && number_of(sbuf__str(&b), "throttled_usec", ret_ns)) /* version 2 */
		*ret_ns *= 1000;
	else if (ok)
		number_of(sbuf__str(&b), "throttled_time", ret_ns); /* version 1: ns */
	sbuf__free(&b);
	return ok;
}

/* Its own and those above it: each may have a limit. False: none can be read. */
static bool read_levels(const struct throttle *t, uint64_t *ret_ns)
{
	size_t len = strlen(t->path), levels = 0;
	bool any = false;
	uint64_t ns;

	*ret_ns = 0;
	while (levels++ < BUDGET_CGROUP_LEVELS) {
		if (len == 1) /* "/" */
			len = 0;
		any |= read_level(t->root, t->path, (int)len, &ns);
		*ret_ns += ns;
		if (!len)
			break;
		while (t->path[--len] != '/')
			;
	}
	return any;
}

/* Version 1 where the controller is still there, else version 2; where distributions mount them. */
static void find(struct throttle *t, pid_t pid)
{
	static const struct {
		const char *controller, *root;
	} places[] = { { "cpu", "/sys/fs/cgroup/cpu" },
		       { "cpu", "/sys/fs/cgroup/cpu,cpuacct" },
		       { "", "/sys/fs/cgroup" },
		       { "", "/sys/fs/cgroup/unified" } };
	struct throttle was = *t;
	uint64_t ns;

	for (size_t i = 0; i < ARRAY_SIZE(places); i++) {
		snprintf(t->root, sizeof(t->root), "%s", places[i].root);
		/* What is above our own namespace's root (/..) cannot be read from here. */
		if (!cgroup__path(pid, places[i].controller, t->path, sizeof(t->path)) &&
		    !strstr(t->path, "/..") && read_levels(t, &ns))
			break;
		t->root[0] = t->path[0] = '\0';
	}
	t->known &= !strcmp(was.root, t->root) && !strcmp(was.path, t->path);
}

uint64_t throttle__look(struct throttle *t, pid_t pid)
{
	uint64_t ns, since;

	if (t->looks++ % CGROUP_EVERY == 0)
		find(t, pid);
	if (!*t->root || !read_levels(t, &ns))
		return NS_UNKNOWN;
	since = t->known && ns > t->last_ns ? ns - t->last_ns : 0;
	t->known = true;
	t->last_ns = ns;
	return since;
}
