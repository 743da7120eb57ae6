/* SPDX-License-Identifier: BSD-2-Clause */
/* lock_looks.h - how much is a GIL held while its books are light? An estimate, from outside (part of the collector)
 *
 * About a hundred times a second gil->locked is read in each process that is light. Good to two points or so, but low where
 * holds are microseconds: who looks gets its CPU when others give one up, which is after a release.
 */
#ifndef GILTOP_SOURCE_LOCK_LOOKS_H
#define GILTOP_SOURCE_LOCK_LOOKS_H

struct collector;

/* Processes have become light or exact, come or gone: look as long as one is light. */
void lock_looks__arm(struct collector *c);
/* The timer has fired. */
void lock_looks__on_timer(struct collector *c);
/* What has been seen since the last call, to the sinks: before the totals. */
void lock_looks__send(struct collector *c);

#endif
