/* SPDX-License-Identifier: BSD-2-Clause */
/* arena.h - memory that is given back all at once (a snapshot lives in one) */
#ifndef GILTOP_BASE_ARENA_H
#define GILTOP_BASE_ARENA_H

#include <stddef.h>

struct arena_block;

/* Zero-initialise. */
struct arena {
	struct arena_block *head;
};

/* n elements of sz bytes, zeroed, aligned for any type; NULL when there is no memory. n 0 is fine. */
void *arena__alloc(struct arena *a, size_t n, size_t sz);
const char *arena__strdup(struct arena *a,
			  const char *s); /* "" when s is NULL or memory is short */
void arena__free(struct arena *a);

#endif
