/* SPDX-License-Identifier: BSD-2-Clause */
#include "user/base/hist.h"

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

uint64_t hist__quantile_upto(const struct gt_hist *h, double q, uint64_t max_ns)
{
	uint64_t v = hist__quantile(h, q);

	return v != NS_UNKNOWN && v > max_ns ? max_ns : v;
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
		double c = (double)h->cnt[i];

		if (c > 0 && seen + c >= want) {
			double lo = (double)hist__bucket_floor(i);
			double hi = (double)hist__bucket_floor(i + 1);

			return (uint64_t)(lo + (hi - lo) * (want - seen) / c + 0.5);
		}
		seen += c;
	}
	return hist__bucket_floor(GT_HIST_BUCKETS);
}
