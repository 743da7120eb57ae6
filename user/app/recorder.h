/* SPDX-License-Identifier: BSD-2-Clause */
/* recorder.h - what becomes of a recording: a file that grows, or the last minute in memory and files of moments */
#ifndef GILTOP_APP_RECORDER_H
#define GILTOP_APP_RECORDER_H

#include <stdbool.h>
#include <stdint.h>

struct opts;
struct recorder;
struct sink;
struct trigger;

/* By the options; what it is given before it is opened is kept. NULL: *ret_code is an exit code that has been explained. */
struct recorder *recorder__new(const struct opts *o, int *ret_code);
/* The file that grows, or the folder of a flight recorder's: 0 or an exit code that has been explained. */
int recorder__open(struct recorder *r);
struct sink *recorder__sink(struct recorder *r);
/* A flight recorder, to be asked to write? */
bool recorder__is_ring(const struct recorder *r);
/* Something has happened: have what is kept written, and what comes in the next moments. The file's name, which lives as long
 * as r; NULL: nothing is written (too soon, enough files, no room: --quiet-time, --max-files, --max-size), or it cannot be,
 * which is said once.
 */
const char *recorder__write(struct recorder *r, const struct trigger *t);
/* Is there a reason to end the run: the file cannot be written, or is as large as --max-size? It has been said. NULL: none. */
const char *recorder__ends(const struct recorder *r);
/* All that was taken is written. discard: nothing was measured, the file goes. 0 or an exit code that has been explained. */
int recorder__close(struct recorder *r, bool discard);
/* Say what has been written, in span_ns. */
void recorder__say(const struct recorder *r, uint64_t span_ns);
void recorder__free(struct recorder *r); /* NULL is fine */

#endif
