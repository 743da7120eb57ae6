/* SPDX-License-Identifier: BSD-2-Clause */
/* stack_growth.h - by how much the kernel's sums by stack have grown since the last reading
 *
 * Nothing is lost and nothing counted twice: the kernel writes the sums of one of two epochs. Each
 * reading takes both; then the sums of the older epoch, which nobody has written to for a whole
 * refresh, are dropped in the kernel, and the epochs change places. So what is known here is what the kernel has.
 *	stack_growth__begin(totals);			a new reading
 *	stack_growth__add_sum(g, .., totals);		.. for each that the kernel has
 *	stack_growth__add_chain(g, .., totals);
 *	stack_growth__drop_epoch(g, epoch);		the kernel has dropped these
 */
#ifndef GILTOP_SOURCE_STACK_GROWTH_H
#define GILTOP_SOURCE_STACK_GROWTH_H

#include <stddef.h>
#include <stdint.h>

#include "user/base/hmap.h"
#include "user/books/totals.h"

/* Zero-initialise; stack_growth__deinit at the end. */
struct stack_growth {
	struct hmap idx; /* the kernel's key -> index + 1 */
	size_t cnt, cap;
	struct read_sum *v; /* as last read */
};

void stack_growth__deinit(struct stack_growth *g);
void stack_growth__begin(struct totals *t);
/* Put what it has grown by into t; stack, waiter_stack, holder_stack: ids of the stack store. 0 or -ENOMEM. */
int stack_growth__add_sum(struct stack_growth *g, const struct gt_sum_key *k, uint32_t stack,
			  const struct gt_sum *sum, struct totals *t);
int stack_growth__add_chain(struct stack_growth *g, const struct gt_chain_key *k,
			    uint32_t waiter_stack, uint32_t holder_stack, const struct gt_sum *sum,
			    struct totals *t);
/* The kernel begins anew with all of this epoch, or of this process. 0 or -ENOMEM. */
int stack_growth__drop_epoch(struct stack_growth *g, uint32_t epoch);
int stack_growth__drop_process(struct stack_growth *g, uint32_t tgid);

#endif
