/* SPDX-License-Identifier: BSD-2-Clause */
/* columns_sort.c - the threads of a process in the order of a column, for text and JSON */
#include "columns.h"

#include <stdlib.h>

#include "snapshot.h"

struct sorted {
	struct column_row row;
	const struct column *col;
};

static int compare(const void *a, const void *b)
{
	const struct sorted *x = a, *y = b;

	return columns__compare(x->col, x->col->desc, &x->row, &y->row);
}

struct column_row *columns__sorted(const struct snapshot *snap, const struct snap_proc *proc,
				   const char *sort)
{
	int col = columns__find(sort ? sort : "delay");
	struct column_row *rows = calloc(proc->thread_cnt + 1, sizeof(*rows));
	struct sorted *s = calloc(proc->thread_cnt + 1, sizeof(*s));

	for (size_t i = 0; rows && s && i < proc->thread_cnt; i++) {
		s[i].col = &thread_columns[col < 0 ? 0 : col];
		column_row__init(&s[i].row, snap, proc, &proc->threads[i]);
	}
	if (rows && s && col >= 0 && thread_columns[col].cmp)
		qsort(s, proc->thread_cnt, sizeof(*s), compare);
	for (size_t i = 0; rows && s && i < proc->thread_cnt; i++)
		rows[i] = s[i].row;
	if (!s) {
		free(rows);
		rows = NULL;
	}
	free(s);
	return rows;
}
