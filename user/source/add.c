/* SPDX-License-Identifier: BSD-2-Clause */
/* add.c - start measuring a process, or find out why not */
#include <time.h>

#include "user/base/log.h"
#include "user/base/proc.h"
#include "user/base/util.h"
#include "user/probe/probe.h"
#include "user/source/collector_impl.h"

/* Looks at who is about to execute a program, 1 ms from one another. */
#define EXEC_LOOKS 10

/* One that has been adopted was Python at its first event. What has its memory by now may be a program of whose beginning
 * the kernel tells when it is loaded, some 100 us later.
 */
static bool will_exec(struct collector *c, pid_t pid)
{
	const struct timespec look = { .tv_nsec = 1000000 };

	for (int i = 0; i < EXEC_LOOKS && !collector__execs(c, pid) && proc__runs(pid); i++)
		nanosleep(&look, NULL);
	return collector__execs(c, pid);
}

/* It has not started. Its end takes it out of the kernel's table, unless that came before it was put in. */
static enum failure not_started(struct collector *c, struct tracked *t, pid_t pid, bool starts,
				enum failure f)
{
	uint32_t tgid = (uint32_t)pid;
	bool attached = t->att, resolved = t->target.py, adopted;
	struct gt_target known;

	tracked__deinit(t, c);
	adopted = probe__target(c->probe, pid, &known) && known.books_ns && known.file;
	/* What is in its books is to be had yet, or is another program's already: notes say of which and when. */
	if (collector__execs(c, pid) || (adopted && will_exec(c, pid)))
		return FAIL_GONE;
	if (proc__runs(pid)) {
		/* It is not to be measured, and not to be adopted again. */
		if (adopted && f != FAIL_GONE) {
			probe__forget(c->probe, &tgid, 1);
			probe__claim(c->probe, pid);
		}
		return f;
	}
	if (adopted) /* a note says so: what is in its books is to be had yet */
		return FAIL_GONE;
	/* What began before us leaves no note. */
	if (resolved && !starts)
		c->shared.missed_cnt++;
	if (attached)
		probe__forget(c->probe, &tgid, 1);
	else
		probe__unknow(c->probe, pid);
	return FAIL_GONE;
}

bool collector__execs(struct collector *c, pid_t pid)
{
	struct gt_target known;

	return probe__target(c->probe, pid, &known) && known.over;
}

enum failure collector__add(struct collector *c, pid_t pid, bool starts, struct sbuf *why)
{
	struct tracked t = { .pidfd = -1, .resolve_ns = now_ns() };
	pid_t tgid = proc__tgid(pid);
	enum failure f;

	if (tracked__find(c, pid) || tracked__find(c, tgid))
		return FAIL_ALREADY;
	if (collector__execs(c, tgid)) /* what is in the kernel is of the old one: after that */
		return FAIL_GONE;
	/* Whatever it is itself, its children may be interpreters. */
	if (c->opts.follow == GT_FOLLOW_CHILDREN && tgid > 0)
		probe__adopt(c->probe, tgid);
	f = target__resolve(pid, c->cache, NULL, why, &t.target);
	if (!f)
		f = tracked__start(&t, c, starts, why);
	if (!f)
		f = failure__of(collector__track(c, &t));
	if (f)
		return not_started(c, &t, tgid > 0 ? tgid : pid, starts, f);
	pr_verb("pid %d: CPython %s in %s, %zu probe points (%s%s%s)\n", t.target.pid,
		t.target.py->version, t.target.runtime, t.target.sites->site_cnt,
		probe_tier__name(probe__tier(c->probe)), t.file ? ", shared" : "",
		probe__has_light(t.target.sites) ? "" : "; exact only");
	return FAIL_NONE;
}
