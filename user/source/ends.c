/* SPDX-License-Identifier: BSD-2-Clause */
/* ends.c - processes whose time is over: their last events are read, then all that the kernel has of them is dropped
 *
 * A reading goes through all books, and so does forgetting. Where processes end by the dozen a second this is done for all
 * that have ended since the last time, at most every ENDS_NS.
 */
#include <stdlib.h>
#include <sys/timerfd.h>
#include <unistd.h>

#include "user/base/util.h"
#include "user/python/process.h"
#include "user/source/collector_impl.h"
#include "user/source/stacks.h"
#include "user/source/triggers.h"
#include "user/target/native_sym.h"

#define ENDS_NS 500000000ull

/* They are out of the sinks and of ours. pids: sorted. */
static void send_ends(struct collector *c, const uint32_t *pids, size_t cnt, bool by_exec)
{
	for (size_t i = 0; i < cnt; i++) {
		struct tracked *t = tracked__find(c, (pid_t)pids[i]);
		struct record r = { REC_PROC_END, pids[i], .end = { t->ended_ns, by_exec } };

		triggers__end_process(c, pids[i], t->ended_ns);
		sinks__send(c->source.sinks, &r);
		collector__untrack(c, t);
	}
	if (c->stacks)
		pystacks__forget(c->stacks, pids, cnt);
}

void ends__finish(struct collector *c)
{
	__cleanup(freep) uint32_t *pids = calloc(c->live_cnt + 1, sizeof(*pids));
	size_t cnt = 0;

	/* The reading was after its end: it is all there. */
	for (size_t i = 0; pids && i < c->live_cnt; i++)
		if (c->live[i].ended_ns && c->live[i].ended_ns < c->totals.now_ns)
			pids[cnt++] = (uint32_t)c->live[i].target.pid;
	if (!cnt)
		return;
	qsort(pids, cnt, sizeof(*pids), cmp_u32);
	send_ends(c, pids, cnt, false);
	probe__forget(c->probe, pids, cnt);
}

static void take_out(struct collector *c)
{
	c->ends_ns = now_ns() + ENDS_NS;
	collector__read_books(c, true);
	ends__finish(c);
}

static void arm(struct collector *c)
{
	struct itimerspec its = { .it_value = { (time_t)(c->ends_ns / 1000000000u),
						(long)(c->ends_ns % 1000000000u) } };

	timerfd_settime(c->end_timer, TFD_TIMER_ABSTIME, &its, NULL);
}

void ends__add(struct collector *c, struct tracked *t, uint64_t end_ns)
{
	if (!t || t->ended_ns)
		return;
	t->ended_ns = end_ns;
	t->modes.next_ns = 0;
	py_process__has_ended(t->py);
	native_sym__has_ended(t->native);
	closep(&t->pidfd);
	t->pidfd = -1;
	if (c->ends_ns <= now_ns() && !c->reading)
		take_out(c);
	else
		arm(c);
}

void ends__on_timer(struct collector *c)
{
	uint64_t ticks;

	if (read(c->end_timer, &ticks, sizeof(ticks)) > 0)
		take_out(c);
}

void ends__by_exec(struct collector *c, struct tracked *t, uint64_t end_ns)
{
	uint32_t pid = (uint32_t)t->target.pid;

	t->ended_ns = end_ns;
	collector__read_books(c, true);
	send_ends(c, &pid, 1, true);
}
