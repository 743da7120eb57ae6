/* SPDX-License-Identifier: BSD-2-Clause */
/* test_view_json.c - JSON that is kept small leaves nothing out of the sums */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tests/unit/fake_snapshot.h"
#include "user/judge/verdict.h"
#include "user/picture/self_limit.h"
#include "user/view/view.h"

#define THREADS 1000
#define PAIRS	5000
#define STACKS	3000

/* A thousand threads, each waits for each of some. */
struct crowd {
	struct fake f;
	struct snap_pair pairs[PAIRS];
	struct snap_stack stacks[STACKS];
};

static struct crowd *crowd_new(void)
{
	struct crowd *c = malloc(sizeof(*c));
	struct snap_proc *p;

	assert_non_null(c);
	fake__init(&c->f, 10 * S);
	p = &c->f.procs[0];
	for (size_t i = 0; i < THREADS; i++) {
		char name[32];

		snprintf(name, sizeof(name), "ThreadPoolExecutor-0_%zu", i);
		fake__thread(&c->f, i, 5000 + (uint32_t)i, name, SNAP_WAITING,
			     (unsigned int)(900 - i * 9 / 10), 1, (unsigned int)(i % 3), 10 * S);
		c->f.threads[i].blame_ns = i;
		fake__asked(&c->f.threads[i], i % 3, i % 7, i * MS);
		c->f.threads[i].react_queued_ns = i;
	}
	for (size_t i = 0; i < PAIRS; i++)
		c->pairs[i] = (struct snap_pair){ 5000 + (uint32_t)i % THREADS,
						  5000 + (uint32_t)(i * 7) % THREADS, PAIRS - i };
	for (size_t i = 0; i < STACKS; i++)
		c->stacks[i] = (struct snap_stack){ (enum snap_stack_kind)(i % 3),
						    5000 + (uint32_t)i / 3,
						    1 + STACKS - i,
						    2,
						    false,
						    7,
						    fake_dump,
						    0 };
	p->thread_cnt = THREADS;
	p->pair_cnt = PAIRS;
	p->pairs = c->pairs;
	p->stack_cnt = STACKS;
	p->stacks = c->stacks;
	return c;
}

static json_t *record(const struct crowd *c, const struct view_opts *o, size_t *ret_len)
{
	char *text = NULL;
	FILE *f = open_memstream(&text, ret_len);
	struct view *v = view_json__new(f, o);
	json_t *root;

	assert_non_null(v);
	assert_int_equal(v->ops->end(v, &c->f.snap, NULL), 0);
	view__free(v);
	fclose(f);
	root = json_loads(text, JSON_REJECT_DUPLICATES, NULL);
	assert_non_null(root);
	free(text);
	return root;
}

static json_t *list(json_t *root, const char *name)
{
	return json_object_get(json_array_get(json_object_get(root, "processes"), 0), name);
}

static uint64_t sum(json_t *rows, const char *key, const char *kind)
{
	uint64_t ret = 0;

	for (size_t i = 0; i < json_array_size(rows); i++) {
		json_t *row = json_array_get(rows, i);

		if (!kind || !strcmp(json_string_value(json_object_get(row, "kind")), kind))
			ret += (uint64_t)json_integer_value(json_object_get(row, key));
	}
	return ret;
}

