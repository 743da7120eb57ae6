/* SPDX-License-Identifier: BSD-2-Clause */
/* nearest.h - did you mean ..: the one of some names that a mistyped word is most like */
#ifndef GILTOP_BASE_NEAREST_H
#define GILTOP_BASE_NEAREST_H

#include <stddef.h>

/* { .word = WORD }, a nearest__try for each name, then the best: NULL where none is like it. Both strings stay the
 * caller's.
 */
struct nearest {
	const char *word, *best;
	size_t edits; /* from word to best */
};

void nearest__try(struct nearest *n, const char *name);
/* How many letters to add, leave out, change or swap with the next one make b of a, whatever their case. SIZE_MAX: too
 * long to tell (64 letters).
 */
size_t text_edits(const char *a, const char *b);

#endif
