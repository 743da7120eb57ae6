/* SPDX-License-Identifier: BSD-2-Clause */
/* test_adopt.c - processes whose books open by themselves, at their first event by a probe of their interpreter's file */
#include "tests/unit/model_feed.h"

#define FILE_NO 3u

static void share(uint64_t since_ns, bool light)
{
	struct gt_file f = { .since_ns = since_ns, .light = light, .layout = fake_layout };
	uint32_t no = FILE_NO;

	set_value(SHIM_MAP(&files), &no, &f);
}

/* A machine on which one file is probed for all, and nobody is known. */
static void machine__init_shared(struct machine *k, bool light)
{
	machine__init_empty(k, false);
	share(T0, light);
	k->file = FILE_NO;
	adopt_all = 1;
	follow = GT_FOLLOW_ALL;
	add_gil(k, PID, COND);
}

static const struct gt_target *target_of(uint32_t tgid)
{
	return shim__find(SHIM_MAP(&targets), &tgid);
}

/* The note of that kind about that process, or 0. */
static struct gt_note note_of(enum gt_note_kind kind, uint32_t tgid)
{
	struct gt_note n[16], none = { 0 };
	uint32_t cnt = shim__ring_take(SHIM_RING(&notes), n, sizeof(n[0]), 16);

	for (uint32_t i = 0; i < cnt && i < 16; i++)
		if (n[i].kind == kind && n[i].tgid == tgid)
			return n[i];
	return none;
}

static void execs(struct machine *k, uint32_t tid, uint64_t now, uint64_t ino)
{
	runs(k, thread_of_tid(k, tid), now);
	on_task_exec(tid, ino, 8 << 20 | 1);
}

/* Seen since its program began: nobody waited before the first event. */
static void books_start_with_the_program_where_the_probes_came_first(void **state)
{
	struct machine k;
	struct gt_note n;

	(void)state;
	machine__init_shared(&k, true);
	execs(&k, PID, T0 + 100, 77);
	waits(&k, PID, T0 + 500);
	n = note_of(GT_NOTE_ADOPT, PID);
	assert_int_equal(n.start_ns, T0 + 100);
	assert_int_equal(n.tid, FILE_NO);
	assert_string_equal(n.comm, "t100");
	assert_int_equal(n.state, 77);
	assert_int_equal(target_of(PID)->books_ns, T0 + 100);
	assert_int_equal(target_of(PID)->exe_ino, 77);
	machine__deinit(&k);
}

static void books_start_with_the_event_where_the_program_came_first(void **state)
{
	struct machine k;

	(void)state;
	machine__init_shared(&k, true);
	execs(&k, PID, T0 - 100, 77);
	waits(&k, PID, T0 + 500);
	assert_int_equal(target_of(PID)->books_ns, T0 + 500);
	machine__deinit(&k);
}

static void who_was_there_already_is_adopted_too(void **state)
{
	struct machine k;

	(void)state;
	machine__init_shared(&k, true);
	waits(&k, PID, T0 + 500);
	assert_int_equal(note_of(GT_NOTE_ADOPT, PID).start_ns, T0 + 500);
	adopt_all = 0;
	add_gil(&k, PID + 1, COND + 0x100);
	add_thread(&k, 300, &k.gils[1]);
	waits(&k, 300, T0 + 600);
	assert_null(target_of(PID + 1));
	machine__deinit(&k);
}

static void in_light_books_an_adopted_one_balances(void **state)
{
	struct model *m = new_model();
	struct snapshot *s;
	struct machine k;

	(void)state;
	machine__init_shared(&k, true);
	execs(&k, PID, T0 + 100, 77);
	acquires_unseen(&k, 1);
	thread_of_tid(&k, 1);
	waits(&k, 2, T0 + 500);
	releases_unseen(&k, 1);
	looks_after(&k, 2, T0 + 800);
	acquires_unseen(&k, 2);
	feed_at(m, &k, T0 + 5000, false);
	s = model__snapshot(m, MODEL_TOTAL);
	assert_int_equal(balanced(s).wait, 300);
	snapshot__free(s);
	model__free(m);
	machine__deinit(&k);
}

static void in_exact_books_it_is_exact_from_its_first_acquisition(void **state)
{
	struct model *m = new_model();
	struct snapshot *s;
	struct machine k;

	(void)state;
	machine__init_shared(&k, false);
	execs(&k, PID, T0 + 100, 77);
	acquires(&k, 1, T0 + 200);
	waits(&k, 2, T0 + 500);
	releases(&k, 1, T0 + 900);
	acquires(&k, 2, T0 + 1000);
	releases(&k, 2, T0 + 1500);
	feed_at(m, &k, T0 + 5000, false);
	s = model__snapshot(m, MODEL_TOTAL);
	assert_int_equal(balanced(s).wait, 500);
	assert_int_equal(s->procs[0].gils[0].held_ns, 700 + 500);
	snapshot__free(s);
	model__free(m);
	machine__deinit(&k);
}

/* Two names lead to one file: it is probed twice, and each event counts once. */
static void a_second_probe_at_the_same_place_counts_nothing(void **state)
{
	struct machine k;
	uint32_t other = FILE_NO + 1;
	struct gt_file f = { .since_ns = T0, .layout = fake_layout };

	(void)state;
	machine__init_shared(&k, false);
	set_value(SHIM_MAP(&files), &other, &f);
	acquires(&k, 1, T0 + 200);
	runs(&k, thread_of_tid(&k, 1), T0 + 201);
	on_acquire(COND, other);
	waits(&k, 2, T0 + 300);
	runs(&k, thread_of_tid(&k, 2), T0 + 301);
	on_wait(COND, other);
	read_books(&k);
	assert_int_equal(k.totals.gils[0].rec.acquisitions, 1);
	assert_int_equal(k.totals.threads[0].rec.wait_ticks + k.totals.threads[1].rec.wait_ticks,
			 1);
	assert_int_equal(stat_of(GT_STAT_ACQUIRE_HELD), 0);
	machine__deinit(&k);
}

