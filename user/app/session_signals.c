/* SPDX-License-Identifier: BSD-2-Clause */
/* session_signals.c - signals come through a descriptor, and the second one that wants an end gets it */
#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <sys/signalfd.h>
#include <unistd.h>

#include "user/app/launch.h"
#include "user/app/session_impl.h"

#define DUPLICATE_MS 200

int session__arm_signals(struct session *s)
{
	sigset_t set;

	sigemptyset(&set);
	sigaddset(&set, SIGINT);
	sigaddset(&set, SIGTERM);
	if (signal(SIGHUP, SIG_DFL) == SIG_IGN) /* nohup */
		signal(SIGHUP, SIG_IGN);
	else
		sigaddset(&set, SIGHUP);
	sigaddset(&set, SIGCHLD);
	sigaddset(&set, SIGWINCH);
	if (sigprocmask(SIG_BLOCK, &set, NULL))
		return -errno;
	signal(SIGPIPE, SIG_IGN); /* seen as an error of the write */
	s->signal_fd = signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK);
	return s->signal_fd < 0 ? -errno : session__watch(s, s->signal_fd, FD_SIGNAL);
}

void session__on_signal(struct session *s)
{
	struct signalfd_siginfo si;

	while (read(s->signal_fd, &si, sizeof(si)) == sizeof(si)) {
		if (si.ssi_signo == SIGCHLD) {
			if (s->launch)
				launch__on_sigchld(s->launch);
			continue;
		}
		if (si.ssi_signo == SIGWINCH) {
			if (s->live)
				session__live_resize(s);
			continue;
		}
		s->interrupted = true;
		s->done = "interrupted";
	}
}

/* From here on a second ^C ends it, whatever it is blocked in. timeout(1) signals the process, then its group: what comes
 * within DUPLICATE_MS is the first signal once more.
 */
void session__leave_at_next_signal(struct session *s)
{
	struct pollfd p = { .fd = s->signal_fd, .events = POLLIN };
	struct signalfd_siginfo si;
	sigset_t set;

	sigemptyset(&set);
	sigaddset(&set, SIGINT);
	sigaddset(&set, SIGTERM);
	sigaddset(&set, SIGHUP); /* unless ignored */
	poll(&p, 1, DUPLICATE_MS);
	while (read(s->signal_fd, &si, sizeof(si)) == sizeof(si))
		;
	signal(SIGINT, SIG_DFL); /* a shell's background job is born with it ignored */
	sigprocmask(SIG_UNBLOCK, &set, NULL);
}
