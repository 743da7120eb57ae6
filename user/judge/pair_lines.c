/* SPDX-License-Identifier: BSD-2-Clause */
#include "user/judge/pair_lines.h"

#include "user/judge/verdict.h"

int pair_lines__init(struct pair_lines *l, const struct snap_proc *p)
{
	int err = 0;

	/* Largest first: a pair's first one with a line is its line. */
	for (size_t i = 0; i < p->chain_cnt && !err; i++) {
		const struct snap_chain *c = &p->chains[i];
		const struct snap_frame *f =
			verdict__line_of(c->holder_frames, c->holder_frame_cnt);

		if (f && c->ns && !hmap__get(&l->by_pair, c->waiter_tid, c->holder_tid))
			err = hmap__put(&l->by_pair, c->waiter_tid, c->holder_tid,
					(void *)(uintptr_t)f);
	}
	return err;
}

const struct snap_frame *pair_lines__find(const struct pair_lines *l, uint32_t waiter,
					  uint32_t holder)
{
	return hmap__get(&l->by_pair, waiter, holder);
}

void pair_lines__deinit(struct pair_lines *l)
{
	hmap__free(&l->by_pair);
}
