/* SPDX-License-Identifier: BSD-2-Clause */
#include "user/picture/event_spans.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "user/base/util.h"

/* A thread at one GIL. */
struct span_thread {
	uint64_t gil;
	uint32_t pid, tid;
	uint64_t since_ns;
	enum gt_state state;
	bool died; /* while it waited */
};

struct span_light {
	uint32_t pid;
	uint64_t at_ns;
};

/* More threads than that are nobody's: all begin anew. */
#define THREADS_MAX (1u << 18)
#define LIGHTS_MAX  4096

void event_spans__clear(struct event_spans *s)
{
	hmap__clear(&s->by_key);
	s->thread_cnt = 0;
}

void event_spans__free(struct event_spans *s)
{
	hmap__free(&s->by_key);
	free(s->threads);
	free(s->lights);
	*s = (struct event_spans){ 0 };
}

int event_spans__lightened(struct event_spans *s, uint32_t pid, uint64_t at_ns)
{
	if (s->light_cnt == LIGHTS_MAX) { /* the oldest ones are about nothing that still goes on */
		s->light_cnt /= 2;
		memmove(s->lights, s->lights + s->light_cnt, s->light_cnt * sizeof(*s->lights));
	}
	if (array_grow(&s->lights, s->light_cnt, &s->light_cap, sizeof(*s->lights)))
		return -ENOMEM;
	s->lights[s->light_cnt++] = (struct span_light){ pid, at_ns };
	return 0;
}

static struct span_thread *thread_of(struct event_spans *s, const struct event *e)
{
	uint64_t who = (uint64_t)e->pid << 32 | e->tid;
	uintptr_t place = (uintptr_t)hmap__get(&s->by_key, who, e->gil);

	if (place)
		return &s->threads[place - 1];
	if (s->thread_cnt == THREADS_MAX)
		event_spans__clear(s);
	if (array_grow(&s->threads, s->thread_cnt, &s->thread_cap, sizeof(*s->threads)) ||
	    hmap__put(&s->by_key, who, e->gil, (void *)(uintptr_t)(s->thread_cnt + 1)))
		return NULL;
	s->threads[s->thread_cnt] =
		(struct span_thread){ e->gil, e->pid, e->tid, e->ns, GT_RELEASED, false };
	return &s->threads[s->thread_cnt++];
}

/* When did books become light in this hold, first? 0: they did not. */
static uint64_t light_after(const struct event_spans *s, uint32_t pid, uint64_t since, uint64_t now)
{
	uint64_t at = 0;

	for (size_t i = 0; i < s->light_cnt; i++) {
		const struct span_light *l = &s->lights[i];

		if (l->pid == pid && l->at_ns >= since && l->at_ns <= now && (!at || l->at_ns < at))
			at = l->at_ns;
	}
	return at;
}

static void tell(const struct event_spans *s, const struct span_thread *t, const struct event *e,
		 uint64_t end_ns, bool is_span)
{
	struct event_state st = {
		t->since_ns, end_ns, t->gil, t->pid, t->tid, t->state, e, is_span
	};

	if (t->state == GT_RELEASED || (s->min_ns && end_ns - t->since_ns < s->min_ns))
		return;
	s->fn(s->ctx, &st);
}

/* Its state ends with this event, and another begins. */
static void enter(struct event_spans *s, const struct event *e, struct span_thread *t,
		  enum gt_state state)
{
	uint64_t cut = 0;

	/* Only a RELEASE is never one of a hold that was cut. */
	if (t->state == GT_HOLD && e->kind != EVENT_RELEASE)
		cut = light_after(s, e->pid, t->since_ns, e->ns);
	/* .. as is known from here, too, if not when: that has yet to be told. */
	if (t->state == GT_HOLD && (e->kind == EVENT_YIELD || e->flags & EVENT_F_LIGHT) && !cut)
		t->state = GT_RELEASED;
	tell(s, t, e, cut ? cut : e->ns, !cut);
	t->since_ns = e->ns;
	t->state = state;
}

/* The thread is over. What it held has no end but its process's. */
static void end(struct event_spans *s, const struct event *e, struct span_thread *t)
{
	uint64_t cut = t->state == GT_HOLD ? light_after(s, e->pid, t->since_ns, e->ns) : 0;

	if (t->state == GT_WAIT) {
		tell(s, t, e, e->ns, false);
		t->died = true;
		t->since_ns = e->ns;
	} else if (cut) {
		tell(s, t, e, cut, false);
		t->state = GT_RELEASED;
	} else if (t->state != GT_HOLD) {
		enter(s, e, t, GT_RELEASED);
	}
}

static void take(struct event_spans *s, const struct event *e, struct span_thread *t)
{
	switch (e->kind) {
	case EVENT_START:
		t->since_ns = e->ns;
		t->died = false;
		t->state = e->flags & EVENT_F_HOLDS ? GT_HOLD : GT_RELEASED;
		break;
	case EVENT_WAIT: enter(s, e, t, GT_WAIT); break;
	case EVENT_GET: enter(s, e, t, e->flags & EVENT_F_LIGHT ? GT_RELEASED : GT_HOLD); break;
	case EVENT_RELEASE:
	case EVENT_YIELD_END: enter(s, e, t, GT_RELEASED); break;
	case EVENT_YIELD: enter(s, e, t, GT_YIELD); break;
	case EVENT_END: end(s, e, t); break;
	default: break;
	}
}

static void tell_open(const struct event_spans *s, const struct span_thread *t, uint64_t now_ns)
{
	uint64_t cut = t->state == GT_HOLD ? light_after(s, t->pid, t->since_ns, now_ns) : 0;
	struct event_state st = { t->since_ns, cut ? cut : now_ns, t->gil, t->pid,
				  t->tid,      t->state,	   NULL,   false };

	if (t->state != GT_RELEASED && !t->died && now_ns >= t->since_ns)
		s->fn(s->ctx, &st);
}

void event_spans__open(const struct event_spans *s, uint64_t now_ns)
{
	for (size_t i = 0; i < s->thread_cnt; i++)
		tell_open(s, &s->threads[i], now_ns);
}

void event_spans__close(struct event_spans *s, uint32_t pid, uint64_t at_ns)
{
	for (size_t i = 0; i < s->thread_cnt; i++) {
		if (s->threads[i].pid != pid)
			continue;
		tell_open(s, &s->threads[i], at_ns);
		s->threads[i].state = GT_RELEASED;
	}
}

int event_spans__take(struct event_spans *s, const struct event *list, size_t cnt)
{
	for (size_t i = 0; i < cnt; i++) {
		struct span_thread *t;

		if (list[i].kind == EVENT_RETRY || list[i].kind >= EVENT_WAKE)
			continue;
		t = thread_of(s, &list[i]);
		if (!t)
			return -ENOMEM;
		take(s, &list[i], t);
	}
	return 0;
}
