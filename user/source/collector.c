/* SPDX-License-Identifier: BSD-2-Clause */
#include "user/source/collector.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/timerfd.h>
#include <sys/utsname.h>
#include <time.h>
#include <unistd.h>

#include "user/base/caps.h"
#include "user/base/log.h"
#include "user/base/proc.h"
#include "user/base/sbuf.h"
#include "user/base/util.h"
#include "user/base/worker.h"
#include "user/picture/stack_store.h"
#include "user/probe/probe.h"
#include "user/python/process.h"
#include "user/python/sym.h"
#include "user/source/collector_impl.h"
#include "user/source/lock_looks.h"
#include "user/source/stacks.h"
#include "user/source/triggers.h"
#include "user/target/native_sym.h"
#include "user/target/where_names.h"

struct tracked *tracked__find(struct collector *c, pid_t pid)
{
	uintptr_t place = (uintptr_t)hmap__get(&c->by_pid, (uint64_t)pid, 0);

	return place ? &c->live[place - 1] : NULL;
}

static int stacks_process(void *ctx, uint32_t tgid, struct pystacks_process *ret)
{
	struct tracked *t = tracked__find(ctx, (pid_t)tgid);

	if (!t)
		return -1;
	*ret = (struct pystacks_process){ t->py, t->sym, t->native, t->target.runtime };
	return 0;
}

static const struct source_ops collector_ops;

struct collector *collector__new(const struct collector_opts *opts, const struct sinks *sinks)
{
	struct collector *c = calloc(1, sizeof(*c));
	struct probe_opts po = { .tier = (enum probe_tier)opts->attach,
				 .thread_cnt = opts->thread_cnt,
				 .stacks = opts->stacks,
				 .sched = opts->sched,
				 .events = opts->events,
				 .alarms = opts->on_wait_ns || opts->on_hold_ns,
				 .min_hold_ns = opts->min_hold_ns };

	if (!c)
		return NULL;
	c->source = (struct source){ &collector_ops, sinks, -1 };
	c->opts = *opts;
	c->source.fd = epoll_create1(EPOLL_CLOEXEC);
	c->timer = timerfd_create(CLOCK_MONOTONIC, TFD_CLOEXEC | TFD_NONBLOCK);
	c->name_timer = timerfd_create(CLOCK_MONOTONIC, TFD_CLOEXEC | TFD_NONBLOCK);
	c->mode_timer = timerfd_create(CLOCK_MONOTONIC, TFD_CLOEXEC | TFD_NONBLOCK);
	c->end_timer = timerfd_create(CLOCK_MONOTONIC, TFD_CLOEXEC | TFD_NONBLOCK);
	c->probe = probe__new(&po);
	c->cache = target_cache__new();
	c->guests = py_guests__new();
	c->store = stack_store__new();
	if (c->source.fd < 0 || c->timer < 0 || c->name_timer < 0 || c->mode_timer < 0 ||
	    c->end_timer < 0 || !c->probe || !c->cache || !c->guests || !c->store)
		goto fail;
	if (opts->stacks) {
		c->stacks = pystacks__new(c->probe, c->store, sinks, stacks_process, c);
		if (!c->stacks)
			goto fail;
		if (opts->look_at_all)
			pystacks__look_at_all(c->stacks);
	}
	return c;
fail:
	c->source.ops->free(&c->source);
	return NULL;
}

struct source *collector__source(struct collector *c)
{
	return &c->source;
}

/* hmap has no deletion of single keys: processes come and go, and it is built anew. */
static int index_live(struct collector *c)
{
	int err = 0;

	hmap__clear(&c->by_pid);
	for (size_t i = 0; i < c->live_cnt && !err; i++)
		err = hmap__put(&c->by_pid, (uint64_t)c->live[i].target.pid, 0,
				(void *)(uintptr_t)(i + 1));
	return err;
}

int collector__track(struct collector *c, const struct tracked *t)
{
	int err;

	if (array_grow(&c->live, c->live_cnt, &c->live_cap, sizeof(*c->live)))
		return -ENOMEM;
	err = hmap__put(&c->by_pid, (uint64_t)t->target.pid, 0,
			(void *)(uintptr_t)(c->live_cnt + 1));
	if (err)
		return err;
	c->live[c->live_cnt++] = *t;
	modes__arm(c);
	return 0;
}

