/* SPDX-License-Identifier: BSD-2-Clause */
/* test_view_svg.c - flame graphs: the widths are the times, and names are text whatever they hold */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tests/unit/fake_snapshot.h"
#include "user/base/text.h"
#include "user/view/view.h"

static char *svg(const struct snapshot *s, const struct view_opts *o)
{
	char *text = NULL;
	size_t len = 0;
	FILE *f = open_memstream(&text, &len);
	struct view *v = view_svg__new(f, o);

	assert_non_null(v);
	assert_int_equal(v->ops->end(v, s, "duration"), 0);
	view__free(v);
	fclose(f);
	assert_int_equal(strlen(text), len);
	return text;
}

struct box {
	double x, w;
	unsigned int y;
	char class[8], name[256], time[256];
};

/* The frames of a graph, in its order; returns how many. */
static size_t frames_of(const char *text, struct box *ret, size_t max)
{
	size_t n = 0;

	for (const char *s = text; n < max && (s = strstr(s, "<svg class=\"f ")); s++) {
		struct box *b = &ret[n++];

		assert_int_equal(
			sscanf(s,
			       "<svg class=\"f %7[a-z0-9]\" x=\"%lf%%\" y=\"%u\" width=\"%lf%%\" "
			       "height=\"17\"><title>%255[^\n<]\n%255[^<]</title>",
			       b->class, &b->x, &b->y, &b->w, b->name, b->time),
			6);
	}
	return n;
}

static struct fake *fake_new(void)
{
	struct fake *f = malloc(sizeof(*f));

	assert_non_null(f);
	fake__init(f, 10 * S);
	return f;
}

static const struct box *named(const struct box *b, size_t n, const char *name)
{
	for (size_t i = 0; i < n; i++)
		if (!strcmp(b[i].name, name))
			return &b[i];
	fail_msg("no frame is called %s", name);
	return NULL;
}

/* Each lies on one of the row below; those of a row do not overlap. */
static void assert_stands(const struct box *b, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		bool carried = b[i].y == b[0].y;

		for (size_t k = 0; k < n; k++) {
			double end = b[i].x + b[i].w;

			carried |= b[k].y == b[i].y + 17 && b[k].x <= b[i].x + 1e-4 &&
				   b[k].x + b[k].w >= end - 1e-4;
			assert_true(i == k || b[i].y != b[k].y || end <= b[k].x + 1e-4 ||
				    b[k].x + b[k].w <= b[i].x + 1e-4);
		}
		assert_true(carried);
	}
}

static void widths_are_the_shares_of_the_time(void **state)
{
	struct fake *f = fake_new();
	struct view_opts o = { .weight = WEIGHT_BLAME };
	struct box b[64];
	double threads = 0;
	uint64_t all = 0, main_ns = 0;
	char *text = svg(&f->snap, &o);
	size_t n = frames_of(text, b, ARRAY_SIZE(b));

	(void)state;
	for (size_t i = 0; i < f->procs[0].stack_cnt; i++) {
		const struct snap_stack *s = &f->stacks[i];

		all += s->kind == SNAP_STACK_BLAME ? s->ns : 0;
		main_ns += s->kind == SNAP_STACK_BLAME && s->tid == 4242 ? s->ns : 0;
	}
	assert_string_equal(b[0].name, "all");
	assert_true(fabs(b[0].w - 100) < 1e-4);
	assert_true(fabs(named(b, n, "MainThread (4242)")->w -
			 100.0 * (double)main_ns / (double)all) < 1e-4);
	for (size_t i = 0; i < n; i++)
		threads += b[i].y + 2 * 17 == b[0].y ? b[i].w : 0;
	assert_true(fabs(threads - 100) < 1e-3);
	assert_stands(b, n);
	free(text);
	free(f);
}

