/* SPDX-License-Identifier: BSD-2-Clause */
/* hmap.h - hash table from a pair of numbers to a pointer (open addressing, no deletion of single keys) */
#ifndef GILTOP_BASE_HMAP_H
#define GILTOP_BASE_HMAP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct hmap_slot {
	uint64_t a, b;
	void *value; /* NULL: free */
};

/* Zero-initialise; hmap__free at the end (values are the caller's). */
struct hmap {
	struct hmap_slot *slots;
	size_t cap, cnt; /* cap: 0 or a power of two */
};

void *hmap__get(const struct hmap *h, uint64_t a, uint64_t b); /* NULL: not there */
int hmap__put(struct hmap *h, uint64_t a, uint64_t b,
	      void *value); /* value != NULL; 0 or -ENOMEM */
int hmap__swap(struct hmap *h, uint64_t a, uint64_t b, void *value,
	       void **ret);		  /* .. *ret: what was there */
bool hmap__is_full(const struct hmap *h); /* one more key makes it grow */
void hmap__clear(struct hmap *h);
void hmap__free(struct hmap *h);
void hmap__free_all(struct hmap *h, void (*free_value)(void *value)); /* the values, too */

/* FNV-1a, 64 bits (public domain, Fowler/Noll/Vo): go on from h, first HASH_START. */
#define HASH_START 0xcbf29ce484222325u
uint64_t hash_bytes(uint64_t h, const void *p, size_t len);

#endif
