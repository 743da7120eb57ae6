/* SPDX-License-Identifier: BSD-2-Clause */
/* test_states.c - from the stream of records to what threads did */
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

static int on_state(void *ctx, const struct state *s)
{
	struct told *t = ctx;

	assert_true(t->cnt < ARRAY_SIZE(t->list));
	t->list[t->cnt++] = *s;
	return t->fails;
}

static int on_segment(void *ctx, const struct state_segment *s)
{
	struct told *t = ctx;

	t->segment = *s;
	t->segment_cnt++;
	return 0;
}

static int on_waiters(void *ctx, const struct state_gil *g, uint64_t at_ns)
{
	struct told *t = ctx;

	assert_true(t->waiter_cnt < ARRAY_SIZE(t->waiters));
	t->waiters_ns[t->waiter_cnt] = at_ns;
	t->waiters[t->waiter_cnt++] = g->waiters;
	return 0;
}

static int on_trigger(void *ctx, const struct trigger *t, const struct state_proc *proc,
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

static void give(struct states *s, const struct record *r)
{
	assert_int_equal(states__take(s, r), 0);
}

static int give_event(struct states *s, struct event e)
{
	struct record r = { REC_EVENTS, 0, .events = { 1, &e } };

	e.pid = e.pid ? e.pid : PID;
	e.gil = e.gil ? e.gil : GIL;
	return states__take(s, &r);
}

static void event(struct states *s, uint64_t ns, uint32_t tid, enum event_kind kind)
{
	struct event e = { .ns = ns, .tid = tid, .kind = (uint8_t)kind };

	assert_int_equal(give_event(s, e), 0);
}

static void start_proc(struct states *s, uint32_t pid)
{
	struct record r = { REC_PROC_START, pid,
			    .proc = { .books_ns = 5, .comm = "app", .python = "3.11.2" } };

	give(s, &r);
}

static void end_proc(struct states *s, uint32_t pid, uint64_t ns)
{
	struct record r = { REC_PROC_END, pid, .end = { .end_ns = ns } };

	give(s, &r);
}

static void name(struct states *s, uint32_t tid, const char *text, uint64_t at_ns)
{
	struct record r = { REC_THREAD, PID, .thread = { tid, false, text, at_ns } };

	give(s, &r);
}

static int finish(struct states *s, uint64_t ns)
{
	const struct snapshot total = { .now_ns = ns };

	return states__finish(s, &total);
}

static struct states *start(struct told *t, const struct view_opts *o)
{
	struct states *s = states__new(&ops, t, o);

	assert_non_null(s);
	start_proc(s, PID);
	return s;
}

static void a_hand_over_is_told_by_both_sides(void **state)
{
	static const struct snap_frame frames[] = { { "main", "app.py", 3 } };
	struct record stack = { REC_STACK, 0, .stack = { 9, false, 1, frames } };
	const struct view_opts o = { 0 };
	struct told t = { 0 };
	struct states *s = start(&t, &o);
	struct event e = { .ns = 30, .tid = 1, .kind = EVENT_RELEASE, .flags = EVENT_F_ASKED };

	(void)state;
	give(s, &stack);
	event(s, 10, 1, EVENT_GET); /* without waiting */
	event(s, 15, 2, EVENT_WAIT);
	event(s, 20, 2, EVENT_RETRY);
	event(s, 25, 2, EVENT_RETRY);
	e.stack = 9;
	assert_int_equal(give_event(s, e), 0);
	event(s, 33, 2, EVENT_GET);
	event(s, 50, 2, EVENT_RELEASE);
	assert_int_equal(t.cnt, 3);
	assert_int_equal(t.list[0].kind, GT_HOLD);
	assert_int_equal(t.list[0].start_ns, 10);
	assert_int_equal(t.list[0].end_ns, 30);
	assert_true(t.list[0].asked);
	assert_int_equal(t.list[0].in, 0);
	assert_int_equal(t.list[0].out, 1);
	assert_int_equal(t.list[0].stack.cnt, 1);
	assert_ptr_equal(t.list[0].stack.frames, frames);
	assert_int_equal(t.list[1].kind, GT_WAIT);
	assert_int_equal(t.list[1].end_ns - t.list[1].start_ns, 18);
	assert_int_equal(t.list[1].retries, 2);
	assert_int_equal(t.list[1].holder->tid, 1);
	assert_int_equal(t.list[1].stack.cnt, 0);
	assert_int_equal(t.list[2].in, 1);
	assert_int_equal(t.list[2].from->tid, 1);
	assert_int_equal(t.list[2].from_ns, 30);
	assert_int_equal(t.list[2].out, 0); /* nobody waited */
	assert_false(t.list[2].asked);
	assert_int_equal(t.waiter_cnt, 2);
	assert_int_equal(t.waiters[0], 1);
	assert_int_equal(t.waiters[1], 0);
	states__free(s);
}

static void who_takes_it_again_has_been_handed_nothing(void **state)
{
	const struct view_opts o = { 0 };
	struct told t = { 0 };
	struct states *s = start(&t, &o);

	(void)state;
	event(s, 10, 1, EVENT_GET);
	event(s, 15, 2, EVENT_WAIT);
	event(s, 20, 1, EVENT_RELEASE);
	event(s, 21, 1, EVENT_GET); /* before the waiter was awake */
	event(s, 30, 1, EVENT_RELEASE);
	event(s, 31, 2, EVENT_GET);
	event(s, 40, 2, EVENT_RELEASE);
	assert_int_equal(t.cnt, 4);
	assert_int_equal(t.list[0].out, 1);
	assert_int_equal(t.list[1].in, 0);
	assert_int_equal(t.list[1].out, 2);
	assert_int_equal(t.list[3].in, 2);
	states__free(s);
}

static void what_goes_on_ends_with_its_process_or_the_run(void **state)
{
	const struct view_opts o = { 0 };
	struct told t = { 0 };
	struct states *s = start(&t, &o);

	(void)state;
	event(s, 10, 1, EVENT_GET);
	event(s, 15, 2, EVENT_WAIT);
	end_proc(s, PID, 60);
	assert_int_equal(t.cnt, 2);
	for (size_t i = 0; i < t.cnt; i++) {
		assert_true(t.list[i].open);
		assert_int_equal(t.list[i].end_ns, 60);
	}
	assert_int_equal(states__proc(s, 0)->end_ns, 60);
	start_proc(s, PID); /* another one with its pid */
	event(s, 80, 1, EVENT_GET);
	assert_int_equal(finish(s, 100), 0);
	assert_int_equal(t.cnt, 3);
	assert_int_equal(t.list[2].end_ns, 100);
	assert_ptr_equal(t.list[2].thread->proc, states__proc(s, 1));
	assert_int_equal(states__thread_cnt(s), 3);
	assert_int_equal(states__gil_cnt(s), 2);
	assert_int_equal(finish(s, 200), 0); /* once is enough */
	assert_int_equal(t.cnt, 3);
	states__free(s);
}

static void a_name_goes_to_who_had_the_tid_then(void **state)
{
	const struct view_opts o = { 0 };
	struct told t = { 0 };
	struct states *s = start(&t, &o);
	struct record totals = { .kind = REC_TOTALS };
	struct totals at = { .now_ns = 250 };

	(void)state;
	name(s, 1, "early", 0); /* before it shows any event */
	event(s, 10, 1, EVENT_START);
	event(s, 90, 1, EVENT_END);
	event(s, 200, 1, EVENT_START);
	assert_int_equal(states__thread_cnt(s), 2);
	assert_string_equal(states__thread(s, 0)->name, "early");
	assert_string_equal(states__thread(s, 1)->name, "");
	name(s, 1, "first", 50); /* known late */
	assert_string_equal(states__thread(s, 0)->name, "first");
	totals.totals = &at;
	give(s, &totals);
	name(s, 1, "second", 0);
	assert_string_equal(states__thread(s, 0)->name, "first");
	assert_string_equal(states__thread(s, 1)->name, "second");
	event(s, 260, 1, EVENT_END);
	name(s, 1, "third", 300); /* who is to come */
	assert_string_equal(states__thread(s, 1)->name, "second");
	event(s, 290, 1, EVENT_START);
	assert_string_equal(states__thread(s, 2)->name, "third");
	assert_int_equal(states__thread(s, 1)->first_ns, 200);
	assert_int_equal(states__thread(s, 1)->end_ns, 260);
	states__free(s);
}

static void at_the_end_threads_are_called_as_everywhere_else(void **state)
{
	const struct snap_thread shown[] = { { .tid = 1, .name = "worker" },
					     { .tid = 2, .name = "third" } };
	const struct snap_proc proc = { .pid = PID, .thread_cnt = 2, .threads = shown };
	const struct snapshot total = { .now_ns = 500, .proc_cnt = 1, .procs = &proc };
	const struct view_opts o = { 0 };
	struct told t = { 0 };
	struct states *s = start(&t, &o);

	(void)state;
	name(s, 1, "python3", 0);
	event(s, 10, 1, EVENT_START);
	for (uint64_t ns = 20; ns < 60; ns += 20) { /* one tid, two threads */
		event(s, ns, 2, EVENT_START);
		event(s, ns + 10, 2, EVENT_END);
	}
	assert_int_equal(states__finish(s, &total), 0);
	assert_string_equal(states__thread(s, 0)->name, "worker");
	assert_string_equal(states__thread(s, 2)->name, "");
	states__free(s);
}

static void a_thread_may_be_at_two_gils(void **state)
{
	const struct view_opts o = { 0 };
	struct told t = { 0 };
	struct states *s = start(&t, &o);
	struct event e = { .ns = 20, .tid = 1, .gil = GIL2, .kind = EVENT_GET };
	struct record gil = { REC_GIL, PID, .gil = { .cond = GIL2, .interpreter = 3 } };

	(void)state;
	event(s, 10, 1, EVENT_GET);
	assert_int_equal(give_event(s, e), 0);
	give(s, &gil);
	e.ns = 30;
	e.kind = EVENT_RELEASE;
	assert_int_equal(give_event(s, e), 0);
	event(s, 40, 1, EVENT_RELEASE);
	assert_int_equal(t.cnt, 2);
	assert_int_equal(t.list[0].gil->id, 1);
	assert_int_equal(t.list[0].gil->interpreter, 3);
	assert_int_equal(t.list[1].gil->id, 0);
	assert_int_equal(t.list[1].gil->interpreter, -1);
	assert_ptr_equal(t.list[0].thread, t.list[1].thread);
	states__free(s);
}

static void only_the_threads_that_are_asked_for_come_out(void **state)
{
	uint32_t tids[] = { 2 };
	const struct view_opts o = { .tid_cnt = 1, .tids = tids };
	struct told t = { 0 };
	struct states *s = start(&t, &o);
	struct event_segment sum = { .from_ns = 50, .cnt = 3, .sum_ns = 30, .max_ns = 20 };
	struct event e = { .ns = 90, .tid = 2, .kind = EVENT_SEGMENT, .segment = &sum };

	(void)state;
	event(s, 10, 1, EVENT_GET);
	event(s, 15, 2, EVENT_WAIT);
	event(s, 20, 1, EVENT_RELEASE);
	event(s, 25, 2, EVENT_GET);
	assert_int_equal(t.cnt, 1);
	assert_int_equal(t.list[0].holder->tid, 1);
	e.flags = EVENT_F_HOLDS;
	assert_int_equal(give_event(s, e), 0);
	e.tid = 1;
	assert_int_equal(give_event(s, e), 0);
	assert_int_equal(t.segment_cnt, 1);
	assert_int_equal(t.segment.kind, GT_HOLD);
	assert_int_equal(t.segment.start_ns, 50);
	assert_int_equal(t.segment.cnt, 3);
	states__free(s);
}

/* Of a flight recorder's file: the totals begin later than the events. */
static void what_was_before_the_totals_is_cut_off(void **state)
{
	const struct view_opts o = { .from_ns = 30 };
	struct event e = { .ns = 29, .tid = 1, .kind = EVENT_SEGMENT };
	const struct event_segment seg = { .from_ns = 6, .cnt = 3, .sum_ns = 9, .max_ns = 4 };
	const struct totals books = { .now_ns = 30 };
	const struct record first = { REC_TOTALS, 0, .totals = &books };
	struct told t = { 0 };
	struct states *s = start(&t, &o);

	(void)state;
	e.segment = &seg;
	event(s, 6, 1, EVENT_GET);
	event(s, 7, 1, EVENT_RELEASE);
	event(s, 10, 1, EVENT_GET);
	event(s, 15, 2, EVENT_WAIT);
	event(s, 16, 3, EVENT_WAIT);
	assert_int_equal(give_event(s, e), 0);
	event(s, 29, 1, EVENT_RELEASE);
	assert_int_equal(t.cnt + t.waiter_cnt + t.segment_cnt, 0);
	give(s, &first);
	event(s, 33, 2, EVENT_GET);
	event(s, 40, 2, EVENT_RELEASE);
	event(s, 41, 3, EVENT_GET);
	assert_int_equal(t.cnt, 3);
	assert_int_equal(t.list[0].kind, GT_WAIT);
	assert_int_equal(t.list[0].start_ns, 30);
	assert_int_equal(t.list[0].end_ns, 33);
	assert_int_equal(t.list[1].kind, GT_HOLD);
	assert_int_equal(t.list[1].in, 0); /* it comes from what is not there */
	assert_int_equal(t.list[1].from->tid, 1);
	assert_int_equal(t.list[2].start_ns, 30);
	assert_int_equal(t.waiter_cnt, 3);
	assert_int_equal(t.waiters[0], 2);
	assert_int_equal(t.waiters_ns[0], 30);
	assert_int_equal(t.waiters[1], 1);
	assert_int_equal(t.waiters_ns[1], 33);
	assert_int_equal(finish(s, 50), 0);
	assert_int_equal(t.list[3].kind, GT_HOLD);
	assert_int_equal(t.list[3].in, 2);
	states__free(s);
}

/* .. whose events lack what began before: the first books have it. */
static void what_goes_on_as_it_begins_is_of_the_first_books(void **state)
{
	const struct view_opts o = { .from_ns = 30, .to_ns = 60 };
	struct total_gil gils[] = { { .key = { GIL, PID, 0 } },
				    { .key = { GIL2, PID, 0 }, .rec = { .light = 1 } } };
	struct total_thread threads[] = {
		{ { GIL, 2, 0 }, { .since_ns = 12, .state = GT_WAIT, .tgid = PID }, 0, 0 },
		{ { GIL, 1, 0 }, { .since_ns = 9, .state = GT_HOLD, .tgid = PID }, 0, 0 },
		{ { GIL, 3, 0 }, { .since_ns = 8, .state = GT_YIELD, .tgid = PID }, 0, 0 },
		{ { GIL, 4, 0 }, { .since_ns = 7, .state = GT_RELEASED, .tgid = PID }, 0, 0 },
		{ { GIL, 5, 0 },
		  { .since_ns = 7, .exit_ns = 8, .state = GT_WAIT, .tgid = PID },
		  0,
		  0 },
		{ { GIL2, 6, 0 }, { .since_ns = 9, .state = GT_HOLD, .tgid = PID }, 0, 0 },
		{ { GIL, 7, 0 }, { .since_ns = 28, .state = GT_HOLD, .tgid = PID }, 0, 0 },
		{ { GIL, 9, 0 }, { .since_ns = 8, .state = GT_WAIT, .tgid = PID }, 0, 0 },
		{ { GIL, 8, 0 }, { .since_ns = 28, .state = GT_WAIT, .tgid = 99 }, 0, 0 },
	};
	struct totals first = { .now_ns = 30,
				.gil_cnt = ARRAY_SIZE(gils),
				.gils = gils,
				.thread_cnt = ARRAY_SIZE(threads),
				.threads = threads };
	struct record r = { REC_TOTALS, 0, .totals = &first };
	struct record holder = { REC_HOLDER, PID,
				 .holder = { .cond = 0x3000, .tid = 11, .held = true } };
	struct told t = { 0 };
	struct states *s = start(&t, &o);

	(void)state;
	give(s, &holder); /* it has no books yet */
	event(s, 29, 7, EVENT_GET);
	event(s, 29, 7, EVENT_RELEASE); /* of this more is known */
	give(s, &r);
	assert_int_equal(t.waiter_cnt, 1);
	assert_int_equal(t.waiters[0], 2);
	assert_int_equal(t.waiters_ns[0], 30);
	event(s, 50, 1, EVENT_RELEASE);
	event(s, 51, 2, EVENT_GET);
	event(s, 61, 2, EVENT_RELEASE); /* after the last books */
	assert_int_equal(t.cnt, 2);
	assert_int_equal(t.list[0].kind, GT_HOLD);
	assert_int_equal(t.list[0].start_ns, 30);
	assert_int_equal(t.list[0].end_ns, 50);
	assert_int_equal(t.list[1].kind, GT_WAIT);
	assert_int_equal(t.list[1].start_ns, 30);
	assert_int_equal(t.list[1].holder->tid, 1);
	first.now_ns = 60;
	give(s, &r); /* nothing begins anew */
	assert_int_equal(finish(s, 60), 0);
	assert_int_equal(t.cnt, 6);
	for (size_t i = 2; i < t.cnt; i++) {
		uint32_t tid = t.list[i].thread->tid;

		assert_int_equal(t.list[i].kind, tid == 2    ? GT_HOLD
						 : tid == 11 ? GT_HOLD
						 : tid == 3  ? GT_YIELD
							     : GT_WAIT);
		assert_null(t.list[i].holder); /* who holds now came later */
		assert_int_equal(t.list[i].end_ns, 60);
	}
	states__free(s);
}

static void no_arrow_comes_from_a_thread_that_is_not_shown(void **state)
{
	uint32_t tids[] = { 2 };
	const struct view_opts o = { .tids = tids, .tid_cnt = 1 };
	struct told t = { 0 };
	struct states *s = start(&t, &o);

	(void)state;
	event(s, 10, 1, EVENT_GET);
	event(s, 15, 2, EVENT_WAIT);
	event(s, 20, 1, EVENT_RELEASE);
	event(s, 21, 2, EVENT_GET);
	event(s, 30, 2, EVENT_RELEASE);
	assert_int_equal(t.cnt, 2);
	assert_int_equal(t.list[1].from->tid, 1);
	assert_int_equal(t.list[1].in, 0);
	states__free(s);
}

static void triggers_have_their_threads_and_errors_come_out(void **state)
{
	const struct trigger hold = { .kind = TRIGGER_HOLD, .holder_tid = 1, .waiter_tid = 99 };
	struct record r = { REC_TRIGGER, PID, .trigger = &hold };
	struct event foreign = { .ns = 1, .pid = 8, .tid = 5, .kind = EVENT_GET };
	const struct view_opts o = { 0 };
	struct told t = { 0 };
	struct states *s = start(&t, &o);
	struct event e = { .ns = 20, .tid = 1, .kind = EVENT_RELEASE };

	(void)state;
	event(s, 10, 1, EVENT_GET);
	give(s, &r);
	assert_int_equal(t.trigger_cnt, 1);
	assert_int_equal(t.trigger_holder->tid, 1);
	assert_null(t.trigger_waiter);
	assert_int_equal(give_event(s, foreign), 0); /* of no process that was told of */
	assert_int_equal(states__thread_cnt(s), 1);
	t.fails = -ENOSPC;
	assert_int_equal(give_event(s, e), -ENOSPC);
	assert_int_equal(finish(s, 30), -ENOSPC);
	states__free(s);
	states__free(NULL);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_hand_over_is_told_by_both_sides),
		cmocka_unit_test(who_takes_it_again_has_been_handed_nothing),
		cmocka_unit_test(what_goes_on_ends_with_its_process_or_the_run),
		cmocka_unit_test(a_name_goes_to_who_had_the_tid_then),
		cmocka_unit_test(at_the_end_threads_are_called_as_everywhere_else),
		cmocka_unit_test(a_thread_may_be_at_two_gils),
		cmocka_unit_test(only_the_threads_that_are_asked_for_come_out),
		cmocka_unit_test(what_was_before_the_totals_is_cut_off),
		cmocka_unit_test(what_goes_on_as_it_begins_is_of_the_first_books),
		cmocka_unit_test(no_arrow_comes_from_a_thread_that_is_not_shown),
		cmocka_unit_test(triggers_have_their_threads_and_errors_come_out),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
