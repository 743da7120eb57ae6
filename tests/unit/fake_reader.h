/* SPDX-License-Identifier: BSD-2-Clause */
/* fake_reader.h - the maps of a fake machine read into totals, as user/probe and user/source read them */
#ifndef GILTOP_TEST_FAKE_READER_H
#define GILTOP_TEST_FAKE_READER_H

#include "user/base/util.h"

#include "tests/unit/fake_machine.h"

#define READ_TRIES 8

/* Ids of stacks are the numbers that threads stand at; these two have none. */
#define NO_FRAME_ID 9999u

static inline uint32_t id_of_stack(uint32_t tgid, uint64_t hash)
{
	struct gt_stack_key key = { .hash = hash, .tgid = tgid };
	struct gt_code_key code = { .tgid = tgid };
	const struct py_stack *s;
	const struct py_code *c;

	if (!hash || hash == NO_PYTHON_FRAME)
		return hash ? NO_FRAME_ID : 0;
	s = shim__find(SHIM_MAP(&stacks), &key);
	if (!s || !s->cnt)
		return s ? NO_FRAME_ID : 0;
	code.id = s->frames[0].id;
	c = shim__find(SHIM_MAP(&codes), &code);
	assert_true(c && c->id == code.id); /* its names were there before it */
	return (uint32_t)((c->addr - FRAME_AT) / FRAME_SZ);
}

static inline void read_gils(struct machine *k)
{
	struct totals *t = &k->totals;
	char *keys;
	uint32_t n = shim__keys(SHIM_MAP(&gil_slots), &keys);

	for (uint32_t i = 0; i < n; i++) {
		const struct gt_gil_key *key = (void *)(keys + i * sizeof(*key));
		const uint32_t *slot = shim_map_lookup(SHIM_MAP(&gil_slots), key);
		struct total_gil *g;
		int try = 0;

		if (!slot)
			continue;
		assert_int_equal(array_grow(&t->gils, t->gil_cnt, &t->gil_cap, sizeof(*t->gils)),
				 0);
		g = &t->gils[t->gil_cnt++];
		memcpy(&g->key, key, sizeof(g->key));
		do {
			memcpy(&g->rec, shim_map_lookup(SHIM_MAP(&gils), slot), sizeof(g->rec));
		} while (g->rec.seq_start != g->rec.seq_end && ++try < READ_TRIES);
		t->torn_cnt += try == READ_TRIES;
		if (g->rec.cut == cut)
			memcpy(&g->rec, shim_map_lookup(SHIM_MAP(&gil_cuts), slot), sizeof(g->rec));
		g->slot = *slot;
		totals__lighten_gil(&g->rec, shim__find(SHIM_MAP(&modes), &g->key.tgid),
				    cut & ~GT_CUT_SIDE);
	}
	free(keys);
}

static inline void read_threads(struct machine *k)
{
	struct totals *t = &k->totals;
	char *keys;
	uint32_t n = shim__keys(SHIM_MAP(&threads), &keys);

	for (uint32_t i = 0; i < n; i++) {
		const struct gt_thread_key *key = (void *)(keys + i * sizeof(*key));
		const struct gt_thread *rec = shim_map_lookup(SHIM_MAP(&threads), key);
		struct total_thread *th;
		int try = 0;

		if (!rec)
			continue;
		assert_int_equal(
			array_grow(&t->threads, t->thread_cnt, &t->thread_cap, sizeof(*t->threads)),
			0);
		th = &t->threads[t->thread_cnt++];
		*th = (struct total_thread){ .key = *key, .rec = *rec };
		while (th->rec.seq_start != th->rec.seq_end && ++try < READ_TRIES) {
			rec = shim_map_lookup(SHIM_MAP(&threads), key);
			if (rec)
				th->rec = *rec;
		}
		if (try == READ_TRIES) {
			t->torn_cnt++;
			th->rec.flags &= ~GT_F_EXITED; /* not complete yet: comes again */
		}
		totals__thread_at(&th->rec, cut);
		totals__lighten_thread(&th->rec, shim__find(SHIM_MAP(&modes), &th->rec.tgid),
				       cut & ~GT_CUT_SIDE);
		if (!th->rec.first_ns)
			t->thread_cnt--; /* it had shown no event then */
	}
	free(keys);
}

static inline void read_ended(struct machine *k)
{
	struct totals *t = &k->totals;
	char *keys;
	uint32_t n = shim__keys(SHIM_MAP(&ended), &keys);

	for (uint32_t i = 0; i < n; i++) {
		const struct gt_gil_key *key = (void *)(keys + i * sizeof(*key));
		const struct gt_ended *rec = shim_map_lookup(SHIM_MAP(&ended), key);

		assert_int_equal(
			array_grow(&t->ended, t->ended_cnt, &t->ended_cap, sizeof(*t->ended)), 0);
		if (rec)
			t->ended[t->ended_cnt++] = (struct total_ended){ .key = *key, .rec = *rec };
	}
	free(keys);
}

