/* SPDX-License-Identifier: BSD-2-Clause */
#include "user/model/tallies.h"

#include <errno.h>
#include <stdlib.h>

#include "user/base/budgets.h"
#include "user/base/util.h"

static uint64_t key_a(const struct tally *t)
{
	return (uint64_t)t->tid << 32 | t->other;
}

static uint64_t key_b(const struct tally *t)
{
	return (uint64_t)t->stack << 32 | t->other_stack;
}

void tallies__free(struct tallies *ts)
{
	for (size_t i = 0; i < ts->cnt; i++)
		free(ts->v[i]);
	hmap__free(&ts->by_key);
	hmap__free(&ts->by_row);
	free(ts->v);
	free(ts->changed);
}

const struct tally *tallies__row(const struct tallies *ts, uint32_t tid, uint32_t kind)
{
	return hmap__get(&ts->by_row, tid, kind);
}

static int put_row(struct tallies *ts, struct tally *t)
{
	uint32_t tid = ts->which == SUMS ? t->tid : t->other;
	uint32_t kind = ts->which == SUMS ? t->other : 0;
	void *next;

	t->next = NULL;
	if (ts->which == PAIRS)
		return 0;
	if (hmap__swap(&ts->by_row, tid, kind, t, &next))
		return -ENOMEM;
	t->next = next;
	return 0;
}

static int put_key(struct tallies *ts, struct tally *t)
{
	return hmap__put(&ts->by_key, key_a(t), key_b(t), t);
}

/* There is always room for it in the list. */
static struct tally *changed(struct tallies *ts, struct tally *t)
{
	if (!t->changed)
		ts->changed[ts->changed_cnt++] = t;
	t->changed = true;
	return t;
}

static struct tally *find_or_make(struct tallies *ts, struct tally want, size_t max)
{
	struct tally *t = hmap__get(&ts->by_key, key_a(&want), key_b(&want));

	if (!t && ts->cnt >= max) {
		ts->full_cnt++;
		want = (struct tally){ .other = ts->which == SUMS ? want.other : 0 };
		t = hmap__get(&ts->by_key, key_a(&want), 0);
	}
	if (t)
		return changed(ts, t);
	if (array_grow(&ts->v, ts->cnt, &ts->cap, sizeof(struct tally *)) ||
	    array_grow(&ts->changed, ts->cnt, &ts->changed_cap, sizeof(struct tally *)))
		return NULL;
	t = calloc(1, sizeof(*t));
	if (!t)
		return NULL;
	*t = want;
	t->fresh = true;
	if (put_key(ts, t)) {
		free(t);
		return NULL;
	}
	ts->v[ts->cnt++] = t;
	put_row(ts, t); /* without memory it is not found there: its time has no place then */
	return changed(ts, t);
}

