/* SPDX-License-Identifier: BSD-2-Clause */
/* term.h - the terminal: the only file that knows ncurses
 *
 * Keys come as the codes of keymap.h, frames go out from a canvas.
 */
#ifndef GILTOP_TUI_TERM_H
#define GILTOP_TUI_TERM_H

#include <stdbool.h>

#include "tui/canvas.h"
#include "tui/tui_opts.h"

struct term;

#define TERM_NO_KEY 0
#define TERM_LOST   (-1) /* the terminal is gone */

/* 0, -ENOTTY: no terminal, or -ENODEV: one that cannot place the cursor. */
int term__can_run(void);
/* Raw mode, alternate screen, messages held back. NULL and errno as tui__new. */
struct term *term__open(const struct tui_opts *opts);
/* Restores all of that, then writes the messages. NULL is fine. */
void term__close(struct term *t);
void term__suspend(struct term *t); /* gives the terminal back for a while */
void term__resume(struct term *t);
bool term__is_unicode(const struct term *t);
void term__size(const struct term *t, int *ret_h, int *ret_w);
void term__resize(struct term *t); /* take over the terminal's present size */
/* Colours from the next frame on, where there are some; enum tui_scheme. */
void term__set_scheme(struct term *t, int scheme);
/* Clicks and the wheel come as keys, or the terminal keeps them (to mark text). It does, too, while it
 * is given back.
 */
void term__set_mouse(struct term *t, bool on);
enum term_button { TERM_BUTTON, TERM_BUTTON_TWICE, TERM_WHEEL_UP, TERM_WHEEL_DOWN };
/* After UI_KEY_MOUSE: what it was, and on which cell. */
enum term_button term__mouse(const struct term *t, int *ret_y, int *ret_x);
/* A key without waiting, TERM_NO_KEY or TERM_LOST. */
int term__key(struct term *t);
/* Show this frame; all: as if nothing of it were on the screen. */
void term__show(struct term *t, const struct canvas *c, bool all);

#endif
