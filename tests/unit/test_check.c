/* SPDX-License-Identifier: BSD-2-Clause */
/* test_check.c - rules: how they are written, and whether they hold; what is not known never does */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <errno.h>
#include <math.h>
#include <string.h>

#include "tests/unit/fake_snapshot.h"
#include "user/base/sbuf.h"
#include "user/judge/check.h"

static struct fake f, before;

#define HOLDS	 1u
#define CHANGE	 2u
#define RELATIVE 4u

static void expressions_are_parsed(void **state)
{
	static const struct {
		const char *text;
		enum check_metric metric;
		const char *name;
		enum check_op op;
		enum check_unit unit;
		double value;
		unsigned int is;
	} good[] = {
		{ "delay<10%", CHECK_DELAY, "", CHECK_LT, CHECK_PERCENT, 0.1, 0 },
		{ "delay(MainThread)<10%", CHECK_DELAY, "MainThread", CHECK_LT, CHECK_PERCENT, 0.1,
		  0 },
		{ " delay ( MainThread ) <= 0.5 % ", CHECK_DELAY, "MainThread", CHECK_LE,
		  CHECK_PERCENT, 0.005, 0 },
		{ "wait('worker-*')<2s", CHECK_WAIT, "worker-*", CHECK_LT, CHECK_TIME, 2e9, 0 },
		{ "wait(\"a b\")<2s", CHECK_WAIT, "a b", CHECK_LT, CHECK_TIME, 2e9, 0 },
		{ "delay(Thread-3 (handle))<1ms", CHECK_DELAY, "Thread-3 (handle)", CHECK_LT,
		  CHECK_TIME, 1e6, 0 },
		{ "hold(x<y)>=1us", CHECK_HOLD, "x<y", CHECK_GE, CHECK_TIME, 1e3, 0 },
		{ "yield>7ns", CHECK_YIELD, "", CHECK_GT, CHECK_TIME, 7, 0 },
		{ "p99(wait)<20ms", CHECK_P99, "", CHECK_LT, CHECK_TIME, 20e6, 0 },
		{ "p50( hold , a,b )<.5ms", CHECK_P50, "a,b", CHECK_LT, CHECK_TIME, 5e5, HOLDS },
		{ "wait_max<1s", CHECK_WAIT_MAX, "", CHECK_LT, CHECK_TIME, 1e9, 0 },
		{ "hold_max(MainThread)<100ms", CHECK_HOLD_MAX, "MainThread", CHECK_LT, CHECK_TIME,
		  1e8, 0 },
		{ "utilization<90%", CHECK_UTILIZATION, "", CHECK_LT, CHECK_PERCENT, 0.9, 0 },
		{ "utilization<0.9", CHECK_UTILIZATION, "", CHECK_LT, CHECK_PERCENT, 0.9, 0 },
		{ "load<2.5", CHECK_LOAD, "", CHECK_LT, CHECK_NUMBER, 2.5, 0 },
		{ "blame(<module>)<50%", CHECK_BLAME, "<module>", CHECK_LT, CHECK_PERCENT, 0.5, 0 },
		{ "waiting(app.py:88)<50%", CHECK_WAITING, "app.py:88", CHECK_LT, CHECK_PERCENT,
		  0.5, 0 },
		{ "handovers<500/s", CHECK_HANDOVERS, "", CHECK_LT, CHECK_RATE, 500, 0 },
		{ "acquisitions>500", CHECK_ACQUISITIONS, "", CHECK_GT, CHECK_RATE, 500, 0 },
		{ "lost<=0", CHECK_LOST, "", CHECK_LE, CHECK_NUMBER, 0, 0 },
		{ "change(delay(MainThread))<5%", CHECK_DELAY, "MainThread", CHECK_LT,
		  CHECK_PERCENT, 0.05, CHANGE },
		{ "change(p99(wait))<2ms", CHECK_P99, "", CHECK_LT, CHECK_TIME, 2e6, CHANGE },
		{ "change ( p99(wait) ) <-10%", CHECK_P99, "", CHECK_LT, CHECK_PERCENT, -0.1,
		  CHANGE | RELATIVE },
		{ "change(load)<+1", CHECK_LOAD, "", CHECK_LT, CHECK_NUMBER, 1, CHANGE },
		{ "change(handovers)>-20%", CHECK_HANDOVERS, "", CHECK_GT, CHECK_PERCENT, -0.2,
		  CHANGE | RELATIVE },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(good); i++) {
		struct sbuf why = { 0 };
		struct check c;

		if (check__parse(good[i].text, &c, &why))
			fail_msg("%s: %s", good[i].text, sbuf__str(&why));
		if (c.metric != good[i].metric || strcmp(c.name, good[i].name) != 0 ||
		    c.op != good[i].op || c.unit != good[i].unit ||
		    fabs(c.value - good[i].value) > 1e-9 * fabs(good[i].value) ||
		    c.holds != !!(good[i].is & HOLDS) || c.change != !!(good[i].is & CHANGE) ||
		    c.relative != !!(good[i].is & RELATIVE) || c.text != good[i].text)
			fail_msg("%s was taken for something else: %d '%s' %d %d %g", good[i].text,
				 (int)c.metric, c.name, (int)c.op, (int)c.unit, c.value);
	}
}

