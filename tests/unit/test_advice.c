/* SPDX-License-Identifier: BSD-2-Clause */
/* test_advice.c - what could be done about it goes by what was seen, and the opposite of it brings other advice */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "bpf/giltop.h"
#include "tests/unit/made_up_blame.h"
#include "user/base/hist.h"

static struct blamed b;
static struct gt_hist holds;

/* One thread that makes another wait for 9 of 10 s, all of it there; it waits itself as often as it lets go. */
static struct snap_thread *one_holder(const struct snap_frame *frames, size_t cnt)
{
	struct snap_thread *t;

	blamed__init(&b);
	memset(&holds, 0, sizeof(holds));
	blamed__thread(&b, 1, "waiter", 9 * S);
	t = blamed__thread(&b, 11, "w", 0);
	t->contended = t->releases = 100;
	t->hold_hist = &holds;
	blamed__at(&b, t, 9 * S, 50, frames, cnt);
	return t;
}

static void assert_says(const char *text)
{
	if (!strstr(blamed__advice(&b, 0), text))
		print_error("%s\n", blamed__advice(&b, 0));
	assert_non_null(strstr(blamed__advice(&b, 0), text));
}

static void assert_is(const char *text)
{
	assert_string_equal(blamed__advice(&b, 0), text);
}

/* 90 holds of 100 were late; all of them took 4.5 s to end, 45 ms each. */
static void who_lets_go_late_runs_native_code(void **state)
{
	struct snap_thread *t = one_holder(at_own, 2);

	(void)state;
	fake__asked(t, 90, 100, 4500 * MS);
	assert_is("Native code in crunch (work.py:21) takes 45.0ms to let go when asked: release "
		  "the GIL there, or split the call");
	t = one_holder(at_native, 3);
	fake__asked(t, 90, 100, 4500 * MS);
	assert_is("Native code of libfoo.so in crunch (work.py:21) takes 45.0ms to let go when "
		  "asked: release the GIL there, or split the call");
}

static bool says(const char *text)
{
	return strstr(blamed__advice(&b, 0), text);
}

/* The same holder has slept there for 3 of its 9 s, and elsewhere for longer. */
static void who_sleeps_with_the_gil_is_told_in_which_call(void **state)
{
	struct snap_offcpu slept[] = {
		{ .tid = 11, .call_no = 7, .call = "poll", .ns = 5 * S, .cnt = 9 },
		{ .tid = 11, .call_no = 202, .call = "futex", .ns = 3 * S, .cnt = 50 },
		{ .tid = 11, .call_no = 9999, .ns = 1 * S, .cnt = 1 },
	};
	struct snap_thread *t = one_holder(at_native, 3);

	(void)state;
	fake__asked(t, 90, 100, 4500 * MS);
	t->hold_ns = 9 * S;
	for (size_t i = 1; i < ARRAY_SIZE(slept); i++) {
		slept[i].frames = at_native;
		slept[i].frame_cnt = 3;
	}
	b.p->offcpu_known = true;
	b.p->offcpu = slept;
	b.p->offcpu_cnt = ARRAY_SIZE(slept);
	assert_is("Native code of libfoo.so in crunch (work.py:21) sleeps in futex() with the GIL, "
		  "takes 45.0ms to let go when asked: release the GIL there, or split the call");
	slept[1].ns = 1 * S; /* a tenth of its holding */
	assert_false(says("sleeps"));
	slept[1].ns = 0;
	slept[2].ns = 3 * S;
	assert_says("sleeps in system call 9999 with the GIL");
}

static void who_lets_go_when_asked_runs_python_code(void **state)
{
	struct snap_thread *t = one_holder(at_own, 2);

	(void)state;
	fake__asked(t, 0, 100, 100 * MS / 50); /* 20 us each */
	assert_is("Python code in crunch (work.py:21) lets go when asked: move it to a process; a "
		  "shorter sys.setswitchinterval() makes waits shorter");
	/* Now and then it finds no CPU. */
	fake__asked(t, 14, 100, 100 * 6 * MS);
	assert_says("Python code in");
	fake__asked(t, 15, 100, 100 * 6 * MS);
	assert_says("Native code in");
}

/* Half of the holds and more: it is native code; less, now this and now that. */
static void what_is_late_now_and_then_is_both(void **state)
{
	struct snap_thread *t = one_holder(at_own, 2);

	(void)state;
	fake__asked(t, 30, 100, 100 * 6 * MS);
	assert_is(
		"Native code in crunch (work.py:21) is late in 30% of the holds that are asked to "
		"end, the others let go at once");
	fake__asked(t, 50, 100, 100 * 6 * MS);
	assert_says("takes 6.0ms to let go when asked");
	/* Of few nothing is known. */
	t->contended = t->releases = 9;
	fake__asked(t, 3, 9, 9 * 6 * MS);
	assert_says("Python code in");
}

