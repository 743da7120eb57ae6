/* SPDX-License-Identifier: BSD-2-Clause */
/* thread_list.h - the rows of threads that several screens show
 *
 * They point into the snapshot that is shown: they are built anew before a screen is used.
 */
#ifndef GILTOP_TUI_THREAD_LIST_H
#define GILTOP_TUI_THREAD_LIST_H

#include "tui/ui.h"
#include "user/view/columns.h"

struct column_fit;

struct thread_list {
	struct column_row *rows;
	size_t cnt, cap;
};

/* The threads of s that are shown (-t, filter, focus), those of a pool in one row where how says so (or the user: but for
 * GROUP_NONE).
 */
void thread_list__collect(struct thread_list *l, const struct ui_state *ui,
			  const struct snapshot *s, enum group how);
/* -l: keeps the first ones of each process. */
void thread_list__limit(struct thread_list *l, const struct ui_state *ui);
/* The rows of the table of threads: what is shown, sorted, limited. */
void thread_list__build(struct thread_list *l, struct ui_state *ui);

/* Rows of several processes or GILs are shown: say in the heading that a share is of the thread's own GIL: in the
 * first line of r, where the columns leave room.
 */
void thread_list__mark_shares(struct canvas *c, struct rect r, const struct column_fit *fit,
			      size_t n);

/* ---- for screens whose state begins with a list, and that select one of it ---- */

void thread_list__deinit(struct screen *s);
void thread_list__text(const struct ui_state *ui, const struct screen *s, size_t row, char *buf,
		       size_t sz);
/* The list is new: select the chosen thread, wherever it is now. */
void thread_list__follow(const struct ui_state *ui, struct screen *s);
/* The selected thread is the chosen one. */
void thread_list__choose(struct ui_state *ui, const struct screen *s, bool found);
/* Fold the pool of the selected row, or unfold it. */
void thread_list__fold(struct ui_state *ui, const struct screen *s);
/* Open the selected thread. */
enum tui_action thread_list__open(struct ui_state *ui, struct screen *s);

#endif
