/* SPDX-License-Identifier: BSD-2-Clause */
/* session_live.c - the live view in the session's loop */
#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "tui/tui.h"
#include "user/app/doctor.h"
#include "user/app/session_impl.h"
#include "user/app/settings.h"
#include "user/base/log.h"
#include "user/base/sbuf.h"
#include "user/base/util.h"
#include "user/model/model.h"
#include "user/picture/timeline.h"
#include "user/source/source.h"
#include "user/target/failure.h"
#include "user/view/summary.h"
#include "user/view/view.h"

/* Spans kept for the timeline: some minutes at a busy service's pace, 3 MB. */
#define SPANS_MAX 60000
/* Shorter states do not show in a cell of some milliseconds. */
#define SPAN_MIN_NS   50000
#define SPANS_KEEP_NS 20000000000u
/* A record of the JSON that key w writes; there are two in it. */
#define SCREEN_JSON_MAX 90000
/* The first picture comes soon, the following ones at the interval. */
#define FIRST_NS 300000000

struct live {
	struct tui *tui;
	struct timeline *timeline;
	struct snapshot *interval, *total; /* on the screen now */
	bool total_whole;		   /* it has pairs and stacks, too */
	bool spans;
	uint64_t seen_ns; /* the timeline was last seen */
};

bool session__is_live(const struct opts *o)
{
	return (o->verb == VERB_TOP || o->verb == VERB_REPORT) && !o->batch && !o->json &&
	       !o->output && !tui__can_run();
}

/* The command line wins over the settings. quiet: their faults were said before. */
static struct tui_opts tui_opts(const struct opts *o, bool quiet)
{
	const char *no_color = getenv("NO_COLOR");
	bool plain = o->color == COLOR_NEVER || (o->color == COLOR_AUTO && no_color && *no_color);
	struct tui_settings saved, set;

	settings__load(&saved, quiet);
	set = saved;
	if (o->color == COLOR_ALWAYS && set.scheme == TUI_SCHEME_MONO)
		set.scheme = TUI_SCHEME_AUTO;
	if (opts__said(o, "group"))
		set.group = o->view.group;
	set.my_code |= o->view.my_code;
	set.mouse |= o->mouse;

	return (struct tui_opts){
		.ascii = o->no_unicode,
		.plain = plain,
		.settings = set,
		.saved = saved,
		.interval_ns = o->view.interval_ns,
		.sort = o->view.sort,
		.tids = o->view.tids,
		.tid_cnt = o->view.tid_cnt,
		.limit = o->view.limit,
		.triggers = { o->on_wait_ns, o->on_hold_ns, o->on_delay_pct },
	};
}

int session__live_open(struct session *s)
{
	struct tui_opts to = tui_opts(s->o, false);
	struct live *l = calloc(1, sizeof(*l));

	if (!l)
		return failure__say(FAIL_NO_MEMORY, NULL, 0);
	s->live = l;
	l->timeline = timeline__new(SPANS_MAX);
	l->tui = l->timeline ? tui__new(&to) : NULL;
	if (!l->tui) {
		pr_warn("no live view on this terminal (TERM=%s): %s; try -b\n",
			getenv("TERM") ? getenv("TERM") : "", errstr(errno));
		return EXIT_RUNTIME;
	}
	session__live_events(s);
	if (sinks__add(&s->sinks, timeline__sink(l->timeline)))
		return failure__say(FAIL_NO_MEMORY, NULL, 0);
	return session__watch(s, STDIN_FILENO, FD_INPUT) ? EXIT_RUNTIME : 0;
}

int session__live_start(struct session *s)
{
	int code = session__live_open(s);

	if (code)
		return code;
	/* The first interval starts here. */
	if (!s->src->ops->refresh(s->src))
		session__mark(s, false, false);
	return session__arm_refresh(
		       s, s->o->view.interval_ns < FIRST_NS ? s->o->view.interval_ns : FIRST_NS,
		       s->o->view.interval_ns)
		       ? EXIT_RUNTIME
		       : 0;
}

/* Files of the shown moment: the screen as text with the summary since the start, and its numbers as JSON lines (the interval, and all
 * since the start). Picks names that are not taken.
 */
