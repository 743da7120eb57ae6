/* SPDX-License-Identifier: BSD-2-Clause */
/* verdict.c - who waits, and for whom; words that sentences share (level.c: the headline) */
#include "user/judge/verdict.h"

#include <stdlib.h>
#include <string.h>

#include "user/base/fit.h"
#include "user/base/sbuf.h"
#include "user/base/text.h"
#include "user/base/units.h"
#include "user/base/util.h"
#include "user/judge/verdict_impl.h"

/* Characters of a name, and of a file's, in a sentence. */
#define NAME_CHARS 30
#define FILE_CHARS 30
/* .. where little room is. */
#define SHORT_CHARS 20

double verdict__share(uint64_t part, uint64_t whole)
{
	return whole && part != NS_UNKNOWN ? (double)part / (double)whole : 0;
}

bool verdict__uses(const struct snap_proc *p, const struct snap_thread *t, const struct snap_gil *g)
{
	return t->gil < p->gil_cnt && &p->gils[t->gil] == g;
}

const struct snap_thread *verdict__sufferer(const struct snap_proc *p, const struct snap_gil *g)
{
	const struct snap_thread *nameless = NULL;

	for (size_t i = 0; i < p->thread_cnt && !p->halted; i++) {
		const struct snap_thread *t = &p->threads[i];

		if ((g && !verdict__uses(p, t, g)) || !snap_thread__delay_ns(t))
			continue;
		if (t->tid)
			return t;
		nameless = nameless ? nameless : t;
	}
	return nameless; /* nobody else did */
}

void verdict__span(const struct snapshot *s, struct sbuf *out)
{
	double sec = (double)(s->now_ns - s->start_ns) / 1e9;

	sbuf__printf(out,
		     s->start_ns <= s->books_ns ? "the %.*f s since the start" : "the last %.*f s",
		     sec < 9.95 ? 1 : 0, sec);
}

void verdict__put_of_span(const struct snapshot *s, const struct snap_thread *t, struct sbuf *out)
{
	uint64_t cnt = t->folded_cnt ? t->folded_cnt : 1, all_ns = s->now_ns - s->start_ns;

	if (s->now_ns <= s->start_ns)
		return;
	if (t->span_ns / cnt < all_ns - all_ns / 10) {
		sbuf__puts(out, cnt > 1 ? " of their time" : " of its time");
		return;
	}
	sbuf__puts(out, " of ");
	verdict__span(s, out);
}

void verdict__put_about(uint64_t ns, struct sbuf *out)
{
	uint64_t unit = 1;
	char buf[UNITS_SZ], *zero;

	if (ns == NS_UNKNOWN) {
		sbuf__puts(out, "-");
		return;
	}
	while (ns / unit >= 100)
		unit *= 10;
	units__duration((ns + unit / 2) / unit * unit, buf);
	zero = strstr(buf, ".0");
	if (zero)
		memmove(zero, zero + 2, strlen(zero + 2) + 1);
	sbuf__printf(out, "~%s", buf);
}

void verdict__put_name(const char *name, struct sbuf *out)
{
	fit__middle(name, NAME_CHARS, out);
}

void verdict__put_short_name(const char *name, struct sbuf *out)
{
	fit__middle(name, SHORT_CHARS, out);
}

bool verdict__is_longer(const struct sbuf *text, size_t chars)
{
	size_t cnt;

	text_prefix(sbuf__str(text), SIZE_MAX, SIZE_MAX, &cnt);
	return cnt > chars;
}

void verdict__thread_name(const struct snap_proc *p, uint32_t tid, struct sbuf *out)
{
	const struct snap_thread *t = tid ? snap_proc__thread(p, tid) : NULL;

	if (!tid)
		sbuf__puts(out, "other threads");
	else if (t && t->name && *t->name)
		verdict__put_name(t->name, out);
	else
		sbuf__printf(out, "thread %u", tid);
}

const struct snap_frame *verdict__line_of(const struct snap_frame *frames, size_t cnt)
{
	const struct snap_frame *f = cnt ? &frames[cnt - 1] : NULL;

	return f && !f->line && !strcmp(f->name, "[not seen]") ? NULL : f;
}

/* The first one is the largest; its line has been seen in others, too. */
static void line_add(struct verdict_line *l, const struct snap_frame *frames, size_t frame_cnt,
		     uint64_t looks)
{
	const struct snap_frame *f = verdict__line_of(frames, frame_cnt);

	if (!l->frame)
		l->frame = f;
	if (f && snap_frame__same(f, l->frame, true))
		l->looks += looks;
}

