/* SPDX-License-Identifier: BSD-2-Clause */
/* speedscope.c - for speedscope (www.speedscope.app, or its own copy on the user's machine)
 *
 * Of each process up to three profiles of the exact totals by stack, the thread as the root frame: whom others waited for, where threads
 * waited, where they held ("Left Heavy" and "Sandwich" show what to change). Then one of each thread that shows what it did when
 * ("Time Order"): its waits, holds and yields to the ns, and below them, of those that are not short, who held the GIL and
 * the stack. A profile is in one piece, and states come mixed up: they are in a spool until the end (state_log.h).
 */
#include <errno.h>
#include <stdlib.h>

#include "user/base/decimal.h"
#include "user/base/sbuf.h"
#include "user/base/util.h"
#include "user/view/speedscope_frames.h"
#include "user/view/state_log.h"
#include "user/view/view.h"

/* Shorter states have no stack in the timeline: one is some 1000 bytes there, and is in the totals anyway. */
#define STACK_MIN_NS 100000u

struct speedscope {
	struct view view;
	struct state_log *log;
	FILE *out;
	struct speedscope_frames frames;
	struct sbuf text;
	uint64_t base_ns, end_ns;
	size_t profile_cnt;
	size_t active; /* the profile that is shown first, and why that one */
	uint64_t active_ns;
};

static const char *const state_names[GT_STATE_CNT] = {
	[GT_WAIT] = "Waiting for GIL", [GT_HOLD] = "Has GIL", [GT_YIELD] = "Yielding"
};

/* ---- a profile ---- */

static void open_profile(struct speedscope *v, const char *type, uint64_t end_ns)
{
	struct json_out j = { .out = v->out };

	fputs(v->profile_cnt++ ? ",\n" : "\n", v->out);
	json__open(&j, NULL, '{');
	json__str(&j, "type", type);
	json__str(&j, "name", sbuf__str(&v->text));
	json__str(&j, "unit", "nanoseconds");
	json__u64(&j, "startValue", 0);
	json__u64(&j, "endValue", end_ns);
}

static void put_who(struct sbuf *b, const char *name, uint32_t id)
{
	sbuf__puts(b, name);
	sbuf__printf(b, " (%u)", id);
}

/* ---- totals ---- */

static const struct {
	enum snap_stack_kind kind;
	const char *what;
} totals[] = {
	{ SNAP_STACK_BLAME, "makes others wait" },
	{ SNAP_STACK_WAIT, "waits for the GIL" },
	{ SNAP_STACK_HOLD, "has the GIL" },
};

static bool is_shown(const struct speedscope *v, const struct snap_stack *s,
		     enum snap_stack_kind kind)
{
	return s->kind == kind && s->ns && view_opts__shows_tid(v->view.opts, s->tid);
}

static uint32_t thread_frame(struct speedscope *v, const struct snap_proc *p, uint32_t tid)
{
	const struct snap_thread *t = snap_proc__thread(p, tid);
	const char *name = t && *t->name ? t->name : "thread";

	sbuf__reset(&v->text);
	if (!tid)
		sbuf__puts(&v->text, "[other threads]");
	else if (tid & SNAP_FOLD_TID)
		sbuf__printf(&v->text, "%s (ended)", name);
	else
		put_who(&v->text, name, tid);
	return speedscope_frames__text(&v->frames, sbuf__str(&v->text));
}

static void put_no(struct speedscope *v, uint32_t no)
{
	putc_unlocked(',', v->out);
	decimal__put_u64(v->out, no);
}

static void put_stack(struct speedscope *v, const struct snap_proc *p, const struct snap_stack *s)
{
	putc_unlocked('[', v->out);
	decimal__put_u64(v->out, thread_frame(v, p, s->tid));
	if (s->truncated)
		put_no(v, speedscope_frames__text(&v->frames, "[truncated]"));
	for (size_t i = 0; i < s->frame_cnt; i++)
		put_no(v, speedscope_frames__of(&v->frames, &s->frames[i]));
	if (!s->frame_cnt)
		put_no(v, speedscope_frames__text(&v->frames, "[other]"));
	putc_unlocked(']', v->out);
}

static void put_columns(struct speedscope *v, const struct snap_proc *p, enum snap_stack_kind kind)
{
	for (int weights = 0; weights < 2; weights++) {
		const char *sep = "";

		fputs(weights ? ",\"weights\":[" : ",\"samples\":[", v->out);
		for (size_t i = 0; i < p->stack_cnt; i++) {
			const struct snap_stack *s = &p->stacks[i];

			if (!is_shown(v, s, kind))
				continue;
			fputs(sep, v->out);
			sep = ",";
			if (weights)
				decimal__put_u64(v->out, s->ns);
			else
				put_stack(v, p, s);
		}
		putc(']', v->out);
	}
	putc('}', v->out);
}

