/* SPDX-License-Identifier: BSD-2-Clause */
/* lanes.h - the timeline of some threads: one row a thread, newest right, with the GIL's owner on top
 *
 * Closed states come from the timeline; the one that a thread is in now from the snapshot.
 */
#ifndef GILTOP_TUI_LANES_H
#define GILTOP_TUI_LANES_H

#include "tui/ui.h"
#include "user/view/columns.h"

/* As many of the rows as there is room for; selected: the number of a row, or none of them. */
void lanes__draw(const struct ui_state *ui, struct canvas *c, struct rect r,
		 const struct column_row *rows, size_t row_cnt, long selected);

#endif
