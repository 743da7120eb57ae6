/* SPDX-License-Identifier: BSD-2-Clause */
/* trigger_stage.h - a list of made-up events, with names and stacks */
#ifndef GILTOP_TEST_TRIGGER_STAGE_H
#define GILTOP_TEST_TRIGGER_STAGE_H

#include <assert.h>
#include <stdio.h>

#include "user/base/util.h"
#include "user/books/sink.h"
#include "user/picture/trigger_list.h"

#define TRIGGER_MS  1000000ull
#define TRIGGER_PID 4242u

static const struct snap_frame trigger_holder[] = { { "main", "/srv/app.py", 10 },
						    { "load", "/srv/feed.py", 31 },
						    { "parse_line", "/srv/feed.py", 57 } };
static const struct snap_frame trigger_waiter[] = { { "run", "/srv/worker.py", 5 },
						    { "fetch", "/srv/worker.py", 40 } };

/* The main thread, and workers; others are not known. */
static inline bool trigger_name(void *ctx, uint32_t pid, uint32_t tid, char *buf, size_t sz)
{
	(void)ctx;
	if (pid != TRIGGER_PID || tid > TRIGGER_PID + 9)
		return false;
	if (!tid)
		snprintf(buf, sz, "service");
	else if (tid == TRIGGER_PID)
		snprintf(buf, sz, "MainThread");
	else
		snprintf(buf, sz, "worker-%u", tid - TRIGGER_PID);
	return true;
}

static inline void trigger_say(struct trigger_list *l, const struct record *r)
{
	struct sink *s = trigger_list__sink(l);

	(void)!s->take(s, r);
}

static inline void trigger_stack(struct trigger_list *l, uint32_t id, const struct snap_frame *f,
				 size_t cnt)
{
	struct record r = { .kind = REC_STACK, .stack = { id, false, cnt, f } };

	trigger_say(l, &r);
}

/* It started 100 s after the machine; 1: the holder's stack, 2: the waiter's. real_ns 0: the time of day is not known. */
static inline struct trigger_list *trigger_stage(size_t max, uint64_t real_ns)
{
	struct trigger_list *l = trigger_list__new(max, trigger_name, NULL);

	assert(l);
	trigger_list__start(l, 100000 * TRIGGER_MS, real_ns);
	trigger_stack(l, 1, trigger_holder, ARRAY_SIZE(trigger_holder));
	trigger_stack(l, 2, trigger_waiter, ARRAY_SIZE(trigger_waiter));
	return l;
}

static inline void trigger_tell(struct trigger_list *l, const struct trigger *t)
{
	struct record r = { .kind = REC_TRIGGER,
			    .pid = t->kind <= TRIGGER_DELAY ? TRIGGER_PID : 0 };

	r.trigger = t;
	trigger_say(l, &r);
}

/* The main thread holds, one waits; at: ms since the start. */
static inline struct trigger trigger_hold(uint64_t no, uint64_t at, uint64_t ms, bool over)
{
	return (struct trigger){ .kind = TRIGGER_HOLD,
				 .over = over,
				 .no = no,
				 .at_ns = (100000 + at) * TRIGGER_MS,
				 .start_ns = (100000 + at - ms) * TRIGGER_MS,
				 .ns = ms * TRIGGER_MS,
				 .limit_ns = 100 * TRIGGER_MS,
				 .gil = 0x7000,
				 .holder_tid = TRIGGER_PID,
				 .waiter_tid = TRIGGER_PID + 3,
				 .holder_stack = 1,
				 .waiter_stack = 2,
				 .waiter_cnt = 3 };
}

static inline struct trigger trigger_wait(uint64_t no, uint64_t at, uint64_t ms, bool over)
{
	struct trigger t = trigger_hold(no, at, ms, over);

	t.kind = TRIGGER_WAIT;
	t.limit_ns = 50 * TRIGGER_MS;
	return t;
}

#endif
