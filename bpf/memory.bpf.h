/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* memory.bpf.h - the GIL's own fields in the target's memory: do they agree with the books? */
#ifndef GILTOP_MEMORY_BPF_H
#define GILTOP_MEMORY_BPF_H

#define CHECK_EVERY 64 /* power of two: uncontended events pay for one check in so many */

struct gil_memory {
	__u64 last_holder;
	__s32 locked;
	__u32 pad;
};

/* Read gil->locked and gil->last_holder; locked must be want. Returns last_holder, 0 if unreadable. */
static __always_inline __u64 memory_check(struct gt_gil *g, __u64 cond, __s32 want)
{
	struct gil_memory m;

	stat_inc(GT_STAT_CHECKS);
	if (bpf_probe_read_user(&m, sizeof(m), (void *)(cond + GT_COND_TO_LAST_HOLDER))) {
		stat_inc(GT_STAT_CHECK_FAULT);
		return 0;
	}
	if (m.locked != want)
		stat_inc(GT_STAT_LOCKED_WRONG);
	g->last_holder = m.last_holder;
	return m.last_holder;
}

/* The check at ACQUIRE costs as much as the rest of the program (a read of user memory: 140 of 350 ns),
 * so an uncontended one is made once in a while. A thread keeps its PyThreadState; one that was seen
 * not to (a native thread with a new one per callback) is looked at each time.
 */
static __always_inline void acquire_check(struct gt_gil *g, struct gt_thread *t, __u64 cond)
{
	__u64 tstate;

	if (t->state != GT_WAIT && !(t->flags & GT_F_TSTATE_MOVES) &&
	    (t->sums.acquisitions & (CHECK_EVERY - 1))) {
		g->last_holder = 0;
		return;
	}
	tstate = memory_check(g, cond, 1);
	if (t->tstate && tstate && tstate != t->tstate)
		t->flags |= GT_F_TSTATE_MOVES;
	t->tstate = tstate;
}

#endif
