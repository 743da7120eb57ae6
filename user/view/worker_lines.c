/* SPDX-License-Identifier: BSD-2-Clause */
#include "user/view/worker_lines.h"

#include <stdio.h>

#include "user/base/fit.h"
#include "user/base/sbuf.h"
#include "user/base/units.h"
#include "user/judge/workers.h"
#include "user/picture/workers.h"

#define WORST_SHOWN  3
#define NAME_COLUMNS 60

static const char *const headings[WORKERS_FIGURES] = {
	[WORKERS_HELD] = "held %",	     [WORKERS_LOAD] = "load",
	[WORKERS_DELAY] = "delay %",	     [WORKERS_WAITING] = "waiting",
	[WORKERS_WAIT_MAX] = "longest wait", [WORKERS_SWITCHES] = "hand-overs/s",
};

/* "  held %           2.1     14      98  4243" */
static void put_range(const struct worker_group *g, enum worker_figure f, struct sbuf *out)
{
	const struct worker_range *r = &g->range[f];
	char min[UNITS_SZ], median[UNITS_SZ], max[UNITS_SZ];

	sbuf__printf(out, "  %-14s %7s %7s %7s", headings[f],
		     worker_figure__text(f, r->min, r->about, min),
		     worker_figure__text(f, r->median, r->about, median),
		     worker_figure__text(f, r->max, r->about, max));
	if (r->max_pid)
		sbuf__printf(out, "  %u", r->max_pid);
	sbuf__puts(out, "\n");
}

/* "  worst           4243: delay 97%, load 3.1, held 98%", and who comes next */
static void put_worst(const struct worker_group *g, struct sbuf *out)
{
	size_t cnt = g->cnt < WORST_SHOWN ? g->cnt : WORST_SHOWN;

	for (size_t i = 0; i < cnt; i++) {
		sbuf__printf(out, "  %-14s %7u: ", i ? "" : "worst first", g->workers[i].proc->pid);
		verdict__worker(&g->workers[i], out);
		sbuf__puts(out, "\n");
	}
	if (g->cnt > cnt)
		sbuf__printf(out, "  %-14s and %zu more\n", "", g->cnt - cnt);
}

/* "  together       waited 12s, held 8.2s, 12k hand-overs" */
static void put_sums(const struct worker_group *g, struct sbuf *out)
{
	const struct worker_sums *s = &g->sums;
	char waited[UNITS_SZ], held[UNITS_SZ] = "-", switches[UNITS_SZ] = "-";

	if (s->about_held_ns || s->observed_ns)
		units__duration(s->about_held_ns, held);
	if (s->observed_ns)
		units__count((double)s->switches, switches);
	sbuf__printf(out, "  %-14s waited %s, held %s%s, hand-overs %s\n", "together",
		     units__duration(s->wait_ns, waited), s->about && held[0] != '-' ? "~" : "",
		     held, switches);
}

static void put_group(const struct worker_group *g, struct sbuf *out)
{
	size_t before;

	verdict__worker_count(g, out);
	sbuf__printf(out, " of pid %u (%s): ", g->parent, g->parent_comm);
	fit__middle(g->name, NAME_COLUMNS, out);
	sbuf__printf(out, "\n  %-14s %7s %7s %7s  WORST\n", "", "MIN", "MEDIAN", "MAX");
	for (int f = 0; f < WORKERS_FIGURES; f++)
		put_range(g, (enum worker_figure)f, out);
	put_worst(g, out);
	put_sums(g, out);
	before = out->len;
	verdict__workers(g, out);
	sbuf__puts(out, out->len > before ? "\n\n" : "\n");
}

void worker_lines__put(const struct snapshot *s, struct sbuf *out)
{
	struct worker_groups *all = worker_groups__new(s);

	if (!all)
		out->oom = true;
	for (size_t i = 0; all && i < all->cnt; i++)
		put_group(&all->v[i], out);
	worker_groups__free(all);
}
