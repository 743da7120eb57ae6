/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* sched.bpf.h - holders that go to sleep while they hold the GIL: where, in which system call, for how long
 *
 * The scheduler says when a thread leaves its CPU and when it is back; it is the only hook that the whole machine passes
 * (--sched). So the first thing is a look into a table of bytes by tgid, which costs others two loads each, and only the threads
 * of measured processes go on.
 *
 * Who leaves its CPU is still current then: its memory is mapped and its stack stands still. It holds the GIL if the books
 * say so, which they know in exact stretches only, and if the target's own memory agrees. Of who comes back nothing can be
 * read yet; its sleep has been noted.
 *
 * Interrupts are off all the time. So a CPU's clock does not come in between, and its place for walks is free.
 */
#ifndef GILTOP_SCHED_BPF_H
#define GILTOP_SCHED_BPF_H

/* Not 0: a process with such a tgid is measured, maybe. User space sets it. */
volatile __u8 sched_places[GT_SCHED_PLACES] = {};

/* One of each GIL's threads at most. */
GT_MAP(sleeps, BPF_MAP_TYPE_HASH, GT_GILS, struct gt_sleeper_key, struct gt_sleep);
/* Who has held a GIL since before the books, and has no record yet: its cond. */
GT_MAP(first_holds, BPF_MAP_TYPE_HASH, GT_GILS, struct gt_sleeper_key, __u64);
GT_MAP(slept, BPF_MAP_TYPE_HASH, 8192, struct gt_sleep_key, struct gt_sum);

/* From Linux 5.15 on the kernel says where a task's user registers are (they have moved since); before that they were
 * at the end of its stack.
 */
#if defined(__TARGET_ARCH_x86)
#define STACK_END 16384

static __always_inline void *regs_at_end(void *stack)
{
	return (char *)stack + STACK_END - sizeof(struct pt_regs);
}

static __always_inline __s32 call_of(void *regs)
{
	__u64 nr = 0;

	bpf_probe_read_kernel(&nr, sizeof(nr), &((struct pt_regs *)regs)->orig_ax);
	return (__s32)nr; /* -1 also after an exception, whose error code was there before */
}

static __always_inline __u64 ip_of(void *regs)
{
	__u64 ip = 0;

	bpf_probe_read_kernel(&ip, sizeof(ip), &((struct pt_regs *)regs)->ip);
	return ip;
}
#else
#define STACK_END 16384 /* with pages of 64 kB it is more: then there are no registers below 5.15 */

struct pt_regs___calls {
	int syscallno;
} __attribute__((preserve_access_index));

static __always_inline void *regs_at_end(void *stack)
{
	return (char *)stack + STACK_END - bpf_core_type_size(struct pt_regs___calls);
}

static __always_inline __s32 call_of(void *regs)
{
	__s32 nr = GT_NO_CALL;

	bpf_probe_read_kernel(&nr, sizeof(nr), &((struct pt_regs___calls *)regs)->syscallno);
	return nr;
}

static __always_inline __u64 ip_of(void *regs)
{
	__u64 ip = 0;

	bpf_probe_read_kernel(&ip, sizeof(ip), &((struct pt_regs *)regs)->user_regs.pc);
	return ip;
}
#endif

static __always_inline void *user_regs_of(struct task_struct *task)
{
	if (bpf_core_enum_value_exists(enum bpf_func_id, BPF_FUNC_task_pt_regs))
		return (void *)bpf_task_pt_regs(task);
	return regs_at_end(task->stack);
}

/* Does it leave its CPU to sleep? Who is preempted on the way there does not, yet. */
static __always_inline int goes_to_sleep(struct task_struct *prev)
{
	if (bpf_core_field_exists(prev->__state))
		return prev->__state != 0;
	return ((struct task_struct___before_5_14 *)prev)->state != 0;
}

/* The current thread, which holds this GIL by exact books, goes to sleep. */
__noinline int sleep_begins(__u64 cond, __u64 ip, __s32 call)
{
	__u64 id = current_ids();
	struct gt_sleeper_key key = { .tgid = id >> 32, .tid = (__u32)id };
	struct gt_target *target = bpf_map_lookup_elem(&targets, &key.tgid);
	struct gt_sleep s = { .since_ns = bpf_ktime_get_ns(),
			      .at = { .tgid = key.tgid, .tid = key.tid, .call = call } };
	struct gil_memory m;

	if (!target ||
	    bpf_probe_read_user(&m, sizeof(m), (void *)(cond + GT_COND_TO_LAST_HOLDER)) ||
	    m.locked != 1 || !m.last_holder)
		return 0;
	if (ip >= target->text_start && ip < target->text_end)
		ip = 0; /* in the interpreter: the Python line says it */
	if (stacks_on)
		s.at.stack = stack_capture(SLOT_OF_CLOCK, key.tgid, m.last_holder, ip);
	if (bpf_map_update_elem(&sleeps, &key, &s, BPF_ANY))
		stat_inc(GT_STAT_SLEEP_FULL);
	return 0;
}

