/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* looks.bpf.h - where the time of holds goes: a fair sample of looks at the holder's Python stack
 *
 * How long a thread held the GIL, and how long others waited for it meanwhile, is counted to the nanosecond; where it
 * was is sampled, and user space scales the sample to the exact sum (user/model/places.c). A look at the end of a
 * hold would say where the time was not spent: a hold that decodes for 3 ms and then sends ends in send().
 *
 * While the holder runs, the clock of its CPU looks, every GT_LOOK_NS: for holds always, for blame if somebody
 * waits. What it sees then goes into a ring, and who has waited takes from there all that was seen during the wait: so a
 * look counts once for each that waited.
 *
 * While the holder sleeps (in C, with the GIL), those who wait look: when they come, and at each of their ticks, once per
 * switch interval. They see where it sleeps. For how long is known, too: it is the time of the hold that no clock has
 * seen. Per hold and per wait that is a poor guess, too much or less than nothing: so what is added to the sum of that
 * place may be negative, and the sum is right.
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

__u32 tstate_tid(__u32 tgid, __u64 tstate); /* light.bpf.h */

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

/* The open hold is looked at: for the first time? */
static __always_inline void looks_of_hold(struct gt_looks *l, const struct gt_gil *g)
{
	if (l->hold_no == g->hold_cnt)
		return;
	l->hold_no = g->hold_cnt;
	l->clock_cnt = 0;
	l->span_cnt = l->cnt;
}

/* The holder sleeps there, or has, and this hold is booked up to `to` then; for queued_ns of that it wanted a CPU and had
 * none. For holds here, for waits by the ring.
 */
__noinline int asleep_book(__u32 slot, __u64 stack, __u64 to, __u64 queued_ns)
{
	struct gt_gil *g = bpf_map_lookup_elem(&gils, &slot);
	struct gt_looks *l = bpf_map_lookup_elem(&looks, &slot);
	struct gt_look *k;
	__u64 from;

	if (!g || !l)
		return 0;
	looks_of_hold(l, g);
	from = g->look_upto_ns > g->hold_since_ns ? g->look_upto_ns : g->hold_since_ns;
	from += queued_ns;
	if (to < from)
		return 0;
	g->look_upto_ns = to;
	if (!g->light)
		sum_add(g->key.tgid, sum_of(GT_SUM_HOLD, g->holder_tid), stack,
			to - from - l->clock_cnt * GT_LOOK_NS, 1);
	l->clock_cnt = 0;
	k = &l->ring[l->cnt & (GT_LOOKS - 1)];
	k->stack = stack;
	k->from_ns = from;
	k->to_ns = to;
	k->span_cnt = l->span_cnt;
	k->tid = g->holder_tid;
	l->cnt++;
	l->span_cnt = l->cnt;
	return 0;
}

/* Has a waiter seen the holder asleep in this hold? */
static __always_inline int seen_asleep(const struct gt_gil *g)
{
	return g->look_ns > g->hold_since_ns;
}

/* A waiter sees it sleep there. It may have slept elsewhere before: half of the time since then that no clock has seen
 * was there.
 */
__noinline int asleep_seen(__u32 slot, __u64 stack, __u64 now)
{
	struct gt_gil *g = bpf_map_lookup_elem(&gils, &slot);
	struct gt_looks *l = bpf_map_lookup_elem(&looks, &slot);
	struct gt_thread_key key = {};
	struct gt_thread *holder;
	__u64 unseen, clocks;

	if (!g || !l)
		return 0;
	key.cond = g->key.cond;
	key.tid = g->holder_tid;
	holder = bpf_map_lookup_elem(&threads, &key);
	if (holder)
		holder->sleep_stack = stack;
	if (seen_asleep(g) && g->look_stack != stack) {
		unseen = now - g->look_ns;
		clocks = l->clock_cnt * GT_LOOK_NS;
		unseen = unseen > clocks ? unseen - clocks : 0;
		asleep_book(slot, g->look_stack, now - unseen / 2, 0);
	}
	asleep_book(slot, stack, now, 0);
	g->look_ns = now;
	g->look_stack = stack;
	if (alarms_on)
		alarm_look(slot, g->holder_tid, stack, now);
	return 0;
}

/* A hold begins, of a thread that has been seen asleep in one. */
static __always_inline void sleeper_acquires(struct gt_thread *t)
{
	struct task_struct *task = (struct task_struct *)bpf_get_current_task();

	t->sleeps = BPF_CORE_READ(task, nvcsw);
	t->queued_ns = task_queued_ns(task);
}

/* .. and ends. If it has slept, but nobody came who could have seen where (a waiter who came before that, and whose tick
 * was still to come): where it was seen to sleep the last time.
 */
__noinline int sleeper_releases(__u32 slot, __u64 cond, __u32 tid, __u64 now)
{
	struct task_struct *task = (struct task_struct *)bpf_get_current_task();
	struct gt_thread_key key = { .cond = cond, .tid = tid };
	struct gt_thread *t = bpf_map_lookup_elem(&threads, &key);
	struct gt_gil *g = bpf_map_lookup_elem(&gils, &slot);
	__u64 queued = 0;

	if (!t || !g)
		return 0;
	if (!seen_asleep(g) && t->sleeps == BPF_CORE_READ(task, nvcsw))
		return 0;
	if (t->queued_ns && g->look_upto_ns <= g->hold_since_ns)
		queued = task_queued_ns(task) - t->queued_ns;
	asleep_book(slot, seen_asleep(g) ? g->look_stack : t->sleep_stack, now, queued);
	t->seen_ns = now;
	return 0;
}