/* .. and one that has probes of its own leaves those of the file alone. */
static void who_has_probes_of_its_own_is_not_seen_twice(void **state)
{
	struct machine k;

	(void)state;
	machine__init(&k, false);
	share(T0, false);
	acquires(&k, 1, T0 + 200);
	runs(&k, thread_of_tid(&k, 1), T0 + 201);
	on_acquire(COND, FILE_NO);
	assert_int_equal(stat_of(GT_STAT_ACQUIRE_HELD), 0);
	machine__deinit(&k);
}

static uint32_t forks(uint32_t parent, uint32_t child, uint64_t now)
{
	struct task_struct p = { .tgid = (int)parent }, c = { .tgid = (int)child };

	shim.cpu.now_ns = now;
	on_task_fork(&p, &c);
	return note_of(GT_NOTE_FORK, parent).tid;
}

/* A worker that is forked has all where its parent has it. */
static void a_child_is_measured_from_its_fork_on(void **state)
{
	struct machine k;

	(void)state;
	machine__init_shared(&k, true);
	adopt_all = 0;
	follow = GT_FOLLOW_CHILDREN;
	start_books(PID, T0 + 100);
	((struct gt_target *)shim__find(SHIM_MAP(&targets), &(uint32_t){ PID }))->wanted = 1;
	assert_int_equal(forks(PID, 200, T0 + 300), 200);
	add_gil(&k, 200, COND);
	add_thread(&k, 200, &k.gils[1]);
	waits(&k, 200, T0 + 400);
	assert_int_equal(target_of(200)->books_ns, T0 + 300);
	assert_memory_equal(&target_of(200)->layout, &fake_layout, sizeof(fake_layout));
	machine__deinit(&k);
}

/* Until user space has closed the old books, the new program has none. */
static void after_an_exec_it_is_not_adopted_at_once(void **state)
{
	struct machine k;

	(void)state;
	machine__init_shared(&k, false);
	acquires(&k, PID, T0 + 200);
	releases(&k, PID, T0 + 300);
	execs(&k, PID, T0 + 400, 77);
	acquires(&k, PID, T0 + 500);
	assert_int_equal(target_of(PID)->books_ns, 0);
	assert_int_equal(target_of(PID)->over, 1);
	machine__deinit(&k);
}

/* With filters each program is asked for anew; a fork is as its parent. */
static void who_was_wanted_is_not_as_another_program(void **state)
{
	struct machine k;
	struct gt_target *t;

	(void)state;
	machine__init_shared(&k, true);
	adopt_all = 0;
	start_books(PID, T0 + 100);
	t = shim__find(SHIM_MAP(&targets), &(uint32_t){ PID });
	t->wanted = 1;
	assert_int_equal(forks(PID, 200, T0 + 200), 200);
	assert_int_equal(target_of(200)->wanted, 1);
	execs(&k, PID, T0 + 300, 77);
	assert_int_equal(t->wanted, 0);
	t->over = 0; /* user space has taken notice */
	waits(&k, PID, T0 + 400);
	assert_int_equal(t->books_ns, 0);
	machine__deinit(&k);
}

/* So that who hears of both knows which program is meant. */
static void an_exec_is_told_of_with_the_moment_that_its_program_began(void **state)
{
	struct machine k;

	(void)state;
	machine__init_shared(&k, true);
	execs(&k, PID, T0 + 300, 77);
	assert_int_equal(note_of(GT_NOTE_EXEC, PID).start_ns, target_of(PID)->born_ns);
	machine__deinit(&k);
}

static void who_ends_without_books_is_told_of(void **state)
{
	struct machine k;
	struct gt_note n;

	(void)state;
	machine__init_shared(&k, true);
	execs(&k, PID, T0 + 100, 77);
	dies(&k, PID, T0 + 200);
	n = note_of(GT_NOTE_UNSEEN, PID);
	assert_int_equal(n.start_ns, T0 + 100);
	assert_int_equal(n.ino, 77);
	assert_int_equal(n.tid, 8 << 20 | 1);
	assert_null(target_of(PID));
	machine__deinit(&k);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(books_start_with_the_program_where_the_probes_came_first),
		cmocka_unit_test(books_start_with_the_event_where_the_program_came_first),
		cmocka_unit_test(who_was_there_already_is_adopted_too),
		cmocka_unit_test(in_light_books_an_adopted_one_balances),
		cmocka_unit_test(in_exact_books_it_is_exact_from_its_first_acquisition),
		cmocka_unit_test(a_second_probe_at_the_same_place_counts_nothing),
		cmocka_unit_test(who_has_probes_of_its_own_is_not_seen_twice),
		cmocka_unit_test(a_child_is_measured_from_its_fork_on),
		cmocka_unit_test(after_an_exec_it_is_not_adopted_at_once),
		cmocka_unit_test(who_was_wanted_is_not_as_another_program),
		cmocka_unit_test(an_exec_is_told_of_with_the_moment_that_its_program_began),
		cmocka_unit_test(who_ends_without_books_is_told_of),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
