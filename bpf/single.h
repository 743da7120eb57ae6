/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* single.h - events one by one, as the BPF programs hand them to user space (part of giltop.h) */
#ifndef GILTOP_SINGLE_H
#define GILTOP_SINGLE_H

#ifndef __bpf__
#include <stdint.h>
#include <linux/types.h>
#endif

/* The same numbers as in user/books/event.h, which says what they mean. */
enum gt_single_kind {
	GT_SINGLE_WAIT = 1,
	GT_SINGLE_RETRY,
	GT_SINGLE_GET,
	GT_SINGLE_RELEASE,
	GT_SINGLE_YIELD,
	GT_SINGLE_YIELD_END,
	GT_SINGLE_START,
	GT_SINGLE_END,
	GT_SINGLE_WAKE,
};

enum gt_single_flag {
	GT_SINGLE_F_ASKED = 1 << 0,
	GT_SINGLE_F_LIGHT = 1 << 1,
	GT_SINGLE_F_HOLDS = 1 << 2,
};

#define GT_SINGLE_NO_CPU (~0ull)

/* Addresses of user space have 48 bits, unless it asks for more: kind and flags are below that of the lock. */
#define GT_SINGLE_COND_SHIFT 16
#define GT_SINGLE_FLAG_SHIFT 8

struct gt_single {
	__u64 ns;
	__u64 cpu_ns; /* CPU time of the thread by then, from an origin of its own */
	__u64 what;   /* cond << 16 | flags << 8 | kind */
	__u64 who;    /* tgid << 32 | tid */
	__u64 arg;    /* GET, RELEASE: hash of a stack; others: a tid; 0: none */
};

_Static_assert(sizeof(struct gt_single) == 40, "wire format");

#endif
