/* SPDX-License-Identifier: BSD-2-Clause */
/* snapshot_impl.h - a snapshot with the memory that everything in it lives in (for its builders) */
#ifndef GILTOP_SNAPSHOT_IMPL_H
#define GILTOP_SNAPSHOT_IMPL_H

#include "arena.h"
#include "snapshot.h"

struct snapshot_box {
	struct snapshot snap; /* first: a pointer to it is a pointer to the box */
	struct arena arena;
};

#endif
