/* SPDX-License-Identifier: BSD-2-Clause */
#include "user/source/collector.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/timerfd.h>
#include <unistd.h>

#include "user/base/log.h"
#include "user/base/proc.h"
#include "user/base/sbuf.h"
#include "user/base/util.h"
#include "user/model/model.h"
#include "user/picture/stack_store.h"
#include "user/probe/probe.h"
#include "user/python/sym.h"
#include "user/source/collector_impl.h"
#include "user/source/stacks.h"

/* A program needs this long at most to map its libpython after exec. */
#define EXPECT_NS    5000000000ull
#define EXPECT_TRY   20000000 /* ns between two tries, doubled at each up to .. */
#define EXPECT_MAX   640000000
#define SETTLE_TRIES 50

static struct tracked *find_live(struct collector *c, pid_t pid)
{
	for (size_t i = 0; i < c->live_cnt; i++)
		if (c->live[i].target.pid == pid)
			return &c->live[i];
	return NULL;
}

static int stacks_process(void *ctx, uint32_t tgid, struct pystacks_process *ret)
{
	struct tracked *t = find_live(ctx, (pid_t)tgid);

	if (!t)
		return -1;
	*ret = (struct pystacks_process){ t->py, t->sym, t->native, t->target.runtime };
	return 0;
}

struct collector *collector__new(const struct collector_opts *opts,
				 const struct collector_events *ev)
{
	struct collector *c = calloc(1, sizeof(*c));
	struct probe_opts po = { .tier = (enum probe_tier)opts->attach,
				 .thread_cnt = opts->thread_cnt,
				 .stacks = opts->stacks,
				 .min_hold_ns = opts->min_hold_ns };

	if (!c)
		return NULL;
	c->opts = *opts;
	c->ev = *ev;
	c->epfd = epoll_create1(EPOLL_CLOEXEC);
	c->timer = timerfd_create(CLOCK_MONOTONIC, TFD_CLOEXEC | TFD_NONBLOCK);
	c->probe = probe__new(&po);
	c->cache = target_cache__new();
	c->model = model__new();
	c->store = stack_store__new();
	if (c->epfd < 0 || c->timer < 0 || !c->probe || !c->cache || !c->model || !c->store)
		goto fail;
	if (opts->stacks) {
		c->stacks = pystacks__new(c->probe, c->store, stacks_process, c);
		if (!c->stacks)
			goto fail;
		if (opts->look_at_all)
			pystacks__look_at_all(c->stacks);
	}
	model__set_store(c->model, c->store);
	return c;
fail:
	collector__free(c);
	return NULL;
}

static void untrack(struct collector *c, struct tracked *t)
{
	tracked__deinit(t, c);
	*t = c->live[--c->live_cnt];
}

void collector__free(struct collector *c)
{
	if (!c)
		return;
	while (c->live_cnt)
		untrack(c, &c->live[0]);
	free(c->live);
	free(c->exp);
	closep(&c->epfd);
	closep(&c->timer);
	probe__free(c->probe);
	target_cache__free(c->cache);
	model__free(c->model);
	pystacks__free(c->stacks);
	stack_store__free(c->store);
	totals__free(&c->totals);
	free(c);
}

int collector__watch(struct collector *c, int fd, uint64_t id)
{
	struct epoll_event e = { .events = EPOLLIN, .data.u64 = id };

	return epoll_ctl(c->epfd, EPOLL_CTL_ADD, fd, &e) ? -errno : 0;
}

/* epoll ids: the ring buffer, the timer, else a pid whose pidfd it is. */
#define ID_RING	 (1ull << 32)
#define ID_TIMER (2ull << 32)

int collector__load(struct collector *c)
{
	int err = probe__load(c->probe);

	if (err)
		return err;
	probe__follow(c->probe, c->opts.follow);
	err = collector__watch(c, probe__fd(c->probe), ID_RING);
	return err ? err : collector__watch(c, c->timer, ID_TIMER);
}

