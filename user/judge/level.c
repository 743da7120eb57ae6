/* SPDX-License-Identifier: BSD-2-Clause */
/* level.c - is the GIL the bottleneck: in a word, and as the headline */
#include <math.h>

#include "user/base/sbuf.h"
#include "user/base/units.h"
#include "user/judge/verdict_impl.h"

/* From here on waiting is worth a word: a twentieth of the time of one thread, or of all together. */
#define WAIT_NOTABLE 0.05
/* Held for more than half of the time, a GIL that is waited for is the bottleneck. */
#define HELD_MUCH 0.5
/* So much of the waiting, and it is for a CPU rather than for the GIL. */
#define RUNNABLE_MUCH 0.5
/* Behind what is said without knowing how much the GIL is held. */
#define NOT_SEEN " (light: holds unseen)"

/* Mean number of threads that wait. */
static double waiting(const struct snap_proc *p, const struct snap_gil *g)
{
	return verdict__share(g->wait_ns, p->span_ns);
}

uint64_t verdict__runnable_ns(const struct snap_proc *p, const struct snap_gil *g)
{
	uint64_t ns = 0;

	for (size_t i = 0; i < p->thread_cnt; i++) {
		const struct snap_thread *t = &p->threads[i];

		if (!verdict__uses(p, t, g))
			continue;
		if (t->runnable_ns == NS_UNKNOWN)
			return NS_UNKNOWN;
		ns += snap_thread__runnable_ns(t);
	}
	return ns;
}

/* Somebody has the GIL while a thread waits that does not just lack a CPU: where holds are not seen, so much it is held
 * at least.
 */
static double held_at_least(const struct snap_proc *p, const struct snap_gil *g)
{
	uint64_t most_ns = 0;

	for (size_t i = 0; i < p->thread_cnt; i++) {
		const struct snap_thread *t = &p->threads[i];
		uint64_t queued_ns = t->runnable_ns == NS_UNKNOWN ? 0 : t->runnable_ns;

		if (!verdict__uses(p, t, g) || t->folded_cnt || queued_ns > t->wait_ns)
			continue;
		if (t->wait_ns - queued_ns > most_ns)
			most_ns = t->wait_ns - queued_ns;
	}
	return verdict__share(most_ns, p->span_ns);
}

/* Most of the waiting is for a CPU, and holders do not account for as much of it. */
static bool is_no_cpu(const struct snap_proc *p, const struct snap_gil *g, double held)
{
	uint64_t blame_ns = 0;

	for (size_t i = 0; i < p->thread_cnt; i++)
		blame_ns += verdict__uses(p, &p->threads[i], g) ? p->threads[i].blame_ns : 0;
	if (verdict__share(verdict__runnable_ns(p, g), g->wait_ns) < RUNNABLE_MUCH)
		return false;
	return held <= HELD_MUCH || verdict__share(blame_ns, g->wait_ns) <= RUNNABLE_MUCH;
}

enum verdict_level verdict__level(const struct snap_proc *p, const struct snap_gil *g)
{
	const struct snap_thread *t;
	double held;

	if (!g || !p->span_ns || p->halted)
		return VERDICT_UNKNOWN;
	held = snap_gil__held(g, p->span_ns).share;
	t = verdict__sufferer(p, g);
	if (waiting(p, g) < WAIT_NOTABLE &&
	    (!t || verdict__share(snap_thread__delay_ns(t), p->span_ns) < WAIT_NOTABLE))
		return isnan(held) ? VERDICT_QUIET : held > HELD_MUCH ? VERDICT_BUSY : VERDICT_FREE;
	if (isnan(held))
		held = held_at_least(p, g);
	if (is_no_cpu(p, g, held))
		return VERDICT_NO_CPU;
	return held > HELD_MUCH ? VERDICT_BOTTLENECK : VERDICT_SOME;
}

const char *verdict__level_word(enum verdict_level level)
{
	static const char *const words[] = {
		[VERDICT_UNKNOWN] = "not known",     [VERDICT_FREE] = "free",
		[VERDICT_QUIET] = "no waiting",	     [VERDICT_BUSY] = "busy",
		[VERDICT_SOME] = "some waiting",     [VERDICT_NO_CPU] = "too few CPUs",
		[VERDICT_BOTTLENECK] = "bottleneck",
	};

	return words[level];
}

