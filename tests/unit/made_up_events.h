/* SPDX-License-Identifier: BSD-2-Clause */
/* made_up_events.h - threads that wait for GILs, hold them and yield, at random, as events one by one */
#ifndef GILTOP_TEST_MADE_UP_EVENTS_H
#define GILTOP_TEST_MADE_UP_EVENTS_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "user/books/event.h"

#define MADE_THREADS 12

struct made_thread {
	uint64_t at_ns, cpu_ns;
	int step;
};

struct made_up {
	uint64_t x, now;
	uint64_t longest_ns; /* between two events */
	uint32_t procs;
	size_t cnt, cap;
	struct event *list;
	struct made_thread threads[MADE_THREADS];
};

static inline uint64_t made_rnd(struct made_up *m, uint64_t below)
{
	m->x ^= m->x << 13;
	m->x ^= m->x >> 7;
	m->x ^= m->x << 17;
	return (m->x * 2685821657736338717ull >> 20) % below;
}

static inline struct event *made_add(struct made_up *m, uint32_t i, enum event_kind kind)
{
	struct made_thread *t = &m->threads[i];
	uint64_t slept = made_rnd(m, 2) ? 0 : made_rnd(m, m->now - t->at_ns + 1);
	struct event *e;

	if (m->cnt == m->cap) {
		m->cap = m->cap ? 2 * m->cap : 256;
		m->list = realloc(m->list, m->cap * sizeof(*m->list));
		assert_non_null(m->list);
	}
	t->cpu_ns += m->now - t->at_ns - slept;
	t->at_ns = m->now;
	e = &m->list[m->cnt++];
	memset(e, 0, sizeof(*e));
	e->ns = m->now;
	e->cpu_ns = made_rnd(m, 30) ? t->cpu_ns : EVENT_NO_CPU;
	e->pid = 100 + i % m->procs;
	e->tid = 1000 + i;
	e->gil = 0x7f0000001000 + 64 * (i % m->procs);
	e->kind = (uint8_t)kind;
	return e;
}

/* The next event of some thread. */
static inline void made_step(struct made_up *m)
{
	uint32_t i = (uint32_t)made_rnd(m, MADE_THREADS);
	struct made_thread *t = &m->threads[i];

	m->now += made_rnd(m, 8) ? made_rnd(m, m->longest_ns) : 1;
	switch (t->step) {
	case 0:
		made_add(m, i, EVENT_START);
		t->step = 1;
		break;
	case 1:
		t->step = made_rnd(m, 3) ? 2 : 3;
		made_add(m, i, t->step == 2 ? EVENT_WAIT : EVENT_GET);
		break;
	case 2:
		if (!made_rnd(m, 3)) {
			made_add(m, i, EVENT_RETRY);
			break;
		}
		made_add(m, i, EVENT_GET)->stack = (uint32_t)made_rnd(m, 5);
		t->step = 3;
		break;
	case 3:
		made_add(m, i, EVENT_RELEASE)->flags = made_rnd(m, 2) ? EVENT_F_ASKED : 0;
		t->step = made_rnd(m, 3) ? 1 : 4;
		break;
	case 4:
		made_add(m, i, EVENT_YIELD);
		t->step = 5;
		break;
	case 5:
		made_add(m, i, EVENT_YIELD_END);
		t->step = made_rnd(m, 10) ? 1 : 6;
		break;
	case 6:
		made_add(m, i, EVENT_END);
		t->step = 0;
		break;
	}
	if (!made_rnd(m, 20))
		made_add(m, i, EVENT_WAKE)->other = 1000 + (uint32_t)made_rnd(m, MADE_THREADS);
}

static inline struct made_up made_up(uint64_t seed, size_t steps, uint64_t longest_ns)
{
	struct made_up m = { .x = seed * 0x9e3779b97f4a7c15ull | 1,
			     .now = 5000000000,
			     .longest_ns = longest_ns,
			     .procs = 1 + (uint32_t)seed % 3 };

	for (int i = 0; i < 8; i++)
		made_rnd(&m, 2);
	for (int i = 0; i < MADE_THREADS; i++)
		m.threads[i].at_ns = m.now;
	for (size_t i = 0; i < steps; i++)
		made_step(&m);
	return m;
}

#endif
