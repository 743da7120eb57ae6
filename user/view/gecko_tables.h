/* SPDX-License-Identifier: BSD-2-Clause */
/* gecko_tables.h - the stacks of one thread as the Firefox Profiler has them: functions, frames, and stacks as a tree of frames
 *
 * Each stack has a root of ours that says what the time is ("Waiting for GIL"), with a category; the Python frames
 * above it have none of their own, so that they are shown in the colour of what their root says.
 */
#ifndef GILTOP_VIEW_GECKO_TABLES_H
#define GILTOP_VIEW_GECKO_TABLES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "user/base/hmap.h"
#include "user/picture/stack_store.h"

#define GECKO_NONE UINT32_MAX

struct json_out;
struct strings;

struct gecko_func {
	uint32_t name, file; /* numbers of strings; file GECKO_NONE: a marker of ours */
};

struct gecko_frame {
	uint32_t func, line, category; /* line 0, category GECKO_NONE: null */
};

struct gecko_stack {
	uint32_t frame, prefix; /* GECKO_NONE: a root */
};

/* Zero-initialise but for strings, which is the whole file's. */
struct gecko_tables {
	struct strings *strings;
	struct hmap func_nos, frame_nos, stack_nos;
	struct hmap by_id; /* (what the caller likes) -> stack plus 1 */
	size_t func_cnt, func_cap, frame_cnt, frame_cap, stack_cnt, stack_cap;
	struct gecko_func *funcs;
	struct gecko_frame *frames;
	struct gecko_stack *stacks;
	bool oom;
};

/* Number of a stack of one frame of ours on prefix (GECKO_NONE: it is a root). After a failed allocation (oom) it does not
 * matter what these return.
 */
uint32_t gecko_tables__root(struct gecko_tables *t, uint32_t prefix, const char *name,
			    uint32_t category);
/* .. and with these Python frames on top. */
uint32_t gecko_tables__stack(struct gecko_tables *t, uint32_t prefix,
			     const struct stored_stack *stack);
/* "stackTable", "frameTable" and the others, into the open object of a thread. */
void gecko_tables__put(const struct gecko_tables *t, struct json_out *j);
void gecko_tables__free(struct gecko_tables *t);

#endif
