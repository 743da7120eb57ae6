/* SPDX-License-Identifier: BSD-2-Clause */
#include "user/picture/pools.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "user/base/arena.h"
#include "user/base/hmap.h"
#include "user/base/text.h"

#define NAME_SZ 256

static bool is_digit(char c)
{
	return c >= '0' && c <= '9';
}

/* What a cut has left of the last character. */
static void drop_half_char(char *s)
{
	size_t len = strlen(s), at = len;
	uint32_t c;

	while (at && ((unsigned char)s[at - 1] & 0xc0) == 0x80)
		at--;
	if (at && !utf8_decode((const unsigned char *)s + at - 1, len - at + 1, &c))
		s[at - 1] = '\0';
}

void pool__of_name(const char *thread, char *buf, size_t sz)
{
	const char *target = strstr(thread, " ("); /* threading names it so since 3.10 */
	size_t end = target ? (size_t)(target - thread) : strlen(thread), from;

	while (end && !is_digit(thread[end - 1]))
		end--;
	for (from = end; from && is_digit(thread[from - 1]);)
		from--;
	if (end)
		snprintf(buf, sz, "%.*s*%s", (int)from, thread, thread + end);
	else
		snprintf(buf, sz, "%s", thread);
	drop_half_char(buf);
}

/* "Thread-12", or what the kernel calls it, which is as good as none. */
static bool is_nameless(const struct snap_proc *p, const char *name)
{
	static const char made_up[] = "Thread-";
	size_t len = sizeof(made_up) - 1;

	if (!*name || !strcmp(name, p->comm))
		return true;
	return !strncmp(name, made_up, len) && name[len] &&
	       !name[len + strspn(name + len, "0123456789*")];
}

/* The function that a thread was started with: the outermost that is not of the module that starts threads. */
static const struct snap_frame *start_of(const struct snap_stack *s)
{
	for (size_t i = 0; i < s->frame_cnt + s->hidden_cnt && !s->truncated; i++) {
		const struct snap_frame *f = &s->frames[i];

		if (f->line && strcmp(path_base(f->file), "threading.py") != 0)
			return f;
	}
	return NULL;
}

/* Ended threads that share a row were started with several. */
static const struct snap_frame several = { "", "", 0 };

/* tid -> the function that it was started with. */
static int find_starts(const struct snap_proc *p, struct hmap *starts)
{
	int err = 0;

	for (size_t i = 0; i < p->stack_cnt && !err; i++) {
		uint32_t tid = p->stacks[i].tid;
		const struct snap_frame *f = start_of(&p->stacks[i]),
					*before = hmap__get(starts, tid, 0);

		if (f && before && tid & SNAP_FOLD_TID && !snap_frame__same(f, before, false))
			f = &several;
		else if (before)
			continue;
		if (f)
			err = hmap__put(starts, tid, 0, (void *)(uintptr_t)f);
	}
	return err;
}

static void name_of(const struct snap_proc *p, const struct snap_thread *t,
		    const struct hmap *starts, char *buf, size_t sz)
{
	const struct snap_frame *f;
	size_t len;

	if (t->tid == p->pid || !is_nameless(p, t->name)) {
		if (t->tid == p->pid || t->folded_cnt) /* of a fold: the pool's name */
			snprintf(buf, sz, "%s", t->name);
		else
			pool__of_name(t->name, buf, sz);
		return;
	}
	f = hmap__get(starts, t->tid, 0);
	f = f == &several ? NULL : f;
	if (!f && !strcmp(t->name, p->comm))
		snprintf(buf, sz, "%s", t->name);
	else
		snprintf(buf, sz, "Thread-*");
	len = strlen(buf);
	if (f)
		snprintf(buf + len, sz - len, " (%s)", f->name);
	drop_half_char(buf);
}

