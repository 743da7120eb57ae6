/* SPDX-License-Identifier: BSD-2-Clause */
/* test_alarm.c - rows and notes of long waits and holds: what goes on is to be seen, what is over is told once */
#include "tests/unit/fake_reader.h"

#define MS    1000000ull
#define START (T0 + 10000 * MS)
#define LIMIT (50 * MS)

static struct machine k;

static void begin(bool light)
{
	const uint32_t pid = PID;
	const struct gt_modes never_exact = { 0 };

	machine__init(&k, true);
	memset(alarms, 0, sizeof(alarms));
	alarms_on = 1;
	alarm_wait_ns = alarm_hold_ns = LIMIT;
	if (light)
		set_value(SHIM_MAP(&modes), &pid, &never_exact);
}

static void end(void)
{
	alarms_on = 0;
	machine__deinit(&k);
}

static const struct gt_alarm *row(void)
{
	assert_int_equal(alarms[0].tgid, PID);
	assert_int_equal(alarms[0].cond, COND);
	return &alarms[0];
}

/* What has been told since the last call. */
static uint32_t notes_of(struct gt_alarm_note *ret, uint32_t max)
{
	return shim__ring_take(SHIM_RING(&alarm_notes), ret, sizeof(*ret), max);
}

static void assert_told(const struct gt_alarm_note *n, uint32_t kind, uint32_t tid, uint64_t from,
			uint64_t to)
{
	assert_int_equal(n->n.kind, kind);
	assert_int_equal(n->n.tgid, PID);
	assert_int_equal(n->n.tid, tid);
	assert_int_equal(n->n.gil, COND);
	assert_int_equal(n->n.start_ns, from);
	assert_int_equal(n->n.end_ns, to);
}

static void a_hold_is_in_the_row_while_it_goes_on_and_told_when_it_is_over(void **state)
{
	struct gt_alarm_note n[4];

	(void)state;
	begin(false);
	acquires(&k, 1, START);
	assert_int_equal(row()->since_ns, START);
	assert_int_equal(row()->holder_tid, 1);
	waits(&k, 2, START + 10 * MS);
	waits(&k, 2, START + 15 * MS);
	assert_int_equal(row()->since_ns, START);
	assert_int_equal(row()->waiters, 1);
	assert_int_equal(row()->waiter_tid, 2);
	assert_int_equal(row()->wait_ns, START + 10 * MS);
	assert_int_equal(notes_of(n, 4), 0);
	releases(&k, 1, START + 60 * MS);
	assert_int_equal(row()->since_ns, 0);
	assert_int_equal(notes_of(n, 4), 1);
	assert_told(&n[0], GT_NOTE_HELD, 1, START, START + 60 * MS);
	assert_int_equal(n[0].other_tid, 2);
	assert_int_equal(n[0].waiters, 1);
	assert_true(n[0].stack != 0);
	end();
}

static void a_hold_of_the_limit_is_told_and_a_shorter_one_is_not(void **state)
{
	struct gt_alarm_note n[4];

	(void)state;
	begin(false);
	acquires(&k, 1, START);
	releases(&k, 1, START + LIMIT - 1);
	assert_int_equal(notes_of(n, 4), 0);
	acquires(&k, 1, START + 100 * MS);
	releases(&k, 1, START + 100 * MS + LIMIT);
	assert_int_equal(notes_of(n, 4), 1);
	alarm_hold_ns = 0;
	acquires(&k, 1, START + 300 * MS);
	releases(&k, 1, START + 300 * MS + LIMIT);
	assert_int_equal(notes_of(n, 4), 0);
	end();
}

static void nothing_is_kept_while_nobody_wants_it(void **state)
{
	static const struct gt_alarm none;
	struct gt_alarm_note n[4];

	(void)state;
	begin(false);
	alarms_on = 0;
	acquires(&k, 1, START);
	waits(&k, 2, START + MS);
	releases(&k, 1, START + 100 * MS);
	acquires(&k, 2, START + 100 * MS);
	assert_memory_equal(&alarms[0], &none, sizeof(none));
	assert_int_equal(notes_of(n, 4), 0);
	end();
}

