/* SPDX-License-Identifier: BSD-2-Clause */
/* model_impl.h - the model's insides, shared by model.c (processes, mark, reset), feed.c (threads and GILs of a reading),
 * light.c (blame of light stretches), fold.c (threads without a row of their own), pairs.c, sleeps.c, facts.c (what is told of
 * processes), end.c, build.c, build_threads.c and build_stacks.c (snapshots)
 */
#ifndef GILTOP_MODEL_IMPL_H
#define GILTOP_MODEL_IMPL_H

#include <stdbool.h>

#include "user/base/hmap.h"
#include "user/books/totals.h"
#include "user/picture/stack_store.h"
#include "user/model/acc.h"
#include "user/books/sink.h"
#include "user/model/model.h"
#include "user/model/tallies.h"

/* Up to where an open wait is in the pairs, and how long its GIL had been held by then. */
struct mbooked {
	uint64_t ns, held_ns, light_ns;
};

/* Waiting in light stretches that is blamed on one thread, or on nobody: what the kernel has said, and what feeds have added
 * for open waits up to them.
 */
struct mlight {
	uint64_t closed_ns, open_ns, open_before;
	/* Of the hold that was open as the books became light: until the next event, which gives it away. */
	uint64_t pending_ns;
};

struct mthread {
	struct gt_thread_key key;
	struct gt_thread rec; /* as last read */
	struct gt_sums at[AT_CNT];
	uint64_t wait_max_at[AT_CNT], hold_max_at[AT_CNT];
	struct mbooked booked, booked_before; /* by the last feed, and by the one before */
	struct mlight light;		      /* its blame .. */
	uint64_t light_added;		      /* .. and so much of it is in at[AT_NOW] */
	/* The wait or hold that the process's end closed: it is in no histogram. */
	uint64_t last_wait_ns, last_hold_ns;
	bool exited, seen;
	/* In this feed: another has its tid now; it has that of one that had a row until now, and .. */
	bool replaced, again;
	bool mixed; /* .. that one ended after the reading before: what is told by tid is of both */
	bool small; /* one of the ended that are folded, as there are many */
	bool died;  /* waiting: its record is not complete before the GIL's next event */
	bool settled; /* ended, and its mark is what it is now */
	uint32_t now_stack;
	char *name; /* NULL: comm */
};

/* Ended threads that have no row of their own any more: of a pool. */
struct mfold {
	uint32_t
		tid; /* 0: which pool is not known; else SNAP_FOLD_TID and the number of mproc.pools */
	uint64_t cnt_at[AT_CNT];
	struct gt_sums own; /* folded by the model; what BPF folded is in `bpf` */
	struct gt_sums bpf;
	uint64_t own_cnt, bpf_cnt;
	struct gt_sums at[AT_CNT];
	uint64_t wait_max_ns, hold_max_ns;
};

/* Looks at a GIL's flag since its process is measured. */
struct look_acc {
	uint64_t cnt, locked_cnt;
};

struct mgil {
	struct gt_gil_key key;
	struct gt_gil rec;
	bool known; /* rec has been read */
	struct gil_acc at[AT_CNT];
	uint32_t slot;	     /* in the kernel */
	struct mlight light; /* nobody's */
	uint64_t unsure_at[AT_CNT], runnable_at[AT_CNT];
	struct look_acc looks_at[AT_CNT];
	uint64_t reap_ns; /* as in rec, and .. */
	uint32_t waiters; /* .. those who died are out */
	uint64_t
		named_ns; /* shorter holds are "other" in the pairs of open waits: there are too many */
	int64_t interpreter;
	uint64_t interval_ns;
	bool was_light; /* as its process: without a record nothing is known of it */
	bool seed_held; /* in the target's memory, while there is no record */
	uint32_t seed_tid;
	char *seed_name;   /* NULL: not known */
	struct mfold fold; /* of no pool */
	size_t pool_cnt, pool_cap;
	struct mfold **pools;
};

/* A name that was told before the thread's record. */
struct mname {
	char *text;
	uint64_t at_ns;
	uint32_t tid;
	bool makeshift;
};

struct mproc {
	char *comm, *cmdline, *python, *runtime, *sites, *note, *parent_comm;
	uint32_t pid, parent;
	uint64_t books_ns, end_ns; /* end_ns 0: alive */
	bool executed;		   /* that was by exec */
	uint64_t late_ns;
	unsigned int cpu_cnt;
	struct where_list where; /* its own copy */
	bool throttled_known;
	uint64_t throttled_at[AT_CNT];
	bool stacks_known;
	bool halted; /* stopped, as the note says */
	bool has_mode, is_light, was_light, is_auto;
	uint32_t mode_changes_at[AT_CNT];
	size_t gil_cnt, gil_cap;
	struct mgil **gils;
	size_t thread_cnt, thread_cap;
	struct mthread **threads;
	struct hmap by_tid; /* the newest thread with this tid that has a row */
	/* Those whose row was folded in this feed, and in the one before: tid -> its pool's. */
	struct hmap gone, gone_before;
	size_t pool_cnt, pool_cap;
	char **pools; /* names of the pools of ended threads */
	size_t name_cnt, name_cap;
	struct mname *names;
	struct tallies tallies[TALLIES_CNT];
	struct hmap sleeps; /* (tid << 32 | call, stack) -> struct msleep, see sleeps.c */
	/* Since the last feed threads have lost their rows, or who has held from the start is another: tids of any
	 * tally may be another's.
	 */
	bool rows_gone;
	uint64_t first_holders;
};

