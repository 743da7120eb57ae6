/* SPDX-License-Identifier: BSD-2-Clause */
/* varint.h - numbers in as few bytes as they need, as protobuf and LEB128 write them: 7 bits a byte, lowest first
 *
 * What is read is not trusted: a cursor never goes beyond its end, it is `bad` from then on, and gives 0.
 */
#ifndef GILTOP_CODEC_VARINT_H
#define GILTOP_CODEC_VARINT_H

#include <stdbool.h>
#include <stdint.h>

#include "user/base/sbuf.h"

#define VARINT_MAX 10 /* bytes: 64 bits */

static inline void varint__put(struct sbuf *out, uint64_t v)
{
	char buf[VARINT_MAX];
	size_t n = 0;

	while (v >= 0x80) {
		buf[n++] = (char)(v | 0x80);
		v >>= 7;
	}
	buf[n++] = (char)v;
	sbuf__add(out, buf, n);
}

/* Small in both directions: 0, -1, 1, -2 .. are 0, 1, 2, 3 .. */
static inline uint64_t zigzag(int64_t v)
{
	return ((uint64_t)v << 1) ^ -((uint64_t)v >> 63);
}

static inline int64_t unzigzag(uint64_t v)
{
	return (int64_t)(v >> 1) ^ -(int64_t)(v & 1);
}

static inline void varint__put_signed(struct sbuf *out, int64_t v)
{
	varint__put(out, zigzag(v));
}

struct cursor {
	const uint8_t *at, *end;
	bool bad;
};

static inline uint64_t cursor__u64(struct cursor *c)
{
	uint64_t v = 0;

	for (unsigned int shift = 0; c->at < c->end && shift < 64; shift += 7) {
		uint8_t b = *c->at++;

		v |= (uint64_t)(b & 0x7f) << shift;
		if (!(b & 0x80))
			return v;
	}
	c->bad = true;
	c->at = c->end;
	return 0;
}

static inline int64_t cursor__i64(struct cursor *c)
{
	return unzigzag(cursor__u64(c));
}

static inline uint32_t cursor__u32(struct cursor *c)
{
	uint64_t v = cursor__u64(c);

	c->bad |= v > UINT32_MAX;
	return (uint32_t)v;
}

static inline size_t cursor__left(const struct cursor *c)
{
	return (size_t)(c->end - c->at);
}

/* The next len bytes; NULL: they are not there. */
static inline const uint8_t *cursor__bytes(struct cursor *c, uint64_t len)
{
	const uint8_t *at = c->at;

	if (c->bad || len > cursor__left(c)) {
		c->bad = true;
		c->at = c->end;
		return NULL;
	}
	c->at += len;
	return at;
}

/* How many of something follow, each of at least one byte. */
static inline size_t cursor__cnt(struct cursor *c)
{
	uint64_t v = cursor__u64(c);

	if (v <= cursor__left(c))
		return (size_t)v;
	c->bad = true;
	c->at = c->end;
	return 0;
}

#endif
