/* SPDX-License-Identifier: BSD-2-Clause */
/* random_schedule.h - processes, GILs and threads that do what is possible, at random, from a seed
 *
 * Threads wait, tick, acquire, release, yield, end in every state; processes end or run another program;
 * tids come again; readings are made. All of it may come between any two steps of a handler that runs,
 * except what gil->mutex forbids. Whoever includes this defines check_all(), which is called when nothing
 * runs.
 */
#ifndef GILTOP_TEST_RANDOM_SCHEDULE_H
#define GILTOP_TEST_RANDOM_SCHEDULE_H

#include "tests/unit/model_feed.h"

#define STEPS	    130
#define PROCS	    3
#define ALIVE_MAX   8
#define THREADS_MAX 60
#define FIRST_TID   1000u

/* Sums of threads at one GIL that are no longer in the maps. */
struct tally {
	uint64_t time_ns[GT_STATE_CNT];
	uint64_t blame_ns, acquisitions, releases, yields;
};

struct sim {
	struct machine k;
	struct model *m;
	uint64_t x, now;
	unsigned int interrupt; /* one in so many scheduling points; 0: none */
	uint64_t longest_ns;	/* between two steps */
	uint32_t next_tid;
	bool clock;   /* a clock's interrupt is under way */
	bool reading; /* a cut has been announced and not been read yet */
	bool deaths, dying[PROCS], over[PROCS];
	struct tally gone[MAX_G];
	struct tally seen[MAX_G]; /* what was done: counts alone */
	bool may_yield[MAX_T], seeded[MAX_T];
	/* Processes whose books are exact and light by turns; are ACQUIRE and RELEASE probed? Else always. */
	bool has_modes, links[PROCS];
	struct gt_modes modes[PROCS];
	/* What was done: waits that ended, and when each waiter began. */
	uint64_t waited_ns, contended, yields, wait_since[MAX_T];
	uint64_t unseen;  /* acquisitions in light stretches */
	struct sums last; /* at the last mark, which an interval adds to */
};

static void check_all(struct sim *s);
static void seed_holders(struct sim *s);

static uint64_t rnd(struct sim *s, uint64_t below)
{
	s->x ^= s->x << 13;
	s->x ^= s->x >> 7;
	s->x ^= s->x << 17;
	return (s->x * 2685821657736338717ull >> 20) % below;
}

static size_t gil_idx(const struct sim *s, uint32_t tgid, uint64_t cond)
{
	for (size_t i = 0; i < s->k.gil_cnt; i++)
		if (s->k.gils[i].tgid == tgid && s->k.gils[i].cond == cond)
			return i;
	fail();
	return 0;
}

static size_t idx_of(const struct sim *s, const struct fake_thread *t)
{
	return (size_t)(t - s->k.threads);
}

static size_t proc_of(const struct fake_thread *t)
{
	return t->tgid / 100 - 1;
}

/* ---- steps ---- */

/* Of all lengths: the next event may come at once or after a long wait. */
static void time_passes(struct sim *s)
{
	s->now += rnd(s, 4) ? rnd(s, 1 + rnd(s, 1 + s->longest_ns)) : 0;
}

static struct fake_thread *any_thread(struct sim *s, bool busy_too)
{
	size_t from = rnd(s, s->k.thread_cnt);

	for (size_t i = 0; i < s->k.thread_cnt; i++) {
		struct fake_thread *t = &s->k.threads[(from + i) % s->k.thread_cnt];

		if (!t->dead && (busy_too || !t->busy))
			return t;
	}
	return NULL;
}

static void take_out(void *ctx, const struct total_thread *th)
{
	struct sim *s = ctx;
	struct tally *g = &s->gone[gil_idx(s, th->rec.tgid, th->key.cond)];

	for (int i = 0; i < GT_STATE_CNT; i++)
		g->time_ns[i] += th->rec.sums.time_ns[i];
	g->blame_ns += th->rec.sums.blame_ns;
	g->acquisitions += th->rec.sums.acquisitions;
	g->releases += th->rec.sums.releases;
	g->yields += th->rec.sums.yields;
}

