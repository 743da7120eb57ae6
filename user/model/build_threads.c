/* SPDX-License-Identifier: BSD-2-Clause */
/* build_threads.c - the threads of a picture, those that ended and were folded, and those that have held from the start */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "user/base/text.h"
#include "user/base/util.h"
#include "user/model/build.h"
#include "user/picture/snapshot_box.h"

/* It is there, but to the books it has ended. */
static bool is_parked(const struct mproc *p, const struct mthread *t)
{
	return t->rec.flags & GT_F_PARKED && !p->end_ns;
}

static enum snap_state state_of(const struct mproc *p, const struct mthread *t)
{
	if (t->exited || t->died)
		return is_parked(p, t) ? SNAP_FINALIZING : SNAP_EXITED;
	switch (t->rec.state) {
	case GT_WAIT: return SNAP_WAITING;
	case GT_HOLD: return SNAP_HOLDING;
	case GT_YIELD: return SNAP_YIELDING;
	default: return p->is_light ? SNAP_UNKNOWN : SNAP_RELEASED; /* it may hold */
	}
}

/* The longest of the span. The kernel keeps the longest of all: exact if it has grown since the base;
 * else the end of the highest bucket that was hit since, which that longest bounds.
 */
static uint64_t max_since(const struct gt_hist *delta, uint64_t max_now, uint64_t max_base,
			  uint64_t open_ns)
{
	uint64_t max = 0;

	if (max_now > max_base) {
		max = max_now;
	} else {
		for (unsigned int i = GT_HIST_BUCKETS; i-- > 0;) {
			if (!delta->cnt[i])
				continue;
			max = hist__bucket_floor(i + 1);
			max = max < max_now ? max : max_now;
			break;
		}
	}
	if (open_ns > max)
		max = open_ns;
	return max ? max : NS_UNKNOWN;
}

/* A copy that lives as long as the picture. Of thousands of threads that wait most have none to count: they share one.
 * NULL: no memory.
 */
static const struct gt_hist *keep_hist(struct builder *b, const struct gt_hist *h)
{
	static const struct gt_hist none;
	struct gt_hist *ret;

	if (!memcmp(h, &none, sizeof(none)))
		return &none;
	ret = arena__alloc(&b->box->arena, 1, sizeof(*ret));
	return ret ? memcpy(ret, h, sizeof(*ret)) : NULL;
}

/* Known of holds that have ended, and for those as a whole: of an interval that saw but the end of one, the share is its. */
static void fill_offcpu(const struct gt_sums *d, struct snap_thread *s)
{
	unsigned __int128 hold = s->hold_ns < d->hold_split_ns ? s->hold_ns : d->hold_split_ns;

	s->hold_offcpu_ns = s->hold_runnable_ns = s->hold_ns ? NS_UNKNOWN : 0;
	if (!d->hold_split_ns || !s->hold_ns)
		return;
	s->hold_offcpu_ns = (uint64_t)(hold * d->hold_offcpu_ns / d->hold_split_ns);
	s->hold_runnable_ns = (uint64_t)(hold * d->hold_runnable_ns / d->hold_split_ns);
}

static int fill_sums(struct builder *b, const struct gt_sums *d, struct snap_thread *s)
{
	s->wait_ns = d->time_ns[GT_WAIT];
	s->yield_ns = d->time_ns[GT_YIELD];
	s->hold_ns = d->time_ns[GT_HOLD];
	s->released_ns = d->time_ns[GT_RELEASED];
	s->span_ns = s->wait_ns + s->yield_ns + s->hold_ns + s->released_ns;
	s->runnable_ns =
		b->m->runnable_unknown ? NS_UNKNOWN : d->runnable_ns + d->light_runnable_ns;
	fill_offcpu(d, s);
	s->blame_ns = d->blame_ns;
	s->acquisitions = d->acquisitions;
	s->contended = d->contended;
	s->releases = d->releases;
	s->yields = d->yields;
	s->asked = d->asked;
	s->react_ns = d->react_ns;
	s->react_queued_ns = d->react_queued_ns;
	s->late = d->late;
	s->wait_hist = keep_hist(b, &d->wait_hist);
	s->hold_hist = keep_hist(b, &d->hold_hist);
	return s->wait_hist && s->hold_hist ? 0 : -ENOMEM;
}

