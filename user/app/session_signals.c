/* SPDX-License-Identifier: BSD-2-Clause */
/* session_signals.c - signals come through descriptors */
#include <errno.h>
#include <signal.h>
#include <sys/signalfd.h>
#include <unistd.h>

#include "user/app/launch.h"
#include "user/app/session_impl.h"
#include "user/base/ending.h"

int session__arm_signals(struct session *s)
{
	int fd = ending__arm();
	sigset_t set;

	if (fd < 0)
		return fd;
	sigemptyset(&set);
	sigaddset(&set, SIGCHLD);
	sigaddset(&set, SIGWINCH);
	sigaddset(&set, SIGUSR1);
	if (sigprocmask(SIG_BLOCK, &set, NULL))
		return -errno;
	signal(SIGPIPE, SIG_IGN); /* seen as an error of the write */
	s->signal_fd = signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK);
	if (s->signal_fd < 0)
		return -errno;
	fd = session__watch(s, fd, FD_ENDING);
	return fd ? fd : session__watch(s, s->signal_fd, FD_SIGNAL);
}

void session__on_signal(struct session *s)
{
	struct signalfd_siginfo si;

	while (read(s->signal_fd, &si, sizeof(si)) == sizeof(si)) {
		if (si.ssi_signo == SIGCHLD && s->launch)
			launch__on_sigchld(s->launch);
		else if (si.ssi_signo == SIGWINCH && s->live)
			session__live_resize(s);
		else if (si.ssi_signo == SIGUSR1)
			session_trigger__plain(s, TRIGGER_SIGNAL);
	}
}
