/* SPDX-License-Identifier: BSD-2-Clause */
/* pairs.c - who waited for whom: by threads, by stacks, and what the open waits add to that */
#include <errno.h>
#include <stdlib.h>

#include "user/base/util.h"
#include "user/model/model_impl.h"

static struct mpair *pair_of(struct mproc *p, uint32_t waiter, uint32_t holder)
{
	struct mpair *pr = hmap__get(&p->pair_by_tids, waiter, holder);

	if (pr)
		return pr;
	if (array_grow(&p->pairs, p->pair_cnt, &p->pair_cap, sizeof(*p->pairs)))
		return NULL;
	pr = calloc(1, sizeof(*pr));
	if (!pr)
		return NULL;
	pr->key =
		(struct gt_pair_key){ .tgid = p->pid, .waiter_tid = waiter, .holder_tid = holder };
	if (hmap__put(&p->pair_by_tids, waiter, holder, pr)) {
		free(pr);
		return NULL;
	}
	p->pairs[p->pair_cnt++] = pr;
	return pr;
}

static struct msum *sum_of(struct mproc *p, uint32_t kind, uint32_t tid, uint32_t stack)
{
	uint64_t a = (uint64_t)kind << 32 | tid;
	struct msum *s = hmap__get(&p->sum_by_key, a, stack);

	if (s)
		return s;
	if (array_grow(&p->sums, p->sum_cnt, &p->sum_cap, sizeof(*p->sums)))
		return NULL;
	s = calloc(1, sizeof(*s));
	if (!s)
		return NULL;
	s->kind = kind;
	s->tid = tid;
	s->stack = stack;
	if (hmap__put(&p->sum_by_key, a, stack, s)) {
		free(s);
		return NULL;
	}
	p->sums[p->sum_cnt++] = s;
	return s;
}

static struct mchain *chain_of(struct mproc *p, uint32_t waiter, uint32_t holder,
			       uint32_t waiter_stack, uint32_t holder_stack)
{
	uint64_t a = (uint64_t)waiter << 32 | holder,
		 b = (uint64_t)waiter_stack << 32 | holder_stack;
	struct mchain *c = hmap__get(&p->chain_by_key, a, b);

	if (c)
		return c;
	if (array_grow(&p->chains, p->chain_cnt, &p->chain_cap, sizeof(*p->chains)))
		return NULL;
	c = calloc(1, sizeof(*c));
	if (!c)
		return NULL;
	c->waiter = waiter;
	c->holder = holder;
	c->waiter_stack = waiter_stack;
	c->holder_stack = holder_stack;
	if (hmap__put(&p->chain_by_key, a, b, c)) {
		free(c);
		return NULL;
	}
	p->chains[p->chain_cnt++] = c;
	return c;
}

void mproc__free_pairs(struct mproc *p)
{
	for (size_t i = 0; i < p->pair_cnt; i++)
		free(p->pairs[i]);
	for (size_t i = 0; i < p->sum_cnt; i++)
		free(p->sums[i]);
	for (size_t i = 0; i < p->chain_cnt; i++)
		free(p->chains[i]);
	hmap__free(&p->pair_by_tids);
	hmap__free(&p->sum_by_key);
	hmap__free(&p->chain_by_key);
	free(p->pairs);
	free(p->sums);
	free(p->chains);
}

void mproc__copy_pairs(struct mproc *p, int to)
{
	for (size_t i = 0; i < p->pair_cnt; i++)
		p->pairs[i]->at[to] = p->pairs[i]->at[AT_NOW];
	for (size_t i = 0; i < p->sum_cnt; i++) {
		p->sums[i]->ns_at[to] = p->sums[i]->ns_at[AT_NOW];
		p->sums[i]->cnt_at[to] = p->sums[i]->cnt_at[AT_NOW];
	}
	for (size_t i = 0; i < p->chain_cnt; i++) {
		p->chains[i]->ns_at[to] = p->chains[i]->ns_at[AT_NOW];
		p->chains[i]->cnt_at[to] = p->chains[i]->cnt_at[AT_NOW];
	}
}