void collector__untrack(struct collector *c, struct tracked *t)
{
	c->no_line += pysym__stats(t->sym)->no_line;
	tracked__deinit(t, c);
	*t = c->live[--c->live_cnt];
	index_live(c); /* it has been larger: no memory is needed */
	modes__arm(c);
}

/* Of all of them at once: each takes as long as it takes, and they wait for one another. */
static void drop_probes(struct collector *c)
{
	for (size_t i = 0; i < c->live_cnt; i++)
		probe__let_go(c->probe, c->live[i].att);
	for (size_t i = 0; i < c->shared.cnt; i++)
		if (c->shared.files[i])
			probe__let_go(c->probe, c->shared.files[i]->att);
}

static void collector_free(struct source *s)
{
	struct collector *c = (struct collector *)s;

	drop_probes(c);
	while (c->live_cnt)
		collector__untrack(c, &c->live[c->live_cnt - 1]);
	shared__deinit(c);
	hmap__free(&c->by_pid);
	free(c->live);
	free(c->exp);
	free(c->notes);
	closep(&c->source.fd);
	closep(&c->timer);
	closep(&c->name_timer);
	closep(&c->mode_timer);
	closep(&c->end_timer);
	lock_looks__deinit(&c->looks);
	probe__free(c->probe);
	target_cache__free(c->cache);
	py_guests__free(c->guests);
	triggers__free(c->triggers);
	pystacks__free(c->stacks);
	stack_store__free(c->store);
	totals__free(&c->totals);
	singles__deinit(&c->singles);
	free(c);
}

static int watch(struct collector *c, int fd, uint32_t events, uint64_t id)
{
	struct epoll_event e = { .events = events, .data.u64 = id };

	return epoll_ctl(c->source.fd, EPOLL_CTL_ADD, fd, &e) ? -errno : 0;
}

int collector__watch(struct collector *c, int fd, uint64_t id)
{
	return watch(c, fd, EPOLLIN, id);
}

int collector__watch_edges(struct collector *c, int fd, uint64_t id)
{
	return watch(c, fd, EPOLLIN | EPOLLET, id);
}

/* Refreshes. */
#define SEED_EVERY 4
/* Of so many processes each refresh asks whether they are stopped, and what limits took: of more in turn. */
#define NOTED_AT_ONCE 32

/* epoll ids: the ring buffers, the timers, else a pid whose pidfd it is. */
#define ID_RING	 (1ull << 32)
#define ID_TIMER (2ull << 32)
#define ID_NAMES (3ull << 32)
#define ID_MODES (4ull << 32)
#define ID_ENDS	 (6ull << 32) /* 5: ID_LOOKS, 7: ID_SINGLES, 8: ID_TRIGGERS */

static enum failure load_failure(int err, struct sbuf *why)
{
	switch (err) {
	case 0: return FAIL_NONE;
	case -EPERM:
	case -EACCES: return caps__lockdown_confidential() ? FAIL_LOCKED_DOWN : FAIL_MAY_NOT_LOAD;
	case -ENOSYS: return FAIL_NO_BPF;
	case -ENOMEM: return FAIL_NO_MEMORY;
	default:
		sbuf__printf(why, "cannot load the BPF programs: %s", errstr(err));
		return FAIL_KERNEL;
	}
}

static uint64_t clock_ns(clockid_t clock)
{
	struct timespec ts;

	clock_gettime(clock, &ts);
	return (uint64_t)ts.tv_sec * 1000000000 + (uint64_t)ts.tv_nsec;
}

int collector__tell_source(struct collector *c)
{
	struct record r = { .kind = REC_SOURCE };
	struct utsname u = { 0 };

	uname(&u);
	r.source.real_ns = clock_ns(CLOCK_REALTIME);
	r.source.mono_ns = now_ns();
	r.source.boot_ns = clock_ns(CLOCK_BOOTTIME);
	r.source.attach = probe_tier__name(probe__tier(c->probe));
	r.source.version = GILTOP_VERSION;
	r.source.host = u.nodename;
	r.source.kernel = u.release;
	r.source.arch = u.machine;
	r.source.interval_ns = c->opts.interval_ns;
	r.source.command = c->opts.command;
	return sinks__send(c->source.sinks, &r);
}

