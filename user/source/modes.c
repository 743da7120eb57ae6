/* SPDX-License-Identifier: BSD-2-Clause */
#include "user/source/modes.h"

#include <errno.h>
#include <stdlib.h>
#include <sys/timerfd.h>
#include <unistd.h>

#include "user/base/log.h"
#include "user/base/proc.h"
#include "user/base/util.h"
#include "user/probe/probe.h"
#include "user/python/process.h"
#include "user/source/collector_impl.h"
#include "user/source/lock_looks.h"

#define LOOK_AGAIN_NS 200000000ull
/* Of processes that share their file's probes: who has made room for another tries again after this; who is to have it
 * made waits so much more; between two that are tried.
 */
#define TRY_AGAIN_NS  10000000000ull
#define MAKES_ROOM_NS 10000000ull
#define WAITED_OVER   16 /* readings, about */
#define TRIES_NS      2000000000ull
#define TRIES_FEW_NS  50000000ull /* where there are no more than may be exact at once */

static int say(struct tracked *t, struct collector *c, uint64_t at_ns)
{
	struct record r = { .kind = REC_MODE, .pid = (uint32_t)t->target.pid };

	r.mode.at_ns = at_ns;
	r.mode.light = t->modes.is_light;
	r.mode.is_auto = t->modes.is_auto;
	return sinks__send(c->source.sinks, &r);
}

void modes__arm(struct collector *c)
{
	struct itimerspec its = { 0 };
	uint64_t next = 0;

	for (size_t i = 0; i < c->live_cnt; i++) {
		uint64_t due = c->live[i].modes.next_ns;

		if (due && (!next || due < next))
			next = due;
	}
	its.it_value.tv_sec = (time_t)(next / 1000000000u);
	its.it_value.tv_nsec = (long)(next % 1000000000u);
	timerfd_settime(c->mode_timer, TFD_TIMER_ABSTIME, &its, NULL);
}

void modes__know_thread(const struct tracked *t, struct collector *c, uint32_t tid)
{
	if (t->modes.inner_tids)
		probe__set_inner_tid(c->probe, t->target.pid,
				     proc__own_tid(t->target.pid, (pid_t)tid), tid);
}

void modes__find_tids(struct tracked *t, struct collector *c, struct py_layout *layout)
{
	__cleanup(freep) uint32_t *tids = NULL;
	ssize_t n;

	py_process__find_tid(t->py, layout);
	t->modes.tids_known = layout->tstate_tid != 0;
	t->modes.inner_tids = layout->tstate_tid & PY_TID_INNER;
	n = t->modes.inner_tids ? proc__tids(t->target.pid, &tids) : 0;
	for (ssize_t i = 0; i < n; i++)
		modes__know_thread(t, c, tids[i]);
}

void modes__find_tids_late(struct tracked *t, struct collector *c)
{
	struct py_layout layout = { .walk = PY_WALK_NONE };

	if (t->start == PROBE_ALWAYS_EXACT || t->modes.tids_known)
		return;
	modes__find_tids(t, c, &layout);
	if (t->modes.tids_known)
		probe__set_tid_layout(c->probe, t->target.pid, &layout);
}

int modes__start(struct tracked *t, struct collector *c)
{
	struct modes *m = &t->modes;
	uint64_t now = now_ns();

	m->is_light = t->start == PROBE_ALWAYS_LIGHT || t->start == PROBE_LIGHT_FIRST;
	m->is_auto = t->start == PROBE_EXACT_FIRST || t->start == PROBE_LIGHT_FIRST;
	m->told = (struct gt_modes){ .exact = !m->is_light, .from_start = !m->is_light };
	if (m->is_light)
		lock_looks__start(c, t);
	if (m->is_auto)
		m->next_ns = (m->is_light ? mode_choice__init_light : mode_choice__init)(
			&m->choice, now, probe__price_ns(c->probe),
			(uint64_t)(c->opts.max_overhead_pct * 10000 + 0.5),
			probe__tier(c->probe) == PROBE_TIER_PERF);
	return say(t, c, now);
}

