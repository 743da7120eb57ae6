/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* ids.bpf.h - processes and threads by the numbers that giltop knows them by
 *
 * In a pid namespace of its own (a container) giltop sees other ids than the kernel has, in /proc and everywhere: then
 * all that the maps hold are ids of that namespace, also of processes in namespaces below it; processes elsewhere have
 * none. Which depth it has is not to be seen from user space: the first task directly in it shows it, and giltop starts
 * one.
 */
#ifndef GILTOP_IDS_BPF_H
#define GILTOP_IDS_BPF_H

/* giltop's pid namespace by its number in /proc/self/ns; 0: the machine's, nothing is translated. Set before load. */
GT_SETTING __u32 pidns_inum = 0;

/* The same, as the kernel has it, once it is known. */
volatile __u64 pidns_at = 0;
volatile __u32 pidns_level = 0;

/* The id of this struct pid at a depth, and in which namespace that is. */
static __always_inline __u32 pid_at(struct pid *pid, __u32 level, struct pid_namespace **ns)
{
	struct upid u = {};
	char *numbers = (char *)pid + bpf_core_field_offset(struct pid, numbers);

	bpf_probe_read_kernel(&u.nr, sizeof(u.nr),
			      numbers + level * bpf_core_type_size(struct upid) +
				      bpf_core_field_offset(struct upid, nr));
	bpf_probe_read_kernel(&u.ns, sizeof(u.ns),
			      numbers + level * bpf_core_type_size(struct upid) +
				      bpf_core_field_offset(struct upid, ns));
	*ns = u.ns;
	return (__u32)u.nr;
}

static __always_inline void find_own_level(struct pid *pid)
{
	__u32 level = BPF_CORE_READ(pid, level);
	struct pid_namespace *ns;

	pid_at(pid, level, &ns);
	if (!level || BPF_CORE_READ(ns, ns.inum) != pidns_inum)
		return;
	pidns_at = (__u64)ns;
	pidns_level = level;
}

/* 0: it is not in giltop's namespace. */
static __always_inline __u32 own_id(struct pid *pid)
{
	struct pid_namespace *ns;
	__u32 nr;

	if (!pid)
		return 0;
	if (!pidns_level)
		find_own_level(pid);
	if (!pidns_level || BPF_CORE_READ(pid, level) < pidns_level)
		return 0;
	nr = pid_at(pid, pidns_level, &ns);
	return (__u64)ns == pidns_at ? nr : 0;
}

/* tgid << 32 | tid of a task; 0: it has none here. (A number: a global function takes no other pointers.) */
__noinline __u64 ids_there(__u64 at)
{
	struct task_struct *task = (void *)at;
	__u32 tid = own_id(BPF_CORE_READ(task, thread_pid));
	__u32 tgid = own_id(BPF_CORE_READ(task, group_leader, thread_pid));

	return tid && tgid ? (__u64)tgid << 32 | tid : 0;
}

static __always_inline __u64 current_ids(void)
{
	if (!pidns_inum)
		return bpf_get_current_pid_tgid();
	return ids_there(bpf_get_current_task());
}

static __always_inline __u64 task_ids(struct task_struct *task)
{
	if (!pidns_inum)
		return (__u64)BPF_CORE_READ(task, tgid) << 32 | (__u32)BPF_CORE_READ(task, pid);
	return ids_there((__u64)task);
}

/* Whose child the current process is; 0: of one that has no id here. */
static __always_inline __u32 parent_id(void)
{
	struct task_struct *task = (struct task_struct *)bpf_get_current_task();

	return task_ids(BPF_CORE_READ(task, real_parent)) >> 32;
}

/* What the current thread, and all in its process, is called in a namespace below giltop's; 0: it is in none. */
static __always_inline __u32 inner_id(void)
{
	struct pid *pid = BPF_CORE_READ((struct task_struct *)bpf_get_current_task(), thread_pid);
	__u32 level = BPF_CORE_READ(pid, level);
	struct pid_namespace *ns;

	return level > pidns_level ? pid_at(pid, level, &ns) : 0;
}

#endif