static void a_screen_of_a_thousand_threads_is_small_and_its_sums_hold(void **state)
{
	static const char *const of_threads[] = { "wait_ns",	    "hold_ns",	  "yield_ns",
						  "blame_ns",	    "span_ns",	  "released_ns",
						  "yields",	    "contended",  "acquisitions",
						  "asked",	    "asked_late", "react_ns",
						  "react_queued_ns" };
	static const char *const kinds[] = { "wait", "hold", "blame" };
	struct view_opts all = { 0 }, small = { .max_bytes = 90000 };
	struct crowd *c = crowd_new();
	size_t all_len, len;
	json_t *want = record(c, &all, &all_len), *got = record(c, &small, &len);
	json_t *rest =
		json_array_get(list(got, "threads"), json_array_size(list(got, "threads")) - 1);

	(void)state;
	assert_true(all_len > 600000);
	assert_true(len < 95000); /* a file has two */
	assert_int_equal(json_array_size(list(want, "threads")), THREADS);
	for (size_t i = 0; i < ARRAY_SIZE(of_threads); i++)
		assert_int_equal(sum(list(got, "threads"), of_threads[i], NULL),
				 sum(list(want, "threads"), of_threads[i], NULL));
	assert_int_equal(sum(list(got, "pairs"), "ns", NULL), sum(list(want, "pairs"), "ns", NULL));
	for (size_t i = 0; i < ARRAY_SIZE(kinds); i++)
		assert_int_equal(sum(list(got, "stacks"), "ns", kinds[i]),
				 sum(list(want, "stacks"), "ns", kinds[i]));
	/* The largest are in it as they are; of the others the number is known. */
	assert_true(json_array_size(list(got, "threads")) > 30);
	assert_true(json_array_size(list(got, "pairs")) > 30);
	assert_true(json_equal(json_array_get(list(got, "pairs"), 0),
			       json_array_get(list(want, "pairs"), 0)));
	assert_true(json_is_null(json_object_get(rest, "tid")));
	assert_int_equal(json_integer_value(json_object_get(rest, "folded")) +
				 (json_int_t)json_array_size(list(got, "threads")) - 1,
			 THREADS);
	json_decref(want);
	json_decref(got);
	free(c);
}

static void what_fits_is_whole(void **state)
{
	struct view_opts all = { 0 }, large = { .max_bytes = 10000000 };
	struct crowd *c = crowd_new();
	size_t len;
	json_t *want = record(c, &all, &len), *got = record(c, &large, &len);

	(void)state;
	assert_true(json_equal(want, got));
	json_decref(want);
	json_decref(got);
	free(c);
}

/* However many threads wait for however many others, a record stays within reason; what is left out is added up. */
static void lists_have_an_end_and_the_rest_is_other(void **state)
{
	const size_t max = 10000, cnt = max + 500;
	struct crowd *c = crowd_new();
	struct snap_pair *pairs = calloc(cnt, sizeof(*pairs));
	struct snap_stack *stacks = calloc(2 * cnt, sizeof(*stacks));
	struct snap_proc *p = &c->f.procs[0];
	uint64_t all = (uint64_t)cnt * (cnt + 1) / 2;
	json_t *got, *last;
	size_t len;

	(void)state;
	assert_non_null(pairs);
	assert_non_null(stacks);
	for (size_t i = 0; i < cnt; i++) {
		pairs[i] = (struct snap_pair){ 5000 + (uint32_t)(i % 200),
					       5000 + (uint32_t)(i / 200), cnt - i };
		for (size_t kind = 0; kind < 2; kind++)
			stacks[kind * cnt + i] =
				(struct snap_stack){ (enum snap_stack_kind)(2 * kind),
						     5000,
						     cnt - i,
						     1,
						     false,
						     1,
						     fake_dump,
						     0 };
	}
	p->pairs = pairs;
	p->pair_cnt = cnt;
	p->stacks = stacks;
	p->stack_cnt = 2 * cnt;
	got = record(c, &(struct view_opts){ 0 }, &len);
	assert_int_equal(json_array_size(list(got, "pairs")), max + 1);
	assert_int_equal(json_array_size(list(got, "stacks")), 2 * (max + 1));
	assert_int_equal(sum(list(got, "pairs"), "ns", NULL), all);
	assert_int_equal(sum(list(got, "stacks"), "ns", "wait"), all);
	assert_int_equal(sum(list(got, "stacks"), "ns", "blame"), all);
	last = json_array_get(list(got, "pairs"), max);
	assert_true(json_is_null(json_object_get(last, "waiter")));
	assert_true(json_is_null(json_object_get(last, "holder")));
	assert_int_equal(json_integer_value(json_object_get(last, "ns")), 500 * 501 / 2);
	json_decref(got);
	free(pairs);
	free(stacks);
	free(c);
}