/* A waiter looks at a holder that does not run, if none has a moment ago. */
static __always_inline void look_at_sleeper(struct gt_gil *g, const struct gt_thread *t,
					    __u64 tstate, __u64 now)
{
	__u64 stack;

	if ((seen_asleep(g) && now - g->look_ns < LOOK_WALK_NS) || holder_runs(g))
		return;
	stack = look_walk(g, t->tgid, t->gil_slot, tstate);
	if (stack)
		asleep_seen(t->gil_slot, stack, now);
}

static __always_inline __u32 looks_cnt(__u32 slot)
{
	struct gt_looks *l = bpf_map_lookup_elem(&looks, &slot);

	return l ? (__u32)l->cnt : 0;
}

/* For how much of this thread's wait does the sleep at this place of the ring stand? That may be negative. */
__noinline __u64 sleep_weight(__u32 slot, __u64 cond, __u32 tid, __u32 at)
{
	struct gt_thread_key key = { .cond = cond, .tid = tid };
	struct gt_thread *t = bpf_map_lookup_elem(&threads, &key);
	struct gt_looks *l = bpf_map_lookup_elem(&looks, &slot);
	const struct gt_look *k;
	__u64 from;
	__u32 clocks;

	if (!t || !l)
		return 0;
	k = &l->ring[at & (GT_LOOKS - 1)];
	from = k->from_ns > t->look_ns ? k->from_ns : t->look_ns;
	if (from > k->to_ns) /* it came later, but clocks have looked before this was put here */
		from = k->to_ns;
	clocks = at - k->span_cnt; /* of this hold, before it */
	if (clocks > at - t->look_cnt)
		clocks = at - t->look_cnt;
	return k->to_ns - from - (__u64)clocks * GT_LOOK_NS;
}

/* This thread's wait has been for holders who were seen meanwhile: up to now. */
__noinline int looks_book(__u32 slot, __u64 cond, __u32 tid)
{
	struct gt_thread_key key = { .cond = cond, .tid = tid };
	struct gt_thread *t = bpf_map_lookup_elem(&threads, &key);
	struct gt_looks *l = bpf_map_lookup_elem(&looks, &slot);
	__u32 cnt, n, step, first;

	if (!t || !l)
		return 0;
	cnt = (__u32)l->cnt;
	n = cnt - t->look_cnt;
	if (n > GT_LOOKS)
		n = GT_LOOKS;
	step = n / LOOKS_TAKEN + 1;
	first = step > 1 ? bpf_get_prandom_u32() % step : 0;
	for (__u32 i = 0; i < LOOKS_TAKEN; i++) {
		__u32 back = i * step + first, at = cnt - 1 - back;
		const struct gt_look *k = &l->ring[at & (GT_LOOKS - 1)];

		if (back >= n)
			break;
		chain_add(t->tgid, (__u64)tid << 32 | k->tid, t->wait_stack, k->stack,
			  (k->to_ns ? sleep_weight(slot, cond, tid, at) : GT_LOOK_NS) * step);
	}
	t->look_cnt = cnt;
	return 0;
}

/* A tick of a waiter, once per switch interval. */
static __always_inline void look_tick(struct gt_gil *g, struct gt_thread *t, __u64 cond, __u64 now)
{
	__u32 slot = t->gil_slot;
	struct gt_looks *l;
	__u64 upto;

	if (!t->wait_stack && t->tstate && !(t->flags & GT_F_TSTATE_MOVES))
		t->wait_stack = stack_capture(t->gil_slot, t->tgid, t->tstate, 0);
	if (g->held)
		look_at_sleeper(g, t, memory_check(g, cond, 1), now);
	l = bpf_map_lookup_elem(&looks, &slot);
	if (!l || (__u32)l->cnt == t->look_cnt)
		return;
	/* Up to the last sleep that is known, if nothing came after it. */
	upto = seen_asleep(g) && l->span_cnt == l->cnt ? g->look_upto_ns : 0;
	if (!upto && (__u32)l->cnt - t->look_cnt < GT_LOOKS / 2)
		return;
	looks_book(slot, cond, t->tid);
	if (!upto)
		upto = now;
	if (upto > t->look_ns)
		t->look_ns = upto;
}

/* The clock of a CPU on which the holder of this GIL runs. */
__noinline int look_from_clock(__u32 slot, __u64 cond, __u64 ip)
{
	__u64 id = current_ids();
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
	if (g->light && tstate_tid(tgid, m.last_holder) != key.tid)
		return 0;
	if (ip >= target->text_start && ip < target->text_end)
		ip = 0; /* in the interpreter: the Python line says it */
	if (collecting(&target->layout, m.last_holder))
		ip = PY_NATIVE_GC;
	stack = stack_capture(SLOT_OF_CLOCK, tgid, m.last_holder, ip);
	if (!stack)
		return 0;
	if (!g->light)
		sum_add(tgid, sum_of(GT_SUM_HOLD, key.tid), stack, GT_LOOK_NS, 1);
	t->seen_ns = bpf_ktime_get_ns();
	if (alarms_on)
		alarm_look(slot, key.tid, stack, t->seen_ns);
	looks_of_hold(l, g);
	l->clock_cnt++;
	if (!g->waiters)
		return 0;
	k = &l->ring[l->cnt & (GT_LOOKS - 1)];
	k->stack = stack;
	k->to_ns = 0;
	k->tid = key.tid;
	l->cnt++;
	return 0;
}

/* A clock of each CPU: does a holder run here? */
static __always_inline int on_clock(__u64 ip)
{
	__u64 id = current_ids();
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
		if (g && g->held && !g->over && (g->holder_tid == tid || (g->light && g->waiters)))
			look_from_clock(*slot, key.cond, ip);
	}
	return 0;
}

#endif
