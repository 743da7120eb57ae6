/* SPDX-License-Identifier: BSD-2-Clause */
/* draw_hist.c - histograms by octaves, and their course over time */
#include <string.h>

#include "tui/draw.h"
#include "user/base/units.h"

struct octaves {
	uint64_t cnt[OCTAVES];
	uint64_t sum;
	size_t lo, hi;	    /* the first and the last that are not empty */
	size_t step, lines; /* so many octaves to a line */
};

/* Spread what is counted over at most so many lines; false: there is nothing. */
static bool octaves__fit(struct octaves *o, int lines)
{
	o->lo = OCTAVES;
	for (size_t i = 0; i < OCTAVES; i++) {
		if (!o->cnt[i])
			continue;
		o->sum += o->cnt[i];
		o->lo = i < o->lo ? i : o->lo;
		o->hi = i;
	}
	if (!o->sum)
		return false;
	o->step = lines > 0 ? (o->hi - o->lo) / (size_t)lines + 1 : OCTAVES;
	o->lines = (o->hi - o->lo) / o->step + 1;
	return true;
}

/* What is in one of the lines of o. */
static uint64_t octaves__line(const struct octaves *o, const uint64_t *cnt, size_t line)
{
	size_t from = o->lo + line * o->step;
	uint64_t sum = 0;

	for (size_t k = from; k < from + o->step && k <= o->hi; k++)
		sum += cnt[k];
	return sum;
}

static void draw_floor(struct canvas *c, int y, int x, const struct octaves *o, size_t line)
{
	char buf[UNITS_SZ];

	canvas__puts_right(c, y, x, 7, ROLE_DIM,
			   units__duration(octave__floor_ns(o->lo + line * o->step), buf));
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
		const struct gt_hist *h, uint64_t max_ns, bool seen)
{
	struct octaves o = { 0 };
	uint64_t line[OCTAVES], max = 0;
	char buf[UNITS_SZ];

	if (r.h < 1)
		return;
	for (unsigned int b = 0; h && b < GT_HIST_BUCKETS; b++)
		o.cnt[octave__of(b)] += h->cnt[b];
	if (!octaves__fit(&o, r.h - 1)) {
		int x = r.x + canvas__puts(c, r.y, r.x, r.w, ROLE_TITLE, title) + 1;

		canvas__puts(c, r.y, x, r.x + r.w - x, ROLE_DIM,
			     seen ? "none yet" : "not observed");
		return;
	}
	draw_percentiles(c, r.y, r.x, r.w, title, role, h, o.sum, max_ns);
	if (r.h < 2)
		return;
	for (size_t i = 0; i < o.lines; i++) {
		line[i] = octaves__line(&o, o.cnt, i);
		max = line[i] > max ? line[i] : max;
	}
	for (size_t i = 0; i < o.lines; i++) {
		int y = r.y + 1 + (int)i;

		draw_floor(c, y, r.x, &o, i);
		draw__bar(c, y, r.x + 8, r.w - 8 - 7, role, (double)line[i], (double)max);
		canvas__puts_right(c, y, r.x + r.w - 6, 6, line[i] ? ROLE_NORMAL : ROLE_DIM,
				   units__count((double)line[i], buf));
	}
}

void draw__heat(struct canvas *c, struct rect r, const struct past *past, uint64_t interval_ns)
{
	size_t n = (size_t)(r.w > 9 ? r.w - 8 : 0);
	int bottom = r.y + r.h - 1;
	struct octaves o = { .lines = 1 };
	uint64_t most = 0;
	char buf[UNITS_SZ];
	bool any;

	if (r.h < 3 || !n)
		return;
	if (n > past->cnt)
		n = past->cnt;
	for (size_t i = 0; i < n; i++)
		for (size_t k = 0; k < OCTAVES; k++)
			o.cnt[k] += past__at(past, i)->waits[k];
	any = octaves__fit(&o, r.h - 1);
	canvas__printf(c, bottom - (int)o.lines, r.x, r.w, ROLE_TITLE,
		       "Waits over time, one column every %s, newest right",
		       units__duration(interval_ns, buf));
	if (!any) {
		canvas__puts(c, bottom, r.x + 8, r.w - 8, ROLE_DIM, "no thread has waited yet");
		return;
	}
	for (size_t i = 0; i < n * o.lines; i++) {
		uint64_t v = octaves__line(&o, past__at(past, i / o.lines)->waits, i % o.lines);

		most = v > most ? v : most;
	}
	for (size_t line = 0; line < o.lines; line++) {
		int y = bottom - (int)line;

		draw_floor(c, y, r.x, &o, line);
		for (size_t i = 0; i < n; i++) {
			uint64_t v = octaves__line(&o, past__at(past, i)->waits, line);

			canvas__put(c, y, r.x + r.w - 1 - (int)i, ROLE_WAIT,
				    draw__shade(c, root_shade((double)v / (double)most)));
		}
	}
}
