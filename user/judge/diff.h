/* SPDX-License-Identifier: BSD-2-Clause */
/* diff.h - two runs side by side: what got better, what worse, what is about the same
 *
 * Runs differ in length, pids and numbers of threads. So all is a share of time or a rate, and threads are those of a pool
 * by its name, in all processes of one program. A place is a function by its name and the file's, or one of its lines; its
 * figure is the waiting there, of the time of all threads: so places are parts of the delay of all threads.
 *
 * Pure: snapshots in, rows out.
 */
#ifndef GILTOP_JUDGE_DIFF_H
#define GILTOP_JUDGE_DIFF_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "user/base/arena.h"

struct sbuf;
struct snap_proc;
struct snapshot;

enum diff_kind {
	DIFF_RUN,	     /* all that was measured */
	DIFF_THREADS,	     /* of one pool */
	DIFF_BLAME_FUNCTION, /* there holders made others wait */
	DIFF_BLAME_LINE,
	DIFF_WAIT_FUNCTION, /* there threads waited */
	DIFF_WAIT_LINE,
	DIFF_KINDS,
};

enum diff_unit { DIFF_SHARE, DIFF_NS, DIFF_RATE, DIFF_NUMBER };

enum diff_figure {
	DIFF_DELAY,
	DIFF_WAIT,
	DIFF_HOLD,
	DIFF_UTILIZATION,
	DIFF_LOAD,
	DIFF_HANDOVERS,
	DIFF_ACQUISITIONS,
	DIFF_WAIT_P50, /* in this order: see diff_sum.q */
	DIFF_WAIT_P90,
	DIFF_WAIT_P99,
	DIFF_WAIT_MAX,
	DIFF_HOLD_P50,
	DIFF_HOLD_P90,
	DIFF_HOLD_P99,
	DIFF_HOLD_MAX,
	DIFF_BLAME,
	DIFF_WAITING,
	DIFF_FIGURES,
};

struct diff_figure_desc {
	const char *name;  /* in JSON */
	const char *words; /* in text */
	enum diff_unit unit;
	bool less_is_better; /* else neither is */
};

extern const struct diff_figure_desc diff_figures[DIFF_FIGURES];

/* The first three are no change of weight. */
enum diff_judgement {
	DIFF_UNKNOWN, /* one of them is not known */
	DIFF_SAME,    /* about: chance may make as much */
	DIFF_BETTER,
	DIFF_WORSE,
	DIFF_MORE, /* neither better nor worse */
	DIFF_LESS,
	DIFF_NEW, /* in B only */
	DIFF_GONE,
};

/* Strings are those of the diff or of its snapshots; NULL where the kind has none. */
struct diff_row {
	enum diff_kind kind;
	enum diff_figure figure;
	const char *role;	     /* the program; NULL: both runs are of one alone */
	const char *pool;	     /* of a place: the one that does most of it */
	const char *function, *file; /* the file without its folders */
	uint32_t line;		     /* of a function: where most of it is */
	bool only_line;		     /* of a line: its function has no other */
	double v[2];		     /* A, B; NaN: not known, or not there */
	double err;		     /* a change up to that is about the same */
	enum diff_judgement judgement;
};

struct diff_side {
	uint64_t duration_ns;
	size_t proc_cnt, thread_cnt; /* threads: those that ended, too */
	double thread_ns;	     /* their time, added up */
	uint64_t lost;
	bool stacks_known; /* of all processes */
};

struct diff {
	struct diff_side side[2];
	const char *program[2]; /* if there is one each; NULL: several */
	size_t cnt;
	const struct diff_row
		*rows; /* by kind; in it the largest change first, and rows of one thing together */
	struct arena arena;
};

/* NULL: no memory. The snapshots must outlive it. */
struct diff *diff__new(const struct snapshot *a, const struct snapshot *b);
void diff__free(struct diff *d); /* NULL is fine */
/* "delay of all threads 41.2% -> 6.0% of the time: better; most of it: worker-* in parse_line (app.py:88) 30.1% -> 2.2%" */
void diff__verdict(const struct diff *d, struct sbuf *out);
const char *diff_judgement__word(enum diff_judgement j); /* "about the same" */
/* "worker-*", "parse_line (app.py:88)", with the program before it where there are several; of a run "". */
void diff_row__label(const struct diff_row *r, struct sbuf *out);
/* The program of a process, as runs are compared by it; the one of all processes, NULL: there are several, or none. */
const char *diff_role(const struct snap_proc *p, struct arena *a);
const char *diff_program(const struct snapshot *s, struct arena *a);
/* "41.2%", "38.2ms", "-" */
void diff__value(double v, enum diff_unit unit, struct sbuf *out);

#endif
