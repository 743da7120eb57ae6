/* SPDX-License-Identifier: BSD-2-Clause */
/* view.h - what shows snapshots: each kind is one file with an ops table at its end
 *
 *	view__begin(v, first)		once, when the books have started: no time has passed in it
 *	view__interval(v, snap)	at each refresh: the interval that just ended
 *	v->ops->end(v, total, why)	once: all since the books started
 *
 * In between:
 *	view__event(v, e)		what the user wanted to be told of (--on-hold ..), as it comes
 * From the very first one on, if its row in formats.c has FORMAT_STATES with all that happened one by one:
 *	view__take(v, record)		each record of the stream (books/sink.h), as it comes; see states.h
 * and if it has a descriptor of its own (a socket on which it is asked for figures):
 *	view__fd(v)			once, before begin: the session's loop waits on it
 *	view__ready(v)			it can be read from
 */
#ifndef GILTOP_VIEW_H
#define GILTOP_VIEW_H

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

#include "user/picture/pools.h"
#include "user/picture/snapshot.h"

struct record;
struct trigger_event;
struct view;

enum weight { WEIGHT_WAIT, WEIGHT_HOLD, WEIGHT_BLAME, WEIGHT_CHAIN };

/* What the user wants of a view. */
struct view_opts {
	uint64_t interval_ns;
	size_t tid_cnt;
	uint32_t *tids;	  /* show these threads only */
	uint64_t limit;	  /* rows per table; 0: all */
	const char *sort; /* a column's name, or NULL */
	const char
		*hint; /* what the user should know of what is not measured, "" or NULL: nothing */
	int weight;    /* enum weight */
	int unit_ns;   /* 0: microseconds */
	int group;     /* enum group */
	bool my_code; /* time goes to the nearest frame that is not of a library (snapshot__my_code) */
	bool merge_threads;  /* folded stacks, flame graphs: one root for a pool of threads */
	const char *command; /* that was run, for the summary; NULL: not said */
	bool one_interval;   /* there is no more than one: it is the total */
	/* Only what happened between is in the totals: of a flight recorder's file. 0: all is. */
	uint64_t from_ns, to_ns;

	size_t max_bytes; /* JSON: about so many a record, the rest as "other"; 0: all */
};

/* Is this thread to be shown? tid 0 (folded rows) only where no threads are named. */
bool view_opts__shows_tid(const struct view_opts *o, uint32_t tid);

/* NULL: it has no use for it (end is never NULL). Else 0, or -errno: the run ends. */
struct view_ops {
	int (*begin)(struct view *v, const struct snapshot *first);
	int (*interval)(struct view *v, const struct snapshot *s);
	int (*end)(struct view *v, const struct snapshot *total, const char *why);
	int (*take)(struct view *v, const struct record *r);
	int (*event)(struct view *v, const struct trigger_event *e);
	int (*fd)(const struct view *v);
	int (*ready)(struct view *v);
	void (*free)(struct view *v); /* NULL: by free() */
};

/* A view that has a state of its own embeds this as its first member. */
struct view {
	const struct view_ops *ops;
	FILE *out;
	const struct view_opts *opts;
};

/* One without. NULL + errno; out and o are the caller's, and outlive the view. */
struct view *view__new(const struct view_ops *ops, FILE *out, const struct view_opts *o);
void view__free(struct view *v);
int view__begin(struct view *v, const struct snapshot *first);
int view__interval(struct view *v, const struct snapshot *s);
int view__take(struct view *v, const struct record *r);		/* v may be NULL */
int view__event(struct view *v, const struct trigger_event *e); /* v may be NULL */
int view__fd(const struct view *v);				/* -1: none */
int view__ready(struct view *v);

/* As view__new. */
struct view *view_report__new(FILE *out, const struct view_opts *o);
struct view *view_json__new(FILE *out, const struct view_opts *o);
struct view *view_html__new(FILE *out, const struct view_opts *o);
struct view *view_pprof__new(FILE *out, const struct view_opts *o);
struct view *view_perfetto__new(FILE *out, const struct view_opts *o);
struct view *view_chrome__new(FILE *out, const struct view_opts *o);
struct view *view_csv__new(FILE *out, const struct view_opts *o);
struct view *view_folded__new(FILE *out, const struct view_opts *o);
struct view *view_svg__new(FILE *out, const struct view_opts *o);
struct view *view_summary__new(FILE *out, const struct view_opts *o);
struct view *view_markdown__new(FILE *out, const struct view_opts *o);
struct view *view_none__new(FILE *out, const struct view_opts *o); /* shows nothing */
struct view *view_gecko__new(FILE *out, const struct view_opts *o);
struct view *view_speedscope__new(FILE *out, const struct view_opts *o);
struct view *view_dump__new(FILE *out, const struct view_opts *o);

#endif
