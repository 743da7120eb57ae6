/* SPDX-License-Identifier: BSD-2-Clause */
/* ending.h - SIGINT, SIGTERM, SIGHUP: the first asks for an end, the second is one
 *
 * Whatever giltop is busy with: it may be in the middle of something long, where nobody looks at a descriptor. So these
 * signals have a handler. The first one is told by a descriptor, and ends waiting for a child; one that comes later ends
 * giltop as the signal does by default, after the terminal is as it was. What is to be taken away (links, files without a
 * name) goes with the process.
 */
#ifndef GILTOP_BASE_ENDING_H
#define GILTOP_BASE_ENDING_H

#include <stdbool.h>
#include <stddef.h>

struct termios;

/* From now on. A descriptor, not the caller's, that is readable as soon as one has come, or -errno. */
int ending__arm(void);
/* Has one come? (Also of those that are blocked, and pending.) */
bool ending__has_come(void);
/* One has come, and there is nothing to be finished: end as by the signal's default. Returns if none has come. */
void ending__leave(void);
/* A child that is to run another program has them as we had them. */
void ending__disarm(void);
/* What the terminal needs at the end: its modes, and bytes to be written to it (at most 255; longer: none are). NULL: it
 * is as it was.
 */
void ending__terminal(const struct termios *modes, const char *bytes, size_t len);

#endif
