/* SPDX-License-Identifier: BSD-2-Clause */
/* fake_snapshot.h - made-up pictures of a service, for the tests of what is drawn
 *
 * fake__init fills one busy web worker: MainThread encodes JSON without letting go for long, the
 * workers wait for it. Everything lives in the struct.
 */
#ifndef GILTOP_FAKE_SNAPSHOT_H
#define GILTOP_FAKE_SNAPSHOT_H

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "user/base/util.h"
#include "user/picture/lines.h"
#include "user/picture/snapshot.h"
#include "user/picture/timeline.h"

#define FAKE_THREADS 1024
#define FAKE_PAIRS   256
#define FAKE_GILS    128
#define FAKE_STACKS  128
#define FAKE_PROCS   16
#define MS	     1000000ull
#define S	     1000000000ull
#define FAKE_NOW     (1000 * S)

struct fake {
	struct snapshot snap;
	struct snap_proc procs[FAKE_PROCS];
	struct snap_gil gils[FAKE_GILS];
	struct snap_thread threads[FAKE_THREADS];
	char names[FAKE_THREADS][32];
	struct gt_hist wait[8], hold[8];
	struct snap_pair pairs[FAKE_PAIRS];
	struct snap_stack stacks[FAKE_STACKS];
};

static const struct snap_frame fake_dump[] = {
	{ "<module>", "/srv/shop/wsgi.py", 12 },
	{ "run", "/usr/lib/python3/dist-packages/gunicorn/app/base.py", 231 },
	{ "handle_request", "/usr/lib/python3/dist-packages/gunicorn/workers/gthread.py", 271 },
	{ "Shop.index", "/srv/shop/views.py", 88 },
	{ "dumps", "/usr/lib/python3.11/json/__init__.py", 231 },
	{ "JSONEncoder.encode", "/usr/lib/python3.11/json/encoder.py", 200 },
	{ "JSONEncoder.iterencode", "/usr/lib/python3.11/json/encoder.py", 257 },
};
static const struct snap_frame fake_read[] = {
	{ "Thread._bootstrap", "/usr/lib/python3.11/threading.py", 995 },
	{ "Thread.run", "/usr/lib/python3.11/threading.py", 975 },
	{ "_worker", "/usr/lib/python3.11/concurrent/futures/thread.py", 83 },
	{ "handler", "/srv/shop/app.py", 88 },
	{ "Socket.recv_into", "/usr/lib/python3.11/socket.py", 706 },
};
static const struct snap_frame fake_regex[] = {
	{ "Thread._bootstrap", "/usr/lib/python3.11/threading.py", 995 },
	{ "Thread.run", "/usr/lib/python3.11/threading.py", 975 },
	{ "_worker", "/usr/lib/python3.11/concurrent/futures/thread.py", 83 },
	{ "handler", "/srv/shop/app.py", 88 },
	{ "search", "/usr/lib/python3.11/re/__init__.py", 176 },
};

static inline void fake__hist(struct gt_hist *h, uint64_t around, unsigned int n)
{
	/* Two humps: many short ones, some eight times as long. */
	for (unsigned int i = 0; i < n; i++) {
		uint64_t v = around / 8 + around * (i * 7919 % 1000) / 700;

		if (i % 9 == 0)
			v *= 8;
		h->cnt[gt_hist_bucket(v)]++;
	}
}

