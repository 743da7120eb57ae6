/* SPDX-License-Identifier: BSD-2-Clause */
/* facts.c - what a source says besides the totals: names, notes, interpreters, first holders, stacks */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "user/base/util.h"
#include "user/model/model_impl.h"

/* Another text in the place of *to. */
static int set_text(char **to, const char *text)
{
	char *own = strdup(text);

	if (!own)
		return -ENOMEM;
	free(*to);
	*to = own;
	return 0;
}

static int set_holder(struct mgil *g, bool held, uint32_t tid)
{
	g->seed_held = held;
	if (g->seed_tid != tid) {
		free(g->seed_name);
		g->seed_name = NULL;
	}
	g->seed_tid = tid;
	return 0;
}

static int name_thread(struct mproc *p, uint32_t tid, const char *name, bool makeshift)
{
	int err = 0;

	for (size_t i = 0; i < p->thread_cnt && !err; i++) {
		struct mthread *t = p->threads[i];

		if (t->key.tid == tid && !t->exited &&
		    (!t->name || (!makeshift && strcmp(t->name, name))))
			err = set_text(&t->name, name);
	}
	for (size_t i = 0; i < p->gil_cnt && !err; i++)
		if (p->gils[i]->seed_tid == tid && !p->gils[i]->seed_name)
			err = set_text(&p->gils[i]->seed_name, name);
	return err;
}

/* Ids may come with gaps: a recording begins in the middle. */
static int add_stack(struct model *m, const struct record *r)
{
	if (!r->stack.id)
		return 0;
	while (m->stack_cnt < r->stack.id) {
		if (array_grow(&m->stacks, m->stack_cnt, &m->stack_cap, sizeof(*m->stacks)))
			return -ENOMEM;
		m->stacks[m->stack_cnt++] = (struct stored_stack){ 0 };
	}
	m->stacks[r->stack.id - 1] =
		(struct stored_stack){ r->stack.frames, r->stack.cnt, r->stack.truncated };
	return 0;
}

struct stored_stack model__stack(const struct model *m, uint32_t id)
{
	return id && id <= m->stack_cnt ? m->stacks[id - 1] : (struct stored_stack){ 0 };
}

int model__take_fact(struct model *m, const struct record *r)
{
	struct mproc *p = model__proc(m, r->pid);
	struct mgil *g = NULL;

	switch (r->kind) {
	case REC_SOURCE: return set_text(&m->attach, r->source.attach);
	case REC_STACK: return add_stack(m, r);
	case REC_NOTE: return p ? set_text(&p->note, r->note.text) : 0;
	case REC_THREAD:
		return p ? name_thread(p, r->thread.tid, r->thread.name, r->thread.makeshift) : 0;
	case REC_GIL:
	case REC_HOLDER: break;
	default: return 0;
	}
	if (!p)
		return 0;
	g = mproc__gil(p, r->kind == REC_GIL ? r->gil.cond : r->holder.cond, true);
	if (!g)
		return -ENOMEM;
	if (r->kind == REC_HOLDER)
		return set_holder(g, r->holder.held, r->holder.tid);
	g->interpreter = r->gil.interpreter;
	return 0;
}
