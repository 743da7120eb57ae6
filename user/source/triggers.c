/* SPDX-License-Identifier: BSD-2-Clause */
#include "user/source/triggers.h"

#include <errno.h>
#include <stdlib.h>
#include <sys/timerfd.h>
#include <unistd.h>

#include "user/base/util.h"
#include "user/source/stacks.h"
#include "user/source/triggers_impl.h"

#define MS 1000000ull

/* From look to look: less than the limit, so that nothing that reaches it has not been seen before. */
#define LOOK_MIN_NS (5 * MS)
#define LOOK_MAX_NS (250 * MS)
/* Waiters tick once per switch interval; if none has for so long that interval is a long one. */
#define TICKS_GONE_NS (50 * MS)
/* Looks; the others see the rows that the kernel's side says are used. */
#define ALL_EVERY 64
/* Told of in a second at most, and at once. */
#define TOLD_PER_S 20
#define S	   (1000 * MS)

static uint64_t look_every(const uint64_t *limit_ns)
{
	uint64_t least = limit_ns[TRIGGER_WAIT];

	if (!least || (limit_ns[TRIGGER_HOLD] && limit_ns[TRIGGER_HOLD] < least))
		least = limit_ns[TRIGGER_HOLD];
	least /= 2;
	return least < LOOK_MIN_NS ? LOOK_MIN_NS : least > LOOK_MAX_NS ? LOOK_MAX_NS : least;
}

static void arm(struct triggers *tr, uint64_t in_ns)
{
	struct itimerspec its = { .it_value = { 0, (long)in_ns } };

	timerfd_settime(tr->timer, 0, &its, NULL);
}

int triggers__start(struct collector *c)
{
	struct triggers *tr;

	if (!c->opts.on_wait_ns && !c->opts.on_hold_ns)
		return 0;
	tr = calloc(1, sizeof(*tr));
	if (!tr)
		return -ENOMEM;
	c->triggers = tr;
	tr->limit_ns[TRIGGER_WAIT] = c->opts.on_wait_ns;
	tr->limit_ns[TRIGGER_HOLD] = c->opts.on_hold_ns;
	tr->every_ns = look_every(tr->limit_ns);
	tr->tokens_ns = S;
	tr->tokens_at_ns = now_ns();
	tr->timer = timerfd_create(CLOCK_MONOTONIC, TFD_CLOEXEC | TFD_NONBLOCK);
	if (tr->timer < 0)
		return -errno;
	probe__set_alarms(c->probe, c->opts.on_wait_ns, c->opts.on_hold_ns);
	arm(tr, tr->every_ns);
	return collector__watch(c, tr->timer, ID_TRIGGERS);
}

void triggers__free(struct triggers *tr)
{
	if (!tr)
		return;
	closep(&tr->timer);
	free(tr);
}

uint64_t triggers__untold_cnt(struct collector *c)
{
	const struct gt_alarm *rows;
	uint64_t cnt;

	if (!c->triggers)
		return 0;
	rows = probe__alarms(c->probe);
	cnt = c->triggers->untold_cnt;
	for (size_t i = 0; i < GT_GILS; i++)
		cnt += rows[i].more;
	return cnt;
}

/* ---- telling ---- */

bool triggers__may_tell(struct triggers *tr, uint64_t now)
{
	const uint64_t price = S / TOLD_PER_S;

	tr->tokens_ns += now - tr->tokens_at_ns;
	tr->tokens_at_ns = now;
	if (tr->tokens_ns > S)
		tr->tokens_ns = S;
	if (tr->tokens_ns < price) {
		tr->untold_cnt++;
		return false;
	}
	tr->tokens_ns -= price;
	return true;
}

void triggers__tell(struct collector *c, uint32_t pid, const struct trigger *t)
{
	struct record r = { REC_TRIGGER, pid, .trigger = t };

	sinks__send(c->source.sinks, &r);
}

/* It begins, for who watches; or (over) it has ended before anybody saw it. */
static void begin(struct collector *c, uint32_t slot, uint32_t pid, struct trigger *t)
{
	struct triggers *tr = c->triggers;
	bool shown = triggers__may_tell(tr, t->at_ns);

	if (shown)
		t->no = ++*c->opts.trigger_no;
	if (!t->over)
		tr->told[t->kind][slot] = (struct told){ .open = true, .shown = shown, .t = *t };
	if (shown)
		triggers__tell(c, pid, t);
}

void triggers__end(struct collector *c, struct told *o, uint32_t pid, uint64_t end_ns)
{
	o->open = false;
	o->t.over = true;
	o->t.at_ns = end_ns;
	o->t.ns = end_ns > o->t.start_ns ? end_ns - o->t.start_ns : 0;
	if (o->shown)
		triggers__tell(c, pid, &o->t);
}

/* ---- looking ---- */

static uint32_t stack_of_hash(struct collector *c, uint32_t pid, uint64_t hash)
{
	return c->stacks && hash ? pystacks__id(c->stacks, pid, hash) : 0;
}

