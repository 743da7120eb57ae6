/* SPDX-License-Identifier: BSD-2-Clause */
/* session_follow.c - whose children are measured
 *
 * A supervisor (gunicorn's or uWSGI's master, the parent of a multiprocessing pool) has no Python load of its own: what
 * is looked for is in its children. With "auto" giltop looks some moments after the start whether the named process has
 * children that are Pythons. If it has hardly used its GIL meanwhile, they are measured, and those that come later; if it
 * is busy it stays alone, and what -s would measure is said. A process without children costs one look at /proc; until
 * it is known, the kernel tells of forks of the measured processes alone, and each starts some looks more.
 */
#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <unistd.h>

#include "user/app/session_impl.h"
#include "user/base/log.h"
#include "user/base/proc.h"
#include "user/base/sbuf.h"
#include "user/base/util.h"
#include "user/model/model.h"
#include "user/picture/snapshot.h"
#include "user/source/collector.h"
#include "user/source/source.h"

/* The first look, with some Python from then on if there is any load. */
#define FIRST_LOOK_NS 300000000
/* A busy one gets a second chance after this; without children a look costs more than it is worth: less and less often. */
#define LOOK_NS	    1000000000
#define LOOK_MAX_NS 10000000000
#define LOOKS_BUSY  2
#define LOOKS_FORK  3 /* after a fork: it may execute a Python yet */
/* GIL held and waited for: idle is below 1 / this of the time, or so little, in a look of some milliseconds (dump). */
#define IDLE_SHARE 50
#define IDLE_NS	   2000000
/* Named in a sentence. */
#define NAMED_MAX 8

enum follow_mode session__follow_mode(const struct opts *o)
{
	if (o->all) /* they are measured all the same */
		return FOLLOW_NO;
	if (o->command)
		return o->subprocesses == FOLLOW_NO ? FOLLOW_NO : FOLLOW_YES;
	if (o->subprocesses >= 0)
		return (enum follow_mode)o->subprocesses;
	return session__is_live(o) ? FOLLOW_AUTO : FOLLOW_NO;
}

static void say(struct session *s, const struct sbuf *text)
{
	if (s->live)
		session__live_say(s, sbuf__str(text));
	else
		pr_info("%s\n", sbuf__str(text));
}

/* Of this process: how many children -s would measure; the first ones, in words, to out (may be NULL). */
static size_t count_children(struct session *s, pid_t pid, size_t before, struct sbuf *out)
{
	__cleanup(freep) uint32_t *pids = NULL;
	ssize_t n = proc__descendants(pid, &pids);
	size_t cnt = 0;

	for (ssize_t i = 0; i < n; i++) {
		if ((pid_t)pids[i] == getpid() || !collector__can_measure(s->c, (pid_t)pids[i]))
			continue;
		if (out && before + cnt < NAMED_MAX)
			sbuf__printf(out, "%s%" PRIu32, before + cnt ? ", " : "", pids[i]);
		else if (out && before + cnt == NAMED_MAX)
			sbuf__puts(out, " ..");
		cnt++;
	}
	return cnt;
}

/* "2 Python children (4250, 4251): -s measures them"; nothing if there are none. */
static void say_children(struct session *s)
{
	__cleanup(sbuf__free) struct sbuf pids = { 0 }, text = { 0 };
	size_t cnt = 0;

	for (size_t i = 0; i < s->o->pid_cnt; i++)
		cnt += count_children(s, (pid_t)s->o->pids[i], cnt, &pids);
	if (!cnt)
		return;
	sbuf__printf(&text,
		     cnt == 1 ? "%zu Python child (%s): -s measures it"
			      : "%zu Python children (%s): -s measures them",
		     cnt, sbuf__str(&pids));
	snprintf(s->hint, sizeof(s->hint), "%s", sbuf__str(&text));
	say(s, &text);
}

void session__follow_on(struct session *s)
{
	s->follow.mode = FOLLOW_YES;
	collector__follow(s->c, GT_FOLLOW_CHILDREN);
}

static void say_measured(struct session *s, const char *what, size_t cnt)
{
	bool many = s->o->pid_cnt > 1;
	__cleanup(sbuf__free) struct sbuf text = { 0 };

	sbuf__printf(&text, "the supervisor%s %s %s: measuring %s ", many ? "s" : "",
		     many ? "are" : "is", what, many ? "their" : "its");
	if (cnt == 1)
		sbuf__puts(&text, "child");
	else
		sbuf__printf(&text, "%zu children", cnt);
	say(s, &text);
}

