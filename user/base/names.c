/* SPDX-License-Identifier: BSD-2-Clause */
#include "user/base/names.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "user/base/arena.h"
#include "user/base/hmap.h"

/* An entry of the table at half its fill, and what the arena adds. */
#define EACH_SZ (4 * sizeof(struct hmap_slot))

struct names {
	struct arena arena;
	struct hmap by_hash; /* (hash, length) -> text */
	size_t bytes, bytes_max;
	uint64_t full_cnt;
};

struct names *names__new(size_t bytes_max)
{
	struct names *n = calloc(1, sizeof(*n));

	if (n)
		n->bytes_max = bytes_max;
	return n;
}

void names__free(struct names *n)
{
	if (!n)
		return;
	arena__free(&n->arena);
	hmap__free(&n->by_hash);
	free(n);
}

int names__charge(struct names *n, size_t sz)
{
	if (sz > n->bytes_max - n->bytes) {
		n->full_cnt++;
		return -ENOSPC;
	}
	n->bytes += sz;
	return 0;
}

const char *names__get(struct names *n, const char *text)
{
	size_t len = strlen(text);
	uint64_t h = hash_bytes(HASH_START, text, len);
	char *old, *copy;

	if (!len)
		return "";
	/* Two texts with one hash: look on under the next number. */
	while ((old = hmap__get(&n->by_hash, h, len))) {
		if (!memcmp(old, text, len))
			return old;
		h++;
	}
	if (names__charge(n, len + 1 + EACH_SZ))
		return NULL;
	copy = arena__alloc(&n->arena, len + 1, 1);
	if (!copy || hmap__put(&n->by_hash, h, len, copy))
		return NULL;
	memcpy(copy, text, len);
	return copy;
}

size_t names__bytes(const struct names *n)
{
	return n->bytes;
}

uint64_t names__full_cnt(const struct names *n)
{
	return n->full_cnt;
}
