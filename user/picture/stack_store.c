/* SPDX-License-Identifier: BSD-2-Clause */
#include "user/picture/stack_store.h"

#include <stdlib.h>
#include <string.h>

#include "user/base/arena.h"
#include "user/base/hmap.h"
#include "user/base/util.h"

/* Different stacks that a run keeps apart: some tens of MB at most. */
#define STACKS_MAX 50000

struct stack_store {
	struct arena arena;
	struct hmap strings; /* (hash, length) -> text */
	struct hmap by_hash; /* (hash, count) -> index + 1 */
	size_t cnt, cap;
	struct stored_stack *stacks; /* id - 1 */
	uint64_t full_cnt;
};

struct stack_store *stack_store__new(void)
{
	return calloc(1, sizeof(struct stack_store));
}

void stack_store__free(struct stack_store *st)
{
	if (!st)
		return;
	arena__free(&st->arena);
	hmap__free(&st->strings);
	hmap__free(&st->by_hash);
	free(st->stacks);
	free(st);
}

/* One copy of each text, so that texts can be told apart by address. */
static const char *intern(struct stack_store *st, const char *s)
{
	size_t len = strlen(s);
	uint64_t h = hash_bytes(HASH_START, s, len);
	char *old = hmap__get(&st->strings, h, len);
	const char *copy;

	if (old && !strcmp(old, s))
		return old;
	copy = arena__strdup(&st->arena, s);
	if (!old && len && *copy && hmap__put(&st->strings, h, len, (void *)(uintptr_t)copy))
		return "";
	return copy;
}

static bool same(const struct stored_stack *s, const struct snap_frame *f, size_t cnt,
		 bool truncated)
{
	if (s->cnt != cnt || s->truncated != truncated)
		return false;
	for (size_t i = 0; i < cnt; i++)
		if (s->frames[i].line != f[i].line || strcmp(s->frames[i].name, f[i].name) ||
		    strcmp(s->frames[i].file, f[i].file))
			return false;
	return true;
}

uint32_t stack_store__add(struct stack_store *st, const struct snap_frame *frames, size_t cnt,
			  bool truncated)
{
	uint64_t h = hash_bytes(HASH_START, &truncated, 1);
	struct snap_frame *copy;
	void *slot;

	for (size_t i = 0; i < cnt; i++) {
		h = hash_bytes(h, frames[i].name, strlen(frames[i].name) + 1);
		h = hash_bytes(h, frames[i].file, strlen(frames[i].file) + 1);
		h = hash_bytes(h, &frames[i].line, sizeof(frames[i].line));
	}
	/* Two stacks with one hash: look on under the next number. */
	while ((slot = hmap__get(&st->by_hash, h, cnt))) {
		uint32_t id = (uint32_t)(uintptr_t)slot;

		if (same(&st->stacks[id - 1], frames, cnt, truncated))
			return id;
		h++;
	}
	if (st->cnt >= STACKS_MAX ||
	    array_grow(&st->stacks, st->cnt, &st->cap, sizeof(*st->stacks)))
		goto full;
	copy = arena__alloc(&st->arena, cnt, sizeof(*copy));
	if (!copy || hmap__put(&st->by_hash, h, cnt, (void *)(uintptr_t)(st->cnt + 1)))
		goto full;
	for (size_t i = 0; i < cnt; i++) {
		copy[i].name = intern(st, frames[i].name);
		copy[i].file = intern(st, frames[i].file);
		copy[i].line = frames[i].line;
	}
	st->stacks[st->cnt++] = (struct stored_stack){ copy, cnt, truncated };
	return (uint32_t)st->cnt;
full:
	st->full_cnt++;
	return 0;
}

struct stored_stack stack_store__get(const struct stack_store *st, uint32_t id)
{
	return st && id && id <= st->cnt ? st->stacks[id - 1] : (struct stored_stack){ 0 };
}

size_t stack_store__cnt(const struct stack_store *st)
{
	return st->cnt;
}

uint64_t stack_store__full_cnt(const struct stack_store *st)
{
	return st->full_cnt;
}
