/* SPDX-License-Identifier: BSD-2-Clause */
#include "user/judge/culprit.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "user/base/hist.h"
#include "user/base/hmap.h"
#include "user/base/util.h"

/* Time that goes to one thing: a function, a line, a library, a pool, a thread. */
struct part {
	const void *what;
	uint64_t ns, looks;
};

struct parts {
	size_t cnt, cap;
	struct part *v;
	struct hmap by_hash; /* (hash, nth of that hash) -> number + 1 */
	bool (*same)(const void *a, const void *b);
};

static bool same_function(const void *a, const void *b)
{
	return snap_frame__same(a, b, false);
}

static bool same_line(const void *a, const void *b)
{
	return snap_frame__same(a, b, true);
}

static bool same_text(const void *a, const void *b)
{
	return !strcmp(a, b);
}

static bool same_thing(const void *a, const void *b)
{
	return a == b;
}

static uint64_t hash_text(const char *s)
{
	return hash_bytes(HASH_START, s, strlen(s));
}

static int parts__add(struct parts *ps, uint64_t hash, const void *what, uint64_t ns,
		      uint64_t looks)
{
	uint64_t nth = 0;
	size_t at;

	for (; (at = (size_t)hmap__get(&ps->by_hash, hash, nth)); nth++) {
		struct part *p = &ps->v[at - 1];

		if (!ps->same(p->what, what))
			continue;
		p->ns += ns;
		p->looks += looks;
		return 0;
	}
	if (array_grow(&ps->v, ps->cnt, &ps->cap, sizeof(*ps->v)))
		return -ENOMEM;
	ps->v[ps->cnt++] = (struct part){ what, ns, looks };
	return hmap__put(&ps->by_hash, hash, nth, (void *)ps->cnt);
}

static struct part parts__most(const struct parts *ps)
{
	struct part most = { 0 };

	for (size_t i = 0; i < ps->cnt; i++)
		if (ps->v[i].ns > most.ns)
			most = ps->v[i];
	return most;
}

static void parts__free(struct parts *ps)
{
	free(ps->v);
	hmap__free(&ps->by_hash);
}

/* Of this GIL's threads; those of no thread that is known count for any. */
static bool at_gil(const struct snap_proc *p, const struct snap_gil *g, uint32_t tid)
{
	const struct snap_thread *t = g && p->gil_cnt > 1 ? snap_proc__thread(p, tid) : NULL;

	return !t || t->gil >= p->gil_cnt || &p->gils[t->gil] == g;
}

/* A name in brackets is none of Python's: "[native code]", "[kernel]", "[not seen]". */
static bool is_marker(const struct snap_frame *f)
{
	return !f->line && f->name[0] == '[';
}

/* The function of a stack; NULL: none is known. */
static const struct snap_frame *function_of(const struct snap_stack *s)
{
	const struct snap_frame *f = snap_frames__python_leaf(s->frames, s->frame_cnt);

	return f && is_marker(f) ? NULL : f;
}

static bool is_blame(const struct snap_proc *p, const struct snap_gil *g,
		     const struct snap_stack *s)
{
	return s->kind == SNAP_STACK_BLAME && s->ns && at_gil(p, g, s->tid);
}

/* Where a stack ends, whatever own code is; NULL: it has no frames. */
static const struct snap_frame *leaf_of(const struct snap_stack *s)
{
	size_t cnt = s->frame_cnt + s->hidden_cnt;

	return cnt ? &s->frames[cnt - 1] : NULL;
}

/* The file of native code that it ends in; NULL: in none. */
static const char *library_of(const struct snap_stack *s)
{
	const struct snap_frame *leaf = leaf_of(s);

	return leaf && is_marker(leaf) && *leaf->file ? leaf->file : NULL;
}

/* The function, and the library, that most goes to. */
static int find_function(const struct snap_proc *p, const struct snap_gil *g, struct culprit *ret)
{
	struct parts fs = { .same = same_function }, libs = { .same = same_text };
	struct part most;
	int err = 0;

	for (size_t i = 0; i < p->stack_cnt && !err; i++) {
		const struct snap_stack *s = &p->stacks[i];
		const struct snap_frame *f = is_blame(p, g, s) ? function_of(s) : NULL;

		if (f)
			err = parts__add(&fs, snap_frame__hash(f, false), f, s->ns, s->cnt);
		if (!err && is_blame(p, g, s) && library_of(s))
			err = parts__add(&libs, hash_text(library_of(s)), library_of(s), s->ns,
					 s->cnt);
	}
	most = parts__most(&libs);
	parts__free(&libs);
	ret->all_library = most.what;
	ret->all_library_ns = most.ns;
	most = parts__most(&fs);
	parts__free(&fs);
	ret->frame = most.what;
	ret->ns = most.ns;
	ret->looks = most.looks;
	return err;
}

/* The program's own line nearest to a leaf that is none. */
static const struct snap_frame *caller_of(const struct snap_stack *s)
{
	for (size_t i = s->frame_cnt; i-- > 0;)
		if (snap_frame__is_mine(&s->frames[i]))
			return &s->frames[i];
	return NULL;
}

/* What is beneath the function and above it: its line, native code, callers. */
static int find_surroundings(const struct snap_proc *p, const struct snap_gil *g,
			     struct culprit *ret)
{
	struct parts lines = { .same = same_line }, libs = { .same = same_text };
	struct parts callers = { .same = same_line };
	bool mine = snap_frame__is_mine(ret->frame);
	int err = 0;

