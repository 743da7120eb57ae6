/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* modes.h - exact and light books: how a record goes from one to the other; for both sides
 *
 * While ACQUIRE and RELEASE are probed a GIL's books are exact. In a light stretch only what is contended is seen: who
 * begins to wait, each of its ticks, and that it got the GIL. Who holds it meanwhile is what was seen last: by a waiter,
 * who reads gil->last_holder, or because that one has just got it. So to the record somebody holds it all the time, and
 * light_ns says how much of held_ns is only taken to be so. A wait is for whoever was taken to hold the GIL, but for its
 * last part, in which the waiter had been woken and found no CPU: that is nobody's.
 *
 * Books become light at a cut (cut.bpf.h), which is known to user space, too: who reads a record that has had no event
 * since then makes the same of it as the next event will. They become exact at the first ACQUIRE or RELEASE that is seen
 * then: what was before stays light, so nothing is taken back.
 */
#ifndef GILTOP_MODES_H
#define GILTOP_MODES_H

#include "bpf/giltop.h"

/* A row for what finds no room elsewhere, of a process or of a GIL's light stretches: user space empties it, and it stays. */
static inline int pair_stays(const struct gt_pair_key *k)
{
	return !k->holder_tid && (!k->waiter_tid || k->waiter_tid & GT_PAIR_OF_GIL);
}

/* When did books that have been exact since then become light? 0: they have not. m NULL: they never do. */
static inline __u64 modes__light_after(const struct gt_modes *m, __u64 since)
{
	for (__u32 i = 0; m && i < GT_MODE_STEPS && i < m->cnt; i++)
		if (m->light_ns[i] >= since)
			return m->light_ns[i];
	return 0;
}

/* Put the time up to now into the GIL's integrals. */
static inline void gil_advance(struct gt_gil *g, __u64 now)
{
	__u64 dt = now - g->last_ns;
	__u64 waited = dt * g->waiters;

	g->wait_ns += waited;
	if (g->held) {
		g->held_ns += dt;
		if (g->light)
			g->light_ns += dt;
		else
			g->hold_blame_ns += waited;
	} else if (g->waiters) {
		g->gap_ns += waited;
		g->gap_wall_ns += dt;
	}
	g->last_ns = now;
}

/* held_ns and light_ns as they were at a moment that is not before its last event: the record may stand later. */
static inline __u64 gil_light_at(const struct gt_gil *g, __u64 at)
{
	if (!g->light)
		return g->light_ns;
	return g->light_ns + (at > g->mode_ns ? at : g->mode_ns) - g->last_ns;
}

static inline __u64 gil_held_at(const struct gt_gil *g, __u64 at)
{
	__u64 held = g->held_ns;

	if (!g->light)
		return g->held ? held + at - g->last_ns : held;
	held += gil_light_at(g, at) - g->light_ns;
	if (at < g->mode_ns && g->holder_tid) /* it had it before the books became light */
		held -= g->mode_ns - at;
	return held;
}

/* Take somebody out of the waiters who has waited up to when only: the integrals, which go up to last_ns, had
 * him in. The state has been the same since the event before; but that the books may have become light.
 */
static inline void gil_unwait(struct gt_gil *g, __u64 when)
{
	__u64 excess = g->last_ns - when, end = g->last_ns;
	__u32 held = g->held;

	g->wait_ns -= excess;
	if (g->waiters)
		g->waiters--;
	if (when > g->reap_ns)
		g->reap_ns = when;
	if (g->light) {
		if (when >= g->mode_ns)
			return;
		end = g->mode_ns;
		excess = end - when;
		held = g->holder_tid != 0;
	}
	if (held) {
		g->hold_blame_ns -= excess;
		return;
	}
	g->gap_ns -= excess;
	if (!g->waiters && g->reap_ns < end) /* the gap was over when the last of them died */
		g->gap_wall_ns -= end - g->reap_ns;
}

/* The hold that ends now into the ring. */
static inline void hold_push(struct gt_gil *g, __u32 tid, __u64 now)
{
	struct gt_past_hold *last = &g->past[g->hold_cnt & (GT_RING_HOLDS - 1)];

	last->start_ns = g->hold_since_ns;
	last->end_ns = now;
	last->tid = tid;
	last->light = g->light;
	g->hold_cnt++;
}

/* Exact books become light at that moment, since which there has been no event. Who held still does, as far as is known;
 * its blame stays in hold_blame_ns, to be given to it.
 */
static inline void gil_lighten(struct gt_gil *g, __u64 at)
{
	if (at > g->last_ns)
		gil_advance(g, at);
	if (g->seeded && !g->holder_tid) { /* all that was known of it is that somebody did */
		g->light_ns += at - g->hold_since_ns;
		at = g->hold_since_ns;
	} else if (g->held) {
		hold_push(g, g->holder_tid, at);
	} else {
		g->holder_tid = 0;
	}
	g->light = 1;
	g->mode_ns = g->hold_since_ns = at;
	g->held = 1;
	g->seeded = 0;
	g->asked_ns = 0;
	g->prev_tid = 0;
}

/* A hold that went on as the books became light is known up to there. */
static inline void thread_lighten(struct gt_thread *t, __u64 at)
{
	__u64 ns = at - t->since_ns;

	t->sums.time_ns[GT_HOLD] += ns;
	if (ns > t->hold_max_ns)
		t->hold_max_ns = ns;
	t->since_ns = at;
	if (t->exit_ns) /* it died with the GIL, which nobody got */
		t->exit_ns = at;
	t->state = GT_RELEASED;
}

#endif