/* "held 98% of the time", estimated "held ~62% of the time"; "held 98% (seen for 6.0s of 10.0s)". True: it is the last. */
static bool put_held(const struct snap_proc *p, const struct snap_gil *g, struct sbuf *out)
{
	struct snap_held held = snap_gil__held(g, p->span_ns);
	bool part = isnan(held.err) && g->observed_ns < p->span_ns;
	char pct[UNITS_SZ], seen[UNITS_SZ], all[UNITS_SZ];

	sbuf__printf(out, "held %s", snap_gil__held_word(g, p->span_ns, pct));
	if (part)
		sbuf__printf(out, " (seen for %s of %s)", units__duration(g->observed_ns, seen),
			     units__duration(p->span_ns, all));
	else
		sbuf__puts(out, " of the time");
	return part;
}

/* "Too few CPUs: 2.4 threads wait on average, 62% of that woken, for a CPU"; "A CPU limit: .." */
static void put_no_cpu(const struct snap_proc *p, const struct snap_gil *g, struct sbuf *out)
{
	uint64_t ns = verdict__runnable_ns(p, g);
	char pct[UNITS_SZ];

	sbuf__printf(out, "%s: %.1f threads wait on average, %s of that woken, for a CPU",
		     verdict__is_limited(p, ns, g->wait_ns) ? "A CPU limit" : "Too few CPUs",
		     waiting(p, g), units__percent_word(ns, g->wait_ns, pct));
}

/* "The GIL is held 98% of the time, for 81% of that without a CPU: a CPU limit"; false: it is not that. */
static bool put_limit(const struct snap_proc *p, const struct snap_gil *g, struct sbuf *out)
{
	uint64_t ns = verdict__without_cpu_ns(p, g);
	char pct[UNITS_SZ];

	if (!verdict__is_limited(p, ns, g->held_ns))
		return false;
	sbuf__puts(out, "The GIL is ");
	put_held(p, g, out);
	sbuf__printf(out, ", for %s of that without a CPU: a CPU limit",
		     units__percent_word(ns, g->held_ns, pct));
	return true;
}

/* "held 98% of the time, 2.7 threads wait on average", "1.5 threads wait on average (light: holds unseen)" */
static void put_waiting(const struct snap_proc *p, const struct snap_gil *g, struct sbuf *out)
{
	bool known = !isnan(snap_gil__held(g, p->span_ns).share), brief = false;

	if (known) {
		brief = put_held(p, g, out);
		sbuf__puts(out, ", ");
	}
	sbuf__printf(out, "%.1f threads wait%s%s", waiting(p, g), brief ? "" : " on average",
		     known ? "" : NOT_SEEN);
}

void verdict__headline(const struct snap_proc *p, const struct snap_gil *g, struct sbuf *out)
{
	enum verdict_level level = verdict__level(p, g);

	switch (level) {
	case VERDICT_UNKNOWN:
		sbuf__puts(out, !p->alive   ? "The process has ended"
				: p->halted ? "Nothing in it runs"
				: g	    ? "Nothing measured yet"
					    : "No thread has used the GIL yet");
		break;
	case VERDICT_FREE:
		sbuf__puts(out, "The GIL is not the bottleneck: ");
		put_held(p, g, out);
		sbuf__puts(out, g->wait_ns ? ", short waits" : ", nobody waits");
		break;
	case VERDICT_QUIET:
		sbuf__printf(out, "The GIL is not the bottleneck: %s" NOT_SEEN,
			     g->wait_ns ? "short waits" : "nobody waits");
		break;
	case VERDICT_BUSY:
		sbuf__puts(out, "The GIL is busy, ");
		put_held(p, g, out);
		sbuf__printf(out, ", but %s waits for it",
			     g->wait_ns ? "hardly anybody" : "nobody");
		break;
	case VERDICT_NO_CPU: put_no_cpu(p, g, out); break;
	case VERDICT_SOME:
	case VERDICT_BOTTLENECK:
		if (put_limit(p, g, out))
			break;
		sbuf__puts(out, level == VERDICT_SOME ? "Some waiting for the GIL: "
						      : "The GIL is the bottleneck: ");
		put_waiting(p, g, out);
		break;
	}
}
