/* SPDX-License-Identifier: BSD-2-Clause */
/* pystacks.c - see pystacks.h
 *
 * Nothing is lost and nothing counted twice: the kernel writes the sums of one of two epochs. Each
 * reading takes both; then the sums of the older epoch, which nobody has written to for a whole
 * refresh, are taken over for good and dropped in the kernel, and the epochs change places.
 */
#include "pystacks.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "hmap.h"
#include "native_sym.h"
#include "probe.h"
#include "pyprocess.h"
#include "pysym.h"
#include "stack_store.h"
#include "totals.h"
#include "util.h"

#include "../bpf/pystack.h"

#define NO_PYTHON_FRAME 1    /* as in stacks.bpf.h */
#define KERNEL_STACKS	2048 /* drop the known ones when the kernel keeps more: half of its table */
#define OPEN_WALKS	64   /* stacks of open waits looked at in a refresh */
#define ENTRIES_MAX	60000

/* A sum, and what each epoch adds to it while the kernel still has it. */
struct entry {
	uint64_t gone_ns, gone_cnt;
	uint64_t cur_ns[2], cur_cnt[2];
};

struct pystacks {
	struct probe *probe;
	struct stack_store *store;
	pystacks_process_fn process_fn;
	void *ctx;
	struct raw_sums raw;
	struct hmap ids;     /* (hash, tgid) -> id + 1 */
	struct hmap sum_idx; /* (tid and kind, tgid and stack) -> index + 1 into totals' stacks */
	struct hmap chain_idx;
	size_t sum_cnt, sum_cap, sum_acap;
	struct total_stack *sums;
	struct entry *sum_e;
	size_t chain_cnt, chain_cap, chain_acap;
	struct total_chain *chains;
	struct entry *chain_e;
	size_t kept_cnt, kept_cap; /* stacks that the kernel keeps and we know */
	struct gt_stack_key *kept;
	uint64_t unresolved;
	bool look_at_all;
	struct py_stack walk;
};

struct pystacks *pystacks__new(struct probe *probe, struct stack_store *store,
			       pystacks_process_fn fn, void *ctx)
{
	struct pystacks *s = calloc(1, sizeof(*s));

	if (!s)
		return NULL;
	s->probe = probe;
	s->store = store;
	s->process_fn = fn;
	s->ctx = ctx;
	return s;
}

void pystacks__free(struct pystacks *s)
{
	if (!s)
		return;
	raw_sums__free(&s->raw);
	hmap__free(&s->ids);
	hmap__free(&s->sum_idx);
	hmap__free(&s->chain_idx);
	free(s->sums);
	free(s->sum_e);
	free(s->chains);
	free(s->chain_e);
	free(s->kept);
	free(s);
}

void pystacks__look_at_all(struct pystacks *s)
{
	s->look_at_all = true;
}

uint64_t pystacks__unresolved(const struct pystacks *s)
{
	return s->unresolved;
}

/* ---- names ---- */

/* The native leaf, where it tells more than "in the interpreter": there the Python line says it. */
static bool native_frame(const struct pystacks_process *p, uint64_t ip, struct snap_frame *ret,
			 char *name, size_t sz)
{
	const char *base = strrchr(p->runtime, '/');
	struct native_place at;

	if (ip >> 63) {
		*ret = (struct snap_frame){ "[kernel]", "", 0 };
		return true;
	}
	if (!p->native || native_sym__find(p->native, ip, &at) ||
	    !strcmp(at.object, base ? base + 1 : p->runtime))
		return false;
	snprintf(name, sz, "[%s]", at.symbol[0] ? at.symbol : "native code");
	*ret = (struct snap_frame){ name, at.object, 0 };
	return true;
}

