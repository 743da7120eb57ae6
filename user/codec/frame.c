/* SPDX-License-Identifier: BSD-2-Clause */
#include "user/codec/frame.h"

#include <endian.h>
#include <errno.h>
#include <string.h>
#include <zlib.h>

/* "GTfr", little-endian */
#define HEAD_MAGIC 0x72665447u

static const char file_magic[8] = "giltop\n";

/* As it is in the file: little-endian. */
struct head {
	uint32_t magic;
	uint16_t type, reserved;
	uint32_t packed_len, len;
	uint64_t first_ns, last_ns;
	uint32_t sum, spare;
	uint32_t more;	   /* 0 */
	uint32_t head_sum; /* CRC-32 of what is before it */
};
_Static_assert(sizeof(struct head) == FRAME_HEAD_SZ, "doc/format.md");

void file_start__put(uint32_t flags, struct sbuf *out)
{
	uint16_t version[2] = { htole16(FILE_MAJOR), htole16(FILE_MINOR) };
	uint32_t f = htole32(flags);

	sbuf__add(out, file_magic, sizeof(file_magic));
	sbuf__add(out, (const char *)version, sizeof(version));
	sbuf__add(out, (const char *)&f, sizeof(f));
}

int file_start__get(const uint8_t start[FILE_START_SZ], uint32_t *ret_flags)
{
	uint16_t major;
	uint32_t flags;

	if (memcmp(start, file_magic, sizeof(file_magic)))
		return -EINVAL;
	memcpy(&major, start + 8, sizeof(major));
	memcpy(&flags, start + 12, sizeof(flags));
	*ret_flags = le32toh(flags);
	return le16toh(major) == FILE_MAJOR ? 0 : -EPROTO;
}

static uint32_t head_sum(const struct head *h)
{
	return (uint32_t)crc32(0, (const Bytef *)h, offsetof(struct head, head_sum));
}

int frame__put(struct frame *f, const void *payload, size_t len, int level, struct sbuf *out)
{
	uLongf packed_len = compressBound(len);
	size_t at = out->len;
	struct head h;

	if (len > FRAME_MAX)
		return -EFBIG;
	/* Room for all of it, the packing is done in place. */
	if (!sbuf__extend(out, FRAME_HEAD_SZ + packed_len))
		return -ENOMEM;
	if (compress2((Bytef *)out->s + at + FRAME_HEAD_SZ, &packed_len, payload, len, level) !=
	    Z_OK)
		return -ENOMEM;
	f->packed_len = (uint32_t)packed_len;
	f->len = (uint32_t)len;
	f->sum = (uint32_t)crc32(0, (const Bytef *)out->s + at + FRAME_HEAD_SZ, (uInt)packed_len);
	h = (struct head){ .magic = htole32(HEAD_MAGIC),
			   .type = htole16(f->type),
			   .packed_len = htole32(f->packed_len),
			   .len = htole32(f->len),
			   .first_ns = htole64(f->first_ns),
			   .last_ns = htole64(f->last_ns),
			   .sum = htole32(f->sum) };
	h.head_sum = htole32(head_sum(&h));
	memcpy(out->s + at, &h, sizeof(h));
	out->len = at + FRAME_HEAD_SZ + packed_len;
	out->s[out->len] = '\0';
	return 0;
}

int frame__get(const uint8_t head[FRAME_HEAD_SZ], struct frame *ret)
{
	struct head h;

	memcpy(&h, head, sizeof(h));
	if (le32toh(h.magic) != HEAD_MAGIC || le32toh(h.head_sum) != head_sum(&h))
		return -EBADMSG;
	*ret = (struct frame){ .type = le16toh(h.type),
			       .packed_len = le32toh(h.packed_len),
			       .len = le32toh(h.len),
			       .first_ns = le64toh(h.first_ns),
			       .last_ns = le64toh(h.last_ns),
			       .sum = le32toh(h.sum) };
	/* What does not pack takes some bytes more. */
	return ret->len > FRAME_MAX || ret->packed_len > compressBound(FRAME_MAX) ? -EBADMSG : 0;
}

int frame__unpack(const struct frame *f, const void *packed, struct sbuf *out)
{
	uLongf len = f->len;

	if ((uint32_t)crc32(0, packed, f->packed_len) != f->sum)
		return -EBADMSG;
	sbuf__reset(out);
	if (!sbuf__extend(out, f->len))
		return -ENOMEM;
	if (f->len && uncompress((Bytef *)out->s, &len, packed, f->packed_len) != Z_OK)
		return -EBADMSG;
	return len == f->len ? 0 : -EBADMSG;
}
