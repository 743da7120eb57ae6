/* SPDX-License-Identifier: BSD-2-Clause */
/* hit - the price of one uprobe hit on this machine: loops over functions whose first instruction is
 * probed with an empty BPF program
 *
 *	hit cost.bpf.o
 *
 * Says "ready <variants>", then answers each line "VARIANT CALLS" with the CPU time of so many calls,
 * in ns. A variant that this kernel cannot attach is left out. Ends at end of file.
 */
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include <bpf/bpf.h>
#include <bpf/libbpf.h>

#include "user/base/proc.h"
#include "user/base/util.h"
#include "user/probe/features.h"
#include "user/probe/multi.h"

/* Functions of one kind, one for each way to attach: the probed instruction is the first one. It is of
 * those that the kernel emulates: a push and a relative call (where giltop probes); on arm64 a nop and
 * a branch.
 */
#define FUNC(name, body)                                                                           \
	void name(void);                                                                           \
	asm(".text\n.p2align 6\n.globl " #name "\n.type " #name ", %function\n" #name ":\n" body   \
	    ".size " #name ", .-" #name "\n")

#if defined(__x86_64__)
#define PUSH "push %rbp\n pop %rbp\n ret\n"
#define CALL "call 1f\n ret\n1: ret\n"
#else
#define PUSH "nop\n ret\n"
#define CALL "b 1f\n1: ret\n"
#endif

FUNC(push_bare, PUSH);
FUNC(push_multi, PUSH);
FUNC(push_perf, PUSH);
FUNC(call_bare, CALL);
FUNC(call_multi, CALL);
FUNC(call_perf, CALL);

enum tier { BARE, MULTI, PERF };

struct variant {
	const char *name;
	void (*fn)(void);
	enum tier tier;
};

static const struct variant variants[] = {
	{ "push_bare", push_bare, BARE },    { "push_multi", push_multi, MULTI },
	{ "push_perf", push_perf, PERF },    { "call_bare", call_bare, BARE },
	{ "call_multi", call_multi, MULTI }, { "call_perf", call_perf, PERF },
};

/* Where in its file an address of this program is. */
static int file_offset(const void *addr, uint64_t *ret)
{
	uint64_t va = (uintptr_t)addr;
	struct proc_maps maps;
	int err = proc_maps__read(getpid(), &maps);

	if (err)
		return err;
	err = -ENOENT;
	for (size_t i = 0; i < maps.cnt; i++) {
		if (va < maps.maps[i].start || va >= maps.maps[i].end)
			continue;
		*ret = va - maps.maps[i].start + maps.maps[i].off;
		err = 0;
	}
	proc_maps__free(&maps);
	return err;
}

/* Attached until the program ends. */
static int attach(struct bpf_object *obj, const struct variant *v)
{
	const char *prog_name = v->tier == MULTI ? "empty_multi" : "empty_perf";
	struct bpf_program *prog = bpf_object__find_program_by_name(obj, prog_name);
	uint64_t off;
	int err = file_offset((const void *)v->fn, &off);

	if (err || !prog)
		return err ? err : -ENOENT;
	if (v->tier == MULTI) {
		if (!feature__has(FEATURE_MULTI, NULL))
			return -EOPNOTSUPP;
		err = probe_multi__link(bpf_program__fd(prog), "/proc/self/exe", &off, NULL, 1,
					(uint32_t)getpid());
		return err < 0 ? err : 0;
	}
	return bpf_program__attach_uprobe(prog, false, getpid(), "/proc/self/exe", off) ? 0
											: -errno;
}

static struct bpf_object *load(const char *path)
{
	struct bpf_object *obj = bpf_object__open_file(path, NULL);
	struct bpf_program *multi;
	int err;

	if (!obj)
		return NULL;
	multi = bpf_object__find_program_by_name(obj, "empty_multi");
	if (multi && feature__has(FEATURE_MULTI, NULL))
		bpf_program__set_expected_attach_type(multi, GT_TRACE_UPROBE_MULTI);
	err = bpf_object__load(obj);
	if (!err)
		return obj;
	errno = -err;
	bpf_object__close(obj);
	return NULL;
}

static uint64_t cpu_ns(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_THREAD_CPUTIME_ID, &ts);
	return (uint64_t)ts.tv_sec * 1000000000 + (uint64_t)ts.tv_nsec;
}

static void answer(const char *name, uint64_t calls)
{
	for (size_t i = 0; i < ARRAY_SIZE(variants); i++) {
		uint64_t start;

		if (strcmp(variants[i].name, name))
			continue;
		start = cpu_ns();
		for (uint64_t n = 0; n < calls; n++)
			variants[i].fn();
		printf("%" PRIu64 "\n", cpu_ns() - start);
		return;
	}
	printf("unknown\n");
}

int main(int argc, char **argv)
{
	struct bpf_object *obj;
	char name[32], line[80];
	uint64_t calls;

	if (argc != 2) {
		fprintf(stderr, "usage: hit cost.bpf.o\n");
		return 2;
	}
	obj = load(argv[1]);
	if (!obj) {
		fprintf(stderr, "hit: cannot load %s: %s\n", argv[1], errstr(errno));
		return 1;
	}
	printf("ready");
	for (size_t i = 0; i < ARRAY_SIZE(variants); i++)
		if (variants[i].tier == BARE || !attach(obj, &variants[i]))
			printf(" %s", variants[i].name);
	printf("\n");
	fflush(stdout);
	while (fgets(line, sizeof(line), stdin)) {
		if (sscanf(line, "%31s %" SCNu64, name, &calls) == 2)
			answer(name, calls);
		fflush(stdout);
	}
	bpf_object__close(obj);
	return 0;
}
