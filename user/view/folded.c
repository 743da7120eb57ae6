/* SPDX-License-Identifier: BSD-2-Clause */
/* folded.c - folded stacks for flame graphs: one line a stack, root first, then its weight */
#include <errno.h>
#include <inttypes.h>

#include "user/base/util.h"
#include "user/view/flame.h"
#include "user/view/stack_lines.h"
#include "user/view/view.h"

static int put_line(void *ctx, const char *line, uint64_t ns)
{
	const struct view *v = ctx;
	uint64_t w = v->opts->unit_ns ? ns : (ns + 500) / 1000;

	if (w)
		fprintf(v->out, "%s %" PRIu64 "\n", line, w);
	return 0;
}

static int put_merged(struct view *v, const struct snapshot *total)
{
	__cleanup(flame__free) struct flame f = { 0 };
	int err = flame__build(&f, total, v->opts);

	return err ? err : flame__each_line(&f, put_line, v);
}

static int end(struct view *v, const struct snapshot *total, const char *why)
{
	int err;

	(void)why;
	err = v->opts->merge_threads ? put_merged(v, total)
				     : stack_lines__each(total, v->opts, put_line, v);
	return err ? err : fflush(v->out) ? -errno : 0;
}

static const struct view_ops folded_ops = {
	.end = end,
};

struct view *view_folded__new(FILE *out, const struct view_opts *o)
{
	return view__new(&folded_ops, out, o);
}
