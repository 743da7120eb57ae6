/* SPDX-License-Identifier: BSD-2-Clause */
/* limit_units.c - what of a thread's events belongs together, to stay or to be left out as one */
#include <errno.h>

#include "bpf/hist.h"
#include "user/base/util.h"
#include "user/codec/limit_impl.h"

/* The event at this place is of a unit. */
static void join(struct limit *l, uint32_t unit, size_t at)
{
	l->unit_of[at] = unit;
	if (unit != NO_UNIT)
		l->units[unit].events++;
}

static int begin(struct limit *l, uint32_t thread, enum unit_kind kind, enum doing doing, size_t at)
{
	struct limit_thread *t = &l->threads[thread];

	t->doing = doing;
	t->unit = NO_UNIT;
	if (array_grow(&l->units, l->unit_cnt, &l->unit_cap, sizeof(*l->units)))
		return -ENOMEM;
	t->unit = (uint32_t)l->unit_cnt++;
	l->units[t->unit] = (struct limit_unit){
		.start_ns = l->list[at].ns, .thread = thread, .need = NEVER, .kind = (uint8_t)kind
	};
	join(l, t->unit, at);
	return 0;
}

/* The open unit ends with the event at this place. Returns it; NO_UNIT: it stays in any case. */
static uint32_t end(struct limit *l, struct limit_thread *t, size_t at, uint8_t least)
{
	uint32_t unit = t->unit;
	struct limit_unit *u;

	t->unit = NO_UNIT;
	t->doing = FREE;
	if (unit == NO_UNIT)
		return unit;
	u = &l->units[unit];
	u->ns = l->list[at].ns - u->start_ns;
	u->end = (uint32_t)at;
	u->need = (uint8_t)((u->ns ? gt_log2(u->ns) : 0) + 1);
	if (u->need < least)
		u->need = least;
	if (u->need >= NEVER || l->list[at].ns < u->start_ns)
		u->need = NEVER;
	return unit;
}

/* It has the GIL. The hold goes only with its wait: so its need is at least that one's, which is kept where it will be
 * looked for.
 */
static int on_get(struct limit *l, uint32_t thread, size_t at)
{
	struct limit_thread *t = &l->threads[thread];
	bool free = t->doing == FREE, waits = t->doing == WAITS;
	uint32_t wait = NO_UNIT;
	int err;

	if (waits)
		wait = end(l, t, at, 0);
	if (l->list[at].flags & EVENT_F_LIGHT) {
		join(l, wait, at); /* nothing follows from it */
		t->doing = waits || free ? FREE : UNKNOWN;
		return 0;
	}
	if (!free && wait == NO_UNIT) {
		t->doing = waits ? HOLDS : UNKNOWN;
		t->unit = NO_UNIT;
		return 0;
	}
	err = begin(l, thread, UNIT_HOLD, HOLDS, at);
	if (!err && wait != NO_UNIT)
		l->units[t->unit].ns = l->units[wait].need;
	return err;
}

static void on_release(struct limit *l, struct limit_thread *t, size_t at)
{
	uint32_t unit = t->doing == HOLDS ? t->unit : NO_UNIT;

	if (unit != NO_UNIT)
		join(l, end(l, t, at, (uint8_t)l->units[unit].ns), at);
	t->unit = NO_UNIT;
	t->doing = FREE;
}

int limit__event(struct limit *l, uint32_t thread, size_t at)
{
	struct limit_thread *t = &l->threads[thread];
	const struct event *e = &l->list[at];

	switch (e->kind) {
	case EVENT_WAKE: l->processes[t->process].wakes++; return 0;
	case EVENT_SEGMENT: return 0;
	case EVENT_START:
		t->doing = e->flags & EVENT_F_HOLDS ? UNKNOWN : FREE;
		t->unit = NO_UNIT;
		return 0;
	case EVENT_WAIT:
		if (t->doing == FREE)
			return begin(l, thread, UNIT_WAIT, WAITS, at);
		break;
	case EVENT_RETRY:
		if (t->doing == WAITS)
			join(l, t->unit, at);
		return 0;
	case EVENT_GET: return on_get(l, thread, at);
	case EVENT_RELEASE: on_release(l, t, at); return 0;
	case EVENT_YIELD:
		if (t->doing == FREE)
			return begin(l, thread, UNIT_YIELD, YIELDS, at);
		break;
	case EVENT_YIELD_END:
		join(l, t->doing == YIELDS ? end(l, t, at, 0) : NO_UNIT, at);
		t->unit = NO_UNIT;
		t->doing = FREE;
		return 0;
	default: break;
	}
	/* What does not fit stays, and so does what comes of it. */
	t->doing = e->kind == EVENT_WAIT ? WAITS : e->kind == EVENT_YIELD ? YIELDS : UNKNOWN;
	t->unit = NO_UNIT;
	return 0;
}