/* Of all processes that with the most blame is shown first; where nobody is to blame, that with the most of what there is. */
static void choose_active(struct speedscope *v, size_t no, uint64_t ns)
{
	uint64_t rank = (ns >> 2) + (no ? 0 : 1ull << 62);

	if (rank <= v->active_ns)
		return;
	v->active_ns = rank;
	v->active = v->profile_cnt;
}

static void put_totals(struct speedscope *v, const struct snap_proc *p, size_t no)
{
	uint64_t ns = 0;

	for (size_t i = 0; i < p->stack_cnt; i++)
		if (is_shown(v, &p->stacks[i], totals[no].kind))
			ns += p->stacks[i].ns;
	if (!ns)
		return;
	choose_active(v, no, ns);
	sbuf__reset(&v->text);
	put_who(&v->text, p->comm, p->pid);
	sbuf__printf(&v->text, " %s", totals[no].what);
	open_profile(v, "sampled", ns);
	put_columns(v, p, totals[no].kind);
}

/* ---- what each thread did ---- */

struct thread_out {
	struct speedscope *v;
	uint32_t kinds[GT_STATE_CNT]; /* frames */
	uint64_t last_ns;
	bool comma;
	size_t depth, cap;
	uint32_t *open; /* frames */
};

static int put_event(struct thread_out *t, char type, uint32_t frame, uint64_t at_ns)
{
	FILE *f = t->v->out;

	fputs_unlocked(t->comma ? ",{\"type\":\"" : "{\"type\":\"", f);
	putc_unlocked(type, f);
	fputs_unlocked("\",\"frame\":", f);
	decimal__put_u64(f, frame);
	fputs_unlocked(",\"at\":", f);
	decimal__put_u64(f, at_ns);
	putc_unlocked('}', f);
	t->comma = true;
	if (type == 'C')
		return 0;
	if (array_grow(&t->open, t->depth, &t->cap, sizeof(*t->open)))
		return -ENOMEM;
	t->open[t->depth++] = frame;
	return 0;
}

/* Who held it, and where this thread was. */
static int put_frames(struct thread_out *t, const struct logged *l, uint64_t at_ns)
{
	struct speedscope *v = t->v;
	struct stored_stack stack = states__stack(state_log__states(v->log), l->stack_id);
	int err = 0;

	if (l->kind == GT_WAIT && l->other) {
		sbuf__reset(&v->text);
		sbuf__puts(&v->text, "held by ");
		put_who(&v->text, *l->other->name ? l->other->name : "thread", l->other->tid);
		err = put_event(t, 'O', speedscope_frames__text(&v->frames, sbuf__str(&v->text)),
				at_ns);
	}
	if (!err && stack.truncated)
		err = put_event(t, 'O', speedscope_frames__text(&v->frames, "[truncated]"), at_ns);
	for (size_t i = 0; i < stack.cnt && !err; i++)
		err = put_event(t, 'O', speedscope_frames__of(&v->frames, &stack.frames[i]), at_ns);
	return err;
}

static int put_state(void *ctx, const struct logged *l)
{
	struct thread_out *t = ctx;
	uint64_t base = t->v->base_ns;
	uint64_t start = l->start_ns > base ? l->start_ns - base : 0;
	uint64_t end = l->end_ns > base ? l->end_ns - base : 0;
	int err;

	if (start < t->last_ns) /* of a thread that ended with it, maybe */
		start = t->last_ns;
	if (l->cnt || end <= start)
		return 0;
	t->last_ns = end;
	err = put_event(t, 'O', t->kinds[l->kind], start);
	if (!err && end - start >= STACK_MIN_NS)
		err = put_frames(t, l, start);
	while (t->depth && !err)
		err = put_event(t, 'C', t->open[--t->depth], end);
	return err;
}

