/* SPDX-License-Identifier: BSD-2-Clause */
/* mini_gil.c - the GIL of CPython 3.13 boiled down to what the finder sees, as a library of 16 KB
 *
 * A seed for the fuzzer that is small enough to be mutated fast, and a way to try the finder on what a
 * compiler or an option makes of this code.
 */
#include <errno.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

struct gil {
	unsigned long interval;
	void *last_holder;
	int locked;
	unsigned long switch_number;
	pthread_cond_t cond;
	pthread_mutex_t mutex;
	pthread_cond_t switch_cond;
	pthread_mutex_t switch_mutex;
};

struct tstate {
	struct gil *gil;
	unsigned long eval_breaker;
};

void _Py_FatalErrorFunc(const char *func, const char *msg) __attribute__((noreturn, noinline));
void PyEval_SaveThread(struct tstate *ts);
void PyEval_RestoreThread(struct tstate *ts);

void _Py_FatalErrorFunc(const char *func, const char *msg)
{
	fprintf(stderr, "%s: %s\n", func, msg);
	abort();
}

#define FATAL(msg) _Py_FatalErrorFunc(__func__, msg)
#define LOCK(m)                                                                                    \
	do {                                                                                       \
		if (pthread_mutex_lock(&(m)))                                                      \
			FATAL("PyMUTEX_LOCK(" #m ") failed");                                      \
	} while (0)
#define UNLOCK(m)                                                                                  \
	do {                                                                                       \
		if (pthread_mutex_unlock(&(m)))                                                    \
			FATAL("PyMUTEX_UNLOCK(" #m ") failed");                                    \
	} while (0)
#define SIGNAL(c)                                                                                  \
	do {                                                                                       \
		if (pthread_cond_signal(&(c)))                                                     \
			FATAL("PyCOND_SIGNAL(" #c ") failed");                                     \
	} while (0)
#define WAIT(c, m)                                                                                 \
	do {                                                                                       \
		if (pthread_cond_wait(&(c), &(m)))                                                 \
			FATAL("PyCOND_WAIT(" #c ") failed");                                       \
	} while (0)

static __attribute__((noinline)) void take_gil(struct tstate *ts)
{
	struct gil *gil = ts->gil;
	int err = errno;

	LOCK(gil->mutex);
	while (gil->locked) {
		struct timespec until;
		int rc;

		clock_gettime(CLOCK_MONOTONIC, &until);
		until.tv_nsec += (long)gil->interval * 1000;
		rc = pthread_cond_timedwait(&gil->cond, &gil->mutex, &until);
		if (rc == ETIMEDOUT)
			ts->eval_breaker |= 1;
		else if (rc)
			FATAL("PyCOND_WAIT(gil->cond) failed");
	}
	LOCK(gil->switch_mutex);
	gil->locked = 1;
	if (gil->last_holder != ts) {
		gil->last_holder = ts;
		gil->switch_number++;
	}
	SIGNAL(gil->switch_cond);
	UNLOCK(gil->switch_mutex);
	UNLOCK(gil->mutex);
	errno = err;
}

static __attribute__((noinline)) void drop_gil(struct gil *gil, struct tstate *ts)
{
	gil->last_holder = ts;
	LOCK(gil->mutex);
	gil->locked = 0;
	SIGNAL(gil->cond);
	UNLOCK(gil->mutex);
	if (!(ts->eval_breaker & 1))
		return;
	LOCK(gil->switch_mutex);
	if (gil->last_holder == ts) {
		ts->eval_breaker &= ~1UL;
		WAIT(gil->switch_cond, gil->switch_mutex);
	}
	UNLOCK(gil->switch_mutex);
}

void PyEval_SaveThread(struct tstate *ts)
{
	drop_gil(ts->gil, ts);
}

void PyEval_RestoreThread(struct tstate *ts)
{
	take_gil(ts);
}
