/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* giltop.h - the wire format: what the BPF programs and user space say to each other
 *
 * Only fixed-width types and explicit padding, so that both compilers lay it out alike; the
 * assertions below prove it. All times are CLOCK_MONOTONIC nanoseconds.
 */
#ifndef GILTOP_WIRE_H
#define GILTOP_WIRE_H

#ifndef __bpf__
#include <stdint.h>
#include <linux/types.h>
#endif

#include "bpf/alarm.h"
#include "bpf/hist.h"
#include "bpf/notes.h"
#include "bpf/pylayout.h"
#include "bpf/single.h"

/* ---- state ---------------------------------------------------------------------------------- */

/* What a thread is doing with the GIL; the index into gt_thread.time_ns. */
enum gt_state {
	GT_RELEASED = 0, /* off the GIL: I/O, native code, idle */
	GT_WAIT = 1,	 /* blocked in take_gil */
	GT_HOLD = 2,	 /* has the GIL */
	GT_YIELD = 3,	 /* has let go under a drop request, blocked until somebody else takes it */
	GT_STATE_CNT = 4,
};

/* A lock in one process, named by the address of its gil->cond (that is what the probed calls pass).
 * tgid is the kernel's (init namespace) process id.
 */
struct gt_gil_key {
	__u64 cond;
	__u32 tgid;
	__u32 pad;
};

#define GT_GILS 1024 /* records of GILs */

/* A thread at one GIL. Nearly always there is one GIL to a thread; a thread that enters another
 * sub-interpreter with a GIL of its own gets a second record, so that each GIL's books balance.
 */
struct gt_thread_key {
	__u64 cond;
	__u32 tid;
	__u32 pad;
};

/* Where the records of a thread are, for the places that know the tid alone. */
#define GT_TID_GILS 4
struct gt_tid {
	__u64 yield_cond; /* the GIL of the open yield */
	__u64 wait_cond;  /* .. and of the wait that began last */
	__u64 cond[GT_TID_GILS];
	__u32 tgid;
	__u32 cnt;
};

#define GT_TARGET_GILS 6

/* A process that is followed, or measured. */
struct gt_target {
	__u64 books_ns; /* the books started; 0: not yet, ignore hits */
	__u64 born_ns;	/* its program began, by fork or exec; 0: before that was seen */
	__u64 seen_ns;	/* no event of it is ignored since then; 0: since it began */
	__u64 exe_ino;	/* which that is; 0: not known */
	__u32 exe_dev;
	__u32 file;   /* its interpreter's, in `files`; 0: has probes of its own */
	__u32 wanted; /* may be adopted (bpf/adopt.bpf.h) */
	__u32 over;   /* another program has begun, of which user space has yet to take notice */
	__u64 text_start, text_end; /* the interpreter's own code */
	__u32 gil_cnt; /* .. of its books, and where the records of the first ones are */
	__u32 gil_slots[GT_TARGET_GILS];
	__u32 pad;
	struct py_layout layout;
};

/* Interpreters' files that are probed for all processes. 0 is none. */
#define GT_FILES 64

struct gt_file {
	__u64 since_ns; /* its probes are in place; 0: not yet, or no more */
	__u32 light;	/* how a process is measured that is adopted: else exactly */
	__u32 pad;
	struct py_layout layout; /* without what is not the same in all of its processes */
};

/* In a probe's cookie the file is above what an argument's place takes. */
#define GT_COOKIE_FILE 40

/* Of a process: when its books are exact, and when light (bpf/light.bpf.h). One without this is always exact. */
#define GT_MODE_STEPS 64

struct gt_modes {
	__u32 exact; /* ACQUIRE and RELEASE are probed now: a GIL's books become exact at the next of them */
	__u32 from_start; /* .. and have been since the books started: a GIL that is new is exact from there */
	__u32 cnt;
	__u32 pad;
	/* Cuts at which exact books became light, ascending: those of a GIL did at the first one after they became exact. */
	__u64 light_ns[GT_MODE_STEPS];
};

/* Whose PyThreadState is it? For holders of before the books, from user space: see `holders`. */
struct gt_tstate_key {
	__u64 tstate;
	__u32 tgid;
	__u32 pad;
};

/* A thread that died waiting, to be taken out of its GIL's waiters under that GIL's mutex. */
struct gt_dead {
	struct gt_gil_key gil;
	__u32 tid;
	__u32 pad;
};

/* Offsets of the target's own fields from gil->cond: the same in all versions 3.7 .. 3.15, with and
 * without free threading, on glibc and musl (CPython Include/internal/pycore_gil.h).
 */
