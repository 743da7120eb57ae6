/* SPDX-License-Identifier: BSD-2-Clause */
/* collector.h - the live source: processes, their probes, and the model that their totals feed
 *
 *	c = collector__new(&opts);
 *	collector__load(c);			BPF programs into the kernel
 *	collector__add(c, pid, &why);		resolve, attach, start the books
 *	collector__refresh(c);			read the maps, feed the model
 *	collector__close(c);			stop the books, last reading
 *	collector__free(c);
 */
#ifndef GILTOP_SOURCE_COLLECTOR_H
#define GILTOP_SOURCE_COLLECTOR_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "bpf/giltop.h"

struct collector;
struct model;
struct sbuf;

struct collector_opts {
	int attach; /* enum probe_tier */
	enum gt_follow follow;
	unsigned int thread_cnt; /* expected; sizes the maps */
	bool stacks;		 /* collect Python stacks */
	bool look_at_all;	 /* the stack of every thread at each reading (dump) */
	uint64_t min_hold_ns; /* of holds at least so long, and of those that somebody waited on */
};

/* Events for the session. span_fn gets spans while they are wanted. */
struct collector_events {
	void *ctx;
	void (*span)(void *ctx, const struct gt_note *note);
	void (*started)(void *ctx, pid_t pid); /* a process is measured from now on */
	void (*ended)(void *ctx, pid_t pid, bool by_exec);
};

struct collector *collector__new(const struct collector_opts *opts,
				 const struct collector_events *ev);
void collector__free(struct collector *c); /* NULL is fine; takes the probes away */
/* 0; -EPERM; -EOPNOTSUPP; said by pr_warn. */
int collector__load(struct collector *c);
/* Start measuring a process. 0; -EALREADY; as target__resolve with why; -EBADE: free-threaded with
 * the GIL off.
 */
int collector__add(struct collector *c, pid_t pid, struct sbuf *why);
/* A process that is not a CPython yet (just forked or executed): tried again for a while. */
void collector__expect(struct collector *c, pid_t pid);
size_t collector__live_cnt(const struct collector *c);
size_t collector__expected_cnt(const struct collector *c);
/* Descriptor that becomes readable when something happened; then collector__dispatch. */
int collector__fd(const struct collector *c);
int collector__dispatch(struct collector *c);
int collector__refresh(struct collector *c);
int collector__close(struct collector *c);
struct model *collector__model(const struct collector *c);
const char *collector__attach_name(const struct collector *c);
/* Perf events are taken away one by one: collector__free may take a second or more. */
bool collector__is_slow_to_detach(const struct collector *c);
void collector__want_spans(struct collector *c, uint64_t min_ns);

#endif
