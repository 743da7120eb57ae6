/* SPDX-License-Identifier: BSD-2-Clause */
/* alarms.c - long waits and holds, as the kernel's side has them */
#include <errno.h>

#include <bpf/bpf.h>
#include <bpf/libbpf.h>

#include "bpf/alarm.h"
#include "giltop.skel.h"
#include "user/probe/maps_read.h"
#include "user/probe/probe_impl.h"

/* A record that is being written is whole again after microseconds. */
#define TORN_TRIES 8

void probe__set_alarms(struct probe *p, uint64_t wait_ns, uint64_t hold_ns)
{
	p->skel->bss->alarm_wait_ns = wait_ns;
	p->skel->bss->alarm_hold_ns = hold_ns;
	p->skel->bss->alarms_on = wait_ns || hold_ns;
}

uint32_t probe__alarm_top(const struct probe *p)
{
	return p->skel->bss->alarm_top;
}

struct gt_alarm *probe__alarms(struct probe *p)
{
	return p->skel->bss->alarms;
}

int probe__gil_at(struct probe *p, uint32_t slot, struct gt_gil *ret)
{
	for (int i = 0; i < TORN_TRIES; i++) {
		if (bpf_map_lookup_elem(bpf_map__fd(p->skel->maps.gils), &slot, ret))
			return -ENOENT;
		if (ret->seq_start == ret->seq_end)
			break;
	}
	return ret->key.tgid ? 0 : -ENOENT;
}

int probe__thread(struct probe *p, uint64_t cond, uint32_t tid, struct gt_thread *ret)
{
	const struct gt_thread_key key = { .cond = cond, .tid = tid };

	for (int i = 0; i < TORN_TRIES; i++) {
		if (bpf_map_lookup_elem(bpf_map__fd(p->skel->maps.threads), &key, ret))
			return -ENOENT;
		if (ret->seq_start == ret->seq_end)
			break;
	}
	return 0;
}

struct longest {
	uint64_t cond, since_ns;
	uint32_t tgid, tid;
};

static int compare(void *ctx, const void *key, const void *value)
{
	const struct gt_thread_key *k = key;
	const struct gt_thread *rec = value;
	struct longest *l = ctx;

	if (k->cond != l->cond || rec->tgid != l->tgid || rec->state != GT_WAIT ||
	    rec->flags & (GT_F_EXITED | GT_F_DYING_WAIT))
		return 0;
	if (l->tid && rec->since_ns >= l->since_ns)
		return 0;
	l->tid = k->tid;
	l->since_ns = rec->since_ns;
	return 0;
}

bool probe__longest_wait(struct probe *p, pid_t tgid, uint64_t cond, uint32_t *ret_tid,
			 uint64_t *ret_since_ns)
{
	struct longest l = { .cond = cond, .tgid = (uint32_t)tgid };

	if (map_each(p->skel->maps.threads, compare, &l) || !l.tid)
		return false;
	*ret_tid = l.tid;
	*ret_since_ns = l.since_ns;
	return true;
}
