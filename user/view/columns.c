/* SPDX-License-Identifier: BSD-2-Clause */
#include "user/view/columns.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "user/base/text.h"
#include "user/base/units.h"
#include "user/base/util.h"

static void put(char *buf, size_t sz, const char *s)
{
	snprintf(buf, sz, "%s", s);
}

static const char *or_unknown(const char *s)
{
	return s && *s ? s : "?";
}

static int order(uint64_t a, uint64_t b)
{
	return a < b ? -1 : a > b;
}

/* Not known sorts below everything that is. */
static int cmp_known(uint64_t a, uint64_t b)
{
	return order(a + 1, b + 1);
}

/* a_part / a_whole against b_part / b_whole; a whole of 0 is not known. */
static int cmp_share(uint64_t a_part, uint64_t a_whole, uint64_t b_part, uint64_t b_whole)
{
	double a = a_whole ? (double)a_part / (double)a_whole : -1;
	double b = b_whole ? (double)b_part / (double)b_whole : -1;

	return a < b ? -1 : a > b;
}

/* The cell of a column in one expression, with room for what units.h writes; and the order of two. */
#define FMT(name, text)                                                                            \
	static void fmt_##name(const struct column_row *r, char *buf, size_t sz)                   \
	{                                                                                          \
		char u[UNITS_SZ];                                                                  \
                                                                                                   \
		put(buf, sz, text);                                                                \
	}
#define CMP(name, result)                                                                          \
	static int cmp_##name(const struct column_row *a, const struct column_row *b)              \
	{                                                                                          \
		return result;                                                                     \
	}

static uint64_t thread_span(const struct column_row *r)
{
	return r->thread->span_ns;
}

/* How long its holds were seen, of the wall time: of all threads of a GIL the same; 0: never. */
static uint64_t seen_wall(const struct column_row *r)
{
	return r->thread->hold_observed_ns;
}

/* .. of the time that the thread was known */
static uint64_t seen_span(const struct column_row *r)
{
	return snap_thread__seen_ns(r->thread, r->proc);
}

/* What is known of all of its time only where its holds were seen all the time; else a whole of 0. */
static uint64_t if_all_seen(const struct column_row *r, uint64_t whole)
{
	return snap_thread__all_seen(r->thread, r->proc) ? whole : 0;
}

static uint64_t gil_wait(const struct column_row *r)
{
	return r->gil ? r->gil->wait_ns : 0;
}

static uint64_t hold_total(const struct column_row *r)
{
	return r->thread->hold_offcpu_ns == NS_UNKNOWN ? 0 : r->thread->hold_ns;
}

/* Not known: of nothing. */
static uint64_t runnable_span(const struct column_row *r)
{
	return r->thread->runnable_ns == NS_UNKNOWN ? 0 : r->thread->span_ns;
}

static uint64_t delay(const struct column_row *r)
{
	return snap_thread__delay_ns(r->thread);
}

#define FIELD(name)                                                                                \
	static uint64_t name(const struct column_row *r)                                           \
	{                                                                                          \
		return r->thread->name;                                                            \
	}
FIELD(wait_ns)
FIELD(yield_ns)
FIELD(hold_ns)
FIELD(released_ns)
FIELD(blame_ns)
FIELD(hold_offcpu_ns)
FIELD(contended)
FIELD(acquisitions)
FIELD(yields)

static uint64_t released_span(const struct column_row *r)
{
	return if_all_seen(r, r->thread->span_ns);
}

static uint64_t all_acquisitions(const struct column_row *r)
{
	return if_all_seen(r, r->thread->acquisitions);
}

/* The cell is a share, but the order is by time: most of the life of a thread that lived for a moment
 * is less than little of one that was there all along. Of a pool both are means.
 */
static uint64_t mean(const struct column_row *r, uint64_t ns)
{
	return r->thread->folded_cnt ? ns / r->thread->folded_cnt : ns;
}

#define TIME(name, part)                                                                           \
	FMT(name, units__percent(part(r), thread_span(r), u))                                      \
	CMP(name, order(mean(a, part(a)), mean(b, part(b))))
TIME(delay, delay)
TIME(wait, wait_ns)
TIME(yield, yield_ns)

/* "-" is what was not seen, not even now and then. */
#define UNLESS(unseen, text) (unseen) ? "-" : (text)
FMT(released, UNLESS(thread_span(r) && !released_span(r),
		     units__percent(released_ns(r), released_span(r), u)))
