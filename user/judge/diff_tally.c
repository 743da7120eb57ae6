/* SPDX-License-Identifier: BSD-2-Clause */
#include "user/judge/diff_tally.h"

#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "user/base/budgets.h"
#include "user/base/text.h"
#include "user/base/util.h"
#include "user/picture/pools.h"
#include "user/picture/workers.h"

const char *diff_role(const struct snap_proc *p, struct arena *a)
{
	char buf[WORKER_PROGRAM_SZ];

	worker__program(p->cmdline, p->comm, buf, sizeof(buf));
	return arena__strdup(a, buf);
}

static bool same_text(const char *a, const char *b)
{
	return a == b || (a && b && !strcmp(a, b));
}

static bool same_key(const struct diff_tally *a, const struct diff_tally *b)
{
	return a->kind == b->kind && a->by_pool == b->by_pool && a->line == b->line &&
	       same_text(a->function, b->function) && same_text(a->file, b->file) &&
	       same_text(a->pool, b->pool) && same_text(a->role, b->role);
}

static uint64_t hash_key(const struct diff_tally *k)
{
	const char *const parts[] = { k->role, k->pool, k->function, k->file };
	uint64_t h = hash_bytes(HASH_START, &k->kind, sizeof(k->kind));

	h = hash_bytes(h, &k->line, sizeof(k->line));
	for (size_t i = 0; i < ARRAY_SIZE(parts); i++)
		h = hash_bytes(h, parts[i] ? parts[i] : "", parts[i] ? strlen(parts[i]) + 1 : 1);
	return h;
}

static void begin_sum(struct diff_sum *s)
{
	for (int i = 0; i < DIFF_QUANTILES; i++)
		s->q[i] = NAN;
}

/* The number of the tally with this key, made if there is none. TALLY_NONE: no memory. */
static size_t find(struct diff_tallies *t, const struct diff_tally *key)
{
	uint64_t hash = hash_key(key), nth = key->by_pool;
	size_t at;

	for (; (at = (size_t)hmap__get(&t->by_key, hash, nth)); nth += 2)
		if (same_key(&t->v[at - 1], key))
			return at - 1;
	if (array_grow(&t->v, t->cnt, &t->cap, sizeof(*t->v)))
		return TALLY_NONE;
	t->v[t->cnt] = *key;
	t->v[t->cnt].most_line = t->v[t->cnt].most_pool = TALLY_NONE;
	begin_sum(&t->v[t->cnt].sum[0]);
	begin_sum(&t->v[t->cnt].sum[1]);
	if (hmap__put(&t->by_key, hash, nth, (void *)(t->cnt + 1)))
		return TALLY_NONE;
	return t->cnt++;
}

/* A name of its own is without its number, too: a pool may have had one thread in one of the runs. */
static const char *pool_name(struct diff_tallies *t, const char *name)
{
	char buf[256];

	if (strchr(name, '*'))
		return name;
	pool__of_name(name, buf, sizeof(buf));
	return strcmp(name, buf) != 0 ? arena__strdup(t->arena, buf) : name;
}

/* ---- threads ---- */

static void take_quantile(struct diff_sum *s, int i, uint64_t ns, uint64_t cnt, uint64_t open_ns,
			  bool known)
{
	double v = (double)(ns == NS_UNKNOWN ? open_ns : ns);

	if (!known || (!isnan(s->q[i]) && s->q[i] >= v))
		return;
	s->q[i] = v;
	s->q_cnt[i] = (double)cnt;
}

static void add_thread(struct diff_sum *s, const struct snap_proc *p, const struct snap_thread *t)
{
	const uint64_t waits[] = { t->wait_p50_ns, t->wait_p90_ns, t->wait_p99_ns, t->wait_max_ns };
	const uint64_t holds[] = { t->hold_p50_ns, t->hold_p90_ns, t->hold_p99_ns, t->hold_max_ns };
	uint64_t seen = snap_thread__seen_ns(t, p);

	s->cnt += t->folded_cnt ? t->folded_cnt : 1;
	s->span_ns += (double)t->span_ns;
	s->wait_ns += (double)t->wait_ns;
	s->yield_ns += (double)t->yield_ns;
	s->hold_ns += (double)t->hold_ns;
	s->seen_ns += (double)seen;
	s->waits += (double)t->contended + (double)t->yields;
	s->holds += (double)t->acquisitions;
	for (int i = 0; i < 4; i++) {
		take_quantile(s, i, waits[i], t->contended, t->wait_ns, true);
		take_quantile(s, i + 4, holds[i], t->acquisitions, t->hold_ns, seen != 0);
	}
}

