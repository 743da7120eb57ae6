/* SPDX-License-Identifier: BSD-2-Clause */
#include "tui/stack_sum.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "user/base/hmap.h"
#include "user/base/util.h"

/* A call tree larger than this is not read by anybody. */
#define NODE_MAX 4096
#define NODE_NIL UINT32_MAX

static struct stack_row *table_new(struct stack_table *t)
{
	if (array_grow(&t->rows, t->cnt, &t->cap, sizeof(*t->rows)))
		return NULL;
	t->rows[t->cnt] = (struct stack_row){ 0 };
	return &t->rows[t->cnt++];
}

/* rows: from the hash of a frame to its row's number + 1. */
static struct stack_row *table_get(struct stack_table *t, struct hmap *rows,
				   const struct snap_frame *f, bool with_line)
{
	uint64_t hash = snap_frame__hash(f, with_line), nth = 0;
	struct stack_row *e;
	size_t at;

	/* Frames that differ may have the same hash. */
	for (; (at = (size_t)hmap__get(rows, hash, nth)); nth++)
		if (snap_frame__same(t->rows[at - 1].frame, f, with_line))
			return &t->rows[at - 1];
	e = table_new(t);
	if (!e || hmap__put(rows, hash, nth, (void *)t->cnt))
		return NULL;
	e->frame = f;
	return e;
}

static uint64_t stack_hash(const struct snap_stack *s)
{
	uint64_t h = HASH_START;

	for (size_t i = 0; i < s->frame_cnt; i++) {
		uint64_t f = snap_frame__hash(&s->frames[i], true);

		h = hash_bytes(h, &f, sizeof(f));
	}
	return h;
}

static bool same_stack(const struct snap_stack *a, const struct snap_stack *b)
{
	if (a->frame_cnt != b->frame_cnt || a->truncated != b->truncated)
		return false;
	for (size_t i = 0; i < a->frame_cnt; i++)
		if (!snap_frame__same(&a->frames[i], &b->frames[i], true))
			return false;
	return true;
}

/* The row of a whole stack, whichever threads have it. */
static struct stack_row *table_whole(struct stack_table *t, struct hmap *rows,
				     const struct snap_stack *s)
{
	uint64_t hash = stack_hash(s), nth = 0;
	struct stack_row *e;
	size_t at;

	for (; (at = (size_t)hmap__get(rows, hash, nth)); nth++)
		if (same_stack(t->rows[at - 1].stack, s))
			return &t->rows[at - 1];
	e = table_new(t);
	if (!e || hmap__put(rows, hash, nth, (void *)t->cnt))
		return NULL;
	e->frame = s->frame_cnt ? &s->frames[s->frame_cnt - 1] : NULL;
	e->stack = s;
	return e;
}

static int add_stack(struct stack_table *t, struct hmap *rows, const struct snap_stack *s,
		     enum stack_view view, uint64_t mark)
{
	bool whole = view == STACKS_WHOLE;

	for (size_t i = 0; i < s->frame_cnt || i == 0; i++) {
		size_t depth = s->frame_cnt ? s->frame_cnt - 1 - i : 0; /* innermost first */
		const struct snap_frame *f = s->frame_cnt ? &s->frames[depth] : NULL;
		struct stack_row *e = whole ? table_whole(t, rows, s)
					    : table_get(t, rows, f, view == STACKS_BY_LINE);

		if (!e)
			return -ENOMEM;
		if (e->mark != mark) {
			e->mark = mark;
			e->total_ns += s->ns;
			e->cnt += s->cnt;
			if (!e->stack || s->ns > e->stack->ns)
				e->stack = s;
		}
		if (i == 0) {
			e->self_ns += s->ns;
			e->self_cnt += s->cnt;
		}
		if (whole)
			break;
	}
	return 0;
}

static int cmp_row(const void *a, const void *b)
{
	const struct stack_row *x = a, *y = b;

	if (x->self_ns != y->self_ns)
		return x->self_ns > y->self_ns ? -1 : 1;
	if (x->total_ns != y->total_ns)
		return x->total_ns > y->total_ns ? -1 : 1;
	if (!x->frame || !y->frame)
		return (x->frame == NULL) - (y->frame == NULL);
	return strcmp(x->frame->name, y->frame->name);
}

static int cmp_total(const void *a, const void *b)
{
	const struct stack_row *x = a, *y = b;

	if (x->total_ns != y->total_ns)
		return x->total_ns > y->total_ns ? -1 : 1;
	return cmp_row(a, b);
}

void stack_table__sort(struct stack_table *t, bool by_total)
{
	if (t->cnt)
		qsort(t->rows, t->cnt, sizeof(*t->rows), by_total ? cmp_total : cmp_row);
}

int stack_table__build(struct stack_table *t, const struct snap_proc *procs, size_t proc_cnt,
		       enum snap_stack_kind kind, enum stack_view view)
{
	struct hmap rows = { 0 };
	uint64_t mark = 0;
	int err = 0;

	t->cnt = 0;
	t->sum_ns = 0;
	for (size_t p = 0; p < proc_cnt && !err; p++) {
		for (size_t i = 0; i < procs[p].stack_cnt && !err; i++) {
			const struct snap_stack *s = &procs[p].stacks[i];

			if (s->kind != kind || !s->ns)
				continue;
			t->sum_ns += s->ns;
			err = add_stack(t, &rows, s, view, ++mark);
		}
	}
	hmap__free(&rows);
	stack_table__sort(t, false);
	return err;
}

