/* SPDX-License-Identifier: BSD-2-Clause */
/* columns.h - the columns of the thread table: one table makes headings, cells, order and help
 *
 * Shared by the live screen and the text report. Shares of a thread's own time (DELAY%, WAIT%) have
 * the time that the thread was known as the whole; HOLD% has the time that the GIL's holds were seen, so that
 * the column adds up to the GIL's utilisation. "-" is what was not seen.
 */
#ifndef GILTOP_VIEW_COLUMNS_H
#define GILTOP_VIEW_COLUMNS_H

#include <stdbool.h>
#include <stddef.h>

#include "user/picture/pools.h"
#include "user/picture/snapshot.h"

/* One row: what a cell may look at. gil is never NULL unless the process has none. */
struct column_row {
	const struct snapshot *snap;
	const struct snap_proc *proc;
	const struct snap_thread *thread;
	const struct snap_gil *gil;
};

/* What a cell means, for the colour; the screen maps it. */
enum column_kind {
	COLUMN_PLAIN,
	COLUMN_STATE, /* the state letter */
	COLUMN_WAIT,  /* waiting or delay */
	COLUMN_HOLD,
	COLUMN_YIELD,
	COLUMN_BAR,   /* drawn by the screen as a stacked bar; fmt gives it in letters: "WWWWHHr" */
	COLUMN_NAME,  /* shorten it in the middle: names of a pool differ at the end */
	COLUMN_FRAME, /* a place in the program: never cut the line number */
};

struct column {
	const char *name;  /* for -C and the sort menu: "delay" */
	const char *title; /* heading: "DELAY%" */
	const char *help;  /* plain words, one line */
	int width;	   /* cells; the text may be longer and is cut */
	int prio;	   /* 0: never dropped; the highest goes first when there is no room */
	bool shown;	   /* in the default set */
	bool left;	   /* aligned to the left */
	bool grows;	   /* takes the room that is left over */
	bool desc;	   /* sorted largest first */
	enum column_kind kind;
	/* Writes the cell; never more than sz - 1 bytes, always NUL-terminated. */
	void (*fmt)(const struct column_row *r, char *buf, size_t sz);
	/* COLUMN_FRAME: the place; NULL: nowhere, or not known. */
	const struct snap_frame *(*frame)(const struct column_row *r);
	/* <0, 0, >0, ascending; what is not known sorts as the smallest. NULL: no order. */
	int (*cmp)(const struct column_row *a, const struct column_row *b);
};

extern const struct column thread_columns[];
extern const size_t thread_column_cnt;

/* Index by name or heading, without regard to case; -1 if there is none. */
int columns__find(const char *name);
/* The row of a thread. */
void column_row__init(struct column_row *r, const struct snapshot *snap,
		      const struct snap_proc *proc, const struct snap_thread *t);
/* Total order for qsort-like use: by column, direction, then process and thread id. */
int columns__compare(const struct column *col, bool desc, const struct column_row *a,
		     const struct column_row *b);
/* The rows of a process's threads, or pools, in the order of a column, NULL: of delay; *ret_cnt: how many. Caller frees;
 * NULL: no memory.
 */
struct column_row *columns__sorted(const struct snapshot *snap, const struct snap_proc *proc,
				   const char *sort, enum group how, size_t *ret_cnt);
/* "dumps encoder.py:257"; "?" for NULL. */
void columns__frame(const struct snap_frame *f, char *buf, size_t sz);
/* A stacked bar of width letters: W wait, Y yield, H hold, r released; ' ' where nothing is known. */
void columns__bar(const struct snap_thread *t, size_t width, char *buf, size_t sz);

#endif
