/* SPDX-License-Identifier: BSD-2-Clause */
#include "user/probe/attach.h"

#include <elf.h>
#include <errno.h>

#include <bpf/libbpf.h>

#include "bpf/giltop.h"
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

/* 0: none is needed. */
static uint64_t cookie_of(const struct probe_job *job, const struct gil_site *s)
{
	uint64_t cookie = (uint64_t)job->file_no << GT_COOKIE_FILE;

	if (probe_attach__by_reg(job->sites, s))
		cookie |= probe_attach__cookie(job->sites, s);
	return cookie;
}

/* All sites of one kind and one way to the lock: one link. 0 or -errno. */
static int multi_kind(const struct probe_job *job, enum gil_site_kind kind, bool by_reg,
		      struct link_fds *ret)
{
	const struct gil_sites *sites = job->sites;
	struct bpf_program *prog = by_reg ? job->progs.by_reg[kind] : job->progs.arg0[kind];
	uint64_t offsets[GIL_SITES_MAX], cookies[GIL_SITES_MAX];
	size_t cnt = 0;
	int fd;

	for (size_t i = 0; i < sites->site_cnt; i++) {
		const struct gil_site *s = &sites->sites[i];

		if (s->kind != kind || probe_attach__by_reg(sites, s) != by_reg)
			continue;
		offsets[cnt] = s->probe_off;
		cookies[cnt++] = cookie_of(job, s);
	}
	if (!cnt)
		return 0;
	if (!prog)
		return -EINVAL;
	fd = probe_multi__link(bpf_program__fd(prog), job->path, offsets,
			       by_reg || job->file_no ? cookies : NULL, cnt, (uint32_t)job->pid);
	if (fd < 0)
		return fd;
	ret->fds[ret->cnt++] = fd;
	return 0;
}

static int attach_multi(const struct probe_job *job, unsigned int kinds, struct link_fds *ret)
{
	int err = 0;

	for (int i = 0; i < 2 * GIL_SITE_KIND_CNT && !err; i++)
		if (kinds & 1U << i / 2)
			err = multi_kind(job, (enum gil_site_kind)(i / 2), i & 1, ret);
	return err;
}

/* The link object itself is of no use: closing its descriptor is what takes the probe away. */
static int add_link(struct bpf_link *link, struct link_fds *ret)
{
	if (!link)
		return -errno;
	ret->fds[ret->cnt++] = bpf_link__fd(link);
	return 0;
}

static int attach_perf(const struct probe_job *job, unsigned int kinds, struct link_fds *ret)
{
	for (size_t i = 0; i < job->sites->site_cnt; i++) {
		const struct gil_site *s = &job->sites->sites[i];
		bool by_reg = probe_attach__by_reg(job->sites, s);
		struct bpf_program *prog =
			by_reg ? job->progs.by_reg[s->kind] : job->progs.arg0[s->kind];
		LIBBPF_OPTS(bpf_uprobe_opts, opts, .bpf_cookie = cookie_of(job, s));
		int err;

		if (!(kinds & 1U << s->kind))
			continue;
		if (!prog)
			return -EINVAL;
		err = add_link(bpf_program__attach_uprobe_opts(prog, job->pid ? job->pid : -1,
							       job->path, s->probe_off, &opts),
			       ret);
		if (err)
			return err;
	}
	return 0;
}

static int attach_one(const struct probe_job *job, struct link_fds *ret)
{
	int fd;

	if (!job->multi)
		return add_link(
			bpf_program__attach_uprobe(job->prog, false, job->pid, job->path, job->off),
			ret);
	fd = probe_multi__link(bpf_program__fd(job->prog), job->path, &job->off, NULL, 1,
			       (uint32_t)job->pid);
	if (fd < 0)
		return fd;
	ret->fds[ret->cnt++] = fd;
	return 0;
}

int probe_attach__do(const struct probe_job *job, struct link_fds ret[PROBE_GROUP_CNT])
{
	int err = 0;

	if (!job->sites)
		return attach_one(job, &ret[PROBE_BASE]);
	for (int g = 0; g < PROBE_GROUP_CNT && !err; g++)
		err = (job->multi ? attach_multi : attach_perf)(job, job->kinds[g], &ret[g]);
	return err;
}
