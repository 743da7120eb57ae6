/* SPDX-License-Identifier: BSD-2-Clause */
/* test_sink.c - a sequence of records, made by hand, through the seam into every sink: no kernel, no target */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <errno.h>
#include <string.h>

#include "user/base/util.h"
#include "user/books/sink.h"
#include "user/books/totals.h"
#include "user/model/model.h"
#include "user/picture/timeline.h"

#define PID  100u
#define COND 0x7000u
#define T0   1000000u

static const struct snap_frame frames[] = { { "main", "/srv/app.py", 7 },
					    { "parse", "/srv/app.py", 21 } };

/* Thread 1 held from 100 to 1100, thread 2 waited for it from 300, and holds since 1150. */
static struct total_gil gil = {
	.key = { COND, PID, 0 },
	.rec = { .key = { COND, PID, 0 },
		 .first_ns = T0,
		 .last_ns = T0 + 1150,
		 .held_ns = 1000,
		 .gap_ns = 50,
		 .gap_wall_ns = 50,
		 .wait_ns = 850,
		 .hold_since_ns = T0 + 1150,
		 .acquisitions = 2,
		 .releases = 1,
		 .switches = 1,
		 .holder_tid = 2,
		 .held = 1 },
};
static struct total_thread threads[] = {
	{ .key = { COND, 1, 0 },
	  .rec = { .first_ns = T0 + 100,
		   .since_ns = T0 + 1100,
		   .sums.time_ns[GT_HOLD] = 1000,
		   .sums.blame_ns = 800,
		   .sums.acquisitions = 1,
		   .sums.releases = 1,
		   .tid = 1,
		   .tgid = PID,
		   .comm = "python3" } },
	{ .key = { COND, 2, 0 },
	  .rec = { .first_ns = T0 + 300,
		   .since_ns = T0 + 1150,
		   .sums.time_ns = { [GT_WAIT] = 850 },
		   .sums.acquisitions = 1,
		   .sums.contended = 1,
		   .tid = 2,
		   .tgid = PID,
		   .state = GT_HOLD,
		   .comm = "python3" } },
};
static struct total_stack sums[] = {
	{ .tgid = PID, .tid = 2, .kind = GT_SUM_WAIT, .stack = 2, .ns = 850, .cnt = 1 },
};
static struct total_stack chains[] = {
	{ .tgid = PID, .tid = 2, .other = 1, .stack = 2, .other_stack = 1, .ns = 800, .cnt = 1 },
};

static const struct totals totals = {
	.now_ns = T0 + 2000,
	.self_cpu_ns = 5,
	.stats = { [GT_STAT_SPAN_DROP] = 3 },
	.gil_cnt = 1,
	.gils = &gil,
	.thread_cnt = ARRAY_SIZE(threads),
	.threads = threads,
	.stacks_known = true,
	.stack_cnt = ARRAY_SIZE(sums),
	.stacks = sums,
	.chain_cnt = ARRAY_SIZE(chains),
	.chains = chains,
};

static const struct record play[] = {
	{ .kind = REC_SOURCE, .source = { "by hand" } },
	{ REC_PROC_START, PID,
	  .proc = { .books_ns = T0,
		    .comm = "app",
		    .cmdline = "app -x",
		    .python = "3.11.2",
		    .runtime = "/usr/bin/python3.11",
		    .sites = "call-sites",
		    .note = "",
		    .parent = 77,
		    .parent_comm = "master",
		    .where = { .part = { [WHERE_CONTAINER] = "web", [WHERE_UNIT] = "app.service" },
			       .ns_pid = 7 } } },
	{ REC_STACK, .stack = { 1, false, 1, &frames[1] } },
	{ REC_STACK, .stack = { 2, true, 2, frames } },
	{ REC_GIL, PID, .gil = { COND, 0, 0 } },
	{ REC_HOLDER, PID, .holder = { COND, 2, true } },
	{ REC_SPAN, PID, .span = { T0 + 100, T0 + 1100, COND, 1, GT_HOLD } },
	{ REC_SPAN, PID, .span = { T0 + 300, T0 + 1150, COND, 2, GT_WAIT } },
	{ REC_TOTALS, .totals = &totals },
	{ REC_THREAD, PID, .thread = { 1, false, "parser", 0 } },
	{ REC_THREAD, PID, .thread = { 2, true, "upload()", 0 } },
	{ REC_NOTE, PID, .note = { "a note", false } },
	{ REC_PROC_END, PID, .end = { T0 + 2500, false } },
};

