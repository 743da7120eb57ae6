/* SPDX-License-Identifier: BSD-2-Clause */
/* pools.h - threads that do the same work, as one row: "ThreadPoolExecutor-0_*"
 *
 * A service has a pool of eight, or a new thread for each request. What one of them waits for or makes others wait is
 * little; what all of them do is the answer.
 */
#ifndef GILTOP_PICTURE_POOLS_H
#define GILTOP_PICTURE_POOLS_H

#include <stdbool.h>
#include <stddef.h>

#include "user/picture/snapshot.h"

struct arena;

/* Rows of the thread table. AUTO: a row for each thread that lives, one for those of a pool that ended. */
enum group { GROUP_AUTO, GROUP_POOL, GROUP_NONE };

/* The pool of a thread that is called so: its name without its number. "Thread-12 (handle)" is "Thread-* (handle)". */
void pool__of_name(const char *thread, char *buf, size_t sz);
/* Sort p's threads (th, p->thread_cnt: the same, to be written to) into pools. Their stacks must be there, if they are
 * known at all. 0 or -ENOMEM.
 */
int pools__build(struct snap_proc *p, struct snap_thread *th, struct arena *a);
/* Add the figures of t to a sum, which begins with unknown maxima and folded_cnt 0; its state is that which says most, and
 * its holds were seen for as long as those of t (that is the GIL's time, not theirs).
 * Histograms and quantiles are not touched.
 */
void snap_thread__add(struct snap_thread *to, const struct snap_thread *t);
/* The pool of this thread, NULL: it has none (or p has no pools). */
const struct snap_pool *snap_proc__pool(const struct snap_proc *p, const struct snap_thread *t);
/* The name for a thread of this id in a sum over threads: its pool's; "[other threads]" for 0. Never NULL. */
const char *snap_proc__pool_name(const struct snap_proc *p, uint32_t tid);

/* The rows to show, each a thread of p or the sum of a pool; ret has room for p->thread_cnt. of (may be NULL): how it is
 * for this pool, where the user has said otherwise. Returns how many.
 */
size_t pools__rows(const struct snap_proc *p, enum group how,
		   enum group (*of)(const void *ctx, const struct snap_pool *pool, enum group how),
		   const void *ctx, const struct snap_thread **ret);

#endif