static void snapshot_names(struct sbuf *txt, struct sbuf *json)
{
	time_t now = time(NULL);
	struct tm tm;
	char stamp[32];

	localtime_r(&now, &tm);
	strftime(stamp, sizeof(stamp), "%Y%m%d-%H%M%S", &tm);
	for (int i = 0; i < 100; i++) {
		sbuf__reset(txt);
		sbuf__reset(json);
		sbuf__printf(txt, i ? "giltop-%s-%d.txt" : "giltop-%s.txt", stamp, i);
		sbuf__printf(json, i ? "giltop-%s-%d.json" : "giltop-%s.json", stamp, i);
		if (access(sbuf__str(txt), F_OK) && access(sbuf__str(json), F_OK))
			return;
	}
}

static int put_text(const struct session *s, FILE *f)
{
	__cleanup(sbuf__free) struct sbuf text = { 0 };

	tui__text(s->live->tui, &text);
	if (s->live->total) {
		sbuf__puts(&text, "\n");
		summary__put(s->live->total, &s->o->view, SUMMARY_TEXT, &text);
	}
	return text.oom || fputs(sbuf__str(&text), f) == EOF ? -EIO : 0;
}

static int put_json(const struct session *s, FILE *f)
{
	struct snapshot first = *s->live->total;
	struct view_opts o = s->o->view;
	struct view *v = view_json__new(f, &o);
	int err;

	o.interval_ns = tui__interval_ns(s->live->tui);
	o.max_bytes = SCREEN_JSON_MAX;
	first.now_ns = first.start_ns;
	err = v ? view__begin(v, &first) : -ENOMEM;
	if (!err)
		err = view__interval(v, s->live->interval);
	if (!err)
		err = v->ops->end(v, s->live->total, NULL);
	view__free(v);
	return err;
}

static int write_file(const struct session *s, const struct sbuf *path,
		      int (*put)(const struct session *s, FILE *f))
{
	struct opts o = { .output = sbuf__str(path) };
	struct output out = { 0 };

	if (output__open(&out, &o))
		return -EIO;
	return output__close(&out, put(s, out.f));
}

static void write_snapshot(struct session *s)
{
	__cleanup(sbuf__free) struct sbuf txt = { 0 }, json = { 0 }, say = { 0 };
	bool data = s->live->interval && s->live->total;

	snapshot_names(&txt, &json);
	if (write_file(s, &txt, put_text) || (data && write_file(s, &json, put_json)))
		sbuf__printf(&say, "cannot write %s (why is said at the end)", sbuf__str(&txt));
	else if (data)
		sbuf__printf(&say, "written: %s, %s", sbuf__str(&txt), sbuf__str(&json));
	else
		sbuf__printf(&say, "written: %s", sbuf__str(&txt));
	tui__message(s->live->tui, sbuf__str(&say));
}

static void save_settings(struct session *s)
{
	__cleanup(sbuf__free) struct sbuf path = { 0 }, say = { 0 };
	int err = settings__save(tui__settings(s->live->tui), &path);

	if (err)
		sbuf__printf(&say, "settings are for this run only: cannot write %s: %s",
			     sbuf__str(&path), errstr(err));
	else
		sbuf__printf(&say, "settings: %s", sbuf__str(&path));
	tui__message(s->live->tui, sbuf__str(&say));
}

/* Spans are streamed only while somebody looks at the timeline, and some seconds longer: who comes back
 * from a look at another screen finds it as it was.
 */
static void want_spans(struct session *s)
{
	struct live *l = s->live;
	bool want = tui__wants_spans(l->tui);
	uint64_t now = now_ns();

	if (s->playing) /* of a recording they are always wanted: what is past is looked at */
		return;
	if (want)
		l->seen_ns = now;
	else if (l->spans && now < l->seen_ns + SPANS_KEEP_NS)
		return;
	if (want == l->spans)
		return;
	l->spans = want;
	if (want)
		timeline__restart(l->timeline, now, SPAN_MIN_NS);
	s->src->ops->want_spans(s->src, want ? SPAN_MIN_NS : 0);
}

/* Since the start, as it is to be shown: whole, or without what is not on the screen. NULL: no memory. */
static struct snapshot *total_for(const struct session *s, bool whole)
{
	struct snapshot *snap = whole ? model__snapshot(s->model, MODEL_TOTAL)
				      : model__snapshot_brief(s->model, MODEL_TOTAL);

	if (!snap)
		return NULL;
	snap->self_level = s->self.limit.level;
	if (tui__my_code(s->live->tui))
		snapshot__my_code(snap, true);
	return snap;
}

/* Now all of it is asked for. Without memory it stays as it is. */
static void complete_total(struct session *s)
{
	struct live *l = s->live;
	struct snapshot *total = l->total && !l->total_whole ? total_for(s, true) : NULL;

	if (!total)
		return;
	tui__set_total(l->tui, total);
	snapshot__free(l->total);
	l->total = total;
	l->total_whole = true;
}

