/* SPDX-License-Identifier: BSD-2-Clause */
/* session_impl.h - the insides of a run, shared by the session_*.c files */
#ifndef GILTOP_APP_SESSION_IMPL_H
#define GILTOP_APP_SESSION_IMPL_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "user/app/limits.h"
#include "user/app/opts.h"
#include "user/app/output.h"
#include "user/books/sink.h"
#include "user/books/trigger.h"
#include "user/picture/self_limit.h"

struct collector;
struct recorder;
struct recording;
struct launch;
struct live;
struct model;
struct playing;
struct snapshot;
struct source;
struct tui;
struct trigger_list;
struct view;

enum session_fd {
	FD_SOURCE,
	FD_REFRESH,
	FD_DURATION,
	FD_SIGNAL,
	FD_ENDING,
	FD_INPUT,
	FD_VIEW,
	FD_FOLLOW
};

/* Whose children are measured (session_follow.c). */
struct follow {
	enum follow_mode mode; /* AUTO: that is not known yet */
	int fd;		       /* the timer of the next look, -1: none was needed yet */
	unsigned int looks;    /* that are to come, if nothing is found */
	unsigned int busy_cnt; /* looks that found children, but their parent busy */
	uint64_t wait_ns;      /* before the next look */
	uint64_t looked_ns;    /* the last look that found children */
	uint64_t *used_ns;     /* of each named process until then: GIL held and waited for */
};

/* What giltop itself costs (session_self.c). */
struct self_run {
	struct self_limit limit;
	uint64_t begin_ns, begin_cpu_ns; /* the refresh that goes on */
	uint64_t end_ns, end_cpu_ns;	 /* the one before is over */
	unsigned int every;		 /* intervals, as the timer is armed */
	bool said_less, said_longer;
};

/* A thread that loses more than --on-delay allows; one of its process. */
struct delayed {
	uint32_t pid, tid;
	uint64_t no;
};

/* What the user wants to be told of (session_trigger.c). */
struct told_run {
	uint64_t no; /* of the last one */
	struct trigger_list *list;
	size_t early_cnt;  /* that were told before the view had begun, .. */
	uint64_t early_no; /* .. up to this one */
	size_t delayed_cnt, delayed_cap;
	struct delayed *delayed;
};

struct session {
	struct sink sink; /* first: a pointer to it is a pointer to the session */
	const struct opts *o;
	struct collector *c; /* the live source, to add processes to */
	struct source *src;
	struct sinks
		sinks; /* what the source sends goes to: the model, this session, the timeline */
	struct model *model;
	size_t live_cnt;	 /* processes that are measured now */
	size_t wanted_cnt;	 /* by the filters of -a, at the start */
	struct view *view;	 /* NULL while the live view runs */
	struct live *live;	 /* NULL: batch */
	struct playing *playing; /* NULL: it is measured now, or played without a screen */
	struct output out;
	struct recording *played; /* NULL: it is measured now */
	struct recorder *rec;	  /* NULL: nothing is recorded */
	struct limits limits;	  /* as they were before ours were raised */
	struct launch *launch;
	struct follow follow;
	struct self_run self;
	struct told_run triggers;
	int epfd, refresh_fd, duration_fd, signal_fd;
	int command_out; /* what the command prints while the screen is up; -1: it prints itself */
	off_t command_shown;  /* so much of it is on the terminal */
	const char *done;     /* why it ends; NULL: it goes on */
	bool ended_by_itself; /* .. because nothing is left to be measured */
	bool begun, pick_again;
	bool failed;	      /* the books could not be read */
	uint64_t duration_ns; /* 0: no end */
	uint64_t refresh_cnt;
	uint64_t span_ns; /* of the summary; 0: there was none */
	int view_err;
	struct view_opts view_opts; /* the view's: those of the options, and .. */
	char hint[160];		    /* .. what is found out meanwhile */
};

int session__watch(struct session *s, int fd, enum session_fd what);
/* session_show.c. A picture as the views are to see it (span: enum model_span); NULL: no memory. */
struct snapshot *session__picture(const struct session *s, int span);
/* Where the view writes to: 0 or an exit code that has been explained. */
int session__open_output(struct session *s);
/* The view's beginning, once the source can say what is there. */
void session__begin(struct session *s);
/* The interval up to the last totals; false: no memory. */
bool session__show(struct session *s);
/* The view's end: the exit code that it means. */
int session__summary(struct session *s);
/* What the command has printed while the screen was up, and not been shown yet. */
void session__show_command_output(struct session *s);
/* To those who keep what a run was: why it is over. */
void session__send_end(struct session *s);
/* What has been shown is a picture up to here: the next interval begins. As in record.mark (books/sink.h). */
void session__mark(struct session *s, bool first, bool reset);
void session__mark_unseen(struct session *s);
/* Let the view or the screen have what is new. */
void session__refresh(struct session *s);
/* (Re)arm the refresh timer: first after first_ns, then every interval. */
int session__arm_refresh(struct session *s, uint64_t first_ns, uint64_t every_ns);

/* (Re)arm the timer *fd, -1: there is none yet. every_ns 0: once. */
int session__arm(struct session *s, int *fd, uint64_t first_ns, uint64_t every_ns,
		 enum session_fd what);
void session__drain_timer(int fd);

/* session_signals.c: have them through descriptors (0 or -errno); take those that are there. (user/base/ending.h for
 * those that want an end.)
 */
int session__arm_signals(struct session *s);
void session__on_signal(struct session *s);