/* The holder of a GIL that has shown no event has no record that a step could keep. */
static bool has_first_holders(const struct tracked *t, struct collector *c)
{
	for (size_t i = 0; i < t->held_cnt; i++)
		if (!probe__knows_gil(c->probe, t->target.pid, t->held[i]))
			return true;
	return false;
}

static void go_light(struct tracked *t, struct collector *c)
{
	if (has_first_holders(t, c)) {
		mode_choice__stays(&t->modes.choice, now_ns());
		t->modes.next_ns = now_ns() + LOOK_AGAIN_NS;
		return;
	}
	modes__find_tids_late(t, c);
	t->modes.wanted_light = true;
}

bool modes__has_own_exact(const struct tracked *t)
{
	return t->modes.is_auto && !t->modes.is_light;
}

/* Of the processes of a file few can be exact: is there room for this one? If it waits far more than one of those, that
 * one makes it.
 */
static bool has_room(const struct tracked *t, struct collector *c)
{
	struct tracked *least = NULL;

	if (!t->file || shared__has_room(c, t->file))
		return true;
	for (size_t i = 0; i < c->live_cnt; i++) {
		struct tracked *o = &c->live[i];

		if (o->file == t->file && modes__has_own_exact(o) &&
		    (!least || o->modes.waited_ns < least->modes.waited_ns))
			least = o;
	}
	if (!least || least->modes.wanted_light ||
	    t->modes.waited_ns < 2 * least->modes.waited_ns + MAKES_ROOM_NS)
		return false;
	least->modes.choice.light = true; /* as if it had been found out by itself */
	least->modes.choice.step_ns = now_ns();
	least->modes.next_ns = least->modes.choice.step_ns + TRY_AGAIN_NS;
	go_light(least, c);
	return false;
}

/* One after the other, those that wait most first. */
static bool is_its_turn(const struct tracked *t, const struct collector *c, uint64_t now)
{
	if (t->file && now < c->try_exact_ns)
		return false;
	for (size_t i = 0; t->file && i < c->live_cnt; i++) {
		const struct tracked *o = &c->live[i];

		if (o->file == t->file && o->modes.is_light && o->modes.next_ns &&
		    o->modes.next_ns < now + LOOK_AGAIN_NS &&
		    o->modes.waited_ns > t->modes.waited_ns)
			return false;
	}
	return true;
}

static void go_exact(struct tracked *t, struct collector *c)
{
	struct modes *m = &t->modes;
	uint64_t now = now_ns();
	int err = -EAGAIN;

	if (is_its_turn(t, c, now) && has_room(t, c) && probe__exact_is_gone(c->probe, t->att)) {
		err = probe__add_exact(c->probe, t->att);
		now = now_ns();
		if (t->file)
			c->try_exact_ns =
				now + (c->live_cnt > SHARED_EXACT_MAX ? TRIES_NS : TRIES_FEW_NS);
	}

	if (!err) {
		m->told.exact = 1;
		err = probe__set_modes(c->probe, t->target.pid, &m->told);
	}
	if (err == -EAGAIN) {
		mode_choice__again(&m->choice, now);
		m->next_ns = now + LOOK_AGAIN_NS;
		return;
	}
	if (err) {
		pr_verb("pid %d: it stays light: %s\n", t->target.pid, errstr(err));
		m->told.exact = 0;
		mode_choice__stays(&m->choice, now);
		m->next_ns = now + LOOK_AGAIN_NS;
		return;
	}
	m->is_light = false;
	m->hits = probe__exact_hits(c->probe, t->target.pid);
	m->choice.last_ns = m->choice.step_ns = now; /* what attaching took is no time of it */
	m->next_ns = now + mode_choice__peek_ns();
	lock_looks__stop(c, t);
	pr_verb("pid %d: exact\n", t->target.pid);
	say(t, c, now);
}

