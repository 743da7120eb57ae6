/* SPDX-License-Identifier: BSD-2-Clause */
/* embed.c - a program with a CPython in it: embed SCRIPT [SECONDS]
 *
 * Runs SCRIPT once, which defines work(k), then follows the protocol of tests/workloads/parked.py: says
 * "ready PID" and is parked until a line comes; then THREADS threads made by C call work(k) for SECONDS,
 * each time as a foreign thread does, PyGILState_Ensure() .. PyGILState_Release(); says "done".
 *
 * The CPython is the one that the program is linked with, or the file named by EMBED_LIB, under whatever
 * name; EMBED_HOME is its PYTHONHOME, which must not be that of others that the test starts. No header of CPython is used, so one source serves all versions.
 */
#include <dlfcn.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

#define THREADS 4

struct python {
	void (*initialize)(int handlers);
	int (*run)(const char *text);
	void *(*save_thread)(void);
	int (*ensure)(void);
	void (*release)(int state);
};

struct worker {
	const struct python *py;
	pthread_t thread;
	int k;
	double end;
};

static double now(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return (double)ts.tv_sec + (double)ts.tv_nsec * 1e-9;
}

static void *need(void *lib, const char *name)
{
	void *p = dlsym(lib, name);

	if (!p) {
		fprintf(stderr, "embed: no %s\n", name);
		exit(1);
	}
	return p;
}

static void python__open(struct python *py)
{
	const char *path = getenv("EMBED_LIB"), *home = getenv("EMBED_HOME");
	void *lib = path ? dlopen(path, RTLD_NOW | RTLD_GLOBAL) : RTLD_DEFAULT;

	if (path && !lib) {
		fprintf(stderr, "embed: %s\n", dlerror());
		exit(1);
	}
	if (home)
		setenv("PYTHONHOME", home, 1);
	*(void **)&py->initialize = need(lib, "Py_InitializeEx");
	*(void **)&py->run = need(lib, "PyRun_SimpleString");
	*(void **)&py->save_thread = need(lib, "PyEval_SaveThread");
	*(void **)&py->ensure = need(lib, "PyGILState_Ensure");
	*(void **)&py->release = need(lib, "PyGILState_Release");
}

static void *work(void *arg)
{
	const struct worker *w = arg;
	char name[16], call[32];

	snprintf(name, sizeof(name), "c-worker-%d", w->k);
	pthread_setname_np(pthread_self(), name);
	snprintf(call, sizeof(call), "work(%d)", w->k);
	while (now() < w->end) {
		int state = w->py->ensure();

		w->py->run(call);
		w->py->release(state);
	}
	return NULL;
}

static void load(const struct python *py, double seconds)
{
	struct worker w[THREADS];
	double end = now() + seconds;

	for (int i = 0; i < THREADS; i++) {
		w[i] = (struct worker){ .py = py, .k = i, .end = end };
		if (pthread_create(&w[i].thread, NULL, work, &w[i]))
			exit(1);
	}
	for (int i = 0; i < THREADS; i++)
		pthread_join(w[i].thread, NULL);
}

static void run_file(const struct python *py, const char *path)
{
	char text[16384];
	FILE *f = fopen(path, "r");
	size_t n = f ? fread(text, 1, sizeof(text) - 1, f) : 0;

	text[n] = '\0';
	if (!f || fclose(f) || py->run(text))
		exit(1);
}

int main(int argc, char **argv)
{
	struct python py;
	char line[256];

	if (argc < 2)
		return 2;
	setvbuf(stdout, NULL, _IONBF, 0);
	python__open(&py);
	py.initialize(0);
	run_file(&py, argv[1]);
	py.save_thread();
	printf("ready %d\n", (int)getpid());
	while (read(0, line, sizeof(line)) > 0) {
		load(&py, argc > 2 ? strtod(argv[2], NULL) : 2.0);
		printf("done\n");
	}
	_exit(0);
}
