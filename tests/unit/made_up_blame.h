/* SPDX-License-Identifier: BSD-2-Clause */
/* made_up_blame.h - a process whose threads make each other wait for so long at such places, for tests of what is said
 * about that
 */
#ifndef GILTOP_TEST_MADE_UP_BLAME_H
#define GILTOP_TEST_MADE_UP_BLAME_H

#include "tests/unit/fake_snapshot.h"
#include "user/base/arena.h"
#include "user/base/sbuf.h"
#include "user/judge/culprit.h"
#include "user/judge/verdict.h"
#include "user/picture/pools.h"

static const struct snap_frame at_own[] = { { "main", "/srv/app.py", 1 },
					    { "crunch", "/srv/shop/work.py", 21 } };
static const struct snap_frame at_own_too[] = { { "main", "/srv/app.py", 1 },
						{ "crunch", "/srv/shop/work.py", 25 } };
static const struct snap_frame at_dumps[] = { { "view", "/srv/shop/pages.py", 88 },
					      { "dumps", "/usr/lib/python3.11/json/enc.py", 231 } };
static const struct snap_frame at_native[] = { { "main", "/srv/app.py", 1 },
					       { "crunch", "/srv/shop/work.py", 21 },
					       { "[native code]", "libfoo.so", 0 } };
static const struct snap_frame at_gc[] = { { "main", "/srv/app.py", 1 },
					   { "crunch", "/srv/shop/work.py", 21 },
					   { "[garbage collector]", "", 0 } };

struct blamed {
	struct fake f;
	struct arena a;
	struct snap_proc *p;
	struct snap_gil *g;
};

/* 10 s, held for 90%; nobody has waited yet. */
static inline void blamed__init(struct blamed *b)
{
	memset(b, 0, sizeof(*b));
	fake__proc(&b->f, 10 * S);
	b->p = &b->f.procs[0];
	b->g = &b->f.gils[0];
	b->g->held_ns = 9 * S;
	b->g->observed_ns = 10 * S;
	b->p->pairs_known = false;
}

static inline struct snap_thread *blamed__thread(struct blamed *b, uint32_t tid, const char *name,
						 uint64_t wait_ns)
{
	struct snap_thread *t = &b->f.threads[b->p->thread_cnt++];

	*t = (struct snap_thread){ .tid = tid,
				   .name = name,
				   .state = SNAP_RELEASED,
				   .span_ns = 10 * S,
				   .hold_observed_ns = 10 * S,
				   .wait_ns = wait_ns,
				   .released_ns = 10 * S - wait_ns,
				   .wait_max_ns = NS_UNKNOWN,
				   .hold_max_ns = NS_UNKNOWN,
				   .hold_offcpu_ns = NS_UNKNOWN,
				   .hold_runnable_ns = NS_UNKNOWN };
	b->g->wait_ns += wait_ns;
	return t;
}

/* This thread makes others wait for so long, there, as so many looks say. */
static inline void blamed__at(struct blamed *b, struct snap_thread *t, uint64_t ns, uint64_t looks,
			      const struct snap_frame *frames, size_t cnt)
{
	t->blame_ns += ns;
	fake__stack(&b->f, SNAP_STACK_BLAME, t->tid, ns, frames, cnt);
	b->f.stacks[b->p->stack_cnt - 1].cnt = looks;
}

static inline void blamed__pools(struct blamed *b)
{
	assert_int_equal(pools__build(b->p, b->f.threads, &b->a), 0);
}

static inline void blamed__deinit(struct blamed *b)
{
	arena__free(&b->a);
}

/* In a buffer that the next call takes, too. */
static inline const char *blamed__who(const struct blamed *b, enum verdict_detail detail)
{
	static char buf[2048];
	struct sbuf out = { 0 };

	verdict__who(&b->f.snap, b->p, b->g, detail, &out);
	snprintf(buf, sizeof(buf), "%s", sbuf__str(&out));
	sbuf__free(&out);
	return buf;
}

/* The nth piece of advice, or "". */
static inline const char *blamed__advice(const struct blamed *b, size_t nth)
{
	static char buf[2048];
	struct sbuf out[4] = { 0 };
	size_t cnt = verdict__advice(b->p, b->g, out, 4);

	snprintf(buf, sizeof(buf), "%s", nth < cnt ? sbuf__str(&out[nth]) : "");
	for (size_t i = 0; i < 4; i++)
		sbuf__free(&out[i]);
	return buf;
}

#endif
