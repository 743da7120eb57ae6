/* SPDX-License-Identifier: BSD-2-Clause */
/* states_impl.h - the insides of states: states_who.c has who is who, states.c what happens */
#ifndef GILTOP_VIEW_STATES_IMPL_H
#define GILTOP_VIEW_STATES_IMPL_H

#include "user/base/arena.h"
#include "user/base/hmap.h"
#include "user/books/event.h"
#include "user/books/sink.h"
#include "user/picture/event_spans.h"
#include "user/view/states.h"

struct proc {
	struct state_proc
		pub; /* first, as in the others: a pointer to it is a pointer to all of it */
	uint32_t gil_cnt;
	bool light; /* holds are not seen now */
};

struct gil {
	struct state_gil pub;
	const struct state_thread *holder; /* NULL: nobody, or not known */
	/* Who let go last, when, and the number of that if somebody waited for it who has not got it yet. */
	const struct state_thread *from;
	uint64_t from_ns, out;
	uint32_t
		first_tid; /* has held it since before the books, and shown no event yet; 0: nobody */
};

struct thread {
	struct state_thread pub;
	struct thread *before; /* who had its tid before it */
	bool shown;
};

/* A thread at a GIL: what its open state will say when it ends. */
struct at_gil {
	bool waits, light, asked;
	uint32_t retries, stack;
	const struct state_thread *holder, *from;
	uint64_t from_ns, in, out;
};

/* A name for who has shown no event yet. */
struct early_name {
	uint64_t at_ns;
	const char *name;
};

struct states {
	const struct states_ops *ops;
	void *ctx;
	const struct view_opts *opts;
	struct arena texts;
	struct event_spans spans;
	struct hmap procs;	 /* pid -> the newest process */
	struct hmap gils;	 /* (process, address) */
	struct hmap threads;	 /* (process, tid) -> the newest thread */
	struct hmap at_gils;	 /* (thread, GIL) */
	struct hmap early_names; /* (process, tid) */
	struct hmap stacks;	 /* id */
	size_t proc_cnt, proc_cap, gil_cnt, gil_cap, thread_cnt, thread_cap;
	struct proc **proc_list;
	struct gil **gil_list;
	struct thread **thread_list;
	uint64_t totals_ns, before_ns; /* the last reading, and the one before it */
	uint64_t hand_over_cnt;
	bool begun; /* something from view_opts.from_ns on has come */
	struct states_clock clock;
	int err; /* of the ops: the first one */
};

/* The newest process with this pid; NULL: none. */
struct proc *states_who__proc(const struct states *s, uint32_t pid);
int states_who__start_proc(struct states *s, const struct record *r);
/* Made if it is not there; NULL: no memory. So are the next ones. */
struct gil *states_who__gil(struct states *s, struct proc *p, uint64_t addr);
/* Whose event it is: somebody new if it is the first of one who has the tid of one that ended. */
struct thread *states_who__thread_of(struct states *s, const struct proc *p, const struct event *e);
struct at_gil *states_who__at_gil(struct states *s, const struct thread *t, const struct gil *g);
/* Who has, or had last, this tid; NULL: nobody that is known. */
const struct state_thread *states_who__known(const struct states *s, const struct proc *p,
					     uint32_t tid);
/* REC_THREAD, REC_STACK. 0 or -ENOMEM. */
int states_who__name(struct states *s, const struct record *r);
int states_who__keep_stack(struct states *s, const struct record *r);
/* Threads are called as in the totals, where it is sure that they are the same. */
void states_who__as_shown(struct states *s, const struct snapshot *total);
typedef int (*states_event_fn)(struct states *s, const struct event *e);
/* Of the first books what goes on and no event has told of, as the events that it began with: to take, which may fail with
 * -errno.
 */
int states_seed__take(struct states *s, const struct totals *t, states_event_fn take);
int states_seed__holder(struct states *s, const struct record *r); /* REC_HOLDER */
/* Keys are places plus 1: 0 is no process. */
static inline uint64_t states_who__key(size_t no)
{
	return (uint64_t)no + 1;
}

#endif
