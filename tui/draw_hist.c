/* SPDX-License-Identifier: BSD-2-Clause */
/* draw_hist.c - histograms by octaves, and their course over time */
#include <stdio.h>
#include <string.h>

#include "tui/cells.h"
#include "tui/draw.h"
#include "user/base/units.h"

struct octaves {
	uint64_t cnt[OCTAVES];
	uint64_t sum;
	size_t lo, hi; /* the first and the last that are not empty */
};

static bool octaves__build(const struct gt_hist *h, struct octaves *o)
{
	*o = (struct octaves){ .lo = OCTAVES };
	for (unsigned int b = 0; h && b < GT_HIST_BUCKETS; b++)
		o->cnt[octave__of(b)] += h->cnt[b];
	for (size_t i = 0; i < OCTAVES; i++) {
		if (!o->cnt[i])
			continue;
		o->sum += o->cnt[i];
		o->lo = i < o->lo ? i : o->lo;
		o->hi = i;
	}
	return o->sum > 0;
}

/* As the square root would: a few long waits among thousands must be seen. */
static double root_shade(double v)
{
	return v > 0.5625 ? 0.8 : v > 0.25 ? 0.6 : v > 0.0625 ? 0.3 : v > 0 ? 0.1 : 0;
}

static void draw_percentiles(struct canvas *c, int y, int x, int w, const char *title,
			     enum role role, const struct gt_hist *h, uint64_t n, uint64_t max_ns)
{
	static const char *const names[] = { "p50", "p90", "p99", "max" };
	static const double q[] = { 0.5, 0.9, 0.99 };
	char value[4][UNITS_SZ], buf[UNITS_SZ];
	int end = x + w, room, first = 4;

	x += canvas__puts(c, y, x, w, ROLE_TITLE, title) + 1;
	if (w >= 60)
		x += canvas__printf(c, y, x, end - x, ROLE_DIM, "%s times ",
				    units__count((double)n, buf)) +
		     1;
	/* The slowest matter most: what does not fit is left out from the other end. */
	room = end - x;
	for (int i = 4; i-- > 0;) {
		uint64_t v = i < 3 ? hist__quantile(h, q[i]) : max_ns;

		/* Interpolated within a bucket it may exceed what really was. */
		if (v != NS_UNKNOWN && max_ns != NS_UNKNOWN && v > max_ns)
			v = max_ns;
		units__duration_or_none(v, value[i]);
		room -= (int)strlen(value[i]) + 5;
		if (room < -1)
			break;
		first = i;
	}
	for (int i = first; i < 4; i++)
		x += draw__figure(c, y, x, end - x, names[i], role, value[i]) - 1;
}

void draw__hist(struct canvas *c, struct rect r, const char *title, enum role role,
		const struct gt_hist *h, uint64_t max_ns)
{
	struct octaves o;
	uint64_t line[OCTAVES], max = 0;
	size_t step;
	char buf[UNITS_SZ];

	if (r.h < 1)
		return;
	if (!octaves__build(h, &o)) {
		int x = r.x + canvas__puts(c, r.y, r.x, r.w, ROLE_TITLE, title) + 1;

		canvas__puts(c, r.y, x, r.x + r.w - x, ROLE_DIM, "none yet");
		return;
	}
	draw_percentiles(c, r.y, r.x, r.w, title, role, h, o.sum, max_ns);
	if (r.h < 2)
		return;
	/* So many octaves to a line. */
	step = (o.hi - o.lo + (size_t)r.h - 1) / ((size_t)r.h - 1);
	step = step ? step : 1;
	for (size_t i = 0; o.lo + i * step <= o.hi; i++) {
		line[i] = 0;
		for (size_t k = o.lo + i * step; k < o.lo + (i + 1) * step && k <= o.hi; k++)
			line[i] += o.cnt[k];
		max = line[i] > max ? line[i] : max;
	}
	for (size_t i = 0; o.lo + i * step <= o.hi; i++) {
		int y = r.y + 1 + (int)i;

		canvas__puts_right(c, y, r.x, 7, ROLE_DIM,
				   units__duration(octave__floor_ns(o.lo + i * step), buf));
		draw__bar(c, y, r.x + 8, r.w - 8 - 7, role, (double)line[i], (double)max);
		canvas__puts_right(c, y, r.x + r.w - 6, 6, line[i] ? ROLE_NORMAL : ROLE_DIM,
				   units__count((double)line[i], buf));
	}
}

void draw__heat(struct canvas *c, struct rect r, const struct past *past, uint64_t interval_ns)
{
	size_t n = (size_t)(r.w > 9 ? r.w - 8 : 0), lo = OCTAVES, hi = 0;
	size_t step; /* so many octaves to a line */
	double most = 0;
	char buf[UNITS_SZ];
	int lines;

	if (r.h < 3 || !n)
		return;
	if (n > past->cnt)
		n = past->cnt;
	for (size_t i = 0; i < n; i++) {
		const struct past_interval *p = past__at(past, i);

		for (size_t k = 0; k < OCTAVES; k++) {
			if (!p->waits[k])
				continue;
			lo = k < lo ? k : lo;
			hi = k > hi ? k : hi;
		}
	}
	step = lo > hi ? 1 : (hi - lo + (size_t)r.h - 1) / ((size_t)r.h - 1);
	lines = lo > hi ? 1 : (int)((hi - lo) / step) + 1;
	canvas__printf(c, r.y + r.h - 1 - lines, r.x, r.w, ROLE_TITLE,
		       "Waits over time, one column every %s, newest right",
		       units__duration(interval_ns, buf));
	if (lo > hi) {
		canvas__puts(c, r.y + r.h - 1, r.x + 8, r.w - 8, ROLE_DIM,
			     "no thread has waited yet");
		return;
	}
	for (int pass = 0; pass < 2; pass++) {
		for (size_t i = 0; i < n; i++) {
			const struct past_interval *p = past__at(past, i);

			for (size_t line = 0; lo + line * step <= hi; line++) {
				double sum = 0;
				int y = r.y + r.h - 1 - (int)line;

				for (size_t k = lo + line * step;
				     k < lo + (line + 1) * step && k <= hi; k++)
					sum += p->waits[k];
				if (pass == 0)
					most = sum > most ? sum : most;
				else if (y > r.y)
					canvas__put(c, y, r.x + r.w - 1 - (int)i, ROLE_WAIT,
						    draw__shade(c, root_shade(sum / most)));
			}
		}
	}
	for (size_t line = 0; lo + line * step <= hi && (int)line < r.h - 1; line++)
		canvas__puts_right(c, r.y + r.h - 1 - (int)line, r.x, 7, ROLE_DIM,
				   units__duration(octave__floor_ns(lo + line * step), buf));
}