/* Many behind one hold: one of them is told of, the others are counted. */
static void of_waits_at_the_same_time_one_is_told(void **state)
{
	struct gt_alarm_note n[8];

	(void)state;
	begin(false);
	alarm_hold_ns = 0;
	acquires(&k, 1, START);
	for (uint32_t tid = 2; tid < 102; tid++)
		waits(&k, tid, START + tid * 1000);
	assert_int_equal(row()->waiters, 100);
	assert_int_equal(row()->waiter_tid, 2);
	releases(&k, 1, START + 60 * MS);
	for (uint32_t tid = 101; tid > 1; tid--) {
		acquires(&k, tid, START + 61 * MS + (101 - tid) * 1000);
		releases(&k, tid, START + 61 * MS + (101 - tid) * 1000 + 500);
	}
	assert_int_equal(notes_of(n, 8), 1);
	assert_told(&n[0], GT_NOTE_WAITED, 101, START + 101 * 1000, START + 61 * MS);
	assert_int_equal(n[0].waiters, 99);
	assert_int_equal(n[0].other_tid, 1);
	assert_int_equal(row()->more, 99);
	assert_int_equal(row()->waiters, 0);
	assert_int_equal(row()->busy_ns, 0);
	end();
}

/* Which one user space has told of is told of at its end, whoever else comes first. */
static void the_end_of_a_wait_that_was_told_is_told(void **state)
{
	struct gt_alarm_note n[4];

	(void)state;
	begin(false);
	alarm_hold_ns = 0;
	acquires(&k, 1, START);
	waits(&k, 2, START + 1 * MS);
	waits(&k, 3, START + 2 * MS);
	alarms[0].told_ns = START + 1 * MS;
	alarms[0].told_tid = 2;
	releases(&k, 1, START + 60 * MS);
	acquires(&k, 3, START + 61 * MS);
	releases(&k, 3, START + 62 * MS);
	assert_int_equal(notes_of(n, 4), 0);
	assert_int_equal(row()->more, 1);
	acquires(&k, 2, START + 63 * MS);
	assert_int_equal(notes_of(n, 4), 1);
	assert_told(&n[0], GT_NOTE_WAITED, 2, START + 1 * MS, START + 63 * MS);
	assert_int_equal(row()->told_tid, 0);
	assert_int_equal(row()->calm_ns, START + 63 * MS);
	end();
}

/* It began while another was told of; but it goes on for as long again after that. */
static void a_wait_that_starves_on_is_told(void **state)
{
	struct gt_alarm_note n[4];

	(void)state;
	begin(false);
	alarm_hold_ns = 0;
	acquires(&k, 1, START);
	waits(&k, 2, START + 1 * MS);
	waits(&k, 3, START + 2 * MS);
	releases(&k, 1, START + 60 * MS);
	acquires(&k, 2, START + 61 * MS);
	assert_int_equal(notes_of(n, 4), 1);
	waits(&k, 3, START + 66 * MS); /* its tick: now it is the longest */
	assert_int_equal(row()->waiter_tid, 3);
	assert_int_equal(row()->wait_ns, START + 2 * MS);
	releases(&k, 2, START + 61 * MS + LIMIT + 5 * MS);
	acquires(&k, 3, START + 61 * MS + LIMIT + 6 * MS);
	assert_int_equal(notes_of(n, 4), 1);
	assert_told(&n[0], GT_NOTE_WAITED, 3, START + 2 * MS, START + 61 * MS + LIMIT + 6 * MS);
	end();
}

static void a_waiter_that_dies_has_waited(void **state)
{
	struct gt_alarm_note n[4];

	(void)state;
	begin(false);
	alarm_hold_ns = 0;
	acquires(&k, 1, START);
	waits(&k, 2, START + 1 * MS);
	waits(&k, 3, START + 70 * MS);
	dies(&k, 2, START + 80 * MS);
	waits(&k, 3, START + 90 * MS); /* the GIL's next event takes it out */
	assert_int_equal(notes_of(n, 4), 1);
	assert_told(&n[0], GT_NOTE_WAITED, 2, START + 1 * MS, START + 80 * MS);
	assert_int_equal(row()->waiters, 1);
	assert_int_equal(row()->waiter_tid, 3);
	end();
}

