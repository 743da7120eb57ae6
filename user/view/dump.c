/* SPDX-License-Identifier: BSD-2-Clause */
/* dump.c - one look: who holds each GIL, who waits for it since when, where each of them is */
#include <errno.h>

#include "user/base/sbuf.h"
#include "user/base/units.h"
#include "user/base/util.h"
#include "user/base/where.h"
#include "user/view/trigger_lines.h"
#include "user/view/view.h"

/* Its stack now; else where it was sampled most in this look. */
static void put_stack(struct view *v, const struct snap_proc *p, const struct snap_thread *t)
{
	const struct snap_frame *f = t->now_frames;
	size_t cnt = t->now_frame_cnt;

	for (size_t i = 0; i < p->stack_cnt && !cnt; i++) {
		if (p->stacks[i].tid != t->tid ||
		    (p->stacks[i].kind == SNAP_STACK_WAIT) != (t->state == SNAP_WAITING))
			continue;
		f = p->stacks[i].frames;
		cnt = p->stacks[i].frame_cnt;
	}
	for (size_t i = cnt; i-- > 0;) {
		fprintf(v->out, "      %s", f[i].name);
		if (f[i].line)
			fprintf(v->out, " (%s:%u)\n", f[i].file, f[i].line);
		else
			fprintf(v->out, "%s%s%s\n", f[i].file[0] ? " (" : "", f[i].file,
				f[i].file[0] ? ")" : "");
	}
	if (!cnt)
		fprintf(v->out, "      (stack not known)\n");
}

static void put_thread(struct view *v, const struct snapshot *s, const struct snap_proc *p,
		       const struct snap_thread *t)
{
	char since[UNITS_SZ];
	/* A state that is as old as the look began before it: at least so long. */
	bool older = t->state_ns + 10000000 >= s->now_ns - s->books_ns;

	fprintf(v->out, "    %s (tid %u) %s for %s%s\n", t->name, t->tid,
		snap_state__name(t->state), older ? "at least " : "",
		units__duration(t->state_ns, since));
	put_stack(v, p, t);
}

static size_t put_threads(struct view *v, const struct snapshot *s, const struct snap_proc *p,
			  size_t gil, enum snap_state state)
{
	size_t cnt = 0;

	for (size_t i = 0; i < p->thread_cnt; i++) {
		if (p->threads[i].gil != gil || p->threads[i].state != state)
			continue;
		put_thread(v, s, p, &p->threads[i]);
		cnt++;
	}
	return cnt;
}

static void put_gil(struct view *v, const struct snapshot *s, const struct snap_proc *p, size_t i)
{
	const struct snap_gil *g = &p->gils[i];

	if (p->gil_cnt > 1)
		fprintf(v->out, "  GIL %u", g->id);
	else
		fprintf(v->out, "  the GIL");
	/* Light mode knows that somebody has it if others wait, and else nothing. */
	fprintf(v->out, " is %s, %u thread%s wait%s\n",
		g->held			     ? "held"
		: p->mode == SNAP_MODE_LIGHT ? "held or free (light mode)"
					     : "free",
		g->waiters, g->waiters == 1 ? "" : "s", g->waiters == 1 ? "s" : "");
	if (!put_threads(v, s, p, i, SNAP_HOLDING) && g->held)
		fprintf(v->out, "    by a thread that is not known yet\n");
	put_threads(v, s, p, i, SNAP_WAITING);
	put_threads(v, s, p, i, SNAP_YIELDING);
}

static int end(struct view *v, const struct snapshot *s, const char *why)
{
	(void)why;
	for (size_t i = 0; i < s->proc_cnt; i++) {
		const struct snap_proc *p = &s->procs[i];
		__cleanup(sbuf__free) struct sbuf where = { 0 };

		fprintf(v->out, "pid %u %s  CPython %s  %s\n", p->pid, p->comm, p->python,
			p->cmdline);
		where__words(&p->where, &where);
		if (where.len)
			fprintf(v->out, "  in %s\n", sbuf__str(&where));
		if (p->note[0])
			fprintf(v->out, "  %s\n", p->note);
		for (size_t k = 0; k < p->gil_cnt; k++)
			put_gil(v, s, p, k);
		if (!p->gil_cnt)
			fprintf(v->out, "  nobody touched the GIL meanwhile\n");
	}
	return fflush(v->out) ? -errno : 0;
}

/* Of a recording: what was told of just before. */
static int event(struct view *v, const struct trigger_event *e)
{
	__cleanup(sbuf__free) struct sbuf text = { 0 };

	trigger_lines__block(e, &text);
	return text.oom || fputs(sbuf__str(&text), v->out) == EOF ? -EIO : 0;
}

static const struct view_ops dump_ops = {
	.event = event,
	.end = end,
};

struct view *view_dump__new(FILE *out, const struct view_opts *o)
{
	return view__new(&dump_ops, out, o);
}
