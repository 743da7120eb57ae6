/* SPDX-License-Identifier: BSD-2-Clause */
/* advice.c - what could be done about it, by what was seen
 *
 * A waiter asks the holder to let go after one switch interval. Python code does so at once, at the next bytecode that
 * looks; native code when it returns. So how long that took tells the two apart, whatever the interval is and however
 * long the holds are. Who is never asked lets go by itself, before an interval is over.
 *
 * Before that: did the holders run at all? Who has no CPU, or sleeps, holds the GIL for as long as that takes, whatever
 * its code is.
 */
#include "user/judge/verdict.h"

#include <math.h>

#include "user/base/sbuf.h"
#include "user/base/text.h"
#include "user/base/units.h"
#include "user/base/util.h"
#include "user/picture/offcpu.h"
#include "user/judge/verdict_impl.h"

/* CPython's default sys.getswitchinterval(), where the target's own is not known. */
#define SWITCH_INTERVAL_NS 5000000u
/* Of those that were asked, so many late: native code; Python code that finds no CPU is late now and then. */
#define LATE_MUCH 0.5
#define LATE_SOME 0.15
/* Shorter holds are many rather than much. */
#define SMALL_NS 1000000u
/* From here on the garbage collector is worth a word, of what its function makes others wait; .. */
#define GC_MUCH 0.3
/* .. and the time without a CPU, of all holding: in what was asked to end, in all of it, and the time asleep. */
#define NO_CPU_MUCH	 0.33
#define HOLD_NO_CPU_MUCH 0.4
#define ASLEEP_MUCH	 0.33
/* An open hold that was asked so long ago: by far more than Python code takes, on a busy machine, too. */
#define OPEN_LATE_NS 100000000u

/* Sleep is what native code is about from here on, of all holding of whom it is. */
#define SLEEP_MUCH 0.2
/* So many places are looked through for it. */
#define SLEEP_PLACES 64

enum cause {
	CAUSE_LIMIT,  /* a CPU limit keeps it from running while it holds */
	CAUSE_ASLEEP, /* it sleeps or blocks while it holds */
	CAUSE_OPEN,   /* a hold that was asked to end and goes on */
	CAUSE_GC,     /* the garbage collector */
	CAUSE_NATIVE, /* native code that does not let go */
	CAUSE_MIXED,  /* now native code, now Python code */
	CAUSE_NO_CPU, /* it wants to let go, and has no CPU to do so */
	CAUSE_PYTHON, /* Python code that lets go when asked */
	CAUSE_SMALL,  /* lets go by itself before it is asked */
	CAUSE_UNSEEN, /* its holds were not seen */
};

static uint64_t interval_of(const struct snap_gil *g)
{
	return g->interval_ns ? g->interval_ns : SWITCH_INTERVAL_NS;
}

/* The open hold was asked to end long ago, and is no hold like its others. */
static bool is_open_late(const struct snap_proc *p, const struct snap_gil *g)
{
	const struct snap_thread *t = snap_proc__thread(p, g->holder_tid);

	if (!g->held || g->asked_ns < OPEN_LATE_NS)
		return false;
	return !t || t->hold_p99_ns == NS_UNKNOWN || t->state_ns > 2 * t->hold_p99_ns;
}

/* For how much of its holding it wanted a CPU, and for how much it slept; 0: not known. */
static double without_cpu(const struct snap_thread *t)
{
	return verdict__share(t->hold_runnable_ns, t->hold_ns);
}

static double asleep(const struct snap_thread *t)
{
	return verdict__share(t->hold_offcpu_ns, t->hold_ns) - without_cpu(t);
}

static enum cause cause_of(const struct snap_proc *p, const struct snap_gil *g,
			   const struct culprit *c)
{
	const struct snap_thread *t = c->who;
	double late = verdict__share(t->late, t->asked), little = (double)interval_of(g) / 10;
	double queued = verdict__share(t->react_queued_ns, t->asked);
	double react = verdict__share(t->react_ns, t->asked) - queued;
	double seen = verdict__share(snap_thread__seen_ns(t, p), t->span_ns);

	if (verdict__is_limited(p, t->hold_runnable_ns, t->hold_ns))
		return CAUSE_LIMIT;
	if (verdict__share(c->gc_ns, c->ns) >= GC_MUCH)
		return CAUSE_GC;
	if (is_open_late(p, g))
		return CAUSE_OPEN;
	if (!t->hold_observed_ns)
		return CAUSE_UNSEEN;
	if (asleep(t) >= ASLEEP_MUCH)
		return CAUSE_ASLEEP;
	/* Asked seldom: most of its holds end before that. (Contended ones are seen in light stretches, too.) */
	if ((double)t->asked * 20 < (double)t->contended * seen + (double)t->releases / 10 ||
	    !t->asked)
		return verdict__share(c->native_ns, c->ns) >= 0.5 && c->frame ? CAUSE_NATIVE
									      : CAUSE_SMALL;
	/* What is little beside the interval that all waited before is not what they wait for. */
	if (queued > react && queued > little &&
	    verdict__share(t->react_queued_ns, t->hold_ns) >= NO_CPU_MUCH)
		return CAUSE_NO_CPU;
	if (late < LATE_SOME || react < little)
		return CAUSE_PYTHON;
	return late >= LATE_MUCH ? CAUSE_NATIVE : t->asked >= 10 ? CAUSE_MIXED : CAUSE_PYTHON;
}

