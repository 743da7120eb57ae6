/* SPDX-License-Identifier: BSD-2-Clause */
/* books_get.c - totals, read */
#include <errno.h>
#include <string.h>

#include "user/base/util.h"
#include "user/codec/books.h"

/* See put_object(). NULL: bad, or no memory. */
static const uint64_t *get_object(struct books_code *b, enum schema_id id, size_t *expected,
				  struct cursor *c)
{
	size_t word_cnt = b->schema[id].word_cnt;
	uint64_t no = cursor__u64(c), was;
	uint64_t *image = c->bad || !word_cnt ? NULL : images__add(&b->next[id]);

	if (!image)
		return NULL;
	if (no) {
		was = *expected + (uint64_t)unzigzag(no - 1);
		if (was >= b->last[id].cnt)
			return NULL;
		memcpy(image, &b->last[id].words[was * word_cnt], word_cnt * sizeof(*image));
		*expected = was + 1;
	} else {
		memset(image, 0, word_cnt * sizeof(*image));
	}
	words__get(image, word_cnt, c);
	return c->bad ? NULL : image;
}

/* A list's length, each of at least one byte. */
static size_t list_cnt(struct cursor *c, size_t max)
{
	size_t cnt = cursor__cnt(c);

	c->bad |= cnt > max;
	return c->bad ? 0 : cnt;
}

static void get_past(struct gt_gil *g, struct cursor *c)
{
	uint64_t before = g->hold_since_ns;
	size_t cnt = list_cnt(c, GT_RING_HOLDS);

	for (size_t i = 0; i < cnt; i++) {
		struct gt_past_hold *h = &g->past[(g->hold_cnt - 1 - i) % GT_RING_HOLDS];
		uint64_t who;

		h->end_ns = before - (uint64_t)cursor__i64(c);
		h->start_ns = before = h->end_ns - cursor__u64(c);
		who = cursor__u64(c);
		h->tid = (uint32_t)(who >> 1);
		h->light = who & 1;
	}
}

static int get_gils(struct books_code *b, struct cursor *c, struct totals *t)
{
	size_t cnt = list_cnt(c, LIST_GILS), expected = 0;

	for (t->gil_cnt = 0; t->gil_cnt < cnt; t->gil_cnt++) {
		const uint64_t *words = get_object(b, SCHEMA_GIL, &expected, c);
		struct total_gil *g;

		if (!words)
			return -EBADMSG;
		if (array_grow(&t->gils, t->gil_cnt, &t->gil_cap, sizeof(*t->gils)))
			return -ENOMEM;
		g = &t->gils[t->gil_cnt];
		memset(g, 0, sizeof(*g));
		schema__object(&b->schema[SCHEMA_GIL], words, g);
		g->rec.key = g->key;
		get_past(&g->rec, c);
	}
	images__turn(b, SCHEMA_GIL);
	return 0;
}

static int get_threads(struct books_code *b, struct cursor *c, stack_id_fn id, const void *ctx,
		       struct totals *t)
{
	size_t cnt = list_cnt(c, LIST_THREADS), expected = 0;

	for (t->thread_cnt = 0; t->thread_cnt < cnt; t->thread_cnt++) {
		const uint64_t *words = get_object(b, SCHEMA_THREAD, &expected, c);
		struct total_thread *th;

		if (!words)
			return -EBADMSG;
		if (array_grow(&t->threads, t->thread_cnt, &t->thread_cap, sizeof(*t->threads)))
			return -ENOMEM;
		th = &t->threads[t->thread_cnt];
		memset(th, 0, sizeof(*th));
		schema__object(&b->schema[SCHEMA_THREAD], words, th);
		th->rec.state &= GT_STATE_CNT - 1;
		th->open_stack = id(ctx, th->open_stack);
	}
	images__turn(b, SCHEMA_THREAD);
	return 0;
}

static int get_ended(struct books_code *b, struct cursor *c, struct totals *t)
{
	size_t cnt = list_cnt(c, LIST_GILS), expected = 0;

	for (t->ended_cnt = 0; t->ended_cnt < cnt; t->ended_cnt++) {
		const uint64_t *words = get_object(b, SCHEMA_ENDED, &expected, c);

		if (!words)
			return -EBADMSG;
		if (array_grow(&t->ended, t->ended_cnt, &t->ended_cap, sizeof(*t->ended)))
			return -ENOMEM;
		memset(&t->ended[t->ended_cnt], 0, sizeof(*t->ended));
		schema__object(&b->schema[SCHEMA_ENDED], words, &t->ended[t->ended_cnt]);
	}
	images__turn(b, SCHEMA_ENDED);
	return 0;
}

