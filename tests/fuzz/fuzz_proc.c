/* SPDX-License-Identifier: BSD-2-Clause */
/* fuzz_proc.c - files of /proc that say anything: maps, status, names
 *
 * The first byte says which file, what follows is in it. All that opens a file meanwhile finds it.
 */
#include <sys/mman.h>
#include <unistd.h>

#include "user/base/cgroup.h"
#include "user/base/proc.h"
#include "user/base/sbuf.h"

#include "tests/fuzz/fuzz.h"

static struct input content; /* p NULL: files are what they are; the fuzzer has its own */

FILE *__real_fopen(const char *path, const char *mode);
int __real_openat(int dirfd, const char *path, int flags, ...);
FILE *__wrap_fopen(const char *path, const char *mode);
int __wrap_openat(int dirfd, const char *path, int flags, ...);

FILE *__wrap_fopen(const char *path, const char *mode)
{
	if (!content.p)
		return __real_fopen(path, mode);
	/* An empty one cannot be had this way. */
	return fmemopen((void *)(uintptr_t)content.p, content.left, "r");
}

int __wrap_openat(int dirfd, const char *path, int flags, ...)
{
	int fd;

	if (!content.p)
		return __real_openat(dirfd, path, flags);
	fd = memfd_create("fuzz", MFD_CLOEXEC);
	promise(fd >= 0 && write(fd, content.p, content.left) == (ssize_t)content.left);
	promise(lseek(fd, 0, SEEK_SET) == 0);
	return fd;
}

static void maps(void)
{
	struct proc_maps m;

	if (proc_maps__read(1, &m))
		return;
	for (size_t i = 0; i < m.cnt; i++)
		promise(m.maps[i].path[0] == '/' && m.maps[i].inode);
	proc_maps__free(&m);
	promise(!m.cnt && !m.maps);
}

static void status(void)
{
	proc__tgid(1);
	proc__parent(1);
	proc__own_tid(1, 2);
	proc__shadow_stack(1);
	proc__state(1);
	proc__runs(1);
}

static void where(void)
{
	struct sbuf text = { 0 };
	struct where w;

	if (!cgroup__read(1, &text)) {
		cgroup__where(sbuf__str(&text), &w);
		for (int i = 0; i < WHERE_CNT; i++)
			promise_clean(w.part[i], WHERE_SZ);
		promise(!*w.part[WHERE_CONTAINER] || *w.part[WHERE_CGROUP]);
		cgroup__is_in(sbuf__str(&text), w.part[WHERE_CGROUP]);
		cgroup__is_in(sbuf__str(&text), "/sys/fs/cgroup/cpu/x");
		cgroup__is_in(sbuf__str(&text), "x");
	}
	sbuf__free(&text);
}

static void names(size_t sz)
{
	char *buf = malloc(sz + 1);

	promise(buf);
	buf[sz] = 'x';
	for (int i = 0; i < 2 && sz; i++) {
		if (i)
			proc__cmdline(1, buf, sz);
		else
			proc__comm(1, 2, buf, sz);
		promise_clean(buf, sz);
		promise(buf[sz] == 'x');
	}
	for (int i = 0; i < 2; i++)
		if (!cgroup__path(1, i ? "cpu" : "", buf, sz))
			promise(buf[0] == '/' && strlen(buf) < sz && !strchr(buf, '\n'));
	free(buf);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct input in = { data, size };
	uint8_t what = take(&in);

	content = in;
	switch (what & 3) {
	case 0: maps(); break;
	case 1: status(); break;
	default:
		names(what >> 2);
		where();
		break;
	}
	content.p = NULL;
	return 0;
}