/* Waiters have waited for an interval before they ask: 20 ms more is much after 5 ms, and little after 300. */
static void late_is_what_counts_beside_the_switch_interval(void **state)
{
	struct snap_thread *t = one_holder(at_own, 2);

	(void)state;
	fake__asked(t, 100, 100, 100 * 20 * MS);
	assert_says("Native code");
	b.g->interval_ns = 300 * MS;
	assert_is("Python code in crunch (work.py:21) lets go when asked, but only after 300ms: a "
		  "shorter sys.setswitchinterval() (default 5ms)");
	fake__asked(t, 100, 100, 100 * 31 * MS);
	assert_says("Native code");
}

static void advice_on_python_code_goes_by_the_switch_interval(void **state)
{
	static const struct {
		uint64_t interval_ns;
		const char *text;
	} cases[] = {
		{ 0, "a shorter sys.setswitchinterval() makes waits shorter" }, /* the default */
		{ 5 * MS, "a shorter sys.setswitchinterval() makes waits shorter" },
		{ 10 * MS, "a shorter sys.setswitchinterval() makes waits shorter" },
		{ 11 * MS, "but only after 11.0ms: a shorter sys.setswitchinterval()" },
		{ 300 * MS, "but only after 300ms: a shorter sys.setswitchinterval()" },
		{ MS, "lets go when asked: move it to a process of its own, or make it less work" },
		{ MS / 2, "lets go when asked: move it to a process of its own" },
	};
	struct snap_thread *t = one_holder(at_own, 2);

	(void)state;
	fake__asked(t, 0, 100, 100 * MS / 50);
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		b.g->interval_ns = cases[i].interval_ns;
		assert_says("Python code in crunch (work.py:21)");
		assert_says(cases[i].text);
	}
	/* Shorter than that is no advice where it is short already. */
	assert_null(strstr(blamed__advice(&b, 0), "setswitchinterval"));
}

/* Of 110 times that somebody could have asked: 100 waits, and a tenth of 100 holds. */
static void who_is_not_asked_holds_for_short(void **state)
{
	struct snap_thread *t = one_holder(at_own, 2);

	(void)state;
	holds.cnt[gt_hist_bucket(100000)] = 1000; /* 98.3 .. 114.7 us */
	t->hold_max_ns = 110000;
	assert_is("Many short holds, most in crunch (work.py:21) (~110us each): larger pieces of "
		  "work, fewer threads, or processes");
	/* 5 of 110 were asked: still seldom; 6 are not. */
	fake__asked(t, 5, 5, 5 * 6 * MS);
	assert_says("Many short holds");
	fake__asked(t, 6, 6, 6 * 6 * MS);
	assert_says("Native code in");
}

/* .. unless looks found it in native code. */
static void who_is_not_asked_but_in_native_code_keeps_it_for_a_call(void **state)
{
	struct snap_thread *t = one_holder(at_native, 3);

	(void)state;
	holds.cnt[gt_hist_bucket(4 * MS)] = 1000; /* 3.67 .. 4.19 ms */
	t->hold_max_ns = 4 * MS;
	assert_is("Native code of libfoo.so in crunch (work.py:21) keeps it for 3.9ms a call: "
		  "release the GIL there");
	/* 4 s of 9 there are not half of it. */
	b.f.stacks[0].ns = 4 * S;
	blamed__at(&b, t, 5 * S, 50, at_own, 2);
	assert_says("Holds that end by themselves");
}

static void the_garbage_collector_is_what_it_is(void **state)
{
	struct snap_thread *t = one_holder(at_gc, 3);

	(void)state;
	fake__asked(t, 90, 100, 4500 * MS); /* late, as native code is */
	assert_is("The garbage collector runs in crunch (work.py:21): gc.freeze() after start-up, "
		  "or a higher gc.set_threshold()");
	b.f.stacks[0].ns = 2 * S;
	blamed__at(&b, t, 5 * S, 50, at_own, 2);
	assert_says("Native code in");
}

/* Python code that finds no CPU comes late, and is none of the native code that does. */
static void who_has_no_cpu_to_let_go_on_is_not_native_code(void **state)
{
	struct snap_thread *t = one_holder(at_own, 2);

	(void)state;
	t->hold_ns = 1000 * MS;
	fake__asked(t, 0, 100, 400 * MS);
	t->react_queued_ns = 396 * MS;
	assert_is("No CPU for 99% of the time that letting go took when asked (w): too few CPUs, "
		  "or a CPU limit");
	/* That is little of all its holding: so is what more CPUs would help. */
	t->hold_ns = 2000 * MS;
	assert_says("Python code in");
	fake__asked(t, 100, 100, 400 * MS);
	t->react_queued_ns = 10 * MS;
	assert_says("Native code in");
}

