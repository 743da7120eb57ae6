/* SPDX-License-Identifier: BSD-2-Clause */
/* chrome.c - trace events as JSON: what chrome://tracing, Perfetto and many others read, to lay beside another trace
 *
 * An event a line, streamed, a comma before it, and written out at the ends of lines: of a run that was killed `]}` at the end
 * makes a file again. Slices are on the process and
 * thread that they are of, so that they lie beside what others have traced of the same thread. Times are microseconds of
 * CLOCK_MONOTONIC with three decimals, made of the ns without rounding; otherData has what the other clocks said at one moment.
 *
 * What is on one row must nest. A thread has one state at a GIL, but one that is at a second GIL (sub-interpreters) may
 * wait for it while it holds the first: that has a row of its own, with a tid that no thread can have.
 */
#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "user/base/sbuf.h"
#include "user/base/text.h"
#include "user/base/util.h"
#include "user/books/sink.h"
#include "user/books/trigger.h"
#include "user/view/chrome_out.h"
#include "user/view/states.h"
#include "user/view/view.h"

/* Linux has no tid beyond (PID_MAX_LIMIT, linux/threads.h). */
#define TID_LIMIT (1u << 22)

/* What is known of a thread by now, by its number. */
struct row {
	bool used;	  /* something is on it */
	size_t gil;	  /* the first that it was seen at, .. */
	uint64_t others;  /* .. and further ones, as bits of their ids below 64 */
	const char *name; /* that is in escaped */
	char *escaped;
};

struct chrome {
	struct view view;
	struct states *states;
	struct chrome_out out;
	bool headed; /* .. the head has been made, .. */
	bool begun;  /* .. and an event */
	size_t row_cnt, row_cap;
	struct row *rows;
	uint64_t segment_cnt;
};

/* What lays it beside traces by other clocks. */
static void put_head(struct chrome *c)
{
	struct states_clock clock = states__clock(c->states);

	chrome_out__text(&c->out, "{\"otherData\":{\"giltop\":\"" GILTOP_VERSION
				  "\",\"clock\":\"monotonic\"");
	chrome_out__u64(&c->out, ",\"mono_ns\":", clock.mono_ns);
	chrome_out__u64(&c->out, ",\"real_ns\":", clock.real_ns);
	if (clock.boot_ns)
		chrome_out__u64(&c->out, ",\"boot_ns\":", clock.boot_ns);
	chrome_out__text(&c->out, "},\"traceEvents\":[\n");
	c->headed = true;
}

static void begin_event(struct chrome *c, const char *text)
{
	if (!c->headed)
		put_head(c);
	chrome_out__text(&c->out, c->begun ? ",\n" : "");
	chrome_out__text(&c->out, text);
	c->begun = true;
}

static int end_event(struct chrome *c)
{
	chrome_out__text(&c->out, "}");
	return chrome_out__end(&c->out);
}

/* ---- rows ---- */

/* NULL: no memory. */
static struct row *row_of(struct chrome *c, const struct state_thread *t, const struct state_gil *g)
{
	while (c->row_cnt <= t->no) {
		if (array_grow(&c->rows, c->row_cnt, &c->row_cap, sizeof(*c->rows)))
			return NULL;
		c->rows[c->row_cnt++] = (struct row){ .gil = SIZE_MAX };
	}
	if (g && c->rows[t->no].gil == SIZE_MAX)
		c->rows[t->no].gil = g->no;
	c->rows[t->no].used |= g != NULL;
	return &c->rows[t->no];
}

static uint64_t row_tid(const struct state_thread *t, uint32_t gil_id)
{
	return t->tid + (uint64_t)(gil_id + 1) * TID_LIMIT;
}

/* The row of this thread at this GIL. */
static uint64_t tid_at(struct chrome *c, const struct state_thread *t, const struct state_gil *g)
{
	struct row *r = row_of(c, t, g);

	if (!r || r->gil == g->no)
		return t->tid;
	r->others |= 1ull << (g->id & 63);
	return row_tid(t, g->id & 63);
}

