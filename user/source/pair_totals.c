/* SPDX-License-Identifier: BSD-2-Clause */
#include "user/source/pair_totals.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "user/base/util.h"
#include "user/books/totals.h"

/* A thread per request makes pairs without end: the further ones are their process's "other". */
#define PAIRS_MAX 60000

void pair_totals__deinit(struct pair_totals *p)
{
	hmap__free(&p->idx);
	free(p->v);
	*p = (struct pair_totals){ 0 };
}

static uint64_t tids_of(const struct gt_pair_key *k)
{
	return (uint64_t)k->waiter_tid << 32 | k->holder_tid;
}

static int index_it(struct pair_totals *p, size_t i)
{
	return hmap__put(&p->idx, tids_of(&p->v[i].key), p->v[i].key.tgid, (void *)(i + 1));
}

static struct total_pair *find(const struct pair_totals *p, const struct gt_pair_key *k)
{
	size_t at = (size_t)hmap__get(&p->idx, tids_of(k), k->tgid);

	return at ? &p->v[at - 1] : NULL;
}

/* Found or made; NULL: no memory. */
static struct total_pair *entry(struct pair_totals *p, const struct gt_pair_key *k)
{
	const struct gt_pair_key other = { .tgid = k->tgid };
	struct total_pair *ret = find(p, k);

	if (ret)
		return ret;
	if (p->cnt >= PAIRS_MAX && tids_of(k)) {
		p->full++;
		return entry(p, &other);
	}
	if (array_grow(&p->v, p->cnt, &p->cap, sizeof(*p->v)))
		return NULL;
	p->v[p->cnt] = (struct total_pair){ .key = *k };
	if (index_it(p, p->cnt))
		return NULL;
	return &p->v[p->cnt++];
}

int pair_totals__sum_up(struct pair_totals *p, struct totals *t)
{
	for (size_t i = 0; i < t->pair_cnt; i++) {
		struct total_pair *e = entry(p, &t->pairs[i].key);

		if (!e)
			return -ENOMEM;
		e->ns += t->pairs[i].ns;
	}
	t->pair_cnt = 0;
	while (t->pair_cap < p->cnt)
		if (array_grow(&t->pairs, t->pair_cap, &t->pair_cap, sizeof(*t->pairs)))
			return -ENOMEM;
	if (p->cnt)
		memcpy(t->pairs, p->v, p->cnt * sizeof(*p->v));
	t->pair_cnt = p->cnt;
	t->stats[GT_STAT_PAIR_FULL] += p->full;
	return 0;
}

int pair_totals__forget(struct pair_totals *p, uint32_t tgid)
{
	size_t n = 0;
	int err = 0;

	hmap__clear(&p->idx);
	for (size_t i = 0; i < p->cnt; i++)
		if (p->v[i].key.tgid != tgid)
			p->v[n++] = p->v[i];
	p->cnt = n;
	for (size_t i = 0; i < n && !err; i++)
		err = index_it(p, i);
	return err;
}