struct maker {
	struct snap_proc *p;
	struct snap_thread *th;
	struct arena *a;
	size_t cnt;
	struct snap_pool *pools;
	size_t *first,
		*next; /* the threads of a pool: first[pool], next[thread]; END behind the last */
};

#define END SIZE_MAX

/* The number of the pool of this name, at this GIL; -1: no memory. */
static long pool_of(struct maker *m, struct hmap *by_name, const char *name, size_t gil)
{
	uint64_t hash = hash_bytes(HASH_START, name, strlen(name));
	size_t at;

	uint64_t nth = (uint64_t)gil << 32;

	/* Names that differ may have the same hash. */
	for (; (at = (size_t)hmap__get(by_name, hash, nth)); nth++)
		if (!strcmp(m->pools[at - 1].name, name))
			return (long)at - 1;
	m->pools[m->cnt].name = arena__strdup(m->a, name);
	if (hmap__put(by_name, hash, nth, (void *)(m->cnt + 1)))
		return -1;
	return (long)m->cnt++;
}

static void add_hist(struct gt_hist *to, const struct gt_hist *h)
{
	for (unsigned int i = 0; h && i < GT_HIST_BUCKETS; i++)
		to->cnt[i] += h->cnt[i];
}

static uint64_t larger(uint64_t a, uint64_t b)
{
	if (a == NS_UNKNOWN || b == NS_UNKNOWN)
		return a == NS_UNKNOWN ? b : a;
	return a > b ? a : b;
}

static uint64_t sum_known(uint64_t a, uint64_t b)
{
	return a == NS_UNKNOWN || b == NS_UNKNOWN ? NS_UNKNOWN : a + b;
}

/* Who holds says more than who waits, and that more than who has ended. */
static int rank(enum snap_state state)
{
	static const int ranks[] = {
		[SNAP_HOLDING] = 6, [SNAP_WAITING] = 5,	   [SNAP_YIELDING] = 4, [SNAP_RELEASED] = 3,
		[SNAP_UNKNOWN] = 2, [SNAP_FINALIZING] = 1, [SNAP_EXITED] = 0
	};

	return ranks[state];
}

void snap_thread__add(struct snap_thread *to, const struct snap_thread *t)
{
	if (!to->folded_cnt || rank(t->state) > rank(to->state) ||
	    (t->state == to->state && t->state_ns > to->state_ns)) {
		to->state = t->state;
		to->state_ns = t->state_ns;
	}
	to->folded_cnt += t->folded_cnt ? t->folded_cnt : 1;
	to->span_ns += t->span_ns;
	to->wait_ns += t->wait_ns;
	to->yield_ns += t->yield_ns;
	to->hold_ns += t->hold_ns;
	to->released_ns += t->released_ns;
	if (t->hold_observed_ns > to->hold_observed_ns)
		to->hold_observed_ns = t->hold_observed_ns;
	to->runnable_ns = sum_known(to->runnable_ns, t->runnable_ns);
	to->hold_offcpu_ns = sum_known(to->hold_offcpu_ns, t->hold_offcpu_ns);
	to->hold_runnable_ns = sum_known(to->hold_runnable_ns, t->hold_runnable_ns);
	to->blame_ns += t->blame_ns;
	to->acquisitions += t->acquisitions;
	to->contended += t->contended;
	to->releases += t->releases;
	to->yields += t->yields;
	to->asked += t->asked;
	to->react_ns += t->react_ns;
	to->react_queued_ns += t->react_queued_ns;
	to->late += t->late;
	to->wait_max_ns = larger(to->wait_max_ns, t->wait_max_ns);
	to->hold_max_ns = larger(to->hold_max_ns, t->hold_max_ns);
}

