/* SPDX-License-Identifier: BSD-2-Clause */
/* pairs.c - who waited for whom, and the looks at where; what the open waits add to that */
#include <errno.h>
#include <stdlib.h>

#include "user/base/util.h"
#include "bpf/modes.h"
#include "user/model/model_impl.h"

static struct tally *tally_of(struct mproc *p, int which, uint32_t tid, uint32_t other,
			      uint32_t stack, uint32_t other_stack)
{
	const struct tally want = {
		.tid = tid, .other = other, .stack = stack, .other_stack = other_stack
	};

	return tallies__get(&p->tallies[which], want);
}

static struct tally *pair_of(struct mproc *p, uint32_t waiter, uint32_t holder)
{
	return tally_of(p, PAIRS, waiter, holder, 0, 0);
}

static struct tally *sum_of(struct mproc *p, uint32_t kind, uint32_t tid, uint32_t stack)
{
	return tally_of(p, SUMS, tid, kind, stack, 0);
}

void mproc__init_pairs(struct mproc *p)
{
	for (int which = 0; which < TALLIES_CNT; which++)
		p->tallies[which].which = which;
}

void mproc__free_pairs(struct mproc *p)
{
	for (int which = 0; which < TALLIES_CNT; which++)
		tallies__free(&p->tallies[which]);
	hmap__free(&p->by_tid);
}

static uint32_t row_tid(const void *p, uint32_t tid)
{
	return mproc__row_tid(p, tid);
}

static uint64_t hash_holder(uint64_t hash, uint32_t tid)
{
	return hash_bytes(hash, &tid, sizeof(tid));
}

/* Those of threads without a row become those of that of their pool, or of tid 0. Which threads have none may have changed
 * for any tally if threads have lost theirs; else for those alone that are new.
 */
static void fold(struct mproc *p)
{
	uint64_t first = 0;

	for (size_t i = 0; i < p->gil_cnt; i++)
		first = hash_holder(first, mgil__first_holder(p->gils[i]));
	p->rows_gone |= first != p->first_holders;
	p->first_holders = first;
	for (int which = 0; which < TALLIES_CNT; which++)
		tallies__fold(&p->tallies[which], row_tid, p, p->rows_gone);
	p->rows_gone = false;
}

void mproc__copy_pairs(struct mproc *p, int to)
{
	for (int which = 0; which < TALLIES_CNT; which++)
		tallies__copy(&p->tallies[which], to);
}

void mproc__undo_open_pairs(struct mproc *p)
{
	for (int which = 0; which < TALLIES_CNT; which++)
		tallies__undo(&p->tallies[which]);
	for (size_t i = 0; i < p->thread_cnt; i++)
		p->threads[i]->booked = p->threads[i]->booked_before;
	mproc__undo_light(p);
}

/* Pairs are of the cut, as the threads are: who has no row then has ended. */
void mproc__sum_pairs(struct mproc *p)
{
	tallies__fold(&p->tallies[PAIRS], row_tid, p, false);
	for (int which = 0; which < TALLIES_CNT; which++)
		tallies__sum(&p->tallies[which]);
}

/* light: so much of it is of a light stretch, where it is the holder's blame only as it is said here. */
static int add_part(struct mproc *p, struct mgil *g, uint32_t waiter, uint32_t holder, uint64_t ns,
		    uint64_t light)
{
	struct tally *pr = ns ? pair_of(p, waiter, holder) : NULL;

	if (light)
		mproc__light_of(p, g, holder)->open_ns += light;

	if (pr)
		pr->open_ns += ns;
	return ns && !pr ? -ENOMEM : 0;
}

static uint64_t take_some(uint64_t *from, uint64_t ns)
{
	ns = ns < *from ? ns : *from;
	*from -= ns;
	return ns;
}

static uint32_t open_holder(const struct mgil *g)
{
	return g->rec.holder_tid || g->rec.light ? g->rec.holder_tid : g->seed_tid;
}

/* What this wait is for, since it was booked to pairs: by its thread, or here. (The kernel goes on at the cut,
 * thread_pass() in cut.bpf.h.) held: time that the GIL has been held up to now.
 */
static int add_parts(struct mproc *p, struct mthread *t, struct mgil *g, uint64_t held,
		     uint64_t light, uint64_t now)
{
	const struct gt_gil *rec = &g->rec;
	bool here = t->rec.wait_booked_ns < t->booked.ns;
	uint64_t since = here ? t->booked.ns : t->rec.wait_booked_ns;
	uint64_t rest = held - (here ? t->booked.held_ns : t->rec.wait_held_ns);
	uint64_t left = light - (here ? t->booked.light_ns : t->rec.wait_light_ns);
	uint32_t tid = t->key.tid;
	uint64_t other = 0, lit;
	int err = 0;

	if (now <= since)
		return 0;
	t->booked = (struct mbooked){ now, held, light };
	if (rec->held && now > rec->hold_since_ns) {
		uint64_t start = rec->hold_since_ns > since ? rec->hold_since_ns : since;
		uint64_t ns = now - start;

		ns = ns < rest ? ns : rest;
		rest -= ns;
		lit = rec->light ? take_some(&left, ns) : 0;
		err = add_part(p, g, tid, open_holder(g), ns, lit);
	}
	for (uint64_t i = 1; !err && rest && i <= GT_RING_HOLDS && i <= rec->hold_cnt; i++) {
		const struct gt_past_hold *h = &rec->past[(rec->hold_cnt - i) % GT_RING_HOLDS];
		uint64_t start = h->start_ns > since ? h->start_ns : since, ns;
		uint64_t end = h->end_ns < now ? h->end_ns : now; /* its death may be before a step */

		if (h->end_ns <= since)
			break;
		ns = end > start ? end - start : 0;
		ns = ns < rest ? ns : rest;
		rest -= ns;
		lit = h->light ? take_some(&left, ns) : 0;
		if (h->end_ns - h->start_ns < g->named_ns && !lit)
			other += ns;
		else
			err = add_part(p, g, tid, h->tid, ns, lit);
	}
	return err ? err : add_part(p, g, tid, 0, rest + other, left);
}

