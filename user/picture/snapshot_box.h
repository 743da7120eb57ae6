/* SPDX-License-Identifier: BSD-2-Clause */
/* snapshot_box.h - a snapshot with the memory that everything in it lives in (for its builders) */
#ifndef GILTOP_PICTURE_SNAPSHOT_BOX_H
#define GILTOP_PICTURE_SNAPSHOT_BOX_H

#include "user/base/arena.h"
#include "user/picture/snapshot.h"

struct snapshot_box {
	struct snapshot snap; /* first: a pointer to it is a pointer to the box */
	struct arena arena;
};

#endif
