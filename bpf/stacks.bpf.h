/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* stacks.bpf.h - Python stacks of waits and holds, summed up in the kernel
 *
 * Under the target's gil->mutex, which makes a scratch area for each GIL safe even where programs may be
 * preempted; or in the interrupt of a CPU's clock, with one for each CPU.
 *
 * The functions that are not static are global functions of plain numbers: verified once each.
 */
#ifndef GILTOP_STACKS_BPF_H
#define GILTOP_STACKS_BPF_H

#include "bpf/codes.bpf.h"

GT_SETTING __u32 stacks_on = 1;
GT_SETTING __u64 min_hold_ns = 1000000;
GT_SETTING __u32 clock_on = 1; /* CPUs' clocks look at holders that run */
/* Which of the two sets of sums is written: see struct gt_sum_key. */
volatile __u32 sum_epoch = 0;

GT_MAP(stacks, BPF_MAP_TYPE_HASH, 4096, struct gt_stack_key, struct py_stack);
GT_MAP(sums, BPF_MAP_TYPE_HASH, 16384, struct gt_sum_key, struct gt_sum);
GT_MAP(chains, BPF_MAP_TYPE_HASH, 16384, struct gt_chain_key, struct gt_sum);

/* Native places are told apart by 16 bytes: functions start at such addresses. */
#define NATIVE_SHIFT 4

/* Walk the stack of tstate. slot: of the GIL whose mutex is held, or SLOT_OF_CLOCK. native_ip 0: none. Returns the hash
 * under which it is stored, 0 if there is none to be had.
 */
__noinline __u64 stack_capture(__u32 slot, __u32 tgid, __u64 tstate, __u64 native_ip)
{
	struct gt_target *target = bpf_map_lookup_elem(&targets, &tgid);
	struct gt_stack_key key = { .tgid = tgid };
	struct py_walk *w = walk_area(slot);
	struct py_stack *s;
	__u32 end;

	if (!target || !w)
		return 0;
	py_gather_begin(&target->layout, tstate, w);
	frames_gather(slot);
	py_gather_end(w);
	frame_ids(slot);
	s = &w->stack;
	end = s->end;
	if (end >= PY_END_CNT)
		end = PY_END_FRAME;
	stat_inc(GT_STAT_WALK + end);
	if (end >
	    PY_END_DEPTH) /* torn: its root is missing, and it would be a stack that never was */
		return 0;
	s->native = native_ip >> NATIVE_SHIFT << NATIVE_SHIFT;
	if (s->native)
		s->hash = py_mix(s->hash, s->native);
	key.hash = s->cnt || s->native ? s->hash : NO_PYTHON_FRAME;
	if (bpf_map_lookup_elem(&stacks, &key))
		return key.hash;
	codes_keep(slot, tgid);
	if (bpf_map_update_elem(&stacks, &key, s, BPF_NOEXIST)) {
		if (bpf_map_lookup_elem(&stacks, &key))
			return key.hash;
		stat_inc(GT_STAT_STACK_FULL);
		return 0;
	}
	news_out(tgid, key.hash);
	return key.hash;
}

/* Full: the time of whom it may be goes to the row of the process, which user space has made. Threads
 * of several GILs write to that one: atomic adds.
 */
static __always_inline void sum_put(struct gt_sum *sum, __u64 ns, __u64 cnt)
{
	if (!sum)
		return;
	__sync_fetch_and_add(&sum->ns, ns);
	if (cnt) /* clang makes an atomic "or" of adding 0, which Linux 5.10 does not have */
		__sync_fetch_and_add(&sum->cnt, cnt);
}

/* Kind and thread of a sum as one number, for the global functions; and its epoch, which must be the same all
 * through: user space may change it meanwhile.
 */
#define SUM_EPOCH_SHIFT 40

static __always_inline __u64 sum_of(__u32 kind, __u32 tid)
{
	return (__u64)(sum_epoch & 1) << SUM_EPOCH_SHIFT | (__u64)kind << 32 | tid;
}

static __always_inline struct gt_sum_key sum_key(__u32 tgid, __u64 what, __u64 stack)
{
	return (struct gt_sum_key){
		.stack = stack,
		.tgid = tgid,
		.tid = (__u32)what,
		.kind = what >> 32 & 0xff,
		.epoch = what >> SUM_EPOCH_SHIFT & 1,
	};
}

enum sum_place { SUM_OF_STACK, SUM_OF_THREAD, SUM_OF_PROCESS };

/* Make room for a sum that is not there. Returns where: enum sum_place. */
__noinline int sum_make(__u32 tgid, __u64 what, __u64 stack)
{
	struct gt_sum_key key = sum_key(tgid, what, stack);
	struct gt_sum none = {};

	if (!bpf_map_update_elem(&sums, &key, &none, BPF_NOEXIST))
		return SUM_OF_STACK;
	stat_inc(GT_STAT_SUM_FULL);
	key.stack = 0;
	if (bpf_map_lookup_elem(&sums, &key) ||
	    !bpf_map_update_elem(&sums, &key, &none, BPF_NOEXIST))
		return SUM_OF_THREAD;
	return SUM_OF_PROCESS;
}

/* Where the time of this stack goes. For sum_put(), in this handler. */
static __always_inline struct gt_sum *sum_find(__u32 tgid, __u64 what, __u64 stack)
{
	struct gt_sum_key key = sum_key(tgid, what, stack);
	struct gt_sum *sum = bpf_map_lookup_elem(&sums, &key);
	int place;

	if (sum)
		return sum;
	place = sum_make(tgid, what, stack);
	if (place != SUM_OF_STACK)
		key.stack = 0;
	if (place == SUM_OF_PROCESS)
		key.tid = 0;
	return bpf_map_lookup_elem(&sums, &key);
}

/* cnt: 1 for the end of a wait or hold, 0 for a part of one. */
__noinline int sum_add(__u32 tgid, __u64 what, __u64 stack, __u64 ns, __u64 cnt)
{
	sum_put(sum_find(tgid, what, stack), ns, cnt);
	return 0;
}

__noinline int chain_add(__u32 tgid, __u64 waiter_holder, __u64 waiter_stack, __u64 holder_stack,
			 __u64 ns)
{
	struct gt_chain_key key = {
		.waiter_stack = waiter_stack,
		.holder_stack = holder_stack,
		.tgid = tgid,
		.waiter_tid = waiter_holder >> 32,
		.holder_tid = (__u32)waiter_holder,
		.epoch = sum_epoch & 1,
	};
	struct gt_sum fresh = { .ns = ns, .cnt = 1 }, *v;

	if (!ns)
		return 0;
	for (int i = 0; i < 2; i++) {
		v = bpf_map_lookup_elem(&chains, &key);
		if (v) {
			v->ns += ns;
			v->cnt++;
			return 0;
		}
		if (!bpf_map_update_elem(&chains, &key, &fresh, BPF_NOEXIST))
			return 0;
		if (!i)
			stat_inc(GT_STAT_CHAIN_FULL);
		key.waiter_stack = key.holder_stack = 0;
	}
	key.waiter_tid = key.holder_tid = 0;
	sum_put(bpf_map_lookup_elem(&chains, &key), ns, 1);
	return 0;
}

#endif
