/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* alarm.h - what user space sees of a wait or a hold while it goes on, and is told when it is over (part of giltop.h)
 *
 * Each GIL has a row in memory that user space has mapped: to look at all of them costs no call. A row is a hint, which
 * the records confirm. Written at the GIL's events alone, under its mutex, but for what says "user space".
 */
#ifndef GILTOP_ALARM_H
#define GILTOP_ALARM_H

#include "bpf/notes.h"

struct gt_alarm {
	__u64 cond; /* whose row it is; tgid 0: nobody's */
	/* Held since then; in light stretches: for so long somebody has been waiting for the same holder. 0: it is not. */
	__u64 since_ns;
	__u64 wait_ns; /* the longest wait that is known began then; 0: none is */
	__u64 busy_ns; /* somebody has been waiting all the time since then; 0: nobody waits */
	__u64 tick_ns; /* the last WAIT hit */
	__u64 calm_ns; /* a wait that was told of was over then: see alarm_waited() */
	__u64 told_ns; /* user space has told of the wait of told_tid that began then */
	__u64 more; /* waits that were long enough and at the same time as one that was told of */
	__u64 look_ns;	  /* a clock, or a waiter, last saw look_tid hold then, .. */
	__u64 look_stack; /* .. there */
	__u32 look_tid;
	__u32 tgid;
	__u32 holder_tid; /* 0: not known */
	__u32 waiter_tid; /* whose wait wait_ns is */
	__u32 waiters;
	__u32 told_tid; /* user space; 0: it has told of none that goes on */
};

/* A wait or a hold of n.tid from n.start_ns to n.end_ns; n.state: the place of its GIL in `gils`. Stacks are hashes. */
struct gt_alarm_note {
	struct gt_note n;
	__u64 stack, other_stack;
	__u32 other_tid; /* whom it waited for; who waited for it longest; 0: not known, or nobody */
	__u32 waiters;	 /* as it ended; of a wait: others */
};

_Static_assert(sizeof(struct gt_alarm) == 10 * 8 + 6 * 4, "wire format");
_Static_assert(sizeof(struct gt_alarm_note) == 64, "wire format");

#endif