/* Those of the side that is over. */
static inline void read_pairs(struct machine *k)
{
	struct totals *t = &k->totals;
	uint32_t side = cut & GT_CUT_SIDE ? 0 : 1;
	char *keys;
	uint32_t n = shim__keys(SHIM_MAP(&pairs), &keys);

	for (uint32_t i = 0; i < n; i++) {
		struct gt_pair_key key = *(struct gt_pair_key *)(void *)(keys + i * sizeof(key));
		uint64_t *ns = shim_map_lookup(SHIM_MAP(&pairs), &key);

		if (key.side != side || !ns)
			continue;
		assert_int_equal(
			array_grow(&t->pairs, t->pair_cnt, &t->pair_cap, sizeof(*t->pairs)), 0);
		key.side = 0;
		t->pairs[t->pair_cnt++] = (struct total_pair){ .key = key, .ns = *ns };
		key.side = side;
		if (!pair_stays(&key))
			shim_map_delete(SHIM_MAP(&pairs), &key);
		else
			*ns = 0;
	}
	free(keys);
}

static inline uint64_t stat_of(enum gt_stat which)
{
	uint32_t i = which;

	return *(uint64_t *)shim__find(SHIM_MAP(&stats), &i);
}

static inline void read_stats(struct totals *t)
{
	for (int i = 0; i < GT_STAT_CNT; i++)
		t->stats[i] = stat_of((enum gt_stat)i);
}

/* drop_exited() of maps_read.c */
static inline void drop_exited(struct machine *k)
{
	const struct totals *t = &k->totals;

	for (size_t i = 0; i < t->thread_cnt; i++) {
		const struct gt_thread *rec = &t->threads[i].rec;

		if (!(rec->flags & GT_F_EXITED) || rec->state == GT_WAIT || rec->state == GT_HOLD)
			continue;
		if (shim_map_delete(SHIM_MAP(&threads), &t->threads[i].key))
			continue;
		__sync_fetch_and_sub(&exited_cnt, 1);
		if (k->taken_out)
			k->taken_out(k->ctx, &t->threads[i]);
	}
}

/* Sums and chains of both epochs; the stacks in the records become ids. */
static inline void read_stacks(struct machine *k)
{
	struct totals *t = &k->totals;
	char *keys;
	uint32_t n = shim__keys(SHIM_MAP(&sums), &keys);

	stack_growth__begin(t);
	for (uint32_t i = 0; i < n; i++) {
		const struct gt_sum_key *key = (void *)(keys + i * sizeof(*key));
		const struct gt_sum *sum = shim_map_lookup(SHIM_MAP(&sums), key);
		uint32_t id = id_of_stack(key->tgid, key->stack);

		assert_int_equal(sum ? stack_growth__add_sum(&k->growth, key, id, sum, t) : 0, 0);
	}
	free(keys);
	n = shim__keys(SHIM_MAP(&chains), &keys);
	for (uint32_t i = 0; i < n; i++) {
		const struct gt_chain_key *key = (void *)(keys + i * sizeof(*key));
		const struct gt_sum *sum = shim_map_lookup(SHIM_MAP(&chains), key);
		uint32_t w = id_of_stack(key->tgid, key->waiter_stack);
		uint32_t h = id_of_stack(key->tgid, key->holder_stack);

		assert_int_equal(sum ? stack_growth__add_chain(&k->growth, key, w, h, sum, t) : 0,
				 0);
	}
	free(keys);
	for (size_t i = 0; i < t->thread_cnt; i++) {
		struct total_thread *th = &t->threads[i];
		const struct fake_thread *ft = find_thread(k, th->key.tid);

		if (th->rec.state != GT_WAIT || th->rec.flags & GT_F_EXITED)
			continue;
		th->open_stack = id_of_stack(th->rec.tgid, th->rec.wait_stack);
		if (!th->open_stack && ft)
			th->open_stack = ft->stack;
	}
}

/* Books are wanted as of that moment: first it is announced, in time, then published, which may be late. */
static inline void announce_cut(uint64_t at)
{
	reading = 1;
	cut_next = at | (~cut & GT_CUT_SIDE);
}

static inline void publish_announced(void)
{
	cut_before = cut;
	cut = cut_next;
}

static inline void publish_cut(uint64_t at)
{
	announce_cut(at);
	publish_announced();
}

/* probe_read__all() from the cut on, and pystacks__read() where there are stacks. */
static inline struct totals *read_cut_books(struct machine *k)
{
	struct totals *t = &k->totals;

	t->gil_cnt = t->thread_cnt = t->ended_cnt = t->pair_cnt = 0;
	t->torn_cnt = 0;
	t->now_ns = cut & ~GT_CUT_SIDE;
	assert_int_equal(folding, 0);
	read_gils(k);
	read_threads(k);
	read_ended(k);
	t->runnable_unknown = queued_unknown;
	read_stats(t);
	read_pairs(k);
	drop_exited(k);
	reading = 0;
	if (stacks_on)
		read_stacks(k);
	return t;
}

/* The books as they are after the last event. */
static inline struct totals *read_books(struct machine *k)
{
	publish_cut(++shim.cpu.now_ns);
	return read_cut_books(k);
}

