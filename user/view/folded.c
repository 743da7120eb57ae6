/* SPDX-License-Identifier: BSD-2-Clause */
/* folded.c - folded stacks for flame graphs: one line a stack, root first, then its weight
 *
 * What readers of the format cannot take is not written: ';' in a name (it separates frames), control
 * bytes, and a last frame that ends in a space and digits (read as a second weight). All frames end in
 * ')' or ']'.
 */
#include <errno.h>
#include <inttypes.h>
#include <string.h>

#include "user/base/sbuf.h"
#include "user/base/text.h"
#include "user/base/util.h"
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
 * whatever it is called.
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

static void put_thread_name(struct sbuf *b, const struct snap_proc *p, uint32_t tid)
{
	const struct snap_thread *t = snap_proc__thread(p, tid);

	if (!tid) {
		sbuf__puts(b, "[other threads]");
		return;
	}
	put_text(b, t ? t->name : "thread");
	sbuf__printf(b, " (%u)", tid);
}

static void put_root(struct sbuf *b, const struct snap_proc *p, uint32_t tid)
{
	put_text(b, p->comm);
	sbuf__printf(b, " (%u);", p->pid);
	put_thread_name(b, p, tid);
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

/* False: there was no memory for the line. */
static bool put_weight(struct view *v, struct sbuf *b, uint64_t ns)
{
	uint64_t w = v->opts->unit_ns ? ns : (ns + 500) / 1000;
	bool whole = !b->oom;

	if (whole && w)
		fprintf(v->out, "%s %" PRIu64 "\n", sbuf__str(b), w);
	sbuf__reset(b);
	return whole;
}

static void put_chain(struct sbuf *b, const struct snap_proc *p, const struct snap_chain *c)
{
	put_root(b, p, c->waiter_tid);
	put_frames(b, c->waiter_frames, c->waiter_frame_cnt, c->waiter_truncated);
	sbuf__puts(b, ";--");
	for (size_t i = c->holder_frame_cnt; i-- > 0;)
		put_frame(b, &c->holder_frames[i]);
	if (!c->holder_frame_cnt)
		sbuf__puts(b, ";[other]");
	if (c->holder_truncated)
		sbuf__puts(b, ";[truncated]");
	sbuf__puts(b, ";");
	put_thread_name(b, p, c->holder_tid);
}

static bool put_proc(struct view *v, const struct snap_proc *p, struct sbuf *b)
{
	static const enum snap_stack_kind kinds[] = {
		[WEIGHT_WAIT] = SNAP_STACK_WAIT,
		[WEIGHT_HOLD] = SNAP_STACK_HOLD,
		[WEIGHT_BLAME] = SNAP_STACK_BLAME,
	};
	bool whole = true;

	if (v->opts->weight == WEIGHT_CHAIN) {
		for (size_t i = 0; i < p->chain_cnt; i++) {
			if (!view_opts__shows_tid(v->opts, p->chains[i].waiter_tid))
				continue;
			put_chain(b, p, &p->chains[i]);
			whole &= put_weight(v, b, p->chains[i].ns);
		}
		return whole;
	}
	for (size_t i = 0; i < p->stack_cnt; i++) {
		const struct snap_stack *s = &p->stacks[i];

		if (s->kind != kinds[v->opts->weight] || !view_opts__shows_tid(v->opts, s->tid))
			continue;
		put_root(b, p, s->tid);
		put_frames(b, s->frames, s->frame_cnt, s->truncated);
		whole &= put_weight(v, b, s->ns);
	}
	return whole;
}

static int end(struct view *v, const struct snapshot *total, const char *why)
{
	__cleanup(sbuf__free) struct sbuf b = { 0 };
	bool whole = true;

	(void)why;
	for (size_t i = 0; i < total->proc_cnt; i++)
		whole &= put_proc(v, &total->procs[i], &b);
	return !whole ? -ENOMEM : fflush(v->out) ? -errno : 0;
}

static const struct view_ops folded_ops = {
	.end = end,
};

struct view *view_folded__new(FILE *out, const struct view_opts *o)
{
	return view__new(&folded_ops, out, o);
}
