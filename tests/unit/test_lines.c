/* SPDX-License-Identifier: BSD-2-Clause */
/* test_lines.c - the line that stands for a thread or a pool, and whose code it is */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <string.h>

#include "user/base/arena.h"
#include "user/base/util.h"
#include "user/picture/lines.h"
#include "user/picture/pools.h"

#define MAX_T 8
#define MAX_S 16

static const struct snap_frame native = { "[native code]", "libx.so", 0 };

/* handle:20 -> load:30 */
static const struct snap_frame to_load[] = { { "main", "/srv/app.py", 1 },
					     { "handle", "/srv/app.py", 20 },
					     { "load", "/srv/db.py", 30 } };
/* handle:21 -> load:30, and handle:22 -> load:31 */
static const struct snap_frame again[] = { { "main", "/srv/app.py", 1 },
					   { "handle", "/srv/app.py", 21 },
					   { "load", "/srv/db.py", 30 } };
static const struct snap_frame to_save[] = { { "main", "/srv/app.py", 1 },
					     { "save", "/srv/db.py", 90 } };
static const struct snap_frame in_native[] = { { "main", "/srv/app.py", 1 },
					       { "save", "/srv/db.py", 90 },
					       { "[native code]", "libx.so", 0 } };
static const struct snap_frame in_json[] = {
	{ "<module>", "/srv/app.py", 5 },
	{ "run", "/usr/lib/python3/dist-packages/gunicorn/app.py", 2 },
	{ "index", "/srv/views.py", 88 },
	{ "dumps", "/usr/lib/python3.11/json/__init__.py", 231 },
	{ "[native code]", "_json.so", 0 },
};
static const struct snap_frame of_library[] = {
	{ "run", "/usr/lib/python3.11/threading.py", 975 },
	{ "poll", "/usr/lib/python3.11/selectors.py", 468 },
};

struct stage {
	struct snapshot snap;
	struct snap_proc p;
	struct snap_gil gils[2];
	struct snap_thread th[MAX_T];
	struct snap_stack stacks[MAX_S];
	struct snap_chain chains[2];
	struct arena a;
};

static void begin(struct stage *s)
{
	memset(s, 0, sizeof(*s));
	s->p = (struct snap_proc){ .pid = 1,
				   .comm = "app",
				   .gil_cnt = 2,
				   .gils = s->gils,
				   .threads = s->th,
				   .stacks = s->stacks,
				   .chains = s->chains };
	s->snap = (struct snapshot){ .proc_cnt = 1, .procs = &s->p };
}

static struct snap_thread *add(struct stage *s, uint32_t tid, const char *name)
{
	struct snap_thread *t = &s->th[s->p.thread_cnt++];

	*t = (struct snap_thread){ .tid = tid, .name = name };
	return t;
}

static void put(struct stage *s, enum snap_stack_kind kind, uint32_t tid, uint64_t ns,
		const struct snap_frame *f, size_t cnt)
{
	s->stacks[s->p.stack_cnt++] = (struct snap_stack){
		.kind = kind, .tid = tid, .ns = ns, .frames = f, .frame_cnt = cnt
	};
}

static void build(struct stage *s)
{
	assert_int_equal(pools__build(&s->p, s->th, &s->a), 0);
	assert_int_equal(lines__find(&s->p), 0);
}

static void assert_line(const struct snap_frame *f, const char *name, uint32_t line)
{
	assert_non_null(f);
	assert_string_equal(f->name, name);
	assert_int_equal(f->line, line);
}

/* 40 at save:90 is the heaviest stack; load:30 has 30 + 30 = 60. */
static void a_threads_line_is_the_largest_sum_not_the_heaviest_stack(void **state)
{
	struct stage s;

	(void)state;
	begin(&s);
	add(&s, 10, "w-1");
	put(&s, SNAP_STACK_WAIT, 10, 40, to_save, 2);
	put(&s, SNAP_STACK_WAIT, 10, 30, to_load, 3);
	put(&s, SNAP_STACK_WAIT, 10, 30, again, 3);
	put(&s, SNAP_STACK_BLAME, 10, 5, to_load, 2);
	put(&s, SNAP_STACK_HOLD, 10, 900, to_load, 1); /* says nothing of either */
	build(&s);
	assert_line(s.th[0].wait_at, "load", 30);
	assert_line(s.th[0].blame_at, "handle", 20);
	arena__free(&s.a);
}