/* The sum of the threads of a pool, or of its ended ones. NULL: no memory. */
static const struct snap_thread *sum_of(struct maker *m, size_t pool, bool ended)
{
	struct snap_thread *s = arena__alloc(m->a, 1, sizeof(*s));
	struct gt_hist *h = arena__alloc(m->a, 2, sizeof(*h));

	if (!s || !h)
		return NULL;
	*s = (struct snap_thread){ .name = m->pools[pool].name,
				   .pool = pool,
				   .wait_max_ns = NS_UNKNOWN,
				   .hold_max_ns = NS_UNKNOWN,
				   .wait_hist = &h[0],
				   .hold_hist = &h[1] };
	for (size_t i = m->first[pool]; i != END; i = m->next[i]) {
		const struct snap_thread *t = &m->th[i];

		if (ended && !snap_thread__is_over(t))
			continue;
		s->gil = t->gil;
		snap_thread__add(s, t);
		add_hist(&h[0], t->wait_hist);
		add_hist(&h[1], t->hold_hist);
	}
	s->wait_p50_ns = hist__quantile_upto(&h[0], 0.5, s->wait_max_ns);
	s->wait_p90_ns = hist__quantile_upto(&h[0], 0.9, s->wait_max_ns);
	s->wait_p99_ns = hist__quantile_upto(&h[0], 0.99, s->wait_max_ns);
	s->hold_p50_ns = hist__quantile_upto(&h[1], 0.5, s->hold_max_ns);
	s->hold_p90_ns = hist__quantile_upto(&h[1], 0.9, s->hold_max_ns);
	s->hold_p99_ns = hist__quantile_upto(&h[1], 0.99, s->hold_max_ns);
	return s;
}

static int by_delay(const void *a, const void *b)
{
	const struct snap_pool *x = a, *y = b;
	uint64_t dx = snap_thread__delay_ns(x->all), dy = snap_thread__delay_ns(y->all);

	if (dx != dy)
		return dx > dy ? -1 : 1;
	return x->all->pool < y->all->pool ? -1 : x->all->pool > y->all->pool;
}

/* One row is its own sum. */
static int sum_up(struct maker *m, size_t pool)
{
	struct snap_pool *pl = &m->pools[pool];

	for (size_t i = m->first[pool]; i != END; i = m->next[i]) {
		const struct snap_thread *t = &m->th[i];

		pl->all = t;
		if (snap_thread__is_over(t))
			pl->ended = t;
	}
	if (m->next[m->first[pool]] == END)
		return 0;
	pl->all = sum_of(m, pool, false);
	if (pl->ended_cnt > 1)
		pl->ended = pl->ended_cnt == pl->cnt ? pl->all : sum_of(m, pool, true);
	return pl->all && (pl->ended || !pl->ended_cnt) ? 0 : -ENOMEM;
}

/* Largest first, and the threads know it. */
static int order(struct maker *m)
{
	size_t *where = arena__alloc(m->a, m->cnt, sizeof(*where));

	if (!where)
		return -ENOMEM;
	if (m->cnt)
		qsort(m->pools, m->cnt, sizeof(*m->pools), by_delay);
	for (size_t i = 0; i < m->cnt; i++)
		where[m->pools[i].all->pool] = i;
	for (size_t i = 0; i < m->p->thread_cnt; i++)
		m->th[i].pool = where[m->th[i].pool];
	for (size_t i = 0; i < m->cnt; i++) {
		struct snap_thread *all = (struct snap_thread *)(uintptr_t)m->pools[i].all;
		struct snap_thread *ended = (struct snap_thread *)(uintptr_t)m->pools[i].ended;

		all->pool = i; /* of a single thread as it was */
		if (ended)
			ended->pool = i;
	}
	return 0;
}

static int by_tid(const void *a, const void *b, void *ctx)
{
	const struct snap_thread *th = ctx;
	const struct snap_thread *x = &th[*(const size_t *)a], *y = &th[*(const size_t *)b];

	if (x->tid != y->tid)
		return x->tid < y->tid ? -1 : 1;
	return x < y ? -1 : x > y; /* the first of those at several GILs */
}

