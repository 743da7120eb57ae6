/* SPDX-License-Identifier: BSD-2-Clause */
/* snapshot.h - the immutable picture of one moment: all that a view may see
 *
 * Times are ns, counts are counts; NS_UNKNOWN (all ones) where a number is not known, which is not
 * the same as 0. Every string is clean UTF-8: no control bytes, no invalid sequences, never NULL.
 * A snapshot covers the time from start_ns to now_ns: one interval, or all since the books started.
 * Everything in it is owned by it and lives until snapshot__free(), but for the frames: those are in the stack store
 * of whoever made it, and live as long as that.
 */
#ifndef GILTOP_PICTURE_SNAPSHOT_H
#define GILTOP_PICTURE_SNAPSHOT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include "bpf/giltop.h"
#include "user/base/hist.h"
#include "user/base/units.h"
#include "user/base/where.h"
#include "user/books/counters.h"

#define TID_UNKNOWN 0u

enum snap_state {
	SNAP_RELEASED,
	SNAP_WAITING,
	SNAP_HOLDING,
	SNAP_YIELDING,
	SNAP_EXITED,
	SNAP_FINALIZING, /* parked for ever by an interpreter that finalizes */
	SNAP_UNKNOWN,
};

/* How a process is measured at the moment (doc/accounting.md). */
enum snap_mode {
	SNAP_MODE_EXACT,
	SNAP_MODE_LIGHT, /* only what is contended: holds and acquisitions are not seen */
};

/* One Python frame. */
struct snap_frame {
	const char *name; /* qualified where the interpreter has it */
	const char *file; /* full path as the interpreter has it */
	uint32_t line;	  /* 0: unknown */
};

enum snap_stack_kind {
	SNAP_STACK_WAIT,  /* the waiter's stack, weighted with its waiting */
	SNAP_STACK_HOLD,  /* the holder's stack, weighted with its holding */
	SNAP_STACK_BLAME, /* the holder's stack, weighted with the waiting that it inflicted */
};

/* frames[0] is the root (outermost). frame_cnt 0: "[other]", what found no room in the tables. */
struct snap_stack {
	enum snap_stack_kind kind;
	uint32_t tid;
	uint64_t ns;
	uint64_t cnt;	/* waits, or looks that saw a holder there */
	bool truncated; /* deeper than the walk goes: the root is missing */
	size_t frame_cnt;
	const struct snap_frame *frames;
	size_t hidden_cnt; /* innermost ones behind these, that snapshot__my_code() leaves out */
};

/* Who waited where, for whom where; frames as in snap_stack. */
struct snap_chain {
	uint32_t waiter_tid, holder_tid; /* holder 0: other */
	uint64_t ns, cnt;
	bool waiter_truncated, holder_truncated;
	size_t waiter_frame_cnt;
	const struct snap_frame *waiter_frames;
	size_t holder_frame_cnt;
	const struct snap_frame *holder_frames;
	size_t waiter_hidden_cnt, holder_hidden_cnt;
};

/* Where a thread slept while it held the GIL; frames as in snap_stack. */
struct snap_offcpu {
	uint32_t tid;	 /* 0: of those that found no room */
	int32_t call_no; /* the system call that it slept in; GT_NO_CALL: in none; GT_UNKNOWN_CALL */
	const char *call; /* its name; NULL: not known, or in none */
	uint64_t ns;	  /* until it was on a CPU again */
	uint64_t cnt;	  /* sleeps that began in the span */
	bool truncated;
	size_t frame_cnt;
	const struct snap_frame *frames;
	size_t hidden_cnt;
};

struct snap_pair {
	uint32_t waiter_tid;
	uint32_t holder_tid; /* 0: other */
	uint64_t ns;
};

/* Threads that ended and were folded together are one row for each pool, with a tid of no thread: 0 where the pool is
 * not known, else SNAP_FOLD_TID and a number.
 */
#define SNAP_FOLD_TID 0x80000000u

