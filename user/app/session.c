/* SPDX-License-Identifier: BSD-2-Clause */
/* session.c - one run, from the options to the exit code
 *
 * One thread, one epoll set: the collector's descriptor (ring buffer, ends of processes), a timer for
 * the refresh, one for the duration, a signalfd, and stdin while the live view is up. No work is done
 * in signal handlers; a second signal that wants an end gets it there and then (user/base/ending.h).
 */
#include "user/app/session.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <malloc.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/timerfd.h>
#include <unistd.h>

#include "user/app/checks.h"
#include "user/app/doctor.h"
#include "user/app/launch.h"
#include "user/app/recorder.h"
#include "user/app/session_impl.h"
#include "user/base/ending.h"
#include "user/base/log.h"
#include "user/base/put.h"
#include "user/base/util.h"
#include "user/model/model.h"
#include "user/source/collector.h"
#include "user/source/source.h"
#include "user/target/failure.h"
#include "user/view/formats.h"
#include "user/view/view.h"

/* dump looks for so long: a waiting thread shows itself once per switch interval (5 ms). */
#define DUMP_NS 100000000

int session__watch(struct session *s, int fd, enum session_fd what)
{
	struct epoll_event e = { .events = EPOLLIN, .data.u32 = what };

	return epoll_ctl(s->epfd, EPOLL_CTL_ADD, fd, &e) ? -errno : 0;
}

static int set_timer(int fd, uint64_t first_ns, uint64_t every_ns)
{
	struct itimerspec its = {
		.it_value = { (time_t)(first_ns / 1000000000), (long)(first_ns % 1000000000) },
		.it_interval = { (time_t)(every_ns / 1000000000), (long)(every_ns % 1000000000) },
	};

	return timerfd_settime(fd, 0, &its, NULL) ? -errno : 0;
}

int session__arm(struct session *s, int *fd, uint64_t first_ns, uint64_t every_ns,
		 enum session_fd what)
{
	if (*fd >= 0)
		return set_timer(*fd, first_ns, every_ns);
	*fd = timerfd_create(CLOCK_MONOTONIC, TFD_CLOEXEC | TFD_NONBLOCK);
	if (*fd < 0 || set_timer(*fd, first_ns, every_ns))
		return -errno;
	return session__watch(s, *fd, what);
}

int session__arm_refresh(struct session *s, uint64_t first_ns, uint64_t every_ns)
{
	return session__arm(s, &s->refresh_fd, first_ns, every_ns, FD_REFRESH);
}

/* A refresh shortly before the end is left to the end. */
static bool ends_soon(const struct session *s)
{
	struct itimerspec left;

	if (s->duration_fd < 0 || timerfd_gettime(s->duration_fd, &left))
		return false;
	return (uint64_t)left.it_value.tv_sec * 1000000000 + (uint64_t)left.it_value.tv_nsec <
	       s->o->view.interval_ns / 2;
}

static void refresh(struct session *s)
{
	bool last = s->o->iterations && s->refresh_cnt + 1 >= s->o->iterations;

	if (!s->live)
		session__begin(s);
	/* The last one is also the summary's, so that it has all of it. */
	if ((last ? s->src->ops->close : s->src->ops->refresh)(s->src)) {
		s->done = "an error";
		s->failed = true;
		return;
	}
	if (!(s->live ? session__live_show(s) : session__show(s)))
		return;
	s->refresh_cnt++;
	if (s->o->iterations && s->refresh_cnt >= s->o->iterations)
		s->done = "iterations";
}

void session__refresh(struct session *s)
{
	session_self__begin(s);
	refresh(s);
	if (!s->done)
		session_self__end(s);
}

/* The summary. Returns the exit code that it means. */
static int finish(struct session *s)
{
	session__begin(s); /* if it ended before the first refresh */
	session_trigger__end(s);
	if (s->src->ops->close(s->src))
		return EXIT_RUNTIME;
	if (s->refresh_cnt && !session__is_live(s->o) && !s->view_err &&
	    model__since_mark_ns(s->model))
		session__show(s); /* so that the intervals add up to the summary */
	else if (!s->refresh_cnt || model__since_mark_ns(s->model))
		session__mark_unseen(s); /* a recording has it as an interval all the same */
	session__send_end(s);
	return session__summary(s);
}

/* The live view was left by the user: there is no summary, but what was to be checked is. */
int session__quit(struct session *s)
{
	struct snapshot *snap;
	int code;

	if (!s->o->checks.cnt || s->pick_again)
		return EXIT_OK;
	if (s->src->ops->close(s->src))
		return EXIT_RUNTIME;
	model__leave_out_pairs(s->model, false);
	snap = session__picture(s, MODEL_TOTAL);
	code = snap ? checks__judge(&s->o->checks, NULL, snap, NULL) : EXIT_RUNTIME;
	snapshot__free(snap);
	return code;
}