CMP(released, order(released_span(a) ? mean(a, released_ns(a)) + 1 : 0,
		    released_span(b) ? mean(b, released_ns(b)) + 1 : 0))
FMT(runnable, UNLESS(thread_span(r) && !runnable_span(r),
		     units__percent(snap_thread__runnable_ns(r->thread), runnable_span(r), u)))
CMP(runnable, order(runnable_span(a) ? mean(a, snap_thread__runnable_ns(a->thread)) + 1 : 0,
		    runnable_span(b) ? mean(b, snap_thread__runnable_ns(b->thread)) + 1 : 0))
FMT(hold, UNLESS(thread_span(r) && !seen_wall(r), units__percent(hold_ns(r), seen_wall(r), u)))
CMP(hold, cmp_share(hold_ns(a), seen_wall(a), hold_ns(b), seen_wall(b)))
FMT(contended, UNLESS(thread_span(r) && !snap_thread__all_seen(r->thread, r->proc),
		      units__percent(contended(r), all_acquisitions(r), u)))
CMP(contended, cmp_share(contended(a), all_acquisitions(a), contended(b), all_acquisitions(b)))

#define SHARE(name, part, whole)                                                                   \
	FMT(name, units__percent(part(r), whole(r), u))                                            \
	CMP(name, cmp_share(part(a), whole(a), part(b), whole(b)))

/* Who has not let go yet is not known to have run, or not to. */
FMT(offcpu, hold_total(r) ? units__percent(hold_offcpu_ns(r), hold_total(r), u) : "-")
CMP(offcpu, cmp_share(hold_offcpu_ns(a), hold_total(a), hold_offcpu_ns(b), hold_total(b)))

/* With no waiting at all nobody is to blame: 0, not unknown. */
FMT(blame, r->gil && !gil_wait(r) ? "0" : units__percent(blame_ns(r), gil_wait(r), u))
CMP(blame, cmp_share(blame_ns(a), gil_wait(a), blame_ns(b), gil_wait(b)))

#define DURATION(field, format)                                                                    \
	FMT(field, format(r->thread->field, u))                                                    \
	CMP(field, cmp_known(a->thread->field, b->thread->field))
DURATION(wait_p50_ns, units__duration_or_none)
DURATION(wait_p90_ns, units__duration_or_none)
DURATION(wait_p99_ns, units__duration_or_none)
DURATION(wait_max_ns, units__duration_or_none)
DURATION(hold_p50_ns, units__duration_or_none)
DURATION(hold_p99_ns, units__duration_or_none)
DURATION(hold_max_ns, units__duration_or_none)
DURATION(state_ns, units__duration)