static void what_is_wrong_is_said(void **state)
{
	static const struct {
		const char *text, *why;
	} bad[] = {
		{ "", "it is empty" },
		{ "  ", "it is empty" },
		{ "<5%", "it begins with" },
		{ "dealy<5%", "did you mean delay?" },
		{ "chnage(delay)<5%", "did you mean change?" },
		{ "p98(wait)<5ms", "there is no 'p98'" },
		{ "delay", "it compares by" },
		{ "delay=5%", "it compares by" },
		{ "delay<", "no value" },
		{ "delay<five", "'five' is no value" },
		{ "delay<1e3ms", "'1e3ms' is no value" },
		{ "delay<0x10ms", "is no value" },
		{ "delay<-5%", "is no value" },
		{ "delay<5", "has no unit: delay is compared with 10% or 20ms" },
		{ "delay<5/s", "'/s' is no unit of delay" },
		{ "load<5%", "'%' is no unit of load" },
		{ "p99(wait)<5%", "'%' is no unit of p99: it is compared with 20ms" },
		{ "delay()<5%", "nothing in its brackets" },
		{ "delay('')<5%", "nothing in its brackets" },
		{ "delay(a<5%", "what is" },
		{ "delay)a(<5%", "what is" },
		{ "delay(a)b<5%", "what is" },
		{ "p99<5ms", "it is of something: p99(wait|hold[,THREAD])" },
		{ "p99(delay)<5ms", "it is of wait or of hold" },
		{ "p99(wait,)<5ms", "nothing in its brackets" },
		{ "blame<5%", "it is of a place" },
		{ "load(a)<5", "it takes no brackets" },
		{ "change<5%", "change is of something" },
		{ "change()<5%", "change is of something" },
		{ "change(change(delay))<5%", "there is no 'change'" },
		{ "change(dealy)<5%", "did you mean delay?" },
		{ "load<5 5", "is no unit" },
		{ "load<99999999999999999999999999999999999999999999999999999999999999999",
		  "is no value" },
		{ "load<.", "is no value" },
		{ "load<1.2.3", "is no value" },
	};
	char text[400];

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(bad); i++) {
		struct check c = { .value = 77 };
		struct sbuf why = { 0 };

		if (check__parse(bad[i].text, &c, &why) != -EINVAL)
			fail_msg("was taken: %s", bad[i].text);
		if (!strstr(sbuf__str(&why), bad[i].why))
			fail_msg("%s: %s", bad[i].text, sbuf__str(&why));
		assert_true(c.value == 77);
		sbuf__free(&why);
	}
	snprintf(text, sizeof(text), "delay(%0300d)<5%%", 7);
	struct check c;
	struct sbuf why = { 0 };

	assert_int_equal(check__parse(text, &c, &why), -EINVAL);
	assert_non_null(strstr(sbuf__str(&why), "is too long"));
	sbuf__free(&why);
}

/* How it is judged, and its words. */
static enum check_result judged(const char *text, const struct fake *a, const struct fake *b,
				const char *words)
{
	struct sbuf why = { 0 }, said = { 0 };
	enum check_result r;
	struct check c;

	if (check__parse(text, &c, &why))
		fail_msg("%s: %s", text, sbuf__str(&why));
	r = check__judge(&c, a ? &a->snap : NULL, &b->snap, &said);
	if (!strstr(sbuf__str(&said), words))
		fail_msg("%s: %s", text, sbuf__str(&said));
	sbuf__free(&said);
	return r;
}

static void holds(const char *text, const char *words)
{
	assert_int_equal(judged(text, NULL, &f, words), CHECK_HOLDS);
}

static void broken(const char *text, const char *words)
{
	assert_int_equal(judged(text, NULL, &f, words), CHECK_BROKEN);
}

static void unknown(const char *text, const char *words)
{
	assert_int_equal(judged(text, NULL, &f, words), CHECK_UNKNOWN);
}