/* Its name between quotes. */
static void put_name(struct chrome *c, const struct state_thread *t)
{
	__cleanup(sbuf__free) struct sbuf text = { 0 };
	struct row *r = row_of(c, t, NULL);

	if (r && r->name != t->name) {
		chrome_out__escape(&text, t->name);
		free(r->escaped);
		r->escaped = text.oom ? NULL : strdup(sbuf__str(&text));
		r->name = t->name;
	}
	chrome_out__text(&c->out, r && r->escaped ? r->escaped : "?");
}

/* Its name, if that is known by now, and its tid. */
static void put_thread(struct chrome *c, const char *key, const struct state_thread *t)
{
	chrome_out__text(&c->out, "\"");
	if (*t->name) {
		chrome_out__text(&c->out, key);
		chrome_out__text(&c->out, "\":\"");
		put_name(c, t);
		chrome_out__text(&c->out, "\",\"");
	}
	chrome_out__text(&c->out, key);
	chrome_out__u64(&c->out, "_tid\":", t->tid);
}

/* ---- events ---- */

static void put_where(struct chrome *c, const struct stored_stack *s)
{
	const struct snap_frame *f = snap_frames__python_leaf(s->frames, s->cnt);

	if (!f)
		return;
	chrome_out__text(&c->out, ",\"at\":\"");
	chrome_out__escape(&c->out.lines, f->name);
	chrome_out__text(&c->out, " (");
	chrome_out__escape(&c->out.lines, path_base(f->file));
	if (f->line)
		chrome_out__u64(&c->out, ":", f->line);
	chrome_out__text(&c->out, ")\"");
}

static void put_args(struct chrome *c, const struct state *s)
{
	size_t at;

	chrome_out__text(&c->out, ",\"args\":{");
	at = c->out.lines.len;
	if (s->holder) {
		chrome_out__text(&c->out, ",");
		put_thread(c, "holder", s->holder);
	}
	if (s->from) {
		chrome_out__text(&c->out, ",");
		put_thread(c, "from", s->from);
	}
	if (s->retries)
		chrome_out__u64(&c->out, ",\"retries\":", s->retries);
	if (s->asked)
		chrome_out__text(&c->out, ",\"asked\":true");
	if (s->light)
		chrome_out__text(&c->out, ",\"light\":true");
	if (s->open)
		chrome_out__text(&c->out, ",\"open\":true");
	put_where(c, &s->stack);
	if (c->out.lines.len > at && !c->out.lines.oom) /* the first comma is one too many */
		c->out.lines.s[at] = ' ';
	chrome_out__text(&c->out, "}");
}

static int put_flow(struct chrome *c, const char *end, const struct state *s, uint64_t tid,
		    uint64_t ns)
{
	begin_event(c, "{\"name\":\"hand-over\",\"cat\":\"gil\",\"ph\":\"");
	chrome_out__text(&c->out, end);
	chrome_out__u64(&c->out, "\",\"id\":", s->in);
	chrome_out__us(&c->out, ",\"ts\":", ns);
	chrome_out__u64(&c->out, ",\"pid\":", s->thread->proc->pid);
	chrome_out__u64(&c->out, ",\"tid\":", tid);
	return end_event(c);
}

/* An arrow begins in a slice that is still there at that time: just before its end. */
static int put_hand_over(struct chrome *c, const struct state *s, uint64_t tid)
{
	int err = put_flow(c, "s", s, tid_at(c, s->from, s->gil), s->from_ns - 1);

	return err ? err : put_flow(c, "f\",\"bp\":\"e", s, tid, s->start_ns);
}

static int on_state(void *ctx, const struct state *s)
{
	struct chrome *c = ctx;
	uint64_t tid = tid_at(c, s->thread, s->gil);
	int err;

	begin_event(c, "{\"name\":\"");
	chrome_out__text(&c->out, state_names[s->kind]);
	chrome_out__us(&c->out, "\",\"cat\":\"gil\",\"ph\":\"X\",\"ts\":", s->start_ns);
	chrome_out__us(&c->out, ",\"dur\":", s->end_ns - s->start_ns);
	chrome_out__u64(&c->out, ",\"pid\":", s->thread->proc->pid);
	chrome_out__u64(&c->out, ",\"tid\":", tid);
	put_args(c, s);
	err = end_event(c);
	return err || !s->in || !s->from ? err : put_hand_over(c, s, tid);
}

