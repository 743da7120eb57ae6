/* SPDX-License-Identifier: BSD-2-Clause */
#include "user/source/recording_file.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "user/base/util.h"

/* len bytes at off, or of a pipe the next ones. How many there are, or -errno. */
static ssize_t get(struct recording_file *f, void *buf, size_t len, uint64_t off)
{
	size_t done = 0;

	while (done < len) {
		ssize_t n = f->seekable ? pread(f->fd, (char *)buf + done, len - done,
						(off_t)(off + done))
					: read(f->fd, (char *)buf + done, len - done);

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return -errno;
		if (!n)
			break;
		done += (size_t)n;
	}
	return (ssize_t)done;
}

int recording_file__next(struct recording_file *f, struct frame *ret)
{
	uint8_t head[FRAME_HEAD_SZ];
	ssize_t n = get(f, head, sizeof(head), f->off);

	if (n == sizeof(head) && !frame__get(head, ret) &&
	    (!f->seekable || f->off + sizeof(head) + ret->packed_len <= f->size)) {
		f->off += sizeof(head);
		return 1;
	}
	/* The end of a file that was closed is no frame. */
	f->cut |= n != FILE_END_SZ || !file_end__get(head);
	f->damaged |= f->cnt && f->off < f->index[f->cnt - 1].off;
	return 0;
}

int recording_file__read(struct recording_file *f, const struct frame *head)
{
	char *to;

	sbuf__reset(&f->packed);
	to = sbuf__extend(&f->packed, head->packed_len);
	if (!to)
		return -ENOMEM;
	if (get(f, to, head->packed_len, f->off) != (ssize_t)head->packed_len ||
	    frame__unpack(head, to, &f->payload)) {
		f->cut = f->damaged = true;
		return f->payload.oom ? -ENOMEM : -ENODATA;
	}
	f->off += head->packed_len;
	return 0;
}

int recording_file__skip(struct recording_file *f, const struct frame *head)
{
	if (!f->seekable)
		return recording_file__read(f, head);
	f->off += head->packed_len;
	return 0;
}

static int add_entry(struct recording_file *f, const struct index_entry *e)
{
	if (f->cnt > f->size / FRAME_HEAD_SZ) /* more than it has room for */
		return -EBADMSG;
	if (array_grow(&f->index, f->cnt, &f->cap, sizeof(*f->index)))
		return -ENOMEM;
	f->index[f->cnt++] = *e;
	return 0;
}

/* By the heads, one after the other. */
static int scan(struct recording_file *f)
{
	struct frame head;
	int err = 0;

	f->cnt = 0;
	recording_file__rewind(f);
	while (!err && recording_file__next(f, &head) > 0) {
		struct index_entry e = { f->off - FRAME_HEAD_SZ, head.first_ns, head.last_ns,
					 head.type };

		err = add_entry(f, &e);
		recording_file__skip(f, &head);
	}
	recording_file__rewind(f);
	return err;
}

/* The list at off, before those that are there. *ret_before: where the one before it is. 0, -EBADMSG, -ENOMEM. */
static int get_list(struct recording_file *f, uint64_t off, uint64_t *ret_before,
		    struct index_entry *list)
{
	struct frame head;
	int n, err = 0;

	f->off = off;
	if (recording_file__next(f, &head) <= 0 || head.type != FRAME_INDEX ||
	    recording_file__read(f, &head))
		return -EBADMSG;
	n = index__get(f->payload.s, f->payload.len, ret_before, list);
	if (n < 0 || *ret_before >= off)
		return -EBADMSG;
	for (int i = n; i-- > 0 && !err;) /* the last one first, all of it is turned round later */
		err = list[i].off < f->size ? add_entry(f, &list[i]) : -EBADMSG;
	return err;
}

/* By the lists, from the last one on. */
static int read_index(struct recording_file *f)
{
	struct index_entry *list;
	uint8_t end[FILE_END_SZ];
	uint64_t off = 0;
	int err = 0;

	if (f->size >= FILE_START_SZ + sizeof(end) &&
	    get(f, end, sizeof(end), f->size - sizeof(end)) == sizeof(end))
		off = file_end__get(end);
	if (!off || off >= f->size)
		return -EBADMSG;
	list = calloc(INDEX_MAX, sizeof(*list));
	if (!list)
		return -ENOMEM;
	while (off && !err)
		err = get_list(f, off, &off, list);
	free(list);
	for (size_t i = 0; i < f->cnt / 2; i++) {
		struct index_entry swap = f->index[i];

		f->index[i] = f->index[f->cnt - 1 - i];
		f->index[f->cnt - 1 - i] = swap;
	}
	return err;
}

int recording_file__open(struct recording_file *f, int fd)
{
	uint8_t start[FILE_START_SZ];
	struct stat st;
	int err;

	f->fd = fd;
	if (fstat(fd, &st))
		return -errno;
	if (S_ISDIR(st.st_mode))
		return -EISDIR;
	f->seekable = S_ISREG(st.st_mode);
	f->size = (uint64_t)st.st_size;
	if (get(f, start, sizeof(start), 0) != sizeof(start))
		return -EINVAL;
	err = file_start__get(start, &f->flags);
	f->off = sizeof(start);
	if (err || !f->seekable)
		return err;
	err = read_index(f);
	if (err == -ENOMEM)
		return err;
	f->cut = false;
	if (err)
		err = scan(f);
	recording_file__rewind(f);
	return err;
}

void recording_file__rewind(struct recording_file *f)
{
	f->off = FILE_START_SZ;
}

void recording_file__close(struct recording_file *f)
{
	closep(&f->fd);
	free(f->index);
	sbuf__free(&f->packed);
	sbuf__free(&f->payload);
}
