/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* wake.bpf.h - who makes a thread runnable: for recordings with --sched
 *
 * A thread that another one of its process wakes may have waited for what that one has done: for a prediction that is a
 * link between the two. An interrupt runs in the name of whoever it met, who is no waker. Nor is who is just at his GIL:
 * those are wake-ups of the lock's own mutex and condition variables.
 */
#ifndef GILTOP_WAKE_BPF_H
#define GILTOP_WAKE_BPF_H

/* So long after an event of its own a thread is still at the GIL. */
#define AT_GIL_NS 8000

/* Where a GIL is: from its last holder to its second mutex. */
#define GIL_FROM GT_COND_TO_LAST_HOLDER
#define GIL_TO	 (GT_COND_TO_SWITCH_COND + 0x60)

#if defined(__TARGET_ARCH_x86)
#define CALL_FUTEX 202

static __always_inline __u64 first_arg_of(void *regs)
{
	__u64 arg = 0;

	bpf_probe_read_kernel(&arg, sizeof(arg), &((struct pt_regs *)regs)->di);
	return arg;
}
#else
#define CALL_FUTEX 98

static __always_inline __u64 first_arg_of(void *regs)
{
	__u64 arg = 0;

	bpf_probe_read_kernel(&arg, sizeof(arg), &((struct pt_regs *)regs)->user_regs.regs[0]);
	return arg;
}
#endif

/* What the current thread has asked the kernel for, by its registers; NULL: nothing, it was interrupted in its own code. (An interrupt that comes
 * in the middle of a call is not told from that, but those are short. What a packet to the machine itself wakes is woken in
 * the sender's call, and by it.)
 */
static __always_inline void *call_regs(void)
{
	struct task_struct *task = (struct task_struct *)bpf_get_current_task();
	void *regs;

	if (bpf_core_enum_value_exists(enum bpf_func_id, BPF_FUNC_get_current_task_btf))
		regs = user_regs_of((struct task_struct *)bpf_get_current_task_btf());
	else
		regs = regs_at_end(BPF_CORE_READ(task, stack));
	return call_of(regs) >= 0 ? regs : NULL;
}

/* Is this thread, which wakes another by this call, in the middle of taking a GIL or letting it go? The time alone would not
 * say it of one that lost its CPU there, the address not with every C library.
 */
static __always_inline int is_at_gil(__u32 tid, void *regs, __u64 now)
{
	const struct gt_tid *where = bpf_map_lookup_elem(&tids, &tid);
	__u64 futex = call_of(regs) == CALL_FUTEX ? first_arg_of(regs) : 0;
	struct gt_thread_key key = { .tid = tid };
	const struct gt_thread *t;

	for (__u32 i = 0; where && i < GT_TID_GILS; i++) {
		if (i >= where->cnt)
			break;
		key.cond = where->cond[i];
		if (futex - (key.cond + GIL_FROM) < GIL_TO - GIL_FROM)
			return 1;
		t = bpf_map_lookup_elem(&threads, &key);
		if (t && (t->state == GT_WAIT || now - t->since_ns < AT_GIL_NS))
			return 1;
	}
	return 0;
}

static __always_inline int on_waking(struct task_struct *task)
{
	__u64 who = switch_ids(task), by, now;
	__u32 tid = (__u32)who, waker = 0;
	const struct gt_tid *where;
	void *regs = NULL;

	if (!sched_place(who >> 32) || frozen)
		return 0;
	where = bpf_map_lookup_elem(&tids, &tid);
	if (!where || where->tgid != who >> 32)
		return 0;
	now = bpf_ktime_get_ns();
	by = current_ids();
	if (by >> 32 == who >> 32)
		regs = call_regs();
	if (regs && !is_at_gil((__u32)by, regs, now))
		waker = (__u32)by;
	single_put(single_what(0, GT_SINGLE_WAKE, 0), who, now, GT_SINGLE_NO_CPU, waker);
	return 0;
}

#endif
