/* SPDX-License-Identifier: BSD-2-Clause */
/* switch - what --sched costs a process that is not measured, at each of its context switches
 *
 *	switch giltop.bpf.o cost.bpf.o [ROUNDS]
 *
 * Two processes pass a byte to and fro on one CPU: bare, with an empty program at the tracepoint, and with giltop's, which are
 * attached and taken away in each round. A figure is the median over the rounds of a difference within one.
 */
#include <errno.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include <bpf/bpf.h>
#include <bpf/libbpf.h>

#include "user/base/parse.h"
#include "user/base/util.h"

#define ROUNDS_MAX 1000
/* Round trips in a turn, a millisecond, in which others may leave us alone; what counts is the quickest of so many. */
#define TRIPS 150
#define TURNS 60

enum variant { BARE, EMPTY, GILTOP, VARIANT_CNT };

static int to_child[2], to_parent[2];

static void pin(void)
{
	cpu_set_t one;

	CPU_ZERO(&one);
	CPU_SET(sched_getcpu(), &one);
	sched_setaffinity(0, sizeof(one), &one);
}

/* Ends with its parent. */
static pid_t start_child(void)
{
	pid_t pid = pipe(to_child) || pipe(to_parent) ? -1 : fork();
	char c;

	if (pid)
		return pid;
	close(to_child[1]);
	close(to_parent[0]);
	while (read(to_child[0], &c, 1) == 1)
		if (write(to_parent[1], &c, 1) != 1)
			break;
	_exit(0);
}

/* ns a switch; negative: the child is gone */
static double turn(void)
{
	uint64_t best = UINT64_MAX;
	char c = 0;

	for (int t = 0; t < TURNS; t++) {
		uint64_t start = now_ns(), ns;

		for (int i = 0; i < TRIPS; i++)
			if (write(to_child[1], &c, 1) != 1 || read(to_parent[0], &c, 1) != 1)
				return -1;
		ns = now_ns() - start;
		best = ns < best ? ns : best;
	}
	return (double)best / TRIPS / 2;
}

/* Of this object the one program. */
static struct bpf_program *load(const char *path, const char *name)
{
	struct bpf_object *obj = bpf_object__open_file(path, NULL);
	struct bpf_program *prog, *mine = NULL;

	if (!obj)
		return NULL;
	bpf_object__for_each_program(prog, obj) bpf_program__set_autoload(prog, false);
	mine = bpf_object__find_program_by_name(obj, name);
	if (mine)
		bpf_program__set_autoload(mine, true);
	return mine && !bpf_object__load(obj) ? mine : NULL;
}

static double measure(struct bpf_program *prog)
{
	struct bpf_link *link = prog ? bpf_program__attach(prog) : NULL;
	double ns;

	if (prog && !link)
		return -1;
	ns = turn();
	bpf_link__destroy(link);
	return ns;
}

static int by_value(const void *a, const void *b)
{
	double x = *(const double *)a, y = *(const double *)b;

	return (x > y) - (x < y);
}

static double quantile(double *v, size_t cnt, double q)
{
	qsort(v, cnt, sizeof(*v), by_value);
	return v[(size_t)(q * (double)(cnt - 1))];
}

static int run(struct bpf_program *const *progs, size_t rounds)
{
	static double bare[ROUNDS_MAX], empty[ROUNDS_MAX], giltop[ROUNDS_MAX], more[ROUNDS_MAX];
	double e, g;

	for (size_t i = 0; i < rounds; i++) {
		double ns[VARIANT_CNT];

		for (size_t k = 0; k < VARIANT_CNT; k++) {
			size_t v = (k + i) % VARIANT_CNT;

			ns[v] = measure(progs[v]);
			if (ns[v] < 0)
				return -1;
		}
		bare[i] = ns[BARE];
		empty[i] = ns[EMPTY] - ns[BARE];
		giltop[i] = ns[GILTOP] - ns[BARE];
		more[i] = ns[GILTOP] - ns[EMPTY];
	}
	e = quantile(empty, rounds, 0.5);
	g = quantile(giltop, rounds, 0.5);
	printf("a switch, bare: %.0f ns\n", quantile(bare, rounds, 0.5));
	printf("an empty program adds %.0f ns (quartiles %.0f, %.0f)\n", e,
	       quantile(empty, rounds, 0.25), quantile(empty, rounds, 0.75));
	printf("giltop --sched adds %.0f ns (%.0f, %.0f): %.2f x the empty one; side by side %.0f "
	       "ns more\n",
	       g, quantile(giltop, rounds, 0.25), quantile(giltop, rounds, 0.75), g / e,
	       quantile(more, rounds, 0.5));
	return 0;
}

int main(int argc, char **argv)
{
	struct bpf_program *progs[VARIANT_CNT] = { 0 };
	uint64_t rounds = 60;
	int err;

	if (argc < 3 || argc > 4 || (argc > 3 && parse_u64(argv[3], 4, ROUNDS_MAX, &rounds))) {
		fprintf(stderr, "usage: switch giltop.bpf.o cost.bpf.o [ROUNDS]\n");
		return 2;
	}
	progs[EMPTY] = load(argv[2], "empty_switch");
	progs[GILTOP] = load(argv[1], "sched_switch");
	if (!progs[EMPTY] || !progs[GILTOP]) {
		fprintf(stderr, "switch: cannot load the programs: %s\n", errstr(errno));
		return 1;
	}
	pin();
	if (start_child() < 0)
		return 1;
	err = run(progs, rounds);
	close(to_child[1]);
	wait(NULL);
	return err ? 1 : 0;
}
