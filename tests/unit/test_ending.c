/* SPDX-License-Identifier: BSD-2-Clause */
/* test_ending.c - signals that want an end are answered, whatever the terminal does */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <termios.h>
#include <unistd.h>

#include "user/base/ending.h"

#define PATIENCE_S 20

/* It draws on a terminal, and goes on with that when a signal comes. */
static void draw(int tty, int ready, bool is_blocked)
{
	static const char last[] = "last";
	struct termios modes, raw;

	dup2(tty, STDIN_FILENO);
	dup2(tty, STDOUT_FILENO);
	tcgetattr(tty, &modes);
	raw = modes;
	cfmakeraw(&raw);
	tcsetattr(tty, TCSANOW, &raw);
	ending__arm();
	ending__terminal(&modes, last, sizeof(last) - 1);
	alarm(PATIENCE_S);
	if (write(ready, "r", 1) != 1)
		_exit(1);
	while (!is_blocked)
		pause();
	for (;;)
		if (write(STDOUT_FILENO, "line\n", 5) < 0)
			_exit(1);
}

struct drawing {
	int master, slave;
	pid_t pid;
};

static struct drawing start(bool stopped)
{
	struct drawing d = { .master = posix_openpt(O_RDWR | O_NOCTTY) };
	int ready[2];
	char c;

	assert_true(d.master >= 0);
	assert_int_equal(grantpt(d.master), 0);
	assert_int_equal(unlockpt(d.master), 0);
	d.slave = open(ptsname(d.master), O_RDWR | O_NOCTTY);
	assert_true(d.slave >= 0);
	if (stopped)
		assert_int_equal(tcflow(d.slave, TCOOFF), 0);
	assert_int_equal(pipe(ready), 0);
	d.pid = fork();
	assert_true(d.pid >= 0);
	if (!d.pid)
		draw(d.slave, ready[1], stopped);
	assert_int_equal(read(ready[0], &c, 1), 1);
	close(ready[0]);
	close(ready[1]);
	return d;
}

static void ended_by(const struct drawing *d, int sig)
{
	struct termios modes;
	int status;

	assert_int_equal(waitpid(d->pid, &status, 0), d->pid);
	assert_true(WIFSIGNALED(status));
	assert_int_equal(WTERMSIG(status), sig);
	assert_int_equal(tcgetattr(d->slave, &modes), 0);
	assert_true(modes.c_lflag & ICANON); /* as it was */
	close(d->master);
	close(d->slave);
}

static void a_terminal_that_takes_nothing_does_not_keep_it(void **state)
{
	struct drawing d = start(true);

	(void)state;
	assert_int_equal(kill(d.pid, SIGTERM), 0);
	ended_by(&d, SIGTERM);
}

static void the_second_one_ends_it_though_the_terminal_has_stopped_since_the_first(void **state)
{
	struct drawing d = start(false);
	struct pollfd p = { .fd = -1 };

	(void)state;
	assert_int_equal(kill(d.pid, SIGINT), 0);
	poll(&p, 1, 500); /* what comes sooner is the first once more */
	assert_int_equal(waitpid(d.pid, NULL, WNOHANG), 0);
	assert_int_equal(tcflow(d.slave, TCOOFF), 0);
	assert_int_equal(kill(d.pid, SIGINT), 0);
	ended_by(&d, SIGINT);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_terminal_that_takes_nothing_does_not_keep_it),
		cmocka_unit_test(
			the_second_one_ends_it_though_the_terminal_has_stopped_since_the_first),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
