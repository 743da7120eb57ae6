/* SPDX-License-Identifier: BSD-2-Clause */
/* check_metrics.c - what can be checked: the one table */
#include "user/base/sbuf.h"
#include "user/judge/check.h"

#define SHARE_OR_TIME (CHECK_PERCENT | CHECK_TIME)

const struct check_metric_desc check_metrics[CHECK_METRICS] = {
	[CHECK_DELAY] = { "delay", CHECK_THREAD, SHARE_OR_TIME,
			  "what a thread lost to the GIL (wait + yield), of the time that it was "
			  "known" },
	[CHECK_WAIT] = { "wait", CHECK_THREAD, SHARE_OR_TIME, "the waiting alone, likewise" },
	[CHECK_HOLD] = { "hold", CHECK_THREAD, SHARE_OR_TIME,
			 "for how much of that time it held the GIL" },
	[CHECK_YIELD] = { "yield", CHECK_THREAD, SHARE_OR_TIME,
			  "for how much of it it was kept while it let others have the GIL" },
	[CHECK_P50] = { "p50", CHECK_WHAT, CHECK_TIME,
			"half of a thread's waits (or holds) are shorter" },
	[CHECK_P90] = { "p90", CHECK_WHAT, CHECK_TIME, "nine of ten are shorter" },
	[CHECK_P99] = { "p99", CHECK_WHAT, CHECK_TIME, "99 of 100 are shorter" },
	[CHECK_WAIT_MAX] = { "wait_max", CHECK_THREAD, CHECK_TIME, "a thread's longest wait" },
	[CHECK_HOLD_MAX] = { "hold_max", CHECK_THREAD, CHECK_TIME, "a thread's longest hold" },
	[CHECK_UTILIZATION] = { "utilization", CHECK_NO_ARGS, CHECK_PERCENT | CHECK_NUMBER,
				"for how much of the time a GIL was held (90% or 0.9)" },
	[CHECK_LOAD] = { "load", CHECK_NO_ARGS, CHECK_NUMBER,
			 "how many threads held or wanted a GIL, on average" },
	[CHECK_BLAME] = { "blame", CHECK_PLACE, SHARE_OR_TIME,
			  "the waiting that others had while this was on the holder's stack, of "
			  "all waiting" },
	[CHECK_WAITING] = { "waiting", CHECK_PLACE, SHARE_OR_TIME,
			    "the waiting with this on the waiter's own stack, of all waiting" },
	[CHECK_ACQUISITIONS] = { "acquisitions", CHECK_NO_ARGS, CHECK_RATE,
				 "how often all GILs were taken, a second" },
	[CHECK_HANDOVERS] = { "handovers", CHECK_NO_ARGS, CHECK_RATE,
			      "how often they went to another thread, a second" },
	[CHECK_LOST] = { "lost", CHECK_NO_ARGS, CHECK_NUMBER,
			 "what was lost, in totals and in detail, as --max-loss counts it" },
};

void check_metric__usage(const struct check_metric_desc *d, struct sbuf *out)
{
	static const char *const args[] = {
		[CHECK_NO_ARGS] = "",
		[CHECK_THREAD] = "[(THREAD)]",
		[CHECK_WHAT] = "(wait|hold[,THREAD])",
		[CHECK_PLACE] = "(FUNCTION|SOURCE|SOURCE:LINE)",
	};

	sbuf__printf(out, "%s%s", d->name, args[d->args]);
}

void check_metric__units(const struct check_metric_desc *d, struct sbuf *out)
{
	static const char *const names[] = { "%", "ns, us, ms, s", "/s", "a number" };
	const char *before = "";

	for (unsigned int i = 0; i < 4; i++) {
		if (!(d->units & 1u << i))
			continue;
		sbuf__printf(out, "%s%s", before, names[i]);
		before = ", ";
	}
}

const char *check_result__name(enum check_result r)
{
	static const char *const names[] = { "holds", "broken", "unknown" };

	return names[r];
}
