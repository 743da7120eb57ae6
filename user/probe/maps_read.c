/* SPDX-License-Identifier: BSD-2-Clause */
#include "user/probe/maps_read.h"

#include <errno.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <time.h>

#include <bpf/bpf.h>
#include <bpf/libbpf.h>

#include "bpf/alarm.h"
#include "bpf/modes.h"
#include "giltop.skel.h"
#include "user/base/log.h"
#include "user/base/util.h"
#include "user/books/totals.h"
#include "user/probe/probe.h"

#define BATCH 256
/* From the moment that it is announced to the cut itself: every CPU sees it by then. */
#define CUT_LEAD_NS 200000
#define CUT_TRIES   1000
/* A handler ends within microseconds, on a CPU that is taken away meanwhile within milliseconds: looked at again
 * at once, then at longer and longer intervals, more than a second in all.
 */
#define TORN_TRIES   60
#define TORN_SPIN    10
#define TORN_STEP_NS 1000000

/* Batches where the kernel has them (5.6). */
int map_each(const struct bpf_map *map, map_elem_fn fn, void *ctx)
{
	size_t ksz = bpf_map__key_size(map), vsz = bpf_map__value_size(map);
	__cleanup(freep) char *keys = calloc(BATCH, ksz);
	__cleanup(freep) char *values = calloc(BATCH, vsz);
	__u32 in = 0, out = 0; /* opaque position of a hash map: a bucket number */
	bool first = true;
	int err, fd = bpf_map__fd(map);

	if (!keys || !values)
		return -ENOMEM;
	for (;;) {
		__u32 cnt = BATCH;

		err = bpf_map_lookup_batch(fd, first ? NULL : &in, &out, keys, values, &cnt, NULL);
		if (err && err != -ENOENT)
			return err;
		for (__u32 i = 0; i < cnt; i++) {
			int e = fn(ctx, keys + i * ksz, values + i * vsz);

			if (e)
				return e;
		}
		if (err)
			return 0;
		in = out;
		first = false;
	}
}

struct reader {
	struct giltop_bpf *skel;
	struct totals *ret;
	uint64_t cut; /* with GT_CUT_SIDE */
	/* Of the process that was asked for last. */
	uint32_t modes_of;
	bool has_modes;
	struct gt_modes modes;
};

/* NULL: its books are always exact. */
static const struct gt_modes *modes_of(struct reader *r, uint32_t tgid)
{
	if (r->modes_of != tgid)
		r->has_modes =
			!bpf_map_lookup_elem(bpf_map__fd(r->skel->maps.modes), &tgid, &r->modes);
	r->modes_of = tgid;
	return r->has_modes ? &r->modes : NULL;
}

/* Before another look at a record that is being written. false: it was the last one. */
static bool look_again(struct totals *t, int i)
{
	const struct timespec step = { .tv_nsec = (i - TORN_SPIN + 1) * TORN_STEP_NS };

	if (i == TORN_TRIES) {
		t->torn_cnt++;
		return false;
	}
	if (i >= TORN_SPIN) {
		t->late_cnt += i == TORN_SPIN;
		nanosleep(&step, NULL);
	}
	return true;
}

static int read_gil(void *ctx, const void *key, const void *value)
{
	struct reader *r = ctx;
	struct totals *t = r->ret;
	struct total_gil *g;
	int fd = bpf_map__fd(r->skel->maps.gils);

	if (array_grow(&t->gils, t->gil_cnt, &t->gil_cap, sizeof(*t->gils)))
		return -ENOMEM;
	g = &t->gils[t->gil_cnt];
	memcpy(&g->key, key, sizeof(g->key));
	if (bpf_map_lookup_elem(fd, value, &g->rec))
		return 0;
	t->gil_cnt++;
	for (int i = 0; g->rec.seq_start != g->rec.seq_end && look_again(t, i); i++)
		bpf_map_lookup_elem(fd, value, &g->rec);
	if (g->rec.cut == r->cut)
		bpf_map_lookup_elem(bpf_map__fd(r->skel->maps.gil_cuts), value, &g->rec);
	memcpy(&g->slot, value, sizeof(g->slot));
	g->exact_since_ns = g->rec.light ? 0 : g->rec.mode_ns;
	totals__lighten_gil(&g->rec, modes_of(r, g->key.tgid), t->now_ns);
	return 0;
}

