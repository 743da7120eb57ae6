/* SPDX-License-Identifier: BSD-2-Clause */
/* held.c - how much a GIL is held: seen, estimated, or not known */
#include <math.h>
#include <stdio.h>

#include "user/base/units.h"
#include "user/picture/snapshot.h"

/* Looks from outside come late where CPUs are scarce, and are early or late by what the target does then: so much they
 * were off beside what chance makes (95 % of it: 1.96 standard errors).
 */
#define LOOKS_BIAS 0.02
#define LOOKS_Z	   1.96

double snap_gil__utilization(const struct snap_gil *gil)
{
	return gil->observed_ns ? (double)gil->held_ns / (double)gil->observed_ns : NAN;
}

double snap_gil__utilization_est(const struct snap_gil *gil, double *err)
{
	double n = (double)gil->look_cnt, p = n > 0 ? (double)gil->locked_cnt / n : NAN;

	*err = LOOKS_Z * sqrt(p * (1 - p) / n) + LOOKS_BIAS;
	return p;
}

uint64_t snap_gil__about_held_ns(const struct snap_gil *gil, uint64_t span_ns)
{
	uint64_t unseen = span_ns > gil->observed_ns ? span_ns - gil->observed_ns : 0;
	double err, est = snap_gil__utilization_est(gil, &err);

	return gil->held_ns + (isnan(est) ? 0 : (uint64_t)((double)unseen * est));
}

struct snap_held snap_gil__held(const struct snap_gil *gil, uint64_t span_ns)
{
	struct snap_held ret = { .share = snap_gil__utilization(gil), .err = NAN };
	double err, est = snap_gil__utilization_est(gil, &err);

	/* What was seen for half of the time and more says more than looks. */
	if (!isnan(est) && gil->observed_ns < span_ns - span_ns / 2)
		ret = (struct snap_held){ est, err };
	return ret;
}

double snap_gil__load(const struct snap_gil *gil, uint64_t span_ns)
{
	if (!span_ns)
		return NAN;
	return snap_gil__held(gil, span_ns).share + (double)gil->wait_ns / (double)span_ns;
}

double snap_gil__least_load(const struct snap_gil *gil, uint64_t span_ns)
{
	double load = snap_gil__load(gil, span_ns);

	return !span_ns ? 0 : isnan(load) ? (double)gil->wait_ns / (double)span_ns : load;
}

const char *snap_gil__held_percent(const struct snap_gil *gil, uint64_t span_ns, char buf[UNITS_SZ])
{
	struct snap_held h = snap_gil__held(gil, span_ns);

	if (!span_ns)
		return units__percent(0, 0, buf);
	if (isnan(h.share))
		snprintf(buf, UNITS_SZ, "-");
	else if (isnan(h.err))
		units__percent(gil->held_ns, gil->observed_ns, buf);
	else
		snprintf(buf, UNITS_SZ, "~%.0f", h.share * 100);
	return buf;
}

const char *snap_gil__held_word(const struct snap_gil *gil, uint64_t span_ns, char buf[UNITS_SZ])
{
	struct snap_held h = snap_gil__held(gil, span_ns);

	if (!span_ns || isnan(h.share))
		return snap_gil__held_percent(gil, span_ns, buf);
	if (isnan(h.err))
		return units__percent_word(gil->held_ns, gil->observed_ns, buf);
	snprintf(buf, UNITS_SZ, "~%.0f%%", h.share * 100);
	return buf;
}

bool snap_proc__holds_seen(const struct snap_proc *p, const struct snap_gil *g)
{
	bool seen = !p->span_ns || !p->gil_cnt;

	for (size_t i = 0; i < p->gil_cnt; i++)
		seen |= (!g || g == &p->gils[i]) && p->gils[i].observed_ns;
	return seen;
}

bool snap_thread__all_seen(const struct snap_thread *t, const struct snap_proc *p)
{
	return t->hold_observed_ns && t->hold_observed_ns >= p->span_ns;
}

uint64_t snap_thread__seen_ns(const struct snap_thread *t, const struct snap_proc *p)
{
	if (snap_thread__all_seen(t, p) || !p->span_ns)
		return t->hold_observed_ns ? t->span_ns : 0;
	return (uint64_t)((double)t->span_ns * ((double)t->hold_observed_ns / (double)p->span_ns));
}

const char *snap_proc__mode_word(const struct snap_proc *p)
{
	if (p->mode_auto)
		return p->mode == SNAP_MODE_LIGHT ? "auto:light" : "auto:exact";
	return p->mode == SNAP_MODE_LIGHT ? "light" : "";
}

const struct snap_gil *snap_proc__busiest_gil(const struct snap_proc *p)
{
	const struct snap_gil *best = NULL;

	for (size_t i = 0; i < p->gil_cnt; i++)
		if (!best || snap_gil__least_load(&p->gils[i], p->span_ns) >
				     snap_gil__least_load(best, p->span_ns))
			best = &p->gils[i];
	return best;
}
