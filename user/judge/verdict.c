/* SPDX-License-Identifier: BSD-2-Clause */
#include "user/judge/verdict.h"

#include "user/base/sbuf.h"
#include "user/base/text.h"
#include "user/base/units.h"

/* From here on waiting is worth a word: a twentieth of a thread's time, or of a thread on average. */
#define WAIT_NOTABLE 0.05
/* Held for more than half of the time, a GIL that is waited for is the bottleneck. */
#define HELD_MUCH 0.5
/* CPython's default sys.getswitchinterval(), where the target's own is not known. */
#define SWITCH_INTERVAL_NS 5000000u

static double share(uint64_t part, uint64_t whole)
{
	return whole && part != NS_UNKNOWN ? (double)part / (double)whole : 0;
}

/* Mean number of threads that wait. */
static double waiting(const struct snap_proc *p, const struct snap_gil *g)
{
	return share(g->wait_ns, p->span_ns);
}

const struct snap_gil *verdict__busiest_gil(const struct snap_proc *p)
{
	const struct snap_gil *best = NULL;

	for (size_t i = 0; i < p->gil_cnt; i++)
		if (!best ||
		    p->gils[i].held_ns + p->gils[i].wait_ns > best->held_ns + best->wait_ns)
			best = &p->gils[i];
	return best;
}

static bool uses(const struct snap_proc *p, const struct snap_thread *t, const struct snap_gil *g)
{
	return t->gil < p->gil_cnt && &p->gils[t->gil] == g;
}

const struct snap_thread *verdict__sufferer(const struct snap_proc *p, const struct snap_gil *g)
{
	for (size_t i = 0; i < p->thread_cnt && !p->halted; i++) {
		const struct snap_thread *t = &p->threads[i];

		if ((!g || uses(p, t, g)) && t->tid && snap_thread__delay_ns(t))
			return t;
	}
	return NULL;
}

enum verdict_level verdict__level(const struct snap_proc *p, const struct snap_gil *g)
{
	const struct snap_thread *t;
	double held;

	if (!g || !p->span_ns || p->halted)
		return VERDICT_UNKNOWN;
	held = share(g->held_ns, p->span_ns);
	t = verdict__sufferer(p, g);
	if (waiting(p, g) < WAIT_NOTABLE &&
	    (!t || share(snap_thread__delay_ns(t), t->span_ns) < WAIT_NOTABLE))
		return held > HELD_MUCH ? VERDICT_BUSY : VERDICT_FREE;
	return held > HELD_MUCH ? VERDICT_BOTTLENECK : VERDICT_SOME;
}

const char *verdict__level_word(enum verdict_level level)
{
	static const char *const words[] = {
		[VERDICT_UNKNOWN] = "not known",
		[VERDICT_FREE] = "free",
		[VERDICT_BUSY] = "busy",
		[VERDICT_SOME] = "some waiting",
		[VERDICT_BOTTLENECK] = "bottleneck",
	};

	return words[level];
}

void verdict__headline(const struct snap_proc *p, const struct snap_gil *g, struct sbuf *out)
{
	enum verdict_level level = verdict__level(p, g);
	char held[UNITS_SZ];

	if (g)
		units__percent_word(g->held_ns, p->span_ns, held);
	switch (level) {
	case VERDICT_UNKNOWN:
		sbuf__puts(out, !p->alive   ? "The process has ended"
				: p->halted ? "Nothing in it runs"
				: g	    ? "Nothing measured yet"
					    : "No thread has used the GIL yet");
		break;
	case VERDICT_FREE:
		sbuf__printf(out,
			     "The GIL is not the bottleneck: held %s of the time, nobody waits",
			     held);
		break;
	case VERDICT_BUSY:
		sbuf__printf(out, "The GIL is busy, held %s of the time, but nobody waits for it",
			     held);
		break;
	case VERDICT_SOME:
	case VERDICT_BOTTLENECK:
		sbuf__printf(out, "%s: held %s of the time, %.1f threads wait on average",
			     level == VERDICT_SOME ? "Some waiting for the GIL"
						   : "The GIL is the bottleneck",
			     held, waiting(p, g));
		break;
	}
}

