/* SPDX-License-Identifier: BSD-2-Clause */
#include "user/view/summary.h"

#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "user/base/sbuf.h"
#include "user/base/text.h"
#include "user/base/units.h"
#include "user/base/util.h"
#include "user/judge/verdict.h"
#include "user/judge/workers.h"
#include "user/view/blame_lines.h"
#include "user/base/fit.h"
#include "user/view/view.h"

#define VICTIMS_MAX  3
#define LINES_MAX    3
#define ADVICE_MAX   4
#define NAME_COLUMNS 16
#define CALLED_BY    ", called by "
#define CALLER_MIN   16 /* columns */

/* What is written so far. */
struct page {
	struct sbuf *out;
	enum summary_form form;
	size_t lines;
};

/* What it takes that Markdown does not read this as its own: markup, links, mentions. */
static void put_plain(struct sbuf *out, const char *s)
{
	for (; *s; s++) {
		if (*s == '@')
			sbuf__puts(out, "&#64;");
		else if (strchr("\\`*_{}[]<>#|~&!", *s))
			sbuf__printf(out, "\\%c", *s);
		else
			sbuf__add(out, s, 1);
	}
}

/* A name of the target in at most so many columns; in Markdown as code, which holds all but a backtick. */
static void put_code(const struct page *p, const char *s, size_t columns, struct sbuf *out)
{
	size_t at, len;

	if (p->form == SUMMARY_TEXT) {
		fit__middle(s, columns, out);
		return;
	}
	sbuf__puts(out, "`");
	at = out->len;
	fit__middle(s, columns - 2, out);
	len = out->len;
	for (; at < len; at++)
		if (out->s[at] == '`')
			out->s[at] = '\'';
	sbuf__puts(out, "`");
}

static void end_line(struct page *p)
{
	sbuf__puts(p->out, "\n");
	p->lines++;
}

/* A sentence after a prefix, wrapped, at most max lines. */
static void put_sentence(struct page *p, const char *prefix, const char *indent, const char *s,
			 const char *suffix, size_t max)
{
	__cleanup(sbuf__free) struct sbuf text = { 0 };

	if (p->form == SUMMARY_MARKDOWN)
		put_plain(&text, s);
	else
		sbuf__puts(&text, s);
	sbuf__puts(&text, suffix);
	sbuf__puts(p->out, prefix);
	p->lines += fit__wrap(sbuf__str(&text), fit__columns(prefix), indent, SUMMARY_COLUMNS, max,
			      p->out);
	p->out->oom |= text.oom;
}

/* "giltop 0.1.0: pid 4242 (gunicorn: worker [shop]), CPython 3.11.2" */
static void put_head(struct page *p, const struct snap_proc *proc)
{
	__cleanup(sbuf__free) struct sbuf left = { 0 }, right = { 0 };
	const char *command = proc->cmdline && *proc->cmdline ? proc->cmdline : proc->comm;
	size_t taken;

	sbuf__printf(&left, "giltop " GILTOP_VERSION ": pid %u ", proc->pid);
	sbuf__printf(&right, ", CPython %.20s", proc->python);
	taken = fit__columns(sbuf__str(&left)) + fit__columns(sbuf__str(&right));
	sbuf__puts(p->out, sbuf__str(&left));
	if (p->form == SUMMARY_TEXT)
		sbuf__puts(p->out, "(");
	put_code(p, command_short(command),
		 SUMMARY_COLUMNS - taken - (p->form == SUMMARY_TEXT ? 2 : 0), p->out);
	if (p->form == SUMMARY_TEXT)
		sbuf__puts(p->out, ")");
	sbuf__puts(p->out, sbuf__str(&right));
	end_line(p);
	p->out->oom |= left.oom || right.oom;
}

