/* SPDX-License-Identifier: BSD-2-Clause */
/* states.h - from the stream of records to what each thread did: when, at which GIL, where in Python, and who handed it on
 *
 * For formats that are timelines. A view gives each record that it takes (view_ops.take) to states__take, and at its end calls
 * states__finish; what follows from them comes to its ops. A state comes when it has ended: those of one thread at one GIL one
 * after the other, of different threads about in the order of their ends, so a state may have begun long before the one that
 * came before it. All of them, with the sums of the segments, are what the totals have, to the nanosecond (doc/format.md says
 * when not).
 *
 * Processes, GILs and threads have numbers from 0 on, in the order of their appearance, for tables of the view's own; they live
 * as long as the states. Memory is bounded by how many of them there are, not by what they do.
 */
#ifndef GILTOP_VIEW_STATES_H
#define GILTOP_VIEW_STATES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "bpf/giltop.h"
#include "user/picture/stack_store.h"

struct record;
struct trigger;
struct view_opts;

/* Text is clean (snapshot.h), never NULL; "" or "?": not known. */
struct state_proc {
	size_t no;
	uint32_t pid; /* one that comes again, or executes another program, is another process */
	uint64_t start_ns; /* measured since; CLOCK_MONOTONIC, as all times */
	uint64_t end_ns;   /* 0: it goes on */
	const char *comm, *cmdline, *python;
};

struct state_gil {
	size_t no;
	const struct state_proc *proc;
	uint64_t addr;
	uint32_t id;	     /* 0, 1, .. within the process */
	int64_t interpreter; /* -1: not known */
	uint32_t waiters;    /* now */
};

struct state_thread {
	size_t no;
	const struct state_proc *proc;
	uint32_t tid;
	const char *name;  /* as far as it is known by now: it may come, or change, later */
	uint64_t first_ns; /* of its first event */
	uint64_t end_ns;   /* 0: it goes on */
};

/* A wait, a hold or a yield. */
struct state {
	enum gt_state kind;	   /* GT_WAIT, GT_HOLD, GT_YIELD */
	uint64_t start_ns, end_ns; /* of an open one: to where it is known; never before start_ns */
	const struct state_thread *thread;
	const struct state_gil *gil;
	bool open;	   /* its end was not seen: it goes on, or its thread ended with it */
	bool asked;	   /* HOLD: it ended because a waiter had asked for the GIL */
	bool light;	   /* WAIT: of a light stretch: the holder is who was taken to hold it */
	uint32_t retries;  /* WAIT: woken so often without getting it */
	uint32_t stack_id; /* 0: not captured */
	struct stored_stack
		stack; /* root first; cnt 0: not captured. Of WAIT where it waited, of HOLD where it let go */
	const struct state_thread
		*holder; /* WAIT: who held as it began; NULL: nobody, or not known */
	/* HOLD: what was handed over to it while it waited: by whom, when; in is that hand-over's number, from 1 on.
	 * NULL, 0: it did not wait, or nobody is known who let go. in 0 alone: where it comes from is not shown.
	 */
	const struct state_thread *from;
	uint64_t from_ns, in;
	uint64_t
		out; /* HOLD: somebody waited as it ended: the number that a hand-over to another has; 0: nobody did */
};

/* Short states that are not there one by one (--max-rate), and may overlap all others. */
struct state_segment {
	enum gt_state kind;
	uint64_t start_ns, end_ns, cnt, sum_ns, max_ns;
	const struct state_thread *thread;
	const struct state_gil *gil;
};

/* What they are called in timelines: "Waiting for GIL", "Short waits"; NULL: no such state. Of triggers (books/trigger.h) "on-wait". */
extern const char *const state_names[], *const state_segment_names[], *const state_trigger_names[];

/* NULL: of no interest. 0 or -errno: states__take and states__finish return the first one. */
struct states_ops {
	int (*state)(void *ctx, const struct state *s);
	int (*segment)(void *ctx, const struct state_segment *s);
	int (*waiters)(void *ctx, const struct state_gil *g,
		       uint64_t at_ns); /* g->waiters has changed */
	/* Something that the user wanted to be told of (--on-hold ..), of a thread that is shown or of none; proc, waiter, holder:
	 * NULL: none.
	 */
	int (*trigger)(void *ctx, const struct trigger *t, const struct state_proc *proc,
		       const struct state_thread *waiter, const struct state_thread *holder);
};

/* Both clocks, and that of BOOTTIME, at one moment; boot_ns 0: an old recording does not have it. */
struct states_clock {
	uint64_t mono_ns, real_ns, boot_ns;
};

struct states;

/* opts: whose threads are shown (view_opts.tids), for the states and segments, and from when on (from_ns: what goes on then
 * begins there). NULL + errno.
 */
struct states *states__new(const struct states_ops *ops, void *ctx, const struct view_opts *opts);
void states__free(struct states *s); /* NULL is fine */
int states__take(struct states *s, const struct record *r);
/* The run is over: states that still go on end here, and threads are called as in its totals, like everywhere else. */
int states__finish(struct states *s, const struct snapshot *total);

struct states_clock states__clock(const struct states *s);
size_t states__proc_cnt(const struct states *s);
size_t states__gil_cnt(const struct states *s);
size_t states__thread_cnt(const struct states *s);
const struct state_proc *states__proc(const struct states *s, size_t no);
const struct state_gil *states__gil(const struct states *s, size_t no);
const struct state_thread *states__thread(const struct states *s, size_t no);
/* The stack of this id; cnt 0: not known. */
struct stored_stack states__stack(const struct states *s, uint32_t id);

#endif
