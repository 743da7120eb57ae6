/* SPDX-License-Identifier: BSD-2-Clause */
/* check.h - rules that figures must keep: delay(MainThread)<10%, p99(wait)<20ms, hold_max<100ms
 *
 * METRIC[(ARGS)] OP VALUE, or change(METRIC[(ARGS)]) OP VALUE of two pictures. A rule about threads or GILs must hold for
 * each of them that it is about. It guards a gate: what is not known does not hold.
 *
 * Pure: parsed once, judged on a snapshot.
 */
#ifndef GILTOP_JUDGE_CHECK_H
#define GILTOP_JUDGE_CHECK_H

#include <stdbool.h>
#include <stddef.h>

struct sbuf;
struct snapshot;

enum check_metric {
	CHECK_DELAY,
	CHECK_WAIT,
	CHECK_HOLD,
	CHECK_YIELD,
	CHECK_P50,
	CHECK_P90,
	CHECK_P99,
	CHECK_WAIT_MAX,
	CHECK_HOLD_MAX,
	CHECK_UTILIZATION,
	CHECK_LOAD,
	CHECK_BLAME,
	CHECK_WAITING,
	CHECK_ACQUISITIONS,
	CHECK_HANDOVERS,
	CHECK_LOST,
	CHECK_METRICS,
};

/* What a value can be said in; of a metric those that it takes. */
enum check_unit {
	CHECK_PERCENT = 1 << 0, /* kept as a share: 10% is 0.1 */
	CHECK_TIME = 1 << 1,	/* kept in ns */
	CHECK_RATE = 1 << 2,	/* a second, /s or without a unit */
	CHECK_NUMBER = 1 << 3,
};

enum check_args {
	CHECK_NO_ARGS,
	CHECK_THREAD, /* [(THREAD)] */
	CHECK_WHAT,   /* (wait|hold[,THREAD]) */
	CHECK_PLACE,  /* (FUNCTION|SOURCE|SOURCE:LINE) */
};

/* A row each: for the parser, its messages and the manual. */
struct check_metric_desc {
	const char *name;
	enum check_args args;
	unsigned int units; /* enum check_unit; the first of these bits is what it is told in */
	const char *help;
};

extern const struct check_metric_desc check_metrics[CHECK_METRICS];

enum check_op { CHECK_LT, CHECK_LE, CHECK_GT, CHECK_GE };

#define CHECK_NAME_SZ 256

struct check {
	const char *text; /* as it was said: the caller's */
	enum check_metric metric;
	bool holds;		  /* a quantile: of holds, not of waits */
	bool change;		  /* from one picture to another */
	bool relative;		  /* .. as a share of what it was */
	char name[CHECK_NAME_SZ]; /* thread or place; "": all */
	enum check_op op;
	enum check_unit unit;
	double value;
};

/* text must outlive *ret. 0, or -EINVAL and why. */
int check__parse(const char *text, struct check *ret, struct sbuf *why);

enum check_result {
	CHECK_HOLDS,
	CHECK_BROKEN,
	CHECK_UNKNOWN, /* it could not be judged: as good as broken */
};

/* Of s, or (change) from before to s; before is NULL otherwise. words: what it is that breaks it: "worker-3 (4243) has
 * 38.2ms"; why it is not known; where it holds what comes next to breaking it.
 */
enum check_result check__judge(const struct check *c, const struct snapshot *before,
			       const struct snapshot *s, struct sbuf *words);
const char *check_result__name(enum check_result r); /* "holds", "broken", "unknown" */
/* "delay[(THREAD)]": how a metric is written. */
void check_metric__usage(const struct check_metric_desc *d, struct sbuf *out);
/* "%, ns, us, ms, s": what it is compared with. */
void check_metric__units(const struct check_metric_desc *d, struct sbuf *out);

#endif
