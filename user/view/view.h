/* SPDX-License-Identifier: BSD-2-Clause */
/* view.h - what shows snapshots: each kind is one file with an ops table at its end
 *
 *	view__begin(v, first)		once, when the books have started: no time has passed in it
 *	view__interval(v, snap)	at each refresh: the interval that just ended
 *	v->ops->end(v, total, why)	once: all since the books started
 */
#ifndef GILTOP_VIEW_H
#define GILTOP_VIEW_H

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

#include "user/picture/snapshot.h"

struct view;

enum weight { WEIGHT_WAIT, WEIGHT_HOLD, WEIGHT_BLAME, WEIGHT_CHAIN };

/* What the user wants of a view. */
struct view_opts {
	uint64_t interval_ns;
	size_t tid_cnt;
	uint32_t *tids;	  /* show these threads only */
	uint64_t limit;	  /* rows per table; 0: all */
	const char *sort; /* a column's name, or NULL */
	int weight;	  /* enum weight */
	bool unit_ns;
};

/* Is this thread to be shown? tid 0 (folded rows) only where no threads are named. */
bool view_opts__shows_tid(const struct view_opts *o, uint32_t tid);

/* begin and interval: NULL where nothing is written before the end. */
struct view_ops {
	int (*begin)(struct view *v, const struct snapshot *first);
	int (*interval)(struct view *v, const struct snapshot *s);
	int (*end)(struct view *v, const struct snapshot *total, const char *why);
	void (*free)(struct view *v);
};

/* Views embed this as their first member. */
struct view {
	const struct view_ops *ops;
};

static inline int view__begin(struct view *v, const struct snapshot *first)
{
	return v->ops->begin ? v->ops->begin(v, first) : 0;
}

static inline int view__interval(struct view *v, const struct snapshot *s)
{
	return v->ops->interval ? v->ops->interval(v, s) : 0;
}

/* NULL + errno. out is the caller's. */
struct view *view_report__new(FILE *out, const struct view_opts *o);
struct view *view_json__new(FILE *out, const struct view_opts *o);
struct view *view_folded__new(FILE *out, const struct view_opts *o);
struct view *view_dump__new(FILE *out);

#endif
