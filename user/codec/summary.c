/* SPDX-License-Identifier: BSD-2-Clause */
#include "user/codec/summary.h"

#include <errno.h>
#include <jansson.h>
#include <stdlib.h>
#include <string.h>

#include "user/base/hmap.h"
#include "user/base/sbuf.h"
#include "user/base/text.h"
#include "user/base/util.h"
#include "user/codec/summary_impl.h"
#include "user/picture/snapshot.h"
#include "user/picture/snapshot_box.h"

/* More than ten years is no time that was measured: sums stay far from overflowing. */
#define NS_MAX 315360000000000000ll

uint64_t summary__ns(const json_t *o, const char *key)
{
	const json_t *v = json_object_get(o, key);
	json_int_t n = json_is_integer(v) ? json_integer_value(v) : -1;

	return n < 0 || n > NS_MAX ? NS_UNKNOWN : (uint64_t)n;
}

uint64_t summary__cnt(const json_t *o, const char *key)
{
	uint64_t n = summary__ns(o, key);

	return n == NS_UNKNOWN ? 0 : n;
}

uint32_t summary__id(const json_t *o, const char *key)
{
	uint64_t n = summary__ns(o, key);

	return n > INT32_MAX ? 0 : (uint32_t)n;
}

const char *summary__str(struct arena *a, const json_t *o, const char *key)
{
	const char *s = json_string_value(json_object_get(o, key));
	char *copy = (char *)(uintptr_t)arena__strdup(a, s);

	if (*copy)
		clean_in_place(copy);
	return copy;
}

static enum snap_state state_of(const json_t *o)
{
	const char *word = json_string_value(json_object_get(o, "state"));

	for (int i = 0; i < SNAP_UNKNOWN && word; i++)
		if (!strcmp(word, snap_state__name((enum snap_state)i)))
			return (enum snap_state)i;
	return SNAP_UNKNOWN;
}

static void take_quantiles(const json_t *o, struct snap_thread *t)
{
	t->wait_max_ns = summary__ns(o, "wait_max_ns");
	t->wait_p50_ns = summary__ns(o, "wait_p50_ns");
	t->wait_p90_ns = summary__ns(o, "wait_p90_ns");
	t->wait_p99_ns = summary__ns(o, "wait_p99_ns");
	t->hold_max_ns = summary__ns(o, "hold_max_ns");
	t->hold_p50_ns = summary__ns(o, "hold_p50_ns");
	t->hold_p90_ns = summary__ns(o, "hold_p90_ns");
	t->hold_p99_ns = summary__ns(o, "hold_p99_ns");
}

/* nth: of the threads, for one without an id, which stands for those that ended. */
static struct snap_thread thread_of(struct arena *a, const json_t *o, size_t nth, uint64_t span_ns)
{
	uint32_t tid = summary__id(o, "tid"), folded = summary__id(o, "folded");
	uint64_t observed = summary__cnt(o, "hold_observed_ns");
	struct snap_thread t = {
		.tid = tid ? tid : SNAP_FOLD_TID | (uint32_t)((nth + 1) & INT32_MAX),
		.folded_cnt = tid || folded ? folded : 1,
		.name = summary__str(a, o, "name"),
		.pool = SIZE_MAX,
		.gil = (size_t)summary__cnt(o, "gil"),
		.state = state_of(o),
		.state_ns = summary__ns(o, "state_ns"),
		.span_ns = summary__cnt(o, "span_ns"),
		.wait_ns = summary__cnt(o, "wait_ns"),
		.yield_ns = summary__cnt(o, "yield_ns"),
		.hold_ns = summary__cnt(o, "hold_ns"),
		.released_ns = summary__cnt(o, "released_ns"),
		.hold_observed_ns = observed < span_ns ? observed : span_ns,
		.runnable_ns = summary__ns(o, "runnable_ns"),
		.hold_offcpu_ns = summary__ns(o, "hold_offcpu_ns"),
		.hold_runnable_ns = summary__ns(o, "hold_runnable_ns"),
		.blame_ns = summary__cnt(o, "blame_ns"),
		.acquisitions = summary__cnt(o, "acquisitions"),
		.contended = summary__cnt(o, "contended"),
		.releases = summary__cnt(o, "releases"),
		.yields = summary__cnt(o, "yields"),
		.asked = summary__cnt(o, "asked"),
		.react_ns = summary__cnt(o, "react_ns"),
		.react_queued_ns = summary__cnt(o, "react_queued_ns"),
		.late = summary__cnt(o, "asked_late"),
	};

