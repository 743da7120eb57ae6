/* SPDX-License-Identifier: BSD-2-Clause */
#include "user/source/stack_totals.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "user/base/util.h"

#define TGID_MIX 0x9e3779b97f4a7c15u

static void table_free(struct stack_table *t)
{
	hmap__free(&t->idx);
	free(t->v);
	free(t->e);
}

void stack_totals__deinit(struct stack_totals *st)
{
	table_free(&st->sums);
	table_free(&st->chains);
	*st = (struct stack_totals){ 0 };
}

struct key {
	uint64_t a, b;
};

/* The tgid is mixed in: two processes share a key only by chance, of 1 in 2^32 for a pair of them. */
static struct key key_of(const struct total_stack *t)
{
	uint64_t stacks = (uint64_t)t->stack << 32 | t->other_stack;

	return (struct key){ (uint64_t)t->tid << 32 | t->other,
			     stacks ^ (t->tgid + ((uint64_t)t->kind << 32)) * TGID_MIX };
}

static size_t find(const struct stack_table *t,
		   const struct total_stack *want) /* + 1; 0: not there */
{
	struct key k = key_of(want);

	return (size_t)(uintptr_t)hmap__get(&t->idx, k.a, k.b);
}

static int put(struct stack_table *t, const struct total_stack *what, size_t i)
{
	struct key k = key_of(what);

	return hmap__put(&t->idx, k.a, k.b, (void *)(i + 1));
}

static struct stack_entry *entry(struct stack_totals *st, struct stack_table *t,
				 struct total_stack want, uint32_t epoch)
{
	size_t i = find(t, &want);

	if (!i && t->cnt >= (st->max ? st->max : STACK_TOTALS_MAX)) {
		st->full.cur_cnt[epoch]++;
		want = (struct total_stack){ .tgid = want.tgid, .kind = want.kind };
		i = find(t, &want);
	}
	if (i)
		return &t->e[i - 1];
	if (array_grow(&t->v, t->cnt, &t->cap, sizeof(*t->v)) ||
	    array_grow(&t->e, t->cnt, &t->ecap, sizeof(*t->e)) || put(t, &want, t->cnt))
		return NULL;
	t->v[t->cnt] = want;
	t->e[t->cnt] = (struct stack_entry){ 0 };
	return &t->e[t->cnt++];
}

static int add(struct stack_totals *st, struct stack_table *t, const struct total_stack *want,
	       uint32_t epoch, const struct gt_sum *sum)
{
	struct stack_entry *e = entry(st, t, *want, epoch & 1);

	if (!e)
		return -ENOMEM;
	e->cur_ns[epoch & 1] += sum->ns;
	e->cur_cnt[epoch & 1] += sum->cnt;
	return 0;
}

int stack_totals__add_sum(struct stack_totals *st, const struct gt_sum_key *k, uint32_t stack,
			  const struct gt_sum *sum)
{
	const struct total_stack want = {
		.tgid = k->tgid, .tid = k->tid, .kind = k->kind, .stack = stack
	};

	return add(st, &st->sums, &want, k->epoch, sum);
}

int stack_totals__add_chain(struct stack_totals *st, const struct gt_chain_key *k,
			    uint32_t waiter_stack, uint32_t holder_stack, const struct gt_sum *sum)
{
	const struct total_stack want = { .tgid = k->tgid,
					  .tid = k->waiter_tid,
					  .other = k->holder_tid,
					  .stack = waiter_stack,
					  .other_stack = holder_stack };

	return add(st, &st->chains, &want, k->epoch, sum);
}

static void begin(struct stack_entry *e, size_t cnt)
{
	for (size_t i = 0; i < cnt; i++) {
		memset(e[i].cur_ns, 0, sizeof(e[i].cur_ns));
		memset(e[i].cur_cnt, 0, sizeof(e[i].cur_cnt));
	}
}

void stack_totals__begin(struct stack_totals *st)
{
	begin(st->sums.e, st->sums.cnt);
	begin(st->chains.e, st->chains.cnt);
	begin(&st->full, 1);
}

static void keep(struct stack_entry *e, size_t cnt, uint32_t epoch)
{
	for (size_t i = 0; i < cnt; i++) {
		e[i].gone_ns += e[i].cur_ns[epoch];
		e[i].gone_cnt += e[i].cur_cnt[epoch];
		e[i].cur_ns[epoch] = e[i].cur_cnt[epoch] = 0;
	}
}

void stack_totals__keep_epoch(struct stack_totals *st, uint32_t epoch)
{
	keep(st->sums.e, st->sums.cnt, epoch & 1);
	keep(st->chains.e, st->chains.cnt, epoch & 1);
	keep(&st->full, 1, epoch & 1);
}

static uint64_t cnt_of(const struct stack_entry *e)
{
	return e->gone_cnt + e->cur_cnt[0] + e->cur_cnt[1];
}

static int fill(const struct stack_table *from, struct total_stack **ret, size_t *ret_cnt,
		size_t *cap)
{
	*ret_cnt = 0;
	for (size_t i = 0; i < from->cnt; i++) {
		const struct stack_entry *e = &from->e[i];

		if (array_grow(ret, *ret_cnt, cap, sizeof(**ret)))
			return -ENOMEM;
		(*ret)[*ret_cnt] = from->v[i];
		(*ret)[*ret_cnt].ns = e->gone_ns + e->cur_ns[0] + e->cur_ns[1];
		(*ret)[(*ret_cnt)++].cnt = cnt_of(e);
	}
	return 0;
}

int stack_totals__fill(const struct stack_totals *st, struct totals *t)
{
	t->stats[COUNTER_STACK_TOTALS_FULL] = cnt_of(&st->full);
	t->stacks_known = true;
	if (fill(&st->sums, &t->stacks, &t->stack_cnt, &t->stack_cap))
		return -ENOMEM;
	return fill(&st->chains, &t->chains, &t->chain_cnt, &t->chain_cap);
}

static int forget(struct stack_table *t, uint32_t tgid)
{
	size_t n = 0;
	int err = 0;

	hmap__clear(&t->idx);
	for (size_t i = 0; i < t->cnt; i++) {
		if (t->v[i].tgid == tgid)
			continue;
		t->v[n] = t->v[i];
		t->e[n] = t->e[i];
		err |= put(t, &t->v[n], n);
		n++;
	}
	t->cnt = n;
	return err;
}

int stack_totals__forget(struct stack_totals *st, uint32_t tgid)
{
	int err = forget(&st->sums, tgid);

	return err | forget(&st->chains, tgid);
}