struct verdict_line verdict__blame_line(const struct snap_proc *p, uint32_t tid)
{
	struct verdict_line ret = { 0 };

	for (size_t i = 0; i < p->stack_cnt; i++) {
		const struct snap_stack *s = &p->stacks[i];

		if (s->kind == SNAP_STACK_BLAME && s->tid == tid && s->ns)
			line_add(&ret, s->frames, s->frame_cnt, s->cnt);
	}
	return ret;
}

struct verdict_line verdict__pair_line(const struct snap_proc *p, uint32_t waiter, uint32_t holder)
{
	struct verdict_line ret = { 0 };

	for (size_t i = 0; i < p->chain_cnt; i++) {
		const struct snap_chain *c = &p->chains[i];

		if (c->waiter_tid == waiter && c->holder_tid == holder && c->ns)
			line_add(&ret, c->holder_frames, c->holder_frame_cnt, c->cnt);
	}
	return ret;
}

static void put_file(const struct snap_frame *f, struct sbuf *out)
{
	fit__middle(path_short(f->file), FILE_CHARS, out);
	if (f->line)
		sbuf__printf(out, ":%u", f->line);
}

void verdict__put_place(const struct snap_frame *f, uint64_t looks, struct sbuf *out)
{
	const char *open = " (";

	verdict__put_name(f->name, out);
	if (*f->file) {
		sbuf__puts(out, open);
		put_file(f, out);
		open = ", ";
	}
	if (snap_looks__few(SNAP_STACK_BLAME, looks)) {
		sbuf__printf(out, "%sfew looks: %u", open, (unsigned int)looks);
		open = ", ";
	}
	sbuf__puts(out, *open == ',' ? ")" : "");
}

/* "in dumps (encoder.py:257)", of few looks "in dumps (encoder.py:257, few looks: 3)"; brief: "at encoder.py:257 (few
 * looks: 3)"; tiny: "~encoder.py:257".
 */
void verdict__put_line(struct verdict_line l, enum verdict_detail detail, struct sbuf *out)
{
	bool few = snap_looks__few(SNAP_STACK_BLAME, l.looks), tiny = detail == VERDICT_TINY;

	if (detail < VERDICT_BRIEF || !*l.frame->file) {
		sbuf__puts(out, tiny ? (few ? " ~" : " ") : " in ");
		verdict__put_place(l.frame, tiny ? 0 : l.looks, out);
		return;
	}
	sbuf__puts(out, tiny ? (few ? " ~" : " ") : " at ");
	put_file(l.frame, out);
	if (few && !tiny)
		sbuf__printf(out, " (few looks: %u)", (unsigned int)l.looks);
}

/* Whom a thread, or those of a pool, waited for most: a thread, or a pool of them. */
struct blocker {
	uint32_t tid;		      /* that of the largest part */
	const struct snap_pool *pool; /* of more than one thread, or NULL */
	uint64_t ns;
};

static bool is_of(const struct snap_proc *p, const struct snap_thread *t, uint32_t tid)
{
	const struct snap_thread *one;

	if (!t->folded_cnt || !snap_proc__pool(p, t))
		return t->tid == tid;
	one = snap_proc__thread(p, tid);
	return one && one->pool == t->pool;
}

/* The pairs are sorted: a blocker's first one is its largest. Without memory pools are not summed up. */
static struct blocker main_blocker(const struct snap_proc *p, const struct snap_thread *t)
{
	__cleanup(freep) struct blocker *by_pool = calloc(p->pool_cnt + 1, sizeof(*by_pool));
	struct blocker ret = { 0 };

	for (size_t i = 0; i < p->pair_cnt; i++) {
		const struct snap_pair *pair = &p->pairs[i];
		const struct snap_thread *h = snap_proc__thread(p, pair->holder_tid);
		const struct snap_pool *pool = h ? snap_proc__pool(p, h) : NULL;
		struct blocker one = { pair->holder_tid, NULL, pair->ns }, *sum = &one;

		if (!pair->ns || !is_of(p, t, pair->waiter_tid))
			continue;
		if (pool && by_pool) {
			sum = &by_pool[h->pool];
			sum->tid = sum->ns ? sum->tid : pair->holder_tid;
			sum->pool = pool->cnt > 1 ? pool : NULL;
			sum->ns += pair->ns;
		}
		if (sum->ns > ret.ns)
			ret = *sum;
	}
	return ret;
}

