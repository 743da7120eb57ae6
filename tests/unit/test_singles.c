/* SPDX-License-Identifier: BSD-2-Clause */
/* test_singles.c - random schedules: what the events say one by one is what the books say in sum
 *
 * Each schedule is made from one number, which is said when it fails. Whenever nothing runs each thread's waits, holds and
 * yields by its events are those of its record, to the nanosecond; and the spans that follow from the events are those that
 * the programs tell of.
 */
#include "user/picture/event_spans.h"

#include "tests/unit/schedule_cnt.h"
#include "tests/unit/random_processes.h"

#define SCHEDULES  schedule_cnt(300)
#define EVENTS_CAP 20000

/* By events, of a thread at a GIL. */
struct by_events {
	uint64_t gil;
	uint32_t pid, tid;
	uint64_t ns[GT_STATE_CNT], open_ns[GT_STATE_CNT];
	uint64_t gets, releases, yields, start_ns;
};

static struct {
	struct event_spans states;
	bool open;
	size_t cnt, span_cnt;
	struct by_events threads[4 * THREADS_MAX];
	struct event_state spans[EVENTS_CAP];
	struct gt_note told[EVENTS_CAP];
	struct gt_single raw[EVENTS_CAP];
	size_t ended_cnt;
	struct total_thread ended[THREADS_MAX]; /* read for the last time, not compared yet */
} is;

static uint64_t running_seed, compared, ended_compared, spans_compared;
static bool running;

static struct by_events *of(uint32_t pid, uint32_t tid, uint64_t gil)
{
	for (size_t i = 0; i < is.cnt; i++)
		if (is.threads[i].gil == gil && is.threads[i].pid == pid &&
		    is.threads[i].tid == tid)
			return &is.threads[i];
	assert_true(is.cnt < 4 * THREADS_MAX);
	is.threads[is.cnt] = (struct by_events){ .gil = gil, .pid = pid, .tid = tid };
	return &is.threads[is.cnt++];
}

static void on_state(void *ctx, const struct event_state *st)
{
	struct by_events *t = of(st->pid, st->tid, st->gil);

	(void)ctx;
	*(is.open ? &t->open_ns[st->state] : &t->ns[st->state]) += st->end_ns - st->start_ns;
	if (st->is_span && !is.open && st->end_ns - st->start_ns >= 1) {
		assert_true(is.span_cnt < EVENTS_CAP);
		is.spans[is.span_cnt++] = *st;
	}
}

static void take_one(const struct gt_single *e)
{
	struct event one = { .ns = e->ns,
			     .gil = e->what >> GT_SINGLE_COND_SHIFT,
			     .pid = (uint32_t)(e->who >> 32),
			     .tid = (uint32_t)e->who,
			     .kind = (uint8_t)e->what,
			     .flags = (uint8_t)(e->what >> GT_SINGLE_FLAG_SHIFT) };
	struct by_events *t = of(one.pid, one.tid, one.gil);

	if (one.kind == EVENT_START)
		*t = (struct by_events){
			.gil = one.gil, .pid = one.pid, .tid = one.tid, .start_ns = one.ns
		};
	t->gets += one.kind == EVENT_GET && !(one.flags & EVENT_F_LIGHT);
	t->releases += one.kind == EVENT_RELEASE;
	t->yields += one.kind == EVENT_YIELD;
	assert_int_equal(event_spans__take(&is.states, &one, 1), 0);
}

/* All that have come, and where books have become light. */
static void take_events(const struct sim *s)
{
	uint32_t n = shim__ring_take(SHIM_RING(&singles), is.raw, sizeof(*is.raw), EVENTS_CAP);

	assert_true(n < EVENTS_CAP);
	is.states.light_cnt = 0;
	for (uint32_t p = 0; p < PROCS && s->has_modes; p++)
		for (uint32_t i = 0; i < s->modes[p].cnt; i++)
			event_spans__lightened(&is.states, (p + 1) * 100, s->modes[p].light_ns[i]);
	for (uint32_t i = 0; i < n; i++)
		take_one(&is.raw[i]);
	for (size_t i = 0; i < is.cnt; i++)
		memset(is.threads[i].open_ns, 0, sizeof(is.threads[i].open_ns));
	is.open = true;
	event_spans__open(&is.states, s->now);
	is.open = false;
}

/* As a reader sees it, who knows where books have become light. */
static struct gt_thread record_of(const struct sim *s, const struct gt_thread *rec)
{
	struct gt_thread t = *rec;

	if (s->has_modes)
		totals__lighten_thread(&t, &s->modes[rec->tgid / 100 - 1], s->now);
	return t;
}

static void check_thread(const struct sim *s, const struct gt_thread_key *key,
			 const struct gt_thread *rec)
{
	const struct by_events *e = of(rec->tgid, key->tid, key->cond);
	const struct gt_thread t = record_of(s, rec);
	uint64_t end = t.exit_ns ? t.exit_ns : s->now;

	if (!t.first_ns)
		return;
	for (uint32_t st = GT_WAIT; st < GT_STATE_CNT; st++) {
		uint64_t open = t.state == st ? end - t.since_ns : 0;

		if (st == GT_HOLD && t.state == st && t.exit_ns)
			continue; /* it ends with its process */
		assert_int_equal(t.sums.time_ns[st] + open, e->ns[st] + e->open_ns[st]);
	}
	assert_int_equal(t.sums.acquisitions, e->gets);
	assert_int_equal(t.sums.releases, e->releases);
	assert_int_equal(t.sums.yields, e->yields);
	compared++;
}

