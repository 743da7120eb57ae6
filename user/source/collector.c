/* SPDX-License-Identifier: BSD-2-Clause */
#include "user/source/collector.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/timerfd.h>
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
#include "user/target/native_sym.h"

struct tracked *tracked__find(struct collector *c, pid_t pid)
{
	for (size_t i = 0; i < c->live_cnt; i++)
		if (c->live[i].target.pid == pid)
			return &c->live[i];
	return NULL;
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
				 .min_hold_ns = opts->min_hold_ns };

	if (!c)
		return NULL;
	c->source = (struct source){ &collector_ops, sinks, -1 };
	c->opts = *opts;
	c->source.fd = epoll_create1(EPOLL_CLOEXEC);
	c->timer = timerfd_create(CLOCK_MONOTONIC, TFD_CLOEXEC | TFD_NONBLOCK);
	c->name_timer = timerfd_create(CLOCK_MONOTONIC, TFD_CLOEXEC | TFD_NONBLOCK);
	c->mode_timer = timerfd_create(CLOCK_MONOTONIC, TFD_CLOEXEC | TFD_NONBLOCK);
	c->probe = probe__new(&po);
	c->cache = target_cache__new();
	c->guests = py_guests__new();
	c->store = stack_store__new();
	if (c->source.fd < 0 || c->timer < 0 || c->name_timer < 0 || c->mode_timer < 0 ||
	    !c->probe || !c->cache || !c->guests || !c->store)
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

static void untrack(struct collector *c, struct tracked *t)
{
	c->no_line += pysym__stats(t->sym)->no_line;
	tracked__deinit(t, c);
	*t = c->live[--c->live_cnt];
	modes__arm(c);
}

static void collector_free(struct source *s)
{
	struct collector *c = (struct collector *)s;

	while (c->live_cnt)
		untrack(c, &c->live[0]);
	free(c->live);
	free(c->exp);
	closep(&c->source.fd);
	closep(&c->timer);
	closep(&c->name_timer);
	closep(&c->mode_timer);
	lock_looks__deinit(&c->looks);
	probe__free(c->probe);
	target_cache__free(c->cache);
	py_guests__free(c->guests);
	pystacks__free(c->stacks);
	stack_store__free(c->store);
	totals__free(&c->totals);
	free(c);
}

int collector__watch(struct collector *c, int fd, uint64_t id)
{
	struct epoll_event e = { .events = EPOLLIN, .data.u64 = id };

	return epoll_ctl(c->source.fd, EPOLL_CTL_ADD, fd, &e) ? -errno : 0;
}

/* epoll ids: the ring buffers, the timers, else a pid whose pidfd it is. */
#define ID_RING	 (1ull << 32)
#define ID_TIMER (2ull << 32)
#define ID_NAMES (3ull << 32)
#define ID_MODES (4ull << 32)

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

enum failure collector__load(struct collector *c, struct sbuf *why)
{
	struct record r = { .kind = REC_SOURCE };
	int err = probe__load(c->probe);

	if (err)
		return load_failure(err, why);
	r.source.attach = probe_tier__name(probe__tier(c->probe));
	probe__follow(c->probe, c->opts.follow);
	err = sinks__send(c->source.sinks, &r);
	if (!err)
		err = collector__watch(c, probe__fd(c->probe), ID_RING);
	if (!err)
		err = collector__watch(c, c->timer, ID_TIMER);
	if (!err)
		err = collector__watch(c, c->name_timer, ID_NAMES);
	if (!err)
		err = collector__watch(c, c->mode_timer, ID_MODES);
	return failure__of(err);
}

enum failure collector__add(struct collector *c, pid_t pid, bool starts, struct sbuf *why)
{
	struct tracked t = { .pidfd = -1, .resolve_ns = now_ns() };
	pid_t tgid = proc__tgid(pid);
	enum failure f;

	if (tracked__find(c, pid) || tracked__find(c, tgid))
		return FAIL_ALREADY;
	/* Whatever it is itself, its children may be interpreters. */
	if (c->opts.follow == GT_FOLLOW_CHILDREN && tgid > 0)
		probe__know(c->probe, tgid);
	f = target__resolve(pid, c->cache, NULL, why, &t.target);
	if (!f && array_grow(&c->live, c->live_cnt, &c->live_cap, sizeof(*c->live)))
		f = FAIL_NO_MEMORY;
	if (!f)
		f = tracked__start(&t, c, starts, why);
	if (f) {
		bool attached = t.att;

		tracked__deinit(&t, c);
		/* Its end takes it out of the kernel's table, unless that came before it was put in. */
		if (proc__runs(tgid > 0 ? tgid : pid))
			return f;
		(attached ? probe__forget : probe__unknow)(c->probe, tgid > 0 ? tgid : pid);
		return FAIL_GONE;
	}
	c->live[c->live_cnt++] = t;
	modes__arm(c);
	pr_verb("pid %d: CPython %s in %s, %zu probe points (%s%s)\n", t.target.pid,
		t.target.py->version, t.target.runtime, t.target.sites->site_cnt,
		probe_tier__name(probe__tier(c->probe)),
		probe__has_light(t.target.sites) ? "" : "; exact only");
	return FAIL_NONE;
}

