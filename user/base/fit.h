/* SPDX-License-Identifier: BSD-2-Clause */
/* fit.h - text that must not be wider than so many columns
 *
 * For plain text, where no terminal can be asked: a character from U+1100 on counts as two columns, which
 * may be one too many, never one too few.
 */
#ifndef GILTOP_BASE_FIT_H
#define GILTOP_BASE_FIT_H

#include <stddef.h>

struct sbuf;

/* Of clean text. */
size_t fit__columns(const char *s);
/* As much of the start as has at most so many columns: its length in bytes. */
size_t fit__prefix(const char *s, size_t columns);
/* All of it, or its start, "~" and its end: at most so many columns. */
void fit__middle(const char *s, size_t columns, struct sbuf *out);
/* Words, in lines of at most columns, each after the first with this indent, at most max lines; what has no room
 * ends in "~". Returns how many lines there are, each with its newline; first: columns that are taken in the first
 * one already.
 */
size_t fit__wrap(const char *s, size_t first, const char *indent, size_t columns, size_t max,
		 struct sbuf *out);

#endif