/* Each of three waits most elsewhere: 50 + 45 + 45 for save; load is 0 + 46 + 46 = 92, handle:20 51. */
static void a_pools_line_is_the_largest_sum_of_all_its_threads(void **state)
{
	struct stage s;

	(void)state;
	begin(&s);
	add(&s, 10, "w-1");
	add(&s, 11, "w-2");
	add(&s, 12, "w-3")->state = SNAP_EXITED;
	add(&s, 13, "w-4")->state = SNAP_EXITED;
	put(&s, SNAP_STACK_WAIT, 10, 51, to_load, 2);
	put(&s, SNAP_STACK_WAIT, 10, 50, to_save, 2);
	put(&s, SNAP_STACK_WAIT, 11, 46, to_load, 3);
	put(&s, SNAP_STACK_WAIT, 11, 45, to_save, 2);
	put(&s, SNAP_STACK_WAIT, 12, 46, again, 3);
	put(&s, SNAP_STACK_WAIT, 12, 45, to_save, 2);
	build(&s);
	assert_int_equal(s.p.pool_cnt, 1);
	assert_line(s.th[0].wait_at, "handle", 20);
	assert_line(s.th[1].wait_at, "load", 30);
	assert_line(s.th[2].wait_at, "load", 30);
	assert_null(s.th[3].wait_at);
	assert_line(s.p.pools[0].all->wait_at, "save", 90);
	assert_line(s.p.pools[0].ended->wait_at, "save", 90);
	assert_null(s.p.pools[0].all->blame_at);
	arena__free(&s.a);
}

/* 30 in Python at save:90 and 35 beneath it in native code are one line of 65; load has 60. */
static void native_code_goes_to_the_python_line_that_called_it(void **state)
{
	struct stage s;

	(void)state;
	begin(&s);
	add(&s, 10, "w-1");
	add(&s, 11, "x");
	put(&s, SNAP_STACK_BLAME, 10, 60, to_load, 3);
	put(&s, SNAP_STACK_BLAME, 10, 35, in_native, 3);
	put(&s, SNAP_STACK_BLAME, 10, 30, to_save, 2);
	put(&s, SNAP_STACK_BLAME, 11, 10, &native, 1); /* no Python there: itself */
	put(&s, SNAP_STACK_BLAME, 11, 90, NULL, 0);    /* "[other]": nowhere */
	build(&s);
	assert_line(s.th[0].blame_at, "save", 90);
	assert_line(s.th[1].blame_at, "[native code]", 0);
	arena__free(&s.a);
}

static void a_thread_at_two_gils_has_one_line(void **state)
{
	struct stage s;

	(void)state;
	begin(&s);
	add(&s, 10, "w-1");
	add(&s, 10, "w-1")->gil = 1;
	put(&s, SNAP_STACK_WAIT, 10, 1, to_load, 3);
	put(&s, SNAP_STACK_WAIT, 99, 9, to_save, 2); /* of a thread that is not here */
	build(&s);
	assert_line(s.th[0].wait_at, "load", 30);
	assert_line(s.th[1].wait_at, "load", 30);
	arena__free(&s.a);
}

static void a_line_that_is_there_no_more_is_forgotten(void **state)
{
	struct stage s;

	(void)state;
	begin(&s);
	add(&s, 10, "w-1")->wait_at = &native;
	build(&s);
	assert_null(s.th[0].wait_at);
	arena__free(&s.a);
}

static void own_code_is_what_no_library_is(void **state)
{
	static const struct {
		const char *file;
		uint32_t line;
		bool mine;
	} files[] = {
		{ "/srv/shop/views.py", 1, true },
		{ "views.py", 1, true },
		{ "<string>", 1, true }, /* python -c */
		{ "<stdin>", 1, true },
		{ "/srv/lib/python_tools/x.py", 1, true },
		{ "/srv/lib/python/x.py", 1, true },
		{ "/home/python3/app.py", 1, true },
		{ "/srv/python3.11/app.py", 1, true },
		{ "/srv/stdlib/python3.11/app.py", 1, true },
		{ "/usr/lib/python3.11/json/encoder.py", 1, false },
		{ "/usr/lib64/python3.6/json/encoder.py", 1, false },
		{ "/root/.pyenv/versions/3.13.1/lib/python3.13/queue.py", 1, false },
		{ "/usr/lib/python311.zip/json/encoder.py", 1, false },
		{ "/srv/lib/python_tools/lib/python3.9/os.py", 1, false },
		{ "/srv/venv/lib/python3.11/site-packages/flask/app.py", 1, false },
		{ "C:/x/site-packages/flask/app.py", 1, false },
		{ "/usr/lib/python3/dist-packages/gunicorn/app.py", 1, false },
		{ "<frozen importlib._bootstrap>", 1, false },
		{ "/srv/shop/views.py", 0, false }, /* a marker, or native code */
		{ "", 1, false },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(files); i++) {
		const struct snap_frame f = { "f", files[i].file, files[i].line };

		if (snap_frame__is_mine(&f) != files[i].mine)
			print_error("%s\n", f.file);
		assert_int_equal(snap_frame__is_mine(&f), files[i].mine);
	}
}

