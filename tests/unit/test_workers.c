/* SPDX-License-Identifier: BSD-2-Clause */
/* test_workers.c - who works together, how they are, and which one is far worse than the others */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <math.h>

#include "tests/unit/fake_snapshot.h"
#include "user/base/sbuf.h"
#include "user/judge/workers.h"
#include "user/picture/workers.h"
#include "user/view/worker_lines.h"

static struct fake f;

static struct worker_groups *groups(size_t cnt)
{
	struct worker_groups *g = worker_groups__new(&f.snap);

	assert_non_null(g);
	assert_int_equal(g->cnt, cnt);
	return g;
}

static bool near(double a, double b)
{
	return fabs(a - b) <= fabs(b) * 1e-6;
}

static void programs_are_known_by_what_their_workers_have_in_common(void **state)
{
	static const struct {
		const char *cmdline, *program;
		bool title;
	} cases[] = {
		{ "/usr/bin/python3 /usr/bin/gunicorn -w 3 app:app", "gunicorn", false },
		{ "/usr/bin/python3 -m celery -A app worker", "celery", false },
		{ "python3.11 -Ium celery worker", "celery", false },
		{ "python3 -X dev -W ignore -u app.py --shard 3", "app.py", false },
		{ "python3 -Xdev -Wignore app.py", "app.py", false },
		{ "python3 -c import app", "-c import app", false },
		{ "python3 -c from multiprocessing.spawn import spawn_main; "
		  "spawn_main(tracker_fd=5, "
		  "pipe_handle=7) --multiprocessing-fork",
		  "multiprocessing.spawn", false },
		{ "/opt/frozen/app --multiprocessing-fork tracker_fd=5", "multiprocessing.spawn",
		  false },
		{ "python3 -B -c from multiprocessing.forkserver import main; main(5, 6, "
		  "['__main__'])",
		  "multiprocessing.forkserver", false },
		{ "python3 -c from multiprocessing.resource_tracker import main;main(5)",
		  "multiprocessing.resource_tracker", false },
		{ "uwsgi_python3 --http-socket :80 --processes 4", "uwsgi_python3", false },
		{ "/usr/bin/uwsgi --ini app.ini", "uwsgi", false },
		{ "gunicorn: worker [shop]", "gunicorn: worker [shop]", true },
		{ "gunicorn: worker [shop]            ", "gunicorn: worker [shop]", true },
		{ "uWSGI worker 12", "uWSGI worker *", true },
		{ "uWSGI master", "uWSGI master", true },
		{ "[celeryd: celery@host7:ForkPoolWorker-12]",
		  "[celeryd: celery@host7:ForkPoolWorker-*]", true },
		{ "[celeryd: celery@host7:MainProcess] -active- (worker -A app)",
		  "[celeryd: celery@host*:MainProcess]", true },
		{ "python3", "python3", false },
		{ "/usr/bin/python3 -", "-", false },
		{ "python3 -u", "python3", false },
		{ "", "comm", false },
		{ "?", "comm", false },
		{ " x", " x", false },
	};
	char buf[WORKER_PROGRAM_SZ], longest[2 * WORKER_PROGRAM_SZ];

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		bool title = worker__program(cases[i].cmdline, "comm", buf, sizeof(buf));

		if (*cases[i].cmdline != ' ')
			assert_string_equal(buf, cases[i].program);
		assert_int_equal(title, cases[i].title);
	}
	memset(longest, 'x', sizeof(longest) - 1);
	longest[sizeof(longest) - 1] = '\0';
	for (size_t i = 0; i < sizeof(longest) - 1; i += 9)
		longest[i] = ":/ -m cX"[i % 8];
	for (size_t i = 0; i < sizeof(longest) - 1; i++)
		worker__program(longest + i, "comm", buf, sizeof(buf));
}

