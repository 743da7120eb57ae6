/* SPDX-License-Identifier: BSD-2-Clause */
/* attach.h - put the uprobes of one process in place, by either kind of link (part of probe/) */
#ifndef GILTOP_PROBE_ATTACH_H
#define GILTOP_PROBE_ATTACH_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

#include "user/gil/gil_site.h"

struct bpf_link;
struct bpf_program;

/* One program per site kind: for sites whose lock is in the first argument register, and for those
 * where it is a register plus displacement (which come with a cookie; NULL when not loaded).
 */
struct site_progs {
	struct bpf_program *arg0[GIL_SITE_KIND_CNT];
	struct bpf_program *by_reg[GIL_SITE_KIND_CNT];
};

/* Link objects (perf events) or bare descriptors (uprobe_multi). */
struct probe_attachment {
	size_t link_cnt;
	struct bpf_link *links[GIL_SITES_MAX];
	size_t fd_cnt;
	int fds[2 * GIL_SITE_KIND_CNT];
};

/* Is the site for the programs by register, whose cookie says where the lock is? */
bool probe_attach__by_reg(const struct gil_sites *sites, const struct gil_site *s);
uint64_t probe_attach__cookie(const struct gil_sites *sites, const struct gil_site *s);
bool probe_attach__needs_reg(const struct gil_sites *sites); /* any of them */
/* 0 or -errno, said by pr_warn; what is attached already stays in a. */
int probe_attach__multi(const struct site_progs *progs, pid_t pid, const char *path,
			const struct gil_sites *sites, struct probe_attachment *a);
int probe_attach__perf(const struct site_progs *progs, pid_t pid, const char *path,
		       const struct gil_sites *sites, struct probe_attachment *a);
/* One place. 0 or -errno. */
int probe_attach__one(struct bpf_program *prog, bool multi, pid_t pid, const char *path,
		      uint64_t off, struct probe_attachment *a);
void probe_attach__free(struct probe_attachment *a); /* detaches; NULL is fine */

#endif
