/* SPDX-License-Identifier: BSD-2-Clause */
/* player_bar.h - the piece of the header that says where in a recording one is */
#ifndef GILTOP_TUI_PLAYER_BAR_H
#define GILTOP_TUI_PLAYER_BAR_H

#include "tui/canvas.h"
#include "tui/player.h"

/* Ends at cell x + w - 1, and takes as much of w as is left after what is less wanted was left out: returns the cells
 * used.
 */
int player_bar__draw(const struct player *p, struct canvas *c, int y, int x, int w);
/* "> 1x 00:01:12": for a window of one line. */
void player_bar__text(const struct player *p, bool unicode, char *buf, size_t sz);

#endif
