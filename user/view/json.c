/* SPDX-License-Identifier: BSD-2-Clause */
/* json.c - JSON lines: one meta record, a snapshot per interval, one summary (a contract) */
#include <stdlib.h>
#include <string.h>

#include "user/base/budgets.h"
#include "user/base/json_out.h"
#include "user/base/util.h"
#include "user/base/where.h"
#include "user/judge/pair_lines.h"
#include "user/picture/pools.h"
#include "user/picture/self_limit.h"
#include "user/view/columns.h"
#include "user/view/json_groups.h"
#include "user/view/json_rows.h"
#include "user/view/view.h"

static void put_stack(struct json_out *j, const struct snap_proc *p, const struct snap_stack *s)
{
	static const char *const kinds[] = { "wait", "hold", "blame" };

	json__open(j, NULL, '{');
	json__str(j, "kind", kinds[s->kind]);
	json_rows__put_known(j, "tid", s->tid);
	if (s->tid & SNAP_FOLD_TID)
		json__str(j, "pool", snap_proc__pool_name(p, s->tid));
	json__ns(j, "ns", s->ns);
	json__u64(j, "count", s->cnt);
	if (s->truncated)
		json__bool(j, "truncated", true);
	json__open(j, "frames", '[');
	for (size_t i = 0; i < s->frame_cnt; i++)
		json_rows__put_frame(j, NULL, &s->frames[i]);
	json__close(j, ']');
	json__close(j, '}');
}

/* ---- what is left out is not lost: the largest as they are, the rest added up (view_opts.max_bytes) ---- */

/* Rows of a list (of stacks: of each kind) that a record has in any case at most, however many threads wait for however
 * many others.
 */
#define ROWS_MAX BUDGET_ROWS
/* Of a process's bytes, what each list may take, but for the stacks, which have the rest; and about how long a row is, without its text. */
#define THREADS_PCT 40
#define PAIRS_PCT   20
#define OFFCPU_PCT  20
#define THREAD_SZ   640
#define PAIR_SZ	    130
#define STACK_SZ    80
#define FRAME_SZ    40

/* Bytes and rows that a list may still take. */
struct room {
	size_t left, rows;
	bool full; /* nothing more goes in, so that it is the largest that are in */
};

/* left: of the process. */
static struct room room_of(size_t left, size_t pct, size_t rows)
{
	return (struct room){ .left = left == SIZE_MAX ? left : left * pct / 100, .rows = rows };
}

static bool fits(struct room *r, size_t sz)
{
	r->full |= sz > r->left || !r->rows;
	r->left -= r->full || r->left == SIZE_MAX ? 0 : sz;
	r->rows -= !r->full;
	return !r->full;
}

static size_t frame_sz(const struct snap_frame *f)
{
	return f ? FRAME_SZ + strlen(f->name) + strlen(f->file) : 0;
}

/* Those of each GIL that are left out, from the nth in this order on. */
static void put_other_threads(struct json_out *j, const struct snap_proc *p,
			      const struct snap_thread *const *left_out, size_t cnt)
{
	for (size_t gil = 0; gil < p->gil_cnt && cnt; gil++) {
		struct snap_thread sum = { .name = "[other threads]",
					   .pool = SIZE_MAX, /* of none */
					   .gil = gil,
					   .wait_max_ns = NS_UNKNOWN,
					   .wait_p50_ns = NS_UNKNOWN,
					   .wait_p90_ns = NS_UNKNOWN,
					   .wait_p99_ns = NS_UNKNOWN,
					   .hold_max_ns = NS_UNKNOWN,
					   .hold_p50_ns = NS_UNKNOWN,
					   .hold_p90_ns = NS_UNKNOWN,
					   .hold_p99_ns = NS_UNKNOWN };

		for (size_t i = 0; i < cnt; i++)
			if (left_out[i]->gil == gil)
				snap_thread__add(&sum, left_out[i]);
		sum.state = SNAP_UNKNOWN; /* of many */
		sum.state_ns = NS_UNKNOWN;
		if (sum.folded_cnt)
			json_rows__put_thread(j, p, &sum);
	}
}

