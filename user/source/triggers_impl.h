/* SPDX-License-Identifier: BSD-2-Clause */
/* triggers_impl.h - what triggers.c and triggers_first.c share */
#ifndef GILTOP_SOURCE_TRIGGERS_IMPL_H
#define GILTOP_SOURCE_TRIGGERS_IMPL_H

#include "user/books/trigger.h"
#include "user/source/collector_impl.h"
#include "user/source/triggers.h"

/* What is told of while it goes on, at most one a GIL of each kind. */
struct told {
	bool open;
	bool shown;   /* to the sinks: there were not too many */
	bool changed; /* it is over, by its row, but nobody has said so */
	struct trigger t;
};

/* Holds of before the books at GILs that have shown no event: so they have no record yet, and no row. */
#define FIRSTS 64

struct triggers {
	int timer;
	uint64_t limit_ns[2]; /* TRIGGER_WAIT, TRIGGER_HOLD */
	uint64_t every_ns;
	uint64_t tokens_ns, tokens_at_ns; /* each costs 1 s / TOLD_PER_S */
	unsigned int looks;
	uint64_t untold_cnt;
	size_t first_cnt;
	struct first {
		uint32_t pid;
		struct told o; /* open: it has been told of */
	} firsts[FIRSTS];
	struct told told[2][GT_GILS];
};

/* May one more be told of? A few at once, and on average so many a second: others are counted. */
bool triggers__may_tell(struct triggers *tr, uint64_t now);
void triggers__tell(struct collector *c, uint32_t pid, const struct trigger *t);
/* What was told of is over. */
void triggers__end(struct collector *c, struct told *o, uint32_t pid, uint64_t end_ns);

/* triggers_first.c: a look at those of before the books; returns when there is to be one at the latest. */
uint64_t triggers__look_at_firsts(struct collector *c, uint64_t now);
/* The one that was told of before it had a row, and whose end is told of now; NULL: there is none. */
struct told *triggers__find_first(struct triggers *tr, uint32_t pid, const struct trigger *t);
void triggers__end_firsts(struct collector *c, uint32_t pid, uint64_t end_ns);

#endif
