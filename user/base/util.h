/* SPDX-License-Identifier: BSD-2-Clause */
/* util.h - scope guards, errno in words, growing arrays, small files */
#ifndef GILTOP_BASE_UTIL_H
#define GILTOP_BASE_UTIL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#define ARRAY_SIZE(a) (sizeof(a) / sizeof((a)[0]))

struct sbuf;

/* Scope guards: __cleanup(closep) int fd = open(..); */
#define __cleanup(fn) __attribute__((cleanup(fn)))
void closep(int *fd);	/* closes if >= 0 */
void fclosep(FILE **f); /* closes if not NULL */
void freep(void *p);	/* p: address of a pointer from malloc */

const char *errstr(
	int err); /* "ENOENT: No such file .."; takes errno or -errno; thread-local buffer */

uint64_t now_ns(void);	   /* CLOCK_MONOTONIC */
uint64_t own_cpu_ns(void); /* of this process */

/* Grow an array of n elements to hold at least one more: *cap is kept; 0 or -ENOMEM. */
int array_grow(void *parr, size_t n, size_t *cap, size_t elem_sz);

/* For qsort and bsearch: things that start with a uint64_t, by that. */
int cmp_u64(const void *a, const void *b);
int cmp_u32(const void *a, const void *b);
/* Of numbers that are sorted by it. */
bool sorted_has(const uint32_t *v, size_t cnt, uint32_t x);

/* A number at any address, aligned or not. */
static inline uint32_t load_u32(const void *p)
{
	uint32_t v;

	memcpy(&v, p, sizeof(v));
	return v;
}

static inline uint64_t load_u64(const void *p)
{
	uint64_t v;

	memcpy(&v, p, sizeof(v));
	return v;
}

/* Read a whole small file (e.g. in /proc) into b; at most max bytes. 0 or -errno. */
int read_file(int dirfd, const char *path, size_t max, struct sbuf *b);

#endif