static void each_thread_must_keep_a_rule(void **state)
{
	(void)state;
	fake__init(&f, 10 * S);
	holds("delay(MainThread)<6.1%", "MainThread (4242) has 6.0%");
	broken("delay(MainThread)<=5.9%", "MainThread (4242) has 6.0%");
	broken("delay<41%", "worker-3 (4246) has 41.5%");
	holds("delay<42%", "worker-3 (4246) has 41.5%");
	broken("delay('worker-*')<35%", "worker-3 (4246) has 41.5%, and 1 more");
	broken("delay(worker-?)>35%", "worker-4 (4247) has 25.1%, and 1 more");
	holds("wait(MainThread)<521ms", "has 520ms");
	broken("wait(MainThread)<519ms", "has 520ms");
	holds("yield(worker-4)<1.2%", "has 1.1%");
	broken("hold(MainThread)<50%", "has 87.1%");
	holds("hold(MainThread)>8s", "has 8.7s");
	for (size_t i = 0; i < f.procs[0].thread_cnt; i++)
		f.threads[i].wait_p99_ns = i ? 5 * MS : 38200000;
	broken("p99(wait)<20ms", "worker-3 (4246) has 38.2ms");
	f.threads[5].hold_max_ns = 120 * MS;
	broken("hold_max<100ms", "MainThread (4242) has 120ms");
	holds("hold_max(worker-*)<100ms", "has ");
	/* Threads that ended and share a row. */
	f.threads[7].tid = SNAP_FOLD_TID | 3;
	f.threads[7].folded_cnt = 4;
	f.threads[7].wait_ns = 5 * S;
	broken("wait(Dummy-*)<1%", "Dummy-7 (ended) has 50.0%");
}

static void all_that_was_measured_has_one_figure(void **state)
{
	(void)state;
	fake__init(&f, 10 * S);
	broken("utilization<90%", "gunicorn (4242) has 97.4%");
	holds("utilization<0.98", "97.4%");
	holds("load<3", "gunicorn (4242) has 2.4");
	holds("handovers<=1000/s", "it is 1000/s");
	broken("acquisitions<999", "it is 1000/s");
	holds("lost<1", "it is 0");
	f.snap.lost_detail = 3;
	broken("lost<1", "it is 3");
}

static void places_are_functions_files_and_lines(void **state)
{
	uint64_t all;

	(void)state;
	fake__init(&f, 10 * S);
	all = f.gils[0].wait_ns;
	f.stacks[0] =
		(struct snap_stack){ SNAP_STACK_BLAME, 4242, all / 2, 50, false, 7, fake_dump, 0 };
	f.stacks[1] =
		(struct snap_stack){ SNAP_STACK_BLAME, 4245, all / 4, 50, false, 5, fake_read, 0 };
	f.stacks[2] = (struct snap_stack){ SNAP_STACK_WAIT, 4245, all, 50, false, 5, fake_read, 0 };
	f.procs[0].stack_cnt = 3;
	broken("blame(dumps)<50%", "it is 50.0%");
	holds("blame(dumps)<=50%", "it is 50.0%");
	holds("blame(encode)<51%", "it is 50.0%"); /* JSONEncoder.encode */
	holds("blame(JSONEncoder.encode)>49%", "it is 50.0%");
	holds("blame(JSONEncoder.*)>49%", "it is 50.0%");
	holds("blame(encoder.py)>49%", "it is 50.0%");
	holds("blame(/usr/lib/python3.11/json/encoder.py:257)>49%", "it is 50.0%");
	holds("blame(encoder.py:257)>49%", "it is 50.0%");
	holds("blame(encoder.py:258)<1%", "it is 0%");
	holds("blame(app.py:88)<26%", "it is 25.0%");
	holds("blame(nowhere)<1ns", "it is 0ns");
	holds("waiting(handler)>99%", "it is 100.0%");
	f.gils[0].wait_ns = 0;
	f.stacks[0].ns = f.stacks[1].ns = 0;
	holds("blame(dumps)<1%", "it is 0%");
	f.procs[0].stacks_known = false;
	unknown("blame(dumps)<1%", "could not be judged: no stacks");
}

static void what_was_not_seen_does_not_hold(void **state)
{
	(void)state;
	fake__init(&f, 10 * S);
	unknown("delay(MainThred)<50%",
		"no thread called MainThred was seen; did you mean MainThread?");
	unknown("p99(wait,nobody)<50ms", "no thread called nobody was seen");
	f.threads[5].span_ns = 0; /* known for no time */
	unknown("delay(MainThread)<50%", "no thread called MainThread");
	fake__init(&f, 10 * S);
	fake__light(&f, 0, 0);
	unknown("hold_max<1s", "holds were not seen");
	unknown("hold(MainThread)<99%", "holds were not seen");
	unknown("p99(hold)<1s", "holds were not seen");
	unknown("utilization<100%", "holds were not seen");
	unknown("load<100", "holds were not seen");
	unknown("handovers<1", "holds were not seen");
	holds("delay(worker-3)<42%", "41.5%");
	f.snap.proc_cnt = 0;
	unknown("delay<50%", "no process was measured");
	unknown("lost<1", "no process was measured");
	unknown("utilization<90%", "no process was measured");
	f.snap.proc_cnt = 1;
	f.procs[0].thread_cnt = 0;
	unknown("delay<50%", "no thread was seen");
	f.procs[0].gil_cnt = 0;
	unknown("lost<1", "no GIL was seen");
	unknown("load<1", "no GIL was seen");
}