void verdict__span(const struct snapshot *s, struct sbuf *out)
{
	double sec = (double)(s->now_ns - s->start_ns) / 1e9;

	sbuf__printf(out,
		     s->start_ns <= s->books_ns ? "the %.*f s since the start" : "the last %.*f s",
		     sec < 9.95 ? 1 : 0, sec);
}

void verdict__thread_name(const struct snap_proc *p, uint32_t tid, struct sbuf *out)
{
	const struct snap_thread *t = tid ? snap_proc__thread(p, tid) : NULL;

	if (!tid)
		sbuf__puts(out, "other threads");
	else if (t && t->name && *t->name)
		sbuf__puts(out, t->name);
	else
		sbuf__printf(out, "thread %u", tid);
}

/* The first one is the largest; its line has been seen in others, too. */
static void line_add(struct verdict_line *l, const struct snap_frame *frames, size_t frame_cnt,
		     uint64_t looks)
{
	const struct snap_frame *f = frame_cnt ? &frames[frame_cnt - 1] : NULL;

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

/* "in dumps (encoder.py:257)", of few looks "in dumps (encoder.py:257, few looks: 3)"; brief: "at encoder.py:257 (few
 * looks: 3)"; tiny: "~encoder.py:257".
 */
static void put_line(struct verdict_line l, enum verdict_detail detail, struct sbuf *out)
{
	bool few = snap_looks__few(SNAP_STACK_BLAME, l.looks), tiny = detail == VERDICT_TINY;
	bool file = *l.frame->file, place = detail >= VERDICT_BRIEF && file;
	const char *open = " (";

	sbuf__puts(out, tiny && few ? " ~" : tiny ? " " : place ? " at " : " in ");
	if (!place)
		sbuf__puts(out, l.frame->name);
	if (file) {
		sbuf__printf(out, "%s%s", place ? "" : open, path_short(l.frame->file));
		if (l.frame->line)
			sbuf__printf(out, ":%u", l.frame->line);
		open = place ? open : ", ";
	}
	if (few && !tiny)
		sbuf__printf(out, "%sfew looks: %u", open, (unsigned int)l.looks);
	if ((file && !place) || (few && !tiny))
		sbuf__puts(out, ")");
}

/* Whom it waited for most; the pairs are sorted, largest first. */
static const struct snap_pair *main_blocker(const struct snap_proc *p, uint32_t tid)
{
	for (size_t i = 0; i < p->pair_cnt; i++)
		if (p->pairs[i].waiter_tid == tid && p->pairs[i].ns)
			return &p->pairs[i];
	return NULL;
}

void verdict__thread(const struct snapshot *s, const struct snap_proc *p,
		     const struct snap_thread *t, enum verdict_detail detail, struct sbuf *out)
{
	const struct snap_pair *pair = main_blocker(p, t->tid);
	struct verdict_line line;
	char pct[UNITS_SZ];

	if (t->tid)
		verdict__thread_name(p, t->tid, out);
	else
		sbuf__printf(out, "%u ended threads", t->folded_cnt);
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
	if (detail == VERDICT_FULL) {
		sbuf__puts(out, " of ");
		verdict__span(s, out);
	}
	if (!p->pairs_known || !pair) {
		sbuf__puts(out, p->pairs_known ? "" : " (for whom: not measured)");
		return;
	}
	sbuf__printf(out, detail < VERDICT_TINY ? ", %s of it for " : ", %s for ",
		     units__percent_word(pair->ns, t->wait_ns, pct));
	verdict__thread_name(p, pair->holder_tid, out);
	line = verdict__pair_line(p, t->tid, pair->holder_tid);
	if (!line.frame)
		line = verdict__blame_line(p, pair->holder_tid);
	if (line.frame)
		put_line(line, detail, out);
	else if (!p->stacks_known && detail == VERDICT_FULL)
		sbuf__puts(out, " (in which line: not measured)");
}

void verdict__who(const struct snapshot *s, const struct snap_proc *p, const struct snap_gil *g,
		  enum verdict_detail detail, struct sbuf *out)
{
	const struct snap_thread *t = verdict__sufferer(p, g);

	if (t) {
		verdict__thread(s, p, t, detail, out);
		return;
	}
	if (p->halted) {
		sbuf__puts(out, "Who waits now waits for the process to go on, not for the GIL");
		return;
	}
	sbuf__puts(out, "No thread waited for the GIL");
	if (detail == VERDICT_FULL && s->now_ns > s->start_ns) {
		sbuf__puts(out, " in ");
		verdict__span(s, out);
	}
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
		put_line(line, detail, out);
	}
}

