/* SPDX-License-Identifier: BSD-2-Clause */
#include "user/source/stack_totals.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "user/base/util.h"

#define TGID_MIX 0x9e3779b97f4a7c15u

void stack_totals__deinit(struct stack_totals *st)
{
	hmap__free(&st->sum_idx);
	hmap__free(&st->chain_idx);
	free(st->sums);
	free(st->sum_e);
	free(st->chains);
	free(st->chain_e);
	*st = (struct stack_totals){ 0 };
}

static size_t max_of(const struct stack_totals *st)
{
	return st->max ? st->max : STACK_TOTALS_MAX;
}

struct key {
	uint64_t a, b;
};

static struct key sum_key(const struct total_stack *t)
{
	return (struct key){ (uint64_t)t->kind << 32 | t->tid, (uint64_t)t->tgid << 32 | t->stack };
}

/* The tgid is mixed in: two processes share a key only by chance, of 1 in 2^32 for a pair of them. */
static struct key chain_key(const struct total_chain *t)
{
	uint64_t stacks = (uint64_t)t->waiter_stack << 32 | t->holder_stack;

	return (struct key){ (uint64_t)t->waiter << 32 | t->holder, stacks ^ t->tgid * TGID_MIX };
}

static struct stack_entry *sum_entry(struct stack_totals *st, struct total_stack want,
				     uint32_t epoch)
{
	struct key k = sum_key(&want);
	uintptr_t i = (uintptr_t)hmap__get(&st->sum_idx, k.a, k.b);

	if (!i && st->sum_cnt >= max_of(st)) {
		st->full.cur_cnt[epoch & 1]++;
		want.tid = want.stack = 0;
		k = sum_key(&want);
		i = (uintptr_t)hmap__get(&st->sum_idx, k.a, k.b);
	}
	if (i)
		return &st->sum_e[i - 1];
	if (array_grow(&st->sums, st->sum_cnt, &st->sum_cap, sizeof(*st->sums)) ||
	    array_grow(&st->sum_e, st->sum_cnt, &st->sum_ecap, sizeof(*st->sum_e)) ||
	    hmap__put(&st->sum_idx, k.a, k.b, (void *)(st->sum_cnt + 1)))
		return NULL;
	st->sums[st->sum_cnt] = want;
	st->sum_e[st->sum_cnt] = (struct stack_entry){ 0 };
	return &st->sum_e[st->sum_cnt++];
}

static struct stack_entry *chain_entry(struct stack_totals *st, struct total_chain want,
				       uint32_t epoch)
{
	struct key k = chain_key(&want);
	uintptr_t i = (uintptr_t)hmap__get(&st->chain_idx, k.a, k.b);

	if (!i && st->chain_cnt >= max_of(st)) {
		st->full.cur_cnt[epoch & 1]++;
		want = (struct total_chain){ .tgid = want.tgid };
		k = chain_key(&want);
		i = (uintptr_t)hmap__get(&st->chain_idx, k.a, k.b);
	}
	if (i)
		return &st->chain_e[i - 1];
	if (array_grow(&st->chains, st->chain_cnt, &st->chain_cap, sizeof(*st->chains)) ||
	    array_grow(&st->chain_e, st->chain_cnt, &st->chain_ecap, sizeof(*st->chain_e)) ||
	    hmap__put(&st->chain_idx, k.a, k.b, (void *)(st->chain_cnt + 1)))
		return NULL;
	st->chains[st->chain_cnt] = want;
	st->chain_e[st->chain_cnt] = (struct stack_entry){ 0 };
	return &st->chain_e[st->chain_cnt++];
}

static int add(struct stack_entry *e, uint32_t epoch, const struct gt_sum *sum)
{
	if (!e)
		return -ENOMEM;
	e->cur_ns[epoch & 1] += sum->ns;
	e->cur_cnt[epoch & 1] += sum->cnt;
	return 0;
}

int stack_totals__add_sum(struct stack_totals *st, const struct gt_sum_key *k, uint32_t stack,
			  const struct gt_sum *sum)
{
	struct total_stack want = {
		.tgid = k->tgid, .tid = k->tid, .kind = k->kind, .stack = stack
	};

	return add(sum_entry(st, want, k->epoch), k->epoch, sum);
}

int stack_totals__add_chain(struct stack_totals *st, const struct gt_chain_key *k,
			    uint32_t waiter_stack, uint32_t holder_stack, const struct gt_sum *sum)
{
	struct total_chain want = { .tgid = k->tgid,
				    .waiter = k->waiter_tid,
				    .holder = k->holder_tid,
				    .waiter_stack = waiter_stack,
				    .holder_stack = holder_stack };

	return add(chain_entry(st, want, k->epoch), k->epoch, sum);
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
	begin(st->sum_e, st->sum_cnt);
	begin(st->chain_e, st->chain_cnt);
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
	keep(st->sum_e, st->sum_cnt, epoch & 1);
	keep(st->chain_e, st->chain_cnt, epoch & 1);
	keep(&st->full, 1, epoch & 1);
}

int stack_totals__fill(const struct stack_totals *st, struct totals *t)
{
	t->stack_cnt = t->chain_cnt = 0;
	for (size_t i = 0; i < st->sum_cnt; i++) {
		const struct stack_entry *e = &st->sum_e[i];

		if (array_grow(&t->stacks, t->stack_cnt, &t->stack_cap, sizeof(*t->stacks)))
			return -ENOMEM;
		t->stacks[t->stack_cnt] = st->sums[i];
		t->stacks[t->stack_cnt].ns = e->gone_ns + e->cur_ns[0] + e->cur_ns[1];
		t->stacks[t->stack_cnt++].cnt = e->gone_cnt + e->cur_cnt[0] + e->cur_cnt[1];
	}
	for (size_t i = 0; i < st->chain_cnt; i++) {
		const struct stack_entry *e = &st->chain_e[i];

		if (array_grow(&t->chains, t->chain_cnt, &t->chain_cap, sizeof(*t->chains)))
			return -ENOMEM;
		t->chains[t->chain_cnt] = st->chains[i];
		t->chains[t->chain_cnt].ns = e->gone_ns + e->cur_ns[0] + e->cur_ns[1];
		t->chains[t->chain_cnt++].cnt = e->gone_cnt + e->cur_cnt[0] + e->cur_cnt[1];
	}
	t->stats[COUNTER_STACK_TOTALS_FULL] =
		st->full.gone_cnt + st->full.cur_cnt[0] + st->full.cur_cnt[1];
	t->stacks_known = true;
	return 0;
}

int stack_totals__forget(struct stack_totals *st, uint32_t tgid)
{
	size_t n = 0;
	int err = 0;

	hmap__clear(&st->sum_idx);
	for (size_t i = 0; i < st->sum_cnt; i++) {
		struct key k = sum_key(&st->sums[i]);

		if (st->sums[i].tgid == tgid)
			continue;
		st->sums[n] = st->sums[i];
		st->sum_e[n++] = st->sum_e[i];
		err |= hmap__put(&st->sum_idx, k.a, k.b, (void *)n);
	}
	st->sum_cnt = n;
	n = 0;
	hmap__clear(&st->chain_idx);
	for (size_t i = 0; i < st->chain_cnt; i++) {
		struct key k = chain_key(&st->chains[i]);

		if (st->chains[i].tgid == tgid)
			continue;
		st->chains[n] = st->chains[i];
		st->chain_e[n++] = st->chain_e[i];
		err |= hmap__put(&st->chain_idx, k.a, k.b, (void *)n);
	}
	st->chain_cnt = n;
	return err;
}
