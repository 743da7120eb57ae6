/* SPDX-License-Identifier: BSD-2-Clause */
/* acc.h - sums of a thread or a GIL at one moment, open states included; differences of them */
#ifndef GILTOP_MODEL_ACC_H
#define GILTOP_MODEL_ACC_H

#include <stdint.h>

#include "bpf/giltop.h"

struct gil_acc {
	uint64_t held_ns, gap_ns, gap_wall_ns, wait_ns;
	uint64_t
		light_ns; /* part of held_ns, and of the time since its books started: see bpf/modes.h */
	uint64_t acquisitions, switches;
	uint64_t open_blame_ns; /* of the open hold, up to the moment */
};

/* The record's sums at the moment now: its open state counts up to now, or up to its death. */
void sums__of_thread(const struct gt_thread *rec, uint64_t now, struct gt_sums *ret);
void sums__add(struct gt_sums *to, const struct gt_sums *a);
void sums__sub(const struct gt_sums *a, const struct gt_sums *base,
	       struct gt_sums *ret); /* never below 0 */
void gil_acc__of(const struct gt_gil *rec, uint64_t now, struct gil_acc *ret);
void gil_acc__sub(const struct gil_acc *a, const struct gil_acc *base, struct gil_acc *ret);

#endif
