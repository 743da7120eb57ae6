/* SPDX-License-Identifier: BSD-2-Clause */
/* load.c - the BPF programs and maps into the kernel, by the tier that works there */
#include <errno.h>
#include <unistd.h>

#include <bpf/libbpf.h>

#include "bpf/alarm.h"
#include "giltop.skel.h"
#include "user/base/log.h"
#include "user/base/proc.h"
#include "user/base/util.h"
#include "user/probe/clock.h"
#include "user/probe/features.h"
#include "user/probe/maps_read.h"
#include "user/probe/multi.h"
#include "user/probe/probe_impl.h"
#include "user/probe/sched.h"
#include "user/probe/singles.h"

static int on_note(void *ctx, void *data, size_t sz)
{
	struct probe *p = ctx;

	if (sz >= sizeof(struct gt_note) && p->note_fn)
		p->note_fn(p->note_ctx, data);
	return 0;
}

struct bpf_program *probe__reg_prog(const struct giltop_bpf *skel, enum gil_site_kind kind)
{
	switch (kind) {
	case GIL_SITE_WAIT: return skel->progs.gil_wait_reg;
	case GIL_SITE_ACQUIRE: return skel->progs.gil_acquire_reg;
	case GIL_SITE_RELEASE: return skel->progs.gil_release_reg;
	case GIL_SITE_YIELD: return skel->progs.gil_yield_reg;
	default: return NULL;
	}
}

struct bpf_program *probe__site_prog(const struct probe *p, enum gil_site_kind kind)
{
	switch (kind) {
	case GIL_SITE_WAIT: return p->skel->progs.gil_wait;
	case GIL_SITE_ACQUIRE: return p->skel->progs.gil_acquire;
	case GIL_SITE_RELEASE: return p->skel->progs.gil_release;
	case GIL_SITE_YIELD: return p->skel->progs.gil_yield;
	case GIL_SITE_YIELD_END: return p->skel->progs.gil_yield_end;
	case GIL_SITE_AFTER: return p->skel->progs.gil_after;
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
	p->skel->rodata->pidns_inum = proc__pidns();
	p->skel->rodata->stacks_on = p->opts.stacks;
	p->skel->rodata->min_hold_ns = p->opts.min_hold_ns;
	if (!p->opts.alarms)
		bpf_map__set_max_entries(p->skel->maps.alarm_notes, (unsigned int)getpagesize());
	if (!p->opts.stacks) { /* no memory for what is not collected */
		bpf_map__set_max_entries(p->skel->maps.stacks, 1);
		bpf_map__set_max_entries(p->skel->maps.walks, 1);
		bpf_map__set_max_entries(p->skel->maps.codes, 1);
		bpf_map__set_max_entries(p->skel->maps.news, (unsigned int)getpagesize());
		bpf_map__set_max_entries(p->skel->maps.sums, 1);
		bpf_map__set_max_entries(p->skel->maps.chains, 1);
		bpf_program__set_autoload(p->skel->progs.cpu_clock, false);
	}
	p->skel->rodata->events_on = p->opts.events;
	if (!p->opts.events)
		bpf_map__set_max_entries(p->skel->maps.singles, (unsigned int)getpagesize());
	p->sched = probe_sched__choose(p->skel, p->opts.sched, p->opts.events);
	for (int k = 0; k < GIL_SITE_KIND_CNT; k++)
		if (probe__reg_prog(p->skel, k))
			bpf_program__set_autoload(probe__reg_prog(p->skel, k), false);
	if (tier == PROBE_TIER_MULTI)
		for (int k = 0; k < GIL_SITE_KIND_CNT; k++)
			bpf_program__set_expected_attach_type(probe__site_prog(p, k),
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
	if (!err)
		err = ring_buffer__add(p->ring, bpf_map__fd(p->skel->maps.alarm_notes), on_note, p);
	if (err || !p->opts.events)
		return err;
	p->singles = singles__open(bpf_map__fd(p->skel->maps.singles));
	return p->singles ? 0 : -errno;
}

int probe__load_by_reg(struct probe *p)
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
		if (!probe__reg_prog(skel, k))
			continue;
		bpf_program__set_autoload(probe__reg_prog(skel, k), true);
		if (p->tier == PROBE_TIER_MULTI)
			bpf_program__set_expected_attach_type(probe__reg_prog(skel, k),
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