static void look(struct tracked *t, struct collector *c, uint64_t now)
{
	struct modes *m = &t->modes;
	uint64_t hits = m->is_light ? m->hits : probe__exact_hits(c->probe, t->target.pid);
	enum mode_step step = mode_choice__look(&m->choice, now,
						hits > m->hits ? hits - m->hits : 0, &m->next_ns);

	m->hits = hits;
	if (step == MODE_TO_LIGHT)
		go_light(t, c);
	else if (step == MODE_TO_EXACT)
		go_exact(t, c);
}

bool modes__on_timer(struct collector *c)
{
	uint64_t ticks, now = now_ns();
	bool light = false;

	if (read(c->mode_timer, &ticks, sizeof(ticks)) < 0)
		return false;
	for (size_t i = 0; i < c->live_cnt; i++) {
		struct tracked *t = &c->live[i];

		if (t->modes.next_ns && t->modes.next_ns <= now)
			look(t, c, now);
		light |= t->modes.wanted_light;
	}
	modes__arm(c);
	return light;
}

void modes__before_read(struct collector *c)
{
	for (size_t i = 0; i < c->live_cnt; i++) {
		struct tracked *t = &c->live[i];

		if (!t->modes.wanted_light || c->closed)
			continue;
		modes__prune(&t->modes.told, &c->totals, (uint32_t)t->target.pid);
		t->modes.wanted_light = t->modes.told.cnt < GT_MODE_STEPS &&
					!probe__lighten(c->probe, t->target.pid, &t->modes.told);
	}
}

/* What is new in the waits of each. One reading alone says little: they may be 100 ms apart. */
static void count_waits(struct collector *c)
{
	for (size_t i = 0; i < c->totals.gil_cnt; i++) {
		const struct gt_gil *rec = &c->totals.gils[i].rec;
		struct tracked *t = tracked__find(c, (pid_t)rec->key.tgid);

		if (!t)
			continue;
		t->modes.added_ns += rec->wait_ns;
		if (rec->event_ns > t->modes.event_ns)
			t->modes.event_ns = rec->event_ns;
	}
	for (size_t i = 0; i < c->live_cnt; i++) {
		struct modes *m = &c->live[i].modes;

		m->waited_ns -= m->waited_ns / WAITED_OVER;
		m->waited_ns += m->added_ns > m->wait_ns ? m->added_ns - m->wait_ns : 0;
		m->wait_ns = m->added_ns;
		m->added_ns = 0;
	}
}

void modes__after_read(struct collector *c)
{
	count_waits(c);
	for (size_t i = 0; i < c->live_cnt; i++) {
		struct tracked *t = &c->live[i];

		if (!t->modes.wanted_light || c->closed)
			continue;
		t->modes.wanted_light = false;
		t->modes.is_light = true;
		probe__drop_exact(c->probe, t->att);
		lock_looks__start(c, t);
		pr_verb("pid %d: light\n", t->target.pid);
		say(t, c, c->totals.now_ns);
	}
}

/* Is this step the first one after since? Then a record that is as it was then has yet to take it. */
static bool is_first_after(const struct gt_modes *m, size_t i, uint64_t since)
{
	return since && since <= m->light_ns[i] && (!i || since > m->light_ns[i - 1]);
}

static bool is_needed(const struct gt_modes *m, size_t i, const struct totals *all, uint32_t tgid)
{
	for (size_t k = 0; k < all->gil_cnt; k++)
		if (all->gils[k].key.tgid == tgid &&
		    is_first_after(m, i, all->gils[k].exact_since_ns))
			return true;
	for (size_t k = 0; k < all->thread_cnt; k++)
		if (all->threads[k].rec.tgid == tgid &&
		    is_first_after(m, i, all->threads[k].hold_since_ns))
			return true;
	return false;
}

void modes__prune(struct gt_modes *m, const struct totals *all, uint32_t tgid)
{
	uint32_t kept = 0;

	if (m->cnt < GT_MODE_STEPS / 2)
		return;
	for (uint32_t i = 0; i < m->cnt; i++)
		if (i + 1 == m->cnt || is_needed(m, i, all, tgid))
			m->light_ns[kept++] = m->light_ns[i];
	m->cnt = kept;
}
