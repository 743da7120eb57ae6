/* SPDX-License-Identifier: BSD-2-Clause */
/* state_names.c - what states and triggers are called in timelines: in each format the same */
#include "user/books/trigger.h"
#include "user/view/states.h"

/* The first two as CPython's own profiler has them (3.15, Lib/profiling/sampling/gecko_collector.py). */
const char *const state_names[GT_STATE_CNT] = {
	[GT_WAIT] = "Waiting for GIL",
	[GT_HOLD] = "Has GIL",
	[GT_YIELD] = "Yielding",
};

const char *const state_segment_names[GT_STATE_CNT] = {
	[GT_WAIT] = "Short waits",
	[GT_HOLD] = "Short holds",
	[GT_YIELD] = "Short yields",
};

const char *const state_trigger_names[TRIGGER_KINDS] = {
	[TRIGGER_WAIT] = "on-wait",  [TRIGGER_HOLD] = "on-hold", [TRIGGER_DELAY] = "on-delay",
	[TRIGGER_SIGNAL] = "signal", [TRIGGER_KEY] = "key",	 [TRIGGER_END] = "end",
};