static void put_threads(struct json_out *j, const struct snapshot *s, const struct snap_proc *p,
			const struct view_opts *o, size_t *left)
{
	size_t shown = 0, left_cnt = 0, cnt = 0;
	__cleanup(freep) struct column_row *rows = columns__sorted(s, p, o->sort, GROUP_NONE, &cnt);
	__cleanup(freep) const struct snap_thread **left_out =
		calloc(p->thread_cnt + 1, sizeof(*left_out));
	struct room room = room_of(*left, THREADS_PCT, SIZE_MAX);
	size_t had = room.left;

	json__open(j, "threads", '[');
	for (size_t i = 0; i < p->thread_cnt; i++) {
		/* Without memory for an order, in any. */
		const struct snap_thread *t = rows ? rows[i].thread : &p->threads[i];

		if (!view_opts__shows_tid(o, t->tid) || (o->limit && shown >= o->limit))
			continue;
		if (!left_out || fits(&room, THREAD_SZ + strlen(t->name)))
			json_rows__put_thread(j, p, t);
		else
			left_out[left_cnt++] = t;
		shown++;
	}
	put_other_threads(j, p, left_out, left_cnt);
	*left -= *left == SIZE_MAX ? 0 : had - room.left;
	json__close(j, ']');
}

/* at: NULL: not known */
static void put_pair(struct json_out *j, const struct snap_pair *pair, const struct snap_frame *at)
{
	json__open(j, NULL, '{');
	json_rows__put_known(j, "waiter", pair->waiter_tid);
	json_rows__put_known(j, "holder", pair->holder_tid);
	json__ns(j, "ns", pair->ns);
	if (at) /* where the holder made it wait most */
		json_rows__put_frame(j, "at", at);
	json__close(j, '}');
}

static void put_pairs(struct json_out *j, const struct snap_proc *p, const struct view_opts *o,
		      size_t *left)
{
	struct room room = room_of(*left, PAIRS_PCT, ROWS_MAX);
	struct pair_lines lines = { 0 };
	size_t had = room.left;
	uint64_t other_ns = 0;

	pair_lines__init(&lines, p); /* without memory: no lines */
	json__open(j, "pairs", '[');
	for (size_t i = 0; i < p->pair_cnt; i++) {
		const struct snap_pair *pair = &p->pairs[i];
		const struct snap_frame *at;

		if (!view_opts__shows_tid(o, pair->waiter_tid) &&
		    !view_opts__shows_tid(o, pair->holder_tid))
			continue;
		at = pair_lines__find(&lines, pair->waiter_tid, pair->holder_tid);
		if (fits(&room, PAIR_SZ + (o->max_bytes ? frame_sz(at) : 0)))
			put_pair(j, pair, at);
		else
			other_ns += pair->ns;
	}
	if (other_ns) {
		json__open(j, NULL, '{');
		json__null(j, "waiter");
		json__null(j, "holder");
		json__ns(j, "ns", other_ns);
		json__close(j, '}');
	}
	*left -= *left == SIZE_MAX ? 0 : had - room.left;
	json__close(j, ']');
	pair_lines__deinit(&lines);
}

static size_t stack_sz(const struct snap_stack *s)
{
	size_t sz = STACK_SZ;

	for (size_t i = 0; i < s->frame_cnt; i++)
		sz += frame_sz(&s->frames[i]);
	return sz;
}

/* Kind by kind, each with its part of what is left. */
static void put_stacks(struct json_out *j, const struct snap_proc *p, const struct view_opts *o,
		       size_t left)
{
	static const enum snap_stack_kind kinds[] = { SNAP_STACK_WAIT, SNAP_STACK_HOLD,
						      SNAP_STACK_BLAME };

	json__open(j, "stacks", '[');
	for (size_t k = 0; k < ARRAY_SIZE(kinds); k++) {
		struct room room = room_of(left, 100 / (ARRAY_SIZE(kinds) - k), ROWS_MAX);
		struct snap_stack other = { .kind = kinds[k] };
		size_t had = room.left;

		for (size_t i = 0; i < p->stack_cnt; i++) {
			const struct snap_stack *s = &p->stacks[i];

			if (s->kind != kinds[k] || !view_opts__shows_tid(o, s->tid))
				continue;
			if (fits(&room, o->max_bytes ? stack_sz(s) : 0)) {
				put_stack(j, p, s);
				continue;
			}
			other.ns += s->ns;
			other.cnt += s->cnt;
		}
		if (other.ns)
			put_stack(j, p, &other);
		left -= left == SIZE_MAX ? 0 : had - room.left;
	}
	json__close(j, ']');
}

