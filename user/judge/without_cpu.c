/* SPDX-License-Identifier: BSD-2-Clause */
/* without_cpu.c - holders that want to run and may not: what looks like the GIL and is not */
#include "user/base/units.h"
#include "user/judge/verdict_impl.h"

/* Holders that have no CPU for so much of their holding are not slow by themselves; .. */
#define NO_CPU_MUCH 0.33
/* .. and it was a CPU limit, if that took so much of this (of all threads, not of this one alone). The rest may be others',
 * who run in their place: without the limit there would still be less of it.
 */
#define LIMIT_MUCH 0.33

uint64_t verdict__without_cpu_ns(const struct snap_proc *p, const struct snap_gil *g)
{
	uint64_t ns = 0;

	for (size_t i = 0; i < p->thread_cnt; i++)
		if (verdict__uses(p, &p->threads[i], g) &&
		    p->threads[i].hold_runnable_ns != NS_UNKNOWN)
			ns += p->threads[i].hold_runnable_ns;
	return ns;
}

bool verdict__is_limited(const struct snap_proc *p, uint64_t no_cpu_ns, uint64_t hold_ns)
{
	return verdict__share(no_cpu_ns, hold_ns) >= NO_CPU_MUCH &&
	       verdict__share(p->throttled_ns, no_cpu_ns) >= LIMIT_MUCH;
}
