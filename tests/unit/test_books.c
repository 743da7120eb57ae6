/* SPDX-License-Identifier: BSD-2-Clause */
/* test_books.c - random schedules of several processes, GILs and threads: the books balance in integers
 *
 * Each schedule is made from one number, which is said when it fails. Whenever nothing runs the invariants
 * must hold, in the records and in the model's pictures.
 */
#include "user/picture/balance.h"

#include "tests/unit/schedule_cnt.h"
#include "tests/unit/random_processes.h"

#define SCHEDULES schedule_cnt(400)

static uint64_t running_seed;
static bool running;
static uint64_t asked_ever, late_ever; /* seen, so that there is something to check */

/* ---- the invariants in the records ---- */

struct books {
	uint64_t time_ns[GT_STATE_CNT], blame_ns, acquisitions, releases, yields;
};

static const struct gt_gil *gil_record(const struct fake_gil *g)
{
	struct gt_gil_key key = { .cond = g->cond, .tgid = g->tgid };
	const uint32_t *slot = shim__find(SHIM_MAP(&gil_slots), &key);

	return slot ? shim__find(SHIM_MAP(&gils), slot) : NULL;
}

static void add_thread_record(const struct sim *s, const struct gt_thread *t,
			      const struct gt_gil *g, struct books *b)
{
	bool gone = t->flags & GT_F_EXITED && t->state != GT_WAIT && t->state != GT_HOLD;
	uint64_t end = gone ? t->exit_ns : s->now, sum = 0;
	int64_t open = (int64_t)(t->sums.acquisitions - t->sums.releases);

	assert_int_equal(t->seq_start, t->seq_end);
	assert_int_equal(t->sums.odd, 0);
	for (int i = 0; i < GT_STATE_CNT; i++) {
		uint64_t ns =
			t->sums.time_ns[i] + (i == (int)t->state && !gone ? end - t->since_ns : 0);

		b->time_ns[i] += ns;
		sum += ns;
	}
	assert_true(t->since_ns <= s->now);
	assert_int_equal(sum, end - t->first_ns); /* invariant 3 */
	/* Invariant 4; the first release of who has held since before the books has no acquisition. */
	assert_true(open == 0 || open == 1 || (open == -1 && t->first_ns == g->first_ns));
	asked_ever += t->sums.asked - t->sums.late;
	late_ever += t->sums.late;
	/* Who was late was asked, and who was asked has let go; that took no longer than its holds did. */
	assert_true(t->sums.late <= t->sums.asked && t->sums.asked <= t->sums.releases);
	assert_true(t->sums.late * GT_LATE_NS <= t->sums.react_ns);
	assert_true(t->sums.react_ns <= t->sums.time_ns[GT_HOLD]);
	b->blame_ns += t->sums.blame_ns;
	b->acquisitions += t->sums.acquisitions;
	b->releases += t->sums.releases;
	b->yields += t->sums.yields;
}

static void check_gil(struct sim *s, size_t i)
{
	const struct fake_gil *fg = &s->k.gils[i];
	const struct gt_gil *g = gil_record(fg);
	struct gt_gil_key key = { .cond = fg->cond, .tgid = fg->tgid };
	const struct gt_ended *e = shim__find(SHIM_MAP(&ended), &key);
	struct tally *gone = &s->gone[i];
	struct books b = { .blame_ns = gone->blame_ns,
			   .acquisitions = gone->acquisitions,
			   .releases = gone->releases,
			   .yields = gone->yields };
	uint64_t dt, waited, held;
	char *keys;
	uint32_t n;

	if (!g)
		return;
	assert_true(g->last_ns <= s->now);
	assert_int_equal(g->seq_start, g->seq_end);
	dt = s->now - g->last_ns;
	waited = dt * g->waiters;
	held = g->held_ns + (g->held ? dt : 0);
	memcpy(b.time_ns, gone->time_ns, sizeof(b.time_ns));
	for (int st = 0; e && st < GT_STATE_CNT; st++)
		b.time_ns[st] += e->sums.time_ns[st];
	b.blame_ns += e ? e->sums.blame_ns : 0;
	b.acquisitions += e ? e->sums.acquisitions : 0;
	b.releases += e ? e->sums.releases : 0;
	b.yields += e ? e->sums.yields : 0;
	n = shim__keys(SHIM_MAP(&threads), &keys);
	for (uint32_t k = 0; k < n; k++) {
		const struct gt_thread_key *tkey = (void *)(keys + k * sizeof(*tkey));
		const struct gt_thread *t = shim__find(SHIM_MAP(&threads), tkey);

		if (tkey->cond == fg->cond && t->tgid == fg->tgid)
			add_thread_record(s, t, g, &b);
	}
	free(keys);
	b.blame_ns += g->hold_blame_ns + (g->held ? waited : 0);
	if (g->seeded && g->held) /* its holder has no record yet */
		b.time_ns[GT_HOLD] += s->now - g->hold_since_ns;
	assert_true(!g->asked_ns || (g->held && g->asked_ns >= g->hold_since_ns));
	assert_true(held <= s->now - g->first_ns); /* invariant 1 */
	assert_int_equal(b.time_ns[GT_HOLD], held);
	assert_int_equal(b.time_ns[GT_WAIT], g->wait_ns + waited); /* invariant 2 */
	assert_int_equal(b.time_ns[GT_WAIT], b.blame_ns + g->gap_ns + (g->held ? 0 : waited));
	assert_int_equal(g->acquisitions, b.acquisitions);
	assert_int_equal(g->releases, b.releases);
	assert_int_equal(g->acquisitions, s->seen[i].acquisitions);
	assert_int_equal(g->releases, s->seen[i].releases);
	assert_int_equal(b.yields, s->seen[i].yields);
}

