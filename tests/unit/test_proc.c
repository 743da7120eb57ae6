/* SPDX-License-Identifier: BSD-2-Clause */
/* test_proc.c - /proc, read from this process and from children made for it */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <errno.h>
#include <poll.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "user/base/cgroup.h"
#include "user/base/proc.h"

static void maps_hold_this_program_with_its_code(void **state)
{
	struct proc_maps m = { 0 };
	uint64_t here = (uint64_t)(uintptr_t)maps_hold_this_program_with_its_code, prev_end = 0;
	bool found = false;

	(void)state;
	assert_int_equal(proc_maps__read(getpid(), &m), 0);
	for (size_t i = 0; i < m.cnt; i++) {
		const struct proc_map *p = &m.maps[i];

		assert_true(p->end > p->start && p->start >= prev_end);
		prev_end = p->end;
		assert_int_equal(p->path[0], '/');
		assert_true(p->inode != 0);
		if (here < p->start || here >= p->end)
			continue;
		found = true;
		assert_true(p->exec && !p->write && !p->deleted);
		assert_non_null(strstr(p->path, "test_proc"));
	}
	assert_true(found);
	proc_maps__free(&m);
	assert_int_equal(m.cnt, 0);
}

static void a_process_that_is_not_there_is_esrch(void **state)
{
	struct proc_maps m = { 0 };
	uint32_t *tids = NULL;
	char buf[64];
	pid_t pid = fork();

	(void)state;
	if (!pid)
		_exit(0);
	waitpid(pid, NULL, 0);
	assert_false(proc__exists(pid));
	assert_false(proc__exists(0));
	assert_int_equal(proc_maps__read(pid, &m), -ESRCH);
	assert_int_equal(proc__tgid(pid), -ESRCH);
	assert_int_equal(proc__parent(pid), -ESRCH);
	assert_int_equal(proc__pidfd(pid), -ESRCH);
	assert_int_equal(proc__tids(pid, &tids), -ESRCH);
	assert_null(tids);
	proc__comm(pid, 0, buf, sizeof(buf));
	assert_string_equal(buf, "?");
	proc__exe(pid, buf, sizeof(buf));
	assert_string_equal(buf, "?");
	proc__cmdline(pid, buf, sizeof(buf));
	assert_string_equal(buf, "?");
}

static void a_title_ends_where_its_words_end(void **state)
{
	char buf[256];
	pid_t pid = fork();

	(void)state;
	if (!pid) {
		execl("/bin/sh", "gunicorn: worker [shop]", "-c", "while :; do sleep 1; done",
		      "   ", NULL);
		_exit(1);
	}
	do {
		usleep(1000);
		proc__cmdline(pid, buf, sizeof(buf));
	} while (strncmp(buf, "gunicorn", 8) && proc__runs(pid));
	kill(pid, SIGKILL);
	waitpid(pid, NULL, 0);
	assert_string_equal(buf, "gunicorn: worker [shop] -c while :; do sleep 1; done");
}

static void *stand(void *arg)
{
	pause();
	return arg;
}

static void threads_are_listed_and_their_group_found(void **state)
{
	uint32_t *tids = NULL;
	pthread_t th[3];
	ssize_t n;

	(void)state;
	for (size_t i = 0; i < 3; i++)
		assert_int_equal(pthread_create(&th[i], NULL, stand, NULL), 0);
	n = proc__tids(getpid(), &tids);
	assert_true(n >= 4); /* a sanitizer may keep one of its own */
	for (ssize_t i = 0; i < n; i++)
		assert_int_equal(proc__tgid((pid_t)tids[i]), getpid());
	assert_int_equal(proc__parent(getpid()), getppid());
	free(tids);
	for (size_t i = 0; i < 3; i++) {
		pthread_cancel(th[i]);
		pthread_join(th[i], NULL);
	}
}

static void names_of_a_target_come_out_clean(void **state)
{
	char was[16], buf[64];

	(void)state;
	prctl(PR_GET_NAME, was);
	prctl(PR_SET_NAME, "\033]0;x\n\xff) R 1");
	proc__comm(getpid(), 0, buf, sizeof(buf));
	assert_string_equal(buf, "?]0;x?"
				 "?) R 1");
	/* A name with ')' in it must not confuse the fields after it. */
	assert_int_equal(proc__parent(getpid()), getppid());
	assert_int_equal(proc__tgid(getpid()), getpid());
	prctl(PR_SET_NAME, was);
	proc__comm(getpid(), 0, buf, 4);
	assert_int_equal(strlen(buf), 3);
}

static void a_pidfd_tells_the_end(void **state)
{
	pid_t pid = fork();
	struct pollfd p = { .events = POLLIN };

	(void)state;
	if (!pid) {
		pause();
		_exit(0);
	}
	p.fd = proc__pidfd(pid);
	assert_true(p.fd >= 0);
	assert_int_equal(poll(&p, 1, 0), 0);
	kill(pid, SIGKILL);
	assert_int_equal(poll(&p, 1, 5000), 1);
	close(p.fd);
	waitpid(pid, NULL, 0);
}