void verdict__put_subject(const struct snap_proc *p, const struct snap_thread *t, struct sbuf *out)
{
	const struct snap_pool *pool = snap_proc__pool(p, t);

	if (!t->folded_cnt) {
		verdict__thread_name(p, t->tid, out);
		return;
	}
	sbuf__printf(out, "%u %sthreads", t->folded_cnt,
		     snap_thread__is_over(t) && (!pool || t != pool->all || t->name[0] == '[')
			     ? "ended "
			     : "");
	if (t->name[0] == '[')
		return;
	sbuf__puts(out, " of ");
	verdict__put_name(t->name, out);
}

/* VERDICT_LEAST: "worker-3", "worker-*" */
static void put_shortly(const struct snap_proc *p, uint32_t tid, const struct snap_pool *pool,
			struct sbuf *out)
{
	const struct snap_thread *t = snap_proc__thread(p, tid);

	if (pool || (t && *t->name))
		verdict__put_short_name(pool ? pool->name : t->name, out);
	else
		verdict__thread_name(p, tid, out);
}

static void say_thread(const struct snapshot *s, const struct snap_proc *p,
		       const struct snap_thread *t, enum verdict_detail detail, struct sbuf *out)
{
	bool least = detail == VERDICT_LEAST;
	struct blocker by = main_blocker(p, t);
	struct verdict_line line;
	char pct[UNITS_SZ];

	if (least)
		verdict__put_short_name(t->name, out);
	else
		verdict__put_subject(p, t, out);
	if (!t->wait_ns && t->yield_ns) {
		sbuf__printf(out, " never waited, but lost %s giving the GIL away",
			     units__percent_word(t->yield_ns, t->span_ns, pct));
		return;
	}
	if (!t->wait_ns) {
		sbuf__puts(out, " did not wait for the GIL");
		return;
	}
	sbuf__printf(out, " waited %s", units__percent_word(t->wait_ns, t->span_ns, pct));
	if (detail == VERDICT_FULL)
		verdict__put_of_span(s, t, out);
	if (!p->pairs_known || !by.ns) {
		sbuf__puts(out, p->pairs_known ? "" : " (for whom: not measured)");
		return;
	}
	sbuf__printf(out, detail < VERDICT_TINY ? ", %s of it for " : ", %s for ",
		     units__percent_word(by.ns, t->wait_ns, pct));
	if (least) {
		put_shortly(p, by.tid, by.pool, out);
		return;
	}
	if (by.pool)
		verdict__put_subject(p, by.pool->all, out);
	else
		verdict__thread_name(p, by.tid, out);
	line = verdict__pair_line(p, t->tid, by.tid);
	if (!line.frame)
		line = verdict__blame_line(p, by.tid);
	if (line.frame)
		verdict__put_line(line, detail, out);
	else if (!p->stacks_known && detail == VERDICT_FULL)
		sbuf__puts(out, " (in which line: not measured)");
}

void verdict__thread(const struct snapshot *s, const struct snap_proc *p,
		     const struct snap_thread *t, enum verdict_detail detail, struct sbuf *out)
{
	__cleanup(sbuf__free) struct sbuf text = { 0 };

	say_thread(s, p, t, detail, &text);
	if (detail == VERDICT_TINY && verdict__is_longer(&text, VERDICT_TINY_CHARS)) {
		sbuf__reset(&text);
		say_thread(s, p, t, VERDICT_LEAST, &text);
	}
	sbuf__puts(out, sbuf__str(&text));
	out->oom |= text.oom;
}

void verdict__pair(const struct snap_proc *p, const struct snap_pair *pair,
		   enum verdict_detail detail, struct sbuf *out)
{
	const struct snap_thread *waiter =
		pair->waiter_tid ? snap_proc__thread(p, pair->waiter_tid) : NULL;
	struct verdict_line line = verdict__blame_line(p, pair->holder_tid);
	char buf[UNITS_SZ];

	verdict__thread_name(p, pair->waiter_tid, out);
	if (!pair->ns) {
		sbuf__puts(out, " did not wait for ");
		verdict__thread_name(p, pair->holder_tid, out);
		return;
	}
	sbuf__printf(out, " waited %s for ", units__duration(pair->ns, buf));
	verdict__thread_name(p, pair->holder_tid, out);
	if (waiter)
		sbuf__printf(out, detail < VERDICT_TINY ? " (%s of its waiting)" : " (%s)",
			     units__percent_word(pair->ns, waiter->wait_ns, buf));
	/* The stacks are of all that this thread made wait, not of this pair alone. */
	if (line.frame) {
		sbuf__puts(out, detail < VERDICT_BRIEF	? "; blocks most"
				: detail < VERDICT_TINY ? "; blocks"
							: ";");
		verdict__put_line(line, detail, out);
	}
}
