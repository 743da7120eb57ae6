/* SPDX-License-Identifier: BSD-2-Clause */
/* pairs.c - who waited for whom, and the looks at where; what the open waits add to that */
#include <errno.h>
#include <stdlib.h>

#include "user/base/util.h"
#include "user/model/model_impl.h"

/* Many threads at many stacks: what is new goes to "[other]" of nobody in particular then. */
#define TALLIES_MAX 60000

static uint64_t key_a(const struct tally *t)
{
	return (uint64_t)t->tid << 32 | t->other;
}

static uint64_t key_b(const struct tally *t)
{
	return (uint64_t)t->stack << 32 | t->other_stack;
}

/* Found or made, in a table of at most so many; NULL: no memory. */
static struct tally *find_or_make(struct mproc *p, int which, struct tally want, size_t max)
{
	struct tallies *t = &p->tallies[which];
	struct tally *ret = hmap__get(&t->by_key, key_a(&want), key_b(&want));

	if (!ret && t->cnt >= max) {
		t->full_cnt++;
		want = (struct tally){ .other = which == SUMS ? want.other : 0 };
		ret = hmap__get(&t->by_key, key_a(&want), 0);
	}
	if (ret)
		return ret;
	if (array_grow(&t->v, t->cnt, &t->cap, sizeof(*t->v)))
		return NULL;
	ret = calloc(1, sizeof(*ret));
	if (!ret)
		return NULL;
	*ret = want;
	if (hmap__put(&t->by_key, key_a(ret), key_b(ret), ret)) {
		free(ret);
		return NULL;
	}
	t->v[t->cnt++] = ret;
	return ret;
}

static struct tally *tally_of(struct mproc *p, int which, uint32_t tid, uint32_t other,
			      uint32_t stack, uint32_t other_stack)
{
	const struct tally want = {
		.tid = tid, .other = other, .stack = stack, .other_stack = other_stack
	};

	return find_or_make(p, which, want, TALLIES_MAX);
}

static struct tally *pair_of(struct mproc *p, uint32_t waiter, uint32_t holder)
{
	return tally_of(p, PAIRS, waiter, holder, 0, 0);
}

static struct tally *sum_of(struct mproc *p, uint32_t kind, uint32_t tid, uint32_t stack)
{
	return tally_of(p, SUMS, tid, kind, stack, 0);
}

void mproc__free_pairs(struct mproc *p)
{
	for (struct tallies *t = p->tallies; t < p->tallies + TALLIES_CNT; t++) {
		for (size_t i = 0; i < t->cnt; i++)
			free(t->v[i]);
		hmap__free(&t->by_key);
		free(t->v);
	}
	hmap__free(&p->by_tid);
}

static void merge(struct tally *to, const struct tally *t)
{
	to->closed_ns += t->closed_ns;
	to->cnt += t->cnt;
	to->open_ns += t->open_ns;
	to->open_before += t->open_before;
	for (int at = 0; at < AT_CNT; at++) {
		to->ns_at[at] += t->ns_at[at];
		to->cnt_at[at] += t->cnt_at[at];
	}
}

/* Those of threads without a row become those of tid 0. Without memory they stay, until the next time. */
static void fold(struct mproc *p, int which)
{
	struct tallies *ts = &p->tallies[which];
	size_t cnt = ts->cnt, n = 0;

	for (size_t i = 0; i < cnt; i++) {
		struct tally *t = ts->v[i], *to;
		const struct tally want = {
			.tid = mproc__row_tid(p, t->tid),
			.other = which == SUMS ? t->other : mproc__row_tid(p, t->other),
			.stack = t->stack,
			.other_stack = t->other_stack,
		};

		if (key_a(&want) == key_a(t))
			continue;
		to = find_or_make(p, which, want, SIZE_MAX);
		if (!to)
			continue;
		merge(to, t);
		free(t);
		ts->v[i] = NULL;
	}
	for (size_t i = 0; i < ts->cnt; i++)
		if (ts->v[i])
			ts->v[n++] = ts->v[i];
	if (n == ts->cnt)
		return;
	ts->cnt = n;
	hmap__clear(&ts->by_key);
	for (size_t i = 0; i < n; i++) /* there is room */
		hmap__put(&ts->by_key, key_a(ts->v[i]), key_b(ts->v[i]), ts->v[i]);
}