/* Who waits stands still; who holds runs, and what a waiter sees of it may be torn. */
static void look_around(struct sim *s, struct fake_thread *t)
{
	struct fake_thread *holder = find_thread(&s->k, t->gil->holder);

	if (t->state != GT_WAIT)
		t->stack = rnd(s, 4) ? 1000 + (uint32_t)rnd(s, 5) : 0;
	t->paged_out = false;
	s->k.task.sleeps = !rnd(s, 3);
	if (holder &&
	    holder !=
		    t) /* (whom user space sees holding, and nobody else, could not be told of any more) */
		holder->paged_out = !rnd(s, 8) && !s->has_modes;
}

/* When an event of now is booked: a cut that is announced, and should have been published, is not passed yet. */
static uint64_t booked_at(const struct sim *s)
{
	uint64_t at = cut_next & ~GT_CUT_SIDE;

	return cut != cut_next && s->now >= at ? at - 1 : s->now;
}

static void gets(struct sim *s, struct fake_thread *t)
{
	bool waited = t->state == GT_WAIT;

	if (waited && s->has_modes)
		looks_after(&s->k, t->tid, s->now);
	if (waited) {
		s->waited_ns += booked_at(s) - s->wait_since[idx_of(s, t)];
		s->contended++;
	}
	if (s->has_modes && !s->links[proc_of(t)]) {
		acquires_unseen(&s->k, t->tid);
		s->unseen++;
		return;
	}
	s->seen[t->gil - s->k.gils].acquisitions++;
	acquires(&s->k, t->tid, s->now);
}

static void lets_go(struct sim *s, struct fake_thread *t)
{
	if (s->has_modes && !s->links[proc_of(t)]) {
		releases_unseen(&s->k, t->tid);
		return;
	}
	s->seen[t->gil - s->k.gils].releases++;
	releases(&s->k, t->tid, s->now);
}

static void begins_to_wait(struct sim *s, struct fake_thread *t)
{
	if (t->state != GT_WAIT)
		s->wait_since[idx_of(s, t)] = booked_at(s);
	waits(&s->k, t->tid, s->now);
}

static void step_released(struct sim *s, struct fake_thread *t)
{
	size_t i = idx_of(s, t), other = rnd(s, s->k.gil_cnt);

	if (s->may_yield[i] && rnd(s, 8)) {
		s->may_yield[i] = false;
		s->seen[t->gil - s->k.gils].yields++;
		s->yields++;
		yields(&s->k, t->tid, s->now);
		return;
	}
	s->may_yield[i] = false;
	if (!rnd(s, 8) && s->k.gils[other].tgid == t->tgid)
		t->gil = &s->k.gils[other];
	if (t->gil->busy || !rnd(s, 4))
		return;
	if (t->gil->holder) {
		begins_to_wait(s, t);
	} else {
		gets(s, t);
	}
}

static void step_thread(struct sim *s, struct fake_thread *t)
{
	look_around(s, t);
	if (t->state == GT_RELEASED) {
		step_released(s, t);
	} else if (t->state == GT_YIELD) {
		ends_yield(&s->k, t->tid, s->now);
	} else if (t->gil->busy) {
		return;
	} else if (t->state == GT_HOLD) {
		s->may_yield[idx_of(s, t)] = rnd(s, 2);
		lets_go(s, t);
	} else if (t->gil->holder) {
		begins_to_wait(s, t);
	} else {
		gets(s, t);
	}
}

static size_t alive(const struct sim *s, uint32_t tgid)
{
	size_t n = 0;

	for (size_t i = 0; i < s->k.thread_cnt; i++)
		n += !s->k.threads[i].dead && (!tgid || s->k.threads[i].tgid == tgid);
	return n;
}

/* While it holds only with its whole process. (Not in the last reading of a process: who was read alive and
 * is then folded away by the kernel is there twice, until the next reading.)
 */
