/* SPDX-License-Identifier: BSD-2-Clause */
/* session_live.c - the live view in the session's loop */
#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "collector.h"
#include "doctor.h"
#include "errors.h"
#include "log.h"
#include "model.h"
#include "session_impl.h"
#include "timeline.h"
#include "tui.h"
#include "util.h"

/* Spans kept for the timeline: some minutes at a busy service's pace, 3 MB. */
#define SPANS_MAX 60000
/* Shorter states do not show in a cell of some milliseconds. */
#define SPAN_MIN_NS 50000
/* The first picture comes soon, the following ones at the interval. */
#define FIRST_NS 300000000

struct live {
	struct tui *tui;
	struct timeline *timeline;
	struct snapshot *interval, *total; /* on the screen now */
	bool spans;
};

bool session__is_live(const struct opts *o)
{
	return o->verb == VERB_TOP && !o->batch && !o->json && !o->output && isatty(STDIN_FILENO) &&
	       isatty(STDOUT_FILENO);
}

static struct tui_opts tui_opts(const struct opts *o)
{
	const char *no_color = getenv("NO_COLOR");
	bool plain = o->color == COLOR_NEVER || (o->color == COLOR_AUTO && no_color && *no_color);

	return (struct tui_opts){
		.ascii = o->no_unicode,
		.colours = plain ? TUI_COLOURS_NONE : TUI_COLOURS_AUTO,
		.interval_ns = o->interval_ns,
		.sort = o->sort,
	};
}

int session__live_start(struct session *s)
{
	struct tui_opts to = tui_opts(s->o);
	struct live *l = calloc(1, sizeof(*l));

	if (!l)
		return errors__out_of_memory();
	l->timeline = timeline__new(SPANS_MAX);
	l->tui = l->timeline ? tui__new(&to) : NULL;
	if (!l->tui) {
		int err = errno;

		timeline__free(l->timeline);
		free(l);
		pr_warn("no live view on this terminal (TERM=%s): %s; try -b\n",
			getenv("TERM") ? getenv("TERM") : "", errstr(err));
		return EXIT_RUNTIME;
	}
	s->live = l;
	if (session__watch(s, STDIN_FILENO, SRC_INPUT) ||
	    session__arm_refresh(s, s->o->interval_ns < FIRST_NS ? s->o->interval_ns : FIRST_NS,
				 s->o->interval_ns))
		return EXIT_RUNTIME;
	return 0;
}

/* Spans are streamed only while somebody looks at the timeline. */
static void want_spans(struct session *s)
{
	bool want = tui__wants_spans(s->live->tui);

	if (want == s->live->spans)
		return;
	s->live->spans = want;
	if (want)
		timeline__restart(s->live->timeline, now_ns(), SPAN_MIN_NS);
	collector__want_spans(s->c, want ? SPAN_MIN_NS : 0);
}

void session__live_refresh(struct session *s)
{
	struct live *l = s->live;
	struct snapshot *interval, *total;

	if (collector__refresh(s->c)) {
		s->done = "an error";
		return;
	}
	if (tui__is_paused(l->tui))
		return;
	interval = model__snapshot(collector__model(s->c), MODEL_INTERVAL);
	total = model__snapshot(collector__model(s->c), MODEL_TOTAL);
	model__mark(collector__model(s->c));
	if (!interval || !total) {
		snapshot__free(interval);
		snapshot__free(total);
		return;
	}
	tui__update(l->tui, interval, total, l->timeline);
	snapshot__free(l->interval);
	snapshot__free(l->total);
	l->interval = interval;
	l->total = total;
	want_spans(s);
	s->refresh_cnt++;
	if (s->o->iterations && s->refresh_cnt >= s->o->iterations)
		s->done = "iterations";
}

void session__live_input(struct session *s)
{
	enum tui_action a;

	while (!s->done && (a = tui__input(s->live->tui)) != TUI_NONE) {
		switch (a) {
		case TUI_QUIT: s->done = "quit"; break;
		case TUI_RESET:
			model__reset(collector__model(s->c));
			session__live_refresh(s);
			break;
		case TUI_INTERVAL_CHANGED:
			session__arm_refresh(s, tui__interval_ns(s->live->tui),
					     tui__interval_ns(s->live->tui));
			break;
		case TUI_SUSPEND:
			tui__suspend(s->live->tui);
			raise(SIGSTOP);
			tui__resume(s->live->tui);
			break;
		case TUI_PICK_PID:
			s->pick_again = true;
			s->done = "another process";
			break;
		default: break;
		}
	}
	want_spans(s);
}

void session__live_resize(struct session *s)
{
	tui__resize(s->live->tui);
}

int session__live_draw(struct session *s)
{
	int ms = tui__draw(s->live->tui);

	return ms ? ms : -1;
}

void session__live_span(struct session *s, const struct gt_note *n)
{
	struct tl_span span = {
		.start_ns = n->start_ns,
		.end_ns = n->end_ns,
		.gil = n->gil,
		.tgid = n->tgid,
		.tid = n->tid,
		.state = (enum gt_state)n->state,
	};

	if (s->live)
		timeline__add(s->live->timeline, &span);
}

void session__live_ended(struct session *s, pid_t pid)
{
	char line[64];

	if (!s->live)
		return;
	snprintf(line, sizeof(line), "pid %d has ended", pid);
	tui__message(s->live->tui, line);
}

void session__live_stop(struct session *s)
{
	struct live *l = s->live;

	if (!l)
		return;
	tui__free(l->tui);
	timeline__free(l->timeline);
	snapshot__free(l->interval);
	snapshot__free(l->total);
	free(l);
	s->live = NULL;
}

int64_t session__live_pick(const struct opts *o)
{
	struct tui_opts to = tui_opts(o);
	struct python_list list;
	struct tui_pick *picks;
	int64_t pid;

	if (doctor__pythons(&list))
		return -errors__out_of_memory();
	picks = calloc(list.cnt + 1, sizeof(*picks));
	for (size_t i = 0; picks && i < list.cnt; i++)
		picks[i] = (struct tui_pick){ list.p[i].pid, list.p[i].version, list.p[i].comm,
					      list.p[i].cmdline };
	if (!picks)
		pid = -EXIT_RUNTIME;
	else if (!list.cnt) {
		pr_warn("no Python process %s\n",
			geteuid() ? "that this user may look into: try sudo giltop"
				  : "on this machine");
		pid = -EXIT_NO_TARGET;
	} else {
		pid = tui__pick(&to, picks, list.cnt);
		if (pid < 0) {
			pr_warn("cannot show the list on this terminal: %s\n", errstr((int)pid));
			pid = -EXIT_RUNTIME;
		}
	}
	free(picks);
	free(list.p);
	return pid;
}
