/* SPDX-License-Identifier: BSD-2-Clause */
/* cells.h - how many cells text takes on a screen, and how to cut it there
 *
 * The text may come from the target. Whatever is not printable becomes '?', also when it should have
 * been cleaned before: nothing that reaches the terminal is taken on trust. With unicode off every
 * character outside ASCII becomes '?' too.
 */
#ifndef GILTOP_TUI_CELLS_H
#define GILTOP_TUI_CELLS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Reads one character at *s and moves *s behind it. Sets its cells: 0 (a combining mark), 1 or 2.
 * Returns 0 at the end.
 */
uint32_t cells__next(const char **s, bool unicode, int *ret_width);
/* Cells that s takes. */
int cells__width(const char *s, bool unicode);
/* Copy what fits into width cells; if it does not all fit, the last cell is '~'. */
void cells__cut(const char *s, bool unicode, int width, char *buf, size_t sz);
/* Copy what fits, leaving out the middle: names in a pool differ at the end ("ThreadPo~-0_12"). */
void cells__cut_middle(const char *s, bool unicode, int width, char *buf, size_t sz);
/* Break s between words: moves *s behind the piece of at most width cells and writes that piece.
 * False at the end.
 */
bool cells__wrap(const char **s, bool unicode, int width, char *buf, size_t sz);
/* A place in a program in width cells: "parse_line demo_service.py:35", or with less room
 * "parse_line demo_~:35", "parse_line:35", "parse~:35", ":35". The line number is never cut; line 0:
 * there is none. file without its folders.
 */
void cells__place(const char *name, const char *file, uint32_t line, bool unicode, int width,
		  char *buf, size_t sz);

#endif