	for (size_t i = 0; i < p->stack_cnt && !err; i++) {
		const struct snap_stack *s = &p->stacks[i];
		const struct snap_frame *f = is_blame(p, g, s) ? function_of(s) : NULL, *leaf,
					*from;

		if (!f || !snap_frame__same(f, ret->frame, false))
			continue;
		err = parts__add(&lines, snap_frame__hash(f, true), f, s->ns, s->cnt);
		leaf = leaf_of(s);
		if (is_marker(leaf) && !strcmp(leaf->name, "[garbage collector]"))
			ret->gc_ns += s->ns;
		else if (library_of(s)) {
			ret->native_ns += s->ns;
			err |= parts__add(&libs, hash_text(leaf->file), leaf->file, s->ns, s->cnt);
		} else if (is_marker(leaf) && strcmp(leaf->name, "[not seen]") != 0) {
			ret->native_ns += s->ns;
		}
		from = mine ? NULL : caller_of(s);
		if (from)
			err |= parts__add(&callers, snap_frame__hash(from, true), from, s->ns,
					  s->cnt);
	}
	ret->frame = lines.cnt ? parts__most(&lines).what : ret->frame;
	ret->library = parts__most(&libs).what;
	ret->caller = parts__most(&callers).what;
	parts__free(&lines);
	parts__free(&libs);
	parts__free(&callers);
	return err;
}

/* Which threads: by their blame at that function, or by all of their blame where there are no stacks. */
static int find_threads(const struct snap_proc *p, const struct snap_gil *g, struct culprit *ret,
			struct parts *threads)
{
	int err = 0;

	for (size_t i = 0; ret->frame && i < p->stack_cnt && !err; i++) {
		const struct snap_stack *s = &p->stacks[i];
		const struct snap_frame *f = is_blame(p, g, s) ? function_of(s) : NULL;
		const struct snap_thread *t = NULL;

		if (f && snap_frame__same(f, ret->frame, false))
			t = snap_proc__thread(p, s->tid);
		if (t)
			err = parts__add(threads, s->tid, t, s->ns, s->cnt);
	}
	for (size_t i = 0; !ret->frame && i < p->thread_cnt && !err; i++) {
		const struct snap_thread *t = &p->threads[i];

		if (t->blame_ns && at_gil(p, g, t->tid))
			err = parts__add(threads, t->tid, t, t->blame_ns, 0);
	}
	return err;
}

static int find_who(const struct snap_proc *p, const struct snap_gil *g, struct culprit *ret)
{
	struct parts threads = { .same = same_thing }, pools = { .same = same_thing };
	struct part most;
	int err = find_threads(p, g, ret, &threads);

	for (size_t i = 0; i < threads.cnt && !err; i++) {
		const struct snap_thread *t = threads.v[i].what;
		size_t n = t->folded_cnt ? t->folded_cnt : 1;

		ret->thread_cnt += n;
		if (t->pool < p->pool_cnt)
			err = parts__add(&pools, t->pool, &p->pools[t->pool], threads.v[i].ns, n);
	}
	most = parts__most(&pools);
	if (most.what) {
		ret->pool = most.what;
		ret->who = ret->pool->all;
		ret->pool_thread_cnt = most.looks;
	} else {
		most = parts__most(&threads);
		ret->who = most.what;
		ret->pool_thread_cnt = most.what ? 1 : 0;
	}
	ret->who_ns = most.ns;
	parts__free(&threads);
	parts__free(&pools);
	return err;
}

static uint64_t waiting_at(const struct snap_proc *p, const struct snap_gil *g)
{
	uint64_t ns = 0;

	for (size_t i = 0; i < p->gil_cnt; i++)
		ns += !g || &p->gils[i] == g ? p->gils[i].wait_ns : 0;
	return ns;
}

bool culprit__find(const struct snap_proc *p, const struct snap_gil *g, struct culprit *ret)
{
	uint64_t wait_ns = waiting_at(p, g);
	struct culprit c = { 0 };
	int err = 0;

	for (size_t i = 0; i < p->thread_cnt; i++)
		if (at_gil(p, g, p->threads[i].tid))
			c.all_ns += p->threads[i].blame_ns;
	if (c.all_ns) {
		c.all_ns = c.all_ns > wait_ns ? c.all_ns : wait_ns;
		err = find_function(p, g, &c);
		if (!err && c.frame)
			err = find_surroundings(p, g, &c);
		if (!err)
			err = find_who(p, g, &c);
	}
	if (err)
		c = (struct culprit){ 0 };
	*ret = c;
	return !err;
}

uint64_t culprit__hold_ns(const struct snap_thread *t)
{
	double sum = 0, upto = 0;

	for (unsigned int i = 0; t->hold_hist && i < GT_HIST_BUCKETS; i++)
		sum += (double)t->hold_hist->cnt[i] * (double)hist__bucket_floor(i + 1);
	for (unsigned int i = 0; i < GT_HIST_BUCKETS && sum > 0; i++) {
		uint64_t from = hist__bucket_floor(i), to = hist__bucket_floor(i + 1), mid;

		upto += (double)t->hold_hist->cnt[i] * (double)to;
		if (upto * 2 < sum)
			continue;
		mid = from + (to - from) / 2;
		return t->hold_max_ns != NS_UNKNOWN && mid > t->hold_max_ns ? t->hold_max_ns : mid;
	}
	return t->hold_max_ns;
}
