/* SPDX-License-Identifier: BSD-2-Clause */
/* list.h - moving in a list that is longer than the screen */
#ifndef GILTOP_TUI_LIST_H
#define GILTOP_TUI_LIST_H

#include <stdbool.h>
#include <stddef.h>

#include "tui/canvas.h"
#include "tui/keymap.h"

/* Where the selection goes; page: lines of a page. True if the action was a move. */
bool list__move(enum key_action action, size_t cnt, size_t page, size_t *sel);
/* The first row shown, so that sel is in sight and in the middle when both ends are out of it. */
size_t list__top(size_t sel, size_t cnt, int page);
/* The rows in sight, one after the other; the selected one is marked:
 *
 *   struct list_rows l = list__rows(c, r, sel, cnt);
 *   while (list__next(&l))
 *           draw row l.i in line l.y
 */
struct list_rows {
	struct canvas *c;
	struct rect r;
	size_t sel, cnt, top, i;
	int shown, y;
};

struct list_rows list__rows(struct canvas *c, struct rect r, size_t sel, size_t cnt);
bool list__next(struct list_rows *l);
/* "12-28 of 900" at the right end of the line, if not all is in sight. */
void list__position(struct canvas *c, int y, int right, size_t top, size_t cnt, int page);

#endif