static void holds_seen_in_part_are_a_least_value(void **state)
{
	(void)state;
	fake__init(&f, 10 * S);
	fake__seen_for(&f, 6 * S);
	f.threads[5].hold_max_ns = 120 * MS;
	broken("hold_max(MainThread)<100ms", "has 120ms");
	unknown("hold_max(MainThread)<200ms", "for a part of the time");
	holds("hold_max(MainThread)>100ms", "has 120ms");
	unknown("hold_max(MainThread)>200ms", "for a part of the time");
	holds("hold(MainThread)<90%", "has 87"); /* of the time that it was seen */
	fake__init(&f, 10 * S);
	fake__seen_for(&f, 4 * S);
	unknown("hold(MainThread)<90%", "for a part of the time");
	unknown("p50(hold,MainThread)<1s", "for a part of the time");
	unknown("handovers<100000", "holds were not seen");
}

static void who_never_waited_has_no_long_wait(void **state)
{
	(void)state;
	fake__init(&f, 10 * S);
	holds("wait_max(Dummy-7)<1ns", "has 0ns");
	holds("p99(wait,Dummy-7)<1ns", "has 0ns");
	f.threads[7].wait_ns = 3 * S; /* the first one is open */
	broken("wait_max(Dummy-7)<1s", "has 3.0s");
}

static void changes_are_in_points_in_time_or_relative(void **state)
{
	(void)state;
	fake__init(&before, 10 * S);
	fake__init(&f, 10 * S);
	f.threads[5].wait_ns += S;
	before.threads[0].wait_p99_ns = 200 * MS;
	f.threads[0].wait_p99_ns = 230 * MS;
	assert_int_equal(judged("change(delay(MainThread))<9%", &before, &f,
				"it went from 6.0% to 16.0%: +10.0%"),
			 CHECK_BROKEN);
	assert_int_equal(judged("change(delay(MainThread))<11%", &before, &f, "+10.0%"),
			 CHECK_HOLDS);
	assert_int_equal(
		judged("change(p99(wait))<20ms", &before, &f, "from 200ms to 230ms: +30.0ms"),
		CHECK_BROKEN);
	assert_int_equal(judged("change(p99(wait))<16%", &before, &f, "+15.0%"), CHECK_HOLDS);
	assert_int_equal(judged("change(p99(wait))<-14%", &f, &before, "-13.0%"), CHECK_BROKEN);
	assert_int_equal(judged("change(load)<0.2", &before, &f, ": +0"), CHECK_HOLDS);
	assert_int_equal(judged("change(lost)<1%", &before, &f, "+0%"), CHECK_HOLDS);
	f.snap.lost_events = 1;
	assert_int_equal(judged("change(lost)<1000%", &before, &f, "without end"), CHECK_BROKEN);
	assert_int_equal(judged("change(delay(new))<1%", &before, &f, "seen (in A)"),
			 CHECK_UNKNOWN);
	f.snap.proc_cnt = 0;
	assert_int_equal(judged("change(delay)<1%", &before, &f, "measured (in B)"), CHECK_UNKNOWN);
	fake__init(&f, 10 * S);
	fake__seen_for(&f, 6 * S);
	assert_int_equal(judged("change(hold_max)>-1s", &before, &f, "part of the time"),
			 CHECK_UNKNOWN);
	assert_int_equal(judged("change(delay)<1%", NULL, &f, "nothing before it"), CHECK_UNKNOWN);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(expressions_are_parsed),
		cmocka_unit_test(what_is_wrong_is_said),
		cmocka_unit_test(each_thread_must_keep_a_rule),
		cmocka_unit_test(all_that_was_measured_has_one_figure),
		cmocka_unit_test(places_are_functions_files_and_lines),
		cmocka_unit_test(what_was_not_seen_does_not_hold),
		cmocka_unit_test(holds_seen_in_part_are_a_least_value),
		cmocka_unit_test(who_never_waited_has_no_long_wait),
		cmocka_unit_test(changes_are_in_points_in_time_or_relative),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
