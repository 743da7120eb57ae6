/* SPDX-License-Identifier: BSD-2-Clause */
/* A ring of spans, in the order of arrival. Each span knows the one before it of the same thread and,
 * if it is a hold, the hold before it of the same GIL; two hash tables know the newest of each. A row
 * is drawn by walking such a chain backwards until the window is left, so it costs what it shows.
 * Positions count up for ever (index = position % size): a link to a span that has been overwritten
 * is seen by its position being too old.
 */
#include "user/picture/timeline.h"

#include <errno.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "user/base/hmap.h"
#include "user/books/sink.h"

#define POS_NONE 0u /* positions start at 1 */

/* Spans arrive from several CPUs: allow for so much disorder when deciding that a chain has left the
 * window.
 */
#define DISORDER_NS 50000000u

struct entry {
	struct tl_span span;
	uint64_t prev_thread, prev_hold; /* positions */
};

struct timeline {
	struct sink sink; /* first: a pointer to it is a pointer to the timeline */
	struct entry *ring;
	size_t size;
	uint64_t next; /* position of the next span */
	uint64_t known_from_ns, min_ns;
	struct hmap threads, gils; /* -> position of the newest span */
};

static bool is_kept(const struct timeline *t, uint64_t pos)
{
	return pos != POS_NONE && pos + t->size >= t->next;
}

static const struct entry *entry_at(const struct timeline *t, uint64_t pos)
{
	return &t->ring[pos % t->size];
}

static uint64_t newest(const struct hmap *heads, uint64_t key, uint64_t key2)
{
	return (uint64_t)(uintptr_t)hmap__get(heads, key, key2);
}

/* Before the table would grow: heads of threads that left the ring long ago are dropped, if that makes room. */
static void drop_stale(const struct timeline *t, struct hmap *heads)
{
	struct hmap fresh = { 0 };
	size_t stale = 0;

	for (size_t i = 0; i < heads->cap; i++)
		stale += heads->slots[i].value &&
			 !is_kept(t, (uint64_t)(uintptr_t)heads->slots[i].value);
	if (stale < heads->cap / 4)
		return;
	for (size_t i = 0; i < heads->cap; i++) {
		const struct hmap_slot *s = &heads->slots[i];

		if (is_kept(t, (uint64_t)(uintptr_t)s->value) &&
		    hmap__put(&fresh, s->a, s->b, s->value)) {
			hmap__free(&fresh);
			return;
		}
	}
	hmap__free(heads);
	*heads = fresh;
}

/* Put the next position at the head of the chain; *ret: what was there. */
static int chain(const struct timeline *t, struct hmap *heads, uint64_t key, uint64_t key2,
		 uint64_t *ret)
{
	void *prev;
	int err;

	if (hmap__is_full(heads) && newest(heads, key, key2) == POS_NONE)
		drop_stale(t, heads);
	err = hmap__swap(heads, key, key2, (void *)(uintptr_t)t->next, &prev);
	if (!err)
		*ret = (uint64_t)(uintptr_t)prev;
	return err;
}

static int take(struct sink *s, const struct record *r)
{
	const struct tl_span span = { r->span.start_ns, r->span.end_ns, r->span.gil,
				      r->pid,		r->span.tid,	r->span.state };

	return r->kind == REC_SPAN ? timeline__add((struct timeline *)s, &span) : 0;
}

struct sink *timeline__sink(struct timeline *t)
{
	return &t->sink;
}

struct timeline *timeline__new(size_t span_max)
{
	struct timeline *t = calloc(1, sizeof(*t));

	if (!t)
		return NULL;
	t->size = span_max ? span_max : 1;
	t->ring = calloc(t->size, sizeof(*t->ring));
	if (!t->ring) {
		free(t);
		errno = ENOMEM;
		return NULL;
	}
	t->sink.take = take;
	t->next = 1;
	t->known_from_ns = UINT64_MAX;
	return t;
}

void timeline__free(struct timeline *t)
{
	if (!t)
		return;
	hmap__free(&t->threads);
	hmap__free(&t->gils);
	free(t->ring);
	free(t);
}

