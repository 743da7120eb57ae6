/* SPDX-License-Identifier: BSD-2-Clause */
#include "user/source/stacks.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "user/base/budgets.h"
#include "user/base/hmap.h"
#include "user/base/util.h"
#include "user/base/text.h"
#include "user/books/sink.h"
#include "user/books/totals.h"
#include "user/picture/stack_store.h"
#include "user/probe/probe.h"
#include "user/python/process.h"
#include "user/python/sym.h"
#include "user/source/stack_growth.h"
#include "user/target/native_sym.h"

#include "bpf/pystack.h"

/* Clear the kernel's tables of stacks and of code objects when so many are new. */
#define KERNEL_STACKS 2048
#define KERNEL_CODES  2048
/* A handler that has found its sum is done with it before two of these have passed. */
#define EPOCH_NS 100000000
/* Stacks of open waits looked at in a refresh; the others have their turn in the next ones. */
#define OPEN_WALKS 64
/* .. that were not to be read: not tried again in the same wait. */
#define UNREADABLE UINT32_MAX

/* What a hash stands for: it is made of names and places, not of addresses, so that is for good. */
struct known {
	uint32_t id;
	uint32_t used; /* in this reading, the last time */
	bool bare;     /* nobody looked for the native function that it ends in */
};

struct pystacks {
	struct probe *probe;
	struct stack_store *store;
	const struct sinks *sinks;
	uint32_t sent; /* stacks that the sinks have: ids up to this one */
	pystacks_process_fn process_fn;
	void *ctx;
	struct raw_sums raw;
	struct hmap ids; /* (hash, tgid) -> struct known */
	struct stack_growth growth;
	size_t new_cnt, new_codes; /* learned since the kernel's tables were cleared */
	uint64_t stack_full;	   /* its counter of stacks without room, then */
	uint64_t epoch_ns;	   /* the epochs changed places */
	uint64_t unresolved;
	uint32_t readings;
	/* Open waits whose stacks were read: (tgid, tid; since when) -> the stack's id. Of this reading, and of the one
	 * before: who waits stands still.
	 */
	struct hmap walked, walked_before;
	bool look_at_all, no_walks, no_native;
	struct py_walk walk;
};

struct pystacks *pystacks__new(struct probe *probe, struct stack_store *store,
			       const struct sinks *sinks, pystacks_process_fn fn, void *ctx)
{
	struct pystacks *s = calloc(1, sizeof(*s));

	if (!s)
		return NULL;
	s->probe = probe;
	s->store = store;
	s->sinks = sinks;
	s->process_fn = fn;
	s->ctx = ctx;
	return s;
}

void pystacks__free(struct pystacks *s)
{
	if (!s)
		return;
	raw_sums__free(&s->raw);
	hmap__free_all(&s->ids, free);
	hmap__free(&s->walked);
	hmap__free(&s->walked_before);
	stack_growth__deinit(&s->growth);
	free(s);
}

void pystacks__look_at_all(struct pystacks *s)
{
	s->look_at_all = true;
}

/* ---- names ---- */

/* The native leaf, where it tells more than "in the interpreter": there the Python line says it. */
static bool native_frame(const struct pystacks_process *p, uint64_t ip, bool bare,
			 struct snap_frame *ret, char *name, size_t sz)
{
	struct native_place at;

	if (ip == PY_NATIVE_GC) {
		*ret = (struct snap_frame){ "[garbage collector]", "", 0 };
		return true;
	}
	if (ip >> 63) {
		*ret = (struct snap_frame){ "[kernel]", "", 0 };
		return true;
	}
	if (bare || !p->native || native_sym__find(p->native, ip, &at) ||
	    !strcmp(at.object, path_base(p->runtime)))
		return false;
	snprintf(name, sz, "[%s]", at.symbol[0] ? at.symbol : "native code");
	*ret = (struct snap_frame){ name, at.object, 0 };
	return true;
}

/* Its id in the store; the sinks learn it there and then. 0: no room. */
static uint32_t keep(struct pystacks *s, const struct snap_frame *frames, size_t cnt,
		     bool truncated)
{
	uint32_t id = stack_store__add(s->store, frames, cnt, truncated);

	for (; s->sent < id; s->sent++) {
		struct stored_stack kept = stack_store__get(s->store, s->sent + 1);
		struct record r = { .kind = REC_STACK,
				    .stack = { s->sent + 1, kept.truncated, kept.cnt,
					       kept.frames } };

		if (sinks__send(s->sinks, &r))
			return 0;
	}
	return id;
}

