/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* books.bpf.h - what is written into the records: states, pairs, the waits of the dead */
#ifndef GILTOP_BOOKS_BPF_H
#define GILTOP_BOOKS_BPF_H

static __always_inline void hist_add(struct gt_hist *h, __u64 ns)
{
	__u32 b = gt_hist_bucket(ns);

	if (b < GT_HIST_BUCKETS)
		h->cnt[b]++;
}

static __always_inline void hist_touch(const struct gt_hist *h, __u64 ns)
{
	__u32 b = gt_hist_bucket(ns);

	if (b < GT_HIST_BUCKETS)
		touch(&h->cnt[b]);
}

static __always_inline void span_out(struct gt_thread *t, __u64 cond, __u64 now)
{
	struct gt_note n = {
		.kind = GT_NOTE_SPAN,
		.tgid = t->tgid,
		.tid = t->tid,
		.state = t->state,
		.start_ns = t->since_ns,
		.end_ns = now,
		.gil = cond,
	};
	__u64 wake = BPF_RB_NO_WAKEUP;

	/* The timeline looks once per refresh: no wake-up per span, unless that would be too late. */
	if (bpf_ringbuf_query(&spans, BPF_RB_AVAIL_DATA) > SPANS_SZ / 2)
		wake = BPF_RB_FORCE_WAKEUP;
	if (bpf_ringbuf_output(&spans, &n, sizeof(n), wake))
		stat_inc(GT_STAT_SPAN_DROP);
}

/* Close the open state of a thread at now and open another. Returns how long the closed one lasted. */
static __always_inline __u64 thread_enter(struct gt_thread *t, __u64 cond, __u32 state, __u64 now)
{
	__u64 dt = now - t->since_ns;
	__u64 min = span_min_ns;

	t->sums.time_ns[t->state & (GT_STATE_CNT - 1)] += dt;
	if (min && dt >= min && t->state != GT_RELEASED)
		span_out(t, cond, now);
	t->since_ns = now;
	t->state = state;
	return dt;
}

/* The time of this event: not before anything already booked for this GIL or this thread, and on the side of
 * the cut that has been decided on.
 */
static __always_inline __u64 event_time(struct gt_gil *g, struct gt_thread *t)
{
	__u64 now = bpf_ktime_get_ns(), c = cut_next;

	if (now < g->last_ns) {
		stat_inc(GT_STAT_CLOCK_BACK);
		now = g->last_ns;
	}
	if (now < t->since_ns)
		now = t->since_ns;
	if (g->cut != c && now >= (c & ~GT_CUT_SIDE))
		now = (c & ~GT_CUT_SIDE) - 1;
	return now;
}

/* Its first event: it is known from now on. */
static __always_inline void thread_born(struct gt_thread *t, __u64 cond, __u64 now)
{
	if (t->first_ns)
		return;
	t->first_ns = t->since_ns = now;
	single_out(t, cond, GT_SINGLE_START, 0, 0, now);
}

/* .. which is not its own doing: another one sees it. flags: enum gt_single_flag. */
static __always_inline void thread_seen(struct gt_thread *t, __u64 cond, __u64 flags, __u64 now)
{
	t->first_ns = t->since_ns = now;
	single_of_other(t, cond, GT_SINGLE_START, flags, now);
}

__noinline int pair_add(__u32 tgid, __u32 waiter, __u32 holder, __u32 side, __u64 ns)
{
	struct gt_pair_key key = {
		.tgid = tgid, .waiter_tid = waiter, .holder_tid = holder, .side = side & 1
	};
	__u64 *v;

	if (!ns)
		return 0;
	v = bpf_map_lookup_elem(&pairs, &key);
	if (v) {
		*v += ns; /* only the waiter itself adds to its row */
		return 0;
	}
	if (!bpf_map_update_elem(&pairs, &key, &ns, BPF_NOEXIST))
		return 0;
	/* Full: keep the sum of the row right, under "other". */
	stat_inc(GT_STAT_PAIR_FULL);
	key.holder_tid = 0;
	v = bpf_map_lookup_elem(&pairs, &key);
	if (v) {
		*v += ns;
		return 0;
	}
	if (!bpf_map_update_elem(&pairs, &key, &ns, BPF_NOEXIST))
		return 0;
	key.waiter_tid = 0; /* the row of the process, which user space has made */
	v = bpf_map_lookup_elem(&pairs, &key);
	if (v)
		__sync_fetch_and_add(v, ns);
	return 0;
}

/* a < b as 1 or 0, without a branch; for times and counts, which are below 2^63. */
static __always_inline __u64 less(__u64 a, __u64 b)
{
	__u64 v = a - b;

	asm volatile("" : "+r"(v));
	return v >> 63;
}

static __always_inline __u64 smaller(__u64 a, __u64 b)
{
	return b ^ ((a ^ b) & -less(a, b));
}

/* So many past holds are walked at once. */
#define PAST_TURN  16
#define PAST_TURNS (GT_RING_HOLDS / PAST_TURN)
#define PAST_END   (1ull << 63) /* no further ones belong to this wait */

