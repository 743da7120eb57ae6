/* SPDX-License-Identifier: BSD-2-Clause */
#include "user/picture/stack_store.h"

#include <stdlib.h>
#include <string.h>

#include "user/base/arena.h"
#include "user/base/budgets.h"
#include "user/base/hmap.h"
#include "user/base/names.h"
#include "user/base/util.h"

/* A stack's entries in the tables, at half their fill. */
#define EACH_SZ (4 * sizeof(struct hmap_slot) + 2 * sizeof(struct stored_stack))

struct stack_store {
	struct arena arena;
	struct names *names;
	struct hmap by_hash; /* (hash, count) -> index + 1 */
	size_t cnt, cap;
	struct stored_stack *stacks; /* id - 1 */
	uint64_t full_cnt;
};

struct stack_store *stack_store__new(void)
{
	struct stack_store *st = calloc(1, sizeof(*st));

	if (st)
		st->names = names__new(BUDGET_STACK_BYTES);
	if (st && st->names)
		return st;
	free(st);
	return NULL;
}

void stack_store__free(struct stack_store *st)
{
	if (!st)
		return;
	arena__free(&st->arena);
	names__free(st->names);
	hmap__free(&st->by_hash);
	free(st->stacks);
	free(st);
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
	if (st->cnt >= BUDGET_STACKS || names__charge(st->names, cnt * sizeof(*copy) + EACH_SZ) ||
	    array_grow(&st->stacks, st->cnt, &st->cap, sizeof(*st->stacks)))
		goto full;
	copy = arena__alloc(&st->arena, cnt, sizeof(*copy));
	if (!copy)
		goto full;
	for (size_t i = 0; i < cnt; i++) {
		copy[i].name = names__get(st->names, frames[i].name);
		copy[i].file = names__get(st->names, frames[i].file);
		copy[i].line = frames[i].line;
		if (!copy[i].name || !copy[i].file)
			goto full;
	}
	if (hmap__put(&st->by_hash, h, cnt, (void *)(uintptr_t)(st->cnt + 1)))
		goto full;
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
