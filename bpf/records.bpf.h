/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* records.bpf.h - find, make and fold the records of GILs and threads
 *
 * A hit costs one hash lookup, that of the thread: its record says in which place of an array its
 * GIL's record is, and that record says whose it is.
 */
#ifndef GILTOP_RECORDS_BPF_H
#define GILTOP_RECORDS_BPF_H

/* What the first event of a GIL says about its state before: a release or a wait means that it was
 * held since the books started (every event since then would have been seen).
 */
enum first_event { BY_ACQUIRE, BY_RELEASE, BY_WAIT };

/* Are the books of a GIL that is new light? */
static __always_inline int new_is_light(const struct gt_gil_key *key)
{
	const struct gt_modes *m = bpf_map_lookup_elem(&modes, &key->tgid);

	return m && !(m->exact && m->from_start);
}

static __noinline int gil_new(struct gt_gil_key *key, struct gt_target *target, __u32 by)
{
	__u64 books_ns = target->books_ns;
	__u32 slot, light = new_is_light(key), held = by != BY_ACQUIRE;
	struct gt_gil *g;

	if (bpf_map_pop_elem(&gil_free, &slot)) {
		stat_inc(GT_STAT_GIL_FULL);
		return -1;
	}
	g = bpf_map_lookup_elem(&gils, &slot);
	if (!g)
		return -1;
	g->key.cond = key->cond;
	g->key.tgid = key->tgid;
	g->first_ns = books_ns;
	g->last_ns = books_ns;
	g->hold_since_ns = books_ns;
	g->mode_ns = books_ns;
	g->light = light;
	g->held = held | light;
	g->seeded = held & !light;
	g->file = target->file;
	if (target->gil_cnt < GT_TARGET_GILS)
		target->gil_slots[target->gil_cnt++] = slot;
	bpf_map_update_elem(&gil_slots, key, &slot, BPF_ANY);
	pair_rows(key->tgid, GT_PAIR_OF_GIL | slot);
	if (alarms_on)
		alarm_new(key, slot);
	return (int)slot;
}

/* A short-lived thread has its name in the target's memory only as long as it lives: user space is to look now. */
static __always_inline void birth_out(const struct gt_thread *t)
{
	struct gt_note n = { .kind = GT_NOTE_THREAD, .tgid = t->tgid, .tid = t->tid };
	__u64 wake = BPF_RB_NO_WAKEUP;

	__builtin_memcpy(n.comm, t->comm, sizeof(n.comm));
	n.start_ns = bpf_ktime_get_ns();
	if (n.start_ns - birth_wake_ns >= GT_BIRTH_WAKE_NS) {
		birth_wake_ns = n.start_ns;
		wake = BPF_RB_FORCE_WAKEUP;
	}
	bpf_ringbuf_output(&births, &n, sizeof(n), wake);
}

/* The thread that runs here knows itself by another id than we do: so its PyThreadState has it (PY_TID_INNER). */
static __always_inline void thread_inner(__u32 tid, __u32 tgid)
{
	struct gt_tstate_key key = { .tgid = tgid };

	key.tstate = inner_id();
	if (key.tstate)
		bpf_map_update_elem(&holders, &key, &tid, BPF_ANY);
}

/* Others may have seen it first, who do not know what it is called. */
static __always_inline void thread_comm(struct gt_thread *t)
{
	if (!t->comm[0])
		bpf_get_current_comm(t->comm, sizeof(t->comm));
}

/* self: it is the one that runs here. */
static __noinline struct gt_thread *thread_new(struct gt_thread_key *key, __u32 tgid, int self)
{
	struct gt_tid fresh = { .cnt = 0 }, *id;
	struct gt_thread *t;

	bpf_map_update_elem(&threads, key, &new_thread, BPF_NOEXIST);
	bpf_map_update_elem(&tids, &key->tid, &fresh, BPF_NOEXIST);
	t = bpf_map_lookup_elem(&threads, key);
	id = bpf_map_lookup_elem(&tids, &key->tid);
	if (!t || !id) {
		bpf_map_delete_elem(&threads, key);
		stat_inc(GT_STAT_THREAD_FULL);
		return NULL;
	}
	id->tgid = tgid;
	if (id->cnt < GT_TID_GILS)
		id->cond[id->cnt & (GT_TID_GILS - 1)] = key->cond;
	else
		stat_inc(GT_STAT_TID_FULL); /* its death will not be seen at that GIL */
	id->cnt++;
	t->tid = key->tid;
	t->tgid = tgid;
	if (self) {
		bpf_get_current_comm(t->comm, sizeof(t->comm));
		thread_inner(key->tid, tgid);
	}
	birth_out(t);
	return t;
}

/* Add an ended thread to its GIL's row of ended threads and drop its record. Other threads of that GIL
 * may end at the same time on other CPUs: atomic adds. (A global function of plain numbers: verified
 * once, not at each of its callers, which takes the load from 0.9 s to less than 0.1 s; see also
 * pair_add.) Returns 1, or 0 if there is nothing to fold.
 */
