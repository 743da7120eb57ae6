/* SPDX-License-Identifier: BSD-2-Clause */
/* test_view_tables.c - random runs for the Firefox Profiler and for speedscope: sums, balance, order */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <math.h>

#include "tests/unit/made_up_events.h"
#include "tests/unit/view_run.h"
#include "user/view/states.h"

struct sums {
	uint64_t ns[GT_STATE_CNT];
};

static int add_state(void *ctx, const struct state *s)
{
	struct sums *sums = ctx;

	sums->ns[s->kind] += s->end_ns - s->start_ns;
	return 0;
}

static void give_all(struct run *r, struct states *s, const struct made_up *m)
{
	for (uint32_t i = 0; i < m->procs; i++) {
		struct record rec = { REC_PROC_START, 100 + i,
				      .proc = { .comm = "app", .python = "3.11.2" } };

		give(r, rec);
		assert_int_equal(states__take(s, &rec), 0);
	}
	for (size_t i = 0; i < m->cnt; i += 100) {
		size_t cnt = m->cnt - i < 100 ? m->cnt - i : 100;
		struct record rec = { REC_EVENTS, 0, .events = { cnt, m->list + i } };

		give(r, rec);
		assert_int_equal(states__take(s, &rec), 0);
	}
}

static void add_markers(json_t *j, json_t *thread, struct sums *sums)
{
	static const char *const names[] = {
		[GT_WAIT] = "Waiting for GIL", [GT_HOLD] = "Has GIL", [GT_YIELD] = "Yielding"
	};
	json_t *markers = at(thread, "markers");

	for (size_t i = 0; i < json_array_size(at(markers, "name")); i++) {
		json_int_t no = json_integer_value(json_array_get(at(markers, "name"), i));
		const char *name =
			json_string_value(json_array_get(at(j, "shared.stringArray"), (size_t)no));
		double ms = json_number_value(json_array_get(at(markers, "endTime"), i)) -
			    json_number_value(json_array_get(at(markers, "startTime"), i));

		for (size_t k = GT_WAIT; k < GT_STATE_CNT; k++)
			if (!strcmp(name, names[k]))
				sums->ns[k] += (uint64_t)llround(ms * 1e6);
	}
}

static uint64_t samples_ns(json_t *thread)
{
	json_t *weights = at(thread, "samples.weight"), *times = at(thread, "samples.time");
	double before = 0;
	uint64_t ns = 0;

	assert_int_equal(json_array_size(weights), json_array_size(times));
	for (size_t i = 0; i < json_array_size(weights); i++) {
		assert_true(json_number_value(json_array_get(times, i)) >= before);
		before = json_number_value(json_array_get(times, i));
		ns += (uint64_t)llround(json_number_value(json_array_get(weights, i)) * 1e6);
	}
	return ns;
}

/* Balanced, in the order of time; the time of each kind. */
static void add_events(json_t *j, json_t *profile, struct sums *sums)
{
	static const char *const names[] = {
		[GT_WAIT] = "Waiting for GIL", [GT_HOLD] = "Has GIL", [GT_YIELD] = "Yielding"
	};
	json_int_t open[64] = { 0 }, before = 0, begun = 0;
	size_t depth = 0, i;
	json_t *e;

	json_array_foreach(at(profile, "events"), i, e)
	{
		json_int_t frame = json_integer_value(at(e, "frame")),
			   ns = json_integer_value(at(e, "at"));

		assert_true(ns >= before);
		before = ns;
		if (!strcmp(json_string_value(at(e, "type")), "O")) {
			begun = depth ? begun : ns;
			open[depth++] = frame;
			continue;
		}
		assert_true(depth > 0);
		assert_int_equal(open[--depth], frame);
		for (size_t k = GT_WAIT; k < GT_STATE_CNT && !depth; k++)
			if (!strcmp(json_string_value(at(
					    json_array_get(at(j, "shared.frames"), (size_t)frame),
					    "name")),
				    names[k]))
				sums->ns[k] += (uint64_t)(ns - begun);
	}
	assert_int_equal(depth, 0);
}

static void random_runs_add_up(void **state)
{
	static const struct states_ops ops = { .state = add_state };

	(void)state;
	for (uint64_t seed = 1; seed <= 20; seed++) {
		struct made_up m = made_up(seed, 3000, 500000);
		struct sums want = { 0 }, have = { 0 };
		struct states *s = states__new(&ops, &want, &no_opts);
		uint64_t all = 0;
		struct run r;
		json_t *j, *t;
		size_t i;

		start(&r, seed % 2 ? view_gecko__new : view_speedscope__new);
		give_all(&r, s, &m);
		assert_int_equal(states__finish(s, &(struct snapshot){ .now_ns = m.now }), 0);
		j = end(&r, m.now);
		json_array_foreach(at(j, seed % 2 ? "threads" : "profiles"), i, t) if (seed % 2)
		{
			add_markers(j, t, &have);
			all += samples_ns(t);
		}
		else
		{
			add_events(j, t, &have);
		}
		for (size_t k = GT_WAIT; k < GT_STATE_CNT; k++)
			assert_int_equal(have.ns[k], want.ns[k]);
		assert_true(want.ns[GT_WAIT] > 0 && want.ns[GT_HOLD] > 0);
		if (seed % 2)
			assert_int_equal(all,
					 want.ns[GT_WAIT] + want.ns[GT_HOLD] + want.ns[GT_YIELD]);
		json_decref(j);
		states__free(s);
		free(m.list);
	}
}

static void nothing_is_a_file_that_can_be_opened(void **state)
{
	struct run r;
	json_t *j;

	(void)state;
	start(&r, view_speedscope__new);
	j = end(&r, 10);
	assert_int_equal(json_array_size(at(j, "profiles")), 1);
	json_decref(j);
	start(&r, view_gecko__new);
	j = end(&r, 10);
	assert_int_equal(json_array_size(at(j, "threads")), 1);
	is_number(j, "threads.0.samples.length", 0);
	json_decref(j);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(random_runs_add_up),
		cmocka_unit_test(nothing_is_a_file_that_can_be_opened),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
