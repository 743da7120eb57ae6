/* SPDX-License-Identifier: BSD-2-Clause */
#include "user/view/state_bins.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "user/base/util.h"

/* 16 us at first: a run of 16 ms has all bins. */
#define FIRST_SHIFT 14
#define SHARES	    63

void state_bins__begin(struct state_bins *b, uint64_t start_ns)
{
	if (b->start_ns)
		return;
	b->start_ns = start_ns ? start_ns : 1;
	b->shift = FIRST_SHIFT;
}

static void halve(struct bin_row *r)
{
	for (size_t k = 0; r && k < BIN_KINDS; k++) {
		for (size_t i = 0; i < BINS_MAX / 2; i++)
			r->ns[k][i] = r->ns[k][2 * i] + r->ns[k][2 * i + 1];
		memset(&r->ns[k][BINS_MAX / 2], 0, sizeof(r->ns[k]) / 2);
	}
}

/* Bins as long as it takes for this moment to be in one. */
static void reach(struct state_bins *b, uint64_t ns)
{
	while (ns > b->start_ns && (ns - b->start_ns) >> b->shift >= BINS_MAX) {
		b->shift++;
		for (size_t i = 0; i < b->row_cnt; i++)
			halve(b->rows[i]);
		halve(b->others);
	}
}

static struct bin_row *new_row(void)
{
	return calloc(1, sizeof(struct bin_row));
}

/* NULL: no memory. */
static struct bin_row *row_of(struct state_bins *b, uint32_t thread)
{
	while (b->row_cnt <= thread) {
		if (array_grow(&b->rows, b->row_cnt, &b->row_cap, sizeof(struct bin_row *)))
			return NULL;
		b->rows[b->row_cnt++] = NULL;
	}
	if (!b->rows[thread] && b->made_cnt < BIN_ROWS_MAX) {
		b->rows[thread] = new_row();
		b->made_cnt += b->rows[thread] != NULL;
		return b->rows[thread];
	}
	if (!b->rows[thread] && !b->others)
		b->others = new_row();
	return b->rows[thread] ? b->rows[thread] : b->others;
}

/* share: of each ns between them, how much counts. */
static int fill(struct state_bins *b, uint32_t thread, uint8_t kind, uint64_t start, uint64_t end,
		double share)
{
	struct bin_row *r;
	float *ns;

	if (kind < GT_WAIT || kind >= GT_WAIT + BIN_KINDS)
		return 0;
	state_bins__begin(b, start);
	start = start > b->start_ns ? start - b->start_ns : 0;
	end = end > b->start_ns ? end - b->start_ns : 0;
	if (end <= start)
		return 0;
	reach(b, b->start_ns + end - 1);
	r = row_of(b, thread);
	if (!r)
		return -ENOMEM;
	ns = r->ns[kind - GT_WAIT];
	for (size_t i = start >> b->shift; start < end; i++) {
		uint64_t next = (uint64_t)(i + 1) << b->shift, upto = end < next ? end : next;

		ns[i] += (float)((double)(upto - start) * share);
		start = upto;
	}
	return 0;
}

int state_bins__spread(struct state_bins *b, uint32_t thread, uint8_t kind, uint64_t start_ns,
		       uint64_t end_ns, uint64_t sum_ns)
{
	if (end_ns <= start_ns)
		return 0;
	return fill(b, thread, kind, start_ns, end_ns,
		    (double)sum_ns / (double)(end_ns - start_ns));
}

/* ---- the longest ---- */

static void swap(struct long_state *a, struct long_state *b)
{
	struct long_state t = *a;

	*a = *b;
	*b = t;
}

static void sift_up(struct long_state *h, size_t i)
{
	for (; i && h[i].len_ns < h[(i - 1) / 2].len_ns; i = (i - 1) / 2)
		swap(&h[i], &h[(i - 1) / 2]);
}

static void sift_down(struct long_state *h, size_t cnt)
{
	for (size_t i = 0, c; (c = 2 * i + 1) < cnt; i = c) {
		if (c + 1 < cnt && h[c + 1].len_ns < h[c].len_ns)
			c++;
		if (h[i].len_ns <= h[c].len_ns)
			return;
		swap(&h[i], &h[c]);
	}
}

static int keep(struct state_bins *b, const struct long_state *s)
{
	if (!b->longs)
		b->longs = calloc(LONG_STATES_MAX, sizeof(*b->longs));
	if (!b->longs)
		return -ENOMEM;
	if (b->long_cnt < LONG_STATES_MAX) {
		b->longs[b->long_cnt] = *s;
		sift_up(b->longs, b->long_cnt++);
		return 0;
	}
	b->left_cnt++;
	if (s->len_ns > b->longs[0].len_ns) {
		b->longs[0] = *s;
		sift_down(b->longs, b->long_cnt);
	}
	return 0;
}

int state_bins__add(struct state_bins *b, const struct long_state *s)
{
	int err = fill(b, s->thread, s->kind, s->start_ns, s->start_ns + s->len_ns, 1);

	return err ? err : keep(b, s);
}

static int by_start(const void *a, const void *b)
{
	const struct long_state *x = a, *y = b;

	if (x->start_ns != y->start_ns)
		return x->start_ns < y->start_ns ? -1 : 1;
	return x->thread < y->thread ? -1 : x->thread > y->thread;
}

void state_bins__sort(struct state_bins *b)
{
	if (b->long_cnt)
		qsort(b->longs, b->long_cnt, sizeof(*b->longs), by_start);
}

/* ---- what is asked ---- */

uint64_t state_bins__len_ns(const struct state_bins *b)
{
	return 1ull << b->shift;
}

size_t state_bins__cnt(const struct state_bins *b, uint64_t end_ns)
{
	uint64_t ns = end_ns > b->start_ns ? end_ns - b->start_ns : 0;
	uint64_t cnt = (ns + state_bins__len_ns(b) - 1) >> b->shift;

	return !b->start_ns ? 0 : cnt > BINS_MAX ? BINS_MAX : cnt;
}

unsigned int state_bins__share(const struct state_bins *b, const struct bin_row *row,
			       unsigned int kind, size_t bin)
{
	double share =
		row ? (double)row->ns[kind - GT_WAIT][bin] / (double)state_bins__len_ns(b) : 0;

	if (share <= 0)
		return 0;
	/* What is there is seen. */
	return share < 1.0 / SHARES ? 1
	       : share >= 1	    ? SHARES
				    : (unsigned int)(share * SHARES + 0.5);
}

void state_bins__free(struct state_bins *b)
{
	for (size_t i = 0; i < b->row_cnt; i++)
		free(b->rows[i]);
	free(b->rows);
	free(b->others);
	free(b->longs);
	*b = (struct state_bins){ 0 };
}
