/* SPDX-License-Identifier: BSD-2-Clause */
/* hist.h - what can be asked of a histogram of durations (bpf/hist.h) */
#ifndef GILTOP_BASE_HIST_H
#define GILTOP_BASE_HIST_H

#include <stdint.h>

#include "bpf/hist.h"
#include "user/base/units.h"

/* Value (ns) below which the fraction q of the entries lies, interpolated; NS_UNKNOWN if empty. */
uint64_t hist__quantile(const struct gt_hist *h, double q);
/* .. but no more than the maximum that is known apart: the last bucket is wide. */
uint64_t hist__quantile_upto(const struct gt_hist *h, double q, uint64_t max_ns);
uint64_t hist__count(const struct gt_hist *h);
/* Lower bound (ns) of bucket b; hist__bucket_floor(GT_HIST_BUCKETS) is the end of the last. */
uint64_t hist__bucket_floor(unsigned int b);

#endif
