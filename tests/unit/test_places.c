/* SPDX-License-Identifier: BSD-2-Clause */
/* test_places.c - looks scaled to what is exact: to the nanosecond, by thread, the best of them first */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <string.h>

#include "user/base/arena.h"
#include "user/base/util.h"
#include "user/model/model_impl.h"
#include "user/model/places.h"

#define MAX 8

/* Rows of threads, and places of one kind in them. */
struct scale {
	struct place_row rows[MAX];
	struct place room[4 * MAX];
	struct tally tallies[4 * MAX];
	size_t tally_cnt;
	struct places pl;
};

/* Two threads, 7 and 8, and the row of the ended ones; each with so much time of this kind. */
static void scale__init(struct scale *s, int kind, uint64_t ns)
{
	*s = (struct scale){ .rows = { { .tid = 0 }, { .tid = 7 }, { .tid = 8 } } };
	for (size_t i = 0; i < 3; i++)
		s->rows[i].ns[kind] = ns;
	s->pl = (struct places){ .rows = s->rows, .row_cnt = 3, .v = s->room, .kind = kind };
}

static void scale__add(struct scale *s, uint32_t tid, uint64_t before, uint64_t now, int pass)
{
	struct tally *t = &s->tallies[s->tally_cnt++];

	*t = (struct tally){ .tid = tid,
			     .ns_at = { now, before, before / 2 },
			     .cnt_at = { 9, 4, 0 } };
	places__add(&s->pl, t, tid, pass == 1 ? AT_MARK : -1, pass);
}

static uint64_t placed_ns(const struct scale *s, uint32_t row)
{
	uint64_t ns = 0;

	for (size_t i = 0; i < s->pl.cnt; i++)
		ns += s->pl.v[i].tid == row ? s->pl.v[i].ns : 0;
	return ns;
}

/* Is it the part of its weight, rounded? */
static bool is_part(uint64_t part, uint64_t weight, uint64_t all, uint64_t ns)
{
	uint64_t want = (uint64_t)((unsigned __int128)ns * weight / all);

	return part + 1 >= want && part <= want + 1;
}

static void shares_add_up_to_the_nanosecond_for_awkward_weights(void **state)
{
	static const uint64_t weights[] = { 1, 3, 1ull << 60 };
	static const uint64_t times[] = { 1, 2, 3, 7, 999999999989, (1ull << 62) + 1 };
	const uint64_t all = 4 + (1ull << 60);
	struct scale s;

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(times); i++)
		for (size_t first = 0; first < ARRAY_SIZE(weights); first++) {
			scale__init(&s, PLACE_HOLD, times[i]);
			for (size_t k = 0; k < ARRAY_SIZE(weights); k++)
				scale__add(&s, 7, 0, weights[(first + k) % 3], 2);
			places__scale(&s.pl);
			assert_int_equal(s.pl.cnt, 3);
			assert_int_equal(placed_ns(&s, 7), times[i]);
			for (size_t k = 0; k < 3; k++)
				assert_true(is_part(s.pl.v[k].ns, s.pl.v[k].weight, all, times[i]));
			assert_int_equal(s.rows[1].ns[PLACE_HOLD], 0);
			assert_int_equal(s.rows[2].ns[PLACE_HOLD], times[i]); /* no place */
		}
}

static void each_thread_is_scaled_by_itself(void **state)
{
	struct scale s;

	(void)state;
	scale__init(&s, PLACE_BLAME, 1000);
	scale__add(&s, 8, 0, 1, 2);
	scale__add(&s, 7, 0, 500, 2);
	scale__add(&s, 8, 0, 3, 2);
	places__scale(&s.pl);
	assert_int_equal(placed_ns(&s, 7), 1000);
	assert_int_equal(placed_ns(&s, 8), 1000);
	for (size_t i = 0; i < s.pl.cnt; i++)
		assert_int_equal(s.pl.v[i].ns,
				 s.pl.v[i].weight == 500 ? 1000 : 250 * s.pl.v[i].weight);
}

static void what_weighs_nothing_or_less_has_no_place(void **state)
{
	struct scale s;

	(void)state;
	scale__init(&s, PLACE_HOLD, 1000);
	scale__add(&s, 7, 0, 0, 2);
	scale__add(&s, 7, 50, 50, 1);	       /* nothing since */
	scale__add(&s, 7, 50, 40, 1);	       /* less */
	scale__add(&s, 7, 0, -(uint64_t)5, 2); /* a place asleep that clocks saw too much of */
	assert_int_equal(s.pl.cnt, 0);
	scale__add(&s, 7, -(uint64_t)5, 3, 1); /* .. has got eight since */
	places__scale(&s.pl);
	assert_int_equal(s.pl.cnt, 1);
	assert_int_equal(s.pl.v[0].weight, 8);
	assert_int_equal(s.pl.v[0].cnt, 5);
	assert_int_equal(placed_ns(&s, 7), 1000);
}

