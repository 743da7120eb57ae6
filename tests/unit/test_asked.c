/* SPDX-License-Identifier: BSD-2-Clause */
/* test_asked.c - holds that a waiter asked to end, after a switch interval: how many, how long that took, how many took
 * their time
 */
#include "tests/unit/model_feed.h"

#define LATE ((uint64_t)GT_LATE_NS)

static struct machine k;

static const struct gt_gil *gil(void)
{
	struct gt_gil_key key = { .cond = COND, .tgid = PID };
	const uint32_t *slot = shim__find(SHIM_MAP(&gil_slots), &key);

	assert_non_null(slot);
	return shim__find(SHIM_MAP(&gils), slot);
}

static const struct gt_sums *sums_of_thread(uint32_t tid)
{
	struct gt_thread_key key = { .cond = COND, .tid = tid };
	const struct gt_thread *t = shim__find(SHIM_MAP(&threads), &key);

	assert_non_null(t);
	return &t->sums;
}

static void assert_asked(uint32_t tid, uint64_t asked, uint64_t react_ns, uint64_t late)
{
	const struct gt_sums *s = sums_of_thread(tid);

	assert_int_equal(s->asked, asked);
	assert_int_equal(s->react_ns, react_ns);
	assert_int_equal(s->late, late);
}

/* It holds from T0 + 100 on, and the other waits from T0 + 200 on. */
static void begin(void)
{
	machine__init(&k, false);
	acquires(&k, 1, T0 + 100);
	waits(&k, 2, T0 + 200);
	assert_int_equal(gil()->asked_ns, 0); /* who begins to wait does not ask yet */
}

static void the_second_hit_of_a_wait_in_one_hold_asks(void **state)
{
	(void)state;
	begin();
	waits(&k, 2, T0 + 5200);
	assert_int_equal(gil()->asked_ns, T0 + 5200);
	waits(&k, 2, T0 + 10200); /* it is asked already */
	waits(&k, 3, T0 + 10300);
	waits(&k, 3, T0 + 15300);
	assert_int_equal(gil()->asked_ns, T0 + 5200);
	releases(&k, 1, T0 + 15500);
	assert_asked(1, 1, 15500 - 5200, 0);
	assert_asked(2, 0, 0, 0); /* the holder's, not the waiter's */
	assert_int_equal(gil()->asked_ns, 0);
	machine__deinit(&k);
}

/* Somebody let go meanwhile, and another took it: as in CPython, one more interval goes by. */
static void a_release_between_two_hits_begins_anew(void **state)
{
	(void)state;
	begin();
	releases(&k, 1, T0 + 1000);
	acquires(&k, 3, T0 + 1010);
	waits(&k, 2, T0 + 5200);
	assert_int_equal(gil()->asked_ns, 0);
	waits(&k, 2, T0 + 10200); /* in the hold of 3 all the time */
	assert_int_equal(gil()->asked_ns, T0 + 10200);
	releases(&k, 3, T0 + 10300);
	assert_asked(1, 0, 0, 0);
	assert_asked(3, 1, 100, 0);
	machine__deinit(&k);
}

/* .. while nobody holds it there is nobody to ask. */
static void in_a_gap_nobody_is_asked(void **state)
{
	(void)state;
	begin();
	releases(&k, 1, T0 + 1000);
	waits(&k, 2, T0 + 5200);
	waits(&k, 2, T0 + 10200);
	assert_int_equal(gil()->asked_ns, 0);
	acquires(&k, 2, T0 + 10300);
	releases(&k, 2, T0 + 10400);
	assert_asked(2, 0, 0, 0);
	machine__deinit(&k);
}

static void each_hold_begins_unasked(void **state)
{
	(void)state;
	begin();
	waits(&k, 2, T0 + 5200);
	releases(&k, 1, T0 + 5300);
	acquires(&k, 2, T0 + 5310);
	assert_int_equal(gil()->asked_ns, 0);
	releases(&k, 2, T0 + 90000);
	assert_asked(1, 1, 100, 0);
	assert_asked(2, 0, 0, 0);
	acquires(&k, 1, T0 + 90010);
	releases(&k, 1, T0 + 99999);
	assert_asked(1, 1, 100, 0); /* and the sums stay */
	machine__deinit(&k);
}

