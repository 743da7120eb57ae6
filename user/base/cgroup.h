/* SPDX-License-Identifier: BSD-2-Clause */
/* cgroup.h - where a process runs, by its cgroups: in which container, pod and systemd unit
 *
 * The paths in /proc/PID/cgroup are made by who started the process: an engine, the kubelet, systemd. Each has its own
 * way to say what is in there; user/base/cgroup_where.c has them all. Nothing else is looked at here.
 */
#ifndef GILTOP_BASE_CGROUP_H
#define GILTOP_BASE_CGROUP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "user/base/span.h"

struct sbuf;

/* What can be said of where a process runs. */
enum where_part {
	WHERE_CGROUP,	 /* the path that says most */
	WHERE_CONTAINER, /* its id; for lxc and systemd-nspawn, whose containers have none: its name */
	WHERE_ENGINE,	 /* "docker", "containerd", "cri-o", "podman", "lxc", "systemd-nspawn" */
	WHERE_NAME,	 /* the container's */
	WHERE_POD,	 /* Kubernetes: the uid of the pod, with dashes; podman: the id */
	WHERE_POD_NAME,
	WHERE_UNIT, /* of systemd: "gunicorn@3.service"; in a container: of its own systemd */
	WHERE_CNT,
};

#define WHERE_SZ 512

/* Clean text (base/text.h); "": not there, or not known. */
struct where {
	char part[WHERE_CNT][WHERE_SZ];
	uint32_t ns_pid; /* its pid in its own pid namespace, if that is another; 0: it is not */
};

/* A line of /proc/PID/cgroup. */
struct cgroup_line {
	struct span controllers; /* empty: version 2 */
	struct span path;
};

/* /proc/PID/cgroup into ret. 0 or -errno. */
int cgroup__read(pid_t pid, struct sbuf *ret);
/* The next line of what was read that makes sense; at: where to go on. False: there is none. */
bool cgroup__next(const char **at, struct cgroup_line *ret);
/* The path of its cgroup under that hierarchy's root. controller: "cpu", of version 1; "": version 2. 0 or -errno. */
int cgroup__path(pid_t pid, const char *controller, char *buf, size_t sz);
/* What the paths say: all of ret, but for the names and ns_pid. */
void cgroup__where(const char *text, struct where *ret);
/* Is it in this cgroup, or below it? want: a path from the root of the hierarchy, or its folder under /sys/fs/cgroup; without
 * a slash: any folder of a path.
 */
bool cgroup__is_in(const char *text, const char *want);

#endif