static void workers_of_one_master_are_one_group_and_the_ended_ones_are_counted(void **state)
{
	struct worker_groups *all;
	const struct worker_group *g;

	(void)state;
	fake__workers(&f, 10 * S);
	all = groups(1);
	g = &all->v[0];
	assert_int_equal(g->parent, 4242);
	assert_string_equal(g->parent_comm, "gunicorn");
	assert_string_equal(g->name, "gunicorn: worker [shop]");
	assert_int_equal(g->cnt, 5);
	assert_int_equal(g->ended, 2);
	assert_int_equal(g->sums.span_ns, 70 * S);
	/* 20 + 30 + 900 + 25 + 10 + 400 + 35 of 1,000, of 10 s: those of the ended ones, too */
	assert_int_equal(g->sums.wait_ns, 14200 * MS);
	assert_int_equal(g->sums.held_ns, 19900 * MS);
	assert_int_equal(g->sums.blame_ns + g->sums.gap_ns, g->sums.wait_ns);
	assert_ptr_equal(worker_groups__of(all, &f.procs[6]), g);
	assert_null(worker_groups__of(all, &f.procs[0]));
	worker_groups__free(all);
}

static void a_range_is_of_those_that_live(void **state)
{
	struct worker_groups *all;
	const struct worker_range *r;

	(void)state;
	fake__workers(&f, 10 * S);
	all = groups(1);
	r = all->v[0].range;
	assert_true(near(r[WORKERS_HELD].min, 0.14));
	assert_true(near(r[WORKERS_HELD].median, 0.16));
	assert_true(near(r[WORKERS_HELD].max, 0.98));
	assert_int_equal(r[WORKERS_HELD].max_pid, 4245);
	assert_int_equal(r[WORKERS_HELD].known, 5);
	assert_true(near(r[WORKERS_DELAY].max, 0.9));
	assert_true(near(r[WORKERS_DELAY].median, 0.03));
	assert_true(near(r[WORKERS_LOAD].max, 1.88));
	assert_true(near(r[WORKERS_WAIT_MAX].max, 3e9)); /* an open one */
	assert_int_equal(r[WORKERS_SWITCHES].max_pid, 4249);
	worker_groups__free(all);
	/* Of an even number it is the middle between two; while none lives, all count. */
	for (size_t i = 1; i < 8; i++)
		f.procs[i].alive = false;
	f.snap.proc_cnt = 5;
	all = groups(1);
	r = all->v[0].range;
	assert_int_equal(all->v[0].cnt, 0);
	assert_int_equal(all->v[0].ended, 4);
	assert_true(near(r[WORKERS_HELD].median, 0.155));
	assert_int_equal(r[WORKERS_HELD].max_pid, 4245);
	assert_null(verdict__stuck_worker(&all->v[0]));
	worker_groups__free(all);
}

static void the_worst_worker_comes_first(void **state)
{
	static const uint32_t order[] = { 4245, 4249, 4244, 4246, 4243, 4248, 4247 };
	struct worker_groups *all;

	(void)state;
	fake__workers(&f, 10 * S);
	all = groups(1);
	for (size_t i = 0; i < ARRAY_SIZE(order); i++)
		assert_int_equal(all->v[0].workers[i].proc->pid, order[i]);
	worker_groups__free(all);
	/* A wait that does not end is worse than all that has been. */
	f.threads[16 + 2 * 1].state = SNAP_WAITING;
	f.threads[16 + 2 * 1].state_ns = 4 * S;
	all = groups(1);
	assert_int_equal(all->v[0].workers[0].proc->pid, 4243);
	assert_int_equal(all->v[0].workers[1].proc->pid, 4245);
	worker_groups__free(all);
	f.threads[16 + 2 * 1].state_ns = f.threads[16 + 2 * 3].state_ns = WORKER_STUCK_NS - 1;
	all = groups(1);
	assert_int_equal(all->v[0].workers[0].proc->pid, 4245);
	worker_groups__free(all);
}

static void others_are_not_of_the_group(void **state)
{
	struct worker_groups *all;

	(void)state;
	fake__workers(&f, 10 * S);
	f.procs[1].cmdline = "python3 cron.py";	   /* another program */
	f.procs[2].runtime = "/opt/python3.12";	   /* another interpreter */
	f.procs[4].parent = 99;			   /* another master */
	f.procs[0].parent = f.procs[7].parent = 1; /* init's */
	f.procs[7].cmdline = f.procs[0].cmdline;
	all = groups(1);
	assert_int_equal(all->v[0].cnt, 1);
	assert_int_equal(all->v[0].ended, 2);
	worker_groups__free(all);
	f.procs[0].pid = 1; /* of a container, and it is a Python */
	f.procs[0].parent = 0;
	for (size_t i = 1; i < 8; i++)
		f.procs[i].parent = 1;
	f.procs[1].cmdline = f.procs[7].cmdline = f.procs[3].cmdline;
	f.procs[2].runtime = f.procs[3].runtime;
	all = groups(1);
	assert_int_equal(all->v[0].cnt, 5);
	worker_groups__free(all);
	f.procs[0].pid = 4242;
	worker_groups__free(groups(0));
	for (size_t i = 0; i < 8; i++) {
		f.procs[i].parent = 99;
		f.procs[i].parent_comm = "systemd";
	}
	worker_groups__free(groups(0));
	f.snap.proc_cnt = 0;
	worker_groups__free(groups(0));
}