/* They are looked for once, for all of them together. */
static void a_pair_is_at_the_line_of_its_largest_chain(void **state)
{
	static const struct snap_frame not_seen = { "[not seen]", "", 0 };
	static const struct snap_frame lines[] = { { "a", "/srv/a.py", 1 },
						   { "b", "/srv/b.py", 2 } };
	struct snap_chain chains[300];
	struct crowd *c = crowd_new();
	struct snap_proc *p = &c->f.procs[0];
	json_t *got, *rows;
	size_t len, with = 0;

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(chains); i++)
		chains[i] = (struct snap_chain){
			.waiter_tid = 5000 + (uint32_t)i % 13,
			.holder_tid = 5000 + (uint32_t)(i * 7) % 11,
			.ns = 1000 - i,
			.holder_frame_cnt = i % 5 > 0,
			.holder_frames = i % 3 ? &lines[i % 2] : &not_seen,
		};
	p->chains = chains;
	p->chain_cnt = ARRAY_SIZE(chains);
	for (size_t i = 0; i < PAIRS; i++)
		c->pairs[i].holder_tid = 5000 + (uint32_t)(i / THREADS);
	got = record(c, &(struct view_opts){ 0 }, &len);
	rows = list(got, "pairs");
	for (size_t i = 0; i < json_array_size(rows); i++) {
		json_t *at = json_object_get(json_array_get(rows, i), "at");
		const struct snap_frame *want =
			verdict__pair_line(p, c->pairs[i].waiter_tid, c->pairs[i].holder_tid).frame;

		assert_int_equal(at != NULL, want != NULL);
		if (want)
			assert_string_equal(json_string_value(json_object_get(at, "name")),
					    want->name);
		with += want != NULL;
	}
	assert_true(with > 40);
	json_decref(got);
	free(c);
}

static double real(json_t *group, const char *figure, const char *key)
{
	json_t *v = json_object_get(json_object_get(group, figure), key);

	assert_true(json_is_number(v));
	return json_number_value(v);
}

static void workers_of_one_master_are_a_group_with_ranges_and_sums(void **state)
{
	static struct crowd c;
	struct view_opts o = { 0 };
	json_t *root, *group, *procs, *total;
	uint64_t wait = 0;
	size_t len;

	(void)state;
	fake__workers(&c.f, 10 * S);
	c.f.gils[1].observed_ns = 0; /* light: of this one holds are not known */
	root = record(&c, &o, &len);
	procs = json_object_get(root, "processes");
	assert_int_equal(json_integer_value(json_object_get(json_array_get(procs, 1), "parent")),
			 4242);
	assert_int_equal(json_array_size(json_object_get(root, "groups")), 1);
	group = json_array_get(json_object_get(root, "groups"), 0);
	assert_int_equal(json_integer_value(json_object_get(group, "parent")), 4242);
	assert_string_equal(json_string_value(json_object_get(group, "name")),
			    "gunicorn: worker [shop]");
	assert_int_equal(json_array_size(json_object_get(group, "workers")), 5);
	assert_int_equal(json_integer_value(json_array_get(json_object_get(group, "workers"), 0)),
			 4245);
	assert_int_equal(json_integer_value(json_object_get(group, "ended")), 2);
	assert_int_equal(json_array_size(json_object_get(group, "ended_workers")), 2);
	assert_int_equal(json_integer_value(json_object_get(group, "stuck")), 4245);
	assert_true(real(group, "utilization", "max") > 0.97);
	assert_int_equal((int)real(group, "utilization", "max_pid"), 4245);
	assert_int_equal((int)real(group, "utilization", "known"), 4);
	assert_true(json_is_integer(json_object_get(json_object_get(group, "wait_max_ns"), "max")));
	assert_true(real(group, "wait_max_ns", "max") == 3e9);
	assert_true(real(group, "delay", "median") < real(group, "delay", "max"));
	total = json_object_get(group, "total");
	for (size_t i = 1; i < 8; i++)
		wait += c.f.gils[i].wait_ns;
	assert_int_equal(json_integer_value(json_object_get(total, "wait_ns")), wait);
	json_decref(root);
	for (size_t i = 0; i < 8; i++)
		c.f.gils[i].observed_ns = 0;
	root = record(&c, &o, &len);
	group = json_array_get(json_object_get(root, "groups"), 0);
	assert_true(json_is_null(json_object_get(json_object_get(group, "utilization"), "max")));
	assert_true(json_is_null(json_object_get(json_object_get(group, "switches_per_s"), "min")));
	assert_true(json_is_null(json_object_get(json_object_get(group, "total"), "held_ns")));
	json_decref(root);
}

