/* SPDX-License-Identifier: BSD-2-Clause */
/* simple.h - records that are a row of numbers and words: a table says which (part of records.h) */
#ifndef GILTOP_CODEC_SIMPLE_H
#define GILTOP_CODEC_SIMPLE_H

#include "user/base/arena.h"
#include "user/books/trigger.h"
#include "user/codec/records.h"
#include "user/codec/varint.h"

/* 0, or the kind that it is in a file. */
enum coded_kind coded__of(enum record_kind kind);
/* The body of a record that is in the table, and back: strings are in the arena, a trigger in *t. What the bytes do not
 * have is 0. 0, -EINVAL: it is not in the table; -EBADMSG, -ENOMEM.
 */
int simple__put(const struct record *r, struct sbuf *body);
int simple__get(enum coded_kind kind, struct cursor *body, struct arena *a, struct trigger *t,
		struct record *ret);
/* kind, length, body */
void coded__put(struct sbuf *out, enum coded_kind kind, const struct sbuf *body);
/* Text of a file made safe. NULL: bad, or no memory. */
const char *coded__text(struct cursor *c, struct arena *a);

#endif