static void put_offcpu_row(struct json_out *j, const struct snap_offcpu *c)
{
	json__open(j, NULL, '{');
	json_rows__put_known(j, "tid", c->tid);
	if (c->call)
		json__str(j, "syscall", c->call);
	else
		json__null(j, "syscall");
	if (c->call_no >= 0)
		json__u64(j, "syscall_number", (uint32_t)c->call_no);
	json__ns(j, "ns", c->ns);
	json__u64(j, "count", c->cnt);
	if (c->truncated)
		json__bool(j, "truncated", true);
	json__open(j, "frames", '[');
	for (size_t i = 0; i < c->frame_cnt; i++)
		json_rows__put_frame(j, NULL, &c->frames[i]);
	json__close(j, ']');
	json__close(j, '}');
}

/* Where holders slept. */
static void put_offcpu(struct json_out *j, const struct snap_proc *p, const struct view_opts *o,
		       size_t *left)
{
	struct room room = room_of(*left, OFFCPU_PCT, ROWS_MAX);
	struct snap_offcpu other = { .call_no = GT_NO_CALL };
	size_t had = room.left;

	json__open(j, "offcpu", '[');
	for (size_t i = 0; i < p->offcpu_cnt; i++) {
		const struct snap_offcpu *c = &p->offcpu[i];
		size_t sz = STACK_SZ;

		if (!view_opts__shows_tid(o, c->tid))
			continue;
		for (size_t k = 0; k < c->frame_cnt && o->max_bytes; k++)
			sz += frame_sz(&c->frames[k]);
		if (fits(&room, o->max_bytes ? sz : 0)) {
			put_offcpu_row(j, c);
			continue;
		}
		other.ns += c->ns;
		other.cnt += c->cnt;
	}
	if (other.ns)
		put_offcpu_row(j, &other);
	*left -= *left == SIZE_MAX ? 0 : had - room.left;
	json__close(j, ']');
}

static void put_proc(struct json_out *j, const struct snapshot *s, const struct snap_proc *p,
		     const struct view_opts *o)
{
	size_t left = o->max_bytes ? o->max_bytes / s->proc_cnt : SIZE_MAX;

	json__open(j, NULL, '{');
	json__u64(j, "pid", p->pid);
	json_rows__put_known(j, "parent", p->parent);
	json__str(j, "comm", p->comm);
	json__str(j, "cmdline", p->cmdline);
	json__str(j, "python", p->python);
	json__str(j, "runtime", p->runtime);
	json__str(j, "sites", p->sites);
	if (p->note[0])
		json__str(j, "note", p->note);
	where__put_json(j, &p->where);
	json__ns(j, "span_ns", p->span_ns);
	json__ns(j, "late_ns", p->late_ns);
	json__ns(j, "throttled_ns", p->throttled_ns);
	json__bool(j, "alive", p->alive);
	if (p->executed)
		json__bool(j, "executed", true);
	json__str(j, "mode", p->mode == SNAP_MODE_LIGHT ? "light" : "exact");
	json__bool(j, "mode_auto", p->mode_auto);
	json__u64(j, "mode_changes", p->mode_changes);
	json__open(j, "gils", '[');
	for (size_t i = 0; i < p->gil_cnt; i++)
		json_rows__put_gil(j, p, &p->gils[i]);
	json__close(j, ']');
	put_threads(j, s, p, o, &left);
	if (p->pairs_known)
		put_pairs(j, p, o, &left);
	if (p->offcpu_known)
		put_offcpu(j, p, o, &left);
	if (p->stacks_known)
		put_stacks(j, p, o, left);
	json__close(j, '}');
}

