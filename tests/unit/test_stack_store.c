/* SPDX-License-Identifier: BSD-2-Clause */
/* test_stack_store.c - each stack kept once, and the running totals by stack over the kernel's epochs */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "user/picture/stack_store.h"
#include "user/source/stack_totals.h"

static const struct snap_frame A = { "main", "/app/a.py", 1 };
static const struct snap_frame B = { "work", "/app/a.py", 7 };
static const struct snap_frame B2 = { "work", "/app/a.py", 8 };
static const struct snap_frame C = { "work", "/app/c.py", 7 };

static uint32_t add2(struct stack_store *st, struct snap_frame x, struct snap_frame y)
{
	const struct snap_frame f[] = { x, y };

	return stack_store__add(st, f, 2, false);
}

static void same_names_files_and_lines_are_one_stack(void **state)
{
	struct stack_store *st = stack_store__new();
	char name[] = "work", file[] = "/app/a.py"; /* other addresses, same text */
	uint32_t ab, x;

	(void)state;
	assert_non_null(st);
	ab = add2(st, A, B);
	assert_int_not_equal(ab, 0);
	assert_int_equal(add2(st, A, (struct snap_frame){ name, file, 7 }), ab);
	assert_int_equal(stack_store__cnt(st), 1);
	x = add2(st, A, B2);
	assert_int_not_equal(x, ab);
	assert_int_not_equal(add2(st, A, C), ab);
	assert_int_not_equal(add2(st, B, A), ab); /* the other way round */
	assert_int_not_equal(stack_store__add(st, &A, 1, false), ab);
	assert_int_equal(stack_store__cnt(st), 5);
	stack_store__free(st);
}

static void a_cut_stack_is_not_the_whole_one(void **state)
{
	struct stack_store *st = stack_store__new();
	uint32_t whole = stack_store__add(st, &A, 1, false),
		 cut = stack_store__add(st, &A, 1, true);

	(void)state;
	assert_int_not_equal(whole, cut);
	assert_false(stack_store__get(st, whole).truncated);
	assert_true(stack_store__get(st, cut).truncated);
	stack_store__free(st);
}

static void what_was_put_in_comes_out_root_first(void **state)
{
	struct stack_store *st = stack_store__new();
	char name[] = "gone";
	const struct snap_frame f[] = { A, { name, "", 0 } };
	uint32_t id = stack_store__add(st, f, 2, false);
	struct stored_stack s;

	(void)state;
	strcpy(name, "XXXX"); /* the store has its own copy */
	s = stack_store__get(st, id);
	assert_int_equal(s.cnt, 2);
	assert_string_equal(s.frames[0].name, "main");
	assert_string_equal(s.frames[1].name, "gone");
	assert_string_equal(s.frames[1].file, "");
	assert_int_equal(s.frames[1].line, 0);
	stack_store__free(st);
}

static void unknown_ids_are_empty_stacks(void **state)
{
	struct stack_store *st = stack_store__new();

	(void)state;
	assert_int_equal(stack_store__get(st, 0).cnt, 0);
	assert_int_equal(stack_store__get(st, 1).cnt, 0);
	assert_int_equal(stack_store__get(st, UINT32_MAX).cnt, 0);
	assert_int_equal(stack_store__get(NULL, 1).cnt, 0);
	stack_store__free(st);
	stack_store__free(NULL);
}

static void a_full_store_says_other_and_keeps_what_it_has(void **state)
{
	struct stack_store *st = stack_store__new();
	uint32_t first = 0, id = 1;
	size_t n = 0;

	(void)state;
	for (uint32_t i = 0; id; i++, n++) {
		const struct snap_frame f = { "f", "x.py", i };

		assert_true(n < 1000000);
		id = stack_store__add(st, &f, 1, false);
		first = first ? first : id;
	}
	assert_int_equal(stack_store__cnt(st), n - 1);
	assert_int_equal(stack_store__full_cnt(st), 1);
	assert_int_equal(stack_store__get(st, first).frames[0].line, 0);
	assert_int_equal(stack_store__add(st, &(struct snap_frame){ "f", "x.py", 5 }, 1, false),
			 first + 5);
	assert_int_equal(stack_store__full_cnt(st), 1);
	stack_store__free(st);
}

/* ---- running totals ---- */

static void read_sum(struct stack_totals *st, uint32_t tid, uint32_t stack, uint32_t epoch,
		     uint64_t ns)
{
	const struct gt_sum_key k = { .tgid = 1, .tid = tid, .kind = GT_SUM_WAIT, .epoch = epoch };
	const struct gt_sum sum = { .ns = ns, .cnt = 1 };

	assert_int_equal(stack_totals__add_sum(st, &k, stack, &sum), 0);
}

static void read_chain(struct stack_totals *st, uint32_t tgid, uint32_t waiter, uint32_t ws,
		       uint32_t epoch, uint64_t ns)
{
	const struct gt_chain_key k = {
		.tgid = tgid, .waiter_tid = waiter, .holder_tid = 9, .epoch = epoch
	};
	const struct gt_sum sum = { .ns = ns, .cnt = 1 };

	assert_int_equal(stack_totals__add_chain(st, &k, ws, 3, &sum), 0);
}