uint64_t session__live_interval_ns(const struct session *s)
{
	return tui__interval_ns(s->live->tui);
}

void session__live_restart(struct session *s, uint64_t known_from_ns)
{
	timeline__restart(s->live->timeline, known_from_ns, SPAN_MIN_NS);
	s->src->ops->want_spans(s->src, SPAN_MIN_NS);
	tui__forget(s->live->tui);
}

const struct snapshot *session__live_picture(const struct session *s)
{
	return s->live->interval;
}

struct tui *session__live_tui(const struct session *s)
{
	return s->live->tui;
}

bool session__live_show(struct session *s)
{
	return !tui__is_paused(s->live->tui) && session__live_put(s);
}

bool session__live_put(struct session *s)
{
	struct live *l = s->live;
	struct snapshot *interval, *total;
	bool whole;

	interval = model__snapshot(s->model, MODEL_INTERVAL);
	whole = tui__wants_totals(l->tui);
	total = total_for(s, whole);
	if (interval)
		session_trigger__interval(s, interval);
	session__mark(s, false, false);
	if (!interval || !total) {
		snapshot__free(interval);
		snapshot__free(total);
		return false;
	}
	interval->self_level = s->self.limit.level;
	if (tui__my_code(l->tui))
		snapshot__my_code(interval, true);
	tui__update(l->tui, interval, total, l->timeline);
	snapshot__free(l->interval);
	snapshot__free(l->total);
	l->interval = interval;
	l->total = total;
	l->total_whole = whole;
	want_spans(s);
	return true;
}

/* The pictures on the screen, which may be paused, are those of the other way, too. */
static void change_my_code(struct live *l)
{
	if (!l->interval || !l->total)
		return;
	snapshot__my_code(l->interval, tui__my_code(l->tui));
	snapshot__my_code(l->total, tui__my_code(l->tui));
	tui__update(l->tui, l->interval, l->total, l->timeline);
}

void session__live_input(struct session *s)
{
	enum tui_action a;

	while (!s->done && (a = tui__input(s->live->tui)) != TUI_NONE) {
		switch (a) {
		case TUI_QUIT: s->done = "quit"; break;
		case TUI_RESET:
			session__mark(s, false, true);
			session__refresh(s);
			break;
		case TUI_INTERVAL_CHANGED:
			session__arm_refresh(s, session_self__interval_ns(s),
					     session_self__interval_ns(s));
			break;
		case TUI_SUSPEND:
			tui__suspend(s->live->tui);
			raise(SIGSTOP);
			tui__resume(s->live->tui);
			break;
		case TUI_WRITE:
			complete_total(s);
			write_snapshot(s);
			break;
		/* What is paused is of that moment, whatever is asked for later. */
		case TUI_PAUSE_CHANGED:
		case TUI_TOTALS_CHANGED: complete_total(s); break;
		case TUI_MY_CODE: change_my_code(s->live); break;
		case TUI_SETTINGS: save_settings(s); break;
		case TUI_PICK_PID:
			if (s->launch) { /* it is traced until it is found: stay with it */
				tui__message(s->live->tui, "a command was started: q leaves it");
				break;
			}
			s->pick_again = true;
			s->done = "another process";
			break;
		default: break;
		}
		if (s->playing)
			session__play_on(s);
	}
	want_spans(s);
}

void session__live_events(struct session *s)
{
	tui__events(s->live->tui, s->triggers.list);
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

void session__live_ended(struct session *s, pid_t pid)
{
	char line[64];

	if (!s->live)
		return;
	snprintf(line, sizeof(line), "pid %d has ended", pid);
	tui__message(s->live->tui, line);
}

void session__live_say(struct session *s, const char *text)
{
	tui__message(s->live->tui, text);
}

void session__live_stop(struct session *s)
{
	struct live *l = s->live;

	if (!l)
		return;
	tui__free(l->tui);
	if (l->timeline) /* the source goes on sending, at its end */
		sinks__remove(&s->sinks, timeline__sink(l->timeline));
	timeline__free(l->timeline);
	snapshot__free(l->interval);
	snapshot__free(l->total);
	free(l);
	s->live = NULL;
}

int64_t session__live_pick(const struct opts *o)
{
	struct tui_opts to = tui_opts(o, true);
	struct python_list list;
	struct tui_pick *picks;
	int64_t pid;

	if (doctor__pythons(&list))
		return -failure__say(FAIL_NO_MEMORY, NULL, 0);
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
