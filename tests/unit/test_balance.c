/* SPDX-License-Identifier: BSD-2-Clause */
/* test_balance.c - a picture whose numbers contradict one another is told from one whose do not */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "user/picture/balance.h"
#include "user/picture/snapshot.h"

/* Threads 1 and 2 wait for 3, and 1 a little for 2. */
struct picture {
	struct snap_gil gil;
	struct snap_thread threads[4];
	struct snap_pair pairs[3];
	struct snap_proc proc;
};

static void draw(struct picture *p)
{
	*p = (struct picture){
		.gil = { .held_ns = 80, .wait_ns = 70 },
		.threads = { { .tid = 1, .wait_ns = 40, .released_ns = 60, .span_ns = 100 },
			     { .tid = 2,
			       .wait_ns = 30,
			       .hold_ns = 20,
			       .released_ns = 50,
			       .span_ns = 100,
			       .blame_ns = 15 },
			     { .tid = 3,
			       .hold_ns = 60,
			       .released_ns = 40,
			       .span_ns = 100,
			       .blame_ns = 55 } },
		.pairs = { { 1, 3, 25 }, { 2, 3, 30 }, { 1, 2, 15 } },
	};
	p->proc = (struct snap_proc){ .span_ns = 100,
				      .gil_cnt = 1,
				      .gils = &p->gil,
				      .thread_cnt = 3,
				      .threads = p->threads,
				      .pairs_known = true,
				      .pair_cnt = 3,
				      .pairs = p->pairs };
}

static void a_single_nanosecond_is_seen(void **state)
{
	struct picture p = { .proc = { 0 } };
	uint64_t *const of[] = { &p.gil.wait_ns,	&p.gil.held_ns,
				 &p.gil.gap_ns,		&p.threads[0].wait_ns,
				 &p.threads[2].hold_ns, &p.threads[1].blame_ns,
				 &p.threads[1].span_ns, &p.pairs[1].ns };

	(void)state;
	draw(&p);
	assert_true(snap_proc__balances(&p.proc));
	for (size_t i = 0; i < sizeof(of) / sizeof(*of); i++) {
		draw(&p);
		++*of[i];
		assert_false(snap_proc__balances(&p.proc));
	}
}

static void no_thread_has_more_in_pairs_than_it_waited_or_made_wait(void **state)
{
	struct picture p;

	(void)state;
	draw(&p);
	p.pairs[0].ns++; /* of 1 for 3, .. */
	p.pairs[1].ns--; /* .. not of 2 */
	assert_false(snap_proc__balances(&p.proc));
	draw(&p);
	p.pairs[0].ns--;
	p.pairs[2].ns++; /* for 2, not for 3 */
	assert_false(snap_proc__balances(&p.proc));
	draw(&p);
	p.pairs[0].ns--;
	p.pairs[2].waiter_tid = 0; /* "other" is nobody's */
	p.pairs[2].ns++;
	p.pairs[2].holder_tid = 0;
	assert_true(snap_proc__balances(&p.proc));
}

static void ended_threads_without_a_row_may_have_had_the_tid_of_one_that_has(void **state)
{
	struct picture p;

	(void)state;
	draw(&p);
	p.pairs[0].ns++;
	p.pairs[1].ns--;
	p.threads[3] = (struct snap_thread){ .folded_cnt = 2 };
	p.proc.thread_cnt = 4;
	assert_true(snap_proc__balances(&p.proc));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_single_nanosecond_is_seen),
		cmocka_unit_test(no_thread_has_more_in_pairs_than_it_waited_or_made_wait),
		cmocka_unit_test(ended_threads_without_a_row_may_have_had_the_tid_of_one_that_has),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
