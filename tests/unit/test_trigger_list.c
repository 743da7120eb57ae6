/* SPDX-License-Identifier: BSD-2-Clause */
/* test_trigger_list.c - the list of events: newest first, one entry each; and what is said of them in words and JSON */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdlib.h>
#include <string.h>

#include "tests/unit/trigger_stage.h"
#include "user/base/sbuf.h"
#include "user/view/json_rows.h"
#include "user/view/trigger_lines.h"

static void the_newest_is_the_first_and_what_is_over_stays_where_it_was(void **state)
{
	struct trigger_list *l = trigger_stage(10, 0);
	struct trigger t;

	(void)state;
	assert_null(trigger_list__last(l));
	assert_null(trigger_list__at(l, 0));
	t = trigger_hold(1, 1000, 100, false);
	trigger_tell(l, &t);
	t = trigger_wait(2, 1010, 50, false);
	trigger_tell(l, &t);
	assert_int_equal(trigger_list__at(l, 0)->t.no, 2);
	assert_int_equal(trigger_list__at(l, 1)->t.no, 1);
	t = trigger_hold(1, 1200, 300, true);
	trigger_tell(l, &t);
	assert_int_equal(trigger_list__cnt(l), 2);
	assert_int_equal(trigger_list__ever_cnt(l), 2);
	assert_ptr_equal(trigger_list__last(l), trigger_list__at(l, 1));
	assert_true(trigger_list__at(l, 1)->t.over);
	assert_int_equal(trigger_list__at(l, 1)->t.ns, 300 * TRIGGER_MS);
	assert_string_equal(trigger_list__at(l, 1)->holder, "MainThread");
	assert_string_equal(trigger_list__at(l, 1)->waiter, "worker-3");
	assert_string_equal(trigger_list__at(l, 1)->comm, "service");
	assert_int_equal(trigger_list__at(l, 1)->holder_stack.cnt, 3);
	assert_null(trigger_list__find(l, 3));
	trigger_list__free(l);
}

static void the_oldest_make_room(void **state)
{
	struct trigger_list *l = trigger_stage(3, 0);

	(void)state;
	for (uint64_t no = 1; no <= 10; no++) {
		struct trigger t = trigger_hold(no, 1000 * no, 100, false);

		trigger_tell(l, &t);
	}
	assert_int_equal(trigger_list__cnt(l), 3);
	assert_int_equal(trigger_list__ever_cnt(l), 10);
	assert_int_equal(trigger_list__at(l, 0)->t.no, 10);
	assert_int_equal(trigger_list__at(l, 2)->t.no, 8);
	assert_null(trigger_list__at(l, 3));
	/* The end of one that is not there any more is one by itself. */
	trigger_tell(l, &(struct trigger){ .kind = TRIGGER_HOLD, .over = true, .no = 2 });
	assert_int_equal(trigger_list__at(l, 0)->t.no, 2);
	trigger_list__free(l);
}

static void a_file_is_told_with_it(void **state)
{
	struct trigger_list *l = trigger_stage(3, 0);
	struct trigger t = trigger_hold(1, 1000, 100, false);

	(void)state;
	trigger_tell(l, &t);
	trigger_list__set_file(l, 1, "a.giltop");
	trigger_list__set_file(l, 7, "b.giltop");
	assert_string_equal(trigger_list__at(l, 0)->t.file, "a.giltop");
	t = trigger_hold(1, 1200, 300, true);
	trigger_tell(l, &t);
	assert_string_equal(trigger_list__at(l, 0)->t.file, "a.giltop");
	trigger_list__free(l);
}

static void assert_line(const struct trigger_list *l, const char *want)
{
	__cleanup(sbuf__free) struct sbuf line = { 0 };

	trigger_lines__line(trigger_list__last(l), &line);
	assert_string_equal(sbuf__str(&line), want);
	assert_null(strchr(sbuf__str(&line), '\n'));
}

static void a_line_says_who_where_and_for_how_long(void **state)
{
	struct trigger_list *l = trigger_stage(10, 0);
	struct trigger t = trigger_hold(1, 12345, 102, false);

	(void)state;
	trigger_tell(l, &t);
	assert_line(l, "+12.345s hold 1: pid 4242 service: MainThread (4242) has held the GIL for "
		       "102ms in parse_line feed.py:57; 3 wait: worker-3 (4245) in fetch "
		       "worker.py:40");
	t = trigger_hold(1, 12545, 302, true);
	trigger_tell(l, &t);
	assert_line(l, "+12.545s hold 1 is over: pid 4242 service: MainThread (4242) held the GIL "
		       "for 302ms in parse_line feed.py:57; 3 waited: worker-3 (4245) in "
		       "fetch worker.py:40");
	t = trigger_wait(2, 13000, 50, false);
	trigger_tell(l, &t);
	assert_line(l, "+13.000s wait 2: pid 4242 service: worker-3 (4245) has waited for the GIL "
		       "for 50.0ms in fetch worker.py:40, as 2 more; MainThread (4242) holds it "
		       "in parse_line feed.py:57");
	t = (struct trigger){ .kind = TRIGGER_SIGNAL, .no = 3, .at_ns = 114000 * TRIGGER_MS };
	trigger_tell(l, &t);
	assert_line(l, "+14.000s signal 3: SIGUSR1");
	trigger_list__set_file(l, 3, "x.giltop");
	assert_line(l, "+14.000s signal 3: SIGUSR1; written: x.giltop");
	trigger_list__free(l);
}

