/* SPDX-License-Identifier: BSD-2-Clause */
/* states_who.c - which process, GIL and thread something is of, and what threads are called */
#include <errno.h>
#include <string.h>

#include "user/base/util.h"
#include "user/view/states_impl.h"
#include "user/view/view.h"

struct proc *states_who__proc(const struct states *s, uint32_t pid)
{
	return hmap__get(&s->procs, pid, 0);
}

static const char *copy(struct states *s, const char *text)
{
	return arena__strdup(&s->texts, text);
}

int states_who__start_proc(struct states *s, const struct record *r)
{
	struct proc *p = arena__alloc(&s->texts, 1, sizeof(*p));
	void *before;

	if (!p || array_grow(&s->proc_list, s->proc_cnt, &s->proc_cap, sizeof(struct proc *)) ||
	    hmap__swap(&s->procs, r->pid, 0, p, &before))
		return -ENOMEM;
	p->pub = (struct state_proc){ .no = s->proc_cnt,
				      .pid = r->pid,
				      .start_ns = r->proc.books_ns,
				      .comm = copy(s, r->proc.comm),
				      .cmdline = copy(s, r->proc.cmdline),
				      .python = copy(s, r->proc.python) };
	s->proc_list[s->proc_cnt++] = p;
	return 0;
}

/* NULL: no memory. */
struct gil *states_who__gil(struct states *s, struct proc *p, uint64_t addr)
{
	struct gil *g = hmap__get(&s->gils, states_who__key(p->pub.no), addr);

	if (g)
		return g;
	g = arena__alloc(&s->texts, 1, sizeof(*g));
	if (!g || array_grow(&s->gil_list, s->gil_cnt, &s->gil_cap, sizeof(struct gil *)) ||
	    hmap__put(&s->gils, states_who__key(p->pub.no), addr, g))
		return NULL;
	g->pub = (struct state_gil){ .no = s->gil_cnt,
				     .proc = &p->pub,
				     .addr = addr,
				     .id = p->gil_cnt++,
				     .interpreter = -1 };
	s->gil_list[s->gil_cnt++] = g;
	return g;
}

/* Somebody new with this tid. NULL: no memory. */
static struct thread *new_thread(struct states *s, const struct proc *p, uint32_t tid, uint64_t ns)
{
	const struct early_name *early =
		hmap__get(&s->early_names, states_who__key(p->pub.no), tid);
	struct thread *t = arena__alloc(&s->texts, 1, sizeof(*t));
	void *before;

	if (!t ||
	    array_grow(&s->thread_list, s->thread_cnt, &s->thread_cap, sizeof(struct thread *)) ||
	    hmap__swap(&s->threads, states_who__key(p->pub.no), tid, t, &before))
		return NULL;
	t->before = before;
	t->shown = view_opts__shows_tid(s->opts, tid);
	t->pub = (struct state_thread){
		.no = s->thread_cnt, .proc = &p->pub, .tid = tid, .first_ns = ns, .name = ""
	};
	if (early && (early->at_ns >= ns || !before))
		t->pub.name = early->name;
	s->thread_list[s->thread_cnt++] = t;
	return t;
}

struct thread *states_who__thread_of(struct states *s, const struct proc *p, const struct event *e)
{
	struct thread *t = hmap__get(&s->threads, states_who__key(p->pub.no), e->tid);

	if (t && !(t->pub.end_ns && e->kind == EVENT_START))
		return t;
	return new_thread(s, p, e->tid, e->ns);
}

const struct state_thread *states_who__known(const struct states *s, const struct proc *p,
					     uint32_t tid)
{
	const struct thread *t =
		p && tid ? hmap__get(&s->threads, states_who__key(p->pub.no), tid) : NULL;

	return t ? &t->pub : NULL;
}

struct at_gil *states_who__at_gil(struct states *s, const struct thread *t, const struct gil *g)
{
	struct at_gil *at = hmap__get(&s->at_gils, states_who__key(t->pub.no), g->pub.no);

	if (at)
		return at;
	at = arena__alloc(&s->texts, 1, sizeof(*at));
	return at && !hmap__put(&s->at_gils, states_who__key(t->pub.no), g->pub.no, at) ? at : NULL;
}

static void set_name(struct states *s, struct thread *t, const struct record *r)
{
	if ((!r->thread.makeshift || !*t->pub.name) && strcmp(t->pub.name, r->thread.name) != 0)
		t->pub.name = copy(s, r->thread.name);
}

/* It is of who had the tid at a moment: of those that have come and gone under it, or who is still to be seen. */
int states_who__name(struct states *s, const struct record *r)
{
	uint64_t at_ns = r->thread.at_ns ? r->thread.at_ns : s->totals_ns;
	struct proc *p = states_who__proc(s, r->pid);
	struct early_name *early;
	struct thread *t;
	void *before;

	if (!p)
		return 0;
	for (t = hmap__get(&s->threads, states_who__key(p->pub.no), r->thread.tid); t;
	     t = t->before) {
		if (t->pub.end_ns && t->pub.end_ns < at_ns)
			break;
		if (t->pub.first_ns <= at_ns || !t->before) {
			set_name(s, t, r);
			return 0;
		}
	}
	early = arena__alloc(&s->texts, 1, sizeof(*early));
	if (!early)
		return -ENOMEM;
	*early = (struct early_name){ at_ns, copy(s, r->thread.name) };
	return hmap__swap(&s->early_names, states_who__key(p->pub.no), r->thread.tid, early,
			  &before);
}

int states_who__keep_stack(struct states *s, const struct record *r)
{
	struct stored_stack *kept = arena__alloc(&s->texts, 1, sizeof(*kept));
	void *before;

	if (!kept)
		return -ENOMEM;
	*kept = (struct stored_stack){ r->stack.frames, r->stack.cnt, r->stack.truncated };
	return hmap__swap(&s->stacks, r->stack.id, 0, kept, &before);
}

/* .. of its pid: nothing was executed in it. */
static bool is_only_one(const struct snapshot *total, const struct snap_proc *p)
{
	for (size_t i = 0; i < total->proc_cnt; i++)
		if (total->procs[i].pid == p->pid && &total->procs[i] != p)
			return false;
	return true;
}

/* Where it is sure that they are the same: who had a tid before somebody else may have a row there, too. */
static void name_as_shown(struct states *s, const struct snap_proc *p)
{
	const struct proc *own = states_who__proc(s, p->pid);

	for (size_t i = 0; own && i < p->thread_cnt; i++) {
		const struct snap_thread *shown = &p->threads[i];
		struct thread *t = hmap__get(&s->threads, states_who__key(own->pub.no), shown->tid);

		if (t && !t->before && *shown->name && strcmp(shown->name, t->pub.name) != 0)
			t->pub.name = copy(s, shown->name);
	}
}

void states_who__as_shown(struct states *s, const struct snapshot *total)
{
	for (size_t i = 0; i < total->proc_cnt; i++)
		if (is_only_one(total, &total->procs[i]))
			name_as_shown(s, &total->procs[i]);
}
