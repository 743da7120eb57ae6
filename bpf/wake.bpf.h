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

/* Has the current thread asked the kernel for something? Else it was interrupted in its own code. (An interrupt that comes
 * in the middle of a call is not told from that, but those are short. What a packet to the machine itself wakes is woken in
 * the sender's call, and by it.)
 */
static __always_inline int is_in_call(void)
{
	struct task_struct *task;

	if (bpf_core_enum_value_exists(enum bpf_func_id, BPF_FUNC_get_current_task_btf))
		return call_of(user_regs_of((struct task_struct *)bpf_get_current_task_btf())) >= 0;
	task = (struct task_struct *)bpf_get_current_task();
	return call_of(regs_at_end(BPF_CORE_READ(task, stack))) >= 0;
}

/* Is this thread in the middle of taking a GIL or letting it go? */
static __always_inline int is_at_gil(__u32 tid, __u64 now)
{
	const struct gt_tid *where = bpf_map_lookup_elem(&tids, &tid);
	struct gt_thread_key key = { .tid = tid };
	const struct gt_thread *t;

	for (__u32 i = 0; where && i < GT_TID_GILS; i++) {
		if (i >= where->cnt)
			break;
		key.cond = where->cond[i];
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

	if (!sched_place(who >> 32) || frozen)
		return 0;
	where = bpf_map_lookup_elem(&tids, &tid);
	if (!where || where->tgid != who >> 32)
		return 0;
	now = bpf_ktime_get_ns();
	by = current_ids();
	if (by >> 32 == who >> 32 && is_in_call() && !is_at_gil((__u32)by, now))
		waker = (__u32)by;
	single_put(single_what(0, GT_SINGLE_WAKE, 0), who, now, GT_SINGLE_NO_CPU, waker);
	return 0;
}

#endif
