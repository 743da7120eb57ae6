/* SPDX-License-Identifier: BSD-2-Clause */
#include "user/view/states.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "user/base/arena.h"
#include "user/base/hmap.h"
#include "user/base/util.h"
#include "user/books/event.h"
#include "user/books/sink.h"
#include "user/books/totals.h"
#include "user/books/trigger.h"
#include "user/picture/event_spans.h"
#include "user/view/view.h"

struct proc {
	struct state_proc
		pub; /* first, as in the others: a pointer to it is a pointer to all of it */
	uint32_t gil_cnt;
};

struct gil {
	struct state_gil pub;
	const struct state_thread *holder; /* NULL: nobody, or not known */
	/* Who let go last, when, and the number of that if somebody waited for it who has not got it yet. */
	const struct state_thread *from;
	uint64_t from_ns, out;
};

struct thread {
	struct state_thread pub;
	struct thread *before; /* who had its tid before it */
	bool shown;
};

/* A thread at a GIL: what its open state will say when it ends. */
struct at_gil {
	bool waits, light, asked;
	uint32_t retries, stack;
	const struct state_thread *holder, *from;
	uint64_t from_ns, in, out;
};

/* A name for who has shown no event yet. */
struct early_name {
	uint64_t at_ns;
	const char *name;
};

struct states {
	const struct states_ops *ops;
	void *ctx;
	const struct view_opts *opts;
	struct arena texts;
	struct event_spans spans;
	struct hmap procs;	 /* pid -> the newest process */
	struct hmap gils;	 /* (process, address) */
	struct hmap threads;	 /* (process, tid) -> the newest thread */
	struct hmap at_gils;	 /* (thread, GIL) */
	struct hmap early_names; /* (process, tid) */
	struct hmap stacks;	 /* id */
	size_t proc_cnt, proc_cap, gil_cnt, gil_cap, thread_cnt, thread_cap;
	struct proc **proc_list;
	struct gil **gil_list;
	struct thread **thread_list;
	uint64_t totals_ns, before_ns; /* the last reading, and the one before it */
	uint64_t hand_over_cnt;
	struct states_clock clock;
	int err; /* of the ops: the first one */
};

/* ---- who is who ---- */

/* Keys are places plus 1: 0 is no process. */
static uint64_t key_of(size_t no)
{
	return (uint64_t)no + 1;
}

static struct proc *proc_of(const struct states *s, uint32_t pid)
{
	return hmap__get(&s->procs, pid, 0);
}

static const char *copy(struct states *s, const char *text)
{
	return arena__strdup(&s->texts, text);
}

static int start_proc(struct states *s, const struct record *r)
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
static struct gil *gil_of(struct states *s, struct proc *p, uint64_t addr)
{
	struct gil *g = hmap__get(&s->gils, key_of(p->pub.no), addr);

	if (g)
		return g;
	g = arena__alloc(&s->texts, 1, sizeof(*g));
	if (!g || array_grow(&s->gil_list, s->gil_cnt, &s->gil_cap, sizeof(struct gil *)) ||
	    hmap__put(&s->gils, key_of(p->pub.no), addr, g))
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
	const struct early_name *early = hmap__get(&s->early_names, key_of(p->pub.no), tid);
	struct thread *t = arena__alloc(&s->texts, 1, sizeof(*t));
	void *before;

	if (!t ||
	    array_grow(&s->thread_list, s->thread_cnt, &s->thread_cap, sizeof(struct thread *)) ||
	    hmap__swap(&s->threads, key_of(p->pub.no), tid, t, &before))
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

static struct thread *thread_of(struct states *s, const struct proc *p, const struct event *e)
{
	struct thread *t = hmap__get(&s->threads, key_of(p->pub.no), e->tid);

	if (t && !(t->pub.end_ns && e->kind == EVENT_START))
		return t;
	return new_thread(s, p, e->tid, e->ns);
}

/* Who has, or had last, this tid; NULL: nobody that is known. */
static const struct state_thread *known_thread(const struct states *s, const struct proc *p,
					       uint32_t tid)
{
	const struct thread *t = p && tid ? hmap__get(&s->threads, key_of(p->pub.no), tid) : NULL;

	return t ? &t->pub : NULL;
}

static struct at_gil *at_gil_of(struct states *s, const struct thread *t, const struct gil *g)
{
	struct at_gil *at = hmap__get(&s->at_gils, key_of(t->pub.no), g->pub.no);

