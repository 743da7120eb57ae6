/* SPDX-License-Identifier: BSD-2-Clause */
/* tui_stage.h - the live view on made-up data, driven by keys */
#ifndef GILTOP_TUI_STAGE_H
#define GILTOP_TUI_STAGE_H

#include "tests/unit/fake_snapshot.h"
#include "tui/thread_list.h"
#include "tui/ui.h"

struct stage {
	struct fake now, all;
	struct timeline *timeline;
	struct ui_state ui;
};

static inline void stage__open(struct stage *st, bool unicode, int h, int w)
{
	struct tui_opts opts = { .interval_ns = S };

	memset(st, 0, sizeof(*st));
	fake__init(&st->now, 10 * S);
	fake__init(&st->all, 72 * S);
	st->timeline = fake__timeline(FAKE_NOW, 5 * S);
	assert_int_equal(ui__init(&st->ui, &opts, unicode), 0);
	ui__resize(&st->ui, h, w);
	/* Some history: the load grew. */
	for (unsigned int i = 0; i < 40; i++) {
		struct fake *f = &st->all;

		f->gils[0].held_ns = f->procs[0].span_ns / 1000 * (400 + i * 14);
		f->gils[0].wait_ns = f->procs[0].span_ns / 1000 * (i * 37);
		memset(f->wait, 0, sizeof(f->wait));
		fake__hist(&f->wait[0], (i % 7 + 1) * MS / 4, 300);
		ui__update(&st->ui, &f->snap, NULL, NULL);
	}
	fake__init(&st->all, 72 * S);
	ui__update(&st->ui, &st->now.snap, &st->all.snap, st->timeline);
}

static inline void stage__close(struct stage *st)
{
	ui__deinit(&st->ui);
	timeline__free(st->timeline);
}

static inline void keys(struct stage *st, const char *s)
{
	for (; *s; s++)
		ui__key(&st->ui, *s == '\n' ? UI_KEY_ENTER : *s == '\033' ? UI_KEY_ESC : *s);
}

/* The rows of the screen of threads, and the thread that is selected there. */
static inline const struct thread_list *stage__threads(const struct stage *st)
{
	return st->ui.screens[UI_THREADS].state;
}

static inline uint32_t stage__selected_tid(const struct stage *st)
{
	return stage__threads(st)->rows[st->ui.screens[UI_THREADS].sel].thread->tid;
}

/* A thousand threads, many GILs. */
static inline void stage__many(struct fake *f, size_t gil_cnt)
{
	struct snap_proc *p = &f->procs[0];

	for (size_t i = 9; i < 1000; i++) {
		char name[32];

		snprintf(name, sizeof(name), "ThreadPoolExecutor-0_%zu", i);
		fake__thread(f, i, 5000 + (uint32_t)i, name, SNAP_RELEASED, i % 97, 0, i % 7,
			     10 * S);
		f->threads[i].gil = i % gil_cnt;
	}
	p->thread_cnt = 1000;
	p->gil_cnt = gil_cnt;
	for (size_t i = 1; i < gil_cnt; i++)
		f->gils[i] = (struct snap_gil){ .id = (uint32_t)i,
						.addr = 0x1000 * i,
						.interpreter = (int64_t)i,
						.held_ns = S / i,
						.observed_ns = 10 * S,
						.wait_ns = S / i / 2,
						.switches = 100 };
	for (size_t i = p->pair_cnt; i < FAKE_PAIRS; i++)
		f->pairs[i] = (struct snap_pair){ 5000 + (uint32_t)i % 50 + 9,
						  5009 + (uint32_t)i % 13, S / (i + 100) };
	p->pair_cnt = FAKE_PAIRS;
}

#endif
