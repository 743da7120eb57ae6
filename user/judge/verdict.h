/* SPDX-License-Identifier: BSD-2-Clause */
/* verdict.h - what the figures mean, in sentences
 *
 * Pure: a snapshot in, words out. A sentence never claims what was not measured: it says so. No
 * newline at the end. Used by the live screen and the text report.
 */
#ifndef GILTOP_JUDGE_VERDICT_H
#define GILTOP_JUDGE_VERDICT_H

#include <stdbool.h>
#include <stddef.h>

#include "user/picture/snapshot.h"

struct sbuf;

enum verdict_level {
	VERDICT_UNKNOWN, /* nothing measured yet */
	VERDICT_FREE,	 /* hardly used, nobody waits */
	VERDICT_QUIET,	 /* nobody waits; how much it is used is not known */
	VERDICT_BUSY,	 /* used a lot, but nobody waits for it */
	VERDICT_SOME,	 /* threads wait, but it is free most of the time, or that is not known */
	VERDICT_NO_CPU,	 /* threads wait, but most of the time for a CPU */
	VERDICT_BOTTLENECK,
};

/* How much to say; each drops something of the one before. */
enum verdict_detail {
	VERDICT_FULL,  /* with the span of time */
	VERDICT_SHORT, /* without it */
	VERDICT_BRIEF, /* without the function's name too */
	VERDICT_TINY,  /* fewer words */
	VERDICT_DETAIL_CNT,
};

/* Where a holder makes others wait. The sentences say so if these looks are few (snap_looks__few). */
struct verdict_line {
	const struct snap_frame *frame; /* NULL: not known */
	uint64_t looks;			/* that saw it there */
};

enum verdict_level verdict__level(const struct snap_proc *p, const struct snap_gil *g);
const char *verdict__level_word(enum verdict_level level); /* "bottleneck", "busy", .. */
/* Is the GIL the bottleneck? g may be NULL. */
void verdict__headline(const struct snap_proc *p, const struct snap_gil *g, struct sbuf *out);
/* The thread of this GIL that lost most; NULL if no thread lost anything. g NULL: of any GIL. */
const struct snap_thread *verdict__sufferer(const struct snap_proc *p, const struct snap_gil *g);
/* "worker-3 waited 41% of the last 10 s, 78% of it for MainThread in dumps (encoder.py:257)" */
void verdict__thread(const struct snapshot *s, const struct snap_proc *p,
		     const struct snap_thread *t, enum verdict_detail detail, struct sbuf *out);
/* The same for the thread that lost most, or that none did. */
void verdict__who(const struct snapshot *s, const struct snap_proc *p, const struct snap_gil *g,
		  enum verdict_detail detail, struct sbuf *out);
/* "worker-3 waited 1.2s for MainThread (78% of its waiting); blocks most in dumps (encoder.py:257)" */
void verdict__pair(const struct snap_proc *p, const struct snap_pair *pair,
		   enum verdict_detail detail, struct sbuf *out);
/* What could be done about it: up to max sentences, one to each sbuf; returns how many. */
size_t verdict__advice(const struct snap_proc *p, const struct snap_gil *g, struct sbuf *out,
		       size_t max);
/* "the last 10 s", "the 72 s since the start" */
void verdict__span(const struct snapshot *s, struct sbuf *out);
/* The name of a thread: as known, or "thread 4711", or "other threads" for 0. */
void verdict__thread_name(const struct snap_proc *p, uint32_t tid, struct sbuf *out);
/* The line that stands for a stack: its leaf; NULL: there is none, or nobody saw it. */
const struct snap_frame *verdict__line_of(const struct snap_frame *frames, size_t cnt);
/* The line where this holder makes others wait most. */
struct verdict_line verdict__blame_line(const struct snap_proc *p, uint32_t tid);
/* The line where this holder makes this waiter wait most. (Of many pairs: pair_lines.h.) */
struct verdict_line verdict__pair_line(const struct snap_proc *p, uint32_t waiter, uint32_t holder);

#endif
