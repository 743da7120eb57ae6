/* SPDX-License-Identifier: BSD-2-Clause */
/* build.h - a picture that is being made from the model: build.c (processes, GILs, pairs), build_threads.c (part of the model) */
#ifndef GILTOP_MODEL_BUILD_H
#define GILTOP_MODEL_BUILD_H

#include <stdbool.h>
#include <stdint.h>

#include "user/model/model_impl.h"

struct snapshot_box;

struct builder {
	const struct model *m;
	struct snapshot_box *box;
	int base; /* AT_MARK or AT_ZERO */
	bool brief;
};

static inline uint64_t builder__base_ns(const struct builder *b)
{
	return b->base == AT_MARK ? b->m->mark_ns : b->m->zero_ns;
}

/* The moment up to which a process is known. */
static inline uint64_t builder__proc_now(const struct builder *b, const struct mproc *p)
{
	return p->end_ns && p->end_ns < b->m->now_ns ? p->end_ns : b->m->now_ns;
}

static inline uint64_t span_ns(uint64_t from, uint64_t to)
{
	return to > from ? to - from : 0;
}

/* The threads of a process, by delay, after its GILs. 0 or -ENOMEM. */
int build_threads(struct builder *b, const struct mproc *p, struct snap_proc *s);

#endif