/* The thread of this GIL that made others wait most. */
static const struct snap_thread *culprit(const struct snap_proc *p, const struct snap_gil *g)
{
	const struct snap_thread *best = NULL;

	for (size_t i = 0; i < p->thread_cnt; i++) {
		const struct snap_thread *t = &p->threads[i];

		if (uses(p, t, g) && t->blame_ns && (!best || t->blame_ns > best->blame_ns))
			best = t;
	}
	return best;
}

static void advise_holds(const struct snap_proc *p, const struct snap_gil *g,
			 const struct snap_thread *t, struct sbuf *out)
{
	uint64_t interval_ns = g->interval_ns ? g->interval_ns : SWITCH_INTERVAL_NS;
	struct verdict_line line = verdict__blame_line(p, t->tid);
	char max[UNITS_SZ], p99[UNITS_SZ];

	verdict__thread_name(p, t->tid, out);
	/* Python code is asked to let go after one switch interval and does within some more; a hold
	 * many times as long was native code.
	 */
	if (t->hold_p99_ns != NS_UNKNOWN && t->hold_p99_ns > 4 * interval_ns) {
		sbuf__printf(out, " holds it for up to %s at a stretch",
			     units__duration(t->hold_max_ns, max));
		if (line.frame)
			put_line(line, VERDICT_FULL, out);
		/* Python code that finds no CPU holds on as long as native code does. */
		if (share(t->hold_offcpu_ns, t->hold_ns) > 0.2)
			sbuf__puts(out, ", and does not even run for part of it");
		else if (t->hold_offcpu_ns != NS_UNKNOWN)
			sbuf__puts(out, ": native code that does not let go; split it or release "
					"the GIL there");
		else
			sbuf__puts(out, ": native code that does not let go (split it, or release "
					"the GIL there), or no CPU to run on");
	} else if (t->hold_p99_ns != NS_UNKNOWN && t->hold_p99_ns > interval_ns / 2) {
		sbuf__puts(out, " runs Python code");
		if (line.frame)
			put_line(line, VERDICT_FULL, out);
		sbuf__printf(out,
			     " and lets go when asked (p99 hold %s): a process of its own, or a "
			     "shorter sys.setswitchinterval()",
			     units__duration(t->hold_p99_ns, p99));
	} else {
		sbuf__printf(out, " holds it for short times (p99 %s): many small hand-overs",
			     units__duration_or_none(t->hold_p99_ns, p99));
	}
}

size_t verdict__advice(const struct snap_proc *p, const struct snap_gil *g, struct sbuf *out,
		       size_t max)
{
	const struct snap_thread *t = g ? culprit(p, g) : NULL;
	enum verdict_level level = verdict__level(p, g);
	size_t n = 0;
	char pct[UNITS_SZ];

	if (level <= VERDICT_BUSY) {
		if (level != VERDICT_UNKNOWN && n < max)
			sbuf__puts(&out[n++],
				   "If it is slow, look elsewhere: I/O, other locks, the "
				   "CPU");
		return n;
	}
	if (t && n < max)
		advise_holds(p, g, t, &out[n++]);
	if (t && n < max && t->hold_offcpu_ns != NS_UNKNOWN &&
	    share(t->hold_offcpu_ns, t->hold_ns) > 0.2) {
		verdict__thread_name(p, t->tid, &out[n]);
		sbuf__printf(
			&out[n++],
			" did not even run for %s of its holding: blocked, preempted or throttled",
			units__percent_word(t->hold_offcpu_ns, t->hold_ns, pct));
	}
	if (n < max && g->switches && share(g->gap_wall_ns, p->span_ns) > 0.1)
		sbuf__printf(
			&out[n++],
			"%s of the time is lost between letting go and taking over: too few CPUs?",
			units__percent_word(g->gap_wall_ns, p->span_ns, pct));
	if (n < max && p->span_ns)
		sbuf__printf(
			&out[n++],
			"Without the GIL (more processes, or a free-threaded build) up to %.1f "
			"threads would run at once",
			share(g->held_ns + g->wait_ns, p->span_ns));
	return n;
}
