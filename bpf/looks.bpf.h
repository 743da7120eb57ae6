/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* looks.bpf.h - where the time of holds goes: a fair sample of looks at the holder's Python stack
 *
 * How long a thread held the GIL, and how long others waited for it meanwhile, is counted to the nanosecond; where it
 * was is sampled, and user space scales the sample to the exact sum (user/model/places.c). A look at the end of a
 * hold would say where the time was not spent: a hold that decodes for 3 ms and then sends ends in send().
 *
 * While the holder runs, the clock of its CPU looks, every GT_LOOK_NS: for holds always, for blame if somebody
 * waits. What it sees then goes into a ring, and who has waited takes from there all that was seen during the wait: so a
 * look counts once for each that waited. While the holder sleeps (in C, with the GIL), those who wait look: each at its
 * tick, once per switch interval; and the first half of one, before its first tick, goes to what it saw when it came.
 * Each look has a weight in nanoseconds: the time that it stands for.
 *
 * Only where nothing of that was seen lately does a hold's end count: GT_SUM_END, GT_SUM_END_BLAME.
 */
#ifndef GILTOP_LOOKS_BPF_H
#define GILTOP_LOOKS_BPF_H

GT_MAP(looks, BPF_MAP_TYPE_ARRAY, GT_GILS, __u32,
       struct gt_looks); /* by the GIL's place in `gils` */

/* The holder's stack is walked by waiters not more often, however many they are: each ticks once per switch
 * interval, 5 ms.
 */
#define LOOK_WALK_NS 4000000
/* Who comes to wait stands for so much of its wait at most: half a switch interval. */
#define LOOK_FIRST_NS 2500000
/* A tick stands for so much at most. */
#define LOOK_TICK_NS 50000000
/* The end of a hold says where it was, if nothing has for so long. */
#define LOOK_STALE_NS 500000000
/* Of what was seen during a wait so many are taken at most, each for several. */
#define LOOKS_TAKEN 16

/* Does the holder run, or would it if it had a CPU? (It may have lost that one to the waiter who asks. What it does
 * without one is no place of its own: what the clock sees stands for that.) Without knowing it, or with no clock that
 * looks: no.
 */
static __always_inline int holder_runs(const struct gt_gil *g)
{
	struct task_struct *task = (struct task_struct *)g->holder_task;

	return clock_on && task && !task_sleeps(task);
}

/* Is the garbage collector of this thread's interpreter at work? Then it is what runs, below the Python line that set
 * it off.
 */
static __always_inline int collecting(const struct py_layout *l, __u64 tstate)
{
	__u64 base = l->gc_base;
	__u32 on = 0;

	if (!l->gc_collecting)
		return 0;
	if (!base)
		bpf_probe_read_user(&base, sizeof(base), (void *)(tstate + l->tstate_interp));
	bpf_probe_read_user(&on, sizeof(on), (void *)(base + l->gc_collecting));
	return on != 0;
}

/* Which thread holds, when the hold began before the books? */
static __always_inline void holder_learn(struct gt_gil *g, __u32 tgid, __u64 tstate)
{
	struct gt_tstate_key key = { .tstate = tstate, .tgid = tgid };
	__u32 *tid = bpf_map_lookup_elem(&holders, &key);

	if (tid)
		g->holder_tid = *tid;
}

/* The stack of a holder that does not run, as a waiter reads it; 0: none, or it has run meanwhile. */
static __always_inline __u64 look_walk(struct gt_gil *g, __u32 tgid, __u32 slot, __u64 tstate)
{
	struct gt_target *target = bpf_map_lookup_elem(&targets, &tgid);
	__u64 stack;

	if (!tstate || !target)
		return 0;
	if (!g->holder_tid)
		holder_learn(g, tgid, tstate);
	stack = stack_capture(slot, tgid, tstate,
			      collecting(&target->layout, tstate) ? PY_NATIVE_GC : 0);
	if (stack && clock_on && holder_runs(g)) {
		stat_inc(GT_STAT_LOOK_MOVED);
		return 0;
	}
	return stack;
}

/* What a waiter sees of a holder that does not run: walked, or what another saw a moment ago. */
static __always_inline __u64 look_at_holder(struct gt_gil *g, const struct gt_thread *t,
					    __u64 tstate, __u64 now)
{
	__u64 since = g->look_ns > g->hold_since_ns ? g->look_ns : g->hold_since_ns, ns;

	if (holder_runs(g)) {
		g->look_ns = now;
		g->look_stack = 0;
		return 0;
	}
	if (g->look_ns > g->hold_since_ns && now - g->look_ns < LOOK_WALK_NS)
		return g->look_stack;
	g->look_stack = look_walk(g, t->tgid, t->gil_slot, tstate);
	ns = now - since;
	if (ns > now - t->look_ns)
		ns = now - t->look_ns;
	if (g->look_stack && t->state == GT_WAIT)
		sum_add(t->tgid, sum_of(GT_SUM_HOLD, g->holder_tid), g->look_stack, ns, 1);
	g->look_ns = now;
	return g->look_stack;
}

static __always_inline __u32 looks_cnt(__u32 slot)
{
	struct gt_looks *l = bpf_map_lookup_elem(&looks, &slot);

	return l ? (__u32)l->cnt : 0;
}

