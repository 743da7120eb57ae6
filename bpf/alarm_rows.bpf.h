/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* alarm_rows.bpf.h - what user space looks at to see long waits and holds while they go on (bpf/alarm.h) */
#ifndef GILTOP_ALARM_ROWS_BPF_H
#define GILTOP_ALARM_ROWS_BPF_H

#include "bpf/alarm.h"

/* Settings of user space; alarms_on: one of them is not 0. */
volatile __u32 alarms_on = 0;
volatile __u64 alarm_wait_ns = 0, alarm_hold_ns = 0;

/* Rows from here on have never been used: a hint, two CPUs may write it at once. */
volatile __u32 alarm_top = 0;

/* By the GIL's place in `gils`. */
struct gt_alarm alarms[GT_GILS] = {};

static __always_inline struct gt_alarm *alarm_row(__u32 slot)
{
	return &alarms[slot & (GT_GILS - 1)];
}

/* A GIL that is new. */
static __always_inline void alarm_new(const struct gt_gil_key *key, __u32 slot)
{
	struct gt_alarm *a = alarm_row(slot);

	__builtin_memset(a, 0, sizeof(*a));
	a->cond = key->cond;
	a->tgid = key->tgid;
	if (alarm_top <= slot)
		alarm_top = slot + 1;
}

#endif