static inline void fake__thread(struct fake *f, size_t i, uint32_t tid, const char *name,
				enum snap_state state, unsigned int wait_pm, unsigned int yield_pm,
				unsigned int hold_pm, uint64_t span)
{
	struct snap_thread *t = &f->threads[i];
	struct gt_hist *w = &f->wait[i % 8], *h = &f->hold[i % 8];

	snprintf(f->names[i], sizeof(f->names[i]), "%s", name);
	*t = (struct snap_thread){
		.tid = tid,
		.name = f->names[i],
		.state = state,
		.span_ns = span,
		.state_ns = state == SNAP_HOLDING ? 30 * MS : 12 * MS + i * 700000,
		.wait_ns = span / 1000 * wait_pm,
		.yield_ns = span / 1000 * yield_pm,
		.hold_ns = span / 1000 * hold_pm,
		.released_ns = span / 1000 * (1000 - wait_pm - yield_pm - hold_pm),
		.hold_observed_ns = span,
		.hold_offcpu_ns = NS_UNKNOWN,
		.hold_runnable_ns = NS_UNKNOWN,
		.acquisitions = span / MS / (i + 2),
		.contended = span / MS / (i + 5),
		.yields = span / MS / 40 * (hold_pm > 5),
		.wait_max_ns = NS_UNKNOWN,
		.wait_p50_ns = NS_UNKNOWN,
		.wait_p90_ns = NS_UNKNOWN,
		.wait_p99_ns = NS_UNKNOWN,
		.hold_max_ns = NS_UNKNOWN,
		.hold_p50_ns = NS_UNKNOWN,
		.hold_p90_ns = NS_UNKNOWN,
		.hold_p99_ns = NS_UNKNOWN,
		.wait_hist = w,
		.hold_hist = h,
	};
	if (wait_pm) {
		if (i < 8)
			fake__hist(w, wait_pm * 20000ull, 700 / (unsigned int)(i + 1));
		t->wait_p50_ns = hist__quantile(w, 0.5);
		t->wait_p90_ns = hist__quantile(w, 0.9);
		t->wait_p99_ns = hist__quantile(w, 0.99);
		t->wait_max_ns = t->wait_p99_ns + t->wait_p99_ns / 3;
		t->wait_at = &fake_read[4];
	}
	if (hold_pm) {
		if (i < 8)
			fake__hist(h, hold_pm * 30000ull, 500 / (unsigned int)(i + 1));
		t->hold_p50_ns = hist__quantile(h, 0.5);
		t->hold_p90_ns = hist__quantile(h, 0.9);
		t->hold_p99_ns = hist__quantile(h, 0.99);
		t->hold_max_ns = t->hold_p99_ns + t->hold_p99_ns / 4;
	}
}

static inline void fake__proc(struct fake *f, uint64_t span)
{
	f->snap = (struct snapshot){ .start_ns = FAKE_NOW - span,
				     .now_ns = FAKE_NOW,
				     .books_ns = FAKE_NOW - 72 * S,
				     .self_cpu_ns = span / 250,
				     .probe_hits = 4000,
				     .proc_cnt = 1,
				     .procs = f->procs };
	f->procs[0] = (struct snap_proc){ .pid = 4242,
					  .comm = "gunicorn",
					  .cmdline = "gunicorn: worker [shop]",
					  .python = "3.11.2",
					  .runtime = "/usr/bin/python3.11",
					  .sites = "call-sites",
					  .note = "",
					  .parent_comm = "?",
					  .alive = true,
					  .span_ns = span,
					  .gil_cnt = 1,
					  .gils = f->gils,
					  .threads = f->threads,
					  .pairs_known = true,
					  .stacks_known = true,
					  .pairs = f->pairs,
					  .stacks = f->stacks };
}

static inline void fake__stack(struct fake *f, enum snap_stack_kind kind, uint32_t tid, uint64_t ns,
			       const struct snap_frame *frames, size_t n)
{
	f->stacks[f->procs[0].stack_cnt++] = (struct snap_stack){ .kind = kind,
								  .tid = tid,
								  .ns = ns,
								  .cnt = ns / (2 * MS) + 1,
								  .frame_cnt = n,
								  .frames = frames,
								  .truncated = n == 0 };
}

static inline int fake__cmp_pair(const void *a, const void *b)
{
	const struct snap_pair *x = a, *y = b;

	return x->ns > y->ns ? -1 : x->ns < y->ns;
}

