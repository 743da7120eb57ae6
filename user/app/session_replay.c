/* SPDX-License-Identifier: BSD-2-Clause */
/* session_replay.c - a run that was: the same records go to the same model and views, and nothing is measured */
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#include "user/app/at.h"
#include "user/app/recording_words.h"
#include "user/app/session.h"
#include "user/app/session_impl.h"
#include "user/base/log.h"
#include "user/base/sbuf.h"
#include "user/base/units.h"
#include "user/base/util.h"
#include "user/model/model.h"
#include "user/picture/trigger_list.h"
#include "user/source/recording.h"
#include "user/target/failure.h"
#include "user/view/formats.h"
#include "user/view/view.h"

/* What the run wants of its own records. */
static int take(struct sink *sink, const struct record *r)
{
	struct session *s = (struct session *)sink;

	if (r->kind == REC_SELF)
		s->self.limit.level = (enum self_level)r->self.level;
	else if (r->kind == REC_TRIGGER)
		session_trigger__take(s, r);
	if (!s->view_err)
		s->view_err = view__take(s->view, r);
	return 0;
}

int session__open_recording(struct session *s)
{
	__cleanup(sbuf__free) struct sbuf why = { 0 };
	const char *path = s->o->files[0];
	int fd =
		strcmp(path, "-") ? open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY) : dup(STDIN_FILENO);

	if (fd < 0) {
		pr_warn("cannot read %s: %s\n", path, errstr(errno));
		return EXIT_RUNTIME;
	}
	s->played = recording__open(fd, path, &s->sinks, &why);
	if (!s->played) {
		pr_warn("%s\n", sbuf__str(&why));
		return EXIT_RUNTIME;
	}
	s->src = recording__source(s->played);
	s->sink.take = take;
	s->model = model__new();
	if (!s->model || sinks__add(&s->sinks, model__sink(s->model)) || session_trigger__open(s) ||
	    sinks__add(&s->sinks, &s->sink))
		return failure__say(FAIL_NO_MEMORY, NULL, 0);
	return 0;
}

static int open_view(struct session *s)
{
	const struct format *f = opts__format(s->o);

	s->view_opts = s->o->view;
	s->view_opts.hint = s->hint;
	if (recording__is_ring(s->played)) {
		s->view_opts.from_ns = recording__first_ns(s->played);
		s->view_opts.to_ns = recording__end_ns(s->played);
	}
	s->view = f->make(s->out.f, &s->view_opts);
	if (!s->view)
		return failure__say(FAIL_NO_MEMORY, NULL, 0);
	recording__want_events(s->played, f->bits & FORMAT_STATES);
	return 0;
}

/* Where they are not about what is shown, they are the run's, once that is known. */
static void complete_view_opts(struct session *s)
{
	s->view_opts.interval_ns = recording__interval_ns(s->played);
	s->view_opts.command = recording__command(s->played);
	s->view_opts.one_interval =
		recording__interval_cnt(s->played) == 2; /* its beginning is one */
}

/* What was told of in the interval that ends at this moment, oldest first. */
static void show_events(struct session *s, uint64_t from_ns, uint64_t to_ns)
{
	for (size_t i = trigger_list__cnt(s->triggers.list); i-- > 0;) {
		const struct trigger_event *e = trigger_list__at(s->triggers.list, i);

		if (e->t.at_ns > from_ns && e->t.at_ns <= to_ns && !s->view_err)
			s->view_err = view__event(s->view, e);
	}
}

static int new_model(struct session *s)
{
	session_trigger__close(s);
	model__free(s->model);
	s->model = model__new();
	s->sinks.cnt = 0;
	if (!s->model || sinks__add(&s->sinks, model__sink(s->model)) || session_trigger__open(s) ||
	    sinks__add(&s->sinks, &s->sink))
		return failure__say(FAIL_NO_MEMORY, NULL, 0);
	return 0;
}

int session__no_moment(const struct session *s, int err)
{
	__cleanup(sbuf__free) struct sbuf span = { 0 };

	if (recording__interval_cnt(s->played) == 0)
		pr_warn("--at needs a file that can be sought in\n");
	else if (err == -ENODATA)
		pr_warn("%s is damaged before that\n", s->o->files[0]);
	else if (err == -ERANGE) {
		recording_words__span(s->played, &span);
		pr_warn("--at %s is not in it: %s %s\n", s->o->at, s->o->files[0],
			sbuf__str(&span));
	} else
		pr_warn("cannot read %s: %s\n", s->o->files[0], errstr(err));
	return EXIT_RUNTIME;
}

