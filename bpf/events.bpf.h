/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* events.bpf.h - the state machine: what each probed call does to the records
 *
 * All of on_wait, on_acquire, on_release run under the target's gil->mutex: keep them short, they
 * lengthen that critical section. What takes long (reading the target's memory, walking stacks and past
 * holds, finding sums in hash maps, cache misses) comes before the clock is read, in all three alike:
 * else each hold would contain the handler of its own ACQUIRE (2 us and more after a wait) and lack that
 * of its RELEASE. What comes after the clock is as good as nothing, so that both ends of a short hold
 * are off by the same.
 */
#ifndef GILTOP_EVENTS_BPF_H
#define GILTOP_EVENTS_BPF_H

/* ---- the kinds of sites ---------------------------------------------------------------------- */

/* The GIL that this thread waits for: AFTER has no lock in a register. */
static __always_inline void wait_of(__u32 tid, __u64 cond)
{
	struct gt_tid *where = bpf_map_lookup_elem(&tids, &tid);

	if (where)
		where->wait_cond = cond;
}

static __always_inline int on_wait(__u64 cond, __u32 file)
{
	struct gt_thread *t;
	struct records r;
	struct gt_gil *g;
	__u64 now, holder, tstate;
	__u32 seen = 0;

	if (!records_of(&r, cond, BY_WAIT, file))
		return 0;
	g = r.g;
	t = r.t;
	if (t->state == GT_WAIT) { /* again, one switch interval later */
		wait_tick(g, t, cond);
		return 0;
	}
	thread_begin(t);
	gil_begin(g);
	cut_check(g, t, cond, r.tid);
	if (t->state == GT_HOLD)
		hold_is_cut(t, event_time(g, t));
	thread_comm(t);
	wait_of(r.tid, cond);
	holder = g->last_holder;
	tstate = memory_check(g, cond, 1);
	if (g->light || is_new_and_held(g))
		seen = holder_seen(t->gil_slot, cond, t->tgid, tstate);
	if (is_new_and_held(g))
		new_gil_held(g, cond, seen);
	else if (!g->light && tstate && holder && g->held && tstate != holder && g->holder_tid)
		stat_inc(GT_STAT_LAST_HOLDER_WRONG);
	if (stacks_on && g->held)
		look_at_sleeper(g, t, tstate, event_time(g, t));
	now = event_time(g, t);
	thread_born(t, cond, now);
	gil_event(g, t->gil_slot, now);
	if (g->light)
		light_holder(t->gil_slot, cond, seen, now);
	if (t->state == GT_HOLD) {
		/* Its RELEASE was missed: the hold ends here at the latest. */
		stat_inc(GT_STAT_WAIT_HOLDER);
		t->sums.odd++;
	}
	thread_enter(t, cond, GT_WAIT, now);
	t->wait_booked_ns = now;
	t->wait_held_ns = g->held_ns;
	t->wait_light_ns = g->light_ns;
	t->wait_hold_cnt = g->hold_cnt;
	t->tick_hold_cnt = g->hold_cnt;
	t->wait_stack = 0;
	t->look_ns = now;
	t->look_cnt = stacks_on ? looks_cnt(t->gil_slot) : 0;
	wait_hit(t, now);
	t->task = bpf_get_current_task();
	g->waiters++;
	single_out(t, cond, GT_SINGLE_WAIT, g->light ? GT_SINGLE_F_LIGHT : 0, g->light ? seen : 0,
		   now);
	if (alarms_on)
		alarm_waits(g, t, now);
	gil_end(g);
	thread_end(t);
	return 0;
}