/* ---- the loop ---- */

static void check_end(struct session *s)
{
	if (s->done)
		return;
	if (s->launch && launch__ended(s->launch) && !s->live_cnt)
		s->done = "the command ended";
	else if (!s->live_cnt && !s->src->ops->expects(s->src) && !session__may_come(s))
		s->done = "the target ended";
	s->ended_by_itself = s->done;
	if (s->done)
		return;
	if (s->view_err)
		s->done = "the output was closed";
	else if (s->rec)
		s->done = recorder__ends(s->rec);
}

void session__drain_timer(int fd)
{
	uint64_t ticks;

	if (read(fd, &ticks, sizeof(ticks)) < 0)
		return;
}

/* A look that has not been had yet, on a machine that is slow, may put the end off. */
static void on_duration(struct session *s)
{
	uint64_t ticks;

	if (read(s->duration_fd, &ticks, sizeof(ticks)) < 0) /* put off already */
		return;
	if (s->o->verb == VERB_DUMP && s->follow.mode == FOLLOW_AUTO && s->follow.looks) {
		session__follow_look(s);
		if (s->follow.mode == FOLLOW_YES)
			return;
	}
	s->done = "duration";
}

static void loop(struct session *s)
{
	while (!s->done) {
		struct epoll_event ev[8];
		int n = epoll_wait(s->epfd, ev, ARRAY_SIZE(ev),
				   s->live ? session__live_draw(s) : -1);

		for (int i = 0; i < n && !s->done; i++) {
			switch ((enum session_fd)ev[i].data.u32) {
			case FD_SOURCE:
				s->src->ops->dispatch(s->src);
				session__follow_forks(s);
				break;
			case FD_SIGNAL: session__on_signal(s); break;
			case FD_ENDING: s->done = "interrupted"; break;
			case FD_REFRESH:
				session__drain_timer(s->refresh_fd);
				if ((!s->o->command || s->live_cnt) && !ends_soon(s))
					session__refresh(s); /* there is something to see */
				break;
			case FD_DURATION: on_duration(s); break;
			case FD_INPUT: session__live_input(s); break;
			case FD_VIEW: s->view_err = view__ready(s->view); break;
			case FD_FOLLOW: session__follow_look(s); break;
			}
		}
		check_end(s);
	}
}

static int setup(struct session *s)
{
	int err;

	s->epfd = epoll_create1(EPOLL_CLOEXEC);
	err = s->epfd < 0 ? -errno : session__arm_signals(s);
	if (!err)
		err = session__watch(s, s->src->fd, FD_SOURCE);
	return err;
}

/* With what its format needs. */
static int open_view(struct session *s)
{
	const struct format *f = opts__format(s->o);

	/* The screen has shown the tables: after the command's own output they would hide it. */
	if (session__is_live(s->o) && s->o->command)
		f = formats__find("summary");
	s->view_opts = s->o->view;
	s->view_opts.hint = s->hint;
	s->view = f->make(s->out.f, &s->view_opts);
	if (!s->view)
		return failure__say(FAIL_NO_MEMORY, NULL, 0);
	if (view__fd(s->view) >= 0 && session__watch(s, view__fd(s->view), FD_VIEW))
		return EXIT_RUNTIME;
	return 0;
}

/* A file that is gone when nobody has it open. -1: none. */
static int nameless_file(void)
{
	__cleanup(fclosep) FILE *f = tmpfile();

	return f ? fcntl(fileno(f), F_DUPFD_CLOEXEC, 0) : -1;
}

static int start(struct session *s)
{
	int code;

	limits__raise(&s->limits);
	code = session__preflight(s->o); /* before anything is loaded: plain mistakes first */
	if (!code && !s->o->command)
		session_self__hurry();
	s->duration_ns = s->o->duration_ns;
	if (!s->duration_ns && s->o->verb == VERB_DUMP)
		s->duration_ns = DUMP_NS;
	if (!code)
		code = session__open_source(s);
	if (!code && setup(s))
		code = EXIT_RUNTIME;
	if (!code)
		code = session__open_output(s);
	if (!code && s->rec)
		code = recorder__open(s->rec);
	if (!code)
		code = open_view(s);
	if (!code && collector__tell_source(s->c))
		code = failure__say(FAIL_NO_MEMORY, NULL, 0);
	if (code)
		return code;
	if (session__is_live(s->o) && s->o->command)
		s->command_out = nameless_file();
	code = session__add_targets(s);
	if (code)
		return code;
	if (s->o->command) /* which has the priority that we were started with */
		session_self__hurry();
	session_self__start(s);
	if (s->duration_ns && session__arm(s, &s->duration_fd, s->duration_ns, 0, FD_DURATION))
		return EXIT_RUNTIME;
#ifdef __GLIBC__
	malloc_trim(0); /* loading took some megabytes that are not needed again */
#endif
	if (session__is_live(s->o))
		code = session__live_start(s);
	else if (!s->o->command)
		session__begin(s);
	if (code)
		return code;
	session__say_none_wanted(s);
	if (session__follow_start(s))
		return EXIT_RUNTIME;
	if (s->live)
		return 0;
	return session__arm_refresh(s, session_self__interval_ns(s), session_self__interval_ns(s))
		       ? EXIT_RUNTIME
		       : 0;
}