/* Have what the kernel knows of the code objects of a stack. */
static void learn(struct pystacks *s, uint32_t tgid, struct pysym *sym, const struct py_stack *w)
{
	for (uint32_t i = 0; i < w->cnt && i < PY_STACK_MAX; i++) {
		struct py_code code;

		if (!pysym__wants(sym, w->frames[i].id) ||
		    probe__code(s->probe, tgid, w->frames[i].id, &code))
			continue;
		pysym__learn(sym, &code);
		s->new_codes++;
	}
}

/* Resolve a walked stack (leaf first) into the store (root first). code: where the code objects are; NULL: not known. */
static uint32_t resolve(struct pystacks *s, uint32_t tgid, const struct pystacks_process *p,
			const struct py_stack *w, const __u64 *code)
{
	struct snap_frame frames[PY_STACK_MAX + 2];
	size_t cnt = 0, n = w->cnt < PY_STACK_MAX ? w->cnt : PY_STACK_MAX;
	char native[224];

	pysym__begin(p->sym);
	learn(s, tgid, p->sym, w);
	for (size_t i = n; i-- > 0;) {
		struct pysym_frame f;
		int err = pysym__resolve(p->sym, &w->frames[i], code ? code[i] : 0, &f);

		if (err == -ENOENT) /* still being set up: CPython does not show it either */
			continue;
		if (err) {
			s->unresolved++;
			f = (struct pysym_frame){ "[freed code]", "?", 0 };
		}
		frames[cnt++] = (struct snap_frame){ f.name, f.file, f.line };
	}
	if (!cnt)
		frames[cnt++] = (struct snap_frame){ "[no Python frame]", "", 0 };
	if (w->native &&
	    native_frame(p, w->native, s->no_native, &frames[cnt], native, sizeof(native)))
		cnt++;
	return keep(s, frames, cnt, w->end == PY_END_DEPTH);
}

/* This stack is known from now on. 0: no room, or no memory. */
static uint32_t know(struct pystacks *s, uint32_t tgid, uint64_t hash, const struct py_stack *w,
		     const struct pystacks_process *p)
{
	struct known *k = malloc(sizeof(*k));

	if (!k || hmap__put(&s->ids, hash, tgid, k)) {
		free(k);
		return 0;
	}
	s->new_cnt++;
	*k = (struct known){ resolve(s, tgid, p, w, NULL), s->readings, s->no_native && w->native };
	return k->id;
}

uint32_t pystacks__id(struct pystacks *s, uint32_t tgid, uint64_t hash)
{
	struct known *k = hash ? hmap__get(&s->ids, hash, tgid) : NULL;
	struct pystacks_process p = { 0 };

	if (k) {
		k->used = s->readings;
		return k->id;
	}
	if (!hash || s->process_fn(s->ctx, tgid, &p) || !p.sym)
		return 0;
	s->walk.stack = (struct py_stack){ 0 };
	if (hash != NO_PYTHON_FRAME && probe__stack(s->probe, tgid, hash, &s->walk.stack))
		return 0;
	return know(s, tgid, hash, &s->walk.stack, &p);
}

/* ---- reading ---- */

/* The threads of one process as the interpreter lists them. */
struct listed {
	uint32_t tgid; /* 0: none yet */
	ssize_t cnt;
	struct py_thread *threads;
};

/* The PyThreadState of a thread that has not acquired the GIL since the books started. */
static uint64_t find_tstate(struct listed *l, struct py_process *py, uint32_t tgid, uint32_t tid)
{
	if (l->tgid != tgid) { /* read once, for all of its threads that wait */
		free(l->threads);
		l->threads = NULL;
		l->tgid = tgid;
		l->cnt = py_process__threads(py, &l->threads);
	}
	for (ssize_t i = 0; i < l->cnt; i++)
		if (l->threads[i].tid == tid)
			return l->threads[i].tstate;
	return 0;
}

static uint64_t thread_no(const struct total_thread *th)
{
	return (uint64_t)th->rec.tgid << 32 | th->key.tid;
}

static void remember(struct pystacks *s, const struct total_thread *th, uint32_t id)
{
	/* Without memory it is read again. */
	hmap__put(&s->walked, thread_no(th), th->rec.since_ns, (void *)(uintptr_t)id);
}

