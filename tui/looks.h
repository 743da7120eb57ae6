/* SPDX-License-Identifier: BSD-2-Clause */
/* looks.h - how each meaning looks: colours for dark and light terminals, weights for those without
 *
 * Blue and orange are told apart by nearly everybody, dark ones on white, bright ones on black. State is
 * never in the colour alone: letters and shapes say the same.
 */
#ifndef GILTOP_TUI_LOOKS_H
#define GILTOP_TUI_LOOKS_H

#include <stdbool.h>

#include "tui/canvas.h"
#include "tui/tui_settings.h"

enum look_attr { LOOK_BOLD = 1 << 0, LOOK_DIM = 1 << 1, LOOK_REVERSE = 1 << 2 };

struct look {
	short fg;	    /* a colour number of the terminal; -1: its own foreground */
	unsigned int attrs; /* enum look_attr */
};

/* colours: how many the terminal has; below 8: as with TUI_SCHEME_MONO. TUI_SCHEME_AUTO: as the
 * terminal says by COLORFGBG (NULL: it does not).
 */
struct look looks__of(enum role role, int scheme, int colours, const char *colorfgbg);
/* "0;15", "15;default;0": the last number is that of the background. */
bool looks__is_light(const char *colorfgbg);

#endif
