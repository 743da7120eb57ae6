/* SPDX-License-Identifier: BSD-2-Clause */
/* overlay.h - what lies on top of a screen until a key closes it: the help, the sort menu and the setup */
#ifndef GILTOP_TUI_OVERLAY_H
#define GILTOP_TUI_OVERLAY_H

#include "tui/ui.h"

/* Draws the one that is open, if any. */
void overlay__draw(const struct ui_state *ui, struct canvas *c);
/* A key while one is open; page: lines of a page. */
enum tui_action overlay__key(struct ui_state *ui, enum key_action action, int key, size_t page);
/* A click on a row of it; twice: the second one of a double click. */
enum tui_action overlay__click(struct ui_state *ui, size_t row, bool twice);

#endif
