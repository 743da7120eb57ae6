/* SPDX-License-Identifier: BSD-2-Clause */
/* snapshot.c - the few things that can be asked of a snapshot; it is built in model_snapshot.c */
#include "snapshot.h"

#include <stdlib.h>

#include "arena.h"
#include "snapshot_impl.h"

double snap_gil__utilization(const struct snap_gil *gil, uint64_t span_ns)
{
	return span_ns ? (double)gil->held_ns / (double)span_ns : 0;
}

double snap_gil__load(const struct snap_gil *gil, uint64_t span_ns)
{
	return span_ns ? (double)(gil->held_ns + gil->wait_ns) / (double)span_ns : 0;
}

uint64_t snap_thread__delay_ns(const struct snap_thread *t)
{
	return t->wait_ns + t->yield_ns;
}

const char *snap_state__name(enum snap_state state)
{
	static const char *const names[] = { "released", "waiting", "holding",
					     "yielding", "exited",  "unknown" };

	return names[state];
}

char snap_state__letter(enum snap_state state)
{
	return "rWHYx?"[state];
}

const struct snap_thread *snap_proc__thread(const struct snap_proc *p, uint32_t tid)
{
	for (size_t i = 0; i < p->thread_cnt; i++)
		if (p->threads[i].tid == tid && tid)
			return &p->threads[i];
	return NULL;
}

uint64_t hist__bucket_floor(unsigned int b)
{
	unsigned int octave, sub;

	if (!b)
		return 0;
	octave = (b - 1) >> GT_HIST_SUB_BITS;
	sub = (b - 1) & ((1u << GT_HIST_SUB_BITS) - 1);
	return ((1ull << GT_HIST_SUB_BITS) + sub)
	       << (octave + GT_HIST_MIN_SHIFT - GT_HIST_SUB_BITS);
}

uint64_t hist__count(const struct gt_hist *h)
{
	uint64_t n = 0;

	for (int i = 0; i < GT_HIST_BUCKETS; i++)
		n += h->cnt[i];
	return n;
}

uint64_t hist__quantile(const struct gt_hist *h, double q)
{
	uint64_t n = hist__count(h);
	double want = q * (double)n, seen = 0;

	if (!n)
		return NS_UNKNOWN;
	for (unsigned int i = 0; i < GT_HIST_BUCKETS; i++) {
		double c = h->cnt[i];

		if (c > 0 && seen + c >= want) {
			double lo = (double)hist__bucket_floor(i);
			double hi = (double)hist__bucket_floor(i + 1);

			return (uint64_t)(lo + (hi - lo) * (want - seen) / c + 0.5);
		}
		seen += c;
	}
	return hist__bucket_floor(GT_HIST_BUCKETS);
}

void snapshot__free(struct snapshot *s)
{
	struct snapshot_box *box = (struct snapshot_box *)s;

	if (!box)
		return;
	arena__free(&box->arena);
	free(box);
}
