/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* maps.bpf.h - the maps, and the look-ups with their slow paths */
#ifndef GILTOP_MAPS_BPF_H
#define GILTOP_MAPS_BPF_H

#define GT_MAP(name, kind, cnt, key_type, value_type)                                              \
	struct {                                                                                   \
		__uint(type, kind);                                                                \
		__uint(max_entries, cnt);                                                          \
		__type(key, key_type);                                                             \
		__type(value, value_type);                                                         \
	} name SEC(".maps")

/* max_entries of threads and tids are raised before load (probe.c). */
GT_MAP(targets, BPF_MAP_TYPE_HASH, 8192, __u32, struct gt_target); /* by tgid */

GT_MAP(modes, BPF_MAP_TYPE_HASH, 4096, __u32, struct gt_modes); /* by tgid */

/* The tids of those that user space saw holding a GIL when the books started, by PyThreadState. Of a process with a pid
 * namespace of its own also those of all its threads, by their ids in there (PY_TID_INNER).
 */
GT_MAP(holders, BPF_MAP_TYPE_HASH, 16384, struct gt_tstate_key, __u32); /* tids */

/* The records of GILs are in an array, which costs next to nothing to look up: a thread's record says
 * where. The hash map is for those who come for the first time. gil_free has the places that nobody
 * uses; user space fills it.
 */
GT_MAP(gils, BPF_MAP_TYPE_ARRAY, GT_GILS, __u32, struct gt_gil);
GT_MAP(gil_slots, BPF_MAP_TYPE_HASH, GT_GILS, struct gt_gil_key, __u32);

struct {
	__uint(type, BPF_MAP_TYPE_QUEUE);
	__uint(max_entries, GT_GILS);
	__uint(value_size, sizeof(__u32));
} gil_free SEC(".maps");

GT_MAP(threads, BPF_MAP_TYPE_HASH, 4096, struct gt_thread_key, struct gt_thread);
GT_MAP(tids, BPF_MAP_TYPE_HASH, 4096, __u32, struct gt_tid); /* by tid */
GT_MAP(ended, BPF_MAP_TYPE_HASH, 1024, struct gt_gil_key, struct gt_ended);
GT_MAP(pairs, BPF_MAP_TYPE_HASH, 16384, struct gt_pair_key, __u64); /* ns */

struct {
	__uint(type, BPF_MAP_TYPE_QUEUE);
	__uint(max_entries, 4096);
	__uint(value_size, sizeof(struct gt_dead));
} dead SEC(".maps");

GT_MAP(stats, BPF_MAP_TYPE_PERCPU_ARRAY, GT_STAT_CNT, __u32, __u64);

/* Forks and execs; each wakes user space. */
struct {
	__uint(type, BPF_MAP_TYPE_RINGBUF);
	__uint(max_entries, 256 * 1024);
} notes SEC(".maps");

/* Closed states for the timeline, in a ring of their own: a flood of them must not cost an exec. */
#define SPANS_SZ (512 * 1024)

struct {
	__uint(type, BPF_MAP_TYPE_RINGBUF);
	__uint(max_entries, SPANS_SZ);
} spans SEC(".maps");

/* Threads seen for the first time, in a ring of their own as well: there may be thousands in a second. One that finds
 * no room has its name asked for at the next reading, as all had to be without this.
 */
struct {
	__uint(type, BPF_MAP_TYPE_RINGBUF);
	__uint(max_entries, 64 * 1024);
} births SEC(".maps");

/* When user space was last woken for them. A hint: two CPUs may wake it at once. */
volatile __u64 birth_wake_ns = 0;

/* ---- settings that user space changes while it runs (.bss, mapped there) ---- */

/* Report closed states that lasted at least so long, for the timeline; 0: none. */
volatile __u64 span_min_ns = 0;
/* Ended threads whose records user space has not fetched yet. */
volatile __u64 exited_cnt = 0;

/* Which forks and execs are reported: enum gt_follow. */
volatile __u32 follow = 0;
/* The books are closed: ignore every hit. */
volatile __u32 frozen = 0;

/* Set before load, read-only from then on. (Tests of the accounting as user code change them.) */
#ifndef GT_SETTING
#define GT_SETTING const volatile
#endif

/* More than this many unfetched ended threads: fold them here, into `ended`. */
GT_SETTING __u64 exited_keep = 1024;

/* Templates for new elements: too large for the BPF stack. */
static const struct gt_target new_target;
static const struct gt_modes new_modes; /* light from the start */
static const struct gt_thread new_thread;
static const struct gt_ended new_ended;

static __always_inline void stat_inc(__u32 which)
{
	__u64 *v = bpf_map_lookup_elem(&stats, &which);

	if (v)
		(*v)++;
}

/* The record of a GIL, the long way; NULL: none yet. */
static __always_inline struct gt_gil *gil_find(const struct gt_gil_key *key)
{
	__u32 *slot = bpf_map_lookup_elem(&gil_slots, key);

	return slot ? bpf_map_lookup_elem(&gils, slot) : NULL;
}

/* Have memory that is to be written after the clock in the cache before it: see events.bpf.h. */
static __always_inline void touch(const void *p)
{
	(void)*(const volatile __u32 *)p;
}

/* Keeps the compiler from moving stores across the sequence counters. */
#ifndef barrier
#define barrier() asm volatile("" ::: "memory")
#endif

static __always_inline void thread_begin(struct gt_thread *t)
{
	t->seq_start++;
	barrier();
}

static __always_inline void thread_end(struct gt_thread *t)
{
	barrier();
	t->seq_end = t->seq_start;
}

static __always_inline void gil_begin(struct gt_gil *g)
{
	g->seq_start++;
	barrier();
}

static __always_inline void gil_end(struct gt_gil *g)
{
	barrier();
	g->seq_end = g->seq_start;
}

#endif
