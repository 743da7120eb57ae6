/* SPDX-License-Identifier: BSD-2-Clause */
#include "user/codec/index.h"

#include <endian.h>
#include <errno.h>
#include <string.h>

#include "user/codec/varint.h"

static const char end_magic[8] = "GTindex";

void index__put(const struct index_entry *list, size_t cnt, uint64_t before, struct sbuf *out)
{
	uint64_t off = 0, first = 0, last = 0;

	varint__put(out, before);
	varint__put(out, cnt);
	for (size_t i = 0; i < cnt; i++) {
		varint__put(out, list[i].off - off);
		varint__put(out, list[i].type);
		varint__put_signed(out, (int64_t)(list[i].first_ns - first));
		varint__put_signed(out, (int64_t)(list[i].last_ns - last));
		off = list[i].off;
		first = list[i].first_ns;
		last = list[i].last_ns;
	}
}

int index__get(const void *payload, size_t len, uint64_t *ret_before, struct index_entry *ret)
{
	struct cursor c = { payload, (const uint8_t *)payload + len, false };
	struct index_entry e = { 0 };
	size_t cnt;

	*ret_before = cursor__u64(&c);
	cnt = cursor__cnt(&c);
	if (cnt > INDEX_MAX)
		return -EBADMSG;
	for (size_t i = 0; i < cnt; i++) {
		e.off += cursor__u64(&c);
		e.type = (uint16_t)cursor__u64(&c);
		e.first_ns += (uint64_t)cursor__i64(&c);
		e.last_ns += (uint64_t)cursor__i64(&c);
		ret[i] = e;
	}
	return c.bad ? -EBADMSG : (int)cnt;
}

void file_end__put(uint64_t index_off, struct sbuf *out)
{
	uint64_t off = htole64(index_off);

	sbuf__add(out, end_magic, sizeof(end_magic));
	sbuf__add(out, (const char *)&off, sizeof(off));
}

uint64_t file_end__get(const uint8_t end[FILE_END_SZ])
{
	uint64_t off;

	if (memcmp(end, end_magic, sizeof(end_magic)))
		return 0;
	memcpy(&off, end + sizeof(end_magic), sizeof(off));
	return le64toh(off);
}