void collector__follow(struct collector *c, enum gt_follow what)
{
	c->opts.follow = what;
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
				  native_files__lost_cnt(files);
	stats[COUNTER_NO_LINE] = c->no_line;
	for (size_t i = 0; i < c->live_cnt; i++)
		stats[COUNTER_NO_LINE] += pysym__stats(c->live[i].sym)->no_line;
}

/* A reading, to the sinks: stacks that are new, the totals, names that are new. */
static int read_books(struct collector *c)
{
	struct record r = { .kind = REC_TOTALS, .totals = &c->totals };
	int err;

	modes__before_read(c);
	err = probe__read(c->probe, &c->totals);

	count_own(c);
	c->totals.last = c->closed;
	if (!err && c->stacks)
		err = pystacks__read(c->stacks, &c->totals);
	if (!err)
		err = lock_looks__send(c);
	if (!err)
		err = sinks__send(c->source.sinks, &r);
	if (!err)
		modes__after_read(c);
	for (size_t i = 0; i < c->live_cnt && !err; i++)
		tracked__name_threads(&c->live[i], c);
	return err;
}

/* A process ended, or another program runs under its pid: its books are complete. */
static void end_process(struct collector *c, pid_t pid, bool by_exec, uint64_t end_ns)
{
	struct record r = { REC_PROC_END, (uint32_t)pid, .end = { end_ns, by_exec } };
	struct tracked *t = tracked__find(c, pid);

	if (!t)
		return;
	read_books(c);
	sinks__send(c->source.sinks, &r);
	if (c->stacks)
		pystacks__forget(c->stacks, (uint32_t)pid);
	untrack(c, t);
	if (!by_exec)
		probe__forget(c->probe, pid);
}

static void send_span(struct collector *c, const struct gt_note *n)
{
	struct record r = { .kind = REC_SPAN, .pid = n->tgid };

	r.span.start_ns = n->start_ns;
	r.span.end_ns = n->end_ns;
	r.span.gil = n->gil;
	r.span.tid = n->tid;
	r.span.state = (enum gt_state)n->state;
	sinks__send(c->source.sinks, &r);
}

static void on_note(void *ctx, const struct gt_note *n)
{
	struct collector *c = ctx;
	struct tracked *t;

	switch (n->kind) {
	case GT_NOTE_SPAN: send_span(c, n); break;
	case GT_NOTE_STACK: pystacks__take(c->stacks, n->tgid, n->stack); break;
	case GT_NOTE_FORK:
		if (c->opts.follow == GT_FOLLOW_TELL)
			c->forked = true;
		else if (c->opts.follow)
			collector__expect(c, (pid_t)n->tid);
		break;
	case GT_NOTE_EXEC:
		t = tracked__find(c, (pid_t)n->tgid);
		if (t && n->start_ns < t->resolve_ns) /* what came by it is measured already */
			break;
		end_process(c, (pid_t)n->tgid, true, n->start_ns);
		probe__reset(c->probe, (pid_t)n->tgid);
		collector__expect(c, (pid_t)n->tgid);
		break;
	case GT_NOTE_THREAD:
		t = tracked__find(c, (pid_t)n->tgid);
		if (!t || n->start_ns < t->resolve_ns) /* it was of the program before */
			break;
		tracked__watch_parking(t, c);
		modes__know_thread(t, c, n->tid);
		newcomers__add(c, t, n);
		break;
	default: break;
	}
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
	probe__drain(c->probe, on_note, c);
	for (int i = 0; i < n; i++) {
		if (ev[i].data.u64 == ID_TIMER) {
			if (read(c->timer, &ticks, sizeof(ticks)) > 0)
				expected__try(c);
		} else if (ev[i].data.u64 == ID_NAMES) {
			newcomers__on_timer(c);
		} else if (ev[i].data.u64 == ID_LOOKS) {
			lock_looks__on_timer(c);
		} else if (ev[i].data.u64 == ID_MODES) {
			if (modes__on_timer(c))
				read_books(c);
		} else if (ev[i].data.u64 != ID_RING) {
			end_process(c, (pid_t)ev[i].data.u64, false, now_ns());
		}
	}
	return 0;
}

static int refresh(struct source *s)
{
	struct collector *c = (struct collector *)s;
	char why[256];

	probe__drain(c->probe, on_note, c);
	for (size_t i = 0; i < c->live_cnt; i++) {
		pysym__refill(c->live[i].sym);
		modes__find_tids_late(&c->live[i], c);
		tracked__seed(&c->live[i], c);
		tracked__update_note(&c->live[i], c);
		tracked__throttled(&c->live[i], c);
		if (tracked__is_misfit(&c->live[i], why, sizeof(why))) {
			pr_warn("%s\n", why);
			end_process(c, c->live[i--].target.pid, false, now_ns());
		}
	}
	return read_books(c);
}

static int close_books(struct source *s)
{
	struct collector *c = (struct collector *)s;
	int err;

	if (c->closed)
		return 0;
	c->closed = true;
	probe__drain(c->probe, on_note, c);
	for (size_t i = 0; i < c->live_cnt; i++) {
		tracked__seed(&c->live[i], c);
		tracked__update_note(&c->live[i], c);
		tracked__throttled(&c->live[i], c);
	}
	probe__freeze(c->probe);
	err = read_books(c);
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
