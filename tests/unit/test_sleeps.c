/* SPDX-License-Identifier: BSD-2-Clause */
/* test_sleeps.c - sleeps of holders: from readings to the picture, to lines, to JSON */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>

#include "tests/unit/say.h"
#include "user/base/budgets.h"
#include "user/base/syscall_name.h"
#include "user/base/util.h"
#include "user/picture/offcpu.h"
#include "user/view/view.h"

#define PID 4000u
#define T0  1000000ull

static const struct snap_frame in_c[] = { { "run", "/a.py", 3 },
					  { "ask", "/a.py", 9 },
					  { "[read]", "libc.so.6", 0 } };
static const struct snap_frame in_other[] = { { "run", "/a.py", 4 }, { "ask", "/a.py", 9 } };

static struct model *begin(void)
{
	const struct say_proc info = { .pid = PID,
				       .comm = "app",
				       .cmdline = "app",
				       .python = "3.11.2",
				       .runtime = "/x",
				       .sites = "call-sites" };
	struct model *m = model__new();

	assert_non_null(m);
	assert_int_equal(say_start(m, &info, T0), 0);
	assert_int_equal(
		say(m, &(struct record){ .kind = REC_STACK, .stack = { 1, false, 3, in_c } }), 0);
	assert_int_equal(
		say(m, &(struct record){ .kind = REC_STACK, .stack = { 2, true, 2, in_other } }),
		0);
	return m;
}

static struct total_sleep row(uint32_t tid, int32_t call, uint32_t stack, uint64_t ns, uint64_t cnt)
{
	return (struct total_sleep){ .at = { .tgid = PID, .tid = tid, .call = call },
				     .stack = stack,
				     .ns = ns,
				     .cnt = cnt };
}

static void feed(struct model *m, uint64_t now, struct total_sleep *rows, size_t cnt)
{
	const struct totals t = {
		.now_ns = now, .sleeps_known = true, .sleep_cnt = cnt, .sleeps = rows
	};

	assert_int_equal(say_totals(m, &t), 0);
}

static uint64_t slept(const struct model *m, enum model_span which, size_t want_cnt)
{
	struct snapshot *s = model__snapshot(m, which);
	uint64_t ns = 0;

	assert_non_null(s);
	assert_true(s->procs[0].offcpu_known);
	assert_int_equal(s->procs[0].offcpu_cnt, want_cnt);
	for (size_t i = 0; i < want_cnt; i++)
		ns += s->procs[0].offcpu[i].ns;
	snapshot__free(s);
	return ns;
}

static void rows_of_one_place_are_one_longest_first(void **state)
{
	struct total_sleep rows[] = { row(7, SYS_read, 1, 100, 1), row(7, SYS_read, 1, 50, 2),
				      row(8, SYS_read, 1, 400, 1), row(7, SYS_futex, 1, 10, 1),
				      row(7, GT_NO_CALL, 2, 20, 1) };
	struct model *m = begin();
	struct snapshot *s;
	const struct snap_offcpu *o;

	(void)state;
	feed(m, T0 + 1000, rows, ARRAY_SIZE(rows));
	s = model__snapshot(m, MODEL_TOTAL);
	o = s->procs[0].offcpu;
	assert_int_equal(s->procs[0].offcpu_cnt, 4);
	assert_int_equal(o[0].tid, 8);
	assert_int_equal(o[1].ns, 150);
	assert_int_equal(o[1].cnt, 3);
	assert_string_equal(o[1].call, "read");
	assert_int_equal(o[1].frame_cnt, 3);
	assert_null(o[2].call);
	assert_int_equal(o[2].call_no, GT_NO_CALL);
	assert_true(o[2].truncated);
	assert_string_equal(o[3].call, "futex");
	snapshot__free(s);
	model__free(m);
}

/* A sleep ends between the looks at those that are over and at those that go on. */
static void what_a_reading_misses_is_in_the_next_and_intervals_add_up(void **state)
{
	struct total_sleep open[] = { row(7, SYS_read, 1, 300, 3), row(7, SYS_read, 1, 200, 1) };
	struct total_sleep missed[] = { row(7, SYS_read, 1, 300, 3) };
	struct total_sleep over[] = { row(7, SYS_read, 1, 650, 4) };
	struct model *m = begin();

	(void)state;
	feed(m, T0 + 1000, open, 2);
	assert_int_equal(slept(m, MODEL_INTERVAL, 1), 500);
	model__mark(m);
	feed(m, T0 + 2000, missed, 1);
	assert_int_equal(slept(m, MODEL_INTERVAL, 0), 0);
	model__mark(m);
	feed(m, T0 + 3000, over, 1);
	assert_int_equal(slept(m, MODEL_INTERVAL, 1), 150);
	assert_int_equal(slept(m, MODEL_TOTAL, 1), 650);
	model__reset(m);
	assert_int_equal(slept(m, MODEL_TOTAL, 0), 0);
	say_end(m, PID, T0 + 3500); /* its places stay, and nothing comes after that */
	feed(m, T0 + 4000, over, 0);
	assert_int_equal(slept(m, MODEL_TOTAL, 0), 0);
	model__free(m);
}

