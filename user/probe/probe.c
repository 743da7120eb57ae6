/* SPDX-License-Identifier: BSD-2-Clause */
#include "user/probe/probe.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <bpf/bpf.h>
#include <bpf/libbpf.h>

#include "giltop.skel.h"
#include "user/base/child.h"
#include "user/base/log.h"
#include "user/base/proc.h"
#include "user/base/util.h"
#include "user/books/totals.h"
#include "user/probe/attach.h"
#include "user/probe/clock.h"
#include "user/probe/features.h"
#include "user/probe/links.h"
#include "user/probe/maps_read.h"
#include "user/probe/maps_stacks.h"
#include "user/probe/multi.h"
#include "user/probe/sched.h"

struct probe {
	struct giltop_bpf *skel;
	struct giltop_bpf
		*by_reg; /* programs for sites with a register and displacement; shares the maps */
	struct ring_buffer *ring;
	struct probe_clock *clock; /* NULL: no native frames */
	enum probe_tier tier;
	struct probe_opts opts;
	bool sched;	       /* sleeps of holders are seen */
	uint64_t dead_lost;    /* see probe_read__forget */
	uint64_t links_cpu_ns; /* of children that made links */
	struct children left;  /* that have made links, or are to take them away */
	probe_note_fn note_fn; /* while draining */
	void *note_ctx;
};

__attribute__((format(printf, 2, 0))) static int libbpf_say(enum libbpf_print_level level,
							    const char *fmt, va_list ap)
{
	char line[1024];

	if (log__level() < LOG_DEBUG)
		return 0;
	vsnprintf(line, sizeof(line), fmt, ap);
	log__printf(LOG_DEBUG, "libbpf%s: %s", level == LIBBPF_WARN ? " warning" : "", line);
	return 0;
}

static int on_note(void *ctx, void *data, size_t sz)
{
	struct probe *p = ctx;

	if (sz >= sizeof(struct gt_note) && p->note_fn)
		p->note_fn(p->note_ctx, data);
	return 0;
}

struct probe *probe__new(const struct probe_opts *opts)
{
	struct probe *p = calloc(1, sizeof(*p));

	if (!p)
		return NULL;
	p->opts = *opts;
	libbpf_set_print(libbpf_say);
	libbpf_set_strict_mode(LIBBPF_STRICT_ALL);
	return p;
}

static struct bpf_program *reg_prog(const struct giltop_bpf *skel, int kind)
{
	switch (kind) {
	case GIL_SITE_WAIT: return skel->progs.gil_wait_reg;
	case GIL_SITE_ACQUIRE: return skel->progs.gil_acquire_reg;
	case GIL_SITE_RELEASE: return skel->progs.gil_release_reg;
	case GIL_SITE_YIELD: return skel->progs.gil_yield_reg;
	default: return NULL;
	}
}

static struct bpf_program *site_prog(const struct probe *p, enum gil_site_kind kind)
{
	switch (kind) {
	case GIL_SITE_WAIT: return p->skel->progs.gil_wait;
	case GIL_SITE_ACQUIRE: return p->skel->progs.gil_acquire;
	case GIL_SITE_RELEASE: return p->skel->progs.gil_release;
	case GIL_SITE_YIELD: return p->skel->progs.gil_yield;
	case GIL_SITE_YIELD_END: return p->skel->progs.gil_yield_end;
	case GIL_SITE_KIND_CNT: break;
	}
	return NULL;
}

