/* SPDX-License-Identifier: BSD-2-Clause */
/* tracked.c - one process that is measured: from its probes to its threads' names */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "user/base/log.h"
#include "user/base/proc.h"
#include "user/base/sbuf.h"
#include "user/base/units.h"
#include "user/base/util.h"
#include "user/probe/probe.h"
#include "user/python/process.h"
#include "user/python/sym.h"
#include "user/python/thread_name.h"
#include "user/source/collector_impl.h"
#include "user/source/triggers.h"
#include "user/target/native_sym.h"

#define LOOKS	    5
#define NAMES_EVERY 16 /* refreshes: programs may rename their threads */

int tracked__send(const struct tracked *t, const struct collector *c, struct record *r)
{
	r->pid = (uint32_t)t->target.pid;
	return sinks__send(c->source.sinks, r);
}

void tracked__update_note(struct tracked *t, struct collector *c)
{
	struct record r = { .kind = REC_NOTE };
	int off = py_process__gil_is_off(t->py);
	const char *halt = halt__look(&t->halt, t->target.pid);
	const char *silent = py_process__is_silent(t->py)
				     ? "a page of its memory does not come: names are missing"
				     : "";
	char *own = t->target.note, note[sizeof(t->note)];

	if (off >= 0 && off != t->target.gil_off) {
		snprintf(own, sizeof(t->target.note), "%s", target__free_threaded_note(off));
		t->target.gil_off = off;
	}
	snprintf(note, sizeof(note), "%s%s%s%s%s", own, *own && *halt ? "; " : "", halt,
		 (*own || *halt) && *silent ? "; " : "", silent);
	if (!strcmp(note, t->note))
		return;
	snprintf(t->note, sizeof(t->note), "%s", note);
	r.note.text = t->note;
	r.note.halted = *halt != '\0';
	tracked__send(t, c, &r);
}

void tracked__throttled(struct tracked *t, struct collector *c)
{
	struct record r = { .kind = REC_THROTTLED };

	r.throttled_ns = throttle__look(&t->throttle, t->target.pid);
	if (r.throttled_ns != NS_UNKNOWN)
		tracked__send(t, c, &r);
}

/* Has the last reading a record of this thread? */
static bool has_record(const struct tracked *t, const struct totals *all, uint32_t tid)
{
	for (size_t i = 0; i < all->thread_cnt; i++)
		if (all->threads[i].key.tid == tid &&
		    all->threads[i].rec.tgid == (uint32_t)t->target.pid)
			return true;
	return false;
}

/* Its tid, if the process has one thread: what is in its memory may be that of its parent, after a fork. Else 0. */
static uint32_t only_thread(pid_t pid)
{
	__cleanup(freep) uint32_t *tids = NULL;

	return proc__tids(pid, &tids) == 1 ? tids[0] : 0;
}

void tracked__seed(struct tracked *t, struct collector *c)
{
	__cleanup(freep) struct py_gil *gils = NULL;
	ssize_t n = py_process__gils(t->py, &gils);

	t->holder_cnt = t->held_cnt = 0;
	if (n > 0)
		lock_looks__begin(t);
	for (ssize_t i = 0; i < n; i++) {
		uint64_t cond = gils[i].addr + t->target.py->obj.gil_cond;
		struct record gil = { .kind = REC_GIL,
				      .gil = { .cond = cond, .interpreter = gils[i].interp_id } };
		struct record holder = { .kind = REC_HOLDER, .holder = { .cond = cond } };
		struct py_gil_state st;
		bool known = !py_process__gil_state(t->py, gils[i].addr, &st) && st.created;

		if (known)
			gil.gil.interval_ns = st.interval_us * 1000;
		if (known)
			lock_looks__know(t, cond);
		tracked__send(t, c, &gil);
		if (!known)
			continue;
		if (st.locked && !st.holder_tid)
			st.holder_tid = only_thread(t->target.pid);
		holder.holder.tid = st.holder_tid;
		/* Not known by whom: as if nobody had it, until that one shows itself. */
		holder.holder.held = st.locked && st.holder_tid;
		tracked__send(t, c, &holder);
		if (holder.holder.held &&
		    !array_grow(&t->held, t->held_cnt, &t->held_cap, sizeof(*t->held)))
			t->held[t->held_cnt++] = cond;
		if (holder.holder.held)
			triggers__first_hold(c, t, cond, st.holder_tid);
		if (st.holder_tid && !has_record(t, &c->totals, st.holder_tid) &&
		    !array_grow(&t->holders, t->holder_cnt, &t->holder_cap, sizeof(*t->holders)))
			t->holders[t->holder_cnt++] = st.holder_tid;
	}
}