#define GT_COND_TO_LAST_HOLDER (-0x18)
#define GT_COND_TO_LOCKED      (-0x10)

/* .. and of gil->switch_cond: behind the condition variable (48 bytes) and gil->mutex, which has 40 bytes
 * but 48 with glibc on arm64. For an interpreter where it is another, sites come with a cookie that makes
 * up for the difference (user/probe/attach.c).
 */
#if defined(__TARGET_ARCH_arm64) || defined(__aarch64__)
#define GT_COND_TO_SWITCH_COND 0x60
#else
#define GT_COND_TO_SWITCH_COND 0x58
#endif

/* The past holds of one GIL, so that a waiter can tell at its ACQUIRE whom it has waited for. */
#define GT_RING_HOLDS 256 /* power of two */

struct gt_past_hold {
	__u64 start_ns;
	__u64 end_ns;
	__u32 tid;   /* 0: not known, or nobody */
	__u32 light; /* as far as is known: of a light stretch */
};

/* The clock of each CPU looks so often where a holder is that runs there: 499 times a second, in no step with
 * anything that counts in milliseconds.
 */
#define GT_LOOK_NS 2003000

/* Looks at holders, see bpf/looks.bpf.h. stack: a hash. */
#define GT_LOOKS 128 /* power of two */

struct gt_look {
	__u64 stack;
	__u64 from_ns,
		to_ns;	/* it slept there in this time, where no clock saw it; 0: a clock's look */
	__u32 span_cnt; /* gt_looks.cnt as this time began */
	__u32 tid;
};

struct gt_looks {
	__u64 cnt;	 /* ever put into the ring */
	__u64 hold_no;	 /* gt_gil.hold_cnt of the hold that was looked at last, .. */
	__u64 clock_cnt; /* .. looks of clocks in it that sleep has not been told from yet, .. */
	__u64 span_cnt;	 /* .. and cnt as they began */
	struct gt_look ring[GT_LOOKS];
};

/* Per-GIL record. Written only at WAIT, ACQUIRE and RELEASE, which the target itself serialises with
 * gil->mutex: so no lock is needed and the integrals are exact.
 */
struct gt_gil {
	__u64 seq_end;	       /* see gt_thread */
	struct gt_gil_key key; /* whose record it is; all 0: free */
	__u64 first_ns;	       /* the books of this GIL start here (when giltop's books started) */
	__u64 last_ns;	   /* the integrals below are advanced up to here; also the clock's floor */
	__u64 event_ns;	   /* its last event; up to the next one at most a cut was passed */
	__u64 cut;	   /* the last one that it has passed: as it was then it is in `gil_cuts` */
	__u64 held_ns;	   /* somebody held it */
	__u64 gap_ns;	   /* integral of waiters while nobody held it */
	__u64 gap_wall_ns; /* nobody held it and somebody waited: wall time of hand-over gaps */
	__u64 light_ns; /* its books were light: this is part of held_ns, for somebody is taken to hold it then */
	__u64 mode_ns;	     /* its books are exact, or light, since this moment */
	__u64 wait_ns;	     /* integral of waiters: the sum of all waits, the open ones included */
	__u64 hold_blame_ns; /* integral of waiters over the open hold */
	__u64 hold_since_ns;
	__u64 acquisitions;
	__u64 releases;
	__u64 switches; /* acquisitions by another thread than the last holder */
	__u64 reaped;	/* dead waiters taken out, compared with gt_gil.dead */
	__u64 dead;	/* waiters that died waiting: added to by the exit hook, atomically */
	__u64 reap_ns;	/* the last of those taken out waited up to here */
	__u64 last_holder; /* the target's own gil->last_holder (tstate) when last looked at, 0 = never */
	__u64 hold_cnt;	       /* ever put into past[] */
	__u64 holder_task;     /* its task_struct; 0: not known */
	__u64 look_ns;	       /* when a waiter last saw the holder asleep, and .. */
	__u64 look_stack;      /* .. where */
	__u64 look_upto_ns;    /* a hold with sleep in it is booked by stack up to here */
	__u64 asked_ns;	       /* a waiter asked the open hold to end; 0: not yet */
	__u64 asked_queued_ns; /* .. for how long its holder had wanted a CPU by then; 0: not known */
	__u32 holder_tid;      /* 0: nobody */
	__u32 prev_tid;	       /* who held it before */
	__u32 waiters;
	__u32 held; /* 1 while held, also when the holder's tid is not known yet (seen at attach) */
	__u32 seeded; /* the open hold began before the books */
	__u32 over;   /* its program was replaced by another (exec): the record is complete */
	__u32 light; /* holder_tid and hold_since_ns are what was seen last, held is 1 (bpf/modes.h) */
	__u32 file; /* as gt_target's */
	struct gt_past_hold past[GT_RING_HOLDS];
	__u64 seq_start;
};

