/* SPDX-License-Identifier: BSD-2-Clause */
/* test_limit.c - too many events: what is left out is in segments, and with those that are left it is all */
#include "user/codec/limit.h"

#include "tests/unit/made_up_events.h"

#include "user/picture/event_spans.h"

#define OUT_CAP 200000

struct sums {
	uint64_t cnt[GT_STATE_CNT], ns[GT_STATE_CNT], max[GT_STATE_CNT];
};

struct got {
	struct event_spans states;
	struct sums one, folded; /* one by one, in segments */
	uint64_t last_ns[MADE_THREADS], cnt;
	uint32_t open[MADE_THREADS]; /* the kind that began what is open */
};

static void on_state(void *ctx, const struct event_state *st)
{
	struct got *g = ctx;

	g->one.cnt[st->state]++;
	g->one.ns[st->state] += st->end_ns - st->start_ns;
	if (st->end_ns - st->start_ns > g->one.max[st->state])
		g->one.max[st->state] = st->end_ns - st->start_ns;
}

static void on_segment(struct got *g, const struct event *e)
{
	enum gt_state st = e->flags & EVENT_F_YIELDS  ? GT_YIELD
			   : e->flags & EVENT_F_HOLDS ? GT_HOLD
						      : GT_WAIT;
	uint64_t cnt = 0;

	assert_true(e->segment->cnt && e->segment->from_ns <= e->ns);
	assert_true(e->segment->sum_ns >= e->segment->max_ns);
	for (int i = 0; i < 64; i++)
		cnt += e->segment->log2[i];
	assert_int_equal(cnt, e->segment->cnt);
	g->folded.cnt[st] += e->segment->cnt;
	g->folded.ns[st] += e->segment->sum_ns;
	if (e->segment->max_ns > g->folded.max[st])
		g->folded.max[st] = e->segment->max_ns;
}

/* What begins and ends a state is there in pairs. */
static void check_pairs(uint32_t *open, const struct event *e)
{
	switch (e->kind) {
	case EVENT_WAIT: assert_int_equal(*open, 0); break;
	case EVENT_RETRY: assert_int_equal(*open, EVENT_WAIT); return;
	case EVENT_GET: assert_true(*open == 0 || *open == EVENT_WAIT); break;
	case EVENT_RELEASE: assert_int_equal(*open, EVENT_GET); break;
	case EVENT_YIELD: assert_int_equal(*open, 0); break;
	case EVENT_YIELD_END: assert_int_equal(*open, EVENT_YIELD); break;
	default: return;
	}
	*open = e->kind == EVENT_RELEASE || e->kind == EVENT_YIELD_END ? 0 : e->kind;
}

static int out(void *ctx, const struct event *list, size_t cnt)
{
	struct got *g = ctx;

	for (size_t i = 0; i < cnt; i++) {
		uint32_t t = list[i].tid - 1000;

		assert_true(list[i].ns >= g->last_ns[t]);
		g->last_ns[t] = list[i].ns;
		check_pairs(&g->open[t], &list[i]);
		if (list[i].kind == EVENT_SEGMENT)
			on_segment(g, &list[i]);
	}
	g->cnt += cnt;
	return event_spans__take(&g->states, list, cnt);
}

/* Through a limiter, in batches, with a flush now and then. */
static void pass(struct made_up *m, uint64_t max_rate, bool flushes, struct got *g,
		 struct limit_stats *stats)
{
	struct limit_opts o = { max_rate, out, g };
	struct limit *l = limit__new(&o);

	*g = (struct got){ .states = { .fn = on_state, .ctx = g } };
	assert_non_null(l);
	for (size_t i = 0; i < m->cnt;) {
		size_t n = 1 + made_rnd(m, 3000);

		n = n < m->cnt - i ? n : m->cnt - i;
		assert_int_equal(limit__take(l, &m->list[i], n), 0);
		if (flushes && !made_rnd(m, 3))
			assert_int_equal(limit__flush(l), 0);
		i += n;
	}
	assert_int_equal(limit__flush(l), 0);
	*stats = limit__stats(l);
	limit__free(l);
	event_spans__free(&g->states);
	assert_int_equal(stats->out_cnt, g->cnt);
	assert_int_equal(stats->out_cnt, m->cnt - stats->left_cnt + stats->segment_cnt);
}

