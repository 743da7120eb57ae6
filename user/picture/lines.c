/* SPDX-License-Identifier: BSD-2-Clause */
/* lines.c - the lines that stand for threads and pools; and whose code it is that time goes to */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "user/base/hmap.h"
#include "user/base/util.h"
#include "user/picture/lines.h"

const struct snap_frame *snap_frames__python_leaf(const struct snap_frame *frames, size_t cnt)
{
	for (size_t i = cnt; i-- > 0;)
		if (frames[i].line)
			return &frames[i];
	return cnt ? &frames[cnt - 1] : NULL;
}

/* Time at one line, of one thread (owner: its number) or pool (behind those). */
struct line {
	const struct snap_frame *frame;
	size_t owner;
	uint64_t ns;
};

struct lines {
	size_t cnt, cap;
	struct line *v;
	struct hmap by_frame; /* (hash, owner) -> number + 1 */
};

static int add(struct lines *l, size_t owner, const struct snap_frame *f, uint64_t hash,
	       uint64_t ns)
{
	uint64_t b = (uint64_t)owner << 8;
	size_t at;

	for (; (at = (size_t)hmap__get(&l->by_frame, hash, b)); b++)
		if (snap_frame__same(l->v[at - 1].frame, f, true)) {
			l->v[at - 1].ns += ns;
			return 0;
		}
	if (array_grow(&l->v, l->cnt, &l->cap, sizeof(*l->v)))
		return -ENOMEM;
	l->v[l->cnt++] = (struct line){ f, owner, ns };
	return hmap__put(&l->by_frame, hash, b, (void *)l->cnt);
}

/* Each owner's largest one. */
static void choose(const struct lines *l, const struct line **most)
{
	for (size_t i = 0; i < l->cnt; i++) {
		const struct line *x = &l->v[i];

		if (!most[x->owner] || x->ns > most[x->owner]->ns)
			most[x->owner] = x;
	}
}

/* A thread may have a row for each GIL: they share their lines. */
static int collect(const struct snap_proc *p, const struct hmap *by_tid, enum snap_stack_kind kind,
		   struct lines *l)
{
	int err = 0;

	for (size_t i = 0; i < p->stack_cnt && !err; i++) {
		const struct snap_stack *s = &p->stacks[i];
		const struct snap_frame *f = snap_frames__python_leaf(s->frames, s->frame_cnt);
		size_t at = (size_t)hmap__get(by_tid, s->tid, 0);
		uint64_t hash;

		if (s->kind != kind || !f || !at)
			continue;
		hash = snap_frame__hash(f, true);
		err = add(l, at - 1, f, hash, s->ns);
		if (!err && p->threads[at - 1].pool < p->pool_cnt)
			err = add(l, p->thread_cnt + p->threads[at - 1].pool, f, hash, s->ns);
	}
	return err;
}

static void set(struct snap_thread *t, enum snap_stack_kind kind, const struct line *l)
{
	const struct snap_frame *f = l ? l->frame : NULL;

	if (kind == SNAP_STACK_WAIT)
		t->wait_at = f;
	else
		t->blame_at = f;
}

static int find_kind(struct snap_proc *p, const struct hmap *by_tid, enum snap_stack_kind kind)
{
	__cleanup(freep) const struct line **most =
		calloc(p->thread_cnt + p->pool_cnt + 1, sizeof(*most));
	struct lines l = { 0 };
	int err = most ? collect(p, by_tid, kind, &l) : -ENOMEM;

	if (!err)
		choose(&l, most);
	for (size_t i = 0; i < p->thread_cnt && !err; i++) {
		size_t first = (size_t)hmap__get(by_tid, p->threads[i].tid, 0);

		set((struct snap_thread *)(uintptr_t)&p->threads[i], kind,
		    first ? most[first - 1] : NULL);
	}
	for (size_t i = 0; i < p->pool_cnt && !err; i++) {
		const struct line *of = most[p->thread_cnt + i];

		if (p->pools[i].all->folded_cnt)
			set((struct snap_thread *)(uintptr_t)p->pools[i].all, kind, of);
		if (p->pools[i].ended && p->pools[i].ended->folded_cnt)
			set((struct snap_thread *)(uintptr_t)p->pools[i].ended, kind, of);
	}
	hmap__free(&l.by_frame);
	free(l.v);
	return err;
}

int lines__find(struct snap_proc *p)
{
	struct hmap by_tid = { 0 };
	int err = 0;

	for (size_t i = 0; i < p->thread_cnt && !err; i++)
		if (!hmap__get(&by_tid, p->threads[i].tid, 0))
			err = hmap__put(&by_tid, p->threads[i].tid, 0, (void *)(i + 1));
	if (!err)
		err = find_kind(p, &by_tid, SNAP_STACK_WAIT);
	if (!err)
		err = find_kind(p, &by_tid, SNAP_STACK_BLAME);
	hmap__free(&by_tid);
	return err;
}

/* ---- own code ---- */

/* "/usr/lib/python3.11/json/encoder.py", "/usr/lib/python311.zip/..": of the interpreter's own library. */
static bool is_stdlib(const char *file)
{
	static const char dir[] = "/python";
	const char *at = file;

	while ((at = strstr(at, dir))) {
		bool lib = (at - file >= 4 && !strncmp(at - 4, "/lib", 4)) ||
			   (at - file >= 6 && !strncmp(at - 6, "/lib64", 6));

		at += sizeof(dir) - 1;
		if (lib && *at >= '0' && *at <= '9')
			return true;
	}
	return false;
}

bool snap_frame__is_mine(const struct snap_frame *f)
{
	if (!*f->file || !f->line || !strncmp(f->file, "<frozen ", 8))
		return false;
	return !strstr(f->file, "/site-packages/") && !strstr(f->file, "/dist-packages/") &&
	       !is_stdlib(f->file);
}

/* Show a stack up to the innermost frame that is the program's own; all of it if none is. */
static void show(const struct snap_frame *f, size_t *cnt, size_t *hidden, bool on)
{
	*cnt += *hidden;
	*hidden = 0;
	for (size_t i = on ? *cnt : 0; i-- > 0;) {
		if (!snap_frame__is_mine(&f[i]))
			continue;
		*hidden = *cnt - (i + 1);
		*cnt = i + 1;
		return;
	}
}

void snapshot__my_code(struct snapshot *s, bool on)
{
	for (size_t i = 0; i < s->proc_cnt; i++) {
		/* A snapshot is const to those that look at it, not to its owner. */
		struct snap_proc *p = (struct snap_proc *)(uintptr_t)&s->procs[i];
		struct snap_stack *st = (struct snap_stack *)(uintptr_t)p->stacks;
		struct snap_chain *ch = (struct snap_chain *)(uintptr_t)p->chains;
		struct snap_offcpu *off = (struct snap_offcpu *)(uintptr_t)p->offcpu;

		for (size_t k = 0; k < p->offcpu_cnt; k++)
			show(off[k].frames, &off[k].frame_cnt, &off[k].hidden_cnt, on);
		for (size_t k = 0; k < p->stack_cnt; k++)
			show(st[k].frames, &st[k].frame_cnt, &st[k].hidden_cnt, on);
		for (size_t k = 0; k < p->chain_cnt; k++) {
			show(ch[k].waiter_frames, &ch[k].waiter_frame_cnt, &ch[k].waiter_hidden_cnt,
			     on);
			show(ch[k].holder_frames, &ch[k].holder_frame_cnt, &ch[k].holder_hidden_cnt,
			     on);
		}
		lines__find(p); /* without memory: as they were */
	}
}
