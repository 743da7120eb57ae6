/* SPDX-License-Identifier: BSD-2-Clause */
/* maps_forget.c - take all that the kernel has of processes out of the BPF maps */
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include <bpf/bpf.h>
#include <bpf/libbpf.h>

#include "bpf/alarm.h"
#include "giltop.skel.h"
#include "user/base/util.h"
#include "user/books/totals.h"
#include "user/probe/maps_read.h"
#include "user/probe/probe.h"

struct forget {
	struct giltop_bpf *skel;
	const uint32_t *tgids;
	size_t tgid_cnt;
	int fd;
	size_t tgid_off;
	size_t cnt, cap;
	uint64_t exited_cnt;
	struct gt_thread_key *keys;
};

static bool is_of(const struct forget *f, uint32_t tgid)
{
	return sorted_has(f->tgids, f->tgid_cnt, tgid);
}

static int forget_thread(void *ctx, const void *key, const void *value)
{
	struct forget *f = ctx;
	const struct gt_thread *rec = value;

	if (!is_of(f, rec->tgid))
		return 0;
	f->exited_cnt += rec->flags & GT_F_EXITED ? 1 : 0;
	if (array_grow(&f->keys, f->cnt, &f->cap, sizeof(*f->keys)))
		return -ENOMEM;
	memcpy(&f->keys[f->cnt++], key, sizeof(*f->keys));
	return 0;
}

/* The place of a GIL's record is free for another. */
static void free_slot(struct giltop_bpf *skel, const uint32_t *slot)
{
	static const struct gt_gil none;

	if (*slot < GT_GILS)
		skel->bss->alarms[*slot] = (struct gt_alarm){ 0 };
	bpf_map_update_elem(bpf_map__fd(skel->maps.gils), slot, &none, BPF_ANY);
	bpf_map_update_elem(bpf_map__fd(skel->maps.gil_free), NULL, slot, BPF_ANY);
}

static int forget_slot(void *ctx, const void *key, const void *value)
{
	struct forget *f = ctx;

	if (!is_of(f, ((const struct gt_gil_key *)key)->tgid))
		return 0;
	if (!bpf_map_delete_elem(bpf_map__fd(f->skel->maps.gil_slots), key))
		free_slot(f->skel, value);
	return 0;
}

/* An element of a map whose keys have the process at f->tgid_off. */
static int forget_elem(void *ctx, const void *key, const void *value)
{
	const struct forget *f = ctx;
	uint32_t tgid;

	(void)value;
	memcpy(&tgid, (const char *)key + f->tgid_off, sizeof(tgid));
	if (is_of(f, tgid))
		bpf_map_delete_elem(f->fd, key);
	return 0;
}

static void forget_map(struct forget *f, const struct bpf_map *map, size_t tgid_off)
{
	f->fd = bpf_map__fd(map);
	f->tgid_off = tgid_off;
	map_each(map, forget_elem, f);
}

/* Their threads that died waiting and that no event has taken out. Returns how many others found no room again. */
static uint64_t forget_dead(const struct forget *f)
{
	int fd = bpf_map__fd(f->skel->maps.dead);
	struct gt_dead d, *others = NULL;
	uint64_t lost = 0;
	size_t cnt = 0, cap = 0;

	while (!array_grow(&others, cnt, &cap, sizeof(*others)) &&
	       !bpf_map_lookup_and_delete_elem(fd, NULL, &d))
		if (!is_of(f, d.gil.tgid))
			others[cnt++] = d;
	for (size_t i = 0; i < cnt; i++)
		lost += bpf_map_update_elem(fd, NULL, &others[i], BPF_ANY) ? 1 : 0;
	free(others);
	return lost;
}

uint64_t probe_read__forget(struct giltop_bpf *skel, const uint32_t *tgids, size_t cnt)
{
	struct forget f = { .skel = skel, .tgids = tgids, .tgid_cnt = cnt };

	map_each(skel->maps.threads, forget_thread, &f);
	for (size_t i = 0; i < f.cnt; i++) {
		struct gt_tid id;

		bpf_map_delete_elem(bpf_map__fd(skel->maps.threads), &f.keys[i]);
		/* Another process's thread may have the id by now. */
		if (!bpf_map_lookup_elem(bpf_map__fd(skel->maps.tids), &f.keys[i].tid, &id) &&
		    is_of(&f, id.tgid))
			bpf_map_delete_elem(bpf_map__fd(skel->maps.tids), &f.keys[i].tid);
	}
	free(f.keys);
	if (f.exited_cnt)
		__sync_fetch_and_sub((uint64_t *)&skel->bss->exited_cnt, f.exited_cnt);
	map_each(skel->maps.gil_slots, forget_slot, &f);
	forget_map(&f, skel->maps.ended, offsetof(struct gt_gil_key, tgid));
	forget_map(&f, skel->maps.pairs, offsetof(struct gt_pair_key, tgid));
	forget_map(&f, skel->maps.holders, offsetof(struct gt_tstate_key, tgid));
	forget_map(&f, skel->maps.sums, offsetof(struct gt_sum_key, tgid));
	forget_map(&f, skel->maps.chains, offsetof(struct gt_chain_key, tgid));
	for (size_t i = 0; i < cnt; i++)
		bpf_map_delete_elem(bpf_map__fd(skel->maps.modes), &tgids[i]);
	forget_map(&f, skel->maps.sleeps, offsetof(struct gt_sleeper_key, tgid));
	forget_map(&f, skel->maps.first_holds, offsetof(struct gt_sleeper_key, tgid));
	forget_map(&f, skel->maps.slept, offsetof(struct gt_sleep_key, tgid));
	return forget_dead(&f);
}
