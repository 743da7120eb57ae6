/* SPDX-License-Identifier: BSD-2-Clause */
#include "user/model/acc.h"

#include <string.h>

void acc__of_thread(const struct gt_thread *rec, uint64_t now, struct acc *ret)
{
	memcpy(ret->time_ns, rec->time_ns, sizeof(ret->time_ns));
	ret->blame_ns = rec->blame_ns;
	ret->acquisitions = rec->acquisitions;
	ret->contended = rec->contended;
	ret->releases = rec->releases;
	ret->yields = rec->yields;
	ret->odd = rec->odd;
	ret->wait_hist = rec->wait_hist;
	ret->hold_hist = rec->hold_hist;
	/* A wait that outlives its thread is closed by the GIL's next event, not by the death. */
	if ((rec->flags & GT_F_EXITED) && rec->state != GT_WAIT && rec->exit_ns < now)
		now = rec->exit_ns;
	if (now > rec->since_ns)
		ret->time_ns[rec->state & (GT_STATE_CNT - 1)] += now - rec->since_ns;
}

void acc__of_ended(const struct gt_ended *rec, struct acc *ret)
{
	memcpy(ret->time_ns, rec->time_ns, sizeof(ret->time_ns));
	ret->blame_ns = rec->blame_ns;
	ret->acquisitions = rec->acquisitions;
	ret->contended = rec->contended;
	ret->releases = rec->releases;
	ret->yields = rec->yields;
	ret->odd = rec->odd;
	ret->wait_hist = rec->wait_hist;
	ret->hold_hist = rec->hold_hist;
}

void acc__add(struct acc *to, const struct acc *a)
{
	for (int i = 0; i < GT_STATE_CNT; i++)
		to->time_ns[i] += a->time_ns[i];
	to->blame_ns += a->blame_ns;
	to->acquisitions += a->acquisitions;
	to->contended += a->contended;
	to->releases += a->releases;
	to->yields += a->yields;
	to->odd += a->odd;
	for (int i = 0; i < GT_HIST_BUCKETS; i++) {
		to->wait_hist.cnt[i] += a->wait_hist.cnt[i];
		to->hold_hist.cnt[i] += a->hold_hist.cnt[i];
	}
}

/* Saturating: a record read while it was written may stand a little before its base. */
static uint64_t minus(uint64_t a, uint64_t b)
{
	return a > b ? a - b : 0;
}

void acc__sub(const struct acc *a, const struct acc *base, struct acc *ret)
{
	for (int i = 0; i < GT_STATE_CNT; i++)
		ret->time_ns[i] = minus(a->time_ns[i], base->time_ns[i]);
	ret->blame_ns = minus(a->blame_ns, base->blame_ns);
	ret->acquisitions = minus(a->acquisitions, base->acquisitions);
	ret->contended = minus(a->contended, base->contended);
	ret->releases = minus(a->releases, base->releases);
	ret->yields = minus(a->yields, base->yields);
	ret->odd = minus(a->odd, base->odd);
	for (int i = 0; i < GT_HIST_BUCKETS; i++) {
		ret->wait_hist.cnt[i] = minus(a->wait_hist.cnt[i], base->wait_hist.cnt[i]);
		ret->hold_hist.cnt[i] = minus(a->hold_hist.cnt[i], base->hold_hist.cnt[i]);
	}
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
