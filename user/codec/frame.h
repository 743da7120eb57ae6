/* SPDX-License-Identifier: BSD-2-Clause */
/* frame.h - a recording is a row of frames, each whole in itself: found, checked and unpacked alone (doc/format.md)
 *
 * A file grows by whole frames. Where it was cut, the last one that is there in full is its end.
 */
#ifndef GILTOP_CODEC_FRAME_H
#define GILTOP_CODEC_FRAME_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "user/base/sbuf.h"

/* The file's first bytes: "giltop", a newline, a zero, then these two as little-endian 16-bit numbers, then flags. */
#define FILE_START_SZ 16
#define FILE_MAJOR    1 /* another one cannot be read */
#define FILE_MINOR    0 /* a larger one has more in it, which may be left out */

enum file_flag {
	FILE_F_RING = 1, /* what a flight recorder kept: it begins in the middle of a run */
};

enum frame_type {
	FRAME_KEY =
		1, /* all that is needed to read on from here: for who begins here, nothing new for others */
	FRAME_RECORDS,
	FRAME_EVENTS,
	FRAME_TRIGGER, /* something is told of near here: for those who look for that */
	FRAME_INDEX,
	FRAME_INTERVAL, /* records, the last of which ends an interval */
};

#define FRAME_HEAD_SZ 48
/* Of a payload, packed and unpacked: a reader's memory. Writers make frames of some 100 kB. */
#define FRAME_MAX (16u << 20)

struct frame {
	uint16_t type; /* enum frame_type; others may be left out */
	uint32_t packed_len, len;
	uint64_t first_ns,
		last_ns; /* what it is about; of records: the moment of the last totals in it and before */
	uint32_t sum; /* CRC-32 of the packed payload */
};

/* The file's start. */
void file_start__put(uint32_t flags, struct sbuf *out);
/* 0; -EINVAL: it is no recording; -EPROTO: of a later major version. */
int file_start__get(const uint8_t start[FILE_START_SZ], uint32_t *ret_flags);

/* Pack a payload as a whole frame, and add it. level: zlib's. f: type and times are given, the rest is set. 0 or -ENOMEM,
 * -EFBIG.
 */
int frame__put(struct frame *f, const void *payload, size_t len, int level, struct sbuf *out);
/* 0, -EBADMSG: this is no head of a frame. */
int frame__get(const uint8_t head[FRAME_HEAD_SZ], struct frame *ret);
/* The payload of what was read behind the head, packed_len bytes, in the place of what is in out. 0, -EBADMSG, -ENOMEM. */
int frame__unpack(const struct frame *f, const void *packed, struct sbuf *out);

#endif