static void what_is_not_known_is_not_said(void **state)
{
	struct trigger_list *l = trigger_stage(10, 0);
	struct trigger t = trigger_hold(1, 1000, 100, false);

	(void)state;
	t.holder_stack = t.waiter_stack = 0;
	t.waiter_tid = t.waiter_cnt = 0;
	t.holder_tid = 9999;
	trigger_tell(l, &t);
	assert_line(l, "+1.000s hold 1: pid 4242 service: thread 9999 has held the GIL for 100ms");
	trigger_list__free(l);
}

static void the_time_of_day_is_said_where_it_is_known(void **state)
{
	struct trigger_list *l = trigger_stage(10, 1700000000000000000ull);
	struct trigger t = { .kind = TRIGGER_SIGNAL, .no = 1, .at_ns = 101500 * TRIGGER_MS };

	(void)state;
	setenv("TZ", "UTC", 1);
	trigger_tell(l, &t);
	assert_line(l, "22:13:21.500 +1.500s signal 1: SIGUSR1");
	trigger_list__free(l);
}

static void a_block_has_both_stacks(void **state)
{
	struct trigger_list *l = trigger_stage(10, 0);
	struct trigger t = trigger_hold(1, 12345, 102, false);
	__cleanup(sbuf__free) struct sbuf text = { 0 };

	(void)state;
	trigger_tell(l, &t);
	trigger_lines__block(trigger_list__last(l), &text);
	assert_string_equal(sbuf__str(&text),
			    "+12.345s hold 1: pid 4242 service: MainThread (4242) has held the GIL "
			    "for 102ms; 3 wait\n"
			    "  holder: MainThread (4242)\n"
			    "    parse_line feed.py:57\n"
			    "    load feed.py:31\n"
			    "    main srv/app.py:10\n"
			    "  waiter: worker-3 (4245)\n"
			    "    fetch worker.py:40\n"
			    "    run worker.py:5\n");
	trigger_list__free(l);
}

static void json_has_all_of_it(void **state)
{
	struct trigger_list *l = trigger_stage(10, 0);
	struct trigger t = trigger_hold(1, 2, 1, false);
	char *text = NULL;
	size_t len = 0;
	FILE *f = open_memstream(&text, &len);

	(void)state;
	assert_non_null(f);
	t.waiter_tid = 0;
	t.waiter_stack = 0;
	trigger_tell(l, &t);
	assert_int_equal(json_rows__put_event(f, trigger_list__last(l)), 0);
	fclose(f);
	assert_string_equal(
		text,
		"{\"type\":\"event\",\"v\":1,\"event\":\"hold\",\"no\":1,\"over\":false,"
		"\"at_ns\":100002000000,\"start_ns\":100001000000,\"ns\":1000000,"
		"\"limit_ns\":100000000,\"pid\":4242,\"gil\":28672,\"waiters\":3,\"waiter\":null,"
		"\"holder\":{\"tid\":4242,\"name\":\"MainThread\"},\"waiter_stack\":[],"
		"\"holder_stack\":["
		"{\"name\":\"main\",\"file\":\"/srv/app.py\",\"line\":10},"
		"{\"name\":\"load\",\"file\":\"/srv/feed.py\",\"line\":31},"
		"{\"name\":\"parse_line\",\"file\":\"/srv/feed.py\",\"line\":57}],"
		"\"file\":null}\n");
	free(text);
	trigger_list__free(l);
}

static void a_stack_is_found_by_its_frames(void **state)
{
	struct trigger_list *l = trigger_stage(10, 0);

	(void)state;
	assert_int_equal(trigger_list__stack_id(l, trigger_waiter), 2);
	assert_int_equal(trigger_list__stack_id(l, trigger_waiter + 1), 0);
	trigger_list__free(l);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_newest_is_the_first_and_what_is_over_stays_where_it_was),
		cmocka_unit_test(the_oldest_make_room),
		cmocka_unit_test(a_file_is_told_with_it),
		cmocka_unit_test(a_line_says_who_where_and_for_how_long),
		cmocka_unit_test(what_is_not_known_is_not_said),
		cmocka_unit_test(the_time_of_day_is_said_where_it_is_known),
		cmocka_unit_test(a_block_has_both_stacks),
		cmocka_unit_test(json_has_all_of_it),
		cmocka_unit_test(a_stack_is_found_by_its_frames),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
