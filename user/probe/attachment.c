/* SPDX-License-Identifier: BSD-2-Clause */
/* attachment.c - the links of a process, in two groups: the one that sees each acquisition can go and come back */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <bpf/bpf.h>
#include <bpf/libbpf.h>

#include "bpf/alarm.h"
#include "giltop.skel.h"
#include "user/base/budgets.h"
#include "user/base/child.h"
#include "user/base/proc.h"
#include "user/base/util.h"
#include "user/probe/attach.h"
#include "user/probe/features.h"
#include "user/probe/links.h"
#include "user/probe/probe_impl.h"

#define KINDS_WAIT  (1U << GIL_SITE_WAIT | 1U << GIL_SITE_YIELD | 1U << GIL_SITE_YIELD_END)
#define KINDS_LIGHT (KINDS_WAIT | 1U << GIL_SITE_AFTER)
#define KINDS_EXACT (1U << GIL_SITE_ACQUIRE | 1U << GIL_SITE_RELEASE)

struct probe_attachment {
	pid_t pid; /* 0: for all */
	uint32_t file_no;
	char *path;
	struct probe_file file;
	const struct gil_sites *sites;
	struct link_fds links[PROBE_GROUP_CNT];
	struct child dropping; /* has the links of PROBE_EXACT, and is to end */
	struct child going;    /* .. all of them */
};

bool probe__has_light(const struct gil_sites *sites)
{
	return sites->cnt[GIL_SITE_AFTER] == sites->cnt[GIL_SITE_WAIT];
}

/* Is there nothing to put in place, for the file is probed already? */
static bool is_empty(const struct probe_job *job)
{
	return job->sites && !job->kinds[PROBE_BASE] && !job->kinds[PROBE_EXACT];
}

static struct probe_attachment *attach(struct probe *p, struct probe_job *job)
{
	struct probe_attachment *a = calloc(1, sizeof(*a));
	int err = -ENOMEM;

	if (a)
		a->path = strdup(job->path);
	if (a && a->path)
		err = is_empty(job) ? 0 : links__make(job, &p->left, a->links, &p->links_cpu_ns);
	if (!err) {
		a->pid = job->pid;
		a->file_no = job->file_no;
		a->file = job->file;
		a->sites = job->sites;
		a->dropping = a->going = (struct child)CHILD_NONE;
		return a;
	}
	if (a)
		free(a->path);
	free(a);
	errno = -err;
	return NULL;
}

static struct probe_job job_of(const struct probe *p, pid_t pid, const char *path,
			       const struct gil_sites *sites)
{
	struct probe_job job = {
		.pid = pid, .path = path, .multi = p->tier == PROBE_TIER_MULTI, .sites = sites
	};

	for (int k = 0; k < GIL_SITE_KIND_CNT; k++) {
		job.progs.arg0[k] = probe__site_prog(p, (enum gil_site_kind)k);
		if (p->by_reg)
			job.progs.by_reg[k] = probe__reg_prog(p->by_reg, (enum gil_site_kind)k);
	}
	return job;
}

/* What the modes are before they are set: by these the first event is taken. */
static int put_modes(struct probe *p, pid_t pid, enum probe_start start)
{
	const struct gt_modes first = { .exact = start == PROBE_EXACT_FIRST,
					.from_start = start == PROBE_EXACT_FIRST };

	if (start != PROBE_ALWAYS_EXACT)
		return probe__set_modes(p, pid, &first);
	bpf_map_delete_elem(bpf_map__fd(p->skel->maps.modes), &pid);
	return 0;
}

static int load_for(struct probe *p, const struct gil_sites *sites)
{
	return probe_attach__needs_reg(sites) && !p->by_reg ? probe__load_by_reg(p) : 0;
}

static bool is_light(enum probe_start start)
{
	return start == PROBE_ALWAYS_LIGHT || start == PROBE_LIGHT_FIRST;
}

/* Its modes, before its books. One that has been adopted meanwhile has both. */
static int claim(struct probe *p, pid_t pid, enum probe_start start)
{
	int err = probe__claim(p, pid);

	return err ? err : put_modes(p, pid, start);
}

struct probe_attachment *probe__attach(struct probe *p, pid_t pid, const char *path,
				       const struct gil_sites *sites, enum probe_start start,
				       uint32_t file)
{
	struct probe_job job;
	int err = start == PROBE_ALWAYS_EXACT || probe__has_light(sites) ? 0 : -ENOTSUP;

	if (!err)
		err = load_for(p, sites);
	if (!err)
		err = claim(p, pid, start);
	if (err == -EALREADY && start != PROBE_EXACT_FIRST)
		err = 0;
	if (err) {
		errno = -err;
		return NULL;
	}
	job = job_of(p, pid, path, sites);
	job.file_no = file;
	if (!file)
		job.kinds[PROBE_BASE] = start == PROBE_ALWAYS_EXACT ? KINDS_WAIT : KINDS_LIGHT;
	if (!file || start == PROBE_EXACT_FIRST)
		job.kinds[PROBE_EXACT] = is_light(start) ? 0 : KINDS_EXACT;
	return attach(p, &job);
}

