/* SPDX-License-Identifier: BSD-2-Clause */
/* build_stacks.c - the stacks of a process in a snapshot: looks, scaled to the exact times of its threads (places.c)
 *
 * Blame has no looks of its own: it is the chains, seen from the holder's side.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "user/base/arena.h"
#include "user/base/util.h"
#include "user/model/model_impl.h"
#include "user/model/places.h"

static int by_kind_ns(const void *a, const void *b)
{
	const struct snap_stack *x = a, *y = b;

	if (x->kind != y->kind)
		return x->kind < y->kind ? -1 : 1;
	if (x->ns != y->ns)
		return x->ns > y->ns ? -1 : 1;
	return x->tid < y->tid ? -1 : x->tid > y->tid;
}

static struct snap_stack stack_of(const struct model *m, enum snap_stack_kind kind, uint32_t tid,
				  uint32_t id, uint64_t ns, uint64_t cnt)
{
	struct stored_stack st = model__stack(m, id);

	return (struct snap_stack){ .kind = kind,
				    .tid = tid,
				    .ns = ns,
				    .cnt = cnt,
				    .truncated = st.truncated,
				    .frame_cnt = st.cnt,
				    .frames = st.frames };
}

static const struct snap_frame not_seen = { "[not seen]", "", 0 };

/* What is being built: the stacks and chains. */
struct stack_builder {
	const struct model *m;
	const struct mproc *p;
	int base;
	bool oom;
	struct place_row *rows;
	size_t row_cnt;
	struct place *places; /* of one kind after the other */
	size_t place_cap;
	size_t stack_cnt, stack_cap, chain_cnt, chain_cap;
	struct snap_stack *stacks;
	struct snap_chain *chains;
};

static struct places places_of(const struct stack_builder *b, int kind)
{
	return (struct places){
		.rows = b->rows, .row_cnt = b->row_cnt, .v = b->places, .kind = kind
	};
}

static void add_place(struct stack_builder *b, struct places *pl, const struct tally *t,
		      uint32_t tid, int base, int pass)
{
	if (array_grow(&b->places, pl->cnt, &b->place_cap, sizeof(*b->places))) {
		b->oom = true;
		return;
	}
	pl->v = b->places;
	places__add(pl, t, tid, base, pass);
}

/* Whose place it is: a chain's is its holder's. */
static uint32_t tid_of(const struct tallies *ts, const struct tally *t)
{
	return ts->which == SUMS ? t->tid : t->other;
}

static bool is_kind(const struct tallies *ts, const struct tally *t, uint32_t kind)
{
	return ts->which != SUMS || t->other == kind;
}

/* Places of the span, of rows that have some: of an interval only what has changed in it. */
static void add_span(struct stack_builder *b, struct places *pl, const struct tallies *ts,
		     uint32_t kind, int pass)
{
	struct tally *const *v = b->base == AT_MARK ? ts->changed : ts->v;
	size_t cnt = b->base == AT_MARK ? ts->changed_cnt : ts->cnt;

	for (size_t i = 0; i < cnt; i++)
		if (is_kind(ts, v[i], kind))
			add_place(b, pl, v[i], tid_of(ts, v[i]), b->base, pass);
}

/* .. and all that there ever were, of those that have none in the span. */
static void add_ever(struct stack_builder *b, struct places *pl, const struct tallies *ts,
		     uint32_t kind, int pass)
{
	for (size_t i = 0; i < b->row_cnt; i++) {
		const struct place_row *row = &b->rows[i];
		const struct tally *t = NULL;

		if (row->ns[pl->kind] && (!row->pass[pl->kind] || row->pass[pl->kind] == pass))
			t = tallies__row(ts, row->tid, ts->which == SUMS ? kind : 0);
		for (; t; t = t->next)
			add_place(b, pl, t, row->tid, -1, pass);
	}
}

static void add_sums(struct stack_builder *b, struct places *pl, uint32_t kind, int pass)
{
	add_span(b, pl, &b->p->tallies[SUMS], kind, pass);
	add_ever(b, pl, &b->p->tallies[SUMS], kind, pass + 1);
}

static void put_stack(struct stack_builder *b, struct snap_stack s)
{
	if (!s.ns)
		return;
	if (array_grow(&b->stacks, b->stack_cnt, &b->stack_cap, sizeof(s)))
		b->oom = true;
	else
		b->stacks[b->stack_cnt++] = s;
}

static void put_chain(struct stack_builder *b, struct snap_chain c)
{
	if (!c.ns || b->m->no_pairs)
		return;
	if (array_grow(&b->chains, b->chain_cnt, &b->chain_cap, sizeof(c)))
		b->oom = true;
	else
		b->chains[b->chain_cnt++] = c;
}

/* Stacks of one kind, for all that has a place; the rest of each row is not seen. */
static void put_places(struct stack_builder *b, struct places *pl, bool rest)
{
	places__scale(pl);
	for (size_t i = 0; i < pl->cnt; i++) {
		const struct place *at = &pl->v[i];

		put_stack(b, stack_of(b->m, (enum snap_stack_kind)pl->kind, at->tid, at->t->stack,
				      at->ns, at->cnt));
	}
	for (size_t i = 0; i < pl->row_cnt && rest; i++)
		put_stack(b, (struct snap_stack){ .kind = (enum snap_stack_kind)pl->kind,
						  .tid = pl->rows[i].tid,
						  .ns = pl->rows[i].ns[pl->kind],
						  .frame_cnt = 1,
						  .frames = &not_seen });
}

