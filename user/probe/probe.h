/* SPDX-License-Identifier: BSD-2-Clause */
/* probe.h - load the BPF programs, attach them, read their maps: probe/ alone uses the skeleton
 *
 * Phases, in order:
 *	p = probe__new(&opts);		open
 *	probe__load(p);			verify, make the maps; picks the attach tier by trying
 *	a = probe__attach(p, ..);	one process: uprobes are in place, nothing is counted yet
 *	probe__set_holder(p, tgid, ..)	who holds the GIL already
 *	probe__activate(p, tgid);	the books start: at one moment for all sites of the process
 *	probe__read(p, &totals);	as often as wanted
 *	probe__detach(p, a);
 *	probe__free(p);			NULL is fine
 * Ends of giltop by any signal remove everything: links and maps live as long as their descriptors.
 */
#ifndef GILTOP_PROBE_H
#define GILTOP_PROBE_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "bpf/giltop.h"
#include "user/gil/gil_site.h"

struct gt_alarm;
struct probe;
struct probe_attachment;
struct totals;
struct py_code;
struct py_layout;
struct py_stack;

enum probe_tier {
	PROBE_TIER_AUTO = 0,
	PROBE_TIER_MULTI, /* uprobe_multi links */
	PROBE_TIER_PERF,  /* a perf event per site */
};

struct probe_opts {
	enum probe_tier tier;	 /* AUTO: multi where it works */
	unsigned int thread_cnt; /* threads expected at once; sizes the maps */
	bool stacks;		 /* walk Python stacks */
	bool sched; /* see holders that sleep; where that cannot be, go on without (said by pr_warn) */
	bool events;	      /* tell of them one by one: probe__events */
	bool alarms;	      /* probe__set_alarms will be called */
	uint64_t min_hold_ns; /* of holds at least so long, and of those that somebody waited on */
};

/* NULL + errno. */
struct probe *probe__new(const struct probe_opts *opts);
/* 0 or -errno: -EPERM no privileges, -EOPNOTSUPP the kernel lacks something (said by pr_warn). */
int probe__load(struct probe *p);
void probe__free(struct probe *p);

enum probe_tier probe__tier(const struct probe *p);
const char *probe_tier__name(enum probe_tier tier);

/* Can this interpreter be measured light: is there an AFTER behind each of its waits? */
bool probe__has_light(const struct gil_sites *sites);

/* Which sites are probed at first, and what the process's modes (struct gt_modes) say until they are set. */
enum probe_start {
	PROBE_ALWAYS_EXACT, /* all but AFTER; no modes */
	PROBE_ALWAYS_LIGHT, /* all but ACQUIRE and RELEASE */
	PROBE_EXACT_FIRST,  /* all: exact from the books' start, and it may change */
	PROBE_LIGHT_FIRST,  /* as always light, and it may change */
};

/* Put uprobes on the sites of path (a name of the mapped inode in giltop's own view) for process pid. sites: must stay
 * until it is detached. file: not 0 where all processes share probes already (probe__share): then only what they lack
 * is put in place. NULL + errno: ETIMEDOUT: the kernel is stuck in it, at a page of the file that does not come;
 * ENOTSUP: this start takes probe__has_light.
 */
struct probe_attachment *probe__attach(struct probe *p, pid_t pid, const char *path,
				       const struct gil_sites *sites, enum probe_start start,
				       uint32_t file);

/* ---- files that are probed for all processes that run them (bpf/adopt.bpf.h) ---- */

/* Does the kernel have what it takes? */
bool probe__can_share(void);
struct probe_share {
	uint32_t no; /* 1 .. GT_FILES - 1, each once */
	const char *path;
	uint64_t dev, ino;		/* of the file, where path may name another by now; or 0 */
	const struct gil_sites *sites;	/* must stay until it is detached */
	const struct py_layout *layout; /* what is the same in all of its processes */
	bool exact; /* ACQUIRE and RELEASE, too: who is adopted is measured exactly; else light, for which it takes probe__has_light */
};
/* Their points, for every process: from now on those that may be are adopted. NULL + errno, as probe__attach. */
struct probe_attachment *probe__share(struct probe *p, const struct probe_share *how);
/* Nobody is adopted by that file any more: before it is detached. */
void probe__unshare(struct probe *p, uint32_t no);
/* May processes be adopted that nobody has said anything of? At first not. */
void probe__adopt_all(struct probe *p, bool all);
/* .. may this one? It is followed: its forks and execs are noted from now on, and those that it forks may be, too. */
void probe__adopt(struct probe *p, pid_t tgid);
/* .. may it not? It is followed all the same. 0; -EALREADY: it has been; or -errno. */
int probe__claim(struct probe *p, pid_t tgid);
/* What the kernel knows of a process: false: nothing. Its books may have been opened there (books_ns). */
bool probe__target(struct probe *p, pid_t tgid, struct gt_target *ret);