/* ", in light mode", ", mode auto (now exact, 3 changes)" */
static void put_mode(const struct snap_proc *proc, struct sbuf *out)
{
	bool light = proc->mode == SNAP_MODE_LIGHT;

	if (!proc->mode_auto) {
		sbuf__puts(out, light ? ", in light mode" : "");
		return;
	}
	/* What was never otherwise needs no word. */
	if (light || proc->mode_changes)
		sbuf__printf(out, ", mode auto (now %s", light ? "light" : "exact");
	if (proc->mode_changes)
		sbuf__printf(out, ", %u change%s", proc->mode_changes,
			     proc->mode_changes > 1 ? "s" : "");
	if (light || proc->mode_changes)
		sbuf__puts(out, ")");
}

/* "measured for 10.0 s, nothing lost" */
static void put_window(struct page *p, const struct snapshot *s, const struct snap_proc *proc)
{
	__cleanup(sbuf__free) struct sbuf text = { 0 };
	uint64_t all_ns = s->now_ns - s->start_ns;

	sbuf__printf(&text, "Measured for %.*f s", all_ns < 100000000000 ? 1 : 0,
		     (double)all_ns / 1e9);
	if (proc->span_ns < all_ns - all_ns / 20)
		sbuf__printf(&text, " (this process for %.1f s)", (double)proc->span_ns / 1e9);
	if (!s->lost_events && !s->lost_detail)
		sbuf__puts(&text, ", nothing lost");
	if (s->lost_events)
		sbuf__printf(&text, ", %" PRIu64 " events lost: times are too small",
			     s->lost_events);
	if (s->lost_detail)
		sbuf__printf(&text, ", detail of %" PRIu64 " lost, times are whole",
			     s->lost_detail);
	if (s->violations)
		sbuf__printf(&text, ", SELF-CHECK FAILED %" PRIu64 " times", s->violations);
	put_mode(proc, &text);
	if (proc->note && *proc->note)
		sbuf__printf(&text, "; %s", proc->note);
	put_sentence(p, "", "", sbuf__str(&text), "", 2);
	p->out->oom |= text.oom;
}

static void put_verdict(struct page *p, const struct snap_proc *proc)
{
	__cleanup(sbuf__free) struct sbuf text = { 0 };

	verdict__headline(proc, snap_proc__busiest_gil(proc), &text);
	if (p->form == SUMMARY_MARKDOWN)
		end_line(p);
	put_sentence(p, p->form == SUMMARY_MARKDOWN ? "**" : "", "", sbuf__str(&text),
		     p->form == SUMMARY_MARKDOWN ? "**" : "", 2);
	if (p->form == SUMMARY_MARKDOWN)
		end_line(p);
	p->out->oom |= text.oom;
}

static const char *bullet(const struct page *p)
{
	return p->form == SUMMARY_MARKDOWN ? "- " : "";
}

/* At the level that explains most, and who: "parse_line (demo_service.py:35) makes others wait most: .." */
static void put_who(struct page *p, const struct snapshot *s, const struct snap_proc *proc)
{
	const struct snap_gil *g = snap_proc__busiest_gil(proc);
	__cleanup(sbuf__free) struct sbuf text = { 0 };

	if (verdict__level(proc, g) <= VERDICT_BUSY)
		return;
	for (int d = VERDICT_SHORT; d < VERDICT_DETAIL_CNT; d++) {
		__cleanup(sbuf__free) struct sbuf lines = { 0 };

		sbuf__reset(&text);
		verdict__who(s, proc, g, (enum verdict_detail)d, &text);
		/* Markdown's own characters take room, too, but seldom more than this. */
		if (fit__wrap(sbuf__str(&text), 2, "  ", SUMMARY_COLUMNS - 2, 3, &lines) <= 2)
			break;
	}
	put_sentence(p, bullet(p), p->form == SUMMARY_MARKDOWN ? "  " : "", sbuf__str(&text), "",
		     2);
	p->out->oom |= text.oom;
}

