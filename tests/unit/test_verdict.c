/* SPDX-License-Identifier: BSD-2-Clause */
/* test_verdict.c - sentences claim what was measured, nothing else, and fit where they go */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "tests/unit/made_up_blame.h"
#include "user/base/text.h"

static const char *who(const struct fake *f, enum verdict_detail detail)
{
	static char buf[512];
	struct sbuf b = { 0 };

	verdict__who(&f->snap, &f->procs[0], NULL, detail, &b);
	snprintf(buf, sizeof(buf), "%s", sbuf__str(&b));
	sbuf__free(&b);
	return buf;
}

/* Of the thread that lost most. */
static const char *first(const struct fake *f, enum verdict_detail detail)
{
	static char buf[512];
	struct sbuf b = { 0 };

	verdict__thread(&f->snap, &f->procs[0], &f->threads[0], detail, &b);
	snprintf(buf, sizeof(buf), "%s", sbuf__str(&b));
	sbuf__free(&b);
	return buf;
}

/* Of 14.81 s of waiting MainThread has 11.14 s (75%), 86% of these in iterencode: 9.58 s (65%). */
static void the_function_with_most_of_all_waiting_is_named_first(void **state)
{
	static struct fake f;

	(void)state;
	fake__init(&f, 10 * S);
	assert_string_equal(who(&f, VERDICT_FULL),
			    "JSONEncoder.iterencode (encoder.py:257) from Shop.index "
			    "(shop/views.py:88) makes others wait most: 65% of all waiting, in "
			    "~38ms holds, by MainThread; worker-3 waited 41% of the last 10 s");
	assert_string_equal(who(&f, VERDICT_SHORT),
			    "JSONEncoder.iterencode (encoder.py:257) from Shop.index "
			    "(shop/views.py:88) makes others wait most: 65% of all waiting, in "
			    "~38ms holds, by MainThread");
	assert_string_equal(who(&f, VERDICT_BRIEF),
			    "JSONEncoder.iterencode (encoder.py:257) makes others wait most: 65% "
			    "of all waiting, in ~38ms holds");
	assert_string_equal(who(&f, VERDICT_TINY),
			    "JSONEncoder.iterencode (encoder.py:257): 65% of waiting");
	/* No line is known: whoever it is. */
	f.procs[0].stack_cnt = 0;
	assert_string_equal(who(&f, VERDICT_SHORT),
			    "MainThread makes others wait most: 75% of all waiting");
	f.procs[0].stacks_known = false;
	assert_string_equal(who(&f, VERDICT_FULL),
			    "MainThread makes others wait most: 75% of all waiting (in which line: "
			    "not measured); worker-3 waited 41% of the last 10 s");
	assert_string_equal(who(&f, VERDICT_TINY), "MainThread: 75% of waiting");
}

static void verdicts_claim_only_what_was_measured(void **state)
{
	static struct fake f;
	struct sbuf b = { 0 };

	(void)state;
	fake__init(&f, 10 * S);
	assert_string_equal(first(&f, VERDICT_FULL),
			    "worker-3 waited 41% of the last 10 s, 78% of it for MainThread in "
			    "JSONEncoder.iterencode (encoder.py:257)");
	assert_string_equal(first(&f, VERDICT_TINY), "worker-3 waited 41%, 78% for MainThread "
						     "encoder.py:257");
	f.procs[0].stack_cnt = 0;
	assert_string_equal(first(&f, VERDICT_SHORT),
			    "worker-3 waited 41%, 78% of it for MainThread");
	f.procs[0].stacks_known = false;
	assert_string_equal(
		first(&f, VERDICT_FULL),
		"worker-3 waited 41% of the last 10 s, 78% of it for MainThread (in which "
		"line: not measured)");
	f.procs[0].pairs_known = false;
	assert_string_equal(first(&f, VERDICT_SHORT),
			    "worker-3 waited 41% (for whom: not measured)");
	f.procs[0].pairs_known = true;
	f.procs[0].thread_cnt = 1;
	assert_string_equal(first(&f, VERDICT_SHORT),
			    "worker-3 waited 41%, 78% of it for thread 4242");
	f.procs[0].thread_cnt = 0;
	assert_string_equal(who(&f, VERDICT_SHORT), "No thread waited for the GIL");
	verdict__headline(&f.procs[0], NULL, &b);
	assert_string_equal(sbuf__str(&b), "No thread has used the GIL yet");
	sbuf__free(&b);
}

