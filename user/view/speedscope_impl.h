/* SPDX-License-Identifier: BSD-2-Clause */
/* speedscope_impl.h - what the files of speedscope's format share */
#ifndef GILTOP_VIEW_SPEEDSCOPE_IMPL_H
#define GILTOP_VIEW_SPEEDSCOPE_IMPL_H

#include "user/base/sbuf.h"
#include "user/view/speedscope_frames.h"
#include "user/view/state_log.h"
#include "user/view/view.h"

struct speedscope {
	struct view view;
	struct state_log *log;
	FILE *out;
	struct speedscope_frames frames;
	struct sbuf text;
	uint64_t base_ns, end_ns;
	size_t profile_cnt;
	size_t active; /* the profile that is shown first, and why that one */
	uint64_t active_rank;
};

/* "name (4242)" */
void speedscope__put_who(struct sbuf *b, const char *name, uint32_t id);
/* Opens one that is called as v->text says. */
void speedscope__open_profile(struct speedscope *v, const char *type, uint64_t end_ns);
/* Those of all processes' totals. 0 or -errno. */
int speedscope__put_totals(struct speedscope *v, const struct snapshot *total);

#endif