/* " in handle (app.py:21)"; brief: " at app.py:21" */
static void put_at(const struct snap_frame *f, uint64_t looks, bool brief, struct sbuf *out)
{
	if (f)
		verdict__put_line((struct verdict_line){ f, looks },
				  brief ? VERDICT_BRIEF : VERDICT_SHORT, out);
}

/* "native code of libfoo.so in handle (app.py:21)"; brief: "native code at app.py:21" */
static void put_native(const struct culprit *c, bool brief, struct sbuf *out)
{
	const char *lib = verdict__share(c->native_ns, c->ns) >= 0.3 ? c->library : NULL;

	if (brief && c->frame)
		lib = NULL;

	sbuf__puts(out, lib ? "Native code of " : "Native code");
	if (lib)
		verdict__put_name(lib, out);
	put_at(c->frame, c->looks, brief, out);
}

static bool is_tid(const void *ctx, uint32_t tid)
{
	return tid == *(const uint32_t *)ctx;
}

/* The system call in which this function sleeps most with the GIL, if that is worth a word. */
static bool find_sleep(const struct snap_proc *p, const struct culprit *c, struct offcpu_line *ret)
{
	struct offcpu_line lines[SLEEP_PLACES];
	size_t cnt = offcpu__lines(p, NULL, NULL, lines, SLEEP_PLACES, NULL);

	for (size_t i = 0; i < cnt && c->frame; i++) {
		if (!lines[i].frame || !snap_frame__same(lines[i].frame, c->frame, false))
			continue;
		*ret = lines[i];
		return verdict__share(lines[i].ns, c->who->hold_ns) >= SLEEP_MUCH;
	}
	return false;
}

/* " sleeps in futex() with the GIL," */
static void put_sleep(const struct snap_proc *p, const struct culprit *c, struct sbuf *out)
{
	char call[OFFCPU_WORDS_SZ];
	struct offcpu_line l;

	if (find_sleep(p, c, &l))
		sbuf__printf(out, " sleeps in %s with the GIL,", offcpu__call_words(&l, call));
}

/* "it sleeps in futex()", of an open hold that has slept most of the time that is known of it. */
static bool put_open_sleep(const struct snap_proc *p, const struct snap_thread *t, struct sbuf *out)
{
	char call[OFFCPU_WORDS_SZ];
	struct offcpu_line l;
	uint64_t known_ns;

	if (!t || !offcpu__lines(p, is_tid, &t->tid, &l, 1, NULL))
		return false;
	known_ns = t->state_ns < t->span_ns ? t->state_ns : t->span_ns;
	if (l.ns < known_ns / 2)
		return false;
	sbuf__printf(out, "it sleeps in %s", offcpu__call_words(&l, call));
	return true;
}

static void put_open(const struct snap_proc *p, const struct snap_gil *g, const struct culprit *c,
		     bool brief, struct sbuf *out)
{
	const struct snap_thread *t = snap_proc__thread(p, g->holder_tid);
	const struct snap_frame *f =
		t && t->now_frame_cnt ? snap_frames__python_leaf(t->now_frames, t->now_frame_cnt)
		: t		      ? t->blame_at
				      : NULL;
	char since[UNITS_SZ], asked[UNITS_SZ];

	verdict__thread_name(p, g->holder_tid, out);
	sbuf__printf(out, " has held it for %s", t ? units__duration(t->state_ns, since) : "long");
	if (!f && c->frame)
		f = c->frame;
	put_at(f, 0, brief, out);
	sbuf__printf(out, " and was asked to let go %s ago: ", units__duration(g->asked_ns, asked));
	if (!put_open_sleep(p, t, out))
		sbuf__puts(out, "native code, or no CPU to run on");
}

