/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* codes.bpf.h - whose frames they are; what code objects are called, kept when a stack with them is new, as user
 * space may come too late
 *
 * The functions that are not static are global functions of plain numbers: verified once each.
 */
#ifndef GILTOP_CODES_BPF_H
#define GILTOP_CODES_BPF_H

#include "bpf/pystack.bpf.h"

/* Where walks are made: by the slot of the GIL whose mutex is held (an array costs next to nothing to look up); in a
 * clock's interrupt in the CPU's own, which goes by the slot after all of these.
 */
GT_MAP(walks, BPF_MAP_TYPE_ARRAY, GT_GILS, __u32, struct py_walk);
GT_MAP(clock_walk, BPF_MAP_TYPE_PERCPU_ARRAY, 1, __u32, struct py_walk);
#define SLOT_OF_CLOCK GT_GILS

static __always_inline struct py_walk *walk_area(__u32 slot)
{
	__u32 one = 0;

	if (slot == SLOT_OF_CLOCK)
		return bpf_map_lookup_elem(&clock_walk, &one);
	return bpf_map_lookup_elem(&walks, &slot);
}

GT_MAP(codes, BPF_MAP_TYPE_HASH, 8192, struct gt_code_key, struct py_code);

/* Stacks that are new. A ring of their own: a flood of them must not cost an exec. What finds no room here is
 * looked for.
 */
struct {
	__uint(type, BPF_MAP_TYPE_RINGBUF);
	__uint(max_entries, 256 * 1024);
} news SEC(".maps");

static const struct py_code new_code;

#define NEWS_WAKE_NS 2000000
/* Lost updates are fine: one wake-up more or less. */
volatile __u64 news_woken_ns = 0;
volatile __u32 news_lost = 0;

/* The next few frames of the walk that goes on there. 1: there are more. */
__noinline int frames_some(__u32 slot)
{
	struct py_walk *w = walk_area(slot);

	return w ? py_gather_some(w) : 0;
}

static __always_inline void frames_gather(__u32 slot)
{
	PY_NO_UNROLL
	for (int i = 0; i < PY_WALK_TURNS; i++)
		if (!frames_some(slot))
			break;
}

/* Frame i of the stack that was gathered last at the GIL in this slot. */
__noinline int frame_id(__u32 slot, __u32 i)
{
	struct py_walk *w = walk_area(slot);

	if (w && i < PY_STACK_MAX)
		py_frame_id(w, i);
	return 0;
}

/* .. and what its code object is called. */
__noinline int code_keep(__u32 slot, __u32 tgid, __u32 i)
{
	struct py_walk *w = walk_area(slot);
	struct gt_code_key key = { .tgid = tgid };
	struct py_code *c;

	if (!w || i >= PY_STACK_MAX)
		return 0;
	key.id = w->stack.frames[i].id;
	c = bpf_map_lookup_elem(&codes, &key);
	if (c) {
		c->addr = w->code[i];
		return 0;
	}
	/* Full: its name is to be had from memory, if at all. */
	if (bpf_map_update_elem(&codes, &key, &new_code, BPF_NOEXIST))
		return 0;
	c = bpf_map_lookup_elem(&codes, &key);
	if (!c)
		return 0;
	if (py_code_read(&w->layout, &w->x, w->code[i], key.id, c)) {
		bpf_map_delete_elem(&codes, &key);
		return 0;
	}
	barrier();
	c->id = key.id;
	return 0;
}

__noinline int frame_ids(__u32 slot)
{
	struct py_walk *w = walk_area(slot);

	PY_NO_UNROLL
	for (__u32 i = 0; w && i < PY_STACK_MAX; i++) {
		if (i >= w->stack.cnt)
			break;
		frame_id(slot, i);
	}
	return 0;
}

/* Keep the names of a new stack, before anybody can see it. */
__noinline int codes_keep(__u32 slot, __u32 tgid)
{
	struct py_walk *w = walk_area(slot);

	PY_NO_UNROLL
	for (__u32 i = 0; w && i < PY_STACK_MAX; i++) {
		if (i >= w->stack.cnt)
			break;
		code_keep(slot, tgid, i);
	}
	return 0;
}

/* Its lines and long names are in the target's memory, as long as that is there: wake user space, now and then. */
static __always_inline void news_out(__u32 tgid, __u64 hash)
{
	__u64 now = bpf_ktime_get_ns(), wake = BPF_RB_NO_WAKEUP;
	struct gt_note n = { .kind = GT_NOTE_STACK, .tgid = tgid, .stack = hash };

	if (now - news_woken_ns >= NEWS_WAKE_NS) {
		news_woken_ns = now;
		wake = BPF_RB_FORCE_WAKEUP;
	}
	if (bpf_ringbuf_output(&news, &n, sizeof(n), wake))
		news_lost = 1;
}

#endif