/* A child that says it is there, has a child of its own, and lives until the pipe is closed. */
static pid_t start_family(int fds[2])
{
	pid_t pid;

	assert_int_equal(pipe(fds), 0);
	pid = fork();
	if (!pid) {
		char c;

		close(fds[1]);
		fork();
		_exit(read(fds[0], &c, 1) != 0);
	}
	assert_true(pid > 0);
	return pid;
}

static bool has(const uint32_t *pids, ssize_t n, pid_t pid)
{
	for (ssize_t i = 0; i < n; i++)
		if (pids[i] == (uint32_t)pid)
			return true;
	return false;
}

static void descendants_are_children_and_theirs(void **state)
{
	uint32_t *pids = NULL;
	int fds[2];
	pid_t child = start_family(fds);
	ssize_t n;

	(void)state;
	for (n = 0; n < 1; free(pids)) /* until the grandchild is there */
		assert_true((n = proc__descendants(child, &pids)) >= 0);
	assert_int_equal(n, 1);
	n = proc__descendants(getpid(), &pids);
	assert_int_equal(n, 2);
	assert_true(has(pids, n, child));
	assert_false(has(pids, n, getpid()));
	free(pids);
	close(fds[1]);
	close(fds[0]);
	assert_int_equal(waitpid(child, NULL, 0), child);
	assert_int_equal(proc__descendants(getpid(), &pids), 0);
	free(pids);
}

static void the_own_pid_is_among_all(void **state)
{
	uint32_t *pids = NULL;
	ssize_t n = proc__pids(&pids);
	bool found = false;

	(void)state;
	for (ssize_t i = 0; i < n; i++)
		found |= pids[i] == (uint32_t)getpid();
	assert_true(found);
	free(pids);
}

/* A child that is kept to one CPU says nothing of ours. */
/* Whatever hierarchies this machine has: one of version 2 is "0::/..", one of version 1 "3:cpu,cpuacct:/..". */
static void a_cgroup_is_that_of_its_controller(void **state)
{
	char line[4096], path[4096], want[2][4096] = { "", "" };
	FILE *f = fopen("/proc/self/cgroup", "r");

	(void)state;
	if (!f)
		skip();
	while (fgets(line, sizeof(line), f)) {
		line[strcspn(line, "\n")] = '\0';
		if (!strncmp(line, "0::", 3))
			snprintf(want[0], sizeof(want[0]), "%s", line + 3);
		if (strstr(line, ":cpu:") || strstr(line, ":cpu,"))
			snprintf(want[1], sizeof(want[1]), "%s", strchr(line, '/'));
	}
	fclose(f);
	for (int i = 0; i < 2; i++) {
		int err = cgroup__path(getpid(), i ? "cpu" : "", path, sizeof(path));

		assert_int_equal(err, *want[i] ? 0 : -ENOENT);
		if (!err)
			assert_string_equal(path, want[i]);
	}
	assert_int_equal(cgroup__path(getpid(), "cp", path, sizeof(path)), -ENOENT);
	assert_int_equal(cgroup__path(getpid(), "cpu,cpuacct", path, sizeof(path)), -ENOENT);
	if (*want[0])
		assert_int_equal(cgroup__path(getpid(), "", path, 1), -ENAMETOOLONG);
}

static void cpus_are_those_that_a_process_may_run_on(void **state)
{
	cpu_set_t may, one;
	int fds[2], first = 0;
	pid_t child;
	char c;

	(void)state;
	assert_int_equal(sched_getaffinity(0, sizeof(may), &may), 0);
	assert_int_equal(proc__cpu_cnt(getpid()), CPU_COUNT(&may));
	assert_int_equal(pipe(fds), 0);
	while (!CPU_ISSET(first, &may))
		first++;
	CPU_ZERO(&one);
	CPU_SET(first, &one);
	child = fork();
	if (!child) {
		close(fds[1]);
		_exit(read(fds[0], &c, 1) != 0);
	}
	assert_int_equal(sched_setaffinity(child, sizeof(one), &one), 0);
	assert_int_equal(proc__cpu_cnt(child), 1);
	assert_int_equal(proc__cpu_cnt(getpid()), CPU_COUNT(&may));
	close(fds[1]);
	close(fds[0]);
	assert_int_equal(waitpid(child, NULL, 0), child);
	assert_int_equal(proc__cpu_cnt(child), 0); /* not known */
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(maps_hold_this_program_with_its_code),
		cmocka_unit_test(a_process_that_is_not_there_is_esrch),
		cmocka_unit_test(a_title_ends_where_its_words_end),
		cmocka_unit_test(threads_are_listed_and_their_group_found),
		cmocka_unit_test(names_of_a_target_come_out_clean),
		cmocka_unit_test(a_pidfd_tells_the_end),
		cmocka_unit_test(descendants_are_children_and_theirs),
		cmocka_unit_test(the_own_pid_is_among_all),
		cmocka_unit_test(a_cgroup_is_that_of_its_controller),
		cmocka_unit_test(cpus_are_those_that_a_process_may_run_on),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
