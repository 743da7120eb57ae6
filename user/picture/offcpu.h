/* SPDX-License-Identifier: BSD-2-Clause */
/* offcpu.h - where holders slept with the GIL, by Python line and system call (--sched) */
#ifndef GILTOP_PICTURE_OFFCPU_H
#define GILTOP_PICTURE_OFFCPU_H

#include "user/picture/snapshot.h"

struct offcpu_line {
	const struct snap_frame *frame; /* NULL: not known */
	const char *call;		/* as in snap_offcpu */
	int32_t call_no;
	uint64_t ns, cnt;
};

/* Is what is told of this tid wanted? NULL: of all. */
typedef bool (*offcpu_tid_fn)(const void *ctx, uint32_t tid);
/* The first max lines, longest sleep first; all (may be NULL): how many there are. Returns how many are in ret; without
 * memory 0.
 */
size_t offcpu__lines(const struct snap_proc *p, offcpu_tid_fn fn, const void *ctx,
		     struct offcpu_line *ret, size_t max, size_t *all);
#define OFFCPU_WORDS_SZ 64
/* "read()", "system call 4711", "no system call", "an unknown call". Returns out. */
char *offcpu__call_words(const struct offcpu_line *l, char out[OFFCPU_WORDS_SZ]);

#endif
