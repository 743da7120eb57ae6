/* SPDX-License-Identifier: BSD-2-Clause */
/* summary.h - the summary that --json has written, as a snapshot again
 *
 * The file is somebody else's: any bytes are read or refused, with bounded memory. What JSON does not have (histograms,
 * chains, addresses) is not in the snapshot; what is null there is not known here.
 */
#ifndef GILTOP_CODEC_SUMMARY_H
#define GILTOP_CODEC_SUMMARY_H

#include <stddef.h>
#include <stdio.h>

struct sbuf;
struct snapshot;

/* A record that is longer is refused. */
#define SUMMARY_MAX (100u << 20)

/* The last summary of JSON lines that begin with a meta record; all other lines are passed over, they may be of any size
 * and number. 0; -EINVAL: it is none, why says what is wrong; -EFBIG: it is too long (said, too); -ENOMEM; or -errno of
 * the reading. Free *ret with snapshot__free().
 */
int summary__read(FILE *f, struct snapshot **ret, struct sbuf *why);
/* One record. The same. */
int summary__decode(const char *text, size_t len, struct snapshot **ret, struct sbuf *why);

#endif
