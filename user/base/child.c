/* SPDX-License-Identifier: BSD-2-Clause */
#include "user/base/child.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "user/base/ending.h"
#include "user/base/util.h"

/* How often a child that says nothing is looked at. */
#define LOOK_MS	    10
#define LOOK_MAX_NS (2 * LOOK_MS * 1000000ull)
/* What it is still given when giltop is to end: most calls are done by then. */
#define GRACE_NS 100000000

static int cmp_int(const void *a, const void *b)
{
	int x = *(const int *)a, y = *(const int *)b;

	return (x > y) - (x < y);
}

/* Close all but 0, 1, 2 and these. */
static void close_others(int own, const struct child_keep *keep)
{
	size_t cnt = keep ? keep->cnt : 0;
	int *fds = calloc(cnt + 1, sizeof(*fds)), from = 3;

	if (!fds)
		_exit(1);
	if (cnt)
		memcpy(fds, keep->fds, cnt * sizeof(*fds));
	fds[cnt++] = own;
	qsort(fds, cnt, sizeof(*fds), cmp_int);
	for (size_t i = 0; i < cnt; i++) {
		if (fds[i] > from)
			close_range((unsigned int)from, (unsigned int)fds[i] - 1, 0);
		if (fds[i] >= from)
			from = fds[i] + 1;
	}
	close_range((unsigned int)from, ~0u, 0);
	free(fds);
}

static void begin_child(const char *name, int own, const struct child_keep *keep)
{
	struct rlimit no_core = { 0, 0 };
	sigset_t all;
	int null;

	/* Nobody sends it anything but SIGKILL: and who ends giltop does not mean it, a moment too early. */
	sigfillset(&all);
	sigprocmask(SIG_SETMASK, &all, NULL);
	setsid();
	prctl(PR_SET_NAME, name);
	setrlimit(RLIMIT_CORE, &no_core);
	close_others(own, keep);
	/* Who reads what giltop writes must see its end. */
	null = open("/dev/null", O_RDWR);
	for (int fd = 0; fd < 3; fd++)
		if (null < 0)
			close(fd);
		else if (null != fd)
			dup2(null, fd);
	if (null > 2)
		close(null);
}

int child__start(struct child *c, const char *name, const struct child_keep *keep,
		 void (*fn)(void *ctx, int fd), void *ctx)
{
	int pair[2], err;
	sigset_t all, before;

	*c = (struct child)CHILD_NONE;
	if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair))
		return -errno;
	/* From its first instruction on it is deaf. */
	sigfillset(&all);
	sigprocmask(SIG_SETMASK, &all, &before);
	c->pid = fork();
	err = errno;
	if (!c->pid) {
		begin_child(name, pair[1], keep);
		fn(ctx, pair[1]);
		_exit(0);
	}
	close(pair[1]); /* where descriptors are scarce the next one has its place */
	if (c->pid > 0) {
		c->pidfd = (int)syscall(SYS_pidfd_open, c->pid, 0);
		err = errno;
	}
	sigprocmask(SIG_SETMASK, &before, NULL);
	if (c->pid < 0 || c->pidfd < 0) {
		close(pair[0]); /* a child ends by that */
		*c = (struct child)CHILD_NONE;
		return -err;
	}
	c->fd = pair[0];
	return 0;
}

uint64_t child__cpu_ns(const struct child *c)
{
	struct timespec ts;
	clockid_t clock;

	if (!c->pid || clock_getcpuclockid(c->pid, &clock) || clock_gettime(clock, &ts))
		return 0;
	return (uint64_t)ts.tv_sec * 1000000000 + (uint64_t)ts.tv_nsec;
}

/* It sleeps, and not for want of a CPU. (Of a child of ours, so that the name in stat has no ')' of its own.) */
static bool is_blocked(pid_t pid)
{
	char path[64], line[256] = "";
	const char *at;
	int fd;

	snprintf(path, sizeof(path), "/proc/%d/stat", pid);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return false;
	if (read(fd, line, sizeof(line) - 1) < 0)
		line[0] = '\0';
	close(fd);
	at = strrchr(line, ')');
	return at && at[1] && strchr("DSTt", at[2]);
}

int child__wait(const struct child *c, const struct child_limits *limits)
{
	struct pollfd p = { .fd = c->fd, .events = POLLIN };
	uint64_t start = now_ns(), cpu = child__cpu_ns(c), blocked_ns = 0, before = start;
	int err = 0;

	while (!err && poll(&p, 1, LOOK_MS) <= 0) {
		uint64_t now = now_ns(), used = child__cpu_ns(c); /* 0: it has just ended */

		/* Between two looks we may have been without a CPU ourselves: that says nothing of it. */
		if (is_blocked(c->pid))
			blocked_ns += now - before < LOOK_MAX_NS ? now - before : LOOK_MAX_NS;
		before = now;
		if (ending__has_come() && now - start > GRACE_NS)
			err = -EINTR;
		else if (used > cpu && used - cpu > limits->cpu_ns)
			err = -EFBIG;
		else if (blocked_ns > limits->wait_ns)
			err = -ETIMEDOUT;
	}
	/* It may have said it meanwhile. */
	return err && poll(&p, 1, 0) > 0 ? 0 : err;
}

/* Has it ended? Then it is no zombie any more. */
static bool is_over(int pidfd)
{
	siginfo_t info = { 0 };

	/* ECHILD: somebody else has waited for it. */
	return waitid(P_PIDFD, (id_t)pidfd, &info, WEXITED | WNOHANG) || info.si_pid;
}

size_t children__left(struct children *left)
{
	size_t n = 0;

	for (size_t i = 0; i < left->cnt; i++) {
		if (!is_over(left->pidfds[i]))
			left->pidfds[n++] = left->pidfds[i];
		else
			close(left->pidfds[i]);
	}
	return left->cnt = n;
}

void children__forget(struct children *left)
{
	children__left(left);
	for (size_t i = 0; i < left->cnt; i++)
		close(left->pidfds[i]);
	left->cnt = 0;
}

bool child__ends(struct child *c, int ms)
{
	struct pollfd p = { .fd = c->pidfd, .events = POLLIN };
	int n;

	if (!c->pid)
		return true;
	closep(&c->fd);
	c->fd = -1;
	do
		n = poll(&p, 1, ms);
	while (n < 0 && errno == EINTR && !ending__has_come());
	return n > 0;
}

void child__join(struct child *c, int ms, struct children *left)
{
	child__ends(c, ms);
	child__end(c, false, left);
}

void child__end(struct child *c, bool kill_it, struct children *left)
{
	if (!c->pid)
		return;
	closep(&c->fd);
	if (kill_it)
		syscall(SYS_pidfd_send_signal, c->pidfd, SIGKILL, NULL, 0);
	if (is_over(c->pidfd) || children__left(left) == CHILDREN_LEFT_MAX)
		close(c->pidfd);
	else
		left->pidfds[left->cnt++] = c->pidfd;
	*c = (struct child)CHILD_NONE;
}