static void a_record_says_what_giltop_left_out_and_why(void **state)
{
	struct crowd *c = crowd_new();
	json_t *got, *words;
	size_t len;

	(void)state;
	got = record(c, &(struct view_opts){ 0 }, &len);
	assert_int_equal(json_integer_value(json_object_get(got, "late")), 0);
	assert_int_equal(json_integer_value(json_object_get(got, "self_level")), 0);
	assert_int_equal(json_array_size(json_object_get(got, "self_leaves_out")), 0);
	json_decref(got);
	c->f.snap.self_level = SELF_NO_PAIRS;
	c->f.snap.stats[COUNTER_REFRESH_LATE] = 3;
	got = record(c, &(struct view_opts){ 0 }, &len);
	words = json_object_get(got, "self_leaves_out");
	assert_int_equal(json_integer_value(json_object_get(got, "late")), 3);
	assert_int_equal(json_integer_value(json_object_get(got, "self_level")), 2);
	assert_int_equal(json_array_size(words), 2);
	assert_string_equal(json_string_value(json_array_get(words, 1)),
			    self_level__words(SELF_NO_PAIRS));
	json_decref(got);
	free(c);
}

static bool is_null(json_t *row, const char *key)
{
	json_t *v = json_object_get(row, key);

	assert_non_null(v);
	return json_is_null(v);
}

static void all_null(json_t *row, const char *const *keys, size_t cnt, bool null)
{
	for (size_t i = 0; i < cnt; i++)
		assert_int_equal(is_null(row, keys[i]), null);
}

/* Unknown is null, never 0. */
static void what_was_not_seen_is_null(void **state)
{
	static const char *const of_threads[] = {
		"hold_ns",     "hold_max_ns",	 "hold_p50_ns", "hold_p90_ns",
		"hold_p99_ns", "hold_offcpu_ns", "releases",	"acquisitions",
		"asked",       "asked_late",	 "react_ns",	"react_queued_ns"
	};
	static const char *const of_gils[] = { "held_ns", "gap_ns", "gap_wall_ns", "acquisitions",
					       "switches" };
	static const char *const estimates[] = { "utilization", "utilization_error", "load" };
	struct crowd *c = crowd_new();
	json_t *root, *gil, *thread, *proc;
	size_t len;

	(void)state;
	c->f.procs[0].pair_cnt = c->f.procs[0].stack_cnt = 0;
	fake__light(&c->f, 400, 250);
	root = record(c, &(struct view_opts){ 0 }, &len);
	proc = json_array_get(json_object_get(root, "processes"), 0);
	assert_string_equal(json_string_value(json_object_get(proc, "mode")), "light");
	assert_false(json_is_true(json_object_get(proc, "mode_auto")));
	gil = json_array_get(list(root, "gils"), 0);
	thread = json_array_get(list(root, "threads"), 0);
	all_null(thread, of_threads, ARRAY_SIZE(of_threads), true);
	assert_true(is_null(thread, "released_ns"));
	assert_int_equal(json_integer_value(json_object_get(thread, "hold_observed_ns")), 0);
	assert_false(is_null(thread, "blame_ns") || is_null(thread, "runnable_ns"));
	all_null(gil, of_gils, ARRAY_SIZE(of_gils), true);
	all_null(gil, estimates, ARRAY_SIZE(estimates), false);
	assert_true(json_real_value(json_object_get(gil, "utilization")) == 0.25);
	json_decref(root);
	c->f.gils[0].look_cnt = 0;
	c->f.threads[0].runnable_ns = NS_UNKNOWN;
	root = record(c, &(struct view_opts){ 0 }, &len);
	all_null(json_array_get(list(root, "gils"), 0), estimates, ARRAY_SIZE(estimates), true);
	json_decref(root);
	free(c);
}

