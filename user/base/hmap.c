/* SPDX-License-Identifier: BSD-2-Clause */
#include "user/base/hmap.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

/* Finaliser of MurmurHash3 (public domain, Austin Appleby): spreads neighbouring ids. */
static size_t hash(uint64_t a, uint64_t b)
{
	uint64_t x = a ^ (b * 0x9e3779b97f4a7c15u);

	x ^= x >> 33;
	x *= 0xff51afd7ed558ccdu;
	x ^= x >> 33;
	x *= 0xc4ceb9fe1a85ec53u;
	x ^= x >> 33;
	return (size_t)x;
}

static struct hmap_slot *slot_of(const struct hmap *h, uint64_t a, uint64_t b)
{
	size_t i = hash(a, b) & (h->cap - 1);

	while (h->slots[i].value && (h->slots[i].a != a || h->slots[i].b != b))
		i = (i + 1) & (h->cap - 1);
	return &h->slots[i];
}

void *hmap__get(const struct hmap *h, uint64_t a, uint64_t b)
{
	return h->cap ? slot_of(h, a, b)->value : NULL;
}

static int grow(struct hmap *h)
{
	struct hmap bigger = { .cap = h->cap ? h->cap * 2 : 64, .cnt = h->cnt };

	bigger.slots = calloc(bigger.cap, sizeof(*bigger.slots));
	if (!bigger.slots)
		return -ENOMEM;
	for (size_t i = 0; i < h->cap; i++)
		if (h->slots[i].value)
			*slot_of(&bigger, h->slots[i].a, h->slots[i].b) = h->slots[i];
	free(h->slots);
	*h = bigger;
	return 0;
}

bool hmap__is_full(const struct hmap *h)
{
	return 4 * (h->cnt + 1) > 3 * h->cap;
}

int hmap__swap(struct hmap *h, uint64_t a, uint64_t b, void *value, void **ret)
{
	struct hmap_slot *s;

	if (hmap__is_full(h) && grow(h))
		return -ENOMEM;
	s = slot_of(h, a, b);
	if (!s->value)
		h->cnt++;
	*ret = s->value;
	*s = (struct hmap_slot){ a, b, value };
	return 0;
}

int hmap__put(struct hmap *h, uint64_t a, uint64_t b, void *value)
{
	void *old;

	return hmap__swap(h, a, b, value, &old);
}

void hmap__clear(struct hmap *h)
{
	if (h->cap)
		memset(h->slots, 0, h->cap * sizeof(*h->slots));
	h->cnt = 0;
}

void hmap__free(struct hmap *h)
{
	free(h->slots);
	*h = (struct hmap){ 0 };
}

void hmap__free_all(struct hmap *h, void (*free_value)(void *value))
{
	for (size_t i = 0; i < h->cap; i++)
		if (h->slots[i].value)
			free_value(h->slots[i].value);
	hmap__free(h);
}

uint64_t hash_bytes(uint64_t h, const void *p, size_t len)
{
	const unsigned char *s = p;

	for (size_t i = 0; i < len; i++)
		h = (h ^ s[i]) * 0x100000001b3u;
	return h;
}
