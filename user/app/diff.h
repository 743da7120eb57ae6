/* SPDX-License-Identifier: BSD-2-Clause */
/* diff.h - the verb diff: read two files, compare, judge */
#ifndef GILTOP_APP_DIFF_H
#define GILTOP_APP_DIFF_H

struct opts;

/* Returns an exit code. */
int diff__run(const struct opts *o);

#endif
