/* SPDX-License-Identifier: BSD-2-Clause */
/* test_put.c - a write takes as long as its reader, but does not make deaf */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "user/base/put.h"

#define SZ (1u << 20) /* more than a pipe holds */

static char text[SZ];

/* An end is wanted, and not heard of: as in a run, whose signals come through a descriptor. */
static int want_an_end(void **state)
{
	sigset_t set;

	(void)state;
	alarm(60); /* a test that hangs has failed */
	sigemptyset(&set);
	sigaddset(&set, SIGINT);
	return sigprocmask(SIG_BLOCK, &set, NULL) || raise(SIGINT);
}

static int take_it_back(void **state)
{
	sigset_t set;
	int sig;

	(void)state;
	alarm(0);
	sigemptyset(&set);
	sigaddset(&set, SIGINT);
	return sigwait(&set, &sig) || sigprocmask(SIG_UNBLOCK, &set, NULL);
}

static void nobody_reads_and_an_end_is_wanted_then_it_is_left(void **state)
{
	int fds[2];
	size_t done;

	(void)state;
	assert_int_equal(pipe(fds), 0);
	assert_int_equal(put__all(fds[1], text, SZ, &done), -EINTR);
	assert_int_equal(done, fcntl(fds[1], F_GETPIPE_SZ));
	assert_int_equal(put__all(fds[1], text, 1, &done), -EINTR);
	assert_int_equal(done, 0);
	close(fds[0]);
	close(fds[1]);
}

static void a_slow_reader_gets_it_all(void **state)
{
	int fds[2], status;
	size_t done;
	pid_t pid;

	(void)state;
	for (int nonblock = 0; nonblock <= 1; nonblock++) {
		assert_int_equal(pipe(fds), 0);
		if (nonblock)
			assert_int_equal(fcntl(fds[1], F_SETFL, O_NONBLOCK), 0);
		pid = fork();
		assert_true(pid >= 0);
		if (!pid) {
			size_t got = 0;
			ssize_t n;

			close(fds[1]);
			while ((n = read(fds[0], text, 1u << 16)) > 0) {
				got += (size_t)n;
				poll(NULL, 0, 30);
			}
			_exit(got != SZ);
		}
		close(fds[0]);
		assert_int_equal(put__all(fds[1], text, SZ, &done), 0);
		assert_int_equal(done, SZ);
		close(fds[1]);
		assert_int_equal(waitpid(pid, &status, 0), pid);
		assert_int_equal(status, 0);
	}
}

static void errors_are_handed_on_and_signals_are_as_before(void **state)
{
	struct sigaction before, after;
	int fds[2];
	size_t done;

	(void)state;
	assert_int_equal(sigaction(SIGALRM, NULL, &before), 0);
	signal(SIGPIPE, SIG_IGN);
	assert_int_equal(pipe(fds), 0);
	close(fds[0]);
	assert_int_equal(put__all(fds[1], text, 1, &done), -EPIPE);
	close(fds[1]);
	assert_int_equal(put__all(-1, text, 1, &done), -EBADF);
	fds[0] = open("/dev/full", O_WRONLY | O_CLOEXEC);
	assert_int_equal(put__all(fds[0], text, 1, &done), -ENOSPC);
	close(fds[0]);
	assert_int_equal(sigaction(SIGALRM, NULL, &after), 0);
	assert_true(before.sa_handler == after.sa_handler);
}

int main(void)
{
#define TEST(f) cmocka_unit_test_setup_teardown(f, want_an_end, take_it_back)
	const struct CMUnitTest tests[] = {
		TEST(nobody_reads_and_an_end_is_wanted_then_it_is_left),
		TEST(a_slow_reader_gets_it_all),
		TEST(errors_are_handed_on_and_signals_are_as_before),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
