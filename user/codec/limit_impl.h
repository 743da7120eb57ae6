/* SPDX-License-Identifier: BSD-2-Clause */
/* limit_impl.h - what limit.c and limit_units.c share */
#ifndef GILTOP_CODEC_LIMIT_IMPL_H
#define GILTOP_CODEC_LIMIT_IMPL_H

#include <stdbool.h>

#include "user/base/hmap.h"
#include "user/codec/limit.h"

#define NO_UNIT UINT32_MAX
#define NEVER	64 /* the logarithm of no time: is not left out */

/* What can be left out as one: the events of a wait but its GET, of a hold, of a yield. */
enum unit_kind { UNIT_WAIT, UNIT_HOLD, UNIT_YIELD, UNIT_KINDS };

struct limit_unit {
	uint64_t start_ns, ns;
	uint32_t thread, events, end; /* the event that ends it, by its place */
	uint8_t need; /* as soon as states below 2^need are left out; NEVER: it is open */
	uint8_t kind;
	bool out;
};

/* What a thread is in the middle of, at a GIL. */
enum doing { UNKNOWN, FREE, WAITS, HOLDS, YIELDS };

struct limit_thread {
	uint32_t process, unit; /* the open unit; NO_UNIT: it began before this window, and stays */
	enum doing doing;
	uint32_t segments[UNIT_KINDS]; /* plus 1 */
};

struct limit_process {
	uint64_t cnt, wakes;
	uint64_t by_need[NEVER + 1]; /* events in units */
	unsigned int below;	     /* units of less need are left out, .. */
	uint64_t more; /* .. and of those of just this need the first ones, with so many events */
	bool no_wakes;
};

struct limit {
	struct limit_opts o;
	struct hmap thread_nos, process_nos; /* plus 1 */
	size_t thread_cnt, thread_cap, process_cnt, process_cap;
	struct limit_thread *threads;
	struct limit_process *processes;
	uint64_t start_ns, last_ns; /* of the window */
	size_t cnt, unit_cnt, unit_cap;
	struct event *list;
	uint32_t *thread_of, *unit_of;
	struct limit_unit *units;
	size_t segment_cnt, segment_cap, out_cap;
	struct event_segment *segments;
	uint32_t *segment_end; /* the last event of each, by its place */
	size_t segment_end_cap;
	struct event *out;
	struct limit_stats stats;
};

/* limit_units.c: the event at this place, of that thread: what is it the beginning, a part, the end of? 0 or -ENOMEM. */
int limit__event(struct limit *l, uint32_t thread, size_t at);

#endif
