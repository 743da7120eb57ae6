/* SPDX-License-Identifier: BSD-2-Clause */
/* test_looks_random.c - holds of random parts, running and asleep, seen by random waiters: each place has its share */
#include "tests/unit/looks_machine.h"

#define HOLDS	3000
#define WAITERS 4
#define TICK_NS (5 * MS) /* the switch interval */

/* What a hold of each of two threads is made of, one part after the other, at a place each. */
static const struct part {
	uint32_t tid, place;
	bool asleep;
	uint64_t min_ns, max_ns;
} parts[] = {
	{ HOLDER, 11, false, 500 * US, 4 * MS }, { HOLDER, 12, true, 200 * US, 1 * MS },
	{ OTHER, 21, true, 5 * MS, 20 * MS },	 { OTHER, 22, false, 0, 6 * MS },
	{ OTHER, 23, true, 5 * MS, 35 * MS },	 { OTHER, 24, false, 0, 3 * MS },
};

#define PARTS (sizeof(parts) / sizeof(parts[0]))

/* Waiters come at random moments, the first of them in the first sleep of each hold, so that each is seen. */
struct life {
	struct machine *k;
	uint64_t x, now, clock_ns;
	struct waiter {
		uint32_t tid;
		uint64_t next_ns; /* it comes, or ticks; UINT64_MAX: neither */
		bool waits;
	} waiters[WAITERS];
	double held[PARTS], waited[PARTS]; /* the truth */
};

static uint64_t between(struct life *l, uint64_t min, uint64_t max)
{
	l->x ^= l->x << 13;
	l->x ^= l->x >> 7;
	l->x ^= l->x << 17;
	return min + (l->x * 2685821657736338717ull >> 20) % (max - min + 1);
}

/* The time goes on to `to`, in part i. */
static void passes(struct life *l, size_t i, uint64_t to)
{
	for (size_t w = 0; w < WAITERS; w++)
		l->waited[i] += l->waiters[w].waits ? (double)(to - l->now) : 0;
	l->held[i] += (double)(to - l->now);
	l->now = to;
}

/* Clocks and waiters look meanwhile. */
static void lives_part(struct life *l, size_t i)
{
	const struct part *p = &parts[i];
	uint64_t end = l->now + between(l, p->min_ns, p->max_ns);

	if (p->asleep)
		sleeps_at(l->k, p->tid, p->place);
	else
		runs_at(l->k, p->tid, p->place);
	if (p->asleep && !l->waiters[0].waits)
		l->waiters[0].next_ns = between(l, l->now, end - 1);
	for (;;) {
		uint64_t at = l->clock_ns;
		struct waiter *w = NULL;

		for (size_t k = 0; k < WAITERS; k++)
			if (l->waiters[k].next_ns < at)
				at = (w = &l->waiters[k])->next_ns;
		if (at >= end)
			break;
		passes(l, i, at > l->now ? at : l->now);
		if (w) {
			waits(l->k, w->tid, l->now);
			w->waits = true;
			w->next_ns = l->now + TICK_NS;
		} else {
			if (!p->asleep)
				clock_looks(l->k, p->tid, l->now);
			l->clock_ns += GT_LOOK_NS;
		}
	}
	passes(l, i, end);
}

/* The first waiter and some of the others get it then; the rest waits on. */
static void hold_ends(struct life *l, uint32_t tid)
{
	releases(l->k, tid, l->now);
	for (size_t i = 0; i < WAITERS; i++) {
		struct waiter *w = &l->waiters[i];

		if (!w->waits || (i && between(l, 0, 1)))
			continue;
		acquires(l->k, w->tid, l->now);
		releases(l->k, w->tid, l->now);
		w->waits = false;
		w->next_ns = i ? l->now + between(l, 0, 60 * MS) : UINT64_MAX;
	}
}

static void lives(struct life *l)
{
	for (uint32_t i = 0; i < WAITERS; i++) {
		l->waiters[i] = (struct waiter){ 10 + i, i ? l->now + i * MS : UINT64_MAX, false };
		gets_it(l->k, 10 + i, T0 + (10 + i) * MS);
	}
	for (int n = 0; n < HOLDS; n++) {
		uint32_t tid = between(l, 0, 1) ? HOLDER : OTHER;

		acquires(l->k, tid, l->now);
		for (size_t i = 0; i < PARTS; i++)
			if (parts[i].tid == tid)
				lives_part(l, i);
		hold_ends(l, tid);
	}
}

/* All that was looked at is all that there was, and each place has its part of its holder's, to 3 points. */
static void shares_are_true(const double truth[PARTS], const double looked[PARTS])
{
	for (size_t i = 0; i < PARTS; i++) {
		double all = 0, all_looked = 0;

		for (size_t k = 0; k < PARTS; k++) {
			all += parts[k].tid == parts[i].tid ? truth[k] : 0;
			all_looked += parts[k].tid == parts[i].tid ? looked[k] : 0;
		}
		assert_true(all_looked > .99 * all && all_looked < 1.01 * all);
		assert_true(looked[i] / all_looked > truth[i] / all - .03);
		assert_true(looked[i] / all_looked < truth[i] / all + .03);
	}
}

static void places_have_their_shares_of_holds_and_of_waits_for_them(void **state)
{
	struct life l = {
		.k = *state, .x = 88172645463325252ull, .now = START, .clock_ns = START + 777 * US
	};
	double held[PARTS], waited[PARTS] = { 0 };

	lives(&l);
	for (size_t i = 0; i < PARTS; i++) {
		held[i] = (double)(int64_t)held_at(parts[i].tid, parts[i].place);
		for (size_t w = 0; w < WAITERS; w++)
			waited[i] += (double)(int64_t)waited_for(l.waiters[w].tid, parts[i].tid,
								 parts[i].place);
	}
	shares_are_true(l.held, held);
	shares_are_true(l.waited, waited);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		LOOKS_TEST(places_have_their_shares_of_holds_and_of_waits_for_them),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
