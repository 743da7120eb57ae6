/* SPDX-License-Identifier: BSD-2-Clause */
/* speedscope_frames.h - the table of frames that all profiles of a file share: each once, by a number */
#ifndef GILTOP_VIEW_SPEEDSCOPE_FRAMES_H
#define GILTOP_VIEW_SPEEDSCOPE_FRAMES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "user/base/hmap.h"
#include "user/base/json_out.h"
#include "user/view/strings.h"

struct snap_frame;
struct speedscope_frame;

/* Zero-initialise. */
struct speedscope_frames {
	struct strings strings;
	struct hmap nos; /* (name, file; line) -> number plus 1 */
	size_t cnt, cap;
	struct speedscope_frame *list;
	bool oom;
};

/* Numbers from 0 on. After a failed allocation (oom) it does not matter what these return. */
uint32_t speedscope_frames__of(struct speedscope_frames *fs, const struct snap_frame *f);
uint32_t speedscope_frames__text(struct speedscope_frames *fs,
				 const char *name); /* one of ours: no file */
/* "frames", into the open object. */
void speedscope_frames__put(const struct speedscope_frames *fs, struct json_out *j);
void speedscope_frames__free(struct speedscope_frames *fs);

#endif
