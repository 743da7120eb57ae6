/* SPDX-License-Identifier: BSD-2-Clause */
/* triggers.h - waits and holds that are longer than the user wants (--on-wait, --on-hold), told while they go on
 *
 * A timer looks at the rows of all GILs (bpf/alarm.h), which are mapped here: no call, and nothing has to happen at the GIL.
 * What has begun is looked at again when its limit is reached, so that it is told of about then. That it is over is the
 * kernel's to tell, and what was over before anybody looked is told of then.
 */
#ifndef GILTOP_SOURCE_TRIGGERS_H
#define GILTOP_SOURCE_TRIGGERS_H

#include <stdint.h>

#include "bpf/alarm.h"

struct collector;
struct tracked;
struct triggers;

/* The epoll id of their timer: beside collector.c's. */
#define ID_TRIGGERS (8ull << 32)

/* As c's options say: nothing if they ask for none. 0 or -errno. */
int triggers__start(struct collector *c);
void triggers__free(struct triggers *t); /* NULL is fine */
void triggers__on_timer(struct collector *c);
/* A note of the kernel. */
void triggers__take(struct collector *c, const struct gt_alarm_note *n);
/* tid has held the GIL at cond since before the books of t, with no event since: as far as a look at its memory tells. */
void triggers__first_hold(struct collector *c, const struct tracked *t, uint64_t cond,
			  uint32_t tid);
/* The process is over, and what went on in it. */
void triggers__end_process(struct collector *c, uint32_t pid, uint64_t end_ns);
/* Those that were not told of: there were too many. */
uint64_t triggers__untold_cnt(struct collector *c);

#endif
