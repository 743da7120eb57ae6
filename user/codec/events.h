/* SPDX-License-Identifier: BSD-2-Clause */
/* events.h - events one by one as bytes, and back: a block is whole in itself (doc/format.md, "A block of events")
 *
 * What is read is not trusted: whatever the bytes, reading ends, in memory that is bounded by their number and by EVENTS_MAX.
 */
#ifndef GILTOP_CODEC_EVENTS_H
#define GILTOP_CODEC_EVENTS_H

#include <stddef.h>
#include <stdint.h>

#include "user/base/sbuf.h"
#include "user/books/event.h"

/* In a block, at most. */
#define EVENTS_MAX 65536

/* Add a block. 0; -ENOMEM; -E2BIG: more than EVENTS_MAX. Where it fails out is as it was. */
int events__encode(struct sbuf *out, const struct event *list, size_t cnt);

/* What was read; kept and reused. Zero-initialise; event_block__free. */
struct event_block {
	size_t cnt;
	struct event *list; /* of kinds that are known here, in their order */
	/* The rest is its own. */
	size_t cap, segment_cap, thread_cap, symbol_cap;
	struct event_segment *segments;
	struct block_thread *threads;
	struct block_symbol *symbols;
};

/* 0; -EBADMSG: it is none; -EPROTO: of a later layout; -ENOMEM. */
int events__decode(struct event_block *b, const void *data, size_t len);
void event_block__free(struct event_block *b);

#endif
