/* SPDX-License-Identifier: BSD-2-Clause */
/* session_player.c - the live view over a recording: giltop report FILE on a terminal
 *
 * The same screens and keys as over what is measured, and a clock that the user turns: tui/player.h says what is due,
 * playback.h brings the model there, and the picture is made and marked as live (session__live_put). Nothing is measured, so
 * this has a loop of its own: keys, signals, the next interval that is due.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/stat.h>
#include <unistd.h>

#include "tui/tui.h"
#include "user/app/at.h"
#include "user/app/playback.h"
#include "user/app/session_impl.h"
#include "user/base/log.h"
#include "user/base/sbuf.h"
#include "user/base/units.h"
#include "user/base/util.h"
#include "user/books/trigger.h"
#include "user/picture/snapshot.h"
#include "user/picture/trigger_list.h"
#include "user/source/recording.h"
#include "user/source/source.h"
#include "user/target/failure.h"

/* What the timeline has of the time before a moment that was gone to. */
#define SPANS_BACK_NS 60000000000u
/* A trigger that goes on and the same when it is over are not far from each other. */
#define SAME_WITHIN 256

struct playing {
	struct session s;
	struct opts o; /* with the recording's own interval */
	struct recording *r;
	struct playback b;
	struct playback_user user;
	struct player_file file;
	uint64_t *trigger_ns; /* by time; file has them */
};

static void fresh(void *ctx, uint64_t known_from_ns)
{
	struct playing *p = ctx;

	trigger_list__clear(p->s.triggers.list);
	if (p->s.live)
		session__live_restart(&p->s,
				      recording__has_events(p->r) ? known_from_ns : UINT64_MAX);
}

static void pass(void *ctx, const struct snapshot *interval)
{
	struct playing *p = ctx;

	if (p->s.live)
		tui__pass(session__live_tui(&p->s), interval);
}

static void see(void *ctx, const struct record *r)
{
	struct playing *p = ctx;

	if (r->kind == REC_PROC_END && !r->end.by_exec)
		session__live_ended(&p->s, (pid_t)r->pid);
	if (r->kind == REC_TRIGGER && p->s.live)
		session__live_events(&p->s);
}

/* ---- triggers ---- */

static bool was_told(const struct recording *r, size_t i)
{
	const struct trigger *t = recording__trigger(r, i);

	for (size_t k = i; t->over && k-- > 0 && k + SAME_WITHIN > i;)
		if (recording__trigger(r, k)->no == t->no)
			return true;
	return false;
}

static int by_time(const void *a, const void *b)
{
	const uint64_t *x = a, *y = b;

	return *x < *y ? -1 : *x > *y;
}

static int list_triggers(struct playing *p)
{
	size_t n = recording__trigger_cnt(p->r);

	p->trigger_ns = calloc(n + 1, sizeof(*p->trigger_ns));
	if (!p->trigger_ns)
		return -ENOMEM;
	for (size_t i = 0; i < n; i++)
		if (!was_told(p->r, i))
			p->trigger_ns[p->file.trigger_cnt++] = playback__trigger_ns(p->r, i);
	qsort(p->trigger_ns, p->file.trigger_cnt, sizeof(*p->trigger_ns), by_time);
	p->file.trigger_ns = p->trigger_ns;
	return 0;
}

static const char *thread_name(const struct snapshot *s, uint32_t tid, char buf[32])
{
	for (size_t i = 0; s && i < s->proc_cnt; i++) {
		const struct snap_thread *t = snap_proc__thread(&s->procs[i], tid);

		if (t && *t->name)
			return t->name;
	}
	snprintf(buf, 32, "thread %u", tid);
	return buf;
}

