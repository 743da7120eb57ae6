/* SPDX-License-Identifier: BSD-2-Clause */
#include "user/source/lock_looks.h"

#include <stdlib.h>
#include <sys/timerfd.h>
#include <sys/uio.h>
#include <unistd.h>

#include "user/base/budgets.h"
#include "user/base/util.h"
#include "user/source/collector_impl.h"

/* 97 times a second on average, out of step with whatever has a round rate. */
#define LOOK_NS	  10309278
#define JITTER_NS 4000000

static void set_timer(struct collector *c, uint64_t in_ns)
{
	struct itimerspec its = { .it_value = { .tv_nsec = (long)in_ns } };

	timerfd_settime(c->look_timer, 0, &its, NULL);
}

void lock_looks__arm(struct collector *c)
{
	bool light = false;

	for (size_t i = 0; i < c->live_cnt; i++)
		light |= c->live[i].modes.is_light;
	if (light != c->looking)
		set_timer(c, light ? LOOK_NS : 0);
	c->looking = light;
}

/* The tally of a GIL; NULL: no memory. */
static struct lock_look *look_of(struct tracked *t, uint64_t cond)
{
	struct lock_looks *l = &t->lock_looks;

	for (size_t i = 0; i < l->cnt; i++)
		if (l->v[i].cond == cond)
			return &l->v[i];
	if (l->cnt >= BUDGET_LOOKED_GILS || array_grow(&l->v, l->cnt, &l->cap, sizeof(*l->v)))
		return NULL;
	l->v[l->cnt] = (struct lock_look){ .cond = cond };
	return &l->v[l->cnt++];
}

/* gil->locked; < 0: it is not there, or not yet. */
static int read_locked(pid_t pid, uint64_t cond)
{
	int32_t locked = -1;
	struct iovec to = { &locked, sizeof(locked) };
	struct iovec from = { (void *)(uintptr_t)(cond + GT_COND_TO_LOCKED), sizeof(locked) };

	if (process_vm_readv(pid, &to, 1, &from, 1, 0) != (ssize_t)sizeof(locked))
		return -1;
	return locked == 0 || locked == 1 ? locked : -1;
}

/* The GILs that the last reading had, from where the last look left off, as many as a look may cost. */
static void look(struct collector *c)
{
	const struct totals *all = &c->totals;
	size_t left = BUDGET_LOCK_LOOKS;

	for (size_t i = 0; i < all->gil_cnt && left; i++) {
		size_t at = (c->look_gil + i) % all->gil_cnt;
		const struct gt_gil_key *key = &all->gils[at].key;
		struct tracked *t = tracked__find(c, (pid_t)key->tgid);
		struct lock_look *l;
		int locked;

		if (!t || !t->modes.is_light)
			continue;
		l = look_of(t, key->cond);
		locked = l ? read_locked(t->target.pid, key->cond) : -1;
		left--;
		if (locked < 0)
			continue;
		l->cnt++;
		l->locked_cnt += (uint64_t)locked;
		c->look_gil = at + 1;
	}
}

void lock_looks__on_timer(struct collector *c)
{
	uint64_t ticks;

	if (read(c->look_timer, &ticks, sizeof(ticks)) < 0 || !c->looking)
		return;
	look(c);
	set_timer(c, LOOK_NS - JITTER_NS / 2 + now_ns() / 64 % JITTER_NS);
}

void lock_looks__send(struct collector *c)
{
	for (size_t i = 0; i < c->live_cnt; i++) {
		struct tracked *t = &c->live[i];

		for (size_t k = 0; k < t->lock_looks.cnt; k++) {
			struct lock_look *l = &t->lock_looks.v[k];
			struct record r = { .kind = REC_LOOKS,
					    .pid = (uint32_t)t->target.pid,
					    .looks = { l->cond, l->cnt, l->locked_cnt } };

			if (l->cnt)
				sinks__send(c->source.sinks, &r);
			l->cnt = l->locked_cnt = 0;
		}
	}
}
