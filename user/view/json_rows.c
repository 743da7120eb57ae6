/* SPDX-License-Identifier: BSD-2-Clause */
#include "user/view/json_rows.h"

#include <math.h>

#include "user/base/json_out.h"
#include "user/base/units.h"
#include "user/picture/pools.h"

void json_rows__put_known(struct json_out *j, const char *key, uint32_t v)
{
	if (v && !(v & SNAP_FOLD_TID))
		json__u64(j, key, v);
	else
		json__null(j, key);
}

void json_rows__put_frame(struct json_out *j, const char *key, const struct snap_frame *f)
{
	json__open(j, key, '{');
	json__str(j, "name", f->name);
	json__str(j, "file", f->file);
	json_rows__put_known(j, "line", f->line);
	json__close(j, '}');
}

/* A count or a time (NS_UNKNOWN: null) that is null, too, where it was not seen. */
static void put_seen(struct json_out *j, const char *key, uint64_t v, bool seen)
{
	json__ns(j, key, seen ? v : NS_UNKNOWN);
}

/* What only exact stretches tell. */
static void put_holds(struct json_out *j, const struct snap_thread *t)
{
	bool seen = t->hold_observed_ns;

	json__ns(j, "hold_observed_ns", t->hold_observed_ns);
	put_seen(j, "acquisitions", t->acquisitions, seen);
	put_seen(j, "releases", t->releases, seen);
	put_seen(j, "asked", t->asked, seen);
	put_seen(j, "asked_late", t->late, seen);
	put_seen(j, "react_ns", t->react_ns, seen);
	put_seen(j, "react_queued_ns", t->react_queued_ns, seen);
	put_seen(j, "hold_ns", t->hold_ns, seen);
	put_seen(j, "hold_max_ns", t->hold_max_ns, seen);
	put_seen(j, "hold_p50_ns", t->hold_p50_ns, seen);
	put_seen(j, "hold_p90_ns", t->hold_p90_ns, seen);
	put_seen(j, "hold_p99_ns", t->hold_p99_ns, seen);
	put_seen(j, "hold_offcpu_ns", t->hold_offcpu_ns, seen);
	put_seen(j, "hold_runnable_ns", t->hold_runnable_ns, seen);
}

void json_rows__put_thread(struct json_out *j, const struct snap_proc *p,
			   const struct snap_thread *t)
{
	const struct snap_pool *pool = snap_proc__pool(p, t);

	json__open(j, NULL, '{');
	json_rows__put_known(j, "tid", t->tid);
	json__str(j, "name", t->name);
	if (t->folded_cnt)
		json__u64(j, "folded", t->folded_cnt);
	if (pool)
		json__str(j, "pool", pool->name);
	json__u64(j, "gil", t->gil);
	json__u64(j, "contended", t->contended);
	json__u64(j, "yields", t->yields);
	json__ns(j, "wait_ns", t->wait_ns);
	json__ns(j, "wait_max_ns", t->wait_max_ns);
	json__ns(j, "wait_p50_ns", t->wait_p50_ns);
	json__ns(j, "wait_p90_ns", t->wait_p90_ns);
	json__ns(j, "wait_p99_ns", t->wait_p99_ns);
	json__ns(j, "runnable_ns", t->runnable_ns);
	json__ns(j, "yield_ns", t->yield_ns);
	put_holds(j, t);
	put_seen(j, "released_ns", t->released_ns, snap_thread__all_seen(t, p));
	json__ns(j, "span_ns", t->span_ns);
	json__ns(j, "blame_ns", t->blame_ns);
	json__str(j, "state", snap_state__name(t->state));
	json__ns(j, "state_ns", t->state_ns);
	json__close(j, '}');
}

void json_rows__put_gil(struct json_out *j, const struct snap_proc *p, const struct snap_gil *g)
{
	struct snap_held held = snap_gil__held(g, p->span_ns);
	bool seen = g->observed_ns;

	json__open(j, NULL, '{');
	json__u64(j, "id", g->id);
	if (g->interpreter >= 0)
		json__u64(j, "interpreter", (uint64_t)g->interpreter);
	else
		json__null(j, "interpreter");
	json__ns(j, "held_observed_ns", g->observed_ns);
	put_seen(j, "held_ns", g->held_ns, seen);
	put_seen(j, "gap_ns", g->gap_ns, seen);
	put_seen(j, "gap_wall_ns", g->gap_wall_ns, seen);
	json__ns(j, "wait_ns", g->wait_ns);
	json__ns(j, "runnable_ns", g->runnable_ns);
	json__ns(j, "unsure_ns", g->unsure_ns);
	json__real(j, "utilization", held.share);
	json__real(j, "utilization_error", held.err);
	if (g->look_cnt) { /* what the estimate rests on */
		json__u64(j, "looks", g->look_cnt);
		json__u64(j, "looks_held", g->locked_cnt);
	}
	json__real(j, "load", snap_gil__load(g, p->span_ns));
	put_seen(j, "switches", g->switches, seen);
	put_seen(j, "acquisitions", g->acquisitions, seen);
	json_rows__put_known(j, "holder", g->holder_tid);
	json__u64(j, "waiters", g->waiters);
	json__close(j, '}');
}
