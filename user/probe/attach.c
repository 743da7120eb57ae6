/* SPDX-License-Identifier: BSD-2-Clause */
#include "user/probe/attach.h"

#include <elf.h>
#include <errno.h>
#include <stdlib.h>
#include <unistd.h>

#include <bpf/libbpf.h>

#include "bpf/giltop.h"
#include "user/base/log.h"
#include "user/base/util.h"
#include "user/probe/multi.h"

/* How much the programs go wrong where they go from gil->switch_cond to gil->cond. */
static int32_t switch_off(const struct gil_sites *sites, const struct gil_site *s)
{
	bool is_switch = s->kind == GIL_SITE_ACQUIRE || s->kind == GIL_SITE_YIELD;

	return is_switch && sites->switch_dist ? GT_COND_TO_SWITCH_COND - sites->switch_dist : 0;
}

bool probe_attach__by_reg(const struct gil_sites *sites, const struct gil_site *s)
{
	return s->reg == GIL_REG_BASE || switch_off(sites, s);
}

bool probe_attach__needs_reg(const struct gil_sites *sites)
{
	for (size_t i = 0; i < sites->site_cnt; i++)
		if (probe_attach__by_reg(sites, &sites->sites[i]))
			return true;
	return false;
}

uint64_t probe_attach__cookie(const struct gil_sites *sites, const struct gil_site *s)
{
	uint8_t arg0 = sites->machine == EM_AARCH64 ? 0 : 5; /* x0, rdi by their DWARF numbers */
	uint8_t reg = s->reg == GIL_REG_BASE ? s->reg_no : arg0;

	return (uint64_t)reg << 32 | (uint32_t)(s->disp + switch_off(sites, s));
}

/* All sites of one kind and one way to the lock: one link. */
static int multi_kind(const struct site_progs *progs, pid_t pid, const char *path,
		      const struct gil_sites *sites, enum gil_site_kind kind, bool by_reg)
{
	struct bpf_program *prog = by_reg ? progs->by_reg[kind] : progs->arg0[kind];
	uint64_t offsets[GIL_SITES_MAX], cookies[GIL_SITES_MAX];
	size_t cnt = 0;
	int fd;

	for (size_t i = 0; i < sites->site_cnt; i++) {
		const struct gil_site *s = &sites->sites[i];

		if (s->kind != kind || probe_attach__by_reg(sites, s) != by_reg)
			continue;
		offsets[cnt] = s->probe_off;
		cookies[cnt++] = probe_attach__cookie(sites, s);
	}
	if (!cnt)
		return -ENOENT;
	if (!prog)
		return -EINVAL;
	fd = probe_multi__link(bpf_program__fd(prog), path, offsets, by_reg ? cookies : NULL, cnt,
			       (uint32_t)pid);
	if (fd < 0)
		pr_warn("cannot attach %zu %s uprobes to pid %d: %s\n", cnt,
			gil_site_kind__name(kind), pid, errstr(fd));
	return fd;
}

int probe_attach__multi(const struct site_progs *progs, pid_t pid, const char *path,
			const struct gil_sites *sites, struct probe_attachment *a)
{
	for (int i = 0; i < 2 * GIL_SITE_KIND_CNT; i++) {
		int fd = multi_kind(progs, pid, path, sites, (enum gil_site_kind)(i / 2), i & 1);

		if (fd == -ENOENT)
			continue;
		if (fd < 0)
			return fd;
		a->fds[a->fd_cnt++] = fd;
	}
	return 0;
}

int probe_attach__perf(const struct site_progs *progs, pid_t pid, const char *path,
		       const struct gil_sites *sites, struct probe_attachment *a)
{
	for (size_t i = 0; i < sites->site_cnt; i++) {
		const struct gil_site *s = &sites->sites[i];
		bool by_reg = probe_attach__by_reg(sites, s);
		uint64_t cookie = by_reg ? probe_attach__cookie(sites, s) : 0;
		struct bpf_program *prog = by_reg ? progs->by_reg[s->kind] : progs->arg0[s->kind];
		LIBBPF_OPTS(bpf_uprobe_opts, opts, .bpf_cookie = cookie);
		struct bpf_link *link;

		if (!prog)
			return -EINVAL;
		link = bpf_program__attach_uprobe_opts(prog, pid, path, s->probe_off, &opts);
		if (!link) {
			int err = -errno;

			if (err == -EACCES || err == -EPERM)
				return err; /* said by the caller, with the way out */
			pr_warn("cannot attach a %s uprobe to pid %d at offset 0x%llx: %s\n",
				gil_site_kind__name(s->kind), pid, (unsigned long long)s->probe_off,
				errstr(err));
			return err;
		}
		a->links[a->link_cnt++] = link;
	}
	return 0;
}

int probe_attach__one(struct bpf_program *prog, bool multi, pid_t pid, const char *path,
		      uint64_t off, struct probe_attachment *a)
{
	struct bpf_link *link;
	int fd;

	if (multi) {
		fd = probe_multi__link(bpf_program__fd(prog), path, &off, NULL, 1, (uint32_t)pid);
		if (fd < 0)
			return fd;
		a->fds[a->fd_cnt++] = fd;
		return 0;
	}
	link = bpf_program__attach_uprobe(prog, false, pid, path, off);
	if (!link)
		return -errno;
	a->links[a->link_cnt++] = link;
	return 0;
}

void probe_attach__free(struct probe_attachment *a)
{
	if (!a)
		return;
	for (size_t i = 0; i < a->link_cnt; i++)
		bpf_link__destroy(a->links[i]);
	for (size_t i = 0; i < a->fd_cnt; i++)
		close(a->fds[i]);
	free(a);
}
