/* SPDX-License-Identifier: BSD-2-Clause */
#include "user/model/acc.h"

#include <stddef.h>

void sums__of_thread(const struct gt_thread *rec, uint64_t now, struct gt_sums *ret)
{
	*ret = rec->sums;
	/* A wait that outlives its thread is closed by the GIL's next event, not by the death. */
	if ((rec->flags & GT_F_EXITED) && rec->state != GT_WAIT && rec->exit_ns < now)
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

/* Saturating: a record read while it was written may stand a little before its base. */
static uint64_t minus(uint64_t a, uint64_t b)
{
	return a > b ? a - b : 0;
}

void sums__sub(const struct gt_sums *a, const struct gt_sums *base, struct gt_sums *ret)
{
	const __u64 *x = (const __u64 *)a, *y = (const __u64 *)base;
	__u64 *v = (__u64 *)ret;

	for (size_t i = 0; i < GT_SUMS_WORDS; i++)
		v[i] = minus(x[i], y[i]);
}

/* The same step as gil_advance() in books.bpf.h, up to the moment of the reading. */
void gil_acc__of(const struct gt_gil *rec, uint64_t now, struct gil_acc *ret)
{
	uint64_t dt = now > rec->last_ns ? now - rec->last_ns : 0;
	uint64_t waited = dt * rec->waiters;

	*ret = (struct gil_acc){
		.held_ns = rec->held_ns,
		.gap_ns = rec->gap_ns,
		.gap_wall_ns = rec->gap_wall_ns,
		.wait_ns = rec->wait_ns + waited,
		.acquisitions = rec->acquisitions,
		.switches = rec->switches,
		.open_blame_ns = rec->hold_blame_ns,
	};
	if (rec->held) {
		ret->held_ns += dt;
		ret->open_blame_ns += waited;
	} else if (rec->waiters) {
		ret->gap_ns += waited;
		ret->gap_wall_ns += dt;
	}
}

void gil_acc__sub(const struct gil_acc *a, const struct gil_acc *base, struct gil_acc *ret)
{
	*ret = (struct gil_acc){
		.held_ns = minus(a->held_ns, base->held_ns),
		.gap_ns = minus(a->gap_ns, base->gap_ns),
		.gap_wall_ns = minus(a->gap_wall_ns, base->gap_wall_ns),
		.wait_ns = minus(a->wait_ns, base->wait_ns),
		.acquisitions = minus(a->acquisitions, base->acquisitions),
		.switches = minus(a->switches, base->switches),
	};
}