static void fill_quantiles(struct snap_thread *s)
{
	s->wait_p50_ns = hist__quantile_upto(s->wait_hist, 0.5, s->wait_max_ns);
	s->wait_p90_ns = hist__quantile_upto(s->wait_hist, 0.9, s->wait_max_ns);
	s->wait_p99_ns = hist__quantile_upto(s->wait_hist, 0.99, s->wait_max_ns);
	s->hold_p50_ns = hist__quantile_upto(s->hold_hist, 0.5, s->hold_max_ns);
	s->hold_p90_ns = hist__quantile_upto(s->hold_hist, 0.9, s->hold_max_ns);
	s->hold_p99_ns = hist__quantile_upto(s->hold_hist, 0.99, s->hold_max_ns);
}

static int add_thread(struct builder *b, const struct mproc *p, const struct mthread *t, size_t gil,
		      struct snap_thread *s)
{
	bool ended = t->exited || t->died;
	uint64_t now = builder__proc_now(b, p), open = ended ? 0 : span_ns(t->rec.since_ns, now);
	char name[sizeof(t->rec.comm) * 4];
	struct stored_stack now_stack;
	struct gt_sums d;

	sums__sub(&t->at[AT_NOW], &t->at[b->base], &d);
	if (fill_sums(b, &d, s))
		return -ENOMEM;
	now_stack = model__stack(b->m, ended ? 0 : t->now_stack);
	s->now_frames = now_stack.frames;
	s->now_frame_cnt = now_stack.cnt;
	s->tid = t->key.tid;
	s->gil = gil;
	s->state = state_of(p, t);
	s->state_ns = ended ? span_ns(t->rec.exit_ns, b->m->now_ns) : open;
	s->wait_max_ns = max_since(s->wait_hist, t->wait_max_at[AT_NOW], t->wait_max_at[b->base],
				   ended		     ? t->last_wait_ns
				   : t->rec.state == GT_WAIT ? open
							     : 0);
	s->hold_max_ns = max_since(s->hold_hist, t->hold_max_at[AT_NOW], t->hold_max_at[b->base],
				   ended		     ? t->last_hold_ns
				   : t->rec.state == GT_HOLD ? open
							     : 0);
	fill_quantiles(s);
	if (t->name) {
		s->name = arena__strdup(&b->box->arena, t->name);
	} else {
		clean_text(t->rec.comm, sizeof(t->rec.comm), name, sizeof(name));
		s->name = arena__strdup(&b->box->arena, name[0] ? name : "?");
	}
	return 0;
}

static int add_fold(struct builder *b, const struct mproc *p, const struct mfold *f, size_t gil,
		    struct snap_thread *s)
{
	const char *pool = mproc__pool_name(p, f);
	uint64_t cnt = f->cnt_at[AT_NOW];
	char name[48];
	struct gt_sums d;

	sums__sub(&f->at[AT_NOW], &f->at[b->base], &d);
	if (fill_sums(b, &d, s))
		return -ENOMEM;
	s->folded_cnt = cnt > UINT32_MAX ? UINT32_MAX : (uint32_t)cnt;
	s->gil = gil;
	s->state = SNAP_EXITED;
	s->wait_max_ns = max_since(s->wait_hist, f->wait_max_ns, f->wait_max_ns, 0);
	s->hold_max_ns = max_since(s->hold_hist, f->hold_max_ns, f->hold_max_ns, 0);
	fill_quantiles(s);
	snprintf(name, sizeof(name), "[%llu ended threads]", (unsigned long long)cnt);
	s->tid = f->tid;
	s->name = arena__strdup(&b->box->arena, pool ? pool : name);
	return 0;
}