static int read_thread(void *ctx, const void *key, const void *value)
{
	struct reader *r = ctx;
	struct totals *t = r->ret;
	struct total_thread *th;
	int fd = bpf_map__fd(r->skel->maps.threads);

	if (array_grow(&t->threads, t->thread_cnt, &t->thread_cap, sizeof(*t->threads)))
		return -ENOMEM;
	th = &t->threads[t->thread_cnt++];
	memcpy(&th->key, key, sizeof(th->key));
	memcpy(&th->rec, value, sizeof(th->rec));
	for (int i = 0; th->rec.seq_start != th->rec.seq_end; i++) {
		if (!look_again(t, i)) {
			th->rec.flags &= ~GT_F_EXITED; /* not complete yet: comes again */
			break;
		}
		bpf_map_lookup_elem(fd, &th->key, &th->rec);
	}
	totals__thread_at(&th->rec, r->cut);
	th->hold_since_ns = th->rec.state == GT_HOLD ? th->rec.since_ns : 0;
	if (th->hold_since_ns)
		totals__lighten_thread(&th->rec, modes_of(r, th->rec.tgid), t->now_ns);
	th->open_stack = 0;
	if (!th->rec.first_ns)
		t->thread_cnt--; /* it had shown no event then */
	return 0;
}

/* An array of structs that begin with a key; the value stands at value_off. */
struct copy {
	void *arr;
	size_t *cnt, *cap;
	size_t elem_sz, value_off, key_sz, value_sz;
};

static int copy_elem(void *ctx, const void *key, const void *value)
{
	const struct copy *c = ctx;
	char *to;

	if (array_grow(c->arr, *c->cnt, c->cap, c->elem_sz))
		return -ENOMEM;
	to = *(char **)c->arr + (*c->cnt)++ * c->elem_sz;
	memcpy(to, key, c->key_sz);
	memcpy(to + c->value_off, value, c->value_sz);
	return 0;
}

/* All elements of a map into such an array. */
static int copy_map(const struct bpf_map *map, struct copy *c)
{
	c->key_sz = bpf_map__key_size(map);
	c->value_sz = bpf_map__value_size(map);
	*c->cnt = 0;
	return map_each(map, copy_elem, c);
}

#define COPY(all, arr, n, value)                                                                   \
	(&(struct copy){ &(all)->arr, &(all)->n##_cnt, &(all)->n##_cap, sizeof(*(all)->arr),       \
			 offsetof(__typeof__(*(all)->arr), value), 0, 0 })

int probe_read__sums(struct giltop_bpf *skel, struct raw_sums *ret)
{
	int err = copy_map(skel->maps.sums, COPY(ret, sums, sum, sum));

	return err ? err : copy_map(skel->maps.chains, COPY(ret, chains, chain, sum));
}

static bool is_other_sum(const struct gt_sum_key *k)
{
	return !k->tid && !k->stack;
}

static bool is_other_chain(const struct gt_chain_key *k)
{
	return !k->waiter_tid && !k->holder_tid && !k->waiter_stack && !k->holder_stack;
}

int probe_read__open_sums(struct giltop_bpf *skel, uint32_t tgid, bool stacks)
{
	int sums = bpf_map__fd(skel->maps.sums), chains = bpf_map__fd(skel->maps.chains);
	int pairs = bpf_map__fd(skel->maps.pairs);
	struct gt_sum zero = { 0 };
	int err = 0;

	for (__u32 side = 0; side < 2 && !err; side++) {
		struct gt_pair_key pair = { .tgid = tgid, .side = side };

		err = bpf_map_update_elem(pairs, &pair, &zero.ns, BPF_ANY);
	}
	for (__u32 epoch = 0; stacks && epoch < 2 && !err; epoch++) {
		struct gt_chain_key chain = { .tgid = tgid, .epoch = epoch };

		for (__u32 kind = 0; kind < GT_SUM_KINDS && !err; kind++) {
			struct gt_sum_key sum = { .tgid = tgid, .kind = kind, .epoch = epoch };

			err = bpf_map_update_elem(sums, &sum, &zero, BPF_ANY);
		}
		if (!err)
			err = bpf_map_update_elem(chains, &chain, &zero, BPF_ANY);
	}
	return err;
}