enum gt_thread_flag {
	GT_F_EXITED = 1 << 0,	  /* the thread is gone; the record is complete */
	GT_F_DYING_WAIT = 1 << 1, /* gone while waiting: closed at the next event of its GIL */
	GT_F_TSTATE_MOVES =
		1 << 2, /* has had more than one PyThreadState (PyGILState_Ensure makes one) */
	GT_F_PARKED =
		1 << 3, /* with GT_F_EXITED: it is there, but its interpreter never lets it go on */
};

/* What is summed up of a thread, or of many. All of it is __u64, so that sums are added and subtracted word by word. */
struct gt_sums {
	__u64 time_ns
		[GT_STATE_CNT]; /* closed time per state; of a thread the open one is now - since_ns */
	__u64 blame_ns;
	__u64 acquisitions;
	__u64 contended;
	__u64 releases;
	__u64 yields;
	__u64 asked;	       /* holds that a waiter asked to end, .. */
	__u64 react_ns;	       /* .. how long that took from then on, .. */
	__u64 react_queued_ns; /* .. for how much of that it wanted a CPU and had none, .. */
	__u64 late;	       /* .. and how often the rest was GT_LATE_NS and more */
	__u64 runnable_ns; /* waits: had been woken and found no CPU; in exact stretches a part of blame or gap, .. */
	__u64 light_runnable_ns; /* .. in light ones it is neither's */
	/* Holds that ended, of which it is known for how long their thread did not run, for how long that was, and how
	 * much of it it wanted a CPU (bpf/offcpu.bpf.h).
	 */
	__u64 hold_split_ns;
	__u64 hold_offcpu_ns;
	__u64 hold_runnable_ns;
	__u64 odd; /* events that did not fit the state (doc/accounting.md, invariant 4) */
	struct gt_hist wait_hist;
	struct gt_hist hold_hist;
};

/* Python code that is asked to let go does so at its next bytecode that looks: microseconds, while it runs. From
 * here on it is late: native code.
 */
#define GT_LATE_NS 300000

#define GT_SUMS_WORDS (sizeof(struct gt_sums) / sizeof(__u64))

/* A cut (bpf/cut.bpf.h) is a moment and this bit. */
#define GT_CUT_SIDE (1ull << 63)

/* A thread's record as it was at a cut: its words from first_ns up to the histograms. */
#define GT_THREAD_CUT_WORDS 41

struct gt_thread_cut {
	__u64 words[GT_THREAD_CUT_WORDS];
};

/* What the kernel has of a task as of the moment it last got a CPU. */
struct gt_run {
	__u64 arrived_ns; /* that moment, by the scheduler's clock; 0: not known */
	__u64 ran_ns;	  /* CPU time it had used by then, .. */
	__u64 queued_ns;  /* .. and for how long it had wanted a CPU and had none */
};

/* Per-thread record. Written by that thread alone (after its death: by whoever closes its wait).
 * The writer raises seq_start first and seq_end last, a reader that copies upwards and finds both
 * equal has a record that nobody wrote to meanwhile.
 */
struct gt_thread {
	__u64 seq_end;
	__u64 cut; /* the last one that it has passed, and what it was then */
	struct gt_thread_cut then;
	__u64 first_ns;	  /* first seen; 0: not yet */
	__u64 since_ns;	  /* in its state since */
	__u64 wait_ticks; /* WAIT hits: one per wait and switch interval */
	__u64 wait_max_ns;
	__u64 hold_max_ns;
	__u64 exit_ns; /* 0: alive */
	/* Its open wait is booked to pairs up to here; held_ns and hold_cnt of its GIL at that moment. */
	__u64 wait_booked_ns;
	__u64 wait_held_ns;
	__u64 wait_light_ns; /* .. and its light_ns */
	__u64 pair_upto_ns;  /* while it is being booked: up to here, .. */
	__u64 pair_light_ns; /* .. and so much of it is of light stretches */
	__u64 wait_hold_cnt;
	__u64 tick_hold_cnt; /* that of its GIL when it last began to wait for a switch interval */
	__u64 wait_stack;    /* its stack in the open wait, 0: not captured yet */
	__u64 tstate;	     /* its PyThreadState when last looked at, 0 = not seen */
	__u64 look_ns;	     /* its open wait: looks stand for it up to here */
	__u64 seen_ns;	     /* a clock's look saw it hold */
	__u32 look_cnt;	     /* of its GIL's ring, taken up to here */
	__u32 tid;
	__u32 tgid;
	__u32 state;	/* enum gt_state */
	__u32 flags;	/* enum gt_thread_flag */
	__u32 gil_slot; /* where in `gils` its GIL is, to be checked by its key */
	char comm[16];
	struct gt_sums sums;
	__u64 sleep_stack; /* where a waiter last saw it asleep with the GIL, 0: never */
	__u64 sleeps;	 /* of those that were so, as this hold began: how often it had slept, .. */
	__u64 queued_ns; /* .. and for how long it had wanted a CPU; 0: not known */
	__u64 task;	 /* its task_struct; 0: not seen yet */
	__u64 hit_ns;	 /* its last WAIT hit, .. */
	__u64 hit_queued_ns; /* .. and for how long it had wanted a CPU by then */
	struct gt_run run;   /* as of the start of its last hold that was seen to begin, .. */
	__u64 run_since_ns;  /* .. and that moment */
	__u64 seq_start;
};

