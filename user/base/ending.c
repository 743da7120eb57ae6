/* SPDX-License-Identifier: BSD-2-Clause */
#include "user/base/ending.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdint.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/time.h>
#include <termios.h>
#include <unistd.h>

#include "user/base/util.h"

/* timeout(1) signals the process, then its group: what comes so soon is the first signal once more. */
#define SAME_NS 200000000
/* So long a terminal may take for its last bytes, before the second signal ends us. */
#define WRITE_US 100000
/* And so long it may take nothing when the first one comes. */
#define STALLED_MS 200

static const int signals[] = { SIGINT, SIGTERM, SIGHUP };

/* A handler has nothing but what is global. */
static struct {
	int fd;			    /* -1: not armed */
	volatile sig_atomic_t come; /* the first one's number */
	volatile uint64_t first_ns;
	struct sigaction before[ARRAY_SIZE(signals)];
	volatile sig_atomic_t has_modes;
	struct termios modes;
	char bytes[256];
	size_t len;
} ending = { .fd = -1 };

static void wake(int sig)
{
	(void)sig; /* the write has ended with EINTR */
}

/* Its modes first: those do not wait. The bytes may, for ever (^S, a terminal that nobody reads): not for that long. */
static void restore_terminal(void)
{
	const struct sigaction waking = { .sa_handler = wake }; /* no SA_RESTART */
	const struct itimerval ticks = { { 0, WRITE_US }, { 0, WRITE_US } };
	sigset_t alarm;

	signal(SIGTTOU, SIG_IGN); /* in the background we would be stopped by this */
	tcsetattr(STDIN_FILENO, TCSANOW, &ending.modes);
	sigemptyset(&alarm);
	sigaddset(&alarm, SIGALRM);
	sigaction(SIGALRM, &waking, NULL);
	sigprocmask(SIG_UNBLOCK, &alarm, NULL);
	setitimer(ITIMER_REAL, &ticks, NULL);
	(void)!write(STDOUT_FILENO, ending.bytes, ending.len);
}

static void leave(int sig)
{
	sigset_t set;

	if (ending.has_modes)
		restore_terminal();
	signal(sig, SIG_DFL);
	sigemptyset(&set);
	sigaddset(&set, sig);
	sigprocmask(SIG_UNBLOCK, &set, NULL);
	raise(sig);
}

/* Who draws on a terminal that takes nothing is in a write that goes on after this, and never comes to look. */
static bool is_stalled(void)
{
	struct pollfd p = { .fd = STDOUT_FILENO, .events = POLLOUT };

	return ending.has_modes && !poll(&p, 1, STALLED_MS);
}

static void on_signal(int sig)
{
	const uint64_t one = 1;
	int err = errno;

	if (!ending.come) {
		ending.first_ns = now_ns();
		ending.come = sig;
		if (write(ending.fd, &one, sizeof(one)) < 0 || is_stalled())
			leave(sig); /* nobody would hear of it */
	} else if (now_ns() - ending.first_ns > SAME_NS) {
		leave(sig);
	}
	errno = err;
}

int ending__arm(void)
{
	struct sigaction sa = { .sa_handler = on_signal, .sa_flags = SA_RESTART };
	sigset_t set;

	if (ending.fd >= 0)
		return ending.fd;
	ending.fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	if (ending.fd < 0)
		return -errno;
	sigemptyset(&set);
	for (size_t i = 0; i < ARRAY_SIZE(signals); i++) {
		sigaction(signals[i], NULL, &ending.before[i]);
		/* nohup; a job in the background, which is born with SIGINT ignored, can be told so all the same */
		if (signals[i] == SIGHUP && ending.before[i].sa_handler == SIG_IGN)
			continue;
		sigaddset(&sa.sa_mask, signals[i]);
		sigaddset(&set, signals[i]);
	}
	for (size_t i = 0; i < ARRAY_SIZE(signals); i++)
		if (sigismember(&set, signals[i]) && sigaction(signals[i], &sa, NULL))
			return -errno;
	sigprocmask(SIG_UNBLOCK, &set, NULL);
	return ending.fd;
}

bool ending__has_come(void)
{
	sigset_t set;

	if (ending.come)
		return true;
	if (sigpending(&set))
		return false;
	for (size_t i = 0; i < ARRAY_SIZE(signals); i++)
		if (sigismember(&set, signals[i]) == 1)
			return true;
	return false;
}

void ending__leave(void)
{
	if (ending.come)
		leave(ending.come);
}

void ending__disarm(void)
{
	for (size_t i = 0; ending.fd >= 0 && i < ARRAY_SIZE(signals); i++)
		sigaction(signals[i], &ending.before[i], NULL);
}

void ending__terminal(const struct termios *modes, const char *bytes, size_t len)
{
	ending.has_modes = 0;
	if (!modes)
		return;
	ending.modes = *modes;
	ending.len = len < sizeof(ending.bytes) ? len : 0;
	memcpy(ending.bytes, bytes, ending.len);
	ending.has_modes = 1;
}
