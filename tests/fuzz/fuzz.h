/* SPDX-License-Identifier: BSD-2-Clause */
/* fuzz.h - what the fuzzers share: an input that is used up word by word, promises that abort()
 *
 * Each fuzz_NAME.c has one LLVMFuzzerTestOneInput(). scripts/fuzz drives them with libFuzzer, replay.c with what has
 * been found before. What they replace of the world around the code is linked in by --wrap (Makefile: WRAP).
 */
#ifndef GILTOP_FUZZ_H
#define GILTOP_FUZZ_H

#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "user/base/text.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define promise(cond)                                                                              \
	do {                                                                                       \
		if (!(cond)) {                                                                     \
			fprintf(stderr, "%s:%d: broken: %s\n", __FILE__, __LINE__, #cond);         \
			abort();                                                                   \
		}                                                                                  \
	} while (0)

struct input {
	const uint8_t *p;
	size_t left;
};

/* The next byte; 0 when all is used up. */
static inline uint8_t take(struct input *in)
{
	if (!in->left)
		return 0;
	in->left--;
	return *in->p++;
}

/* It is as clean_text() makes text: what it says can neither drive a terminal nor break a line. */
static inline void promise_clean(const char *s, size_t sz)
{
	size_t len = strnlen(s, sz);
	char *again = malloc(len + 1);

	promise(len < sz && again);
	promise(clean_text(s, len, again, len + 1) == len && !memcmp(s, again, len));
	free(again);
}

/* ---- a target's memory ---- */

/* Small: what is read goes round and round in it, so that nearly every pointer leads somewhere. */
#define FUZZ_MEM_BASE 0x1000ull
#define FUZZ_MEM_END  0x800000000000ull

struct fuzz_mem {
	const uint8_t *bytes;
	size_t sz;
	unsigned int reads, max_reads; /* what comes after is not readable */
};

/* 0, or -1: nothing of it is readable. */
static inline int fuzz_mem__read(struct fuzz_mem *m, void *dst, size_t size, uint64_t addr)
{
	size_t at;

	if (m->reads >= m->max_reads)
		return -1;
	m->reads++;
	if (!m->sz || addr < FUZZ_MEM_BASE || addr >= FUZZ_MEM_END)
		return -1;
	at = (size_t)((addr - FUZZ_MEM_BASE) % m->sz);
	for (size_t done = 0; done < size;) {
		size_t n = m->sz - at < size - done ? m->sz - at : size - done;

		memcpy((char *)dst + done, m->bytes + at, n);
		done += n;
		at = 0;
	}
	return 0;
}

#endif