/* Resolve a walked stack (leaf first) into the store (root first). */
static uint32_t resolve(struct pystacks *s, const struct pystacks_process *p,
			const struct py_stack *w, uint64_t native_ip)
{
	struct snap_frame frames[PY_STACK_MAX + 2];
	size_t cnt = 0, n = w->cnt < PY_STACK_MAX ? w->cnt : PY_STACK_MAX;
	char native[224];

	for (size_t i = n; i-- > 0;) {
		struct pysym_frame f;
		int err = pysym__resolve(p->sym, &w->frames[i], &f);

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
	if (native_ip && native_frame(p, native_ip, &frames[cnt], native, sizeof(native)))
		cnt++;
	return stack_store__add(s->store, frames, cnt, w->end == PY_END_DEPTH);
}

static uint32_t id_of_hash(struct pystacks *s, uint32_t tgid, uint64_t hash)
{
	void *known = hash ? hmap__get(&s->ids, hash, tgid) : (void *)1;
	struct pystacks_process p = { 0 };
	uint32_t id = 0;

	if (known)
		return (uint32_t)(uintptr_t)known - 1;
	if (s->process_fn(s->ctx, tgid, &p) || !p.sym)
		return 0;
	if (hash == NO_PYTHON_FRAME) {
		s->walk = (struct py_stack){ 0 };
		id = resolve(s, &p, &s->walk, 0);
	} else {
		if (probe__stack(s->probe, tgid, hash, &s->walk))
			return 0;
		id = resolve(s, &p, &s->walk, s->walk.mem);
		if (!array_grow(&s->kept, s->kept_cnt, &s->kept_cap, sizeof(*s->kept)))
			s->kept[s->kept_cnt++] = (struct gt_stack_key){ hash, tgid, 0 };
	}
	hmap__put(&s->ids, hash, tgid, (void *)(uintptr_t)(id + 1));
	return id;
}

/* ---- sums ---- */

static struct entry *sum_entry(struct pystacks *s, const struct gt_sum_key *k, uint32_t id)
{
	uint64_t a = (uint64_t)k->kind << 32 | k->tid, b = (uint64_t)k->tgid << 32 | id;
	uintptr_t i = (uintptr_t)hmap__get(&s->sum_idx, a, b);

	if (i)
		return &s->sum_e[i - 1];
	if (s->sum_cnt >= ENTRIES_MAX && id)
		return sum_entry(s, k, 0);
	if (array_grow(&s->sums, s->sum_cnt, &s->sum_cap, sizeof(*s->sums)) ||
	    array_grow(&s->sum_e, s->sum_cnt, &s->sum_acap, sizeof(*s->sum_e)) ||
	    hmap__put(&s->sum_idx, a, b, (void *)(s->sum_cnt + 1)))
		return NULL;
	s->sums[s->sum_cnt] = (struct total_stack){
		.tgid = k->tgid, .tid = k->tid, .kind = k->kind, .stack = id
	};
	s->sum_e[s->sum_cnt] = (struct entry){ 0 };
	return &s->sum_e[s->sum_cnt++];
}

static struct entry *chain_entry(struct pystacks *s, const struct gt_chain_key *k, uint32_t w,
				 uint32_t h)
{
	uint64_t a = (uint64_t)k->waiter_tid << 32 | k->holder_tid;
	uint64_t b = ((uint64_t)w << 32 | h) ^ (uint64_t)k->tgid * 0x9e3779b97f4a7c15u;
	uintptr_t i = (uintptr_t)hmap__get(&s->chain_idx, a, b);

	if (i)
		return &s->chain_e[i - 1];
	if (s->chain_cnt >= ENTRIES_MAX && (w || h))
		return chain_entry(s, k, 0, 0);
	if (array_grow(&s->chains, s->chain_cnt, &s->chain_cap, sizeof(*s->chains)) ||
	    array_grow(&s->chain_e, s->chain_cnt, &s->chain_acap, sizeof(*s->chain_e)) ||
	    hmap__put(&s->chain_idx, a, b, (void *)(s->chain_cnt + 1)))
		return NULL;
	s->chains[s->chain_cnt] = (struct total_chain){ .tgid = k->tgid,
							.waiter = k->waiter_tid,
							.holder = k->holder_tid,
							.waiter_stack = w,
							.holder_stack = h };
	s->chain_e[s->chain_cnt] = (struct entry){ 0 };
	return &s->chain_e[s->chain_cnt++];
}

static void add_reading(struct entry *e, uint32_t epoch, const struct gt_sum *sum)
{
	if (!e)
		return;
	e->cur_ns[epoch & 1] += sum->ns;
	e->cur_cnt[epoch & 1] += sum->cnt;
}

static void forget_readings(struct entry *e, size_t cnt)
{
	for (size_t i = 0; i < cnt; i++) {
		memset(e[i].cur_ns, 0, sizeof(e[i].cur_ns));
		memset(e[i].cur_cnt, 0, sizeof(e[i].cur_cnt));
	}
}

/* The kernel has dropped the sums of this epoch: keep what was read of them. */
static void keep_epoch(struct entry *e, size_t cnt, int epoch)
{
	for (size_t i = 0; i < cnt; i++) {
		e[i].gone_ns += e[i].cur_ns[epoch];
		e[i].gone_cnt += e[i].cur_cnt[epoch];
		e[i].cur_ns[epoch] = e[i].cur_cnt[epoch] = 0;
	}
}

static int fill_totals(struct pystacks *s, struct totals *t)
{
	t->stack_cnt = t->chain_cnt = 0;
	for (size_t i = 0; i < s->sum_cnt; i++) {
		const struct entry *e = &s->sum_e[i];

		if (array_grow(&t->stacks, t->stack_cnt, &t->stack_cap, sizeof(*t->stacks)))
			return -ENOMEM;
		t->stacks[t->stack_cnt] = s->sums[i];
		t->stacks[t->stack_cnt].ns = e->gone_ns + e->cur_ns[0] + e->cur_ns[1];
		t->stacks[t->stack_cnt++].cnt = e->gone_cnt + e->cur_cnt[0] + e->cur_cnt[1];
	}
	for (size_t i = 0; i < s->chain_cnt; i++) {
		const struct entry *e = &s->chain_e[i];

		if (array_grow(&t->chains, t->chain_cnt, &t->chain_cap, sizeof(*t->chains)))
			return -ENOMEM;
		t->chains[t->chain_cnt] = s->chains[i];
		t->chains[t->chain_cnt].ns = e->gone_ns + e->cur_ns[0] + e->cur_ns[1];
		t->chains[t->chain_cnt++].cnt = e->gone_cnt + e->cur_cnt[0] + e->cur_cnt[1];
	}
	t->stacks_known = true;
	return 0;
}

/* The PyThreadState of a thread that has not acquired the GIL since the books started. */
static uint64_t find_tstate(struct py_process *py, uint32_t tid)
{
	struct py_thread *list = NULL;
	ssize_t n = py_process__threads(py, &list);
	uint64_t tstate = 0;

	for (ssize_t i = 0; i < n && !tstate; i++)
		if (list[i].tid == tid)
			tstate = list[i].tstate;
	free(list);
	return tstate;
}

/* Where a thread that waits right now stands: it sleeps, so its stack can be read in peace. */
static void open_waits(struct pystacks *s, struct totals *t)
{
	unsigned int walks = 0;

	for (size_t i = 0; i < t->thread_cnt; i++) {
		struct total_thread *th = &t->threads[i];
		struct pystacks_process p = { 0 };
		uint64_t tstate = th->rec.tstate;

		if ((th->rec.state != GT_WAIT && !s->look_at_all) || (th->rec.flags & GT_F_EXITED))
			continue;
		if (th->rec.state == GT_WAIT)
			th->open_stack = id_of_hash(s, th->rec.tgid, th->rec.wait_stack);
		if (th->open_stack || walks++ >= OPEN_WALKS)
			continue;
		if (s->process_fn(s->ctx, th->rec.tgid, &p) || !p.py)
			continue;
		if (!tstate)
			tstate = find_tstate(p.py, th->key.tid);
		if (!tstate)
			continue;
		py_process__walk(p.py, tstate, &s->walk);
		if (s->walk.end <= PY_END_DEPTH && s->walk.cnt)
			th->open_stack = resolve(s, &p, &s->walk, 0);
	}
}

static void drop_known(struct pystacks *s)
{
	if (s->kept_cnt <= KERNEL_STACKS)
		return;
	for (size_t i = 0; i < s->kept_cnt; i++)
		probe__drop_stack(s->probe, s->kept[i].tgid, s->kept[i].hash);
	s->kept_cnt = 0;
}

int pystacks__read(struct pystacks *s, struct totals *t)
{
	int err = probe__read_sums(s->probe, &s->raw), over;

	if (err)
		return err;
	forget_readings(s->sum_e, s->sum_cnt);
	forget_readings(s->chain_e, s->chain_cnt);
	for (size_t i = 0; i < s->raw.sum_cnt; i++) {
		const struct raw_sum *r = &s->raw.sums[i];

		add_reading(sum_entry(s, &r->key, id_of_hash(s, r->key.tgid, r->key.stack)),
			    r->key.epoch, &r->sum);
	}
	for (size_t i = 0; i < s->raw.chain_cnt; i++) {
		const struct raw_chain *r = &s->raw.chains[i];
		uint32_t w = id_of_hash(s, r->key.tgid, r->key.waiter_stack);
		uint32_t h = id_of_hash(s, r->key.tgid, r->key.holder_stack);

		add_reading(chain_entry(s, &r->key, w, h), r->key.epoch, &r->sum);
	}
	for (size_t i = 0; i < t->gil_cnt; i++) {
		struct gt_gil *g = &t->gils[i].rec;

		for (int k = 0; k < GT_RING_HOLDS; k++)
			g->past[k].stack = id_of_hash(s, t->gils[i].key.tgid, g->past[k].stack);
		g->seg_stack = id_of_hash(s, t->gils[i].key.tgid, g->seg_stack);
	}
	open_waits(s, t);
	err = fill_totals(s, t);
	over = probe__next_epoch(s->probe, &s->raw);
	if (over >= 0) {
		keep_epoch(s->sum_e, s->sum_cnt, over ^ 1);
		keep_epoch(s->chain_e, s->chain_cnt, over ^ 1);
	}
	drop_known(s);
	return err;
}
