/* SPDX-License-Identifier: BSD-2-Clause */
/* writer.h - the sink that records: from the stream of a run to frames */
#ifndef GILTOP_CODEC_WRITER_H
#define GILTOP_CODEC_WRITER_H

#include <stdbool.h>
#include <stdint.h>

#include "user/books/sink.h"
#include "user/codec/frame.h"

struct rec_writer_opts {
	/* Whole frames, as bytes of a file, one at a time. 0 or -errno, which is kept (rec_writer__err). */
	int (*frame)(void *ctx, const struct frame *f, const void *bytes, size_t len);
	void *ctx;
	uint64_t max_rate; /* events/s of a process; 0: no limit */
	uint64_t
		restart_ns; /* so often it begins anew: for who keeps only the last of it; 0: never */
};

/* NULL + errno. */
struct rec_writer *rec_writer__new(const struct rec_writer_opts *o);
void rec_writer__free(struct rec_writer *w);
/* Lives as long as the writer. Frames of stacks must live as long, too. */
struct sink *rec_writer__sink(struct rec_writer *w);
/* What was taken and is in no frame yet. 0 or -errno. */
int rec_writer__flush(struct rec_writer *w);
/* The first thing that went wrong; 0: nothing. */
int rec_writer__err(const struct rec_writer *w);
/* Events one by one, those that are in segments, and bytes of blocks of events before they were packed and after. */
struct rec_stats {
	uint64_t event_cnt, folded_cnt, event_bytes, packed_bytes;
};
struct rec_stats rec_writer__stats(const struct rec_writer *w);

#endif