static void put_asleep(const struct culprit *c, bool brief, struct sbuf *out)
{
	const struct snap_thread *t = c->who;
	char a[UNITS_SZ];

	if (t->late || verdict__share(c->native_ns, c->ns) >= 0.5) {
		put_native(c, brief, out);
	} else {
		sbuf__puts(out, "Code");
		put_at(c->frame, c->looks, brief, out);
	}
	sbuf__printf(out, " sleeps or blocks for %s of the hold time",
		     units__percent_word(t->hold_offcpu_ns - t->hold_runnable_ns, t->hold_ns, a));
	if (t->late)
		sbuf__printf(out, " and takes %s to let go when asked",
			     units__duration((t->react_ns - t->react_queued_ns) / t->asked, a));
	sbuf__puts(out, ": release the GIL there");
}

static void put_without_cpu(const struct culprit *c, const char *why, struct sbuf *out)
{
	char a[UNITS_SZ];

	sbuf__puts(out, why);
	verdict__put_holders(c, out);
	sbuf__printf(out, " had no CPU for %s of the hold time",
		     units__percent_word(c->who->hold_runnable_ns, c->who->hold_ns, a));
}

static void advise(const struct snap_proc *p, const struct snap_gil *g, const struct culprit *c,
		   bool brief, struct sbuf *out)
{
	uint64_t interval_ns = interval_of(g);
	const struct snap_thread *t = c->who;
	char a[UNITS_SZ], b[UNITS_SZ];
	bool small;

	switch (cause_of(p, g, c)) {
	case CAUSE_LIMIT:
		put_without_cpu(c, "CPU limit of the container, not the code: ", out);
		break;
	case CAUSE_ASLEEP: put_asleep(c, brief, out); break;
	case CAUSE_OPEN: put_open(p, g, c, brief, out); break;
	case CAUSE_GC:
		sbuf__puts(out, "The garbage collector runs");
		put_at(c->frame, c->looks, brief, out);
		sbuf__puts(out, ": gc.freeze() after start-up, or a higher gc.set_threshold()");
		break;
	case CAUSE_NATIVE:
		put_native(c, brief, out);
		put_sleep(p, c, out);
		if (t->late)
			sbuf__printf(
				out,
				" takes %s to let go when asked: release the GIL there, "
				"or split the call",
				units__duration((t->react_ns - t->react_queued_ns) / t->asked, a));
		else
			sbuf__printf(out, " keeps it for %s a call: release the GIL there",
				     units__duration_or_none(culprit__hold_ns(t), a));
		break;
	case CAUSE_MIXED:
		put_native(c, brief, out);
		put_sleep(p, c, out);
		sbuf__printf(out,
			     " is late in %s of the holds that are asked to end, the others let "
			     "go at once",
			     units__percent_word(t->late, t->asked, a));
		break;
	case CAUSE_NO_CPU:
		sbuf__printf(out, "No CPU for %s of the time that letting go took when asked (",
			     units__percent_word(t->react_queued_ns, t->react_ns, a));
		verdict__put_holders(c, out);
		sbuf__puts(out, "): too few CPUs, or a CPU limit");
		break;
	case CAUSE_PYTHON:
		sbuf__puts(out, "Python code");
		put_at(c->frame, c->looks, brief, out);
		sbuf__puts(out, " lets go when asked");
		if (interval_ns > 2 * SWITCH_INTERVAL_NS)
			sbuf__printf(out,
				     ", but only after %s: a shorter sys.setswitchinterval() "
				     "(default 5ms)",
				     units__duration(interval_ns, b));
		else if (interval_ns >= SWITCH_INTERVAL_NS / 2)
			sbuf__puts(out, ": move it to a process; a shorter sys.setswitchinterval() "
					"makes waits shorter");
		else
			sbuf__puts(out, ": move it to a process of its own, or make it less work");
		break;
	case CAUSE_UNSEEN:
		sbuf__puts(out, "Holds are not seen in light mode: how long they are");
		put_at(c->frame, c->looks, brief, out);
		sbuf__puts(out, ", and whether they end when asked, --mode exact shows");
		break;
	case CAUSE_SMALL:
		small = culprit__hold_ns(t) < SMALL_NS;
		sbuf__puts(out, small				    ? "Many short holds"
				: culprit__hold_ns(t) < interval_ns ? "Holds that end by themselves"
								    : "Long holds");
		sbuf__puts(out, c->frame ? ", most" : "");
		put_at(c->frame, c->looks, brief, out);
		sbuf__puts(out, " (");
		verdict__put_about(culprit__hold_ns(t), out);
		sbuf__puts(out, small ? " each): larger pieces of work, fewer threads, or processes"
				      : " each): less work there, or a process of its own");
		break;
	}
}

