/* SPDX-License-Identifier: BSD-2-Clause */
/* condvars.c - looks like an interpreter's lock from outside, and is none: condvars SECONDS
 *
 * Threads that pass a flag around with the calls by which a CPython is told (a mutex, two condition
 * variables, timed waits), and with the texts that CPython's error branches have. What it has not is
 * an interpreter.
 */
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

#define THREADS 4

#ifdef FAKE_RUNTIME
/* Exported under the name, and with the size, by which an interpreter of 3.7 to 3.10 is told. */
extern char _PyRuntime[];
char _PyRuntime[FAKE_RUNTIME];
#endif

struct gate {
	unsigned long interval_us;
	void *last_holder;
	int locked;
	unsigned long switch_number;
	pthread_cond_t cond;
	pthread_mutex_t mutex;
	pthread_cond_t switch_cond;
	pthread_mutex_t switch_mutex;
};

static struct gate *gate__new(void)
{
	struct gate *g = calloc(1, sizeof(*g));

	if (!g)
		exit(1);
	g->interval_us = 5000;
	pthread_mutex_init(&g->mutex, NULL);
	pthread_mutex_init(&g->switch_mutex, NULL);
	pthread_cond_init(&g->cond, NULL);
	pthread_cond_init(&g->switch_cond, NULL);
	return g;
}

static void fatal(const char *text)
{
	fprintf(stderr, "%s\n", text);
	abort();
}

static void gate__take(struct gate *g)
{
	struct timespec ts;

	if (pthread_mutex_lock(&g->mutex))
		fatal("PyMUTEX_LOCK(gil->mutex) failed");
	while (g->locked) {
		clock_gettime(CLOCK_REALTIME, &ts);
		ts.tv_nsec += 1000000;
		if (ts.tv_nsec >= 1000000000)
			ts.tv_sec++, ts.tv_nsec -= 1000000000;
		if (pthread_cond_timedwait(&g->cond, &g->mutex, &ts) < 0)
			fatal("PyCOND_WAIT(gil->cond) failed");
	}
	g->locked = 1;
	g->last_holder = g;
	g->switch_number++;
	if (pthread_cond_signal(&g->switch_cond))
		fatal("PyCOND_SIGNAL(gil->switch_cond) failed");
	pthread_mutex_unlock(&g->mutex);
}

static void gate__drop(struct gate *g)
{
	if (pthread_mutex_lock(&g->mutex))
		fatal("PyMUTEX_LOCK(gil->mutex) failed");
	g->locked = 0;
	if (pthread_cond_signal(&g->cond))
		fatal("PyCOND_SIGNAL(gil->cond) failed");
	pthread_mutex_unlock(&g->mutex);
}

static void *run(void *arg)
{
	struct gate *g = arg;

	for (;;) {
		gate__take(g);
		usleep(200);
		gate__drop(g);
		usleep(200);
	}
	return NULL;
}

int main(int argc, char **argv)
{
	struct gate *g = gate__new();
	pthread_t t;

	for (int i = 0; i < THREADS; i++)
		if (pthread_create(&t, NULL, run, g))
			return 1;
	printf("ready %d\n", (int)getpid());
	fflush(stdout);
	sleep(argc > 1 ? (unsigned int)atoi(argv[1]) : 10);
	return 0;
}