static void step_death(struct sim *s, struct fake_thread *t)
{
	size_t p = proc_of(t);

	if (s->reading && s->dying[p])
		return;
	if (!s->deaths || (!s->dying[p] && (t->state == GT_HOLD || alive(s, t->tgid) < 2)))
		return;
	dies(&s->k, t->tid, s->now);
}

static struct fake_gil *any_gil(struct sim *s)
{
	size_t from = rnd(s, s->k.gil_cnt);

	for (size_t i = 0; i < s->k.gil_cnt; i++) {
		struct fake_gil *g = &s->k.gils[(from + i) % s->k.gil_cnt];

		if (!s->dying[g->tgid / 100 - 1] && !s->over[g->tgid / 100 - 1])
			return g;
	}
	return NULL;
}

/* Is there a record of another thread that had this tid? needed: one with something open, that only its
 * own process's GIL can close.
 */
static bool has_predecessor(uint32_t tid, uint32_t tgid, bool needed)
{
	bool found = false;
	char *keys;
	uint32_t n = shim__keys(SHIM_MAP(&threads), &keys);

	for (uint32_t i = 0; i < n; i++) {
		const struct gt_thread_key *key = (void *)(keys + i * sizeof(*key));
		const struct gt_thread *t = shim__find(SHIM_MAP(&threads), key);

		if (key->tid == tid && t->flags & GT_F_EXITED)
			found |= !needed || t->state == GT_HOLD ||
				 (t->state == GT_WAIT && t->tgid != tgid);
	}
	free(keys);
	return found;
}

/* A new thread, in some cases with the tid of one that has ended. */
static void step_birth(struct sim *s, bool reuse)
{
	struct fake_gil *g = any_gil(s);

	if (!g || alive(s, 0) >= ALIVE_MAX)
		return;
	for (size_t i = 0; i < s->k.thread_cnt && reuse; i++) {
		struct fake_thread *t = &s->k.threads[i];

		if (!t->dead || t->busy || t->tid < FIRST_TID ||
		    has_predecessor(t->tid, g->tgid, true))
			continue;
		*t = (struct fake_thread){ .tid = t->tid, .tgid = g->tgid, .gil = g };
		s->may_yield[i] = false;
		return;
	}
	if (s->k.thread_cnt < THREADS_MAX)
		add_thread(&s->k, s->next_tid++, g);
}

static void read_cut(struct sim *s, bool last)
{
	feed_cut(s->m, &s->k, s->now, last);
	s->reading = false;
}

static void put_modes(struct sim *s, size_t p)
{
	uint32_t tgid = (uint32_t)(p + 1) * 100;

	shim__update(SHIM_MAP(&modes), &tgid, &s->modes[p], BPF_ANY);
}

static void say_modes(struct sim *s, size_t p, uint64_t at)
{
	struct record r = { .kind = REC_MODE, .pid = (uint32_t)(p + 1) * 100 };

	r.mode.at_ns = at;
	r.mode.light = !s->modes[p].exact;
	say(s->m, &r);
}

/* Who has held since before the books and has shown no event could not be told of any more: such a process stays exact. */
static bool has_unseen_holder(const struct sim *s, size_t p)
{
	for (size_t i = 0; i < s->k.gil_cnt; i++) {
		struct gt_gil_key key = { .cond = s->k.gils[i].cond, .tgid = s->k.gils[i].tgid };

		if (key.tgid == (p + 1) * 100 && s->k.gils[i].holder &&
		    !shim__find(SHIM_MAP(&gil_slots), &key))
			return true;
	}
	return false;
}

/* At this cut, which has been announced, books of some processes become light. */
static void lighten_some(struct sim *s, uint64_t at)
{
	for (size_t p = 0; p < PROCS; p++) {
		if (!s->modes[p].exact || s->modes[p].cnt == GT_MODE_STEPS || rnd(s, 4) ||
		    has_unseen_holder(s, p))
			continue;
		s->modes[p].light_ns[s->modes[p].cnt++] = at;
		s->modes[p].exact = s->modes[p].from_start = 0;
		put_modes(s, p);
		say_modes(s, p, at);
	}
}

