/* SPDX-License-Identifier: BSD-2-Clause */
/* session_trigger.c - what the user wants to be told of at once: on stderr, to the view, and in the live list
 *
 * Waits and holds come from the source, as records like any other. What the session itself finds out (a thread that loses
 * too much of an interval; a signal; a key; the end) it puts into the stream, so that all sinks have it.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "user/app/recorder.h"
#include "user/app/session_impl.h"
#include "user/base/log.h"
#include "user/base/sbuf.h"
#include "user/base/util.h"
#include "user/books/trigger.h"
#include "user/model/model.h"
#include "user/picture/trigger_list.h"
#include "user/target/failure.h"
#include "user/view/trigger_lines.h"
#include "user/view/view.h"

/* Of the live list. */
#define KEPT 1000
/* New ones of --on-delay in an interval, of as many processes. */
#define DELAYS_AT_ONCE 20

static bool name_of(void *ctx, uint32_t pid, uint32_t tid, char *buf, size_t sz)
{
	const struct session *s = ctx;
	const struct model *m = s->playing ? session__played_model(s) : s->model;

	return m && model__name(m, pid, tid, buf, sz);
}

static uint64_t real_ns(void)
{
	struct timespec t;

	clock_gettime(CLOCK_REALTIME, &t);
	return (uint64_t)t.tv_sec * 1000000000u + (uint64_t)t.tv_nsec;
}

int session_trigger__open(struct session *s)
{
	s->triggers.list = trigger_list__new(KEPT, name_of, s);
	if (!s->triggers.list)
		return -ENOMEM;
	trigger_list__start(s->triggers.list, now_ns(), real_ns());
	return sinks__add(&s->sinks, trigger_list__sink(s->triggers.list));
}

void session_trigger__close(struct session *s)
{
	if (s->triggers.list)
		sinks__remove(&s->sinks, trigger_list__sink(s->triggers.list));
	trigger_list__free(s->triggers.list);
	free(s->triggers.delayed);
	s->triggers.list = NULL;
	s->triggers.delayed = NULL;
	s->triggers.delayed_cnt = s->triggers.delayed_cap = 0;
}

/* The flight recorder writes what it keeps, because of this. The file's name, or NULL: none is written. */
static const char *ring_write(struct session *s, const struct trigger *t)
{
	if (t->over || !s->rec || !recorder__is_ring(s->rec))
		return NULL;
	return recorder__write(s->rec, t);
}

static void to_view(struct session *s, const struct trigger_event *e)
{
	if (!s->view_err)
		s->view_err = view__event(s->view, e);
}

void session_trigger__begun(struct session *s)
{
	size_t cnt = s->triggers.early_cnt;

	s->triggers.early_cnt = 0;
	for (size_t i = cnt; i-- > 0;) {
		const struct trigger_event *e = trigger_list__at(s->triggers.list, i);

		if (e)
			to_view(s, e);
	}
}

/* One line. */
static void say(const struct session *s, const struct trigger_event *e)
{
	__cleanup(sbuf__free) struct sbuf line = { 0 };

	trigger_lines__line(e, &line);
	if (e->t.kind == TRIGGER_SIGNAL && !s->o->ring_ns && !s->o->ring_bytes)
		sbuf__puts(&line, "; there is nothing to write (--ring)");
	pr_info("%s\n", sbuf__str(&line));
}

void session_trigger__take(struct session *s, const struct record *r)
{
	const struct trigger_event *e = trigger_list__last(s->triggers.list);
	const char *file;

	if (!e)
		return;
	file = ring_write(s, r->trigger);
	if (file)
		trigger_list__set_file(s->triggers.list, e->t.no, file);
	if (s->c) /* of a recording the view has it, and nobody waits for it */
		say(s, e);
	if (s->live)
		session__live_events(s);
	else if (s->begun)
		to_view(s, e);
	else if (e->t.no > s->triggers.early_no)
		s->triggers.early_cnt++;
	if (e->t.no > s->triggers.early_no)
		s->triggers.early_no = e->t.no;
}

