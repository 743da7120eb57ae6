/* SPDX-License-Identifier: BSD-2-Clause */
/* test_offcpu.c - for how much of its holds a thread did not run, and what its CPU limit took */
#include "tests/unit/model_feed.h"

#define US 1000ull

static struct machine k;
static struct model *m;

/* The thread has been on a CPU since before the books, and had used some by then. */
static int set_up(void **state)
{
	(void)state;
	machine__init(&k, false);
	m = new_model();
	k.task.arrived_ns = T0 + 77 * US; /* another clock */
	k.task.ran_ns = 5000 * US;
	k.task.queued_ns = 900 * US;
	return 0;
}

static int tear_down(void **state)
{
	(void)state;
	model__free(m);
	machine__deinit(&k);
	return 0;
}

/* It gets a CPU again. Since it did the last time it ran, wanted one, and slept for so long. */
static void arrives(uint64_t ran_ns, uint64_t queued_ns, uint64_t slept_ns)
{
	k.task.ran_ns += ran_ns;
	k.task.queued_ns += queued_ns;
	k.task.arrived_ns += ran_ns + queued_ns + slept_ns;
}

static struct gt_sums *sums_of_thread(uint32_t tid)
{
	struct gt_thread_key key = { .cond = COND, .tid = tid };
	struct gt_thread *t = shim__find(SHIM_MAP(&threads), &key);

	assert_non_null(t);
	return &t->sums;
}

static void assert_split(uint64_t split_ns, uint64_t offcpu_ns, uint64_t runnable_ns)
{
	const struct gt_sums *s = sums_of_thread(1);

	assert_int_equal(s->hold_split_ns, split_ns);
	assert_int_equal(s->hold_offcpu_ns, offcpu_ns);
	assert_int_equal(s->hold_runnable_ns, runnable_ns);
}

static void who_is_not_switched_has_run_all_along(void **state)
{
	(void)state;
	acquires(&k, 1, T0 + 1000 * US);
	releases(&k, 1, T0 + 9000 * US);
	assert_split(8000 * US, 0, 0);
	arrives(100 * US, 50 * US, 50 * US); /* between two holds */
	acquires(&k, 1, T0 + 10000 * US);
	releases(&k, 1, T0 + 11000 * US);
	assert_split(9000 * US, 0, 0);
}

/* 3 ms of what it ran before were before the hold, which takes 10 ms. */
static void what_was_neither_run_nor_waited_for_was_slept(void **state)
{
	(void)state;
	acquires(&k, 1, T0 + 3077 * US);
	arrives((3000 + 1000) * US, 2000 * US, 4000 * US);
	releases(&k, 1, T0 + 13077 * US);
	assert_split(10000 * US, 6000 * US, 2000 * US);
	/* Several times in one hold; it went on from the last arrival on. */
	acquires(&k, 1, T0 + 14077 * US);
	arrives((4000 + 500) * US, 0, 500 * US);
	arrives(500 * US, 1500 * US, 0);
	releases(&k, 1, T0 + 20077 * US);
	assert_split(16000 * US, 8000 * US, 3500 * US);
}

/* The clocks are two, and what the kernel adds up may be a little more than what there was. */
static void parts_are_never_more_than_the_whole(void **state)
{
	(void)state;
	acquires(&k, 1, T0 + 1000 * US);
	arrives(10 * US, 2000 * US, 0);
	releases(&k, 1, T0 + 2500 * US);
	assert_split(1500 * US, 1500 * US, 1500 * US);
	acquires(&k, 1, T0 + 3000 * US);
	k.task.arrived_ns += 100 * US;
	k.task.ran_ns += 110 * US;
	k.task.queued_ns += 5 * US;
	releases(&k, 1, T0 + 3500 * US);
	assert_split(2000 * US, 1500 * US, 1500 * US);
}

static void holds_whose_start_was_not_seen_are_not_split(void **state)
{
	(void)state;
	has_held(&k, 1);
	releases(&k, 1, T0 + 1000 * US);
	assert_split(0, 0, 0);
	acquires(&k, 1, T0 + 2000 * US);
	releases(&k, 1, T0 + 3000 * US);
	assert_split(1000 * US, 0, 0);
}

static void where_the_kernel_does_not_say_nothing_is_known(void **state)
{
	struct snapshot *s;

	(void)state;
	k.task.arrived_ns = 0;
	acquires(&k, 1, T0 + 1000 * US);
	releases(&k, 1, T0 + 2000 * US);
	assert_split(0, 0, 0);
	feed(m, &k, T0 + 3000 * US);
	s = model__snapshot(m, MODEL_TOTAL);
	assert_true(s->procs[0].threads[0].hold_offcpu_ns == NS_UNKNOWN);
	assert_true(s->procs[0].threads[0].hold_runnable_ns == NS_UNKNOWN);
	snapshot__free(s);
}

