/* SPDX-License-Identifier: BSD-2-Clause */
/* books.c - totals: what both directions need, and how they are written; see books_get.c */
#include "user/codec/books.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "user/base/util.h"

int books_code__own(struct books_code *b)
{
	int err = 0;

	for (int i = 0; i < SCHEMA_CNT && !err; i++)
		err = schema__own(&b->schema[i], (enum schema_id)i);
	return err ? err : books_code__restart(b);
}

static void images__clear(struct images *im, size_t word_cnt)
{
	if (im->word_cnt != word_cnt) { /* another file's */
		free(im->words);
		im->words = NULL;
		im->cap = 0;
	}
	im->cnt = 0;
	im->word_cnt = word_cnt;
	hmap__clear(&im->place);
}

int books_code__restart(struct books_code *b)
{
	for (int i = 0; i < SCHEMA_CNT; i++) {
		images__clear(&b->last[i], b->schema[i].word_cnt);
		images__clear(&b->next[i], b->schema[i].word_cnt);
	}
	free(b->before);
	b->before = calloc(b->schema[SCHEMA_TOTALS].word_cnt + 1, sizeof(*b->before));
	return b->before ? 0 : -ENOMEM;
}

void books_code__free(struct books_code *b)
{
	for (int i = 0; i < SCHEMA_CNT; i++) {
		free(b->last[i].words);
		free(b->next[i].words);
		hmap__free(&b->last[i].place);
		hmap__free(&b->next[i].place);
		schema__free(&b->schema[i]);
	}
	free(b->before);
	sbuf__free(&b->rows);
	*b = (struct books_code){ 0 };
}

uint64_t *images__add(struct images *im)
{
	if (array_grow(&im->words, im->cnt, &im->cap, im->word_cnt * sizeof(*im->words)))
		return NULL;
	return &im->words[im->cnt++ * im->word_cnt];
}

void images__turn(struct books_code *b, enum schema_id id)
{
	struct images swap = b->last[id];

	b->last[id] = b->next[id];
	b->next[id] = swap;
	b->next[id].cnt = 0;
	hmap__clear(&b->next[id].place);
}

/* ---- writing ---- */

/* An object of a list: the number of what it was, as the distance to the one expected and a half; 0: new. Then what has changed.
 * now: room for its words.
 */
static int put_object(struct books_code *b, enum schema_id id, const void *obj, uint64_t key_a,
		      uint64_t key_b, size_t *expected, struct sbuf *out)
{
	const struct schema *s = &b->schema[id];
	size_t was = (size_t)(uintptr_t)hmap__get(&b->last[id].place, key_a, key_b);
	uint64_t now[WORDS_MAX];
	uint64_t *image = images__add(&b->next[id]);

	if (!image ||
	    hmap__put(&b->next[id].place, key_a, key_b, (void *)(uintptr_t)b->next[id].cnt))
		return -ENOMEM;
	schema__words(s, obj, now);
	if (was) {
		memcpy(image, &b->last[id].words[(was - 1) * s->word_cnt],
		       s->word_cnt * sizeof(*image));
		varint__put(out, 1 + zigzag((int64_t)(was - 1) - (int64_t)*expected));
		*expected = was;
	} else {
		memset(image, 0, s->word_cnt * sizeof(*image));
		varint__put(out, 0);
	}
	words__put(image, now, s->word_cnt, out);
	return 0;
}

/* Since when does somebody wait for this GIL whose pairs are not booked? UINT64_MAX: nobody does. */
static uint64_t waited_since(const struct totals *t, const struct gt_gil_key *key)
{
	uint64_t since = UINT64_MAX;

	for (size_t i = 0; i < t->thread_cnt; i++) {
		const struct total_thread *th = &t->threads[i];

		if (th->key.cond == key->cond && th->rec.tgid == key->tgid &&
		    th->rec.state == GT_WAIT && th->rec.wait_booked_ns < since)
			since = th->rec.wait_booked_ns;
	}
	return since;
}

/* From so many waiters on a model tells their holds apart by all that the ring has (model/pairs.c). */
#define MANY_WAITERS 64

static uint64_t past_since(const struct totals *t, const struct total_gil *g)
{
	if (!g->rec.waiters)
		return UINT64_MAX;
	return g->rec.waiters >= MANY_WAITERS ? 0 : waited_since(t, &g->key);
}

/* The past holds of a GIL that open waits can be told apart by, newest first, up to the first one that is older. */
static void put_past(const struct gt_gil *g, uint64_t since, struct sbuf *out)
{
	uint64_t before = g->hold_since_ns;
	uint32_t cnt = 0;

	while (cnt < GT_RING_HOLDS && cnt < g->hold_cnt &&
	       g->past[(g->hold_cnt - 1 - cnt) % GT_RING_HOLDS].end_ns > since)
		cnt++;
	varint__put(out, cnt);
	for (uint32_t i = 0; i < cnt; i++) {
		const struct gt_past_hold *h = &g->past[(g->hold_cnt - 1 - i) % GT_RING_HOLDS];

		varint__put_signed(out, (int64_t)(before - h->end_ns));
		varint__put(out, h->end_ns - h->start_ns);
		varint__put(out, (uint64_t)h->tid << 1 | (h->light & 1));
		before = h->start_ns;
	}
}