	take_quantiles(o, &t);
	return t;
}

static struct snap_gil gil_of(const json_t *o, uint64_t span_ns)
{
	const json_t *interpreter = json_object_get(o, "interpreter");
	uint64_t observed = summary__cnt(o, "held_observed_ns");
	struct snap_gil g = {
		.id = summary__id(o, "id"),
		.interpreter = json_is_integer(interpreter) ? json_integer_value(interpreter) : -1,
		.held_ns = summary__cnt(o, "held_ns"),
		.gap_ns = summary__cnt(o, "gap_ns"),
		.gap_wall_ns = summary__cnt(o, "gap_wall_ns"),
		.wait_ns = summary__cnt(o, "wait_ns"),
		.observed_ns = observed < span_ns ? observed : span_ns,
		.runnable_ns = summary__cnt(o, "runnable_ns"),
		.unsure_ns = summary__cnt(o, "unsure_ns"),
		.look_cnt = summary__cnt(o, "looks"),
		.locked_cnt = summary__cnt(o, "looks_held"),
		.acquisitions = summary__cnt(o, "acquisitions"),
		.switches = summary__cnt(o, "switches"),
		.holder_tid = summary__id(o, "holder"),
		.waiters = summary__id(o, "waiters"),
	};

	g.locked_cnt = g.locked_cnt < g.look_cnt ? g.locked_cnt : g.look_cnt;
	g.held = g.holder_tid;
	return g;
}

static int cmp_tid(const void *a, const void *b, void *ctx)
{
	const struct snap_thread *t = ctx;
	uint32_t x = t[*(const size_t *)a].tid, y = t[*(const size_t *)b].tid;

	return (x > y) - (x < y);
}

static int put_threads(struct arena *a, const json_t *o, struct snap_proc *p)
{
	const json_t *list = json_object_get(o, "threads");
	size_t cnt = json_array_size(list);
	struct snap_thread *t = arena__alloc(a, cnt, sizeof(*t));
	size_t *by_tid = arena__alloc(a, cnt, sizeof(*by_tid));

	if (!t || !by_tid)
		return -ENOMEM;
	for (size_t i = 0; i < cnt; i++) {
		t[i] = thread_of(a, json_array_get(list, i), i, p->span_ns);
		t[i].gil = t[i].gil < p->gil_cnt ? t[i].gil : 0;
		by_tid[i] = i;
	}
	if (cnt)
		qsort_r(by_tid, cnt, sizeof(*by_tid), cmp_tid, t);
	p->thread_cnt = cnt;
	p->threads = t;
	p->by_tid = by_tid;
	return summary__put_pools(a, list, p, t);
}

static int put_gils(struct arena *a, const json_t *o, struct snap_proc *p)
{
	const json_t *list = json_object_get(o, "gils");
	size_t cnt = json_array_size(list);
	struct snap_gil *g = arena__alloc(a, cnt, sizeof(*g));

	if (!g)
		return -ENOMEM;
	for (size_t i = 0; i < cnt; i++)
		g[i] = gil_of(json_array_get(list, i), p->span_ns);
	p->gil_cnt = cnt;
	p->gils = g;
	return 0;
}

