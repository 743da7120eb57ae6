/* SPDX-License-Identifier: BSD-2-Clause */
/* test_judge.c - who makes whom wait: sentences say what the figures of a picture mean, at the level that explains most
 */
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
			    "37.7ms holds, by MainThread; worker-3 waited 41% of the last 10 s");
	assert_string_equal(who(&f, VERDICT_SHORT),
			    "JSONEncoder.iterencode (encoder.py:257) from Shop.index "
			    "(shop/views.py:88) makes others wait most: 65% of all waiting, in "
			    "37.7ms holds, by MainThread");
	assert_string_equal(who(&f, VERDICT_BRIEF),
			    "JSONEncoder.iterencode (encoder.py:257) makes others wait most: 65% "
			    "of all waiting, in 37.7ms holds");
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
			    "wait most: 65% of all waiting, in 37.7ms holds");
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

/* ---- function, library, pool, thread ---- */

/* 3 + 3 s of 10 at two lines of one function, by two threads: 60%, the line is the heavier one. */
static void a_function_with_much_is_said_with_its_line_and_who_is_in_it(void **state)
{
	static struct blamed b;
	struct snap_thread *t;

	(void)state;
	blamed__init(&b);
	blamed__thread(&b, 1, "waiter", 10 * S);
	t = blamed__thread(&b, 11, "w-1", 0);
	blamed__at(&b, t, 3 * S, 50, at_own, 2);
	t = blamed__thread(&b, 12, "w-2", 0);
	blamed__at(&b, t, 3 * S + 1, 50, at_own_too, 2);
	blamed__at(&b, t, 4 * S - 1, 50, at_dumps, 2);
	blamed__pools(&b);
	assert_string_equal(blamed__who(&b, VERDICT_FULL),
			    "crunch (work.py:25) makes others wait most: 60% of all waiting, by "
			    "both threads of w-*; waiter waited 100% of the last 10 s");
	blamed__deinit(&b);
}

/* What nobody holds the GIL for is waiting, too: 3 of 10 s, not 3 of 5. */
static void gaps_are_a_part_of_all_waiting(void **state)
{
	static struct blamed b;

	(void)state;
	blamed__init(&b);
	b.g->gap_ns = 5 * S;
	blamed__at(&b, blamed__thread(&b, 11, "w", 0), 3 * S, 50, at_own, 2);
	blamed__at(&b, blamed__thread(&b, 1, "waiter", 10 * S), 2 * S, 50, at_dumps, 2);
	assert_string_equal(blamed__who(&b, VERDICT_TINY), "crunch (work.py:21): 30% of waiting");
}

static void a_function_of_a_library_is_said_with_the_own_line_that_called_it(void **state)
{
	static struct blamed b;

	(void)state;
	blamed__init(&b);
	blamed__thread(&b, 1, "waiter", 10 * S);
	blamed__at(&b, blamed__thread(&b, 11, "w", 0), 10 * S, 50, at_dumps, 2);
	assert_string_equal(blamed__who(&b, VERDICT_SHORT),
			    "dumps (enc.py:231) from view (pages.py:88) makes others wait most: "
			    "100% of all waiting, by w");
	/* An own function needs no other one; nor does a line without any. */
	b.f.stacks[0].frames = at_own;
	assert_string_equal(
		blamed__who(&b, VERDICT_SHORT),
		"crunch (work.py:21) makes others wait most: 100% of all waiting, by w");
	b.f.stacks[0].frames = at_dumps + 1;
	b.f.stacks[0].frame_cnt = b.f.stacks[0].all_cnt = 1;
	assert_string_equal(blamed__who(&b, VERDICT_SHORT),
			    "dumps (enc.py:231) makes others wait most: 100% of all waiting, by w");
}

#define MANY 20

static char names[MANY][16];
static struct snap_frame frames[MANY][2];

/* 20 functions with 5% each; the first has 1% more, the last less. leaf NULL: they end in Python. */
static void spread(struct blamed *b, const char *library, bool one_pool)
{
	blamed__init(b);
	blamed__thread(b, 1, "waiter", 10 * S);
	for (uint32_t i = 0; i < MANY; i++) {
		struct snap_thread *t;

		snprintf(names[i], sizeof(names[i]), one_pool ? "w-%u" : "%c-thread",
			 one_pool ? i : 'a' + i);
		frames[i][0] = (struct snap_frame){ names[i], "/srv/app.py", 10 + i };
		frames[i][1] = (struct snap_frame){ "[native code]", library, 0 };
		t = blamed__thread(b, 100 + i, names[i], 0);
		blamed__at(b, t, S / 2 + (i ? 0 : S / 10) - (i == MANY - 1 ? S / 10 : 0), 50,
			   frames[i], library ? 2 : 1);
	}
	blamed__pools(b);
}

