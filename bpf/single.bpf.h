/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* single.bpf.h - events one by one, into a ring of their own: for recordings
 *
 * With the very time that is booked, and before the records that it has changed are at peace again: a reader who has found
 * them so (bpf/cut.bpf.h) finds in the ring all that they are made of. Those of one GIL come under its mutex, those of a
 * thread from that thread: both are in order.
 *
 * They come after the clock was read, at all kinds alike, so that what they take (the ring's lock, a copy of 40 bytes) is at
 * neither end of a hold alone.
 */
#ifndef GILTOP_SINGLE_BPF_H
#define GILTOP_SINGLE_BPF_H

/* Without it the verifier takes out what follows from it. */
GT_SETTING __u32 events_on = 0;

#define SINGLES_SZ (8u << 20)

struct {
	__uint(type, BPF_MAP_TYPE_RINGBUF);
	__uint(max_entries, SINGLES_SZ);
} singles SEC(".maps");

/* User space is woken when so much is in it, and each time that so much more is, should it not have come. */
#define SINGLES_WAKE	  (SINGLES_SZ / 8)
#define SINGLES_WAKE_MORE (64u << 10)

static __always_inline __u64 singles_wake(void)
{
	__u64 sz = bpf_ringbuf_query(&singles, BPF_RB_AVAIL_DATA);

	if (sz < SINGLES_WAKE || (sz & (SINGLES_WAKE_MORE - 1)) >= sizeof(struct gt_single) + 8)
		return BPF_RB_NO_WAKEUP;
	return BPF_RB_FORCE_WAKEUP;
}

/* what, who: as in struct gt_single. */
__noinline int single_put(__u64 what, __u64 who, __u64 ns, __u64 cpu_ns, __u64 arg)
{
	struct gt_single e = { .ns = ns, .cpu_ns = cpu_ns, .what = what, .who = who, .arg = arg };

	if (bpf_ringbuf_output(&singles, &e, sizeof(e), singles_wake()))
		stat_inc(GT_STAT_EVENT_DROP);
	return 0;
}

/* CPU time of the thread that runs here. Since it last got its CPU it runs: no tick is waited for. That moment is by the
 * scheduler's clock, now by ours: so all are off by what lies between those two, and differences are not.
 */
static __always_inline __u64 single_cpu(__u64 now)
{
	__u64 arrived = task_arrived_ns();

	return arrived ? task_ran_ns() + now - arrived : GT_SINGLE_NO_CPU;
}

static __always_inline __u64 single_what(__u64 cond, __u64 kind, __u64 flags)
{
	return cond << GT_SINGLE_COND_SHIFT | flags << GT_SINGLE_FLAG_SHIFT | kind;
}

static __always_inline __u64 single_who(const struct gt_thread *t)
{
	return (__u64)t->tgid << 32 | t->tid;
}

/* An event of t, which runs here. */
static __always_inline void single_out(const struct gt_thread *t, __u64 cond, __u64 kind,
				       __u64 flags, __u64 arg, __u64 now)
{
	if (events_on)
		single_put(single_what(cond, kind, flags), single_who(t), now, single_cpu(now),
			   arg);
}

/* .. of one that another is seen by. */
static __always_inline void single_of_other(const struct gt_thread *t, __u64 cond, __u64 kind,
					    __u64 flags, __u64 now)
{
	if (events_on)
		single_put(single_what(cond, kind, flags), single_who(t), now, GT_SINGLE_NO_CPU, 0);
}

#endif
