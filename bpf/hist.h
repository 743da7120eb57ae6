/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* hist.h - a histogram of durations, written by the kernel side, read by user space */
#ifndef GILTOP_HIST_H
#define GILTOP_HIST_H

#ifndef __bpf__
#include <linux/types.h>
#endif

/* Log-linear: 4 buckets an octave from 128 ns (2^7) to 137 s (2^37), one bucket below and the last
 * one for everything above: a quantile read from it is off by at most 1/8 of its value.
 */
#define GT_HIST_MIN_SHIFT 7
#define GT_HIST_OCTAVES	  30
#define GT_HIST_SUB_BITS  2
#define GT_HIST_BUCKETS	  (1 + (GT_HIST_OCTAVES << GT_HIST_SUB_BITS) + 1)

struct gt_hist {
	__u64 cnt[GT_HIST_BUCKETS]; /* 32 bits would be full after 12 hours of 100,000 a second */
};

static inline __attribute__((always_inline)) __u32 gt_log2(__u64 v)
{
	__u32 r = 0;

	for (__u32 half = 32; half > 1; half /= 2) {
		if (v >> half) {
			v >>= half;
			r += half;
		}
	}
	return r + (__u32)(v >> 1);
}

/* Bucket of a duration in ns. */
static inline __attribute__((always_inline)) __u32 gt_hist_bucket(__u64 ns)
{
	__u32 octave, sub, b;

	if (ns < (1ULL << GT_HIST_MIN_SHIFT))
		return 0;
	octave = gt_log2(ns);
	sub = (__u32)(ns >> (octave - GT_HIST_SUB_BITS)) & ((1u << GT_HIST_SUB_BITS) - 1);
	b = 1 + ((octave - GT_HIST_MIN_SHIFT) << GT_HIST_SUB_BITS) + sub;
	return b < GT_HIST_BUCKETS ? b : GT_HIST_BUCKETS - 1;
}

_Static_assert(sizeof(struct gt_hist) == 8 * 122, "wire format");

#endif
