/* SPDX-License-Identifier: BSD-2-Clause */
#include "user/codec/limit.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "bpf/hist.h"
#include "user/base/util.h"
#include "user/codec/limit_impl.h"

#define WINDOW_NS 100000000ull
/* A window that is ended early counts for so long at least. */
#define SHORTEST_NS 10000000ull
/* Kept back at most: a window ends with them. */
#define KEPT_MAX 65536
/* Threads that are known; more, and all begin anew. */
#define THREADS_MAX 65536

struct limit *limit__new(const struct limit_opts *o)
{
	struct limit *l = calloc(1, sizeof(*l));

	if (!l)
		return NULL;
	l->o = *o;
	l->list = calloc(KEPT_MAX, sizeof(*l->list));
	l->thread_of = calloc(KEPT_MAX, sizeof(*l->thread_of));
	l->unit_of = calloc(KEPT_MAX, sizeof(*l->unit_of));
	if (l->list && l->thread_of && l->unit_of)
		return l;
	limit__free(l);
	errno = ENOMEM;
	return NULL;
}

void limit__free(struct limit *l)
{
	if (!l)
		return;
	hmap__free(&l->thread_nos);
	hmap__free(&l->process_nos);
	free(l->threads);
	free(l->processes);
	free(l->list);
	free(l->thread_of);
	free(l->unit_of);
	free(l->units);
	free(l->segments);
	free(l->segment_end);
	free(l->out);
	free(l);
}

struct limit_stats limit__stats(const struct limit *l)
{
	return l->stats;
}

/* ---- who ---- */

static int process_no(struct limit *l, uint32_t pid, uint32_t *ret)
{
	uintptr_t no = (uintptr_t)hmap__get(&l->process_nos, pid, 0);

	if (!no) {
		if (array_grow(&l->processes, l->process_cnt, &l->process_cap,
			       sizeof(*l->processes)) ||
		    hmap__put(&l->process_nos, pid, 0, (void *)(uintptr_t)(l->process_cnt + 1)))
			return -ENOMEM;
		l->processes[l->process_cnt++] = (struct limit_process){ 0 };
		no = l->process_cnt;
	}
	*ret = (uint32_t)(no - 1);
	return 0;
}

static int thread_no(struct limit *l, const struct event *e, uint32_t *ret)
{
	uint64_t who = (uint64_t)e->pid << 32 | e->tid;
	uintptr_t no = (uintptr_t)hmap__get(&l->thread_nos, who, e->gil);
	uint32_t process;

	if (!no) {
		if (process_no(l, e->pid, &process) ||
		    array_grow(&l->threads, l->thread_cnt, &l->thread_cap, sizeof(*l->threads)) ||
		    hmap__put(&l->thread_nos, who, e->gil, (void *)(uintptr_t)(l->thread_cnt + 1)))
			return -ENOMEM;
		l->threads[l->thread_cnt++] =
			(struct limit_thread){ .process = process, .unit = NO_UNIT };
		no = l->thread_cnt;
	}
	*ret = (uint32_t)(no - 1);
	return 0;
}

/* ---- the end of a window ---- */

static void choose(struct limit_process *p, uint64_t budget)
{
	uint64_t left = p->cnt;

	while (p->below < NEVER && left > budget && left - budget > p->by_need[p->below])
		left -= p->by_need[p->below++];
	if (p->below < NEVER && left > budget)
		p->more = left - budget;
	p->no_wakes = p->below == NEVER && left > budget;
}

static void choose_all(struct limit *l, uint64_t budget)
{
	for (size_t i = 0; i < l->unit_cnt; i++) {
		const struct limit_unit *u = &l->units[i];

		l->processes[l->threads[u->thread].process].by_need[u->need] += u->events;
	}
	for (size_t i = 0; i < l->process_cnt; i++)
		if (l->processes[i].cnt > budget)
			choose(&l->processes[i], budget);
}

/* In their order: so a hold never goes without its wait, which is of no more need and comes before it. */
static void leave_out(struct limit *l)
{
	for (size_t i = 0; i < l->unit_cnt; i++) {
		struct limit_unit *u = &l->units[i];
		struct limit_process *p = &l->processes[l->threads[u->thread].process];

		u->out = u->need < p->below;
		if (u->need != p->below || !p->more)
			continue;
		u->out = true;
		p->more -= u->events < p->more ? u->events : p->more;
	}
}

/* A state that is left out, into the segment of its kind. */
static int fold(struct limit *l, const struct limit_unit *u)
{
	uint32_t *no = &l->threads[u->thread].segments[u->kind];
	struct event_segment *s;

	if (!*no) {
		if (array_grow(&l->segments, l->segment_cnt, &l->segment_cap,
			       sizeof(*l->segments)) ||
		    array_grow(&l->segment_end, l->segment_cnt, &l->segment_end_cap,
			       sizeof(*l->segment_end)))
			return -ENOMEM;
		l->segments[l->segment_cnt++] = (struct event_segment){ .from_ns = u->start_ns };
		*no = (uint32_t)l->segment_cnt;
	}
	s = &l->segments[*no - 1];
	s->cnt++;
	s->sum_ns += u->ns;
	s->max_ns = u->ns > s->max_ns ? u->ns : s->max_ns;
	s->log2[u->ns ? gt_log2(u->ns) : 0]++;
	l->segment_end[*no - 1] = u->end;
	l->stats.folded_cnt++;
	return 0;
}

