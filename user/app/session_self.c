/* SPDX-License-Identifier: BSD-2-Clause */
/* session_self.c - what giltop itself costs: measured at each refresh, and kept below a limit
 *
 * Whoever profiles a busy machine is busy on it, too. Thousands of threads that want to run would leave it no CPU
 * to look at them in time: so it goes first. And with that it must not take much: picture/self_limit.h says what it does
 * without, and when.
 */
#include <errno.h>
#include <sys/resource.h>

#include "user/app/session_impl.h"
#include "user/base/log.h"
#include "user/base/util.h"
#include "user/source/collector.h"

/* The highest that there is for a program which is no real-time one. */
#define PRIORITY (-20)

static uint64_t cpu_ns(const struct session *s)
{
	return own_cpu_ns() + collector__workers_cpu_ns(s->c);
}

void session_self__hurry(void)
{
	if (setpriority(PRIO_PROCESS, 0, PRIORITY))
		pr_verb("cannot run before others (nice %d): %s\n", PRIORITY, errstr(-errno));
}

void session_self__start(struct session *s)
{
	self_limit__init(&s->self.limit, s->o->max_self_pct);
	s->self.every = 1;
	s->self.end_ns = now_ns();
	s->self.end_cpu_ns = cpu_ns(s);
}

static uint64_t asked_ns(const struct session *s)
{
	return s->live ? session__live_interval_ns(s) : s->o->view.interval_ns;
}

uint64_t session_self__interval_ns(const struct session *s)
{
	return s->self.every * asked_ns(s);
}

void session_self__begin(struct session *s)
{
	s->self.begin_ns = now_ns();
	s->self.begin_cpu_ns = cpu_ns(s);
}

/* Once on stderr, which the live view holds back to its end: there it stands in the header. */
static void say(struct session *s, enum self_level before)
{
	enum self_level level = s->self.limit.level;

	if (level > before && !s->self.said_less)
		pr_info("giltop itself took more than %u%% of a CPU (--max-self): it does less "
			"now, "
			"%s\n",
			(unsigned int)s->o->max_self_pct, self_level__words(level));
	else if (level != before)
		pr_verb("%s\n", level > before ? self_level__words(level)
				: level	       ? "there is room: a little more is done again"
					       : "there is room: all is done again");
	s->self.said_less |= level > before;
}

static void obey(struct session *s, enum self_level before)
{
	enum self_level level = s->self.limit.level;
	unsigned int every = self_limit__every(&s->self.limit);

	if (level != before) {
		collector__leave_out(s->c, level >= SELF_NO_WALKS, level >= SELF_NO_NATIVE);
		say(s, before);
	}
	if (every == s->self.every)
		return;
	if (every > s->self.every && level < SELF_HALF && !s->self.said_longer) {
		pr_info("a refresh takes more than half of its interval: the interval is longer "
			"now\n");
		s->self.said_longer = true;
	}
	s->self.every = every;
	session__arm_refresh(s, session_self__interval_ns(s), session_self__interval_ns(s));
}

void session_self__end(struct session *s)
{
	uint64_t now = now_ns(), cpu = cpu_ns(s), late = s->self.limit.late_cnt;
	enum self_level before = s->self.limit.level;
	const struct self_cost cost = { .refresh_ns = now - s->self.begin_ns,
					.refresh_cpu_ns = cpu - s->self.begin_cpu_ns,
					.wall_ns = now - s->self.end_ns,
					.cpu_ns = cpu - s->self.end_cpu_ns };
	struct record r = { .kind = REC_SELF };

	s->self.end_ns = now;
	s->self.end_cpu_ns = cpu;
	self_limit__add(&s->self.limit, &cost, asked_ns(s));
	r.self.level = s->self.limit.level;
	r.self.no_pairs = r.self.level >= SELF_NO_PAIRS;
	r.self.late = s->self.limit.late_cnt != late;
	if (r.self.late || r.self.level != before)
		sinks__send(&s->sinks, &r);
	obey(s, before);
}
