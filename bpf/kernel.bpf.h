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

/* A register by its DWARF number (gil_site.h); 0 for one that cannot hold the argument. */
static __always_inline unsigned long reg_by_dwarf(struct pt_regs *ctx, __u32 no)
{
#if defined(__TARGET_ARCH_x86)
	switch (no) {
	case 0: return ctx->ax;
	case 1: return ctx->dx;
	case 2: return ctx->cx;
	case 3: return ctx->bx;
	case 4: return ctx->si;
	case 5: return ctx->di;
	case 6: return ctx->bp;
	case 7: return ctx->sp;
	case 8: return ctx->r8;
	case 9: return ctx->r9;
	case 10: return ctx->r10;
	case 11: return ctx->r11;
	case 12: return ctx->r12;
	case 13: return ctx->r13;
	case 14: return ctx->r14;
	case 15: return ctx->r15;
	case 16: return ctx->ip;
	}
#else
	/* Only those that the calling convention keeps over a call, and the first argument. */
	switch (no) {
	case 0: return ctx->user_regs.regs[0];
	case 19: return ctx->user_regs.regs[19];
	case 20: return ctx->user_regs.regs[20];
	case 21: return ctx->user_regs.regs[21];
	case 22: return ctx->user_regs.regs[22];
	case 23: return ctx->user_regs.regs[23];
	case 24: return ctx->user_regs.regs[24];
	case 25: return ctx->user_regs.regs[25];
	case 26: return ctx->user_regs.regs[26];
	case 27: return ctx->user_regs.regs[27];
	case 28: return ctx->user_regs.regs[28];
	case 29: return ctx->user_regs.regs[29];
	case 31: return ctx->user_regs.sp;
	case 32: return ctx->user_regs.pc;
	}
#endif
	return 0;
}

struct task_struct {
	int pid;
	int tgid;
} __attribute__((preserve_access_index));

#endif
