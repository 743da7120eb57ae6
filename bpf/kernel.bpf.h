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

struct task_struct {
	int pid;
	int tgid;
} __attribute__((preserve_access_index));


#endif