/* Times of the covered span; the still open wait, hold or yield is included up to now_ns. */
struct snap_thread {
	uint32_t tid;	     /* 0, or with SNAP_FOLD_TID: of ended threads; of a pool 0 */
	uint32_t folded_cnt; /* how many threads a row stands for; 0: it is one thread */
	const char *name;
	size_t pool; /* index into snap_proc.pools, if there are any */
	size_t gil;  /* index into snap_proc.gils */
	enum snap_state state;
	uint64_t state_ns; /* in this state for so long (also longer than the covered span) */
	uint64_t span_ns;  /* how much of the covered span the thread was known */
	/* In light stretches holding is part of released_ns: see hold_observed_ns. */
	uint64_t wait_ns, yield_ns, hold_ns, released_ns;
	/* For how much of the process's span holds, acquisitions and what is derived of them were seen (as the GIL's
	 * observed_ns; of a pool, too); 0: nothing of that is known, and it is not 0.
	 */
	uint64_t hold_observed_ns;
	uint64_t
		runnable_ns; /* part of wait_ns in which it had been woken and found no CPU; NS_UNKNOWN: the kernel does not say */
	/* Part of hold_ns that it did not run, and part of that in which it wanted a CPU (preempted or throttled: see
	 * snap_proc.throttled_ns). Of holds that have ended. NS_UNKNOWN: none has, or it is not known.
	 */
	uint64_t hold_offcpu_ns, hold_runnable_ns;
	uint64_t blame_ns;
	uint64_t acquisitions, contended, releases, yields;
	/* Holds that a waiter asked to end (after a switch interval), how long that took, for how much of it there was no
	 * CPU to run on, and how often the rest was GT_LATE_NS and more; of those that ended in the span.
	 */
	uint64_t asked, react_ns, react_queued_ns, late;
	uint64_t wait_max_ns, wait_p50_ns, wait_p90_ns,
		wait_p99_ns; /* NS_UNKNOWN: none in the span */
	uint64_t hold_max_ns, hold_p50_ns, hold_p90_ns, hold_p99_ns;
	const struct gt_hist *wait_hist, *hold_hist;
	/* Its stack at this moment, root first; cnt 0: not looked at, or running. */
	size_t now_frame_cnt;
	const struct snap_frame *now_frames;
	/* The Python lines where it waits most, and where it makes others wait most; NULL: nowhere, or not known */
	const struct snap_frame *wait_at, *blame_at;
};

/* Threads with one name up to its number, or without a name of their own with one start function (pools.c). */
struct snap_pool {
	const char *name; /* "ThreadPoolExecutor-0_*"; of a single thread its name */
	uint32_t cnt, ended_cnt;
	const struct snap_thread *all,
		*ended; /* their sums; NULL: of none. Of one thread: that thread. */
};

struct snap_gil {
	uint32_t id;	      /* 0, 1, .. in order of appearance within the process */
	int64_t interpreter;  /* interpreter id; -1: not known */
	uint64_t interval_ns; /* sys.getswitchinterval(); 0: not known */
	uint64_t addr;
	uint64_t held_ns;     /* somebody held it */
	uint64_t gap_ns;      /* integral of waiters over hand-over gaps */
	uint64_t gap_wall_ns; /* wall time of hand-over gaps */
	uint64_t wait_ns;     /* integral of waiters */
	/* held_ns, gap_ns, gap_wall_ns, acquisitions and switches are of this much of the span: the exact stretches. */
	uint64_t observed_ns;
	/* In light stretches wait = blame + runnable + unsure. */
	uint64_t runnable_ns, unsure_ns;
	/* Looks at gil->locked in light stretches of the span, and how many found it taken: an estimate. */
	uint64_t look_cnt, locked_cnt;
	uint64_t acquisitions, switches;
	uint64_t asked_ns;   /* the open hold was asked to end so long ago; 0: it was not */
	uint32_t holder_tid; /* now; TID_UNKNOWN: nobody, or not known (held tells) */
	bool held;
	uint32_t waiters; /* now */
};

/* Utilisation 0..1 and load (mean number of threads that hold or wait) are computed from these by snap_gil__held() and
 * snap_gil__load().
 */