static void where_no_function_has_much_it_is_the_library(void **state)
{
	static struct blamed b;

	(void)state;
	spread(&b, "libfoo.so", true);
	assert_string_equal(blamed__who(&b, VERDICT_SHORT),
			    "Native code in libfoo.so makes others wait most: 100% of all waiting; "
			    "most in w-0 (srv/app.py:10), 6.0%, by w-*");
	assert_string_equal(blamed__who(&b, VERDICT_TINY),
			    "libfoo.so: 100% of waiting; most in w-0 (srv/app.py:10), 6.0%");
	blamed__deinit(&b);
}

static void or_the_pool(void **state)
{
	static struct blamed b;

	(void)state;
	spread(&b, NULL, true);
	assert_string_equal(blamed__who(&b, VERDICT_BRIEF),
			    "20 threads of w-* make others wait most: 100% of all waiting; most in "
			    "w-0 (srv/app.py:10), 6.0%");
	blamed__deinit(&b);
}

static void or_still_the_function(void **state)
{
	static struct blamed b;

	(void)state;
	spread(&b, NULL, false);
	assert_string_equal(blamed__who(&b, VERDICT_TINY),
			    "a-thread (srv/app.py:10): 6.0% of waiting");
	blamed__deinit(&b);
}

/* Where 30% are one function's, that is what can be changed, whatever library it calls. */
static void a_function_with_much_comes_before_its_library_and_pool(void **state)
{
	static struct blamed b;

	(void)state;
	blamed__init(&b);
	blamed__thread(&b, 1, "waiter", 10 * S);
	blamed__at(&b, blamed__thread(&b, 11, "w-1", 0), 3 * S, 50, at_native, 3);
	blamed__at(&b, blamed__thread(&b, 12, "w-2", 0), 7 * S, 50, NULL, 0);
	blamed__pools(&b);
	assert_string_equal(blamed__who(&b, VERDICT_TINY), "crunch (work.py:21): 30% of waiting");
	b.f.stacks[0].ns = 3 * S - 1;
	assert_string_equal(blamed__who(&b, VERDICT_TINY),
			    "2 threads of w-*: 100% of waiting; most in crunch (work.py:21), 30%");
	blamed__deinit(&b);
}

static void without_places_it_is_the_threads(void **state)
{
	static struct blamed b;

	(void)state;
	blamed__init(&b);
	blamed__thread(&b, 1, "waiter", 10 * S);
	blamed__thread(&b, 11, "w-1", 0)->blame_ns = 2 * S;
	blamed__thread(&b, 12, "w-2", 0)->blame_ns = 3 * S;
	blamed__thread(&b, 13, "w-3", 0);
	blamed__thread(&b, 14, "x", 0)->blame_ns = 4 * S;
	b.p->stacks_known = false;
	assert_string_equal(blamed__who(&b, VERDICT_SHORT),
			    "x makes others wait most: 40% of all waiting (in which line: "
			    "not measured)");
	blamed__pools(&b);
	assert_string_equal(blamed__who(&b, VERDICT_TINY),
			    "2 of the 3 threads of w-*: 50% of waiting");
	blamed__deinit(&b);
}

/* Details only drop words, and in each of them the numbers are the same. */
static void each_detail_is_shorter_than_the_one_before(void **state)
{
	static struct blamed b;

	(void)state;
	for (int kind = 0; kind < 8; kind++) {
		size_t len = SIZE_MAX;

		spread(&b, kind & 1 ? "libfoo.so" : NULL, kind & 2);
		if (kind & 4)
			b.f.stacks[0].cnt = 3;
		for (int d = VERDICT_FULL; d < VERDICT_DETAIL_CNT; d++) {
			const char *text = blamed__who(&b, (enum verdict_detail)d);

			assert_true(strlen(text) <= len);
			assert_true(strlen(text) > 0);
			len = strlen(text);
		}
		blamed__deinit(&b);
	}
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
		cmocka_unit_test(a_function_with_much_is_said_with_its_line_and_who_is_in_it),
		cmocka_unit_test(gaps_are_a_part_of_all_waiting),
		cmocka_unit_test(a_function_of_a_library_is_said_with_the_own_line_that_called_it),
		cmocka_unit_test(where_no_function_has_much_it_is_the_library),
		cmocka_unit_test(or_the_pool),
		cmocka_unit_test(or_still_the_function),
		cmocka_unit_test(a_function_with_much_comes_before_its_library_and_pool),
		cmocka_unit_test(without_places_it_is_the_threads),
		cmocka_unit_test(each_detail_is_shorter_than_the_one_before),
		cmocka_unit_test(a_name_is_cut_in_the_middle),
		cmocka_unit_test(nobody_waits_is_said_only_if_nobody_waited),
		cmocka_unit_test(the_longest_names_fit_a_terminal),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