static void titles_say_time_and_share_in_words_of_the_weight(void **state)
{
	static const struct snap_frame fr[] = { { "f", "/x/a.py", 3 } };
	const struct snap_stack s[] = { { SNAP_STACK_WAIT, 11, 1500000, 1, false, 1, fr, 0 },
					{ SNAP_STACK_WAIT, 12, 500000, 1, false, 1, fr, 0 },
					{ SNAP_STACK_HOLD, 11, 7000, 1, false, 1, fr, 0 },
					{ SNAP_STACK_BLAME, 11, 9000, 1, false, 1, fr, 0 } };
	struct snap_proc p = { .pid = 1, .comm = "c", .stack_cnt = 4, .stacks = s };
	struct snapshot snap = { .proc_cnt = 1, .procs = &p };
	static const struct {
		struct view_opts o;
		const char *words;
	} cases[] = {
		{ { .weight = WEIGHT_WAIT }, "waited 1.5ms (1500 us), 75.0 % of all waiting" },
		{ { .weight = WEIGHT_WAIT, .unit_ns = 1 },
		  "waited 1.5ms (1500000 ns), 75.0 % of all waiting" },
		{ { .weight = WEIGHT_HOLD },
		  "held the GIL for 7.0us (7 us), 100 % of all holding" },
		{ { .weight = WEIGHT_BLAME, .unit_ns = 1 },
		  "made others wait 9.0us (9000 ns), 100 % of all" },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		char *text = svg(&snap, &cases[i].o);
		struct box b[16];
		size_t n = frames_of(text, b, ARRAY_SIZE(b));

		assert_string_equal(named(b, n, "thread (11)")->time, cases[i].words);
		free(text);
	}
}

/* Text of the target in no place but text: the only markup is ours. */
static void assert_inert(const char *text)
{
	static const char *const tags[] = { "svg",  "/svg>", "title>", "/title>",
					    "rect", "text",  "/text>" };
	const char *end = strstr(text, "<script><![CDATA["), *s = strstr(text, "</style>");
	uint32_t c;

	assert_non_null(s);
	assert_non_null(end);
	assert_null(strstr(end + 1, "<script"));
	assert_ptr_equal(strstr(end, "]]>"), strstr(end, "]]></script>\n</svg>\n"));
	for (s += 8; (s = strchr(s, '<')) && s < end; s++) {
		bool known = false;

		for (size_t i = 0; i < ARRAY_SIZE(tags); i++)
			known |= !strncmp(s + 1, tags[i], strlen(tags[i]));
		assert_true(known);
		if (s[1] != '/' && strncmp(s, "<title>", 7)) {
			const char *gt = strchr(s, '>'), *on = strstr(s, " on");

			assert_non_null(gt);
			assert_true(!on || on > gt);
		}
	}
	for (s = text; *s; s += utf8_decode((const unsigned char *)s, strnlen(s, 4), &c)) {
		assert_int_not_equal(utf8_decode((const unsigned char *)s, strnlen(s, 4), &c), 0);
		assert_true(c == '\n' || (c >= 0x20 && c != 0x7f && c != 0x202e));
	}
}

static void hostile_names_are_text_and_nothing_else(void **state)
{
	static char huge[100001];
	const char *const names[] = { "</title><script>alert(1)</script>",
				      "\" onload=\"alert(1)",
				      "' onclick='x",
				      "]]><x>",
				      "&lt;&#0;&amp",
				      "a\x1b[31m\x01\x7f\n\t",
				      "\xe2\x80\xae"
				      "evil",
				      "\xd7\xa9\xd7\x9c\xd7\x95\xd7\x9d",
				      "\xff\xfe\xc3",
				      "<!-- ",
				      "<![CDATA[",
				      "%s%n",
				      "",
				      ";;;",
				      huge };
	struct snap_frame fr[ARRAY_SIZE(names)];
	struct snap_thread t[ARRAY_SIZE(names)];
	struct snap_stack s[ARRAY_SIZE(names)];
	struct view_opts o = { .weight = WEIGHT_WAIT };

	(void)state;
	memset(huge, 'x', sizeof(huge) - 1);
	for (size_t i = 0; i < ARRAY_SIZE(names); i++) {
		fr[i] = (struct snap_frame){ names[i], names[i], (uint32_t)i };
		t[i] = (struct snap_thread){ .tid = (uint32_t)i + 1, .name = names[i] };
		s[i] = (struct snap_stack){ SNAP_STACK_WAIT, (uint32_t)i + 1,	1000, 1,
					    false,	     ARRAY_SIZE(names), fr,   0 };
	}
	for (int merge = 0; merge < 2; merge++) {
		struct snap_proc p = { .pid = 1,
				       .comm = names[0],
				       .thread_cnt = ARRAY_SIZE(names),
				       .threads = t,
				       .stack_cnt = ARRAY_SIZE(names),
				       .stacks = s };
		struct snapshot snap = { .proc_cnt = 1, .procs = &p };
		char *text;

		o.merge_threads = merge;
		text = svg(&snap, &o);
		assert_inert(text);
		assert_true(strlen(text) < 400000);
		free(text);
	}
}

