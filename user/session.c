/* SPDX-License-Identifier: BSD-2-Clause */
/* session.c - one run, from the options to the exit code
 *
 * One thread, one epoll set: the collector's descriptor (ring buffer, ends of processes), a timer for
 * the refresh, one for the duration, a signalfd. No work is done in signal handlers.
 */
#include "session.h"

#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/signalfd.h>
#include <sys/timerfd.h>
#include <unistd.h>

#include "collector.h"
#include "errors.h"
#include "launch.h"
#include "log.h"
#include "model.h"
#include "output.h"
#include "proc.h"
#include "util.h"
#include "view.h"

enum source { SRC_COLLECTOR, SRC_REFRESH, SRC_DURATION, SRC_SIGNAL };

struct session {
	const struct opts *o;
	struct collector *c;
	struct view *view;
	struct output out;
	struct launch *launch;
	int epfd, refresh_fd, duration_fd, signal_fd;
	const char *done; /* why it ends; NULL: it goes on */
	bool begun, interrupted;
	uint64_t refresh_cnt;
	int view_err;
};

static int watch(struct session *s, int fd, enum source src)
{
	struct epoll_event e = { .events = EPOLLIN, .data.u32 = src };

	return epoll_ctl(s->epfd, EPOLL_CTL_ADD, fd, &e) ? -errno : 0;
}

static int arm(struct session *s, int *fd, uint64_t first_ns, uint64_t every_ns, enum source src)
{
	struct itimerspec its = {
		.it_value = { (time_t)(first_ns / 1000000000), (long)(first_ns % 1000000000) },
		.it_interval = { (time_t)(every_ns / 1000000000), (long)(every_ns % 1000000000) },
	};

	*fd = timerfd_create(CLOCK_MONOTONIC, TFD_CLOEXEC | TFD_NONBLOCK);
	if (*fd < 0 || timerfd_settime(*fd, 0, &its, NULL))
		return -errno;
	return watch(s, *fd, src);
}

static int arm_signals(struct session *s)
{
	sigset_t set;

	sigemptyset(&set);
	sigaddset(&set, SIGINT);
	sigaddset(&set, SIGTERM);
	sigaddset(&set, SIGHUP);
	sigaddset(&set, SIGCHLD);
	if (sigprocmask(SIG_BLOCK, &set, NULL))
		return -errno;
	signal(SIGPIPE, SIG_IGN); /* seen as an error of the write */
	s->signal_fd = signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK);
	return s->signal_fd < 0 ? -errno : watch(s, s->signal_fd, SRC_SIGNAL);
}

/* ---- processes ---- */

static void on_started(void *ctx, pid_t pid)
{
	struct session *s = ctx;

	if (s->begun)
		pr_verb("pid %d is measured too\n", pid);
}

static void on_ended(void *ctx, pid_t pid, bool by_exec)
{
	struct session *s = ctx;

	pr_verb("pid %d %s\n", pid, by_exec ? "runs another program now" : "has ended");
	(void)s;
}

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

