/* SPDX-License-Identifier: BSD-2-Clause */
/* notes.c - what the kernel has to tell: forks, execs, first events, processes that it has adopted
 *
 * Spans and stacks are dealt with as they come. The rest is kept, in order: some of it takes a reading of all books, and a
 * reading must first hear of those whose books are in it.
 */
#include <errno.h>

#include "user/base/proc.h"
#include "user/base/sbuf.h"
#include "user/base/text.h"
#include "user/base/util.h"
#include "user/source/collector_impl.h"
#include "user/source/stacks.h"
#include "user/source/triggers.h"

static void send_span(struct collector *c, const struct gt_note *n)
{
	struct record r = { .kind = REC_SPAN, .pid = n->tgid };

	r.span.start_ns = n->start_ns;
	r.span.end_ns = n->end_ns;
	r.span.gil = n->gil;
	r.span.tid = n->tid;
	r.span.state = (enum gt_state)n->state;
	sinks__send(c->source.sinks, &r);
}

static void keep(void *ctx, const struct gt_note *n)
{
	struct collector *c = ctx;

	if (n->kind == GT_NOTE_SPAN)
		send_span(c, n);
	else if (n->kind == GT_NOTE_HELD || n->kind == GT_NOTE_WAITED)
		triggers__take(c, (const struct gt_alarm_note *)n);
	else if (n->kind == GT_NOTE_STACK)
		pystacks__take(c->stacks, n->tgid, n->stack);
	else if (!array_grow(&c->notes, c->note_cnt, &c->note_cap, sizeof(*c->notes)))
		c->notes[c->note_cnt++] = *n;
}

int notes__take(struct collector *c)
{
	return probe__drain(c->probe, keep, c);
}

static void on_exec(struct collector *c, const struct gt_note *n)
{
	struct tracked *t = tracked__find(c, (pid_t)n->tgid);

	/* What came by it is measured already. */
	if (t && (n->start_ns < t->resolve_ns || n->start_ns <= t->born_ns))
		return;
	if (t)
		ends__by_exec(c, t, n->start_ns);
	/* Most programs of a machine have never had books. */
	if (t || collector__execs(c, (pid_t)n->tgid))
		probe__reset(c->probe, (pid_t)n->tgid);
	collector__expect(c, (pid_t)n->tgid);
}

static void on_thread(struct collector *c, const struct gt_note *n)
{
	struct tracked *t = tracked__find(c, (pid_t)n->tgid);

	if (!t || n->start_ns < t->books_ns) /* it was of the program before */
		return;
	tracked__watch_parking(t, c);
	modes__know_thread(t, c, n->tid);
	newcomers__add(c, t, n);
}

static void on_adopted(struct collector *c, const struct gt_note *n)
{
	struct shared_file *f = shared__by_no(c, n->tid);
	struct tracked t = { .pidfd = -1 };
	struct sbuf why = { 0 };
	enum failure got = FAIL_GONE;

	if (!f || tracked__find(c, (pid_t)n->tgid))
		return;
	/* It may be over: then there is nothing to look into. */
	if (proc__runs((pid_t)n->tgid))
		got = collector__add(c, (pid_t)n->tgid, true, &why);
	if (got != FAIL_GONE)
		failure__say_of_many(got, sbuf__str(&why));
	else if (tracked__start_ended(&t, c, f, n) || collector__track(c, &t))
		tracked__deinit(&t, c);
	else if (!collector__execs(c, (pid_t)n->tgid)) /* else the note of that ends it */
		ends__add(c, tracked__find(c, t.target.pid), now_ns());
	sbuf__free(&why);
}

static void handle(struct collector *c, const struct gt_note *n)
{
	switch (n->kind) {
	case GT_NOTE_FORK:
		if (c->opts.follow == GT_FOLLOW_TELL)
			c->forked = true;
		else if (c->opts.follow)
			expected__fork(c, (pid_t)n->tgid, (pid_t)n->tid);
		break;
	case GT_NOTE_EXEC: on_exec(c, n); break;
	case GT_NOTE_THREAD: on_thread(c, n); break;
	case GT_NOTE_ADOPT: on_adopted(c, n); break;
	case GT_NOTE_UNSEEN: shared__unseen(c, n); break;
	default: break;
	}
}

void notes__handle(struct collector *c)
{
	/* There may be more of them meanwhile, and those that were waited for are done. */
	for (size_t i = 0; i < c->note_cnt; i++) {
		struct gt_note n = c->notes[i];

		c->notes[i].kind = 0;
		handle(c, &n);
	}
	c->note_cnt = 0;
}

void notes__handle_adopted(struct collector *c)
{
	for (size_t i = 0; i < c->note_cnt; i++) {
		struct gt_note n = c->notes[i];

		if (n.kind != GT_NOTE_ADOPT)
			continue;
		c->notes[i].kind = 0;
		on_adopted(c, &n);
	}
}