static __always_inline int on_acquire(__u64 cond, __u32 file)
{
	struct gt_thread *t;
	struct gt_sum *sum = NULL;
	struct records r;
	struct gt_gil *g;
	__u64 now, stack = 0;

	if (!records_of(&r, cond, BY_ACQUIRE, file))
		return 0;
	g = r.g;
	t = r.t;
	thread_begin(t);
	gil_begin(g);
	cut_check(g, t, cond, r.tid);
	if (g->light && !light_ends(t->gil_slot, event_time(g, t))) {
		if (t->state == GT_WAIT) /* its AFTER was in the exact stretch that is over */
			light_acquire(g, t, cond);
		gil_end(g);
		thread_end(t);
		return 0;
	}
	if (t->state == GT_HOLD)
		hold_is_cut(t, event_time(g, t));
	acquire_check(g, t, cond);
	if (t->state == GT_WAIT) {
		if (stacks_on) {
			t->wait_stack = stack_capture(t->gil_slot, t->tgid, t->tstate, 0);
			stack = t->wait_stack;
			sum = sum_find(t->tgid, sum_of(GT_SUM_WAIT, t->tid), t->wait_stack);
			if (looks_cnt(t->gil_slot) != t->look_cnt)
				looks_book(t->gil_slot, cond, r.tid);
		}
		pairs_book(t->gil_slot, cond, r.tid, g->last_ns);
		hist_touch(&t->sums.wait_hist, g->last_ns - t->since_ns);
		t->sums.contended++;
	}
	if (t->sleep_stack)
		sleeper_acquires(t);
	t->sums.acquisitions++;
	g->acquisitions++;
	if (g->prev_tid != r.tid) {
		if (g->prev_tid)
			g->switches++;
		g->prev_tid = r.tid;
	}
	now = event_time(g, t);
	thread_born(t, cond, now);
	gil_event(g, t->gil_slot, now);
	if (g->held) {
		/* A RELEASE was missed: nobody's blame, so that the sums stay right. */
		stat_inc(GT_STAT_ACQUIRE_HELD);
		t->sums.odd++;
		g->gap_ns += g->hold_blame_ns;
	}
	if (t->state == GT_WAIT) {
		t->sums.runnable_ns += runnable_ns(t, now);
		wait_close(g, t, cond, sum, GT_HOLD, now);
	} else {
		thread_enter(t, cond, GT_HOLD, now);
	}
	run_begins(t, now);
	g->holder_tid = r.tid;
	g->held = 1;
	g->seeded = 0;
	g->hold_since_ns = now;
	g->holder_task = t->task = bpf_get_current_task();
	g->hold_blame_ns = 0;
	g->asked_ns = 0; /* as take_gil() does with gil_drop_request */
	single_out(t, cond, GT_SINGLE_GET, 0, stack, now);
	if (alarms_on)
		alarm_holds(t, now);
	gil_end(g);
	thread_end(t);
	return 0;
}

/* Whoever it is lets go: nobody holds from now on, and that is known, if it is time for exact books. */
static __always_inline void release_in_light(struct gt_gil *g, struct gt_thread *t, __u64 cond)
{
	__u64 now = event_time(g, t);

	thread_born(t, cond, now);
	if (t->state == GT_HOLD)
		hold_is_cut(t, now);
	light_ends(t->gil_slot, now);
}