struct model {
	struct sink sink;		   /* first: a pointer to it is a pointer to the model */
	uint64_t now_ns, mark_ns, zero_ns; /* mark, zero: 0 = not yet, the books' start counts */
	uint64_t before_ns;		   /* the reading before this one */
	uint64_t self_cpu_at[AT_CNT];
	uint64_t load_cpu_ns;
	uint64_t books_ns;    /* of the first process */
	uint64_t dropped_cnt; /* processes that ended long ago and have no row any more */
	uint64_t hits_at[AT_CNT];
	uint64_t stats_at[AT_CNT][COUNTER_CNT];
	uint64_t full_cnt[TALLIES_CNT]; /* pairs, sums by stack and chains without room, ever */
	uint64_t refresh_late_cnt;	/* refreshes that took longer than their interval */
	bool no_pairs;			/* in pictures */
	uint64_t light_cnt; /* .. and those whose time went to "other" for being light */
	bool stacks_known, sleeps_known, runnable_unknown;
	char *attach; /* how the source probes; NULL: it has not said */
	size_t stack_cnt, stack_cap;
	struct stored_stack *stacks; /* id - 1 */
	size_t proc_cnt, proc_cap;
	struct mproc **procs;
	struct hmap thread_by_key; /* (cond, tgid << 32 | tid) of living processes */
};

/* end.c: its threads are gone; what is still open is closed when each of them died. */
void model__end_proc(struct model *m, uint32_t pid, uint64_t end_ns);
/* facts.c: names, notes, stacks and whatever else a source says beside the totals. */
int model__take_fact(struct model *m, const struct record *r);
/* After a feed: names that were told before it go to the threads that it has brought. */
void mproc__take_names(struct mproc *p);
void mproc__free_names(struct mproc *p);
/* An empty one for id 0 and for ids never heard of. */
struct stored_stack model__stack(const struct model *m, uint32_t id);
struct mproc *model__proc(const struct model *m, uint32_t pid); /* the living one, or NULL */
struct mgil *mproc__gil(struct mproc *p, uint64_t cond, bool add);
void mthread__free(struct mthread *t);
/* light.c: the blame of light stretches. */
/* Whose is the blame of a thread that is taken to hold this GIL? */
struct mlight *mproc__light_of(struct mproc *p, struct mgil *g, uint32_t tid);
void mproc__take_light(struct mproc *p, uint32_t slot, uint32_t tid, uint64_t ns);
/* It is part of at[AT_NOW] from now on. */
void mthread__sum_light(struct mthread *t);
void mproc__sum_light(struct mproc *p);
void mproc__begin_light(struct mproc *p);
void mproc__drop_pending(struct mproc *p);
void mproc__undo_light(struct mproc *p);
/* The process ends: what was the GIL's is its last holder's. */
void mproc__close_light(struct mproc *p);
/* fold.c: threads that have ended long ago, and those that the kernel folded away between two readings. 0 or -ENOMEM. */
int mproc__fold_threads(struct mproc *p);
void mfold__sum(struct mfold *f);
void mfold__copy(struct mfold *f, int to);
/* The folds of a GIL: the nth, NULL behind the last. */
struct mfold *mgil__fold(const struct mgil *g, size_t nth);
/* The name of a fold's pool; NULL: not known. */
const char *mproc__pool_name(const struct mproc *p, const struct mfold *f);
void mproc__free_folds(struct mproc *p);
/* The same for mproc__row_tid(): threads have come or gone. 0 or -ENOMEM. */
int mproc__index_tids(struct mproc *p);
/* Under which tid is what there is of this one: that, or 0, as its thread has no row any more. */
uint32_t mproc__row_tid(const struct mproc *p, uint32_t tid);
/* Who has held since before the books, and has no record yet; 0: nobody, or not known. */
uint32_t mgil__first_holder(const struct mgil *g);
/* Of model.thread_by_key. */
static inline uint64_t mthread__key_b(uint32_t tgid, uint32_t tid)
{
	return (uint64_t)tgid << 32 | tid;
}

/* feed.c: all books as of one moment. 0 or -errno. */
int model__feed(struct model *m, const struct totals *t);
int model__reindex(struct model *m); /* threads were removed or ended */
/* t, new here, has held since before the books: give it the reading `at`, made at `when`, that it had no part in. */
void mthread__backdate(const struct mgil *g, struct mthread *t, int at, uint64_t when);
/* Take over pairs, sums by stack and chains of the totals, and count what open waits add to them. */
int model__feed_pairs(struct model *m, const struct totals *t);
/* The same in steps, for the end of a process: undo what the last feed made of what was open; add a wait that ended
 * now, with the time that the GIL had been held up to then, and light's part of it; sum up. 0 or -ENOMEM.
 */
void mproc__undo_open_pairs(struct mproc *p);
int mproc__add_open_wait(struct mproc *p, struct mthread *t, struct mgil *g, uint64_t held,
			 uint64_t light, uint64_t now);
void mproc__sum_pairs(struct mproc *p);
void mproc__init_pairs(struct mproc *p);
void mproc__free_pairs(struct mproc *p);
void mproc__copy_pairs(struct mproc *p, int to);

/* sleeps.c: where holders slept. 0 or -ENOMEM. */
int model__feed_sleeps(struct model *m, const struct totals *t);
void mproc__copy_sleeps(struct mproc *p, int to);
void mproc__free_sleeps(struct mproc *p);

struct arena;
/* build_stacks.c: the stacks and chains of a process for a snapshot, differences to the reading base. */
int mproc__build_stacks(const struct model *m, const struct mproc *p, int base, struct arena *a,
			struct snap_proc *ret);
int mproc__build_sleeps(const struct model *m, const struct mproc *p, int base, struct arena *a,
			struct snap_proc *ret);

#endif