/* Call fn for each of them. */
static void each_tally(struct mproc *p, void (*fn)(struct tally *t, int to), int to)
{
	for (struct tallies *t = p->tallies; t < p->tallies + TALLIES_CNT; t++)
		for (size_t i = 0; i < t->cnt; i++)
			fn(t->v[i], to);
}

static void copy(struct tally *t, int to)
{
	t->ns_at[to] = t->ns_at[AT_NOW];
	t->cnt_at[to] = t->cnt_at[AT_NOW];
}

static void sum_up(struct tally *t, int to)
{
	t->ns_at[to] = t->closed_ns + t->open_ns;
	t->cnt_at[to] = t->cnt;
}

void mproc__copy_pairs(struct mproc *p, int to)
{
	each_tally(p, copy, to);
}

static void forget_open(struct mproc *p)
{
	for (size_t i = 0; i < p->tallies[SUMS].cnt; i++)
		p->tallies[SUMS].v[i]->open_ns = 0;
}

static void undo_open(struct tally *t, int to)
{
	(void)to;
	t->open_ns = t->open_before;
}

static void keep_open(struct tally *t, int to)
{
	(void)to;
	t->open_before = t->open_ns;
}

void mproc__undo_open_pairs(struct mproc *p)
{
	each_tally(p, undo_open, AT_NOW);
	forget_open(p);
	for (size_t i = 0; i < p->thread_cnt; i++)
		p->threads[i]->booked = p->threads[i]->booked_before;
}

/* Pairs are of the cut, as the threads are: who has no row then has ended. */
void mproc__sum_pairs(struct mproc *p)
{
	fold(p, PAIRS);
	each_tally(p, sum_up, AT_NOW);
}

static int add_part(struct mproc *p, uint32_t waiter, uint32_t holder, uint64_t ns)
{
	struct tally *pr = ns ? pair_of(p, waiter, holder) : NULL;

	if (pr)
		pr->open_ns += ns;
	return ns && !pr ? -ENOMEM : 0;
}

/* What this wait is for, since it was booked to pairs: by its thread, or here. (The kernel goes on at the cut,
 * thread_pass() in cut.bpf.h.) held: time that the GIL has been held up to now.
 */
static int add_parts(struct mproc *p, struct mthread *t, const struct mgil *g, uint64_t held,
		     uint64_t now)
{
	const struct gt_gil *rec = &g->rec;
	bool here = t->rec.wait_booked_ns < t->booked.ns;
	uint64_t since = here ? t->booked.ns : t->rec.wait_booked_ns;
	uint64_t rest = held - (here ? t->booked.held_ns : t->rec.wait_held_ns);
	uint32_t tid = t->key.tid;
	int err = 0;

	if (now <= since)
		return 0;
	t->booked = (struct mbooked){ now, held };
	if (rec->held && now > rec->hold_since_ns) {
		uint64_t start = rec->hold_since_ns > since ? rec->hold_since_ns : since;
		uint64_t ns = now - start;

		ns = ns < rest ? ns : rest;
		rest -= ns;
		err = add_part(p, tid, rec->holder_tid ? rec->holder_tid : g->seed_tid, ns);
	}
	for (uint64_t i = 1; !err && rest && i <= GT_RING_HOLDS && i <= rec->hold_cnt; i++) {
		const struct gt_past_hold *h = &rec->past[(rec->hold_cnt - i) % GT_RING_HOLDS];
		uint64_t start = h->start_ns > since ? h->start_ns : since, ns;

		if (h->end_ns <= since)
			break;
		ns = h->end_ns - start;
		ns = ns < rest ? ns : rest;
		rest -= ns;
		err = add_part(p, tid, h->tid, ns);
	}
	return err ? err : add_part(p, tid, 0, rest);
}