/* keep: it stays, at 0. */
static void drop_sum(int fd, const void *key, const struct gt_sum *sum, bool keep)
{
	static const struct gt_sum zero;

	if (!keep)
		bpf_map_delete_elem(fd, key);
	else if (sum->ns || sum->cnt)
		bpf_map_update_elem(fd, key, &zero, BPF_EXIST);
}

void probe_read__drop_epoch(struct giltop_bpf *skel, const struct raw_sums *read, uint32_t epoch)
{
	int sums = bpf_map__fd(skel->maps.sums), chains = bpf_map__fd(skel->maps.chains);

	for (size_t i = 0; i < read->sum_cnt; i++)
		if (read->sums[i].key.epoch == epoch)
			drop_sum(sums, &read->sums[i].key, &read->sums[i].sum,
				 is_other_sum(&read->sums[i].key));
	for (size_t i = 0; i < read->chain_cnt; i++)
		if (read->chains[i].key.epoch == epoch)
			drop_sum(chains, &read->chains[i].key, &read->chains[i].sum,
				 is_other_chain(&read->chains[i].key));
}

void raw_sums__free(struct raw_sums *r)
{
	free(r->sums);
	free(r->chains);
	*r = (struct raw_sums){ 0 };
}

static void read_stats(struct giltop_bpf *skel, struct totals *ret)
{
	int fd = bpf_map__fd(skel->maps.stats), cpus = libbpf_num_possible_cpus();
	__cleanup(freep) uint64_t *v = calloc(cpus > 0 ? (size_t)cpus : 1, sizeof(*v));

	for (__u32 i = 0; v && i < GT_STAT_CNT; i++) {
		ret->stats[i] = 0;
		if (bpf_map_lookup_elem(fd, &i, v))
			continue;
		for (int c = 0; c < cpus; c++)
			ret->stats[i] += v[c];
	}
}

/* Ended threads are complete now: drop their records, the reader has them. (Their tid cannot have come
 * round to a new thread between the read and this: that takes a full turn of the pid space.)
 */
static void drop_exited(struct giltop_bpf *skel, const struct totals *t)
{
	int fd = bpf_map__fd(skel->maps.threads);
	int64_t cnt = 0;

	for (size_t i = 0; i < t->thread_cnt; i++) {
		const struct gt_thread *rec = &t->threads[i].rec;

		/* A thread that died waiting is still to be closed by its GIL's next event. */
		if (!(rec->flags & GT_F_EXITED) || rec->state == GT_WAIT || rec->state == GT_HOLD)
			continue;
		if (!bpf_map_delete_elem(fd, &t->threads[i].key))
			cnt++;
	}
	if (cnt)
		__sync_fetch_and_sub((uint64_t *)&skel->bss->exited_cnt, (uint64_t)cnt);
}

/* The rows of the side that is over are complete: nobody adds to them until the next cut is published. */
struct pair_drain {
	struct totals *ret;
	uint32_t side;
	int fd;
};

static int drain_pair(void *ctx, const void *key, const void *value)
{
	const struct pair_drain *d = ctx;
	struct totals *t = d->ret;
	const struct gt_pair_key *k = key;
	static const uint64_t zero;

	if (k->side != d->side || (pair_stays(k) && !memcmp(value, &zero, sizeof(zero))))
		return 0;
	if (array_grow(&t->pairs, t->pair_cnt, &t->pair_cap, sizeof(*t->pairs)))
		return -ENOMEM;
	t->pairs[t->pair_cnt].key = *k;
	t->pairs[t->pair_cnt].key.side = 0;
	memcpy(&t->pairs[t->pair_cnt++].ns, value, sizeof(uint64_t));
	if (pair_stays(k))
		bpf_map_update_elem(d->fd, k, &zero, BPF_EXIST);
	return 0;
}

static int read_pairs(struct giltop_bpf *skel, uint64_t cut, struct totals *ret)
{
	struct pair_drain d = { ret, cut & GT_CUT_SIDE ? 0 : 1, bpf_map__fd(skel->maps.pairs) };
	int err;

	ret->pair_cnt = 0;
	err = map_each(skel->maps.pairs, drain_pair, &d);
	for (size_t i = 0; i < ret->pair_cnt && !err; i++) {
		struct gt_pair_key key = ret->pairs[i].key;

		key.side = d.side;
		if (!pair_stays(&key))
			bpf_map_delete_elem(d.fd, &key);
	}
	return err;
}

