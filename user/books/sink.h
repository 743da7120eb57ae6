/* SPDX-License-Identifier: BSD-2-Clause */
/* sink.h - the seam: all that a source knows travels to its sinks as records
 *
 * A source (the live collector; a recording that is played) says what happened, a sink (the model, the
 * timeline, the session; a recording that is written) makes something of it, and neither knows the other.
 * Nothing else passes between them, so a sink cannot tell a replay from a live run. In this order:
 *	REC_SOURCE	first, once
 *	REC_PROC_START	before anything else of that process
 *	REC_STACK	before the first record that names its id
 *	REC_GIL, REC_HOLDER, REC_THREAD, REC_NOTE	when it is learned, and when it changes
 *	REC_MODE	how a process is measured: after its start, and at each change
 *	REC_LOOKS	looks at a GIL's flag in light stretches: before the totals
 *	REC_THROTTLED	what its CPU limit took: at each reading, before the totals
 *	REC_SPAN	while spans are wanted, about in the order of their ends
 *	REC_TOTALS	at each reading: all books as of one moment, losses included
 *	REC_PROC_END	after the totals that hold its last events
 *	REC_EVENTS	while they are wanted: what happened one by one (books/event.h)
 *	REC_TRIGGER	as soon as it is seen (books/trigger.h)
 * What a run does with them is in the stream, too, for who plays it again:
 *	REC_MARK	the last totals end an interval, the one that the view has been given
 *	REC_SELF	giltop itself leaves something out from here on, or was late
 *	REC_END		after the last totals: why it is over
 */
#ifndef GILTOP_BOOKS_SINK_H
#define GILTOP_BOOKS_SINK_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "bpf/giltop.h"
#include "user/base/where.h"

struct event;
struct snap_frame;
struct totals;
struct trigger;

enum record_kind {
	REC_SOURCE = 1,
	REC_PROC_START,
	REC_NOTE,
	REC_GIL,
	REC_HOLDER,
	REC_THREAD,
	REC_STACK,
	REC_SPAN,
	REC_TOTALS,
	REC_PROC_END,
	REC_MODE,
	REC_LOOKS,
	REC_THROTTLED,
	REC_EVENTS,
	REC_TRIGGER,
	REC_MARK,
	REC_SELF,
	REC_END,
	REC_KINDS,
};

/* Text is clean (base/text.h) and, like all that a record points to, there during the call only; the
 * frames of a stack live as long as the source.
 */
struct record {
	enum record_kind kind;
	uint32_t pid; /* whose: 0 for REC_SOURCE, REC_STACK, REC_TOTALS */
	union {
		struct {
			const char *attach; /* how it probes: "uprobe_multi" */
			const char *version, *host, *kernel,
				*arch; /* of the giltop that measures, and its machine */
			uint64_t mono_ns, real_ns; /* both clocks at one moment */
			uint64_t interval_ns;	   /* from mark to mark, as asked for */
			const char *command; /* the words that it was started by; NULL: not known */
			uint64_t boot_ns;    /* CLOCK_BOOTTIME at that moment; 0: not known */
		} source;
		struct { /* a process is measured from books_ns on; one known by that pid is over */
			uint64_t books_ns;
			uint64_t
				late_ns; /* its program ran before that, and it was not measured, though giltop ran */
			const char *comm, *cmdline, *python, *runtime, *sites;
			const char *note;     /* what the user must know, or "" */
			unsigned int cpu_cnt; /* that it may run on; 0: not known */
			uint32_t parent; /* who it is a child of, measured or not; 0: not known */
			const char *parent_comm; /* its name; NULL: not known */
			struct where_list where;
		} proc;
		struct { /* another note than proc's */
			const char *text;
			bool halted; /* it is stopped, as the text says */
		} note;
		struct { /* which interpreter a GIL belongs to */
			uint64_t cond;
			int64_t interpreter;
			uint64_t interval_ns; /* sys.getswitchinterval(); 0: not known */
		} gil;
		/* Who has held this GIL since before the books and has shown no event yet, by the
		 * target's memory. held with tid 0: somebody, not known who.
		 */
		struct {
			uint64_t cond;
			uint32_t tid;
			bool held;
		} holder;
		/* makeshift: for a thread without a name only. (One that is about to end is no longer
		 * among threading's, and must not lose its name for that.)
		 * at_ns: who had the tid at that moment, maybe known from the next totals on only;
		 * 0: who has it in the last totals.
		 */
		struct {
			uint32_t tid;
			bool makeshift;
			const char *name;
			uint64_t at_ns;
		} thread;
		struct { /* ids count up from 1 */
			uint32_t id;
			bool truncated;
			size_t cnt;
			const struct snap_frame *frames; /* root first */
		} stack;
		struct { /* a closed state of a thread */
			uint64_t start_ns, end_ns, gil;
			uint32_t tid;
			enum gt_state state;
		} span;
		struct {
			uint64_t at_ns;
			bool light;
			bool is_auto; /* it may change again */
		} mode;
		struct
		{ /* new since the record before: looks at gil->locked, and how often it was set */
			uint64_t cond;
			uint64_t cnt, locked_cnt;
		} looks;
		/* New since the record before: for how long the CPUs of its cgroup, or of one above it, were
		 * kept from running it (in sum over CPUs). 0 in the first one.
		 */
		uint64_t throttled_ns;
		const struct totals *totals;
		struct {
			size_t cnt;
			const struct event *list;
		} events;
		const struct trigger *trigger;
		struct {
			bool first;  /* nothing was shown before: no interval ends here */
			bool reset;  /* .. but that of the sums, too: they begin here */
			bool unseen; /* it ends the run, and was shown in the sum of all alone */
		} mark;
		struct {
			unsigned int level; /* enum self_level (picture/self_limit.h) */
			bool no_pairs;
			bool late; /* a refresh took longer than its interval */
		} self;
		struct {
			const char *why;  /* "duration" */
			const char *hint; /* what was not measured, "" */
		} run_end;
		struct { /* by_exec: another program runs under its pid now */
			uint64_t end_ns;
			bool by_exec;
		} end;
	};
};

/* Embed it, and find yourself by it. */
struct sink {
	/* 0 or -errno; what does not concern it is 0. */
	int (*take)(struct sink *s, const struct record *r);
};

#define SINKS_MAX 8

/* Those that a source sends to, in this order. Zero-initialise. */
struct sinks {
	size_t cnt;
	struct sink *list[SINKS_MAX];
};

/* s gets all that is sent from now on, until it is removed: before it goes. 0 or -ENOSPC. */
int sinks__add(struct sinks *all, struct sink *s);
void sinks__remove(struct sinks *all, const struct sink *s);
/* To all of them, whatever one says; the first error, or 0. */
int sinks__send(const struct sinks *all, const struct record *r);

#endif