struct open_wait {
	struct mproc *p;
	const struct mgil *g;
	uint32_t waiter, waiter_stack;
	bool stacks, last;
};

/* A hold whose stack has not been sampled yet will be: its part comes later, under the right stack,
 * unless there is no later.
 */
static int add_part(const struct open_wait *w, uint32_t holder, uint32_t stack, bool open_hold,
		    uint64_t ns)
{
	struct mpair *pr;
	struct mchain *c;

	if (!ns)
		return 0;
	pr = pair_of(w->p, w->waiter, holder);
	if (!pr)
		return -ENOMEM;
	pr->open_ns += ns;
	if (!w->stacks || (open_hold && !stack && !w->last))
		return 0;
	c = chain_of(w->p, w->waiter, holder, w->waiter_stack, stack);
	if (!c)
		return -ENOMEM;
	c->open_ns += ns;
	return 0;
}

/* What pairs_book() in books.bpf.h will add at the end of this wait, if it ended now. held: time that
 * the GIL has been held up to now.
 */
static int add_parts(const struct open_wait *w, const struct gt_thread *t, uint64_t held,
		     uint64_t now)
{
	const struct gt_gil *rec = &w->g->rec;
	uint64_t since = t->wait_booked_ns;
	uint64_t rest = held > t->wait_held_ns ? held - t->wait_held_ns : 0;
	int err = 0;

	if (rec->held && now > rec->seg_start_ns) {
		uint64_t start = rec->seg_start_ns > since ? rec->seg_start_ns : since;
		uint64_t ns = now > start ? now - start : 0;
		uint32_t holder = rec->holder_tid ? rec->holder_tid : w->g->seed_tid;

		ns = ns < rest ? ns : rest;
		rest -= ns;
		err = add_part(w, holder, w->g->seg_stack, true, ns);
	}
	for (uint64_t i = 1; !err && rest && i <= GT_RING_HOLDS && i <= rec->hold_cnt; i++) {
		size_t at = (rec->hold_cnt - i) % GT_RING_HOLDS;
		const struct gt_past_hold *h = &rec->past[at];
		uint64_t start = h->start_ns > since ? h->start_ns : since, ns;

		if (h->end_ns <= since)
			break;
		ns = h->end_ns - start;
		ns = ns < rest ? ns : rest;
		rest -= ns;
		err = add_part(w, h->tid, w->g->past_stack[at], false, ns);
	}
	return err ? err : add_part(w, 0, 0, false, rest);
}

int mproc__add_open_wait(struct mproc *p, const struct mthread *t, const struct mgil *g,
			 uint64_t held, uint64_t now, bool last)
{
	const struct open_wait w = { .p = p,
				     .g = g,
				     .waiter = t->key.tid,
				     .waiter_stack = t->now_stack,
				     .stacks = p->stacks_known,
				     .last = last };
	int err = add_parts(&w, &t->rec, held, now);
	struct msum *s;

	if (err || !p->stacks_known || now <= t->rec.since_ns)
		return err;
	s = sum_of(p, GT_SUM_WAIT, t->key.tid, t->now_stack);
	if (!s)
		return -ENOMEM;
	s->open_ns += now - t->rec.since_ns;
	return 0;
}

int mproc__add_open_hold(struct mproc *p, const struct mgil *g, uint64_t now)
{
	const struct gt_gil *rec = &g->rec;
	struct msum *s;

	if (!p->stacks_known || !rec->held || !g->seg_stack || now <= rec->seg_start_ns)
		return 0;
	s = sum_of(p, GT_SUM_HOLD, rec->holder_tid, g->seg_stack);
	if (!s)
		return -ENOMEM;
	s->open_ns += now - rec->seg_start_ns;
	return 0;
}

/* The open wait of each waiting thread, and the open hold of each holder. */
static int count_open(struct mproc *p, const struct totals *t)
{
	int err = 0;

	for (size_t i = 0; i < p->thread_cnt && !err; i++) {
		const struct mthread *th = p->threads[i];
		const struct mgil *g = mproc__gil(p, th->key.cond, false);

		if (!th->exited && th->rec.state == GT_WAIT && g)
			err = mproc__add_open_wait(p, th, g, g->at[AT_NOW].held_ns, t->now_ns,
						   t->last);
	}
	for (size_t i = 0; i < p->gil_cnt && !err; i++)
		err = mproc__add_open_hold(p, p->gils[i], t->now_ns);
	return err;
}