/* A sink that only remembers: what a recording will write. */
struct memory {
	struct sink sink;
	size_t cnt;
	enum record_kind kinds[64];
	int err;
};

static int remember(struct sink *s, const struct record *r)
{
	struct memory *m = (struct memory *)s;

	m->kinds[m->cnt++] = r->kind;
	return m->err;
}

static const struct snap_thread *thread(const struct snapshot *s, uint32_t tid)
{
	const struct snap_thread *t = snap_proc__thread(&s->procs[0], tid);

	assert_non_null(t);
	return t;
}

static void every_sink_gets_the_whole_play(void **state)
{
	struct memory before = { .sink.take = remember }, after = before;
	struct timeline *line = timeline__new(100);
	struct model *m = model__new();
	struct sinks all = { 0 };
	struct snapshot *s;
	const struct snap_proc *p;

	(void)state;
	assert_non_null(m);
	assert_non_null(line);
	timeline__restart(line, T0, 1);
	assert_int_equal(sinks__add(&all, &before.sink), 0);
	assert_int_equal(sinks__add(&all, model__sink(m)), 0);
	assert_int_equal(sinks__add(&all, timeline__sink(line)), 0);
	assert_int_equal(sinks__add(&all, &after.sink), 0);
	for (size_t i = 0; i < ARRAY_SIZE(play); i++)
		assert_int_equal(sinks__send(&all, &play[i]), 0);
	assert_int_equal(before.cnt, ARRAY_SIZE(play));
	assert_memory_equal(before.kinds, after.kinds, sizeof(before.kinds));
	assert_int_equal(timeline__count(line), 2);

	s = model__snapshot(m, MODEL_TOTAL);
	assert_non_null(s);
	p = &s->procs[0];
	assert_string_equal(s->attach, "by hand");
	assert_int_equal(s->stats[GT_STAT_SPAN_DROP], 3);
	assert_int_equal(s->load_cpu_ns, 5);
	assert_false(p->alive);
	assert_int_equal(p->parent, 77);
	assert_string_equal(p->parent_comm, "master");
	assert_string_equal(p->note, "a note");
	assert_string_equal(p->where.part[WHERE_CONTAINER], "web");
	assert_string_equal(p->where.part[WHERE_UNIT], "app.service");
	/* Its own: what a record points to is there during the call only. */
	assert_ptr_not_equal(p->where.part[WHERE_UNIT], play[1].proc.where.part[WHERE_UNIT]);
	assert_null(p->where.part[WHERE_POD]);
	assert_int_equal(p->where.ns_pid, 7);
	assert_string_equal(thread(s, 1)->name, "parser");
	assert_string_equal(thread(s, 2)->name, "upload()");
	assert_int_equal(thread(s, 2)->wait_ns, 850);
	/* At the first totals and then to its death, all of it after the books started. */
	assert_int_equal(thread(s, 2)->hold_ns, 2500 - 1150);
	assert_int_equal(p->gils[0].interpreter, 0);
	assert_int_equal(p->gils[0].wait_ns, 850);
	assert_int_equal(thread(s, 1)->blame_ns + p->gils[0].gap_ns, 850);
	/* Where each waits or makes others wait most: the line of its innermost frame. */
	assert_int_equal(thread(s, 2)->wait_at->line, 21);
	assert_int_equal(thread(s, 1)->blame_at->line, 21);
	assert_string_equal(thread(s, 1)->blame_at->name, "parse");
	assert_int_equal(p->chain_cnt, 1);
	assert_int_equal(p->chains[0].ns, 800);
	assert_string_equal(p->chains[0].holder_frames[0].name, "parse");
	assert_int_equal(p->chains[0].waiter_frame_cnt, 2);
	assert_true(p->chains[0].waiter_truncated);
	snapshot__free(s);
	model__free(m);
	timeline__free(line);
}