enum failure collector__load(struct collector *c, struct sbuf *why)
{
	int err = probe__load(c->probe);

	if (err)
		return load_failure(err, why);
	probe__follow(c->probe, c->opts.follow);
	probe__adopt_all(c->probe, c->opts.adopt_all);
	err = collector__watch(c, probe__fd(c->probe), ID_RING);
	if (!err)
		err = collector__watch(c, c->timer, ID_TIMER);
	if (!err)
		err = collector__watch(c, c->name_timer, ID_NAMES);
	if (!err)
		err = collector__watch(c, c->mode_timer, ID_MODES);
	if (!err)
		err = collector__watch(c, c->end_timer, ID_ENDS);
	if (!err && c->opts.events)
		err = singles__init(c);
	if (!err)
		err = triggers__start(c);
	return failure__of(err);
}

void collector__follow(struct collector *c, enum gt_follow what)
{
	c->opts.follow = what;
	c->opts.share |= what == GT_FOLLOW_CHILDREN;
	probe__follow(c->probe, what);
}

bool collector__forked(struct collector *c)
{
	bool forked = c->forked;

	c->forked = false;
	return forked;
}

bool collector__can_measure(struct collector *c, pid_t pid)
{
	struct target t;

	return !tracked__find(c, pid) && !target__resolve(pid, c->cache, NULL, NULL, &t) &&
	       t.gil_off <= 0;
}

uint64_t collector__workers_cpu_ns(const struct collector *c)
{
	return py_guests__cpu_ns(c->guests) + worker__cpu_ns(target_cache__worker(c->cache)) +
	       where_names__cpu_ns(target_cache__names(c->cache)) +
	       native_files__cpu_ns(target_cache__native_files(c->cache));
}

/* What the workers have cost, and what they could not do. */
static void count_own(struct collector *c)
{
	const struct native_files *files = target_cache__native_files(c->cache);
	const struct worker *looks = target_cache__worker(c->cache);
	uint64_t *stats = c->totals.stats;

	c->totals.self_cpu_ns += collector__workers_cpu_ns(c);
	stats[COUNTER_GIVEN_UP] = py_guests__lost_cnt(c->guests) + worker__lost_cnt(looks) +
				  native_files__lost_cnt(files) +
				  where_names__lost_cnt(target_cache__names(c->cache));
	stats[COUNTER_NO_LINE] = c->no_line;
	stats[COUNTER_MISSED] = c->shared.missed_cnt;
	stats[COUNTER_QUIET] = c->shared.quiet_cnt;
	stats[COUNTER_UNTOLD] = triggers__untold_cnt(c);
	for (size_t i = 0; i < c->live_cnt; i++)
		stats[COUNTER_NO_LINE] += pysym__stats(c->live[i].sym)->no_line;
}

int collector__read_books(struct collector *c, bool quick)
{
	struct record r = { .kind = REC_TOTALS, .totals = &c->totals };
	int err;

	modes__before_read(c);
	err = probe__read(c->probe, &c->totals);
	/* Those whose books are in it, and of whom nobody has heard. */
	c->reading = true;
	notes__take(c);
	notes__handle_adopted(c);
	c->reading = false;
	count_own(c);
	c->totals.last = c->closed;
	if (!err && c->stacks)
		err = pystacks__read(c->stacks, &c->totals, quick);
	if (!err)
		err = lock_looks__send(c);
	/* What happened after the cut comes behind it: a recording may begin or end there. */
	if (!err)
		err = singles__send(c, c->totals.now_ns);
	if (!err)
		err = sinks__send(c->source.sinks, &r);
	if (!err)
		modes__after_read(c);
	return err;
}