void session_trigger__tell(struct session *s, uint32_t pid, struct trigger *t)
{
	struct record r = { REC_TRIGGER, pid, .trigger = t };

	if (!t->no)
		t->no = ++s->triggers.no;
	sinks__send(&s->sinks, &r);
}

void session_trigger__plain(struct session *s, enum trigger_kind kind)
{
	uint64_t now = now_ns();
	struct trigger t = { .kind = kind, .at_ns = now, .start_ns = now };

	session_trigger__tell(s, 0, &t);
}

const char *session_trigger__write(struct session *s)
{
	const struct trigger_event *e;

	if (!s->rec || !recorder__is_ring(s->rec))
		return NULL;
	session_trigger__plain(s, TRIGGER_KEY);
	e = trigger_list__at(s->triggers.list, 0);
	return e && e->t.kind == TRIGGER_KEY ? e->t.file : NULL;
}

void session_trigger__end(struct session *s)
{
	if (s->rec && recorder__is_ring(s->rec) && s->ended_by_itself)
		session_trigger__plain(s, TRIGGER_END);
}

/* ---- --on-delay ---- */

static const struct snap_thread *worst_of(const struct snap_proc *p)
{
	const struct snap_thread *worst = NULL;

	for (size_t i = 0; i < p->thread_cnt; i++) {
		const struct snap_thread *t = &p->threads[i];

		if (!snap_thread__is_fold(t) &&
		    (!worst || snap_thread__delay_ns(t) > snap_thread__delay_ns(worst)))
			worst = t;
	}
	return worst;
}

/* Where it waits most. */
static uint32_t waits_at(const struct session *s, const struct snap_proc *p, uint32_t tid)
{
	for (size_t i = 0; i < p->stack_cnt; i++)
		if (p->stacks[i].kind == SNAP_STACK_WAIT && p->stacks[i].tid == tid)
			return trigger_list__stack_id(s->triggers.list, p->stacks[i].frames);
	return 0;
}

static struct delayed *find_delayed(struct session *s, uint32_t pid)
{
	for (size_t i = 0; i < s->triggers.delayed_cnt; i++)
		if (s->triggers.delayed[i].pid == pid)
			return &s->triggers.delayed[i];
	return NULL;
}

/* It is told of when it begins, and when no thread of the process loses so much any more. */
static void check_delay(struct session *s, const struct snap_proc *p, uint64_t now, size_t *room)
{
	struct delayed *d = find_delayed(s, p->pid);
	const struct snap_thread *t = worst_of(p);
	struct trigger tr = { .kind = TRIGGER_DELAY, .at_ns = now, .start_ns = now - p->span_ns };
	bool bad;

	tr.limit_ns = (uint64_t)((double)p->span_ns * s->o->on_delay_pct / 100);
	tr.ns = t ? snap_thread__delay_ns(t) : 0;
	bad = tr.ns && tr.ns >= tr.limit_ns && p->alive;
	if (!!d == bad)
		return;
	if (d) {
		tr.over = true;
		tr.no = d->no;
		tr.waiter_tid = d->tid;
		*d = s->triggers.delayed[--s->triggers.delayed_cnt];
	} else {
		if (!*room || array_grow(&s->triggers.delayed, s->triggers.delayed_cnt,
					 &s->triggers.delayed_cap, sizeof(*d)))
			return;
		--*room;
		tr.waiter_tid = t->tid;
		tr.gil = p->gils[t->gil].addr;
		tr.waiter_stack = waits_at(s, p, t->tid);
		tr.waiter_cnt = 1;
		tr.no = ++s->triggers.no;
		s->triggers.delayed[s->triggers.delayed_cnt++] =
			(struct delayed){ p->pid, t->tid, tr.no };
	}
	session_trigger__tell(s, p->pid, &tr);
}

void session_trigger__interval(struct session *s, const struct snapshot *snap)
{
	size_t room = DELAYS_AT_ONCE;

	if (s->o->on_delay_pct <= 0 || !s->c)
		return;
	for (size_t i = 0; i < snap->proc_cnt; i++)
		if (snap->procs[i].span_ns)
			check_delay(s, &snap->procs[i], snap->now_ns, &room);
}
