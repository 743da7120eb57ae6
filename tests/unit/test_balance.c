/* SPDX-License-Identifier: BSD-2-Clause */
/* test_balance.c - a picture that balances, and each nanosecond that is too much or too little in it */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdbool.h>

#include "user/base/util.h"
#include "user/picture/balance.h"
#include "user/picture/snapshot.h"

/* Two GILs: two threads take turns at the first for all of the span, one has the second alone for a while. */
struct picture {
	struct snap_thread threads[3];
	struct snap_gil gils[2];
	struct snap_pair pairs[2];
	struct snap_stack stacks[7];
	struct snap_chain chains[2];
	struct snap_proc p;
};

static void picture__init(struct picture *x)
{
	*x = (struct picture){
		.threads = { { .tid = 1,
			       .span_ns = 1000,
			       .wait_ns = 400,
			       .hold_ns = 600,
			       .blame_ns = 300 },
			     { .tid = 2,
			       .span_ns = 1000,
			       .wait_ns = 310,
			       .hold_ns = 400,
			       .yield_ns = 90,
			       .released_ns = 200,
			       .blame_ns = 385 },
			     { .tid = 3,
			       .gil = 1,
			       .span_ns = 800,
			       .hold_ns = 50,
			       .released_ns = 750 } },
		.gils = { { .held_ns = 1000, .wait_ns = 710, .gap_ns = 25 },
			  { .id = 1, .held_ns = 50 } },
		.pairs = { { 1, 2, 385 }, { 2, 1, 300 } },
		.stacks = { { .kind = SNAP_STACK_WAIT, .tid = 1, .ns = 400 },
			    { .kind = SNAP_STACK_WAIT, .tid = 2, .ns = 310 },
			    { .kind = SNAP_STACK_HOLD, .tid = 1, .ns = 600 },
			    { .kind = SNAP_STACK_HOLD, .tid = 2, .ns = 400 },
			    { .kind = SNAP_STACK_HOLD, .tid = 3, .ns = 50 },
			    { .kind = SNAP_STACK_BLAME, .tid = 1, .ns = 300 },
			    { .kind = SNAP_STACK_BLAME, .tid = 2, .ns = 385 } },
		.chains = { { .waiter_tid = 1, .holder_tid = 2, .ns = 385 },
			    { .waiter_tid = 2, .holder_tid = 1, .ns = 300 } },
		.p = { .span_ns = 1000, .pairs_known = true, .stacks_known = true },
	};
	x->p.thread_cnt = ARRAY_SIZE(x->threads);
	x->p.threads = x->threads;
	x->p.gil_cnt = ARRAY_SIZE(x->gils);
	x->p.gils = x->gils;
	x->p.pair_cnt = ARRAY_SIZE(x->pairs);
	x->p.pairs = x->pairs;
	x->p.stack_cnt = ARRAY_SIZE(x->stacks);
	x->p.stacks = x->stacks;
	x->p.chain_cnt = ARRAY_SIZE(x->chains);
	x->p.chains = x->chains;
}

static void a_picture_that_balances(void **state)
{
	const struct snap_proc nothing = { .pairs_known = true, .stacks_known = true };
	struct picture x;

	(void)state;
	picture__init(&x);
	assert_true(snap_proc__balances(&x.p));
	assert_true(snap_proc__balances(&nothing));
}

/* Both ways; then it balances again. */
static void is_found(struct picture *x, uint64_t *ns)
{
	assert_true(snap_proc__balances(&x->p));
	++*ns;
	assert_false(snap_proc__balances(&x->p));
	*ns -= 2;
	assert_false(snap_proc__balances(&x->p));
	++*ns;
	assert_true(snap_proc__balances(&x->p));
}

static void a_nanosecond_of_a_thread_is_found(void **state)
{
	struct picture x;

	(void)state;
	picture__init(&x);
	for (size_t i = 0; i < ARRAY_SIZE(x.threads); i++) {
		is_found(&x, &x.threads[i].wait_ns);
		is_found(&x, &x.threads[i].hold_ns);
		is_found(&x, &x.threads[i].yield_ns);
		is_found(&x, &x.threads[i].released_ns);
		is_found(&x, &x.threads[i].span_ns);
		is_found(&x, &x.threads[i].blame_ns);
	}
}

static void a_nanosecond_of_a_gil_is_found(void **state)
{
	struct picture x;

	(void)state;
	picture__init(&x);
	for (size_t i = 0; i < ARRAY_SIZE(x.gils); i++) {
		is_found(&x, &x.gils[i].held_ns);
		is_found(&x, &x.gils[i].wait_ns);
		is_found(&x, &x.gils[i].gap_ns);
	}
}