/* "feed-* (2 threads) 48%"; false: less than a hundredth is no victim. */
static bool put_victim(struct page *p, const struct snap_proc *proc, const struct snap_thread *t,
		       size_t nth)
{
	__cleanup(sbuf__free) struct sbuf name = { 0 };
	uint64_t delay_ns = snap_thread__delay_ns(t);
	char pct[UNITS_SZ];

	if (delay_ns < t->span_ns / 100 || !delay_ns)
		return false;
	if (t->folded_cnt)
		sbuf__puts(&name, t->name[0] == '[' ? "ended" : t->name);
	else
		verdict__thread_name(proc, t->tid, &name);
	sbuf__puts(p->out, nth ? ", " : bullet(p));
	if (!nth)
		sbuf__puts(p->out, "Who waits: ");
	put_code(p, sbuf__str(&name), t->folded_cnt ? NAME_COLUMNS - 4 : NAME_COLUMNS, p->out);
	if (t->folded_cnt)
		sbuf__printf(p->out, " (%u)", t->folded_cnt);
	sbuf__printf(p->out, " %s", units__percent_word(delay_ns, t->span_ns, pct));
	p->out->oom |= name.oom;
	return true;
}

/* "Who waits: http-1 66%, feed-* (2) 48%", of their time: threads, and those of a pool as one. */
static void put_victims(struct page *p, const struct snap_proc *proc, const struct view_opts *o)
{
	bool by_pool = proc->pool_cnt && !o->tid_cnt;
	size_t cnt = by_pool ? proc->pool_cnt : proc->thread_cnt, n = 0;

	for (size_t i = 0; i < cnt && n < VICTIMS_MAX; i++) {
		const struct snap_thread *t = by_pool ? proc->pools[i].all : &proc->threads[i];

		if (by_pool || view_opts__shows_tid(o, t->tid))
			n += put_victim(p, proc, t, n);
	}
	if (n)
		end_line(p);
}

/* The first group of workers that has one that is stuck: who that is. */
static void put_workers(struct page *p, const struct snapshot *s)
{
	struct worker_groups *all = worker_groups__new(s);
	__cleanup(sbuf__free) struct sbuf text = { 0 }, line = { 0 };

	for (size_t i = 0; all && i < all->cnt && !text.len; i++) {
		verdict__workers(&all->v[i], &text);
		/* It may be of another program than the rest of the page. */
		if (text.len)
			sbuf__printf(&line, "%s: %s", all->v[i].name, sbuf__str(&text));
	}
	if (text.len)
		put_sentence(p, bullet(p), "", sbuf__str(&line), "", 1);
	p->out->oom |= text.oom || line.oom || !all;
	worker_groups__free(all);
}

/* "parse_line (demo_service.py:36)"; without the file if that is known. */
static void frame_text(const struct snap_frame *f, const struct snap_frame *known, struct sbuf *out)
{
	sbuf__puts(out, f ? f->name : "[other]");
	if (!f || (!*f->file && !f->line))
		return;
	if (known && !strcmp(known->file, f->file))
		sbuf__puts(out, " (line ");
	else
		sbuf__printf(out, " (%s", path_short(f->file));
	if (f->line)
		sbuf__printf(out, "%s%u", known && !strcmp(known->file, f->file) ? "" : ":",
			     f->line);
	sbuf__puts(out, ")");
}

/* The line whole, its caller as far as there is room: first without its place, then cut. */
static void put_line(struct page *p, const struct blame_line *l, uint64_t all_ns)
{
	__cleanup(sbuf__free) struct sbuf head = { 0 }, frame = { 0 }, caller = { 0 };
	size_t quotes = p->form == SUMMARY_MARKDOWN ? 2 : 0, room, w;
	char pct[UNITS_SZ], share[UNITS_SZ + 2];

	snprintf(share, sizeof(share), "%s%s", snap_looks__mark(SNAP_STACK_BLAME, l->cnt),
		 units__percent_word(l->ns, all_ns, pct));
	sbuf__printf(&head, p->form == SUMMARY_MARKDOWN ? "  - %s " : "  %6s  ", share);
	room = SUMMARY_COLUMNS - fit__columns(sbuf__str(&head));
	frame_text(l->frame, NULL, &frame);
	w = fit__columns(sbuf__str(&frame)) + quotes;
	if (l->caller) {
		room -= strlen(CALLED_BY);
		frame_text(l->caller, l->frame, &caller);
		if (w + fit__columns(sbuf__str(&caller)) + quotes > room) {
			sbuf__reset(&caller);
			sbuf__puts(&caller, l->caller->name);
		}
		/* Of two names that are both too long the caller's keeps this much. */
		if (w > room - CALLER_MIN)
			w = room - CALLER_MIN;
	}
	sbuf__puts(p->out, sbuf__str(&head));
	put_code(p, sbuf__str(&frame), l->caller ? w : room, p->out);
	if (l->caller) {
		sbuf__puts(p->out, CALLED_BY);
		put_code(p, sbuf__str(&caller), room - w, p->out);
	}
	end_line(p);
	p->out->oom |= head.oom || frame.oom || caller.oom;
}