/* Start on what the options name: 0, or an exit code that has been explained. */
static int add_targets(struct session *s)
{
	bool follow = s->o->subprocesses == 1;

	if (s->o->all)
		return add_all(s);
	if (s->o->command) {
		s->launch = launch__start(s->o->command, s->o->subprocesses != 0, on_launch_try, s);
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

/* ---- views ---- */

static void begin(struct session *s)
{
	struct view_meta meta = { .attach = collector__attach_name(s->c) };
	struct snapshot *snap;

	if (s->begun || collector__refresh(s->c))
		return;
	snap = model__snapshot(collector__model(s->c), MODEL_INTERVAL);
	if (!snap)
		return;
	meta.first = snap;
	s->view_err = s->view->ops->begin(s->view, &meta);
	s->begun = true;
	snapshot__free(snap);
}

static void refresh(struct session *s)
{
	struct snapshot *snap;

	if (s->o->command && !collector__live_cnt(s->c))
		return; /* nothing to see yet */
	begin(s);
	if (collector__refresh(s->c)) {
		s->done = "an error";
		return;
	}
	snap = model__snapshot(collector__model(s->c), MODEL_INTERVAL);
	model__mark(collector__model(s->c));
	if (!snap)
		return;
	s->view_err = s->view->ops->interval(s->view, snap);
	snapshot__free(snap);
	s->refresh_cnt++;
	if (s->o->iterations && s->refresh_cnt >= s->o->iterations)
		s->done = "iterations";
}

/* The summary. Returns the exit code that it means. */
static int finish(struct session *s)
{
	struct snapshot *snap;
	int code = EXIT_OK;

	if (collector__close(s->c))
		return EXIT_RUNTIME;
	snap = model__snapshot(collector__model(s->c), MODEL_TOTAL);
	if (!snap)
		return EXIT_RUNTIME;
	if (s->begun || snap->proc_cnt)
		s->view_err = s->view->ops->end(s->view, snap, s->done);
	if (snap->lost_events > s->o->max_loss)
		code = EXIT_LOST;
	snapshot__free(snap);
	return code;
}

/* ---- the loop ---- */

static void on_signal(struct session *s)
{
	struct signalfd_siginfo si;

	while (read(s->signal_fd, &si, sizeof(si)) == sizeof(si)) {
		if (si.ssi_signo == SIGCHLD) {
			if (s->launch)
				launch__on_sigchld(s->launch);
			continue;
		}
		if (s->interrupted)
			_exit(128 + (int)si.ssi_signo); /* a second time: leave at once */
		s->interrupted = true;
		s->done = "interrupted";
	}
}

static void check_end(struct session *s)
{
	if (s->done)
		return;
	if (s->launch && launch__ended(s->launch) && !collector__live_cnt(s->c))
		s->done = "the command ended";
	else if (!s->launch && !s->o->all && !collector__live_cnt(s->c) &&
		 !collector__expected_cnt(s->c))
		s->done = "the target ended";
	else if (s->view_err)
		s->done = "the output was closed";
}

static void drain_timer(int fd)
{
	uint64_t ticks;

	if (read(fd, &ticks, sizeof(ticks)) < 0)
		return;
}

static void loop(struct session *s)
{
	while (!s->done) {
		struct epoll_event ev[8];
		int n = epoll_wait(s->epfd, ev, ARRAY_SIZE(ev), -1);

		for (int i = 0; i < n && !s->done; i++) {
			switch ((enum source)ev[i].data.u32) {
			case SRC_COLLECTOR: collector__dispatch(s->c); break;
			case SRC_SIGNAL: on_signal(s); break;
			case SRC_REFRESH:
				drain_timer(s->refresh_fd);
				refresh(s);
				break;
			case SRC_DURATION: s->done = "duration"; break;
			}
		}
		check_end(s);
	}
}

static int setup(struct session *s)
{
	int err;

	s->epfd = epoll_create1(EPOLL_CLOEXEC);
	err = s->epfd < 0 ? -errno : arm_signals(s);
	if (!err)
		err = watch(s, collector__fd(s->c), SRC_COLLECTOR);
	return err;
}

static unsigned int thread_cnt(const struct opts *o)
{
	unsigned int n = 0;

	for (size_t i = 0; i < o->pid_cnt; i++) {
		__cleanup(freep) uint32_t *tids = NULL;
		ssize_t cnt = proc__tids((pid_t)o->pids[i], &tids);

		n += cnt > 0 ? (unsigned int)cnt : 0;
	}
	return n;
}

static int open_collector(struct session *s)
{
	struct collector_opts co = { .attach = s->o->attach,
				     .thread_cnt = thread_cnt(s->o),
				     .stacks = !s->o->no_stacks,
				     .min_hold_ns = s->o->min_hold_ns };
	struct collector_events ev = { .ctx = s, .started = on_started, .ended = on_ended };
	int err;

	if (s->o->all)
		co.follow = GT_FOLLOW_ALL;
	else if (s->o->subprocesses == 1 || (s->o->command && s->o->subprocesses))
		co.follow = GT_FOLLOW_CHILDREN;
	s->c = collector__new(&co, &ev);
	if (!s->c)
		return errors__out_of_memory();
	err = collector__load(s->c);
	return err ? errors__of_load(err) : 0;
}

static int start(struct session *s)
{
	int code =
		errors__check_targets(s->o); /* before anything is loaded: plain mistakes first */

	if (!code)
		code = open_collector(s);
	if (!code && setup(s))
		code = EXIT_RUNTIME;
	if (!code)
		code = output__open(&s->out, s->o);
	if (code)
		return code;
	s->view = s->o->json ? view_json__new(s->out.f, s->o) : view_report__new(s->out.f, s->o);
	if (!s->view)
		return errors__out_of_memory();
	code = add_targets(s);
	if (code)
		return code;
	if (!s->o->command)
		begin(s);
	if (arm(s, &s->refresh_fd, s->o->interval_ns, s->o->interval_ns, SRC_REFRESH) ||
	    (s->o->duration_ns && arm(s, &s->duration_fd, s->o->duration_ns, 0, SRC_DURATION)))
		return EXIT_RUNTIME;
	return 0;
}

/* With -- COMMAND: its status is ours; it goes on if we stop first. */
static int command_code(struct session *s, int code)
{
	int sig, status;

	if (!launch__ended(s->launch))
		return code;
	status = launch__status(s->launch, &sig);
	if (sig) {
		signal(sig, SIG_DFL);
		raise(sig);
	}
	return status;
}

int session__run(const struct opts *o)
{
	struct session s = {
		.o = o, .epfd = -1, .refresh_fd = -1, .duration_fd = -1, .signal_fd = -1
	};
	int code = start(&s);

	if (!code) {
		loop(&s);
		code = finish(&s);
		if (collector__live_cnt(s.c) && isatty(STDERR_FILENO) && !o->quiet)
			pr_verb("detaching ..\n");
	}
	if (s.view)
		s.view->ops->free(s.view);
	if (output__close(&s.out) && !code)
		code = EXIT_RUNTIME;
	collector__free(s.c);
	closep(&s.epfd);
	closep(&s.refresh_fd);
	closep(&s.duration_fd);
	closep(&s.signal_fd);
	if (s.launch)
		code = command_code(&s, code);
	launch__free(s.launch);
	return code;
}
