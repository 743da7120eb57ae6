/* SPDX-License-Identifier: BSD-2-Clause */
/* at.h - a moment of a recording, as people name it */
#ifndef GILTOP_APP_AT_H
#define GILTOP_APP_AT_H

#include <stdbool.h>
#include <stdint.h>

struct recording;

/* Is that a moment: "12.5s", "3m", "1:30", "+6.827s" after the start of the run; or "14:03:07", "14:03:07.512", a time of day
 * here (two digits each)?
 */
bool at__is_valid(const char *text);
/* The end of the interval that it is in, in this recording. 0, -EINVAL, -ERANGE: it is not in it. */
int at__find(const char *text, const struct recording *r, uint64_t *ret_ns);

#endif
