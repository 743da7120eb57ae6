/* SPDX-License-Identifier: BSD-2-Clause */
#include "user/view/flame.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "user/base/sbuf.h"
#include "user/base/util.h"
#include "user/view/view.h"

static int new_node(struct flame *f, uint32_t parent, const char *text)
{
	uint32_t depth = parent == FLAME_NONE ? 0 : f->nodes[parent].depth + 1;

	if (f->cnt == FLAME_NONE || array_grow(&f->nodes, f->cnt, &f->cap, sizeof(*f->nodes)))
		return -ENOMEM;
	f->nodes[f->cnt++] = (struct flame_node){ .text = text,
						  .parent = parent,
						  .depth = depth,
						  .child = FLAME_NONE,
						  .sibling = FLAME_NONE };
	return 0;
}

/* The child of this text, made if there is none. FLAME_NONE: no memory. */
static uint32_t child_of(struct flame *f, uint32_t parent, const char *s, size_t len)
{
	uint32_t text = strings__no_of(&f->texts, s, len);
	size_t at = (size_t)hmap__get(&f->by_parent, parent, text);

	if (at)
		return (uint32_t)at;
	if (text == STRINGS_NONE || new_node(f, parent, f->texts.list[text]))
		return FLAME_NONE;
	at = f->cnt - 1; /* never 0: that is the root */
	if (hmap__put(&f->by_parent, parent, text, (void *)at))
		return FLAME_NONE;
	f->nodes[at].sibling = f->nodes[parent].child;
	f->nodes[parent].child = (uint32_t)at;
	return (uint32_t)at;
}

static int add_line(void *ctx, const char *line, uint64_t ns)
{
	struct flame *f = ctx;
	uint32_t at = 0;

	if (!ns)
		return 0;
	f->nodes[0].total_ns += ns;
	for (const char *s = line;; s++) {
		size_t len = strcspn(s, ";");

		at = child_of(f, at, s, len);
		if (at == FLAME_NONE)
			return -ENOMEM;
		f->nodes[at].total_ns += ns;
		s += len;
		if (!*s)
			break;
	}
	f->nodes[at].self_ns += ns;
	return 0;
}

static int cmp_text(const void *a, const void *b, void *ctx)
{
	const struct flame_node *nodes = ctx;

	return strcmp(nodes[*(const uint32_t *)a].text, nodes[*(const uint32_t *)b].text);
}

/* order: room for as many as there are nodes. */
static void sort_children(struct flame *f, uint32_t parent, uint32_t *order)
{
	uint32_t *link = &f->nodes[parent].child;
	size_t n = 0;

	for (uint32_t c = *link; c != FLAME_NONE; c = f->nodes[c].sibling)
		order[n++] = c;
	if (n > 1)
		qsort_r(order, n, sizeof(*order), cmp_text, f->nodes);
	for (size_t i = 0; i < n; i++) {
		*link = order[i];
		link = &f->nodes[order[i]].sibling;
	}
	*link = FLAME_NONE;
}

int flame__build(struct flame *f, const struct snapshot *s, const struct view_opts *o)
{
	int err = new_node(f, FLAME_NONE, "");

	if (!err)
		err = stack_lines__each(s, o, add_line, f);
	if (err)
		return err;
	__cleanup(freep) uint32_t *order = calloc(f->cnt, sizeof(*order));

	for (uint32_t i = 0; order && i < f->cnt; i++)
		sort_children(f, i, order);
	return order ? 0 : -ENOMEM;
}

uint32_t flame__next_beside(const struct flame *f, uint32_t node)
{
	while (node && f->nodes[node].sibling == FLAME_NONE)
		node = f->nodes[node].parent;
	return node ? f->nodes[node].sibling : FLAME_NONE;
}

uint32_t flame__next(const struct flame *f, uint32_t node)
{
	return f->nodes[node].child != FLAME_NONE ? f->nodes[node].child
						  : flame__next_beside(f, node);
}

/* path: the numbers from below the root to here; its nth is of depth n + 1. */
static void put_line(const struct flame *f, const uint32_t *path, struct sbuf *b, uint32_t node)
{
	uint32_t depth = f->nodes[node].depth;

	sbuf__reset(b);
	for (uint32_t i = 0; i < depth; i++) {
		sbuf__puts(b, i ? ";" : "");
		sbuf__puts(b, f->nodes[path[i]].text);
	}
}

int flame__each_line(const struct flame *f, stack_line_fn fn, void *ctx)
{
	__cleanup(freep) uint32_t *path = calloc(f->cnt + 1, sizeof(*path));
	__cleanup(sbuf__free) struct sbuf b = { 0 };
	int err = path ? 0 : -ENOMEM;

	for (uint32_t i = f->cnt ? flame__next(f, 0) : FLAME_NONE; i != FLAME_NONE && !err;
	     i = flame__next(f, i)) {
		path[f->nodes[i].depth - 1] = i;
		if (!f->nodes[i].self_ns)
			continue;
		put_line(f, path, &b, i);
		err = b.oom ? -ENOMEM : fn(ctx, sbuf__str(&b), f->nodes[i].self_ns);
	}
	return err;
}

void flame__free(struct flame *f)
{
	free(f->nodes);
	hmap__free(&f->by_parent);
	strings__free(&f->texts);
	*f = (struct flame){ 0 };
}
