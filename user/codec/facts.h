/* SPDX-License-Identifier: BSD-2-Clause */
/* facts.h - what has been told of living processes and still holds, for who begins to read in the middle of a run */
#ifndef GILTOP_CODEC_FACTS_H
#define GILTOP_CODEC_FACTS_H

#include "user/base/hmap.h"
#include "user/base/sbuf.h"
#include "user/books/sink.h"

/* Zero-initialise; facts__free. */
struct facts {
	size_t cnt, cap;
	struct fact {
		uint32_t pid;
		uint64_t key; /* of its kind: a GIL, a thread */
		enum record_kind kind;
		char *bytes; /* as codec/records.h has it */
		size_t len;
	} * list;	   /* in the order in which they were told first */
	struct hmap place; /* (pid << 8 | kind, key) -> number + 1 */
	uint64_t now_ns;   /* of the last totals */
};

/* A record of the stream: 0 or -ENOMEM. */
int facts__take(struct facts *f, const struct record *r);
/* Names of threads that these totals do not have any more are let go of. */
void facts__prune(struct facts *f, const struct totals *t);
/* All of them, as whole records. */
void facts__put(const struct facts *f, struct sbuf *out);
void facts__free(struct facts *f);

#endif
