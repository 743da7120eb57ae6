/* SPDX-License-Identifier: BSD-2-Clause */
/* child.h - small processes of ours for what may block for ever, or must not be interrupted
 *
 * A child is a fork of giltop in a session of its own, so that nothing that is sent to giltop's group (a ^C, the kill -9
 * of timeout) reaches it. It has the descriptors that it is to have, and a pair of sockets between it and us.
 */
#ifndef GILTOP_BASE_CHILD_H
#define GILTOP_BASE_CHILD_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

struct child {
	pid_t pid; /* 0: there is none */
	int pidfd; /* who else waits for our children may have had its end, and its number may be another's */
	int fd; /* our end; -1 */
};

#define CHILD_NONE                                                                                 \
	{                                                                                          \
		.pid = 0, .pidfd = -1, .fd = -1                                                    \
	}

/* Those that we are done with, and that are not over. Zero-initialise. */
#define CHILDREN_LEFT_MAX 8
struct children {
	size_t cnt;
	int pidfds[CHILDREN_LEFT_MAX];
};

/* Of all that the child needs it keeps these, its end of the pair and /dev/null as 0, 1 and 2. */
struct child_keep {
	const int *fds;
	size_t cnt;
};

/* Start one that does fn(ctx, its end of the pair) and ends. name: for ps. 0 or -errno. */
int child__start(struct child *c, const char *name, const struct child_keep *keep,
		 void (*fn)(void *ctx, int fd), void *ctx);

/* How long it may take to say something. */
struct child_limits {
	uint64_t cpu_ns;  /* of its own CPU time */
	uint64_t wait_ns; /* while it is blocked; to wait for a CPU does not count */
};

/* Wait until it says something (or has ended: read tells). 0; -ETIMEDOUT, -EFBIG: its limits of blocking, of CPU time;
 * -EINTR: a signal that wants giltop to end is pending, and it has had a moment to finish.
 */
int child__wait(const struct child *c, const struct child_limits *limits);

/* Its CPU time up to now; 0: it has ended. */
uint64_t child__cpu_ns(const struct child *c);

/* Done with it; kill_it: it may be blocked. Never waits: who cannot be killed now (it is in the kernel, and has none of our
 * descriptors but those that it was to keep) is among those left, and ends when the kernel lets it.
 */
void child__end(struct child *c, bool kill_it, struct children *left);
/* Let it end by itself, which it is about to: has it, within so many ms? True, too, if there is none. */
bool child__ends(struct child *c, int ms);
/* Let it end by itself, which it is about to: wait for that so many ms at most. */
void child__join(struct child *c, int ms, struct children *left);
/* How many of them are not over? */
size_t children__left(struct children *left);
/* Stop minding them. */
void children__forget(struct children *left);

#endif
