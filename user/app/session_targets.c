/* SPDX-License-Identifier: BSD-2-Clause */
/* session_targets.c - from the options to measured processes */
#include <errno.h>
#include <string.h>
#include <unistd.h>

#include "user/app/invoker.h"
#include "user/app/launch.h"
#include "user/app/session_impl.h"
#include "user/app/targets_named.h"
#include "user/base/caps.h"
#include "user/base/ending.h"
#include "user/base/log.h"
#include "user/base/proc.h"
#include "user/base/sbuf.h"
#include "user/base/text.h"
#include "user/base/util.h"
#include "user/source/collector.h"
#include "user/target/failure.h"

/* With -a and -s the maps are sized for so many threads at most: the records of two each are 20 MB. */
#define THREADS_SIZED 8192

int session__preflight(const struct opts *o)
{
	__cleanup(sbuf__free) struct sbuf why = { 0 };
	int code = targets_named__pids(o);

	if (!code)
		code = targets_named__tids(o, session__follow_mode(o) != FOLLOW_NO);
	if (code)
		return code;
	code = invoker__check();
	if (!code)
		code = limits__check();
	if (code)
		return code;
	if (!caps__may_trace())
		return failure__say(FAIL_MAY_NOT_TRACE, NULL, 0);
	if (!proc__is_own())
		return failure__say(FAIL_PID_NAMESPACE, NULL, 0);
	if (!caps__has_btf()) {
		sbuf__printf(&why, "this kernel has no BTF (%s is missing: CONFIG_DEBUG_INFO_BTF)",
			     caps__btf_path());
		return failure__say(FAIL_NO_BTF, sbuf__str(&why), 0);
	}
	return 0;
}

/* starts: see collector__add. Whatever went wrong with one that has ended meanwhile, it is that: no error of ours, nor of
 * what it was.
 */
static enum failure add(struct session *s, pid_t pid, bool starts, struct sbuf *why)
{
	enum failure f = collector__add(s->c, pid, starts, why);

	if (!f || f == FAIL_ALREADY || proc__runs(pid))
		return f;
	sbuf__reset(why);
	sbuf__printf(why, "pid %d has ended", pid);
	return FAIL_GONE;
}

/* One of many. */
static enum failure add_one(struct session *s, pid_t pid, bool starts)
{
	__cleanup(sbuf__free) struct sbuf why = { 0 };
	enum failure f = add(s, pid, starts, &why);

	failure__say_of_many(f, sbuf__str(&why));
	return f;
}

/* The command stands still: is there a CPython in it now? */
static bool on_launch_try(void *ctx, pid_t pid)
{
	return add_one(ctx, pid, true) != FAIL_NOT_PYTHON;
}

static bool is_measured(enum failure f)
{
	return !f || f == FAIL_ALREADY;
}

bool session__wants(const struct session *s, pid_t pid)
{
	return proc_filter__wants(&s->o->filter, collector__names(s->c), pid);
}

void session__say_none_wanted(struct session *s)
{
	__cleanup(sbuf__free) struct sbuf text = { 0 };
	size_t cnt = s->wanted_cnt;

	if (!s->o->all || s->live_cnt || !proc_filter__is_set(&s->o->filter) || ending__has_come())
		return;
	if (cnt)
		sbuf__printf(&text, "%zu process%s wanted by ", cnt, cnt == 1 ? " is" : "es are");
	else
		sbuf__puts(&text, "no process is there that is wanted by ");
	proc_filter__words(&s->o->filter, &text);
	sbuf__puts(&text, cnt ? ", but no Python that can be measured" : "");
	sbuf__puts(&text, ": waiting for one");
	if (s->live)
		session__live_say(s, sbuf__str(&text));
	else
		pr_info("%s\n", sbuf__str(&text));
}

static int add_all(struct session *s)
{
	__cleanup(freep) uint32_t *pids = NULL;
	ssize_t n = proc__pids(&pids);

	for (ssize_t i = 0; i < n && !ending__has_come(); i++) {
		pid_t pid = (pid_t)pids[i];

		if (pid == getpid() || !session__wants(s, pid))
			continue;
		s->wanted_cnt++;
		add_one(s, pid, false);
	}
	return 0;
}