/* One that takes seconds each time is no news while it goes on. */
static void an_open_hold_like_the_others_is_judged_as_they_are(void **state)
{
	struct snap_thread *t = one_holder(at_own, 2);

	(void)state;
	t->state = SNAP_HOLDING;
	t->state_ns = 2 * S;
	t->hold_p99_ns = S + 1;
	b.g->held = true;
	b.g->holder_tid = 11;
	b.g->asked_ns = S;
	fake__asked(t, 10, 10, 4 * S);
	assert_says("Native code in");
	t->hold_p99_ns = S - 1;
	assert_says("w has held it for 2.0s");
}

/* It has held for 2 s, and was asked 1 s ago. */
static void a_hold_that_was_asked_long_ago_and_goes_on_comes_first(void **state)
{
	struct snap_thread *t = one_holder(at_own, 2);

	(void)state;
	t->state = SNAP_HOLDING;
	t->state_ns = 2 * S;
	t->now_frames = at_native;
	t->now_frame_cnt = 3;
	b.g->held = true;
	b.g->holder_tid = 11;
	b.g->asked_ns = S;
	assert_is("w has held it for 2.0s in crunch (work.py:21) and was asked to let go 1.0s ago: "
		  "native code, or no CPU to run on");
	/* Where it is now is known before where it is mostly. */
	t->now_frames = at_dumps;
	t->now_frame_cnt = 2;
	assert_says("in dumps (enc.py:231)");
	b.g->asked_ns = 100 * MS - 1;
	assert_says("Long holds");
	b.g->asked_ns = 100 * MS;
	assert_says("w has held it");
	b.g->held = false;
	assert_says("Long holds");
}

static void holds_that_did_not_run_are_said_so(void **state)
{
	struct snap_thread *t = one_holder(at_own, 2);

	(void)state;
	t->hold_ns = 10 * S;
	t->hold_offcpu_ns = 3 * S;
	t->hold_runnable_ns = S;
	assert_string_equal(blamed__advice(&b, 1), "w did not even run for 30% of the hold time: "
						   "blocked, preempted or throttled");
	t->hold_offcpu_ns = S;
	assert_string_equal(blamed__advice(&b, 1), "");
	t->hold_offcpu_ns = NS_UNKNOWN;
	assert_string_equal(blamed__advice(&b, 1), "");
}

/* It held for 8 of 10 s, and had no CPU for 6 of them. */
static void holders_without_a_cpu_are_not_slow_by_themselves(void **state)
{
	struct snap_thread *t = one_holder(at_own, 2);

	(void)state;
	fake__asked(t, 90, 100, 4500 * MS); /* it looks like native code */
	t->hold_ns = 8 * S;
	t->hold_offcpu_ns = t->hold_runnable_ns = 6 * S;
	b.p->throttled_ns = NS_UNKNOWN;
	assert_is("Too few CPUs: w had no CPU for 75% of the hold time");
	assert_non_null(strstr(blamed__advice(&b, 1), "Native code in"));
	assert_string_equal(blamed__advice(&b, 2), "");
	b.p->throttled_ns = 1900 * MS; /* of another thread, maybe */
	assert_says("Too few CPUs");
	b.p->throttled_ns = 2 * S;
	assert_is("CPU limit of the container, not the code: w had no CPU for 75% of the hold "
		  "time");
	t->hold_runnable_ns = 8 * S * 30 / 100;
	t->hold_offcpu_ns = t->hold_runnable_ns + S;
	assert_says("Native code in");
	t->hold_offcpu_ns = t->hold_runnable_ns = NS_UNKNOWN;
	assert_says("Native code in");
}

static void holders_that_sleep_with_the_gil_are_told_so(void **state)
{
	struct snap_thread *t = one_holder(at_own, 2);

	(void)state;
	fake__asked(t, 90, 100, 4500 * MS);
	t->hold_ns = 8 * S;
	t->hold_offcpu_ns = 7 * S;
	t->hold_runnable_ns = S;
	assert_is(
		"Native code in crunch (work.py:21) sleeps or blocks for 75% of the hold time and "
		"takes 45.0ms to let go when asked: release the GIL there");
	fake__asked(t, 0, 100, 4500 * MS);
	assert_is("Code in crunch (work.py:21) sleeps or blocks for 75% of the hold time: release "
		  "the GIL there");
}

static void much_time_between_holds_asks_for_cpus(void **state)
{
	(void)state;
	one_holder(at_own, 2);
	b.g->switches = 1000;
	b.g->gap_wall_ns = 2 * S;
	assert_string_equal(
		blamed__advice(&b, 1),
		"20% of the time is lost between letting go and taking over: too few CPUs?");
	b.g->gap_wall_ns = S;
	assert_string_equal(blamed__advice(&b, 1), "");
}

