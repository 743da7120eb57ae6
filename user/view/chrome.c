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

#include "user/base/digits.h"
#include "user/base/sbuf.h"
#include "user/base/text.h"
#include "user/base/util.h"
#include "user/books/sink.h"
#include "user/books/trigger.h"
#include "user/view/states.h"
#include "user/view/view.h"

/* Linux has no tid beyond (PID_MAX_LIMIT, linux/threads.h). */
#define TID_LIMIT (1u << 22)

/* Written at once from so many bytes on: with one more line it fits into the buffer of a stream (BUFSIZ), which is one write. */
#define LINES_MAX (BUFSIZ / 2)

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
	struct sbuf lines; /* whole ones that are not written yet, and the one that is being made */
	bool headed;	   /* .. the head has been made, .. */
	bool begun;	   /* .. and an event */
	size_t row_cnt, row_cap;
	struct row *rows;
	uint64_t segment_cnt;
};

/* ---- a line ---- */

static void put(struct chrome *c, const char *text)
{
	sbuf__puts(&c->lines, text);
}

static void put_u64(struct chrome *c, const char *key, uint64_t v)
{
	char buf[DIGITS_MAX];

	put(c, key);
	sbuf__add(&c->lines, buf, (size_t)(digits__u64(buf, v) - buf));
}

static void put_us(struct chrome *c, const char *key, uint64_t ns)
{
	char buf[DIGITS_MAX + 2];

	put(c, key);
	sbuf__add(&c->lines, buf, (size_t)(digits__decimal(buf, ns, 3) - buf));
}

/* What JSON reserves; the text is clean (snapshot.h). */
static void escape(struct sbuf *out, const char *s)
{
	while (*s) {
		size_t len = strcspn(s, "\"\\");

		sbuf__add(out, s, len);
		s += len;
		if (!*s)
			break;
		sbuf__puts(out, "\\");
		sbuf__add(out, s++, 1);
	}
}

static void put_str(struct chrome *c, const char *key, const char *s)
{
	put(c, key);
	put(c, "\"");
	escape(&c->lines, s);
	put(c, "\"");
}

/* What lays it beside traces by other clocks. */
static void put_head(struct chrome *c)
{
	struct states_clock clock = states__clock(c->states);

	put(c, "{\"otherData\":{\"giltop\":\"" GILTOP_VERSION "\",\"clock\":\"monotonic\"");
	put_u64(c, ",\"mono_ns\":", clock.mono_ns);
	put_u64(c, ",\"real_ns\":", clock.real_ns);
	if (clock.boot_ns)
		put_u64(c, ",\"boot_ns\":", clock.boot_ns);
	put(c, "},\"traceEvents\":[\n");
	c->headed = true;
}

static void begin_event(struct chrome *c, const char *text)
{
	if (!c->headed)
		put_head(c);
	put(c, c->begun ? ",\n" : "");
	put(c, text);
	c->begun = true;
}

/* All that is there, and through the stream's buffer, too, so that no line is left there half. */
static int write_lines(struct chrome *c)
{
	size_t len = c->lines.len;

	if (c->lines.oom)
		return -ENOMEM;
	if (len && fwrite(c->lines.s, 1, len, c->view.out) != len)
		return errno ? -errno : -EIO;
	sbuf__reset(&c->lines);
	return fflush(c->view.out) ? -errno : 0;
}

static int end_event(struct chrome *c)
{
	put(c, "}");
	return c->lines.len < LINES_MAX && !c->lines.oom ? 0 : write_lines(c);
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
		escape(&text, t->name);
		free(r->escaped);
		r->escaped = text.oom ? NULL : strdup(sbuf__str(&text));
		r->name = t->name;
	}
	put(c, r && r->escaped ? r->escaped : "?");
}

/* Its name, if that is known by now, and its tid. */
static void put_thread(struct chrome *c, const char *key, const struct state_thread *t)
{
	put(c, "\"");
	if (*t->name) {
		put(c, key);
		put(c, "\":\"");
		put_name(c, t);
		put(c, "\",\"");
	}
	put(c, key);
	put_u64(c, "_tid\":", t->tid);
}

/* ---- events ---- */

static void put_where(struct chrome *c, const struct stored_stack *s)
{
	const struct snap_frame *f = snap_frames__python_leaf(s->frames, s->cnt);

	if (!f)
		return;
	put(c, ",\"at\":\"");
	escape(&c->lines, f->name);
	put(c, " (");
	escape(&c->lines, path_base(f->file));
	if (f->line)
		put_u64(c, ":", f->line);
	put(c, ")\"");
}

static void put_args(struct chrome *c, const struct state *s)
{
	size_t at;

	put(c, ",\"args\":{");
	at = c->lines.len;
	if (s->holder) {
		put(c, ",");
		put_thread(c, "holder", s->holder);
	}
	if (s->from) {
		put(c, ",");
		put_thread(c, "from", s->from);
	}
	if (s->retries)
		put_u64(c, ",\"retries\":", s->retries);
	if (s->asked)
		put(c, ",\"asked\":true");
	if (s->light)
		put(c, ",\"light\":true");
	if (s->open)
		put(c, ",\"open\":true");
	put_where(c, &s->stack);
	if (c->lines.len > at && !c->lines.oom) /* the first comma is one too many */
		c->lines.s[at] = ' ';
	put(c, "}");
}