static void narrow_frames_are_left_out_and_the_rest_stays_where_it_is(void **state)
{
	static const struct snap_frame fr[] = { { "a", "a.py", 1 },
						{ "b", "b.py", 1 },
						{ "c", "c.py", 1 } };
	const struct snap_stack s[] = { { SNAP_STACK_WAIT, 1, 999, 1, false, 1, &fr[0], 0 },
					{ SNAP_STACK_WAIT, 1, 100000, 1, false, 1, &fr[1], 0 },
					{ SNAP_STACK_WAIT, 1, 899001, 1, false, 1, &fr[2], 0 } };
	struct snap_proc p = { .pid = 1, .comm = "c", .stack_cnt = 3, .stacks = s };
	struct snapshot snap = { .proc_cnt = 1, .procs = &p };
	struct view_opts o = { .weight = WEIGHT_WAIT };
	char *text = svg(&snap, &o);
	struct box b[16];
	size_t n = frames_of(text, b, ARRAY_SIZE(b));

	(void)state;
	assert_int_equal(n, 5); /* all, process, thread, b, c */
	assert_true(fabs(named(b, n, "b (b.py:1)")->x - 0.0999) < 1e-6);
	assert_true(fabs(named(b, n, "c (c.py:1)")->x - 10.0999) < 1e-6);
	free(text);
}

static void a_function_has_one_colour_and_a_weight_its_own(void **state)
{
	static const struct snap_frame fr[] = { { "f", "a.py", 1 },
						{ "[kernel]", "", 0 },
						{ "f", "b.py", 2 } };
	const struct snap_stack s[] = { { SNAP_STACK_WAIT, 1, 9, 1, false, 3, fr, 0 },
					{ SNAP_STACK_HOLD, 1, 9, 1, false, 3, fr, 0 },
					{ SNAP_STACK_BLAME, 1, 9, 1, false, 3, fr, 0 } };
	const struct snap_chain chain = { 1, 2, 9, 1, false, false, 1, fr, 1, &fr[2], 0, 0 };
	struct snap_proc p = {
		.pid = 1, .comm = "c", .stack_cnt = 3, .stacks = s, .chain_cnt = 1, .chains = &chain
	};
	struct snapshot snap = { .proc_cnt = 1, .procs = &p };

	(void)state;
	for (int w = WEIGHT_WAIT; w <= WEIGHT_CHAIN; w++) {
		struct view_opts o = { .weight = w };
		char *text = svg(&snap, &o), style[16];
		struct box b[16];
		size_t n = frames_of(text, b, ARRAY_SIZE(b));
		const char *one = named(b, n, "f (a.py:1)")->class;

		assert_int_equal(one[0], "whbw"[w]);
		assert_string_equal(named(b, n, "f (b.py:2)")->class + 1, one + 1);
		assert_int_equal(named(b, n, "f (b.py:2)")->class[0], "whbb"[w]);
		if (w != WEIGHT_CHAIN)
			assert_string_equal(named(b, n, "[kernel]")->class, "m");
		snprintf(style, sizeof(style), ".%s rect{", one);
		assert_non_null(strstr(text, style));
		free(text);
	}
}

static void nothing_to_show_is_said(void **state)
{
	struct fake *f = fake_new();
	struct view_opts o = { .weight = WEIGHT_BLAME };
	struct box b[1];
	char *text;

	(void)state;
	f->procs[0].stack_cnt = 0;
	text = svg(&f->snap, &o);
	assert_int_equal(frames_of(text, b, 1), 0);
	assert_non_null(strstr(text, ">Nothing to show: no thread made another one wait.<"));
	assert_inert(text);
	free(text);
	free(f);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(widths_are_the_shares_of_the_time),
		cmocka_unit_test(titles_say_time_and_share_in_words_of_the_weight),
		cmocka_unit_test(hostile_names_are_text_and_nothing_else),
		cmocka_unit_test(narrow_frames_are_left_out_and_the_rest_stays_where_it_is),
		cmocka_unit_test(a_function_has_one_colour_and_a_weight_its_own),
		cmocka_unit_test(nothing_to_show_is_said),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