/* The epochs of the sums change places: what has been read of the older one is dropped. */
static inline void next_epoch(struct machine *k)
{
	uint32_t old = (sum_epoch & 1) ^ 1;
	struct gt_sum zero = { 0 };
	char *keys;
	uint32_t n = shim__keys(SHIM_MAP(&sums), &keys);

	for (uint32_t i = 0; i < n; i++) {
		const struct gt_sum_key *key = (void *)(keys + i * sizeof(*key));

		if (key->epoch == old && !key->tid && !key->stack)
			set_value(SHIM_MAP(&sums), key, &zero);
		else if (key->epoch == old)
			shim__delete(SHIM_MAP(&sums), key);
	}
	free(keys);
	n = shim__keys(SHIM_MAP(&chains), &keys);
	for (uint32_t i = 0; i < n; i++) {
		const struct gt_chain_key *key = (void *)(keys + i * sizeof(*key));

		if (key->epoch != old)
			continue;
		if (!key->waiter_tid && !key->holder_tid && !key->waiter_stack &&
		    !key->holder_stack)
			set_value(SHIM_MAP(&chains), key, &zero);
		else
			shim__delete(SHIM_MAP(&chains), key);
	}
	free(keys);
	sum_epoch = old;
	assert_int_equal(stack_growth__drop_epoch(&k->growth, old), 0);
}

/* ---- a process is over: probe_read__forget(), pystacks__forget() ---- */

static inline void forget_map(struct shim_map *m, size_t tgid_off, uint32_t tgid)
{
	char *keys;
	uint32_t n = shim__keys(m, &keys);

	for (uint32_t i = 0; i < n; i++)
		if (!memcmp(keys + (size_t)i * m->key_sz + tgid_off, &tgid, sizeof(tgid)))
			shim__delete(m, keys + (size_t)i * m->key_sz);
	free(keys);
}

static inline void forget_threads(uint32_t tgid)
{
	char *keys;
	uint32_t n = shim__keys(SHIM_MAP(&threads), &keys);

	for (uint32_t i = 0; i < n; i++) {
		const struct gt_thread_key *key = (void *)(keys + i * sizeof(*key));
		const struct gt_thread *rec = shim__find(SHIM_MAP(&threads), key);
		const struct gt_tid *id = shim__find(SHIM_MAP(&tids), &key->tid);

		if (rec->tgid != tgid)
			continue;
		exited_cnt -= rec->flags & GT_F_EXITED ? 1 : 0;
		if (id && id->tgid == tgid)
			shim__delete(SHIM_MAP(&tids), &key->tid);
		shim__delete(SHIM_MAP(&threads), key);
	}
	free(keys);
}

static inline void forget_gils(uint32_t tgid)
{
	static const struct gt_gil none;
	char *keys;
	uint32_t n = shim__keys(SHIM_MAP(&gil_slots), &keys);

	for (uint32_t i = 0; i < n; i++) {
		const struct gt_gil_key *key = (void *)(keys + i * sizeof(*key));
		uint32_t slot = *(uint32_t *)shim__find(SHIM_MAP(&gil_slots), key);

		if (key->tgid != tgid)
			continue;
		shim__delete(SHIM_MAP(&gil_slots), key);
		set_value(SHIM_MAP(&gils), &slot, &none);
		shim__push(SHIM_QUEUE(&gil_free), &slot);
	}
	free(keys);
}

static inline void forget_process(struct machine *k, uint32_t tgid)
{
	struct gt_dead d;

	shim__delete(SHIM_MAP(&targets), &tgid);
	shim__delete(SHIM_MAP(&modes), &tgid);
	forget_threads(tgid);
	forget_gils(tgid);
	forget_map(SHIM_MAP(&ended), offsetof(struct gt_gil_key, tgid), tgid);
	forget_map(SHIM_MAP(&pairs), offsetof(struct gt_pair_key, tgid), tgid);
	forget_map(SHIM_MAP(&holders), offsetof(struct gt_tstate_key, tgid), tgid);
	for (uint32_t n = SHIM_QUEUE(&dead)->cnt; n--;)
		if (!shim__pop(SHIM_QUEUE(&dead), &d) && d.gil.tgid != tgid)
			shim__push(SHIM_QUEUE(&dead), &d);
	forget_map(SHIM_MAP(&sums), offsetof(struct gt_sum_key, tgid), tgid);
	forget_map(SHIM_MAP(&chains), offsetof(struct gt_chain_key, tgid), tgid);
	forget_map(SHIM_MAP(&stacks), offsetof(struct gt_stack_key, tgid), tgid);
	assert_int_equal(stack_growth__drop_process(&k->growth, tgid), 0);
}

/* After an exec: other threads, another GIL at the same address. */
static inline void next_program(struct machine *k, uint32_t tgid, uint64_t now)
{
	size_t n = 0;

	forget_process(k, tgid);
	for (size_t i = 0; i < k->thread_cnt; i++)
		if (k->threads[i].tgid != tgid)
			k->threads[n++] = k->threads[i];
	k->thread_cnt = n;
	for (size_t i = 0; i < k->gil_cnt; i++)
		if (k->gils[i].tgid == tgid)
			k->gils[i].holder = NO_TID;
	start_books(tgid, now);
}

#endif