/* Book the past holds from the first-last on, a turn of them, of a wait that has rest of them yet. Returns what is left of
 * rest, or that with PAST_END. A loop without branches but its end, see pairs_book(). The blame of a light stretch is in
 * no integral: it is booked here, too.
 */
static __always_inline __u64 pairs_turn(const struct gt_gil *g, struct gt_thread *t, __u32 tid,
					__u64 first, __u64 rest)
{
	__u64 since = t->wait_booked_ns, upto = t->pair_upto_ns, cnt = g->hold_cnt;
	__u32 side = side_of(g), row = GT_PAIR_OF_GIL | t->gil_slot;

	for (__u64 i = first; i < first + PAST_TURN; i++) {
		const struct gt_past_hold *h = &g->past[(cnt - i) & (GT_RING_HOLDS - 1)];
		__u64 start = h->start_ns, end = h->end_ns, ns, light;

		if (less(cnt, i) | (less(since, end) ^ 1) | less(rest, 1))
			return rest | PAST_END;
		start = since ^ ((start ^ since) & -less(since, start)); /* the later one */
		end = smaller(end, upto);
		ns = smaller((end - start) & -less(start, end), rest);
		rest -= ns;
		pair_add(t->tgid, tid, h->tid, side, ns);
		light = smaller(ns & -(__u64)h->light, t->pair_light_ns);
		t->pair_light_ns -= light;
		pair_add(t->tgid, row, h->tid, side, light);
	}
	return rest;
}

__noinline __u64 pairs_more(__u32 slot, __u64 cond, __u32 tid, __u32 first, __u64 rest)
{
	struct gt_thread_key key = { .cond = cond, .tid = tid };
	struct gt_thread *t = bpf_map_lookup_elem(&threads, &key);
	const struct gt_gil *g = bpf_map_lookup_elem(&gils, &slot);

	return t && g ? pairs_turn(g, t, tid, first, rest) : rest | PAST_END;
}

/* Whom has this wait been for? Walk the past holds back to where it is booked to. What the ring no
 * longer has is known in sum: the time that the GIL was held meanwhile. The hold that still goes on is left for
 * later. Up to this moment, which is not before the GIL's last event, or in a light stretch.
 *
 * A global function, and each turn in another: the verifier explores each turn of a loop, wherever it is inlined, and that
 * was most of the time to load; and all functions that are under way at once have 512 bytes of stack together.
 */
__noinline int pairs_book(__u32 slot, __u64 cond, __u32 tid, __u64 upto)
{
	struct gt_thread_key key = { .cond = cond, .tid = tid };
	struct gt_thread *t = bpf_map_lookup_elem(&threads, &key);
	struct gt_gil *g = bpf_map_lookup_elem(&gils, &slot);
	__u64 open = 0, held, light, rest;

	if (!g || !t)
		return 0;
	held = gil_held_at(g, upto);
	light = gil_light_at(g, upto);
	if (g->held && g->hold_since_ns < upto)
		open = upto - (g->hold_since_ns > t->wait_booked_ns ? g->hold_since_ns
								    : t->wait_booked_ns);
	held -= open;
	light -= g->light ? open : 0;
	upto -= open;
	rest = held - t->wait_held_ns;
	t->pair_upto_ns = upto;
	t->pair_light_ns = light - t->wait_light_ns;
	for (__u32 i = 0; i < PAST_TURNS; i++) {
		rest = pairs_more(slot, cond, tid, 1 + i * PAST_TURN, rest);
		if (rest & PAST_END)
			break;
	}
	rest &= ~PAST_END;
	if (rest) {
		stat_inc(GT_STAT_PAIR_OVERRUN);
		pair_add(t->tgid, tid, 0, side_of(g), rest);
	}
	pair_add(t->tgid, GT_PAIR_OF_GIL | slot, 0, side_of(g), t->pair_light_ns);
	t->wait_booked_ns = upto;
	t->wait_held_ns = held;
	t->wait_light_ns = light;
	t->wait_hold_cnt = g->hold_cnt;
	return 0;
}

/* Has a wait ended of which the kernel does not say how much was for a CPU? */
volatile __u32 queued_unknown = 0;

/* For how long has the waiter of this open wait, which runs here, had no CPU since its last WAIT hit? */
static __always_inline __u64 runnable_ns(const struct gt_thread *t, __u64 now)
{
	__u64 queued = task_queued_ns((struct task_struct *)bpf_get_current_task());

	if (!task_queued_known())
		queued_unknown = 1;
	queued -= t->hit_queued_ns;
	return smaller(queued, now - t->hit_ns);
}

/* A WAIT hit. */
static __always_inline void wait_hit(struct gt_thread *t, __u64 now)
{
	t->wait_ticks++;
	t->hit_ns = now;
	t->hit_queued_ns = task_queued_ns((struct task_struct *)bpf_get_current_task());
}

/* End an open wait of t at now; state: what it enters. sum: where it goes by stack, or NULL. */
static __always_inline void wait_close(struct gt_gil *g, struct gt_thread *t, __u64 cond,
				       struct gt_sum *sum, __u32 state, __u64 now)
{
	__u64 ns;

