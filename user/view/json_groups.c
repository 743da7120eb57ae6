/* SPDX-License-Identifier: BSD-2-Clause */
#include "user/view/json_groups.h"

#include <math.h>

#include "user/base/budgets.h"
#include "user/base/json_out.h"
#include "user/judge/workers.h"
#include "user/picture/workers.h"
#include "user/view/json_rows.h"

/* Where bytes are counted. */
#define FEW 100

static void put_pids(struct json_out *j, const char *key, const struct worker *w, size_t cnt,
		     size_t most)
{
	json__open(j, key, '[');
	for (size_t i = 0; i < cnt && i < most; i++)
		json__u64(j, NULL, w[i].proc->pid);
	json__close(j, ']');
}

/* Times are integers. */
static void put_value(struct json_out *j, const char *key, enum worker_figure f, double v)
{
	if (f == WORKERS_WAIT_MAX)
		json__ns(j, key, isnan(v) ? NS_UNKNOWN : (uint64_t)v);
	else
		json__real(j, key, v);
}

static void put_range(struct json_out *j, enum worker_figure f, const struct worker_range *r)
{
	json__open(j, worker_figure__name(f), '{');
	put_value(j, "min", f, r->min);
	put_value(j, "median", f, r->median);
	put_value(j, "max", f, r->max);
	json_rows__put_known(j, "max_pid", r->max_pid);
	json__u64(j, "known", r->known);
	json__bool(j, "estimated", r->about);
	json__close(j, '}');
}

/* Of all, those that ended, too. */
static void put_sums(struct json_out *j, const struct worker_sums *s)
{
	uint64_t unseen = s->observed_ns ? 0 : NS_UNKNOWN;

	json__open(j, "total", '{');
	json__ns(j, "span_ns", s->span_ns);
	json__ns(j, "wait_ns", s->wait_ns);
	json__ns(j, "yield_ns", s->yield_ns);
	json__ns(j, "blame_ns", s->blame_ns);
	json__ns(j, "runnable_ns", s->runnable_ns);
	json__ns(j, "unsure_ns", s->unsure_ns);
	json__ns(j, "held_observed_ns", s->observed_ns);
	json__ns(j, "held_ns", s->held_ns | unseen);
	json__ns(j, "gap_ns", s->gap_ns | unseen);
	json__ns(j, "switches", s->switches | unseen);
	json__ns(j, "acquisitions", s->acquisitions | unseen);
	json__close(j, '}');
}

static void put_group(struct json_out *j, const struct worker_group *g, size_t most)
{
	const struct worker *stuck = verdict__stuck_worker(g);

	json__open(j, NULL, '{');
	json__u64(j, "parent", g->parent);
	json__str(j, "parent_comm", g->parent_comm);
	json__str(j, "name", g->name);
	put_pids(j, "workers", g->workers, g->cnt, most);
	json__u64(j, "alive", g->cnt);
	json__u64(j, "ended", g->ended);
	put_pids(j, "ended_workers", g->workers + g->cnt, g->ended, most);
	json_rows__put_known(j, "stuck", stuck ? stuck->proc->pid : 0);
	for (int f = 0; f < WORKERS_FIGURES; f++)
		put_range(j, (enum worker_figure)f, &g->range[f]);
	put_sums(j, &g->sums);
	json__close(j, '}');
}

void json_groups__put(struct json_out *j, const struct snapshot *s, bool small)
{
	size_t most = small ? FEW : BUDGET_ROWS;
	struct worker_groups *all = worker_groups__new(s);

	if (!all) {
		json__null(j, "groups");
		return;
	}
	json__open(j, "groups", '[');
	for (size_t i = 0; i < all->cnt && i < most; i++)
		put_group(j, &all->v[i], most);
	json__close(j, ']');
	worker_groups__free(all);
}
