/* SPDX-License-Identifier: BSD-2-Clause */
/* flame.h - equal stacks added up: a tree of frames with their times
 *
 * Exact: the time of a node is that of what ended in it and that of its children, and the root has all.
 */
#ifndef GILTOP_VIEW_FLAME_H
#define GILTOP_VIEW_FLAME_H

#include <stddef.h>
#include <stdint.h>

#include "user/base/hmap.h"
#include "user/view/stack_lines.h"
#include "user/view/strings.h"

#define FLAME_NONE UINT32_MAX

struct flame_node {
	const char *text;	 /* as in the line, owned by the tree; of the root "" */
	uint64_t total_ns;	 /* of all lines through it */
	uint64_t self_ns;	 /* of those that end in it */
	uint32_t parent, depth;	 /* of the root FLAME_NONE, 0 */
	uint32_t child, sibling; /* FLAME_NONE: none; after flame__sort by text */
};

/* Zero-initialise. nodes[0] is the root, once there is any. */
struct flame {
	struct flame_node *nodes;
	size_t cnt, cap;
	struct strings texts;
	struct hmap by_parent; /* (parent, number of the text) -> number of the node */
};

/* All stacks of the weight that the options want, children sorted by their text. 0 or -ENOMEM. */
int flame__build(struct flame *f, const struct snapshot *s, const struct view_opts *o);
/* Each line once, root first, with what ends there; in the order of the tree. 0, -ENOMEM or what fn returned. */
int flame__each_line(const struct flame *f, stack_line_fn fn, void *ctx);
/* The next one of a walk through all, parents first: FLAME_NONE at the end. */
uint32_t flame__next(const struct flame *f, uint32_t node);
/* The same, but for what is below this node. */
uint32_t flame__next_beside(const struct flame *f, uint32_t node);
void flame__free(struct flame *f);

#endif
