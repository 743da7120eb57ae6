/* SPDX-License-Identifier: BSD-2-Clause */
/* workers.h - processes that do the same work for one master, as one: gunicorn's, uWSGI's, Celery's, those of a pool
 *
 * Eight workers of which one is stuck are seven eighths well on average. So a group says of each figure how it is for the
 * best, the median and the worst of them, and who that is.
 *
 * Workers are two processes and more with one parent (measured or not), one interpreter and one program. Nobody is a worker
 * of init or systemd, unless that is measured, too. Those that ended are in the sums; in the ranges only while none lives.
 */
#ifndef GILTOP_PICTURE_WORKERS_H
#define GILTOP_PICTURE_WORKERS_H

#include "user/picture/snapshot.h"

enum worker_figure {
	WORKERS_HELD,	  /* share of its busiest GIL, 0..1 */
	WORKERS_LOAD,	  /* of that GIL: threads that hold or wait, on average */
	WORKERS_DELAY,	  /* what its worst thread lost, 0..1 of that one's time */
	WORKERS_WAITING,  /* threads that wait, on average, at all of its GILs */
	WORKERS_WAIT_MAX, /* ns: its longest wait that ended in the span or is open */
	WORKERS_SWITCHES, /* hand-overs a second */
	WORKERS_FIGURES,
};

struct worker {
	const struct snap_proc *proc;
	double v[WORKERS_FIGURES];   /* NaN: not known, never 0 */
	bool about[WORKERS_FIGURES]; /* estimated by looks */
	uint64_t open_ns;	     /* its longest wait that is open now; 0: there is none */
};

struct worker_range {
	double min, median, max; /* of those where it is known; NaN: of none */
	uint32_t max_pid;	 /* who has the maximum; 0: nobody is known to */
	size_t known;		 /* workers whose figure is known */
	bool about;		 /* some are estimates */
};

/* Of all its workers, those that ended, too. */
struct worker_sums {
	uint64_t span_ns; /* how long they were measured, added up */
	uint64_t wait_ns, yield_ns, blame_ns, unsure_ns, runnable_ns;
	uint64_t observed_ns; /* of their GILs: what follows is of this time */
	uint64_t held_ns, gap_ns, switches, acquisitions;
	uint64_t about_held_ns; /* with what looks estimate */
	bool about;		/* .. where there are such */
};

struct worker_group {
	uint32_t parent;
	const char *parent_comm;      /* "?": not known */
	const char *name;	      /* the program */
	size_t cnt, ended;	      /* those that live, and those that do not */
	const struct worker *workers; /* cnt + ended: worst first, then the ended ones */
	struct worker_range range[WORKERS_FIGURES];
	struct worker_sums sums;
};

/* Worst first is:
 * 1. one that lives before one that has ended;
 * 2. who has a thread that has been waiting for WORKER_STUCK_NS now, the longest such wait first;
 * 3. the sum of its worst thread's delay (0..1) and its load (of what is not known of it as little as it can be);
 * 4. the smaller pid.
 */
#define WORKER_STUCK_NS 1000000000ull

struct worker_groups {
	size_t cnt;
	const struct worker_group *v; /* the one with the worst worker first */
};

/* NULL: no memory. s must outlive it. */
struct worker_groups *worker_groups__new(const struct snapshot *s);
void worker_groups__free(struct worker_groups *g); /* NULL is fine */
#define WORKER_PROGRAM_SZ 256

/* The program that a command line is of, without what tells workers of one master apart: "gunicorn", "app.py",
 * "uWSGI worker *", "multiprocessing.spawn". True: it is a title that the process has given itself.
 */
bool worker__program(const char *cmdline, const char *comm, char *buf, size_t sz);
/* Is this a command line? Of a process that has ended there is none. */
bool worker__has_name(const char *cmdline);
/* The group of which this process of its snapshot is a worker, or NULL. */
const struct worker_group *worker_groups__of(const struct worker_groups *g,
					     const struct snap_proc *p);
/* "utilization": as in the JSON; ns and rates say so. */
const char *worker_figure__name(enum worker_figure f);
/* A value as tables show it: "97.8" percent, "3.4" threads, "38.2ms"; "~62" estimated, "-" not known. Returns buf. */
const char *worker_figure__text(enum worker_figure f, double v, bool about, char buf[UNITS_SZ]);

#endif
