/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* offcpu.bpf.h - holders that do not run: for how much of its holds had a thread no CPU?
 *
 * Without a look at any context switch. The kernel keeps in each task when it last got a CPU, how much CPU time it had
 * used by then, and for how long it had wanted a CPU and had none. All three change when it gets a CPU, and at no other
 * time. So a hold in which the first is the same at both ends ran all along: that is one load at each end. In another,
 * from the last arrival before the hold to the last one in it, it ran for what it used of CPU time, and did not run for
 * the rest; the time since an arrival is time on a CPU, both before the hold and at its end, and cancels out. No clock
 * is read, no tick waited for: sum_exec_runtime would lag by up to one.
 *
 * What it had to wait for a CPU is run_delay: preempted or throttled, also a task that was throttled on its way back to
 * user space. The rest it slept. (Time in interrupts is not the task's: of a hold that was interrupted by others at
 * all, it is with those.)
 */
#ifndef GILTOP_OFFCPU_BPF_H
#define GILTOP_OFFCPU_BPF_H

static __always_inline void run_read(struct gt_run *ret, __u64 arrived)
{
	ret->arrived_ns = arrived;
	ret->ran_ns = task_ran_ns();
	ret->queued_ns = task_queued_ns((struct task_struct *)bpf_get_current_task());
}

/* A hold begins now. */
static __always_inline void run_begins(struct gt_thread *t, __u64 now)
{
	__u64 arrived = task_arrived_ns();

	if (t->run.arrived_ns != arrived)
		run_read(&t->run, arrived);
	t->run_since_ns = now;
}

/* Of a hold of ns that ends now, in which it was given a CPU, at the last moment `arrived`. */
static __always_inline void run_split(struct gt_thread *t, __u64 ns, __u64 arrived)
{
	struct gt_run was = t->run;
	__u64 wall, ran, off, queued;

	run_read(&t->run, arrived);
	wall = t->run.arrived_ns - was.arrived_ns;
	ran = t->run.ran_ns - was.ran_ns;
	off = wall > ran ? wall - ran : 0;
	off = off < ns ? off : ns;
	queued = t->run.queued_ns - was.queued_ns;
	t->sums.hold_offcpu_ns += off;
	t->sums.hold_runnable_ns += queued < off ? queued : off;
}

/* A hold of ns ends now. One whose start was not seen here is not split, nor is any where the kernel does not say. */
static __always_inline void run_ends(struct gt_thread *t, __u64 ns)
{
	__u64 arrived = task_arrived_ns();

	if (!arrived || !t->run.arrived_ns || t->run_since_ns != t->since_ns)
		return;
	t->sums.hold_split_ns += ns;
	if (t->run.arrived_ns != arrived)
		run_split(t, ns, arrived);
}

#endif
