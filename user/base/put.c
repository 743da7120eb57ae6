/* SPDX-License-Identifier: BSD-2-Clause */
/* put.c - a write that can be left
 *
 * The first signal that wants an end is only noted, and a write that sleeps goes on. Whether a write will sleep is not to
 * be known before (a terminal takes some bytes and then no more), and another's open file must not be made non-blocking.
 * So a timer wakes it.
 */
#include "user/base/put.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <sys/stat.h>
#include <sys/time.h>
#include <unistd.h>

#include "user/base/ending.h"

#define TICK_MS	    50
#define TICKS_STUCK 4

static void wake(int sig)
{
	(void)sig; /* the write has ended with EINTR, or with what was written until now */
}

static int put(int fd, const char *buf, size_t len, size_t *done)
{
	int stuck = 0;

	while (*done < len) {
		ssize_t n = write(fd, buf + *done, len - *done);

		if (n > 0) {
			*done += (size_t)n;
			stuck = 0;
			continue;
		}
		if (!n)
			return -EIO;
		if (errno == EAGAIN) /* who shares it has made it so */
			poll(&(struct pollfd){ .fd = fd, .events = POLLOUT }, 1, TICK_MS);
		else if (errno != EINTR)
			return -errno;
		stuck = ending__has_come() ? stuck + 1 : 0;
		if (stuck >= TICKS_STUCK)
			return -EINTR;
	}
	return 0;
}

int put__all(int fd, const void *buf, size_t len, size_t *ret_done)
{
	const struct itimerval ticks = { { 0, TICK_MS * 1000 }, { 0, TICK_MS * 1000 } },
			       none = { { 0, 0 }, { 0, 0 } };
	const struct sigaction waking = { .sa_handler = wake }; /* no SA_RESTART */
	struct sigaction before;
	sigset_t alarm, mask;
	struct stat st;
	int err;

	*ret_done = 0;
	if (!fstat(fd, &st) && S_ISREG(st.st_mode))
		return put(fd, buf, len, ret_done);
	sigemptyset(&alarm);
	sigaddset(&alarm, SIGALRM);
	sigaction(SIGALRM, &waking, &before);
	sigprocmask(SIG_UNBLOCK, &alarm, &mask);
	setitimer(ITIMER_REAL, &ticks, NULL);
	err = put(fd, buf, len, ret_done);
	setitimer(ITIMER_REAL, &none, NULL);
	sigprocmask(SIG_SETMASK, &mask, NULL);
	sigaction(SIGALRM, &before, NULL);
	return err;
}
