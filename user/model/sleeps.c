/* SPDX-License-Identifier: BSD-2-Clause */
/* sleeps.c - where holders slept while they held the GIL (--sched)
 *
 * The source says how long holders have slept at each place since the books started, with the sleeps that go on. Two hashes of
 * the kernel may be one stack, and a sleep that ends while it is read may be missing until the next reading: so a
 * place keeps the most that it was said to have.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "user/base/arena.h"
#include "user/base/budgets.h"
#include "user/base/syscall_name.h"
#include "user/base/util.h"
#include "user/model/model_impl.h"

struct msleep {
	uint32_t tid, stack;
	int32_t call;
	uint64_t said_ns, said_cnt; /* in the feed under way */
	uint64_t ns_at[AT_CNT], cnt_at[AT_CNT];
};

/* All 0 but the call: what has no room. */
static struct msleep *place_of(struct mproc *p, uint32_t tid, int32_t call, uint32_t stack)
{
	uint64_t who = (uint64_t)tid << 32 | (uint32_t)call;
	struct msleep *s = hmap__get(&p->sleeps, who, stack);

	if (s)
		return s;
	if (p->sleeps.cnt >= BUDGET_SLEEPS && (tid || stack || call != GT_NO_CALL))
		return place_of(p, 0, GT_NO_CALL, 0);
	s = calloc(1, sizeof(*s));
	if (!s || hmap__put(&p->sleeps, who, stack, s)) {
		free(s);
		return NULL;
	}
	s->tid = tid;
	s->stack = stack;
	s->call = call;
	return s;
}

static struct msleep *nth(const struct mproc *p, size_t i)
{
	return p->sleeps.slots[i].value;
}

static void take_said(struct mproc *p)
{
	for (size_t i = 0; i < p->sleeps.cap; i++) {
		struct msleep *s = nth(p, i);

		if (!s)
			continue;
		if (s->said_ns > s->ns_at[AT_NOW])
			s->ns_at[AT_NOW] = s->said_ns;
		if (s->said_cnt > s->cnt_at[AT_NOW])
			s->cnt_at[AT_NOW] = s->said_cnt;
		s->said_ns = s->said_cnt = 0;
	}
}

int model__feed_sleeps(struct model *m, const struct totals *t)
{
	m->sleeps_known = t->sleeps_known;
	for (size_t i = 0; i < t->sleep_cnt; i++) {
		const struct total_sleep *in = &t->sleeps[i];
		struct mproc *p = model__proc(m, in->at.tgid);
		struct msleep *s = p ? place_of(p, in->at.tid, in->at.call, in->stack) : NULL;

		if (p && !s)
			return -ENOMEM;
		if (!s)
			continue;
		s->said_ns += in->ns;
		s->said_cnt += in->cnt;
	}
	for (size_t i = 0; i < m->proc_cnt; i++)
		if (!m->procs[i]->end_ns)
			take_said(m->procs[i]);
	return 0;
}

void mproc__copy_sleeps(struct mproc *p, int to)
{
	for (size_t i = 0; i < p->sleeps.cap; i++) {
		struct msleep *s = nth(p, i);

		if (!s)
			continue;
		s->ns_at[to] = s->ns_at[AT_NOW];
		s->cnt_at[to] = s->cnt_at[AT_NOW];
	}
}

void mproc__free_sleeps(struct mproc *p)
{
	hmap__free_all(&p->sleeps, free);
}

static int by_ns(const void *a, const void *b)
{
	const struct snap_offcpu *x = a, *y = b;

	if (x->ns != y->ns)
		return x->ns > y->ns ? -1 : 1;
	if (x->tid != y->tid)
		return x->tid < y->tid ? -1 : 1;
	return x->call_no < y->call_no ? -1 : x->call_no > y->call_no;
}

/* A sleep that goes on was counted before: of such an interval it is part of none that began. */
static struct snap_offcpu shown(const struct model *m, const struct msleep *s, int base)
{
	struct stored_stack st = model__stack(m, s->stack);

	return (struct snap_offcpu){ .tid = s->tid,
				     .call_no = s->call,
				     .call = syscall_name(s->call),
				     .ns = s->ns_at[AT_NOW] - s->ns_at[base],
				     .cnt = s->cnt_at[AT_NOW] - s->cnt_at[base],
				     .truncated = st.truncated,
				     .frame_cnt = st.cnt,
				     .frames = st.frames };
}

int mproc__build_sleeps(const struct model *m, const struct mproc *p, int base, struct arena *a,
			struct snap_proc *ret)
{
	struct snap_offcpu *v = arena__alloc(a, p->sleeps.cnt, sizeof(*v));
	size_t cnt = 0;

	if (!v)
		return -ENOMEM;
	for (size_t i = 0; i < p->sleeps.cap; i++)
		if (nth(p, i) && nth(p, i)->ns_at[AT_NOW] > nth(p, i)->ns_at[base])
			v[cnt++] = shown(m, nth(p, i), base);
	if (cnt)
		qsort(v, cnt, sizeof(*v), by_ns);
	ret->offcpu_known = m->sleeps_known;
	ret->offcpu_cnt = cnt;
	ret->offcpu = v;
	return 0;
}
