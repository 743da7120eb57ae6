/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* light.bpf.h - the events of light stretches (bpf/modes.h): who holds is seen, not known
 *
 * WAIT and AFTER run under gil->mutex, as all that touches the GIL's record. Who is taken to hold it gets a record, if
 * it has none: it may never wait itself, and is to blame.
 */
#ifndef GILTOP_LIGHT_BPF_H
#define GILTOP_LIGHT_BPF_H

/* Whose is this PyThreadState, which holds a GIL? 0: not known. */
__noinline __u32 tstate_tid(__u32 tgid, __u64 tstate)
{
	struct gt_target *target = bpf_map_lookup_elem(&targets, &tgid);
	struct gt_tstate_key key = { .tstate = tstate, .tgid = tgid };
	__u64 at = tstate;
	__u32 tid = 0, *told;

	if (!target || !tstate)
		return 0;
	if (!target->layout.tstate_tid) {
		told = bpf_map_lookup_elem(&holders, &key);
		return told ? *told : 0;
	}
	at += target->layout.tstate_tid & ~PY_TID_INNER;
	if (target->layout.pthread_tid) {
		if (bpf_probe_read_user(&at, sizeof(at), (void *)at))
			return 0;
		at += target->layout.pthread_tid;
	}
	if (bpf_probe_read_user(&tid, sizeof(tid), (void *)at))
		return 0;
	if (!(target->layout.tstate_tid & PY_TID_INNER))
		return tid;
	key.tstate = tid;
	told = bpf_map_lookup_elem(&holders, &key);
	return told ? *told : 0;
}

/* The thread that a waiter sees holding: its record is there from now on. Returns its tid, 0: not known. */
__noinline __u32 holder_seen(__u32 slot, __u64 cond, __u32 tgid, __u64 tstate)
{
	struct gt_thread_key key = { .cond = cond, .tid = tstate_tid(tgid, tstate) };
	struct gt_gil *g = bpf_map_lookup_elem(&gils, &slot);
	struct gt_thread *t;

	if (!key.tid || !g)
		return 0;
	t = bpf_map_lookup_elem(&threads, &key);
	if (!t) {
		if (g->holder_tid == key.tid) /* it is the same, and has ended */
			return key.tid;
		t = thread_new(&key, tgid, 0);
		if (t)
			t->gil_slot = slot;
	}
	if (!t || t->flags & GT_F_EXITED) /* the record of one who had this tid is still needed */
		return 0;
	if (t->tstate && t->tstate != tstate)
		t->flags |= GT_F_TSTATE_MOVES;
	t->tstate = tstate;
	return key.tid;
}

/* From now on it is taken to hold the GIL. */
__noinline int light_holder(__u32 slot, __u64 cond, __u32 tid, __u64 now)
{
	struct gt_thread_key key = { .cond = cond, .tid = tid };
	struct gt_thread *t = bpf_map_lookup_elem(&threads, &key);
	struct gt_gil *g = bpf_map_lookup_elem(&gils, &slot);

	if (!g)
		return 0;
	if (t && !t->first_ns) { /* seen for the first time: not by its own doing */
		thread_begin(t);
		thread_seen(t, cond, 0, now);
		t->cut = g->cut;
		thread_end(t);
	}
	if (g->holder_tid == tid)
		return 0;
	if (alarms_on)
		alarm_light(g, slot, tid, now);
	if (now > g->hold_since_ns)
		hold_push(g, g->holder_tid, now);
	g->holder_tid = tid;
	g->hold_since_ns = now;
	g->holder_task = t ? t->task : 0;
	return 0;
}

static __always_inline int is_new_and_held(const struct gt_gil *g)
{
	__u32 tgid = g->key.tgid;

	return g->seeded && !g->event_ns && bpf_map_lookup_elem(&modes, &tgid);
}

/* A GIL that is new and held, as its first event, a waiter's, says: by whom? If that is not to be known its books are
 * light up to the first ACQUIRE or RELEASE: a hold of nobody in particular could not be cut. (Where they are exact for
 * good it never is.)
 */
static __always_inline void new_gil_held(struct gt_gil *g, __u64 cond, __u32 tid)
{
	struct gt_thread_key key = { .cond = cond, .tid = tid };
	struct gt_thread *t = bpf_map_lookup_elem(&threads, &key);

	if (!t || t->first_ns) {
		g->light = 1;
		g->light_ns = g->held_ns;
		g->seeded = 0;
		return;
	}
	thread_begin(t);
	thread_seen(t, cond, GT_SINGLE_F_HOLDS, g->hold_since_ns);
	t->state = GT_HOLD;
	thread_end(t);
	g->holder_tid = g->prev_tid = tid;
	g->holder_task = t->task;
}