/* In so many characters, however long the names are. */
#define ADVICE_CHARS 160

static void advise_on(const struct snap_proc *p, const struct snap_gil *g, const struct culprit *c,
		      struct sbuf *out)
{
	__cleanup(sbuf__free) struct sbuf text = { 0 };

	advise(p, g, c, false, &text);
	if (verdict__is_longer(&text, ADVICE_CHARS)) {
		sbuf__reset(&text);
		advise(p, g, c, true, &text);
	}
	sbuf__puts(out, sbuf__str(&text));
	out->oom |= text.oom;
}

/* Too few CPUs make each hold longer, whatever the code is; but what code it is matters as well. How many sentences. */
static size_t advise_on_culprit(const struct snap_proc *p, const struct snap_gil *g,
				const struct culprit *c, struct sbuf *out, size_t max)
{
	enum cause cause = cause_of(p, g, c);
	size_t n = 0;

	if (cause != CAUSE_LIMIT && without_cpu(c->who) >= HOLD_NO_CPU_MUCH)
		put_without_cpu(c, "Too few CPUs: ", &out[n++]);
	if (n < max && (!n || cause != CAUSE_NO_CPU))
		advise_on(p, g, c, &out[n++]);
	return n;
}

/* What the GIL costs at most; no more runs at once than there are CPUs. */
static void advise_limit(const struct snap_proc *p, const struct snap_gil *g, struct sbuf *out)
{
	double load = snap_gil__load(g, p->span_ns);
	double most = load < p->cpu_cnt ? load : p->cpu_cnt;

	if (isnan(load) || most < 1.2)
		return;
	sbuf__printf(
		out,
		"Without the GIL (processes, a free-threaded build) up to %s%.1f threads would "
		"run at once",
		isnan(snap_gil__held(g, p->span_ns).err) || most < load ? "" : "~", most);
	if (most < load)
		sbuf__printf(out, ", on %u CPUs", p->cpu_cnt);
}

/* Where most of the waiting is for a CPU. */
static void advise_cpus(const struct snap_proc *p, const struct snap_gil *g, struct sbuf *out)
{
	uint64_t ns = verdict__runnable_ns(p, g);
	char pct[UNITS_SZ];

	sbuf__printf(out, "Woken threads have no CPU for %s of their waiting: %s",
		     units__percent_word(ns, g->wait_ns, pct),
		     verdict__is_limited(p, ns, g->wait_ns)
			     ? "a higher CPU limit, or fewer threads that run"
			     : "more CPUs, or fewer threads that run");
}

size_t verdict__advice(const struct snap_proc *p, const struct snap_gil *g, struct sbuf *out,
		       size_t max)
{
	enum verdict_level level = verdict__level(p, g);
	struct culprit c = { 0 };
	size_t n = 0;
	char pct[UNITS_SZ];

	if (level == VERDICT_UNKNOWN || !max)
		return 0;
	if (level <= VERDICT_BUSY) {
		sbuf__puts(&out[0], "If it is slow, look elsewhere: I/O, other locks, the CPU");
		return 1;
	}
	if (level == VERDICT_NO_CPU)
		advise_cpus(p, g, &out[n++]);
	if (n < max && culprit__find(p, g, &c) && c.who)
		n += advise_on_culprit(p, g, &c, out + n, max - n);
	if (c.who && n < max && cause_of(p, g, &c) > CAUSE_ASLEEP &&
	    without_cpu(c.who) < HOLD_NO_CPU_MUCH &&
	    verdict__share(c.who->hold_offcpu_ns, c.who->hold_ns) > 0.2) {
		verdict__put_holders(&c, &out[n]);
		sbuf__printf(&out[n++],
			     " did not even run for %s of the hold time: blocked, preempted or "
			     "throttled",
			     units__percent_word(c.who->hold_offcpu_ns, c.who->hold_ns, pct));
	}
	if (n < max && g->switches && verdict__share(g->gap_wall_ns, g->observed_ns) > 0.1)
		sbuf__printf(
			&out[n++],
			"%s of the time is lost between letting go and taking over: too few CPUs?",
			units__percent_word(g->gap_wall_ns, g->observed_ns, pct));
	if (n < max && level != VERDICT_NO_CPU) {
		advise_limit(p, g, &out[n]);
		n += out[n].len > 0;
	}
	return n;
}