static void facts_of_a_process_that_is_not_there_do_no_harm(void **state)
{
	struct model *m = model__new();
	struct snapshot *s;

	(void)state;
	assert_non_null(m);
	for (size_t i = 0; i < ARRAY_SIZE(play); i++)
		if (play[i].kind != REC_PROC_START)
			assert_int_equal(model__sink(m)->take(model__sink(m), &play[i]), 0);
	s = model__snapshot(m, MODEL_TOTAL);
	assert_non_null(s);
	assert_int_equal(s->proc_cnt, 0);
	snapshot__free(s);
	model__free(m);
}

/* A recording may begin in the middle: ids that nobody has told, ids out of order. */
static void stacks_may_come_with_gaps(void **state)
{
	struct model *m = model__new();
	struct sink *sink;
	struct snapshot *s;

	(void)state;
	assert_non_null(m);
	sink = model__sink(m);
	assert_int_equal(
		sink->take(sink, &(struct record){ REC_STACK, .stack = { 9, 0, 2, frames } }), 0);
	for (size_t i = 0; i < ARRAY_SIZE(play); i++)
		if (play[i].kind != REC_STACK || play[i].stack.id == 1)
			assert_int_equal(sink->take(sink, &play[i]), 0);
	s = model__snapshot(m, MODEL_TOTAL);
	assert_non_null(s);
	assert_int_equal(s->procs[0].chain_cnt, 1);
	assert_int_equal(s->procs[0].chains[0].waiter_frame_cnt, 0);
	assert_int_equal(s->procs[0].chains[0].holder_frame_cnt, 1);
	snapshot__free(s);
	model__free(m);
}

static void a_sink_that_goes_is_sent_nothing_more(void **state)
{
	struct memory stays = { .sink.take = remember }, goes = stays;
	struct sinks all = { 0 };

	(void)state;
	assert_int_equal(sinks__add(&all, &goes.sink), 0);
	assert_int_equal(sinks__add(&all, &stays.sink), 0);
	assert_int_equal(sinks__send(&all, &play[0]), 0);
	sinks__remove(&all, &goes.sink);
	assert_int_equal(sinks__send(&all, &play[1]), 0);
	assert_int_equal(goes.cnt, 1);
	assert_int_equal(stays.cnt, 2);
}

static void a_sink_that_fails_is_told_of_and_keeps_nothing_from_the_others(void **state)
{
	struct memory bad = { .sink.take = remember, .err = -ENOSPC },
		      good = { .sink.take = remember };
	struct sinks all = { 0 };

	(void)state;
	assert_int_equal(sinks__add(&all, &bad.sink), 0);
	assert_int_equal(sinks__add(&all, &good.sink), 0);
	assert_int_equal(sinks__send(&all, &play[0]), -ENOSPC);
	assert_int_equal(good.cnt, 1);
	for (size_t i = all.cnt; i < SINKS_MAX; i++)
		assert_int_equal(sinks__add(&all, &good.sink), 0);
	assert_int_equal(sinks__add(&all, &good.sink), -ENOSPC);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_sink_gets_the_whole_play),
		cmocka_unit_test(facts_of_a_process_that_is_not_there_do_no_harm),
		cmocka_unit_test(stacks_may_come_with_gaps),
		cmocka_unit_test(a_sink_that_goes_is_sent_nothing_more),
		cmocka_unit_test(a_sink_that_fails_is_told_of_and_keeps_nothing_from_the_others),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
