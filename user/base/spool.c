/* SPDX-License-Identifier: BSD-2-Clause */
/* spool.c - a stream is a chain of pieces in the file, and what is still in its buffer
 *
 * A piece begins with where the next one is and with its length. That is not known when it is written, so it is put
 * there when the next one is: two writes a piece, and no list of pieces in memory.
 */
#include "user/base/spool.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "user/base/util.h"

struct piece_head {
	uint64_t next; /* 0: none */
	uint64_t len;
};

#define HEAD sizeof(struct piece_head)

struct spool_stream {
	unsigned char *buf;   /* with room for the head in front */
	size_t len, cap;      /* with it */
	uint64_t first, last; /* where they are, plus 1; 0: nowhere */
};

enum reader_state { READ_FILE, READ_BUFFER, READ_END };

void spool__init(struct spool *sp, size_t max_mem)
{
	*sp = (struct spool){ .fd = -1, .max_mem = max_mem, .piece_max = SPOOL_PIECE_MAX };
}

void spool__free(struct spool *sp)
{
	for (size_t i = 0; i < sp->cnt; i++)
		free(sp->streams[i].buf);
	free(sp->streams);
	closep(&sp->fd);
	*sp = (struct spool){ .fd = -1 };
}

/* Where the file system knows no files without a name, the name is gone at once. */
static int open_file(void)
{
	const char *dir = getenv("TMPDIR");
	char name[PATH_MAX];
	int fd;

	if (!dir || !*dir)
		dir = "/tmp";
	fd = open(dir, O_TMPFILE | O_RDWR | O_EXCL | O_CLOEXEC, 0600);
	if (fd >= 0)
		return fd;
	if ((size_t)snprintf(name, sizeof(name), "%s/giltop-XXXXXX", dir) >= sizeof(name))
		return -ENAMETOOLONG;
	fd = mkostemp(name, O_CLOEXEC);
	if (fd < 0)
		return -errno;
	unlink(name);
	return fd;
}

static int write_at(int fd, const void *data, size_t len, uint64_t at)
{
	for (size_t done = 0; done < len;) {
		ssize_t n = pwrite(fd, (const char *)data + done, len - done, (off_t)(at + done));

		if (n < 0 && errno != EINTR)
			return -errno;
		if (!n)
			return -ENOSPC;
		done += n > 0 ? (size_t)n : 0;
	}
	return 0;
}

static int read_at(int fd, void *data, size_t len, uint64_t at)
{
	for (size_t done = 0; done < len;) {
		ssize_t n = pread(fd, (char *)data + done, len - done, (off_t)(at + done));

		if (n < 0 && errno != EINTR)
			return -errno;
		if (!n)
			return -EIO;
		done += n > 0 ? (size_t)n : 0;
	}
	return 0;
}

/* The buffer becomes a piece of the file. What an error leaves there is of no chain, and is written over. */
static int flush(struct spool *sp, struct spool_stream *s)
{
	uint64_t at = sp->file_sz;
	int err;

	if (s->len <= HEAD)
		return 0;
	if (sp->fd < 0) {
		int fd = open_file();

		if (fd < 0)
			return fd;
		sp->fd = fd;
	}
	memcpy(s->buf, &(struct piece_head){ 0, s->len - HEAD }, HEAD);
	err = write_at(sp->fd, s->buf, s->len, at);
	if (!err && s->last)
		err = write_at(sp->fd, &at, sizeof(at), s->last - 1);
	if (err)
		return err;
	s->last = at + 1;
	if (!s->first)
		s->first = at + 1;
	sp->file_sz = at + s->len;
	s->len = HEAD;
	return 0;
}

static int resize(struct spool *sp, struct spool_stream *s, size_t cap)
{
	unsigned char *buf = realloc(s->buf, cap);

	if (!buf)
		return -ENOMEM;
	sp->mem = sp->mem - s->cap + cap;
	s->buf = buf;
	s->cap = cap;
	return 0;
}

/* Too many for buffers so large: all are of half the size from here on, so that none has much more than its share. */
static int shrink_all(struct spool *sp)
{
	int err = 0;

	sp->piece_max /= 2;
	for (size_t i = 0; i < sp->cnt && !err; i++) {
		struct spool_stream *s = &sp->streams[i];

		if (s->cap <= sp->piece_max)
			continue;
		err = flush(sp, s);
		if (!err)
			err = resize(sp, s, sp->piece_max);
	}
	return err;
}

static int make_room(struct spool *sp, struct spool_stream *s, size_t len)
{
	int err;

	while (!s->buf || s->len + len > s->cap) {
		size_t cap = s->buf ? 2 * s->cap : HEAD + SPOOL_PIECE_MIN;

		if (s->buf && cap > sp->piece_max) {
			err = flush(sp, s);
			if (err)
				return err;
			continue;
		}
		if (sp->mem + cap - s->cap > sp->max_mem &&
		    sp->piece_max / 2 >= HEAD + SPOOL_PIECE_MIN) {
			err = shrink_all(sp);
			if (err)
				return err;
			continue;
		}
		err = s->buf && sp->mem + cap - s->cap > sp->max_mem ? flush(sp, s)
								     : resize(sp, s, cap);
		if (err)
			return err;
		if (s->len < HEAD)
			s->len = HEAD;
	}
	return 0;
}

static int add_streams(struct spool *sp, size_t stream)
{
	while (sp->cnt <= stream) {
		if (array_grow(&sp->streams, sp->cnt, &sp->cap, sizeof(*sp->streams)))
			return -ENOMEM;
		sp->streams[sp->cnt++] = (struct spool_stream){ 0 };
	}
	return 0;
}

int spool__append(struct spool *sp, size_t stream, const void *data, size_t len)
{
	struct spool_stream *s;
	int err;

	if (len > SPOOL_PIECE_MIN)
		return -EMSGSIZE;
	err = add_streams(sp, stream);
	if (err)
		return err;
	s = &sp->streams[stream];
	err = make_room(sp, s, len);
	if (err)
		return err;
	memcpy(s->buf + s->len, data, len);
	s->len += len;
	return 0;
}

static ssize_t read_piece(const struct spool *sp, struct spool_reader *r, const unsigned char **ret)
{
	struct piece_head head;
	int err = read_at(sp->fd, &head, HEAD, r->next - 1);

	if (err)
		return err;
	if (!head.len || head.len > SPOOL_PIECE_MAX)
		return -EIO;
	if (!r->buf)
		r->buf = malloc(SPOOL_PIECE_MAX);
	if (!r->buf)
		return -ENOMEM;
	err = read_at(sp->fd, r->buf, head.len, r->next - 1 + HEAD);
	if (err)
		return err;
	r->next = head.next ? head.next + 1 : 0;
	*ret = r->buf;
	return (ssize_t)head.len;
}

ssize_t spool__read(const struct spool *sp, size_t stream, struct spool_reader *r,
		    const unsigned char **ret)
{
	const struct spool_stream *s = stream < sp->cnt ? &sp->streams[stream] : NULL;

	if (!s || r->state == READ_END)
		return 0;
	if (r->state == READ_FILE) {
		if (!r->next)
			r->next = s->first;
		if (r->next) {
			ssize_t n = read_piece(sp, r, ret);

			if (!r->next)
				r->state = READ_BUFFER;
			return n;
		}
	}
	r->state = READ_END;
	*ret = s->buf ? s->buf + HEAD : NULL;
	return s->len > HEAD ? (ssize_t)(s->len - HEAD) : 0;
}

void spool_reader__free(struct spool_reader *r)
{
	free(r->buf);
	*r = (struct spool_reader){ 0 };
}
