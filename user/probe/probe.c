/* SPDX-License-Identifier: BSD-2-Clause */
#include "user/probe/probe.h"

#include <errno.h>
#include <stdlib.h>
#include <stdio.h>

#include <bpf/bpf.h>
#include <bpf/libbpf.h>

#include "bpf/alarm.h"
#include "giltop.skel.h"
#include "user/base/log.h"
#include "user/base/util.h"
#include "user/books/totals.h"
#include "user/probe/clock.h"
#include "user/probe/maps_read.h"
#include "user/probe/maps_stacks.h"
#include "user/probe/price.h"
#include "user/probe/probe_impl.h"
#include "user/probe/sched.h"
#include "user/probe/singles.h"

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

void probe__free(struct probe *p)
{
	if (!p)
		return;
	children__forget(&p->left);
	ring_buffer__free(p->ring);
	singles__close(p->singles);
	probe_clock__stop(p->clock);
	giltop_bpf__destroy(p->by_reg);
	giltop_bpf__destroy(p->skel);
	free(p->steps.v);
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

void probe__set_holder(struct probe *p, pid_t tgid, uint64_t cond, uint64_t tstate, uint32_t tid)
{
	struct gt_tstate_key key = { .tstate = tstate, .tgid = (__u32)tgid };

	/* Without room its blame is nobody's until its first release. */
	bpf_map_update_elem(bpf_map__fd(p->skel->maps.holders), &key, &tid, BPF_ANY);
	if (p->sched)
		probe_sched__first_hold(p->skel, tgid, cond, tid);
}

int probe__lighten(struct probe *p, pid_t tgid, struct gt_modes *modes)
{
	if (array_grow(&p->steps.v, p->steps.cnt, &p->steps.cap, sizeof(*p->steps.v)))
		return -ENOMEM;
	p->steps.v[p->steps.cnt++] = (struct probe_step){ (uint32_t)tgid, modes };
	return 0;
}

uint64_t probe__price_ns(struct probe *p)
{
	if (!p->price_ns)
		p->price_ns = price__of_hit(p->skel->progs.gil_release, p->tier == PROBE_TIER_MULTI,
					    &p->left);
	return p->price_ns;
}

struct hits {
	struct probe *p;
	uint32_t tgid;
	uint64_t cnt;
};

static int add_hits(void *ctx, const void *key, const void *value)
{
	struct hits *h = ctx;
	const struct gt_gil_key *k = key;
	struct gt_gil rec;

	if (k->tgid == h->tgid &&
	    !bpf_map_lookup_elem(bpf_map__fd(h->p->skel->maps.gils), value, &rec))
		h->cnt += rec.acquisitions + rec.releases;
	return 0;
}

bool probe__knows_gil(struct probe *p, pid_t tgid, uint64_t cond)
{
	struct gt_gil_key key = { .cond = cond, .tgid = (__u32)tgid };
	__u32 slot;

	return !bpf_map_lookup_elem(bpf_map__fd(p->skel->maps.gil_slots), &key, &slot);
}

uint64_t probe__exact_hits(struct probe *p, pid_t tgid)
{
	struct hits h = { p, (uint32_t)tgid, 0 };

	map_each(p->skel->maps.gil_slots, add_hits, &h);
	return h.cnt;
}

int probe__read(struct probe *p, struct totals *ret)
{
	int err = probe_read__all(p->skel, &p->steps, ret);

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

int probe__events_fd(const struct probe *p)
{
	return p->singles ? bpf_map__fd(p->skel->maps.singles) : -1;
}

size_t probe__events(struct probe *p, struct gt_single *ret, size_t max)
{
	return p->singles ? singles__take(p->singles, ret, max) : 0;
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