static int index_tids(struct snap_proc *p, struct snap_thread *th, struct arena *a)
{
	size_t *v = arena__alloc(a, p->thread_cnt, sizeof(*v));

	if (!v)
		return -ENOMEM;
	for (size_t i = 0; i < p->thread_cnt; i++)
		v[i] = i;
	if (p->thread_cnt)
		qsort_r(v, p->thread_cnt, sizeof(*v), by_tid, th);
	p->by_tid = v;
	return 0;
}

int pools__build(struct snap_proc *p, struct snap_thread *th, struct arena *a)
{
	struct maker m = { .p = p, .th = th, .a = a };
	struct hmap by_name = { 0 }, starts = { 0 };
	char name[NAME_SZ];
	int err = index_tids(p, th, a);

	if (err)
		return err;
	m.pools = arena__alloc(a, p->thread_cnt, sizeof(*m.pools));
	m.first = arena__alloc(a, p->thread_cnt, sizeof(*m.first));
	m.next = arena__alloc(a, p->thread_cnt, sizeof(*m.next));
	err = m.pools && m.first && m.next ? find_starts(p, &starts) : -ENOMEM;
	for (size_t i = 0; i < p->thread_cnt && !err; i++) {
		long at;

		name_of(p, &th[i], &starts, name, sizeof(name));
		at = pool_of(&m, &by_name, name, th[i].gil);
		if (at < 0) {
			err = -ENOMEM;
			break;
		}
		th[i].pool = (size_t)at;
		m.next[i] = m.pools[at].cnt ? m.first[at] : END;
		m.first[at] = i;
		m.pools[at].cnt += th[i].folded_cnt ? th[i].folded_cnt : 1;
		if (snap_thread__is_over(&th[i]))
			m.pools[at].ended_cnt += th[i].folded_cnt ? th[i].folded_cnt : 1;
	}
	for (size_t i = 0; i < m.cnt && !err; i++)
		err = sum_up(&m, i);
	hmap__free(&by_name);
	hmap__free(&starts);
	if (!err)
		err = order(&m);
	if (err)
		return err;
	p->pool_cnt = m.cnt;
	p->pools = m.pools;
	return 0;
}

const struct snap_pool *snap_proc__pool(const struct snap_proc *p, const struct snap_thread *t)
{
	return t->pool < p->pool_cnt ? &p->pools[t->pool] : NULL;
}

const char *snap_proc__pool_name(const struct snap_proc *p, uint32_t tid)
{
	const struct snap_thread *t = snap_proc__thread(p, tid);
	const struct snap_pool *pool = t ? snap_proc__pool(p, t) : NULL;

	return pool ? pool->name : t ? t->name : tid ? "thread" : "[other threads]";
}

/* The row that stands for its threads, or for those that ended; NULL: each has its own. */
static const struct snap_thread *folded(const struct snap_pool *pool, enum group how)
{
	if (how == GROUP_POOL && pool->cnt > 1)
		return pool->all;
	return how == GROUP_AUTO && pool->ended_cnt > 1 ? pool->ended : NULL;
}

size_t pools__rows(const struct snap_proc *p, enum group how,
		   enum group (*of)(const void *ctx, const struct snap_pool *pool, enum group how),
		   const void *ctx, const struct snap_thread **ret)
{
	size_t n = 0;

	for (size_t i = 0; i < p->thread_cnt; i++) {
		const struct snap_thread *t = &p->threads[i], *sum = NULL;
		const struct snap_pool *pool = snap_proc__pool(p, t);

		if (pool)
			sum = folded(pool, of ? of(ctx, pool, how) : how);
		if (!sum || (sum != pool->all && !snap_thread__is_over(t)))
			ret[n++] = t;
	}
	for (size_t i = 0; i < p->pool_cnt; i++) {
		const struct snap_pool *pool = &p->pools[i];
		const struct snap_thread *sum = folded(pool, of ? of(ctx, pool, how) : how);

		if (sum)
			ret[n++] = sum;
	}
	return n;
}