/* Open, size and load the object for one tier. */
static int load_tier(struct probe *p, enum probe_tier tier)
{
	unsigned int threads = 4096 + 2 * p->opts.thread_cnt;
	int err;

	giltop_bpf__destroy(p->skel);
	p->skel = giltop_bpf__open();
	if (!p->skel)
		return -errno;
	bpf_map__set_max_entries(p->skel->maps.threads, threads);
	bpf_map__set_max_entries(p->skel->maps.tids, threads);
	p->skel->rodata->stacks_on = p->opts.stacks;
	p->skel->rodata->min_hold_ns = p->opts.min_hold_ns;
	if (!p->opts.stacks) { /* no memory for what is not collected */
		bpf_map__set_max_entries(p->skel->maps.stacks, 1);
		bpf_map__set_max_entries(p->skel->maps.walks, 1);
		bpf_map__set_max_entries(p->skel->maps.codes, 1);
		bpf_map__set_max_entries(p->skel->maps.news, (unsigned int)getpagesize());
		bpf_map__set_max_entries(p->skel->maps.sums, 1);
		bpf_map__set_max_entries(p->skel->maps.chains, 1);
		bpf_program__set_autoload(p->skel->progs.cpu_clock, false);
	}
	p->sched = probe_sched__choose(p->skel, p->opts.sched);
	for (int k = 0; k < GIL_SITE_KIND_CNT; k++)
		if (reg_prog(p->skel, k))
			bpf_program__set_autoload(reg_prog(p->skel, k), false);
	if (tier == PROBE_TIER_MULTI)
		for (int k = 0; k < GIL_SITE_KIND_CNT; k++)
			bpf_program__set_expected_attach_type(site_prog(p, k),
							      GT_TRACE_UPROBE_MULTI);
	if (tier == PROBE_TIER_MULTI)
		bpf_program__set_expected_attach_type(p->skel->progs.thread_pause,
						      GT_TRACE_UPROBE_MULTI);
	err = giltop_bpf__load(p->skel);
	if (err) {
		giltop_bpf__destroy(p->skel);
		p->skel = NULL;
		return err;
	}
	p->tier = tier;
	probe_read__init(p->skel);
	return 0;
}

/* The tier that works. 0 or -errno. */
static int load(struct probe *p)
{
	enum probe_tier want = p->opts.tier;
	const char *why;
	int err = -EOPNOTSUPP;

	if (want != PROBE_TIER_PERF) {
		if (feature__has(FEATURE_MULTI, &why)) {
			err = load_tier(p, PROBE_TIER_MULTI);
		} else {
			pr_verb("no uprobe_multi links: %s\n", why);
			if (want == PROBE_TIER_MULTI)
				return -EOPNOTSUPP;
		}
	}
	if (err && want != PROBE_TIER_MULTI)
		err = load_tier(p, PROBE_TIER_PERF);
	return err;
}

/* What --sched adds is not worth the measurement: without it one goes on without. */
static void attach_sched(struct probe *p)
{
	int err = p->sched ? probe_sched__attach(p->skel) : 0;

	if (p->sched && !err)
		return;
	if (p->opts.sched)
		pr_warn("--sched: cannot attach to the scheduler's switches%s%s: going on "
			"without\n",
			err ? ": " : ", which this kernel does not describe",
			err ? errstr(err) : "");
	p->sched = false;
}

int probe__load(struct probe *p)
{
	int err = load(p);

	if (err && p->sched) {
		p->sched = p->opts.sched = false;
		err = load(p);
		if (!err)
			pr_warn("--sched: this kernel refuses its program: going on without\n");
	}
	if (err)
		return err;
	/* The tracepoints first: a thread that ends must not be missed. */
	p->skel->links.task_exit = bpf_program__attach(p->skel->progs.task_exit);
	p->skel->links.task_fork = bpf_program__attach(p->skel->progs.task_fork);
	p->skel->links.task_exec = bpf_program__attach(p->skel->progs.task_exec);
	if (!p->skel->links.task_exit || !p->skel->links.task_fork || !p->skel->links.task_exec) {
		err = -errno;
		pr_warn("cannot attach to the scheduler's tracepoints: %s\n", errstr(err));
		return err;
	}
	attach_sched(p);
	if (p->opts.stacks)
		p->clock = probe_clock__start(bpf_program__fd(p->skel->progs.cpu_clock));
	p->ring = ring_buffer__new(bpf_map__fd(p->skel->maps.notes), on_note, p, NULL);
	if (!p->ring)
		return -errno;
	err = ring_buffer__add(p->ring, bpf_map__fd(p->skel->maps.spans), on_note, p);
	if (!err)
		err = ring_buffer__add(p->ring, bpf_map__fd(p->skel->maps.births), on_note, p);
	if (!err)
		err = ring_buffer__add(p->ring, bpf_map__fd(p->skel->maps.news), on_note, p);
	return err;
}

void probe__free(struct probe *p)
{
	if (!p)
		return;
	children__forget(&p->left);
	ring_buffer__free(p->ring);
	probe_clock__stop(p->clock);
	giltop_bpf__destroy(p->by_reg);
	giltop_bpf__destroy(p->skel);
	free(p);
}

