/* SPDX-License-Identifier: BSD-2-Clause */
/* setup.h - the overlay in which the user chooses what is kept: columns, colours, first screen .. */
#ifndef GILTOP_TUI_SETUP_H
#define GILTOP_TUI_SETUP_H

#include "tui/ui.h"

void setup__open(struct ui_state *ui);
void setup__draw(const struct ui_state *ui, struct canvas *c);
/* A key while it is open; page: lines of a page. TUI_SETTINGS: it was closed, and something is to be
 * kept; TUI_MY_CODE: that was changed.
 */
enum tui_action setup__key(struct ui_state *ui, enum key_action action, int key, size_t page);
/* A click on a row selects it; on the one that is, it changes that. */
enum tui_action setup__click(struct ui_state *ui, size_t row);

#endif