static void put_trigger(const struct snapshot *s, const struct trigger *t, struct sbuf *out)
{
	char waiter[32], holder[32], ns[UNITS_SZ];

	units__duration(t->ns, ns);
	switch (t->kind) {
	case TRIGGER_WAIT:
		sbuf__printf(out, "%s has waited for %s", thread_name(s, t->waiter_tid, waiter),
			     ns);
		if (t->holder_tid)
			sbuf__printf(out, ", %s holds", thread_name(s, t->holder_tid, holder));
		break;
	case TRIGGER_HOLD:
		sbuf__printf(out, "%s has held the GIL for %s",
			     thread_name(s, t->holder_tid, holder), ns);
		if (t->waiter_tid)
			sbuf__printf(out, ", %s waits", thread_name(s, t->waiter_tid, waiter));
		break;
	case TRIGGER_DELAY:
		sbuf__printf(out, "%s lost %s of the interval to the GIL",
			     thread_name(s, t->waiter_tid, waiter), ns);
		break;
	case TRIGGER_SIGNAL: sbuf__puts(out, "SIGUSR1"); break;
	case TRIGGER_KEY: sbuf__puts(out, "key w"); break;
	default: sbuf__puts(out, "the end"); break;
	}
}

/* What was told of in the interval on the screen. */
static void say_triggers(struct playing *p, uint64_t from_ns, uint64_t to_ns)
{
	__cleanup(sbuf__free) struct sbuf text = { 0 };
	const struct snapshot *snap = session__live_picture(&p->s);
	size_t cnt = 0;

	for (size_t i = 0; i < recording__trigger_cnt(p->r); i++) {
		uint64_t at = playback__trigger_ns(p->r, i);

		if (at <= from_ns || at > to_ns || was_told(p->r, i))
			continue;
		if (!cnt++)
			put_trigger(snap, recording__trigger(p->r, i), &text);
	}
	if (cnt > 1)
		sbuf__printf(&text, "; and %zu more", cnt - 1);
	if (cnt)
		session__live_say(&p->s, sbuf__str(&text));
}

/* ---- from picture to picture ---- */

/* What the file says of its end. */
static const char *end_words(const struct playing *p)
{
	return recording__is_cut(p->r)
		       ? "the recording ends here without its last frame: giltop was "
			 "killed, or the file is damaged"
		       : NULL;
}

static void put_picture(struct playing *p)
{
	struct session *s = &p->s;
	const struct snapshot *snap;

	s->model = p->b.model;
	s->self.limit.level = (enum self_level)p->b.level;
	session__live_events(s);
	if (!session__live_put(s)) {
		session__live_say(s, "no memory for this picture");
		return;
	}
	snap = session__live_picture(s);
	tui__moved(session__live_tui(s), snap->start_ns, snap->now_ns, p->b.at_end);
	say_triggers(p, snap->start_ns, snap->now_ns);
	if (p->b.at_end && end_words(p))
		session__live_say(s, end_words(p));
}

static void move(struct playing *p, const struct player_step *step)
{
	struct player *player = tui__player(session__live_tui(&p->s));
	char line[128];
	int err = playback__go(&p->b, step);

	p->s.model = p->b.model;
	if (err < 0) {
		snprintf(line, sizeof(line), "cannot go there: %s", errstr(err));
		session__live_say(&p->s, line);
		tui__moved(session__live_tui(&p->s), player->from_ns, player->at_ns, true);
	} else if (err) {
		tui__moved(session__live_tui(&p->s), player->from_ns, player->at_ns, p->b.at_end);
	} else {
		put_picture(p);
	}
}

const struct model *session__played_model(const struct session *s)
{
	return s->playing->b.model;
}

void session__play_on(struct session *s)
{
	struct playing *p = s->playing;
	struct player_step step = player__next(tui__player(session__live_tui(s)), now_ns());

	if (step.go != PLAYER_STAY)
		move(p, &step);
}

static int wait_ms(struct playing *p)
{
	int draw = session__live_draw(&p->s);
	int due = player__wait_ms(tui__player(session__live_tui(&p->s)), now_ns());

	return draw < 0 ? due : due < 0 ? draw : due < draw ? due : draw;
}

static void loop(struct playing *p)
{
	struct session *s = &p->s;

	while (!s->done) {
		struct epoll_event ev[8];
		int n = epoll_wait(s->epfd, ev, ARRAY_SIZE(ev), wait_ms(p));

		for (int i = 0; i < n && !s->done; i++) {
			switch ((enum session_fd)ev[i].data.u32) {
			case FD_SIGNAL: session__on_signal(s); break;
			case FD_ENDING: s->done = "interrupted"; break;
			case FD_INPUT: session__live_input(s); break;
			default: break;
			}
		}
		if (!s->done)
			session__play_on(s);
	}
}

/* ---- from the file to the first picture ---- */

