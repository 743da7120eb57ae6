/* SPDX-License-Identifier: BSD-2-Clause */
/* header.h - the lines above every screen: what is looked at, and the answer in words */
#ifndef GILTOP_TUI_HEADER_H
#define GILTOP_TUI_HEADER_H

#include "tui/layout.h"
#include "tui/ui.h"

/* The lines above the body, those that l has. */
void header__draw(const struct ui_state *ui, struct canvas *c, const struct layout *l);
/* All in one line, for a window too small for more. */
void header__draw_line(const struct ui_state *ui, struct canvas *c);

#endif
