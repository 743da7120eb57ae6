/* SPDX-License-Identifier: BSD-2-Clause */
/* session_targets.c - from the options to measured processes */
#include <errno.h>
#include <unistd.h>

#include "collector.h"
#include "errors.h"
#include "launch.h"
#include "log.h"
#include "proc.h"
#include "session_impl.h"
#include "util.h"

/* The command stands still: is there a CPython in it now? */
static bool on_launch_try(void *ctx, pid_t pid)
{
	struct session *s = ctx;
	struct sbuf why = { 0 };
	int err = collector__add(s->c, pid, &why);

	if (err == -ENOTSUP || err == -EBADE)
		pr_warn("%s\n", sbuf__str(&why));
	else if (err && err != -ENOEXEC && err != -EALREADY)
		pr_verb("%s\n", sbuf__str(&why));
	sbuf__free(&why);
	return err != -ENOEXEC;
}

static int add_all(struct session *s)
{
	__cleanup(freep) uint32_t *pids = NULL;
	ssize_t n = proc__pids(&pids);

	for (ssize_t i = 0; i < n; i++) {
		struct sbuf why = { 0 };

		if ((pid_t)pids[i] != getpid())
			collector__add(s->c, (pid_t)pids[i], &why);
		sbuf__free(&why);
	}
	return 0;
}

/* Children that are there already, with -s. */
static void add_children(struct session *s, pid_t parent)
{
	__cleanup(freep) uint32_t *pids = NULL;
	ssize_t n = proc__pids(&pids);

	for (ssize_t i = 0; i < n; i++) {
		struct sbuf why = { 0 };

		if (proc__parent((pid_t)pids[i]) == parent) {
			collector__add(s->c, (pid_t)pids[i], &why);
			add_children(s, (pid_t)pids[i]);
		}
		sbuf__free(&why);
	}
}

int session__add_targets(struct session *s)
{
	bool follow = s->o->subprocesses == 1;

	if (s->o->all)
		return add_all(s);
	if (s->o->command) {
		s->launch = launch__start(s->o->command, s->o->subprocesses != 0, s->command_out,
					  on_launch_try, s);
		if (!s->launch) {
			pr_warn("cannot start %s: %s\n", s->o->command[0], errstr(errno));
			return EXIT_RUNTIME;
		}
		launch__go(s->launch);
		return 0;
	}
	for (size_t i = 0; i < s->o->pid_cnt; i++) {
		struct sbuf why = { 0 };
		int err = collector__add(s->c, (pid_t)s->o->pids[i], &why);
		int code = 0;

		if (follow)
			add_children(s, (pid_t)s->o->pids[i]);
		if (err && err != -EALREADY && !(follow && collector__live_cnt(s->c)))
			code = errors__of_target(err, sbuf__str(&why), (pid_t)s->o->pids[i]);
		sbuf__free(&why);
		if (code)
			return code;
	}
	return 0;
}

unsigned int session__thread_cnt(const struct opts *o)
{
	unsigned int n = 0;

	for (size_t i = 0; i < o->pid_cnt; i++) {
		__cleanup(freep) uint32_t *tids = NULL;
		ssize_t cnt = proc__tids((pid_t)o->pids[i], &tids);

		n += cnt > 0 ? (unsigned int)cnt : 0;
	}
	return n;
}
