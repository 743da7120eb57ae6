/* SPDX-License-Identifier: BSD-2-Clause */
/* diff_view.h - two runs side by side as text, as JSON lines, and as folded stacks with two weights */
#ifndef GILTOP_VIEW_DIFF_VIEW_H
#define GILTOP_VIEW_DIFF_VIEW_H

#include <stdio.h>

#include "user/judge/check.h"

struct diff;
struct snapshot;
struct view_opts;

/* All: 0 or -errno. files: the names of A and B. */
int diff_text__put(FILE *out, const struct diff *d, const char *const files[2]);
int diff_json__put(FILE *out, const struct diff *d, const char *const files[2]);
/* One more line of JSON. */
int diff_json__put_check(FILE *out, const struct check *c, enum check_result r, const char *words);
/* "STACK A B" a line, for difffolded.pl's readers: of programs and pools instead of processes and threads, of functions
 * without their lines, and A scaled to the length of B, by *ret_scale.
 */
int diff_folded__put(FILE *out, const struct snapshot *a, const struct snapshot *b,
		     const struct view_opts *o, double *ret_scale);

#endif
