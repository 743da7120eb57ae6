/* SPDX-License-Identifier: BSD-2-Clause */
/* names.h - texts that somebody else makes up, each kept once, and no more of them than there is room for
 *
 * A program may give its functions, files and threads new names for ever. What is in here lives as long as the table.
 */
#ifndef GILTOP_BASE_NAMES_H
#define GILTOP_BASE_NAMES_H

#include <stddef.h>
#include <stdint.h>

struct names;

/* bytes_max: of all texts, and of what the table takes for each. NULL: no memory. */
struct names *names__new(size_t bytes_max);
void names__free(struct names *n);

/* The one copy of this text: two texts are the same if their addresses are. Owned by the table. NULL: it is new, and there
 * is no room (names__full_cnt counts those), or no memory. "" always has room.
 */
const char *names__get(struct names *n, const char *text);

/* Room that something of sz bytes takes that goes with the names (the frames of a stack): 0 or -ENOSPC. */
int names__charge(struct names *n, size_t sz);
size_t names__bytes(const struct names *n); /* never more than bytes_max */
uint64_t names__full_cnt(const struct names *n);

#endif
