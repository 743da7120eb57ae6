/* SPDX-License-Identifier: BSD-2-Clause */
/* test_light_views.c - what is shown and said of a process whose holds were seen never, or now and then */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tests/unit/made_up_blame.h"
#include "user/base/units.h"
#include "user/picture/balance.h"
#include "user/view/columns.h"
#include "user/view/formats.h"
#include "user/view/view.h"

/* ---- the picture ---- */

static void utilisation_is_of_what_was_seen(void **state)
{
	struct snap_gil g = { .held_ns = 3 * S, .observed_ns = 4 * S, .wait_ns = 5 * S };
	char buf[UNITS_SZ];

	(void)state;
	assert_true(snap_gil__utilization(&g) == 0.75);
	assert_true(isnan(snap_gil__held(&g, 4 * S).err));
	assert_true(snap_gil__load(&g, 4 * S) == 2);
	assert_string_equal(snap_gil__held_percent(&g, 4 * S, buf), "75.0");
	assert_string_equal(snap_gil__held_word(&g, 4 * S, buf), "75%");
	/* Without looks what was seen is all there is, however little. */
	assert_true(snap_gil__held(&g, 100 * S).share == 0.75);
	assert_true(isnan(snap_gil__load(&g, 0)));
	assert_string_equal(snap_gil__held_percent(&g, 0, buf), "?");
}

static void looks_estimate_what_was_not_seen(void **state)
{
	struct snap_gil g = { .wait_ns = 10 * S, .look_cnt = 400, .locked_cnt = 100 };
	char buf[UNITS_SZ];
	double err;

	(void)state;
	assert_true(snap_gil__utilization_est(&g, &err) == 0.25);
	assert_true(fabs(err - (1.96 * sqrt(0.25 * 0.75 / 400) + 0.02)) < 1e-9);
	assert_true(snap_gil__held(&g, 10 * S).share == 0.25);
	assert_true(fabs(snap_gil__held(&g, 10 * S).err - err) < 1e-9);
	assert_true(snap_gil__load(&g, 10 * S) == 1.25);
	assert_string_equal(snap_gil__held_percent(&g, 10 * S, buf), "~25");
	assert_string_equal(snap_gil__held_word(&g, 10 * S, buf), "~25%");
	/* Half of the time seen says more. */
	g.held_ns = g.observed_ns = 5 * S;
	assert_true(snap_gil__held(&g, 10 * S).share == 1);
	g.held_ns = --g.observed_ns;
	assert_true(snap_gil__held(&g, 10 * S).share == 0.25);
}

static void without_looks_nothing_is_known(void **state)
{
	struct snap_gil g = { .wait_ns = 15 * S };
	char buf[UNITS_SZ];
	double err;

	(void)state;
	assert_true(isnan(snap_gil__utilization(&g)));
	assert_true(isnan(snap_gil__utilization_est(&g, &err)) && isnan(err));
	assert_true(isnan(snap_gil__load(&g, 10 * S)));
	assert_true(snap_gil__least_load(&g, 10 * S) == 1.5);
	assert_string_equal(snap_gil__held_percent(&g, 10 * S, buf), "-");
	assert_string_equal(snap_gil__held_word(&g, 10 * S, buf), "-");
}

static void light_books_balance_with_runnable_and_unsure(void **state)
{
	struct snap_thread t[] = {
		{ .tid = 1, .span_ns = 100, .wait_ns = 60, .released_ns = 40, .runnable_ns = 11 },
		{ .tid = 2, .span_ns = 100, .released_ns = 100, .blame_ns = 42 }
	};
	struct snap_gil g = { .wait_ns = 60, .runnable_ns = 11, .unsure_ns = 7 };
	struct snap_proc p = {
		.span_ns = 100, .gil_cnt = 1, .gils = &g, .thread_cnt = ARRAY_SIZE(t), .threads = t
	};

	(void)state;
	assert_true(snap_proc__balances(&p));
	g.unsure_ns++;
	assert_false(snap_proc__balances(&p));
	g.runnable_ns--;
	assert_true(snap_proc__balances(&p));
	t[1].blame_ns++;
	assert_false(snap_proc__balances(&p));
}

