/* SPDX-License-Identifier: BSD-2-Clause */
/* column_rows.c - the rows of the thread table, in an order; and the bar of one */
#include <stdlib.h>

#include "user/base/util.h"
#include "user/view/columns.h"

void column_row__init(struct column_row *r, const struct snapshot *snap,
		      const struct snap_proc *proc, const struct snap_thread *t)
{
	*r = (struct column_row){ .snap = snap, .proc = proc, .thread = t };
	if (t->gil < proc->gil_cnt)
		r->gil = &proc->gils[t->gil];
}

static uint64_t mean_span(const struct snap_thread *t)
{
	return t->folded_cnt ? t->span_ns / t->folded_cnt : t->span_ns;
}

void columns__bar(const struct snap_thread *t, size_t width, char *buf, size_t sz)
{
	/* Where its holds were not seen all the time, they may be in the rest. */
	const char *letters = mean_span(t) <= t->hold_observed_ns ? "WYHr" : "WYH ";
	const uint64_t part[] = { t->wait_ns, t->yield_ns, t->hold_ns, t->released_ns };
	double whole = 0, sum = 0;
	size_t n = 0;

	if (!sz)
		return;
	for (size_t i = 0; i < 4; i++)
		whole += (double)part[i];
	for (size_t i = 0; i < 4 && whole > 0; i++) {
		sum += (double)part[i];
		/* Round the running sum, so that the parts always fill the width. */
		while (n + 1 < sz && n < width && (double)n + 0.5 < sum / whole * (double)width)
			buf[n++] = letters[i];
	}
	while (n + 1 < sz && n < width)
		buf[n++] = ' ';
	buf[n] = '\0';
}

static int by_column(const void *a, const void *b, void *ctx)
{
	const struct column *col = ctx;

	return columns__compare(col, col->desc, a, b);
}

struct column_row *columns__sorted(const struct snapshot *snap, const struct snap_proc *proc,
				   const char *sort, enum group how, size_t *ret_cnt)
{
	struct column_row *rows = calloc(proc->thread_cnt + 1, sizeof(*rows));
	__cleanup(freep) const struct snap_thread **th = calloc(proc->thread_cnt + 1, sizeof(*th));
	int col = columns__find(sort ? sort : "delay");
	size_t cnt;

	if (!rows || !th) {
		free(rows);
		return NULL;
	}
	cnt = pools__rows(proc, how, NULL, NULL, th);
	for (size_t i = 0; i < cnt; i++)
		column_row__init(&rows[i], snap, proc, th[i]);
	if (col >= 0 && thread_columns[col].cmp)
		qsort_r(rows, cnt, sizeof(*rows), by_column, (void *)&thread_columns[col]);
	*ret_cnt = cnt;
	return rows;
}
