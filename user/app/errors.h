/* SPDX-License-Identifier: BSD-2-Clause */
/* errors.h - failures in the user's words, and the exit code of each
 *
 * What failed, why (with the value found), the command that mends it: one line on stderr.
 */
#ifndef GILTOP_APP_ERRORS_H
#define GILTOP_APP_ERRORS_H

#include <sys/types.h>

struct opts;

int errors__out_of_memory(void);
/* Of collector__load. */
int errors__of_load(int err);
/* Of collector__add or target__resolve, with its words. */
int errors__of_target(int err, const char *why, pid_t pid);
/* Mistakes that can be told before BPF is touched: a pid that is not there, no privileges. 0: fine. */
int errors__check_targets(const struct opts *o);

#endif