/* Where this thread stands now. */
static uint32_t stack_of(struct collector *c, uint64_t cond, uint32_t tid)
{
	struct total_thread th = { .key = { .cond = cond, .tid = tid } };

	if (!c->stacks || !tid || probe__thread(c->probe, cond, tid, &th.rec))
		return 0;
	return pystacks__look(c->stacks, &th);
}

/* Who waits longest at this GIL, by its row; that may be over by now. */
static uint32_t waiter_of(struct collector *c, const struct gt_alarm *a, uint64_t *ret_since)
{
	struct gt_thread rec;

	if (!a->waiters || !a->waiter_tid ||
	    probe__thread(c->probe, a->cond, a->waiter_tid, &rec) || rec.state != GT_WAIT ||
	    rec.tgid != a->tgid || rec.flags & GT_F_EXITED)
		return 0;
	*ret_since = rec.since_ns;
	return a->waiter_tid;
}

/* Both threads and where they are. The holder's stack is read while it may run: it counts if the hold still goes on. */
static void fill(struct collector *c, uint32_t slot, const struct gt_alarm *a, struct trigger *t)
{
	const struct gt_alarm *row = &probe__alarms(c->probe)[slot];

	t->gil = a->cond;
	t->holder_stack = stack_of(c, a->cond, t->holder_tid);
	if (row->since_ns != a->since_ns || !t->holder_stack)
		t->holder_stack = a->look_tid == t->holder_tid && a->look_ns >= a->since_ns
					  ? stack_of_hash(c, a->tgid, a->look_stack)
					  : 0;
	t->waiter_stack = stack_of(c, a->cond, t->waiter_tid);
	t->waiter_cnt = a->waiters;
}

static void fire_hold(struct collector *c, uint32_t slot, const struct gt_alarm *a, uint64_t now)
{
	struct trigger t = { .kind = TRIGGER_HOLD,
			     .start_ns = a->since_ns,
			     .limit_ns = c->triggers->limit_ns[TRIGGER_HOLD],
			     .at_ns = now,
			     .ns = now - a->since_ns };
	uint64_t since;
	struct gt_gil g;

	if (probe__gil_at(c->probe, slot, &g) || g.key.cond != a->cond || g.key.tgid != a->tgid ||
	    g.over || !g.held)
		return;
	/* In a light stretch it is a hold if somebody waits. */
	if (g.light ? !g.waiters : g.hold_since_ns != a->since_ns)
		return;
	t.holder_tid = g.holder_tid;
	t.waiter_tid = waiter_of(c, a, &since);
	fill(c, slot, a, &t);
	begin(c, slot, a->tgid, &t);
}

static void fire_wait(struct collector *c, uint32_t slot, const struct gt_alarm *a, uint64_t now)
{
	struct gt_alarm *row = &probe__alarms(c->probe)[slot];
	struct trigger t = { .kind = TRIGGER_WAIT,
			     .limit_ns = c->triggers->limit_ns[TRIGGER_WAIT],
			     .at_ns = now };

	t.waiter_tid = waiter_of(c, a, &t.start_ns);
	if (!t.waiter_tid || t.start_ns != a->wait_ns)
		return;
	t.ns = now - t.start_ns;
	t.holder_tid = a->since_ns ? a->holder_tid : 0;
	/* From here on the kernel tells of no other, and that this one is over. */
	row->told_ns = t.start_ns;
	row->told_tid = t.waiter_tid;
	fill(c, slot, a, &t);
	begin(c, slot, a->tgid, &t);
}

/* Is it over by its row, looked at twice (its note may be on its way), though nobody has said so? Its note was lost, or it was
 * in a light stretch and is one no more.
 */
static void check_open(struct collector *c, struct told *o, bool goes_on, const struct gt_alarm *a,
		       uint64_t now)
{
	if (!o->open || goes_on) {
		o->changed = false;
	} else if (!o->changed) {
		o->changed = true;
	} else {
		if (o->t.kind == TRIGGER_WAIT)
			probe__alarms(c->probe)[o - c->triggers->told[TRIGGER_WAIT]].told_tid = 0;
		triggers__end(c, o, a->tgid, now);
	}
}

/* Returns when there is to be a look at the latest. */
static uint64_t look_at_hold(struct collector *c, uint32_t slot, const struct gt_alarm *a,
			     uint64_t now)
{
	struct told *o = &c->triggers->told[TRIGGER_HOLD][slot];
	uint64_t limit = c->triggers->limit_ns[TRIGGER_HOLD];
	bool same = o->open && a->since_ns == o->t.start_ns;

	check_open(c, o, same, a, now);
	if (!limit || !a->since_ns || same || o->open)
		return UINT64_MAX;
	if (now < a->since_ns + limit)
		return a->since_ns + limit;
	fire_hold(c, slot, a, now);
	return UINT64_MAX;
}

static bool still_waits(struct collector *c, const struct told *o, const struct gt_alarm *a)
{
	struct gt_alarm own = *a;
	uint64_t since;

	own.waiter_tid = o->t.waiter_tid;
	return a->cond == o->t.gil && waiter_of(c, &own, &since) && since == o->t.start_ns;
}