static uint32_t get_near(struct cursor *c, uint64_t *before)
{
	*before += (uint64_t)cursor__i64(c);
	return (uint32_t)*before;
}

static int get_pairs(struct cursor *c, struct totals *t)
{
	uint64_t tgid = 0, waiter = 0, holder = 0;
	size_t cnt = list_cnt(c, LIST_ROWS);

	for (t->pair_cnt = 0; t->pair_cnt < cnt && !c->bad; t->pair_cnt++) {
		struct total_pair *p;

		if (array_grow(&t->pairs, t->pair_cnt, &t->pair_cap, sizeof(*t->pairs)))
			return -ENOMEM;
		p = &t->pairs[t->pair_cnt];
		*p = (struct total_pair){ 0 };
		p->key.tgid = get_near(c, &tgid);
		p->key.waiter_tid = get_near(c, &waiter);
		p->key.holder_tid = get_near(c, &holder);
		p->ns = cursor__u64(c);
	}
	return 0;
}

static int get_stacks(struct cursor *c, stack_id_fn id, const void *ctx, struct total_stack **rows,
		      size_t *row_cnt, size_t *cap)
{
	uint64_t tgid = 0, tid = 0, stack = 0, other = 0;
	size_t cnt = list_cnt(c, LIST_ROWS);

	for (*row_cnt = 0; *row_cnt < cnt && !c->bad; (*row_cnt)++) {
		struct total_stack *s;

		if (array_grow(rows, *row_cnt, cap, sizeof(**rows)))
			return -ENOMEM;
		s = &(*rows)[*row_cnt];
		s->tgid = get_near(c, &tgid);
		s->tid = get_near(c, &tid);
		s->stack = id(ctx, get_near(c, &stack));
		s->kind = cursor__u32(c);
		s->other = get_near(c, &other);
		s->other_stack = id(ctx, cursor__u32(c));
		s->ns = (uint64_t)cursor__i64(c);
		s->cnt = cursor__u64(c);
		c->bad |= s->kind >= GT_SUM_KINDS;
	}
	return 0;
}

static int get_sleeps(struct cursor *c, stack_id_fn id, const void *ctx, struct totals *t)
{
	size_t cnt = list_cnt(c, LIST_ROWS);

	for (t->sleep_cnt = 0; t->sleep_cnt < cnt && !c->bad; t->sleep_cnt++) {
		struct total_sleep *s;

		if (array_grow(&t->sleeps, t->sleep_cnt, &t->sleep_cap, sizeof(*t->sleeps)))
			return -ENOMEM;
		s = &t->sleeps[t->sleep_cnt];
		*s = (struct total_sleep){ 0 };
		s->at.stack = cursor__u64(c);
		s->at.tgid = cursor__u32(c);
		s->at.tid = cursor__u32(c);
		s->at.call = (int32_t)cursor__i64(c);
		s->stack = id(ctx, cursor__u32(c));
		s->ns = cursor__u64(c);
		s->cnt = cursor__u64(c);
	}
	return 0;
}

int books__get(struct books_code *b, struct cursor *c, stack_id_fn id, const void *ctx,
	       struct totals *t)
{
	uint64_t flags = cursor__u64(c);
	int err;

	if (!b->before)
		return -EBADMSG; /* there was no schema */
	t->last = flags & 1;
	t->stacks_known = flags >> 1 & 1;
	t->runnable_unknown = flags >> 2 & 1;
	t->sleeps_known = flags >> 3 & 1;
	words__get(b->before, b->schema[SCHEMA_TOTALS].word_cnt, c);
	schema__object(&b->schema[SCHEMA_TOTALS], b->before, t);
	err = get_gils(b, c, t);
	if (!err)
		err = get_threads(b, c, id, ctx, t);
	if (!err)
		err = get_ended(b, c, t);
	if (!err)
		err = get_pairs(c, t);
	if (!err)
		err = get_stacks(c, id, ctx, &t->stacks, &t->stack_cnt, &t->stack_cap);
	if (!err)
		err = get_stacks(c, id, ctx, &t->chains, &t->chain_cnt, &t->chain_cap);
	if (!err)
		err = get_sleeps(c, id, ctx, t);
	return c->bad ? -EBADMSG : err;
}
