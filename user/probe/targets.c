/* SPDX-License-Identifier: BSD-2-Clause */
/* targets.c - who is followed, who may be adopted, whose books are open: the kernel's table of processes */
#include <errno.h>
#include <stdlib.h>

#include <bpf/bpf.h>
#include <bpf/libbpf.h>

#include "bpf/alarm.h"
#include "giltop.skel.h"
#include "user/base/util.h"
#include "user/probe/maps_read.h"
#include "user/probe/probe_impl.h"
#include "user/probe/sched.h"

static int table(const struct probe *p)
{
	return bpf_map__fd(p->skel->maps.targets);
}

bool probe__target(struct probe *p, pid_t tgid, struct gt_target *ret)
{
	*ret = (struct gt_target){ 0 };
	return !bpf_map_lookup_elem(table(p), &tgid, ret);
}

int probe__claim(struct probe *p, pid_t tgid)
{
	struct gt_target t;

	if (probe__target(p, tgid, &t) && (t.books_ns || t.over))
		return -EALREADY;
	t.wanted = 0;
	return bpf_map_update_elem(table(p), &tgid, &t, BPF_ANY);
}

void probe__adopt(struct probe *p, pid_t tgid)
{
	struct gt_target t;

	if (probe__target(p, tgid, &t) && t.books_ns)
		return;
	t.wanted = 1;
	bpf_map_update_elem(table(p), &tgid, &t, BPF_ANY);
}

void probe__adopt_all(struct probe *p, bool all)
{
	p->skel->bss->adopt_all = all;
}

/* What has been read is not changed any more. */
static uint64_t not_read(const struct probe *p, uint64_t from_ns)
{
	uint64_t read = p->skel->bss->cut & ~GT_CUT_SIDE;

	return from_ns > read ? from_ns : read;
}

uint64_t probe__activate(struct probe *p, pid_t tgid, const struct py_layout *layout,
			 const uint64_t text[2], uint32_t file, uint64_t from_ns)
{
	struct gt_target t;

	/* Without them what finds no room is lost, but counted: no reason to refuse. */
	probe_read__open_sums(p->skel, (uint32_t)tgid, p->opts.stacks);
	if (p->sched)
		probe_sched__watch(p->skel, tgid);
	probe__target(p, tgid, &t);
	if (t.over)
		return 0;
	t.layout = *layout;
	t.text_start = text[0];
	t.text_end = text[1];
	t.wanted = 1; /* that is: its children */
	if (!t.books_ns) {
		t.file = file;
		t.books_ns = from_ns ? not_read(p, from_ns) : now_ns();
	}
	return bpf_map_update_elem(table(p), &tgid, &t, BPF_ANY) ? 0 : t.books_ns;
}

void probe__set_tid_layout(struct probe *p, pid_t tgid, const struct py_layout *layout)
{
	struct gt_target t;

	if (!probe__target(p, tgid, &t) || !t.books_ns)
		return;
	t.layout.tstate_tid = layout->tstate_tid;
	t.layout.pthread_tid = layout->pthread_tid;
	bpf_map_update_elem(table(p), &tgid, &t, BPF_EXIST);
}

void probe__set_inner_tid(struct probe *p, pid_t tgid, uint32_t inner, uint32_t tid)
{
	struct gt_tstate_key key = { .tstate = inner, .tgid = (__u32)tgid };

	/* Without room what it holds is unsure. */
	bpf_map_update_elem(bpf_map__fd(p->skel->maps.holders), &key, &tid, BPF_ANY);
}

int probe__set_modes(struct probe *p, pid_t tgid, const struct gt_modes *modes)
{
	return bpf_map_update_elem(bpf_map__fd(p->skel->maps.modes), &tgid, modes, BPF_ANY);
}

void probe__unknow(struct probe *p, pid_t tgid)
{
	if (p->sched)
		probe_sched__unwatch(p->skel, tgid);
	bpf_map_delete_elem(table(p), &tgid);
	bpf_map_delete_elem(bpf_map__fd(p->skel->maps.modes), &tgid);
}

void probe__forget(struct probe *p, const uint32_t *tgids, size_t cnt)
{
	for (size_t i = 0; i < cnt; i++)
		probe__unknow(p, (pid_t)tgids[i]);
	p->dead_lost += probe_read__forget(p->skel, tgids, cnt);
}

void probe__reset(struct probe *p, pid_t tgid)
{
	uint32_t pid = (uint32_t)tgid;
	struct gt_target t;
	bool known = probe__target(p, tgid, &t);

	if (p->sched)
		probe_sched__unwatch(p->skel, tgid);
	p->dead_lost += probe_read__forget(p->skel, &pid, 1);
	if (!known) /* it has ended */
		return;
	t.books_ns = 0;
	t.over = 0;
	t.seen_ns = now_ns();
	bpf_map_update_elem(table(p), &tgid, &t, BPF_EXIST);
}