static int put_flow(struct chrome *c, const char *end, const struct state *s, uint64_t tid,
		    uint64_t ns)
{
	begin_event(c, "{\"name\":\"hand-over\",\"cat\":\"gil\",\"ph\":\"");
	put(c, end);
	put_u64(c, "\",\"id\":", s->in);
	put_us(c, ",\"ts\":", ns);
	put_u64(c, ",\"pid\":", s->thread->proc->pid);
	put_u64(c, ",\"tid\":", tid);
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
	put(c, state_names[s->kind]);
	put_us(c, "\",\"cat\":\"gil\",\"ph\":\"X\",\"ts\":", s->start_ns);
	put_us(c, ",\"dur\":", s->end_ns - s->start_ns);
	put_u64(c, ",\"pid\":", s->thread->proc->pid);
	put_u64(c, ",\"tid\":", tid);
	put_args(c, s);
	err = end_event(c);
	return err || !s->in || !s->from ? err : put_hand_over(c, s, tid);
}

static int on_waiters(void *ctx, const struct state_gil *g, uint64_t at_ns)
{
	struct chrome *c = ctx;

	begin_event(c, "{\"name\":\"GIL waiters");
	if (g->id)
		put_u64(c, " at GIL ", g->id);
	put_us(c, "\",\"cat\":\"gil\",\"ph\":\"C\",\"ts\":", at_ns);
	put_u64(c, ",\"pid\":", g->proc->pid);
	put_u64(c, ",\"args\":{\"waiters\":", g->waiters);
	put(c, "}");
	return end_event(c);
}

/* They may overlap what is there one by one: a row of their own. */
static int put_segment_end(struct chrome *c, const struct state_segment *s, const char *ph,
			   uint64_t ns)
{
	begin_event(c, "{\"name\":\"");
	put(c, state_segment_names[s->kind]);
	put(c, "\",\"cat\":\"gil.short\",\"ph\":\"");
	put(c, ph);
	put_u64(c, "\",\"id\":", c->segment_cnt);
	put_us(c, ",\"ts\":", ns);
	put_u64(c, ",\"pid\":", s->thread->proc->pid);
	put_u64(c, ",\"tid\":", s->thread->tid);
	put_u64(c, ",\"args\":{\"count\":", s->cnt);
	put_us(c, ",\"sum_us\":", s->sum_ns);
	put_us(c, ",\"max_us\":", s->max_ns);
	put(c, "}");
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
	put(c, state_trigger_names[t->kind]);
	put_us(c, "\",\"cat\":\"gil.trigger\",\"ph\":\"i\",\"ts\":", t->at_ns);
	put(c, who ? ",\"s\":\"t\"" : proc ? ",\"s\":\"p\"" : ",\"s\":\"g\"");
	put_u64(c, ",\"pid\":", proc ? proc->pid : 0);
	put_u64(c, ",\"tid\":", who ? who->tid : proc ? proc->pid : 0);
	put_us(c, ",\"args\":{\"lasted_us\":", t->ns);
	put_us(c, ",\"limit_us\":", t->limit_ns);
	put_u64(c, ",\"no\":", t->no);
	put(c, t->over ? ",\"over\":true" : "");
	if (waiter) {
		put(c, ",");
		put_thread(c, "waiter", waiter);
	}
	if (holder) {
		put(c, ",");
		put_thread(c, "holder", holder);
	}
	put(c, "}");
	return end_event(c);
}

/* ---- names: at the end, when they are known ---- */

static int put_sort_index(struct chrome *c, const struct state_thread *t, uint64_t tid)
{
	begin_event(c, "{\"name\":\"thread_sort_index\",\"ph\":\"M\",\"pid\":");
	put_u64(c, "", t->proc->pid);
	put_u64(c, ",\"tid\":", tid);
	put_u64(c, ",\"args\":{\"sort_index\":", t->no);
	put(c, "}");
	return end_event(c);
}

static int put_thread_meta(struct chrome *c, const struct state_thread *t, uint64_t tid, int gil)
{
	int err;

	if (!*t->name && gil < 0)
		return put_sort_index(c, t, tid);
	begin_event(c, "{\"name\":\"thread_name\",\"ph\":\"M\",\"pid\":");
	put_u64(c, "", t->proc->pid);
	put_u64(c, ",\"tid\":", tid);
	put(c, ",\"args\":{\"name\":\"");
	put_name(c, t);
	if (gil >= 0) {
		put_u64(c, " at GIL ", (uint64_t)gil);
	}
	put(c, "\"}");
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
	put_u64(c, "", p->pid);
	put_str(c, ",\"args\":{\"name\":", *p->cmdline ? command_short(p->cmdline) : p->comm);
	put_str(c, ",\"python\":", p->python);
	put(c, "}");
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
	return write_lines(c);
}

static int interval(struct view *v, const struct snapshot *s)
{
	(void)s;
	return write_lines((struct chrome *)v);
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
	put(c, "\n]}\n");
	return err ? err : write_lines(c);
}

static void chrome_free(struct view *v)
{
	struct chrome *c = (struct chrome *)v;

	for (size_t i = 0; i < c->row_cnt; i++)
		free(c->rows[i].escaped);
	free(c->rows);
	sbuf__free(&c->lines);
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
	c->states = states__new(&ops, c, o);
	if (c->states)
		return &c->view;
	free(c);
	return NULL;
}
