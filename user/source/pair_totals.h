/* SPDX-License-Identifier: BSD-2-Clause */
/* pair_totals.h - running totals of who waited for whom: the kernel's rows of one interval after the other
 */
#ifndef GILTOP_SOURCE_PAIR_TOTALS_H
#define GILTOP_SOURCE_PAIR_TOTALS_H

#include <stddef.h>
#include <stdint.h>

#include "user/base/hmap.h"

struct totals;
struct total_pair;

/* Zero-initialise. */
struct pair_totals {
	size_t cnt, cap;
	struct total_pair *v;
	struct hmap idx; /* (tids, tgid) -> number + 1 */
	uint64_t full;	 /* rows that went to their process's "other" */
};

void pair_totals__deinit(struct pair_totals *p);
/* Add the rows of a reading, and put the totals in their place. 0 or -ENOMEM. */
int pair_totals__sum_up(struct pair_totals *p, struct totals *t);
/* A process is over. 0 or -ENOMEM. */
int pair_totals__forget(struct pair_totals *p, uint32_t tgid);

#endif
