/* SPDX-License-Identifier: BSD-2-Clause */
/* snapshot.c - the few things that can be asked of a snapshot; it is built in model/build.c */
#include "user/picture/snapshot.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "user/base/arena.h"
#include "user/base/hmap.h"
#include "user/picture/snapshot_box.h"

/* Of n looks that all stand for as much, k at one place: the share k/n has the standard error
 * sqrt(k/n * (1 - k/n) / n), which is at most 1/sqrt(k) of it. With ten it is a third; with fewer not much more is known
 * than that somebody was there.
 */
#define LOOKS_ENOUGH 10

bool snap_frame__same(const struct snap_frame *a, const struct snap_frame *b, bool with_line)
{
	if (a == b || !a || !b)
		return a == b;
	if (with_line && a->line != b->line)
		return false;
	return !strcmp(a->name, b->name) && !strcmp(a->file, b->file);
}

int snap_frame__cmp(const struct snap_frame *a, const struct snap_frame *b)
{
	int c;

	if (a == b || !a || !b)
		return (a != NULL) - (b != NULL);
	c = strcmp(a->file, b->file);
	if (!c)
		c = strcmp(a->name, b->name);
	return c ? c : (a->line > b->line) - (a->line < b->line);
}

uint64_t snap_frame__hash(const struct snap_frame *f, bool with_line)
{
	uint64_t h;

	if (!f)
		return 0;
	h = hash_bytes(HASH_START, f->name, strlen(f->name));
	h = hash_bytes(h, f->file, strlen(f->file));
	return with_line ? hash_bytes(h, &f->line, sizeof(f->line)) : h;
}

/* All waits are seen where they are. What nobody looked at, "[not seen]", is no guess either. */
bool snap_looks__few(enum snap_stack_kind kind, uint64_t cnt)
{
	return kind != SNAP_STACK_WAIT && cnt && cnt < LOOKS_ENOUGH;
}

const char *snap_looks__mark(enum snap_stack_kind kind, uint64_t cnt)
{
	return snap_looks__few(kind, cnt) ? "~" : "";
}

uint64_t snap_thread__delay_ns(const struct snap_thread *t)
{
	return t->wait_ns + t->yield_ns;
}

uint64_t snap_thread__runnable_ns(const struct snap_thread *t)
{
	if (t->runnable_ns == NS_UNKNOWN)
		return NS_UNKNOWN;
	return t->runnable_ns < t->wait_ns ? t->runnable_ns : t->wait_ns;
}

bool snap_thread__is_fold(const struct snap_thread *t)
{
	return !t->tid || t->tid & SNAP_FOLD_TID;
}

bool snap_thread__is_over(const struct snap_thread *t)
{
	return t->state == SNAP_EXITED || t->state == SNAP_FINALIZING;
}

const char *snap_state__name(enum snap_state state)
{
	static const char *const names[] = { "released", "waiting",    "holding", "yielding",
					     "exited",	 "finalizing", "unknown" };

	return names[state];
}

char snap_state__letter(enum snap_state state)
{
	return "rWHYxF?"[state];
}

const struct snap_thread *snap_proc__thread(const struct snap_proc *p, uint32_t tid)
{
	size_t lo = 0, hi = p->by_tid ? p->thread_cnt : 0;

	for (size_t i = 0; i < p->thread_cnt && !p->by_tid; i++)
		if (p->threads[i].tid == tid && tid)
			return &p->threads[i];
	while (lo < hi) {
		size_t mid = lo + (hi - lo) / 2;

		if (p->threads[p->by_tid[mid]].tid < tid)
			lo = mid + 1;
		else
			hi = mid;
	}
	if (!tid || !p->by_tid || lo == p->thread_cnt || p->threads[p->by_tid[lo]].tid != tid)
		return NULL;
	return &p->threads[p->by_tid[lo]];
}

bool snapshot__has_stacks(const struct snapshot *s)
{
	for (size_t i = 0; i < s->proc_cnt; i++)
		if (s->procs[i].stacks_known)
			return true;
	return !s->proc_cnt;
}

void snapshot__free(struct snapshot *s)
{
	struct snapshot_box *box = (struct snapshot_box *)s;

	if (!box)
		return;
	arena__free(&box->arena);
	free(box);
}