static __always_inline int on_release(__u64 cond, __u32 file)
{
	struct gt_sum *sum = NULL, *blame = NULL;
	struct gt_thread *t;
	struct records r;
	struct gt_gil *g;
	__u64 now, ns, stack = 0, asked;
	int is_long, is_stale;

	if (!records_of(&r, cond, BY_RELEASE, file))
		return 0;
	g = r.g;
	t = r.t;
	thread_begin(t);
	gil_begin(g);
	cut_check(g, t, cond, r.tid);
	if (g->light) {
		release_in_light(g, t, cond);
		gil_end(g);
		thread_end(t);
		return 0;
	}
	if (g->seeded && g->held && !t->sums.acquisitions && !t->sums.releases &&
	    (!g->holder_tid || g->holder_tid == r.tid)) { /* it has held since the books started */
		if (t->since_ns != g->hold_since_ns)
			thread_seen(t, cond, GT_SINGLE_F_HOLDS, g->hold_since_ns);
		t->first_ns = t->since_ns = g->hold_since_ns;
		t->state = GT_HOLD;
		g->holder_tid = r.tid;
		g->prev_tid = r.tid;
	}
	if (g->holder_tid != r.tid) {
		stat_inc(GT_STAT_RELEASE_FOREIGN);
		thread_born(t, cond, event_time(g, t));
		t->sums.odd++;
		gil_end(g);
		thread_end(t);
		return 0;
	}
	if (t->sleep_stack)
		sleeper_releases(t->gil_slot, cond, r.tid, event_time(g, t));
	now = event_time(g, t);
	is_long = now - t->since_ns >= min_hold_ns;
	is_stale = now - t->seen_ns >= LOOK_STALE_NS && (g->hold_blame_ns || g->waiters || is_long);
	if (stacks_on && (is_stale || (events_on && is_long))) {
		t->tstate = memory_check(g, cond, 0);
		stack = t->tstate ? stack_capture(t->gil_slot, t->tgid, t->tstate, 0) : 0;
		if (is_stale) {
			sum = sum_find(t->tgid, sum_of(GT_SUM_END, t->tid), stack);
			blame = sum_find(t->tgid, sum_of(GT_SUM_END_BLAME, t->tid), stack);
		}
		now = event_time(g, t);
	}
	hist_touch(&t->sums.hold_hist, now - t->since_ns);
	touch(&g->past[g->hold_cnt & (GT_RING_HOLDS - 1)]);
	gil_event(g, t->gil_slot, now);
	ns = now - t->since_ns;
	run_ends(t, ns);
	sum_put(sum, ns, 1);
	if (blame && g->hold_blame_ns)
		sum_put(blame, g->hold_blame_ns, 1);
	hold_push(g, r.tid, now);
	thread_enter(t, cond, GT_RELEASED, now);
	hist_add(&t->sums.hold_hist, ns);
	if (ns > t->hold_max_ns)
		t->hold_max_ns = ns;
	t->sums.blame_ns += g->hold_blame_ns;
	t->sums.releases++;
	asked = g->asked_ns;
	if (asked)
		asked_close(g, t, now);
	g->releases++;
	g->held = 0;
	g->seeded = 0;
	g->holder_tid = 0;
	g->hold_blame_ns = 0;
	if (!(g->releases & (CHECK_EVERY - 1)))
		memory_check(g, cond, 0);
	single_out(t, cond, GT_SINGLE_RELEASE, asked ? GT_SINGLE_F_ASKED : 0, stack, now);
	if (alarms_on)
		alarm_held(t->gil_slot, r.tid, now - ns, now);
	gil_end(g);
	thread_end(t);
	return 0;
}

/* Own thread only: the GIL's record is not touched, switch_mutex does not order these with the rest. */
static __always_inline int on_yield(__u64 cond)
{
	struct gt_thread_key tkey = { .cond = cond, .tid = (__u32)current_ids() };
	struct gt_thread *t = bpf_map_lookup_elem(&threads, &tkey);
	struct gt_tid *tid;
	__u64 now;

	if (!t || (t->state != GT_RELEASED && t->state != GT_HOLD) || frozen)
		return 0;
	tid = bpf_map_lookup_elem(&tids, &tkey.tid);
	if (!tid)
		return 0;
	thread_begin(t);
	now = thread_time(t);
	if (t->state == GT_HOLD && !hold_is_cut(t, now)) {
		thread_end(t);
		return 0;
	}
	tid->yield_cond = cond;
	thread_born(t, cond, now);
	thread_enter(t, cond, GT_YIELD, now);
	t->sums.yields++;
	single_out(t, cond, GT_SINGLE_YIELD, 0, 0, now);
	thread_end(t);
	return 0;
}

static __always_inline int on_yield_end(void)
{
	struct gt_thread_key tkey = { .tid = (__u32)current_ids() };
	struct gt_tid *tid = bpf_map_lookup_elem(&tids, &tkey.tid);
	struct gt_thread *t;
	__u64 now;

	if (!tid || !tid->yield_cond || frozen)
		return 0;
	tkey.cond = tid->yield_cond;
	tid->yield_cond = 0;
	t = bpf_map_lookup_elem(&threads, &tkey);
	if (!t || t->state != GT_YIELD)
		return 0;
	thread_begin(t);
	now = thread_time(t);
	thread_enter(t, tkey.cond, GT_RELEASED, now);
	single_out(t, tkey.cond, GT_SINGLE_YIELD_END, 0, 0, now);
	thread_end(t);
	return 0;
}

#endif
