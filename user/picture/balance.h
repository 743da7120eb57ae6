/* SPDX-License-Identifier: BSD-2-Clause */
/* balance.h - do the numbers of a picture agree with one another? */
#ifndef GILTOP_PICTURE_BALANCE_H
#define GILTOP_PICTURE_BALANCE_H

#include <stdbool.h>

struct snap_proc;

/* The invariants of doc/accounting.md, in integers: each GIL is held for the span at most, and as long as its threads
 * hold it; all waiting is blamed on a holder or lies in a gap, and is in a pair if it is blamed; each thread's times
 * are its span, and its pairs no more than its wait and blame; where stacks are known, they add up to the threads' times.
 */
bool snap_proc__balances(const struct snap_proc *p);

#endif