static void a_pool_was_seen_as_long_as_its_gil(void **state)
{
	static struct blamed b;

	(void)state;
	blamed__init(&b);
	for (uint32_t i = 0; i < 3; i++) {
		static const char *const names[] = { "w-1", "w-2", "w-3" };
		struct snap_thread *t = blamed__thread(&b, 11 + i, names[i], S);

		t->hold_observed_ns = 4 * S;
		t->runnable_ns = i * 100;
		t->acquisitions = 1000;
	}
	blamed__pools(&b);
	assert_int_equal(b.p->pools[0].all->hold_observed_ns, 4 * S);
	assert_int_equal(b.p->pools[0].all->runnable_ns, 300);
	/* A rate is each thread's: 3 of them, seen for 4 s. */
	assert_int_equal(snap_thread__seen_ns(b.p->pools[0].all, b.p), 12 * S);
	assert_false(snap_thread__all_seen(b.p->pools[0].all, b.p));
	blamed__deinit(&b);
	memset(&b.a, 0, sizeof(b.a));
	b.f.threads[1].runnable_ns = NS_UNKNOWN;
	blamed__pools(&b);
	assert_int_equal(b.p->pools[0].all->runnable_ns, NS_UNKNOWN);
	blamed__deinit(&b);
}

/* ---- columns, report ---- */

static const char *cell(struct fake *f, size_t thread, const char *column)
{
	static char buf[512];
	struct column_row r;

	column_row__init(&r, &f->snap, &f->procs[0], &f->threads[thread]);
	thread_columns[columns__find(column)].fmt(&r, buf, sizeof(buf));
	return buf;
}

static void cells_of_what_was_not_seen_are_dashes(void **state)
{
	static const char *const dashes[] = { "hold",	 "released",  "p50hold",     "p99hold",
					      "maxhold", "contended", "acquisitions" };
	static struct fake f;

	(void)state;
	fake__init(&f, 10 * S);
	fake__light(&f, 300, 620);
	for (size_t i = 0; i < ARRAY_SIZE(dashes); i++)
		assert_string_equal(cell(&f, 5, dashes[i]), "-");
	assert_string_equal(cell(&f, 0, "wait"), "41.2");
	assert_string_equal(cell(&f, 0, "runnable"), "4.1");
	assert_string_equal(cell(&f, 0, "bar"), "WWW     ");
	f.threads[0].runnable_ns = NS_UNKNOWN;
	assert_string_equal(cell(&f, 0, "runnable"), "-");
}

static void cells_of_what_was_seen_in_part_are_of_that(void **state)
{
	static struct fake f;
	char whole[32];

	(void)state;
	fake__init(&f, 10 * S);
	assert_string_equal(cell(&f, 5, "hold"), "87.1");
	snprintf(whole, sizeof(whole), "%s", cell(&f, 5, "acquisitions"));
	assert_string_not_equal(cell(&f, 5, "contended"), "-");
	fake__seen_for(&f, 4 * S);
	assert_string_equal(cell(&f, 5, "hold"), "87.1");
	assert_string_equal(cell(&f, 5, "acquisitions"), whole);
	/* Of all its acquisitions: these are not known. Nor is what it did otherwise. */
	assert_string_equal(cell(&f, 5, "contended"), "-");
	assert_string_equal(cell(&f, 5, "released"), "-");
	assert_string_equal(cell(&f, 0, "bar"), "WWW     ");
}

static char *made(const char *format, const struct fake *f)
{
	struct view_opts o = { 0 };
	char *text = NULL;
	size_t len = 0;
	FILE *out = open_memstream(&text, &len);
	struct view *v = formats__find(format)->make(out, &o);

	assert_non_null(v);
	assert_int_equal(v->ops->end(v, &f->snap, "duration"), 0);
	view__free(v);
	fclose(out);
	return text;
}

static void assert_says(const char *format, const struct fake *f, const char *want, bool says)
{
	char *text = made(format, f);

	if (!strstr(text, want) == says)
		fprintf(stderr, "%s: %s: %s\n", want, says ? "missing" : "there", text);
	assert_int_equal(strstr(text, want) != NULL, says);
	free(text);
}