void stack_table__free(struct stack_table *t)
{
	free(t->rows);
	*t = (struct stack_table){ 0 };
}

/* ---- call tree ---- */

struct raw_node {
	struct stack_node n;
	uint32_t child, sibling;
};

struct raw_tree {
	struct raw_node nodes[NODE_MAX]; /* 0: the root of all */
	uint32_t cnt;
	bool cut;
};

static uint32_t raw_child(struct raw_tree *r, uint32_t parent, const struct snap_frame *f)
{
	uint32_t *link = &r->nodes[parent].child;

	for (; *link != NODE_NIL; link = &r->nodes[*link].sibling)
		if (snap_frame__same(r->nodes[*link].n.frame, f, true))
			return *link;
	if (r->cnt == NODE_MAX) {
		r->cut = true;
		return NODE_NIL;
	}
	r->nodes[r->cnt] =
		(struct raw_node){ .n = { .frame = f, .depth = r->nodes[parent].n.depth + 1 },
				   .child = NODE_NIL,
				   .sibling = NODE_NIL };
	*link = r->cnt;
	return r->cnt++;
}

static void raw_add(struct raw_tree *r, const struct snap_stack *s)
{
	uint32_t at = 0;

	r->nodes[0].n.total_ns += s->ns;
	for (size_t i = 0; i < s->frame_cnt || i == 0; i++) {
		uint32_t next = raw_child(r, at, s->frame_cnt ? &s->frames[i] : NULL);

		if (next == NODE_NIL)
			break;
		at = next;
		r->nodes[at].n.total_ns += s->ns;
		r->nodes[at].n.cnt += s->cnt;
		if (i == 0 && s->truncated)
			r->nodes[at].n.truncated = true;
	}
	r->nodes[at].n.self_ns += s->ns;
	r->nodes[at].n.self_cnt += s->cnt;
}

static int cmp_node(const void *a, const void *b)
{
	const struct raw_node *x = *(const struct raw_node *const *)a;
	const struct raw_node *y = *(const struct raw_node *const *)b;

	if (x->n.total_ns != y->n.total_ns)
		return x->n.total_ns > y->n.total_ns ? -1 : 1;
	return x < y ? -1 : x > y;
}

/* Sort the children of a node and put their list together again. */
static void sort_children(struct raw_tree *r, uint32_t parent, struct raw_node **tmp)
{
	uint32_t *link = &r->nodes[parent].child;
	size_t n = 0;

	for (uint32_t c = *link; c != NODE_NIL; c = r->nodes[c].sibling)
		tmp[n++] = &r->nodes[c];
	if (n > 1)
		qsort(tmp, n, sizeof(*tmp), cmp_node);
	for (size_t i = 0; i < n; i++) {
		*link = (uint32_t)(tmp[i] - r->nodes);
		link = &tmp[i]->sibling;
	}
	*link = NODE_NIL;
}

/* Depth first, without recursion: a target may have stacks of any depth. */
static void flatten(struct raw_tree *r, struct stack_tree *t, struct raw_node **tmp)
{
	uint32_t *todo = (uint32_t *)(tmp + NODE_MAX); /* nodes whose siblings come later */
	size_t n = 0;

	for (uint32_t i = 0; i < r->cnt; i++)
		sort_children(r, i, tmp);
	if (r->nodes[0].child != NODE_NIL)
		todo[n++] = r->nodes[0].child;
	while (n) {
		const struct raw_node *x = &r->nodes[todo[--n]];

		t->nodes[t->cnt++] = x->n;
		if (x->sibling != NODE_NIL)
			todo[n++] = x->sibling;
		if (x->child != NODE_NIL)
			todo[n++] = x->child;
	}
}

static bool contains(const struct snap_stack *s, const struct snap_frame *function)
{
	for (size_t i = 0; i < s->frame_cnt; i++)
		if (snap_frame__same(&s->frames[i], function, false))
			return true;
	return false;
}

int stack_tree__build(struct stack_tree *t, const struct snap_proc *procs, size_t proc_cnt,
		      enum snap_stack_kind kind, const struct snap_frame *function)
{
	__cleanup(freep) struct raw_tree *r = malloc(sizeof(*r));
	__cleanup(freep) void *tmp = malloc(NODE_MAX * (sizeof(void *) + 2 * sizeof(uint32_t)));

	t->cnt = 0;
	t->sum_ns = 0;
	if (!t->nodes)
		t->nodes = malloc(NODE_MAX * sizeof(*t->nodes));
	if (!r || !tmp || !t->nodes)
		return -ENOMEM;
	r->cnt = 1;
	r->cut = false;
	r->nodes[0] =
		(struct raw_node){ .n = { .depth = -1 }, .child = NODE_NIL, .sibling = NODE_NIL };
	for (size_t p = 0; p < proc_cnt; p++) {
		for (size_t i = 0; i < procs[p].stack_cnt; i++) {
			const struct snap_stack *s = &procs[p].stacks[i];

			if (s->kind == kind && s->ns && (!function || contains(s, function)))
				raw_add(r, s);
		}
	}
	t->sum_ns = r->nodes[0].n.total_ns;
	t->cut = r->cut;
	flatten(r, t, tmp);
	return 0;
}

void stack_tree__free(struct stack_tree *t)
{
	free(t->nodes);
	*t = (struct stack_tree){ 0 };
}
