/* SPDX-License-Identifier: BSD-2-Clause */
#include "user/probe/singles.h"

#include <errno.h>
#include <linux/bpf.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

/* As the kernel has them: a page with the reader's position, one with the writers', then the data, which are mapped twice in
 * a row, so that nothing wraps. Each record has a word of length and flags and one that is of no use here.
 */
struct singles {
	size_t sz, page;
	unsigned long *read_at;
	const unsigned long *written;
	const char *data;
};

#define HEAD_SZ 8

struct singles *singles__open(int fd, size_t sz)
{
	struct singles *s = calloc(1, sizeof(*s));
	void *at;

	if (!s)
		return NULL;
	s->sz = sz;
	s->page = (size_t)getpagesize();
	at = mmap(NULL, s->page, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	if (at == MAP_FAILED)
		goto fail;
	s->read_at = at;
	at = mmap(NULL, s->page + 2 * sz, PROT_READ, MAP_SHARED, fd, (off_t)s->page);
	if (at == MAP_FAILED)
		goto fail;
	s->written = at;
	s->data = (const char *)at + s->page;
	return s;
fail:
	singles__close(s);
	return NULL;
}

void singles__close(struct singles *s)
{
	int err = errno;

	if (!s)
		return;
	if (s->written)
		munmap((void *)s->written, s->page + 2 * s->sz);
	if (s->read_at)
		munmap(s->read_at, s->page);
	free(s);
	errno = err;
}

size_t singles__take(struct singles *s, struct gt_single *ret, size_t max)
{
	unsigned long at = *s->read_at;
	unsigned long end = __atomic_load_n(s->written, __ATOMIC_ACQUIRE);
	size_t cnt = 0;

	while (at < end && cnt < max) {
		const char *rec = s->data + (at & (s->sz - 1));
		__u32 head = __atomic_load_n((const __u32 *)rec, __ATOMIC_ACQUIRE);
		__u32 len = head & ~(BPF_RINGBUF_BUSY_BIT | BPF_RINGBUF_DISCARD_BIT);

		if (head & BPF_RINGBUF_BUSY_BIT) /* still being written */
			break;
		if (!(head & BPF_RINGBUF_DISCARD_BIT) && len == sizeof(*ret))
			memcpy(&ret[cnt++], rec + HEAD_SZ, sizeof(*ret));
		at += (HEAD_SZ + len + 7) / 8 * 8;
	}
	__atomic_store_n(s->read_at, at, __ATOMIC_RELEASE);
	return cnt;
}
