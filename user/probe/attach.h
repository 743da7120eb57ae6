/* SPDX-License-Identifier: BSD-2-Clause */
/* attach.h - put the uprobes of one process in place, by either kind of link (part of probe/) */
#ifndef GILTOP_PROBE_ATTACH_H
#define GILTOP_PROBE_ATTACH_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "user/gil/gil_site.h"

struct bpf_program;

/* One program per site kind: for sites whose lock is in the first argument register, and for those
 * where it is a register plus displacement (which come with a cookie; NULL when not loaded).
 */
struct site_progs {
	struct bpf_program *arg0[GIL_SITE_KIND_CNT];
	struct bpf_program *by_reg[GIL_SITE_KIND_CNT];
};

/* Links that come and go together: those of the waits, and those that see each acquisition and release. */
enum probe_group { PROBE_BASE, PROBE_EXACT, PROBE_GROUP_CNT };

/* Which file a name has led to; all 0: not known. */
struct probe_file {
	uint64_t dev, ino;
};

/* What is to be probed, for process pid (0: for all): the sites of a file, or (sites NULL) one place in it by a program (PROBE_BASE). */
struct probe_job {
	pid_t pid;
	const char *path;
	struct probe_file file; /* if known: no other */
	bool multi;
	const struct gil_sites *sites;
	uint32_t file_no;		     /* in the cookies; 0: none */
	unsigned int kinds[PROBE_GROUP_CNT]; /* of each group: 1 << enum gil_site_kind .. */
	struct site_progs progs;
	struct bpf_program *prog;
	uint64_t off;
};

/* Descriptors of links: a probe lives as long as they are open. */
struct link_fds {
	size_t cnt;
	int fds[GIL_SITES_MAX];
};

/* Is the site for the programs by register, whose cookie says where the lock is? */
bool probe_attach__by_reg(const struct gil_sites *sites, const struct gil_site *s);
/* Of a site by register (file_no, if not 0, is put on top of it). */
uint64_t probe_attach__cookie(const struct gil_sites *sites, const struct gil_site *s);
bool probe_attach__needs_reg(const struct gil_sites *sites); /* any of them */
/* All of it, here and now: 0, or -errno with what is attached already in ret (zeroed before). */
int probe_attach__do(const struct probe_job *job, struct link_fds ret[PROBE_GROUP_CNT]);

#endif
