/* SPDX-License-Identifier: BSD-2-Clause */
/* newcomers.c - threads are named when they are first seen
 *
 * A thread registers itself with threading a moment after it has the GIL for the first time, and many do not live up to
 * the next reading. So each one's first event wakes user space, which looks for its name some times, at growing
 * distances. Up to 3.13 a look is a walk through all threads of the process, which costs: looks may take a small
 * share of one CPU. Whom they miss is named after a reading, if it lives.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/timerfd.h>
#include <time.h>
#include <unistd.h>

#include "user/base/text.h"
#include "user/base/util.h"
#include "user/python/process.h"
#include "user/python/thread_name.h"
#include "user/source/collector_impl.h"

#define MS 1000000ull

/* Of one process at a time. */
#define NEWCOMERS_MAX 1024
/* A look of 1 ms of CPU is paid for with 20 ms of time, and so much may be owed: to find out where a program keeps
 * its names costs the most, once.
 */
#define LOOK_SHARE   20
#define LOOK_OWED_NS (100 * MS)
/* Not among the interpreter's threads in so many looks: it has ended. (A list that changes may come short.) */
#define ABSENT_MAX 3
/* The name that a thread begins with is its creator's. One that it still has after this time is its own. */
#define SETTLED_NS  (25 * MS)
#define GIVEN_UP_NS (1000 * MS)
/* The first thread of a program starts before there are names, and stays: alone it is no reason to look. */
#define MAIN_LOOKS 5

/* From the last birth to the first look, from there to the second one .. */
static const uint64_t distance_ns[] = { 1 * MS,	 2 * MS,  7 * MS,   20 * MS,
					30 * MS, 60 * MS, 120 * MS, 250 * MS };

/* Ours and the worker's: what a look costs must not seem more for having been interrupted. */
static uint64_t cpu_ns(const struct collector *c)
{
	return own_cpu_ns() + py_guests__cpu_ns(c->guests);
}

static void arm(struct collector *c, uint64_t now)
{
	uint64_t free_ns = c->look_paid_ns > LOOK_OWED_NS ? c->look_paid_ns - LOOK_OWED_NS : 0;
	uint64_t next = c->births_due_ns, in;
	struct itimerspec its = { 0 };

	for (size_t i = 0; i < c->live_cnt; i++) {
		const struct newcomers *n = &c->live[i].newcomers;
		uint64_t due = n->due_ns < free_ns ? free_ns : n->due_ns;

		if (n->cnt && (!next || due < next))
			next = due;
	}
	in = next > now ? next - now : 1;
	if (next) {
		its.it_value.tv_sec = (time_t)(in / 1000000000);
		its.it_value.tv_nsec = (long)(in % 1000000000);
	}
	timerfd_settime(c->name_timer, 0, &its, NULL);
}

static struct newcomer *find(struct newcomers *n, uint32_t tid)
{
	for (size_t i = 0; i < n->cnt; i++)
		if (n->v[i].tid == tid)
			return &n->v[i];
	return NULL;
}

void newcomers__add(struct collector *c, struct tracked *t, const struct gt_note *note)
{
	struct newcomers *n = &t->newcomers;
	struct newcomer *w = find(n, note->tid);
	uint64_t now = now_ns();
	size_t first;

	/* More come without waking anybody, until then. */
	c->births_due_ns = now + GT_BIRTH_WAKE_NS + MS / 2;
	if (!w && n->cnt < NEWCOMERS_MAX && !array_grow(&n->v, n->cnt, &n->cap, sizeof(*n->v)))
		w = &n->v[n->cnt++];
	if (w) {
		*w = (struct newcomer){ .tid = note->tid, .born_ns = note->start_ns };
		clean_text(note->comm, sizeof(note->comm), w->comm, sizeof(w->comm));
		first = note->tid == (uint32_t)t->target.pid ? MAIN_LOOKS : 0;
		if (n->cnt == 1 || n->due_ns > now + distance_ns[first])
			n->due_ns = now + distance_ns[first];
		n->looks = n->cnt == 1 || n->looks > first ? first : n->looks;
	}
	arm(c, now);
}

/* Is this its name, and for good? A makeshift one is better than none where it stays so. */
static bool is_its_own(const struct newcomer *w, const struct py_thread_name *name, uint64_t now)
{
	switch (name->source) {
	case PY_NAME_THREADING: return true;
	case PY_NAME_COMM: return strcmp(name->name, w->comm) || now - w->born_ns >= SETTLED_NS;
	default: return false;
	}
}

