/* SPDX-License-Identifier: BSD-2-Clause */
/* event_bytes.h - what events take as bytes, packed and not, and how fast they are read */
#ifndef GILTOP_EVENT_BYTES_H
#define GILTOP_EVENT_BYTES_H

#include <err.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <zlib.h>

#include "user/base/sbuf.h"
#include "user/base/util.h"
#include "user/codec/events.h"

#define LEVELS 9

struct event_bytes {
	size_t at_once, cnt; /* of a block; of events in all */
	size_t len, packed[LEVELS + 1], have, cap;
	uint64_t put_ns, get_ns, pack_ns[LEVELS + 1];
	struct event *list;
	struct event_block block;
};

static inline void event_bytes__block(struct event_bytes *b)
{
	static const int levels[] = { 1, 3, 6 };
	__cleanup(sbuf__free) struct sbuf out = { 0 };
	uint64_t at = now_ns();
	char *packed;
	uLong len;

	if (events__encode(&out, b->list, b->have))
		errx(1, "cannot encode");
	b->put_ns += now_ns() - at;
	b->len += out.len;
	len = compressBound(out.len);
	packed = malloc(len);
	for (size_t i = 0; i < ARRAY_SIZE(levels); i++) {
		uLong got = len;

		at = now_ns();
		if (compress2((void *)packed, &got, (void *)out.s, out.len, levels[i]))
			errx(1, "cannot pack");
		b->packed[levels[i]] += got;
		b->pack_ns[levels[i]] += now_ns() - at;
	}
	free(packed);
	at = now_ns();
	if (events__decode(&b->block, out.s, out.len) || b->block.cnt != b->have)
		errx(1, "cannot decode");
	b->get_ns += now_ns() - at;
	for (size_t i = 0; i < b->have; i++)
		if (memcmp(&b->block.list[i], &b->list[i], offsetof(struct event, segment)))
			errx(1, "event %zu is another one", i);
	b->cnt += b->have;
	b->have = 0;
}

static inline void event_bytes__add(struct event_bytes *b, const struct event *e)
{
	if (array_grow(&b->list, b->have, &b->cap, sizeof(*b->list)))
		errx(1, "no memory");
	b->list[b->have++] = *e;
	if (b->have == b->at_once)
		event_bytes__block(b);
}

static inline void event_bytes__say(struct event_bytes *b)
{
	double n = (double)b->cnt;

	if (!b->cnt)
		return;
	fprintf(stderr,
		"%zu events, %zu a block: %.2f bytes each, packed %.2f (1), %.2f (3), %.2f (6); "
		"put %.0f ns, pack "
		"%.0f, %.0f, %.0f ns, get %.1f M/s\n",
		b->cnt, b->at_once, (double)b->len / n, (double)b->packed[1] / n,
		(double)b->packed[3] / n, (double)b->packed[6] / n, (double)b->put_ns / n,
		(double)b->pack_ns[1] / n, (double)b->pack_ns[3] / n, (double)b->pack_ns[6] / n,
		n / (double)b->get_ns * 1e3);
}

#endif