void timeline__restart(struct timeline *t, uint64_t now_ns, uint64_t min_ns)
{
	hmap__free(&t->threads);
	hmap__free(&t->gils);
	t->next = 1;
	t->known_from_ns = now_ns;
	t->min_ns = min_ns;
}

int timeline__add(struct timeline *t, const struct tl_span *s)
{
	struct entry *e = &t->ring[t->next % t->size];
	uint64_t prev;
	int err = 0;

	if (s->end_ns < s->start_ns || (unsigned int)s->state >= GT_STATE_CNT)
		return -EINVAL;
	/* Of before the restart; what lies between is not known. */
	if (t->known_from_ns != UINT64_MAX && s->end_ns <= t->known_from_ns)
		return 0;
	if (chain(t, &t->threads, s->tid, 0, &prev))
		return -ENOMEM;
	if (t->next > t->size && e->span.end_ns > t->known_from_ns)
		t->known_from_ns = e->span.end_ns;
	if (t->known_from_ns == UINT64_MAX)
		t->known_from_ns = s->start_ns;
	*e = (struct entry){ .span = *s, .prev_thread = prev };
	if (s->state == GT_HOLD)
		err = chain(t, &t->gils, s->gil, s->tgid, &e->prev_hold);
	t->next++;
	return err;
}

uint64_t timeline__known_from(const struct timeline *t)
{
	return t->known_from_ns;
}

uint64_t timeline__min_ns(const struct timeline *t)
{
	return t->min_ns;
}

size_t timeline__count(const struct timeline *t)
{
	return t->next - 1 < t->size ? (size_t)(t->next - 1) : t->size;
}

/* Where cell i starts. */
static uint64_t cell_start(const struct tl_window *w, size_t i)
{
	return w->from_ns + (uint64_t)((unsigned __int128)(w->to_ns - w->from_ns) * i / w->n);
}

static size_t cell_of(const struct tl_window *w, uint64_t ns)
{
	size_t i = (size_t)((unsigned __int128)(ns - w->from_ns) * w->n / (w->to_ns - w->from_ns));

	if (i >= w->n)
		i = w->n - 1;
	while (i + 1 < w->n && cell_start(w, i + 1) <= ns)
		i++;
	return i;
}

/* Call fn for each cell that the time from start to end touches. */
static void spread(const struct tl_window *w, uint64_t start, uint64_t end,
		   void (*fn)(void *ctx, size_t cell, uint64_t ns), void *ctx)
{
	start = start < w->from_ns ? w->from_ns : start;
	end = end > w->to_ns ? w->to_ns : end;
	if (start >= end)
		return;
	for (size_t i = cell_of(w, start); i < w->n && start < end; i++) {
		uint64_t stop = i + 1 < w->n ? cell_start(w, i + 1) : w->to_ns;

		stop = stop < end ? stop : end;
		fn(ctx, i, stop - start);
		start = stop;
	}
}

struct row_ctx {
	uint64_t (*sum)[TL_CELL_CNT];
	enum tl_cell state;
};

static void add_state(void *ctx, size_t cell, uint64_t ns)
{
	struct row_ctx *r = ctx;

	r->sum[cell][r->state] += ns;
}

static enum tl_cell cell_state(enum gt_state s)
{
	return s == GT_WAIT    ? TL_WAIT
	       : s == GT_HOLD  ? TL_HOLD
	       : s == GT_YIELD ? TL_YIELD
			       : TL_RELEASED;
}

/* The longest; of equals, the one that hurts. */
static enum tl_cell majority(const uint64_t sum[TL_CELL_CNT], uint64_t whole, uint64_t known)
{
	static const enum tl_cell order[] = { TL_WAIT, TL_YIELD, TL_HOLD };
	uint64_t busy = 0, best = 0;
	enum tl_cell ret = TL_NONE;

	for (size_t i = 0; i < 3; i++) {
		busy += sum[order[i]];
		if (sum[order[i]] > best) {
			best = sum[order[i]];
			ret = order[i];
		}
	}
	if (known > whole)
		known = whole;
	if (known > busy && known - busy > best) {
		best = known - busy;
		ret = TL_RELEASED;
	}
	/* An open state that was drawn, and has come in closed meanwhile, counts twice. */
	if (busy > known)
		known = busy;
	return whole > known && whole - known > best ? TL_NONE : ret;
}

