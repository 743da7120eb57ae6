/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* cut.bpf.h - all books as of one moment, while hits go on
 *
 * User space reads one record after the other. So that what it has read belongs together, it says beforehand of
 * which moment it wants them: a cut, a little in the future. The first event at or after the cut keeps
 * a copy of each record as it was, before it changes it; who is read and has no copy has not changed since.
 *
 * Which side an event is on is decided once, under gil->mutex, for its GIL's record: it raised the sequence
 * counters before it read the clock, so a reader who comes after the cut and finds a record in peace knows that
 * no event from before the cut is still to come. Events of this side that take longer than expected get a time
 * from before the cut (event_time()): there is no third case. So do those that come in time but find it unpublished
 * yet: user space, which may lose its CPU at any moment, announces it first, and makes sure that this was well before it.
 *
 * A record that has passed the cut stands at it: its integrals go up to there, and an open wait is booked
 * to pairs up to there (the reader does that part, from the copies). What is added up in rows that have
 * several writers goes to one of two rows, by the side of the event: a bit of the cut says which.
 */
#ifndef GILTOP_CUT_BPF_H
#define GILTOP_CUT_BPF_H

/* The cut that user space reads, or has read: the moment, and GT_CUT_SIDE, which each time is the other way. */
volatile __u64 cut = 0;
volatile __u64 cut_before = 0; /* the one before that: read long ago */
/* The one that will be published. Known in time, while that may be late. */
volatile __u64 cut_next = 0;
/* A reading is under way: who ends keeps its record. */
volatile __u32 reading = 0;
/* Ended threads that are being folded right now: a reading waits for them. */
volatile __u64 folding = 0;

/* The records of GILs as they were at the cut that the live one has passed. */
GT_MAP(gil_cuts, BPF_MAP_TYPE_ARRAY, GT_GILS, __u32, struct gt_gil);

/* As modes__light_after(), of this process. */
__noinline __u64 light_after(__u32 tgid, __u64 since)
{
	return modes__light_after(bpf_map_lookup_elem(&modes, &tgid), since);
}

/* Which of two rows takes what an event of this GIL adds. */
static __always_inline __u32 side_of(const struct gt_gil *g)
{
	__u64 c = cut;

	return (c & GT_CUT_SIDE ? 1 : 0) ^ (g->cut != c);
}

static __always_inline void thread_keep(struct gt_thread *t, __u64 c)
{
	__builtin_memcpy(t->then.words, &t->first_ns, sizeof(t->then.words));
	t->cut = c;
}

/* The thread's record passes the cut that its GIL's has passed. Its open wait was booked by the reader up to there,
 * that of a dead thread up to where it ended by what was known then.
 */
static __always_inline void thread_pass(struct gt_thread *t, const struct gt_gil *g, __u32 slot)
{
	__u64 at = g->cut & ~GT_CUT_SIDE;
	const struct gt_gil *then;

	if (t->cut != g->cut)
		thread_keep(t, g->cut);
	if (t->state != GT_WAIT || t->wait_booked_ns >= at)
		return;
	then = bpf_map_lookup_elem(&gil_cuts, &slot);
	if (!then)
		return;
	if (t->flags & GT_F_DYING_WAIT && t->exit_ns < at)
		at = t->exit_ns > then->event_ns ? t->exit_ns : then->event_ns;
	if (t->wait_booked_ns >= at)
		return;
	t->wait_booked_ns = at;
	t->wait_held_ns = gil_held_at(then, at);
	t->wait_light_ns = gil_light_at(then, at);
	t->wait_hold_cnt = then->hold_cnt;
}

/* .. and the GIL's own. A GIL that is new here has nothing from before its books. If its books have become light by then
 * (at a cut, this one or one before, with nothing since), so it was.
 */
static __always_inline void gil_pass(struct gt_gil *g, __u32 slot, __u64 c)
{
	struct gt_gil *then = bpf_map_lookup_elem(&gil_cuts, &slot);
	__u64 at = g->light ? 0 : light_after(g->key.tgid, g->mode_ns);

	if (!then)
		return;
	if (at && at <= (c & ~GT_CUT_SIDE))
		gil_lighten(g, at);
	bpf_probe_read_kernel(then, sizeof(*then), g);
	g->cut = c;
	c &= ~GT_CUT_SIDE;
	if (c > g->last_ns)
		gil_advance(g, c);
}

/* An event of this thread and GIL: which side of the cut is it on? On the other one both records pass it; on this one
 * they pass the cut before, if nothing has happened here since. Between *_begin() and *_end(), before anything is
 * changed.
 */
__noinline int cut_meet(__u32 slot, __u64 cond, __u32 tid)
{
	struct gt_thread_key key = { .cond = cond, .tid = tid };
	struct gt_thread *t = bpf_map_lookup_elem(&threads, &key);
	struct gt_gil *g = bpf_map_lookup_elem(&gils, &slot);
	__u64 c = cut;

	if (!g || !t)
		return 0;
	if (g->cut != c && t->cut != c && bpf_ktime_get_ns() < (c & ~GT_CUT_SIDE))
		c = cut_before;
	if (g->cut != c)
		gil_pass(g, slot, c);
	if (t->cut != c)
		thread_pass(t, g, slot);
	return 0;
}

/* Has this thread's hold been cut, as the books became light before now? Then it is what it was up to there. Between
 * thread_begin() and thread_end(), after the cut has been passed.
 */
static __always_inline int hold_is_cut(struct gt_thread *t, __u64 now)
{
	__u64 at = light_after(t->tgid, t->since_ns);

	if (!at || at > now)
		return 0;
	thread_lighten(t, at);
	return 1;
}

static __always_inline void cut_check(struct gt_gil *g, struct gt_thread *t, __u64 cond, __u32 tid)
{
	__u64 c = cut;

	if (g->cut != c || t->cut != c)
		cut_meet(t->gil_slot, cond, tid);
}

/* The time of what changes the thread's record alone: which side it is on follows from that. */
static __always_inline __u64 thread_time(struct gt_thread *t)
{
	__u64 now = bpf_ktime_get_ns(), c = cut_next;

	if (now < t->since_ns)
		now = t->since_ns;
	if (t->cut == c || now < (c & ~GT_CUT_SIDE))
		return now;
	if (cut != c)
		return (c & ~GT_CUT_SIDE) - 1;
	thread_keep(t, c);
	return now;
}

#endif