/* The hold before was asked and its release was missed: that one's answer is not known, and not the next one's. */
static void a_missed_release_is_no_answer(void **state)
{
	(void)state;
	begin();
	waits(&k, 2, T0 + 5200);
	k.gils[0].holder = NO_TID;
	acquires(&k, 2, T0 + 6000);
	assert_int_equal(gil()->asked_ns, 0);
	releases(&k, 2, T0 + 6000 + 2 * LATE);
	assert_asked(1, 0, 0, 0);
	assert_asked(2, 0, 0, 0);
	machine__deinit(&k);
}

static void late_is_from_a_millisecond_on(void **state)
{
	static const struct {
		uint64_t react_ns, late;
	} cases[] = { { 0, 0 }, { LATE - 1, 0 }, { LATE, 1 }, { 30 * LATE, 1 } };
	uint64_t now = T0, sum = 0, late = 0;

	(void)state;
	machine__init(&k, false);
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		acquires(&k, 1, now += 100);
		waits(&k, 2, now += 100);
		waits(&k, 2, now += 5000);
		releases(&k, 1, now += cases[i].react_ns);
		sum += cases[i].react_ns;
		late += cases[i].late;
		assert_asked(1, i + 1, sum, late);
		acquires(&k, 2, now += 10);
		releases(&k, 2, now += 10);
	}
	machine__deinit(&k);
}

/* Of a total all of it, of an interval what ended in it; an open one is asked since then. */
static void pictures_have_what_ended_in_their_span(void **state)
{
	struct model *m = new_model();
	const struct snap_thread *t;
	struct snapshot *s;

	(void)state;
	begin();
	waits(&k, 2, T0 + 5200);
	releases(&k, 1, T0 + 5300);
	acquires(&k, 2, T0 + 5310);
	releases(&k, 2, T0 + 5400);
	feed(m, &k, T0 + 6000);
	s = model__snapshot(m, MODEL_TOTAL);
	assert_int_equal(s->procs[0].gils[0].asked_ns, 0);
	snapshot__free(s);
	model__mark(m);
	acquires(&k, 1, T0 + 7000);
	waits(&k, 2, T0 + 7100);
	waits(&k, 2, T0 + 12000);
	feed(m, &k, T0 + 15000);
	s = model__snapshot(m, MODEL_INTERVAL);
	assert_int_equal(s->procs[0].gils[0].asked_ns, 3000);
	t = snap_proc__thread(&s->procs[0], 1);
	assert_int_equal(t->asked, 0); /* it goes on */
	snapshot__free(s);
	releases(&k, 1, T0 + 12000 + LATE);
	feed(m, &k, T0 + 12000 + LATE + 1000);
	for (int span = 0; span < 2; span++) {
		s = model__snapshot(m, span ? MODEL_INTERVAL : MODEL_TOTAL);
		t = snap_proc__thread(&s->procs[0], 1);
		assert_int_equal(s->procs[0].gils[0].asked_ns, 0);
		assert_int_equal(t->asked, span ? 1 : 2);
		assert_int_equal(t->react_ns, span ? LATE : LATE + 100);
		assert_int_equal(t->late, 1);
		assert_int_equal(snap_proc__thread(&s->procs[0], 2)->asked, 0);
		snapshot__free(s);
	}
	model__free(m);
	machine__deinit(&k);
}

/* What ended is over: nobody is asked any more. */
static void the_open_hold_of_an_ended_process_is_not_asked(void **state)
{
	struct model *m = new_model();
	struct snapshot *s;

	(void)state;
	begin();
	waits(&k, 2, T0 + 5200);
	feed_at(m, &k, T0 + 6000, true);
	say_end(m, PID, T0 + 6000);
	s = model__snapshot(m, MODEL_TOTAL);
	assert_int_equal(s->procs[0].gils[0].asked_ns, 0);
	assert_false(s->procs[0].gils[0].held);
	snapshot__free(s);
	model__free(m);
	machine__deinit(&k);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_second_hit_of_a_wait_in_one_hold_asks),
		cmocka_unit_test(a_release_between_two_hits_begins_anew),
		cmocka_unit_test(in_a_gap_nobody_is_asked),
		cmocka_unit_test(each_hold_begins_unasked),
		cmocka_unit_test(a_missed_release_is_no_answer),
		cmocka_unit_test(late_is_from_a_millisecond_on),
		cmocka_unit_test(pictures_have_what_ended_in_their_span),
		cmocka_unit_test(the_open_hold_of_an_ended_process_is_not_asked),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
