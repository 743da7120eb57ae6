/* SPDX-License-Identifier: BSD-2-Clause */
/* shares.c - what shares.py cannot do in Python: to know when it woke, to burn in C, to be called from C */
#include <pthread.h>
#include <stdint.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

int64_t nap(int us);
void burn(int us);
int tid(void);
int caller_start(void (*call)(int64_t woke), int us);
void caller_stop(void);

static int64_t now_ns(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (int64_t)t.tv_sec * 1000000000 + t.tv_nsec;
}

/* Called without the GIL. -> when the caller begins to want it again */
int64_t nap(int us)
{
	usleep((useconds_t)us);
	return now_ns();
}

void burn(int us)
{
	int64_t end = now_ns() + (int64_t)us * 1000;

	while (now_ns() < end)
		;
}

int tid(void)
{
	return (int)syscall(SYS_gettid);
}

/* ---- a thread that Python did not make ---- */
static struct {
	pthread_t thread;
	void (*call)(int64_t woke);
	int us;
	volatile int stop;
} caller;

static void *call_again_and_again(void *unused)
{
	(void)unused;
	while (!caller.stop)
		caller.call(nap(caller.us));
	return NULL;
}

int caller_start(void (*call)(int64_t woke), int us)
{
	caller.call = call;
	caller.us = us;
	return pthread_create(&caller.thread, NULL, call_again_and_again, NULL);
}

void caller_stop(void)
{
	caller.stop = 1;
	pthread_join(caller.thread, NULL);
}
