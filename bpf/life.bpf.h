/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* life.bpf.h - threads and processes that end, fork, exec */
#ifndef GILTOP_LIFE_BPF_H
#define GILTOP_LIFE_BPF_H

static __always_inline void note_out(__u32 kind, __u32 tgid, __u32 tid, __u64 now)
{
	struct gt_note n = { .kind = kind, .tgid = tgid, .tid = tid };

	n.start_ns = n.end_ns = now;
	if (bpf_ringbuf_output(&notes, &n, sizeof(n), BPF_RB_FORCE_WAKEUP))
		stat_inc(GT_STAT_NOTE_DROP);
}

/* A process has ended, and nothing of it is in the books. */
static __always_inline void unseen_out(const struct gt_target *target, __u32 tgid)
{
	struct gt_note n = { .kind = GT_NOTE_UNSEEN, .tgid = tgid, .tid = target->exe_dev };

	n.start_ns = target->born_ns;
	n.end_ns = target->file;
	n.ino = target->exe_ino;
	/* It is only counted: no need to wake anybody. */
	if (bpf_ringbuf_output(&notes, &n, sizeof(n), BPF_RB_NO_WAKEUP))
		stat_inc(GT_STAT_NOTE_DROP);
}

/* Its GIL counts it as a waiter until that GIL's next event takes it out. */
static __always_inline void waiter_died(struct gt_thread *t, const struct gt_thread_key *key)
{
	struct gt_dead d = { .gil = { .cond = key->cond, .tgid = t->tgid }, .tid = key->tid };
	struct gt_gil *g = gil_find(&d.gil);

	if (!g)
		return;
	if (!bpf_map_push_elem(&dead, &d, 0)) {
		__sync_fetch_and_add(&g->dead, 1);
		return;
	}
	stat_inc(GT_STAT_DEAD_FULL);
	thread_begin(t);
	t->flags &= ~GT_F_DYING_WAIT; /* nobody comes for it */
	thread_end(t);
}

/* Ended threads that nobody has fetched are many: this one, complete, goes to the others. Not while they are read,
 * where it would be there twice or not at all. Returns 1, or 0: it stays.
 */
static __always_inline int thread_fold_late(const struct gt_thread_key *key)
{
	int folded = 0;

	__sync_fetch_and_add(&folding, 1);
	if (!reading)
		folded = thread_fold(key->cond, key->tid);
	__sync_fetch_and_add(&folding, -1);
	return folded;
}

/* One record of a thread that ends. */
static __always_inline void thread_exit_one(struct gt_thread_key *key)
{
	struct gt_thread *t = bpf_map_lookup_elem(&threads, key);
	__u64 now;

	if (!t || t->flags & GT_F_EXITED) /* parked, see on_pause() */
		return;
	thread_begin(t);
	thread_comm(t);
	now = thread_time(t);
	t->exit_ns = now;
	if (t->first_ns)
		single_out(t, key->cond, GT_SINGLE_END, 0, 0, now);
	if (t->state == GT_HOLD)
		hold_is_cut(t, now);
	if (t->state == GT_WAIT) {
		__sync_fetch_and_add(&exited_cnt, 1);
		t->flags |= GT_F_EXITED | GT_F_DYING_WAIT;
		thread_end(t);
		waiter_died(t, key);
		return;
	}
	if (t->state != GT_HOLD) /* an open hold is the process's end: closed by user space */
		thread_enter(t, key->cond, GT_RELEASED, now);
	thread_end(t);
	/* Who is folded is never shown as ended: a reading meanwhile would have it twice. */
	if (exited_cnt >= exited_keep && t->state != GT_HOLD && thread_fold_late(key))
		return;
	/* Counted first: who sees that it ended takes it out. */
	__sync_fetch_and_add(&exited_cnt, 1);
	thread_begin(t);
	t->flags |= GT_F_EXITED;
	thread_end(t);
}

static __always_inline int on_task_exit(void)
{
	struct task_struct *task = (struct task_struct *)bpf_get_current_task();
	__u64 id = current_ids();
	struct gt_thread_key key = { .tid = (__u32)id };
	struct gt_tid *tid = bpf_map_lookup_elem(&tids, &key.tid);
	__u32 tgid = id >> 32;
	struct gt_target *target = bpf_map_lookup_elem(&targets, &tgid);

	if (frozen)
		return 0;
	/* A followed process that is not measured: nobody else takes it out. Not at its first thread's end, which
	 * comes before the exec of another one. (The kernel has counted this thread out already: do_exit.)
	 */
	if (target && !target->books_ns && !BPF_CORE_READ(task, signal, live.counter)) {
		if (target->born_ns)
			unseen_out(target, tgid);
		bpf_map_delete_elem(&targets, &tgid);
	}
	if (!tid)
		return 0;
	for (__u32 i = 0; i < GT_TID_GILS; i++) {
		if (i >= tid->cnt)
			break;
		key.cond = tid->cond[i];
		thread_exit_one(&key);
	}
	bpf_map_delete_elem(&tids, &key.tid);
	return 0;
}

