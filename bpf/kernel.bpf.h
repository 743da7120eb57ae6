/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* kernel.bpf.h - the few kernel types used, instead of a 3 MB vmlinux.h
 *
 * Only the fields that are read; preserve_access_index lets libbpf find their real places in the
 * running kernel's BTF. pt_regs is the exception: a program's context has one layout for all kernels.
 */
#ifndef GILTOP_KERNEL_BPF_H
#define GILTOP_KERNEL_BPF_H

#include <linux/bpf.h>

/* Make bpf_tracing.h use the kernel's own names of the registers. */
#define __VMLINUX_H__ 1

#if defined(__TARGET_ARCH_x86)
struct pt_regs {
	unsigned long r15, r14, r13, r12, bp, bx, r11, r10, r9, r8, ax, cx, dx, si, di;
	unsigned long orig_ax, ip, cs, flags, sp, ss;
};
#elif defined(__TARGET_ARCH_arm64)
struct user_pt_regs {
	__u64 regs[31], sp, pc, pstate;
};
struct pt_regs {
	struct user_pt_regs user_regs;
};
#else
#error "add the register layout of this architecture"
#endif

#include <bpf/bpf_helpers.h>
#include <bpf/bpf_tracing.h>
#include <bpf/bpf_core_read.h>

/* A register by its DWARF number (gil_site.h); 0 for one that cannot hold the argument. The asm keeps
 * the compiler from making one load with a computed offset of them, which the verifier refuses.
 */
#define GT_REG(number, place)                                                                      \
	case number:                                                                               \
		v = place;                                                                         \
		asm volatile("" : "+r"(v));                                                        \
		break

static __always_inline unsigned long reg_by_dwarf(struct pt_regs *ctx, __u32 no)
{
	unsigned long v = 0;

	switch (no) {
#if defined(__TARGET_ARCH_x86)
		GT_REG(0, ctx->ax);
		GT_REG(1, ctx->dx);
		GT_REG(2, ctx->cx);
		GT_REG(3, ctx->bx);
		GT_REG(4, ctx->si);
		GT_REG(5, ctx->di);
		GT_REG(6, ctx->bp);
		GT_REG(7, ctx->sp);
		GT_REG(8, ctx->r8);
		GT_REG(9, ctx->r9);
		GT_REG(10, ctx->r10);
		GT_REG(11, ctx->r11);
		GT_REG(12, ctx->r12);
		GT_REG(13, ctx->r13);
		GT_REG(14, ctx->r14);
		GT_REG(15, ctx->r15);
		GT_REG(16, ctx->ip);
#else
		/* Only those that the calling convention keeps over a call, and the first argument. */
		GT_REG(0, ctx->user_regs.regs[0]);
		GT_REG(19, ctx->user_regs.regs[19]);
		GT_REG(20, ctx->user_regs.regs[20]);
		GT_REG(21, ctx->user_regs.regs[21]);
		GT_REG(22, ctx->user_regs.regs[22]);
		GT_REG(23, ctx->user_regs.regs[23]);
		GT_REG(24, ctx->user_regs.regs[24]);
		GT_REG(25, ctx->user_regs.regs[25]);
		GT_REG(26, ctx->user_regs.regs[26]);
		GT_REG(27, ctx->user_regs.regs[27]);
		GT_REG(28, ctx->user_regs.regs[28]);
		GT_REG(31, ctx->user_regs.sp);
		GT_REG(32, ctx->user_regs.pc);
#endif
	}
	return v;
}

typedef struct {
	int counter;
} atomic_t;

struct signal_struct {
	atomic_t live; /* threads of the process that have not ended */
} __attribute__((preserve_access_index));

struct super_block {
	__u32 s_dev;
} __attribute__((preserve_access_index));

struct inode {
	unsigned long i_ino;
	struct super_block *i_sb;
} __attribute__((preserve_access_index));

struct file {
	struct inode *f_inode;
} __attribute__((preserve_access_index));

struct linux_binprm {
	struct file *file; /* that is executed: of a script its interpreter */
} __attribute__((preserve_access_index));

struct sched_info {
	unsigned long long run_delay;	 /* ns without a CPU, but wanting one */
	unsigned long long last_arrival; /* when it last got one */
} __attribute__((preserve_access_index));

struct sched_entity {
	__u64 sum_exec_runtime;	     /* up to its last tick */
	__u64 prev_sum_exec_runtime; /* as of last_arrival; of the fair class alone */
} __attribute__((preserve_access_index));

struct ns_common {
	unsigned int inum;
} __attribute__((preserve_access_index));

struct pid_namespace {
	struct ns_common ns;
} __attribute__((preserve_access_index));

struct upid {
	int nr;
	struct pid_namespace *ns;
} __attribute__((preserve_access_index));

/* A task's ids, in its namespace (the last one) and all those above. */
struct pid {
	unsigned int level;
	struct upid numbers[1];
} __attribute__((preserve_access_index));

struct task_struct {
	int pid;
	int tgid;
	struct task_struct *real_parent;
	struct task_struct *group_leader;
	struct pid *thread_pid;
	unsigned int __state; /* 0: it runs, or would if it had a CPU */
	int prio;	      /* below 100: real-time */
	unsigned long nvcsw;  /* how often it went to sleep */
	void *stack;	      /* the kernel's */
	struct signal_struct *signal;
	struct sched_info sched_info;
	struct sched_entity se;
} __attribute__((preserve_access_index));

struct task_struct___before_5_14 {
	long state;
} __attribute__((preserve_access_index));

/* Does this thread sleep? */
static __always_inline int task_sleeps(struct task_struct *task)
{
	struct task_struct___before_5_14 *old = (void *)task;

	if (bpf_core_field_exists(task->__state))
		return BPF_CORE_READ(task, __state) != 0;
	return BPF_CORE_READ(old, state) != 0;
}

/* Does the kernel count for how long a thread wants a CPU and has none (CONFIG_SCHED_INFO)? */
static __always_inline int task_queued_known(void)
{
	struct task_struct *task = NULL;

	return bpf_core_field_exists(task->sched_info.run_delay);
}

/* For how long has this thread wanted a CPU and had none? 0: the kernel does not say. */
static __always_inline __u64 task_queued_ns(struct task_struct *task)
{
	if (!task_queued_known())
		return 0;
	return BPF_CORE_READ(task, sched_info.run_delay);
}

/* A field of the current task. Loads alone, where the kernel has the helper (5.11): a tenth of what a read costs. */
#define TASK_READ(field)                                                                           \
	(bpf_core_enum_value_exists(enum bpf_func_id, BPF_FUNC_get_current_task_btf)               \
		 ? bpf_get_current_task_btf()->field                                               \
		 : BPF_CORE_READ((struct task_struct *)bpf_get_current_task(), field))

/* When did this thread last get a CPU? 0: the kernel does not say. */
static __always_inline __u64 task_arrived_ns(void)
{
	struct task_struct *task = NULL;

	if (!bpf_core_field_exists(task->sched_info.last_arrival) ||
	    !bpf_core_field_exists(task->se.prev_sum_exec_runtime))
		return 0;
	return TASK_READ(sched_info.last_arrival);
}

/* CPU time that it had used by then; of a real-time task, up to the last tick. */
static __always_inline __u64 task_ran_ns(void)
{
	return TASK_READ(prio) < 100 ? TASK_READ(se.sum_exec_runtime)
				     : TASK_READ(se.prev_sum_exec_runtime);
}

#endif
