/* SPDX-License-Identifier: BSD-2-Clause */
/* gecko_impl.h - what the files of the Firefox Profiler's format share */
#ifndef GILTOP_VIEW_GECKO_IMPL_H
#define GILTOP_VIEW_GECKO_IMPL_H

#include <stdint.h>

#include "user/base/json_out.h"
#include "user/view/gecko_tables.h"
#include "user/view/state_log.h"
#include "user/view/strings.h"
#include "user/view/view.h"

/* In the order of "categories". CATEGORY_GIL is called and coloured as CPython's own profiler does it. */
enum gecko_category {
	CATEGORY_OTHER,
	CATEGORY_IDLE,
	CATEGORY_GIL,
	CATEGORY_WAIT,
	CATEGORY_YIELD,
	CATEGORY_BLAME,
};

struct gecko {
	struct view view;
	struct state_log *log;
	struct json_out json;
	struct strings strings;
	uint64_t base_ns; /* 0 of all times in the file */
	uint32_t *
		labels; /* "name (tid)" of each thread, by its number; STRINGS_NONE: not made yet */
	size_t *proc_firsts; /* place of each process's first thread in the file, plus 1 */
	size_t thread_cnt;   /* in the file by now */
};

/* Time since the file's 0. */
uint64_t gecko__since(const struct gecko *g, uint64_t ns);
/* "4242"; of the second process with this pid "4242.1". */
const char *gecko__pid(const struct gecko *g, const struct state_proc *p, char buf[48]);
uint32_t gecko__label(struct gecko *g, const struct state_thread *t);
/* Opens the object of a thread, up to where samples, tables and markers come; tid NULL: t's own. */
void gecko__open_thread(struct gecko *g, const char *name, const struct state_thread *t,
			const struct state_proc *p, const char *tid);
/* The thread of this stream. 0 or -errno. */
int gecko__put_thread(struct gecko *g, const struct log_stream *s);
/* One more that is none: who made others wait, by the totals. 0 or -errno. */
int gecko__put_blame(struct gecko *g, const struct snap_proc *p, const struct state_proc *sp);

/* A file without any thread cannot be opened. */
int gecko__put_nothing(struct gecko *g);
void gecko__put_meta(struct gecko *g, const struct snapshot *total); /* "meta" */
int gecko__put_counters(struct gecko *g); /* "counters", after all threads. 0 or -errno. */

#endif