/* Held for 9 s of 10, and waited for for 27: 3.6 threads want to run. */
static void no_more_run_at_once_than_there_are_cpus(void **state)
{
	static const struct {
		unsigned int cpu_cnt;
		const char *text;
	} cases[] = {
		{ 0, "" }, /* not known */
		{ 1, "" }, /* it would not help */
		{ 2, "Without the GIL (processes, a free-threaded build) up to 2.0 threads would "
		     "run at once, on 2 CPUs" },
		{ 3, "Without the GIL (processes, a free-threaded build) up to 3.0 threads would "
		     "run at once, on 3 CPUs" },
		{ 4, "Without the GIL (processes, a free-threaded build) up to 3.6 threads would "
		     "run at once" },
	};

	(void)state;
	one_holder(at_own, 2);
	b.g->wait_ns = 27 * S;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		b.p->cpu_cnt = cases[i].cpu_cnt;
		assert_string_equal(blamed__advice(&b, 1), cases[i].text);
	}
	b.g->wait_ns = 2 * S; /* 1.1 threads */
	b.p->cpu_cnt = 4;
	assert_string_equal(blamed__advice(&b, 1), "");
}

static void who_hardly_waits_is_sent_elsewhere(void **state)
{
	struct snap_thread *t = one_holder(at_own, 2);

	(void)state;
	fake__asked(t, 90, 100, 4500 * MS);
	b.g->wait_ns = b.f.threads[0].wait_ns = S / 10;
	b.p->cpu_cnt = 8;
	assert_is("If it is slow, look elsewhere: I/O, other locks, the CPU");
	assert_string_equal(blamed__advice(&b, 1), "");
	b.p->span_ns = 0;
	assert_is("");
}

/* 1000 holds of 1.3 us are 1.3 ms; two of 10 ms are more: half of the time is in those. */
static void the_length_of_holds_is_where_their_time_is_not_where_most_are(void **state)
{
	struct snap_thread t = { .hold_hist = &holds, .hold_max_ns = NS_UNKNOWN };

	(void)state;
	memset(&holds, 0, sizeof(holds));
	assert_int_equal(culprit__hold_ns(&t), NS_UNKNOWN);
	holds.cnt[gt_hist_bucket(1280)] = 1000;
	holds.cnt[gt_hist_bucket(10 * MS)] = 2;
	t.hold_max_ns = 10 * MS;
	/* 10 ms is between 2^23 and 2^23 + 2^21 ns: their middle. */
	assert_int_equal(culprit__hold_ns(&t), (1u << 23) + (1u << 20));
	t.hold_max_ns = 9 * MS; /* the longest one bounds it */
	assert_int_equal(culprit__hold_ns(&t), 9 * MS);
	/* 100,000 of them are 128 ms: the two are no more than a sixth. 1280 is 2^10 + 2^8. */
	holds.cnt[gt_hist_bucket(1280)] = 100000;
	assert_int_equal(culprit__hold_ns(&t), 1280 + 128);
	t.hold_hist = NULL; /* one that has not ended yet */
	assert_int_equal(culprit__hold_ns(&t), 9 * MS);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(who_lets_go_late_runs_native_code),
		cmocka_unit_test(who_sleeps_with_the_gil_is_told_in_which_call),
		cmocka_unit_test(who_lets_go_when_asked_runs_python_code),
		cmocka_unit_test(what_is_late_now_and_then_is_both),
		cmocka_unit_test(late_is_what_counts_beside_the_switch_interval),
		cmocka_unit_test(advice_on_python_code_goes_by_the_switch_interval),
		cmocka_unit_test(who_is_not_asked_holds_for_short),
		cmocka_unit_test(who_is_not_asked_but_in_native_code_keeps_it_for_a_call),
		cmocka_unit_test(the_garbage_collector_is_what_it_is),
		cmocka_unit_test(who_has_no_cpu_to_let_go_on_is_not_native_code),
		cmocka_unit_test(an_open_hold_like_the_others_is_judged_as_they_are),
		cmocka_unit_test(a_hold_that_was_asked_long_ago_and_goes_on_comes_first),
		cmocka_unit_test(holds_that_did_not_run_are_said_so),
		cmocka_unit_test(holders_without_a_cpu_are_not_slow_by_themselves),
		cmocka_unit_test(holders_that_sleep_with_the_gil_are_told_so),
		cmocka_unit_test(much_time_between_holds_asks_for_cpus),
		cmocka_unit_test(no_more_run_at_once_than_there_are_cpus),
		cmocka_unit_test(who_hardly_waits_is_sent_elsewhere),
		cmocka_unit_test(the_length_of_holds_is_where_their_time_is_not_where_most_are),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