/* pause() of the C library. An interpreter that finalizes parks the threads that still want its GIL: since 3.14 (3.13
 * late) they call pause() out of take_gil and never come back. Who waits for a GIL does not call it otherwise. To
 * the books it is the end of the thread; its real end is none any more.
 */
static __always_inline int on_pause(void)
{
	struct gt_thread_key key = { .tid = (__u32)current_ids() };
	struct gt_tid *tid = bpf_map_lookup_elem(&tids, &key.tid);
	struct gt_thread *t;

	if (frozen || !tid)
		return 0;
	for (__u32 i = 0; i < GT_TID_GILS; i++) {
		if (i >= tid->cnt)
			break;
		key.cond = tid->cond[i];
		t = bpf_map_lookup_elem(&threads, &key);
		if (!t || t->state != GT_WAIT || t->flags & GT_F_EXITED)
			continue;
		thread_begin(t);
		t->flags |= GT_F_PARKED;
		thread_end(t);
		thread_exit_one(&key);
	}
	return 0;
}

/* In a process that has forked all is where it was in its parent. */
static __always_inline void target_forked(const struct gt_target *of, __u32 tgid, __u64 now)
{
	struct gt_target *t = target_new(tgid);

	if (!t)
		return;
	t->exe_ino = of->exe_ino;
	t->exe_dev = of->exe_dev;
	t->text_start = of->text_start;
	t->text_end = of->text_end;
	t->layout = of->layout;
	t->file = of->file;
	t->wanted = of->wanted;
	t->born_ns = now;
}

static __always_inline int on_task_fork(struct task_struct *parent, struct task_struct *child)
{
	__u32 tgid = task_ids(parent) >> 32, ctgid;
	__u64 now = bpf_ktime_get_ns();
	const struct gt_target *of;

	if (!follow || !tgid)
		return 0;
	of = bpf_map_lookup_elem(&targets, &tgid);
	if (!of)
		return 0;
	ctgid = task_ids(child) >> 32;
	if (!ctgid || ctgid == tgid)
		return 0;
	/* Known at once, so that its own forks and execs are seen; its books start when it is attached, or by itself. */
	if (follow != GT_FOLLOW_TELL)
		target_forked(of, ctgid, now);
	note_out(GT_NOTE_FORK, tgid, ctgid, now);
	return 0;
}

/* The probes stay until user space takes them away, and a program that is not relocated has its GIL at
 * the same address each time: what comes from now on must not get into the books of the old one.
 */
static __always_inline void program_over(struct gt_target *target, __u32 tgid, __u32 tid)
{
	struct gt_tid *where = bpf_map_lookup_elem(&tids, &tid);
	struct gt_gil_key key = { .tgid = tgid };
	struct gt_gil *g;

	target->books_ns = 0;
	target->over = 1;
	for (__u32 i = 0; i < GT_TARGET_GILS; i++) {
		if (i >= target->gil_cnt)
			break;
		g = bpf_map_lookup_elem(&gils, &target->gil_slots[i]);
		if (g && g->key.tgid == tgid)
			g->over = 1;
	}
	target->gil_cnt = 0;
	for (__u32 i = 0; where && i < GT_TID_GILS; i++) {
		if (i >= where->cnt)
			break;
		key.cond = where->cond[i];
		g = gil_find(&key);
		if (g)
			g->over = 1;
	}
}

/* A program begins, in a process that has no books. Of all that there are it is wanted, or to be asked for anew. */
static __always_inline void target_execs(struct gt_target *t, __u64 ino, __u32 dev, __u64 now)
{
	static const struct py_layout none;

	t->layout = none;
	t->text_start = t->text_end = 0;
	t->file = 0;
	t->exe_ino = ino;
	t->exe_dev = dev;
	t->born_ns = now;
	t->seen_ns = 0;
	if (follow == GT_FOLLOW_ALL)
		t->wanted = adopt_all;
}

/* old_tid: the calling thread's until now; with exec it becomes the process's first thread. ino, dev: of the program's file. */
static __always_inline int on_task_exec(__u32 old_tid, __u64 ino, __u32 dev)
{
	__u64 id = current_ids(), now = bpf_ktime_get_ns();
	__u32 tgid = id >> 32;
	struct gt_target *target;

	if (!id)
		return 0;
	target = bpf_map_lookup_elem(&targets, &tgid);
	if (target && target->books_ns)
		program_over(target, tgid, old_tid);
	else if (!target && follow == GT_FOLLOW_ALL)
		target = target_new(tgid);
	if (target)
		target_execs(target, ino, dev, now);
	if (follow == GT_FOLLOW_ALL || target)
		note_out(GT_NOTE_EXEC, tgid, (__u32)id, now);
	return 0;
}

#endif
