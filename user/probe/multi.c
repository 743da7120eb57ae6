/* SPDX-License-Identifier: BSD-2-Clause */
#include "user/probe/multi.h"

#include <errno.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <bpf/bpf.h>
#include <linux/bpf.h>

#include "user/base/util.h"

/* The part of union bpf_attr that BPF_LINK_CREATE reads for this link type (linux/bpf.h, 6.6). */
struct link_create_attr {
	uint32_t prog_fd;
	uint32_t target_fd;
	uint32_t attach_type;
	uint32_t flags;
	uint64_t path;
	uint64_t offsets;
	uint64_t ref_ctr_offsets;
	uint64_t cookies;
	uint32_t cnt;
	uint32_t multi_flags;
	uint32_t pid;
	uint32_t pad;
};

int probe_multi__link(int prog_fd, const char *path, const uint64_t *offsets,
		      const uint64_t *cookies, size_t cnt, uint32_t pid)
{
	struct link_create_attr attr = {
		.prog_fd = (uint32_t)prog_fd,
		.attach_type = GT_TRACE_UPROBE_MULTI,
		.path = (uintptr_t)path,
		.offsets = (uintptr_t)offsets,
		.cookies = (uintptr_t)cookies,
		.cnt = (uint32_t)cnt,
		.pid = pid,
	};
	long fd = syscall(SYS_bpf, BPF_LINK_CREATE, &attr, sizeof(attr));

	return fd < 0 ? -errno : (int)fd;
}

static const char *probe_support(void)
{
	const struct bpf_insn insns[] = {
		{ .code = BPF_ALU64 | BPF_MOV | BPF_K, .dst_reg = BPF_REG_0 },
		{ .code = BPF_JMP | BPF_EXIT },
	};
	LIBBPF_OPTS(bpf_prog_load_opts, opts, .expected_attach_type = GT_TRACE_UPROBE_MULTI);
	__cleanup(closep) int prog = -1;
	uint64_t offset = 0;
	int err;

	prog = bpf_prog_load(BPF_PROG_TYPE_KPROBE, "gt_multi_try", "GPL", insns, ARRAY_SIZE(insns),
			     &opts);
	if (prog < 0)
		return "the program type does not load";
	/* "/" is no regular file: -EBADF says that the kernel knows this link and got so far. */
	err = probe_multi__link(prog, "/", &offset, NULL, 1, 0);
	if (err >= 0)
		close(err);
	if (err != -EBADF)
		return "the link is not known (before Linux 6.6)";
	/* Kernels whose pid filter means a process check the pid first: -EINVAL for pid -1. Those that
	 * filter by thread (6.6 .. 6.9) come to "/" first (libbpf src/features.c).
	 */
	err = probe_multi__link(prog, "/", &offset, NULL, 1, UINT32_MAX);
	if (err >= 0)
		close(err);
	if (err != -EINVAL)
		return "its pid filter means a thread (Linux 6.6 to 6.9)";
	return NULL;
}

bool probe_multi__try(const char **why)
{
	const char *missing = probe_support();

	*why = missing ? missing : "yes";
	return !missing;
}