/* ---- names ---- */

/* Living threads of this process in the last reading, then first holders: what `named` has for the i-th. */
struct who {
	uint32_t tid;
	uint64_t first_ns; /* tells one that has the tid of another */
};

static bool next_living(const struct tracked *t, const struct totals *all, size_t *i,
			struct who *ret)
{
	for (; *i < all->thread_cnt; (*i)++) {
		const struct gt_thread *rec = &all->threads[*i].rec;
		bool over =
			rec->flags & GT_F_EXITED && rec->state != GT_WAIT && rec->state != GT_HOLD;

		if (rec->tgid != (uint32_t)t->target.pid || over)
			continue;
		*ret = (struct who){ rec->tid, rec->first_ns };
		(*i)++;
		return true;
	}
	if (*i - all->thread_cnt >= t->holder_cnt)
		return false;
	*ret = (struct who){ t->holders[(*i)++ - all->thread_cnt], 0 };
	return true;
}

static bool has_unnamed(const struct tracked *t, const struct totals *all)
{
	struct who w;

	for (size_t i = 0; next_living(t, all, &i, &w);)
		if (!hmap__get(&t->named, w.tid, w.first_ns))
			return true;
	return false;
}

/* Those that have a name now, and those of before that still live. */
static void remember_named(struct tracked *t, const struct totals *all, const struct hmap *now)
{
	struct hmap named = { 0 };
	struct who w;

	for (size_t i = 0; next_living(t, all, &i, &w);)
		if (hmap__get(now, w.tid, 0) || hmap__get(&t->named, w.tid, w.first_ns))
			hmap__put(&named, w.tid, w.first_ns, t); /* no memory: is asked again */
	hmap__free(&t->named);
	t->named = named;
}

void tracked__name_threads(struct tracked *t, struct collector *c)
{
	__cleanup(freep) struct py_thread_name *names = NULL;
	__cleanup(freep) struct py_thread *threads = NULL;
	struct hmap now = { 0 };
	ssize_t n;

	if (!has_unnamed(t, &c->totals) && ++t->rounds % NAMES_EVERY)
		return;
	n = py_process__threads(t->py, &threads);
	names = n > 0 ? calloc((size_t)n, sizeof(*names)) : NULL;
	if (!names)
		return;
	t->actives = (struct py_actives){ 0 }; /* looked for again */
	py_thread_names__read(t->py, t->sym, &t->actives, threads, (size_t)n, names);
	for (ssize_t i = 0; i < n; i++) {
		struct record r = { .kind = REC_THREAD,
				    .thread = { .tid = threads[i].tid,
						.makeshift = names[i].source >= PY_NAME_FUNCTION,
						.name = names[i].name } };

		if (!threads[i].tid || names[i].source == PY_NAME_NONE || tracked__send(t, c, &r))
			continue;
		hmap__put(&now, threads[i].tid, 0, t);
	}
	remember_named(t, &c->totals, &now);
	hmap__free(&now);
}

/* A process that has just started may say no: its libraries are mapped before they are relocated. And it runs
 * meanwhile: what was torn once is whole the next time.
 */
bool tracked__is_misfit(struct tracked *t, char *why, size_t sz)
{
	int err = t->fits ? 0 : py_process__check(t->py, why, sz);

	t->fits |= !err;
	t->misfit_cnt = err == -ENOTSUP ? t->misfit_cnt + 1 : 0;
	return t->misfit_cnt >= LOOKS;
}

void tracked__deinit(struct tracked *t, struct collector *c)
{
	probe__detach(c->probe, t->att);
	probe__detach(c->probe, t->att_pause);
	native_sym__free(t->native);
	pysym__free(t->sym);
	py_process__free(t->py);
	closep(&t->pidfd);
	hmap__free(&t->named);
	newcomers__deinit(&t->newcomers);
	free(t->holders);
	free(t->held);
	lock_watch__deinit(&t->looks);
}
