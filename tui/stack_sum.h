/* SPDX-License-Identifier: BSD-2-Clause */
/* stack_sum.h - weighted Python stacks added up: by function, by line, and as a call tree
 *
 * All strings and frames still belong to the snapshot.
 */
#ifndef GILTOP_TUI_STACK_SUM_H
#define GILTOP_TUI_STACK_SUM_H

#include <stdbool.h>
#include <stddef.h>

#include "user/picture/snapshot.h"

enum stack_view { STACKS_BY_FUNCTION, STACKS_BY_LINE, STACKS_WHOLE, STACK_VIEW_CNT };

struct stack_row {
	const struct snap_frame *frame; /* NULL: "[other]", stacks that found no room */
	const struct snap_stack
		*stack;		/* the heaviest one with this frame (whole: the stack itself) */
	uint64_t self_ns;	/* it was the innermost frame */
	uint64_t total_ns;	/* it was anywhere in the stack; counted once if it recurses */
	uint64_t self_cnt, cnt; /* of these two: waits or looks, as in snap_stack */
	uint64_t mark;		/* last stack that it was counted for */
};

struct stack_table {
	struct stack_row *rows; /* by self time, largest first */
	size_t cnt, cap;
	uint64_t sum_ns; /* of all stacks of the kind */
};

/* Add up the stacks of a kind of these processes. 0 or -ENOMEM. */
int stack_table__build(struct stack_table *t, const struct snap_proc *procs, size_t proc_cnt,
		       enum snap_stack_kind kind, enum stack_view view);
/* By self time, or by total time; largest first. (build leaves them by self time.) */
void stack_table__sort(struct stack_table *t, bool by_total);
void stack_table__free(struct stack_table *t);

struct stack_node {
	const struct snap_frame *frame; /* NULL: "[other]" */
	int depth;
	bool truncated;				   /* what called it is not known */
	uint64_t self_ns, total_ns, self_cnt, cnt; /* as in stack_row */
};

struct stack_tree {
	struct stack_node *nodes; /* each followed by what it calls, heaviest first */
	size_t cnt;
	uint64_t sum_ns;
	bool cut; /* more nodes than fit */
};

/* The stacks of a kind that contain this function (NULL: all), merged from the root. 0 or -ENOMEM. */
int stack_tree__build(struct stack_tree *t, const struct snap_proc *procs, size_t proc_cnt,
		      enum snap_stack_kind kind, const struct snap_frame *function);
void stack_tree__free(struct stack_tree *t);

#endif