static int dispatch(struct source *s)
{
	struct collector *c = (struct collector *)s;
	struct epoll_event ev[16];
	int n = epoll_wait(c->source.fd, ev, ARRAY_SIZE(ev), 0);
	uint64_t ticks;

	if (n < 0)
		return errno == EINTR ? 0 : -errno;
	/* Notes first: an exec must be seen before the exit that follows it. */
	notes__take(c);
	notes__handle(c);
	for (int i = 0; i < n; i++) {
		if (ev[i].data.u64 == ID_TIMER) {
			if (read(c->timer, &ticks, sizeof(ticks)) > 0)
				expected__try(c);
		} else if (ev[i].data.u64 == ID_NAMES) {
			newcomers__on_timer(c);
		} else if (ev[i].data.u64 == ID_LOOKS) {
			lock_looks__on_timer(c);
		} else if (ev[i].data.u64 == ID_TRIGGERS) {
			triggers__on_timer(c);
		} else if (ev[i].data.u64 == ID_MODES) {
			if (modes__on_timer(c))
				collector__read_books(c, true);
		} else if (ev[i].data.u64 == ID_ENDS) {
			ends__on_timer(c);
		} else if (ev[i].data.u64 == ID_SINGLES) {
			singles__send(c, UINT64_MAX);
		} else if (ev[i].data.u64 != ID_RING) {
			ends__add(c, tracked__find(c, (pid_t)ev[i].data.u64), now_ns());
		}
	}
	return 0;
}

/* Who holds its GILs is looked up in its memory; in one that has shown no event since the last time, less often. */
static bool is_seeded_now(struct tracked *t)
{
	bool quiet = t->modes.event_ns == t->seeded_ns;

	t->seeded_ns = t->modes.event_ns;
	return !quiet || t->seed_rounds++ % SEED_EVERY == 0;
}

static int refresh(struct source *s)
{
	struct collector *c = (struct collector *)s;
	char why[256];
	int err;

	c->refresh_cnt++;
	notes__take(c);
	notes__handle(c);
	for (size_t i = 0; i < c->live_cnt; i++) {
		if (c->live[i].ended_ns)
			continue;
		pysym__refill(c->live[i].sym);
		modes__find_tids_late(&c->live[i], c);
		if (is_seeded_now(&c->live[i]))
			tracked__seed(&c->live[i], c);
		if ((i + c->refresh_cnt) % (c->live_cnt / NOTED_AT_ONCE + 1) == 0) {
			tracked__update_note(&c->live[i], c);
			tracked__throttled(&c->live[i], c);
		}
		if (tracked__is_misfit(&c->live[i], why, sizeof(why))) {
			pr_warn("%s\n", why);
			ends__add(c, &c->live[i], now_ns());
		}
	}
	err = collector__read_books(c, false);
	for (size_t i = 0; i < c->live_cnt && !err; i++)
		if (!c->live[i].ended_ns)
			tracked__name_threads(&c->live[i], c);
	ends__finish(c);
	shared__let_go_idle(c);
	return err;
}

static int close_books(struct source *s)
{
	struct collector *c = (struct collector *)s;
	int err;

	if (c->closed)
		return 0;
	c->closed = true;
	notes__take(c);
	notes__handle(c);
	for (size_t i = 0; i < c->live_cnt; i++) {
		tracked__seed(&c->live[i], c);
		tracked__update_note(&c->live[i], c);
		tracked__throttled(&c->live[i], c);
	}
	probe__freeze(c->probe);
	err = collector__read_books(c, false);
	/* Those whose end has come meanwhile. */
	for (size_t i = c->live_cnt; i-- > 0;) {
		struct record r = { REC_PROC_END, (uint32_t)c->live[i].target.pid,
				    .end = { now_ns(), false } };

		if (!proc__exists(c->live[i].target.pid))
			sinks__send(c->source.sinks, &r);
	}
	return err;
}

static bool expects(const struct source *s)
{
	return ((const struct collector *)s)->exp_cnt;
}

static void want_spans(struct source *s, uint64_t min_ns)
{
	probe__want_spans(((struct collector *)s)->probe, min_ns);
}

struct where_names *collector__names(struct collector *c)
{
	return target_cache__names(c->cache);
}

bool collector__is_slow_to_detach(const struct collector *c)
{
	return c->live_cnt && probe__tier(c->probe) == PROBE_TIER_PERF;
}

static const struct source_ops collector_ops = {
	.dispatch = dispatch,
	.refresh = refresh,
	.close = close_books,
	.want_spans = want_spans,
	.expects = expects,
	.free = collector_free,
};