static int put_gils(struct books_code *b, const struct totals *t, struct sbuf *out)
{
	size_t expected = 0;
	int err = 0;

	varint__put(out, t->gil_cnt);
	for (size_t i = 0; i < t->gil_cnt && !err; i++) {
		const struct total_gil *g = &t->gils[i];

		err = put_object(b, SCHEMA_GIL, g, g->key.cond, g->key.tgid, &expected, out);
		put_past(&g->rec, past_since(t, g), out);
	}
	images__turn(b, SCHEMA_GIL);
	return err;
}

static int put_threads(struct books_code *b, const struct totals *t, struct sbuf *out)
{
	size_t expected = 0;
	int err = 0;

	varint__put(out, t->thread_cnt);
	for (size_t i = 0; i < t->thread_cnt && !err; i++) {
		const struct total_thread *th = &t->threads[i];

		err = put_object(b, SCHEMA_THREAD, th, th->key.cond,
				 (uint64_t)th->rec.tgid << 32 | th->key.tid, &expected, out);
	}
	images__turn(b, SCHEMA_THREAD);
	return err;
}

static int put_ended(struct books_code *b, const struct totals *t, struct sbuf *out)
{
	size_t expected = 0;
	int err = 0;

	varint__put(out, t->ended_cnt);
	for (size_t i = 0; i < t->ended_cnt && !err; i++)
		err = put_object(b, SCHEMA_ENDED, &t->ended[i], t->ended[i].key.cond,
				 t->ended[i].key.tgid, &expected, out);
	images__turn(b, SCHEMA_ENDED);
	return err;
}

/* A number of a row, as the distance to that of the row before. */
static void put_near(uint64_t v, uint64_t *before, struct sbuf *out)
{
	varint__put_signed(out, (int64_t)(v - *before));
	*before = v;
}

static void put_pairs(const struct totals *t, struct sbuf *out)
{
	uint64_t tgid = 0, waiter = 0, holder = 0;

	varint__put(out, t->pair_cnt);
	for (size_t i = 0; i < t->pair_cnt; i++) {
		const struct total_pair *p = &t->pairs[i];

		put_near(p->key.tgid, &tgid, out);
		put_near(p->key.waiter_tid, &waiter, out);
		put_near(p->key.holder_tid, &holder, out);
		varint__put(out, p->ns);
	}
}

static void put_stacks(const struct total_stack *rows, size_t cnt, struct sbuf *out)
{
	uint64_t tgid = 0, tid = 0, stack = 0, other = 0;

	varint__put(out, cnt);
	for (size_t i = 0; i < cnt; i++) {
		const struct total_stack *s = &rows[i];

		put_near(s->tgid, &tgid, out);
		put_near(s->tid, &tid, out);
		put_near(s->stack, &stack, out);
		varint__put(out, s->kind);
		put_near(s->other, &other, out);
		varint__put(out, s->other_stack);
		varint__put_signed(out, (int64_t)s->ns);
		varint__put(out, s->cnt);
	}
}

static void put_sleeps(const struct totals *t, struct sbuf *out)
{
	varint__put(out, t->sleep_cnt);
	for (size_t i = 0; i < t->sleep_cnt; i++) {
		const struct total_sleep *s = &t->sleeps[i];

		varint__put(out, s->at.stack);
		varint__put(out, s->at.tgid);
		varint__put(out, s->at.tid);
		varint__put_signed(out, s->at.call);
		varint__put(out, s->stack);
		varint__put(out, s->ns);
		varint__put(out, s->cnt);
	}
}

int books__put(struct books_code *b, const struct totals *t, struct sbuf *out)
{
	uint64_t now[WORDS_MAX];
	int err;

	if (t->gil_cnt > LIST_GILS || t->thread_cnt > LIST_THREADS || t->ended_cnt > LIST_GILS ||
	    t->pair_cnt > LIST_ROWS || t->stack_cnt > LIST_ROWS || t->chain_cnt > LIST_ROWS ||
	    t->sleep_cnt > LIST_ROWS)
		return -EFBIG;
	varint__put(out, (uint64_t)t->last | (uint64_t)t->stacks_known << 1 |
				 (uint64_t)t->runnable_unknown << 2 |
				 (uint64_t)t->sleeps_known << 3);
	schema__words(&b->schema[SCHEMA_TOTALS], t, now);
	words__put(b->before, now, b->schema[SCHEMA_TOTALS].word_cnt, out);
	err = put_gils(b, t, out);
	if (!err)
		err = put_threads(b, t, out);
	if (!err)
		err = put_ended(b, t, out);
	put_pairs(t, out);
	put_stacks(t->stacks, t->stack_cnt, out);
	put_stacks(t->chains, t->chain_cnt, out);
	put_sleeps(t, out);
	return out->oom ? -ENOMEM : err;
}