static void text_says_how_it_was_measured(void **state)
{
	static struct fake f;

	(void)state;
	fake__init(&f, 10 * S);
	assert_says("text", &f, "held 97.4%  in hand-over 0.8%  load 2.5  hand-overs 1.0k/s", true);
	assert_says("text", &f, "light", false);
	fake__light(&f, 300, 620);
	assert_says("text", &f, "  light\n", true);
	assert_says("text", &f, "held ~62%  load ~2.1  self", true);
	assert_says("summary", &f, "in light mode", true);
	f.gils[0].look_cnt = 0;
	assert_says("text", &f, "held -  load -  waiting 1.5  self", true);
	assert_says("summary", &f, "held", false);
	fake__init(&f, 10 * S);
	fake__seen_for(&f, 6 * S);
	assert_says("text", &f, "  auto:light\n", true);
	assert_says("text", &f, "held 97.4%", true);
	assert_says("summary", &f, "mode auto (now light, 2 changes)", true);
}

/* ---- what is said ---- */

static const char *headline(const struct blamed *b)
{
	static char buf[256];
	struct sbuf out = { 0 };

	verdict__headline(b->p, b->g, &out);
	snprintf(buf, sizeof(buf), "%s", sbuf__str(&out));
	sbuf__free(&out);
	return buf;
}

static void light(struct blamed *b)
{
	b->g->held_ns = b->g->observed_ns = 0;
	for (size_t i = 0; i < b->p->thread_cnt; i++)
		b->f.threads[i].hold_observed_ns = 0;
	b->p->mode = SNAP_MODE_LIGHT;
}

static void nobody_says_idle_of_what_was_not_seen(void **state)
{
	static struct blamed b;

	(void)state;
	blamed__init(&b);
	light(&b);
	assert_int_equal(verdict__level(b.p, b.g), VERDICT_QUIET);
	assert_string_equal(headline(&b), "The GIL is not the bottleneck: nobody waits "
					  "(light: holds unseen)");
	b.g->look_cnt = 100;
	b.g->locked_cnt = 80;
	assert_int_equal(verdict__level(b.p, b.g), VERDICT_BUSY);
	assert_string_equal(headline(&b),
			    "The GIL is busy, held ~80% of the time, but nobody waits for it");
	b.g->locked_cnt = 10;
	assert_string_equal(headline(&b), "The GIL is not the bottleneck: held ~10% of the time, "
					  "nobody waits");
}

/* Who waits for more than half of the time proves that it was held for so long. */
static void waiting_is_enough_for_a_verdict(void **state)
{
	static struct blamed b;

	(void)state;
	blamed__init(&b);
	blamed__at(&b, blamed__thread(&b, 1, "a", 0), 5 * S, 100, at_own, 2);
	blamed__thread(&b, 2, "b", 5 * S);
	light(&b);
	assert_int_equal(verdict__level(b.p, b.g), VERDICT_SOME);
	assert_string_equal(headline(&b), "Some waiting for the GIL: 0.5 threads wait on average "
					  "(light: holds unseen)");
	b.f.threads[1].wait_ns = b.g->wait_ns = 6 * S;
	assert_int_equal(verdict__level(b.p, b.g), VERDICT_BOTTLENECK);
	b.f.threads[1].runnable_ns = S; /* .. but not for a CPU */
	assert_int_equal(verdict__level(b.p, b.g), VERDICT_SOME);
	assert_string_equal(blamed__advice(&b, 0),
			    "Holds are not seen in light mode: how long they are in crunch "
			    "(work.py:21), and whether they end when asked, --mode exact "
			    "shows");
}

static void a_verdict_on_a_part_says_so(void **state)
{
	static struct blamed b;

	(void)state;
	blamed__init(&b);
	blamed__at(&b, blamed__thread(&b, 1, "a", 0), 5 * S, 100, at_own, 2);
	blamed__thread(&b, 2, "b", 5 * S);
	b.g->observed_ns = 6 * S;
	b.g->held_ns = 5 * S;
	assert_string_equal(headline(&b), "The GIL is the bottleneck: held 83% (seen for 6.0s of "
					  "10.0s), 0.5 threads wait");
	b.g->look_cnt = 100; /* free at each: but more than half of the time was seen */
	assert_int_equal(verdict__level(b.p, b.g), VERDICT_BOTTLENECK);
	b.g->observed_ns = 4 * S;
	b.g->locked_cnt = 30;
	assert_string_equal(headline(&b), "Some waiting for the GIL: held ~30% of the time, "
					  "0.5 threads wait on average");
}