static bool is_makeshift(const struct newcomer *w, const struct py_thread_name *name, uint64_t now)
{
	return name->source >= PY_NAME_FUNCTION && now - w->born_ns >= SETTLED_NS;
}

/* Early looks are for those that began just now, among however many others: there the lists begin. */
static ssize_t read_threads(struct tracked *t, bool late, struct py_thread **ret)
{
	const struct newcomers *n = &t->newcomers;
	__cleanup(freep) uint32_t *tids = NULL;

	t->actives.newest = late ? 0 : 64 + 4 * n->cnt;
	if (late)
		return py_process__threads(t->py, ret);
	tids = calloc(n->cnt, sizeof(*tids));
	for (size_t i = 0; tids && i < n->cnt; i++)
		tids[i] = n->v[i].tid;
	return tids ? py_process__newest(t->py, tids, n->cnt, ret) : -ENOMEM;
}

/* Of all threads the newcomers'. */
static size_t keep_newcomers(struct newcomers *n, struct py_thread *threads, size_t cnt)
{
	size_t kept = 0;

	for (size_t i = 0; i < n->cnt; i++)
		n->v[i].absent++;
	for (size_t i = 0; i < cnt; i++) {
		struct newcomer *w = threads[i].tid ? find(n, threads[i].tid) : NULL;

		if (!w)
			continue;
		w->absent = 0;
		threads[kept++] = threads[i];
	}
	return kept;
}

static void drop_done(struct newcomers *n, uint64_t now)
{
	size_t kept = 0;

	for (size_t i = 0; i < n->cnt; i++)
		if (!n->v[i].named && n->v[i].absent < ABSENT_MAX &&
		    now - n->v[i].born_ns < GIVEN_UP_NS)
			n->v[kept++] = n->v[i];
	n->cnt = kept;
}

static void look(struct collector *c, struct tracked *t, uint64_t now)
{
	__cleanup(freep) struct py_thread_name *names = NULL;
	__cleanup(freep) struct py_thread *threads = NULL;
	struct newcomers *n = &t->newcomers;
	bool late = n->looks >= 4;
	ssize_t cnt = read_threads(t, late, &threads);

	cnt = cnt > 0 ? (ssize_t)keep_newcomers(n, threads, (size_t)cnt) : 0;
	names = cnt ? calloc((size_t)cnt, sizeof(*names)) : NULL;
	if (names)
		py_thread_names__read(t->py, late ? t->sym : NULL, &t->actives, threads,
				      (size_t)cnt, names);
	for (ssize_t i = 0; names && i < cnt; i++) {
		struct newcomer *w = find(n, threads[i].tid);
		bool makeshift = w && is_makeshift(w, &names[i], now);
		struct record r = { REC_THREAD, (uint32_t)t->target.pid,
				    .thread = { threads[i].tid, makeshift, names[i].name, now } };

		if (!w || w->named || (!makeshift && !is_its_own(w, &names[i], now)))
			continue;
		sinks__send(c->source.sinks, &r);
		w->named = !makeshift;
	}
	if (n->looks >= ARRAY_SIZE(distance_ns) - 1)
		n->cnt = 0;
	else
		n->due_ns = now + distance_ns[++n->looks];
	drop_done(n, now);
}

void newcomers__on_timer(struct collector *c)
{
	uint64_t ticks, now = now_ns();

	if (read(c->name_timer, &ticks, sizeof(ticks)) < 0)
		return;
	/* Those of the ring have just been taken. */
	if (c->births_due_ns <= now)
		c->births_due_ns = 0;
	for (size_t i = 0; i < c->live_cnt; i++) {
		/* The one after this goes first the next time. */
		struct tracked *t = &c->live[(c->look_next + i) % c->live_cnt];
		uint64_t start = now_ns(), cpu = cpu_ns(c);

		if (!t->newcomers.cnt || t->newcomers.due_ns > start ||
		    c->look_paid_ns > start + LOOK_OWED_NS)
			continue;
		look(c, t, start);
		now = now_ns();
		if (c->look_paid_ns < start)
			c->look_paid_ns = start;
		c->look_paid_ns += LOOK_SHARE * (cpu_ns(c) - cpu);
		c->look_next = (c->look_next + i + 1) % c->live_cnt;
		break;
	}
	arm(c, now);
}

void newcomers__deinit(struct newcomers *n)
{
	free(n->v);
	*n = (struct newcomers){ 0 };
}
