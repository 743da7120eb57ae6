/* SPDX-License-Identifier: BSD-2-Clause */
#include "tui/past.h"

#include <math.h>

size_t octave__of(unsigned int bucket)
{
	if (!bucket)
		return 0;
	return bucket == GT_HIST_BUCKETS - 1 ? OCTAVES - 1 : 1 + ((bucket - 1) >> GT_HIST_SUB_BITS);
}

uint64_t octave__floor_ns(size_t octave)
{
	return octave ? 1ull << (GT_HIST_MIN_SHIFT + octave - 1) : 0;
}

void past__sum_hist(const struct snap_proc *p, const struct snap_gil *g, bool hold,
		    struct gt_hist *ret, uint64_t *ret_max_ns)
{
	*ret = (struct gt_hist){ 0 };
	*ret_max_ns = NS_UNKNOWN;
	for (size_t i = 0; p && i < p->thread_cnt; i++) {
		const struct snap_thread *t = &p->threads[i];
		const struct gt_hist *h = hold ? t->hold_hist : t->wait_hist;
		uint64_t max = hold ? t->hold_max_ns : t->wait_max_ns;

		if (g && (t->gil >= p->gil_cnt || &p->gils[t->gil] != g))
			continue;
		if (max != NS_UNKNOWN && (*ret_max_ns == NS_UNKNOWN || max > *ret_max_ns))
			*ret_max_ns = max;
		for (size_t b = 0; h && b < GT_HIST_BUCKETS; b++)
			ret->cnt[b] += h->cnt[b];
	}
}

void past__add(struct past *past, const struct snap_proc *p, const struct snap_gil *g)
{
	struct past_interval *now = &past->ring[past->next];
	struct gt_hist h;
	uint64_t max_ns;

	*now = (struct past_interval){ .held = -1, .waiting = -1 };
	if (g && p->span_ns) {
		double held = snap_gil__held(g, p->span_ns).share;

		now->held = isnan(held) ? -1 : (float)held;
		now->waiting = (float)((double)g->wait_ns / (double)p->span_ns);
		past__sum_hist(p, g, false, &h, &max_ns);
		for (unsigned int b = 0; b < GT_HIST_BUCKETS; b++)
			now->waits[octave__of(b)] += h.cnt[b];
	}
	past->next = (past->next + 1) % PAST_CNT;
	past->cnt += past->cnt < PAST_CNT;
}

const struct past_interval *past__at(const struct past *past, size_t i)
{
	return &past->ring[(past->next + PAST_CNT - 1 - i) % PAST_CNT];
}