static uint64_t sum_ns(const struct stack_totals *st, uint32_t tid, uint32_t stack)
{
	struct totals t = { 0 };
	uint64_t ns = 0;

	assert_int_equal(stack_totals__fill(st, &t), 0);
	for (size_t i = 0; i < t.stack_cnt; i++)
		ns += t.stacks[i].tid == tid && t.stacks[i].stack == stack ? t.stacks[i].ns : 0;
	free(t.stacks);
	free(t.chains);
	return ns;
}

/* As pystacks__read() does it: read both epochs, drop the older one, change places. */
static void what_the_kernel_drops_is_kept_and_counted_once(void **state)
{
	struct stack_totals st = { 0 };
	uint64_t kernel[2] = { 0 }, all = 0;
	uint32_t epoch = 0;

	(void)state;
	for (uint64_t i = 1; i < 50; i++) {
		kernel[epoch] += i * 10;
		all += i * 10;
		stack_totals__begin(&st);
		for (uint32_t e = 0; e < 2; e++)
			if (kernel[e])
				read_sum(&st, 5, 2, e, kernel[e]);
		assert_int_equal(sum_ns(&st, 5, 2), all);
		kernel[epoch] +=
			1; /* after the reading, into the epoch that is over now: seen next time */
		all += 1;
		kernel[epoch ^ 1] = 0;
		stack_totals__keep_epoch(&st, epoch ^ 1);
		epoch ^= 1;
	}
	stack_totals__deinit(&st);
}

static void hashes_of_one_stack_are_joined(void **state)
{
	struct stack_totals st = { 0 };

	(void)state;
	stack_totals__begin(&st);
	read_sum(&st, 5, 2, 0, 10);
	read_sum(&st, 5, 2, 0, 20);
	read_sum(&st, 6, 2, 0, 40);
	assert_int_equal(sum_ns(&st, 5, 2), 30);
	assert_int_equal(sum_ns(&st, 6, 2), 40);
	stack_totals__deinit(&st);
}

static void without_room_it_is_nobodys_in_particular(void **state)
{
	struct stack_totals st = { .max = 3 };
	struct totals t = { 0 };
	uint64_t ns = 0;

	(void)state;
	stack_totals__begin(&st);
	for (uint32_t tid = 1; tid <= 100; tid++) {
		read_sum(&st, tid, 2, 0, 10);
		read_chain(&st, 1, tid, 2, 0, 7);
	}
	assert_int_equal(stack_totals__fill(&st, &t), 0);
	assert_int_equal(t.stack_cnt, 4);
	assert_int_equal(t.chain_cnt, 4);
	for (size_t i = 0; i < t.stack_cnt; i++)
		ns += t.stacks[i].ns;
	assert_int_equal(ns, 1000);
	assert_int_equal(sum_ns(&st, 0, 0), 970);
	assert_int_equal(t.chains[3].tid | t.chains[3].other, 0);
	assert_int_equal(t.chains[3].ns, 97 * 7);
	assert_int_equal(t.stats[COUNTER_STACK_TOTALS_FULL], 2 * 97);
	/* The kernel still has them at the next reading: they are not others. */
	stack_totals__begin(&st);
	for (uint32_t tid = 1; tid <= 100; tid++)
		read_sum(&st, tid, 2, 0, 11);
	stack_totals__keep_epoch(&st, 0);
	stack_totals__begin(&st);
	read_sum(&st, 200, 2, 1, 1);
	assert_int_equal(stack_totals__fill(&st, &t), 0);
	assert_int_equal(t.stats[COUNTER_STACK_TOTALS_FULL], 97 + 1);
	totals__free(&t);
	stack_totals__deinit(&st);
}

static void a_forgotten_process_takes_only_its_own_with_it(void **state)
{
	struct stack_totals st = { 0 };
	struct totals t = { 0 };

	(void)state;
	stack_totals__begin(&st);
	for (uint32_t tgid = 1; tgid <= 3; tgid++)
		read_chain(&st, tgid, 5, 2, 0, tgid * 10);
	assert_int_equal(stack_totals__forget(&st, 2), 0);
	stack_totals__begin(&st);
	read_chain(&st, 1, 5, 2, 0, 11);
	read_chain(&st, 2, 5, 2, 0, 1); /* its pid comes again */
	read_chain(&st, 3, 5, 2, 0, 33);
	assert_int_equal(stack_totals__fill(&st, &t), 0);
	assert_int_equal(t.chain_cnt, 3);
	for (size_t i = 0; i < 3; i++)
		assert_int_equal(t.chains[i].ns, t.chains[i].tgid == 2 ? 1 : t.chains[i].tgid * 11);
	totals__free(&t);
	stack_totals__deinit(&st);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(same_names_files_and_lines_are_one_stack),
		cmocka_unit_test(a_cut_stack_is_not_the_whole_one),
		cmocka_unit_test(what_was_put_in_comes_out_root_first),
		cmocka_unit_test(unknown_ids_are_empty_stacks),
		cmocka_unit_test(a_full_store_says_other_and_keeps_what_it_has),
		cmocka_unit_test(what_the_kernel_drops_is_kept_and_counted_once),
		cmocka_unit_test(hashes_of_one_stack_are_joined),
		cmocka_unit_test(without_room_it_is_nobodys_in_particular),
		cmocka_unit_test(a_forgotten_process_takes_only_its_own_with_it),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