/* The uprobes on ACQUIRE and RELEASE: put them in place where they are not (a child does it, and is waited for; first
 * those that are about to go must be gone, for an event must not be seen twice). 0; -ETIMEDOUT: they do not go, or the
 * kernel is stuck; -ESTALE: the process runs another file by now; or -errno.
 */
int probe__add_exact(struct probe *p, struct probe_attachment *a);
/* Have them taken away by a child, without waiting for it: hits come until it is done. */
void probe__drop_exact(struct probe *p, struct probe_attachment *a);
/* Are they? Then probe__add_exact does not have to wait for that. */
bool probe__exact_is_gone(struct probe *p, struct probe_attachment *a);
/* Replace a process's modes: what its next events go by. 0 or -errno. */
/* After probe__activate: how to tell whose a PyThreadState is (py_layout.tstate_tid, pthread_tid), if that was not known. */
void probe__set_tid_layout(struct probe *p, pid_t tgid, const struct py_layout *layout);
/* In a process with PY_TID_INNER: the thread that knows itself as inner is tid. */
void probe__set_inner_tid(struct probe *p, pid_t tgid, uint32_t inner, uint32_t tid);
int probe__set_modes(struct probe *p, pid_t tgid, const struct gt_modes *modes);
/* At the next probe__read its books become light: modes, which must stay until then, say so after it, and there must be
 * room in them for a step. Then the probes may go. 0 or -errno.
 */
int probe__lighten(struct probe *p, pid_t tgid, struct gt_modes *modes);
/* What a hit costs on this machine, in ns: tried once, which takes a moment. */
uint64_t probe__price_ns(struct probe *p);
/* Has this GIL shown an event since the process's books started? */
bool probe__knows_gil(struct probe *p, pid_t tgid, uint64_t cond);
/* How often ACQUIRE and RELEASE of this process have been hit, at all its GILs, since its books started. */
uint64_t probe__exact_hits(struct probe *p, pid_t tgid);
/* A uprobe on pause(), at this offset of the C library: see on_pause() in bpf/life.bpf.h. NULL + errno. */
struct probe_attachment *probe__attach_pause(struct probe *p, pid_t pid, const char *path,
					     uint64_t off);
/* Begin to have them taken away, those of several processes at once: probe__detach is due all the same. NULL is fine. */
void probe__let_go(struct probe *p, struct probe_attachment *a);
/* Have the uprobes taken away, by a child: with perf links that takes up to a second. NULL is fine. */
void probe__detach(struct probe *p, struct probe_attachment *a);

/* Start the books of a process; layout: how to walk its Python stacks; text: where the interpreter's own code is
 * (start, end), where a native leaf would say nothing; file: as for probe__attach; from_ns: nothing of it has been missed
 * since then (0: since now). Returns the moment (ns); 0 on failure, also where it has executed another program. One that has
 * been adopted has its books: since then.
 */
uint64_t probe__activate(struct probe *p, pid_t tgid, const struct py_layout *layout,
			 const uint64_t text[2], uint32_t file, uint64_t from_ns);
/* The thread tid has this PyThreadState and holds the GIL at cond, since before the books. Said before probe__activate, and
 * after it for those that have taken it in between.
 */
void probe__set_holder(struct probe *p, pid_t tgid, uint64_t cond, uint64_t tstate, uint32_t tid);
/* It is followed no more; its books have never started. */
void probe__unknow(struct probe *p, pid_t tgid);
/* Forget everything of these processes (after detach), which are sorted. */
void probe__forget(struct probe *p, const uint32_t *tgids, size_t cnt);
/* The same, but the process stays known (it runs another program now): its books have not started. */
void probe__reset(struct probe *p, pid_t tgid);