/* None of them: why was said of each. */
static void measure_children(struct session *s)
{
	size_t before = s->live_cnt;

	session__follow_on(s); /* first: who is forked meanwhile is told */
	for (size_t i = 0; i < s->o->pid_cnt; i++)
		session__add_children(s, (pid_t)s->o->pids[i]);
	if (s->live_cnt > before)
		say_measured(s, "idle", s->live_cnt - before);
	if (s->o->verb == VERB_DUMP) /* it has not looked at them yet */
		session__arm(s, &s->duration_fd, s->duration_ns, 0, FD_DURATION);
}

static int look_in(struct session *s, uint64_t ns)
{
	return session__arm(s, &s->follow.fd, ns, 0, FD_FOLLOW);
}

int session__follow_start(struct session *s)
{
	struct follow *f = &s->follow;
	uint64_t end_ns = s->duration_ns, first_ns = FIRST_LOOK_NS;

	if (s->o->command || s->o->all)
		return 0;
	if (f->mode == FOLLOW_YES && session__follow_mode(s->o) == FOLLOW_AUTO)
		say_measured(s, "no Python", s->live_cnt);
	if (f->mode == FOLLOW_NO && s->o->subprocesses < 0)
		say_children(s);
	if (f->mode != FOLLOW_AUTO)
		return 0;
	f->used_ns = calloc(s->o->pid_cnt, sizeof(*f->used_ns));
	if (!f->used_ns)
		return -ENOMEM;
	f->looks = 1;
	f->wait_ns = LOOK_NS;
	if (end_ns && end_ns / 2 < first_ns) /* there must be time left to measure them */
		first_ns = end_ns / 2;
	return look_in(s, first_ns);
}

void session__follow_forks(struct session *s)
{
	struct follow *f = &s->follow;

	if (f->mode != FOLLOW_AUTO || !collector__forked(s->c))
		return;
	if (!f->looks)
		look_in(s, f->wait_ns);
	f->looks = LOOKS_FORK;
}

/* What a process has had of its GILs since the start; 0: it is gone, or has not touched them. */
static uint64_t used_of(const struct snapshot *snap, uint32_t pid)
{
	uint64_t ns = 0;

	for (size_t i = 0; i < snap->proc_cnt; i++) {
		const struct snap_proc *p = &snap->procs[i];

		for (size_t g = 0; p->pid == pid && g < p->gil_cnt; g++)
			ns += snap_gil__about_held_ns(&p->gils[g], p->span_ns) + p->gils[g].wait_ns;
	}
	return ns;
}

/* Have all of the named processes that have children been idle since the last look? */
static bool are_idle(struct session *s, const bool *is_parent)
{
	struct snapshot *snap =
		s->src->ops->refresh(s->src) ? NULL : model__snapshot(s->model, MODEL_TOTAL);
	struct follow *f = &s->follow;
	uint64_t most;
	bool idle = true;

	if (!snap)
		return false;
	most = (snap->now_ns - (f->looked_ns > snap->start_ns ? f->looked_ns : snap->start_ns)) /
	       IDLE_SHARE;
	if (most < IDLE_NS)
		most = IDLE_NS;
	for (size_t i = 0; i < s->o->pid_cnt; i++) {
		uint64_t now = used_of(snap, s->o->pids[i]), before = f->used_ns[i];

		if (before > now) /* the totals were reset */
			before = 0;
		idle &= !is_parent[i] || now - before < most;
		f->used_ns[i] = now;
	}
	f->looked_ns = snap->now_ns;
	snapshot__free(snap);
	return idle;
}

void session__follow_look(struct session *s)
{
	__cleanup(freep) bool *is_parent = calloc(s->o->pid_cnt, sizeof(*is_parent));
	struct follow *f = &s->follow;
	bool any = false;

	session__drain_timer(f->fd);
	if (f->mode != FOLLOW_AUTO || !is_parent)
		return;
	f->looks -= f->looks > 0;
	for (size_t i = 0; i < s->o->pid_cnt; i++)
		any |= is_parent[i] = count_children(s, (pid_t)s->o->pids[i], 0, NULL);
	if (!any) {
		f->wait_ns = 2 * f->wait_ns < LOOK_MAX_NS ? 2 * f->wait_ns : LOOK_MAX_NS;
		if (f->looks)
			look_in(s, f->wait_ns);
	} else if (are_idle(s, is_parent)) {
		measure_children(s);
	} else if (++f->busy_cnt < LOOKS_BUSY &&
		   (!s->duration_ns || s->duration_ns > 2 * LOOK_NS)) {
		look_in(s, LOOK_NS);
	} else {
		f->mode = FOLLOW_NO;
		collector__follow(s->c, GT_FOLLOW_NONE);
		say_children(s);
	}
}