/* In light stretches nobody sees holds: what the books say of the holder is a guess then. */
static __always_inline int is_exact(const struct gt_gil *g, __u32 tgid)
{
	struct gt_modes *modes_of;

	if (g)
		return !g->light;
	modes_of = bpf_map_lookup_elem(&modes, &tgid);
	return !modes_of || modes_of->exact;
}

/* Has this thread, which has shown no event yet, held a GIL since before the books? Then it is that one's last holder. */
static __always_inline __u64 held_from_before(__u32 tgid, __u32 tid)
{
	struct gt_sleeper_key key = { .tgid = tgid, .tid = tid };
	__u64 *cond = bpf_map_lookup_elem(&first_holds, &key);
	struct gt_tstate_key who = { .tgid = tgid };
	struct gil_memory m;
	__u32 *holder;

	if (!cond || !is_exact(NULL, tgid) ||
	    bpf_probe_read_user(&m, sizeof(m), (void *)(*cond + GT_COND_TO_LAST_HOLDER)))
		return 0;
	who.tstate = m.last_holder;
	holder = bpf_map_lookup_elem(&holders, &who);
	return holder && *holder == tid ? *cond : 0;
}

/* The cond of the GIL that the current thread holds; 0: none. */
static __always_inline __u64 held_now(__u32 tgid, __u32 tid)
{
	struct gt_tid *where = bpf_map_lookup_elem(&tids, &tid);
	struct gt_gil_key key = { .tgid = tgid };
	struct gt_gil *g;

	if (!where || where->tgid != tgid)
		return held_from_before(tgid, tid);
	for (__u32 i = 0; i < GT_TID_GILS; i++) {
		if (i >= where->cnt)
			break;
		key.cond = where->cond[i];
		g = gil_find(&key);
		if (g && g->held && g->holder_tid == tid && is_exact(g, tgid))
			return key.cond;
	}
	return 0;
}

/* A thread of a measured process leaves its CPU to sleep. */
static __always_inline void switched_out(struct task_struct *prev)
{
	__u64 id = current_ids();
	__u64 cond = held_now(id >> 32, (__u32)id);
	void *regs;

	if (!cond)
		return;
	regs = user_regs_of(prev);
	sleep_begins(cond, ip_of(regs), call_of(regs));
}

/* Only the thread itself adds to its row; to the process's all of them do. */
static __always_inline void slept_add(const struct gt_sleep_key *at, __u64 ns)
{
	struct gt_sum fresh = { .ns = ns, .cnt = 1 };
	struct gt_sleep_key key = *at;
	struct gt_sum *sum = bpf_map_lookup_elem(&slept, &key);

	if (!sum && !bpf_map_update_elem(&slept, &key, &fresh, BPF_NOEXIST))
		return;
	if (!sum) {
		stat_inc(GT_STAT_SLEEP_FULL);
		key.stack = 0;
		key.tid = 0;
		key.call = GT_NO_CALL;
		sum = bpf_map_lookup_elem(&slept, &key); /* user space has made it */
	}
	sum_put(sum, ns, 1);
}

/* A thread of a measured process is back on a CPU. */
static __always_inline void switched_in(__u32 tgid, __u32 tid)
{
	struct gt_sleeper_key key = { .tgid = tgid, .tid = tid };
	struct gt_sleep *s = bpf_map_lookup_elem(&sleeps, &key);

	if (!s)
		return;
	slept_add(&s->at, bpf_ktime_get_ns() - s->since_ns);
	bpf_map_delete_elem(&sleeps, &key);
}

static __always_inline int sched_place(__u32 tgid)
{
	return sched_places[tgid & (GT_SCHED_PLACES - 1)];
}

/* Loads alone where nothing is translated. */
static __always_inline __u64 switch_ids(struct task_struct *task)
{
	if (!pidns_inum)
		return (__u64)task->tgid << 32 | (__u32)task->pid;
	return ids_there((__u64)task);
}

static __always_inline int on_switch(__u64 preempt, struct task_struct *prev,
				     struct task_struct *next)
{
	__u64 out = switch_ids(prev), in = switch_ids(next);

	if (sched_place(out >> 32) && !(preempt & 0xff) && goes_to_sleep(prev) && !frozen)
		switched_out(prev);
	if (sched_place(in >> 32) && !frozen)
		switched_in(in >> 32, (__u32)in);
	return 0;
}

#endif
