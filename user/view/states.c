/* SPDX-License-Identifier: BSD-2-Clause */
/* states.c - see states.h: the stream, event by event */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "user/base/util.h"
#include "user/books/totals.h"
#include "user/books/trigger.h"
#include "user/view/states_impl.h"
#include "user/view/view.h"

/* ---- what happens ---- */

static void keep_err(struct states *s, int err)
{
	if (err && !s->err)
		s->err = err;
}

/* Of a flight recorder's file: is it before what the totals are of? */
static bool is_before(const struct states *s, uint64_t ns)
{
	return ns < s->opts->from_ns;
}

/* .. or up to there, and no further? */
static bool ends_before(const struct states *s, uint64_t ns)
{
	return s->opts->from_ns && ns <= s->opts->from_ns;
}

/* An arrow begins in a state that is there. */
static bool has_arrow(const struct states *s, const struct at_gil *at)
{
	const struct thread *from = (const struct thread *)at->from;

	return from && from->shown && !ends_before(s, at->from_ns);
}

static void on_state(void *ctx, const struct event_state *st)
{
	struct states *s = ctx;
	struct proc *p = states_who__proc(s, st->pid);
	struct gil *g = p ? states_who__gil(s, p, st->gil) : NULL;
	struct thread *t = p ? hmap__get(&s->threads, states_who__key(p->pub.no), st->tid) : NULL;
	struct at_gil *at = t && g ? states_who__at_gil(s, t, g) : NULL;
	struct state out;

	if (!at || !t->shown || !s->ops->state || ends_before(s, st->end_ns))
		return;
	out = (struct state){ .kind = st->state,
			      .start_ns =
				      is_before(s, st->start_ns) ? s->opts->from_ns : st->start_ns,
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
		out.in = has_arrow(s, at) ? at->in : 0;
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
	if (s->ops->waiters && !is_before(s, ns))
		keep_err(s, s->ops->waiters(s->ctx, &g->pub, ns));
}

/* Who waits as it begins has been waiting. */
static void begin_waiters(struct states *s)
{
	for (size_t i = 0; i < s->gil_cnt && s->ops->waiters; i++)
		if (s->gil_list[i]->pub.waiters)
			keep_err(s,
				 s->ops->waiters(s->ctx, &s->gil_list[i]->pub, s->opts->from_ns));
	s->begun = true;
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
		at->holder = e->other ? states_who__known(s, p, e->other) : g->holder;
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

	if (is_before(s, seg.start_ns))
		seg.start_ns = s->opts->from_ns;
	if (seg.start_ns > seg.end_ns)
		seg.start_ns = seg.end_ns;
	if (t->shown && s->ops->segment && !ends_before(s, e->ns))
		keep_err(s, s->ops->segment(s->ctx, &seg));
}

static int take_event(struct states *s, const struct event *e)
{
	struct proc *p = states_who__proc(s, e->pid);
	struct at_gil *at;
	struct thread *t;
	struct gil *g;
	int err;

	if (!p || e->kind == EVENT_WAKE || e->kind >= EVENT_KINDS ||
	    (s->opts->to_ns && e->ns > s->opts->to_ns))
		return 0;
	g = states_who__gil(s, p, e->gil);
	t = g ? states_who__thread_of(s, p, e) : NULL;
	at = t ? states_who__at_gil(s, t, g) : NULL;
	if (!at)
		return -ENOMEM;
	if (!s->begun && s->totals_ns && !is_before(s, e->ns))
		begin_waiters(s);
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

static int take_totals(struct states *s, const struct totals *t)
{
	bool is_first = !s->totals_ns;
	int err = is_first && s->opts->from_ns ? states_seed__take(s, t, take_event) : 0;

	s->before_ns = s->totals_ns;
	s->totals_ns = t->now_ns;
	if (!s->begun && !is_before(s, t->now_ns))
		begin_waiters(s);
	return err ? err : s->err;
}

static int end_proc(struct states *s, const struct record *r)
{
	struct proc *p = states_who__proc(s, r->pid);
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
	struct proc *p = states_who__proc(s, r->pid);
	struct gil *g = p ? states_who__gil(s, p, r->gil.cond) : NULL;

	if (g)
		g->pub.interpreter = r->gil.interpreter;
	return g || !p ? 0 : -ENOMEM;
}

static int take_mode(struct states *s, const struct record *r)
{
	struct proc *p = states_who__proc(s, r->pid);

	if (p)
		p->light = r->mode.light;
	return r->mode.light ? event_spans__lightened(&s->spans, r->pid, r->mode.at_ns) : 0;
}

static int tell_trigger(struct states *s, const struct record *r)
{
	const struct proc *p = states_who__proc(s, r->pid);
	struct trigger t = *r->trigger;
	uint32_t tid = t.kind == TRIGGER_HOLD && t.holder_tid ? t.holder_tid : t.waiter_tid;

	if (!s->ops->trigger || is_before(s, t.at_ns) ||
	    (tid && !view_opts__shows_tid(s->opts, tid)))
		return 0;
	if (is_before(s, t.start_ns))
		t.start_ns = s->opts->from_ns;
	keep_err(s, s->ops->trigger(s->ctx, &t, p ? &p->pub : NULL,
				    states_who__known(s, p, t.waiter_tid),
				    states_who__known(s, p, t.holder_tid)));
	return s->err;
}

int states__take(struct states *s, const struct record *r)
{
	switch (r->kind) {
	case REC_SOURCE:
		s->clock = (struct states_clock){ r->source.mono_ns, r->source.real_ns,
						  r->source.boot_ns };
		return 0;
	case REC_PROC_START: return states_who__start_proc(s, r);
	case REC_PROC_END: return end_proc(s, r);
	case REC_GIL: return learn_gil(s, r);
	case REC_HOLDER: return states_seed__holder(s, r);
	case REC_THREAD: return states_who__name(s, r);
	case REC_STACK: return states_who__keep_stack(s, r);
	case REC_EVENTS: return take_events(s, r);
	case REC_TRIGGER: return tell_trigger(s, r);
	case REC_TOTALS: return take_totals(s, r->totals);
	case REC_MODE: return take_mode(s, r);
	default: return 0;
	}
}

int states__finish(struct states *s, const struct snapshot *total)
{
	event_spans__open(&s->spans, total->now_ns);
	event_spans__clear(&s->spans);
	states_who__as_shown(s, total);
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
	s->begun = !opts->from_ns;
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