/* Who waited for whom, and where. */
static inline void fake__who(struct fake *f)
{
	struct snap_proc *p = &f->procs[0];

	for (size_t i = 0; i < 5; i++) {
		uint64_t w = f->threads[i].wait_ns;

		f->pairs[p->pair_cnt++] =
			(struct snap_pair){ f->threads[i].tid, 4242, w / 100 * 78 };
	}
	for (size_t i = 0; i < 6; i++)
		for (size_t k = 0; k < 4; k++)
			if (i != k)
				f->pairs[p->pair_cnt++] =
					(struct snap_pair){ f->threads[i].tid, f->threads[k].tid,
							    f->threads[i].wait_ns / 100 * (7 - k) };
	for (size_t i = 0; i < p->pair_cnt; i++)
		for (size_t k = 0; k < p->thread_cnt; k++)
			if (f->threads[k].tid == f->pairs[i].holder_tid)
				f->threads[k].blame_ns += f->pairs[i].ns;
	qsort(f->pairs, p->pair_cnt, sizeof(*f->pairs), fake__cmp_pair);
	fake__stack(f, SNAP_STACK_BLAME, 4242, f->threads[5].blame_ns / 100 * 86, fake_dump, 7);
	fake__stack(f, SNAP_STACK_BLAME, 4242, f->threads[5].blame_ns / 100 * 14, fake_dump, 5);
	fake__stack(f, SNAP_STACK_BLAME, 4246, f->threads[0].blame_ns, fake_regex, 5);
	fake__stack(f, SNAP_STACK_BLAME, 4245, f->threads[1].blame_ns, fake_regex, 5);
	fake__stack(f, SNAP_STACK_BLAME, 4244, f->threads[2].blame_ns, NULL, 0);
	fake__stack(f, SNAP_STACK_WAIT, 4246, f->threads[0].wait_ns / 100 * 90, fake_read, 5);
	fake__stack(f, SNAP_STACK_WAIT, 4246, f->threads[0].wait_ns / 100 * 10, fake_regex, 5);
	fake__stack(f, SNAP_STACK_WAIT, 4245, f->threads[1].wait_ns, fake_read, 5);
	fake__stack(f, SNAP_STACK_HOLD, 4242, f->threads[5].hold_ns, fake_dump, 7);
}

/* What became of the holds that were asked to end: so many of so many took their time, in sum so long. */
static inline void fake__asked(struct snap_thread *t, uint64_t late, uint64_t asked,
			       uint64_t react_ns)
{
	t->late = late;
	t->asked = asked;
	t->react_ns = react_ns;
}

static inline void fake__init(struct fake *f, uint64_t span)
{
	static const struct {
		uint32_t tid;
		const char *name;
		enum snap_state state;
		unsigned int wait, yield, hold;
	} rows[] = {
		{ 4246, "worker-3", SNAP_WAITING, 412, 3, 31 },
		{ 4245, "worker-2", SNAP_WAITING, 355, 8, 28 },
		{ 4244, "worker-1", SNAP_RELEASED, 301, 6, 22 },
		{ 4247, "worker-4", SNAP_YIELDING, 240, 11, 18 },
		{ 4248, "asyncio-loop", SNAP_WAITING, 120, 0, 4 },
		{ 4242, "MainThread", SNAP_HOLDING, 52, 8, 871 },
		{ 4249, "metrics", SNAP_RELEASED, 1, 0, 0 },
		{ 4251, "Dummy-7", SNAP_EXITED, 0, 0, 0 },
		{ 4252, "\xe5\xb7\xa5\xe4\xbd\x9c-8", SNAP_RELEASED, 0, 0, 0 },
	};
	struct snap_proc *p = &f->procs[0];
	uint64_t wait = 0;

	memset(f, 0, sizeof(*f));
	fake__proc(f, span);
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		fake__thread(f, i, rows[i].tid, rows[i].name, rows[i].state, rows[i].wait,
			     rows[i].yield, rows[i].hold, span);
		wait += f->threads[i].wait_ns;
	}
	p->thread_cnt = ARRAY_SIZE(rows);
	f->gils[0] = (struct snap_gil){ .addr = 0x7f0000001000,
					.held_ns = span / 1000 * 974,
					.gap_ns = wait / 100,
					.gap_wall_ns = span / 1000 * 8,
					.wait_ns = wait,
					.observed_ns = span,
					.acquisitions = span / MS,
					.switches = span / MS,
					.holder_tid = 4242,
					.held = true,
					.waiters = 3,
					.interpreter = 0 };
	fake__who(f);
	lines__find(p);
}

