/* SPDX-License-Identifier: BSD-2-Clause */
#include "user/probe/clock.h"

#include <errno.h>
#include <linux/perf_event.h>
#include <stdlib.h>
#include <sys/ioctl.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <bpf/libbpf.h>

#include "bpf/giltop.h"
#include "user/base/log.h"
#include "user/base/util.h"

struct probe_clock {
	int cnt;
	int fds[];
};

static int open_cpu(int cpu, int prog_fd)
{
	struct perf_event_attr attr = {
		.type = PERF_TYPE_SOFTWARE,
		.size = sizeof(attr),
		.config = PERF_COUNT_SW_CPU_CLOCK,
		.sample_period = GT_LOOK_NS,
	};
	long fd = syscall(SYS_perf_event_open, &attr, -1, cpu, -1, PERF_FLAG_FD_CLOEXEC);

	if (fd < 0)
		return -errno;
	if (ioctl((int)fd, PERF_EVENT_IOC_SET_BPF, prog_fd) ||
	    ioctl((int)fd, PERF_EVENT_IOC_ENABLE, 0)) {
		int err = -errno;

		close((int)fd);
		return err;
	}
	return (int)fd;
}

struct probe_clock *probe_clock__start(int prog_fd)
{
	int cpus = libbpf_num_possible_cpus(), err = 0;
	struct probe_clock *c;

	if (cpus <= 0)
		return NULL;
	c = calloc(1, sizeof(*c) + (size_t)cpus * sizeof(c->fds[0]));
	if (!c)
		return NULL;
	for (int cpu = 0; cpu < cpus; cpu++) {
		int fd = open_cpu(cpu, prog_fd);

		if (fd >= 0)
			c->fds[c->cnt++] = fd;
		else if (fd != -ENODEV) /* an offline CPU */
			err = fd;
	}
	if (c->cnt)
		return c;
	pr_verb("no CPU clock, so no native frames: %s\n", errstr(err));
	free(c);
	return NULL;
}

void probe_clock__stop(struct probe_clock *c)
{
	if (!c)
		return;
	for (int i = 0; i < c->cnt; i++)
		close(c->fds[i]);
	free(c);
}