static int take_pairs(struct model *m, const struct totals *t)
{
	for (size_t i = 0; i < t->pair_cnt; i++) {
		struct mproc *p = model__proc(m, t->pairs[i].key.tgid);
		struct mpair *pr =
			p ? pair_of(p, t->pairs[i].key.waiter_tid, t->pairs[i].key.holder_tid)
			  : NULL;

		if (p && !pr)
			return -ENOMEM;
		if (pr)
			pr->closed_ns = t->pairs[i].ns;
	}
	return 0;
}

/* With stacks the pairs are the chains without their stacks: one table less that can be full. */
static int take_chains(struct model *m, const struct totals *t)
{
	for (size_t i = 0; i < m->proc_cnt; i++)
		for (size_t k = 0; k < m->procs[i]->pair_cnt && !m->procs[i]->end_ns; k++)
			m->procs[i]->pairs[k]->closed_ns = 0;
	for (size_t i = 0; i < t->chain_cnt; i++) {
		const struct total_chain *in = &t->chains[i];
		struct mproc *p = model__proc(m, in->tgid);
		struct mpair *pr;
		struct mchain *c;

		if (!p)
			continue;
		c = chain_of(p, in->waiter, in->holder, in->waiter_stack, in->holder_stack);
		pr = pair_of(p, in->waiter, in->holder);
		if (!c || !pr)
			return -ENOMEM;
		c->closed_ns = in->ns;
		c->cnt = in->cnt;
		pr->closed_ns += in->ns;
	}
	return 0;
}

static int take_closed(struct model *m, const struct totals *t)
{
	if (!t->stacks_known)
		return take_pairs(m, t);
	for (size_t i = 0; i < t->stack_cnt; i++) {
		const struct total_stack *in = &t->stacks[i];
		struct mproc *p = model__proc(m, in->tgid);
		struct msum *s = p ? sum_of(p, in->kind, in->tid, in->stack) : NULL;

		if (p && !s)
			return -ENOMEM;
		if (!s)
			continue;
		s->closed_ns = in->ns;
		s->cnt = in->cnt;
	}
	return take_chains(m, t);
}

void mproc__forget_open(struct mproc *p)
{
	for (size_t i = 0; i < p->pair_cnt; i++)
		p->pairs[i]->open_ns = 0;
	for (size_t i = 0; i < p->sum_cnt; i++)
		p->sums[i]->open_ns = 0;
	for (size_t i = 0; i < p->chain_cnt; i++)
		p->chains[i]->open_ns = 0;
}

void mproc__sum_pairs(struct mproc *p)
{
	for (size_t i = 0; i < p->pair_cnt; i++)
		p->pairs[i]->at[AT_NOW] = p->pairs[i]->closed_ns + p->pairs[i]->open_ns;
	for (size_t i = 0; i < p->sum_cnt; i++) {
		p->sums[i]->ns_at[AT_NOW] = p->sums[i]->closed_ns + p->sums[i]->open_ns;
		p->sums[i]->cnt_at[AT_NOW] = p->sums[i]->cnt;
	}
	for (size_t i = 0; i < p->chain_cnt; i++) {
		p->chains[i]->ns_at[AT_NOW] = p->chains[i]->closed_ns + p->chains[i]->open_ns;
		p->chains[i]->cnt_at[AT_NOW] = p->chains[i]->cnt;
	}
}

int model__feed_pairs(struct model *m, const struct totals *t)
{
	int err = take_closed(m, t);

	for (size_t i = 0; i < m->proc_cnt && !err; i++) {
		struct mproc *p = m->procs[i];

		if (p->end_ns)
			continue;
		p->stacks_known = t->stacks_known;
		mproc__forget_open(p);
		err = count_open(p, t);
		mproc__sum_pairs(p);
	}
	return err;
}