enum probe_tier probe__tier(const struct probe *p)
{
	return p->tier;
}

const char *probe_tier__name(enum probe_tier tier)
{
	return tier == PROBE_TIER_MULTI	 ? "uprobe_multi"
	       : tier == PROBE_TIER_PERF ? "perf events"
					 : "auto";
}

/* The object for sites with a register and displacement: only those programs, all maps shared. */
static int load_by_reg(struct probe *p)
{
	struct giltop_bpf *skel;
	struct bpf_program *prog;
	struct bpf_map *map;
	const char *why;
	int err = 0;

	if (!feature__has(FEATURE_COOKIE, &why)) {
		pr_warn("this interpreter's probe points need probe cookies: %s\n", why);
		return -EOPNOTSUPP;
	}
	skel = giltop_bpf__open();
	if (!skel)
		return -errno;
	bpf_object__for_each_program(prog, skel->obj) bpf_program__set_autoload(prog, false);
	for (int k = 0; k < GIL_SITE_KIND_CNT; k++) {
		if (!reg_prog(skel, k))
			continue;
		bpf_program__set_autoload(reg_prog(skel, k), true);
		if (p->tier == PROBE_TIER_MULTI)
			bpf_program__set_expected_attach_type(reg_prog(skel, k),
							      GT_TRACE_UPROBE_MULTI);
	}
	bpf_object__for_each_map(map, skel->obj)
	{
		struct bpf_map *mine =
			bpf_object__find_map_by_name(p->skel->obj, bpf_map__name(map));

		err = mine ? bpf_map__reuse_fd(map, bpf_map__fd(mine)) : -ENOENT;
		if (err)
			break;
	}
	if (!err)
		err = giltop_bpf__load(skel);
	if (err) {
		pr_warn("cannot load the programs for this interpreter's probe points: %s\n",
			errstr(err));
		giltop_bpf__destroy(skel);
		return err;
	}
	p->by_reg = skel;
	return 0;
}

static int put_target(struct probe *p, pid_t tgid, const struct gt_target *target, __u64 how)
{
	__u32 key = (__u32)tgid;

	return bpf_map_update_elem(bpf_map__fd(p->skel->maps.targets), &key, target, how);
}

static const struct gt_target no_books;

/* Links of one process. */
struct probe_attachment {
	pid_t pid;
	struct link_fds links;
};

static struct probe_attachment *attach(struct probe *p, const struct probe_job *job)
{
	struct probe_attachment *a = calloc(1, sizeof(*a));
	int err = a ? links__make(job, &p->left, &a->links, &p->links_cpu_ns) : -ENOMEM;

	if (!err) {
		a->pid = job->pid;
		return a;
	}
	free(a);
	errno = -err;
	return NULL;
}

struct probe_attachment *probe__attach(struct probe *p, pid_t pid, const char *path,
				       const struct gil_sites *sites)
{
	struct probe_job job = {
		.pid = pid, .path = path, .multi = p->tier == PROBE_TIER_MULTI, .sites = sites
	};
	int err = probe_attach__needs_reg(sites) && !p->by_reg ? load_by_reg(p) : 0;

	for (int k = 0; k < GIL_SITE_KIND_CNT; k++) {
		job.progs.arg0[k] = site_prog(p, k);
		job.progs.by_reg[k] = p->by_reg ? reg_prog(p->by_reg, k) : NULL;
	}
	/* Known from now on (forks and execs are noted), but the books have not started. */
	if (!err)
		err = put_target(p, pid, &no_books, BPF_ANY);
	if (!err)
		return attach(p, &job);
	errno = -err;
	return NULL;
}

struct probe_attachment *probe__attach_pause(struct probe *p, pid_t pid, const char *path,
					     uint64_t off)
{
	const struct probe_job job = { .pid = pid,
				       .path = path,
				       .multi = p->tier == PROBE_TIER_MULTI,
				       .prog = p->skel->progs.thread_pause,
				       .off = off };

	return attach(p, &job);
}

void probe__detach(struct probe *p, struct probe_attachment *a)
{
	if (!a)
		return;
	/* With the program its uprobes are gone. */
	if (proc__runs(a->pid))
		links__drop(&a->links, &p->left);
	for (size_t i = 0; i < a->links.cnt; i++)
		close(a->links.fds[i]);
	free(a);
}

