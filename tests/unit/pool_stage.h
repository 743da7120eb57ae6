/* SPDX-License-Identifier: BSD-2-Clause */
/* pool_stage.h - a process of threads made by hand, to be sorted into pools */
#ifndef GILTOP_TEST_POOL_STAGE_H
#define GILTOP_TEST_POOL_STAGE_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <string.h>

#include "user/base/arena.h"
#include "user/picture/pools.h"

#define MAX_T 16
#define PID   100u

static const struct snap_frame boot[] = {
	{ "Thread._bootstrap", "/usr/lib/python3.11/threading.py", 995 },
	{ "Thread.run", "/usr/lib/python3.11/threading.py", 975 },
	{ "serve", "/srv/shop/app.py", 10 },
	{ "dumps", "/usr/lib/python3.11/json/__init__.py", 231 },
};
static const struct snap_frame other[] = {
	{ "Thread.run", "/opt/py/lib/python3.14/threading.py", 1000 },
	{ "poll", "/srv/shop/poll.py", 7 },
};

struct stage {
	struct snap_proc p;
	struct snap_gil gils[2];
	struct snap_thread th[MAX_T];
	struct gt_hist wait[MAX_T], hold[MAX_T];
	struct snap_stack stacks[MAX_T];
	struct arena a;
	const struct snap_thread *rows[MAX_T];
};

static inline struct snap_thread *add(struct stage *s, uint32_t tid, const char *name)
{
	size_t i = s->p.thread_cnt++;

	assert_true(i < MAX_T);
	s->th[i] = (struct snap_thread){ .tid = tid,
					 .name = name,
					 .state = SNAP_RELEASED,
					 .wait_max_ns = NS_UNKNOWN,
					 .hold_max_ns = NS_UNKNOWN,
					 .hold_offcpu_ns = NS_UNKNOWN,
					 .hold_runnable_ns = NS_UNKNOWN,
					 .wait_hist = &s->wait[i],
					 .hold_hist = &s->hold[i] };
	return &s->th[i];
}

static inline void stands(struct stage *s, uint32_t tid, const struct snap_frame *f, size_t cnt)
{
	s->stacks[s->p.stack_cnt++] = (struct snap_stack){
		.kind = SNAP_STACK_WAIT, .tid = tid, .frames = f, .frame_cnt = cnt
	};
}

static inline void begin(struct stage *s)
{
	memset(s, 0, sizeof(*s));
	s->p = (struct snap_proc){ .pid = PID,
				   .comm = "gunicorn",
				   .gil_cnt = 2,
				   .gils = s->gils,
				   .threads = s->th,
				   .stacks = s->stacks };
}

static inline void build(struct stage *s)
{
	assert_int_equal(pools__build(&s->p, s->th, &s->a), 0);
}

static inline const struct snap_pool *pool(const struct stage *s, const char *name)
{
	const struct snap_pool *ret = NULL;

	for (size_t i = 0; i < s->p.pool_cnt; i++)
		if (!strcmp(s->p.pools[i].name, name)) {
			assert_null(ret); /* there is one of a name */
			ret = &s->p.pools[i];
		}
	return ret;
}

#endif
