/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* integral.bpf.h - waiters over time: what a GIL's record adds up between two events */
#ifndef GILTOP_INTEGRAL_BPF_H
#define GILTOP_INTEGRAL_BPF_H

/* Put the time up to now into the GIL's integrals. */
static __always_inline void gil_advance(struct gt_gil *g, __u64 now)
{
	__u64 dt = now - g->last_ns;
	__u64 waited = dt * g->waiters;

	g->wait_ns += waited;
	if (g->held) {
		g->held_ns += dt;
		g->hold_blame_ns += waited;
	} else if (g->waiters) {
		g->gap_ns += waited;
		g->gap_wall_ns += dt;
	}
	g->last_ns = now;
}

#endif