	if (g->waiters)
		g->waiters--;
	ns = thread_enter(t, cond, state, now);
	hist_add(&t->sums.wait_hist, ns);
	sum_put(sum, ns, 1);
	if (ns > t->wait_max_ns)
		t->wait_max_ns = ns;
	if (alarms_on)
		alarm_waited(t->gil_slot, t->tid, now - ns, now);
}

/* A waiter sets gil_drop_request. */
static __always_inline void asked_open(struct gt_gil *g, __u64 now)
{
	g->asked_ns = now;
	g->asked_queued_ns =
		g->holder_task ? task_queued_ns((struct task_struct *)g->holder_task) : 0;
}

/* The open hold ends now, by its holder, and had been asked to. Who found no CPU to run on is not to blame for that. */
static __always_inline void asked_close(struct gt_gil *g, struct gt_thread *t, __u64 now)
{
	__u64 ns = now - g->asked_ns, queued = 0;

	if (g->asked_queued_ns)
		queued = task_queued_ns((struct task_struct *)bpf_get_current_task()) -
			 g->asked_queued_ns;
	if (queued > ns) /* it wanted one already before it was asked */
		queued = ns;
	t->sums.asked++;
	t->sums.react_ns += ns;
	t->sums.react_queued_ns += queued;
	if (ns - queued >= GT_LATE_NS)
		t->sums.late++;
	g->asked_ns = 0;
}

/* The wait of a thread that died waiting ends with its death, or with the last event of its GIL if that was later:
 * up to there it is in sums that somebody may have read. Its record is complete then.
 */
__noinline int waiter_close(__u32 slot, __u64 cond, __u32 tid)
{
	struct gt_thread_key key = { .cond = cond, .tid = tid };
	struct gt_thread *t = bpf_map_lookup_elem(&threads, &key);
	struct gt_gil *g = bpf_map_lookup_elem(&gils, &slot);
	__u64 ns, when, open;

	if (!t || !g || t->state != GT_WAIT)
		return 0;
	when = t->exit_ns;
	if (when < g->event_ns)
		when = g->event_ns;
	if (when > g->last_ns)
		when = g->last_ns;
	thread_begin(t);
	thread_pass(t, g, slot);
	if (when > t->wait_booked_ns) {
		pairs_book(slot, cond, tid, when);
		open = gil_held_at(g, when) - t->wait_held_ns;
		pair_add(t->tgid, tid, g->holder_tid, side_of(g), open);
		pair_add(t->tgid, GT_PAIR_OF_GIL | slot, g->holder_tid, side_of(g),
			 g->light ? open : 0);
	}
	gil_unwait(g, when);
	ns = when - t->since_ns;
	t->sums.time_ns[GT_WAIT] += ns;
	if (ns > t->wait_max_ns)
		t->wait_max_ns = ns;
	if (stacks_on)
		sum_add(t->tgid, sum_of(GT_SUM_WAIT, t->tid), t->wait_stack, ns, 1);
	if (when != t->exit_ns)
		single_of_other(t, cond, GT_SINGLE_END, 0, when);
	t->since_ns = t->exit_ns = when;
	t->state = GT_RELEASED;
	t->flags &= ~GT_F_DYING_WAIT;
	thread_end(t);
	if (alarms_on)
		alarm_waited(slot, tid, when - ns, when);
	return 0;
}

/* Of so many of them each event takes out at most. */
#define REAP_MAX 64

/* Close the waits of threads that died waiting for this GIL (rare); its integrals go up to now. */
__noinline int gil_reap(__u32 slot)
{
	struct gt_gil *g = bpf_map_lookup_elem(&gils, &slot);
	struct gt_thread_key key = {};
	struct gt_thread *t;
	struct gt_dead d;

	if (!g)
		return 0;
	for (int i = 0; i < REAP_MAX && g->reaped != g->dead; i++) {
		if (bpf_map_pop_elem(&dead, &d))
			return 0;
		key.cond = d.gil.cond;
		key.tid = d.tid;
		t = bpf_map_lookup_elem(&threads, &key);
		if (!t || t->state != GT_WAIT || !(t->flags & GT_F_DYING_WAIT))
			continue;
		if (g->key.cond != d.gil.cond || g->key.tgid != d.gil.tgid) {
			stat_inc(GT_STAT_DEAD_RETRY);
			if (bpf_map_push_elem(&dead, &d, 0))
				stat_inc(GT_STAT_DEAD_FULL);
			continue;
		}
		g->reaped++;
		waiter_close(t->gil_slot, key.cond, key.tid);
	}
	return 0;
}

/* The integrals up to this event, as things were up to it. */
static __always_inline void gil_event(struct gt_gil *g, __u32 slot, __u64 now)
{
	gil_advance(g, now);
	if (g->reaped != g->dead)
		gil_reap(slot);
	if (g->light && g->hold_blame_ns) { /* of the hold that was open as they became so */
		pair_add(g->key.tgid, GT_PAIR_OF_GIL | slot, g->holder_tid, side_of(g),
			 g->hold_blame_ns);
		g->hold_blame_ns = 0;
	}
	g->event_ns = now;
}

#endif