static void a_worker_that_was_looked_at_before_it_took_its_title_is_one(void **state)
{
	struct worker_groups *all;

	(void)state;
	fake__workers(&f, 10 * S);
	f.procs[1].cmdline = f.procs[4].cmdline = f.procs[0].cmdline;
	all = groups(1);
	assert_int_equal(all->v[0].cnt, 5);
	assert_string_equal(all->v[0].name, "gunicorn: worker [shop]");
	worker_groups__free(all);
	/* Those of a master without titles are called like it. */
	for (size_t i = 0; i < 8; i++)
		f.procs[i].cmdline = "/usr/bin/python3 /usr/bin/gunicorn app:app";
	all = groups(1);
	assert_int_equal(all->v[0].cnt, 5);
	assert_string_equal(all->v[0].name, "gunicorn");
	worker_groups__free(all);
}

static void a_worker_that_ended_before_its_name_was_read_is_one_of_the_many(void **state)
{
	struct worker_groups *all;

	(void)state;
	fake__workers(&f, 10 * S);
	f.procs[1].cmdline = "python3 -c from multiprocessing.resource_tracker import main;main(5)";
	f.procs[5].cmdline = "";
	f.procs[6].cmdline = "?";
	all = groups(1);
	assert_int_equal(all->v[0].cnt, 4);
	assert_int_equal(all->v[0].ended, 2);
	assert_string_equal(all->v[0].name, "gunicorn: worker [shop]");
	worker_groups__free(all);
	for (size_t i = 1; i < 8; i++)
		f.procs[i].cmdline = "";
	all = groups(1);
	assert_string_equal(all->v[0].name, "gunicorn"); /* comm */
	worker_groups__free(all);
}

/* Nobody saw a hold: with looks it is an estimate, without nothing is known; and 0 is neither. */
static void what_light_mode_does_not_see_stays_unknown(void **state)
{
	struct worker_groups *all;
	const struct worker_range *r;
	char buf[UNITS_SZ];

	(void)state;
	fake__workers(&f, 10 * S);
	for (size_t i = 0; i < 8; i++) {
		f.gils[i].observed_ns = f.gils[i].held_ns = f.gils[i].gap_ns = 0;
		f.gils[i].look_cnt = i == 3 ? 1000 : 0;
		f.gils[i].locked_cnt = i == 3 ? 620 : 0;
	}
	all = groups(1);
	r = all->v[0].range;
	assert_int_equal(r[WORKERS_HELD].known, 1);
	assert_int_equal(r[WORKERS_HELD].max_pid, 4245);
	assert_true(r[WORKERS_HELD].about);
	assert_string_equal(worker_figure__text(WORKERS_HELD, r[WORKERS_HELD].max, true, buf),
			    "~62");
	assert_int_equal(r[WORKERS_SWITCHES].known, 0);
	assert_int_equal(r[WORKERS_SWITCHES].max_pid, 0);
	assert_true(isnan(r[WORKERS_SWITCHES].median));
	assert_string_equal(worker_figure__text(WORKERS_SWITCHES, NAN, false, buf), "-");
	assert_int_equal(r[WORKERS_DELAY].known, 5);
	assert_int_equal(all->v[0].workers[0].proc->pid, 4245);
	assert_int_equal(all->v[0].sums.observed_ns, 0);
	assert_int_equal(all->v[0].sums.about_held_ns, 6200 * MS);
	worker_groups__free(all);
}

static void a_stopped_worker_has_no_delay(void **state)
{
	struct worker_groups *all;

	(void)state;
	fake__workers(&f, 10 * S);
	f.procs[3].halted = true;
	all = groups(1);
	assert_int_equal(all->v[0].range[WORKERS_DELAY].known, 4);
	assert_int_equal(all->v[0].range[WORKERS_DELAY].max_pid, 4249);
	worker_groups__free(all);
}

