/* SPDX-License-Identifier: BSD-2-Clause */
/* ring.h - the last frames of a recording, in memory: from a restart on, so that they can be read */
#ifndef GILTOP_CODEC_RING_H
#define GILTOP_CODEC_RING_H

#include "user/codec/frame.h"

struct ring;

/* At least the last keep_ns are kept (0: as much as there is room for), in at most max_bytes (0: no limit), of which the
 * restarts (writer.h) must come often enough. NULL + errno.
 */
struct ring *ring__new(uint64_t keep_ns, uint64_t max_bytes);
void ring__free(struct ring *r);
/* A whole frame as it would be in a file; it is copied. 0 or -ENOMEM. */
int ring__add(struct ring *r, const struct frame *f, const void *bytes, size_t len);
/* Each that is kept, oldest first. 0, or what fn returned if that was not 0. */
typedef int (*ring_fn)(void *ctx, const struct frame *f, const void *bytes, size_t len);
int ring__each(const struct ring *r, ring_fn fn, void *ctx);
size_t ring__bytes(const struct ring *r);

#endif