/* A thread that never showed an event but, by the target's memory, has held all the time. */
static int add_seed(struct builder *b, const struct mproc *p, const struct mgil *g, size_t gil,
		    struct snap_thread *s)
{
	uint64_t now = builder__proc_now(b, p);
	uint64_t from = builder__base_ns(b) > p->books_ns ? builder__base_ns(b) : p->books_ns;
	struct gt_sums d = { 0 };

	d.time_ns[GT_HOLD] = span_ns(from, now);
	d.blame_ns = span_ns(g->at[b->base].open_blame_ns, g->at[AT_NOW].open_blame_ns);
	if (fill_sums(b, &d, s))
		return -ENOMEM;
	s->tid = mgil__first_holder(g);
	s->gil = gil;
	s->state = SNAP_HOLDING;
	s->state_ns = span_ns(p->books_ns, now);
	s->wait_max_ns = NS_UNKNOWN;
	s->hold_max_ns = s->state_ns ? s->state_ns : NS_UNKNOWN;
	fill_quantiles(s);
	s->name = arena__strdup(&b->box->arena, g->seed_name ? g->seed_name : p->comm);
	return 0;
}

static bool wants_seed(const struct mproc *p, const struct mgil *g)
{
	uint32_t tid = mgil__first_holder(g);

	if (!tid || p->end_ns)
		return false;
	for (size_t i = 0; i < p->thread_cnt; i++)
		if (p->threads[i]->key.tid == tid && p->threads[i]->key.cond == g->key.cond)
			return false;
	return true;
}

static int by_delay(const void *a, const void *b)
{
	const struct snap_thread *x = a, *y = b;
	uint64_t dx = snap_thread__delay_ns(x), dy = snap_thread__delay_ns(y);

	if (dx != dy)
		return dx > dy ? -1 : 1;
	if (x->hold_ns != y->hold_ns)
		return x->hold_ns > y->hold_ns ? -1 : 1;
	return x->tid < y->tid ? -1 : x->tid > y->tid;
}

static size_t gil_index(const struct mproc *p, uint64_t cond)
{
	for (size_t i = 0; i < p->gil_cnt; i++)
		if (p->gils[i]->key.cond == cond)
			return i;
	return 0;
}

int build_threads(struct builder *b, const struct mproc *p, struct snap_proc *s)
{
	size_t max = p->thread_cnt + 2 * p->gil_cnt;
	struct snap_thread *th;
	int err;

	for (size_t i = 0; i < p->gil_cnt; i++)
		max += p->gils[i]->pool_cnt;
	th = arena__alloc(&b->box->arena, max, sizeof(*th));
	err = th ? 0 : -ENOMEM;

	for (size_t i = 0; i < p->thread_cnt && !err; i++) {
		const struct mthread *t = p->threads[i];

		/* An interval does not show those who had ended before it. */
		if ((t->exited || t->died) && !is_parked(p, t) && b->base == AT_MARK &&
		    t->rec.exit_ns <= b->m->mark_ns &&
		    t->at[AT_NOW].blame_ns == t->at[AT_MARK].blame_ns)
			continue;
		err = add_thread(b, p, t, gil_index(p, t->key.cond), &th[s->thread_cnt++]);
	}
	for (size_t i = 0; i < p->gil_cnt && !err; i++) {
		const struct mgil *g = p->gils[i];

		for (size_t n = 0; mgil__fold(g, n) && !err; n++) {
			const struct mfold *f = mgil__fold(g, n);

			if (f->cnt_at[AT_NOW] > (b->base == AT_MARK ? f->cnt_at[AT_MARK] : 0))
				err = add_fold(b, p, f, i, &th[s->thread_cnt++]);
		}
		if (!err && wants_seed(p, g))
			err = add_seed(b, p, g, i, &th[s->thread_cnt++]);
	}
	if (err)
		return err;
	qsort(th, s->thread_cnt, sizeof(*th), by_delay);
	s->threads = th;
	return 0;
}