/* The threads that ended and found no room of their own: one row per GIL, added to atomically. */
struct gt_ended {
	__u64 threads;
	__u64 wait_max_ns; /* not atomic: a hint */
	__u64 hold_max_ns;
	struct gt_sums sums;
};

/* In light stretches the blame of a holder is what its waiters say: in rows of pairs whose waiter is this and the place
 * of the GIL in `gils`.
 */
#define GT_PAIR_OF_GIL 0x80000000u

struct gt_pair_key {
	__u32 tgid;
	__u32 waiter_tid;
	__u32 holder_tid; /* 0: holds that the ring no longer had */
	__u32 side;	  /* of the cut, 0 or 1: see bpf/cut.bpf.h */
};

/* A walked stack; hash is that of struct py_stack. */
struct gt_stack_key {
	__u64 hash;
	__u32 tgid;
	__u32 pad;
};

/* A code object's names; id is that of struct py_code. */
struct gt_code_key {
	__u64 id;
	__u32 tgid;
	__u32 pad;
};

enum gt_sum_kind {
	GT_SUM_WAIT = 0,
	GT_SUM_HOLD = 1,      /* weights of looks at its holds */
	GT_SUM_END = 2,	      /* its holds, by where they ended: if nothing better was seen */
	GT_SUM_END_BLAME = 3, /* .. and what others waited for them */
	GT_SUM_KINDS = 4,
};

/* Time by stack. epoch alternates 0, 1: user space takes away those of the epoch that is over. */
struct gt_sum_key {
	__u64 stack; /* 0: "[other]" */
	__u32 tgid;
	__u32 tid;
	__u32 kind; /* enum gt_sum_kind */
	__u32 epoch;
};

struct gt_sum {
	__u64 ns; /* of looks: signed, a place asleep may have lost more than it got (bpf/looks.bpf.h) */
	__u64 cnt;
};

/* Waiting by pair of stacks: who waited where, for whom where. */
struct gt_chain_key {
	__u64 waiter_stack, holder_stack;
	__u32 tgid;
	__u32 waiter_tid;
	__u32 holder_tid;
	__u32 epoch;
};

/* ---- --sched: holders that sleep (bpf/sched.bpf.h) ------------------------------------------- */

/* Bytes of a filter of processes, by tgid; power of two. */
#define GT_SCHED_PLACES 16384

#define GT_NO_CALL                                                                                 \
	(-1) /* it slept in no system call: a page that had to come, a signal that stops */
#define GT_UNKNOWN_CALL                                                                            \
	(-2) /* nobody saw it go to sleep: it slept already when its books started */

/* Where a thread sleeps with the GIL. All of it 0 but tgid, and GT_NO_CALL: what has no room of its own. */
struct gt_sleep_key {
	__u64 stack; /* a hash; 0: not captured */
	__u32 tgid;
	__u32 tid;
	__s32 call; /* the number of the system call, or GT_NO_CALL */
	__u32 pad;
};

/* A sleep that goes on. */
struct gt_sleep {
	__u64 since_ns;
	struct gt_sleep_key at;
};

struct gt_sleeper_key {
	__u32 tgid;
	__u32 tid;
};

