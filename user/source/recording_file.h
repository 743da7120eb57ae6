/* SPDX-License-Identifier: BSD-2-Clause */
/* recording_file.h - the frames of a file: where they are, and one after the other (part of recording.h) */
#ifndef GILTOP_SOURCE_RECORDING_FILE_H
#define GILTOP_SOURCE_RECORDING_FILE_H

#include "user/base/sbuf.h"
#include "user/codec/index.h"

/* Zero-initialise; recording_file__close. */
struct recording_file {
	int fd;
	bool seekable, cut;
	bool damaged;	    /* a frame whose place is known is none */
	uint32_t flags;	    /* enum file_flag */
	uint64_t size, off; /* of the next head */
	size_t cnt, cap;
	struct index_entry *index;   /* of all frames, where it can be sought in */
	struct sbuf packed, payload; /* of the last one that was read */
};

/* fd is the file's from here on. 0; -EINVAL: no recording; -EPROTO: a later version's; -errno of reading. */
int recording_file__open(struct recording_file *f, int fd);
void recording_file__close(struct recording_file *f);
void recording_file__rewind(struct recording_file *f);
/* The head of the next frame: 1; 0: there is none any more (cut: something that is none is there). Then its payload, or on. */
int recording_file__next(struct recording_file *f, struct frame *ret);
int recording_file__read(struct recording_file *f,
			 const struct frame *head); /* 0, -ENODATA, -ENOMEM */
int recording_file__skip(struct recording_file *f, const struct frame *head);

#endif