static void check_words(const char *want)
{
	__cleanup(sbuf__free) struct sbuf out = { 0 };
	struct worker_groups *all = groups(1);

	verdict__workers(&all->v[0], &out);
	assert_string_equal(sbuf__str(&out), want);
	worker_groups__free(all);
}

static void the_stuck_one_is_said_and_nobody_where_all_are_alike(void **state)
{
	(void)state;
	fake__workers(&f, 10 * S);
	check_words("worker 4245 of 5: delay 90.0%, load 1.9, held 98.0% "
		    "(median: "
		    "3.0%, 0.2, 16.0%); a "
		    "thread has waited for 3.0s now");
	f.threads[16 + 2 * 3].state = SNAP_RELEASED;
	check_words("worker 4245 of 5: delay 90.0%, load 1.9, held 98.0% "
		    "(median: "
		    "3.0%, 0.2, 16.0%)");
	/* All the same: busy, but none of them more than the others. */
	for (size_t i = 1; i < 8; i++)
		fake__worker(&f, i, 4242, "gunicorn: worker [shop]", 900, 980);
	check_words("");
	/* All wait for long: no worker's own matter. */
	for (size_t i = 1; i < 8; i++) {
		f.threads[16 + 2 * i].state = SNAP_WAITING;
		f.threads[16 + 2 * i].state_ns = 3 * S;
	}
	check_words("");
	/* Of two nobody can say which is odd. */
	fake__workers(&f, 10 * S);
	f.snap.proc_cnt = 4;
	f.procs[1].alive = false;
	check_words("");
	/* Little is not stuck, however much more it is than next to nothing. */
	fake__workers(&f, 10 * S);
	for (size_t i = 1; i < 8; i++)
		fake__worker(&f, i, 4242, "gunicorn: worker [shop]", i == 3 ? 100 : 1,
			     i == 3 ? 200 : 1);
	check_words("");
}

static void the_report_has_a_table_of_them(void **state)
{
	__cleanup(sbuf__free) struct sbuf out = { 0 };

	(void)state;
	fake__workers(&f, 10 * S);
	worker_lines__put(&f.snap, &out);
	assert_false(out.oom);
	assert_string_equal(sbuf__str(&out),
			    "5 workers, 2 ended of pid 4242 (gunicorn): gunicorn: worker [shop]\n"
			    "                     MIN  MEDIAN     MAX  WORST\n"
			    "  held %            14.0    16.0    98.0  4245\n"
			    "  load               0.2     0.2     1.9  4245\n"
			    "  delay %            2.0     3.0    90.0  4245\n"
			    "  waiting            0.0     0.0     0.9  4245\n"
			    "  longest wait     306us  94.5ms    3.0s  4245\n"
			    "  hand-overs/s       100     300     700  4249\n"
			    "  worst first       4245: delay 90.0%, load 1.9, held 98.0%\n"
			    "                    4249: delay 3.5%, load 0.2, held 17.0%\n"
			    "                    4244: delay 3.0%, load 0.2, held 16.0%\n"
			    "                 and 2 more\n"
			    "  together       waited 14.2s, held 19.9s, hand-overs 28k\n"
			    "worker 4245 of 5: delay 90.0%, load 1.9, "
			    "held 98.0% (median: "
			    "3.0%, 0.2, 16.0%); a "
			    "thread has waited for 3.0s now\n\n");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(programs_are_known_by_what_their_workers_have_in_common),
		cmocka_unit_test(
			workers_of_one_master_are_one_group_and_the_ended_ones_are_counted),
		cmocka_unit_test(a_range_is_of_those_that_live),
		cmocka_unit_test(the_worst_worker_comes_first),
		cmocka_unit_test(others_are_not_of_the_group),
		cmocka_unit_test(a_worker_that_was_looked_at_before_it_took_its_title_is_one),
		cmocka_unit_test(a_worker_that_ended_before_its_name_was_read_is_one_of_the_many),
		cmocka_unit_test(what_light_mode_does_not_see_stays_unknown),
		cmocka_unit_test(a_stopped_worker_has_no_delay),
		cmocka_unit_test(the_stuck_one_is_said_and_nobody_where_all_are_alike),
		cmocka_unit_test(the_report_has_a_table_of_them),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