/* Announce a cut in time (bpf/cut.bpf.h): who lost its CPU meanwhile tries again. */
static uint64_t cut_announce(struct giltop_bpf *skel)
{
	uint64_t side = ~skel->bss->cut & GT_CUT_SIDE, at;
	int tries = CUT_TRIES;

	do {
		at = now_ns() + CUT_LEAD_NS;
		__atomic_store_n(&skel->bss->cut_next, at | side, __ATOMIC_SEQ_CST);
	} while (now_ns() > at - CUT_LEAD_NS / 2 && --tries);
	return at | side;
}

/* Their books are light from this cut on, which is announced and not published yet: no event passes it meanwhile. */
static void take_steps(struct giltop_bpf *skel, struct probe_steps *steps, uint64_t at)
{
	for (size_t i = 0; i < steps->cnt; i++) {
		struct gt_modes *m = steps->v[i].modes;

		m->light_ns[m->cnt++] = at;
		m->exact = m->from_start = 0;
		bpf_map_update_elem(bpf_map__fd(skel->maps.modes), &steps->v[i].tgid, m, BPF_EXIST);
	}
	steps->cnt = 0;
}

/* Make a cut, and wait for it. Returns it with its side. */
static uint64_t cut_books(struct giltop_bpf *skel, struct probe_steps *steps)
{
	uint64_t cut, at;
	struct timespec ts;

	__atomic_store_n(&skel->bss->reading, 1, __ATOMIC_SEQ_CST);
	cut = cut_announce(skel);
	at = cut & ~GT_CUT_SIDE;
	take_steps(skel, steps, at);
	ts = (struct timespec){ (time_t)(at / 1000000000u), (long)(at % 1000000000u) };
	__atomic_store_n(&skel->bss->cut_before, skel->bss->cut, __ATOMIC_SEQ_CST);
	__atomic_store_n(&skel->bss->cut, cut, __ATOMIC_SEQ_CST);
	while (now_ns() < at)
		clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &ts, NULL);
	return cut;
}

int probe_read__all(struct giltop_bpf *skel, struct probe_steps *steps, struct totals *ret)
{
	struct reader r = { .skel = skel, .ret = ret };
	struct rusage ru;
	int err;

	ret->gil_cnt = ret->thread_cnt = 0;
	ret->torn_cnt = ret->late_cnt = 0;
	r.cut = cut_books(skel, steps);
	ret->now_ns = r.cut & ~GT_CUT_SIDE;
	for (int i = 0;
	     __atomic_load_n(&skel->bss->folding, __ATOMIC_SEQ_CST) && look_again(ret, i); i++)
		;
	/* GILs first: when all of these were found in peace, no event from before the cut is under way. */
	err = map_each(skel->maps.gil_slots, read_gil, &r);
	if (!err)
		err = map_each(skel->maps.threads, read_thread, &r);
	if (!err)
		err = copy_map(skel->maps.ended, COPY(ret, ended, ended, rec));
	if (!err)
		err = read_pairs(skel, r.cut, ret);
	if (err) {
		pr_warn("cannot read the BPF maps: %s\n", errstr(err));
		return err;
	}
	ret->runnable_unknown = skel->bss->queued_unknown;
	read_stats(skel, ret);
	ret->stats[COUNTER_TORN] += ret->torn_cnt;
	ret->stats[COUNTER_LATE] += ret->late_cnt;
	drop_exited(skel, ret);
	__atomic_store_n(&skel->bss->reading, 0, __ATOMIC_SEQ_CST);
	getrusage(RUSAGE_SELF, &ru);
	ret->self_cpu_ns = (uint64_t)(ru.ru_utime.tv_sec + ru.ru_stime.tv_sec) * 1000000000u +
			   (uint64_t)(ru.ru_utime.tv_usec + ru.ru_stime.tv_usec) * 1000u;
	return 0;
}

void probe_read__init(struct giltop_bpf *skel)
{
	int fd = bpf_map__fd(skel->maps.gil_free);

	for (uint32_t slot = 0; slot < GT_GILS; slot++)
		bpf_map_update_elem(fd, NULL, &slot, BPF_ANY);
}
