/* SPDX-License-Identifier: BSD-2-Clause */
/* perfetto_out.h - packets of a Perfetto trace into a file, and what they refer to by numbers, each time it is new
 *
 * A sequence of packets; what they name (functions, files, frames, stacks) is sent with the first packet that needs it.
 */
#ifndef GILTOP_VIEW_PERFETTO_OUT_H
#define GILTOP_VIEW_PERFETTO_OUT_H

#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include "bpf/giltop.h"
#include "user/base/arena.h"
#include "user/base/hmap.h"
#include "user/books/trigger.h"
#include "user/picture/stack_store.h"
#include "user/view/proto/perfetto.pb-c.h"
#include "user/view/strings.h"

/* What is known from the first packet on: numbers, in the order of their tables in perfetto_out.c. */
enum perfetto_name {
	PERFETTO_STATE = 1,				    /* + enum gt_state */
	PERFETTO_SEGMENT = PERFETTO_STATE + GT_STATE_CNT,   /* + enum gt_state */
	PERFETTO_TRIGGER = PERFETTO_SEGMENT + GT_STATE_CNT, /* + enum trigger_kind */
	PERFETTO_NAMES = PERFETTO_TRIGGER + TRIGGER_KINDS,
};

enum perfetto_key {
	PERFETTO_KEY_HOLDER = 1,
	PERFETTO_KEY_HOLDER_TID,
	PERFETTO_KEY_FROM,
	PERFETTO_KEY_FROM_TID,
	PERFETTO_KEY_RETRIES,
	PERFETTO_KEY_ASKED,
	PERFETTO_KEY_LIGHT,
	PERFETTO_KEY_OPEN,
	PERFETTO_KEY_COUNT,
	PERFETTO_KEY_SUM_NS,
	PERFETTO_KEY_MAX_NS,
	PERFETTO_KEY_LASTED_NS,
	PERFETTO_KEY_LIMIT_NS,
	PERFETTO_KEY_OVER,
	PERFETTO_KEY_WAITER,
	PERFETTO_KEY_WAITER_TID,
	PERFETTO_KEYS,
};

struct states_clock;

/* Zero-initialise but for out and sequence. */
struct perfetto_out {
	FILE *out;
	uint32_t sequence; /* its number in the file, from 1 on */
	/* The rest is its own. */
	bool begun;
	uint8_t *buf;
	size_t cap;
	struct strings functions, files;
	struct hmap frames; /* (function, file; line) -> number */
	struct hmap stacks; /* ids that have been sent */
	size_t frame_cnt;
	uint64_t sample_cnt; /* stacks of samples */
	/* New since the last packet. */
	struct arena fresh;
	size_t function_cnt, file_cnt, new_frame_cnt, stack_cnt;
	size_t function_cap, file_cap, new_frame_cap, stack_cap;
	Perfetto__InternedString **new_functions, **new_files;
	Perfetto__Frame **new_frames;
	Perfetto__Callstack **new_stacks;
	bool oom;
};

/* The clocks, and the names above: before all others. 0 or -errno. */
int perfetto_out__begin(struct perfetto_out *o, const struct states_clock *clock);
/* Its number of the sequence and its flags are set here. 0 or -errno. */
int perfetto_out__packet(struct perfetto_out *o, Perfetto__TracePacket *p);
/* A stack by its id, for TrackEvent.callstack_iid; 0: there is none. */
uint64_t perfetto_out__stack(struct perfetto_out *o, uint32_t id, const struct stored_stack *s);

/* A sequence of samples, instead of perfetto_out__begin: readers tell by it whose they are. All are ns of source. 0 or -errno. */
int perfetto_out__begin_samples(struct perfetto_out *o, const char *source);
/* The stack of a sample, for StackSample.callstack_iid. */
uint64_t perfetto_out__sample_stack(struct perfetto_out *o, const struct snap_stack *s);
void perfetto_out__free(struct perfetto_out *o);

#endif