struct tally *tallies__get(struct tallies *ts, struct tally want)
{
	return find_or_make(ts, want, BUDGET_TALLIES_NEW);
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

/* t is one with that of the key of `want` from now on. false: it is that, or there is no memory. */
static bool join(struct tallies *ts, struct tally *t, struct tally want)
{
	struct tally *to;

	if (key_a(&want) == key_a(t) && key_b(&want) == key_b(t))
		return false;
	to = find_or_make(ts, want, SIZE_MAX);
	if (!to)
		return false;
	merge(to, t);
	t->gone = true;
	return true;
}

/* Out with those that are gone. The tables have had room for more. */
static void sweep(struct tallies *ts)
{
	size_t n = 0;

	for (size_t i = 0; i < ts->changed_cnt; i++)
		if (!ts->changed[i]->gone)
			ts->changed[n++] = ts->changed[i];
	ts->changed_cnt = n;
	hmap__clear(&ts->by_key);
	hmap__clear(&ts->by_row);
	n = 0;
	for (size_t i = 0; i < ts->cnt; i++) {
		if (ts->v[i]->gone) {
			free(ts->v[i]);
			continue;
		}
		ts->v[n++] = ts->v[i];
		put_key(ts, ts->v[i]);
		put_row(ts, ts->v[i]);
	}
	ts->cnt = n;
}

static struct tally folded_key(const struct tallies *ts, const struct tally *t, tally_tid_fn fn,
			       const void *ctx)
{
	return (struct tally){ .tid = fn(ctx, t->tid),
			       .other = ts->which == SUMS ? t->other : fn(ctx, t->other),
			       .stack = t->stack,
			       .other_stack = t->other_stack };
}

void tallies__fold(struct tallies *ts, tally_tid_fn fn, const void *ctx, bool all)
{
	struct tally *const *v = all ? ts->v : ts->changed;
	size_t cnt = all ? ts->cnt : ts->changed_cnt, joined = 0;

	for (size_t i = 0; i < cnt; i++) {
		v[i]->fresh = false;
		joined += join(ts, v[i], folded_key(ts, v[i], fn, ctx));
		v = all ? ts->v : ts->changed; /* which may have grown */
	}
	if (joined)
		sweep(ts);
}

/* What a thread has with it counts, once it has been reset, from there on. */
static uint64_t weight_of(const struct tally *t)
{
	int64_t ns = (int64_t)(t->ns_at[AT_NOW] - t->ns_at[AT_ZERO]);

	return ns > 0 ? (uint64_t)ns : 0;
}

/* Where the time of a light one goes: who waited, or whose place it was, stays known. */
static struct tally other_key(const struct tallies *ts, const struct tally *t)
{
	switch (ts->which) {
	case SUMS: return (struct tally){ .tid = t->tid, .other = t->other };
	case CHAINS: return (struct tally){ .other = t->other };
	default: return (struct tally){ .tid = t->tid };
	}
}

void tallies__prune(struct tallies *ts)
{
	size_t cnt = ts->cnt, joined = 0, max = cnt - BUDGET_TALLIES_KEPT;
	__cleanup(freep) uint64_t *weights = NULL;
	uint64_t bound;

	if (cnt <= BUDGET_TALLIES)
		return;
	weights = calloc(cnt, sizeof(*weights));
	if (!weights)
		return;
	for (size_t i = 0; i < cnt; i++)
		weights[i] = weight_of(ts->v[i]);
	qsort(weights, cnt, sizeof(*weights), cmp_u64);
	bound = weights[max - 1];
	for (size_t i = 0; i < cnt && joined < max; i++)
		if (weight_of(ts->v[i]) <= bound)
			joined += join(ts, ts->v[i], other_key(ts, ts->v[i]));
	ts->light_cnt += joined;
	sweep(ts);
}

void tallies__begin(struct tallies *ts)
{
	for (size_t i = 0; i < ts->changed_cnt; i++) {
		struct tally *t = ts->changed[i];

		if (ts->which == SUMS)
			t->open_ns = 0;
		t->open_before = t->open_ns;
	}
}

void tallies__undo(struct tallies *ts)
{
	for (size_t i = 0; i < ts->changed_cnt; i++) {
		struct tally *t = ts->changed[i];

		t->open_ns = ts->which == SUMS ? 0 : t->open_before;
	}
}

void tallies__sum(struct tallies *ts)
{
	for (size_t i = 0; i < ts->changed_cnt; i++) {
		struct tally *t = ts->changed[i];

		t->ns_at[AT_NOW] = t->closed_ns + t->open_ns;
		t->cnt_at[AT_NOW] = t->cnt;
	}
}

static void copy(struct tally *t, int to)
{
	t->ns_at[to] = t->ns_at[AT_NOW];
	t->cnt_at[to] = t->cnt_at[AT_NOW];
}

/* What is still open in it is another matter at the next feed, or can be undone. */
static bool is_open(const struct tallies *ts, const struct tally *t)
{
	return ts->which == SUMS ? t->open_ns != 0 : t->open_ns != t->open_before;
}

void tallies__copy(struct tallies *ts, int to)
{
	size_t n = 0;

	for (size_t i = 0; i < ts->cnt && to == AT_ZERO; i++)
		copy(ts->v[i], to);
	for (size_t i = 0; i < ts->changed_cnt && to == AT_MARK; i++) {
		struct tally *t = ts->changed[i];

		copy(t, to);
		t->changed = is_open(ts, t) || t->fresh;
		if (t->changed)
			ts->changed[n++] = t;
	}
	if (to == AT_MARK)
		ts->changed_cnt = n;
}