int mproc__add_open_wait(struct mproc *p, struct mthread *t, struct mgil *g, uint64_t held,
			 uint64_t light, uint64_t now)
{
	int err = add_parts(p, t, g, held, light, now);
	struct tally *s;

	if (err || !p->stacks_known || now <= t->rec.since_ns)
		return err;
	s = sum_of(p, GT_SUM_WAIT, t->key.tid, t->now_stack);
	if (!s)
		return -ENOMEM;
	s->open_ns += now - t->rec.since_ns;
	return 0;
}

/* All waiters wait for each hold: past holds of a GIL that its open waits are told apart by in one feed, times waiters. */
#define OPEN_PARTS 20000

/* From which length on holds since then have a name in the pairs of open waits; the shorter ones of too many are "other". */
static uint64_t named_from(const struct gt_gil *rec, uint64_t since)
{
	uint64_t ns[GT_RING_HOLDS];
	size_t cnt = 0, max = rec->waiters ? OPEN_PARTS / rec->waiters : GT_RING_HOLDS;

	for (uint64_t i = 1; i <= GT_RING_HOLDS && i <= rec->hold_cnt; i++) {
		const struct gt_past_hold *h = &rec->past[(rec->hold_cnt - i) % GT_RING_HOLDS];

		if (h->end_ns <= since)
			break;
		ns[cnt++] = h->end_ns - h->start_ns;
	}
	if (cnt <= max)
		return 0;
	qsort(ns, cnt, sizeof(*ns), cmp_u64);
	return max ? ns[cnt - max] : UINT64_MAX;
}

/* The open wait of each waiting thread. before_ns: the reading before. */
static int count_open(struct mproc *p, const struct totals *t, uint64_t before_ns)
{
	int err = 0;

	for (size_t i = 0; i < p->gil_cnt; i++)
		p->gils[i]->named_ns = named_from(&p->gils[i]->rec, before_ns);
	for (size_t i = 0; i < p->thread_cnt && !err; i++) {
		struct mthread *th = p->threads[i];
		struct mgil *g = mproc__gil(p, th->key.cond, false);
		uint64_t when = th->died ? th->rec.exit_ns : t->now_ns, held, light;

		th->booked_before = th->booked;
		if (th->exited || th->rec.state != GT_WAIT || !g)
			continue;
		held = gil_held_at(&g->rec, when);
		light = gil_light_at(&g->rec, when);
		err = mproc__add_open_wait(p, th, g, held, light, when);
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
		if (k->waiter_tid & GT_PAIR_OF_GIL) {
			mproc__take_light(p, k->waiter_tid & ~GT_PAIR_OF_GIL,
					  owner(p, k->holder_tid), t->pairs[i].ns);
			continue;
		}
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

		if (!p->end_ns)
			fold(p);
		for (int which = 0; which < TALLIES_CNT && !p->end_ns; which++)
			tallies__prune(&p->tallies[which]);
		for (size_t k = 0; k < p->thread_cnt; k++)
			p->threads[k]->again = false; /* from now on they have what is theirs */
	}
	err = take_closed(m, t);
	for (size_t i = 0; i < m->proc_cnt && !err; i++) {
		struct mproc *p = m->procs[i];

		if (p->end_ns)
			continue;
		p->stacks_known = t->stacks_known;
		for (int which = 0; which < TALLIES_CNT; which++)
			tallies__begin(&p->tallies[which]);
		mproc__begin_light(p);
		err = count_open(p, t, m->before_ns);
		mproc__sum_pairs(p);
		mproc__sum_light(p);
		for (int which = 0; which < TALLIES_CNT; which++) {
			m->full_cnt[which] += p->tallies[which].full_cnt;
			m->light_cnt += p->tallies[which].light_cnt;
			p->tallies[which].full_cnt = p->tallies[which].light_cnt = 0;
		}
	}
	m->stats_at[AT_NOW][COUNTER_LIGHT] = m->light_cnt;
	m->stats_at[AT_NOW][GT_STAT_PAIR_FULL] += m->full_cnt[PAIRS];
	m->stats_at[AT_NOW][COUNTER_STACK_TOTALS_FULL] = m->full_cnt[SUMS] + m->full_cnt[CHAINS];
	return err;
}