static void put_lines(struct page *p, const struct snap_proc *proc, const struct view_opts *o,
		      size_t max)
{
	struct blame_line lines[LINES_MAX];
	size_t cnt = blame_lines__top(proc, o, lines, max < LINES_MAX ? max : LINES_MAX, NULL);

	if (!cnt)
		return;
	sbuf__printf(p->out, "%sLines that make them wait, of all waiting:", bullet(p));
	end_line(p);
	for (size_t i = 0; i < cnt; i++)
		put_line(p, &lines[i], blame_lines__all_ns(proc));
}

struct advice {
	size_t cnt;
	struct sbuf list[ADVICE_MAX];
};

/* What the first two of them need: the second may be what the first, too few CPUs, hides. */
static size_t advice_lines(const struct advice *a)
{
	size_t lines = 0;

	for (size_t i = 0; i < a->cnt && i < 2; i++) {
		__cleanup(sbuf__free) struct sbuf text = { 0 };

		lines += fit__wrap(sbuf__str(&a->list[i]), 2, "  ", SUMMARY_COLUMNS, 3, &text);
	}
	return lines;
}

/* At most max lines. */
static void put_advice(struct page *p, const struct advice *a, size_t max)
{
	size_t end = p->lines + max;

	for (size_t i = 0; i < a->cnt; i++) {
		__cleanup(sbuf__free) struct sbuf lines = { 0 };
		const char *text = sbuf__str(&a->list[i]);
		size_t need = fit__wrap(text, 2, "  ", SUMMARY_COLUMNS, max + 1, &lines);

		/* The first one is what counts: rather its beginning than nothing. */
		if (p->lines < end && (!i || p->lines + need <= end))
			put_sentence(p, p->form == SUMMARY_MARKDOWN ? "- " : "* ", "  ", text, "",
				     end - p->lines);
		p->out->oom |= a->list[i].oom;
	}
}

/* "Also pid 4243 (gunicorn): bottleneck, held 91%" */
static void put_other(struct page *p, const struct snap_proc *proc)
{
	const struct snap_gil *g = snap_proc__busiest_gil(proc);
	char pct[UNITS_SZ];

	sbuf__printf(p->out, "%sAlso pid %u ", bullet(p), proc->pid);
	put_code(p, proc->cmdline && *proc->cmdline ? command_short(proc->cmdline) : proc->comm, 34,
		 p->out);
	sbuf__printf(p->out, ": %s", verdict__level_word(verdict__level(proc, g)));
	if (g && snap_gil__held_word(g, proc->span_ns, pct)[0] != '-')
		sbuf__printf(p->out, ", held %s", pct);
	end_line(p);
}

/* Threads that hold or wait, over time. */
static double busy(const struct snap_proc *p)
{
	const struct snap_gil *g = snap_proc__busiest_gil(p);

	return g ? snap_gil__least_load(g, p->span_ns) * (double)p->span_ns : 0;
}

static int cmp_busy(const void *a, const void *b)
{
	const struct snap_proc *x = *(const struct snap_proc *const *)a;
	const struct snap_proc *y = *(const struct snap_proc *const *)b;

	if (busy(x) < busy(y) || busy(x) > busy(y))
		return busy(x) > busy(y) ? -1 : 1;
	return x->pid < y->pid ? -1 : x->pid > y->pid;
}

