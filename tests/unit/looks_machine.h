/* SPDX-License-Identifier: BSD-2-Clause */
/* looks_machine.h - holders that run and sleep on a fake machine, looked at by clocks and waiters; what is booked of it */
#ifndef GILTOP_TEST_LOOKS_MACHINE_H
#define GILTOP_TEST_LOOKS_MACHINE_H

#include "tests/unit/fake_reader.h"

#define MS    1000000ull
#define START (T0 + 10000 * MS) /* of the machine: long after its boot */
#define US    1000ull

/* Who holds, who waits; where the holder is. Whoever waits stands at 1000 + its tid. */
enum { HOLDER = 1, WAITER, OTHER, THIRD };
enum { RUNNING = 5, ASLEEP = 7, ASLEEP_ELSEWHERE = 9 };

/* Whoever gets it, for a moment. */
static inline void gets_it(struct machine *k, uint32_t tid, uint64_t now)
{
	acquires(k, tid, now);
	releases(k, tid, now + US);
}

/* All of them have held before: where their PyThreadStates are is known. */
static inline int set_up(void **state)
{
	struct machine *k = malloc(sizeof(*k));

	assert_non_null(k);
	machine__init(k, true);
	clock_on = 1;
	for (uint32_t tid = HOLDER; tid <= THIRD; tid++)
		gets_it(k, tid, T0 + tid * MS);
	*state = k;
	return 0;
}

static inline int tear_down(void **state)
{
	machine__deinit(*state);
	free(*state);
	return 0;
}

/* ---- what the holder does ---- */

static inline void sleeps_at(struct machine *k, uint32_t tid, uint32_t stack)
{
	stands_at(k, tid, stack);
	k->task.sleeps = 1;
}

static inline void runs_at(struct machine *k, uint32_t tid, uint32_t stack)
{
	stands_at(k, tid, stack);
	k->task.sleeps = 0;
}

static inline void clock_looks(struct machine *k, uint32_t tid, uint64_t now)
{
	runs(k, find_thread(k, tid), now);
	on_clock(0);
}

/* ---- what has been booked ---- */

static inline uint64_t sum_ns(enum gt_sum_kind kind, uint32_t tid, uint32_t stack)
{
	uint64_t ns = 0;
	char *keys;
	uint32_t n = shim__keys(SHIM_MAP(&sums), &keys);

	for (uint32_t i = 0; i < n; i++) {
		const struct gt_sum_key *key = (void *)(keys + i * sizeof(*key));
		const struct gt_sum *sum = shim__find(SHIM_MAP(&sums), key);

		if (key->kind == kind && key->tid == tid &&
		    id_of_stack(key->tgid, key->stack) == stack)
			ns += sum->ns;
	}
	free(keys);
	return ns;
}

static inline uint64_t held_at(uint32_t tid, uint32_t stack)
{
	return sum_ns(GT_SUM_HOLD, tid, stack);
}

/* This waiter, for this holder, who was there meanwhile. */
static inline uint64_t waited_for(uint32_t waiter, uint32_t holder, uint32_t stack)
{
	uint64_t ns = 0;
	char *keys;
	uint32_t n = shim__keys(SHIM_MAP(&chains), &keys);

	for (uint32_t i = 0; i < n; i++) {
		const struct gt_chain_key *key = (void *)(keys + i * sizeof(*key));
		const struct gt_sum *sum = shim__find(SHIM_MAP(&chains), key);

		if (key->waiter_tid != waiter || key->holder_tid != holder ||
		    id_of_stack(key->tgid, key->holder_stack) != stack)
			continue;
		assert_int_equal(id_of_stack(key->tgid, key->waiter_stack), 1000 + waiter);
		ns += sum->ns;
	}
	free(keys);
	return ns;
}

#define LOOKS_TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

#endif
