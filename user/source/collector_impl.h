/* SPDX-License-Identifier: BSD-2-Clause */
/* collector_impl.h - what the files of the collector share */
#ifndef GILTOP_SOURCE_COLLECTOR_IMPL_H
#define GILTOP_SOURCE_COLLECTOR_IMPL_H

#include "user/base/hmap.h"
#include "user/books/event.h"
#include "user/books/totals.h"
#include "user/probe/probe.h"
#include "user/python/thread_name.h"
#include "user/source/collector.h"
#include "user/source/lock_looks.h"
#include "user/source/modes.h"
#include "user/source/shared.h"
#include "user/source/source.h"
#include "user/target/target.h"

/* A thread that has just been seen for the first time, and whose name is not known. */
struct newcomer {
	uint32_t tid, absent;
	uint64_t born_ns;
	bool named;
	char comm[64]; /* what the kernel called it then: clean text */
};

/* Of one process. */
struct newcomers {
	size_t cnt, cap;
	struct newcomer *v;
	uint64_t due_ns; /* the next look, if there are any */
	size_t looks;	 /* since the last birth */
};

/* What is known of a process's being stopped. */
struct halt {
	bool was_traced;
	unsigned int looks;
	char events[600]; /* cgroup.events of its cgroup, or "" */
};

/* What the CPU limits of its cgroups have taken. */
struct throttle {
	unsigned int looks;
	char root[32], path[512]; /* of its cgroup; root "": not known */
	bool known;		  /* last_ns is of that one */
	uint64_t last_ns;
};

/* A process that is measured. */
struct tracked {
	struct target target;
	pid_t parent; /* of one that had ended before it could be asked for; 0 */
	struct probe_attachment *att, *att_pause;
	struct shared_file *file; /* NULL: its probes are its own */
	enum probe_start start;
	struct modes modes;
	struct lock_watch looks;
	struct py_process *py;
	struct pysym *sym;
	struct native_sym *native;
	unsigned int rounds, misfit_cnt, seed_rounds;
	uint64_t seeded_ns; /* its last event when its holders were looked up */
	struct halt halt;
	struct throttle throttle;
	char note[256]; /* what the sinks have */
	bool pause_tried;
	bool fits; /* memory has been seen to be as the file promises */
	/* Whose names the sinks have: (tid, first_ns of its record; 0: first holders). */
	struct hmap named;
	struct newcomers newcomers;
	struct py_actives actives;
	size_t holder_cnt, holder_cap;
	size_t held_cnt, held_cap;
	uint64_t *held;	     /* GILs that were held when last looked at */
	uint32_t *holders;   /* of GILs that have shown no event yet, known when last looked */
	uint64_t resolve_ns; /* what it is was looked up after this moment */
	uint64_t born_ns;    /* its program began, by fork or exec; 0: before that was seen */
	uint64_t books_ns;   /* its events count from then on */
	uint64_t ended_ns;   /* it has: to be taken out; 0: not yet */
	int pidfd;	     /* -1: it had ended before there was one */
};

#define ID_SINGLES (7ull << 32) /* for collector__watch_edges() */
/* So many are sent at once. */
#define SINGLES_AT_ONCE 4096

/* Events one by one. */
struct singles_taken {
	struct gt_single *raw; /* NULL: not wanted */
	struct event *list;
	size_t cnt;
	/* Of processes whose start has yet to be told. */
	size_t early_cnt, early_cap;
	struct gt_single *early;
	/* Those that came after the cut of a reading. */
	size_t late_cnt, late_cap;
	struct gt_single *late;
};

/* A process that is no CPython yet. */
struct expected {
	pid_t pid;
	uint64_t until_ns, next_ns, wait_ns; /* given up; tried again; and how long after that */
	bool is_kin; /* forked by one that is measured: wanted as that one is */
};

struct collector {
	struct source source; /* first: a pointer to it is a pointer to the collector */
	struct collector_opts opts;
	struct probe *probe;
	struct target_cache *cache;
	struct py_guests *guests;
	struct stack_store *store;
	struct pystacks *stacks; /* NULL: not collected */
	struct totals totals;
	struct singles_taken singles;
	int timer, name_timer, mode_timer, end_timer;
	struct lock_looks looks;
	uint64_t births_due_ns;	   /* the ring of births is to be looked into by then; 0: no need */
	uint64_t look_paid_ns;	   /* what looks for names have cost is paid for by then */
	size_t look_next;	   /* whose turn it is */
	uint64_t no_line;	   /* frames without a line, of processes that are gone */
	struct triggers *triggers; /* NULL: nobody asked for any */
	struct shared shared;
	uint64_t try_exact_ns; /* the next process of a shared file may try exact books then */
	uint64_t ends_ns;      /* those that have ended are not taken out before then */
	size_t refresh_cnt;
	bool closed, forked, reading;
	size_t live_cnt, live_cap;
	struct tracked *live;
	struct hmap by_pid; /* place in live, plus 1 */
	size_t note_cnt, note_cap;
	struct gt_note *notes; /* taken out of the ring, to be dealt with */
	size_t exp_cnt, exp_cap;
	struct expected *exp;
};