void timeline__row(const struct timeline *t, uint32_t tid, const struct tl_span *open,
		   uint64_t first_ns, const struct tl_window *w, enum tl_cell *ret)
{
	uint64_t(*sum)[TL_CELL_CNT];
	struct row_ctx ctx;
	uint64_t known_from = t->known_from_ns > first_ns ? t->known_from_ns : first_ns;

	for (size_t i = 0; i < w->n; i++)
		ret[i] = TL_NONE;
	sum = w->n && w->to_ns > w->from_ns ? calloc(w->n, sizeof(*sum)) : NULL;
	if (!sum)
		return;
	ctx.sum = sum;
	if (open && open->state != GT_RELEASED) {
		ctx.state = cell_state(open->state);
		spread(w, open->start_ns, open->end_ns, add_state, &ctx);
	}
	for (uint64_t pos = newest(&t->threads, tid, 0); is_kept(t, pos);) {
		const struct entry *e = entry_at(t, pos);

		if (e->span.end_ns + DISORDER_NS < w->from_ns)
			break;
		ctx.state = cell_state(e->span.state);
		if (ctx.state != TL_RELEASED)
			spread(w, e->span.start_ns, e->span.end_ns, add_state, &ctx);
		pos = e->prev_thread;
	}
	for (size_t i = 0; i < w->n; i++) {
		uint64_t from = cell_start(w, i), to = cell_start(w, i + 1);

		ret[i] = majority(sum[i], to - from, known_from < to ? to - known_from : 0);
	}
	free(sum);
}

/* The few threads that held longest in a cell. When a ninth comes, the shortest gives way and its time
 * goes to the new one, so a thread that held for more than an eighth of the cell is never missed.
 */
#define RIVALS 8

struct rivals {
	uint32_t tid[RIVALS];
	uint64_t ns[RIVALS];
};

struct owner_ctx {
	struct rivals *cells;
	uint32_t tid;
};

static void add_owner(void *ctx, size_t cell, uint64_t ns)
{
	struct owner_ctx *o = ctx;
	struct rivals *r = &o->cells[cell];
	size_t least = 0;

	for (size_t i = 0; i < RIVALS; i++) {
		if (r->tid[i] == o->tid) {
			r->ns[i] += ns;
			return;
		}
		if (r->ns[i] < r->ns[least])
			least = i;
	}
	r->tid[least] = o->tid;
	r->ns[least] += ns;
}

int timeline__owner(const struct timeline *t, uint32_t tgid, uint64_t gil,
		    const struct tl_span *open, const struct tl_window *w, uint32_t *ret)
{
	struct owner_ctx ctx = { 0 };

	for (size_t i = 0; i < w->n; i++)
		ret[i] = 0;
	if (!w->n || w->to_ns <= w->from_ns)
		return 0;
	ctx.cells = calloc(w->n, sizeof(*ctx.cells));
	if (!ctx.cells)
		return -ENOMEM;
	if (open) {
		ctx.tid = open->tid;
		spread(w, open->start_ns, open->end_ns, add_owner, &ctx);
	}
	for (uint64_t pos = newest(&t->gils, gil, tgid); is_kept(t, pos);) {
		const struct entry *e = entry_at(t, pos);

		if (e->span.end_ns + DISORDER_NS < w->from_ns)
			break;
		ctx.tid = e->span.tid;
		spread(w, e->span.start_ns, e->span.end_ns, add_owner, &ctx);
		pos = e->prev_hold;
	}
	for (size_t i = 0; i < w->n; i++) {
		const struct rivals *r = &ctx.cells[i];
		uint64_t sum = 0, cell = cell_start(w, i + 1) - cell_start(w, i);
		size_t best = 0;

		for (size_t k = 0; k < RIVALS; k++) {
			sum += r->ns[k];
			if (r->ns[k] > r->ns[best])
				best = k;
		}
		if (sum && sum * 2 >= cell)
			ret[i] = r->tid[best];
	}
	free(ctx.cells);
	return 0;
}