static void of_too_many_places_the_rest_is_one_row(void **state)
{
	const size_t cnt = BUDGET_SLEEPS + 500;
	struct total_sleep *rows = calloc(cnt, sizeof(*rows));
	struct model *m = begin();

	(void)state;
	assert_non_null(rows);
	for (size_t i = 0; i < cnt; i++)
		rows[i] = row(1 + (uint32_t)i, SYS_read, 1, 10, 1);
	feed(m, T0 + 1000, rows, cnt);
	assert_int_equal(slept(m, MODEL_TOTAL, BUDGET_SLEEPS + 1), 10 * cnt);
	free(rows);
	model__free(m);
}

static bool is_8(const void *ctx, uint32_t tid)
{
	(void)ctx;
	return tid == 8;
}

static void lines_join_threads_but_not_calls(void **state)
{
	struct total_sleep rows[] = { row(7, SYS_read, 1, 100, 1), row(8, SYS_read, 2, 50, 2),
				      row(8, 9999, 1, 400, 1), row(7, GT_NO_CALL, 0, 10, 1) };
	struct model *m = begin();
	struct offcpu_line l[3];
	char words[OFFCPU_WORDS_SZ];
	struct snapshot *s;
	size_t all = 0;

	(void)state;
	feed(m, T0 + 1000, rows, ARRAY_SIZE(rows));
	s = model__snapshot(m, MODEL_TOTAL);
	assert_int_equal(offcpu__lines(&s->procs[0], NULL, NULL, l, 2, &all), 2);
	assert_int_equal(all, 3);
	assert_string_equal(offcpu__call_words(&l[0], words), "system call 9999");
	assert_string_equal(offcpu__call_words(&l[1], words), "read()");
	assert_int_equal(l[1].ns, 150); /* line 9 of ask, whoever called it */
	assert_int_equal(l[1].cnt, 3);
	assert_string_equal(l[1].frame->name, "ask");
	assert_string_equal(
		offcpu__call_words(&(struct offcpu_line){ .call_no = GT_NO_CALL }, words),
		"no system call");
	assert_string_equal(
		offcpu__call_words(&(struct offcpu_line){ .call_no = GT_UNKNOWN_CALL }, words),
		"an unknown call");
	assert_int_equal(offcpu__lines(&s->procs[0], is_8, NULL, l, 3, &all), 2);
	assert_int_equal(l[1].ns, 50);
	snapshot__free(s);
	model__free(m);
}

static json_t *json_of(const struct model *m, struct snapshot **ret)
{
	const struct view_opts o = { 0 };
	char *text = NULL;
	size_t len;
	FILE *f = open_memstream(&text, &len);
	struct view *v = view_json__new(f, &o);
	json_t *root;

	*ret = model__snapshot(m, MODEL_TOTAL);
	assert_int_equal(v->ops->end(v, *ret, NULL), 0);
	view__free(v);
	fclose(f);
	root = json_loads(text, JSON_REJECT_DUPLICATES, NULL);
	assert_non_null(root);
	free(text);
	return root;
}

static void json_names_the_call_and_leaves_out_what_was_not_measured(void **state)
{
	struct total_sleep rows[] = { row(7, SYS_read, 1, 100, 1), row(0, GT_NO_CALL, 0, 10, 2) };
	struct totals none = { .now_ns = T0 + 2000 };
	struct model *m = begin();
	struct snapshot *s;
	json_t *root, *list, *first, *other;

	(void)state;
	feed(m, T0 + 1000, rows, ARRAY_SIZE(rows));
	root = json_of(m, &s);
	list = json_object_get(json_array_get(json_object_get(root, "processes"), 0), "offcpu");
	assert_int_equal(json_array_size(list), 2);
	first = json_array_get(list, 0);
	other = json_array_get(list, 1);
	assert_string_equal(json_string_value(json_object_get(first, "syscall")), "read");
	assert_int_equal(json_integer_value(json_object_get(first, "syscall_number")), SYS_read);
	assert_int_equal(json_integer_value(json_object_get(first, "ns")), 100);
	assert_int_equal(json_array_size(json_object_get(first, "frames")), 3);
	assert_true(json_is_null(json_object_get(other, "syscall")));
	assert_true(json_is_null(json_object_get(other, "tid")));
	assert_null(json_object_get(other, "syscall_number"));
	json_decref(root);
	snapshot__free(s);
	assert_int_equal(say_totals(m, &none), 0);
	root = json_of(m, &s);
	assert_null(
		json_object_get(json_array_get(json_object_get(root, "processes"), 0), "offcpu"));
	json_decref(root);
	snapshot__free(s);
	model__free(m);
}

static void names_are_those_of_the_headers(void **state)
{
	(void)state;
	assert_string_equal(syscall_name(SYS_futex), "futex");
	assert_string_equal(syscall_name(SYS_clock_nanosleep), "clock_nanosleep");
	assert_string_equal(syscall_name(SYS_openat), "openat");
	assert_null(syscall_name(-1));
	assert_null(syscall_name(1000000));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(rows_of_one_place_are_one_longest_first),
		cmocka_unit_test(what_a_reading_misses_is_in_the_next_and_intervals_add_up),
		cmocka_unit_test(of_too_many_places_the_rest_is_one_row),
		cmocka_unit_test(lines_join_threads_but_not_calls),
		cmocka_unit_test(json_names_the_call_and_leaves_out_what_was_not_measured),
		cmocka_unit_test(names_are_those_of_the_headers),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
