/* SPDX-License-Identifier: BSD-2-Clause */
/* books.h - totals as what has changed since the totals before (part of records.h) */
#ifndef GILTOP_CODEC_BOOKS_H
#define GILTOP_CODEC_BOOKS_H

#include "user/base/hmap.h"
#include "user/books/totals.h"
#include "user/codec/fields.h"

/* Of a reading, in a file. (The kernel has room for 1024 GILs; of rows of pairs and stacks for fewer.) */
#define LIST_GILS    4096
#define LIST_THREADS 32768
#define LIST_ROWS    1000000

/* The objects of one list as they were at the last totals: their words, and where each is. */
struct images {
	size_t cnt, cap, word_cnt;
	uint64_t *words;   /* cnt times word_cnt */
	struct hmap place; /* (cond, tgid << 32 | tid) -> number + 1; writers only */
};

/* Zero-initialise; books_code__free. The schemas are the writer's: the file says them. */
struct books_code {
	struct schema schema[SCHEMA_CNT];
	struct images last[SCHEMA_CNT], next[SCHEMA_CNT];
	uint64_t *before; /* of SCHEMA_TOTALS */
	struct sbuf rows; /* scratch */
};

/* Room for one more, in next; NULL: no memory. A reading's list is complete: next is the last one now. */
uint64_t *images__add(struct images *im);
void images__turn(struct books_code *b, enum schema_id id);
/* Our own schemas. 0 or -ENOMEM. */
int books_code__own(struct books_code *b);
/* Forget what was: the next totals are whole. */
int books_code__restart(struct books_code *b);
void books_code__free(struct books_code *b);

int books__put(struct books_code *b, const struct totals *t, struct sbuf *out);
/* ids: from stacks of the file to those that the sinks know. t is reused. 0, -EBADMSG, -ENOMEM. */
typedef uint32_t (*stack_id_fn)(const void *ctx, uint32_t file_id);
int books__get(struct books_code *b, struct cursor *c, stack_id_fn id, const void *ctx,
	       struct totals *t);

#endif