/* All that was lost, odd or merely counted, by reason. */
static void put_stats(struct json_out *j, const struct snapshot *s)
{
	json__open(j, "stats", '{');
	for (size_t i = 0; i < COUNTER_CNT; i++)
		if (s->stats[i])
			json__u64(j, counter_table[i].name, s->stats[i]);
	json__close(j, '}');
}

/* What giltop leaves out to cost less, in the order of the levels. */
static void put_self(struct json_out *j, const struct snapshot *s)
{
	json__u64(j, "late", s->stats[COUNTER_REFRESH_LATE]);
	json__u64(j, "self_level", s->self_level);
	json__open(j, "self_leaves_out", '[');
	for (unsigned int i = 1; i <= s->self_level; i++)
		json__str(j, NULL, self_level__words((enum self_level)i));
	json__close(j, ']');
}

static int put_record(struct view *v, const char *type, const struct snapshot *s, const char *why)
{
	struct json_out j = { .out = v->out };

	json__open(&j, NULL, '{');
	json__str(&j, "type", type);
	json__u64(&j, "v", 1);
	json__ns(&j, "start_ns", s->start_ns);
	json__ns(&j, "duration_ns", s->now_ns - s->start_ns);
	json__u64(&j, "lost_events", s->lost_events);
	json__u64(&j, "lost_detail", s->lost_detail);
	json__u64(&j, "violations", s->violations);
	json__ns(&j, "self_cpu_ns", s->self_cpu_ns);
	put_self(&j, s);
	json__u64(&j, "probe_hits", s->probe_hits);
	put_stats(&j, s);
	if (why)
		json__str(&j, "ended_by", why);
	if (s->dropped_cnt)
		json__u64(&j, "processes_dropped", s->dropped_cnt);
	json__u64(&j, "processes_missed", s->stats[COUNTER_MISSED]);
	json__u64(&j, "processes_quiet", s->stats[COUNTER_QUIET]);
	json_groups__put(&j, s, v->opts->max_bytes);
	json__open(&j, "processes", '[');
	for (size_t i = 0; i < s->proc_cnt; i++)
		put_proc(&j, s, &s->procs[i], v->opts);
	json__close(&j, ']');
	json__close(&j, '}');
	return json__end(&j);
}

static int begin(struct view *v, const struct snapshot *first)
{
	struct json_out j = { .out = v->out };

	json__open(&j, NULL, '{');
	json__str(&j, "type", "meta");
	json__u64(&j, "v", 1);
	json__str(&j, "giltop", GILTOP_VERSION);
	json__str(&j, "clock", "monotonic");
	json__str(&j, "attach", first->attach);
	json__ns(&j, "start_ns", first->now_ns);
	json__ns(&j, "interval_ns", v->opts->interval_ns);
	json__ns(&j, "load_cpu_ns", first->load_cpu_ns);
	json__open(&j, "processes", '[');
	for (size_t i = 0; i < first->proc_cnt; i++) {
		const struct snap_proc *p = &first->procs[i];

		json__open(&j, NULL, '{');
		json__u64(&j, "pid", p->pid);
		json__str(&j, "python", p->python);
		json__str(&j, "runtime", p->runtime);
		json__close(&j, '}');
	}
	json__close(&j, ']');
	json__close(&j, '}');
	return json__end(&j);
}

static int interval(struct view *v, const struct snapshot *s)
{
	return put_record(v, "snapshot", s, NULL);
}

static int end(struct view *v, const struct snapshot *total, const char *why)
{
	return put_record(v, "summary", total, why);
}

static int event(struct view *v, const struct trigger_event *e)
{
	return json_rows__put_event(v->out, e);
}

static const struct view_ops json_ops = {
	.event = event,
	.begin = begin,
	.interval = interval,
	.end = end,
};

struct view *view_json__new(FILE *out, const struct view_opts *o)
{
	return view__new(&json_ops, out, o);
}