static int add_threads(struct diff_tallies *t, int side, const struct snap_proc *p,
		       const char *role)
{
	for (size_t i = 0; i < p->thread_cnt; i++) {
		const struct snap_thread *th = &p->threads[i];
		const struct snap_pool *pool = snap_proc__pool(p, th);
		struct diff_tally key = { .kind = DIFF_THREADS,
					  .role = role,
					  .pool = pool_name(t, pool ? pool->name : th->name) };
		size_t at = find(t, &key);

		if (at == TALLY_NONE)
			return -ENOMEM;
		add_thread(&t->v[at].sum[side], p, th);
		add_thread(&t->v[0].sum[side], p, th);
	}
	return 0;
}

/* ---- places ---- */

static void add_place(struct diff_sum *s, const struct snap_stack *st)
{
	s->cnt++;
	s->ns += (double)st->ns;
	s->looks += (double)st->cnt;
}

/* A function, its line, and what this pool does of it. */
static int add_stack(struct diff_tallies *t, int side, const struct snap_stack *st,
		     const struct snap_frame *f, const char *role, const char *pool)
{
	struct diff_tally key = { .kind = st->kind == SNAP_STACK_BLAME ? DIFF_BLAME_FUNCTION
								       : DIFF_WAIT_FUNCTION,
				  .role = role,
				  .function = f ? f->name : "[other]",
				  .file = f ? path_base(f->file) : "" };
	size_t function = find(t, &key), part, line;

	key.parent = function;
	key.pool = pool;
	key.by_pool = true;
	part = find(t, &key);
	key.pool = NULL;
	key.by_pool = false;
	key.kind = (enum diff_kind)(key.kind + 1);
	key.line = f ? f->line : 0;
	line = find(t, &key);
	if (function == TALLY_NONE || part == TALLY_NONE || line == TALLY_NONE)
		return -ENOMEM;
	add_place(&t->v[function].sum[side], st);
	add_place(&t->v[part].sum[side], st);
	add_place(&t->v[line].sum[side], st);
	return 0;
}

/* As many of a kind as a JSON record has, so that a recording and its JSON say the same. */
static int add_stacks(struct diff_tallies *t, int side, const struct snap_proc *p, const char *role)
{
	size_t cnt[SNAP_STACK_BLAME + 1] = { 0 };
	int err = 0;

	for (size_t i = 0; i < p->stack_cnt && !err; i++) {
		const struct snap_stack *st = &p->stacks[i];
		bool other = cnt[st->kind]++ >= BUDGET_ROWS;
		const struct snap_frame *f =
			other ? NULL : snap_frames__python_leaf(st->frames, st->frame_cnt);

		if (st->kind == SNAP_STACK_HOLD || !st->ns)
			continue;
		err = add_stack(t, side, st, f, role,
				pool_name(t, snap_proc__pool_name(p, other ? 0 : st->tid)));
	}
	return err;
}

int diff_tallies__add(struct diff_tallies *t, int side, const struct snapshot *s,
		      const char *only_role)
{
	struct diff_tally run = { .kind = DIFF_RUN };
	int err = find(t, &run) == TALLY_NONE ? -ENOMEM : 0;

	for (size_t i = 0; i < s->proc_cnt && !err; i++) {
		const struct snap_proc *p = &s->procs[i];
		const char *role = only_role ? NULL : diff_role(p, t->arena);

		err = add_threads(t, side, p, role);
		if (!err)
			err = add_stacks(t, side, p, role);
	}
	return err;
}

static double both(const struct diff_tally *t)
{
	return t->sum[0].ns + t->sum[1].ns;
}

static void choose(const struct diff_tallies *t, size_t *most, size_t at)
{
	if (*most == TALLY_NONE || both(&t->v[at]) > both(&t->v[*most]))
		*most = at;
}

void diff_tallies__finish(struct diff_tallies *t)
{
	for (size_t i = 1; i < t->cnt; i++) {
		struct diff_tally *f = &t->v[t->v[i].parent];

		if (t->v[i].by_pool) {
			choose(t, &f->most_pool, i);
		} else if (t->v[i].kind == DIFF_BLAME_LINE || t->v[i].kind == DIFF_WAIT_LINE) {
			choose(t, &f->most_line, i);
			f->line_cnt++;
		}
	}
}

void diff_tallies__free(struct diff_tallies *t)
{
	free(t->v);
	hmap__free(&t->by_key);
}
