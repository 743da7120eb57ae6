/* SPDX-License-Identifier: BSD-2-Clause */
/* spool.h - many streams of bytes that grow side by side, in one temporary file without a name
 *
 * For formats that want in one piece what comes bit by bit and mixed up. Each stream has a buffer that grows with what goes
 * through it; all together stay below a limit, and above a few hundred bytes a stream nothing depends on how much is written.
 * The file is made when the first buffer is full: in $TMPDIR, else in /tmp.
 *
 *	spool__init(&sp, max);  spool__append(&sp, stream, data, len) ..;
 *	struct spool_reader r = { 0 };	any number of times, of any stream; not after that append to the stream again
 *	while ((n = spool__read(&sp, stream, &r, &piece)) > 0) ..
 *	spool_reader__free(&r);  spool__free(&sp);
 */
#ifndef GILTOP_BASE_SPOOL_H
#define GILTOP_BASE_SPOOL_H

#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#define SPOOL_PIECE_MIN 256 /* the least buffer: what is appended at once may have so many bytes */
#define SPOOL_PIECE_MAX 65536

struct spool_stream;

/* To be looked at: nobody's else. */
struct spool {
	int fd; /* -1: nothing has been written yet */
	uint64_t file_sz;
	size_t max_mem, mem; /* of all buffers: the limit, and what there is */
	size_t piece_max;    /* no buffer is larger: it shrinks when the limit is reached */
	size_t cnt, cap;
	struct spool_stream *streams;
};

/* max_mem: of the buffers of all streams, as long as that is enough for SPOOL_PIECE_MIN each. */
void spool__init(struct spool *sp, size_t max_mem);
void spool__free(struct spool *sp); /* after init, or zeroed with fd -1 */
/* What is appended at once is read at once: a piece has whole ones. len <= SPOOL_PIECE_MIN. Streams are numbers from 0 on, best
 * without gaps. 0, -ENOMEM or what the file said (-ENOSPC); after an error the stream is as it was.
 */
int spool__append(struct spool *sp, size_t stream, const void *data, size_t len);

/* Zero-initialise: from the start. */
struct spool_reader {
	uint64_t next; /* where the next piece is, plus 1 */
	uint32_t state;
	unsigned char *buf;
};

/* The next piece of the stream, which is there until the next call. Its length, 0 at the end, or -errno. */
ssize_t spool__read(const struct spool *sp, size_t stream, struct spool_reader *r,
		    const unsigned char **ret);
void spool_reader__free(struct spool_reader *r);

#endif
