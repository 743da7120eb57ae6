/* SPDX-License-Identifier: BSD-2-Clause */
/* verdict_impl.h - words that verdict.c and advice.c share */
#ifndef GILTOP_JUDGE_VERDICT_IMPL_H
#define GILTOP_JUDGE_VERDICT_IMPL_H

#include "user/judge/culprit.h"
#include "user/judge/verdict.h"
#include "user/picture/pools.h"

/* Inside: one step below VERDICT_TINY, names alone and those short, for what would be too long even so. */
#define VERDICT_LEAST VERDICT_DETAIL_CNT

/* Part of whole; 0 where either is not known. */
double verdict__share(uint64_t part, uint64_t whole);
/* For how long the holders of a GIL wanted a CPU and had none, as far as is known. */
uint64_t verdict__without_cpu_ns(const struct snap_proc *p, const struct snap_gil *g);
/* Does a CPU limit keep those from running who hold the GIL, so much that it is that? no_cpu_ns: of hold_ns. */
bool verdict__is_limited(const struct snap_proc *p, uint64_t no_cpu_ns, uint64_t hold_ns);
/* "iterencode (encoder.py:257)", of few looks "iterencode (encoder.py:257, few looks: 3)". */
void verdict__put_place(const struct snap_frame *f, uint64_t looks, struct sbuf *out);
/* " in iterencode (encoder.py:257)", brief " at encoder.py:257", tiny " encoder.py:257" */
void verdict__put_line(struct verdict_line l, enum verdict_detail detail, struct sbuf *out);
/* "MainThread", "all 8 threads of ThreadPoolExecutor-0_*", "3 threads of ..". */
void verdict__put_holders(const struct culprit *c, struct sbuf *out);
/* "worker-3", "8 threads of worker-*", "144 ended threads of request-*" */
void verdict__put_subject(const struct snap_proc *p, const struct snap_thread *t, struct sbuf *out);
/* " of the last 10 s", what a thread's share is of; " of its time" if it was not there all along. */
void verdict__put_of_span(const struct snapshot *s, const struct snap_thread *t, struct sbuf *out);
/* "~12ms": a time that a histogram tells, which has four steps to each power of two; "-": there is none. */
void verdict__put_about(uint64_t ns, struct sbuf *out);
/* How long woken threads had no CPU at this GIL, of their waiting; NS_UNKNOWN: the kernel does not say. */
uint64_t verdict__runnable_ns(const struct snap_proc *p, const struct snap_gil *g);
bool verdict__uses(const struct snap_proc *p, const struct snap_thread *t,
		   const struct snap_gil *g);
/* A name in a sentence: shortened in the middle. */
void verdict__put_name(const char *name, struct sbuf *out);
/* .. the shortest that still tells one from another, as VERDICT_LEAST has it */
void verdict__put_short_name(const char *name, struct sbuf *out);
/* Is it longer than so many characters? */
bool verdict__is_longer(const struct sbuf *text, size_t chars);
/* Of so many columns a terminal has at least: where the shortest sentences go. */
#define VERDICT_TINY_CHARS 80

#endif
