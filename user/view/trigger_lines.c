/* SPDX-License-Identifier: BSD-2-Clause */
#include "user/view/trigger_lines.h"

#include <inttypes.h>
#include <string.h>
#include <time.h>

#include "user/base/sbuf.h"
#include "user/base/units.h"
#include "user/picture/trigger_list.h"
#include "user/view/columns.h"

#define NS_PER_S  ((uint64_t)1000000000)
#define NS_PER_MS ((uint64_t)1000000)

static const char *const kinds[TRIGGER_KINDS] = {
	[TRIGGER_WAIT] = "wait",     [TRIGGER_HOLD] = "hold", [TRIGGER_DELAY] = "delay",
	[TRIGGER_SIGNAL] = "signal", [TRIGGER_KEY] = "key",   [TRIGGER_END] = "end",
};

const char *trigger_event__kind(const struct trigger_event *e)
{
	return (size_t)e->t.kind < TRIGGER_KINDS ? kinds[e->t.kind] : "?";
}

void trigger_lines__when(const struct trigger_event *e, struct sbuf *out)
{
	time_t s = (time_t)(e->real_ns / NS_PER_S);
	struct tm tm;
	char day[16];

	if (e->real_ns && localtime_r(&s, &tm) && strftime(day, sizeof(day), "%H:%M:%S", &tm))
		sbuf__printf(out, "%s.%03u ", day,
			     (unsigned int)(e->real_ns % NS_PER_S / NS_PER_MS));
	sbuf__printf(out, "+%" PRIu64 ".%03us", e->running_ns / NS_PER_S,
		     (unsigned int)(e->running_ns % NS_PER_S / NS_PER_MS));
}

/* "worker-3 (4243)"; not known: "a thread". */
static void put_thread(const char *name, uint32_t tid, struct sbuf *out)
{
	if (*name)
		sbuf__printf(out, "%s (%u)", name, tid);
	else if (tid)
		sbuf__printf(out, "thread %u", tid);
	else
		sbuf__puts(out, "a thread");
}

static void put_pid(const struct trigger_event *e, struct sbuf *out)
{
	sbuf__printf(out, "pid %u%s%s: ", e->pid, *e->comm ? " " : "", e->comm);
}

static void put_hold(const struct trigger_event *e, struct sbuf *out)
{
	char ns[UNITS_SZ];

	put_thread(e->holder, e->t.holder_tid, out);
	sbuf__printf(out, e->t.over ? " held the GIL for %s" : " has held the GIL for %s",
		     units__duration(e->t.ns, ns));
}

static void put_wait(const struct trigger_event *e, struct sbuf *out)
{
	char ns[UNITS_SZ];

	put_thread(e->waiter, e->t.waiter_tid, out);
	sbuf__printf(out,
		     e->t.over ? " waited for the GIL for %s" : " has waited for the GIL for %s",
		     units__duration(e->t.ns, ns));
}

static void put_delay(const struct trigger_event *e, struct sbuf *out)
{
	char ns[UNITS_SZ], limit[UNITS_SZ];

	put_thread(e->waiter, e->t.waiter_tid, out);
	if (e->t.over)
		sbuf__printf(out, " loses less than %s of an interval again",
			     units__duration(e->t.limit_ns, limit));
	else
		sbuf__printf(out, " lost %s of an interval to the GIL",
			     units__duration(e->t.ns, ns));
}

void trigger_lines__what(const struct trigger_event *e, struct sbuf *out)
{
	switch (e->t.kind) {
	case TRIGGER_HOLD: put_hold(e, out); break;
	case TRIGGER_WAIT: put_wait(e, out); break;
	case TRIGGER_DELAY: put_delay(e, out); break;
	case TRIGGER_SIGNAL: sbuf__puts(out, "SIGUSR1"); break;
	case TRIGGER_KEY: sbuf__puts(out, "key w"); break;
	default: sbuf__puts(out, "the end"); break;
	}
}

static void put_place(const char *before, const struct stored_stack *s, struct sbuf *out)
{
	const struct snap_frame *f = snap_frames__python_leaf(s->frames, s->cnt);
	char frame[512];

	if (!f)
		return;
	columns__frame(f, frame, sizeof(frame));
	sbuf__printf(out, "%s%s", before, frame);
}

/* "; 3 wait"; of a wait ", as 2 more" */
static void put_waiters(const struct trigger_event *e, struct sbuf *out)
{
	if (e->t.kind == TRIGGER_WAIT && e->t.waiter_cnt > 1)
		sbuf__printf(out, ", as %u more", e->t.waiter_cnt - 1);
	if (e->t.kind == TRIGGER_HOLD && e->t.waiter_cnt)
		sbuf__printf(out, "; %u wait%s", e->t.waiter_cnt,
			     e->t.over		   ? "ed"
			     : e->t.waiter_cnt > 1 ? ""
						   : "s");
}

/* Where, and the other one. */
static void put_where(const struct trigger_event *e, struct sbuf *out)
{
	bool hold = e->t.kind == TRIGGER_HOLD;

	put_place(" in ", hold ? &e->holder_stack : &e->waiter_stack, out);
	put_waiters(e, out);
	if (hold) {
		if (e->t.waiter_tid) {
			sbuf__puts(out, e->t.waiter_cnt ? ": " : "; waited for by ");
			put_thread(e->waiter, e->t.waiter_tid, out);
			put_place(" in ", &e->waiter_stack, out);
		}
		return;
	}
	if (e->t.holder_tid) {
		sbuf__puts(out, "; ");
		put_thread(e->holder, e->t.holder_tid, out);
		sbuf__puts(out, e->t.over ? " held it" : " holds it");
		put_place(" in ", &e->holder_stack, out);
	}
}

static void put_head(const struct trigger_event *e, struct sbuf *out)
{
	trigger_lines__when(e, out);
	sbuf__printf(out, " %s %" PRIu64 "%s: ", trigger_event__kind(e), e->t.no,
		     e->t.over ? " is over" : "");
	if (e->pid)
		put_pid(e, out);
	trigger_lines__what(e, out);
}

void trigger_lines__line(const struct trigger_event *e, struct sbuf *out)
{
	put_head(e, out);
	if (!e->t.over || e->t.kind != TRIGGER_DELAY)
		put_where(e, out);
	if (e->t.file)
		sbuf__printf(out, "; written: %s", e->t.file);
}

static void put_stack(const char *title, const char *name, uint32_t tid,
		      const struct stored_stack *s, struct sbuf *out)
{
	char frame[512];

	if (!tid && !s->cnt)
		return;
	sbuf__printf(out, "  %s: ", title);
	put_thread(name, tid, out);
	sbuf__puts(out, s->cnt ? "\n" : ", its stack is not known\n");
	for (size_t i = s->cnt; i-- > 0;) {
		columns__frame(&s->frames[i], frame, sizeof(frame));
		sbuf__printf(out, "    %s\n", frame);
	}
	if (s->truncated)
		sbuf__puts(out, "    (and what called it)\n");
}

void trigger_lines__block(const struct trigger_event *e, struct sbuf *out)
{
	put_head(e, out);
	put_waiters(e, out);
	if (e->t.file)
		sbuf__printf(out, "; written: %s", e->t.file);
	sbuf__puts(out, "\n");
	if (e->t.over && e->t.kind == TRIGGER_DELAY)
		return;
	put_stack("holder", e->holder, e->t.holder_tid, &e->holder_stack, out);
	put_stack("waiter", e->waiter, e->t.waiter_tid, &e->waiter_stack, out);
}