/* Probes are taken away, after the reading; or put in place, and books may become exact from then on. */
static void step_links(struct sim *s)
{
	size_t p = rnd(s, PROCS);

	if (!s->links[p]) {
		s->links[p] = true;
	} else if (!s->modes[p].exact && rnd(s, 2)) {
		if (s->now <= (cut & ~GT_CUT_SIDE)) /* they come milliseconds apart */
			return;
		s->modes[p].exact = 1;
		put_modes(s, p);
		say_modes(s, p, s->now);
	} else if (!s->modes[p].exact && !s->reading) {
		s->links[p] = false;
	}
}

/* As at each refresh: who holds is looked at, then the books are wanted of a moment that comes soon. */
static void want_reading(struct sim *s, uint64_t at)
{
	seed_holders(s);
	s->reading = true;
	announce_cut(at);
	if (s->has_modes)
		lighten_some(s, at);
}

static void publish_late(void)
{
	if (cut != cut_next)
		publish_announced();
}

/* The books as they are now. */
static void read_now(struct sim *s, bool last)
{
	if (s->reading) {
		publish_late();
		if (s->now < (cut & ~GT_CUT_SIDE))
			s->now = cut & ~GT_CUT_SIDE;
		read_cut(s, false);
	}
	if (s->now == (cut & ~GT_CUT_SIDE)) /* no two cuts are of one moment */
		s->now++;
	want_reading(s, s->now);
	publish_late();
	read_cut(s, last);
}

/* A reading, whatever runs now; it is made after that, when no handler from
 * before is under way (a reader waits for those). Not with a tid that comes round at this very moment.
 */
static void step_reading(struct sim *s, bool interrupting)
{
	bool met = s->reading;

	if (s->reading && cut != cut_next) {
		publish_announced();
		return;
	}
	if (s->reading && !interrupting && s->now >= (cut & ~GT_CUT_SIDE)) {
		read_cut(s, false);
		return;
	}
	for (size_t i = 0; i < s->k.thread_cnt; i++) {
		const struct fake_thread *t = &s->k.threads[i];

		met |= t->busy && !t->dead && has_predecessor(t->tid, t->tgid, false);
	}
	if (met)
		return;
	want_reading(s, s->now + 1 + rnd(s, 300));
}

/* The clock's interrupt comes in a handler, too. */
static void step_clock(struct sim *s, struct fake_thread *t)
{
	bool busy = t->busy;

	if (s->clock) /* each CPU has a place of its own to walk in, and here they would share it */
		return;
	runs(&s->k, t, s->now);
	t->busy = s->clock = true;
	on_clock(0x401000 + 16 * rnd(s, 3));
	t->busy = busy;
	s->clock = false;
}

static void step(struct sim *s, bool interrupting)
{
	struct fake_thread *t = any_thread(s, false), *on_cpu = any_thread(s, true);

	switch (rnd(s, 24)) {
	case 0:
	case 4: step_reading(s, interrupting); break;
	case 1: step_birth(s, !interrupting && rnd(s, 2)); break;
	case 2:
		if (t)
			step_death(s, t);
		break;
	case 3:
		if (on_cpu)
			step_clock(s, on_cpu);
		break;
	case 5:
		if (s->has_modes) {
			step_links(s);
			break;
		}
		/* fall through */
	default:
		/* A tid does not come round within a reading: that takes a full turn of them. */
		if (t && !(s->reading && has_predecessor(t->tid, t->tgid, false)))
			step_thread(s, t);
	}
}

/* Another CPU comes in between. The interrupted one goes on later, or sees a clock that lags a little. */
static uint64_t interrupt(void *ctx, uint64_t cnt)
{
	struct sim *s = ctx;
	uint64_t before = s->now, passed;

	(void)cnt;
	if (rnd(s, s->interrupt))
		return 0;
	s->now += rnd(s, 60);
	step(s, true);
	passed = s->now - before;
	return passed > 20 && !rnd(s, 4) ? passed - rnd(s, 20) : passed;
}

#endif