/* It has ended, and is in no map any more. */
static void keep_ended(void *ctx, const struct total_thread *th)
{
	if (is.ended_cnt < THREADS_MAX)
		is.ended[is.ended_cnt++] = *th;
	take_out(ctx, th);
}

static void check_ended(const struct sim *s)
{
	for (size_t i = 0; i < is.ended_cnt; i++) {
		const struct gt_thread *rec = &is.ended[i].rec;

		/* Another one may have its tid by now. */
		if (of(rec->tgid, rec->tid, is.ended[i].key.cond)->start_ns != rec->first_ns)
			continue;
		check_thread(s, &is.ended[i].key, rec);
		ended_compared++;
	}
	is.ended_cnt = 0;
}

/* Of those of one moment and thread there is one. */
static int by_end(const void *a, const void *b)
{
	const struct event_state *x = a, *y = b;

	if (x->end_ns != y->end_ns)
		return x->end_ns < y->end_ns ? -1 : 1;
	if (x->tid != y->tid)
		return x->tid < y->tid ? -1 : 1;
	return x->start_ns < y->start_ns ? -1 : x->start_ns > y->start_ns;
}

static void check_spans(void)
{
	static struct event_state told[EVENTS_CAP];
	uint32_t n = shim__ring_take(SHIM_RING(&spans), is.told, sizeof(*is.told), EVENTS_CAP);

	assert_true(n < EVENTS_CAP);
	for (uint32_t i = 0; i < n; i++)
		told[i] = (struct event_state){
			is.told[i].start_ns, is.told[i].end_ns, is.told[i].gil, is.told[i].tgid,
			is.told[i].tid,	     is.told[i].state,	NULL,		true
		};
	assert_int_equal(n, is.span_cnt);
	qsort(told, n, sizeof(*told), by_end);
	qsort(is.spans, n, sizeof(*is.spans), by_end);
	for (uint32_t i = 0; i < n; i++) {
		assert_int_equal(told[i].start_ns, is.spans[i].start_ns);
		assert_int_equal(told[i].end_ns, is.spans[i].end_ns);
		assert_int_equal(told[i].gil, is.spans[i].gil);
		assert_int_equal(told[i].pid, is.spans[i].pid);
		assert_int_equal(told[i].tid, is.spans[i].tid);
		assert_int_equal(told[i].state, is.spans[i].state);
	}
	spans_compared += n;
	is.span_cnt = 0;
}

static void seed_holders(struct sim *s)
{
	for (size_t i = 0; i < s->k.gil_cnt; i++) {
		const struct fake_gil *g = &s->k.gils[i];

		if (!s->dying[g->tgid / 100 - 1] && !s->over[g->tgid / 100 - 1])
			say_holder(s->m, g->tgid, g->cond, g->holder, g->holder);
	}
}

static void check_all(struct sim *s)
{
	uint64_t (*point)(void *ctx, uint64_t cnt) = shim.point;
	char *keys;
	uint32_t n;

	shim.point = NULL;
	read_now(s, false);
	take_events(s);
	check_ended(s);
	n = shim__keys(SHIM_MAP(&threads), &keys);
	for (uint32_t i = 0; i < n; i++) {
		const struct gt_thread_key *key = (void *)(keys + i * sizeof(*key));

		check_thread(s, key, shim__find(SHIM_MAP(&threads), key));
	}
	free(keys);
	check_spans();
	shim.point = point;
}

static void run_schedule(uint64_t seed)
{
	struct sim *s = malloc(sizeof(*s));

	assert_non_null(s);
	running_seed = seed;
	running = true;
	events_on = 1;
	is.cnt = is.span_cnt = 0;
	begin(s, seed, seed % 2);
	span_min_ns = 1;
	s->k.taken_out = keep_ended;
	is.ended_cnt = 0;
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
	event_spans__free(&is.states);
	is.states.fn = on_state;
	model__free(s->m);
	machine__deinit(&s->k);
	free(s);
	running = false;
}

static void events_add_up_to_the_books(void **state)
{
	const char *one = getenv("GILTOP_TEST_SEED");

	(void)state;
	is.states.fn = on_state;
	if (one) {
		run_schedule(strtoull(one, NULL, 0));
		return;
	}
	for (uint64_t seed = 1; seed <= SCHEDULES; seed++)
		run_schedule(seed);
	assert_true(compared > 10000 && ended_compared > 1000 && spans_compared > 10000);
}

static int say_seed(void **state)
{
	(void)state;
	if (running)
		print_message("the schedule that failed: GILTOP_TEST_SEED=%llu\n",
			      (unsigned long long)running_seed);
	running = false;
	events_on = 0;
	return 0;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_teardown(events_add_up_to_the_books, say_seed),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
