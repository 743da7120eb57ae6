/* SPDX-License-Identifier: BSD-2-Clause */
#include "user/app/targets_named.h"

#include <errno.h>

#include "user/app/opts.h"
#include "user/base/log.h"
#include "user/base/proc.h"
#include "user/base/sbuf.h"
#include "user/base/util.h"
#include "user/target/failure.h"

#define MAX_LISTED 8 /* threads in a message */

/* What to say instead of a tid: most often it is out of top -H. */
static void put_thread(const struct opts *o, pid_t tid, pid_t pid, struct sbuf *out)
{
	char comm[64];

	proc__comm(pid, 0, comm, sizeof(comm));
	sbuf__printf(out, "%d is a thread of %d (%s): giltop %s%s-p %d", tid, pid, comm,
		     o->verb == VERB_TOP ? "" : verb__name(o->verb), o->verb == VERB_TOP ? "" : " ",
		     pid);
	if (o->verb == VERB_TOP || o->verb == VERB_RECORD)
		sbuf__printf(out, " -t %d", tid);
}

bool targets_named__is_process(const struct opts *o, pid_t pid, struct sbuf *ret_why)
{
	pid_t tgid = proc__tgid(pid);

	if (tgid > 0 && tgid != pid)
		put_thread(o, pid, tgid, ret_why);
	else if (!proc__exists(pid))
		sbuf__printf(ret_why, "no process with pid %d", pid);
	return !ret_why->len;
}

int targets_named__pids(const struct opts *o)
{
	for (size_t i = 0; i < o->pid_cnt; i++) {
		__cleanup(sbuf__free) struct sbuf why = { 0 };

		if (!targets_named__is_process(o, (pid_t)o->pids[i], &why))
			return failure__say(FAIL_GONE, sbuf__str(&why), 0);
	}
	return 0;
}

/* Is it one of -p, or (children) below one? */
static bool is_measured(const struct opts *o, pid_t pid, bool children)
{
	for (; pid > 0; pid = children ? proc__parent(pid) : 0)
		for (size_t i = 0; i < o->pid_cnt; i++)
			if ((pid_t)o->pids[i] == pid)
				return true;
	return false;
}

/* "4242 (python3), 4243 (worker-1) .." */
static void put_threads(pid_t pid, struct sbuf *out)
{
	__cleanup(freep) uint32_t *tids = NULL;
	ssize_t cnt = proc__tids(pid, &tids);

	for (ssize_t i = 0; i < cnt && i < MAX_LISTED; i++) {
		char comm[64];

		proc__comm(pid, (pid_t)tids[i], comm, sizeof(comm));
		sbuf__printf(out, "%s%u (%s)", i ? ", " : "", tids[i], comm);
	}
	if (cnt > MAX_LISTED)
		sbuf__printf(out, " and %zd more", cnt - MAX_LISTED);
}

int targets_named__tids(const struct opts *o, bool children)
{
	__cleanup(sbuf__free) struct sbuf why = { 0 };
	size_t found = 0;

	/* A command has none yet; without -p there is a list to choose from. */
	if (!o->view.tid_cnt || (!o->pid_cnt && !o->all))
		return 0;
	for (size_t i = 0; i < o->view.tid_cnt; i++) {
		pid_t tgid = proc__tgid((pid_t)o->view.tids[i]);

		if (tgid > 0 && (o->all || is_measured(o, tgid, children))) {
			found++;
			continue;
		}
		sbuf__printf(&why, "%s%u", why.len ? ", " : "-t: no thread of what is measured: ",
			     o->view.tids[i]);
		if (tgid == (pid_t)o->view.tids[i])
			sbuf__puts(&why, " (a process of its own)");
		else if (tgid > 0)
			sbuf__printf(&why, " (one of %d)", tgid);
	}
	if (o->pid_cnt && why.len) {
		sbuf__printf(&why, "; threads of %u: ", o->pids[0]);
		put_threads((pid_t)o->pids[0], &why);
	}
	if (!found)
		return failure__say(FAIL_GONE, sbuf__str(&why), 0);
	if (why.len)
		pr_warn("%s\n", sbuf__str(&why));
	return 0;
}
