/* SPDX-License-Identifier: BSD-2-Clause */
/* test_view_folded.c - folded lines that every reader can take, whatever things are called; JSON's stats */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <ctype.h>
#include <errno.h>
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "user/base/util.h"
#include "user/books/sink.h"
#include "user/view/view.h"

static struct snap_thread threads[2] = { { .tid = 11, .name = "http 1" },
					 { .tid = 12, .name = "feed;2 7" } };

static struct snap_proc proc_of(const struct snap_stack *stacks, size_t stack_cnt,
				const struct snap_chain *chains, size_t chain_cnt)
{
	return (struct snap_proc){ .pid = 10,
				   .comm = "my;app 5",
				   .cmdline = "",
				   .parent_comm = "",
				   .python = "3.11.2",
				   .runtime = "",
				   .sites = "",
				   .note = "",
				   .thread_cnt = 2,
				   .threads = threads,
				   .stacks_known = true,
				   .stack_cnt = stack_cnt,
				   .stacks = stacks,
				   .chain_cnt = chain_cnt,
				   .chains = chains };
}

/* The text that a view writes at its end; the caller frees it. */
static char *written(struct view *(*make)(FILE *, const struct view_opts *),
		     const struct view_opts *o, const struct snap_proc *p,
		     const struct snapshot *like)
{
	struct snapshot s = like ? *like : (struct snapshot){ 0 };
	char *text = NULL;
	size_t len = 0;
	FILE *f = open_memstream(&text, &len);
	struct view *v = make(f, o);

	s.proc_cnt = p ? 1 : 0;
	s.procs = p;
	assert_non_null(v);
	assert_int_equal(v->ops->end(v, &s, NULL), 0);
	view__free(v);
	fclose(f);
	return text;
}

static char *folded(const struct snap_stack *stacks, size_t cnt, const struct view_opts *o)
{
	struct snap_proc p = proc_of(stacks, cnt, NULL, 0);

	return written(view_folded__new, o, &p, NULL);
}

static void check(const struct snap_stack *stacks, size_t cnt, const struct view_opts *o,
		  const char *want)
{
	char *text = folded(stacks, cnt, o);

	assert_string_equal(text, want);
	free(text);
}

static void root_first_short_files_and_microseconds(void **state)
{
	static const struct snap_frame f[] = { { "<module>", "/srv/app/main.py", 3 },
					       { "A.work", "rel.py", 77 } };
	const struct snap_stack s[] = { { SNAP_STACK_WAIT, 11, 1500, 1, false, 2, f, 0 },
					{ SNAP_STACK_HOLD, 11, 9000, 1, false, 2, f, 0 },
					{ SNAP_STACK_WAIT, 12, 499, 1, false, 2, f, 0 } };
	struct view_opts o = { .weight = WEIGHT_WAIT };

	(void)state;
	/* Rounded to the nearest; what is less than half a microsecond is no line. */
	check(s, 3, &o, "my:app 5 (10);http 1 (11);<module> (main.py:3);A.work (rel.py:77) 2\n");
	o.unit_ns = true;
	check(s, 3, &o,
	      "my:app 5 (10);http 1 (11);<module> (main.py:3);A.work (rel.py:77) 1500\n"
	      "my:app 5 (10);feed:2 7 (12);<module> (main.py:3);A.work (rel.py:77) 499\n");
	o.weight = WEIGHT_HOLD;
	check(s, 3, &o, "my:app 5 (10);http 1 (11);<module> (main.py:3);A.work (rel.py:77) 9000\n");
	o.weight = WEIGHT_BLAME;
	check(s, 3, &o, "");
}

static void cut_and_unknown_stacks_say_so(void **state)
{
	static const struct snap_frame f[] = { { "deep", "d.py", 1 } };
	static const struct snap_frame native[] = { { "f", "f.py", 2 },
						    { "[memcpy]", "libc.so.6", 0 } };
	static const struct snap_frame none[] = { { "[no Python frame]", "", 0 } };
	const struct snap_stack s[] = { { SNAP_STACK_WAIT, 11, 1, 1, true, 1, f, 0 },
					{ SNAP_STACK_WAIT, 11, 2, 1, false, 0, NULL, 0 },
					{ SNAP_STACK_WAIT, 0, 3, 1, false, 0, NULL, 0 },
					{ SNAP_STACK_WAIT, 99, 4, 1, false, 2, native, 0 },
					{ SNAP_STACK_WAIT, 11, 5, 1, false, 1, none, 0 } };
	struct view_opts o = { .weight = WEIGHT_WAIT, .unit_ns = true };

	(void)state;
	check(s, 5, &o,
	      "my:app 5 (10);http 1 (11);[truncated];deep (d.py:1) 1\n"
	      "my:app 5 (10);http 1 (11);[other] 2\n"
	      "my:app 5 (10);[other threads];[other] 3\n"
	      "my:app 5 (10);thread (99);f (f.py:2);[memcpy] (libc.so.6) 4\n"
	      "my:app 5 (10);http 1 (11);[no Python frame] 5\n");
}

