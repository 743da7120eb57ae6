/* SPDX-License-Identifier: BSD-2-Clause */
/* source.h - where records come from: the live collector, or (one day) a recording that is played
 *
 *	src->fd becomes readable:	source__dispatch(src);	what happened goes to the sinks
 *	at each refresh:		source__refresh(src);	the totals of this moment go to them
 *	at the end:			source__close(src);	the last totals; nothing comes after them
 *					source__free(src);	after those that use its stacks' frames
 */
#ifndef GILTOP_SOURCE_H
#define GILTOP_SOURCE_H

#include <stdbool.h>
#include <stdint.h>

#include "user/books/sink.h"

struct source;

struct source_ops {
	int (*dispatch)(struct source *s); /* 0 or -errno, as all of them */
	int (*refresh)(struct source *s);
	int (*close)(struct source *s);
	void (*want_spans)(struct source *s, uint64_t min_ns);
	bool (*expects)(const struct source *s);
	void (*free)(struct source *s);
};

/* Sources embed this as their first member. */
struct source {
	const struct source_ops *ops;
	const struct sinks *sinks; /* not owned */
	int fd;			   /* for an epoll set */
};

static inline int source__dispatch(struct source *s)
{
	return s->ops->dispatch(s);
}

static inline int source__refresh(struct source *s)
{
	return s->ops->refresh(s);
}

static inline int source__close(struct source *s)
{
	return s->ops->close(s);
}

/* Send spans (closed states) of at least min_ns from now on; 0: none. */
static inline void source__want_spans(struct source *s, uint64_t min_ns)
{
	s->ops->want_spans(s, min_ns);
}

/* May a process that is known already still turn out to be one to measure? */
static inline bool source__expects(const struct source *s)
{
	return s->ops->expects(s);
}

static inline void source__free(struct source *s)
{
	if (s)
		s->ops->free(s);
}

#endif