/* Threads come and go: a rate is over the time that this one was known, or seen. */
#define RATE(field, span)                                                                          \
	FMT(field##_rate, UNLESS(thread_span(r) && !span(r), units__rate(field(r), span(r), u)))   \
	CMP(field##_rate, cmp_share(field(a), span(a), field(b), span(b)))
RATE(acquisitions, seen_span)
RATE(yields, thread_span)

static void fmt_pid(const struct column_row *r, char *buf, size_t sz)
{
	snprintf(buf, sz, "%u", r->proc->pid);
}

CMP(pid, order(a->proc->pid, b->proc->pid))

static void fmt_tid(const struct column_row *r, char *buf, size_t sz)
{
	if (snap_thread__is_fold(r->thread))
		put(buf, sz, "-");
	else
		snprintf(buf, sz, "%u", r->thread->tid);
}

CMP(tid, order(a->thread->tid, b->thread->tid))

static void fmt_name(const struct column_row *r, char *buf, size_t sz)
{
	const struct snap_thread *t = r->thread;

	if (!t->folded_cnt)
		put(buf, sz, or_unknown(t->name));
	else if (t->name[0] == '[')
		snprintf(buf, sz, "%u ended", t->folded_cnt);
	else
		snprintf(buf, sz, "%u %s", t->folded_cnt, t->name);
}

static int cmp_name(const struct column_row *a, const struct column_row *b)
{
	return strcmp(a->thread->name ? a->thread->name : "",
		      b->thread->name ? b->thread->name : "");
}

static void fmt_state(const struct column_row *r, char *buf, size_t sz)
{
	snprintf(buf, sz, "%c", snap_state__letter(r->thread->state));
}

static int cmp_state(const struct column_row *a, const struct column_row *b)
{
	/* Who holds first, then who waits; in the order of interest. */
	static const int rank[] = {
		[SNAP_RELEASED] = 3, [SNAP_WAITING] = 1,    [SNAP_HOLDING] = 0, [SNAP_YIELDING] = 2,
		[SNAP_UNKNOWN] = 4,  [SNAP_FINALIZING] = 5, [SNAP_EXITED] = 6
	};

	return rank[a->thread->state] - rank[b->thread->state];
}

static void fmt_gil(const struct column_row *r, char *buf, size_t sz)
{
	if (r->gil)
		snprintf(buf, sz, "%u", r->gil->id);
	else
		put(buf, sz, "?");
}

CMP(gil, order(a->gil ? a->gil->id + 1u : 0, b->gil ? b->gil->id + 1u : 0))

static void fmt_bar(const struct column_row *r, char *buf, size_t sz)
{
	columns__bar(r->thread, 8, buf, sz);
}

static int cmp_frame(const struct snap_frame *x, const struct snap_frame *y)
{
	int c;

	if (!x || !y)
		return (x != NULL) - (y != NULL);
	c = strcmp(x->file, y->file);
	return c ? c : order(x->line, y->line);
}

/* Nowhere is no place that is not known. */
#define PLACE(name, field)                                                                         \
	static const struct snap_frame *frame_##name(const struct column_row *r)                   \
	{                                                                                          \
		return r->thread->field;                                                           \
	}                                                                                          \
	static void fmt_##name(const struct column_row *r, char *buf, size_t sz)                   \
	{                                                                                          \
		if (r->thread->field)                                                              \
			columns__frame(r->thread->field, buf, sz);                                 \
		else                                                                               \
			put(buf, sz, "-");                                                         \
	}                                                                                          \
	CMP(name, cmp_frame(a->thread->field, b->thread->field))
PLACE(waits, wait_at)
PLACE(blocks, blame_at)

#define COLUMN(n, t) .name = (n), .title = (t)
#define CELL(what)   .fmt = fmt_##what, .cmp = cmp_##what

const struct column thread_columns[] = {
	{ COLUMN("pid", "PID"), .width = 7, .prio = 3, CELL(pid),
	  .help = "process id, as in ps and top" },
	{ COLUMN("tid", "TID"), .width = 7, .prio = 38, .shown = true, CELL(tid),
	  .help = "thread id, as in ps -L and top -H" },
	{ COLUMN("thread", "THREAD"), .width = 15, .shown = true, .left = true, .kind = COLUMN_NAME,
	  CELL(name), .help = "the thread's name (its Python name where it is known)" },
	{ COLUMN("gil", "GIL"), .width = 3, .prio = 4, CELL(gil),
	  .help = "which GIL it uses: 0 is the main interpreter's" },
	{ COLUMN("state", "S"), .width = 1, .prio = 5, .shown = true, .left = true,
	  .kind = COLUMN_STATE, CELL(state),
	  .help = "H holds, W waits, Y yields, r released: not using the GIL (not htop's R), "
		  "x ended, F finalizing, ? unknown" },
	{ COLUMN("for", "FOR"), .width = 6, .prio = 85, .desc = true, CELL(state_ns),
	  .help = "how long it has been in this state" },
	{ COLUMN("delay", "DELAY%"), .width = 7, .shown = true, .desc = true, .kind = COLUMN_WAIT,
	  CELL(delay), .help = "share of its time lost to the GIL: waiting for it or yielding it" },
	{ COLUMN("bar", "WHERE"), .width = 8, .prio = 50, .shown = true, .left = true, .desc = true,
	  .kind = COLUMN_BAR, .fmt = fmt_bar,
	  .help = "its time as a bar: waiting, yielding, holding, without the GIL" },
	{ COLUMN("wait", "WAIT%"), .width = 5, .prio = 75, .desc = true, .kind = COLUMN_WAIT,
	  CELL(wait), .help = "share of its time spent waiting for the GIL" },
	{ COLUMN("runnable", "RUNQ%"), .width = 5, .prio = 62, .shown = true, .desc = true,
	  .kind = COLUMN_WAIT, CELL(runnable),
	  .help = "share of its time: woken for the GIL, but without a CPU" },
	{ COLUMN("yield", "YIELD%"), .width = 6, .prio = 76, .desc = true, .kind = COLUMN_YIELD,
	  CELL(yield), .help = "share of its time blocked while giving the GIL away" },
	{ COLUMN("hold", "HOLD%"), .width = 5, .prio = 10, .shown = true, .desc = true,
	  .kind = COLUMN_HOLD, CELL(hold),
	  .help = "share of the wall time that it held the GIL (adds up to the GIL's use); - not "
		  "seen" },
	{ COLUMN("released", "OFF%"), .width = 5, .prio = 78, .desc = true, CELL(released),
	  .help = "share of its time without the GIL: I/O, native code, idle" },
	{ COLUMN("p50wait", "p50 wait"), .width = 8, .prio = 80, .desc = true, .kind = COLUMN_WAIT,
	  CELL(wait_p50_ns), .help = "half of its waits were shorter" },
	{ COLUMN("p90wait", "p90 wait"), .width = 8, .prio = 81, .desc = true, .kind = COLUMN_WAIT,
	  CELL(wait_p90_ns), .help = "9 of 10 waits were shorter" },
	{ COLUMN("p99wait", "p99 wait"), .width = 8, .prio = 25, .shown = true, .desc = true,
	  .kind = COLUMN_WAIT, CELL(wait_p99_ns), .help = "99 of 100 waits were shorter" },
	{ COLUMN("maxwait", "max wait"), .width = 8, .prio = 60, .shown = true, .desc = true,
	  .kind = COLUMN_WAIT, CELL(wait_max_ns),
	  .help = "its longest wait, the one going on included" },
	{ COLUMN("p50hold", "p50 hold"), .width = 8, .prio = 82, .desc = true, .kind = COLUMN_HOLD,
	  CELL(hold_p50_ns), .help = "half of its holds were shorter" },
	{ COLUMN("p99hold", "p99 hold"), .width = 8, .prio = 83, .desc = true, .kind = COLUMN_HOLD,
	  CELL(hold_p99_ns), .help = "99 of 100 holds were shorter" },
	{ COLUMN("maxhold", "max hold"), .width = 8, .prio = 40, .shown = true, .desc = true,
	  .kind = COLUMN_HOLD, CELL(hold_max_ns),
	  .help = "its longest hold: long ones are native code that does not let go" },
	{ COLUMN("offcpu", "OFFCPU%"), .width = 7, .prio = 79, .desc = true, .kind = COLUMN_WAIT,
	  CELL(offcpu), .help = "share of its holding during which it did not even run" },
	{ COLUMN("acquisitions", "ACQ/s"), .width = 5, .prio = 65, .shown = true, .desc = true,
	  CELL(acquisitions_rate), .help = "how often it took the GIL, a second" },
	{ COLUMN("contended", "CONT%"), .width = 5, .prio = 84, .desc = true, CELL(contended),
	  .help = "share of these for which it had to wait" },
	{ COLUMN("yields", "YIELD/s"), .width = 7, .prio = 86, .desc = true, .kind = COLUMN_YIELD,
	  CELL(yields_rate), .help = "how often it gave the GIL away on request, a second" },
	{ COLUMN("blame", "BLAME%"), .width = 6, .prio = 15, .shown = true, .desc = true,
	  .kind = COLUMN_HOLD, CELL(blame),
	  .help = "share of all waiting for this GIL that its holding caused" },
	{ COLUMN("waits", "WAITS AT"), .width = 14, .prio = 20, .shown = true, .left = true,
	  .grows = true, .kind = COLUMN_FRAME, .frame = frame_waits, CELL(waits),
	  .help = "the Python line where it waits most" },
	{ COLUMN("blocks", "BLOCKS AT"), .width = 16, .prio = 18, .shown = true, .left = true,
	  .grows = true, .kind = COLUMN_FRAME, .frame = frame_blocks, CELL(blocks),
	  .help = "the Python line where it makes others wait most" },
};
const size_t thread_column_cnt = sizeof(thread_columns) / sizeof(thread_columns[0]);

int columns__find(const char *name)
{
	for (size_t i = 0; i < thread_column_cnt; i++)
		if (!strcasecmp(name, thread_columns[i].name) ||
		    !strcasecmp(name, thread_columns[i].title))
			return (int)i;
	return -1;
}

int columns__compare(const struct column *col, bool desc, const struct column_row *a,
		     const struct column_row *b)
{
	int c = col->cmp ? col->cmp(a, b) : 0;

	if (c)
		return desc ? -c : c;
	c = cmp_pid(a, b);
	return c ? c : cmp_tid(a, b);
}

void columns__frame(const struct snap_frame *f, char *buf, size_t sz)
{
	const char *name = f ? or_unknown(f->name) : "?";
	const char *file = f ? path_short(or_unknown(f->file)) : "?";

	if (f && f->line)
		snprintf(buf, sz, "%s %s:%u", name, file, f->line);
	else if (strcmp(file, "?"))
		snprintf(buf, sz, "%s %s", name, file);
	else
		put(buf, sz, name);
}