/* What flamegraph.pl and the others make of a line: "frame;frame number", no number before it. */
static void assert_readable(const char *line)
{
	const char *space = strrchr(line, ' '), *p = space;

	assert_non_null(space);
	assert_true(space > line);
	for (const char *d = space + 1; *d; d++)
		assert_true(isdigit((unsigned char)*d));
	while (p > line && isdigit((unsigned char)p[-1]))
		p--;
	assert_true(p == space || !isspace((unsigned char)p[-1])); /* leaf: not "space digits" */
	assert_null(strstr(line, ";;"));
	for (p = line; *p; p++)
		assert_true((unsigned char)*p >= 0x20 && *p != 0x7f);
}

/* All names with all files; the strings of a snapshot are clean, but may hold anything printable. */
static void hostile_names_cannot_break_a_line(void **state)
{
	static const char *const names[] = {
		"a;b 12",	 "x 99",  ";", " ",  "",    "--",
		"[other]",	 "[x] 5", "9", " 9", "] 1", "f (a.py:3) 4",
		"\xe6\x97\xa5 3"
	};
	static const char *const files[] = { "",     "/",    "a;b 12", "dir 3/", " 5",
					     "/x 7", "f.py", "(",      ")" };
	struct view_opts o = { .weight = WEIGHT_WAIT, .unit_ns = true };

	(void)state;
	for (size_t n = 0; n < ARRAY_SIZE(names); n++) {
		for (size_t k = 0; k < 2 * ARRAY_SIZE(files); k++) {
			const struct snap_frame f = { names[n], files[k / 2], k % 2 ? 8 : 0 };
			const struct snap_stack s = { SNAP_STACK_WAIT, 12, 5, 1, false, 1, &f, 0 };
			char *text = folded(&s, 1, &o), *nl = strchr(text, '\n');
			size_t seps = 0;

			assert_non_null(nl);
			assert_int_equal(nl[1], '\0');
			*nl = '\0';
			assert_readable(text);
			for (const char *p = text; *p; p++)
				seps += *p == ';';
			assert_int_equal(seps, 2);
			free(text);
		}
	}
}

static void a_chain_is_waiter_down_and_holder_up(void **state)
{
	static const struct snap_frame w[] = { { "serve", "s.py", 1 }, { "recv", "s.py", 2 } };
	static const struct snap_frame h[] = { { "feed", "f.py", 3 }, { "parse", "f.py", 4 } };
	const struct snap_chain c[] = {
		{ 11, 12, 1000, 1, false, false, 2, w, 2, h, 0, 0 },
		{ 11, 0, 7, 1, true, false, 2, w, 0, NULL, 0, 0 },
		{ 11, 12, 8, 1, false, true, 0, NULL, 2, h, 0, 0 },
	};
	struct snap_proc p = proc_of(NULL, 0, c, 3);
	struct view_opts o = { .weight = WEIGHT_CHAIN, .unit_ns = true };
	uint32_t only = 12;
	char *text = written(view_folded__new, &o, &p, NULL);

	(void)state;
	assert_string_equal(
		text,
		"my:app 5 (10);http 1 (11);serve (s.py:1);recv (s.py:2);--;parse (f.py:4);feed "
		"(f.py:3);"
		"feed:2 7 (12) 1000\n"
		"my:app 5 (10);http 1 (11);[truncated];serve (s.py:1);recv (s.py:2);--;[other];"
		"[other threads] 7\n"
		"my:app 5 (10);http 1 (11);[other];--;parse (f.py:4);feed (f.py:3);[truncated];"
		"feed:2 7 (12) 8\n");
	free(text);
	o.tid_cnt = 1; /* -t: waiters */
	o.tids = &only;
	text = written(view_folded__new, &o, &p, NULL);
	assert_string_equal(text, "");
	free(text);
}

