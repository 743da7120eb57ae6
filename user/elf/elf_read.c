/* SPDX-License-Identifier: BSD-2-Clause */
/* elf_read.c - bytes of an ELF file, as many as its budget has
 *
 * Whoever may run a program may have giltop, which is root, read it: sizes, offsets and numbers in it are whatever he
 * likes. What is kept of a file counts against what may be kept of it, whatever for.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "user/elf/elf_file_impl.h"

bool elf_file__charge(const struct elf_file *elf, uint64_t len)
{
	if (len > elf->kept->left)
		return false;
	elf->kept->left -= len;
	return true;
}

bool elf_file__read(int fd, void *buf, uint64_t len, uint64_t off)
{
	for (uint64_t done = 0; done < len;) {
		ssize_t n = pread(fd, (uint8_t *)buf + done, len - done, (off_t)(off + done));

		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0)
			return false;
		done += (uint64_t)n;
	}
	return true;
}

Elf_Data *elf_file__chunk(const struct elf_file *elf, uint64_t off, uint64_t len, Elf_Type type)
{
	Elf_Data *data;

	if (!len || off > INT64_MAX - ELF_FILE_READ_MAX || !elf_file__charge(elf, len))
		return NULL;
	data = elf_getdata_rawchunk(elf->elf, (int64_t)off, len, type);
	/* a converted chunk of a strange type may come back shorter than asked for */
	return data && data->d_buf && data->d_size >= len ? data : NULL;
}

static bool make_room(struct elf_seg_data *sd)
{
	uint64_t blocks = sd->seg.filesz / ELF_FILE_BLOCK_SZ + 1;

	if (sd->bytes)
		return true;
	if (blocks > ELF_FILE_BLOCK_CNT)
		return false;
	if (!sd->have)
		sd->have = calloc(blocks, sizeof(*sd->have));
	if (sd->have)
		sd->bytes = malloc(sd->seg.filesz); /* no page of it is there until it is read */
	return sd->bytes;
}

/* Have the blocks that hold len bytes from off on in the segment, which are all in it. */
static bool read_blocks(const struct elf_file *elf, struct elf_seg_data *sd, uint64_t off,
			uint64_t len)
{
	uint64_t end = (off + len + ELF_FILE_BLOCK_SZ - 1) / ELF_FILE_BLOCK_SZ;

	for (uint64_t from = off / ELF_FILE_BLOCK_SZ, to; from < end; from = to) {
		uint64_t at = from * ELF_FILE_BLOCK_SZ, sz;

		for (to = from; to < end && !sd->have[to];)
			to++;
		if (to == from) {
			to++;
			continue;
		}
		sz = (to * ELF_FILE_BLOCK_SZ < sd->seg.filesz ? to * ELF_FILE_BLOCK_SZ
							      : sd->seg.filesz) -
		     at;
		if (!elf_file__charge(elf, sz) ||
		    !elf_file__read(elf->fd, sd->bytes + at, sz, sd->seg.off + at))
			return false;
		memset(sd->have + from, true, to - from);
	}
	return true;
}

const void *elf_file__seg_bytes(const struct elf_file *elf, struct elf_seg_data *sd, uint64_t off,
				uint64_t len)
{
	return make_room(sd) && read_blocks(elf, sd, off, len) ? sd->bytes + off : NULL;
}

void elf_file__forget_bytes(struct elf_file *elf)
{
	for (size_t i = 0; i < elf->seg_cnt; i++) {
		free(elf->segs[i].bytes);
		free(elf->segs[i].have);
	}
}
