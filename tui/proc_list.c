/* SPDX-License-Identifier: BSD-2-Clause */
#include "tui/proc_list.h"

#include <stdlib.h>
#include <string.h>

#include "user/base/hmap.h"
#include "user/base/util.h"

/* While the rows are built. */
struct builder {
	struct proc_list *l;
	struct hmap group_of; /* process -> its group */
	bool *done;	      /* by group */
	bool hidden;	      /* below a folded one */
};

uint64_t worker_group__id(const struct worker_group *g)
{
	uint64_t h = hash_bytes(HASH_START, &g->parent, sizeof(g->parent));

	return hash_bytes(h, g->name, strlen(g->name)) | 1ull << 63;
}

uint64_t proc_row__id(const struct proc_row *r)
{
	return r->proc ? r->proc->pid : worker_group__id(r->group);
}

static uint64_t *find_fold(const struct proc_list *l, const struct worker_group *g)
{
	uint64_t id = worker_group__id(g);

	for (size_t i = 0; i < PROC_FOLDS; i++)
		if (l->folds[i] == id)
			return (uint64_t *)(uintptr_t)&l->folds[i];
	return NULL;
}

bool proc_list__is_folded(const struct proc_list *l, const struct worker_group *g)
{
	return find_fold(l, g) != NULL;
}

void proc_list__fold(struct proc_list *l, const struct worker_group *g)
{
	uint64_t *fold = find_fold(l, g);

	if (fold)
		*fold = 0;
	else
		l->folds[l->fold_next++ % PROC_FOLDS] = worker_group__id(g);
}

/* Without memory there are fewer rows. */
static void add_row(struct builder *b, const struct snap_proc *p, const struct worker_group *g,
		    bool is_last)
{
	struct proc_list *l = b->l;

	if (!b->hidden && !array_grow(&l->rows, l->cnt, &l->cap, sizeof(*l->rows)))
		l->rows[l->cnt++] = (struct proc_row){ p, g, is_last };
}

static void add_group(struct builder *b, const struct worker_group *g);

/* A process, and the groups whose master it is. */
static void add_proc(struct builder *b, const struct snap_proc *p, const struct worker_group *g,
		     bool is_last)
{
	const struct worker_groups *all = b->l->groups;

	add_row(b, p, g, is_last);
	for (size_t i = 0; i < all->cnt; i++)
		if (all->v[i].parent == p->pid)
			add_group(b, &all->v[i]);
}

/* A pid that another process has had may be its own ancestor: each group comes once. */
static void add_group(struct builder *b, const struct worker_group *g)
{
	size_t cnt = g->cnt + g->ended;
	bool hidden = b->hidden;

	if (b->done[g - b->l->groups->v])
		return;
	b->done[g - b->l->groups->v] = true;
	add_row(b, NULL, g, false);
	b->hidden |= proc_list__is_folded(b->l, g);
	for (size_t i = 0; i < cnt; i++)
		add_proc(b, g->workers[i].proc, g, i + 1 == cnt);
	b->hidden = hidden;
}

static bool is_measured(const struct snapshot *s, uint32_t pid)
{
	for (size_t i = 0; i < s->proc_cnt; i++)
		if (s->procs[i].pid == pid)
			return true;
	return false;
}

static void add_all(struct builder *b, const struct snapshot *s)
{
	const struct worker_groups *all = b->l->groups;

	for (size_t i = 0; i < all->cnt; i++)
		for (size_t k = 0; k < all->v[i].cnt + all->v[i].ended; k++)
			if (hmap__put(&b->group_of, (uintptr_t)all->v[i].workers[k].proc, 0,
				      (void *)(uintptr_t)&all->v[i]))
				return;
	for (size_t i = 0; i < s->proc_cnt; i++) {
		const struct worker_group *g = hmap__get(&b->group_of, (uintptr_t)&s->procs[i], 0);

		if (!g)
			add_proc(b, &s->procs[i], NULL, false);
		else if (!b->done[g - all->v] && !is_measured(s, g->parent))
			add_group(b, g);
	}
	for (size_t i = 0; i < all->cnt; i++)
		add_group(b, &all->v[i]);
}

void proc_list__build(struct proc_list *l, const struct snapshot *s)
{
	struct builder b = { .l = l };

	worker_groups__free(l->groups);
	l->groups = s ? worker_groups__new(s) : NULL;
	l->cnt = 0;
	if (!l->groups)
		return;
	b.done = calloc(l->groups->cnt + 1, sizeof(*b.done));
	if (b.done)
		add_all(&b, s);
	free(b.done);
	hmap__free(&b.group_of);
}

void proc_list__deinit(struct proc_list *l)
{
	worker_groups__free(l->groups);
	free(l->rows);
}
