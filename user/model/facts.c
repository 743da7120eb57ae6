/* SPDX-License-Identifier: BSD-2-Clause */
/* facts.c - what a source says besides the totals: names, notes, interpreters, first holders, stacks */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "user/base/text.h"
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

static int name_one(struct mthread *t, uint32_t tid, const char *name, bool makeshift)
{
	if (!t || t->key.tid != tid || t->exited ||
	    (t->name && (makeshift || !strcmp(t->name, name))))
		return 0;
	return set_text(&t->name, name);
}

/* Names of thousands may come at once: with one GIL a tid has one record that is not over. */
static int name_thread(struct mproc *p, uint32_t tid, const char *name, bool makeshift)
{
	int err = 0;

	if (p->gil_cnt == 1)
		err = name_one(hmap__get(&p->by_tid, tid, 0), tid, name, makeshift);
	for (size_t i = 0; i < p->thread_cnt && !err && p->gil_cnt != 1; i++)
		err = name_one(p->threads[i], tid, name, makeshift);
	for (size_t i = 0; i < p->gil_cnt && !err; i++)
		if (p->gils[i]->seed_tid == tid && !p->gils[i]->seed_name)
			err = set_text(&p->gils[i]->seed_name, name);
	return err;
}

/* More are not kept between two readings: their threads are asked for their names after the next one. */
#define NAMES_MAX 4096

/* It is found out later which thread had the tid: the one of the last totals may be gone by now. */
static int keep_name(struct mproc *p, const struct record *r)
{
	struct mname n = { .at_ns = r->thread.at_ns,
			   .tid = r->thread.tid,
			   .makeshift = r->thread.makeshift };

	if (p->name_cnt >= NAMES_MAX)
		return 0;
	if (array_grow(&p->names, p->name_cnt, &p->name_cap, sizeof(*p->names)))
		return -ENOMEM;
	n.text = strdup(r->thread.name);
	if (!n.text)
		return -ENOMEM;
	p->names[p->name_cnt++] = n;
	return 0;
}

void mproc__free_names(struct mproc *p)
{
	for (size_t i = 0; i < p->name_cnt; i++)
		free(p->names[i].text);
	free(p->names);
	p->names = NULL;
	p->name_cnt = p->name_cap = 0;
}

static int cmp_name(const void *a, const void *b)
{
	const struct mname *x = a, *y = b;

	if (x->tid != y->tid)
		return x->tid < y->tid ? -1 : 1;
	return x->at_ns < y->at_ns ? -1 : x->at_ns > y->at_ns;
}

/* Had this thread the name's tid when the name was read? */
static bool is_of(const struct mname *n, const struct mthread *t)
{
	return t->rec.first_ns && t->rec.first_ns <= n->at_ns &&
	       (!t->rec.exit_ns || t->rec.exit_ns >= n->at_ns);
}

/* Without memory it keeps its makeshift name. */
void mproc__take_names(struct mproc *p)
{
	if (!p->name_cnt)
		return;
	qsort(p->names, p->name_cnt, sizeof(*p->names), cmp_name);
	for (size_t i = 0; i < p->thread_cnt; i++) {
		struct mthread *t = p->threads[i];
		struct mname key = { .tid = t->key.tid, .at_ns = t->rec.first_ns };
		size_t lo = 0, hi = p->name_cnt;

		while (lo < hi) {
			size_t mid = (lo + hi) / 2;

			if (cmp_name(&p->names[mid], &key) < 0)
				lo = mid + 1;
			else
				hi = mid;
		}
		for (; lo < p->name_cnt && p->names[lo].tid == t->key.tid; lo++)
			if (is_of(&p->names[lo], t) && (!t->name || !p->names[lo].makeshift))
				set_text(&t->name, p->names[lo].text);
	}
	mproc__free_names(p);
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

static int set_mode(struct mproc *p, const struct record *r)
{
	if (!p)
		return 0;
	/* How it begins is no change. */
	p->mode_changes_at[AT_NOW] += p->has_mode && p->is_light != r->mode.light;
	p->has_mode = true;
	p->is_light = r->mode.light;
	p->was_light |= p->is_light;
	for (size_t i = 0; i < p->gil_cnt; i++)
		p->gils[i]->was_light = p->was_light;
	p->is_auto = r->mode.is_auto;
	return 0;
}

/* Of a GIL that nobody has told of there is nothing to estimate. */
static int add_looks(struct mproc *p, const struct record *r)
{
	struct mgil *g = p ? mproc__gil(p, r->looks.cond, false) : NULL;

	if (g) {
		g->looks_at[AT_NOW].cnt += r->looks.cnt;
		g->looks_at[AT_NOW].locked_cnt += r->looks.locked_cnt;
	}
	return 0;
}

int model__take_fact(struct model *m, const struct record *r)
{
	struct mproc *p = model__proc(m, r->pid);
	struct mgil *g = NULL;

	switch (r->kind) {
	case REC_MODE: return set_mode(p, r);
	case REC_SOURCE: return set_text(&m->attach, r->source.attach);
	case REC_STACK: return add_stack(m, r);
	case REC_LOOKS: return add_looks(p, r);
	case REC_NOTE:
		if (p)
			p->halted = r->note.halted;
		return p ? set_text(&p->note, r->note.text) : 0;
	case REC_THROTTLED:
		if (p) {
			p->throttled_known = true;
			p->throttled_at[AT_NOW] += r->throttled_ns;
		}
		return 0;
	case REC_THREAD:
		if (!p)
			return 0;
		if (r->thread.at_ns > m->now_ns)
			return keep_name(p, r);
		return name_thread(p, r->thread.tid, r->thread.name, r->thread.makeshift);
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
	g->interval_ns = r->gil.interval_ns;
	return 0;
}

/* As its record has it, or as it was told before there was one. */
static const char *thread_name(const struct mproc *p, uint32_t tid, char *buf, size_t sz)
{
	const struct mthread *t = hmap__get(&p->by_tid, tid, 0);

	if (t && t->name && !t->exited)
		return t->name;
	for (size_t i = p->name_cnt; i-- > 0;)
		if (p->names[i].tid == tid)
			return p->names[i].text;
	for (size_t i = 0; i < p->gil_cnt; i++)
		if (p->gils[i]->seed_tid == tid && p->gils[i]->seed_name)
			return p->gils[i]->seed_name;
	if (!t || t->exited)
		return NULL;
	clean_text(t->rec.comm, sizeof(t->rec.comm), buf, sz);
	return buf;
}

bool model__name(const struct model *m, uint32_t pid, uint32_t tid, char *buf, size_t sz)
{
	const struct mproc *p = model__proc(m, pid);
	char comm[sizeof(((struct gt_thread *)0)->comm) * 4];
	const char *name = !p ? NULL : tid ? thread_name(p, tid, comm, sizeof(comm)) : p->comm;

	if (!name || !*name)
		return false;
	snprintf(buf, sz, "%s", name);
	return true;
}