static void who_waits_for_a_cpu_does_not_wait_for_the_gil(void **state)
{
	static struct blamed b;

	(void)state;
	blamed__init(&b);
	blamed__at(&b, blamed__thread(&b, 1, "a", 0), 3 * S, 100, at_own, 2);
	blamed__thread(&b, 2, "b", 8 * S)->runnable_ns = 5 * S;
	light(&b);
	assert_int_equal(verdict__level(b.p, b.g), VERDICT_NO_CPU);
	assert_string_equal(headline(&b), "Too few CPUs: 0.8 threads wait on average, 62% of that "
					  "woken, for a CPU");
	assert_non_null(strstr(blamed__advice(&b, 0), "Woken threads have no CPU for 62% of their waiting: more CPUs"));
	b.p->throttled_ns = 2 * S;
	assert_non_null(strstr(headline(&b), "A CPU limit: 0.8 threads wait"));
	assert_non_null(strstr(blamed__advice(&b, 0), "a higher CPU limit"));
	b.f.threads[1].runnable_ns = 3 * S;
	assert_int_equal(verdict__level(b.p, b.g), VERDICT_SOME);
	b.f.threads[1].runnable_ns =
		NS_UNKNOWN; /* nothing is said of what the kernel does not tell */
	assert_int_equal(verdict__level(b.p, b.g), VERDICT_BOTTLENECK);
	/* In exact mode it is a part of holds and gaps: holders that account for the waiting carry it. */
	blamed__init(&b);
	blamed__at(&b, blamed__thread(&b, 1, "a", 0), 7 * S, 100, at_own, 2);
	blamed__thread(&b, 2, "b", 8 * S)->runnable_ns = 5 * S;
	assert_int_equal(verdict__level(b.p, b.g), VERDICT_BOTTLENECK);
	b.g->held_ns = 4 * S;
	assert_int_equal(verdict__level(b.p, b.g), VERDICT_NO_CPU);
}

/* Contended acquisitions are of all of the time, what was asked only of what was seen. */
static void advice_on_a_part_compares_like_with_like(void **state)
{
	static struct blamed b;
	struct snap_thread *t;

	(void)state;
	blamed__init(&b);
	t = blamed__thread(&b, 1, "a", 0);
	blamed__at(&b, t, 5 * S, 100, at_own, 2);
	blamed__thread(&b, 2, "b", 5 * S);
	t->asked = 10;
	t->react_ns = 10 * 50000;
	t->contended = 1000;
	assert_null(
		strstr(blamed__advice(&b, 0), "lets go when asked")); /* seldom asked, of so many */
	b.g->observed_ns = b.g->held_ns = t->hold_observed_ns = S;    /* 1 of 10 s: of some 100 */
	assert_non_null(strstr(blamed__advice(&b, 0), "lets go when asked"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(utilisation_is_of_what_was_seen),
		cmocka_unit_test(looks_estimate_what_was_not_seen),
		cmocka_unit_test(without_looks_nothing_is_known),
		cmocka_unit_test(light_books_balance_with_runnable_and_unsure),
		cmocka_unit_test(a_pool_was_seen_as_long_as_its_gil),
		cmocka_unit_test(cells_of_what_was_not_seen_are_dashes),
		cmocka_unit_test(cells_of_what_was_seen_in_part_are_of_that),
		cmocka_unit_test(text_says_how_it_was_measured),
		cmocka_unit_test(nobody_says_idle_of_what_was_not_seen),
		cmocka_unit_test(waiting_is_enough_for_a_verdict),
		cmocka_unit_test(a_verdict_on_a_part_says_so),
		cmocka_unit_test(advice_on_a_part_compares_like_with_like),
		cmocka_unit_test(who_waits_for_a_cpu_does_not_wait_for_the_gil),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
