/* SPDX-License-Identifier: BSD-2-Clause */
#include "user/source/stack_growth.h"

#include <errno.h>
#include <stdlib.h>

#include "user/base/util.h"

struct read_sum {
	uint64_t a, b; /* its key in the index */
	uint32_t tgid, epoch;
	struct gt_sum sum;
};

void stack_growth__deinit(struct stack_growth *g)
{
	hmap__free(&g->idx);
	free(g->v);
	*g = (struct stack_growth){ 0 };
}

void stack_growth__begin(struct totals *t)
{
	t->stacks_known = true;
	t->stack_cnt = t->chain_cnt = 0;
}

static int put(struct stack_growth *g, size_t i)
{
	return hmap__put(&g->idx, g->v[i].a, g->v[i].b, (void *)(uintptr_t)(i + 1));
}

/* Its sum at the last reading is taken off. 0 or -ENOMEM. */
static int grown(struct stack_growth *g, struct read_sum now, struct total_stack *ret)
{
	size_t i = (size_t)(uintptr_t)hmap__get(&g->idx, now.a, now.b);

	ret->ns = now.sum.ns;
	ret->cnt = now.sum.cnt;
	if (i) {
		ret->ns -= g->v[i - 1].sum.ns;
		ret->cnt -= g->v[i - 1].sum.cnt;
		g->v[i - 1] = now;
		return 0;
	}
	if (array_grow(&g->v, g->cnt, &g->cap, sizeof(*g->v)))
		return -ENOMEM;
	g->v[g->cnt] = now;
	return put(g, g->cnt++);
}

int stack_growth__add_sum(struct stack_growth *g, const struct gt_sum_key *k, uint32_t stack,
			  const struct gt_sum *sum, struct totals *t)
{
	/* The hash alone would do but for chance, of 1 in 2^64 for a pair of keys: that is in stacks' hashes, too. */
	const struct read_sum now = { .a = hash_bytes(HASH_START, k, sizeof(*k)),
				      .b = (uint64_t)k->tid << 32 | k->kind,
				      .tgid = k->tgid,
				      .epoch = k->epoch,
				      .sum = *sum };
	struct total_stack new = {
		.tgid = k->tgid, .tid = k->tid, .kind = k->kind, .stack = stack
	};

	if (array_grow(&t->stacks, t->stack_cnt, &t->stack_cap, sizeof(new)) || grown(g, now, &new))
		return -ENOMEM;
	if (new.ns | new.cnt)
		t->stacks[t->stack_cnt++] = new;
	return 0;
}

int stack_growth__add_chain(struct stack_growth *g, const struct gt_chain_key *k,
			    uint32_t waiter_stack, uint32_t holder_stack, const struct gt_sum *sum,
			    struct totals *t)
{
	const struct read_sum now = { .a = hash_bytes(HASH_START, k, sizeof(*k)),
				      .b = (uint64_t)k->waiter_tid << 32 | k->holder_tid,
				      .tgid = k->tgid,
				      .epoch = k->epoch,
				      .sum = *sum };
	struct total_stack new = { .tgid = k->tgid,
				   .tid = k->waiter_tid,
				   .other = k->holder_tid,
				   .stack = waiter_stack,
				   .other_stack = holder_stack };

	if (array_grow(&t->chains, t->chain_cnt, &t->chain_cap, sizeof(new)) || grown(g, now, &new))
		return -ENOMEM;
	if (new.ns | new.cnt)
		t->chains[t->chain_cnt++] = new;
	return 0;
}

/* Drop those of an epoch, or of a process (the other is NULL). */
static int drop(struct stack_growth *g, const uint32_t *epoch, const uint32_t *tgid)
{
	size_t n = 0;
	int err = 0;

	hmap__clear(&g->idx);
	for (size_t i = 0; i < g->cnt; i++) {
		const struct read_sum *r = &g->v[i];

		if ((epoch && r->epoch == *epoch) || (tgid && r->tgid == *tgid))
			continue;
		g->v[n] = *r;
		err |= put(g, n++);
	}
	g->cnt = n;
	return err;
}

int stack_growth__drop_epoch(struct stack_growth *g, uint32_t epoch)
{
	return drop(g, &epoch, NULL);
}

int stack_growth__drop_process(struct stack_growth *g, uint32_t tgid)
{
	return drop(g, NULL, &tgid);
}
