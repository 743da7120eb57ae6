/* SPDX-License-Identifier: BSD-2-Clause */
/* test_parked.c - a thread that its interpreter parks for ever: to the books it has ended, to the views it is there */
#include "tests/unit/model_feed.h"

static void pauses(struct machine *k, uint32_t tid, uint64_t now)
{
	runs(k, thread_of_tid(k, tid), now);
	on_pause();
}

static enum snap_state state_of(const struct model *m, uint32_t tid, enum model_span span)
{
	struct snapshot *s = model__snapshot(m, span);
	const struct snap_thread *t = snap_proc__thread(&s->procs[0], tid);
	enum snap_state state = t ? t->state : SNAP_UNKNOWN;

	balanced_but_pairs(s);
	snapshot__free(s);
	return state;
}

static void who_waits_and_calls_pause_waits_no_more(void **state)
{
	struct model *m = new_model();
	struct machine k;

	(void)state;
	machine__init(&k, false);
	acquires(&k, 1, T0 + 100);
	waits(&k, 2, T0 + 200);
	pauses(&k, 2, T0 + 500);
	feed(m, &k, T0 + 1000);
	assert_int_equal(state_of(m, 2, MODEL_INTERVAL), SNAP_FINALIZING);
	assert_int_equal(check(m, MODEL_TOTAL).wait, 300);
	model__mark(m);
	releases(&k, 1, T0 + 1200);
	feed(m, &k, T0 + 2000);
	assert_int_equal(state_of(m, 2, MODEL_INTERVAL), SNAP_FINALIZING); /* still shown */
	assert_int_equal(check(m, MODEL_TOTAL).wait, 300);
	say_end(m, PID, T0 + 3000);
	assert_int_equal(state_of(m, 2, MODEL_TOTAL), SNAP_EXITED);
	model__free(m);
	machine__deinit(&k);
}

/* Python's own signal.pause(), with the GIL released. */
static void a_pause_of_somebody_else_means_nothing(void **state)
{
	struct model *m = new_model();
	struct machine k;

	(void)state;
	machine__init(&k, false);
	acquires(&k, 1, T0 + 100);
	releases(&k, 1, T0 + 200);
	pauses(&k, 1, T0 + 210);
	pauses(&k, 77, T0 + 220); /* has never touched a GIL */
	acquires(&k, 1, T0 + 300);
	feed(m, &k, T0 + 1000);
	assert_int_equal(state_of(m, 1, MODEL_INTERVAL), SNAP_HOLDING);
	model__free(m);
	machine__deinit(&k);
}

/* The process ends in the end. Before and after its record has been fetched. */
static void the_real_end_of_a_parked_thread_counts_nothing_twice(void **state)
{
	struct model *m = new_model();
	struct machine k;

	(void)state;
	machine__init(&k, false);
	acquires(&k, 1, T0 + 100);
	waits(&k, 2, T0 + 200);
	waits(&k, 3, T0 + 200);
	pauses(&k, 2, T0 + 300);
	pauses(&k, 3, T0 + 300);
	assert_int_equal(exited_cnt, 2);
	dies(&k, 2, T0 + 400);
	assert_int_equal(exited_cnt, 2);
	releases(&k, 1, T0 + 500);
	feed(m, &k, T0 + 1000);
	assert_int_equal(exited_cnt, 0);
	dies(&k, 3, T0 + 1100);
	assert_int_equal(exited_cnt, 0);
	assert_int_equal(check(m, MODEL_TOTAL).wait, 200);
	model__free(m);
	machine__deinit(&k);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(who_waits_and_calls_pause_waits_no_more),
		cmocka_unit_test(a_pause_of_somebody_else_means_nothing),
		cmocka_unit_test(the_real_end_of_a_parked_thread_counts_nothing_twice),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
