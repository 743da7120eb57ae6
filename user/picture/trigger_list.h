/* SPDX-License-Identifier: BSD-2-Clause */
/* trigger_list.h - the last things that the user wanted to be told of (books/trigger.h), with names and stacks
 *
 * A sink. What is over later is the same entry, which says so then. Pure: no clock, no I/O.
 */
#ifndef GILTOP_PICTURE_TRIGGER_LIST_H
#define GILTOP_PICTURE_TRIGGER_LIST_H

#include <stddef.h>
#include <stdint.h>

#include "user/books/trigger.h"
#include "user/picture/stack_store.h"

struct sink;
struct trigger_list;

/* Strings are never NULL but for t.file; a name is "" where there is no such thread, or it is not known. */
struct trigger_event {
	struct trigger t;
	uint32_t pid;	     /* 0: of no process */
	uint64_t real_ns;    /* t.at_ns by the clock on the wall */
	uint64_t running_ns; /* .. and since the start */
	const char *comm;    /* of the process */
	const char *waiter, *holder;
	struct stored_stack waiter_stack, holder_stack; /* root first; cnt 0: not known */
};

/* What a thread (tid 0: the process) is called, into buf: clean text. false: not known. */
typedef bool (*trigger_name_fn)(void *ctx, uint32_t pid, uint32_t tid, char *buf, size_t sz);

/* Keeps at most max. NULL + errno. */
struct trigger_list *trigger_list__new(size_t max, trigger_name_fn name, void *ctx);
void trigger_list__free(struct trigger_list *l); /* NULL is fine */
/* Lives as long as the list. The frames of stacks are the source's. */
struct sink *trigger_list__sink(struct trigger_list *l);
/* Both clocks at one moment, the start; what a source says of them goes before that. */
void trigger_list__start(struct trigger_list *l, uint64_t mono_ns, uint64_t real_ns);
/* Forget all of them, but not the stacks: what comes is of another time. */
void trigger_list__clear(struct trigger_list *l);
/* What has been written of one. */
void trigger_list__set_file(struct trigger_list *l, uint64_t no, const char *file);

/* The one that the last record was of, until the next one; NULL: there was none, or no memory for it. */
const struct trigger_event *trigger_list__last(const struct trigger_list *l);
/* How many are kept, and how many there were. */
size_t trigger_list__cnt(const struct trigger_list *l);
uint64_t trigger_list__ever_cnt(const struct trigger_list *l);
/* The newest is 0. NULL: not so many. */
const struct trigger_event *trigger_list__at(const struct trigger_list *l, size_t i);
/* By its number; NULL: not there, or not any more. */
const struct trigger_event *trigger_list__find(const struct trigger_list *l, uint64_t no);
/* The id of the stack with these frames of the source; 0: not known. */
uint32_t trigger_list__stack_id(const struct trigger_list *l, const struct snap_frame *frames);

#endif
