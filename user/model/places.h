/* SPDX-License-Identifier: BSD-2-Clause */
/* places.h - where time went: looks, scaled to what is exact (part of the model) */
#ifndef GILTOP_MODEL_PLACES_H
#define GILTOP_MODEL_PLACES_H

#include <stddef.h>
#include <stdint.h>

struct snap_proc;
struct tally;
struct arena;

enum { PLACE_WAIT, PLACE_HOLD, PLACE_BLAME, PLACE_KINDS }; /* as enum snap_stack_kind */

/* The exact times of a thread in a picture, all its rows together; tid 0: of the ended ones without rows. */
struct place_row {
	uint32_t tid;
	uint64_t ns[PLACE_KINDS]; /* what has no place yet */
	int pass[PLACE_KINDS];	  /* in which pass a place was added; 0: none */
};

struct place {
	const struct tally *t;
	uint32_t tid; /* of its row */
	uint64_t weight, cnt;
	uint64_t ns; /* after places__scale() */
};

/* Of one kind. v has room for all that is added. */
struct places {
	struct place_row *rows; /* by tid */
	size_t row_cnt;
	size_t cnt;
	struct place *v;
	int kind;
};

/* The rows of a process whose threads are in the picture. NULL: no memory. */
struct place_row *places__rows(const struct snap_proc *p, struct arena *a, size_t *cnt);
struct place_row *places__row(const struct places *pl, uint32_t tid);
/* Looks at this thread's time, since the reading base; -1: all that there ever were. Not for a row that had some in an
 * earlier pass.
 */
void places__add(struct places *pl, const struct tally *t, uint32_t tid, int base, int pass);
void places__scale(struct places *pl);

#endif