/* With -- COMMAND: its status is ours, but for a broken check where it succeeded; it goes on if we stop first. */
static int command_code(struct session *s, int code)
{
	int sig, status;

	if (!launch__ended(s->launch))
		return code;
	status = launch__status(s->launch, &sig);
	if (sig) {
		sigset_t set;

		signal(sig, SIG_DFL);
		sigemptyset(&set);
		sigaddset(&set, sig);
		sigprocmask(SIG_UNBLOCK, &set, NULL);
		raise(sig);
	}
	return !status && code == EXIT_CHECK ? code : status;
}

static int run_once(const struct opts *o, bool *pick_again)
{
	struct session s = { .o = o,
			     .epfd = -1,
			     .refresh_fd = -1,
			     .duration_fd = -1,
			     .signal_fd = -1,
			     .follow = { .mode = session__follow_mode(o), .fd = -1 },
			     .command_out = -1 };
	int code = start(&s);

	if (!code) {
		loop(&s);
		bool left = s.live && (!strcmp(s.done, "quit") || s.pick_again);

		session__live_stop(&s);
		code = left ? session__quit(&s) : finish(&s);
		if (s.failed) {
			pr_warn("cannot read the books any more\n");
			code = EXIT_RUNTIME;
		}
	}
	session__live_stop(&s);
	view__free(s.view);
	s.view = NULL; /* more may be sent */
	if (code && !s.begun)
		output__discard(&s.out); /* nothing was measured */
	if (s.rec && recorder__close(s.rec, code && !s.begun) && !code)
		code = EXIT_RUNTIME;
	if (output__close(&s.out, s.view_err) && !code)
		code = EXIT_RUNTIME;
	else if (s.rec && s.span_ns)
		recorder__say(s.rec, s.span_ns);
	else if (opts__converts(o) && s.span_ns)
		output__say(&s.out, o, s.span_ns);
	/* Perf events are taken away one by one, some 50 ms each: do not look hung meanwhile. */
	if (s.c && collector__is_slow_to_detach(s.c) && isatty(STDERR_FILENO))
		pr_info("taking the probes away ..\n");
	/* The kernel gives up in the middle of taking a uprobe away when a fatal signal is pending, and the
	 * breakpoint stays in the target (uprobe_unregister: "leaking uprobe"). So at the end that is left to
	 * the exit of this process, when no signal can reach it any more.
	 */
	session_trigger__close(&s);
	if (s.pick_again) {
		s.src->ops->free(s.src);
		model__free(s.model);
	}
	recorder__free(s.rec);
	closep(&s.epfd);
	closep(&s.refresh_fd);
	closep(&s.duration_fd);
	closep(&s.signal_fd);
	closep(&s.follow.fd);
	free(s.follow.used_ns);
	session__show_command_output(&s);
	closep(&s.command_out);
	if (code && !s.begun && !s.launch)
		ending__leave(); /* if that is why */
	if (s.launch)
		code = command_code(&s, code);
	launch__free(s.launch);
	*pick_again = s.pick_again;
	return code;
}

int session__run(const struct opts *o)
{
	struct opts own = *o;
	uint32_t pid;
	bool pick = o->verb == VERB_TOP && !o->pid_cnt && !o->all && !o->command;
	int code;

	if (o->verb == VERB_TOP && !session__is_live(o) && !o->batch && !o->json) {
		if (pick)
			return doctor__list(o);
		if (!o->output)
			pr_info("no terminal for the live view: plain text tables (as with -b)\n");
	}
	do {
		if (pick) {
			int64_t chosen = session__live_pick(o);

			if (chosen <= 0)
				return (int)-chosen;
			pid = (uint32_t)chosen;
			own.pids = &pid;
			own.pid_cnt = 1;
		}
		code = run_once(&own, &pick);
	} while (pick);
	return code;
}
