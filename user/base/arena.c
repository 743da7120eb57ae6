/* SPDX-License-Identifier: BSD-2-Clause */
#include "user/base/arena.h"

#include <stdalign.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#define BLOCK_SZ (64 * 1024)

struct arena_block {
	struct arena_block *next;
	size_t used, cap;
	alignas(max_align_t) char mem[];
};

void *arena__alloc(struct arena *a, size_t n, size_t sz)
{
	struct arena_block *b = a->head;
	size_t need, align = alignof(max_align_t);
	void *p;

	if (__builtin_mul_overflow(n, sz, &need) || need > SIZE_MAX / 2)
		return NULL;
	need = (need + align - 1) & ~(align - 1);
	if (!need)
		need = align;
	if (!b || b->cap - b->used < need) {
		size_t cap = need > BLOCK_SZ ? need : BLOCK_SZ;

		b = calloc(1, sizeof(*b) + cap);
		if (!b)
			return NULL;
		b->cap = cap;
		b->next = a->head;
		a->head = b;
	}
	p = b->mem + b->used;
	b->used += need;
	return p;
}

const char *arena__strdup(struct arena *a, const char *s)
{
	size_t len = s ? strlen(s) : 0;
	char *p = len ? arena__alloc(a, len + 1, 1) : NULL;

	return p ? memcpy(p, s, len + 1) : "";
}

void arena__free(struct arena *a)
{
	while (a->head) {
		struct arena_block *next = a->head->next;

		free(a->head);
		a->head = next;
	}
}
