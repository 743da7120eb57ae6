/* SPDX-License-Identifier: BSD-2-Clause */
/* facts.c - what the target's memory says besides the totals: names, interpreters, first holders */
#include <stdlib.h>
#include <string.h>

#include "user/model/model_impl.h"

void model__set_interpreter(struct model *m, uint32_t pid, uint64_t cond, int64_t interpreter)
{
	struct mproc *p = model__proc(m, pid);
	struct mgil *g = p ? mproc__gil(p, cond, true) : NULL;

	if (g)
		g->interpreter = interpreter;
}

void model__set_note(struct model *m, uint32_t pid, const char *note)
{
	struct mproc *p = model__proc(m, pid);
	char *own = p ? strdup(note) : NULL;

	if (!own)
		return;
	free(p->note);
	p->note = own;
}

void model__seed_holder(struct model *m, uint32_t pid, uint64_t cond, bool held, uint32_t tid)
{
	struct mproc *p = model__proc(m, pid);
	struct mgil *g = p ? mproc__gil(p, cond, true) : NULL;

	if (!g)
		return;
	g->seed_held = held;
	if (g->seed_tid != tid) {
		free(g->seed_name);
		g->seed_name = NULL;
	}
	g->seed_tid = tid;
}

bool model__has_unnamed(const struct model *m, uint32_t pid)
{
	const struct mproc *p = model__proc(m, pid);

	for (size_t i = 0; p && i < p->thread_cnt; i++)
		if (!p->threads[i]->name && !p->threads[i]->exited)
			return true;
	for (size_t i = 0; p && i < p->gil_cnt; i++)
		if (p->gils[i]->seed_held && p->gils[i]->seed_tid && !p->gils[i]->seed_name)
			return true;
	return false;
}

static void name_thread(struct model *m, uint32_t pid, uint32_t tid, const char *name, bool keep)
{
	struct mproc *p = model__proc(m, pid);

	for (size_t i = 0; p && i < p->thread_cnt; i++) {
		struct mthread *t = p->threads[i];

		if (t->key.tid != tid || t->exited || (t->name && (keep || !strcmp(t->name, name))))
			continue;
		free(t->name);
		t->name = strdup(name);
	}
	for (size_t i = 0; p && i < p->gil_cnt; i++)
		if (p->gils[i]->seed_tid == tid && !p->gils[i]->seed_name)
			p->gils[i]->seed_name = strdup(name);
}

void model__set_thread_name(struct model *m, uint32_t pid, uint32_t tid, const char *name)
{
	name_thread(m, pid, tid, name, false);
}

void model__offer_thread_name(struct model *m, uint32_t pid, uint32_t tid, const char *name)
{
	name_thread(m, pid, tid, name, true);
}
