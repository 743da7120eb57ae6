/* SPDX-License-Identifier: BSD-2-Clause */
/* test_stack_store.c - each stack kept once, and what sums by stack have grown by over the epochs */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "user/picture/stack_store.h"
#include "user/source/stack_growth.h"

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

/* ---- growth of the kernel's sums ---- */

static void read_sum(struct stack_growth *g, struct totals *t, uint32_t epoch, uint64_t hash,
		     uint64_t ns)
{
	const struct gt_sum_key k = {
		.stack = hash, .tgid = 1, .tid = 5, .kind = GT_SUM_WAIT, .epoch = epoch
	};
	const struct gt_sum sum = { .ns = ns, .cnt = 1 };

	assert_int_equal(stack_growth__add_sum(g, &k, 2, &sum, t), 0);
}

static void read_chain(struct stack_growth *g, struct totals *t, uint32_t tgid, uint64_t ns)
{
	const struct gt_chain_key k = { .tgid = tgid, .waiter_tid = 5, .holder_tid = 9 };
	const struct gt_sum sum = { .ns = ns, .cnt = 1 };

	assert_int_equal(stack_growth__add_chain(g, &k, 2, 3, &sum, t), 0);
}

static uint64_t sums_ns(const struct totals *t)
{
	uint64_t ns = 0;

	for (size_t i = 0; i < t->stack_cnt; i++) {
		assert_true(t->stacks[i].tid == 5 && t->stacks[i].stack == 2);
		ns += t->stacks[i].ns;
	}
	return ns;
}

static void names_without_end_take_no_memory_without_end(void **state)
{
	struct stack_store *st = stack_store__new();
	struct snap_frame f[60];
	static char names[60][200];
	uint32_t first = stack_store__add(st, &A, 1, false), last = 1;
	size_t kept = 0;

	(void)state;
	for (unsigned int i = 0; i < 20000 && last; i++) {
		for (unsigned int k = 0; k < 60; k++) {
			snprintf(names[k], sizeof(names[k]), "f%u_%u_%0150u", i, k, 0u);
			f[k] = (struct snap_frame){ names[k], "/made/up.py", 1 };
		}
		last = stack_store__add(st, f, 60, false);
		kept += last ? sizeof(f) + sizeof(names) * 3 / 4 : 0;
	}
	assert_int_equal(last, 0);
	assert_true(kept > 10u << 20 && kept < 64u << 20);
	assert_int_equal(stack_store__full_cnt(st), 1);
	assert_int_equal(stack_store__add(st, &A, 1, false), first);
	stack_store__free(st);
}

/* As pystacks__read() does it: read both epochs, drop the older one, change places. */
static void what_the_kernel_drops_is_counted_once(void **state)
{
	struct stack_growth g = { 0 };
	struct totals t = { 0 };
	uint64_t kernel[2] = { 0 }, all = 0, read = 0;
	uint32_t epoch = 0;

	(void)state;
	for (uint64_t i = 1; i < 50; i++) {
		kernel[epoch] += i * 10;
		all += i * 10;
		stack_growth__begin(&t);
		for (uint32_t e = 0; e < 2; e++)
			if (kernel[e])
				read_sum(&g, &t, e, 77, kernel[e]);
		read += sums_ns(&t);
		assert_int_equal(read, all);
		kernel[epoch] +=
			1; /* after the reading, into the epoch that is over now: seen next time */
		all += 1;
		kernel[epoch ^ 1] = 0;
		assert_int_equal(stack_growth__drop_epoch(&g, epoch ^ 1), 0);
		epoch ^= 1;
	}
	assert_true(g.cnt <= 2);
	totals__free(&t);
	stack_growth__deinit(&g);
}

static void hashes_of_one_stack_grow_each_by_itself(void **state)
{
	struct stack_growth g = { 0 };
	struct totals t = { 0 };

	(void)state;
	stack_growth__begin(&t);
	read_sum(&g, &t, 0, 77, 10);
	read_sum(&g, &t, 0, 78, 20);
	assert_int_equal(sums_ns(&t), 30);
	stack_growth__begin(&t);
	read_sum(&g, &t, 0, 78, 24);
	read_sum(&g, &t, 0, 77, 10);
	assert_int_equal(sums_ns(&t), 4);
	assert_int_equal(t.stack_cnt, 1); /* what has not grown is not news */
	totals__free(&t);
	stack_growth__deinit(&g);
}

static void a_dropped_process_takes_only_its_own_with_it(void **state)
{
	struct stack_growth g = { 0 };
	struct totals t = { 0 };

	(void)state;
	stack_growth__begin(&t);
	for (uint32_t tgid = 1; tgid <= 3; tgid++)
		read_chain(&g, &t, tgid, tgid * 10);
	assert_int_equal(stack_growth__drop_process(&g, 2), 0);
	stack_growth__begin(&t);
	read_chain(&g, &t, 1, 11);
	read_chain(&g, &t, 2, 7); /* its pid comes again */
	read_chain(&g, &t, 3, 33);
	assert_int_equal(t.chain_cnt, 3);
	for (uint32_t i = 0; i < 3; i++)
		assert_int_equal(t.chains[i].ns, i == 1 ? 7 : i + 1);
	totals__free(&t);
	stack_growth__deinit(&g);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(same_names_files_and_lines_are_one_stack),
		cmocka_unit_test(a_cut_stack_is_not_the_whole_one),
		cmocka_unit_test(what_was_put_in_comes_out_root_first),
		cmocka_unit_test(unknown_ids_are_empty_stacks),
		cmocka_unit_test(a_full_store_says_other_and_keeps_what_it_has),
		cmocka_unit_test(names_without_end_take_no_memory_without_end),
		cmocka_unit_test(what_the_kernel_drops_is_counted_once),
		cmocka_unit_test(hashes_of_one_stack_grow_each_by_itself),
		cmocka_unit_test(a_dropped_process_takes_only_its_own_with_it),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
