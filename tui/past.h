/* SPDX-License-Identifier: BSD-2-Clause */
/* past.h - what the last intervals were like, for the sparklines and the heat map; and histograms by
 * octaves
 */
#ifndef GILTOP_TUI_PAST_H
#define GILTOP_TUI_PAST_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "user/picture/snapshot.h"

#define PAST_CNT 256
#define OCTAVES	 (GT_HIST_OCTAVES + 2) /* below, the octaves, above */

/* One interval of a GIL. */
struct past_interval {
	float held;    /* 0..1, < 0: not known */
	float waiting; /* mean number of waiters, < 0: not known */
	uint64_t waits[OCTAVES];
};

struct past {
	struct past_interval ring[PAST_CNT];
	size_t cnt, next; /* cnt 0: forget it all */
};

/* One more interval: of GIL g of p, both may be NULL. */
void past__add(struct past *past, const struct snap_proc *p, const struct snap_gil *g);
/* i intervals ago; i < cnt. */
const struct past_interval *past__at(const struct past *past, size_t i);

/* The octave of a histogram bucket, and the lower end of an octave. */
size_t octave__of(unsigned int bucket);
uint64_t octave__floor_ns(size_t octave);
/* Waits (hold: holds) of the threads of g (NULL: all) of p, added up; and the longest, NS_UNKNOWN if
 * there is none.
 */
void past__sum_hist(const struct snap_proc *p, const struct snap_gil *g, bool hold,
		    struct gt_hist *ret, uint64_t *ret_max_ns);

#endif