int mproc__add_open_wait(struct mproc *p, struct mthread *t, const struct mgil *g, uint64_t held,
			 uint64_t now)
{
	int err = add_parts(p, t, g, held, now);
	struct tally *s;

	if (err || !p->stacks_known || now <= t->rec.since_ns)
		return err;
	s = sum_of(p, GT_SUM_WAIT, t->key.tid, t->now_stack);
	if (!s)
		return -ENOMEM;
	s->open_ns += now - t->rec.since_ns;
	return 0;
}

/* The open wait of each waiting thread. */
static int count_open(struct mproc *p, const struct totals *t)
{
	int err = 0;

	for (size_t i = 0; i < p->thread_cnt && !err; i++) {
		struct mthread *th = p->threads[i];
		const struct mgil *g = mproc__gil(p, th->key.cond, false);
		uint64_t when = th->died ? th->rec.exit_ns : t->now_ns, held;

		th->booked_before = th->booked;
		if (th->exited || th->rec.state != GT_WAIT || !g)
			continue;
		held = g->at[AT_NOW].held_ns - (g->rec.held ? t->now_ns - when : 0);
		err = mproc__add_open_wait(p, th, g, held, when);
	}
	return err;
}

/* Whose is what a reading tells of this tid? (Sums by stack are read after the cut: who has no row yet may have one at
 * the next.)
 */
static uint32_t owner(const struct mproc *p, uint32_t tid)
{
	const struct mthread *t = hmap__get(&p->by_tid, tid, 0);

	return t && t->mixed ? 0 : tid;
}

static int take_pairs(struct model *m, const struct totals *t)
{
	for (size_t i = 0; i < t->pair_cnt; i++) {
		const struct gt_pair_key *k = &t->pairs[i].key;
		struct mproc *p = model__proc(m, k->tgid);
		struct tally *pr;

		if (!p)
			continue;
		pr = pair_of(p, owner(p, k->waiter_tid), owner(p, k->holder_tid));
		if (!pr)
			return -ENOMEM;
		pr->closed_ns += t->pairs[i].ns;
	}
	return 0;
}

static int take_stack(struct model *m, const struct total_stack *in, bool chain)
{
	struct mproc *p = model__proc(m, in->tgid);
	struct tally *s;
	uint32_t tid;

	if (!p)
		return 0;
	tid = owner(p, in->tid);
	s = chain ? tally_of(p, CHAINS, tid, owner(p, in->other), in->stack, in->other_stack)
		  : sum_of(p, in->kind, tid, in->stack);
	if (!s)
		return -ENOMEM;
	s->closed_ns += in->ns;
	s->cnt += in->cnt;
	return 0;
}

static int take_closed(struct model *m, const struct totals *t)
{
	int err = take_pairs(m, t);

	for (size_t i = 0; i < t->stack_cnt && !err && t->stacks_known; i++)
		err = take_stack(m, &t->stacks[i], false);
	for (size_t i = 0; i < t->chain_cnt && !err && t->stacks_known; i++)
		err = take_stack(m, &t->chains[i], true);
	return err;
}

int model__feed_pairs(struct model *m, const struct totals *t)
{
	int err;

	for (size_t i = 0; i < m->proc_cnt; i++) {
		struct mproc *p = m->procs[i];

		for (int which = 0; which < TALLIES_CNT && !p->end_ns; which++)
			fold(p, which);
		for (size_t k = 0; k < p->thread_cnt; k++)
			p->threads[k]->again = false; /* from now on they have what is theirs */
	}
	err = take_closed(m, t);
	for (size_t i = 0; i < m->proc_cnt && !err; i++) {
		struct mproc *p = m->procs[i];

		if (p->end_ns)
			continue;
		p->stacks_known = t->stacks_known;
		forget_open(p);
		each_tally(p, keep_open, AT_NOW);
		err = count_open(p, t);
		mproc__sum_pairs(p);
		for (int which = 0; which < TALLIES_CNT; which++) {
			m->full_cnt[which] += p->tallies[which].full_cnt;
			p->tallies[which].full_cnt = 0;
		}
	}
	m->stats_at[AT_NOW][GT_STAT_PAIR_FULL] += m->full_cnt[PAIRS];
	m->stats_at[AT_NOW][COUNTER_STACK_TOTALS_FULL] = m->full_cnt[SUMS] + m->full_cnt[CHAINS];
	return err;
}