/* Has the stack of this open wait been read? Then th has it. */
static bool is_walked(struct pystacks *s, struct total_thread *th)
{
	void *id = hmap__get(&s->walked_before, thread_no(th), th->rec.since_ns);

	if (!id || th->rec.state != GT_WAIT)
		return false;
	remember(s, th, (uint32_t)(uintptr_t)id);
	if ((uint32_t)(uintptr_t)id != UNREADABLE)
		th->open_stack = (uint32_t)(uintptr_t)id;
	return true;
}

static void walk(struct pystacks *s, struct listed *listed, struct total_thread *th)
{
	struct pystacks_process p = { 0 };
	uint64_t tstate = th->rec.tstate;

	if (s->process_fn(s->ctx, th->rec.tgid, &p) || !p.py)
		return;
	if (!tstate || th->rec.flags & GT_F_TSTATE_MOVES)
		tstate = find_tstate(listed, p.py, th->rec.tgid, th->key.tid);
	if (tstate) {
		py_process__walk(p.py, tstate, &s->walk);
		if (s->walk.stack.end <= PY_END_DEPTH && s->walk.stack.cnt)
			th->open_stack = resolve(s, th->rec.tgid, &p, &s->walk.stack, s->walk.code);
	}
	if (th->rec.state == GT_WAIT)
		remember(s, th, th->open_stack ? th->open_stack : UNREADABLE);
}

/* Where a thread that waits right now stands: it sleeps, so its stack can be read in peace. */
static void open_waits(struct pystacks *s, struct totals *t, bool quick)
{
	struct listed listed = { 0 };
	struct hmap old = s->walked_before;
	unsigned int walks = 0;

	s->walked_before = s->walked;
	s->walked = old;
	hmap__clear(&s->walked);
	for (size_t i = 0; i < t->thread_cnt; i++) {
		struct total_thread *th = &t->threads[i];

		if ((th->rec.state != GT_WAIT && !s->look_at_all) || (th->rec.flags & GT_F_EXITED))
			continue;
		if (th->rec.state == GT_WAIT)
			th->open_stack = pystacks__id(s, th->rec.tgid, th->rec.wait_stack);
		if (!th->open_stack && !quick && !is_walked(s, th) && !s->no_walks &&
		    walks++ < OPEN_WALKS)
			walk(s, &listed, th);
	}
	free(listed.threads);
}

uint32_t pystacks__look(struct pystacks *s, struct total_thread *th)
{
	struct listed listed = { 0 };

	th->open_stack =
		th->rec.state == GT_WAIT ? pystacks__id(s, th->rec.tgid, th->rec.wait_stack) : 0;
	if (!th->open_stack && !is_walked(s, th))
		walk(s, &listed, th);
	free(listed.threads);
	return th->open_stack;
}

static void forget_if(struct pystacks *s,
		      bool (*fn)(void *ctx, uint32_t tgid, const struct known *k), void *ctx)
{
	struct hmap ids = { 0 };

	for (size_t i = 0; i < s->ids.cap; i++) {
		const struct hmap_slot *slot = &s->ids.slots[i];

		if (!slot->value)
			continue;
		if (fn(ctx, (uint32_t)slot->b, slot->value) ||
		    hmap__put(&ids, slot->a, slot->b, slot->value))
			free(slot->value); /* no memory: is resolved again */
	}
	hmap__free(&s->ids);
	s->ids = ids;
}

static bool not_used(void *ctx, uint32_t tgid, const struct known *k)
{
	const struct pystacks *s = ctx;

	(void)tgid;
	return k->used != s->readings;
}

static bool take_code(void *ctx, uint32_t tgid, uint64_t id, const struct py_code *code)
{
	const struct pystacks *s = ctx;
	struct pystacks_process p = { 0 };

	if (!s->process_fn(s->ctx, tgid, &p) && p.sym && pysym__wants(p.sym, id))
		pysym__learn(p.sym, code);
	return true;
}

static bool take_stack(void *ctx, uint32_t tgid, uint64_t hash, const struct py_stack *w)
{
	struct pystacks *s = ctx;
	struct pystacks_process p = { 0 };

	if (!hmap__get(&s->ids, hash, tgid) && !s->process_fn(s->ctx, tgid, &p) && p.sym)
		know(s, tgid, hash, w, &p);
	return true;
}

/* Learn all that the kernel has, and drop it there: it comes back when it is walked again. So its tables have room for
 * what is new.
 */
