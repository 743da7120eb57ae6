/* SPDX-License-Identifier: BSD-2-Clause */
/* sleeps.c - calls that sleep and time themselves, for sleeps.py, which calls them with the GIL
 *
 * Python cannot time them: between a call's end and the next look at the clock it may be made to let go of the GIL.
 */
#include <stdint.h>
#include <time.h>
#include <unistd.h>

#include <linux/futex.h>
#include <sys/syscall.h>

enum { NAP, READ, LOCK, KINDS };

#define CALLS_MAX 100000

int64_t calls[KINDS][CALLS_MAX][2]; /* from, to: CLOCK_MONOTONIC, ns */
int call_cnt[KINDS];

static int64_t now_ns(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return ts.tv_sec * 1000000000LL + ts.tv_nsec;
}

static void add(int kind, int64_t from)
{
	int n = call_cnt[kind] < CALLS_MAX ? call_cnt[kind]++ : 0;

	calls[kind][n][0] = from;
	calls[kind][n][1] = now_ns();
}

void nap(int us)
{
	int64_t from = now_ns();

	usleep(us);
	add(NAP, from);
}

/* Many in one hold. */
void naps(int cnt, int us)
{
	while (cnt-- > 0)
		usleep(us);
}

void read_one(int fd)
{
	int64_t from = now_ns();
	char c;

	if (read(fd, &c, 1) != 1)
		pause();
	add(READ, from);
}

/* A lock that nobody lets go of. */
void lock(int ms)
{
	struct timespec until = { .tv_nsec = ms * 1000000L };
	uint32_t word = 1;
	int64_t from = now_ns();

	syscall(SYS_futex, &word, FUTEX_WAIT, 1, &until, NULL, 0);
	add(LOCK, from);
}