static void stage_with_libraries(struct stage *s)
{
	begin(s);
	add(s, 10, "w-1");
	add(s, 11, "w-2");
	put(s, SNAP_STACK_BLAME, 10, 60, in_json, 5);
	put(s, SNAP_STACK_WAIT, 11, 50, of_library, 2);
	put(s, SNAP_STACK_WAIT, 11, 40, to_load, 3);
	put(s, SNAP_STACK_WAIT, 10, 1, NULL, 0);
	s->chains[0] = (struct snap_chain){ .waiter_tid = 11,
					    .holder_tid = 10,
					    .ns = 50,
					    .waiter_frames = of_library,
					    .waiter_frame_cnt = 2,
					    .holder_frames = in_json,
					    .holder_frame_cnt = 5 };
	s->p.chain_cnt = 1;
	build(s);
}

static void with_own_code_time_goes_to_the_line_that_called_the_library(void **state)
{
	struct stage s;

	(void)state;
	stage_with_libraries(&s);
	assert_line(s.th[0].blame_at, "dumps", 231);
	snapshot__my_code(&s.snap, true);
	assert_int_equal(s.stacks[0].frame_cnt, 3);
	assert_line(s.th[0].blame_at, "index", 88);
	assert_line(s.p.pools[0].all->blame_at, "index", 88);
	assert_int_equal(s.chains[0].holder_frame_cnt, 3);
	/* Without a line of its own it stays as it is: nothing is lost. */
	assert_int_equal(s.stacks[1].frame_cnt, 2);
	assert_int_equal(s.chains[0].waiter_frame_cnt, 2);
	assert_line(s.th[1].wait_at, "poll", 468);
	assert_int_equal(s.stacks[2].frame_cnt, 3);
	assert_int_equal(s.stacks[3].frame_cnt, 0);
	arena__free(&s.a);
}

static void off_again_all_is_as_it_was(void **state)
{
	struct stage s;
	struct snap_thread th[2];
	struct snap_stack stacks[4];
	struct snap_chain chain;

	(void)state;
	stage_with_libraries(&s);
	memcpy(th, s.th, sizeof(th));
	memcpy(stacks, s.stacks, sizeof(stacks));
	chain = s.chains[0];
	for (int i = 0; i < 2; i++) {
		snapshot__my_code(&s.snap, true);
		snapshot__my_code(&s.snap, true); /* twice is as good as once */
		assert_int_equal(s.stacks[0].frame_cnt, 3);
		snapshot__my_code(&s.snap, false);
	}
	for (size_t i = 0; i < 2; i++) {
		assert_ptr_equal(s.th[i].wait_at, th[i].wait_at);
		assert_ptr_equal(s.th[i].blame_at, th[i].blame_at);
	}
	for (size_t i = 0; i < 4; i++)
		assert_int_equal(s.stacks[i].frame_cnt, stacks[i].frame_cnt);
	assert_int_equal(s.chains[0].holder_frame_cnt, chain.holder_frame_cnt);
	assert_int_equal(s.chains[0].waiter_frame_cnt, chain.waiter_frame_cnt);
	arena__free(&s.a);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_threads_line_is_the_largest_sum_not_the_heaviest_stack),
		cmocka_unit_test(a_pools_line_is_the_largest_sum_of_all_its_threads),
		cmocka_unit_test(native_code_goes_to_the_python_line_that_called_it),
		cmocka_unit_test(a_thread_at_two_gils_has_one_line),
		cmocka_unit_test(a_line_that_is_there_no_more_is_forgotten),
		cmocka_unit_test(own_code_is_what_no_library_is),
		cmocka_unit_test(with_own_code_time_goes_to_the_line_that_called_the_library),
		cmocka_unit_test(off_again_all_is_as_it_was),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
