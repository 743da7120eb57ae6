/* SPDX-License-Identifier: BSD-2-Clause */
#include "user/codec/ring.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "user/base/util.h"

struct kept {
	struct frame f;
	size_t len;
	struct kept *next;
	char bytes[];
};

struct ring {
	uint64_t keep_ns, max_bytes, now_ns;
	size_t bytes;
	struct kept *first, **end;
};

struct ring *ring__new(uint64_t keep_ns, uint64_t max_bytes)
{
	struct ring *r = calloc(1, sizeof(*r));

	if (!r)
		return NULL;
	r->keep_ns = keep_ns;
	r->max_bytes = max_bytes;
	r->end = &r->first;
	return r;
}

static void drop_first(struct ring *r)
{
	struct kept *k = r->first;

	r->first = k->next;
	if (!r->first)
		r->end = &r->first;
	r->bytes -= k->len;
	free(k);
}

void ring__free(struct ring *r)
{
	while (r && r->first)
		drop_first(r);
	free(r);
}

/* The restart after the one that the ring begins with; NULL: there is none. */
static const struct kept *second_restart(const struct ring *r)
{
	const struct kept *k = r->first ? r->first->next : NULL;

	while (k && k->f.type != FRAME_KEY)
		k = k->next;
	return k;
}

/* What is before the second restart goes, where the rest is enough or all is too much. */
static void trim(struct ring *r)
{
	const struct kept *second;

	while ((second = second_restart(r))) {
		bool enough = r->keep_ns && second->f.last_ns + r->keep_ns <= r->now_ns;
		bool much = r->max_bytes && r->bytes > r->max_bytes;

		if (!enough && !much)
			return;
		while (r->first != second)
			drop_first(r);
	}
}

int ring__add(struct ring *r, const struct frame *f, const void *bytes, size_t len)
{
	struct kept *k = malloc(sizeof(*k) + len);

	if (!k)
		return -ENOMEM;
	k->f = *f;
	k->len = len;
	k->next = NULL;
	memcpy(k->bytes, bytes, len);
	*r->end = k;
	r->end = &k->next;
	r->bytes += len;
	if (f->last_ns > r->now_ns)
		r->now_ns = f->last_ns;
	trim(r);
	return 0;
}

int ring__each(const struct ring *r, ring_fn fn, void *ctx)
{
	int err = 0;

	for (const struct kept *k = r->first; k && !err; k = k->next)
		err = fn(ctx, &k->f, k->bytes, k->len);
	return err;
}

size_t ring__bytes(const struct ring *r)
{
	return r->bytes;
}