/* The interval that this moment is in: of dump what is there at its end. */
static int show_moment(struct session *s)
{
	__cleanup(sbuf__free) struct sbuf when = { 0 };
	struct snapshot *snap;
	char since[UNITS_SZ];
	uint64_t at = 0;
	int err = at__find(s->o->at, s->played, &at), code;

	code = err ? 0 : new_model(s);
	if (code)
		return code;
	s->begun = false; /* what is told of on the way is not shown */
	if (!err)
		err = recording__seek(s->played, at, 0);
	s->begun = true;
	if (err)
		return session__no_moment(s, err);
	snap = session__picture(s, MODEL_INTERVAL);
	if (!snap)
		return failure__say(FAIL_NO_MEMORY, NULL, 0);
	recording_words__time(s->played, at, true, &when);
	pr_info("%s, %s after the start: the end of an interval\n", sbuf__str(&when),
		units__duration(at - recording__start_ns(s->played), since));
	show_events(s, snap->start_ns, snap->now_ns);
	snapshot__free(snap);
	if (s->o->verb != VERB_DUMP)
		session__show(s);
	s->done = "the moment";
	return session__summary(s);
}

/* To people, whatever is printed. */
static void say_what_it_is(const struct session *s)
{
	__cleanup(sbuf__free) struct sbuf span = { 0 };

	if (!recording__end_ns(s->played))
		return;
	recording_words__span(s->played, &span);
	pr_info("%s %s, of %s\n", s->o->files[0], sbuf__str(&span), recording__host(s->played));
}

static int show_all(struct session *s)
{
	int err = 0;

	while (!s->view_err && !(err = s->src->ops->refresh(s->src))) {
		if (recording__is_unseen(s->played))
			session__mark_unseen(s);
		else
			session__show(s);
	}
	if (err == -ENODATA)
		err = 0;
	if (model__since_mark_ns(s->model) && !s->view_err && !err)
		session__show(s);
	if (err) {
		pr_warn("cannot read %s: %s\n", s->o->files[0], errstr(err));
		return EXIT_RUNTIME;
	}
	s->done = recording__why(s->played);
	if (!s->done)
		s->done = "the recording ends";
	if (recording__hint(s->played))
		snprintf(s->hint, sizeof(s->hint), "%s", recording__hint(s->played));
	recording_words__say_cut(s->played, s->o->files[0]);
	return session__summary(s);
}

/* Up to the first mark, where every run begins. One that was killed before has none. */
static int begin(struct session *s)
{
	int err = open_view(s);
	struct snapshot *snap;

	if (err)
		return err;
	err = s->src->ops->refresh(s->src);
	if (err == -ENODATA && recording__now_ns(s->played))
		err = 0;
	if (err == -ENODATA)
		pr_warn("%s has no whole reading in it: giltop was killed as it began\n",
			s->o->files[0]);
	else if (err)
		pr_warn("cannot read %s: %s\n", s->o->files[0], errstr(err));
	if (err)
		return EXIT_RUNTIME;
	complete_view_opts(s);
	snap = session__picture(s, MODEL_INTERVAL);
	if (!snap)
		return failure__say(FAIL_NO_MEMORY, NULL, 0);
	s->view_err = view__begin(s->view, snap);
	s->begun = true;
	snapshot__free(snap);
	session__mark(s, true, false);
	session_trigger__begun(s);
	return 0;
}

int session__replay(const struct opts *o)
{
	struct session s = { .o = o,
			     .epfd = -1,
			     .refresh_fd = -1,
			     .duration_fd = -1,
			     .signal_fd = -1,
			     .command_out = -1 };
	int code;

	if (session__is_live(o))
		return session__play(o);
	code = session__open_recording(&s);
	if (!code)
		code = session__open_output(&s);
	if (!code)
		code = begin(&s);
	if (!code)
		code = o->at ? show_moment(&s) : show_all(&s);
	if (s.begun && !o->at)
		say_what_it_is(&s);
	view__free(s.view);
	s.view = NULL;
	if (code && !s.done)
		output__discard(&s.out);
	if (output__close(&s.out, s.view_err) && !code)
		code = EXIT_RUNTIME;
	else if (opts__converts(o) && s.span_ns)
		output__say(&s.out, o, s.span_ns);
	session_trigger__close(&s);
	model__free(s.model);
	if (s.played)
		s.src->ops->free(s.src);
	return code;
}