struct snap_proc {
	uint32_t pid;
	const char *comm;
	const char *cmdline;
	const char *python;	 /* "3.11.2", or "?" */
	const char *runtime;	 /* the ELF that holds the GIL code */
	const char *sites;	 /* how it was found: "call-sites" */
	struct where_list where; /* container, pod, unit */
	const char *note; /* anything the user must know ("free-threaded build, GIL on"), or "" */
	bool halted;	  /* stopped, as the note says */
	bool alive;
	bool executed; /* it has not ended: another program runs under its pid */
	enum snap_mode mode;
	bool mode_auto;	       /* it may change */
	uint32_t mode_changes; /* in the span */
	uint64_t span_ns;      /* how much of the covered span it was measured */
	uint64_t late_ns;      /* of its life before that, while giltop ran: not measured */
	unsigned int cpu_cnt;  /* CPUs that it may run on; 0: not known */
	uint32_t parent;       /* whose child it was at the start, measured or not; 0: not known */
	const char *parent_comm; /* "?": not known */
	/* For how long a CPU limit (cgroup) kept CPUs from running its processes, in sum over CPUs; NS_UNKNOWN: not known */
	uint64_t throttled_ns;
	size_t gil_cnt;
	const struct snap_gil *gils;
	size_t thread_cnt;
	const struct snap_thread *threads; /* by GIL delay (wait + yield), largest first */
	const size_t *by_tid; /* their numbers, ordered by tid; NULL: there is no such index */
	size_t pool_cnt;
	const struct snap_pool *pools; /* by GIL delay, largest first */
	bool pairs_known, stacks_known;
	bool pairs_left_out; /* and chains: self_level says why */
	size_t pair_cnt;
	const struct snap_pair *pairs; /* largest first */
	size_t stack_cnt;
	const struct snap_stack *stacks; /* largest first within a kind */
	size_t chain_cnt;		 /* known when the stacks are */
	const struct snap_chain *chains; /* largest first */
	bool offcpu_known;		 /* --sched, in exact stretches */
	size_t offcpu_cnt;
	const struct snap_offcpu *offcpu; /* largest first */
};

struct snapshot {
	const char *attach;	     /* how it is probed: "uprobe_multi", "perf events", or "?" */
	uint64_t start_ns, now_ns;   /* CLOCK_MONOTONIC */
	uint64_t books_ns;	     /* the books started */
	uint64_t lost_events;	     /* COUNTER_LOSS: touches a total; in the span */
	uint64_t lost_detail;	     /* COUNTER_LOSS_DETAIL: totals are whole */
	uint64_t lost_ever;	     /* both, since the start, whatever was reset */
	uint64_t lost_spans;	     /* lost for the timeline only */
	uint64_t violations;	     /* self-check disagreements (see stats) */
	uint64_t self_cpu_ns;	     /* giltop's own CPU time in the span */
	bool brief;		     /* without pairs, stacks and chains, as asked for */
	unsigned int self_level;     /* enum self_level: what giltop leaves out to cost less */
	uint64_t load_cpu_ns;	     /* .. before the first reading: to load and attach */
	uint64_t probe_hits;	     /* in the span */
	uint64_t stats[COUNTER_CNT]; /* in the span */
	size_t proc_cnt;
	const struct snap_proc *procs;
	uint64_t
		dropped_cnt; /* processes that ended so long ago that they are not in procs any more */
};

/* The innermost frame that is of Python: native leaves have no line. NULL: there are no frames. */
const struct snap_frame *snap_frames__python_leaf(const struct snap_frame *frames, size_t cnt);
/* Time goes to the nearest frame outside the standard library and site-packages, or again to where it was spent.
 * (Stacks without such a frame stay as they are.) The lines of threads and pools follow.
 */