void probe__know(struct probe *p, pid_t tgid)
{
	put_target(p, tgid, &no_books, BPF_NOEXIST);
}

void probe__set_holder(struct probe *p, pid_t tgid, uint64_t cond, uint64_t tstate, uint32_t tid)
{
	struct gt_tstate_key key = { .tstate = tstate, .tgid = (__u32)tgid };

	/* Without room its blame is nobody's until its first release. */
	bpf_map_update_elem(bpf_map__fd(p->skel->maps.holders), &key, &tid, BPF_ANY);
	if (p->sched)
		probe_sched__first_hold(p->skel, tgid, cond, tid);
}

uint64_t probe__activate(struct probe *p, pid_t tgid, const struct py_layout *layout,
			 const uint64_t text[2])
{
	struct gt_target target = { .layout = *layout, .text_start = text[0], .text_end = text[1] };

	/* Without them what finds no room is lost, but counted: no reason to refuse. */
	probe_read__open_sums(p->skel, (uint32_t)tgid, p->opts.stacks);
	if (p->sched)
		probe_sched__watch(p->skel, tgid);
	target.books_ns = now_ns();
	return put_target(p, tgid, &target, BPF_ANY) ? 0 : target.books_ns;
}

void probe__unknow(struct probe *p, pid_t tgid)
{
	if (p->sched)
		probe_sched__unwatch(p->skel, tgid);
	bpf_map_delete_elem(bpf_map__fd(p->skel->maps.targets), &tgid);
}

void probe__forget(struct probe *p, pid_t tgid)
{
	probe__unknow(p, tgid);
	p->dead_lost += probe_read__forget(p->skel, (uint32_t)tgid);
}

void probe__reset(struct probe *p, pid_t tgid)
{
	if (p->sched)
		probe_sched__unwatch(p->skel, tgid);
	put_target(p, tgid, &no_books, BPF_ANY);
	p->dead_lost += probe_read__forget(p->skel, (uint32_t)tgid);
}

int probe__read(struct probe *p, struct totals *ret)
{
	int err = probe_read__all(p->skel, ret);

	if (!err && p->sched)
		err = probe_sched__read(p->skel, ret);
	if (!err)
		ret->stats[GT_STAT_DEAD_FULL] += p->dead_lost;
	ret->self_cpu_ns += p->links_cpu_ns;
	return err;
}

int probe__read_sums(struct probe *p, struct raw_sums *ret)
{
	return probe_read__sums(p->skel, ret);
}

uint32_t probe__epoch(const struct probe *p)
{
	return p->skel->bss->sum_epoch & 1;
}

int probe__next_epoch(struct probe *p, const struct raw_sums *read)
{
	uint32_t now = probe__epoch(p), old = now ^ 1;

	probe_read__drop_epoch(p->skel, read, old);
	p->skel->bss->sum_epoch = old;
	return (int)now;
}

int probe__stack(struct probe *p, uint32_t tgid, uint64_t hash, struct py_stack *ret)
{
	return probe_read__stack(p->skel, tgid, hash, ret);
}

int probe__code(struct probe *p, uint32_t tgid, uint64_t id, struct py_code *ret)
{
	return probe_read__code(p->skel, tgid, id, ret);
}

void probe__each_stack(struct probe *p, const struct probe_stack_ops *ops, void *ctx)
{
	if (p->opts.stacks)
		probe_read__each_stack(p->skel, ops, ctx);
}

bool probe__news_lost(struct probe *p)
{
	bool lost = p->skel->bss->news_lost;

	p->skel->bss->news_lost = 0;
	return lost;
}

void probe__want_spans(struct probe *p, uint64_t min_ns)
{
	p->skel->bss->span_min_ns = min_ns;
}

void probe__freeze(struct probe *p)
{
	p->skel->bss->frozen = 1;
}

void probe__follow(struct probe *p, enum gt_follow what)
{
	p->skel->bss->follow = what;
}

int probe__fd(const struct probe *p)
{
	return ring_buffer__epoll_fd(p->ring);
}

int probe__drain(struct probe *p, probe_note_fn fn, void *ctx)
{
	int n;

	p->note_fn = fn;
	p->note_ctx = ctx;
	n = ring_buffer__consume(p->ring);
	p->note_fn = NULL;
	return n;
}
