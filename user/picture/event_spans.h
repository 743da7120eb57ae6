/* SPDX-License-Identifier: BSD-2-Clause */
/* event_spans.h - from events one by one to the states of threads: what was waited, held, yielded, from when to when
 *
 * Those that the kernel's programs tell of as spans (REC_SPAN) come out just so; and, for who adds up, those that end with
 * no event of their own: with their thread, or as its books become light.
 */
#ifndef GILTOP_PICTURE_EVENT_SPANS_H
#define GILTOP_PICTURE_EVENT_SPANS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "bpf/giltop.h"
#include "user/base/hmap.h"
#include "user/books/event.h"

struct event_state {
	uint64_t start_ns, end_ns, gil;
	uint32_t pid, tid;
	enum gt_state state;
	const struct event *
		end; /* what ended it; NULL: it goes on, or its process ended; there during the call only */
	bool is_span; /* else it is none to the kernel's programs: its end was not seen. It may even end before it began, by as
		       * much as the state before it of this thread was too long.
		       */
};

typedef void (*event_state_fn)(void *ctx, const struct event_state *st);

struct event_spans {
	uint64_t min_ns; /* states at least so long; 0: all */
	event_state_fn fn;
	void *ctx;
	/* The rest is its own. */
	struct hmap by_key; /* (pid, tid; GIL) -> place in threads, plus 1 */
	size_t thread_cnt, thread_cap;
	struct span_thread *threads;
	size_t light_cnt, light_cap;
	struct span_light *lights;
};

/* Zero-initialise, set min_ns, fn, ctx. Memory is bounded, whatever the events. */
void event_spans__free(struct event_spans *s);
/* In the order of the stream. 0 or -ENOMEM. */
int event_spans__take(struct event_spans *s, const struct event *list, size_t cnt);
/* The books of this process became light (REC_MODE): holds that went on are known up to there. 0 or -ENOMEM. */
int event_spans__lightened(struct event_spans *s, uint32_t pid, uint64_t at_ns);
/* States that go on, as of now: to fn, whatever min_ns. */
void event_spans__open(const struct event_spans *s, uint64_t now_ns);
/* A process is over: what its threads were at then ends there, to fn. */
void event_spans__close(struct event_spans *s, uint32_t pid, uint64_t at_ns);
/* Begin anew: at another place of the stream. */
void event_spans__clear(struct event_spans *s);

#endif