/* An ACQUIRE or RELEASE where the books are light: they are exact from now on, if it is time. Returns whether. */
__noinline int light_ends(__u32 slot, __u64 now)
{
	struct gt_gil *g = bpf_map_lookup_elem(&gils, &slot);
	struct gt_modes *m;
	__u32 tgid;

	if (!g)
		return 0;
	gil_event(g, slot, now);
	tgid = g->key.tgid;
	m = bpf_map_lookup_elem(&modes, &tgid);
	if (m && !m->exact) /* the probes are being taken away */
		return 0;
	if (alarms_on)
		alarm_light(g, slot, 0, now);
	if (now > g->hold_since_ns)
		hold_push(g, g->holder_tid, now);
	g->light = 0;
	g->mode_ns = now;
	g->held = 0;
	g->holder_tid = 0;
	g->prev_tid = 0;
	g->hold_since_ns = now;
	return 1;
}

/* The waiter t, which runs here, has got the GIL. */
static __always_inline void light_acquire(struct gt_gil *g, struct gt_thread *t, __u64 cond)
{
	struct gt_sum *sum = NULL;
	__u32 slot = t->gil_slot;
	__u64 now, queued, from;

	if (stacks_on) {
		if (!t->wait_stack && t->tstate && !(t->flags & GT_F_TSTATE_MOVES))
			t->wait_stack = stack_capture(slot, t->tgid, t->tstate, 0);
		sum = sum_find(t->tgid, sum_of(GT_SUM_WAIT, t->tid), t->wait_stack);
	}
	now = event_time(g, t);
	gil_event(g, slot, now);
	queued = runnable_ns(t, now);
	from = t->wait_booked_ns > g->mode_ns ? t->wait_booked_ns : g->mode_ns;
	queued = smaller(queued, now - from);
	light_holder(slot, cond, t->tid, now);
	pairs_book(slot, cond, t->tid, now - queued);
	if (stacks_on && looks_cnt(slot) != t->look_cnt)
		looks_book(slot, cond, t->tid);
	t->sums.contended++;
	t->sums.light_runnable_ns += queued;
	wait_close(g, t, cond, sum, GT_RELEASED, now);
	single_out(t, cond, GT_SINGLE_GET, GT_SINGLE_F_LIGHT, stacks_on ? t->wait_stack : 0, now);
}

/* A waiter's WAIT was hit again: one switch interval has passed. */
static __always_inline void wait_tick(struct gt_gil *g, struct gt_thread *t, __u64 cond)
{
	__u64 now, tstate = 0;
	__u32 holder = 0;

	thread_begin(t);
	gil_begin(g);
	cut_check(g, t, cond, t->tid);
	if (g->light) {
		tstate = memory_check(g, cond, 1);
		holder = holder_seen(t->gil_slot, cond, t->tgid, tstate);
	}
	now = event_time(g, t);
	gil_event(g, t->gil_slot, now);
	wait_hit(t, now);
	if (g->light)
		light_holder(t->gil_slot, cond, holder, now);
	/* It waited for one switch interval, and nobody let go meanwhile: now it sets gil_drop_request. */
	else if (t->tick_hold_cnt == g->hold_cnt && g->held && !g->asked_ns)
		asked_open(g, now);
	t->tick_hold_cnt = g->hold_cnt;
	if (stacks_on)
		look_tick(g, t, cond, now);
	/* Before the ring of past holds turns over. */
	if (g->hold_cnt - t->wait_hold_cnt > GT_RING_HOLDS / 2)
		pairs_book(t->gil_slot, cond, t->tid, now);
	single_out(t, cond, GT_SINGLE_RETRY, g->light ? GT_SINGLE_F_LIGHT : 0, holder, now);
	if (alarms_on)
		alarm_waits(g, t, now);
	gil_end(g);
	thread_end(t);
}

/* Does the target's memory say so, or nothing? */
__noinline int gil_is_taken(__u64 cond)
{
	__s32 locked = 0;

	return bpf_probe_read_user(&locked, sizeof(locked), (void *)(cond + GT_COND_TO_LOCKED)) ||
	       locked;
}

/* The conditional jump behind the timed wait: has this thread the GIL now? (Nobody can come in between any more. In
 * exact stretches its ACQUIRE says so.)
 */
static __always_inline int on_after(void)
{
	__u64 id = current_ids();
	struct gt_thread_key key = { .tid = (__u32)id };
	struct gt_tid *where = bpf_map_lookup_elem(&tids, &key.tid);
	struct records r;

	if (!where || !where->wait_cond || frozen)
		return 0;
	key.cond = where->wait_cond;
	if (!records_found(&r, &key, id >> 32) || r.t->state != GT_WAIT || r.g->over)
		return 0;
	if (gil_is_taken(key.cond))
		return 0;
	thread_begin(r.t);
	gil_begin(r.g);
	cut_check(r.g, r.t, key.cond, key.tid);
	if (r.g->light)
		light_acquire(r.g, r.t, key.cond);
	gil_end(r.g);
	thread_end(r.t);
	return 0;
}

#endif
