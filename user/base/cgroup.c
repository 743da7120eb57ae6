/* SPDX-License-Identifier: BSD-2-Clause */
#include "user/base/cgroup.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>

#include "user/base/budgets.h"
#include "user/base/sbuf.h"
#include "user/base/util.h"

int cgroup__read(pid_t pid, struct sbuf *ret)
{
	char path[64];

	snprintf(path, sizeof(path), "/proc/%d/cgroup", (int)pid);
	return read_file(AT_FDCWD, path, BUDGET_CGROUPS, ret);
}

bool cgroup__next(const char **at, struct cgroup_line *ret)
{
	while (**at) {
		size_t len = strcspn(*at, "\n");
		const char *end = *at + len, *list = memchr(*at, ':', len);
		const char *path = list ? memchr(list + 1, ':', (size_t)(end - list) - 1) : NULL;

		*at = end + (*end == '\n');
		if (!path || path + 1 == end || path[1] != '/')
			continue;
		*ret = (struct cgroup_line){ { list + 1, (size_t)(path - list) - 1 },
					     { path + 1, (size_t)(end - path) - 1 } };
		return true;
	}
	return false;
}

int cgroup__path(pid_t pid, const char *controller, char *buf, size_t sz)
{
	__cleanup(sbuf__free) struct sbuf text = { 0 };
	int err = cgroup__read(pid, &text);
	const char *at = sbuf__str(&text);
	struct cgroup_line line;

	if (err)
		return err;
	while (cgroup__next(&at, &line)) {
		bool is_it = !line.controllers.len && !*controller;

		while (line.controllers.len && !is_it)
			is_it = span__is(span__cut_at(&line.controllers, ','), controller);
		if (!is_it)
			continue;
		if (line.path.len >= sz)
			return -ENAMETOOLONG;
		snprintf(buf, sz, "%.*s", (int)line.path.len, line.path.s);
		return 0;
	}
	return -ENOENT;
}

/* Is path this folder, or below it? */
static bool is_below(struct span path, struct span folder)
{
	while (folder.len && folder.s[folder.len - 1] == '/')
		folder.len--;
	return path.len >= folder.len && !memcmp(path.s, folder.s, folder.len) &&
	       (path.len == folder.len || path.s[folder.len] == '/');
}

/* Is this the folder under /sys/fs/cgroup of a hierarchy: "unified"; "cpu,cpuacct", for which "cpu" is a link; "systemd"? */
static bool is_mount_of(struct span folder, const struct cgroup_line *line)
{
	struct span list = line->controllers;

	if (!list.len)
		return span__is(folder, "unified");
	span__cut_start(&list, "name=");
	if (span__same(list, folder))
		return true;
	while (list.len)
		if (span__same(span__cut_at(&list, ','), folder))
			return true;
	return false;
}

/* Is it below want, a folder under /sys/fs/cgroup? Version 2 alone is mounted there, of several each has its own. */
static bool is_below_mounted(const struct cgroup_line *line, struct span want)
{
	struct span path = line->path, mount;

	if (!span__cut_start(&want, "/sys/fs/cgroup"))
		return false;
	if (!line->controllers.len && is_below(path, want))
		return true;
	if (!span__cut_start(&want, "/"))
		return false;
	mount = span__cut_at(&want, '/');
	if (!is_mount_of(mount, line))
		return false;
	if (want.len) { /* with the slash before it */
		want.s--;
		want.len++;
	}
	return is_below(path, want);
}

static bool has_folder(struct span path, struct span want)
{
	while (path.len)
		if (span__same(span__cut_at(&path, '/'), want))
			return true;
	return false;
}

bool cgroup__is_in(const char *text, const char *want)
{
	struct span name = { want, strlen(want) };
	bool is_path = strchr(want, '/');
	struct cgroup_line line;

	while (cgroup__next(&text, &line)) {
		struct span path = line.path;

		if (!is_path && name.len && has_folder(path, name))
			return true;
		if (is_path && *want != '/') /* a path is one from the root all the same */
			span__cut_start(&path, "/");
		if (is_path && (is_below(path, name) || is_below_mounted(&line, name)))
			return true;
	}
	return false;
}