/* This thread's wait has been for holders who were seen meanwhile: up to now, from where it is booked to. */
__noinline int looks_book(__u32 slot, __u64 cond, __u32 tid)
{
	struct gt_thread_key key = { .cond = cond, .tid = tid };
	struct gt_thread *t = bpf_map_lookup_elem(&threads, &key);
	struct gt_looks *l = bpf_map_lookup_elem(&looks, &slot);
	__u32 cnt, n, step;

	if (!t || !l)
		return 0;
	cnt = (__u32)l->cnt;
	n = cnt - t->look_cnt;
	t->look_cnt = cnt;
	if (n > GT_LOOKS)
		n = GT_LOOKS;
	step = n / LOOKS_TAKEN + 1;
	for (__u32 i = 0; i < LOOKS_TAKEN; i++) {
		const struct gt_look *k = &l->ring[(cnt - 1 - i * step) & (GT_LOOKS - 1)];

		if (i * step >= n)
			break;
		chain_add(t->tgid, (__u64)tid << 32 | k->tid, t->wait_stack, k->stack,
			  GT_LOOK_NS * step);
	}
	return 0;
}

/* .. and for one that does not run: what it saw when it came, for the time from then to now. */
__noinline int look_first(__u64 cond, __u32 tid, __u64 now)
{
	struct gt_thread_key key = { .cond = cond, .tid = tid };
	struct gt_thread *t = bpf_map_lookup_elem(&threads, &key);
	__u64 ns;

	if (!t || !t->first_stack)
		return 0;
	ns = now - t->since_ns;
	if (ns > LOOK_FIRST_NS)
		ns = LOOK_FIRST_NS;
	chain_add(t->tgid, (__u64)tid << 32 | t->first_tid, t->wait_stack, t->first_stack, ns);
	t->first_stack = 0;
	t->look_ns = t->since_ns + ns;
	return 0;
}

/* A tick of a waiter, once per switch interval. */
static __always_inline void look_tick(struct gt_gil *g, struct gt_thread *t, __u64 cond, __u64 now)
{
	__u64 stack, ns;

	if (!t->wait_stack && t->tstate && !(t->flags & GT_F_TSTATE_MOVES))
		t->wait_stack = stack_capture(t->gil_slot, t->tgid, t->tstate, 0);
	if (looks_cnt(t->gil_slot) - t->look_cnt > GT_LOOKS / 2)
		looks_book(t->gil_slot, cond, t->tid);
	look_first(cond, t->tid, now);
	if (!g->held)
		return;
	stack = look_at_holder(g, t, memory_check(g, cond, 1), now);
	ns = now - t->look_ns;
	if (ns > LOOK_TICK_NS)
		ns = LOOK_TICK_NS;
	t->look_ns = now;
	if (stack)
		chain_add(t->tgid, (__u64)t->tid << 32 | g->holder_tid, t->wait_stack, stack, ns);
}

/* The clock of a CPU on which the holder of this GIL runs. */
__noinline int look_from_clock(__u32 slot, __u64 cond, __u64 ip)
{
	__u64 id = bpf_get_current_pid_tgid();
	struct gt_thread_key key = { .cond = cond, .tid = (__u32)id };
	struct gt_gil *g = bpf_map_lookup_elem(&gils, &slot);
	struct gt_thread *t = bpf_map_lookup_elem(&threads, &key);
	struct gt_looks *l = bpf_map_lookup_elem(&looks, &slot);
	struct gil_memory m;
	__u32 tgid = id >> 32;
	struct gt_target *target = bpf_map_lookup_elem(&targets, &tgid);
	struct gt_look *k;
	__u64 stack;

	if (!g || !t || !l || !target)
		return 0;
	if (bpf_probe_read_user(&m, sizeof(m), (void *)(cond + GT_COND_TO_LAST_HOLDER)) ||
	    m.locked != 1 || !m.last_holder)
		return 0;
	if (ip >= target->text_start && ip < target->text_end)
		ip = 0; /* in the interpreter: the Python line says it */
	if (collecting(&target->layout, m.last_holder))
		ip = PY_NATIVE_GC;
	stack = stack_capture(SLOT_OF_CLOCK, tgid, m.last_holder, ip);
	if (!stack)
		return 0;
	sum_add(tgid, sum_of(GT_SUM_HOLD, key.tid), stack, GT_LOOK_NS, 1);
	t->seen_ns = bpf_ktime_get_ns();
	if (!g->waiters)
		return 0;
	k = &l->ring[l->cnt & (GT_LOOKS - 1)];
	k->stack = stack;
	k->tid = key.tid;
	l->cnt++;
	return 0;
}

/* A clock of each CPU: does a holder run here? */
static __always_inline int on_clock(__u64 ip)
{
	__u64 id = bpf_get_current_pid_tgid();
	__u32 tid = (__u32)id, *slot;
	struct gt_tid *where = bpf_map_lookup_elem(&tids, &tid);
	struct gt_gil_key key = { .tgid = id >> 32 };
	struct gt_gil *g;

	if (!where || frozen)
		return 0;
	for (__u32 i = 0; i < GT_TID_GILS; i++) {
		if (i >= where->cnt)
			break;
		key.cond = where->cond[i];
		slot = bpf_map_lookup_elem(&gil_slots, &key);
		g = slot ? bpf_map_lookup_elem(&gils, slot) : NULL;
		if (g && g->held && g->holder_tid == tid)
			look_from_clock(*slot, key.cond, ip);
	}
	return 0;
}

#endif
