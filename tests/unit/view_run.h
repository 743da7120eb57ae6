/* SPDX-License-Identifier: BSD-2-Clause */
/* view_run.h - a made-up run for a view that takes the stream, and what it has written, as JSON */
#ifndef GILTOP_TEST_VIEW_RUN_H
#define GILTOP_TEST_VIEW_RUN_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "user/base/util.h"
#include "user/books/event.h"
#include "user/books/sink.h"
#include "user/view/view.h"

#define GIL 0x1000
#define PID 7
#define MS  1000000ull

static const struct view_opts no_opts = { 0 };

/* ---- a run ---- */

struct run {
	struct view *view;
	FILE *f;
	char *text;
	size_t len;
};

static inline void give(struct run *r, struct record rec)
{
	assert_int_equal(view__take(r->view, &rec), 0);
}

static inline void start_proc(struct run *r, uint32_t pid, uint64_t ns)
{
	give(r, (struct record){ REC_PROC_START, pid,
				 .proc = { .books_ns = ns, .comm = "app", .python = "3.11.2" } });
}

static inline void start(struct run *r, struct view *(*make)(FILE *, const struct view_opts *))
{
	*r = (struct run){ 0 };
	r->f = open_memstream(&r->text, &r->len);
	r->view = make(r->f, &no_opts);
	assert_non_null(r->view);
	give(r, (struct record){ REC_SOURCE, 0,
				 .source = { .mono_ns = 5 * MS, .real_ns = 1700000000005 * MS } });
}

static inline void event_of(struct run *r, struct event e)
{
	e.pid = e.pid ? e.pid : PID;
	e.gil = e.gil ? e.gil : GIL;
	give(r, (struct record){ REC_EVENTS, 0, .events = { 1, &e } });
}

static inline void event(struct run *r, uint64_t ns, uint32_t tid, enum event_kind kind)
{
	event_of(r, (struct event){ .ns = ns, .tid = tid, .kind = (uint8_t)kind });
}

static inline json_t *end_with(struct run *r, const struct snapshot *total)
{
	json_error_t why;
	json_t *j;

	assert_int_equal(r->view->ops->end(r->view, total, NULL), 0);
	view__free(r->view);
	fclose(r->f);
	j = json_loads(r->text, JSON_REJECT_DUPLICATES, &why);
	if (!j)
		fail_msg("%s at %d: %.80s", why.text, why.position, r->text);
	free(r->text);
	return j;
}

static inline json_t *end(struct run *r, uint64_t now_ns)
{
	const struct snapshot total = { .start_ns = 0, .now_ns = now_ns };

	return end_with(r, &total);
}

/* ---- JSON by path: "threads.0.name" ---- */

static inline json_t *at(json_t *j, const char *path)
{
	char *copy = strdup(path), *rest = copy, *key;

	while ((key = strsep(&rest, ".")) && j)
		j = json_is_array(j) ? json_array_get(j, (size_t)atoi(key))
				     : json_object_get(j, key);
	if (!j)
		fail_msg("no %s", path);
	free(copy);
	return j;
}

static inline void is_text(json_t *j, const char *path, const char *want)
{
	assert_string_equal(json_string_value(at(j, path)), want);
}

static inline double number(json_t *j, const char *path)
{
	assert_true(json_is_number(at(j, path)));
	return json_number_value(at(j, path));
}

static inline void is_number(json_t *j, const char *path, double want)
{
	if (number(j, path) != want)
		fail_msg("%s: %.9g, not %.9g", path, number(j, path), want);
}

/* The string that the number at path stands for. */
static inline const char *string_at(json_t *j, const char *path)
{
	json_t *all = at(j, "shared.stringArray");

	return json_string_value(json_array_get(all, (size_t)number(j, path)));
}

/* ---- a hand-over ---- */

static const struct snap_frame frames[] = { { "main", "/srv/app.py", 3 },
					    { "work", "/srv/app.py", 8 } };

/* Thread 8 holds for 20 ms; 7, the first one, waits from 5 ms on, and has it from 21 ms to 30 ms. */
static inline void hand_over(struct run *r)
{
	start_proc(r, PID, 0);
	give(r, (struct record){ REC_STACK, 0, .stack = { 9, false, 2, frames } });
	event(r, 0, 8, EVENT_GET);
	event(r, 5 * MS, 7, EVENT_WAIT);
	event(r, 10 * MS, 7, EVENT_RETRY);
	event_of(r,
		 (struct event){
			 .ns = 20 * MS, .tid = 8, .kind = EVENT_RELEASE, .flags = EVENT_F_ASKED });
	event_of(r, (struct event){ .ns = 21 * MS + 1, .tid = 7, .kind = EVENT_GET, .stack = 9 });
	give(r, (struct record){ REC_THREAD, PID, .thread = { 7, false, "MainThread", 0 } });
	give(r, (struct record){ REC_THREAD, PID, .thread = { 8, false, "a \"b\" \\", 0 } });
	event(r, 30 * MS, 7, EVENT_RELEASE);
}

static inline void segment(struct run *r)
{
	struct event_segment seg = {
		.from_ns = 1 * MS, .cnt = 5, .sum_ns = 2000000, .max_ns = 700
	};

	start_proc(r, PID, 0);
	event_of(r,
		 (struct event){ .ns = 9 * MS, .tid = 7, .kind = EVENT_SEGMENT, .segment = &seg });
}

#endif