/* To the sinks, as a record of this process. 0 or -errno. */
int tracked__send(const struct tracked *t, const struct collector *c, struct record *r);
/* Resolved already (t->target): attach, start its books, tell the sinks. If it fails
 * tracked__deinit is due as well.
 */
enum failure tracked__start(struct tracked *t, struct collector *c, bool starts, struct sbuf *why);
/* Of one that has been adopted and is over already: what is in its books is all there will be of it. comm: clean. */
enum failure tracked__start_ended(struct tracked *t, struct collector *c, struct shared_file *f,
				  const struct gt_note *n);
/* Has memory said several times now that it is not the CPython of the file? why: in words. */
bool tracked__is_misfit(struct tracked *t, char *why, size_t sz);
void tracked__deinit(struct tracked *t, struct collector *c);
/* Tell the sinks whose GIL is whose, and who holds those that have shown no event yet. */
void tracked__seed(struct tracked *t, struct collector *c);
/* A free-threaded build's GIL can be switched on by an import, and was off when it was started by us. And what is
 * stopped now goes on later.
 */
void tracked__update_note(struct tracked *t, struct collector *c);
/* Tell the sinks for how long a CPU limit has kept it from running, since it was told before. */
void tracked__throttled(struct tracked *t, struct collector *c);
/* After a reading: ask the interpreter for its threads' names, when there are new ones, and now and then. */
void tracked__name_threads(struct tracked *t, struct collector *c);
/* parking.c: see from now on which threads the interpreter parks; at its first event or later: its libraries are there. */
void tracked__watch_parking(struct tracked *t, struct collector *c);
/* halt.c: is it stopped now? In words; "": no. */
const char *halt__look(struct halt *h, pid_t pid);
/* throttle.c: for how long CPUs were kept from running its cgroup, and those above it, since the look before (the first
 * one: 0), in sum over CPUs. NS_UNKNOWN: not known.
 */
uint64_t throttle__look(struct throttle *t, pid_t pid);
/* newcomers.c: a note of a thread's first event; the time has come to look; its process is over. */
void newcomers__add(struct collector *c, struct tracked *t, const struct gt_note *note);
void newcomers__on_timer(struct collector *c);
void newcomers__deinit(struct newcomers *n);
/* notes.c: take what is in the ring; deal with it. In the middle of a reading only those are that have been adopted. */
int notes__take(struct collector *c);
void notes__handle(struct collector *c);
void notes__handle_adopted(struct collector *c);
/* singles.c: memory for them, and a descriptor to watch; all that are there, to the sinks, but those of after upto_ns. 0 or
 * -errno.
 */
int singles__init(struct collector *c);
int singles__send(struct collector *c, uint64_t upto_ns);
void singles__deinit(struct singles_taken *s);
/* ends.c: this one has ended (NULL: nobody), at that moment: it is taken out with others that end about now. The timer. All
 * those whose last events have been read. One whose program is over, at once.
 */
void ends__add(struct collector *c, struct tracked *t, uint64_t end_ns);
void ends__on_timer(struct collector *c);
void ends__finish(struct collector *c);
void ends__by_exec(struct collector *c, struct tracked *t, uint64_t end_ns);
/* collector.c: a reading, to the sinks: stacks that are new, the totals; quick: not where open waits stand. 0 or -errno. */
int collector__read_books(struct collector *c, bool quick);
/* Does it run another program already than the one whose books are open, by a note that has yet to be dealt with? */
bool collector__execs(struct collector *c, pid_t pid);
/* Put one that has started among those that are measured; take it out, its probes too. 0 or -ENOMEM. */
int collector__track(struct collector *c, const struct tracked *t);
void collector__untrack(struct collector *c, struct tracked *t);
/* expected.c: the timer; those that are here, and wanted, are measured. */
void expected__try(struct collector *c);
/* It has been forked by parent: expected, too. */
void expected__fork(struct collector *c, pid_t parent, pid_t pid);
/* The one that is measured under this pid, or NULL. */
struct tracked *tracked__find(struct collector *c, pid_t pid);
/* Have collector__dispatch see when fd becomes readable; id: a pid, or one of collector.c's. */
int collector__watch(struct collector *c, int fd, uint64_t id);
/* .. one that stays readable: when there is more. */
int collector__watch_edges(struct collector *c, int fd, uint64_t id);

#endif