static void a_share_is_rough_that_rests_on_few_looks(void **state)
{
	(void)state;
	assert_true(snap_looks__few(SNAP_STACK_BLAME, 1));
	assert_true(snap_looks__few(SNAP_STACK_HOLD, 9));
	assert_false(snap_looks__few(SNAP_STACK_HOLD, 10));
	/* All waits are counted; what nobody looked at is known to be that. */
	assert_false(snap_looks__few(SNAP_STACK_WAIT, 1));
	assert_false(snap_looks__few(SNAP_STACK_BLAME, 0));
	assert_string_equal(snap_looks__mark(SNAP_STACK_BLAME, 9), "~");
	assert_string_equal(snap_looks__mark(SNAP_STACK_BLAME, 10), "");
}

static void verdicts_say_when_the_line_rests_on_few_looks(void **state)
{
	static const struct snap_frame native[] = { { "[kernel]", "", 0 } };
	static struct fake f;
	struct snap_chain chains[] = {
		{ .waiter_tid = 4246, .holder_tid = 4242, .ns = 9, .cnt = 3 },
		{ .waiter_tid = 4245, .holder_tid = 4242, .ns = 8, .cnt = 500 },
		{ .waiter_tid = 4246, .holder_tid = 4242, .ns = 7, .cnt = 4 },
		{ .waiter_tid = 4246, .holder_tid = 4242, .ns = 6, .cnt = 600 },
	};
	struct sbuf b = { 0 };

	(void)state;
	fake__init(&f, 10 * S);
	f.stacks[0].cnt = 7;
	assert_string_equal(who(&f, VERDICT_BRIEF),
			    "JSONEncoder.iterencode (encoder.py:257, few looks: 7) makes others "
			    "wait most: 65% of all waiting, in ~38ms holds");
	assert_string_equal(who(&f, VERDICT_TINY),
			    "~JSONEncoder.iterencode (encoder.py:257): 65% of waiting");
	assert_string_equal(first(&f, VERDICT_SHORT),
			    "worker-3 waited 41%, 78% of it for MainThread in "
			    "JSONEncoder.iterencode (encoder.py:257, few looks: 7)");
	assert_string_equal(first(&f, VERDICT_BRIEF),
			    "worker-3 waited 41%, 78% of it for MainThread at encoder.py:257 "
			    "(few looks: 7)");
	assert_string_equal(first(&f, VERDICT_TINY),
			    "worker-3 waited 41%, 78% for MainThread ~encoder.py:257");
	verdict__pair(&f.procs[0], &f.pairs[0], VERDICT_SHORT, &b);
	assert_non_null(strstr(sbuf__str(&b), "(encoder.py:257, few looks: 7)"));
	sbuf__reset(&b);
	assert_int_equal(verdict__advice(&f.procs[0], &f.gils[0], &b, 1), 1);
	assert_non_null(strstr(sbuf__str(&b), "(encoder.py:257, few looks: 7)"));
	sbuf__free(&b);
	/* What was seen of this waiter counts, for the line rather than the whole stack. */
	for (size_t i = 0; i < ARRAY_SIZE(chains); i++) {
		chains[i].holder_frames = fake_regex;
		chains[i].holder_frame_cnt = i == 3 ? 4 : 5;
	}
	f.procs[0].chains = chains;
	f.procs[0].chain_cnt = ARRAY_SIZE(chains);
	assert_string_equal(first(&f, VERDICT_SHORT),
			    "worker-3 waited 41%, 78% of it for MainThread "
			    "in search (re/__init__.py:176, few looks: 7)");
	chains[2].cnt = 7;
	assert_string_equal(first(&f, VERDICT_SHORT),
			    "worker-3 waited 41%, 78% of it for MainThread "
			    "in search (re/__init__.py:176)");
	chains[0].holder_frames = native;
	chains[0].holder_frame_cnt = 1;
	assert_string_equal(first(&f, VERDICT_SHORT),
			    "worker-3 waited 41%, 78% of it for MainThread "
			    "in [kernel] (few looks: 3)");
	assert_string_equal(first(&f, VERDICT_TINY),
			    "worker-3 waited 41%, 78% for MainThread ~[kernel]");
}