bool probe__can_share(void)
{
	return feature__has(FEATURE_COOKIE, NULL);
}

struct probe_attachment *probe__share(struct probe *p, const struct probe_share *how)
{
	struct gt_file file = { .light = !how->exact, .layout = *how->layout };
	struct probe_attachment *a = NULL;
	int err = load_for(p, how->sites);
	struct probe_job job = job_of(p, 0, how->path, how->sites); /* with what that has loaded */

	job.file_no = how->no;
	job.file = (struct probe_file){ how->dev, how->ino };
	job.kinds[PROBE_BASE] = how->exact ? KINDS_WAIT : KINDS_LIGHT;
	job.kinds[PROBE_EXACT] = how->exact ? KINDS_EXACT : 0;
	if (!err) {
		a = attach(p, &job);
		err = a ? 0 : -errno;
	}
	file.since_ns = now_ns();
	if (!err)
		err = bpf_map_update_elem(bpf_map__fd(p->skel->maps.files), &how->no, &file,
					  BPF_ANY);
	if (!err)
		return a;
	probe__detach(p, a);
	errno = -err;
	return NULL;
}

struct probe_attachment *probe__attach_pause(struct probe *p, pid_t pid, const char *path,
					     uint64_t off)
{
	struct probe_job job = { .pid = pid,
				 .path = path,
				 .multi = p->tier == PROBE_TIER_MULTI,
				 .prog = p->skel->progs.thread_pause,
				 .off = off };

	return attach(p, &job);
}

void probe__unshare(struct probe *p, uint32_t no)
{
	static const struct gt_file none;

	bpf_map_update_elem(bpf_map__fd(p->skel->maps.files), &no, &none, BPF_ANY);
}

int probe__add_exact(struct probe *p, struct probe_attachment *a)
{
	struct probe_job job = job_of(p, a->pid, a->path, a->sites);
	struct link_fds made[PROBE_GROUP_CNT];
	int err;

	if (a->links[PROBE_EXACT].cnt)
		return 0;
	if (!child__ends(&a->dropping, BUDGET_ATTACH_WAIT_NS / BUDGET_MS))
		return -ETIMEDOUT;
	child__end(&a->dropping, false, &p->left);
	job.kinds[PROBE_EXACT] = KINDS_EXACT;
	job.file = a->file;
	job.file_no = a->file_no;
	err = links__make(&job, &p->left, made, &p->links_cpu_ns);
	if (!err)
		a->links[PROBE_EXACT] = made[PROBE_EXACT];
	return err;
}

void probe__drop_exact(struct probe *p, struct probe_attachment *a)
{
	(void)p;
	if (a->links[PROBE_EXACT].cnt)
		links__let_go(&a->links[PROBE_EXACT], &a->dropping);
}

bool probe__exact_is_gone(struct probe *p, struct probe_attachment *a)
{
	if (a->links[PROBE_EXACT].cnt || !child__ends(&a->dropping, 0))
		return false;
	child__end(&a->dropping, false, &p->left);
	return true;
}

/* All of them in one place. */
static struct link_fds *gather(struct probe_attachment *a)
{
	struct link_fds *all = &a->links[PROBE_BASE], *more = &a->links[PROBE_EXACT];

	memcpy(all->fds + all->cnt, more->fds, more->cnt * sizeof(*more->fds));
	all->cnt += more->cnt;
	more->cnt = 0;
	return all;
}

void probe__let_go(struct probe *p, struct probe_attachment *a)
{
	(void)p;
	if (a && (!a->pid || proc__runs(a->pid)))
		links__let_go(gather(a), &a->going);
}

void probe__detach(struct probe *p, struct probe_attachment *a)
{
	struct link_fds *all;
	bool runs;

	if (!a)
		return;
	all = gather(a);
	runs = !a->pid || proc__runs(a->pid);
	if (runs)
		links__drop(all, &p->left);
	/* With the program its uprobes are gone. */
	for (size_t i = 0; i < all->cnt; i++)
		close(all->fds[i]);
	child__join(&a->going, runs ? BUDGET_ATTACH_WAIT_NS / BUDGET_MS : 0, &p->left);
	child__join(&a->dropping, runs ? BUDGET_ATTACH_WAIT_NS / BUDGET_MS : 0, &p->left);
	free(a->path);
	free(a);
}
