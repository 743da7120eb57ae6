/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* alarm.bpf.h - waits and holds that are longer than somebody wants them to be (--on-wait, --on-hold)
 *
 * That one goes on for too long is seen by user space, which looks at the rows (bpf/alarm.h): nothing has to happen at the
 * GIL for that. That one is over is told from here, so that none is missed between two looks. With both limits 0 all of
 * this is a load and a branch at each event.
 *
 * Of waits there may be thousands at once, all behind one hold. Only one at a time is told of for each GIL: another one
 * counts from the end of that on, and is merely counted if that leaves less than the limit.
 */
#ifndef GILTOP_ALARM_BPF_H
#define GILTOP_ALARM_BPF_H

#include "bpf/alarm_rows.bpf.h"

/* In a ring of their own: they must not cost an exec. */
struct {
	__uint(type, BPF_MAP_TYPE_RINGBUF);
	__uint(max_entries, 64 * 1024);
} alarm_notes SEC(".maps");

static __always_inline void alarm_out(const struct gt_alarm_note *n)
{
	if (bpf_ringbuf_output(&alarm_notes, (void *)n, sizeof(*n), 0))
		stat_inc(GT_STAT_ALARM_DROP);
}

static __always_inline struct gt_thread *thread_at(__u64 cond, __u32 tid)
{
	struct gt_thread_key key = { .cond = cond, .tid = tid };

	return bpf_map_lookup_elem(&threads, &key);
}

/* Where was its holder seen, in this time? 0: it was not. */
static __always_inline __u64 alarm_seen(const struct gt_alarm *a, __u32 tid, __u64 since)
{
	return a->look_tid == tid && a->look_ns >= since ? a->look_stack : 0;
}

/* The hold of this thread that began then is over. */
__noinline int alarm_held(__u32 slot, __u32 tid, __u64 since, __u64 now)
{
	struct gt_gil *g = bpf_map_lookup_elem(&gils, &slot);
	struct gt_alarm *a = alarm_row(slot);
	struct gt_alarm_note n = { .n = { .kind = GT_NOTE_HELD, .tid = tid, .state = slot } };
	struct gt_thread *t;

	a->since_ns = 0;
	a->holder_tid = 0;
	if (!g || !alarm_hold_ns || now - since < alarm_hold_ns)
		return 0;
	n.n.tgid = g->key.tgid;
	n.n.start_ns = since;
	n.n.end_ns = now;
	n.n.gil = g->key.cond;
	n.stack = alarm_seen(a, tid, since);
	n.waiters = g->waiters;
	if (g->waiters)
		n.other_tid = a->waiter_tid;
	t = thread_at(g->key.cond, n.other_tid);
	if (t)
		n.other_stack = t->wait_stack;
	t = thread_at(g->key.cond, tid);
	if (stacks_on && !n.stack && t && !g->light && t->tstate)
		n.stack = stack_capture(slot, t->tgid, t->tstate, 0);
	alarm_out(&n);
	return 0;
}

/* A wait is over; the GIL's waiters are those that are left. */
__noinline int alarm_waited(__u32 slot, __u32 tid, __u64 since, __u64 now)
{
	struct gt_gil *g = bpf_map_lookup_elem(&gils, &slot);
	struct gt_alarm *a = alarm_row(slot);
	struct gt_alarm_note n = { .n = { .kind = GT_NOTE_WAITED, .tid = tid, .state = slot } };
	__u64 from = a->calm_ns > since ? a->calm_ns : since;
	struct gt_thread *t;

	if (!g)
		return 0;
	a->waiters = g->waiters;
	if (!g->waiters)
		a->busy_ns = 0;
	if (!g->waiters && g->light)
		a->since_ns = 0;
	if (a->waiter_tid == tid)
		a->waiter_tid = a->wait_ns = 0;
	if (!alarm_wait_ns || now - since < alarm_wait_ns)
		return 0;
	if ((a->told_tid != tid || a->told_ns != since) &&
	    (a->told_tid || now - from < alarm_wait_ns)) {
		a->more++;
		return 0;
	}
	a->told_tid = 0;
	a->calm_ns = now;
	n.n.tgid = g->key.tgid;
	n.n.start_ns = since;
	n.n.end_ns = now;
	n.n.gil = g->key.cond;
	t = thread_at(g->key.cond, tid);
	if (t)
		n.stack = t->wait_stack;
	n.other_tid = g->past[(g->hold_cnt - 1) & (GT_RING_HOLDS - 1)].tid;
	if (a->look_ns >= since) {
		n.other_tid = a->look_tid;
		n.other_stack = a->look_stack;
	}
	n.waiters = g->waiters;
	alarm_out(&n);
	return 0;
}

/* t has begun to wait, or waits for another switch interval; the GIL's record is as after that. */
static __always_inline void alarm_waits(const struct gt_gil *g, const struct gt_thread *t,
					__u64 now)
{
	struct gt_alarm *a = alarm_row(t->gil_slot);
	__u32 first = !a->busy_ns;

	a->waiters = g->waiters;
	a->tick_ns = now;
	if (first)
		a->busy_ns = now;
	if (!a->waiter_tid || t->since_ns < a->wait_ns) {
		a->wait_ns = t->since_ns;
		a->waiter_tid = t->tid;
	}
	a->holder_tid = g->holder_tid;
	if (g->held && (!a->since_ns || (g->light && first)))
		a->since_ns = g->light ? now : g->hold_since_ns;
}

static __always_inline void alarm_holds(const struct gt_thread *t, __u64 now)
{
	struct gt_alarm *a = alarm_row(t->gil_slot);

	a->holder_tid = t->tid;
	a->since_ns = now;
}

/* In a light stretch: another one (0: nobody) is taken to hold it from now on. A hold is what somebody has waited for. */
static __always_inline void alarm_light(const struct gt_gil *g, __u32 slot, __u32 tid, __u64 now)
{
	struct gt_alarm *a = alarm_row(slot);

	if (a->since_ns && g->waiters)
		alarm_held(slot, g->holder_tid, a->since_ns, now);
	a->holder_tid = tid;
	a->since_ns = tid && g->waiters ? now : 0;
}

/* The holder has been seen there. */
static __always_inline void alarm_look(__u32 slot, __u32 tid, __u64 stack, __u64 now)
{
	struct gt_alarm *a = alarm_row(slot);

	a->look_tid = tid;
	a->look_stack = stack;
	a->look_ns = now;
}

#endif
