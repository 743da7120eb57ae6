/* SPDX-License-Identifier: BSD-2-Clause */
/* singles.c - events one by one: from the kernel's ring to the sinks, with stacks by their ids */
#include <errno.h>
#include <stdlib.h>

#include "user/base/util.h"
#include "user/source/collector_impl.h"
#include "user/source/stacks.h"

_Static_assert((int)GT_SINGLE_WAIT == (int)EVENT_WAIT && (int)GT_SINGLE_RETRY == (int)EVENT_RETRY &&
		       (int)GT_SINGLE_GET == (int)EVENT_GET &&
		       (int)GT_SINGLE_RELEASE == (int)EVENT_RELEASE &&
		       (int)GT_SINGLE_YIELD == (int)EVENT_YIELD &&
		       (int)GT_SINGLE_YIELD_END == (int)EVENT_YIELD_END &&
		       (int)GT_SINGLE_START == (int)EVENT_START &&
		       (int)GT_SINGLE_END == (int)EVENT_END &&
		       (int)GT_SINGLE_WAKE == (int)EVENT_WAKE,
	       "kinds");
_Static_assert((int)GT_SINGLE_F_ASKED == (int)EVENT_F_ASKED &&
		       (int)GT_SINGLE_F_LIGHT == (int)EVENT_F_LIGHT &&
		       (int)GT_SINGLE_F_HOLDS == (int)EVENT_F_HOLDS,
	       "flags");
_Static_assert(GT_SINGLE_NO_CPU == EVENT_NO_CPU, "no CPU time");

/* Of processes that are not known yet so many are kept. */
#define EARLY_MAX 65536
/* A reading does not run after a target for ever: about what the ring holds. */
#define ROUNDS_MAX 64

int singles__init(struct collector *c)
{
	c->singles.raw = calloc(SINGLES_AT_ONCE, sizeof(*c->singles.raw));
	c->singles.list = calloc(SINGLES_AT_ONCE, sizeof(*c->singles.list));
	if (!c->singles.raw || !c->singles.list)
		return -ENOMEM;
	return collector__watch_edges(c, probe__events_fd(c->probe), ID_SINGLES);
}

void singles__deinit(struct singles_taken *s)
{
	free(s->raw);
	free(s->list);
	free(s->early);
	free(s->late);
}

static int flush(struct collector *c)
{
	struct record r = { .kind = REC_EVENTS, .events = { c->singles.cnt, c->singles.list } };

	if (!c->singles.cnt)
		return 0;
	c->singles.cnt = 0;
	return sinks__send(c->source.sinks, &r);
}

/* GETs and RELEASEs have a stack, by its hash; the others a thread. */
static void add(struct collector *c, const struct gt_single *e)
{
	struct event *ret = &c->singles.list[c->singles.cnt++];

	*ret = (struct event){ .ns = e->ns,
			       .cpu_ns = e->cpu_ns,
			       .gil = e->what >> GT_SINGLE_COND_SHIFT,
			       .pid = (uint32_t)(e->who >> 32),
			       .tid = (uint32_t)e->who,
			       .kind = (uint8_t)e->what,
			       .flags = (uint8_t)(e->what >> GT_SINGLE_FLAG_SHIFT) };
	if (ret->kind != EVENT_GET && ret->kind != EVENT_RELEASE)
		ret->other = (uint32_t)e->arg;
	else if (e->arg && c->stacks)
		ret->stack = pystacks__id(c->stacks, ret->pid, e->arg);
}

/* One that is adopted shows events before its start has been told: they are sent when it has been. */
static void keep_early(struct singles_taken *s, const struct gt_single *e)
{
	if (s->early_cnt < EARLY_MAX &&
	    !array_grow(&s->early, s->early_cnt, &s->early_cap, sizeof(*s->early)))
		s->early[s->early_cnt++] = *e;
}

/* For the next time. */
static int keep_late(struct singles_taken *s, const struct gt_single *e)
{
	if (array_grow(&s->late, s->late_cnt, &s->late_cap, sizeof(*s->late)))
		return -ENOMEM;
	s->late[s->late_cnt++] = *e;
	return 0;
}

/* may_keep: those of processes that are not known, for the next time; else they are of none that is measured. */
static int take(struct collector *c, const struct gt_single *list, size_t cnt, uint64_t upto_ns,
		bool may_keep)
{
	uint64_t last = 0;
	bool known = false;
	int err = 0;

	for (size_t i = 0; i < cnt && !err; i++) {
		uint64_t tgid = list[i].who >> 32;

		if (tgid != last)
			known = tracked__find(c, (pid_t)tgid);
		last = tgid;
		if (known && list[i].ns > upto_ns)
			err = keep_late(&c->singles, &list[i]);
		else if (known)
			add(c, &list[i]);
		else if (may_keep)
			keep_early(&c->singles, &list[i]);
		if (!err && c->singles.cnt == SINGLES_AT_ONCE)
			err = flush(c);
	}
	return err;
}

int singles__send(struct collector *c, uint64_t upto_ns)
{
	struct singles_taken *s = &c->singles;
	struct gt_single *late = s->late;
	size_t late_cnt = s->late_cnt;
	int err;

	if (!s->raw)
		return 0;
	s->late = NULL;
	s->late_cnt = s->late_cap = 0;
	err = take(c, s->early, s->early_cnt, upto_ns, false);
	s->early_cnt = 0;
	if (!err)
		err = take(c, late, late_cnt, upto_ns, true);
	free(late);
	for (int i = 0; i < ROUNDS_MAX && !err; i++) {
		size_t cnt = probe__events(c->probe, s->raw, SINGLES_AT_ONCE);

		if (!cnt)
			break;
		err = take(c, s->raw, cnt, upto_ns, true);
	}
	return err ? err : flush(c);
}
