/* SPDX-License-Identifier: BSD-2-Clause */
/* collector.h - the live source: processes, their probes, what is read of them
 *
 *	c = collector__new(&opts, &sinks);
 *	collector__load(c, &why);		BPF programs into the kernel
 *	collector__tell_source(c);		the first record
 *	collector__add(c, pid, false, &why);	resolve, attach, start the books
 *	src = collector__source(c);		then as any source (source.h)
 */
#ifndef GILTOP_SOURCE_COLLECTOR_H
#define GILTOP_SOURCE_COLLECTOR_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "bpf/giltop.h"
#include "user/target/failure.h"

struct collector;
struct sbuf;
struct sinks;
struct source;
struct where_names;

/* Which stretches of a process see every hold: those that its budget allows, all, none. */
enum collector_mode { COLLECT_AUTO, COLLECT_EXACT, COLLECT_LIGHT };

struct collector_opts {
	int attach;		 /* enum probe_tier */
	enum gt_follow follow;	 /* at first: collector__follow */
	unsigned int thread_cnt; /* expected; sizes the maps */
	unsigned int proc_cnt;	 /* .. with share: beyond SHARED_EXACT_MAX they begin light */
	bool stacks;		 /* collect Python stacks */
	bool sched;		 /* see holders that sleep, if the kernel lets us */
	bool share; /* probe interpreters' files for all processes (shared.h), where that can be */
	bool say_share;	  /* tell what exact books by such probes cost others */
	bool adopt_all;	  /* .. and measure whoever runs them, from its first wait on */
	bool look_at_all; /* the stack of every thread at each reading (dump) */
	enum collector_mode mode;
	double max_overhead_pct; /* of a CPU, by the probes of a process: COLLECT_AUTO; 0: no limit */
	/* Is this process to be measured? Asked of those that come later, by exec; what is forked is as its parent. NULL: all. */
	bool (*wants)(void *ctx, pid_t pid);
	void *wants_ctx;
	bool events;	      /* .. one by one: REC_EVENTS */
	uint64_t min_hold_ns; /* of holds at least so long, and of those that somebody waited on */
	/* Told to the sinks: how often refreshes are meant to come, the command line of this run. */
	uint64_t interval_ns;
	const char *command;
	uint64_t on_wait_ns, on_hold_ns; /* tell of those that last so long; 0: of none */
	uint64_t
		*trigger_no; /* .. the number of the last one, whoever told it: goes up with each */
};

/* sinks must outlive it. NULL + errno. */
struct collector *collector__new(const struct collector_opts *opts, const struct sinks *sinks);
/* Its free takes the probes away. */
struct source *collector__source(struct collector *c);
/* why: one line, where the failure alone does not say it; so for both. */
enum failure collector__load(struct collector *c, struct sbuf *why);
/* To the sinks, once they are all there: what measures, and when by which clock. 0 or -errno. */
int collector__tell_source(struct collector *c);
/* Start measuring a process: it is in the sinks when this returns. starts: its program has just begun. */
enum failure collector__add(struct collector *c, pid_t pid, bool starts, struct sbuf *why);
/* From now on: whose forks and execs are seen, and who is measured by them. Children that are there already are not. */
void collector__follow(struct collector *c, enum gt_follow what);
/* GT_FOLLOW_TELL: has anything that is measured forked since the last call? */
bool collector__forked(struct collector *c);
/* Is it a CPython with a GIL, and not measured yet? */
bool collector__can_measure(struct collector *c, pid_t pid);
/* A process that is not a CPython yet (just forked or executed): tried again for a while. */
void collector__expect(struct collector *c, pid_t pid);
/* What costs most beside the books: reading the stacks of open waits, and names of native functions. On at first. */
void collector__leave_out(struct collector *c, bool walks, bool native);
/* Where processes run: for wants(). Owned by c. */
struct where_names *collector__names(struct collector *c);
/* Perf events are taken away one by one: its free may take a second or more. */
bool collector__is_slow_to_detach(const struct collector *c);

/* CPU time of the processes that look into the targets for it. */
uint64_t collector__workers_cpu_ns(const struct collector *c);

#endif