static void a_nanosecond_of_a_pair_is_found_where_pairs_are_known(void **state)
{
	struct picture x;

	(void)state;
	picture__init(&x);
	for (size_t i = 0; i < ARRAY_SIZE(x.pairs); i++)
		is_found(&x, &x.pairs[i].ns);
	x.p.pairs_known = false;
	x.p.pair_cnt = 0;
	assert_true(snap_proc__balances(&x.p));
}

static void a_nanosecond_of_a_stack_or_chain_is_found_where_stacks_are_known(void **state)
{
	struct picture x;

	(void)state;
	picture__init(&x);
	for (size_t i = 0; i < ARRAY_SIZE(x.stacks); i++)
		is_found(&x, &x.stacks[i].ns);
	for (size_t i = 0; i < ARRAY_SIZE(x.chains); i++)
		is_found(&x, &x.chains[i].ns);
	x.p.stacks_known = false;
	x.p.stack_cnt = x.p.chain_cnt = 0;
	assert_true(snap_proc__balances(&x.p));
}

static void no_gil_is_held_for_longer_than_the_span(void **state)
{
	struct picture x;

	(void)state;
	picture__init(&x);
	x.p.span_ns--;
	assert_false(snap_proc__balances(&x.p));
	x.p.span_ns += 2;
	assert_true(snap_proc__balances(&x.p));
}

/* Moved from one to the other, all sums being as before. */
static void is_found_between(struct picture *x, uint64_t *from, uint64_t *to)
{
	assert_true(snap_proc__balances(&x->p));
	--*from;
	++*to;
	assert_false(snap_proc__balances(&x->p));
	++*from;
	--*to;
	assert_true(snap_proc__balances(&x->p));
}

static void a_nanosecond_at_the_wrong_gil_is_found(void **state)
{
	struct picture x;

	(void)state;
	picture__init(&x);
	is_found_between(&x, &x.gils[0].held_ns, &x.gils[1].held_ns);
	is_found_between(&x, &x.gils[0].wait_ns, &x.gils[1].wait_ns);
	is_found_between(&x, &x.gils[0].gap_ns, &x.gils[1].gap_ns);
}

static void a_nanosecond_at_the_stacks_of_the_wrong_kind_is_found(void **state)
{
	struct picture x;

	(void)state;
	picture__init(&x);
	is_found_between(&x, &x.stacks[0].ns, &x.stacks[2].ns);
	is_found_between(&x, &x.stacks[2].ns, &x.stacks[5].ns);
	is_found_between(&x, &x.stacks[5].ns, &x.stacks[0].ns);
	is_found_between(&x, &x.threads[0].hold_ns, &x.threads[0].wait_ns);
	is_found_between(&x, &x.threads[0].hold_ns, &x.threads[1].hold_ns);
}

static void no_thread_has_more_in_pairs_than_it_waited_or_made_wait(void **state)
{
	struct picture x;

	(void)state;
	picture__init(&x);
	is_found_between(&x, &x.pairs[0].ns, &x.pairs[1].ns); /* 1 has made no more wait */
	is_found_between(&x, &x.pairs[1].ns, &x.pairs[0].ns);
	x.threads[0].wait_ns = 384; /* less than it waited for 2 */
	x.threads[0].hold_ns = 616;
	x.threads[1].wait_ns = 326;
	x.threads[1].hold_ns = 384;
	x.stacks[0].ns = 384;
	x.stacks[1].ns = 326;
	assert_false(snap_proc__balances(&x.p));
	x.pairs[0].ns--;
	x.pairs[1] = (struct snap_pair){ 0, 0, 301 }; /* "other" is nobody's */
	assert_true(snap_proc__balances(&x.p));
}

static void ended_threads_without_a_row_may_have_had_the_tid_of_one_that_has(void **state)
{
	struct picture x;

	(void)state;
	picture__init(&x);
	--x.pairs[0].ns;
	++x.pairs[1].ns;
	assert_false(snap_proc__balances(&x.p));
	x.threads[2].folded_cnt = 2;
	assert_true(snap_proc__balances(&x.p));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_picture_that_balances),
		cmocka_unit_test(a_nanosecond_of_a_thread_is_found),
		cmocka_unit_test(a_nanosecond_of_a_gil_is_found),
		cmocka_unit_test(a_nanosecond_of_a_pair_is_found_where_pairs_are_known),
		cmocka_unit_test(a_nanosecond_of_a_stack_or_chain_is_found_where_stacks_are_known),
		cmocka_unit_test(no_gil_is_held_for_longer_than_the_span),
		cmocka_unit_test(a_nanosecond_at_the_wrong_gil_is_found),
		cmocka_unit_test(no_thread_has_more_in_pairs_than_it_waited_or_made_wait),
		cmocka_unit_test(ended_threads_without_a_row_may_have_had_the_tid_of_one_that_has),
		cmocka_unit_test(a_nanosecond_at_the_stacks_of_the_wrong_kind_is_found),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