	if (at)
		return at;
	at = arena__alloc(&s->texts, 1, sizeof(*at));
	return at && !hmap__put(&s->at_gils, key_of(t->pub.no), g->pub.no, at) ? at : NULL;
}

static void set_name(struct states *s, struct thread *t, const struct record *r)
{
	if ((!r->thread.makeshift || !*t->pub.name) && strcmp(t->pub.name, r->thread.name) != 0)
		t->pub.name = copy(s, r->thread.name);
}

/* It is of who had the tid at a moment: of those that have come and gone under it, or who is still to be seen. */
static int name_thread(struct states *s, const struct record *r)
{
	uint64_t at_ns = r->thread.at_ns ? r->thread.at_ns : s->totals_ns;
	struct proc *p = proc_of(s, r->pid);
	struct early_name *early;
	struct thread *t;
	void *before;

	if (!p)
		return 0;
	for (t = hmap__get(&s->threads, key_of(p->pub.no), r->thread.tid); t; t = t->before) {
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
	return hmap__swap(&s->early_names, key_of(p->pub.no), r->thread.tid, early, &before);
}

static int keep_stack(struct states *s, const struct record *r)
{
	struct stored_stack *kept = arena__alloc(&s->texts, 1, sizeof(*kept));
	void *before;

	if (!kept)
		return -ENOMEM;
	*kept = (struct stored_stack){ r->stack.frames, r->stack.cnt, r->stack.truncated };
	return hmap__swap(&s->stacks, r->stack.id, 0, kept, &before);
}

/* ---- what happens ---- */

static void keep_err(struct states *s, int err)
{
	if (err && !s->err)
		s->err = err;
}

static void on_state(void *ctx, const struct event_state *st)
{
	struct states *s = ctx;
	struct proc *p = proc_of(s, st->pid);
	struct gil *g = p ? gil_of(s, p, st->gil) : NULL;
	struct thread *t = p ? hmap__get(&s->threads, key_of(p->pub.no), st->tid) : NULL;
	struct at_gil *at = t && g ? at_gil_of(s, t, g) : NULL;
	struct state out;

	if (!at || !t->shown || !s->ops->state)
		return;
	out = (struct state){ .kind = st->state,
			      .start_ns = st->start_ns,
			      .end_ns = st->end_ns < st->start_ns ? st->start_ns : st->end_ns,
			      .thread = &t->pub,
			      .gil = &g->pub,
			      .open = !st->is_span };
	if (st->state == GT_WAIT) {
		out.light = at->light;
		out.retries = at->retries;
		out.holder = at->holder;
	} else if (st->state == GT_HOLD) {
		out.asked = at->asked;
		out.from = at->from;
		out.from_ns = at->from_ns;
		out.in = at->in;
		out.out = at->out;
	}
	out.stack_id = st->state == GT_YIELD ? 0 : at->stack;
	out.stack = states__stack(s, out.stack_id);
	keep_err(s, s->ops->state(s->ctx, &out));
}

static void set_waits(struct states *s, struct gil *g, struct at_gil *at, bool waits, uint64_t ns)
{
	if (at->waits == waits)
		return;
	at->waits = waits;
	g->pub.waiters += waits ? 1 : -1u;
	if (s->ops->waiters)
		keep_err(s, s->ops->waiters(s->ctx, &g->pub, ns));
}

/* What the state that ends with this event is to say. */
static void before_event(struct states *s, const struct event *e, struct gil *g, struct at_gil *at)
{
	at->stack = e->kind == EVENT_GET || e->kind == EVENT_RELEASE ? e->stack : 0;
	if (e->kind != EVENT_RELEASE)
		return;
	at->asked = e->flags & EVENT_F_ASKED;
	at->out = g->pub.waiters ? ++s->hand_over_cnt : 0;
}

static void got_it(struct gil *g, const struct thread *t, struct at_gil *at)
{
	bool handed = at->waits && g->out && g->from != &t->pub;

	at->from = handed ? g->from : NULL;
	at->from_ns = handed ? g->from_ns : 0;
	at->in = handed ? g->out : 0;
	at->out = 0;
	at->asked = false;
	g->out = 0;
}

/* What the next one is to say. */
static void after_event(struct states *s, const struct event *e, struct proc *p, struct gil *g,
			struct thread *t, struct at_gil *at)
{
	switch (e->kind) {
	case EVENT_WAIT:
		at->retries = 0;
		at->light = e->flags & EVENT_F_LIGHT;
		at->holder = e->other ? known_thread(s, p, e->other) : g->holder;
		set_waits(s, g, at, true, e->ns);
		break;
	case EVENT_RETRY: at->retries++; break;
	case EVENT_GET:
		got_it(g, t, at);
		g->holder = e->flags & EVENT_F_LIGHT ? NULL : &t->pub;
		set_waits(s, g, at, false, e->ns);
		break;
	case EVENT_RELEASE:
		g->holder = NULL;
		g->from = &t->pub;
		g->from_ns = e->ns;
		g->out = at->out;
		break;
	case EVENT_START:
		*at = (struct at_gil){ .waits = at->waits };
		if (e->flags & EVENT_F_HOLDS)
			g->holder = &t->pub;
		set_waits(s, g, at, false, e->ns);
		break;
	case EVENT_END: t->pub.end_ns = e->ns; /* fall through */
	case EVENT_YIELD: set_waits(s, g, at, false, e->ns); break;
	default: break;
	}
}

static void tell_segment(struct states *s, const struct event *e, const struct gil *g,
			 const struct thread *t)
{
	struct state_segment seg = { .kind = e->flags & EVENT_F_HOLDS	 ? GT_HOLD
					     : e->flags & EVENT_F_YIELDS ? GT_YIELD
									 : GT_WAIT,
				     .start_ns = e->segment->from_ns,
				     .end_ns = e->ns,
				     .cnt = e->segment->cnt,
				     .sum_ns = e->segment->sum_ns,
				     .max_ns = e->segment->max_ns,
				     .thread = &t->pub,
				     .gil = &g->pub };

	if (seg.start_ns > seg.end_ns)
		seg.start_ns = seg.end_ns;
	if (t->shown && s->ops->segment)
		keep_err(s, s->ops->segment(s->ctx, &seg));
}

static int take_event(struct states *s, const struct event *e)
{
	struct proc *p = proc_of(s, e->pid);
	struct at_gil *at;
	struct thread *t;
	struct gil *g;
	int err;

	if (!p || e->kind == EVENT_WAKE || e->kind >= EVENT_KINDS)
		return 0;
	g = gil_of(s, p, e->gil);
	t = g ? thread_of(s, p, e) : NULL;
	at = t ? at_gil_of(s, t, g) : NULL;
	if (!at)
		return -ENOMEM;
	if (e->kind == EVENT_SEGMENT) {
		if (e->segment)
			tell_segment(s, e, g, t);
		return s->err;
	}
	before_event(s, e, g, at);
	err = event_spans__take(&s->spans, e, 1);
	after_event(s, e, p, g, t, at);
	return err ? err : s->err;
}

static int take_events(struct states *s, const struct record *r)
{
	int err = 0;

	for (size_t i = 0; i < r->events.cnt && !err; i++)
		err = take_event(s, &r->events.list[i]);
	return err;
}

static int end_proc(struct states *s, const struct record *r)
{
	struct proc *p = proc_of(s, r->pid);
	uint64_t ns = r->end.end_ns;

	/* As the totals have it: what has been shown of it is not taken back. */
	if (ns < s->before_ns)
		ns = s->before_ns;
	event_spans__close(&s->spans, r->pid, ns);
	if (p)
		p->pub.end_ns = ns;
	return s->err;
}

static int learn_gil(struct states *s, const struct record *r)
{
	struct proc *p = proc_of(s, r->pid);
	struct gil *g = p ? gil_of(s, p, r->gil.cond) : NULL;

	if (g)
		g->pub.interpreter = r->gil.interpreter;
	return g || !p ? 0 : -ENOMEM;
}

static int tell_trigger(struct states *s, const struct record *r)
{
	const struct proc *p = proc_of(s, r->pid);

	if (!s->ops->trigger)
		return 0;
	keep_err(s, s->ops->trigger(s->ctx, r->trigger, p ? &p->pub : NULL,
				    known_thread(s, p, r->trigger->waiter_tid),
				    known_thread(s, p, r->trigger->holder_tid)));
	return s->err;
}

int states__take(struct states *s, const struct record *r)
{
	switch (r->kind) {
	case REC_SOURCE:
		s->clock = (struct states_clock){ r->source.mono_ns, r->source.real_ns,
						  r->source.boot_ns };
		return 0;
	case REC_PROC_START: return start_proc(s, r);
	case REC_PROC_END: return end_proc(s, r);
	case REC_GIL: return learn_gil(s, r);
	case REC_THREAD: return name_thread(s, r);
	case REC_STACK: return keep_stack(s, r);
	case REC_EVENTS: return take_events(s, r);
	case REC_TRIGGER: return tell_trigger(s, r);
	case REC_TOTALS:
		s->before_ns = s->totals_ns;
		s->totals_ns = r->totals->now_ns;
		return 0;
	case REC_MODE:
		return r->mode.light ? event_spans__lightened(&s->spans, r->pid, r->mode.at_ns) : 0;
	default: return 0;
	}
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
	const struct proc *own = proc_of(s, p->pid);

	for (size_t i = 0; own && i < p->thread_cnt; i++) {
		const struct snap_thread *shown = &p->threads[i];
		struct thread *t = hmap__get(&s->threads, key_of(own->pub.no), shown->tid);

		if (t && !t->before && *shown->name && strcmp(shown->name, t->pub.name) != 0)
			t->pub.name = copy(s, shown->name);
	}
}

int states__finish(struct states *s, const struct snapshot *total)
{
	event_spans__open(&s->spans, total->now_ns);
	event_spans__clear(&s->spans);
	for (size_t i = 0; i < total->proc_cnt; i++)
		if (is_only_one(total, &total->procs[i]))
			name_as_shown(s, &total->procs[i]);
	return s->err;
}

struct states *states__new(const struct states_ops *ops, void *ctx, const struct view_opts *opts)
{
	struct states *s = calloc(1, sizeof(*s));

	if (!s)
		return NULL;
	s->ops = ops;
	s->ctx = ctx;
	s->opts = opts;
	s->spans.fn = on_state;
	s->spans.ctx = s;
	return s;
}

void states__free(struct states *s)
{
	if (!s)
		return;
	event_spans__free(&s->spans);
	hmap__free(&s->procs);
	hmap__free(&s->gils);
	hmap__free(&s->threads);
	hmap__free(&s->at_gils);
	hmap__free(&s->early_names);
	hmap__free(&s->stacks);
	free(s->proc_list);
	free(s->gil_list);
	free(s->thread_list);
	arena__free(&s->texts);
	free(s);
}

struct states_clock states__clock(const struct states *s)
{
	return s->clock;
}

size_t states__proc_cnt(const struct states *s)
{
	return s->proc_cnt;
}

size_t states__gil_cnt(const struct states *s)
{
	return s->gil_cnt;
}

size_t states__thread_cnt(const struct states *s)
{
	return s->thread_cnt;
}

const struct state_proc *states__proc(const struct states *s, size_t no)
{
	return &s->proc_list[no]->pub;
}

const struct state_gil *states__gil(const struct states *s, size_t no)
{
	return &s->gil_list[no]->pub;
}

const struct state_thread *states__thread(const struct states *s, size_t no)
{
	return &s->thread_list[no]->pub;
}

struct stored_stack states__stack(const struct states *s, uint32_t id)
{
	const struct stored_stack *kept = hmap__get(&s->stacks, id, 0);

	return kept ? *kept : (struct stored_stack){ 0 };
}
