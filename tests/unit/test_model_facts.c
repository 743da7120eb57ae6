/* SPDX-License-Identifier: BSD-2-Clause */
/* test_model_facts.c - what a model shows beside the sums: names, losses and disagreements, processes of long ago */
#include "tests/unit/model_feed.h"

#include <math.h>

static void names_set_later_win_over_the_kernels(void **state)
{
	struct model *m = new_model();
	struct machine k;
	struct snapshot *s;

	(void)state;
	machine__init(&k, false);
	acquires(&k, 1, T0 + 100);
	feed(m, &k, T0 + 1000);
	say_makeshift(m, PID, 1, "work()");
	say_name(m, PID, 1, "worker-1");
	say_makeshift(m, PID, 1, "work()");
	say_name(m, PID, 99, "nobody");
	say_name(m, 4711, 1, "elsewhere");
	s = model__snapshot(m, MODEL_TOTAL);
	assert_string_equal(s->procs[0].threads[0].name, "worker-1");
	snapshot__free(s);
	model__free(m);
	machine__deinit(&k);
}

static void lost_events_and_violations_are_shown(void **state)
{
	struct model *m = new_model();
	struct totals t = { .now_ns = T0 + 10 };
	struct snapshot *s;

	(void)state;
	t.stats[GT_STAT_THREAD_FULL] = 3;
	t.stats[GT_STAT_NOTE_DROP] = 4;
	t.stats[GT_STAT_LOCKED_WRONG] = 5;
	t.stats[GT_STAT_SPAN_DROP] = 6;
	t.stats[COUNTER_STORE_FULL] = 20;
	t.stats[GT_STAT_CHECKS] = 1000;
	t.stats[GT_STAT_PAIR_OVERRUN] = t.stats[COUNTER_UNRESOLVED] = 50; /* no fault */
	assert_int_equal(say_totals(m, &t), 0);
	s = model__snapshot(m, MODEL_TOTAL);
	assert_int_equal(s->lost_events, 7);
	assert_int_equal(s->violations, 5);
	assert_int_equal(s->lost_spans, 6);
	assert_int_equal(s->lost_detail, 26);
	assert_int_equal(s->lost_ever, 33); /* for --max-loss: both */
	snapshot__free(s);
	/* An interval has its own. */
	model__mark(m);
	t.now_ns += 10;
	t.stats[GT_STAT_NOTE_DROP] = 6;
	assert_int_equal(say_totals(m, &t), 0);
	s = model__snapshot(m, MODEL_INTERVAL);
	assert_int_equal(s->lost_events, 2);
	assert_int_equal(s->lost_detail, 0);
	assert_int_equal(s->violations, 0);
	snapshot__free(s);
	s = model__snapshot(m, MODEL_TOTAL);
	assert_int_equal(s->lost_events, 9);
	snapshot__free(s);
	model__free(m);
}

static void every_counter_has_a_name_of_its_own_and_a_class(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNTER_CNT; i++) {
		const struct counter_desc *d = &counter_table[i];

		if (!d->name || !d->class)
			fail_msg("counter %zu has no row", i);
		if (d->class != COUNTER_INFO) /* what is lost or wrong is said in words */
			assert_non_null(d->words);
		for (size_t k = 0; k < i; k++)
			assert_string_not_equal(d->name, counter_table[k].name);
	}
}

/* A record that changed while it was read is whole at the next reading; after the last one there is none. */
static void a_torn_record_is_lost_only_in_the_last_reading(void **state)
{
	struct model *m = new_model();
	struct totals t = { .now_ns = T0 + 10, .torn_cnt = 2 };
	struct snapshot *s;

	(void)state;
	t.stats[COUNTER_TORN] = 2;
	assert_int_equal(say_totals(m, &t), 0);
	s = model__snapshot(m, MODEL_TOTAL);
	assert_int_equal(s->lost_events, 0);
	assert_int_equal(s->stats[COUNTER_TORN], 2);
	snapshot__free(s);
	for (t.last = true, t.torn_cnt = 3; t.torn_cnt-- > 0;) {
		assert_int_equal(say_totals(m, &t), 0);
		s = model__snapshot(m, MODEL_TOTAL);
		assert_int_equal(s->lost_events, t.torn_cnt);
		snapshot__free(s);
	}
	model__free(m);
}

/* A build server: those that ended first go, however late they came. */
static void processes_that_ended_long_ago_give_way(void **state)
{
	struct say_proc info = { .pid = 1, .python = "3.11" };
	struct model *m = model__new();
	struct totals t = { 0 };
	struct snapshot *s;

	(void)state;
	assert_int_equal(say_start(m, &info, T0), 0);
	for (uint32_t i = 2; i <= 600; i++) {
		info.pid = i;
		assert_int_equal(say_start(m, &info, T0 + 10 * i), 0);
		say_end(m, i, T0 + 10 * i + 5);
	}
	say_end(m, 1, T0 + 7000);
	t.now_ns = T0 + 8000;
	assert_int_equal(say_totals(m, &t), 0);
	model__mark(m);
	info.pid = 1000;
	assert_int_equal(say_start(m, &info, T0 + 8100), 0);
	s = model__snapshot(m, MODEL_TOTAL);
	assert_int_equal(s->dropped_cnt, 100);
	assert_int_equal(s->proc_cnt, 501);
	assert_int_equal(s->procs[0].pid, 1);
	assert_int_equal(s->procs[1].pid, 102);
	assert_int_equal(s->books_ns, T0);
	snapshot__free(s);
	model__free(m);
}

static void say_looks(struct model *m, uint64_t cond, uint64_t cnt, uint64_t locked_cnt)
{
	say(m, &(struct record){ REC_LOOKS, PID, .looks = { cond, cnt, locked_cnt } });
}

static void looks_at_the_flag_are_of_their_span(void **state)
{
	struct model *m = new_model();
	struct machine k;
	struct snapshot *s;
	double err;

	(void)state;
	machine__init(&k, false);
	acquires(&k, 1, T0 + 100);
	feed(m, &k, T0 + 1000);
	s = model__snapshot(m, MODEL_TOTAL);
	assert_true(isnan(snap_gil__utilization_est(&s->procs[0].gils[0], &err)) && isnan(err));
	snapshot__free(s);
	say_looks(m, k.gils[0].cond, 100, 50);
	say_looks(m, 0xdead, 1000, 1000); /* no GIL of this process */
	feed(m, &k, T0 + 2000);
	model__mark(m);
	say_looks(m, k.gils[0].cond, 100, 100);
	feed(m, &k, T0 + 3000);
	s = model__snapshot(m, MODEL_INTERVAL);
	assert_true(snap_gil__utilization_est(&s->procs[0].gils[0], &err) == 1);
	assert_true(err == 0.02);
	snapshot__free(s);
	s = model__snapshot(m, MODEL_TOTAL);
	assert_int_equal(s->procs[0].gils[0].look_cnt, 200);
	assert_true(snap_gil__utilization_est(&s->procs[0].gils[0], &err) == 0.75);
	assert_true(err > 0.079 && err < 0.081);
	snapshot__free(s);
	model__free(m);
	machine__deinit(&k);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(names_set_later_win_over_the_kernels),
		cmocka_unit_test(lost_events_and_violations_are_shown),
		cmocka_unit_test(every_counter_has_a_name_of_its_own_and_a_class),
		cmocka_unit_test(a_torn_record_is_lost_only_in_the_last_reading),
		cmocka_unit_test(looks_at_the_flag_are_of_their_span),
		cmocka_unit_test(processes_that_ended_long_ago_give_way),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