static void looks_at_a_thread_without_such_time_have_no_place(void **state)
{
	struct scale s;

	(void)state;
	scale__init(&s, PLACE_HOLD, 0);
	scale__add(&s, 7, 0, 100, 2);
	places__scale(&s.pl);
	assert_int_equal(s.pl.cnt, 0);
}

static void ended_threads_share_one_row(void **state)
{
	struct scale s;

	(void)state;
	scale__init(&s, PLACE_WAIT, 900);
	scale__add(&s, 500, 0, 1, 2);
	scale__add(&s, 501, 0, 2, 2);
	places__scale(&s.pl);
	assert_int_equal(s.pl.cnt, 2);
	assert_int_equal(placed_ns(&s, 0), 900);
	for (size_t i = 0; i < 2; i++)
		assert_int_equal(s.pl.v[i].ns, s.pl.v[i].t->tid == 500 ? 300 : 600);
}

static void a_row_takes_places_of_one_pass_alone(void **state)
{
	struct scale s;

	(void)state;
	scale__init(&s, PLACE_HOLD, 1000);
	scale__add(&s, 7, 10, 20, 1);
	scale__add(&s, 7, 10, 30, 1);
	scale__add(&s, 7, 10, 10, 1);
	scale__add(&s, 7, 10, 20, 2);
	scale__add(&s, 8, 10, 20, 2);
	assert_int_equal(s.pl.cnt, 3);
	places__scale(&s.pl);
	assert_int_equal(placed_ns(&s, 7), 1000);
	assert_int_equal(placed_ns(&s, 8), 1000);
}

static void a_thread_at_two_gils_has_one_row(void **state)
{
	static const struct snap_thread threads[] = {
		{ .tid = 9, .wait_ns = 1, .hold_ns = 20, .blame_ns = 300 },
		{ .tid = 3, .wait_ns = 5, .hold_ns = 50, .blame_ns = 500 },
		{ .tid = 0, .wait_ns = 7, .hold_ns = 70, .blame_ns = 700, .folded_cnt = 2 },
		{ .tid = 9, .wait_ns = 2, .hold_ns = 30, .blame_ns = 400 },
		{ .tid = 0, .wait_ns = 1, .hold_ns = 10, .blame_ns = 100, .folded_cnt = 1 },
	};
	static const struct place_row want[] = {
		{ 0, { 8, 80, 800 }, { 0 } },
		{ 3, { 5, 50, 500 }, { 0 } },
		{ 9, { 3, 50, 700 }, { 0 } },
	};
	const struct snap_proc p = { .thread_cnt = ARRAY_SIZE(threads), .threads = threads };
	const struct snap_proc nobody = { .thread_cnt = 0 };
	struct arena a = { 0 };
	struct place_row *rows;
	size_t cnt;

	(void)state;
	rows = places__rows(&p, &a, &cnt);
	assert_non_null(rows);
	assert_int_equal(cnt, ARRAY_SIZE(want));
	assert_memory_equal(rows, want, sizeof(want));
	rows = places__rows(&nobody, &a, &cnt);
	assert_non_null(rows);
	assert_int_equal(cnt, 1);
	assert_int_equal(rows[0].tid, 0);
	arena__free(&a);
}

/* ---- which looks count: as build_stacks.c asks for them ---- */

enum { SEEN_NOW = 1, SEEN_EVER, END_NOW, END_EVER };

static const struct snap_frame frames[] = {
	{ "seen now", "a.py", 1 },
	{ "seen ever", "a.py", 2 },
	{ "end now", "a.py", 3 },
	{ "end ever", "a.py", 4 },
};

/* Five threads; the first has all, each other lacks the best of the one before. */
static const char *const best[] = { "seen now", "seen ever", "end now", "end ever", "[not seen]" };

#define THREADS ARRAY_SIZE(best)

struct process {
	struct model m;
	struct mproc p;
	struct stored_stack stacks[ARRAY_SIZE(frames)];
	struct snap_thread threads[THREADS];
	struct tally *now[64]; /* those that are seen since the mark, too, and .. */
	int where[64];	       /* .. where they are */
	size_t now_cnt;
	struct snap_proc ret;
	struct arena a;
};

static void add_tally(struct process *pr, int where, struct tally t, int place)
{
	struct tally *mine;

	if (where == CHAINS)
		t.other_stack = (uint32_t)place;
	else
		t.stack = (uint32_t)place;
	mine = tallies__get(&pr->p.tallies[where], t);
	assert_non_null(mine);
	mine->closed_ns = mine->cnt = 10;
	if (place != SEEN_NOW && place != END_NOW)
		return;
	pr->where[pr->now_cnt] = where;
	pr->now[pr->now_cnt++] = mine;
}

