/* SPDX-License-Identifier: BSD-2-Clause */
#include "user/view/strings.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "user/base/util.h"

static uint32_t add(struct strings *st, const char *s, size_t len, uint64_t hash, uint64_t nth)
{
	char *copy = arena__alloc(&st->texts, len + 1, 1);

	if (!copy || st->cnt >= STRINGS_NONE ||
	    array_grow(&st->list, st->cnt, &st->cap, sizeof(*st->list)) ||
	    hmap__put(&st->by_hash, hash, nth, (void *)(st->cnt + 1))) {
		st->err = -ENOMEM;
		return STRINGS_NONE;
	}
	memcpy(copy, s, len);
	st->list[st->cnt] = copy;
	return (uint32_t)st->cnt++;
}

uint32_t strings__no_of(struct strings *st, const char *s, size_t len)
{
	uint64_t hash = hash_bytes(HASH_START, s, len), nth = 0;
	size_t at;

	for (; (at = (size_t)hmap__get(&st->by_hash, hash, nth)); nth++)
		if (!strncmp(st->list[at - 1], s, len) && !st->list[at - 1][len])
			return (uint32_t)(at - 1);
	return add(st, s, len, hash, nth);
}

uint32_t strings__no(struct strings *st, const char *s)
{
	return strings__no_of(st, s, strlen(s));
}

void strings__free(struct strings *st)
{
	arena__free(&st->texts);
	hmap__free(&st->by_hash);
	free(st->list);
	*st = (struct strings){ 0 };
}
