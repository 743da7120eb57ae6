/* SPDX-License-Identifier: BSD-2-Clause */
/* pair_lines.h - where each holder makes each waiter wait most: for all pairs of a process at once
 *
 * verdict__pair_line() looks through all chains for one pair; this does it once for all of them.
 */
#ifndef GILTOP_JUDGE_PAIR_LINES_H
#define GILTOP_JUDGE_PAIR_LINES_H

#include "user/base/hmap.h"
#include "user/picture/snapshot.h"

/* Zero-initialise; pair_lines__deinit at the end. The frames are the snapshot's. */
struct pair_lines {
	struct hmap by_pair; /* (waiter, holder) -> frame */
};

/* 0 or -ENOMEM: some pairs have no line then. */
int pair_lines__init(struct pair_lines *l, const struct snap_proc *p);
/* The frame that verdict__pair_line() finds; NULL: not known. */
const struct snap_frame *pair_lines__find(const struct pair_lines *l, uint32_t waiter,
					  uint32_t holder);
void pair_lines__deinit(struct pair_lines *l);

#endif