static void add_waits(struct stack_builder *b)
{
	struct places pl = places_of(b, PLACE_WAIT);

	add_sums(b, &pl, GT_SUM_WAIT, 1);
	put_places(b, &pl, true);
}

static void add_holds(struct stack_builder *b)
{
	struct places pl = places_of(b, PLACE_HOLD);

	add_sums(b, &pl, GT_SUM_HOLD, 1);
	add_sums(b, &pl, GT_SUM_END, 3);
	put_places(b, &pl, true);
}

static int by_holder(const void *a, const void *b)
{
	const struct place *x = a, *y = b;

	if (x->tid != y->tid)
		return x->tid < y->tid ? -1 : 1;
	return x->t->other_stack < y->t->other_stack ? -1 : x->t->other_stack > y->t->other_stack;
}

static void put_chain_at(struct stack_builder *b, const struct place *at)
{
	struct stored_stack w = model__stack(b->m, at->t->stack);
	struct stored_stack h = model__stack(b->m, at->t->other_stack);

	put_chain(b, (struct snap_chain){ .waiter_tid = at->t->tid,
					  .holder_tid = at->tid,
					  .ns = at->ns,
					  .cnt = at->cnt,
					  .waiter_truncated = w.truncated,
					  .holder_truncated = h.truncated,
					  .waiter_frame_cnt = w.cnt,
					  .waiter_frames = w.frames,
					  .holder_frame_cnt = h.cnt,
					  .holder_frames = h.frames });
}

/* Chains, and summed up by holder and holder's stack the blame. */
static void add_chains(struct stack_builder *b)
{
	struct places pl = places_of(b, PLACE_BLAME);

	add_span(b, &pl, &b->p->tallies[CHAINS], 0, 1);
	add_ever(b, &pl, &b->p->tallies[CHAINS], 0, 2);
	places__scale(&pl);
	if (pl.cnt)
		qsort(pl.v, pl.cnt, sizeof(*pl.v), by_holder);
	for (size_t i = 0, k; i < pl.cnt; i = k) {
		uint64_t ns = 0, cnt = 0;

		for (k = i; k < pl.cnt && !by_holder(&pl.v[i], &pl.v[k]); k++) {
			ns += pl.v[k].ns;
			cnt += pl.v[k].cnt;
			put_chain_at(b, &pl.v[k]);
		}
		put_stack(b, stack_of(b->m, SNAP_STACK_BLAME, pl.v[i].tid, pl.v[i].t->other_stack,
				      ns, cnt));
	}
}

/* Blame for which nobody looked, by where holds ended: nobody knows who waited where. */
static void add_end_blame(struct stack_builder *b)
{
	struct places pl = places_of(b, PLACE_BLAME);
	size_t from = b->stack_cnt;

	add_sums(b, &pl, GT_SUM_END_BLAME, 3);
	put_places(b, &pl, true);
	for (size_t i = from; i < b->stack_cnt; i++) {
		const struct snap_stack *s = &b->stacks[i];

		put_chain(b, (struct snap_chain){ .holder_tid = s->tid,
						  .ns = s->ns,
						  .cnt = s->cnt,
						  .holder_truncated = s->truncated,
						  .holder_frame_cnt = s->frame_cnt,
						  .holder_frames = s->frames });
	}
}

static int by_ns(const void *a, const void *b)
{
	const struct snap_chain *x = a, *y = b;

	return x->ns > y->ns ? -1 : x->ns < y->ns;
}

/* What has been built, in the order that it is shown in, as the snapshot's. */
static int hand_over(struct stack_builder *b, struct arena *a, struct snap_proc *ret)
{
	struct snap_stack *stacks = arena__alloc(a, b->stack_cnt, sizeof(*stacks));
	struct snap_chain *chains = arena__alloc(a, b->chain_cnt, sizeof(*chains));

	if (b->oom || !stacks || !chains)
		return -ENOMEM;
	if (b->stack_cnt) {
		qsort(b->stacks, b->stack_cnt, sizeof(*stacks), by_kind_ns);
		memcpy(stacks, b->stacks, b->stack_cnt * sizeof(*stacks));
	}
	if (b->chain_cnt) {
		qsort(b->chains, b->chain_cnt, sizeof(*chains), by_ns);
		memcpy(chains, b->chains, b->chain_cnt * sizeof(*chains));
	}
	ret->stacks_known = true;
	ret->stack_cnt = b->stack_cnt;
	ret->stacks = stacks;
	ret->chain_cnt = b->chain_cnt;
	ret->chains = chains;
	return 0;
}

int mproc__build_stacks(const struct model *m, const struct mproc *p, int base, struct arena *a,
			struct snap_proc *ret)
{
	struct stack_builder b = { .m = m, .p = p, .base = base };
	int err;

	if (!m->stacks_known)
		return 0;
	b.rows = places__rows(ret, a, &b.row_cnt);
	if (!b.rows)
		return -ENOMEM;
	add_waits(&b);
	add_holds(&b);
	add_chains(&b);
	add_end_blame(&b);
	err = hand_over(&b, a, ret);
	free(b.places);
	free(b.stacks);
	free(b.chains);
	return err;
}