/* Threads of a pool have one root, equal stacks one line. */
static void merged_threads_have_lines_of_their_own_once(void **state)
{
	static const struct snap_frame f[] = { { "run", "t.py", 1 }, { "work", "w.py", 2 } };
	static const struct snap_thread pool[] = {
		{ .tid = 21, .name = "ThreadPoolExecutor-0_3" },
		{ .tid = 22, .name = "ThreadPoolExecutor-0_14" },
		{ .tid = 23, .name = "ThreadPoolExecutor-1_3" },
		{ .tid = 24, .name = "Thread-12 (handle_v2)" },
		{ .tid = 25, .name = "Thread-7 (handle_v2)" },
		{ .tid = 26, .name = "a;b 5" },
		{ .tid = 27, .name = "(9)" },
		{ .tid = 28, .name = "" },
	};
	struct snap_stack s[ARRAY_SIZE(pool) + 1];
	struct view_opts o = { .weight = WEIGHT_HOLD, .unit_ns = true, .merge_threads = true };
	struct snap_proc p = proc_of(s, ARRAY_SIZE(s), NULL, 0);
	char *text;

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(pool); i++)
		s[i] = (struct snap_stack){
			SNAP_STACK_HOLD, pool[i].tid, 1 + i, 1, false, 2, f, 0
		};
	s[ARRAY_SIZE(pool)] = (struct snap_stack){ SNAP_STACK_HOLD, 21, 100, 1, false, 1, f, 0 };
	p.threads = pool;
	p.thread_cnt = ARRAY_SIZE(pool);
	text = written(view_folded__new, &o, &p, NULL);
	assert_string_equal(text,
			    "my:app 5 (10);(*);run (t.py:1);work (w.py:2) 7\n"
			    "my:app 5 (10);?;run (t.py:1);work (w.py:2) 8\n"
			    "my:app 5 (10);Thread-* (handle_v2);run (t.py:1);work (w.py:2) 9\n"
			    "my:app 5 (10);ThreadPoolExecutor-0_*;run (t.py:1) 100\n"
			    "my:app 5 (10);ThreadPoolExecutor-0_*;run (t.py:1);work (w.py:2) 3\n"
			    "my:app 5 (10);ThreadPoolExecutor-1_*;run (t.py:1);work (w.py:2) 3\n"
			    "my:app 5 (10);a:b *;run (t.py:1);work (w.py:2) 6\n");
	free(text);
}

/* The end of a text, from the nth last line on. */
static const char *last_lines(const char *text, size_t n)
{
	const char *at = text + strlen(text);

	while (at > text && (at == text + strlen(text) || at[-1] != '\n' || --n))
		at--;
	return at;
}

/* Stacks and chains without end: the largest 10,000, and what the others have in one line. */
static void more_lines_than_anybody_reads_are_one_of_other(void **state)
{
	static const struct snap_frame f[] = { { "work", "/srv/app.py", 7 } };
	const size_t max = 10000, cnt = max + 5;
	struct view_opts o = { .weight = WEIGHT_BLAME, .unit_ns = 1 };
	struct snap_stack *st = calloc(cnt, sizeof(*st));
	struct snap_chain *ch = calloc(cnt, sizeof(*ch));
	struct snap_proc p;
	char *text;

	(void)state;
	assert_non_null(st);
	assert_non_null(ch);
	for (size_t i = 0; i < cnt; i++) {
		st[i] = (struct snap_stack){ SNAP_STACK_BLAME, 11, cnt - i, 1, false, 1, f, 0 };
		ch[i] = (struct snap_chain){ .waiter_tid = 11,
					     .holder_tid = 12,
					     .ns = cnt - i,
					     .waiter_frame_cnt = 1,
					     .waiter_frames = f,
					     .holder_frame_cnt = 1,
					     .holder_frames = f };
	}
	p = proc_of(st, cnt, ch, cnt);
	text = written(view_folded__new, &o, &p, NULL);
	assert_string_equal(last_lines(text, 2), "my:app 5 (10);http 1 (11);work (app.py:7) 6\n"
						 "my:app 5 (10);[other threads];[other] 15\n");
	free(text);
	o.weight = WEIGHT_CHAIN;
	text = written(view_folded__new, &o, &p, NULL);
	assert_string_equal(
		last_lines(text, 2),
		"my:app 5 (10);http 1 (11);work (app.py:7);--;work (app.py:7);feed:2 7 (12) 6\n"
		"my:app 5 (10);[other threads];[other];--;[other];[other threads] 15\n");
	free(text);
	/* Lines of merged threads are few, whatever they are made of. */
	o.merge_threads = true;
	text = written(view_folded__new, &o, &p, NULL);
	assert_string_equal(last_lines(text, 1), text);
	assert_null(strstr(text, "[other]"));
	free(text);
	free(st);
	free(ch);
}