/* A descriptor, or an exit code that has been explained, negated. */
static int open_file(const char *path)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK);
	struct stat st;

	if (fd < 0 || fstat(fd, &st)) {
		int err = -errno;

		pr_warn("cannot read %s: %s\n", path, errstr(err));
		closep(&fd);
		return err == -EACCES || err == -EPERM ? -EXIT_PERMISSION : -EXIT_RUNTIME;
	}
	if (!S_ISREG(st.st_mode)) {
		pr_warn("%s is no regular file: the live view goes back and forth in it; try -b\n",
			path);
		closep(&fd);
		return -EXIT_USAGE;
	}
	return fd;
}

/* Up to its first interval, before the terminal is the screen's: what is wrong with the file is said here. */
static int open_recording(struct playing *p, const char *path)
{
	__cleanup(sbuf__free) struct sbuf why = { 0 };
	int fd = open_file(path), err;

	if (fd < 0)
		return -fd;
	p->r = recording__open(fd, path, &p->s.sinks, &why);
	if (!p->r) {
		pr_warn("%s\n", sbuf__str(&why));
		return EXIT_RUNTIME;
	}
	p->s.played = p->r;
	p->s.src = recording__source(p->r);
	p->b.span_ns = SPANS_BACK_NS;
	p->user = (struct playback_user){ p, fresh, pass, see };
	err = playback__open(&p->b, p->r, &p->s.sinks, &p->user);
	if (err == -ENODATA) {
		pr_warn("%s has no whole interval: it was recorded for too short a time, or cut\n",
			path);
		return EXIT_RUNTIME;
	}
	if (err) {
		pr_warn("cannot read %s: %s\n", path, errstr(err));
		return EXIT_RUNTIME;
	}
	playback__describe(&p->b, &p->file);
	if (list_triggers(p))
		return failure__say(FAIL_NO_MEMORY, NULL, 0);
	if (p->file.interval_ns)
		p->o.view.interval_ns = p->file.interval_ns;
	return 0;
}

/* Of --at: the moment, and it stays there. */
static int start_at(struct playing *p, struct player *player)
{
	uint64_t to = 0;

	player__open(player, &p->file, p->file.start_ns);
	player__seek(player, p->file.first_ns);
	if (!p->o.at)
		return 0;
	if (at__find(p->o.at, p->r, &to))
		return session__no_moment(&p->s, -ERANGE);
	player__command(player, PLAYER_PAUSE);
	player__seek(player, to);
	return 0;
}

static int start(struct playing *p)
{
	struct session *s = &p->s;
	struct player player = { 0 };
	int code = session_trigger__open(s) ? failure__say(FAIL_NO_MEMORY, NULL, 0) : 0;

	if (!code)
		code = open_recording(p, p->o.files[0]);
	if (!code)
		code = start_at(p, &player);
	if (code)
		return code;
	s->epfd = epoll_create1(EPOLL_CLOEXEC);
	if (s->epfd < 0 || session__arm_signals(s))
		return EXIT_RUNTIME;
	code = session__live_open(s);
	if (code)
		return code;
	tui__set_player(session__live_tui(s), &player);
	p->b.lost = true; /* the timeline has seen nothing yet */
	session__play_on(s);
	if (!session__live_picture(s))
		return failure__say(FAIL_NO_MEMORY, NULL, 0);
	if (recording__is_cut(p->r))
		session__live_say(s,
				  "giltop was killed while it wrote this, or the file is damaged: "
				  "it ends with its last whole frame");
	return 0;
}

int session__play(const struct opts *o)
{
	struct playing p = { .s = { .epfd = -1,
				    .refresh_fd = -1,
				    .duration_fd = -1,
				    .signal_fd = -1,
				    .follow.fd = -1,
				    .command_out = -1 },
			     .o = *o };
	int code;

	p.s.o = &p.o;
	p.s.playing = &p;
	code = start(&p);
	if (!code)
		loop(&p);
	session__live_stop(&p.s);
	if (!code)
		code = session__quit(&p.s); /* of all that is in it, wherever it was left */
	session_trigger__close(&p.s);
	playback__close(&p.b);
	if (p.s.src)
		p.s.src->ops->free(p.s.src);
	free(p.trigger_ns);
	closep(&p.s.epfd);
	closep(&p.s.signal_fd);
	return code;
}