__noinline int thread_fold(__u64 cond, __u32 tid)
{
	struct gt_thread_key key = { .cond = cond, .tid = tid };
	struct gt_thread *t = bpf_map_lookup_elem(&threads, &key);
	struct gt_gil_key gkey = { .cond = cond };
	const __u64 *from;
	struct gt_ended *e;
	__u64 *to;

	if (!t)
		return 0;
	gkey.tgid = t->tgid;
	bpf_map_update_elem(&ended, &gkey, &new_ended, BPF_NOEXIST);
	e = bpf_map_lookup_elem(&ended, &gkey);
	if (!e) /* cannot be: as many as GILs; then the record stays */
		return 0;
	__sync_fetch_and_add(&e->threads, 1);
	if (t->wait_max_ns > e->wait_max_ns)
		e->wait_max_ns = t->wait_max_ns; /* lost update is fine: a hint */
	if (t->hold_max_ns > e->hold_max_ns)
		e->hold_max_ns = t->hold_max_ns;
	to = (__u64 *)&e->sums;
	from = (const __u64 *)&t->sums;
	for (__u32 i = 0; i < GT_SUMS_WORDS; i++)
		if (from[i])
			__sync_fetch_and_add(&to[i], from[i]);
	bpf_map_delete_elem(&threads, &key);
	return 1;
}

int waiter_close(__u32 slot, __u64 cond, __u32 tid); /* books.bpf.h */

/* The kernel has given the tid of an ended thread to a new one: make room, keep its totals. Returns 0 if
 * its record is still needed: what it had open is for others to close.
 */
static __always_inline int thread_replace(struct gt_thread *t, __u64 cond, __u32 tgid, __u32 slot)
{
	__u32 state = t->state, tid = t->tid;
	struct gt_gil *g;
	__u64 c;

	if (state == GT_HOLD && hold_is_cut(t, bpf_ktime_get_ns()))
		state = GT_RELEASED;
	if (state == GT_HOLD || (state == GT_WAIT && t->tgid != tgid))
		return 0;
	g = bpf_map_lookup_elem(&gils, &slot);
	if (state == GT_WAIT &&
	    g) { /* it died waiting, and nothing has happened at this GIL since */
		gil_begin(g);
		c = cut;
		if (g->cut != c && bpf_ktime_get_ns() < (c & ~GT_CUT_SIDE))
			c = cut_before;
		if (g->cut != c)
			gil_pass(g, slot, c);
		if (t->exit_ns > g->last_ns)
			gil_advance(g, t->exit_ns);
		g->reaped += t->flags & GT_F_DYING_WAIT ? 1 : 0;
		waiter_close(slot, cond, tid);
		gil_end(g);
	}
	if (thread_fold(cond, tid))
		__sync_fetch_and_add(&exited_cnt, -1);
	return 1;
}

/* The records of this thread and this GIL, made at their first event. */
struct records {
	struct gt_gil *g;
	struct gt_thread *t;
	__u32 tid; /* as in t, without a look there */
};

/* .. the long way: the first event of this thread here, or the GIL's record has moved. by: enum first_event.
 * Returns 0 if it is not for any books.
 */
__noinline int thread_of(__u64 cond, __u32 tgid, __u32 tid, __u32 by, __u32 file)
{
	struct gt_thread_key key = { .cond = cond, .tid = tid };
	struct gt_gil_key gkey = { .cond = cond, .tgid = tgid };
	struct gt_target *target = bpf_map_lookup_elem(&targets, &tgid);
	struct gt_thread *t;
	__u32 *known;
	int slot;

	if (!target || !target->books_ns) {
		if (!adopt(tgid, file))
			return 0;
		target = bpf_map_lookup_elem(&targets, &tgid);
		if (!target)
			return 0;
	}
	known = bpf_map_lookup_elem(&gil_slots, &gkey);
	slot = known ? (int)*known : gil_new(&gkey, target, by);
	if (slot < 0)
		return 0;
	t = bpf_map_lookup_elem(&threads, &key);
	if (t && t->flags & GT_F_EXITED) {
		if (!thread_replace(t, cond, tgid, (__u32)slot)) {
			stat_inc(GT_STAT_THREAD_FULL);
			return 0;
		}
		t = NULL;
	}
	if (!t) {
		t = thread_new(&key, tgid, 1);
		if (!t)
			return 0;
	}
	t->gil_slot = slot;
	return 1;
}

static __always_inline int records_found(struct records *r, struct gt_thread_key *key, __u32 tgid)
{
	__u32 slot;

	r->t = bpf_map_lookup_elem(&threads, key);
	if (!r->t || r->t->flags & GT_F_EXITED)
		return 0;
	slot = r->t->gil_slot;
	r->g = bpf_map_lookup_elem(&gils, &slot);
	return r->g && r->g->key.cond == key->cond && r->g->key.tgid == tgid;
}

/* Those of this event, if it counts. file: whose probe it is that was hit; where two names lead to the same file (layers of
 * images) there are two for each event.
 */
static __always_inline int records_of(struct records *r, __u64 cond, enum first_event by,
				      __u32 file)
{
	__u64 id = current_ids();
	struct gt_thread_key key = { .cond = cond, .tid = (__u32)id };

	r->tid = key.tid;
	if (frozen || !id)
		return 0;
	if (!records_found(r, &key, id >> 32)) {
		if (!thread_of(cond, id >> 32, key.tid, by, file) ||
		    !records_found(r, &key, id >> 32))
			return 0;
	}
	return !r->g->over && file == r->g->file;
}

#endif
