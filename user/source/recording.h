/* SPDX-License-Identifier: BSD-2-Clause */
/* recording.h - the source that plays what was recorded: the same records, in the same order
 *
 * It is read frame by frame; in memory are one frame, the stacks, what is needed to read on, and where the frames are (32
 * bytes each). To go to another moment all frames of records up to there are played again, as fast as they can be read;
 * blocks of events, which are most of a file, are passed over.
 */
#ifndef GILTOP_SOURCE_RECORDING_H
#define GILTOP_SOURCE_RECORDING_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "user/source/source.h"

struct recording;
struct sbuf;
struct trigger;

/* fd is the recording's from here on, also on failure; a pipe can be played, but not sought in. NULL: why says it. */
struct recording *recording__open(int fd, const char *path, const struct sinks *sinks,
				  struct sbuf *why);
/* refresh: what follows, up to the next mark, which is left to the session; -ENODATA: there is none any more (what was
 * behind the last one has been sent). close: all that is left.
 */
struct source *recording__source(struct recording *r);
/* Send what happened one by one, too (REC_EVENTS), from here on. */
void recording__want_events(struct recording *r, bool want);
/* When the run began to measure, which times count from (of a flight recorder's file long before it); where the file begins: its
 * first interval, or the books; the last end of an interval. 0: not known (a pipe). Of the position: the last totals.
 */
uint64_t recording__start_ns(const struct recording *r);
uint64_t recording__first_ns(const struct recording *r);
/* Of a flight recorder, which begins and ends in the middle? */
bool recording__is_ring(const struct recording *r);
uint64_t recording__end_ns(const struct recording *r);
uint64_t recording__now_ns(const struct recording *r);
bool recording__at_end(const struct recording *r);
/* The interval that the last refresh has ended at was not shown in that run: it is in the sum of all alone. */
bool recording__is_unseen(const struct recording *r);
/* From mark to mark, as asked for when it was made; both clocks at one moment. Known after the first refresh. */
uint64_t recording__interval_ns(const struct recording *r);
void recording__clock(const struct recording *r, uint64_t *mono_ns, uint64_t *real_ns);
/* The machine that it was made on, "?": not known. */
const char *recording__host(const struct recording *r);
/* The command line that it was made by; NULL: not known. */
const char *recording__command(const struct recording *r);
/* Why that run was over, and what it had not measured; NULL: it does not say. */
const char *recording__why(const struct recording *r);
const char *recording__hint(const struct recording *r);
/* giltop was killed while it wrote this, or the file is damaged from some place on: it ends with its last whole frame. Is it
 * damaged, and not only without an end?
 */
bool recording__is_cut(const struct recording *r);
bool recording__is_damaged(const struct recording *r);
/* From the start, to new sinks, up to the last mark that is not after t_ns (at least the first one), which is left to the
 * session, as by refresh. Of spans, if they are wanted, those of the last span_ns are sent. 0 or -errno, -ESPIPE: it is a pipe,
 * -ENODATA: the file is damaged before that.
 */
int recording__seek(struct recording *r, uint64_t t_ns, uint64_t span_ns);
/* How many ends of intervals there are, and when the nth was. */
size_t recording__interval_cnt(const struct recording *r);
uint64_t recording__interval_end_ns(const struct recording *r, size_t n);
/* Are there events one by one, from which spans are made? */
bool recording__has_events(const struct recording *r);
/* What was told of: in the order of the file, without stacks. */
size_t recording__trigger_cnt(const struct recording *r);
const struct trigger *recording__trigger(const struct recording *r, size_t i);

#endif