int collector__add(struct collector *c, pid_t pid, struct sbuf *why)
{
	struct tracked t = { .pidfd = -1, .resolve_ns = now_ns() };
	pid_t tgid = proc__tgid(pid);
	int err;

	if (find_live(c, pid) || find_live(c, tgid))
		return -EALREADY;
	/* Whatever it is itself, its children may be interpreters. */
	if (c->opts.follow == GT_FOLLOW_CHILDREN && tgid > 0)
		probe__know(c->probe, tgid);
	err = target__resolve(pid, c->cache, NULL, why, &t.target);
	if (!err && array_grow(&c->live, c->live_cnt, &c->live_cap, sizeof(*c->live)))
		err = -ENOMEM;
	if (!err)
		err = tracked__start(&t, c, why);
	if (err) {
		tracked__deinit(&t, c);
		/* Its end takes it out of the kernel's table, unless that came before it was put in. */
		if (!proc__runs(tgid > 0 ? tgid : pid)) {
			probe__forget(c->probe, tgid > 0 ? tgid : pid);
			return -ESRCH;
		}
		return err;
	}
	c->live[c->live_cnt++] = t;
	pr_verb("pid %d: CPython %s in %s, %zu probes (%s)\n", t.target.pid, t.target.py->version,
		t.target.runtime, t.target.sites->site_cnt, collector__attach_name(c));
	if (c->ev.started)
		c->ev.started(c->ev.ctx, t.target.pid);
	return 0;
}

static void arm_timer(struct collector *c)
{
	struct itimerspec its = { 0 };

	if (c->exp_cnt)
		its.it_value.tv_nsec = its.it_interval.tv_nsec = EXPECT_TRY;
	timerfd_settime(c->timer, 0, &its, NULL);
}

void collector__expect(struct collector *c, pid_t pid)
{
	struct expected e = { pid, now_ns() + EXPECT_NS, 0, EXPECT_TRY };

	for (size_t i = 0; i < c->exp_cnt; i++)
		if (c->exp[i].pid == pid) { /* another program runs there now */
			c->exp[i] = e;
			return;
		}
	if (array_grow(&c->exp, c->exp_cnt, &c->exp_cap, sizeof(*c->exp)))
		return;
	c->exp[c->exp_cnt++] = e;
	if (c->exp_cnt == 1) /* else it runs: a stream of new ones must not put it off */
		arm_timer(c);
}

/* Try the expected ones; drop those that are here, gone, refused or too old. */
static void try_expected(struct collector *c)
{
	for (size_t i = 0; i < c->exp_cnt;) {
		struct expected *e = &c->exp[i];
		struct sbuf why = { 0 };
		uint64_t now = now_ns();
		int err;

		if (now < e->next_ns) {
			i++;
			continue;
		}
		err = collector__add(c, e->pid, &why);
		if (err == -ENOEXEC && now < e->until_ns) {
			e->next_ns = now + e->wait_ns;
			e->wait_ns = e->wait_ns < EXPECT_MAX ? 2 * e->wait_ns : EXPECT_MAX;
			i++;
		} else {
			if (err == -ENOTSUP || err == -E2BIG || err == -ENOMEM)
				pr_warn("%s\n", *sbuf__str(&why) ? sbuf__str(&why) : errstr(err));
			c->exp[i] = c->exp[--c->exp_cnt];
		}
		sbuf__free(&why);
	}
	if (!c->exp_cnt)
		arm_timer(c);
}

static int read_and_feed(struct collector *c)
{
	int err = probe__read(c->probe, &c->totals);

	c->totals.last = c->closed;
	for (size_t i = 0; i < c->live_cnt; i++)
		pysym__next_round(c->live[i].sym);
	if (!err && c->stacks)
		err = pystacks__read(c->stacks, &c->totals);
	if (!err)
		err = model__feed(c->model, &c->totals);
	for (size_t i = 0; i < c->live_cnt && !err; i++)
		tracked__name_threads(&c->live[i], c);
	return err;
}