/* Everything lost or odd, counted by reason. Per-CPU array of __u64, indexed by this. */
enum gt_stat {
	GT_STAT_THREAD_FULL = 0,   /* no room for a thread record: hit lost */
	GT_STAT_GIL_FULL,	   /* no room for a GIL record: hit lost */
	GT_STAT_PAIR_FULL,	   /* no room for a pair: its time is under "other" */
	GT_STAT_PAIR_OVERRUN,	   /* a wait met more holds than the ring keeps */
	GT_STAT_ACQUIRE_HELD,	   /* ACQUIRE while another thread held it */
	GT_STAT_RELEASE_FOREIGN,   /* RELEASE by a thread that did not hold it */
	GT_STAT_WAIT_HOLDER,	   /* WAIT by the holder */
	GT_STAT_CHECKS,		   /* self-checks made: gil->locked read from the target */
	GT_STAT_LOCKED_WRONG,	   /* gil->locked disagreed with the site */
	GT_STAT_LAST_HOLDER_WRONG, /* gil->last_holder disagreed with the holder's tstate */
	GT_STAT_CHECK_FAULT,	   /* the target's memory was not readable then */
	GT_STAT_SPAN_DROP,	   /* ring buffer full: a span for the timeline was lost */
	GT_STAT_EVENT_DROP,	   /* ring buffer full: an event for a recording was lost */
	GT_STAT_NOTE_DROP,   /* ring buffer full: a process note (fork, exec, exit) was lost */
	GT_STAT_DEAD_RETRY,  /* a dead waiter of another GIL was put back */
	GT_STAT_CLOCK_BACK,  /* the clock went backwards between CPUs: held at the last value */
	GT_STAT_STACK_FULL,  /* no room for a stack: its time is under "[other]", too */
	GT_STAT_SUM_FULL,    /* no room for a sum by stack: its time is under "[other]" */
	GT_STAT_CHAIN_FULL,  /* no room for a pair of stacks: its time is under "[other]" */
	GT_STAT_DEAD_FULL,   /* no room for a thread that died waiting: it waits on in the books */
	GT_STAT_TARGET_FULL, /* no room for a child process: its own children are not followed */
	GT_STAT_LOOK_MOVED,  /* looks at a holder that has run meanwhile: dropped */
	GT_STAT_TID_FULL,    /* a thread's fifth GIL: its death will not be seen at that one */
	GT_STAT_SLEEP_FULL, /* no room for a place where holders sleep: its time is under "[other]" */
	GT_STAT_ALARM_DROP, /* ring buffer full: the end of a long wait or hold was not told */
	GT_STAT_WALK,	    /* stack walks by how they ended: enum py_walk_end follows from here */
	GT_STAT_WALK_LAST = GT_STAT_WALK + 4,
	GT_STAT_CNT,
};

enum gt_follow {
	GT_FOLLOW_NONE = 0,	/* execs of the targets themselves */
	GT_FOLLOW_CHILDREN = 1, /* and their children */
	GT_FOLLOW_ALL = 2,	/* every exec on the machine */
	GT_FOLLOW_TELL = 3,	/* forks of the targets; what becomes of the children is not seen */
};

#define GT_ASSERT(cond) _Static_assert(cond, "wire format")
GT_ASSERT(sizeof(struct gt_gil_key) == 16);
GT_ASSERT(sizeof(struct gt_thread_key) == 16);
GT_ASSERT(sizeof(struct gt_tid) == 56);
GT_ASSERT(sizeof(struct gt_target) == 96 + sizeof(struct py_layout));
GT_ASSERT(sizeof(struct gt_file) == 16 + sizeof(struct py_layout));
GT_ASSERT(sizeof(struct gt_tstate_key) == 16);
GT_ASSERT(sizeof(struct gt_dead) == 24);
GT_ASSERT(sizeof(struct gt_past_hold) == 24);
GT_ASSERT(sizeof(struct gt_look) == 32);
GT_ASSERT(sizeof(struct gt_gil) == 29 * 8 + 8 * 4 + 256 * 24 + 8);
GT_ASSERT(sizeof(struct gt_sums) == 19 * 8 + 2 * 976);
GT_ASSERT(sizeof(struct gt_thread) ==
	  30 * 8 + 6 * 4 + 16 + sizeof(struct gt_thread_cut) + sizeof(struct gt_sums));
GT_ASSERT(sizeof(struct gt_thread_cut) == __builtin_offsetof(struct gt_thread, sums.wait_hist) -
						  __builtin_offsetof(struct gt_thread, first_ns));
GT_ASSERT(sizeof(struct gt_stack_key) == 16);
GT_ASSERT(sizeof(struct gt_code_key) == 16);
GT_ASSERT(sizeof(struct gt_sum_key) == 24);
GT_ASSERT(sizeof(struct gt_chain_key) == 32);
GT_ASSERT(sizeof(struct gt_sleep_key) == 24);
GT_ASSERT(sizeof(struct gt_sleep) == 32);
GT_ASSERT(sizeof(struct gt_ended) == 3 * 8 + sizeof(struct gt_sums));
GT_ASSERT(sizeof(struct gt_pair_key) == 16);

#endif
