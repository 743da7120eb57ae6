/* SPDX-License-Identifier: BSD-2-Clause */
/* stack_lines.h - stacks as lines of text: "PROCESS;THREAD;FRAME;..;FRAME", root first
 *
 * What readers of the folded format cannot take is not in them: ';' in a name (it separates frames),
 * control bytes, and a last frame that ends in a space and digits (read as a second weight). No part is
 * empty, so that a line can be split at its ';' again.
 */
#ifndef GILTOP_VIEW_STACK_LINES_H
#define GILTOP_VIEW_STACK_LINES_H

#include <stdint.h>

#include "user/base/budgets.h"
#include "user/picture/snapshot.h"

struct view_opts;

/* What stands between the waiter and the holder in a line of WEIGHT_CHAIN. */
#define STACK_LINE_CHAIN "--"

/* So many of a process, the largest; what the others have is one more, of "[other threads]" at "[other]". */
#define STACK_LINES_MAX BUDGET_ROWS

/* One line and its weight; 0 or -errno. */
typedef int (*stack_line_fn)(void *ctx, const char *line, uint64_t ns);

/* Each stack of the weight, unit-less, that the options want, to fn: the same line may come more than once. Stops at
 * the first error and returns it; -ENOMEM: there was no memory for a line.
 */
int stack_lines__each(const struct snapshot *s, const struct view_opts *o, stack_line_fn fn,
		      void *ctx);

#endif