static void single_ones_and_segments_are_all(void **state)
{
	(void)state;
	for (uint64_t seed = 1; seed <= 24; seed++) {
		struct made_up m = made_up(seed, 40000, seed % 4 ? 3000 : 300);
		struct limit_stats stats = { 0 };
		struct got all = { 0 }, some = { 0 };

		pass(&m, 0, false, &all, &stats);
		assert_int_equal(stats.left_cnt, 0);
		assert_int_equal(all.cnt, m.cnt);
		pass(&m, 20000 * seed, seed % 2, &some, &stats);
		assert_int_equal(some.folded.cnt[GT_WAIT] + some.folded.cnt[GT_HOLD] +
					 some.folded.cnt[GT_YIELD],
				 stats.folded_cnt);
		for (int st = GT_WAIT; st < GT_STATE_CNT; st++) {
			assert_int_equal(some.one.cnt[st] + some.folded.cnt[st], all.one.cnt[st]);
			assert_int_equal(some.one.ns[st] + some.folded.ns[st], all.one.ns[st]);
			assert_int_equal(some.one.max[st] > some.folded.max[st]
						 ? some.one.max[st]
						 : some.folded.max[st],
					 all.one.max[st]);
		}
		free(m.list);
	}
}

/* 12 threads make some 600 k events/s. */
static void no_more_than_the_rate_is_left(void **state)
{
	struct made_up m = made_up(3, 60000, 3000);
	double seconds = (double)(m.list[m.cnt - 1].ns - m.list[0].ns) / 1e9;
	struct limit_stats stats = { 0 };
	struct got g = { 0 };

	(void)state;
	m.procs = 1;
	for (size_t i = 0; i < m.cnt; i++)
		m.list[i].pid = 100;
	assert_true((double)m.cnt > 300000 * seconds);
	pass(&m, 100000, false, &g, &stats);
	/* Each thread has up to three segments a window, and what is open at its ends. */
	assert_true((double)g.cnt < 100000 * seconds * 1.1 + 1000);
	assert_true(stats.folded_cnt > 10000 && g.one.cnt[GT_WAIT] > 100);
	/* The longest are among those that are left. */
	assert_true(g.one.max[GT_WAIT] > g.folded.max[GT_WAIT]);
	free(m.list);
}

static void below_the_rate_all_of_them_stay(void **state)
{
	struct made_up m = made_up(5, 5000, 100000);
	struct limit_stats stats = { 0 };
	struct got g = { 0 };

	(void)state;
	pass(&m, 100000, true, &g, &stats);
	assert_int_equal(stats.left_cnt, 0);
	assert_int_equal(g.cnt, m.cnt);
	free(m.list);
}

/* One process that is loud costs another that is quiet nothing. */
static void each_process_has_its_own_rate(void **state)
{
	struct made_up m = made_up(3, 60000, 3000); /* procs: 1 */
	struct limit_stats stats = { 0 };
	uint64_t quiet = 0;
	struct got g = { 0 };

	(void)state;
	for (size_t i = 0; i < m.cnt; i++) {
		bool of_quiet = m.list[i].tid == 1000 && m.list[i].kind == EVENT_WAKE;

		m.list[i].pid = of_quiet ? 7 : 100;
		quiet += of_quiet;
	}
	pass(&m, 50000, false, &g, &stats);
	assert_true(quiet && stats.left_cnt);
	assert_true(stats.out_cnt >= quiet);
	free(m.list);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(single_ones_and_segments_are_all),
		cmocka_unit_test(no_more_than_the_rate_is_left),
		cmocka_unit_test(below_the_rate_all_of_them_stay),
		cmocka_unit_test(each_process_has_its_own_rate),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
