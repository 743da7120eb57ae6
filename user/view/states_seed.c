/* SPDX-License-Identifier: BSD-2-Clause */
/* states_seed.c - a beginning in the middle: what went on as a flight recorder's file begins is in its first books alone */
#include "user/base/util.h"
#include "user/books/totals.h"
#include "user/view/states_impl.h"

static bool is_light(const struct totals *t, const struct total_thread *th)
{
	for (size_t i = 0; i < t->gil_cnt; i++)
		if (t->gils[i].key.tgid == th->rec.tgid && t->gils[i].key.cond == th->key.cond)
			return t->gils[i].rec.light;
	return false;
}

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

/* What it does by the books, as the event that this began with. false: nothing that is known. */
static bool begin_of(const struct totals *t, const struct total_thread *th, struct event *ret)
{
	static const uint8_t kinds[GT_STATE_CNT] = {
		[GT_WAIT] = EVENT_WAIT, [GT_HOLD] = EVENT_START, [GT_YIELD] = EVENT_YIELD
	};
	bool light = is_light(t, th), holds = th->rec.state == GT_HOLD;

	*ret = (struct event){ .ns = th->rec.since_ns,
			       .pid = th->rec.tgid,
			       .tid = th->key.tid,
			       .gil = th->key.cond,
			       .cpu_ns = EVENT_NO_CPU,
			       .kind = kinds[th->rec.state],
			       .flags = (uint8_t)((holds ? EVENT_F_HOLDS : 0) |
						  (light ? EVENT_F_LIGHT : 0)) };
	return holds ? !light : !th->rec.exit_ns;
}

int states_seed__take(struct states *s, const struct totals *t,
		      int (*take)(struct states *s, const struct event *e))
{
	/* Who waits is to know who holds. */
	static const enum gt_state order[] = { GT_HOLD, GT_YIELD, GT_WAIT };
	struct event e;
	int err = 0;

	for (size_t k = 0; k < ARRAY_SIZE(order); k++)
		for (size_t i = 0; i < t->thread_cnt && !err; i++)
			if (t->threads[i].rec.state == order[k] && !is_known(s, &t->threads[i]) &&
			    begin_of(t, &t->threads[i], &e))
				err = take(s, &e);
	return err;
}
