/* SPDX-License-Identifier: BSD-2-Clause */
#include "user/base/util.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "user/base/sbuf.h"

void closep(int *fd)
{
	if (*fd >= 0)
		close(*fd);
}

void fclosep(FILE **f)
{
	if (*f)
		fclose(*f);
}

void freep(void *p)
{
	free(*(void **)p);
}

const char *errstr(int err)
{
	static __thread char buf[96];
	const char *name;

	if (err < 0)
		err = -err;
	name = strerrorname_np(err);
	snprintf(buf, sizeof(buf), "%s: %s", name ? name : "?", strerror(err));
	return buf;
}

static uint64_t read_clock(clockid_t clock)
{
	struct timespec ts;

	clock_gettime(clock, &ts);
	return (uint64_t)ts.tv_sec * 1000000000u + (uint64_t)ts.tv_nsec;
}

uint64_t now_ns(void)
{
	return read_clock(CLOCK_MONOTONIC);
}

uint64_t own_cpu_ns(void)
{
	return read_clock(CLOCK_PROCESS_CPUTIME_ID);
}

int array_grow(void *parr, size_t n, size_t *cap, size_t elem_sz)
{
	size_t want = *cap ? *cap * 2 : 16;
	void *p;

	if (n < *cap)
		return 0;
	p = reallocarray(*(void **)parr, want, elem_sz);
	if (!p)
		return -ENOMEM;
	*(void **)parr = p;
	*cap = want;
	return 0;
}

int cmp_u64(const void *a, const void *b)
{
	uint64_t x = load_u64(a), y = load_u64(b);

	return (x > y) - (x < y);
}

int read_file(int dirfd, const char *path, size_t max, struct sbuf *b)
{
	__cleanup(closep) int fd = openat(dirfd, path, O_RDONLY | O_CLOEXEC);
	char buf[4096];

	if (fd < 0)
		return -errno;
	while (max > 0) {
		ssize_t n = read(fd, buf, max < sizeof(buf) ? max : sizeof(buf));

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return -errno;
		if (n == 0)
			break;
		sbuf__add(b, buf, (size_t)n);
		max -= (size_t)n;
	}
	return b->oom ? -ENOMEM : 0;
}

int cmp_u32(const void *a, const void *b)
{
	uint32_t x = *(const uint32_t *)a, y = *(const uint32_t *)b;

	return (x > y) - (x < y);
}

bool sorted_has(const uint32_t *v, size_t cnt, uint32_t x)
{
	return bsearch(&x, v, cnt, sizeof(x), cmp_u32);
}