static int on_waiters(void *ctx, const struct state_gil *g, uint64_t at_ns)
{
	struct chrome *c = ctx;

	begin_event(c, "{\"name\":\"GIL waiters");
	if (g->id)
		chrome_out__u64(&c->out, " at GIL ", g->id);
	chrome_out__us(&c->out, "\",\"cat\":\"gil\",\"ph\":\"C\",\"ts\":", at_ns);
	chrome_out__u64(&c->out, ",\"pid\":", g->proc->pid);
	chrome_out__u64(&c->out, ",\"args\":{\"waiters\":", g->waiters);
	chrome_out__text(&c->out, "}");
	return end_event(c);
}

/* They may overlap what is there one by one: a row of their own. */
static int put_segment_end(struct chrome *c, const struct state_segment *s, const char *ph,
			   uint64_t ns)
{
	begin_event(c, "{\"name\":\"");
	chrome_out__text(&c->out, state_segment_names[s->kind]);
	chrome_out__text(&c->out, "\",\"cat\":\"gil.short\",\"ph\":\"");
	chrome_out__text(&c->out, ph);
	chrome_out__u64(&c->out, "\",\"id\":", c->segment_cnt);
	chrome_out__us(&c->out, ",\"ts\":", ns);
	chrome_out__u64(&c->out, ",\"pid\":", s->thread->proc->pid);
	chrome_out__u64(&c->out, ",\"tid\":", s->thread->tid);
	chrome_out__u64(&c->out, ",\"args\":{\"count\":", s->cnt);
	chrome_out__us(&c->out, ",\"sum_us\":", s->sum_ns);
	chrome_out__us(&c->out, ",\"max_us\":", s->max_ns);
	chrome_out__text(&c->out, "}");
	return end_event(c);
}

static int on_segment(void *ctx, const struct state_segment *s)
{
	struct chrome *c = ctx;
	int err;

	c->segment_cnt++;
	row_of(c, s->thread, s->gil);
	err = put_segment_end(c, s, "b", s->start_ns);
	return err ? err : put_segment_end(c, s, "e", s->end_ns);
}

static int on_trigger(void *ctx, const struct trigger *t, const struct state_proc *proc,
		      const struct state_thread *waiter, const struct state_thread *holder)
{
	const struct state_thread *who = t->kind == TRIGGER_HOLD && holder ? holder : waiter;
	struct chrome *c = ctx;
	struct row *row = who ? row_of(c, who, NULL) : NULL;

	if (row)
		row->used = true;
	begin_event(c, "{\"name\":\"");
	chrome_out__text(&c->out, state_trigger_names[t->kind]);
	chrome_out__us(&c->out, "\",\"cat\":\"gil.trigger\",\"ph\":\"i\",\"ts\":", t->at_ns);
	chrome_out__text(&c->out, who ? ",\"s\":\"t\"" : proc ? ",\"s\":\"p\"" : ",\"s\":\"g\"");
	chrome_out__u64(&c->out, ",\"pid\":", proc ? proc->pid : 0);
	chrome_out__u64(&c->out, ",\"tid\":", who ? who->tid : proc ? proc->pid : 0);
	chrome_out__us(&c->out, ",\"args\":{\"lasted_us\":", t->ns);
	chrome_out__us(&c->out, ",\"limit_us\":", t->limit_ns);
	chrome_out__u64(&c->out, ",\"no\":", t->no);
	chrome_out__text(&c->out, t->over ? ",\"over\":true" : "");
	if (waiter) {
		chrome_out__text(&c->out, ",");
		put_thread(c, "waiter", waiter);
	}
	if (holder) {
		chrome_out__text(&c->out, ",");
		put_thread(c, "holder", holder);
	}
	chrome_out__text(&c->out, "}");
	return end_event(c);
}

/* ---- names: at the end, when they are known ---- */

static int put_sort_index(struct chrome *c, const struct state_thread *t, uint64_t tid)
{
	begin_event(c, "{\"name\":\"thread_sort_index\",\"ph\":\"M\",\"pid\":");
	chrome_out__u64(&c->out, "", t->proc->pid);
	chrome_out__u64(&c->out, ",\"tid\":", tid);
	chrome_out__u64(&c->out, ",\"args\":{\"sort_index\":", t->no);
	chrome_out__text(&c->out, "}");
	return end_event(c);
}