static void take_all(struct pystacks *s)
{
	static const struct probe_stack_ops take = { take_code, take_stack };

	probe__each_stack(s->probe, &take, s);
	s->new_cnt = s->new_codes = 0;
	/* A program without end of new stacks. (After the kernel's: what is not known here stays there.) */
	if (s->ids.cnt > BUDGET_STACKS)
		forget_if(s, not_used, s);
}

void pystacks__take(struct pystacks *s, uint32_t tgid, uint64_t hash)
{
	pystacks__id(s, tgid, hash);
	if (s->new_cnt > KERNEL_STACKS || s->new_codes > KERNEL_CODES || probe__news_lost(s->probe))
		take_all(s);
}

int pystacks__read(struct pystacks *s, struct totals *t, bool quick)
{
	uint64_t full = t->stats[GT_STAT_STACK_FULL];
	int err = probe__read_sums(s->probe, &s->raw), over = -1;

	if (err)
		return err;
	s->readings++;
	stack_growth__begin(t);
	for (size_t i = 0; i < s->raw.sum_cnt && !err; i++) {
		const struct raw_sum *r = &s->raw.sums[i];

		err = stack_growth__add_sum(&s->growth, &r->key,
					    pystacks__id(s, r->key.tgid, r->key.stack), &r->sum, t);
	}
	for (size_t i = 0; i < s->raw.chain_cnt && !err; i++) {
		const struct raw_chain *r = &s->raw.chains[i];
		uint32_t w = pystacks__id(s, r->key.tgid, r->key.waiter_stack);
		uint32_t h = pystacks__id(s, r->key.tgid, r->key.holder_stack);

		err = stack_growth__add_chain(&s->growth, &r->key, w, h, &r->sum, t);
	}
	for (size_t i = 0; i < t->sleep_cnt; i++)
		t->sleeps[i].stack = pystacks__id(s, t->sleeps[i].at.tgid, t->sleeps[i].at.stack);
	open_waits(s, t, quick);
	t->stats[COUNTER_STORE_FULL] = stack_store__full_cnt(s->store);
	t->stats[COUNTER_UNRESOLVED] = s->unresolved;
	if (t->now_ns - s->epoch_ns >= EPOCH_NS) {
		s->epoch_ns = t->now_ns;
		over = probe__next_epoch(s->probe, &s->raw);
	}
	if (over >= 0 && stack_growth__drop_epoch(&s->growth, (uint32_t)over ^ 1))
		err = -ENOMEM;
	if (full != s->stack_full || s->ids.cnt > BUDGET_STACKS)
		take_all(s);
	s->stack_full = full;
	return err;
}

static bool is_bare(void *ctx, uint32_t tgid, const struct known *k)
{
	(void)ctx;
	(void)tgid;
	return k->bare;
}

void pystacks__leave_out(struct pystacks *s, bool walks, bool native)
{
	bool again = s->no_native && !native;

	s->no_walks = walks;
	s->no_native = native;
	if (again)
		forget_if(s, is_bare, NULL);
}

/* Of which processes, sorted. */
struct gone {
	const uint32_t *tgids;
	size_t cnt;
};

static bool is_of(const void *ctx, uint32_t tgid)
{
	const struct gone *g = ctx;

	return sorted_has(g->tgids, g->cnt, tgid);
}

static bool is_gone(void *ctx, uint32_t tgid, const struct known *k)
{
	(void)k;
	return is_of(ctx, tgid);
}

static bool drop_code(void *ctx, uint32_t tgid, uint64_t id, const struct py_code *code)
{
	(void)id;
	(void)code;
	return is_of(ctx, tgid);
}

static bool drop_stack(void *ctx, uint32_t tgid, uint64_t hash, const struct py_stack *w)
{
	(void)hash;
	(void)w;
	return is_of(ctx, tgid);
}

int pystacks__forget(struct pystacks *s, const uint32_t *tgids, size_t cnt)
{
	static const struct probe_stack_ops drop = { drop_code, drop_stack };
	struct gone gone = { tgids, cnt };
	int err = 0;

	/* Hashes of strings are part of them: they mean something else in the next program. */
	forget_if(s, is_gone, &gone);
	probe__each_stack(s->probe, &drop, &gone);
	for (size_t i = 0; i < cnt && !err; i++)
		err = stack_growth__drop_process(&s->growth, tgids[i]);
	return err;
}
