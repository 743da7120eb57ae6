/* SPDX-License-Identifier: BSD-2-Clause */
/* build_stacks.c - the stacks of a process in a snapshot
 *
 * Blame has no sums of its own: it is the chains, seen from the holder's side.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "user/base/arena.h"
#include "user/model/model_impl.h"

static uint64_t since(const uint64_t at[AT_CNT], int base)
{
	return at[AT_NOW] > at[base] ? at[AT_NOW] - at[base] : 0;
}

static int by_kind_ns(const void *a, const void *b)
{
	const struct snap_stack *x = a, *y = b;

	if (x->kind != y->kind)
		return x->kind < y->kind ? -1 : 1;
	if (x->ns != y->ns)
		return x->ns > y->ns ? -1 : 1;
	return x->tid < y->tid ? -1 : x->tid > y->tid;
}

static struct snap_stack stack_of(const struct model *m, enum snap_stack_kind kind, uint32_t tid,
				  uint32_t id, uint64_t ns, uint64_t cnt)
{
	struct stored_stack st = model__stack(m, id);

	return (struct snap_stack){ kind, tid, ns, cnt, st.truncated, st.cnt, st.frames };
}

static int by_ns(const void *a, const void *b)
{
	const struct snap_chain *x = a, *y = b;

	return x->ns > y->ns ? -1 : x->ns < y->ns;
}

static int build_chains(const struct model *m, const struct mproc *p, int base, struct arena *a,
			struct snap_proc *ret)
{
	const struct tallies *all = &p->tallies[CHAINS];
	struct snap_chain *chains = arena__alloc(a, all->cnt, sizeof(*chains));
	size_t cnt = 0;

	if (!chains)
		return -ENOMEM;
	for (size_t i = 0; i < all->cnt; i++) {
		const struct tally *c = all->v[i];
		struct stored_stack w = model__stack(m, c->stack);
		struct stored_stack h = model__stack(m, c->other_stack);
		uint64_t ns = since(c->ns_at, base);

		if (!ns)
			continue;
		chains[cnt] = (struct snap_chain){ .waiter_tid = c->tid,
						   .holder_tid = c->other,
						   .ns = ns,
						   .cnt = since(c->cnt_at, base),
						   .waiter_truncated = w.truncated,
						   .holder_truncated = h.truncated,
						   .waiter_frame_cnt = w.cnt,
						   .waiter_frames = w.frames,
						   .holder_frame_cnt = h.cnt,
						   .holder_frames = h.frames };
		cnt++;
	}
	qsort(chains, cnt, sizeof(*chains), by_ns);
	ret->chain_cnt = cnt;
	ret->chains = chains;
	return 0;
}

static int by_holder(const void *a, const void *b)
{
	const struct tally *x = *(struct tally *const *)a, *y = *(struct tally *const *)b;

	if (x->other != y->other)
		return x->other < y->other ? -1 : 1;
	return x->other_stack < y->other_stack ? -1 : x->other_stack > y->other_stack;
}

/* Sum the chains up by holder and holder's stack. */
static size_t add_blame(const struct model *m, const struct mproc *p, int base,
			struct tally **sorted, struct snap_stack *out)
{
	const struct tallies *all = &p->tallies[CHAINS];
	size_t cnt = 0;

	if (all->cnt)
		memcpy(sorted, all->v, all->cnt * sizeof(*sorted));
	qsort(sorted, all->cnt, sizeof(*sorted), by_holder);
	for (size_t i = 0, k; i < all->cnt; i = k) {
		uint64_t ns = 0, hits = 0;

		for (k = i; k < all->cnt && !by_holder(&sorted[i], &sorted[k]); k++) {
			ns += since(sorted[k]->ns_at, base);
			hits += since(sorted[k]->cnt_at, base);
		}
		if (ns)
			out[cnt++] = stack_of(m, SNAP_STACK_BLAME, sorted[i]->other,
					      sorted[i]->other_stack, ns, hits);
	}
	return cnt;
}

/* The innermost Python frame: native leaves have no line. */
static const struct snap_frame *python_leaf(const struct snap_stack *s)
{
	for (size_t i = s->frame_cnt; i-- > 0;)
		if (s->frames[i].line)
			return &s->frames[i];
	return &s->frames[s->frame_cnt - 1];
}

/* The line of each thread: where it waits most or inflicts waiting most, whichever is more. A thread may have a row for
 * each GIL.
 */
static int find_lines(struct snap_proc *ret, struct snap_thread *threads)
{
	struct hmap most = { 0 }; /* tid -> its stack */
	int err = 0;

	for (size_t k = 0; k < ret->stack_cnt && !err; k++) {
		const struct snap_stack *s = &ret->stacks[k], *best;

		if (!s->frame_cnt || s->kind == SNAP_STACK_HOLD)
			continue;
		best = hmap__get(&most, s->tid, 0);
		if (!best || s->ns > best->ns)
			err = hmap__put(&most, s->tid, 0, (void *)(uintptr_t)s);
	}
	for (size_t i = 0; i < ret->thread_cnt; i++) {
		const struct snap_stack *s = hmap__get(&most, threads[i].tid, 0);

		if (s)
			threads[i].at = python_leaf(s);
	}
	hmap__free(&most);
	return err;
}

int mproc__build_stacks(const struct model *m, const struct mproc *p, int base, struct arena *a,
			struct snap_proc *ret)
{
	const struct tallies *sums = &p->tallies[SUMS], *chains = &p->tallies[CHAINS];
	size_t max = sums->cnt + chains->cnt, cnt = 0;
	struct snap_stack *stacks = arena__alloc(a, max, sizeof(*stacks));
	struct tally **sorted = arena__alloc(a, chains->cnt, sizeof(*sorted));

	if (!m->stacks_known)
		return 0;
	if (!stacks || !sorted)
		return -ENOMEM;
	for (size_t i = 0; i < sums->cnt; i++) {
		const struct tally *s = sums->v[i];
		uint64_t ns = since(s->ns_at, base);

		if (ns)
			stacks[cnt++] = stack_of(
				m, s->other == GT_SUM_WAIT ? SNAP_STACK_WAIT : SNAP_STACK_HOLD,
				s->tid, s->stack, ns, since(s->cnt_at, base));
	}
	cnt += add_blame(m, p, base, sorted, stacks + cnt);
	qsort(stacks, cnt, sizeof(*stacks), by_kind_ns);
	ret->stacks_known = true;
	ret->stack_cnt = cnt;
	ret->stacks = stacks;
	/* ret's threads were built by our caller in the same arena: not const to it. */
	return find_lines(ret, (struct snap_thread *)(uintptr_t)ret->threads)
		       ? -ENOMEM
		       : build_chains(m, p, base, a, ret);
}
