/* SPDX-License-Identifier: BSD-2-Clause */
/* limits.h - how much of the machine this process may have (ulimit): all of it that is to be had, or not enough */
#ifndef GILTOP_APP_LIMITS_H
#define GILTOP_APP_LIMITS_H

#include <sys/resource.h>

/* As they were. */
struct limits {
	struct rlimit files, locked;
};

/* The soft limits of open files and of locked memory (kernels before 5.11 count BPF maps there) up to the hard ones. */
void limits__raise(struct limits *ret);
/* A command is to have them as they were. */
void limits__restore(const struct limits *l);
/* Enough to load and attach? 0, or an exit code that has been explained. */
int limits__check(void);

#endif
