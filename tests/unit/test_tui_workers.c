/* SPDX-License-Identifier: BSD-2-Clause */
/* test_tui_workers.c - workers as a tree on the screen of processes: what is selected, folded, opened */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "tests/unit/tui_stage.h"
#include "tui/proc_list.h"

static struct stage st;

static const struct proc_list *rows(void)
{
	return st.ui.screens[UI_PROCS].state; /* it begins with it */
}

static uint32_t selected_pid(void)
{
	const struct proc_row *r = &rows()->rows[st.ui.screens[UI_PROCS].sel];

	return r->proc ? r->proc->pid : 0;
}

static void show(void)
{
	ui__update(&st.ui, &st.now.snap, &st.now.snap, NULL);
}

static void open_stage(void)
{
	stage__open(&st, true, 24, 80);
	fake__workers(&st.now, 10 * S);
	show();
	keys(&st, "6");
}

static void a_chosen_worker_stays_chosen_when_another_one_is_the_worst(void **state)
{
	(void)state;
	open_stage();
	keys(&st, "jjj");
	assert_int_equal(selected_pid(), 4249);
	fake__worker(&st.now, 4, 4242, "gunicorn: worker [shop]", 990, 990);
	st.now.threads[16 + 2 * 4].state = SNAP_WAITING;
	st.now.threads[16 + 2 * 4].state_ns = 9 * S;
	show();
	assert_int_equal(rows()->rows[2].proc->pid, 4246);
	assert_int_equal(selected_pid(), 4249);
	keys(&st, "\n");
	assert_int_equal(st.ui.focus_pid, 4249);
	assert_int_equal(st.ui.screen, UI_THREADS);
	stage__close(&st);
}

static void enter_and_e_fold_and_unfold(void **state)
{
	(void)state;
	open_stage();
	assert_int_equal(rows()->cnt, 9);
	keys(&st, "j\n"); /* on the row of the group */
	assert_int_equal(rows()->cnt, 2);
	show();
	assert_int_equal(rows()->cnt, 2);
	keys(&st, "e");
	assert_int_equal(rows()->cnt, 9);
	keys(&st, "jjjj*"); /* from a worker: the group is what is selected then */
	assert_int_equal(rows()->cnt, 2);
	assert_int_equal(st.ui.screens[UI_PROCS].sel, 1);
	keys(&st, "\n");
	assert_int_equal(rows()->cnt, 9);
	assert_int_equal(selected_pid(), 0);
	keys(&st, "ke"); /* the master is no worker */
	assert_int_equal(rows()->cnt, 9);
	assert_non_null(strstr(st.ui.message, "not one of several workers"));
	stage__close(&st);
}

static void workers_of_a_worker_are_below_it_and_each_process_has_one_row(void **state)
{
	(void)state;
	open_stage();
	/* 4244's own pool; and a pid that is its own grandparent, as one that was used again */
	for (size_t i = 5; i < 8; i++) {
		st.now.procs[i].parent = 4244;
		st.now.procs[i].cmdline = "python3 pool.py";
		st.now.procs[i].alive = true;
	}
	show();
	assert_int_equal(rows()->groups->cnt, 2);
	assert_int_equal(rows()->cnt, 10);
	for (size_t i = 0; i + 1 < rows()->cnt; i++)
		if (rows()->rows[i].proc && rows()->rows[i].proc->pid == 4244)
			assert_int_equal(rows()->rows[i + 1].group->parent, 4244);
	for (size_t i = 1; i < 5; i++)
		st.now.procs[i].parent = 4247;
	show();
	assert_int_equal(rows()->groups->cnt, 2);
	assert_int_equal(rows()->cnt, 10);
	stage__close(&st);
}

static void a_master_that_is_not_measured_has_its_workers_where_the_first_one_is(void **state)
{
	(void)state;
	open_stage();
	st.now.procs[0].pid = 9;
	show();
	assert_int_equal(rows()->cnt, 9);
	assert_int_equal(rows()->rows[0].proc->pid, 9);
	assert_null(rows()->rows[1].proc);
	ui__update(&st.ui, NULL, NULL, NULL);
	assert_int_equal(rows()->cnt, 0);
	keys(&st, "e\njk");
	stage__close(&st);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_chosen_worker_stays_chosen_when_another_one_is_the_worst),
		cmocka_unit_test(enter_and_e_fold_and_unfold),
		cmocka_unit_test(workers_of_a_worker_are_below_it_and_each_process_has_one_row),
		cmocka_unit_test(
			a_master_that_is_not_measured_has_its_workers_where_the_first_one_is),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