static void what_was_seen_in_part_has_the_time_beside_it(void **state)
{
	struct crowd *c = crowd_new();
	json_t *root, *gil, *thread, *proc;
	size_t len;

	(void)state;
	fake__seen_for(&c->f, 6 * S);
	root = record(c, &(struct view_opts){ 0 }, &len);
	proc = json_array_get(json_object_get(root, "processes"), 0);
	assert_true(json_is_true(json_object_get(proc, "mode_auto")));
	assert_int_equal(json_integer_value(json_object_get(proc, "mode_changes")), 2);
	gil = json_array_get(list(root, "gils"), 0);
	thread = json_array_get(list(root, "threads"), 0);
	assert_int_equal(json_integer_value(json_object_get(gil, "held_observed_ns")), 6 * S);
	assert_false(is_null(gil, "held_ns") || is_null(gil, "utilization"));
	assert_true(is_null(gil, "utilization_error"));
	assert_int_equal(json_integer_value(json_object_get(thread, "hold_observed_ns")), 6 * S);
	assert_false(is_null(thread, "hold_ns") || is_null(thread, "acquisitions"));
	assert_true(is_null(thread, "released_ns")); /* holds that nobody saw may be in it */
	json_decref(root);
	free(c);
}

static void is_text(json_t *of, const char *key, const char *want)
{
	json_t *v = json_object_get(of, key);

	assert_non_null(v);
	if (want)
		assert_string_equal(json_string_value(v), want);
	else
		assert_true(json_is_null(v));
}

/* null where it is in nothing of that; the whole id, which tables cut. */
static void where_a_process_runs_is_in_its_record(void **state)
{
	static const char id[] = "0f1e2d3c4b5a69788796a5b4c3d2e1f00f1e2d3c4b5a69788796a5b4c3d2e1f0";
	static const char *const keys[] = { "container", "pod", "pod_name", "unit", "cgroup" };
	struct view_opts o = { 0 };
	struct crowd *c = crowd_new();
	struct snap_proc *p = &c->f.procs[0];
	size_t len;
	json_t *got = record(c, &o, &len), *proc;

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(keys); i++)
		assert_true(json_is_null(list(got, keys[i])));
	assert_true(json_is_null(list(got, "ns_pid")));
	json_decref(got);
	p->where = (struct where_list){ .part = { [WHERE_CGROUP] = "/a\"b",
						  [WHERE_CONTAINER] = id,
						  [WHERE_NAME] = "web",
						  [WHERE_POD] = "uid",
						  [WHERE_UNIT] = "app.service" },
					.ns_pid = 7 };
	got = record(c, &o, &len);
	proc = json_array_get(json_object_get(got, "processes"), 0);
	is_text(list(got, "container"), "id", id);
	is_text(list(got, "container"), "name", "web");
	is_text(list(got, "container"), "engine", NULL);
	is_text(proc, "pod", "uid");
	is_text(proc, "pod_name", NULL);
	is_text(proc, "unit", "app.service");
	is_text(proc, "cgroup", "/a\"b");
	assert_int_equal(json_integer_value(list(got, "ns_pid")), 7);
	json_decref(got);
	free(c);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_screen_of_a_thousand_threads_is_small_and_its_sums_hold),
		cmocka_unit_test(what_fits_is_whole),
		cmocka_unit_test(where_a_process_runs_is_in_its_record),
		cmocka_unit_test(lists_have_an_end_and_the_rest_is_other),
		cmocka_unit_test(a_pair_is_at_the_line_of_its_largest_chain),
		cmocka_unit_test(workers_of_one_master_are_a_group_with_ranges_and_sums),
		cmocka_unit_test(a_record_says_what_giltop_left_out_and_why),
		cmocka_unit_test(what_was_not_seen_is_null),
		cmocka_unit_test(what_was_seen_in_part_has_the_time_beside_it),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
