/* SPDX-License-Identifier: BSD-2-Clause */
/* check_things.h - what a rule is about, and its figures (for check.c) */
#ifndef GILTOP_JUDGE_CHECK_THINGS_H
#define GILTOP_JUDGE_CHECK_THINGS_H

#include "user/judge/check.h"
#include "user/picture/snapshot.h"

struct check_thing {
	double v;	 /* in the rule's unit; NaN: not known */
	bool at_least;	 /* it may be more than that */
	const char *why; /* it is not known, or may be more */
	/* What it is; all NULL: everything. */
	const struct snap_proc *proc;
	const struct snap_thread *thread;
	const struct snap_gil *gil;
};

/* Each to fn; none if nothing of the kind was seen. */
void check_things__each(const struct check *c, const struct snapshot *s,
			void (*fn)(void *ctx, const struct check_thing *t), void *ctx);

#endif
