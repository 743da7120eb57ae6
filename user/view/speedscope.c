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
#include "user/view/speedscope_impl.h"

/* Shorter states have no stack in the timeline: one is some 1000 bytes there, and is in the totals anyway. */
#define STACK_MIN_NS 100000u

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
		speedscope__put_who(&v->text, *l->other->name ? l->other->name : "thread",
				    l->other->tid);
		sbuf__puts(&v->text, " at its start");
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
	speedscope__put_who(&v->text, *s->thread->name ? s->thread->name : "thread",
			    s->thread->tid);
	if (s->gil->id)
		sbuf__printf(&v->text, " at GIL %u", s->gil->id);
	sbuf__puts(&v->text, " of ");
	speedscope__put_who(&v->text, p->comm, p->pid);
	if (s->short_cnt)
		sbuf__printf(&v->text, ", without %llu short states of %.6f s in sum",
			     (unsigned long long)s->short_cnt, (double)s->short_ns / 1e9);
	speedscope__open_profile(v, "evented", v->end_ns);
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
	speedscope__open_profile(v, "evented", v->end_ns);
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
	err = speedscope__put_totals(v, total);
	if (!err)
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
	int err = state_log__finish(v->log, total);
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
