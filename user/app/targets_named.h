/* SPDX-License-Identifier: BSD-2-Clause */
/* targets_named.h - mistakes in -p and -t that /proc alone can tell */
#ifndef GILTOP_APP_TARGETS_NAMED_H
#define GILTOP_APP_TARGETS_NAMED_H

#include <stdbool.h>
#include <sys/types.h>

struct opts;
struct sbuf;

/* Is this a process: not one that is gone, and not a thread of one? If not why is said into *ret_why. */
bool targets_named__is_process(const struct opts *o, pid_t pid, struct sbuf *ret_why);
/* Is each -p one? 0, or an exit code that has been explained. */
int targets_named__pids(const struct opts *o);
/* Is each -t a thread of what is measured? Those that are not are warned of; none: an exit code, explained. children:
 * their threads count, too.
 */
int targets_named__tids(const struct opts *o, bool children);

#endif