static void json_counts_what_was_lost_by_name(void **state)
{
	struct view_opts o = { 0 };
	struct snapshot s = { 0 };
	json_t *root, *stats, *stack;
	const struct snap_stack other = { SNAP_STACK_WAIT, 0, 5, 1, false, 0, NULL, 0 };
	struct snap_proc p = proc_of(&other, 1, NULL, 0);
	char *text;

	(void)state;
	s.stats[GT_STAT_STACK_FULL] = s.lost_detail = 3;
	s.stats[GT_STAT_WALK] = 70;
	s.stats[GT_STAT_WALK_LAST] = 2;
	text = written(view_json__new, &o, &p, &s);
	root = json_loads(text, JSON_REJECT_DUPLICATES, NULL);
	assert_non_null(root);
	assert_int_equal(json_integer_value(json_object_get(root, "lost_detail")), 3);
	stats = json_object_get(root, "stats");
	assert_int_equal(json_object_size(stats), 3); /* zeros are left out */
	assert_int_equal(json_integer_value(json_object_get(stats, "stack_full")), 3);
	assert_int_equal(json_integer_value(json_object_get(stats, "walk_complete")), 70);
	assert_int_equal(json_integer_value(json_object_get(stats, "walk_torn_frame")), 2);
	stack = json_array_get(
		json_object_get(json_array_get(json_object_get(root, "processes"), 0), "stacks"),
		0);
	assert_true(json_is_null(json_object_get(stack, "tid"))); /* unknown is null, never 0 */
	json_decref(root);
	free(text);
}

static void the_report_says_every_loss_in_words(void **state)
{
	static const struct snap_gil gil = { .id = 0 };
	struct view_opts o = { 0 };
	struct snapshot s = { .lost_events = 4, .lost_detail = 12 };
	struct snap_proc p = proc_of(NULL, 0, NULL, 0);
	char *text;

	(void)state;
	p.gil_cnt = 1;
	p.gils = &gil;
	s.stats[GT_STAT_TID_FULL] = 4;
	s.stats[COUNTER_STORE_FULL] = 12;
	text = written(view_report__new, &o, &p, &s);
	assert_non_null(strstr(text, "  lost 4 (detail 12)\n"));
	assert_null(strstr(text, "gap ")); /* on the screen that is a duration */
	for (size_t i = 0; i < COUNTER_CNT; i++)
		if (s.stats[i])
			assert_non_null(strstr(text, counter_table[i].words));
	free(text);
	s.lost_detail = 0;
	text = written(view_report__new, &o, &p, &s);
	assert_non_null(strstr(text, "  lost 4\n"));
	free(text);
}

/* A view that wants more than snapshots. */
struct tiny {
	struct view view;
	uint64_t event_cnt;
	int ready;
};

static int tiny_take(struct view *v, const struct record *r)
{
	((struct tiny *)v)->event_cnt += r->events.cnt;
	return 0;
}

static int tiny_fd(const struct view *v)
{
	(void)v;
	return 7;
}

static int tiny_ready(struct view *v)
{
	return ((struct tiny *)v)->ready++ ? -EIO : 0;
}

static void a_view_may_take_records_and_have_a_descriptor(void **state)
{
	static const struct view_ops more = { .take = tiny_take,
					      .fd = tiny_fd,
					      .ready = tiny_ready };
	static const struct view_ops less;
	const struct record n = { .kind = REC_EVENTS, .events = { .cnt = 15 } };
	struct tiny t = { .view = { .ops = &more } };

	(void)state;
	assert_int_equal(view__take(&t.view, &n), 0);
	assert_int_equal(t.event_cnt, 15);
	assert_int_equal(view__fd(&t.view), 7);
	assert_int_equal(view__ready(&t.view), 0);
	assert_int_equal(view__ready(&t.view), -EIO);
	t.view.ops = &less; /* as all others */
	assert_int_equal(view__take(&t.view, &n), 0);
	assert_int_equal(view__take(NULL, &n), 0);
	assert_int_equal(view__fd(&t.view), -1);
	assert_int_equal(view__ready(&t.view), 0);
	assert_int_equal(t.event_cnt, 15);
	assert_int_equal(view__begin(&t.view, NULL), 0);
	assert_int_equal(view__interval(&t.view, NULL), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(root_first_short_files_and_microseconds),
		cmocka_unit_test(cut_and_unknown_stacks_say_so),
		cmocka_unit_test(hostile_names_cannot_break_a_line),
		cmocka_unit_test(a_chain_is_waiter_down_and_holder_up),
		cmocka_unit_test(merged_threads_have_lines_of_their_own_once),
		cmocka_unit_test(more_lines_than_anybody_reads_are_one_of_other),
		cmocka_unit_test(json_counts_what_was_lost_by_name),
		cmocka_unit_test(the_report_says_every_loss_in_words),
		cmocka_unit_test(a_view_may_take_records_and_have_a_descriptor),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