/* A process ended, or another program runs under its pid: its books are complete. */
static void end_process(struct collector *c, pid_t pid, bool by_exec, uint64_t end_ns)
{
	struct tracked *t = find_live(c, pid);

	if (!t)
		return;
	read_and_feed(c);
	model__end_proc(c->model, (uint32_t)pid, end_ns);
	if (c->stacks)
		pystacks__forget(c->stacks, (uint32_t)pid);
	untrack(c, t);
	if (!by_exec)
		probe__forget(c->probe, pid);
	if (c->ev.ended)
		c->ev.ended(c->ev.ctx, pid, by_exec);
}

static void on_note(void *ctx, const struct gt_note *n)
{
	struct collector *c = ctx;
	const struct tracked *t;

	switch (n->kind) {
	case GT_NOTE_SPAN:
		if (c->ev.span)
			c->ev.span(c->ev.ctx, n);
		break;
	case GT_NOTE_FORK: collector__expect(c, (pid_t)n->tid); break;
	case GT_NOTE_EXEC:
		t = find_live(c, (pid_t)n->tgid);
		if (t && n->start_ns < t->resolve_ns) /* what came by it is measured already */
			break;
		end_process(c, (pid_t)n->tgid, true, n->start_ns);
		probe__reset(c->probe, (pid_t)n->tgid);
		collector__expect(c, (pid_t)n->tgid);
		break;
	default: break;
	}
}

size_t collector__live_cnt(const struct collector *c)
{
	return c->live_cnt;
}

size_t collector__expected_cnt(const struct collector *c)
{
	return c->exp_cnt;
}

int collector__fd(const struct collector *c)
{
	return c->epfd;
}

int collector__dispatch(struct collector *c)
{
	struct epoll_event ev[16];
	int n = epoll_wait(c->epfd, ev, ARRAY_SIZE(ev), 0);
	uint64_t ticks;

	if (n < 0)
		return errno == EINTR ? 0 : -errno;
	/* Notes first: an exec must be seen before the exit that follows it. */
	probe__drain(c->probe, on_note, c);
	for (int i = 0; i < n; i++) {
		if (ev[i].data.u64 == ID_TIMER) {
			if (read(c->timer, &ticks, sizeof(ticks)) > 0)
				try_expected(c);
		} else if (ev[i].data.u64 != ID_RING) {
			end_process(c, (pid_t)ev[i].data.u64, false, now_ns());
		}
	}
	return 0;
}

int collector__refresh(struct collector *c)
{
	probe__drain(c->probe, on_note, c);
	for (size_t i = 0; i < c->live_cnt; i++) {
		tracked__seed(&c->live[i], c);
		tracked__update_note(&c->live[i], c);
	}
	return read_and_feed(c);
}

int collector__close(struct collector *c)
{
	const struct timespec settle = { .tv_nsec = 1000000 };
	int err = 0;

	if (c->closed)
		return 0;
	c->closed = true;
	probe__drain(c->probe, on_note, c);
	for (size_t i = 0; i < c->live_cnt; i++)
		tracked__seed(&c->live[i], c);
	probe__freeze(c->probe);
	/* Handlers that are under way end within microseconds, on a CPU that is taken away within milliseconds. */
	for (int i = 0; i < SETTLE_TRIES; i++) {
		nanosleep(&settle, NULL);
		err = read_and_feed(c);
		if (err || !c->totals.torn_cnt)
			break;
	}
	/* Those whose end has come meanwhile. */
	for (size_t i = c->live_cnt; i-- > 0;)
		if (!proc__exists(c->live[i].target.pid))
			model__end_proc(c->model, (uint32_t)c->live[i].target.pid, now_ns());
	return err;
}

struct model *collector__model(const struct collector *c)
{
	return c->model;
}

const char *collector__attach_name(const struct collector *c)
{
	return probe_tier__name(probe__tier(c->probe));
}

bool collector__is_slow_to_detach(const struct collector *c)
{
	return c->live_cnt && probe__tier(c->probe) == PROBE_TIER_PERF;
}

void collector__want_spans(struct collector *c, uint64_t min_ns)
{
	probe__want_spans(c->probe, min_ns);
}