static int put_proc(struct arena *a, const json_t *o, struct snap_proc *p)
{
	const char *mode = json_string_value(json_object_get(o, "mode"));
	int err;

	*p = (struct snap_proc){
		.pid = summary__id(o, "pid"),
		.parent = summary__id(o, "parent"),
		.parent_comm = "?",
		.comm = summary__str(a, o, "comm"),
		.cmdline = summary__str(a, o, "cmdline"),
		.python = summary__str(a, o, "python"),
		.runtime = summary__str(a, o, "runtime"),
		.sites = summary__str(a, o, "sites"),
		.note = summary__str(a, o, "note"),
		.alive = json_is_true(json_object_get(o, "alive")),
		.executed = json_is_true(json_object_get(o, "executed")),
		.mode = mode && !strcmp(mode, "light") ? SNAP_MODE_LIGHT : SNAP_MODE_EXACT,
		.mode_auto = json_is_true(json_object_get(o, "mode_auto")),
		.mode_changes = summary__id(o, "mode_changes"),
		.span_ns = summary__cnt(o, "span_ns"),
		.late_ns = summary__cnt(o, "late_ns"),
		.throttled_ns = summary__ns(o, "throttled_ns"),
	};
	err = put_gils(a, o, p);
	if (!err)
		err = put_threads(a, o, p);
	return err ? err : summary__put_stacks(a, json_object_get(o, "stacks"), p);
}

static int put_all(struct snapshot_box *box, const json_t *o)
{
	const json_t *list = json_object_get(o, "processes");
	size_t cnt = json_array_size(list);
	struct snap_proc *p = arena__alloc(&box->arena, cnt, sizeof(*p));
	struct snapshot *s = &box->snap;
	int err = p ? 0 : -ENOMEM;

	s->attach = "?";
	s->start_ns = s->books_ns = summary__cnt(o, "start_ns");
	s->now_ns = s->start_ns + summary__cnt(o, "duration_ns");
	s->lost_events = summary__cnt(o, "lost_events");
	s->lost_detail = summary__cnt(o, "lost_detail");
	s->lost_ever = s->lost_events + s->lost_detail;
	s->violations = summary__cnt(o, "violations");
	s->self_cpu_ns = summary__cnt(o, "self_cpu_ns");
	s->probe_hits = summary__cnt(o, "probe_hits");
	s->dropped_cnt = summary__cnt(o, "processes_dropped");
	s->procs = p;
	for (; s->proc_cnt < cnt && !err; s->proc_cnt++)
		err = put_proc(&box->arena, json_array_get(list, s->proc_cnt), &p[s->proc_cnt]);
	return err;
}

/* What every summary has. */
static const char *missing(const json_t *o)
{
	const char *type = json_string_value(json_object_get(o, "type"));
	json_int_t v = json_integer_value(json_object_get(o, "v"));

	if (!type || strcmp(type, "summary") != 0)
		return "it is no summary";
	if (v != 1)
		return "its summary is of another version than 1, which this giltop reads";
	if (summary__ns(o, "start_ns") == NS_UNKNOWN || summary__ns(o, "duration_ns") == NS_UNKNOWN)
		return "its summary does not say how long it is of";
	if (!json_is_array(json_object_get(o, "processes")))
		return "its summary has no list of processes";
	return NULL;
}

int summary__decode(const char *text, size_t len, struct snapshot **ret, struct sbuf *why)
{
	json_error_t at;
	json_t *o = json_loadb(text, len, 0, &at);
	struct snapshot_box *box;
	const char *lacks;
	int err = 0;

	if (!o) {
		sbuf__puts(why, "its summary is cut off, or no JSON");
		return -EINVAL;
	}
	lacks = missing(o);
	if (lacks) {
		sbuf__puts(why, lacks);
		json_decref(o);
		return -EINVAL;
	}
	box = calloc(1, sizeof(*box));
	err = box ? put_all(box, o) : -ENOMEM;
	json_decref(o);
	if (err)
		snapshot__free(&box->snap);
	else
		*ret = &box->snap;
	return err;
}
