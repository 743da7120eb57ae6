/* SPDX-License-Identifier: BSD-2-Clause */
/* source.h - where records come from: the live collector, or (one day) a recording that is played
 *
 * The frames of the stacks that it has sent live as long as it does: free it after those that use them.
 */
#ifndef GILTOP_SOURCE_H
#define GILTOP_SOURCE_H

#include <stdbool.h>
#include <stdint.h>

#include "user/books/sink.h"

struct source;

/* 0 or -errno, where they return an int. */
struct source_ops {
	/* Its descriptor is readable: send what happened. */
	int (*dispatch)(struct source *s);
	/* Send the totals of this moment. */
	int (*refresh)(struct source *s);
	/* Send the last totals: nothing comes after them. */
	int (*close)(struct source *s);
	/* Send spans (closed states) of at least min_ns from now on; 0: none. */
	void (*want_spans)(struct source *s, uint64_t min_ns);
	/* May a process that is known already still turn out to be one to measure? */
	bool (*expects)(const struct source *s);
	void (*free)(struct source *s);
};

/* Sources embed this as their first member. */
struct source {
	const struct source_ops *ops;
	const struct sinks *sinks; /* not owned */
	int fd;			   /* for an epoll set */
};

#endif
