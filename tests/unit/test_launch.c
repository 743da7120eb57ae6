/* SPDX-License-Identifier: BSD-2-Clause */
/* test_launch.c - a command is traced while it starts, and never worse off for it */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "user/app/launch.h"
#include "user/app/limits.h"
#include "user/base/util.h"

#define PATIENCE_MS 20000

static struct limits own;

static bool count_tries(void *ctx, pid_t pid)
{
	(void)pid;
	++*(int *)ctx;
	return false;
}

static void wait_a_little(void)
{
	poll(NULL, 0, 2);
}

/* The end of the pipe was reached: nobody has the other end any more. */
static bool all_gone(int fd)
{
	struct pollfd p = { .fd = fd, .events = POLLIN };
	char c;

	return poll(&p, 1, PATIENCE_MS) == 1 && read(fd, &c, 1) == 0;
}

/* A process that starts the command, and is killed where giltop would let it run. Every process of it has the pipe. */
static pid_t starter(char **argv, int pipe_fd, int ready_fd)
{
	pid_t pid = fork();
	int tries = 0;

	assert_true(pid >= 0);
	if (pid)
		return pid;
	if (!launch__start(argv, true, pipe_fd, &own, count_tries, &tries))
		_exit(1);
	if (write(ready_fd, "r", 1) != 1)
		_exit(1);
	for (;;)
		pause();
}

static void a_command_that_was_not_told_to_go_never_runs(void **state)
{
	char *argv[] = { "echo", "ran", NULL };
	int out[2], ready[2];
	pid_t pid;
	char c;

	(void)state;
	assert_int_equal(pipe(out), 0);
	assert_int_equal(pipe(ready), 0);
	pid = starter(argv, out[1], ready[1]);
	close(out[1]);
	assert_int_equal(read(ready[0], &c, 1), 1);
	assert_int_equal(kill(pid, SIGKILL), 0);
	assert_int_equal(waitpid(pid, NULL, 0), pid);
	assert_true(all_gone(out[0])); /* not stopped for ever, and it has said nothing */
	close(out[0]);
	close(ready[0]);
	close(ready[1]);
}

static int status_of(char **argv, int out_fd, int *tries)
{
	struct launch *l = launch__start(argv, true, out_fd, &own, count_tries, tries);
	int sig, status;

	assert_non_null(l);
	launch__go(l);
	while (!launch__ended(l)) {
		launch__on_sigchld(l);
		wait_a_little();
	}
	status = launch__status(l, &sig);
	launch__free(l);
	return status;
}

static void its_status_is_its_own_and_its_children_are_looked_at(void **state)
{
	char *sh[] = { "/bin/sh", "-c", "/bin/true; /bin/sh -c '/bin/true; exit 7'", NULL };
	char *none[] = { "/no/such/program", NULL };
	char *not_one[] = { "/etc/passwd", NULL };
	int tries = 0, null = open("/dev/null", O_WRONLY | O_CLOEXEC);

	(void)state;
	assert_int_equal(status_of(sh, -1, &tries), 7);
	assert_true(tries >= 4); /* each exec, and each library */
	assert_int_equal(status_of(none, null, &tries), 127);
	assert_int_equal(status_of(not_one, null, &tries), 126);
	close(null);
}

/* Started by a program that ignores SIGCHLD, as it is told to, and its command the same. */
static void a_starter_that_ignores_sigchld_hides_neither_its_stops_nor_its_status(void **state)
{
	char *sh[] = { "/bin/sh", "-c", "exit 7", NULL };
	char *grep[] = { "grep", "-q", "^SigIgn:.*[13579bdf]....$", "/proc/self/status", NULL };
	int tries = 0, status;
	pid_t pid = fork();

	(void)state;
	assert_true(pid >= 0);
	if (!pid) {
		signal(SIGCHLD, SIG_IGN);
		alarm(PATIENCE_MS / 1000); /* or it waits for ever */
		_exit(status_of(grep, -1, &tries) ? 1 : status_of(sh, -1, &tries));
	}
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_true(WIFEXITED(status));
	assert_int_equal(WEXITSTATUS(status), 7);
}

static char state_of(pid_t pid)
{
	char path[64], line[256], *end;
	FILE *f;

	snprintf(path, sizeof(path), "/proc/%d/stat", pid);
	f = fopen(path, "r");
	if (!f)
		return '?';
	end = fgets(line, sizeof(line), f) ? strrchr(line, ')') : NULL;
	fclose(f);
	return end ? end[2] : '?';
}

/* ^Z, or a job that reads from the terminal: only SIGCONT ends that. */
static void a_command_that_is_stopped_stays_so_until_it_is_told_to_go_on(void **state)
{
	char *argv[] = { "/bin/sh", "-c", "echo $$; kill -STOP $$; echo on", NULL };
	struct launch *l;
	int tries = 0, out[2], looks = 0;
	char line[16] = { 0 };
	pid_t pid;

	(void)state;
	assert_int_equal(pipe(out), 0);
	l = launch__start(argv, true, out[1], &own, count_tries, &tries);
	assert_non_null(l);
	close(out[1]);
	launch__go(l);
	for (struct pollfd p = { .fd = out[0], .events = POLLIN }; poll(&p, 1, 0) == 0;) {
		launch__on_sigchld(l);
		wait_a_little();
	}
	assert_true(read(out[0], line, sizeof(line) - 1) > 0);
	pid = atoi(line);
	for (int stopped = 0; stopped < 50; looks++) { /* it stays so */
		launch__on_sigchld(l);
		wait_a_little();
		stopped = strchr("Tt", state_of(pid)) ? stopped + 1 : 0;
		assert_true(looks < 10000);
	}
	assert_false(launch__ended(l));
	assert_int_equal(kill(pid, SIGCONT), 0);
	while (!launch__ended(l)) {
		launch__on_sigchld(l);
		wait_a_little();
	}
	memset(line, 0, sizeof(line));
	assert_int_equal(read(out[0], line, sizeof(line) - 1), 3);
	assert_string_equal(line, "on\n");
	close(out[0]);
	launch__free(l);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_command_that_was_not_told_to_go_never_runs),
		cmocka_unit_test(its_status_is_its_own_and_its_children_are_looked_at),
		cmocka_unit_test(
			a_starter_that_ignores_sigchld_hides_neither_its_stops_nor_its_status),
		cmocka_unit_test(a_command_that_is_stopped_stays_so_until_it_is_told_to_go_on),
	};

	unsetenv("SUDO_UID"); /* sudo make check */
	unsetenv("SUDO_GID");
	limits__raise(&own);
	signal(SIGPIPE, SIG_IGN);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
