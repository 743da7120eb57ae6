/* SPDX-License-Identifier: BSD-2-Clause */
/* summary_stacks.c - pools and stacks of a summary: what refers to threads */
#include <errno.h>
#include <string.h>

#include "user/base/hmap.h"
#include "user/base/util.h"
#include "user/codec/summary_impl.h"
#include "user/picture/snapshot.h"

/* The number of this pool at that GIL, made if there is none. -1: no memory. */
static long pool_of(struct snap_proc *p, struct snap_pool *pools, struct hmap *by_name,
		    const char *name, size_t gil)
{
	uint64_t hash = hash_bytes(HASH_START, name, strlen(name)), nth = (uint64_t)gil << 32;
	size_t at;

	/* Names that differ may have the same hash. */
	for (; (at = (size_t)hmap__get(by_name, hash, nth)); nth++)
		if (!strcmp(pools[at - 1].name, name))
			return (long)at - 1;
	pools[p->pool_cnt].name = name;
	if (hmap__put(by_name, hash, nth, (void *)(p->pool_cnt + 1)))
		return -1;
	return (long)p->pool_cnt++;
}

int summary__put_pools(struct arena *a, const json_t *list, struct snap_proc *p,
		       struct snap_thread *th)
{
	struct snap_pool *pools = arena__alloc(a, p->thread_cnt, sizeof(*pools));
	struct hmap by_name = { 0 };
	int err = pools ? 0 : -ENOMEM;

	for (size_t i = 0; i < p->thread_cnt && !err; i++) {
		const json_t *o = json_array_get(list, i);
		long at;

		if (!json_is_string(json_object_get(o, "pool")))
			continue;
		at = pool_of(p, pools, &by_name, summary__str(a, o, "pool"), th[i].gil);
		if (at < 0) {
			err = -ENOMEM;
			continue;
		}
		th[i].pool = (size_t)at;
		pools[at].cnt += th[i].folded_cnt ? th[i].folded_cnt : 1;
	}
	p->pools = pools;
	hmap__free(&by_name);
	return err;
}

/* Of threads that ended and share a row only the pool is said: pool name -> its row. */
static int index_folds(const struct snap_proc *p, struct hmap *folds)
{
	int err = 0;

	for (size_t i = 0; i < p->thread_cnt && !err; i++) {
		const struct snap_thread *t = &p->threads[i];
		const char *name = t->pool < p->pool_cnt ? p->pools[t->pool].name : "";
		uint64_t hash = hash_bytes(HASH_START, name, strlen(name));

		if (t->tid & SNAP_FOLD_TID && *name && !hmap__get(folds, hash, 0))
			err = hmap__put(folds, hash, 0, (void *)(uintptr_t)t);
	}
	return err;
}

static uint32_t tid_of(const json_t *o, const struct snap_proc *p, const struct hmap *folds)
{
	const char *pool = json_string_value(json_object_get(o, "pool"));
	uint32_t tid = summary__id(o, "tid");
	const struct snap_thread *t = NULL;

	if (tid || !pool)
		return tid;
	t = hmap__get(folds, hash_bytes(HASH_START, pool, strlen(pool)), 0);
	return t && !strcmp(p->pools[t->pool].name, pool) ? t->tid : 0;
}

static int put_frames(struct arena *a, const json_t *list, struct snap_stack *s)
{
	size_t cnt = json_array_size(list);
	struct snap_frame *f = arena__alloc(a, cnt, sizeof(*f));

	if (!f)
		return -ENOMEM;
	for (size_t i = 0; i < cnt; i++) {
		const json_t *o = json_array_get(list, i);

		f[i] = (struct snap_frame){ summary__str(a, o, "name"), summary__str(a, o, "file"),
					    summary__id(o, "line") };
	}
	s->frame_cnt = cnt;
	s->frames = f;
	return 0;
}

/* False: a kind that is not known. */
static bool put_kind(const json_t *o, struct snap_stack *s)
{
	static const char *const kinds[] = {
		[SNAP_STACK_WAIT] = "wait", [SNAP_STACK_HOLD] = "hold", [SNAP_STACK_BLAME] = "blame"
	};
	const char *word = json_string_value(json_object_get(o, "kind"));

	for (size_t i = 0; i < ARRAY_SIZE(kinds) && word; i++) {
		s->kind = (enum snap_stack_kind)i;
		if (!strcmp(word, kinds[i]))
			return true;
	}
	return false;
}

int summary__put_stacks(struct arena *a, const json_t *list, struct snap_proc *p)
{
	size_t cnt = json_array_size(list);
	struct snap_stack *stacks = arena__alloc(a, cnt, sizeof(*stacks));
	struct hmap folds = { 0 };
	int err = stacks ? index_folds(p, &folds) : -ENOMEM;

	p->stacks_known = json_is_array(list);
	p->stacks = stacks;
	for (size_t i = 0; i < cnt && !err; i++) {
		const json_t *o = json_array_get(list, i);
		struct snap_stack *s = &stacks[p->stack_cnt];

		if (!put_kind(o, s))
			continue;
		s->tid = tid_of(o, p, &folds);
		s->ns = summary__cnt(o, "ns");
		s->cnt = summary__cnt(o, "count");
		s->truncated = json_is_true(json_object_get(o, "truncated"));
		err = put_frames(a, json_object_get(o, "frames"), s);
		p->stack_cnt++;
	}
	hmap__free(&folds);
	return err;
}