static void check_records(struct sim *s)
{
	for (size_t i = 0; i < s->k.gil_cnt; i++)
		if (!s->over[s->k.gils[i].tgid / 100 - 1])
			check_gil(s, i);
}

/* ---- the invariants in the model's pictures ---- */

/* Rows and columns: who waited for whom. A thread that has no row of its own any more may have had the tid of one
 * that has.
 */
static void check_pairs(const struct snap_proc *p)
{
	for (size_t i = 0; i < p->thread_cnt; i++)
		if (p->threads[i].folded_cnt)
			return;
	for (size_t i = 0; i < p->thread_cnt; i++) {
		uint64_t wait = 0, blame = 0, row = 0, column = 0, nobody = 0;
		uint32_t tid = p->threads[i].tid;

		for (size_t k = 0; k < p->thread_cnt; k++) {
			wait += p->threads[k].tid == tid ? p->threads[k].wait_ns : 0;
			blame += p->threads[k].tid == tid ? p->threads[k].blame_ns : 0;
		}
		for (size_t k = 0; k < p->pair_cnt; k++) {
			row += p->pairs[k].waiter_tid == tid ? p->pairs[k].ns : 0;
			column += p->pairs[k].holder_tid == tid ? p->pairs[k].ns : 0;
			nobody += p->pairs[k].holder_tid == 0 ? p->pairs[k].ns : 0;
		}
		assert_true(row <= wait);
		assert_true(column <= blame && blame <= column + nobody);
	}
}

/* Where it was is a sample, how much of it is not. */
static void check_stacks(const struct snap_proc *p, const struct sums *r)
{
	struct stack_sums st = stack_sums_of(p);

	assert_int_equal(st.kind[SNAP_STACK_WAIT], r->wait);
	assert_int_equal(st.kind[SNAP_STACK_HOLD], r->hold);
	assert_int_equal(st.kind[SNAP_STACK_BLAME], r->blame);
	assert_int_equal(st.chains, r->blame);
}

static void check_picture(const struct snapshot *snap)
{
	for (size_t i = 0; i < snap->proc_cnt; i++) {
		const struct snap_proc *p = &snap->procs[i];
		struct snapshot one = { .proc_cnt = 1, .procs = &snap->procs[i] };
		struct sums r = sums_of(&one);

		assert_true(snap_proc__balances(p));
		for (size_t g = 0; g < p->gil_cnt; g++) {
			assert_true(p->gils[g].held_ns <= p->span_ns);
			assert_true(!p->gils[g].asked_ns || p->gils[g].held);
		}
		for (size_t t = 0; t < p->thread_cnt; t++)
			assert_true(p->threads[t].late <= p->threads[t].asked &&
				    p->threads[t].asked <= p->threads[t].releases);
		assert_int_equal(r.wait, r.gil_wait);
		assert_int_equal(r.wait, r.blame + r.gap);
		assert_int_equal(r.hold, r.held);
		assert_int_equal(r.pairs, r.blame);
		check_pairs(p);
		if (p->stacks_known)
			check_stacks(p, &r);
	}
}

static void check_sum(const struct sim *s, const struct sums *interval, const struct sums *total)
{
	assert_int_equal(s->last.wait + interval->wait, total->wait);
	assert_int_equal(s->last.hold + interval->hold, total->hold);
	assert_int_equal(s->last.blame + interval->blame, total->blame);
	assert_int_equal(s->last.gap + interval->gap, total->gap);
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

static void check_model(struct sim *s)
{
	bool last = rnd(s, 2);
	struct snapshot *snap;
	struct sums total, interval;

	read_now(s, last);
	assert_int_equal(s->k.totals.torn_cnt, 0);
	snap = model__snapshot(s->m, MODEL_TOTAL);
	check_picture(snap);
	total = sums_of(snap);
	snapshot__free(snap);
	snap = model__snapshot(s->m, MODEL_INTERVAL);
	check_picture(snap);
	interval = sums_of(snap);
	snapshot__free(snap);
	check_sum(s, &interval, &total);
	if (rnd(s, 3))
		return;
	model__mark(s->m);
	s->last = total;
}

static void check_all(struct sim *s)
{
	uint64_t (*point)(void *ctx, uint64_t cnt) = shim.point;

	shim.point = NULL;
	check_model(s);
	check_records(s);
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
	begin(s, seed, false);
	for (unsigned int i = 0; i < STEPS; i++) {
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
	model__free(s->m);
	machine__deinit(&s->k);
	free(s);
	running = false;
}

static void the_books_balance_after_any_schedule(void **state)
{
	const char *one = getenv("GILTOP_TEST_SEED");

	(void)state;
	if (one) {
		run_schedule(strtoull(one, NULL, 0));
		return;
	}
	for (uint64_t seed = 1; seed <= SCHEDULES; seed++)
		run_schedule(seed);
	assert_true(asked_ever && late_ever);
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
		cmocka_unit_test_teardown(the_books_balance_after_any_schedule, say_seed),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
