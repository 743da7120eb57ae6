/* SPDX-License-Identifier: BSD-2-Clause */
/* states_seed.c - a beginning in the middle: what went on as a flight recorder's file begins is in its first books alone */
#include <errno.h>
#include <stdlib.h>

#include "user/base/util.h"
#include "user/books/totals.h"
#include "user/view/states_impl.h"

/* Has something of it come, so that it is known what it does? */
static bool is_known(const struct states *s, const struct total_thread *th)
{
	const struct proc *p = states_who__proc(s, th->rec.tgid);
	const struct gil *g =
		p ? hmap__get(&s->gils, states_who__key(p->pub.no), th->key.cond) : NULL;
	const struct thread *t =
		g ? hmap__get(&s->threads, states_who__key(p->pub.no), th->key.tid) : NULL;

	return t && hmap__get(&s->at_gils, states_who__key(t->pub.no), g->pub.no);
}

/* What it does by the books, as the event that this began with. */
static struct event begin_of(const struct total_thread *th, bool light)
{
	static const uint8_t kinds[GT_STATE_CNT] = {
		[GT_WAIT] = EVENT_WAIT, [GT_HOLD] = EVENT_START, [GT_YIELD] = EVENT_YIELD
	};

	return (struct event){ .ns = th->rec.since_ns,
			       .pid = th->rec.tgid,
			       .tid = th->key.tid,
			       .gil = th->key.cond,
			       .cpu_ns = EVENT_NO_CPU,
			       .kind = kinds[th->rec.state],
			       .flags = (uint8_t)((th->rec.state == GT_HOLD ? EVENT_F_HOLDS : 0) |
						  (light ? EVENT_F_LIGHT : 0)) };
}

/* In the order in which they began: who held as a wait began is known then. */
static int cmp_since(const void *a, const void *b)
{
	const struct total_thread *x = *(const struct total_thread *const *)a;
	const struct total_thread *y = *(const struct total_thread *const *)b;

	if (x->rec.since_ns != y->rec.since_ns)
		return x->rec.since_ns < y->rec.since_ns ? -1 : 1;
	return (x->rec.state != GT_HOLD) - (y->rec.state != GT_HOLD);
}

static int note_gils(const struct totals *t, struct hmap *gils)
{
	int err = 0;

	for (size_t i = 0; i < t->gil_cnt && !err; i++)
		err = hmap__put(gils, t->gils[i].key.tgid, t->gils[i].key.cond, &t->gils[i]);
	return err;
}

int states_seed__holder(struct states *s, const struct record *r)
{
	struct proc *p = states_who__proc(s, r->pid);
	struct gil *g = p ? states_who__gil(s, p, r->holder.cond) : NULL;

	if (g)
		g->first_tid = r->holder.held ? r->holder.tid : 0;
	return g || !p ? 0 : -ENOMEM;
}

/* Of a thread without books: its first event is yet to come. */
static int seed_holder(struct states *s, const struct gil *g, const struct hmap *gils,
		       states_event_fn take)
{
	const struct proc *p = (const struct proc *)g->pub.proc;
	const struct total_gil *books = hmap__get(gils, p->pub.pid, g->pub.addr);
	struct event e = { .ns = p->pub.start_ns,
			   .pid = p->pub.pid,
			   .tid = g->first_tid,
			   .gil = g->pub.addr,
			   .cpu_ns = EVENT_NO_CPU,
			   .kind = EVENT_START,
			   .flags = EVENT_F_HOLDS };
	bool held =
		books ? books->rec.held && !books->rec.light && !books->rec.holder_tid : !p->light;

	return g->first_tid && !g->holder && held ? take(s, &e) : 0;
}

static int seed(struct states *s, const struct total_thread *th, const struct hmap *gils,
		states_event_fn take)
{
	const struct total_gil *g = hmap__get(gils, th->rec.tgid, th->key.cond);
	bool light = g && g->rec.light;
	struct event e = begin_of(th, light);
	bool goes_on = th->rec.state == GT_HOLD ? !light : !th->rec.exit_ns;

	return e.kind && goes_on && !is_known(s, th) ? take(s, &e) : 0;
}

int states_seed__take(struct states *s, const struct totals *t, states_event_fn take)
{
	const struct total_thread **list = calloc(t->thread_cnt + 1, sizeof(*list));
	struct hmap gils = { 0 };
	int err = list ? note_gils(t, &gils) : -ENOMEM;

	for (size_t i = 0; i < t->thread_cnt && list; i++)
		list[i] = &t->threads[i];
	if (list)
		qsort(list, t->thread_cnt, sizeof(*list), cmp_since);
	for (size_t i = 0; i < s->gil_cnt && !err; i++)
		err = seed_holder(s, s->gil_list[i], &gils, take);
	for (size_t i = 0; i < t->thread_cnt && !err; i++)
		err = seed(s, list[i], &gils, take);
	hmap__free(&gils);
	free(list);
	return err;
}