static void the_headline_follows_the_figures(void **state)
{
	static struct fake f;
	struct snap_proc *p = &f.procs[0];

	(void)state;
	fake__init(&f, 10 * S);
	assert_int_equal(verdict__level(p, &f.gils[0]), VERDICT_BOTTLENECK);
	f.gils[0].held_ns = p->span_ns / 10;
	assert_int_equal(verdict__level(p, &f.gils[0]), VERDICT_SOME);
	f.gils[0].wait_ns = 0;
	p->thread_cnt = 0;
	assert_int_equal(verdict__level(p, &f.gils[0]), VERDICT_FREE);
	f.gils[0].held_ns = p->span_ns;
	assert_int_equal(verdict__level(p, &f.gils[0]), VERDICT_BUSY);
	p->span_ns = 0;
	assert_int_equal(verdict__level(p, &f.gils[0]), VERDICT_UNKNOWN);
	assert_int_equal(verdict__level(p, NULL), VERDICT_UNKNOWN);
}

/* A stopped process says nothing about its GIL. */
static void of_a_stopped_process_nothing_is_judged(void **state)
{
	static struct fake f;
	struct snap_proc *p = &f.procs[0];
	struct sbuf b = { 0 };

	(void)state;
	fake__init(&f, 10 * S);
	p->halted = true;
	assert_int_equal(verdict__level(p, &f.gils[0]), VERDICT_UNKNOWN);
	assert_null(verdict__sufferer(p, &f.gils[0]));
	assert_int_equal(verdict__advice(p, &f.gils[0], &b, 1), 0);
	verdict__headline(p, &f.gils[0], &b);
	assert_string_equal(sbuf__str(&b), "Nothing in it runs");
	sbuf__free(&b);
	assert_string_equal(who(&f, VERDICT_FULL),
			    "Who waits now waits for the process to go on, not for the GIL");
}

/* The thread with all of the holding had no CPU for 8 of its 9 s. */
static void a_gil_held_by_those_whom_a_limit_stops_is_no_bottleneck(void **state)
{
	static struct blamed b;
	struct snap_thread *t;
	struct sbuf out = { 0 };

	(void)state;
	blamed__init(&b);
	blamed__thread(&b, 1, "waiter", 9 * S);
	t = blamed__thread(&b, 11, "w", 0);
	t->hold_ns = 9 * S;
	t->hold_offcpu_ns = t->hold_runnable_ns = 8 * S;
	b.p->throttled_ns = 7 * S;
	verdict__headline(b.p, b.g, &out);
	assert_string_equal(sbuf__str(&out), "The GIL is held 90% of the time, for 89% of that "
					     "without a CPU: a CPU limit");
	sbuf__reset(&out);
	b.p->throttled_ns = NS_UNKNOWN;
	verdict__headline(b.p, b.g, &out);
	assert_string_equal(sbuf__str(&out), "The GIL is the bottleneck: held 90% of the time, 0.9 "
					     "threads wait on average");
	sbuf__free(&out);
}

static void a_name_is_cut_in_the_middle(void **state)
{
	static struct blamed b;
	struct sbuf out = { 0 };

	(void)state;
	blamed__init(&b);
	blamed__thread(&b, 1, "a-very-long-name-of-some-thread-number-17", S);
	verdict__thread_name(b.p, 1, &out);
	assert_string_equal(sbuf__str(&out), "a-very-long-nam~read-number-17");
	sbuf__free(&out);
}

/* ---- nobody waits: only if so ---- */

static void check_nobody(struct blamed *b, bool waited)
{
	struct sbuf head = { 0 };

	for (int d = VERDICT_FULL; d < VERDICT_DETAIL_CNT; d++) {
		const char *text = blamed__who(b, (enum verdict_detail)d);

		assert_int_equal(!strstr(text, "No thread waited"), waited);
	}
	verdict__headline(b->p, b->g, &head);
	assert_true(!waited || !strstr(sbuf__str(&head), "obody waits"));
	sbuf__free(&head);
}