/* A segment comes where its last state ends. Returns whether one does here. */
static bool put_segment(const struct limit *l, size_t at, struct event *ret)
{
	static const uint8_t flags[UNIT_KINDS] = { 0, EVENT_F_HOLDS, EVENT_F_YIELDS };
	const struct event *e = &l->list[at];
	uint32_t no;
	int kind = e->kind == EVENT_GET	      ? UNIT_WAIT
		   : e->kind == EVENT_RELEASE ? UNIT_HOLD
					      : UNIT_YIELD;

	if (kind == UNIT_YIELD && e->kind != EVENT_YIELD_END)
		return false;
	no = l->threads[l->thread_of[at]].segments[kind];
	if (!no || l->segment_end[no - 1] != at)
		return false;
	*ret = (struct event){ .ns = e->ns,
			       .cpu_ns = e->cpu_ns,
			       .gil = e->gil,
			       .pid = e->pid,
			       .tid = e->tid,
			       .kind = EVENT_SEGMENT,
			       .flags = flags[kind],
			       .segment = &l->segments[no - 1] };
	return true;
}

/* Those that stay, and segments. Returns how many. */
static size_t put_rest(struct limit *l)
{
	size_t cnt = 0;

	for (size_t i = 0; i < l->cnt; i++) {
		const struct limit_process *p = &l->processes[l->threads[l->thread_of[i]].process];
		bool out = l->unit_of[i] != NO_UNIT && l->units[l->unit_of[i]].out;

		out |= l->list[i].kind == EVENT_WAKE && p->no_wakes;
		cnt += put_segment(l, i, &l->out[cnt]);
		if (!out)
			l->out[cnt++] = l->list[i];
		l->stats.left_cnt += out;
	}
	return cnt;
}

static int thin_out(struct limit *l, uint64_t budget, size_t *ret_cnt)
{
	choose_all(l, budget);
	leave_out(l);
	for (size_t i = 0; i < l->unit_cnt; i++)
		if (l->units[i].out && fold(l, &l->units[i]))
			return -ENOMEM;
	if (l->out_cap < l->cnt + l->segment_cnt) {
		free(l->out);
		l->out_cap = 0;
		l->out = calloc(l->cnt + l->segment_cnt, sizeof(*l->out));
		if (!l->out)
			return -ENOMEM;
		l->out_cap = l->cnt + l->segment_cnt;
	}
	l->stats.segment_cnt += l->segment_cnt;
	*ret_cnt = put_rest(l);
	return 0;
}

/* The next window begins: what goes on has begun before it. */
static void begin_window(struct limit *l)
{
	for (size_t i = 0; i < l->cnt; i++) {
		struct limit_thread *t = &l->threads[l->thread_of[i]];

		t->unit = NO_UNIT;
		memset(t->segments, 0, sizeof(t->segments));
	}
	for (size_t i = 0; i < l->process_cnt; i++)
		l->processes[i] = (struct limit_process){ 0 };
	l->cnt = l->unit_cnt = l->segment_cnt = 0;
	if (l->thread_cnt < THREADS_MAX)
		return;
	hmap__clear(&l->thread_nos);
	hmap__clear(&l->process_nos);
	l->thread_cnt = l->process_cnt = 0;
}

static int end_window(struct limit *l)
{
	uint64_t ns = l->last_ns - l->start_ns, budget;
	const struct event *list = l->list;
	size_t cnt = l->cnt;
	int err = 0;

	if (!cnt)
		return 0;
	ns = ns < SHORTEST_NS ? SHORTEST_NS : ns > WINDOW_NS ? WINDOW_NS : ns;
	budget = l->o.max_rate > UINT64_MAX / WINDOW_NS ? UINT64_MAX
							: l->o.max_rate * ns / 1000000000;
	if (cnt > budget) {
		err = thin_out(l, budget, &cnt);
		list = l->out;
	}
	l->stats.out_cnt += err ? 0 : cnt;
	if (!err)
		err = l->o.out(l->o.ctx, list, cnt);
	begin_window(l);
	return err;
}

static int take(struct limit *l, const struct event *e)
{
	uint32_t thread;
	int err = 0;

	if (l->cnt == KEPT_MAX || (l->cnt && e->ns >= l->start_ns + WINDOW_NS)) {
		l->last_ns = l->cnt == KEPT_MAX ? l->last_ns : l->start_ns + WINDOW_NS;
		err = end_window(l);
	}
	if (err || thread_no(l, e, &thread))
		return err ? err : -ENOMEM;
	if (!l->cnt)
		l->start_ns = l->last_ns = e->ns;
	if (e->ns > l->last_ns)
		l->last_ns = e->ns;
	l->list[l->cnt] = *e;
	l->thread_of[l->cnt] = thread;
	l->unit_of[l->cnt] = NO_UNIT;
	l->processes[l->threads[thread].process].cnt++;
	return limit__event(l, thread, l->cnt++);
}

int limit__take(struct limit *l, const struct event *list, size_t cnt)
{
	int err = 0;

	if (!l->o.max_rate) {
		l->stats.out_cnt += cnt;
		return cnt ? l->o.out(l->o.ctx, list, cnt) : 0;
	}
	for (size_t i = 0; i < cnt && !err; i++)
		err = take(l, &list[i]);
	return err;
}

int limit__flush(struct limit *l)
{
	return end_window(l);
}