/* Holds and what is derived of them as if they had been seen for so much of the span only. */
static inline void fake__seen_for(struct fake *f, uint64_t observed_ns)
{
	struct snap_proc *p = &f->procs[0];
	uint64_t span = p->span_ns, blame = 0;

	f->gils[0].observed_ns = observed_ns;
	f->gils[0].held_ns = f->gils[0].held_ns / 1000 * (observed_ns * 1000 / span);
	f->gils[0].gap_ns = f->gils[0].gap_wall_ns = 0;
	f->gils[0].acquisitions = f->gils[0].switches = observed_ns / MS;
	for (size_t i = 0; i < p->thread_cnt; i++) {
		struct snap_thread *t = &f->threads[i];
		uint64_t hold = t->hold_ns / 1000 * (observed_ns * 1000 / span);

		t->released_ns += t->hold_ns - hold;
		t->hold_ns = hold;
		t->hold_observed_ns = observed_ns;
		t->acquisitions = t->acquisitions * (observed_ns / MS) / (span / MS);
		t->runnable_ns = t->wait_ns / 10;
		f->gils[0].runnable_ns += t->runnable_ns;
		blame += t->blame_ns;
		if (observed_ns)
			continue;
		t->state = t->state == SNAP_HOLDING ? SNAP_RELEASED : t->state;
		t->hold_hist = NULL;
		t->hold_max_ns = t->hold_p50_ns = t->hold_p90_ns = t->hold_p99_ns = NS_UNKNOWN;
	}
	/* What is left of the waiting: of this made-up service blame is more than was waited now and then. */
	f->gils[0].unsure_ns = f->gils[0].wait_ns > blame + f->gils[0].runnable_ns
				       ? f->gils[0].wait_ns - blame - f->gils[0].runnable_ns
				       : 0;
	p->mode_auto = observed_ns > 0;
	p->mode_changes = observed_ns > 0 ? 2 : 0;
	p->mode = SNAP_MODE_LIGHT;
}

/* Light from the start to the end: nobody saw a hold, and so many of 1,000 looks found it taken (looks 0: none). */
static inline void fake__light(struct fake *f, uint64_t looks, uint64_t locked_pm)
{
	size_t n = 0;

	fake__seen_for(f, 0);
	f->gils[0].look_cnt = looks;
	f->gils[0].locked_cnt = looks * locked_pm / 1000;
	for (size_t i = 0; i < f->procs[0].stack_cnt; i++)
		if (f->stacks[i].kind != SNAP_STACK_HOLD)
			f->stacks[n++] = f->stacks[i];
	f->procs[0].stack_cnt = n;
}

