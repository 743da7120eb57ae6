/* SPDX-License-Identifier: BSD-2-Clause */
/* at.h - a moment of a recording, as people name it */
#ifndef GILTOP_APP_AT_H
#define GILTOP_APP_AT_H

#include <stdbool.h>
#include <stdint.h>

struct recording;

/* Is that a moment: "12.5s", "3m", "1:30", "0:01:30" after the start, or "14:03:07", a time of day (two digits and two
 * colons)? */
bool at__is_valid(const char *text);
/* Where it is in this recording (CLOCK_MONOTONIC), which has been played up to its first mark. 0 or -EINVAL. */
int at__find(const char *text, const struct recording *r, uint64_t *ret_ns);

#endif
