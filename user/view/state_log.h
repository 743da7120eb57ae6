/* SPDX-License-Identifier: BSD-2-Clause */
/* state_log.h - the states of a run, to be read again thread by thread, as often as wanted
 *
 * For formats that have all of a thread in one piece, column by column. What comes is packed into a spool (some 12 bytes a
 * state), so memory is bounded by the number of threads.
 */
#ifndef GILTOP_VIEW_STATE_LOG_H
#define GILTOP_VIEW_STATE_LOG_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "user/books/trigger.h"
#include "user/view/states.h"

struct record;
struct state_log;

/* A state or, with cnt, a segment of short ones; or, of kind GT_RELEASED, something that the user wanted to be told of. */
struct logged {
	enum gt_state kind;
	uint64_t start_ns, end_ns;
	bool open, asked, light;
	uint32_t retries, stack_id;
	const struct state_thread *other; /* WAIT: the holder, HOLD: who handed it over; NULL */
	uint64_t cnt, sum_ns, max_ns;	  /* of a segment; cnt 0: it is a state */
	/* Of what was told: other is who waited for this holder, or held while this one waited. */
	enum trigger_kind trigger;
	bool over;
	uint64_t limit_ns;
	uint32_t waiter_cnt;
};

/* A thread at a GIL: nearly always the only one that it has to do with. States do not overlap, segments may. */
struct log_stream {
	const struct state_thread *thread;
	const struct state_gil *gil;
	uint64_t cnt, segment_cnt, told_cnt; /* of states, of segments, of what was told of it */
	uint64_t ns[GT_STATE_CNT];	     /* by kind, with the segments */
	uint64_t short_cnt, short_ns;	     /* of all that is in segments */
	/* The rest is its own. */
	size_t spool;
	uint64_t last_ns;
};

typedef int (*logged_fn)(void *ctx, const struct logged *l);
typedef int (*waiters_fn)(void *ctx, uint64_t at_ns, uint32_t waiters);

/* all: how many wait for each GIL and what the user wanted to be told of are kept, too. NULL + errno. */
struct state_log *state_log__new(const struct view_opts *o, bool all);
void state_log__free(struct state_log *log); /* NULL is fine */
/* 0 or -errno; that there is no room for the temporary file has been said. */
int state_log__take(struct state_log *log, const struct record *r);
int state_log__finish(struct state_log *log, const struct snapshot *total);

const struct states *state_log__states(const struct state_log *log);
/* The start of the first state; UINT64_MAX: there is none. */
uint64_t state_log__first_ns(const struct state_log *log);
/* In the order of their first states. */
size_t state_log__cnt(const struct state_log *log);
const struct log_stream *state_log__stream(const struct state_log *log, size_t no);
/* To fn, in the order of their ends. 0, -errno, or what fn returned. */
int state_log__each(const struct state_log *log, const struct log_stream *s, logged_fn fn,
		    void *ctx);
/* Did anybody ever wait for this GIL (and are waiters kept)? */
bool state_log__has_waiters(const struct state_log *log, const struct state_gil *g);
/* How many did, at each change. */
int state_log__each_waiters(const struct state_log *log, const struct state_gil *g, waiters_fn fn,
			    void *ctx);

#endif
