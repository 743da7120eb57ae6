/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* adopt.bpf.h - processes that are measured from their first event on, with nothing to attach
 *
 * Beyond a few processes of one interpreter its file is probed once for all of them, those included that are yet to
 * start. The first wait of such a process comes long before user space could have looked at it, or at all: it may live
 * for 50 ms. So its books are opened here, by what is known of the file, and user space is told. They start with its
 * program, if that began when the probes were in place already: it has not waited before, or that would have been seen.
 */
#ifndef GILTOP_ADOPT_BPF_H
#define GILTOP_ADOPT_BPF_H

GT_MAP(files, BPF_MAP_TYPE_ARRAY, GT_FILES, __u32, struct gt_file);

/* Processes that nobody has heard of are adopted, too. */
volatile __u32 adopt_all = 0;

/* A process to follow; NULL: no room, which is counted, or it is there already. */
static __always_inline struct gt_target *target_new(__u32 tgid)
{
	if (!bpf_map_update_elem(&targets, &tgid, &new_target, BPF_NOEXIST))
		return bpf_map_lookup_elem(&targets, &tgid);
	if (!bpf_map_lookup_elem(&targets, &tgid))
		stat_inc(GT_STAT_TARGET_FULL);
	return NULL;
}

/* Rows for what finds no room among pairs, of a process (waiter 0) or of a GIL's light stretches, where it is in no other
 * sum. User space keeps them.
 */
static __always_inline void pair_rows(__u32 tgid, __u32 waiter)
{
	struct gt_pair_key key = { .tgid = tgid, .waiter_tid = waiter };
	__u64 zero = 0;

	bpf_map_update_elem(&pairs, &key, &zero, BPF_NOEXIST);
	key.side = 1;
	bpf_map_update_elem(&pairs, &key, &zero, BPF_NOEXIST);
}

static __always_inline void adopt_out(const struct gt_target *t, __u32 tgid)
{
	struct gt_note n = { .kind = GT_NOTE_ADOPT, .tgid = tgid, .tid = t->file };

	n.state = parent_id();
	n.start_ns = t->books_ns;
	bpf_get_current_comm(n.comm, sizeof(n.comm));
	if (bpf_ringbuf_output(&notes, &n, sizeof(n), BPF_RB_FORCE_WAKEUP))
		stat_inc(GT_STAT_NOTE_DROP);
}

/* Since when? Since nothing of it was missed, but for what has been read already, which is not changed any more. */
static __always_inline __u64 books_from(const struct gt_target *t, __u64 since, __u64 now)
{
	__u64 from = t->seen_ns ? t->seen_ns : t->born_ns, read = cut & ~GT_CUT_SIDE;

	if (read > now) /* it is announced */
		read = cut_before & ~GT_CUT_SIDE;
	if (t->born_ns <= since)
		return now;
	return from > read ? from : read;
}

/* Open the books of this process, whose event came by a probe of the file. (Two threads at two GILs of it may both do so
 * at once: with the same result.) Returns 1, or 0: it is not to be measured, or not yet.
 */
__noinline int adopt(__u32 tgid, __u32 file)
{
	struct gt_file *f = bpf_map_lookup_elem(&files, &file);
	struct gt_target *t = bpf_map_lookup_elem(&targets, &tgid);
	__u64 since;

	if (!file || !f || !f->since_ns)
		return 0;
	since = f->since_ns;
	if (!t && adopt_all) {
		t = target_new(tgid);
		if (t)
			t->wanted = 1;
	}
	if (!t || !t->wanted || t->over || t->books_ns)
		return t && t->books_ns;
	if (t->layout.walk == PY_WALK_NONE) /* it is not a fork of one that we know */
		t->layout = f->layout;
	if (t->layout.tstate_tid && inner_id())
		t->layout.tstate_tid |= PY_TID_INNER;
	if (f->light && bpf_map_update_elem(&modes, &tgid, &new_modes, BPF_ANY))
		return 0;
	pair_rows(tgid, 0);
	t->file = file;
	t->books_ns = books_from(t, since, bpf_ktime_get_ns());
	adopt_out(t, tgid);
	return 1;
}

#endif
