/* SPDX-License-Identifier: BSD-2-Clause */
/* model.h - what is known of all processes, summed up from the records of a source
 *
 * Pure: no clock, no I/O, no globals; time comes with the records. It is a sink, and made into pictures:
 *	sinks__add(&sinks, model__sink(m));	and then whatever the source sends
 *	snap = model__snapshot(m, MODEL_INTERVAL);	since the last model__mark
 *	model__mark(m);				a new interval starts
 */
#ifndef GILTOP_MODEL_H
#define GILTOP_MODEL_H

#include "user/picture/snapshot.h"

struct model;
struct sink;

enum model_span {
	MODEL_INTERVAL, /* since the last mark */
	MODEL_TOTAL,	/* since the books started, or since the last reset */
};

struct model *model__new(void); /* NULL + errno */
void model__free(struct model *m);
/* Lives as long as the model. */
struct sink *model__sink(struct model *m);
void model__mark(struct model *m);
void model__reset(struct model *m);
/* A refresh took longer than its interval: counted in the pictures from the next reading on. */
void model__late(struct model *m);
/* From now on pictures are without pairs and chains, which are still summed up; or with them again. */
void model__leave_out_pairs(struct model *m, bool on);
/* What a thread of a living process is called (tid 0: the process), into buf: clean text. false: not known. */
bool model__name(const struct model *m, uint32_t pid, uint32_t tid, char *buf, size_t sz);
uint64_t model__since_mark_ns(
	const struct model *m); /* up to the last totals; 0: nothing was marked */
/* As of the last totals. NULL + errno. The frames of its stacks are the source's: the rest is its own. */
struct snapshot *model__snapshot(const struct model *m, enum model_span span);
/* The same without pairs, stacks and chains, which are most of the work. */
struct snapshot *model__snapshot_brief(const struct model *m, enum model_span span);

#endif
