/* SPDX-License-Identifier: BSD-2-Clause */
#include <errno.h>
#include <stdlib.h>

#include "model_impl.h"
#include "util.h"

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
	pr->key = (struct gt_pair_key){ .tgid = p->pid, .waiter_tid = waiter, .holder_tid = holder };
	if (hmap__put(&p->pair_by_tids, waiter, holder, pr)) {
		free(pr);
		return NULL;
	}
	p->pairs[p->pair_cnt++] = pr;
	return pr;
}

static int pair_add_open(struct mproc *p, uint32_t waiter, uint32_t holder, uint64_t ns)
{
	struct mpair *pr;

	if (!ns)
		return 0;
	pr = pair_of(p, waiter, holder);
	if (!pr)
		return -ENOMEM;
	pr->open_ns += ns;
	return 0;
}

/* What pairs_book() in books.bpf.h will add at the end of this wait, if it ended now. */
static int open_wait(struct mproc *p, const struct mgil *g, const struct mthread *t, uint64_t now)
{
	const struct gt_gil *rec = &g->rec;
	uint64_t held = g->at[AT_NOW].held_ns, since = t->rec.since_ns;
	uint64_t rest = held > t->rec.wait_held_ns ? held - t->rec.wait_held_ns : 0;
	int err = 0;

	if (rec->held && now > rec->hold_since_ns) {
		uint64_t start = rec->hold_since_ns > since ? rec->hold_since_ns : since;
		uint64_t ns = now > start ? now - start : 0;
		uint32_t holder = rec->holder_tid ? rec->holder_tid : g->seed_tid;

		ns = ns < rest ? ns : rest;
		rest -= ns;
		err = pair_add_open(p, t->key.tid, holder, ns);
	}
	for (uint64_t i = 1; !err && rest && i <= GT_RING_HOLDS && i <= rec->hold_cnt; i++) {
		const struct gt_past_hold *h = &rec->past[(rec->hold_cnt - i) % GT_RING_HOLDS];
		uint64_t start = h->start_ns > since ? h->start_ns : since, ns;

		if (h->end_ns <= since)
			break;
		ns = h->end_ns - start;
		ns = ns < rest ? ns : rest;
		rest -= ns;
		err = pair_add_open(p, t->key.tid, h->tid, ns);
	}
	return err ? err : pair_add_open(p, t->key.tid, 0, rest);
}

int model__feed_pairs(struct model *m, const struct totals *t)
{
	int err = 0;

	for (size_t i = 0; i < t->pair_cnt; i++) {
		const struct total_pair *in = &t->pairs[i];
		struct mproc *p = model__proc(m, in->key.tgid);
		struct mpair *pr;

		if (!p)
			continue;
		pr = pair_of(p, in->key.waiter_tid, in->key.holder_tid);
		if (!pr)
			return -ENOMEM;
		pr->closed_ns = in->ns;
	}
	for (size_t i = 0; i < m->proc_cnt; i++) {
		struct mproc *p = m->procs[i];

		if (p->end_ns)
			continue;
		for (size_t k = 0; k < p->pair_cnt; k++)
			p->pairs[k]->open_ns = 0;
		for (size_t k = 0; k < p->thread_cnt && !err; k++) {
			struct mthread *th = p->threads[k];
			struct mgil *g = mproc__gil(p, th->key.cond, false);

			if (th->rec.state == GT_WAIT && g)
				err = open_wait(p, g, th, t->now_ns);
		}
		for (size_t k = 0; k < p->pair_cnt; k++)
			p->pairs[k]->at[AT_NOW] = p->pairs[k]->closed_ns + p->pairs[k]->open_ns;
	}
	return err;
}