static int put_thread_meta(struct chrome *c, const struct state_thread *t, uint64_t tid, int gil)
{
	int err;

	if (!*t->name && gil < 0)
		return put_sort_index(c, t, tid);
	begin_event(c, "{\"name\":\"thread_name\",\"ph\":\"M\",\"pid\":");
	chrome_out__u64(&c->out, "", t->proc->pid);
	chrome_out__u64(&c->out, ",\"tid\":", tid);
	chrome_out__text(&c->out, ",\"args\":{\"name\":\"");
	put_name(c, t);
	if (gil >= 0) {
		chrome_out__u64(&c->out, " at GIL ", (uint64_t)gil);
	}
	chrome_out__text(&c->out, "\"}");
	err = end_event(c);
	return err ? err : put_sort_index(c, t, tid);
}

static int put_thread_metas(struct chrome *c, const struct state_thread *t)
{
	const struct row *r = row_of(c, t, NULL);
	int err = r && r->used ? put_thread_meta(c, t, t->tid, -1) : 0;

	for (int i = 0; r && i < 64 && !err; i++)
		if (r->others >> i & 1)
			err = put_thread_meta(c, t, row_tid(t, (uint32_t)i), i);
	return err;
}

static int put_proc_meta(struct chrome *c, const struct state_proc *p)
{
	begin_event(c, "{\"name\":\"process_name\",\"ph\":\"M\",\"pid\":");
	chrome_out__u64(&c->out, "", p->pid);
	chrome_out__str(&c->out,
			",\"args\":{\"name\":", *p->cmdline ? command_short(p->cmdline) : p->comm);
	chrome_out__str(&c->out, ",\"python\":", p->python);
	chrome_out__text(&c->out, "}");
	return end_event(c);
}

static int put_names(struct chrome *c)
{
	int err = 0;

	for (size_t i = 0; i < states__proc_cnt(c->states) && !err; i++)
		err = put_proc_meta(c, states__proc(c->states, i));
	for (size_t i = 0; i < states__thread_cnt(c->states) && !err; i++)
		err = put_thread_metas(c, states__thread(c->states, i));
	return err;
}

/* ---- the view ---- */

static int take(struct view *v, const struct record *r)
{
	return states__take(((struct chrome *)v)->states, r);
}

/* From here on it is a file that two brackets end. */
static int begin(struct view *v, const struct snapshot *first)
{
	struct chrome *c = (struct chrome *)v;

	(void)first;
	if (!c->headed)
		put_head(c);
	return chrome_out__flush(&c->out);
}

static int interval(struct view *v, const struct snapshot *s)
{
	(void)s;
	return chrome_out__flush(&((struct chrome *)v)->out);
}

static int end(struct view *v, const struct snapshot *total, const char *why)
{
	struct chrome *c = (struct chrome *)v;
	int err = states__finish(c->states, total);

	(void)why;
	if (!err)
		err = put_names(c);
	if (!c->headed)
		put_head(c);
	chrome_out__text(&c->out, "\n]}\n");
	return err ? err : chrome_out__flush(&c->out);
}

static void chrome_free(struct view *v)
{
	struct chrome *c = (struct chrome *)v;

	for (size_t i = 0; i < c->row_cnt; i++)
		free(c->rows[i].escaped);
	free(c->rows);
	chrome_out__free(&c->out);
	states__free(c->states);
	free(c);
}

static const struct view_ops chrome_ops = {
	.begin = begin,
	.interval = interval,
	.take = take,
	.end = end,
	.free = chrome_free,
};

struct view *view_chrome__new(FILE *out, const struct view_opts *o)
{
	static const struct states_ops ops = { .state = on_state,
					       .segment = on_segment,
					       .waiters = on_waiters,
					       .trigger = on_trigger };
	struct chrome *c = calloc(1, sizeof(*c));

	if (!c)
		return NULL;
	c->view = (struct view){ .ops = &chrome_ops, .out = out, .opts = o };
	c->out.out = out;
	c->states = states__new(&ops, c, o);
	if (c->states)
		return &c->view;
	free(c);
	return NULL;
}
