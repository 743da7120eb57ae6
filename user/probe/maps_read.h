/* SPDX-License-Identifier: BSD-2-Clause */
/* maps_read.h - copy the maps out (part of probe/: uses the skeleton) */
#ifndef GILTOP_PROBE_MAPS_READ_H
#define GILTOP_PROBE_MAPS_READ_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct bpf_map;
struct gt_modes;
struct giltop_bpf;
struct totals;
struct raw_sums;

/* After load: which places for GILs are free (all). */
void probe_read__init(struct giltop_bpf *skel);
/* Processes whose books are to become light at the next reading: it puts its cut into their modes, and tells the kernel. */
struct probe_step {
	uint32_t tgid;
	struct gt_modes *modes;
};
struct probe_steps {
	size_t cnt, cap;
	struct probe_step *v;
};
/* The steps are taken, and dropped. */
int probe_read__all(struct giltop_bpf *skel, struct probe_steps *steps, struct totals *ret);
int probe_read__sums(struct giltop_bpf *skel, struct raw_sums *ret);
/* Call fn for each element of a hash map; it may delete elements. 0, -errno, or what fn returned if not 0. */
typedef int (*map_elem_fn)(void *ctx, const void *key, const void *value);
int map_each(const struct bpf_map *map, map_elem_fn fn, void *ctx);
/* Make the rows of a process that take what the full tables have no room for. 0 or -errno. */
int probe_read__open_sums(struct giltop_bpf *skel, uint32_t tgid, bool stacks);
/* Drop the sums of one epoch that were read (those rows stay, at 0). */
void probe_read__drop_epoch(struct giltop_bpf *skel, const struct raw_sums *read, uint32_t epoch);
/* Delete every record of these processes, which are sorted (maps_forget.c). Returns how many waiters of other processes
 * that died waiting were lost by it: GT_STAT_DEAD_FULL.
 */
uint64_t probe_read__forget(struct giltop_bpf *skel, const uint32_t *tgids, size_t cnt);

#endif
