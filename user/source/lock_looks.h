/* SPDX-License-Identifier: BSD-2-Clause */
/* lock_looks.h - looks at gil->locked from outside, while a process's books are light: an estimate of the utilisation */
#ifndef GILTOP_SOURCE_LOCK_LOOKS_H
#define GILTOP_SOURCE_LOCK_LOOKS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct collector;
struct tracked;

/* Its timer's id in the collector's epoll. */
#define ID_LOOKS (5ull << 32)

/* A GIL, and what was seen of it since that was sent. */
struct lock_look {
	uint64_t cond;
	uint64_t cnt, locked_cnt;
	bool gone; /* its interpreter is: the memory may be something else's */
};

/* Of one process. Zero-initialise; lock_watch__deinit. */
struct lock_watch {
	bool on;
	int pagemap; /* while it is on; -1: cannot be had, nothing is looked at */
	size_t cnt, cap;
	struct lock_look *v;
};

/* Of the collector. Zero-initialise. */
struct lock_looks {
	bool has_timer;
	int timer;
	uint64_t random;
	size_t next; /* whose turn it is, among all GILs that are looked at */
};

/* The process's GILs, each time that they are known anew: lock_looks__begin, then one after the other. */
void lock_looks__begin(struct tracked *t);
void lock_looks__know(struct tracked *t, uint64_t cond);
/* Its books are light from now on, until stop. Without memory or a timer there are no looks, and no estimate. */
void lock_looks__start(struct collector *c, struct tracked *t);
/* What was seen by then is sent yet. */
void lock_looks__stop(struct collector *c, struct tracked *t);
/* The timer has fired. */
void lock_looks__on_timer(struct collector *c);
/* Tell the sinks what is new (REC_LOOKS): before the totals of a reading. 0 or -errno, of a sink. */
int lock_looks__send(struct collector *c);
void lock_looks__deinit(struct lock_looks *l);
void lock_watch__deinit(struct lock_watch *w);

#endif
