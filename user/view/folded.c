/* SPDX-License-Identifier: BSD-2-Clause */
/* folded.c - folded stacks for flame graphs: one line a stack, root first, then its weight
 *
 * What readers of the format cannot take is not written: ';' in a name (it separates frames), control
 * bytes, and a last frame that ends in a space and digits (read as a second weight). All frames end in
 * ')' or ']'.
 */
#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "user/base/sbuf.h"
#include "user/base/text.h"
#include "user/view/view.h"

struct view_folded {
	struct view view;
	FILE *out;
	const struct view_opts *opts;
	bool oom; /* a line could not be built */
};

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

static void put_weight(struct view_folded *v, struct sbuf *b, uint64_t ns)
{
	uint64_t w = v->opts->unit_ns ? ns : (ns + 500) / 1000;

	if (b->oom)
		v->oom = true;
	else if (w)
		fprintf(v->out, "%s %" PRIu64 "\n", sbuf__str(b), w);
	sbuf__reset(b);
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

static void put_proc(struct view_folded *v, const struct snap_proc *p, struct sbuf *b)
{
	static const enum snap_stack_kind kinds[] = {
		[WEIGHT_WAIT] = SNAP_STACK_WAIT,
		[WEIGHT_HOLD] = SNAP_STACK_HOLD,
		[WEIGHT_BLAME] = SNAP_STACK_BLAME,
	};

	if (v->opts->weight == WEIGHT_CHAIN) {
		for (size_t i = 0; i < p->chain_cnt; i++) {
			if (!view_opts__shows_tid(v->opts, p->chains[i].waiter_tid))
				continue;
			put_chain(b, p, &p->chains[i]);
			put_weight(v, b, p->chains[i].ns);
		}
		return;
	}
	for (size_t i = 0; i < p->stack_cnt; i++) {
		const struct snap_stack *s = &p->stacks[i];

		if (s->kind != kinds[v->opts->weight] || !view_opts__shows_tid(v->opts, s->tid))
			continue;
		put_root(b, p, s->tid);
		put_frames(b, s->frames, s->frame_cnt, s->truncated);
		put_weight(v, b, s->ns);
	}
}

static int end(struct view *view, const struct snapshot *total, const char *why)
{
	struct view_folded *v = (struct view_folded *)view;
	struct sbuf b = { 0 };
	int err;

	(void)why;
	for (size_t i = 0; i < total->proc_cnt; i++)
		put_proc(v, &total->procs[i], &b);
	err = v->oom ? -ENOMEM : fflush(v->out) ? -errno : 0;
	sbuf__free(&b);
	return err;
}

static void folded_free(struct view *v)
{
	free(v);
}

static const struct view_ops folded_ops = {
	.begin = view__nothing_at_begin,
	.interval = view__nothing_at_interval,
	.end = end,
	.free = folded_free,
};

struct view *view_folded__new(FILE *out, const struct view_opts *o)
{
	struct view_folded *v = calloc(1, sizeof(*v));

	if (!v)
		return NULL;
	v->view.ops = &folded_ops;
	v->out = out;
	v->opts = o;
	return &v->view;
}
