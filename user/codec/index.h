/* SPDX-License-Identifier: BSD-2-Clause */
/* index.h - where the frames of a recording are, for who does not want to read all of it
 *
 * A list of frames is a frame itself, and says where the one before it is. The file's last bytes say where the last one is;
 * where they are not there, giltop was killed, and the heads of the frames say the same.
 */
#ifndef GILTOP_CODEC_INDEX_H
#define GILTOP_CODEC_INDEX_H

#include "user/codec/frame.h"

/* A list has so many frames at most, and is written then. */
#define INDEX_MAX 4096
/* The file's last bytes. */
#define FILE_END_SZ 16

struct index_entry {
	uint64_t off; /* of its head, in the file */
	uint64_t first_ns, last_ns;
	uint16_t type;
};

/* The payload of a list; before: where the list before it is, 0: it is the first. */
void index__put(const struct index_entry *list, size_t cnt, uint64_t before, struct sbuf *out);
/* ret: room for INDEX_MAX. How many, or -EBADMSG. */
int index__get(const void *payload, size_t len, uint64_t *ret_before, struct index_entry *ret);
void file_end__put(uint64_t index_off, struct sbuf *out);
/* Where the last list is; 0: that is no end of a file. */
uint64_t file_end__get(const uint8_t end[FILE_END_SZ]);

#endif
