/* SPDX-License-Identifier: BSD-2-Clause */
#include "user/judge/workers.h"

#include <math.h>
#include <stdio.h>

#include "user/base/sbuf.h"
#include "user/base/units.h"
#include "user/base/util.h"

/* Far worse: a delay or a load of at least so much, and so many times the median's. */
#define STUCK_DELAY 0.25
#define STUCK_LOAD  0.5
#define STUCK_TIMES 4
#define STUCK_AMONG 3

static bool is_far_above(const struct worker *w, const struct worker_group *g, enum worker_figure f,
			 double least)
{
	double v = w->v[f], median = g->range[f].median;

	return !isnan(v) && v >= least && v >= STUCK_TIMES * median;
}

const struct worker *verdict__stuck_worker(const struct worker_group *g)
{
	const struct worker *w = g->workers;

	if (g->cnt < STUCK_AMONG)
		return NULL;
	/* Where several wait for so long, it is not one worker's matter. */
	if (w->open_ns >= WORKER_STUCK_NS && g->workers[1].open_ns < WORKER_STUCK_NS)
		return w;
	return is_far_above(w, g, WORKERS_DELAY, STUCK_DELAY) ||
			       is_far_above(w, g, WORKERS_LOAD, STUCK_LOAD)
		       ? w
		       : NULL;
}

void verdict__worker_count(const struct worker_group *g, struct sbuf *out)
{
	if (g->cnt)
		sbuf__printf(out, "%zu worker%s", g->cnt, g->cnt == 1 ? "" : "s");
	if (g->cnt && g->ended)
		sbuf__printf(out, ", %zu ended", g->ended);
	else if (g->ended)
		sbuf__printf(out, "%zu ended worker%s", g->ended, g->ended == 1 ? "" : "s");
}

static const char *word(enum worker_figure f, double v, bool about, char buf[UNITS_SZ + 1])
{
	char text[UNITS_SZ];

	worker_figure__text(f, v, about, text);
	snprintf(buf, UNITS_SZ + 1, "%s%s", text,
		 !isnan(v) && (f == WORKERS_HELD || f == WORKERS_DELAY) ? "%" : "");
	return buf;
}

/* What tells a stuck one, in this order. */
static const struct {
	enum worker_figure f;
	const char *words;
} telling[] = { { WORKERS_DELAY, "delay " },
		{ WORKERS_LOAD, ", load " },
		{ WORKERS_HELD, ", held " } };

void verdict__worker(const struct worker *w, struct sbuf *out)
{
	char buf[UNITS_SZ + 1];

	for (size_t i = 0; i < ARRAY_SIZE(telling); i++) {
		enum worker_figure f = telling[i].f;

		sbuf__printf(out, "%s%s", telling[i].words, word(f, w->v[f], w->about[f], buf));
	}
}

void verdict__workers(const struct worker_group *g, struct sbuf *out)
{
	const struct worker *w = verdict__stuck_worker(g);
	char buf[UNITS_SZ + 1];

	if (!w)
		return;
	sbuf__printf(out, "worker %u of %zu: ", w->proc->pid, g->cnt);
	verdict__worker(w, out);
	for (size_t i = 0; i < ARRAY_SIZE(telling); i++) {
		const struct worker_range *r = &g->range[telling[i].f];

		sbuf__printf(out, "%s%s",
			     i ? ", " : " (median: ", word(telling[i].f, r->median, r->about, buf));
	}
	sbuf__puts(out, ")");
	if (w->open_ns >= WORKER_STUCK_NS)
		sbuf__printf(out, "; a thread has waited for %s now",
			     units__duration(w->open_ns, buf));
}
