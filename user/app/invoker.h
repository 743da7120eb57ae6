/* SPDX-License-Identifier: BSD-2-Clause */
/* invoker.h - the user behind sudo: whose rights the command gets, and files are written with */
#ifndef GILTOP_APP_INVOKER_H
#define GILTOP_APP_INVOKER_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

struct sbuf;

/* Does sudo's environment say who that is? 0, or an exit code that has been explained; without sudo 0. What follows is
 * -EINVAL if it does not: nothing is done as root that was meant to be done as a user.
 */
int invoker__check(void);
/* Become that user for good; without sudo nothing changes. 0 or -errno. */
int invoker__become(void);

/* What is put back by invoker__leave. Zero-initialise. */
struct invoker_rights {
	bool taken;
	int group_cnt;
	gid_t *groups;
};

/* Reach files with that user's rights only, until invoker__leave; without sudo nothing changes. 0 or -errno. */
int invoker__enter(struct invoker_rights *ret);
void invoker__leave(struct invoker_rights *r);

/* Adds that user's home directory, an absolute path. 0 or -errno (-ENOENT: none is known). */
int invoker__home(struct sbuf *ret);

#endif
