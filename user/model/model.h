/* SPDX-License-Identifier: BSD-2-Clause */
/* model.h - what is known of all processes, from the totals that a source delivers
 *
 * Pure: no clock, no I/O, no globals; time comes with the totals. The order of calls:
 *	model__add_proc(m, &info, books_ns);
 *	model__feed(m, &totals);		as often as the source is read
 *	snap = model__snapshot(m, MODEL_INTERVAL);	since the last model__mark
 *	model__mark(m);				a new interval starts
 */
#ifndef GILTOP_MODEL_H
#define GILTOP_MODEL_H

#include <stdbool.h>
#include <stdint.h>

#include "user/picture/snapshot.h"

struct model;
struct stack_store;
struct totals;

struct model_proc_info {
	uint32_t pid;
	const char *comm, *cmdline, *python, *runtime, *sites, *note; /* clean text; copied */
};

enum model_span {
	MODEL_INTERVAL, /* since the last mark */
	MODEL_TOTAL,	/* since the books started, or since the last reset */
};

struct model *model__new(void); /* NULL + errno */
void model__free(struct model *m);
/* Where the stack ids of the totals come from; snapshots point into it, so it must outlive them. */
void model__set_store(struct model *m, const struct stack_store *store);

/* A process whose books started at books_ns. A pid known before (after an exec) starts afresh. */
int model__add_proc(struct model *m, const struct model_proc_info *info, uint64_t books_ns);
/* All its threads are gone: what is still open is closed when each of them died. */
void model__end_proc(struct model *m, uint32_t pid, uint64_t end_ns);
/* A better name than comm (clean text, copied). Ignored when the thread is not known. */
void model__set_thread_name(struct model *m, uint32_t pid, uint32_t tid, const char *name);
/* The same for a makeshift: a thread that has a name keeps it. (One that is about to end is no longer
 * among threading's, and must not lose its name for that.)
 */
void model__offer_thread_name(struct model *m, uint32_t pid, uint32_t tid, const char *name);
/* Is there a living thread without such a name? */
bool model__has_unnamed(const struct model *m, uint32_t pid);
/* Another note than model_proc_info's; clean text, copied. */
void model__set_note(struct model *m, uint32_t pid, const char *note);
/* Which interpreter a GIL belongs to. */
void model__set_interpreter(struct model *m, uint32_t pid, uint64_t cond, int64_t interpreter);
/* Who has held this GIL since before the books started and has shown no event yet: read from the
 * target's memory. tid 0 with held: somebody, not known who.
 */
void model__seed_holder(struct model *m, uint32_t pid, uint64_t cond, bool held, uint32_t tid);

/* 0 or -ENOMEM. */
int model__feed(struct model *m, const struct totals *t);
void model__mark(struct model *m);
void model__reset(struct model *m);
/* Lost events of the stream that views asked for are in the totals' stats already. NULL + errno. */
struct snapshot *model__snapshot(const struct model *m, enum model_span span);

#endif