static uint64_t look_at_wait(struct collector *c, uint32_t slot, struct gt_alarm *a, uint64_t now)
{
	struct gt_alarm *row = &probe__alarms(c->probe)[slot];
	struct told *o = &c->triggers->told[TRIGGER_WAIT][slot];
	uint64_t limit = c->triggers->limit_ns[TRIGGER_WAIT], from, longest;

	check_open(c, o, o->open && still_waits(c, o, a), a, now);
	if (!limit || !a->waiters || o->open)
		return UINT64_MAX;
	/* The one who waits longest is known by his ticks. With hours from one to the next nobody has one. */
	if (!a->waiter_tid && now - a->busy_ns >= limit && now - a->tick_ns >= TICKS_GONE_NS &&
	    probe__longest_wait(c->probe, (pid_t)a->tgid, a->cond, &a->waiter_tid, &longest)) {
		row->wait_ns = a->wait_ns = longest;
		row->waiter_tid = a->waiter_tid;
	}
	if (!a->waiter_tid)
		return UINT64_MAX;
	from = a->wait_ns > a->calm_ns ? a->wait_ns : a->calm_ns;
	if (now < from + limit)
		return from + limit;
	fire_wait(c, slot, a, now);
	return UINT64_MAX;
}

/* Of how many rows? Those that have been used: a thousand lines that nobody has in a cache take longer than all else of a look. */
static uint32_t row_cnt(struct collector *c)
{
	return c->triggers->looks++ % ALL_EVERY ? probe__alarm_top(c->probe) : GT_GILS;
}

void triggers__on_timer(struct collector *c)
{
	struct triggers *tr = c->triggers;
	const struct gt_alarm *rows = probe__alarms(c->probe);
	uint32_t cnt = row_cnt(c);
	uint64_t ticks, now, next;

	if (read(tr->timer, &ticks, sizeof(ticks)) < 0 || c->closed)
		return;
	notes__take(c); /* what is over already */
	now = now_ns();
	next = triggers__look_at_firsts(c, now);
	next = now + tr->every_ns < next ? now + tr->every_ns : next;
	for (uint32_t i = 0; i < cnt; i++) {
		struct gt_alarm a;
		uint64_t due;

		if (!rows[i].tgid || !tracked__find(c, (pid_t)rows[i].tgid))
			continue;
		a = rows[i];
		due = look_at_hold(c, i, &a, now);
		next = due < next ? due : next;
		due = look_at_wait(c, i, &a, now);
		next = due < next ? due : next;
	}
	now = now_ns();
	arm(tr, next > now + MS ? next - now : MS);
}

/* ---- what the kernel tells ---- */

void triggers__take(struct collector *c, const struct gt_alarm_note *n)
{
	struct triggers *tr = c->triggers;
	bool held = n->n.kind == GT_NOTE_HELD;
	enum trigger_kind kind = held ? TRIGGER_HOLD : TRIGGER_WAIT;
	struct told *o = tr ? &tr->told[kind][n->n.state % GT_GILS] : NULL;
	struct trigger t = { .kind = kind,
			     .over = true,
			     .at_ns = n->n.end_ns,
			     .start_ns = n->n.start_ns,
			     .ns = n->n.end_ns - n->n.start_ns,
			     .limit_ns = tr ? tr->limit_ns[kind] : 0,
			     .gil = n->n.gil };
	uint32_t own, other;

	if (!tr)
		return;
	if (o->open && o->t.gil == t.gil && o->t.start_ns == t.start_ns) {
		triggers__end(c, o, n->n.tgid, n->n.end_ns);
		return;
	}
	o = held ? triggers__find_first(tr, n->n.tgid, &t) : NULL;
	if (o) {
		triggers__end(c, o, n->n.tgid, n->n.end_ns);
		return;
	}
	if (!tracked__find(c, (pid_t)n->n.tgid)) {
		tr->untold_cnt++;
		return;
	}
	own = stack_of_hash(c, n->n.tgid, n->stack);
	other = stack_of_hash(c, n->n.tgid, n->other_stack);
	t.holder_tid = held ? n->n.tid : n->other_tid;
	t.waiter_tid = held ? n->other_tid : n->n.tid;
	t.holder_stack = held ? own : other;
	t.waiter_stack = held ? other : own;
	t.waiter_cnt = n->waiters + !held;
	begin(c, n->n.state % GT_GILS, n->n.tgid, &t);
}

void triggers__end_process(struct collector *c, uint32_t pid, uint64_t end_ns)
{
	const struct gt_alarm *rows;

	if (!c->triggers)
		return;
	triggers__end_firsts(c, pid, end_ns);
	rows = probe__alarms(c->probe);
	for (uint32_t i = 0; i < GT_GILS; i++) {
		if (rows[i].tgid != pid)
			continue;
		c->triggers->untold_cnt += rows[i].more; /* the row is another's soon */
		for (int k = TRIGGER_WAIT; k <= TRIGGER_HOLD; k++)
			if (c->triggers->told[k][i].open)
				triggers__end(c, &c->triggers->told[k][i], pid, end_ns);
	}
}
