/* SPDX-License-Identifier: BSD-2-Clause */
/* test_light.c - random schedules in which books become light and exact again: nothing is lost, nothing taken back
 *
 * As test_books.c, whose schedules these are; each is made from one number, which is said when it fails. What is known in
 * any mode (waits, contended acquisitions, yields) must be what was done. What is not must still add up, in integers.
 */
#include "user/picture/balance.h"

#include "tests/unit/schedule_cnt.h"
#include "tests/unit/random_processes.h"

#define SCHEDULES schedule_cnt(400)

static uint64_t running_seed;
static bool running;
/* Seen, so that there is something to check. */
static uint64_t light_ever, exact_ever, blame_ever, unsure_ever, unseen_ever;

static void check_picture(const struct snapshot *snap)
{
	for (size_t i = 0; i < snap->proc_cnt; i++) {
		const struct snap_proc *p = &snap->procs[i];
		struct snapshot one = { .proc_cnt = 1, .procs = p };
		struct sums r = sums_of(&one);

		assert_int_equal(r.wait, r.gil_wait);
		assert_int_equal(r.wait, r.blame + r.gap + r.runnable + r.unsure);
		assert_int_equal(r.hold, r.held);
		assert_int_equal(r.pairs, r.blame + r.unsure);
		for (size_t g = 0; g < p->gil_cnt; g++) {
			const struct snap_gil *gil = &p->gils[g];

			/* Books may become light after the process's end, before that is seen. */
			assert_true(gil->held_ns <= gil->observed_ns || !p->alive);
			assert_true(gil->observed_ns <= p->span_ns);
			exact_ever += gil->held_ns;
			light_ever += p->span_ns - gil->observed_ns;
		}
		blame_ever += r.blame;
		unsure_ever += r.unsure;
		assert_true(snap_proc__balances(p));
	}
}

static void check_sum(const struct sim *s, const struct sums *interval, const struct sums *total)
{
	assert_int_equal(s->last.wait + interval->wait, total->wait);
	assert_int_equal(s->last.hold + interval->hold, total->hold);
	assert_int_equal(s->last.blame + interval->blame, total->blame);
	assert_int_equal(s->last.gap + interval->gap, total->gap);
	assert_int_equal(s->last.runnable + interval->runnable, total->runnable);
	assert_int_equal(s->last.unsure + interval->unsure, total->unsure);
	assert_int_equal(s->last.contended + interval->contended, total->contended);
}

/* As at each refresh: who holds, read from the target's memory. */
static void seed_holders(struct sim *s)
{
	for (size_t i = 0; i < s->k.gil_cnt; i++) {
		const struct fake_gil *g = &s->k.gils[i];

		if (!s->dying[g->tgid / 100 - 1] && !s->over[g->tgid / 100 - 1])
			say_holder(s->m, g->tgid, g->cond, g->holder, g->holder);
	}
}

/* Waits as they were, with those that still go on. */
static uint64_t waited_ns(const struct sim *s)
{
	uint64_t ns = s->waited_ns;

	for (size_t i = 0; i < s->k.thread_cnt; i++)
		if (s->k.threads[i].state == GT_WAIT)
			ns += s->now - s->wait_since[i];
	return ns;
}

static void check_all(struct sim *s)
{
	uint64_t (*point)(void *ctx, uint64_t cnt) = shim.point;
	struct sums total, interval;
	struct snapshot *snap;

	shim.point = NULL;
	read_now(s, rnd(s, 2));
	assert_int_equal(s->k.totals.torn_cnt, 0);
	snap = model__snapshot(s->m, MODEL_TOTAL);
	check_picture(snap);
	total = sums_of(snap);
	snapshot__free(snap);
	/* Who dies waiting, and clocks that lag, make waits other than they were meant to be. */
	if (!s->deaths && !point) {
		assert_int_equal(total.wait, waited_ns(s));
		assert_int_equal(total.contended, s->contended);
		assert_true(total.yields <=
			    s->yields); /* those of whom nobody has seen is not known */
	}
	snap = model__snapshot(s->m, MODEL_INTERVAL);
	check_picture(snap);
	interval = sums_of(snap);
	snapshot__free(snap);
	check_sum(s, &interval, &total);
	if (!rnd(s, 3)) {
		model__mark(s->m);
		s->last = total;
	}
	if (stacks_on && !rnd(s, 4))
		next_epoch(&s->k);
	shim.point = point;
}

static void run_schedule(uint64_t seed)
{
	struct sim *s = malloc(sizeof(*s));

	assert_non_null(s);
	running_seed = seed;
	running = true;
	begin(s, seed, true);
	for (unsigned int i = 0; i < 2 * STEPS; i++) {
		time_passes(s);
		step(s, false);
		if (!rnd(s, 8))
			check_all(s);
		if (s->deaths && !rnd(s, 60))
			process_ends(s, rnd(s, PROCS));
		if (s->deaths && !rnd(s, 60))
			process_execs(s, rnd(s, PROCS));
	}
	check_all(s);
	unseen_ever += s->unseen;
	model__free(s->m);
	machine__deinit(&s->k);
	free(s);
	running = false;
}

static void books_in_any_mode_balance_after_any_schedule(void **state)
{
	const char *one = getenv("GILTOP_TEST_SEED");

	(void)state;
	if (one) {
		run_schedule(strtoull(one, NULL, 0));
		return;
	}
	for (uint64_t seed = 1; seed <= SCHEDULES; seed++)
		run_schedule(seed);
	assert_true(light_ever && exact_ever && unseen_ever);
	assert_true(blame_ever > 10 * unsure_ever);
}

static int say_seed(void **state)
{
	(void)state;
	if (running)
		print_message("the schedule that failed: GILTOP_TEST_SEED=%llu\n",
			      (unsigned long long)running_seed);
	running = false;
	return 0;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_teardown(books_in_any_mode_balance_after_any_schedule, say_seed),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
