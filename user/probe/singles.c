/* SPDX-License-Identifier: BSD-2-Clause */
#include "user/probe/singles.h"

#include <bpf/libbpf.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

struct singles {
	struct ring_buffer *ring;
	/* Of the call that is under way. */
	struct gt_single *ret;
	size_t cnt, max;
};

/* libbpf stops behind the record at which this is not 0. */
static int on_single(void *ctx, void *data, size_t sz)
{
	struct singles *s = ctx;

	if (sz >= sizeof(*s->ret))
		memcpy(&s->ret[s->cnt++], data, sizeof(*s->ret));
	return s->cnt == s->max ? -EAGAIN : 0;
}

struct singles *singles__open(int fd)
{
	struct singles *s = calloc(1, sizeof(*s));

	if (!s)
		return NULL;
	s->ring = ring_buffer__new(fd, on_single, s, NULL);
	if (s->ring)
		return s;
	free(s);
	return NULL;
}

void singles__close(struct singles *s)
{
	if (!s)
		return;
	ring_buffer__free(s->ring);
	free(s);
}

size_t singles__take(struct singles *s, struct gt_single *ret, size_t max)
{
	s->ret = ret;
	s->cnt = 0;
	s->max = max;
	ring_buffer__consume(s->ring);
	return s->cnt;
}
