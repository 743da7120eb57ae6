/* SPDX-License-Identifier: BSD-2-Clause */
/* places.c - where time went: looks, scaled to what is exact
 *
 * How long a thread waited, held and made others wait is exact; at which stacks is a sample with weights
 * (bpf/looks.bpf.h). Here the weights of a thread, of one kind, are scaled so that they add up to its exact time, in
 * whole nanoseconds. Where the span has no look of a thread, all that was ever seen of it counts, then the ends of its
 * holds; else the place is not known, and is said to be so (build_stacks.c).
 *
 * Ended threads that have no row of their own any more share one: their looks are scaled together.
 */
#include "user/model/places.h"

#include <stdlib.h>

#include "user/base/arena.h"
#include "user/model/model_impl.h"

static int by_tid(const void *a, const void *b)
{
	uint32_t x = ((const struct place_row *)a)->tid, y = ((const struct place_row *)b)->tid;

	return x < y ? -1 : x > y;
}

struct place_row *places__rows(const struct snap_proc *p, struct arena *a, size_t *cnt)
{
	struct place_row *rows = arena__alloc(a, p->thread_cnt + 1, sizeof(*rows));
	size_t n = 0;

	if (!rows)
		return NULL;
	rows[p->thread_cnt] = (struct place_row){ .tid = 0 }; /* always there */
	for (size_t i = 0; i < p->thread_cnt; i++) {
		const struct snap_thread *t = &p->threads[i];

		rows[i] = (struct place_row){ .tid = t->tid,
					      .ns = { t->wait_ns, t->hold_ns, t->blame_ns } };
	}
	qsort(rows, p->thread_cnt + 1, sizeof(*rows), by_tid);
	for (size_t i = 1; i <= p->thread_cnt; i++) { /* a row for each GIL: join them */
		if (rows[i].tid != rows[n].tid) {
			rows[++n] = rows[i];
			continue;
		}
		for (int k = 0; k < PLACE_KINDS; k++)
			rows[n].ns[k] += rows[i].ns[k];
	}
	*cnt = n + 1;
	return rows;
}

struct place_row *places__row(const struct places *pl, uint32_t tid)
{
	const struct place_row want = { .tid = tid };
	struct place_row *row = bsearch(&want, pl->rows, pl->row_cnt, sizeof(*pl->rows), by_tid);

	return row ? row : &pl->rows[0]; /* tid 0 */
}

/* What open waits have added may have gone elsewhere when they ended; a place asleep may have lost more than it got. */
static uint64_t since(const uint64_t at[AT_CNT], int base)
{
	int64_t change = (int64_t)(at[AT_NOW] - (base < 0 ? 0 : at[base]));

	return change > 0 ? (uint64_t)change : 0;
}

void places__add(struct places *pl, const struct tally *t, uint32_t tid, int base, int pass)
{
	struct place_row *row = places__row(pl, tid);
	uint64_t weight = since(t->ns_at, base);

	if (!weight || !row->ns[pl->kind] || (row->pass[pl->kind] && row->pass[pl->kind] != pass))
		return;
	row->pass[pl->kind] = pass;
	pl->v[pl->cnt++] = (struct place){
		.t = t, .tid = row->tid, .weight = weight, .cnt = since(t->cnt_at, base)
	};
}

static int by_row(const void *a, const void *b)
{
	const struct place *x = a, *y = b;

	return x->tid < y->tid ? -1 : x->tid > y->tid;
}

/* Each gets its part of ns, rounded so that nothing is left over. */
static void share_out(struct place *v, size_t cnt, uint64_t ns)
{
	uint64_t sum = 0, upto = 0, given = 0;

	for (size_t i = 0; i < cnt; i++)
		sum += v[i].weight;
	for (size_t i = 0; i < cnt; i++) {
		uint64_t end;

		upto += v[i].weight;
		end = (uint64_t)((unsigned __int128)ns * upto / sum);
		v[i].ns = end - given;
		given = end;
	}
}

void places__scale(struct places *pl)
{
	if (pl->cnt)
		qsort(pl->v, pl->cnt, sizeof(*pl->v), by_row);
	for (size_t i = 0, k; i < pl->cnt; i = k) {
		struct place_row *row = places__row(pl, pl->v[i].tid);

		for (k = i; k < pl->cnt && pl->v[k].tid == pl->v[i].tid; k++)
			;
		share_out(&pl->v[i], k - i, row->ns[pl->kind]);
		row->ns[pl->kind] = 0; /* all of it has a place */
	}
}
