/* SPDX-License-Identifier: BSD-2-Clause */
/* session_show.c - what the view is given: pictures of intervals, marks between them, the summary */
#include <errno.h>
#include <inttypes.h>
#include <unistd.h>

#include "user/app/checks.h"
#include "user/app/launch.h"
#include "user/app/session_impl.h"
#include "user/base/log.h"
#include "user/base/put.h"
#include "user/model/model.h"
#include "user/source/source.h"
#include "user/target/failure.h"
#include "user/view/formats.h"
#include "user/view/view.h"

void session__mark(struct session *s, bool first, bool reset)
{
	struct record r = { .kind = REC_MARK, .mark = { .first = first, .reset = reset } };

	sinks__send(&s->sinks, &r);
}

void session__mark_unseen(struct session *s)
{
	struct record r = { .kind = REC_MARK, .mark = { .unseen = true } };

	sinks__send(&s->sinks, &r);
}

/* To those who keep what a run was. */
void session__send_end(struct session *s)
{
	struct record r = { .kind = REC_END, .run_end = { s->done, s->hint } };

	sinks__send(&s->sinks, &r);
}

/* A picture as the views are to see it. NULL: no memory. */
struct snapshot *session__picture(const struct session *s, int span)
{
	struct snapshot *snap = model__snapshot(s->model, (enum model_span)span);

	if (snap && s->o->view.my_code)
		snapshot__my_code(snap, true);
	if (snap)
		snap->self_level = s->self.limit.level;
	return snap;
}

void session__begin(struct session *s)
{
	struct snapshot *snap;

	if (s->begun || s->src->ops->refresh(s->src))
		return;
	snap = session__picture(s, MODEL_INTERVAL);
	if (!snap)
		return;
	s->view_err = view__begin(s->view, snap);
	s->begun = true;
	snapshot__free(snap);
	session__mark(s, true, false);
	session_trigger__begun(s);
}

bool session__show(struct session *s)
{
	struct snapshot *snap = session__picture(s, MODEL_INTERVAL);

	if (snap)
		session_trigger__interval(s, snap);
	session__mark(s, false, false);
	if (!snap)
		return false;
	s->view_err = view__interval(s->view, snap);
	snapshot__free(snap);
	return true;
}

/* What a recording says while it is made goes to stdout, -o is the recording's. */
int session__open_output(struct session *s)
{
	struct opts to_stdout = *s->o;

	if (opts__format(s->o)->bits & FORMAT_EVENTS) /* nothing */
		return 0;
	if (!s->rec || s->o->verb != VERB_RECORD)
		return output__open(&s->out, s->o);
	to_stdout.output = NULL;
	return output__open(&s->out, &to_stdout);
}

/* What the command has printed while the screen was up, and not been shown yet. */
void session__show_command_output(struct session *s)
{
	char buf[4096];
	size_t done;
	ssize_t n;
	int err = 0;

	while (s->command_out >= 0 && !err &&
	       (n = pread(s->command_out, buf, sizeof(buf), s->command_shown)) > 0) {
		err = put__all(STDOUT_FILENO, buf, (size_t)n, &done);
		s->command_shown += (off_t)done;
	}
}

int session__summary(struct session *s)
{
	struct snapshot *snap;
	int code;

	model__leave_out_pairs(s->model, false); /* in the last one they are */
	snap = session__picture(s, MODEL_TOTAL);
	if (!snap) {
		s->view_err = -ENOMEM; /* what is there is not whole */
		return EXIT_RUNTIME;
	}
	if (!snap->proc_cnt && s->launch && !launch__failed(s->launch))
		pr_info("%s: no CPython was seen\n", s->o->command[0]);
	session__show_command_output(s); /* what it means is said last */
	if (!s->view_err && opts__format(s->o)->bits & FORMAT_ONLY_STACKS &&
	    !snapshot__has_stacks(snap)) {
		pr_warn("there are no stacks (--no-stacks?), and %s is made of them\n",
			opts__format(s->o)->name);
		s->view_err = -ECANCELED;
	}
	if (!s->view_err)
		s->view_err = s->view->ops->end(s->view, snap, s->done);
	if (snap->dropped_cnt && !(opts__format(s->o)->bits & FORMAT_DROPPED))
		pr_warn("%" PRIu64 " processes that ended long ago are not in it: too many\n",
			snap->dropped_cnt);
	s->span_ns = snap->now_ns - snap->start_ns;
	code = checks__judge(&s->o->checks, NULL, snap, NULL);
	if (snap->lost_ever > s->o->max_loss)
		code = EXIT_LOST;
	snapshot__free(snap);
	return code;
}
