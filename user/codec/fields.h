/* SPDX-License-Identifier: BSD-2-Clause */
/* fields.h - the books as named numbers: a file says which it has, in which order
 *
 * The kernel's records (bpf/giltop.h) change from version to version. So a recording begins with the names of all fields
 * of each kind, and a record is its words in that order. A reader finds by name what it knows, leaves out what it does not,
 * and takes 0 for what is not there. What only the kernel needs is not in it.
 */
#ifndef GILTOP_CODEC_FIELDS_H
#define GILTOP_CODEC_FIELDS_H

#include <stddef.h>
#include <stdint.h>

#include "user/codec/varint.h"

enum schema_id {
	SCHEMA_GIL,    /* struct total_gil */
	SCHEMA_THREAD, /* struct total_thread */
	SCHEMA_ENDED,  /* struct total_ended */
	SCHEMA_TOTALS, /* struct totals, but its lists */
	SCHEMA_CNT,
};

/* Words of an object at most, in a file. Ours have some 300. */
#define WORDS_MAX  4096
#define FIELDS_MAX 1024

/* How the words of a kind lie in an object. Zero-initialise; schema__free. */
struct schema {
	size_t field_cnt, word_cnt;
	struct schema_field {
		const char *name;
		uint32_t off,
			sz; /* of one, in the object: 4 or 8 bytes, 1: raw bytes, 8 a word; sz 0: not known here */
		uint32_t cnt; /* words */
	} * fields;
};

/* As it is here. 0 or -ENOMEM. */
int schema__own(struct schema *s, enum schema_id id);
/* Say it, read it: 0, -EBADMSG, -ENOMEM. */
void schema__put(const struct schema *s, struct sbuf *out);
int schema__get(struct schema *s, enum schema_id id, struct cursor *c);
void schema__free(struct schema *s);
/* From an object to words, and back: what the words do not say is left as it is. */
void schema__words(const struct schema *s, const void *obj, uint64_t *words);
void schema__object(const struct schema *s, const uint64_t *words, void *obj);

/* The words that are not as they were: and from now on they are. */
void words__put(uint64_t *was, const uint64_t *now, size_t cnt, struct sbuf *out);
void words__get(uint64_t *was, size_t cnt, struct cursor *c);

#endif
