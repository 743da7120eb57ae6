/* SPDX-License-Identifier: BSD-2-Clause */
/* proc_list.h - the rows of the screen of processes: a tree, in which workers of one master are below a row of their group
 *
 * Rows point into the snapshot: they are built anew before the screen is used.
 */
#ifndef GILTOP_TUI_PROC_LIST_H
#define GILTOP_TUI_PROC_LIST_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "user/picture/workers.h"

#define PROC_FOLDS 32 /* the last ones */

struct proc_row {
	const struct snap_proc *proc; /* NULL: the row of a group */
	const struct worker_group
		*group; /* it stands for, or that the process is a worker of; or NULL */
	bool is_last;	/* of its group */
};

/* Zero-initialise. */
struct proc_list {
	struct worker_groups *groups; /* NULL: no snapshot, or no memory */
	struct proc_row *rows;
	size_t cnt, cap;
	uint64_t folds[PROC_FOLDS]; /* ids of groups that are folded; 0: none */
	size_t fold_next;
};

/* The processes of s (may be NULL) in its order, each group behind its master, or where its first worker is. */
void proc_list__build(struct proc_list *l, const struct snapshot *s);
void proc_list__deinit(struct proc_list *l);
/* What a row is known by from one picture to the next. */
uint64_t proc_row__id(const struct proc_row *r);
uint64_t worker_group__id(const struct worker_group *g);
bool proc_list__is_folded(const struct proc_list *l, const struct worker_group *g);
/* Fold it, or unfold it; the rows are as they were until they are built again. */
void proc_list__fold(struct proc_list *l, const struct worker_group *g);

#endif
