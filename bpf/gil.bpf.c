// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* gil.bpf.c - the books of the GIL, kept in the kernel
 *
 * CPython's GIL is a flag (gil->locked) under a mutex (gil->mutex) with two condition variables. Each
 * acquisition ends with pthread_cond_signal(&gil->switch_cond), each release with
 * pthread_cond_signal(&gil->cond), each blocked thread sits in pthread_cond_timedwait(&gil->cond) and
 * wakes once per switch interval, and a thread that let go because others asked for it waits in
 * pthread_cond_wait(&gil->switch_cond) until one of them has it. The uprobes are on those four calls
 * (and after the last one), inside take_gil and drop_gil and wherever the compiler inlined them.
 *
 * WAIT, ACQUIRE and RELEASE run with gil->mutex held by the target. So the events of one GIL are
 * totally ordered, its record here needs no lock, and the integral of the number of waiters over time
 * is exact: the sum of all waits equals, to the nanosecond, the waiting during holds (blame) plus the
 * waiting during hand-over gaps. A thread's own record is written by that thread alone.
 *
 * Time never goes back: bpf_ktime_get_ns() may differ a little between CPUs, so each event takes the
 * later of the clock and the last event's time; both sides of the equation use the same value.
 *
 * What is not ordered by gil->mutex is a thread's death. A thread that dies waiting (a daemon thread at
 * shutdown) is put into a queue, and the next event of that GIL closes its wait, under the mutex.
 */
#include "bpf/kernel.bpf.h"
#include "bpf/accounting.bpf.h"
#include "bpf/sched.bpf.h"
#include "bpf/wake.bpf.h"

char LICENSE[] SEC("license") = "Dual BSD/GPL";

/* A program, for uprobes on the sites of one kind. */
#define SITE_PROGRAM(name, handler)                                                                \
	SEC("uprobe") int name(struct pt_regs *ctx)                                                \
	{                                                                                          \
		return handler;                                                                    \
	}

/* Whose probe is it? Kernels without cookies have none that is for all processes. */
static __always_inline __u32 file_of(struct pt_regs *ctx)
{
	if (!bpf_core_enum_value_exists(enum bpf_func_id, BPF_FUNC_get_attach_cookie))
		return 0;
	return bpf_get_attach_cookie(ctx) >> GT_COOKIE_FILE;
}

SITE_PROGRAM(gil_wait, on_wait(PT_REGS_PARM1(ctx), file_of(ctx)))
SITE_PROGRAM(gil_acquire, on_acquire(PT_REGS_PARM1(ctx) - GT_COND_TO_SWITCH_COND, file_of(ctx)))
SITE_PROGRAM(gil_release, on_release(PT_REGS_PARM1(ctx), file_of(ctx)))
SITE_PROGRAM(gil_yield, on_yield(PT_REGS_PARM1(ctx) - GT_COND_TO_SWITCH_COND))
SITE_PROGRAM(gil_yield_end, on_yield_end())
SITE_PROGRAM(gil_after, on_after())

/* The same for sites where the lock is not in the first argument register: -fno-plt builds are probed
 * at a cheap instruction near the call. The cookie says where the argument is: a register by its DWARF
 * number, plus a displacement. Loaded only when a target needs them (cookies: Linux 5.15).
 */
static __always_inline __u64 arg_by_cookie(struct pt_regs *ctx)
{
	__u64 cookie = bpf_get_attach_cookie(ctx);

	return reg_by_dwarf(ctx, (__u8)(cookie >> 32)) + (__s32)cookie;
}

SITE_PROGRAM(gil_wait_reg, on_wait(arg_by_cookie(ctx), file_of(ctx)))
SITE_PROGRAM(gil_acquire_reg, on_acquire(arg_by_cookie(ctx) - GT_COND_TO_SWITCH_COND, file_of(ctx)))
SITE_PROGRAM(gil_release_reg, on_release(arg_by_cookie(ctx), file_of(ctx)))
SITE_PROGRAM(gil_yield_reg, on_yield(arg_by_cookie(ctx) - GT_COND_TO_SWITCH_COND))

SEC("perf_event")
int cpu_clock(struct pt_regs *ctx)
{
	return on_clock(PT_REGS_IP(ctx));
}

/* ---- the life of threads and processes ---- */

SITE_PROGRAM(thread_pause, on_pause())

SEC("raw_tp/sched_process_exit")
int task_exit(void *ctx)
{
	return on_task_exit();
}

SEC("raw_tp/sched_process_fork")
int task_fork(struct bpf_raw_tracepoint_args *ctx)
{
	return on_task_fork((struct task_struct *)ctx->args[0], (struct task_struct *)ctx->args[1]);
}

SEC("raw_tp/sched_process_exec")
int task_exec(struct bpf_raw_tracepoint_args *ctx)
{
	struct linux_binprm *bprm = (struct linux_binprm *)ctx->args[2];
	struct inode *exe = BPF_CORE_READ(bprm, file, f_inode);

	return on_task_exec((__u32)ctx->args[1], BPF_CORE_READ(exe, i_ino),
			    BPF_CORE_READ(exe, i_sb, s_dev));
}

/* ---- --sched ---- */

SEC("tp_btf/sched_switch")
int sched_switch(__u64 *ctx)
{
	return on_switch(ctx[0], (struct task_struct *)ctx[1], (struct task_struct *)ctx[2]);
}

SEC("tp_btf/sched_waking")
int sched_waking(__u64 *ctx)
{
	return on_waking((struct task_struct *)ctx[0]);
}

/* Linux 5.18.0 to .3 had the previous task's state between them (fa2c3254d7cf, undone by 9c2136be0878). */
SEC("tp_btf/sched_switch")
int sched_switch_5_18(__u64 *ctx)
{
	return on_switch(ctx[0], (struct task_struct *)ctx[2], (struct task_struct *)ctx[3]);
}
