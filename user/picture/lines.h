/* SPDX-License-Identifier: BSD-2-Clause */
/* lines.h - the lines that stand for threads and pools (for builders of snapshots) */
#ifndef GILTOP_PICTURE_LINES_H
#define GILTOP_PICTURE_LINES_H

#include "user/picture/snapshot.h"

/* Set wait_at and blame_at of its threads and pools, from its stacks. 0 or -ENOMEM (then some are as they were). */
int lines__find(struct snap_proc *p);

#endif