size_t session__add_children(struct session *s, pid_t parent)
{
	__cleanup(freep) uint32_t *pids = NULL;
	ssize_t n = proc__descendants(parent, &pids);
	size_t cnt = 0;

	for (ssize_t i = 0; i < n && !ending__has_come(); i++)
		cnt += (pid_t)pids[i] != getpid() && is_measured(add_one(s, (pid_t)pids[i], false));
	return cnt;
}

/* One of -p. With -s a process that cannot be measured itself is fine, if a child of it can. */
static int add_named(struct session *s, pid_t pid)
{
	__cleanup(sbuf__free) struct sbuf why = { 0 };
	enum failure f = add(s, pid, false, &why);
	bool any;

	/* What is no Python itself has no load of its own. */
	if (f == FAIL_NOT_PYTHON && s->follow.mode == FOLLOW_AUTO && s->o->pid_cnt == 1) {
		session__follow_on(s);
		sbuf__reset(&why);
		f = add(s, pid, false, &why); /* its forks are seen from now on */
	}
	any = s->follow.mode == FOLLOW_YES && session__add_children(s, pid);
	if (is_measured(f))
		return 0;
	if (!any)
		return failure__say(f, sbuf__str(&why), pid);
	failure__say_of_many(f, sbuf__str(&why));
	return 0;
}

int session__add_targets(struct session *s)
{
	if (s->o->all)
		return add_all(s);
	if (s->o->command) {
		s->launch = launch__start(s->o->command, s->follow.mode == FOLLOW_YES,
					  s->command_out, &s->limits, on_launch_try, s);
		if (!s->launch) {
			pr_warn("cannot start %s: %s\n", s->o->command[0], errstr(errno));
			return EXIT_RUNTIME;
		}
		launch__go(s->launch);
		return 0;
	}
	for (size_t i = 0; i < s->o->pid_cnt; i++) {
		int code = add_named(s, (pid_t)s->o->pids[i]);

		if (code)
			return code;
	}
	return 0;
}

static unsigned int threads_of(const uint32_t *pids, size_t pid_cnt, unsigned int max)
{
	unsigned int n = 0;

	for (size_t i = 0; i < pid_cnt && n < max; i++) {
		__cleanup(freep) uint32_t *tids = NULL;
		ssize_t cnt = proc__tids((pid_t)pids[i], &tids);

		n += cnt > 0 ? (unsigned int)cnt : 0;
	}
	return n < max ? n : max;
}

unsigned int session__thread_cnt(const struct opts *o)
{
	enum follow_mode follow = session__follow_mode(o);
	__cleanup(freep) uint32_t *pids = NULL;
	unsigned int cnt;
	ssize_t n;

	if (!o->all && follow != FOLLOW_YES) {
		cnt = threads_of(o->pids, o->pid_cnt, UINT32_MAX / 4);
		for (size_t i = 0; i < o->pid_cnt && follow == FOLLOW_AUTO; i++) {
			__cleanup(freep) uint32_t *children = NULL;

			n = proc__descendants((pid_t)o->pids[i], &children);
			cnt += threads_of(children, n > 0 ? (size_t)n : 0, THREADS_SIZED);
		}
		return cnt;
	}
	/* Which of them are interpreters is not known yet. */
	n = proc__pids(&pids);
	return threads_of(pids, n > 0 ? (size_t)n : 0, THREADS_SIZED);
}

/* By its program's name: which of them are interpreters is not known yet. */
static bool looks_like_python(pid_t pid)
{
	char exe[512];

	proc__exe(pid, exe, sizeof(exe));
	return strstr(path_base(exe), "python");
}

unsigned int session__proc_cnt(const struct opts *o)
{
	__cleanup(freep) uint32_t *all = NULL;
	size_t cnt = o->pid_cnt;
	ssize_t n = 0;

	if (o->all) {
		n = proc__pids(&all);
		for (ssize_t i = 0; i < n; i++)
			cnt += looks_like_python((pid_t)all[i]);
	}
	for (size_t i = 0; i < o->pid_cnt && session__follow_mode(o) == FOLLOW_YES; i++) {
		__cleanup(freep) uint32_t *children = NULL;

		n = proc__descendants((pid_t)o->pids[i], &children);
		cnt += n > 0 ? (size_t)n : 0;
	}
	return (unsigned int)cnt;
}

bool session__may_come(const struct session *s)
{
	for (size_t i = 0; s->follow.mode == FOLLOW_YES && i < s->o->pid_cnt; i++)
		if (proc__runs((pid_t)s->o->pids[i]))
			return true;
	return s->o->all || s->launch;
}