void snapshot__my_code(struct snapshot *s, bool on);
/* Are there stacks of any process, or were none collected? */
bool snapshot__has_stacks(const struct snapshot *s);
/* Is this frame the program's own? No marker, no code of the standard library, none of site- or dist-packages. */
bool snap_frame__is_mine(const struct snap_frame *f);
/* Do these name the same function (with_line: and line)? NULL is only like NULL. */
bool snap_frame__same(const struct snap_frame *a, const struct snap_frame *b, bool with_line);
/* By file, function, line: not by where they are, which differs from run to run. <0, 0, >0; NULL comes first. */
int snap_frame__cmp(const struct snap_frame *a, const struct snap_frame *b);
/* A hash of what snap_frame__same compares; 0 for NULL. */
uint64_t snap_frame__hash(const struct snap_frame *f, bool with_line);
/* Is a share of this kind a rough one, for it rests on few looks (snap_stack.cnt, of all stacks in it)? */
bool snap_looks__few(enum snap_stack_kind kind, uint64_t cnt);
/* What stands before such a share: "~", else "". */
const char *snap_looks__mark(enum snap_stack_kind kind, uint64_t cnt);

/* How much a GIL is held, 0..1. */
struct snap_held {
	double share; /* NaN: not known */
	double err;   /* of an estimate, +-, at 95 %; NaN: it was seen */
};

/* Seen: held while its books were exact; NaN: they never were in the span. */
double snap_gil__utilization(const struct snap_gil *gil);
/* Estimated by looks at gil->locked in light stretches, with its error; both NaN without looks. */
double snap_gil__utilization_est(const struct snap_gil *gil, double *err);
/* What was seen if that was for half of the process's span at least, or there is no estimate; else the estimate. */
struct snap_held snap_gil__held(const struct snap_gil *gil, uint64_t span_ns);
/* For how long of the process's span it was held: seen, and in light stretches by looks; no sum of anything. */
uint64_t snap_gil__about_held_ns(const struct snap_gil *gil, uint64_t span_ns);
/* NaN: it is not known how much it is held, or the span is 0. */
double snap_gil__load(const struct snap_gil *gil, uint64_t span_ns);
/* The same for an order: what is not known counts as 0. */
double snap_gil__least_load(const struct snap_gil *gil, uint64_t span_ns);
/* The GIL with the highest load (mean number of threads that hold or wait); NULL if there is none. */
const struct snap_gil *snap_proc__busiest_gil(const struct snap_proc *p);
/* For a table "97.8", "~62" estimated, "-" not known, "?" of no time; for a sentence "98%", "~62%". Returns buf. */
const char *snap_gil__held_percent(const struct snap_gil *gil, uint64_t span_ns,
				   char buf[UNITS_SZ]);
const char *snap_gil__held_word(const struct snap_gil *gil, uint64_t span_ns, char buf[UNITS_SZ]);
/* Were holds seen in the span at all: at this GIL, or (NULL) at any? True where no time has passed. */
bool snap_proc__holds_seen(const struct snap_proc *p, const struct snap_gil *g);
/* Were its holds seen all the time? (If not, released_ns may contain holds.) */
bool snap_thread__all_seen(const struct snap_thread *t, const struct snap_proc *p);
/* For how much of the time that it was known (of a pool: in sum) its holds were seen, ns; 0: never. */
uint64_t snap_thread__seen_ns(const struct snap_thread *t, const struct snap_proc *p);
/* "light", "auto:light", "auto:exact"; "" where it is exact for good. */
const char *snap_proc__mode_word(const struct snap_proc *p);
/* GIL delay: what a thread lost to the GIL. */
uint64_t snap_thread__delay_ns(const struct snap_thread *t);
/* The runnable part of the waiting that lies in the span: it is booked at the end of a wait, which may have begun before. NS_UNKNOWN
 * where it is not known.
 */
uint64_t snap_thread__runnable_ns(const struct snap_thread *t);
/* The row of threads that ended and were folded together, not of one thread. */
bool snap_thread__is_fold(const struct snap_thread *t);
/* It takes no part any more. */
bool snap_thread__is_over(const struct snap_thread *t);
const char *snap_state__name(enum snap_state state); /* "waiting": as in the JSON */
char snap_state__letter(enum snap_state state);	     /* W H Y r x F ? */
/* The thread with this tid, or NULL. */
const struct snap_thread *snap_proc__thread(const struct snap_proc *p, uint32_t tid);
void snapshot__free(struct snapshot *s); /* NULL is fine */

#endif