static void mark(struct process *pr)
{
	for (int which = 0; which < TALLIES_CNT; which++) {
		tallies__sum(&pr->p.tallies[which]);
		tallies__copy(&pr->p.tallies[which], AT_MARK);
	}
	for (size_t i = 0; i < pr->now_cnt; i++) {
		assert_ptr_equal(tallies__get(&pr->p.tallies[pr->where[i]], *pr->now[i]),
				 pr->now[i]);
		pr->now[i]->closed_ns += 5;
		pr->now[i]->cnt += 5;
	}
	for (int which = 0; which < TALLIES_CNT; which++)
		tallies__sum(&pr->p.tallies[which]);
}

static void build(struct process *pr)
{
	*pr = (struct process){ .m.stacks_known = true };
	mproc__init_pairs(&pr->p);
	for (uint32_t i = 0; i < ARRAY_SIZE(frames); i++)
		pr->stacks[i] = (struct stored_stack){ .cnt = 1, .frames = &frames[i] };
	pr->m.stacks = pr->stacks;
	pr->m.stack_cnt = ARRAY_SIZE(frames);
	for (uint32_t i = 0; i < THREADS; i++) {
		uint32_t tid = 10 + i;

		pr->threads[i] = (struct snap_thread){
			.tid = tid, .wait_ns = 100, .hold_ns = 1000, .blame_ns = 77
		};
		for (int place = (int)i + 1; place <= END_EVER; place++) {
			bool end = place >= END_NOW;
			struct tally of = { .tid = tid };

			of.other = end ? GT_SUM_END : GT_SUM_HOLD;
			add_tally(pr, SUMS, of, place);
			of.other = GT_SUM_END_BLAME;
			if (end)
				add_tally(pr, SUMS, of, place);
			of = (struct tally){ .tid = 99, .other = tid };
			if (!end)
				add_tally(pr, CHAINS, of, place);
		}
	}
	mark(pr);
	pr->ret.thread_cnt = THREADS;
	pr->ret.threads = pr->threads;
	assert_int_equal(mproc__build_stacks(&pr->m, &pr->p, AT_MARK, &pr->a, &pr->ret), 0);
}

/* Each thread has all of its time of this kind at one place. */
static void all_is_at_the_best(const struct process *pr, enum snap_stack_kind kind, uint64_t ns)
{
	size_t found = 0;

	for (size_t i = 0; i < pr->ret.stack_cnt; i++) {
		const struct snap_stack *s = &pr->ret.stacks[i];

		if (s->kind != kind)
			continue;
		found++;
		assert_in_range(s->tid, 10, 10 + THREADS - 1);
		assert_int_equal(s->ns, ns);
		assert_int_equal(s->frame_cnt, 1);
		assert_string_equal(s->frames[0].name, best[s->tid - 10]);
	}
	assert_int_equal(found, THREADS);
}

static void looks_of_the_span_count_then_all_then_ends_then_nothing_is_seen(void **state)
{
	struct process pr;

	(void)state;
	build(&pr);
	all_is_at_the_best(&pr, SNAP_STACK_HOLD, 1000);
	mproc__free_pairs(&pr.p);
	arena__free(&pr.a);
}

static void blame_is_where_its_chains_are_and_else_where_holds_ended(void **state)
{
	uint64_t ns = 0;
	struct process pr;

	(void)state;
	build(&pr);
	all_is_at_the_best(&pr, SNAP_STACK_BLAME, 77);
	for (size_t i = 0; i < pr.ret.chain_cnt; i++)
		ns += pr.ret.chains[i].ns;
	assert_int_equal(ns, 77 * THREADS);
	mproc__free_pairs(&pr.p);
	arena__free(&pr.a);
}

static void waits_that_nobody_saw_are_not_seen(void **state)
{
	struct process pr;
	size_t found = 0;

	(void)state;
	build(&pr);
	for (size_t i = 0; i < pr.ret.stack_cnt; i++) {
		if (pr.ret.stacks[i].kind != SNAP_STACK_WAIT)
			continue;
		found++;
		assert_int_equal(pr.ret.stacks[i].ns, 100);
		assert_string_equal(pr.ret.stacks[i].frames[0].name, "[not seen]");
	}
	assert_int_equal(found, THREADS);
	mproc__free_pairs(&pr.p);
	arena__free(&pr.a);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(shares_add_up_to_the_nanosecond_for_awkward_weights),
		cmocka_unit_test(each_thread_is_scaled_by_itself),
		cmocka_unit_test(what_weighs_nothing_or_less_has_no_place),
		cmocka_unit_test(looks_at_a_thread_without_such_time_have_no_place),
		cmocka_unit_test(ended_threads_share_one_row),
		cmocka_unit_test(a_row_takes_places_of_one_pass_alone),
		cmocka_unit_test(a_thread_at_two_gils_has_one_row),
		cmocka_unit_test(looks_of_the_span_count_then_all_then_ends_then_nothing_is_seen),
		cmocka_unit_test(blame_is_where_its_chains_are_and_else_where_holds_ended),
		cmocka_unit_test(waits_that_nobody_saw_are_not_seen),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
