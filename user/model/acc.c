/* SPDX-License-Identifier: BSD-2-Clause */
#include "user/model/acc.h"

#include <stdbool.h>
#include <stddef.h>

void sums__of_thread(const struct gt_thread *rec, uint64_t now, struct gt_sums *ret)
{
	*ret = rec->sums;
	/* The GIL of a thread that died with it stays taken: nobody gets it. And who died waiting and found no room
	 * in the queue waits on.
	 */
	bool goes_on =
		rec->state == GT_HOLD || (rec->state == GT_WAIT && !(rec->flags & GT_F_DYING_WAIT));

	if ((rec->flags & GT_F_EXITED) && !goes_on && rec->exit_ns < now)
		now = rec->exit_ns;
	if (now > rec->since_ns)
		ret->time_ns[rec->state & (GT_STATE_CNT - 1)] += now - rec->since_ns;
}

void sums__add(struct gt_sums *to, const struct gt_sums *a)
{
	const __u64 *from = (const __u64 *)a;
	__u64 *v = (__u64 *)to;

	for (size_t i = 0; i < GT_SUMS_WORDS; i++)
		v[i] += from[i];
}

/* What counts is of one cut, and never falls. Histograms are read as they are, a little later. */
void sums__sub(const struct gt_sums *a, const struct gt_sums *base, struct gt_sums *ret)
{
	const size_t exact = offsetof(struct gt_sums, wait_hist) / sizeof(__u64);
	const __u64 *x = (const __u64 *)a, *y = (const __u64 *)base;
	__u64 *v = (__u64 *)ret;

	for (size_t i = 0; i < GT_SUMS_WORDS; i++)
		v[i] = i >= exact && x[i] < y[i] ? 0 : x[i] - y[i];
}

/* The same step gil_advance() in bpf/modes.h, up to the moment of the reading. */
void gil_acc__of(const struct gt_gil *rec, uint64_t now, struct gil_acc *ret)
{
	uint64_t dt = now > rec->last_ns ? now - rec->last_ns : 0;
	uint64_t waited = dt * rec->waiters;

	*ret = (struct gil_acc){
		.held_ns = rec->held_ns,
		.gap_ns = rec->gap_ns,
		.gap_wall_ns = rec->gap_wall_ns,
		.wait_ns = rec->wait_ns + waited,
		.light_ns = rec->light_ns + (rec->light ? dt : 0),
		.acquisitions = rec->acquisitions,
		.switches = rec->switches,
		.open_blame_ns = rec->hold_blame_ns,
	};
	if (rec->held) {
		ret->held_ns += dt;
		ret->open_blame_ns += rec->light ? 0 : waited;
	} else if (rec->waiters) {
		ret->gap_ns += waited;
		ret->gap_wall_ns += dt;
	}
}

void gil_acc__sub(const struct gil_acc *a, const struct gil_acc *base, struct gil_acc *ret)
{
	*ret = (struct gil_acc){
		.held_ns = a->held_ns - base->held_ns,
		.gap_ns = a->gap_ns - base->gap_ns,
		.gap_wall_ns = a->gap_wall_ns - base->gap_wall_ns,
		.wait_ns = a->wait_ns - base->wait_ns,
		.light_ns = a->light_ns - base->light_ns,
		.acquisitions = a->acquisitions - base->acquisitions,
		.switches = a->switches - base->switches,
	};
}
