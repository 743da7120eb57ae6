/* SPDX-License-Identifier: BSD-2-Clause */
/* say.h - records made by hand, as a source would send them to a model */
#ifndef GILTOP_TEST_SAY_H
#define GILTOP_TEST_SAY_H

#include "user/books/sink.h"
#include "user/books/totals.h"
#include "user/model/model.h"

struct say_proc {
	uint32_t pid;
	const char *comm, *cmdline, *python, *runtime, *sites, *note;
	struct where_list where;
};

/* Another one that is told all of it, after the model. NULL: none. */
static struct sink *say_also;

static inline int say(struct model *m, const struct record *r)
{
	struct sink *s = model__sink(m);
	int err = s->take(s, r);

	return err || !say_also ? err : say_also->take(say_also, r);
}

static inline int say_start(struct model *m, const struct say_proc *p, uint64_t books_ns)
{
	return say(m, &(struct record){ REC_PROC_START, p->pid,
					.proc = { .books_ns = books_ns,
						  .comm = p->comm,
						  .cmdline = p->cmdline,
						  .python = p->python,
						  .runtime = p->runtime,
						  .sites = p->sites,
						  .note = p->note,
						  .where = p->where } });
}

static inline int say_totals(struct model *m, const struct totals *t)
{
	return say(m, &(struct record){ .kind = REC_TOTALS, .totals = t });
}

static inline void say_end(struct model *m, uint32_t pid, uint64_t end_ns)
{
	say(m, &(struct record){ REC_PROC_END, pid, .end = { end_ns, false } });
}

static inline void say_holder(struct model *m, uint32_t pid, uint64_t cond, bool held, uint32_t tid)
{
	say(m, &(struct record){ REC_HOLDER, pid, .holder = { cond, tid, held } });
}

static inline void say_name(struct model *m, uint32_t pid, uint32_t tid, const char *name)
{
	say(m, &(struct record){ REC_THREAD, pid, .thread = { tid, false, name, 0 } });
}

static inline void say_makeshift(struct model *m, uint32_t pid, uint32_t tid, const char *name)
{
	say(m, &(struct record){ REC_THREAD, pid, .thread = { tid, true, name, 0 } });
}

#endif
