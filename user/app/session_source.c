/* SPDX-License-Identifier: BSD-2-Clause */
/* session_source.c - where the records of a run come from, and what the run itself wants to know of them */
#include "user/app/recorder.h"
#include "user/app/session_impl.h"
#include "user/base/log.h"
#include "user/base/sbuf.h"
#include "user/base/util.h"
#include "user/model/model.h"
#include "user/source/collector.h"
#include "user/target/failure.h"
#include "user/view/formats.h"
#include "user/view/view.h"

static void on_ended(struct session *s, const struct record *r)
{
	s->live_cnt--;
	/* A recording in a file does not show why it is shorter than asked for. */
	if (s->o->verb == VERB_RECORD && !r->end.by_exec)
		pr_info("pid %u has ended\n", r->pid);
	else
		pr_verb("pid %u %s\n", r->pid,
			r->end.by_exec ? "runs another program now" : "has ended");
	if (!r->end.by_exec)
		session__live_ended(s, (pid_t)r->pid);
}

static int take(struct sink *sink, const struct record *r)
{
	struct session *s = (struct session *)sink;

	if (r->kind == REC_PROC_START) {
		s->live_cnt++;
		if (s->begun)
			pr_verb("pid %u is measured too\n", r->pid);
	} else if (r->kind == REC_PROC_END) {
		on_ended(s, r);
	} else if (r->kind == REC_TRIGGER) {
		session_trigger__take(s, r);
	}
	if (!s->view_err)
		s->view_err = view__take(s->view, r);
	return 0;
}

/* One look is over before there is anything to choose by, and is to say who holds. */
static enum collector_mode mode_of(const struct opts *o)
{
	if (o->verb == VERB_DUMP && o->mode == COLLECT_AUTO)
		return COLLECT_EXACT;
	return (enum collector_mode)o->mode;
}

/* So many processes may each have probes of their own. */
#define SHARE_FROM 4

/* Of -a. */
static bool wants(void *ctx, pid_t pid)
{
	return session__wants(ctx, pid);
}

int session__open_source(struct session *s)
{
	struct collector_opts co = {
		.attach = s->o->attach,
		.thread_cnt = session__thread_cnt(s->o),
		.proc_cnt = session__proc_cnt(s->o),
		.stacks = !s->o->no_stacks && opts__format(s->o)->bits & FORMAT_STACKS,
		.sched = s->o->sched,
		.events = opts__records(s->o) || opts__format(s->o)->bits & FORMAT_STATES,
		.look_at_all = s->o->verb == VERB_DUMP,
		.mode = mode_of(s->o),
		.max_overhead_pct = s->o->max_overhead_pct,
		.min_hold_ns = s->o->min_hold_ns,
		.interval_ns = s->o->view.interval_ns,
		.command = s->o->words,
		.on_wait_ns = s->o->on_wait_ns,
		.on_hold_ns = s->o->on_hold_ns,
		.trigger_no = &s->triggers.no
	};
	__cleanup(sbuf__free) struct sbuf why = { 0 };
	enum failure f;

	if (proc_filter__is_set(&s->o->filter)) {
		co.wants = wants;
		co.wants_ctx = s;
		/* Whom nobody asked for is not to pay each time that he takes the GIL. */
		co.share = co.mode != COLLECT_EXACT && co.max_overhead_pct > 0;
	} else {
		co.share = s->o->all || s->follow.mode == FOLLOW_YES || s->o->pid_cnt > SHARE_FROM;
		co.adopt_all = s->o->all;
	}
	co.say_share = !s->o->command;
	if (s->o->all)
		co.follow = GT_FOLLOW_ALL;
	else if (s->follow.mode == FOLLOW_YES)
		co.follow = GT_FOLLOW_CHILDREN;
	else if (s->follow.mode == FOLLOW_AUTO)
		co.follow = GT_FOLLOW_TELL;
	s->sink.take = take;
	s->model = model__new();
	s->c = s->model ? collector__new(&co, &s->sinks) : NULL;
	if (!s->c || sinks__add(&s->sinks, model__sink(s->model)) || session_trigger__open(s) ||
	    sinks__add(&s->sinks, &s->sink))
		return failure__say(FAIL_NO_MEMORY, NULL, 0);
	s->src = collector__source(s->c);
	if (opts__records(s->o)) {
		int code;

		s->rec = recorder__new(s->o, &code);
		if (!s->rec)
			return code;
		if (sinks__add(&s->sinks, recorder__sink(s->rec)))
			return failure__say(FAIL_NO_MEMORY, NULL, 0);
	}
	f = collector__load(s->c, &why);
	return f ? failure__say(f, sbuf__str(&why), 0) : 0;
}
