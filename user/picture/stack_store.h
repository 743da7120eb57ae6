/* SPDX-License-Identifier: BSD-2-Clause */
/* stack_store.h - Python stacks, each kept once and named by a small number
 *
 * Two stacks are the same if their functions, files and lines are: that is what a user sees. Id 0 is
 * "[other]": not captured, or without room. What is in here lives as long as the store.
 */
#ifndef GILTOP_PICTURE_STACK_STORE_H
#define GILTOP_PICTURE_STACK_STORE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "user/picture/snapshot.h"

struct stack_store;

struct stack_store *stack_store__new(void); /* NULL + errno */
void stack_store__free(struct stack_store *st);

/* The id of this stack: frames root first, strings copied (clean UTF-8). 0: no memory, or more stacks
 * than the store keeps.
 */
uint32_t stack_store__add(struct stack_store *st, const struct snap_frame *frames, size_t cnt,
			  bool truncated);

struct stored_stack {
	const struct snap_frame *frames; /* root first */
	size_t cnt;
	bool truncated;
};

/* id 0 or unknown: an empty one. */
struct stored_stack stack_store__get(const struct stack_store *st, uint32_t id);
size_t stack_store__cnt(const struct stack_store *st);
/* How often stack_store__add has said 0. */
uint64_t stack_store__full_cnt(const struct stack_store *st);

#endif
