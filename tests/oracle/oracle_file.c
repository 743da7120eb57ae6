/* SPDX-License-Identifier: BSD-2-Clause */
/* oracle_file.c - the file that a process writes its events to: the one that the harness made, or one of its own
 *
 * Also called in a child between fork() and its first line of Python.
 */
#include "oracle.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <time.h>
#include <unistd.h>

#define OWN_CHUNKS (16 * 1024u) /* sparse: 64 MiB */
#define EXECS_MAX  64

bool oracle_file__is_folder(const char *path)
{
	int fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);

	if (fd >= 0)
		close(fd);
	return fd >= 0;
}

static struct oracle_header *map(int fd, off_t sz)
{
	void *at = mmap(NULL, (size_t)sz, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);

	return at == MAP_FAILED ? NULL : at;
}

struct oracle_header *oracle_file__claim(const char *path, bool late)
{
	struct oracle_header *hdr = NULL;
	uint32_t nobody = 0;
	int fd = open(path, O_RDWR | O_CLOEXEC);
	off_t sz;

	if (fd < 0)
		return NULL;
	sz = lseek(fd, 0, SEEK_END);
	if (sz >= ORACLE_HEADER_SZ)
		hdr = map(fd, sz);
	close(fd);
	if (!hdr)
		return NULL;
	if (memcmp(hdr->magic, ORACLE_MAGIC, sizeof(hdr->magic)) == 0 &&
	    hdr->version == ORACLE_VERSION &&
	    ORACLE_HEADER_SZ + (uint64_t)hdr->chunk_cnt * ORACLE_CHUNK_SZ <= (uint64_t)sz &&
	    __atomic_compare_exchange_n(&hdr->pid, &nobody, (uint32_t)getpid(), false,
					__ATOMIC_ACQ_REL, __ATOMIC_ACQUIRE)) {
		hdr->late = late;
		return hdr;
	}
	munmap(hdr, (size_t)sz);
	return NULL;
}

static int create(const char *folder)
{
	int fd = -1;

	for (int i = 0; fd < 0 && i < EXECS_MAX; i++) {
		char path[4096];

		if (snprintf(path, sizeof(path), "%s/%d.%d", folder, (int)getpid(), i) >=
		    (int)sizeof(path))
			return -1;
		fd = open(path, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
	}
	return fd;
}

struct oracle_header *oracle_file__make(const char *folder, bool late)
{
	const off_t sz = ORACLE_HEADER_SZ + (off_t)OWN_CHUNKS * ORACLE_CHUNK_SZ;
	struct oracle_header *hdr = NULL;
	struct timespec now;
	int fd = create(folder);

	if (fd < 0)
		return NULL;
	if (!ftruncate(fd, sz))
		hdr = map(fd, sz);
	close(fd);
	if (!hdr)
		return NULL;
	hdr->version = ORACLE_VERSION;
	hdr->chunk_cnt = OWN_CHUNKS;
	hdr->late = late;
	if (getenv(ORACLE_ON_ENV)) {
		clock_gettime(CLOCK_MONOTONIC, &now);
		hdr->on_ns = (uint64_t)now.tv_sec * 1000000000u + (uint64_t)now.tv_nsec;
		hdr->enabled = 1;
	}
	hdr->pid = (uint32_t)getpid();
	memcpy(hdr->magic, ORACLE_MAGIC, sizeof(hdr->magic));
	return hdr;
}