/* Close the books of all processes: hits are ignored from now on, so that the last reading is of one
 * moment. (Taking the probes away is not: they go one after the other.)
 */
void probe__freeze(struct probe *p);
/* Which forks and execs are noted (GT_FOLLOW_..). */
void probe__follow(struct probe *p, enum gt_follow what);

/* Read all records. Ended threads that were read are dropped from the maps: they come once. */
int probe__read(struct probe *p, struct totals *ret);

/* Time by stack as the kernel has it: stacks are hashes, both epochs. Zero-initialise, reuse. */
struct raw_sums {
	size_t sum_cnt, sum_cap;
	struct raw_sum {
		struct gt_sum_key key;
		struct gt_sum sum;
	} * sums;
	size_t chain_cnt, chain_cap;
	struct raw_chain {
		struct gt_chain_key key;
		struct gt_sum sum;
	} * chains;
};
int probe__read_sums(struct probe *p, struct raw_sums *ret);
void raw_sums__free(struct raw_sums *r);
/* Drop the sums of the epoch before this one (they were read, nobody has written them since) and
 * begin a new one. Returns the epoch that is over now, or -1.
 */
int probe__next_epoch(struct probe *p, const struct raw_sums *read);
uint32_t probe__epoch(const struct probe *p);
/* A walked stack by its hash: 0 or -ENOENT. */
int probe__stack(struct probe *p, uint32_t tgid, uint64_t hash, struct py_stack *ret);
/* What a code object is called, by its id: 0 or -ENOENT. */
int probe__code(struct probe *p, uint32_t tgid, uint64_t id, struct py_code *ret);
/* Call fn for each code object, then each walked stack that the kernel has; it says which are to be dropped there. */
struct probe_stack_ops {
	bool (*code)(void *ctx, uint32_t tgid, uint64_t id, const struct py_code *code);
	bool (*stack)(void *ctx, uint32_t tgid, uint64_t hash, const struct py_stack *stack);
};
void probe__each_stack(struct probe *p, const struct probe_stack_ops *ops, void *ctx);
/* Have notes of new stacks been lost since this was asked last? */
bool probe__news_lost(struct probe *p);

/* Spans (closed states) of at least min_ns are reported from now on; 0: none. */
void probe__want_spans(struct probe *p, uint64_t min_ns);

/* ---- alarms.c: waits and holds that last for so long (bpf/alarm.h); 0: of none ---- */

/* From now on: rows are kept, and notes (struct gt_alarm_note) say what is over. */
void probe__set_alarms(struct probe *p, uint64_t wait_ns, uint64_t hold_ns);
/* The rows, GT_GILS of them: they change all the time. */
struct gt_alarm *probe__alarms(struct probe *p);
/* Rows from there on have not been used yet, as far as is known: nearly always that is true. */
uint32_t probe__alarm_top(const struct probe *p);
/* What a row is a hint of: the record of the GIL in that place, or of a thread at it. 0 or -ENOENT. */
int probe__gil_at(struct probe *p, uint32_t slot, struct gt_gil *ret);
int probe__thread(struct probe *p, uint64_t cond, uint32_t tid, struct gt_thread *ret);
/* Who has waited longest at this GIL, and since when: a look at all threads. false: nobody waits. */
bool probe__longest_wait(struct probe *p, pid_t tgid, uint64_t cond, uint32_t *ret_tid,
			 uint64_t *ret_since_ns);

/* fd to poll for notes, of new stacks, too; probe__drain calls note_fn for each that is there. Count or -errno. */
typedef void (*probe_note_fn)(void *ctx, const struct gt_note *note);
int probe__fd(const struct probe *p);
int probe__drain(struct probe *p, probe_note_fn fn, void *ctx);

/* With opts.events: fd, to be watched for edges, says that many are there (-1: not wanted); take the oldest ones. */
int probe__events_fd(const struct probe *p);
size_t probe__events(struct probe *p, struct gt_single *ret, size_t max);

#endif