static void put_others(struct page *p, const struct snap_proc *const *procs, size_t cnt,
		       uint64_t dropped, size_t max)
{
	size_t shown = cnt + (dropped > 0) <= max ? cnt : max - 1;

	if (!max || (!cnt && !dropped))
		return;
	for (size_t i = 0; i < shown; i++)
		put_other(p, procs[i]);
	if (shown == cnt && !dropped)
		return;
	sbuf__printf(p->out, "%sand %" PRIu64 " more processes", bullet(p), cnt - shown + dropped);
	end_line(p);
}

static void put_command(struct page *p, const struct view_opts *o)
{
	if (!o->command || !*o->command)
		return;
	sbuf__puts(p->out, p->form == SUMMARY_MARKDOWN ? "- made by " : "Made by: ");
	put_code(p, o->command, SUMMARY_COLUMNS - 10, p->out);
	end_line(p);
}

void summary__put(const struct snapshot *total, const struct view_opts *o, enum summary_form form,
		  struct sbuf *out)
{
	__cleanup(freep) const struct snap_proc **procs = NULL;
	struct page p = { .out = out, .form = form };
	struct advice advice = { 0 };
	size_t last = o->command && *o->command, left, below, keep;

	if (!total->proc_cnt)
		return;
	procs = calloc(total->proc_cnt, sizeof(*procs));
	if (!procs) {
		out->oom = true;
		return;
	}
	for (size_t i = 0; i < total->proc_cnt; i++)
		procs[i] = &total->procs[i];
	qsort(procs, total->proc_cnt, sizeof(*procs), cmp_busy);
	put_head(&p, procs[0]);
	put_window(&p, total, procs[0]);
	if (o->hint && *o->hint)
		put_sentence(&p, "", "", o->hint, "", 1);
	put_verdict(&p, procs[0]);
	put_who(&p, total, procs[0]);
	put_victims(&p, procs[0], o);
	put_workers(&p, total);
	keep = total->proc_cnt - 1 + (total->dropped_cnt > 0);
	keep = keep < 2 ? keep : 2;
	left = SUMMARY_LINES - last - p.lines;
	advice.cnt = verdict__advice(procs[0], snap_proc__busiest_gil(procs[0]), advice.list,
				     ADVICE_MAX);
	below = 1 + advice_lines(&advice) + keep; /* and the heading */
	put_lines(&p, procs[0], o, left > below + 2 ? left - below : left > 4 ? 2 : 1);
	left = SUMMARY_LINES - last - p.lines;
	put_advice(&p, &advice, left > keep ? left - keep : 0);
	for (size_t i = 0; i < ADVICE_MAX; i++)
		sbuf__free(&advice.list[i]);
	put_others(&p, procs + 1, total->proc_cnt - 1, total->dropped_cnt,
		   SUMMARY_LINES - last - p.lines);
	put_command(&p, o);
}

static int end_as(struct view *v, const struct snapshot *total, enum summary_form form)
{
	__cleanup(sbuf__free) struct sbuf text = { 0 };

	summary__put(total, v->opts, form, &text);
	if (text.oom)
		return -ENOMEM;
	fputs(sbuf__str(&text), v->out);
	return fflush(v->out) ? -errno : 0;
}

static int end_text(struct view *v, const struct snapshot *total, const char *why)
{
	(void)why;
	return end_as(v, total, SUMMARY_TEXT);
}

static int end_markdown(struct view *v, const struct snapshot *total, const char *why)
{
	(void)why;
	return end_as(v, total, SUMMARY_MARKDOWN);
}

static const struct view_ops summary_ops = {
	.end = end_text,
};

static const struct view_ops markdown_ops = {
	.end = end_markdown,
};

struct view *view_summary__new(FILE *out, const struct view_opts *o)
{
	return view__new(&summary_ops, out, o);
}

struct view *view_markdown__new(FILE *out, const struct view_opts *o)
{
	return view__new(&markdown_ops, out, o);
}