static int put_thread(struct speedscope *v, const struct log_stream *s)
{
	struct thread_out t = { .v = v };
	const struct state_proc *p = s->thread->proc;
	int err;

	sbuf__reset(&v->text);
	put_who(&v->text, *s->thread->name ? s->thread->name : "thread", s->thread->tid);
	if (s->gil->id)
		sbuf__printf(&v->text, " at GIL %u", s->gil->id);
	sbuf__puts(&v->text, " of ");
	put_who(&v->text, p->comm, p->pid);
	if (s->short_cnt)
		sbuf__printf(&v->text, ", without %llu short states of %.6f s in sum",
			     (unsigned long long)s->short_cnt, (double)s->short_ns / 1e9);
	open_profile(v, "evented", v->end_ns);
	for (size_t i = GT_WAIT; i < GT_STATE_CNT; i++)
		t.kinds[i] = speedscope_frames__text(&v->frames, state_names[i]);
	fputs(",\"events\":[", v->out);
	err = state_log__each(v->log, s, put_state, &t);
	fputs("]}", v->out);
	free(t.open);
	return err;
}

/* Those that lost most first. */
static int cmp_streams(const void *a, const void *b)
{
	const struct log_stream *x = *(const struct log_stream *const *)a;
	const struct log_stream *y = *(const struct log_stream *const *)b;
	uint64_t m = x->ns[GT_WAIT] + x->ns[GT_YIELD], n = y->ns[GT_WAIT] + y->ns[GT_YIELD];

	if (m != n)
		return m > n ? -1 : 1;
	if (x->thread != y->thread)
		return x->thread->no < y->thread->no ? -1 : 1;
	return (x->gil->no > y->gil->no) - (x->gil->no < y->gil->no);
}

static int put_threads(struct speedscope *v)
{
	size_t cnt = state_log__cnt(v->log);
	__cleanup(freep) const struct log_stream **list = calloc(cnt + 1, sizeof(*list));
	int err = 0;

	if (!list)
		return -ENOMEM;
	for (size_t i = 0; i < cnt; i++)
		list[i] = state_log__stream(v->log, i);
	qsort(list, cnt, sizeof(*list), cmp_streams);
	for (size_t i = 0; i < cnt && !err; i++)
		err = put_thread(v, list[i]);
	return err;
}

/* ---- the file ---- */

/* It cannot be opened with no profile at all. */
static void put_nothing(struct speedscope *v)
{
	sbuf__reset(&v->text);
	sbuf__puts(&v->text, "no thread had to do with a GIL");
	open_profile(v, "evented", v->end_ns);
	fputs(",\"events\":[]}", v->out);
}

static int put_file(struct speedscope *v, const struct snapshot *total)
{
	struct json_out j = { .out = v->out };
	int err;

	json__open(&j, NULL, '{');
	json__str(&j, "$schema", "https://www.speedscope.app/file-format-schema.json");
	json__str(&j, "name", "giltop");
	json__str(&j, "exporter", "giltop@" GILTOP_VERSION);
	json__open(&j, "profiles", '[');
	for (size_t i = 0; i < total->proc_cnt; i++)
		for (size_t k = 0; k < ARRAY_SIZE(totals); k++)
			put_totals(v, &total->procs[i], k);
	err = put_threads(v);
	if (!err && !v->profile_cnt)
		put_nothing(v);
	json__close(&j, ']');
	json__u64(&j, "activeProfileIndex", v->active);
	json__open(&j, "shared", '{');
	speedscope_frames__put(&v->frames, &j);
	json__close(&j, '}');
	json__close(&j, '}');
	if (!err)
		err = v->text.oom || v->frames.oom ? -ENOMEM : 0;
	return err ? err : json__end(&j);
}

static int end(struct view *view, const struct snapshot *total, const char *why)
{
	struct speedscope *v = (struct speedscope *)view;
	int err = state_log__finish(v->log, total->now_ns);
	uint64_t first_ns = state_log__first_ns(v->log);

	(void)why;
	if (err)
		return err;
	v->base_ns = first_ns < total->start_ns ? first_ns : total->start_ns;
	v->end_ns = total->now_ns - v->base_ns;
	return put_file(v, total);
}

static int take(struct view *v, const struct record *r)
{
	return state_log__take(((struct speedscope *)v)->log, r);
}

static void speedscope_free(struct view *view)
{
	struct speedscope *v = (struct speedscope *)view;

	state_log__free(v->log);
	speedscope_frames__free(&v->frames);
	sbuf__free(&v->text);
	free(v);
}

static const struct view_ops speedscope_ops = {
	.take = take,
	.end = end,
	.free = speedscope_free,
};

struct view *view_speedscope__new(FILE *out, const struct view_opts *o)
{
	struct speedscope *v = calloc(1, sizeof(*v));

	if (!v)
		return NULL;
	v->view = (struct view){ .ops = &speedscope_ops, .out = out, .opts = o };
	v->out = out;
	v->log = state_log__new(o, false);
	if (!v->log) {
		free(v);
		errno = ENOMEM;
		return NULL;
	}
	return &v->view;
}
