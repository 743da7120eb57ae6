/* SPDX-License-Identifier: BSD-2-Clause */
/* worker_lines.h - workers of one master as text: the range of each figure, the worst of them, all together */
#ifndef GILTOP_VIEW_WORKER_LINES_H
#define GILTOP_VIEW_WORKER_LINES_H

struct sbuf;
struct snapshot;

/* A paragraph for each group, with an empty line behind it; nothing if there are none. Check out->oom. */
void worker_lines__put(const struct snapshot *s, struct sbuf *out);

#endif