/* Two threads of a process in so many thousandths of the span: one that waits, one that holds. */
static inline void fake__worker(struct fake *f, size_t i, uint32_t parent, const char *cmdline,
				unsigned int wait_pm, unsigned int held_pm)
{
	uint64_t span = f->procs[0].span_ns;
	struct snap_proc *p = &f->procs[i];
	size_t at = 16 + 2 * i;

	*p = f->procs[0];
	p->pid = 4242 + (uint32_t)i;
	p->parent = parent;
	p->parent_comm = "gunicorn";
	p->cmdline = cmdline;
	p->gil_cnt = 1;
	p->gils = &f->gils[i];
	p->thread_cnt = 2;
	p->threads = &f->threads[at];
	p->pair_cnt = p->stack_cnt = 0;
	f->gils[i] = (struct snap_gil){ .addr = 0x7f0000001000 + i,
					.held_ns = span / 1000 * held_pm,
					.wait_ns = span / 1000 * wait_pm,
					.gap_ns = span / 100000 * wait_pm,
					.observed_ns = span,
					.switches = span / MS / 10 * i,
					.acquisitions = span / MS };
	fake__thread(f, at, p->pid + 100, "gthread-0", SNAP_RELEASED, wait_pm, 0, held_pm / 10,
		     span);
	fake__thread(f, at + 1, p->pid, "MainThread", SNAP_RELEASED, 0, 0, held_pm - held_pm / 10,
		     span);
	f->threads[at].wait_at = NULL;
	f->threads[at + 1].blame_ns = f->gils[i].wait_ns - f->gils[i].gap_ns;
}

/* A master and its workers: the third is stuck, two have ended. With a span of 10 s. */
static inline void fake__workers(struct fake *f, uint64_t span)
{
	static const struct {
		unsigned int wait, held;
	} rows[] = { { 0, 1 },	  { 20, 140 }, { 30, 160 },  { 900, 980 },
		     { 25, 150 }, { 10, 90 },  { 400, 300 }, { 35, 170 } };

	fake__init(f, span);
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++)
		fake__worker(f, i, i ? 4242 : 17,
			     i ? "gunicorn: worker [shop]" : "gunicorn: master [shop]",
			     rows[i].wait, rows[i].held);
	f->procs[0].parent_comm = "bash";
	f->procs[5].alive = f->procs[6].alive = false;
	f->threads[16 + 2 * 3].state = SNAP_WAITING;
	f->threads[16 + 2 * 3].state_ns = 3 * S;
	f->snap.proc_cnt = ARRAY_SIZE(rows);
}

/* MainThread holds for some 30 ms at a time, then one of the workers for 6 ms, and so on; the last 30 ms
 * are a hold of MainThread that is still open, so it is not in here. Without holds: as light mode sees it. */
static inline struct timeline *fake__timeline_of(uint64_t end, uint64_t span, bool holds)
{
	static const uint32_t workers[] = { 4246, 4245, 4244, 4247 };
	struct timeline *t = timeline__new(65536);
	uint64_t at = (end -= 30 * MS) - span, since[4];
	struct tl_span s = { .gil = 0x7f0000001000, .tgid = 4242 };
	size_t turn = 0;

	if (!t)
		abort();
	timeline__restart(t, at, 20000);
	for (size_t i = 0; i < 4; i++)
		since[i] = at;
	while (at < end) {
		uint64_t hold = (12 + turn * 13 % 37) * MS,
			 stop = at + hold < end ? at + hold : end;
		size_t w = turn++ % 4;

		s = (struct tl_span){ at, stop, s.gil, s.tgid, 4242, GT_HOLD };
		if (holds)
			timeline__add(t, &s);
		s = (struct tl_span){ since[w], stop, s.gil, s.tgid, workers[w], GT_WAIT };
		timeline__add(t, &s);
		at = stop + 6 * MS > end ? end : stop + 6 * MS;
		s = (struct tl_span){ stop, at, s.gil, s.tgid, workers[w], GT_HOLD };
		if (holds)
			timeline__add(t, &s);
		s = (struct tl_span){ stop, at, s.gil, s.tgid, 4242, w & 1 ? GT_WAIT : GT_YIELD };
		timeline__add(t, &s);
		since[w] = at + 9 * MS;
	}
	return t;
}

static inline struct timeline *fake__timeline(uint64_t end, uint64_t span)
{
	return fake__timeline_of(end, span, true);
}

#endif
