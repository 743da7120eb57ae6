/* SPDX-License-Identifier: BSD-2-Clause */
#include "user/view/stack_lines.h"

#include <errno.h>
#include <string.h>

#include "user/base/sbuf.h"
#include "user/base/text.h"
#include "user/base/util.h"
#include "user/picture/pools.h"
#include "user/view/view.h"

/* The strings are clean already (snapshot.h): only what the format itself reserves is left. An empty
 * one would be no frame.
 */
static void put_text(struct sbuf *b, const char *s)
{
	if (!*s)
		sbuf__puts(b, "?");
	for (; *s; s++) {
		char c = *s == ';' ? ':' : *s;

		sbuf__add(b, &c, 1);
	}
}

/* Markers of our own ("[truncated]", "[kernel]") have no file; a function always gets its parentheses,
 * whatever it is called. So all frames end in ')' or ']'.
 */
static void put_frame(struct sbuf *b, const struct snap_frame *f)
{
	const char *base = path_base(f->file);
	size_t len = strlen(f->name);

	sbuf__puts(b, ";");
	put_text(b, f->name);
	if (!*base && !f->line && len && f->name[0] == '[' && f->name[len - 1] == ']')
		return;
	sbuf__puts(b, " (");
	put_text(b, base);
	if (f->line)
		sbuf__printf(b, ":%u", f->line);
	sbuf__puts(b, ")");
}

static void put_pool_name(struct sbuf *b, const struct snap_proc *p, const struct snap_thread *t)
{
	const struct snap_pool *pool = snap_proc__pool(p, t);
	char name[256];

	if (!pool)
		pool__of_name(t->name, name, sizeof(name));
	put_text(b, pool ? pool->name : name);
}

static void put_thread_name(struct sbuf *b, const struct snap_proc *p, uint32_t tid, bool merge)
{
	const struct snap_thread *t = snap_proc__thread(p, tid);

	if (!tid) {
		sbuf__puts(b, "[other threads]");
		return;
	}
	if (merge && t) {
		put_pool_name(b, p, t);
		return;
	}
	put_text(b, t ? t->name : "thread");
	if (tid & SNAP_FOLD_TID)
		sbuf__puts(b, " (ended)");
	else if (!merge)
		sbuf__printf(b, " (%u)", tid);
}

static void put_root(struct sbuf *b, const struct snap_proc *p, uint32_t tid, bool merge)
{
	put_text(b, p->comm);
	sbuf__printf(b, " (%u);", p->pid);
	put_thread_name(b, p, tid, merge);
}

/* Frames root to leaf; an unknown stack is one frame. */
static void put_frames(struct sbuf *b, const struct snap_frame *f, size_t cnt, bool truncated)
{
	if (truncated)
		sbuf__puts(b, ";[truncated]");
	for (size_t i = 0; i < cnt; i++)
		put_frame(b, &f[i]);
	if (!cnt)
		sbuf__puts(b, ";[other]");
}

static void put_chain(struct sbuf *b, const struct snap_proc *p, const struct snap_chain *c,
		      bool merge)
{
	put_root(b, p, c->waiter_tid, merge);
	put_frames(b, c->waiter_frames, c->waiter_frame_cnt, c->waiter_truncated);
	sbuf__puts(b, ";" STACK_LINE_CHAIN);
	for (size_t i = c->holder_frame_cnt; i-- > 0;)
		put_frame(b, &c->holder_frames[i]);
	if (!c->holder_frame_cnt)
		sbuf__puts(b, ";[other]");
	if (c->holder_truncated)
		sbuf__puts(b, ";[truncated]");
	sbuf__puts(b, ";");
	put_thread_name(b, p, c->holder_tid, merge);
}

static void put_stack(struct sbuf *b, const struct snap_proc *p, const struct snap_stack *s,
		      bool merge)
{
	put_root(b, p, s->tid, merge);
	put_frames(b, s->frames, s->frame_cnt, s->truncated);
}

/* Hand a line on, and start the next. */
static int hand_on(struct sbuf *b, uint64_t ns, stack_line_fn fn, void *ctx)
{
	int err = b->oom ? -ENOMEM : fn(ctx, sbuf__str(b), ns);

	sbuf__reset(b);
	return err;
}

/* Of merged threads the lines are merged, too: few are left. */
static size_t lines_max(const struct view_opts *o)
{
	return o->merge_threads ? SIZE_MAX : STACK_LINES_MAX;
}

/* The largest as they are, the rest added up as one of no thread. */
static int each_chain(const struct snap_proc *p, const struct view_opts *o, struct sbuf *b,
		      stack_line_fn fn, void *ctx)
{
	struct snap_chain other = { 0 };
	size_t left = lines_max(o);
	int err = 0;

	for (size_t i = 0; i < p->chain_cnt && !err; i++) {
		const struct snap_chain *c = &p->chains[i];

		if (!view_opts__shows_tid(o, c->waiter_tid))
			continue;
		if (!left) {
			other.ns += c->ns;
			continue;
		}
		left--;
		put_chain(b, p, c, o->merge_threads);
		err = hand_on(b, c->ns, fn, ctx);
	}
	if (err || !other.ns)
		return err;
	put_chain(b, p, &other, o->merge_threads);
	return hand_on(b, other.ns, fn, ctx);
}

static int each_stack(const struct snap_proc *p, const struct view_opts *o, struct sbuf *b,
		      stack_line_fn fn, void *ctx)
{
	static const enum snap_stack_kind kinds[] = {
		[WEIGHT_WAIT] = SNAP_STACK_WAIT,
		[WEIGHT_HOLD] = SNAP_STACK_HOLD,
		[WEIGHT_BLAME] = SNAP_STACK_BLAME,
	};
	struct snap_stack other = { 0 };
	size_t left = lines_max(o);
	int err = 0;

	for (size_t i = 0; i < p->stack_cnt && !err; i++) {
		const struct snap_stack *s = &p->stacks[i];

		if (s->kind != kinds[o->weight] || !view_opts__shows_tid(o, s->tid))
			continue;
		if (!left) {
			other.ns += s->ns;
			continue;
		}
		left--;
		put_stack(b, p, s, o->merge_threads);
		err = hand_on(b, s->ns, fn, ctx);
	}
	if (err || !other.ns)
		return err;
	put_stack(b, p, &other, o->merge_threads);
	return hand_on(b, other.ns, fn, ctx);
}

int stack_lines__each(const struct snapshot *s, const struct view_opts *o, stack_line_fn fn,
		      void *ctx)
{
	__cleanup(sbuf__free) struct sbuf b = { 0 };
	int err = 0;

	for (size_t i = 0; i < s->proc_cnt && !err; i++)
		err = o->weight == WEIGHT_CHAIN ? each_chain(&s->procs[i], o, &b, fn, ctx)
						: each_stack(&s->procs[i], o, &b, fn, ctx);
	return err;
}
