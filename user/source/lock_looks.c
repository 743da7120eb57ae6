/* SPDX-License-Identifier: BSD-2-Clause */
/* lock_looks.c - how much of the time is a GIL held, where its releases are not probed?
 *
 * A timer looks at gil->locked in the target's memory, and the share of looks that find it set is the estimate. The
 * timer is in no step with anything: each time it waits between half and one and a half of its mean. It runs only while
 * there is something to look at. Where holds are microseconds it is biased low: on busy CPUs giltop gets its turn when the
 * target gives one up, and that is after a release.
 *
 * There is no worker between (user/base/worker.c), which would cost more than the look. What could block is a page that is
 * not there, so the kernel is asked for that first, which does not fetch it. A target that puts a page that never comes
 * there just between the two could still have giltop wait: that costs nobody but giltop, and SIGKILL ends it.
 */
#include "user/source/lock_looks.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/timerfd.h>
#include <sys/uio.h>
#include <unistd.h>

#include "user/base/budgets.h"
#include "user/base/util.h"
#include "user/source/collector_impl.h"

#define LOOK_MEAN_NS 10309278ull /* 97 times a second */

#define PAGEMAP_PRESENT (1ull << 63)

void lock_looks__begin(struct tracked *t)
{
	for (size_t i = 0; i < t->looks.cnt; i++)
		t->looks.v[i].gone = true;
}

void lock_looks__know(struct tracked *t, uint64_t cond)
{
	struct lock_watch *w = &t->looks;
	struct lock_look *room = NULL;

	for (size_t i = 0; i < w->cnt; i++) {
		if (w->v[i].gone && !w->v[i].cnt)
			room = &w->v[i];
		if (w->v[i].cond != cond)
			continue;
		w->v[i].gone = false;
		return;
	}
	/* An address that cannot be one is not read, so that what is read lies in one page. */
	if (cond % 8)
		return;
	if (!room && w->cnt < BUDGET_LOOKED_GILS &&
	    !array_grow(&w->v, w->cnt, &w->cap, sizeof(*w->v)))
		room = &w->v[w->cnt++];
	if (room)
		*room = (struct lock_look){ .cond = cond };
}

/* xorshift: what is asked of it is only to be in no step with the target. */
static uint64_t next_random(struct lock_looks *l)
{
	l->random ^= l->random << 13;
	l->random ^= l->random >> 7;
	l->random ^= l->random << 17;
	return l->random;
}

static void arm(struct lock_looks *l)
{
	uint64_t ns = LOOK_MEAN_NS / 2 + next_random(l) % LOOK_MEAN_NS;
	struct itimerspec it = { .it_value.tv_nsec = (long)ns };

	timerfd_settime(l->timer, 0, &it, NULL);
}

static bool make_timer(struct collector *c)
{
	struct lock_looks *l = &c->looks;

	if (l->has_timer)
		return true;
	l->timer = timerfd_create(CLOCK_MONOTONIC, TFD_CLOEXEC | TFD_NONBLOCK);
	if (l->timer < 0)
		return false;
	if (collector__watch(c, l->timer, ID_LOOKS)) {
		closep(&l->timer);
		return false;
	}
	l->random = now_ns() | 1;
	l->has_timer = true;
	return true;
}

void lock_looks__start(struct collector *c, struct tracked *t)
{
	char path[48];

	if (t->looks.on || !make_timer(c))
		return;
	snprintf(path, sizeof(path), "/proc/%d/pagemap", t->target.pid);
	t->looks.pagemap = open(path, O_RDONLY | O_CLOEXEC);
	t->looks.on = true;
	arm(&c->looks);
}

void lock_looks__stop(struct collector *c, struct tracked *t)
{
	(void)c; /* with none left the timer is not armed again */
	if (!t->looks.on)
		return;
	t->looks.on = false;
	closep(&t->looks.pagemap);
}

/* Is it in memory? The file is of the program that ran as it was opened, and empty once that is over: so the pid is still
 * its own.
 */
static bool is_present(int pagemap, uint64_t addr)
{
	uint64_t page = (uint64_t)sysconf(_SC_PAGESIZE), entry;

	return pread(pagemap, &entry, sizeof(entry), (off_t)(addr / page * sizeof(entry))) ==
		       sizeof(entry) &&
	       entry & PAGEMAP_PRESENT;
}

static void look_at(const struct tracked *t, struct lock_look *k)
{
	uint64_t addr = k->cond + (uint64_t)(int64_t)GT_COND_TO_LOCKED;
	int locked = -1;
	struct iovec own = { &locked, sizeof(locked) };
	struct iovec its = { (void *)(uintptr_t)addr, sizeof(locked) }; /* NOLINT: not ours */

	if (!is_present(t->looks.pagemap, addr) ||
	    process_vm_readv(t->target.pid, &own, 1, &its, 1, 0) != sizeof(locked))
		return;
	/* -1: there is no GIL (yet). */
	if (locked != 0 && locked != 1)
		return;
	k->cnt++;
	k->locked_cnt += (uint64_t)locked;
}

static size_t all_cnt(const struct collector *c)
{
	size_t cnt = 0;

	for (size_t i = 0; i < c->live_cnt; i++)
		if (c->live[i].looks.on)
			cnt += c->live[i].looks.cnt;
	return cnt;
}

/* The n-th of those that are looked at. */
static struct lock_look *nth(struct collector *c, size_t n, struct tracked **ret)
{
	for (size_t i = 0; i < c->live_cnt; i++) {
		struct lock_watch *w = &c->live[i].looks;

		*ret = &c->live[i];
		if (w->on && n < w->cnt)
			return &w->v[n];
		n -= w->on ? w->cnt : 0;
	}
	return NULL;
}

static bool any_on(const struct collector *c)
{
	for (size_t i = 0; i < c->live_cnt; i++)
		if (c->live[i].looks.on)
			return true;
	return false;
}

void lock_looks__on_timer(struct collector *c)
{
	size_t all = all_cnt(c), cnt = all < BUDGET_LOOKS ? all : BUDGET_LOOKS;
	uint64_t ticks;

	if (!c->looks.has_timer || read(c->looks.timer, &ticks, sizeof(ticks)) < 0)
		return;
	for (size_t i = 0; i < cnt; i++) {
		struct tracked *t = NULL;
		struct lock_look *k = nth(c, c->looks.next++ % all, &t);

		if (k && !k->gone)
			look_at(t, k);
	}
	if (any_on(c))
		arm(&c->looks);
}

int lock_looks__send(struct collector *c)
{
	int err = 0;

	for (size_t i = 0; i < c->live_cnt; i++) {
		const struct tracked *t = &c->live[i];

		for (size_t k = 0; k < t->looks.cnt && !err; k++) {
			struct lock_look *l = &t->looks.v[k];
			struct record r = { REC_LOOKS, (uint32_t)t->target.pid,
					    .looks = { l->cond, l->cnt, l->locked_cnt } };

			if (!l->cnt)
				continue;
			err = sinks__send(c->source.sinks, &r);
			l->cnt = l->locked_cnt = 0;
		}
	}
	return err;
}

void lock_looks__deinit(struct lock_looks *l)
{
	if (l->has_timer)
		closep(&l->timer);
	l->has_timer = false;
}

void lock_watch__deinit(struct lock_watch *w)
{
	if (w->on)
		closep(&w->pagemap);
	free(w->v);
	*w = (struct lock_watch){ 0 };
}
