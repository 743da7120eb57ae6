/* SPDX-License-Identifier: BSD-2-Clause */
/* told_states.h - states that are given records, and what they tell of them, for the tests of states */
#ifndef GILTOP_TEST_TOLD_STATES_H
#define GILTOP_TEST_TOLD_STATES_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <errno.h>
#include <string.h>

#include "user/base/util.h"
#include "user/books/event.h"
#include "user/books/sink.h"
#include "user/books/totals.h"
#include "user/books/trigger.h"
#include "user/view/states.h"
#include "user/view/view.h"

#define GIL  0x1000
#define GIL2 0x2000
#define PID  7

/* What came out, in order. */
struct told {
	size_t cnt, segment_cnt, waiter_cnt, trigger_cnt;
	struct state list[64];
	struct state_segment segment;
	uint32_t waiters[64];
	uint64_t waiters_ns[64];
	const struct state_thread *trigger_waiter, *trigger_holder;
	int fails; /* -errno of the next state */
};

static inline int on_state(void *ctx, const struct state *s)
{
	struct told *t = ctx;

	assert_true(t->cnt < ARRAY_SIZE(t->list));
	t->list[t->cnt++] = *s;
	return t->fails;
}

static inline int on_segment(void *ctx, const struct state_segment *s)
{
	struct told *t = ctx;

	t->segment = *s;
	t->segment_cnt++;
	return 0;
}

static inline int on_waiters(void *ctx, const struct state_gil *g, uint64_t at_ns)
{
	struct told *t = ctx;

	assert_true(t->waiter_cnt < ARRAY_SIZE(t->waiters));
	t->waiters_ns[t->waiter_cnt] = at_ns;
	t->waiters[t->waiter_cnt++] = g->waiters;
	return 0;
}

static inline int on_trigger(void *ctx, const struct trigger *t, const struct state_proc *proc,
			     const struct state_thread *waiter, const struct state_thread *holder)
{
	struct told *told = ctx;

	assert_int_equal(t->kind, TRIGGER_HOLD);
	assert_int_equal(proc->pid, PID);
	told->trigger_waiter = waiter;
	told->trigger_holder = holder;
	told->trigger_cnt++;
	return 0;
}

static const struct states_ops ops = { on_state, on_segment, on_waiters, on_trigger };

static inline void give(struct states *s, const struct record *r)
{
	assert_int_equal(states__take(s, r), 0);
}

static inline int give_event(struct states *s, struct event e)
{
	struct record r = { REC_EVENTS, 0, .events = { 1, &e } };

	e.pid = e.pid ? e.pid : PID;
	e.gil = e.gil ? e.gil : GIL;
	return states__take(s, &r);
}

static inline void event(struct states *s, uint64_t ns, uint32_t tid, enum event_kind kind)
{
	struct event e = { .ns = ns, .tid = tid, .kind = (uint8_t)kind };

	assert_int_equal(give_event(s, e), 0);
}

static inline void start_proc(struct states *s, uint32_t pid)
{
	struct record r = { REC_PROC_START, pid,
			    .proc = { .books_ns = 5, .comm = "app", .python = "3.11.2" } };

	give(s, &r);
}

static inline void end_proc(struct states *s, uint32_t pid, uint64_t ns)
{
	struct record r = { REC_PROC_END, pid, .end = { .end_ns = ns } };

	give(s, &r);
}

static inline void name(struct states *s, uint32_t tid, const char *text, uint64_t at_ns)
{
	struct record r = { REC_THREAD, PID, .thread = { tid, false, text, at_ns } };

	give(s, &r);
}

static inline int finish(struct states *s, uint64_t ns)
{
	const struct snapshot total = { .now_ns = ns };

	return states__finish(s, &total);
}

static inline struct states *start(struct told *t, const struct view_opts *o)
{
	struct states *s = states__new(&ops, t, o);

	assert_non_null(s);
	start_proc(s, PID);
	return s;
}

#endif
