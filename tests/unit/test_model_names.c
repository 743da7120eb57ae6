/* SPDX-License-Identifier: BSD-2-Clause */
/* test_model_names.c - names that are told before the totals bring their threads */
#include "tests/unit/model_feed.h"

static void say_name_at(struct model *m, uint32_t tid, uint64_t at_ns, bool makeshift,
			const char *name)
{
	say(m, &(struct record){ REC_THREAD, PID, .thread = { tid, makeshift, name, at_ns } });
}

static void is_called(const struct model *m, uint32_t tid, const char *name)
{
	struct snapshot *s = model__snapshot(m, MODEL_TOTAL);
	const struct snap_thread *t = snap_proc__thread(&s->procs[0], tid);

	assert_non_null(t);
	assert_string_equal(t->name, name);
	snapshot__free(s);
}

static void works(struct machine *k, uint32_t tid, uint64_t from)
{
	acquires(k, tid, from);
	releases(k, tid, from + 10);
}

static void a_thread_has_the_name_that_was_told_before_its_record(void **state)
{
	struct model *m = new_model();
	struct machine k;

	(void)state;
	machine__init(&k, false);
	works(&k, 1, T0 + 100);
	say_name_at(m, 1, T0 + 150, true, "work()");
	say_name_at(m, 1, T0 + 160, false, "worker-1");
	say_name_at(m, 2, T0 + 160, false, "nobody");
	dies(&k, 1, T0 + 200);
	feed(m, &k, T0 + 1000);
	is_called(m, 1, "worker-1");
	model__free(m);
	machine__deinit(&k);
}

/* The kernel gives a tid to another thread sooner or later. */
static void a_name_belongs_to_who_had_the_tid_when_it_was_read(void **state)
{
	struct model *m = new_model();
	struct machine k;

	(void)state;
	machine__init(&k, false);
	works(&k, 1, T0 + 100);
	works(&k, 2, T0 + 120);
	feed(m, &k, T0 + 1000);
	say_name(m, PID, 1, "first");
	dies(&k, 1, T0 + 1100);
	say_name_at(m, 1, T0 + 1200, false, "second"); /* shows no event before the reading */
	feed(m, &k, T0 + 2000);
	is_called(m, 1, "first");
	say_name_at(m, 3, T0 + 2100, false, "former");
	works(&k, 3, T0 + 2200);
	feed(m, &k, T0 + 3000);
	is_called(m, 3, "t3");
	model__free(m);
	machine__deinit(&k);
}

static void names_without_end_do_not_grow_without_end(void **state)
{
	struct model *m = new_model();
	struct machine k;

	(void)state;
	machine__init(&k, false);
	works(&k, 7, T0 + 100);
	for (uint32_t i = 0; i < 10000; i++)
		say_name_at(m, 100 + i, T0 + 150, false, "guest");
	say_name_at(m, 7, T0 + 150, false, "late");
	feed(m, &k, T0 + 1000);
	is_called(m, 7, "t7");
	say_name_at(m, 7, T0 + 1100, false, "in time");
	feed(m, &k, T0 + 2000);
	is_called(m, 7, "in time");
	model__free(m);
	machine__deinit(&k);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_thread_has_the_name_that_was_told_before_its_record),
		cmocka_unit_test(a_name_belongs_to_who_had_the_tid_when_it_was_read),
		cmocka_unit_test(names_without_end_do_not_grow_without_end),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
