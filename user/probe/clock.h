/* SPDX-License-Identifier: BSD-2-Clause */
/* clock.h - run a BPF program at a steady rate on every CPU (a CPU clock by perf events) */
#ifndef GILTOP_PROBE_CLOCK_H
#define GILTOP_PROBE_CLOCK_H

struct probe_clock;

/* Start at 97 Hz (a prime: out of step with what the target does at round rates). NULL when no CPU
 * could be had: the caller goes on without (said by pr_verb).
 */
struct probe_clock *probe_clock__start(int prog_fd);
void probe_clock__stop(struct probe_clock *c); /* NULL is fine */

#endif
