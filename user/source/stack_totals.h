/* SPDX-License-Identifier: BSD-2-Clause */
/* stack_totals.h - running totals by stack, from the kernel's sums of two epochs
 *
 * Nothing is lost and nothing counted twice: the kernel writes the sums of one of two epochs. Each
 * reading takes both; then the sums of the older epoch, which nobody has written to for a whole
 * refresh, are taken over for good and dropped in the kernel, and the epochs change places.
 *	stack_totals__begin(st);		a new reading
 *	stack_totals__add_sum(st, ..);		.. for each that the kernel has
 *	stack_totals__add_chain(st, ..);
 *	stack_totals__fill(st, totals);
 *	stack_totals__keep_epoch(st, epoch);	the kernel has dropped these
 */
#ifndef GILTOP_SOURCE_STACK_TOTALS_H
#define GILTOP_SOURCE_STACK_TOTALS_H

#include <stddef.h>
#include <stdint.h>

#include "user/base/hmap.h"
#include "user/books/totals.h"

/* A sum, and what each epoch adds to it while the kernel still has it. */
struct stack_entry {
	uint64_t gone_ns, gone_cnt;
	uint64_t cur_ns[2], cur_cnt[2];
};

struct stack_table {
	struct hmap idx; /* (threads, stacks and process) -> index + 1 */
	size_t cnt, cap, ecap;
	struct total_stack *v; /* ns, cnt: not used */
	struct stack_entry *e;
};

/* Zero-initialise; stack_totals__deinit at the end. */
struct stack_totals {
	size_t max; /* entries of each table; 0: STACK_TOTALS_MAX */
	struct stack_table sums, chains;
	struct stack_entry full; /* its cnt: sums and chains that found no room */
};

/* Then what is new goes to "[other]" of nobody in particular, one row a process. */
#define STACK_TOTALS_MAX 60000

void stack_totals__deinit(struct stack_totals *st);
void stack_totals__begin(struct stack_totals *st);
/* Of this reading; stack, waiter_stack, holder_stack: ids of the stack store. 0 or -ENOMEM. */
int stack_totals__add_sum(struct stack_totals *st, const struct gt_sum_key *k, uint32_t stack,
			  const struct gt_sum *sum);
int stack_totals__add_chain(struct stack_totals *st, const struct gt_chain_key *k,
			    uint32_t waiter_stack, uint32_t holder_stack, const struct gt_sum *sum);
/* Set t's stacks and chains, and how many found no room. 0 or -ENOMEM. */
int stack_totals__fill(const struct stack_totals *st, struct totals *t);
void stack_totals__keep_epoch(struct stack_totals *st, uint32_t epoch);
/* Drop all of a process. 0 or -ENOMEM. */
int stack_totals__forget(struct stack_totals *st, uint32_t tgid);

#endif
