/* SPDX-License-Identifier: BSD-2-Clause */
/* naive - a tracer as one writes it at first: take_gil at entry and return, drop_gil at entry
 *
 *	naive cost.bpf.o PID FILE	(FILE: the interpreter, with symbols)
 *
 * Says "ready", stays attached until end of file on stdin, prints what it has counted.
 */
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <bpf/bpf.h>
#include <bpf/libbpf.h>

#include "user/base/parse.h"
#include "user/base/util.h"

struct sums {
	uint64_t asked_ns, got_ns, wait_ns, hold_ns, takes, drops;
};

static int attach(struct bpf_object *obj, const char *prog_name, const char *func, bool ret,
		  pid_t pid, const char *path)
{
	LIBBPF_OPTS(bpf_uprobe_opts, opts, .retprobe = ret, .func_name = func);
	struct bpf_program *prog = bpf_object__find_program_by_name(obj, prog_name);
	int err;

	if (prog && bpf_program__attach_uprobe_opts(prog, pid, path, 0, &opts))
		return 0;
	err = prog ? -errno : -ENOENT;
	fprintf(stderr, "naive: cannot attach to %s: %s\n", func, errstr(err));
	return err;
}

static void print_sums(const struct bpf_object *obj)
{
	int fd = bpf_object__find_map_fd_by_name(obj, "threads");
	uint32_t key, *prev = NULL;
	struct sums s;

	for (; !bpf_map_get_next_key(fd, prev, &key); prev = &key) {
		if (bpf_map_lookup_elem(fd, &key, &s))
			continue;
		printf("%" PRIu32 " takes %" PRIu64 " drops %" PRIu64 " wait_ns %" PRIu64
		       " hold_ns %" PRIu64 "\n",
		       key, s.takes, s.drops, s.wait_ns, s.hold_ns);
	}
}

int main(int argc, char **argv)
{
	struct bpf_object *obj;
	uint64_t pid;
	int err;

	if (argc != 4 || parse_u64(argv[2], 1, INT32_MAX, &pid)) {
		fprintf(stderr, "usage: naive cost.bpf.o PID FILE\n");
		return 2;
	}
	obj = bpf_object__open_file(argv[1], NULL);
	err = obj ? bpf_object__load(obj) : -errno;
	if (err) {
		fprintf(stderr, "naive: cannot load %s: %s\n", argv[1], errstr(err));
		return 1;
	}
	if (attach(obj, "naive_take", "take_gil", false, (pid_t)pid, argv[3]) ||
	    attach(obj, "naive_taken", "take_gil", true, (pid_t)pid, argv[3]) ||
	    attach(obj, "naive_drop", "drop_gil", false, (pid_t)pid, argv[3]))
		return 1;
	printf("ready\n");
	fflush(stdout);
	while (getchar() != EOF)
		;
	print_sums(obj);
	bpf_object__close(obj);
	return 0;
}
