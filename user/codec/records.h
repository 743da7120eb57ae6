/* SPDX-License-Identifier: BSD-2-Clause */
/* records.h - the stream of books/sink.h as bytes, and back (doc/format.md)
 *
 * Totals are written as what has changed since the totals before, stacks once before they are named first. So bytes can be
 * read from their beginning only, or from a restart: there it begins anew, with all that later bytes refer to.
 * What is read is not trusted: whatever the bytes are, reading them ends, in bounded memory, with records that a sink can
 * take: clean text, ids that have been told.
 */
#ifndef GILTOP_CODEC_RECORDS_H
#define GILTOP_CODEC_RECORDS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "user/base/sbuf.h"
#include "user/books/sink.h"

/* Kinds in a file. They keep their numbers for ever; one that is not known is left out. */
enum coded_kind {
	CODED_NONE = 0,
	CODED_SCHEMA = 1,
	CODED_SOURCE = 2,
	CODED_PROC_START = 3,
	CODED_NOTE = 4,
	CODED_GIL = 5,
	CODED_HOLDER = 6,
	CODED_THREAD = 7,
	CODED_STACK = 8,
	CODED_TOTALS = 9,
	CODED_PROC_END = 10,
	CODED_MODE = 11,
	CODED_LOOKS = 12,
	CODED_THROTTLED = 13,
	CODED_TRIGGER = 14,
	CODED_MARK = 15,
	CODED_SELF = 16,
	CODED_END = 17,
	CODED_CNT,
};

/* ---- writing ---- */

struct rec_encoder;
struct rec_encoder *rec_encoder__new(void); /* NULL + errno. Begins with a restart. */
void rec_encoder__free(struct rec_encoder *e);
/* What is added from here on can be read without what was before. */
int rec_encoder__restart(struct rec_encoder *e);
/* Add a record. Spans and events are not for this: nothing. Frames of stacks must live as long as the encoder. 0, -ENOMEM,
 * or -EFBIG: more than a reader would take.
 */
int rec_encoder__put(struct rec_encoder *e, const struct record *r);
/* The stack with this id is named by others: see that it is there. */
int rec_encoder__stack(struct rec_encoder *e, uint32_t id);
/* Bytes of whole records that were encoded before (coded__simple). */
void rec_encoder__raw(struct rec_encoder *e, const void *bytes, size_t len);
/* All that was added since the last reset: the caller's to empty. */
struct sbuf *rec_encoder__bytes(struct rec_encoder *e);
/* A record that needs nothing of what was before it (all but stacks, totals, triggers). 0; -EINVAL: it is another; -ENOMEM. */
int coded__simple(const struct record *r, struct sbuf *out);

/* ---- reading ---- */

struct rec_decoder;
struct stack_store;
/* NULL + errno. store: the frames of stacks are put there; it must live as long as the sinks of the records. */
struct rec_decoder *rec_decoder__new(struct stack_store *store);
void rec_decoder__free(struct rec_decoder *d);
/* What follows was written after a restart. */
void rec_decoder__restart(struct rec_decoder *d);
/* These bytes are next; they must stay until all is read of them. */
void rec_decoder__feed(struct rec_decoder *d, const void *bytes, size_t len);
/* 1: here is one, valid until the next call; 0: those bytes are read; -EBADMSG: they are broken; -ENOMEM. */
int rec_decoder__next(struct rec_decoder *d, struct record *ret);
/* This id, or 0: no such stack has been told of. */
uint32_t rec_decoder__stack(const struct rec_decoder *d, uint32_t id);

#endif
