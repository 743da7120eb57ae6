/* SPDX-License-Identifier: BSD-2-Clause */
/* sched.h - --sched: holders that sleep, from the scheduler's tracepoint (part of probe/: uses the skeleton) */
#ifndef GILTOP_PROBE_SCHED_H
#define GILTOP_PROBE_SCHED_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

struct giltop_bpf;
struct totals;

/* Before load: choose the program that fits this kernel's tracepoint; want false, or no such: none of them, and no memory
 * for them. Returns whether one is loaded.
 */
bool probe_sched__choose(struct giltop_bpf *skel, bool want, bool events);
/* After load. 0 or -errno. */
int probe_sched__attach(struct giltop_bpf *skel);
/* From now on the switches of this process's threads are looked at; or no more: before it is taken out of the targets. */
void probe_sched__watch(struct giltop_bpf *skel, pid_t tgid);
void probe_sched__unwatch(struct giltop_bpf *skel, pid_t tgid);
/* This thread has held the GIL at cond since before the books. Watched already, it may be asleep: that counts from now on. */
void probe_sched__first_hold(struct giltop_bpf *skel, pid_t tgid, uint64_t cond, uint32_t tid);
/* The sleeps of holders up to ret->now_ns, into ret->sleeps; their stacks are hashes. 0 or -errno. */
int probe_sched__read(struct giltop_bpf *skel, struct totals *ret);

#endif
