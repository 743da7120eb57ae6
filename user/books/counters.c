/* SPDX-License-Identifier: BSD-2-Clause */
#include "user/books/counters.h"

#include <stddef.h>

#include "bpf/pystack.h"

/* --max-loss 0 is for a CI job: what an ordinary program brings about by itself is no loss. So it is
 * information that a wait met more holds than the ring keeps (threads that pass the GIL on thousands of
 * times in one switch interval; their time is under "other"), that code was freed before its name was
 * read (exec() of generated code), that of very many pairs the lightest share a row, that a record was written to while it was read (the next reading has
 * it), and how stack walks ended.
 */
const struct counter_desc counter_table[COUNTER_CNT] = {
	[GT_STAT_THREAD_FULL] = { "thread_full", "hits lost: no room for a thread", COUNTER_LOSS },
	[GT_STAT_GIL_FULL] = { "gil_full", "hits lost: no room for a GIL", COUNTER_LOSS },
	[GT_STAT_TID_FULL] = { "tid_full",
			       "threads at more GILs than are remembered: no end at the others",
			       COUNTER_LOSS },
	[GT_STAT_PAIR_FULL] = { "pair_full", "pairs without room: counted as other",
				COUNTER_LOSS_DETAIL },
	[GT_STAT_PAIR_OVERRUN] = { "pair_overrun",
				   "waits for more holds than are remembered: rest as other",
				   COUNTER_INFO },
	[GT_STAT_ACQUIRE_HELD] = { "acquire_held", "self-check: taken while another held it",
				   COUNTER_DISAGREEMENT },
	[GT_STAT_RELEASE_FOREIGN] = { "release_foreign",
				      "self-check: released by a thread that did not hold it",
				      COUNTER_DISAGREEMENT },
	[GT_STAT_WAIT_HOLDER] = { "wait_holder", "self-check: waited for by its holder",
				  COUNTER_DISAGREEMENT },
	[GT_STAT_CHECKS] = { "checks", NULL, COUNTER_INFO },
	[GT_STAT_LOCKED_WRONG] = { "locked_wrong", "self-check: gil->locked disagrees",
				   COUNTER_DISAGREEMENT },
	[GT_STAT_LAST_HOLDER_WRONG] = { "last_holder_wrong",
					"self-check: gil->last_holder disagrees",
					COUNTER_DISAGREEMENT },
	[GT_STAT_CHECK_FAULT] = { "check_fault", "self-check: memory not readable", COUNTER_INFO },
	[GT_STAT_SPAN_DROP] = { "span_drop", "timeline spans lost: ring buffer full",
				COUNTER_LOSS_DETAIL },
	[GT_STAT_EVENT_DROP] = { "event_drop", "events of the recording lost: ring buffer full",
				 COUNTER_LOSS_DETAIL },
	[GT_STAT_NOTE_DROP] = { "note_drop", "process notes lost: ring buffer full", COUNTER_LOSS },
	[GT_STAT_DEAD_RETRY] = { "dead_retry", NULL, COUNTER_INFO },
	[GT_STAT_CLOCK_BACK] = { "clock_back", NULL, COUNTER_INFO },
	[GT_STAT_STACK_FULL] = { "stack_full", "stacks without room: counted as [other]",
				 COUNTER_LOSS_DETAIL },
	[GT_STAT_SUM_FULL] = { "sum_full", "sums by stack without room: counted as [other]",
			       COUNTER_LOSS_DETAIL },
	[GT_STAT_CHAIN_FULL] = { "chain_full", "pairs of stacks without room: counted as [other]",
				 COUNTER_LOSS_DETAIL },
	[GT_STAT_DEAD_FULL] = { "dead_full", "threads that died waiting without room: they wait on",
				COUNTER_LOSS },
	[GT_STAT_TARGET_FULL] = { "target_full", "child processes without room: not followed",
				  COUNTER_LOSS },
	[GT_STAT_SLEEP_FULL] = { "sleep_full",
				 "places where holders slept without room: counted as other",
				 COUNTER_LOSS_DETAIL },
	[GT_STAT_ALARM_DROP] = { "trigger_drop",
				 "ends of long waits and holds not told: ring buffer full",
				 COUNTER_LOSS_DETAIL },
	[GT_STAT_LOOK_MOVED] = { "look_moved", NULL, COUNTER_INFO },
	[GT_STAT_WALK + PY_END_ROOT] = { "walk_complete", NULL, COUNTER_INFO },
	[GT_STAT_WALK + PY_END_DEPTH] = { "walk_truncated", NULL, COUNTER_INFO },
	[GT_STAT_WALK + PY_END_NO_LAYOUT] = { "walk_no_layout", NULL, COUNTER_INFO },
	[GT_STAT_WALK + PY_END_TSTATE] = { "walk_torn_thread", NULL, COUNTER_INFO },
	[GT_STAT_WALK + PY_END_FRAME] = { "walk_torn_frame", NULL, COUNTER_INFO },
	[COUNTER_TORN] = { "record_torn", NULL, COUNTER_INFO },
	[COUNTER_TORN_LAST] = { "record_torn_last",
				"records still being written when the books were closed",
				COUNTER_LOSS },
	[COUNTER_LATE] = { "record_late", NULL, COUNTER_INFO },
	[COUNTER_UNBALANCED] = { "unbalanced", "self-check: processes whose sums do not agree",
				 COUNTER_DISAGREEMENT },
	[COUNTER_STORE_FULL] = { "store_full",
				 "stacks without room at the reader: counted as [other]",
				 COUNTER_LOSS_DETAIL },
	[COUNTER_STACK_TOTALS_FULL] = { "stack_totals_full",
					"totals by stack without room: counted as [other]",
					COUNTER_LOSS_DETAIL },
	[COUNTER_MISSED] = { "processes_missed",
			     "processes that ended before they could be measured", COUNTER_INFO },
	[COUNTER_QUIET] = { "processes_quiet", "processes that ended and had never waited",
			    COUNTER_INFO },
	[COUNTER_REFRESH_LATE] = { "refresh_late", "refreshes longer than their interval",
				   COUNTER_INFO },
	[COUNTER_UNTOLD] = { "triggers_untold",
			     "long waits and holds not told one by one: too many at once",
			     COUNTER_INFO },
	[COUNTER_LIGHT] = { "folded_light",
			    "light pairs and places, of tens of thousands: counted as other",
			    COUNTER_INFO },
	[COUNTER_UNRESOLVED] = { "unresolved", "frames whose code was freed before it was read",
				 COUNTER_INFO },
	[COUNTER_NO_LINE] = { "no_line", "frames without a line: their tables are too long",
			      COUNTER_INFO },
	[COUNTER_GIVEN_UP] = { "given_up",
			       "looks at a target that were given up: they blocked, or took too "
			       "much",
			       COUNTER_LOSS_DETAIL },
};

uint64_t counters__sum(const uint64_t *stats, enum counter_class class)
{
	uint64_t sum = 0;

	for (size_t i = 0; i < COUNTER_CNT; i++)
		sum += counter_table[i].class == class ? stats[i] : 0;
	return sum;
}