/* session_targets.c: tell mistakes before BPF is touched (a pid that is not there, no privileges, no kernel for it), and
 * start on what the options name: 0, or an exit code that has been explained.
 */
int session__preflight(const struct opts *o);
int session__add_targets(struct session *s);
/* Is it one of those that the filters of -a want? */
bool session__wants(const struct session *s, pid_t pid);
/* It goes on without any that is: say for what. */
void session__say_none_wanted(struct session *s);
unsigned int session__thread_cnt(const struct opts *o);
/* How many processes are there to be measured, about? */
unsigned int session__proc_cnt(const struct opts *o);
/* Can an interpreter come yet, among the children of what is followed? */
bool session__may_come(const struct session *s);

/* session_source.c: the model and the collector, its programs loaded: 0 or an exit code that has been explained. */
int session__open_source(struct session *s);

/* session_replay.c: the recording as the source, and a new model: 0 or an exit code that has been explained. */
int session__open_recording(struct session *s);
/* --at names no moment of it (err: why): the exit code, explained. */
int session__no_moment(const struct session *s, int err);

/* session_follow.c: what the options say of children, and what giltop finds out by itself. */
enum follow_mode session__follow_mode(const struct opts *o);
/* The named ones are measured: look at their children now or soon. 0 or -errno. */
int session__follow_start(struct session *s);
/* They are to be measured, this one's and those of all others, also those that come later. */
void session__follow_on(struct session *s);
/* The source has sent something: a fork, maybe. */
void session__follow_forks(struct session *s);
/* The timer: is there a parent without Python load of its own? */
void session__follow_look(struct session *s);
/* Add those of a process that are there; how many are measured now. */
size_t session__add_children(struct session *s, pid_t parent);

/* session_self.c: run before the threads that are measured, where that is permitted (children, too, that are started
 * later). Then what refreshes cost: from here on; one begins; it is over, and what follows from that is done.
 */
void session_self__hurry(void);
void session_self__start(struct session *s);
void session_self__begin(struct session *s);
void session_self__end(struct session *s);
/* From one refresh to the next, as asked for and made longer. */
uint64_t session_self__interval_ns(const struct session *s);

/* The live view was left: rules (--check) are judged, and that is all. An exit code. */
int session__quit(struct session *s);
/* session_player.c: the live view over a recording, from start to end: an exit code */
int session__play(const struct opts *o);
/* A key may have said where it is to go. */
void session__play_on(struct session *s);
/* Where the records go that are played right now. */
const struct model *session__played_model(const struct session *s);
/* session_trigger.c: the list of what is told of, which is a sink before the session's: 0 or -errno. It goes before the source. */
int session_trigger__open(struct session *s);
void session_trigger__close(struct session *s);
/* A REC_TRIGGER has come, which the list has. The view has begun: what came before that. */
void session_trigger__take(struct session *s, const struct record *r);
void session_trigger__begun(struct session *s);
/* Into the stream: of the session's own; with a number if it has none. Of no process, and right now. */
void session_trigger__tell(struct session *s, uint32_t pid, struct trigger *t);
void session_trigger__plain(struct session *s, enum trigger_kind kind);
/* The picture of an interval: --on-delay. */
void session_trigger__interval(struct session *s, const struct snapshot *snap);

/* session_trigger.c: the list of what is told of, which is a sink before the session's: 0 or -errno. It goes before the source. */
int session_trigger__open(struct session *s);
void session_trigger__close(struct session *s);
/* A REC_TRIGGER has come, which the list has. The view has begun: what came before that. */
void session_trigger__take(struct session *s, const struct record *r);
void session_trigger__begun(struct session *s);
/* Into the stream: of the session's own; with a number if it has none. Of no process, and right now. */
void session_trigger__tell(struct session *s, uint32_t pid, struct trigger *t);
void session_trigger__plain(struct session *s, enum trigger_kind kind);
/* Key w: of a flight recorder the file that is written; NULL: none, or it is no such. */
const char *session_trigger__write(struct session *s);
/* The run is over by itself: what a flight recorder keeps is worth a file. */
void session_trigger__end(struct session *s);
/* The picture of an interval: --on-delay. */
void session_trigger__interval(struct session *s, const struct snapshot *snap);

/* session_live.c */
void session__live_events(struct session *s); /* there is something new in the list of events */
uint64_t session__live_interval_ns(const struct session *s); /* that the user wants */
/* A line that stays on the screen until a key is pressed. */
void session__live_say(struct session *s, const char *text);
bool session__is_live(const struct opts *o); /* the options and the terminal ask for the screen */
/* The terminal is the screen's; it is drawn from the first picture on. 0 or an exit code that has been explained. */
int session__live_open(struct session *s);
int session__live_start(struct session *s); /* .. and what is measured is shown at the interval */
bool session__live_show(struct session *s); /* the next picture, unless it is paused; false: none */
bool session__live_put(struct session *s);  /* the same in any case */
/* Of the interval on the screen; NULL: there is none yet. */
const struct snapshot *session__live_picture(const struct session *s);
struct tui *session__live_tui(const struct session *s);
/* All begins anew: of spans those come that ended after known_from_ns. */
void session__live_restart(struct session *s, uint64_t known_from_ns);
void session__live_input(struct session *s);
void session__live_resize(struct session *s);
int session__live_draw(struct session *s); /* ms until the next try, -1: none */
void session__live_ended(struct session *s, pid_t pid);
void session__live_stop(struct session *s); /* gives the terminal back; NULL live is fine */
/* Let the user choose: a pid, 0 (gave up), or < 0: an exit code, negated. */
int64_t session__live_pick(const struct opts *o);

#endif