static void assert_runnable(uint64_t ns, uint64_t now)
{
	struct snapshot *s;

	feed(m, &k, now);
	s = model__snapshot(m, MODEL_TOTAL);
	assert_true(s->procs[0].threads[0].runnable_ns == ns);
	assert_true(s->procs[0].threads[0].wait_ns == 2000 * US);
	snapshot__free(s);
}

/* Of the same wait. */
static void how_long_a_woken_thread_had_no_cpu_is_known_or_not_0(void **state)
{
	(void)state;
	waits(&k, 1, T0 + 1000 * US);
	k.task.queued_ns += 700 * US;
	acquires(&k, 1, T0 + 3000 * US);
	assert_runnable(700 * US, T0 + 3500 * US);
	tear_down(NULL);
	set_up(NULL);
	k.task.queued_unknown = true;
	k.task.queued_ns = 0;
	waits(&k, 1, T0 + 1000 * US);
	acquires(&k, 1, T0 + 3000 * US);
	assert_runnable(NS_UNKNOWN, T0 + 3500 * US);
}

/* A hold of 9 ms of which 6 are asleep, 3 without a CPU; it ends 1 ms after the mark. */
static void a_hold_is_known_when_it_has_ended(void **state)
{
	struct snapshot *s;

	(void)state;
	acquires(&k, 1, T0 + 1000 * US);
	arrives(1000 * US, 2000 * US, 4000 * US);
	feed(m, &k, T0 + 9000 * US);
	s = model__snapshot(m, MODEL_TOTAL);
	assert_int_equal(s->procs[0].threads[0].hold_ns, 8000 * US);
	assert_true(s->procs[0].threads[0].hold_offcpu_ns == NS_UNKNOWN);
	snapshot__free(s);
	model__mark(m);
	releases(&k, 1, T0 + 10000 * US);
	feed(m, &k, T0 + 12000 * US);
	s = model__snapshot(m, MODEL_TOTAL);
	assert_int_equal(s->procs[0].threads[0].hold_offcpu_ns, 6000 * US);
	assert_int_equal(s->procs[0].threads[0].hold_runnable_ns, 2000 * US);
	snapshot__free(s);
	/* Of the interval its share. */
	s = model__snapshot(m, MODEL_INTERVAL);
	assert_int_equal(s->procs[0].threads[0].hold_ns, 1000 * US);
	assert_int_equal(s->procs[0].threads[0].hold_offcpu_ns, 1000 * US * 6 / 9);
	assert_int_equal(s->procs[0].threads[0].hold_runnable_ns, 1000 * US * 2 / 9);
	snapshot__free(s);
	/* Who does not hold is not off a CPU with it. */
	model__mark(m);
	feed(m, &k, T0 + 13000 * US);
	s = model__snapshot(m, MODEL_INTERVAL);
	assert_int_equal(s->procs[0].threads[0].hold_offcpu_ns, 0);
	snapshot__free(s);
}

static void assert_throttled(enum model_span span, uint64_t ns)
{
	struct snapshot *s = model__snapshot(m, span);

	assert_non_null(s);
	assert_true(s->procs[0].throttled_ns == ns);
	snapshot__free(s);
}

static void say_throttled(uint64_t ns)
{
	struct record r = { .kind = REC_THROTTLED, .pid = PID, .throttled_ns = ns };

	assert_int_equal(say(m, &r), 0);
}

static void what_a_limit_took_is_of_the_span(void **state)
{
	(void)state;
	feed(m, &k, T0 + 1000 * US);
	assert_throttled(MODEL_TOTAL, NS_UNKNOWN);
	say_throttled(0);
	assert_throttled(MODEL_TOTAL, 0);
	say_throttled(7 * US);
	model__mark(m);
	say_throttled(5 * US);
	assert_throttled(MODEL_TOTAL, 12 * US);
	assert_throttled(MODEL_INTERVAL, 5 * US);
	model__reset(m);
	assert_throttled(MODEL_TOTAL, 0);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(who_is_not_switched_has_run_all_along),
		TEST(what_was_neither_run_nor_waited_for_was_slept),
		TEST(parts_are_never_more_than_the_whole),
		TEST(holds_whose_start_was_not_seen_are_not_split),
		TEST(where_the_kernel_does_not_say_nothing_is_known),
		TEST(how_long_a_woken_thread_had_no_cpu_is_known_or_not_0),
		TEST(a_hold_is_known_when_it_has_ended),
		TEST(what_a_limit_took_is_of_the_span),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