static void nobody_waits_is_said_only_if_nobody_waited(void **state)
{
	static struct blamed b;

	(void)state;
	for (int busy = 0; busy < 2; busy++) {
		blamed__init(&b);
		b.g->held_ns = busy ? 9 * S : S;
		check_nobody(&b, false);
		blamed__thread(&b, 11, "w", 0);
		check_nobody(&b, false);
		b.f.threads[0].wait_ns = b.g->wait_ns = 1; /* a nanosecond, and nobody's fault */
		check_nobody(&b, true);
		b.f.threads[0].wait_ns = b.g->wait_ns = 9 * S;
		check_nobody(&b, true);
		/* Ended threads that no row is left of but that of all. */
		b.f.threads[0].tid = 0;
		b.f.threads[0].folded_cnt = 9;
		b.f.threads[0].state = SNAP_EXITED;
		b.f.threads[0].name = "[9 ended threads]";
		check_nobody(&b, true);
		assert_string_equal(blamed__who(&b, VERDICT_TINY),
				    "9 ended threads waited 90% (for whom: not measured)");
	}
}

/* ---- the worst names ---- */

static void check_worst(struct blamed *b)
{
	size_t chars;

	text_prefix(blamed__who(b, VERDICT_TINY), SIZE_MAX, SIZE_MAX, &chars);
	if (chars > 80)
		print_error("%zu: %s\n", chars, blamed__who(b, VERDICT_TINY));
	assert_true(chars <= 80);
	text_prefix(blamed__advice(b, 0), SIZE_MAX, SIZE_MAX, &chars);
	if (chars > 160)
		print_error("%zu: %s\n", chars, blamed__advice(b, 0));
	assert_true(chars <= 160);
}

/* As long as can be: 300 bytes each, of one byte a character or of three. */
static void the_longest_names_fit_a_terminal(void **state)
{
	static char worst[2][301];
	static struct blamed b;

	(void)state;
	memset(worst[0], 'x', 300);
	for (size_t i = 0; i < 300; i += 3)
		memcpy(worst[1] + i, "\xe5\xb7\xa5", 3);
	for (int kind = 0; kind < 64; kind++) {
		const char *name = worst[kind & 1];
		const struct snap_frame long_frames[] = { { name, name, 99999 },
							  { name, name, 0 } };
		struct snap_thread *t;

		blamed__init(&b);
		b.g->held = true;
		b.g->holder_tid = 11;
		for (uint32_t i = 0; i < 4; i++) {
			t = blamed__thread(&b, 10 + i, name, i ? 0 : 4 * S);
			t->contended = 10;
			t->state = i == 1 ? SNAP_HOLDING : SNAP_RELEASED;
			if (kind & 32) {
				t->blame_ns = S;
				continue;
			}
			fake__asked(t, kind & 2 ? 90 : kind & 4 ? 20 : 0, 90 * !!(kind & 8), S);
			blamed__at(&b, t, S, 5, long_frames, kind & 16 ? 1 : 2);
		}
		b.p->stacks_known = !(kind & 32);
		for (int i = 0; i < 2; i++) {
			b.g->asked_ns = i ? S : 0;
			check_worst(&b);
			b.g->interval_ns = 300 * MS;
			check_worst(&b);
			b.g->wait_ns = S / 10; /* hardly any */
			b.f.threads[0].wait_ns = S / 10;
			check_worst(&b);
			b.g->wait_ns = b.f.threads[0].wait_ns = 4 * S;
			b.g->interval_ns = 0;
			if (!i)
				blamed__pools(&b);
		}
		blamed__deinit(&b);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_function_with_most_of_all_waiting_is_named_first),
		cmocka_unit_test(verdicts_claim_only_what_was_measured),
		cmocka_unit_test(a_share_is_rough_that_rests_on_few_looks),
		cmocka_unit_test(verdicts_say_when_the_line_rests_on_few_looks),
		cmocka_unit_test(the_headline_follows_the_figures),
		cmocka_unit_test(of_a_stopped_process_nothing_is_judged),
		cmocka_unit_test(a_gil_held_by_those_whom_a_limit_stops_is_no_bottleneck),
		cmocka_unit_test(a_name_is_cut_in_the_middle),
		cmocka_unit_test(nobody_waits_is_said_only_if_nobody_waited),
		cmocka_unit_test(the_longest_names_fit_a_terminal),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