/* Light: what is known of a hold is that somebody waits for it. */
static void in_a_light_stretch_a_hold_is_what_others_wait_for(void **state)
{
	struct gt_alarm_note n[4];

	(void)state;
	begin(true);
	has_held(&k, 1);
	has_held(&k, 2);
	k.gils[0].holder = NO_TID;
	acquires_unseen(&k, 1);
	waits(&k, 2, START + 500 * MS);
	assert_int_equal(row()->since_ns, START + 500 * MS); /* not since when it has it */
	assert_int_equal(row()->holder_tid, 1);
	releases_unseen(&k, 1);
	looks_after(&k, 2, START + 560 * MS);
	acquires_unseen(&k, 2);
	assert_int_equal(notes_of(n, 4), 2);
	assert_told(&n[0], GT_NOTE_HELD, 1, START + 500 * MS, START + 560 * MS);
	assert_told(&n[1], GT_NOTE_WAITED, 2, START + 500 * MS, START + 560 * MS);
	assert_int_equal(n[1].other_tid, 1);
	/* Nobody waits: whatever it does is no hold to be told of. */
	assert_int_equal(row()->since_ns, 0);
	releases_unseen(&k, 2);
	acquires_unseen(&k, 1);
	waits(&k, 2, START + 900 * MS);
	assert_int_equal(row()->since_ns, START + 900 * MS);
	end();
}

/* Random holds and waits: each one of the limit and more is told of once, and none else. */
static void every_long_hold_is_told_once(void **state)
{
	struct gt_alarm_note n[4];
	uint64_t now = START, seed = 12345;
	unsigned int told = 0;

	(void)state;
	begin(false);
	alarm_wait_ns = 0;
	for (unsigned int i = 0; i < 3000; i++) {
		uint64_t ns;
		uint32_t tid;

		seed = seed * 6364136223846793005u + 1442695040888963407u;
		ns = (seed >> 33) % (2 * LIMIT);
		tid = 1 + (uint32_t)(seed >> 20) % 5;
		acquires(&k, tid, now);
		if (seed >> 40 & 1) {
			waits(&k, tid + 10, now + ns / 2);
			now += ns;
			releases(&k, tid, now);
			acquires(&k, tid + 10, now);
			releases(&k, tid + 10, now + 1);
		} else {
			now += ns;
			releases(&k, tid, now);
		}
		assert_int_equal(notes_of(n, 4), ns >= LIMIT);
		if (ns >= LIMIT)
			assert_told(&n[0], GT_NOTE_HELD, tid, now - ns, now);
		told += ns >= LIMIT;
		now += 1000;
	}
	assert_true(told > 1000);
	end();
}

/* Its place is another's: nothing of the one before is in the row. */
static void a_new_gil_has_a_row_of_its_own(void **state)
{
	(void)state;
	begin(false);
	alarms[0] = (struct gt_alarm){ .tgid = 9, .since_ns = 5, .more = 7, .told_tid = 3 };
	acquires(&k, 1, START);
	assert_int_equal(row()->more, 0);
	assert_int_equal(row()->told_tid, 0);
	assert_int_equal(row()->since_ns, START);
	end();
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_hold_is_in_the_row_while_it_goes_on_and_told_when_it_is_over),
		cmocka_unit_test(a_hold_of_the_limit_is_told_and_a_shorter_one_is_not),
		cmocka_unit_test(nothing_is_kept_while_nobody_wants_it),
		cmocka_unit_test(of_waits_at_the_same_time_one_is_told),
		cmocka_unit_test(the_end_of_a_wait_that_was_told_is_told),
		cmocka_unit_test(a_wait_that_starves_on_is_told),
		cmocka_unit_test(a_waiter_that_dies_has_waited),
		cmocka_unit_test(in_a_light_stretch_a_hold_is_what_others_wait_for),
		cmocka_unit_test(every_long_hold_is_told_once),
		cmocka_unit_test(a_new_gil_has_a_row_of_its_own),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
