/* SPDX-License-Identifier: BSD-2-Clause */
/* workers.h - the one of a group of workers that is far worse than the others, in words */
#ifndef GILTOP_JUDGE_WORKERS_H
#define GILTOP_JUDGE_WORKERS_H

#include "user/picture/workers.h"

struct sbuf;

/* The first of its workers, if it is far worse than the median one; else NULL. (Of one or two nobody can say who is odd.) */
const struct worker *verdict__stuck_worker(const struct worker_group *g);
/* "8 workers, 3 ended" */
void verdict__worker_count(const struct worker_group *g, struct sbuf *out);
/* "delay 97%, load 3.1, held 98%" */
void verdict__worker(const struct worker *w, struct sbuf *out);
/* "worker 4243 of 8: delay 97%, load 3.1, held 98% (median: 2%, 0.2, 14%); a thread has waited for 3.1s now"; nothing if
 * no worker is stuck.
 */
void verdict__workers(const struct worker_group *g, struct sbuf *out);

#endif
