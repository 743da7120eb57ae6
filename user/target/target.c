/* SPDX-License-Identifier: BSD-2-Clause */
/* target.c - a worker looks at processes for us (look.c), and what it finds out of a file is kept */
#include "user/target/target_impl.h"

#include <errno.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#include "user/base/budgets.h"
#include "user/base/ending.h"
#include "user/base/proc.h"
#include "user/base/sbuf.h"
#include "user/base/util.h"
#include "user/base/worker.h"
#include "user/target/native_sym.h"
#include "user/target/where_names.h"

/* What is lost at a limit is said, and not tried again. */
static const struct worker_limits look_limits = { .memory = BUDGET_LOOK_MEMORY,
						  .cpu_ns = BUDGET_LOOK_CPU_NS,
						  .wait_ns = BUDGET_LOOK_WAIT_NS,
						  .answer = BUDGET_LOOK_ANSWER };

struct target_cache *target_cache__new(void)
{
	struct target_cache *c = calloc(1, sizeof(*c));

	if (!c)
		return NULL;
	c->shared = mmap(NULL, sizeof(*c->shared), PROT_READ | PROT_WRITE,
			 MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	if (c->shared == MAP_FAILED)
		c->shared = NULL;
	c->files = native_files__new();
	c->names = where_names__new("");
	c->worker = worker__new(&look_limits, c);
	if (c->shared && c->files && c->names && c->worker)
		return c;
	target_cache__free(c);
	return NULL;
}

struct worker *target_cache__worker(struct target_cache *c)
{
	return c->worker;
}

struct where_names *target_cache__names(struct target_cache *c)
{
	return c->names;
}

struct native_files *target_cache__native_files(struct target_cache *c)
{
	return c->files;
}

void target_cache__free(struct target_cache *c)
{
	if (!c)
		return;
	while (c->head) {
		struct analysis *next = c->head->next;

		free(c->head);
		c->head = next;
	}
	dull_files__free(&c->dull);
	native_files__free(c->files);
	worker__free(c->worker);
	where_names__free(c->names);
	if (c->shared)
		munmap(c->shared, sizeof(*c->shared));
	free(c);
}

const char *target__free_threaded_note(int gil_off)
{
	if (gil_off < 0)
		return "free-threaded build";
	return gil_off ? "free-threaded build with the GIL disabled: nothing to wait for"
		       : "free-threaded build with the GIL on";
}

/* What the worker is asked: to look at these. */
struct request {
	bool steps; /* are wanted */
	size_t cnt;
	pid_t pids[BUDGET_BATCH];
};

/* Of one of them. Followed by, of one that is resolved, its target, and the analysis if it is not that of the one before;
 * the steps; and why.
 */
struct answer {
	enum failure failure;
	bool has_analysis;
	size_t steps_len, why_len;
};

/* sent: the analysis that was sent last. */
static void put_answer(pid_t pid, struct target_cache *cache, bool want_steps,
		       const struct analysis **sent, struct sbuf *out)
{
	__cleanup(sbuf__free) struct sbuf steps = { 0 }, why = { 0 };
	const struct analysis *found = NULL;
	struct answer a = { 0 };
	struct target t;

	a.failure = target__look(pid, cache, want_steps ? &steps : NULL, &why, &t);
	if (!a.failure) /* both are parts of it */
		found = (const struct analysis *)((const char *)t.py -
						  offsetof(struct analysis, py));
	a.has_analysis = found && found != *sent;
	a.steps_len = steps.len;
	a.why_len = why.len;
	sbuf__add(out, (const char *)&a, sizeof(a));
	if (found)
		sbuf__add(out, (const char *)&t, sizeof(t));
	if (a.has_analysis)
		sbuf__add(out, (const char *)found, sizeof(*found));
	*sent = found ? found : *sent;
	sbuf__add(out, sbuf__str(&steps), steps.len);
	sbuf__add(out, sbuf__str(&why), why.len);
	out->oom |= steps.oom || why.oom;
}

/* The first, and as many others as there is time and room for. */
static int answer_request(void *state, const void *in, size_t len, struct sbuf *out)
{
	struct target_cache *cache = state;
	const struct analysis *sent = NULL;
	const uint64_t start = now_ns();
	struct request r;

	if (len != sizeof(r))
		return -EINVAL;
	memcpy(&r, in, sizeof(r));
	for (size_t i = 0; i < r.cnt && i < BUDGET_BATCH; i++) {
		if (i && (now_ns() - start > BUDGET_BATCH_NS || out->len > BUDGET_LOOK_ANSWER / 2))
			break;
		cache->shared->at = i;
		put_answer(r.pids[i], cache, r.steps, &sent, out);
	}
	return 0;
}

/* Ours, the same for all processes of a file. NULL + errno: ENOMEM; E2BIG: there are too many. */
static const struct analysis *keep(struct target_cache *cache, const struct analysis *found)
{
	struct analysis *a;
	size_t cnt = 0;

	for (a = cache->head; a; a = a->next, cnt++)
		if (!memcmp(a, found, offsetof(struct analysis, next)))
			return a;
	if (cnt >= BUDGET_ANALYSES) {
		errno = E2BIG;
		return NULL;
	}
	a = malloc(sizeof(*a));
	if (!a)
		return NULL;
	memcpy(a, found, sizeof(*a));
	a->next = cache->head;
	cache->head = a;
	return a;
}

/* No worker comes back from this process, or from the file that it was looking into. */
static enum failure resolve_lost(pid_t pid, struct target_cache *cache, int err, struct sbuf *why)
{
	static const char said[] = "refusing to look into it";
	struct shared *s = cache->shared;
	char comm[64];

	if (err == -EINTR || err == -ENOMEM)
		return failure__of(err);
	/* Files before it may have been slow, one after the other: it is to blame if most of the time was its own. (For CPU
	 * time the worker sees to that, may_try.)
	 */
	if (s->now.inode && s->bad_cnt < BAD_FILES &&
	    (err != -ETIMEDOUT || now_ns() - s->since_ns >= BUDGET_LOOK_WAIT_NS / 2))
		s->bad[s->bad_cnt++] = s->now;
	s->now = (struct file_id){ 0 };
	proc__comm(pid, 0, comm, sizeof(comm));
	sbuf__reset(why);
	switch (err) {
	case -ETIMEDOUT:
		sbuf__printf(why, "pid %d (%s): a file or memory of it does not come: %s", pid,
			     comm, said);
		break;
	case -EFBIG:
		sbuf__printf(why, "pid %d (%s): a file of it takes too long to read: %s", pid, comm,
			     said);
		break;
	case -EIO:
		sbuf__printf(why, "pid %d (%s): a file of it takes too much memory to read: %s",
			     pid, comm, said);
		break;
	default: sbuf__printf(why, "pid %d (%s): %s", pid, comm, errstr(err)); return FAIL_SYSTEM;
	}
	return FAIL_REFUSED;
}

/* The answers of a call, while they are taken. */
struct answers {
	const char *at;
	size_t left;
	bool any;		     /* analysis has come */
	const struct analysis *last; /* the last of them, as it is kept; NULL: it is not */
};

/* The next so many bytes; NULL: there are not so many. */
static const char *take_bytes(struct answers *in, size_t len)
{
	const char *at = in->at;

	if (len > in->left)
		return NULL;
	in->at += len;
	in->left -= len;
	return at;
}

static enum failure broken(struct sbuf *why)
{
	sbuf__reset(why);
	sbuf__puts(why, "the worker's answer is broken");
	return FAIL_SYSTEM;
}

/* One that is resolved: the analysis that is ours, for all that have the same. */
static enum failure take_target(struct answers *in, bool has_analysis, struct target_cache *cache,
				struct sbuf *why, struct target *ret)
{
	const char *target = take_bytes(in, sizeof(*ret)), *found = NULL;
	struct analysis a;

	if (has_analysis)
		found = take_bytes(in, sizeof(a));
	if (!target || (has_analysis && !found) || (!has_analysis && !in->any))
		return broken(why);
	if (found) {
		memcpy(&a, found, sizeof(a));
		in->any = true;
		in->last = keep(cache, &a);
		if (!in->last && errno == ENOMEM)
			return FAIL_NO_MEMORY;
	}
	memcpy(ret, target, sizeof(*ret));
	if (!in->last) {
		sbuf__reset(why);
		sbuf__printf(why, "pid %d: too many different interpreters", ret->pid);
		return FAIL_REFUSED;
	}
	ret->py = &in->last->py;
	ret->sites = &in->last->sites;
	return FAIL_NONE;
}

static enum failure take_answer(struct answers *in, struct target_cache *cache, struct sbuf *steps,
				struct sbuf *why, struct target *ret)
{
	const char *bytes = take_bytes(in, sizeof(struct answer)), *said;
	struct answer a;
	enum failure f;

	if (!bytes)
		return broken(why);
	memcpy(&a, bytes, sizeof(a));
	f = a.failure ? a.failure : take_target(in, a.has_analysis, cache, why, ret);
	said = take_bytes(in, a.steps_len);
	if (said && steps)
		sbuf__add(steps, said, a.steps_len);
	said = take_bytes(in, a.why_len);
	if (said && a.failure)
		sbuf__add(why, said, a.why_len);
	return f;
}

static int ask(struct target_cache *cache, const uint32_t *pids, size_t cnt, bool steps,
	       struct sbuf *out)
{
	struct request r = { .steps = steps, .cnt = cnt };

	for (size_t i = 0; i < cnt; i++)
		r.pids[i] = (pid_t)pids[i];
	cache->shared->at = 0;
	return worker__call(cache->worker, answer_request, &r, sizeof(r), out);
}

enum failure target__resolve(pid_t pid, struct target_cache *cache, struct sbuf *steps,
			     struct sbuf *why, struct target *ret)
{
	__cleanup(sbuf__free) struct sbuf unheard = { 0 }, out = { 0 };
	const uint32_t one = (uint32_t)pid;
	int err = ask(cache, &one, 1, steps, &out);
	struct answers in = { .at = out.s, .left = out.len };
	struct target t;
	enum failure f;

	if (!why)
		why = &unheard;
	if (err)
		return resolve_lost(pid, cache, err, why);
	f = take_answer(&in, cache, steps, why, &t);
	if (f)
		return f;
	where_names__find(cache->names, t.pid, &t.where);
	*ret = t;
	return FAIL_NONE;
}

static void resolve_one(pid_t pid, struct target_cache *cache, target_fn fn, void *ctx)
{
	__cleanup(sbuf__free) struct sbuf why = { 0 };
	struct target t;
	enum failure f = target__resolve(pid, cache, NULL, &why, &t);

	fn(ctx, pid, f, sbuf__str(&why), &t);
}

/* The worker was lost at one of them; with it is lost what it had found of those before. How many are done. */
static size_t resolve_around(const uint32_t *pids, size_t cnt, struct target_cache *cache, int err,
			     target_fn fn, void *ctx)
{
	const size_t said = cache->shared->at, at = said < cnt ? said : 0;
	__cleanup(sbuf__free) struct sbuf why = { 0 };
	enum failure f = resolve_lost((pid_t)pids[at], cache, err, &why);

	for (size_t i = 0; i < at; i++)
		resolve_one((pid_t)pids[i], cache, fn, ctx);
	fn(ctx, (pid_t)pids[at], f, sbuf__str(&why), NULL);
	return at + 1;
}

/* As many as one call does, at least one. */
static size_t resolve_some(const uint32_t *pids, size_t cnt, struct target_cache *cache,
			   target_fn fn, void *ctx)
{
	__cleanup(sbuf__free) struct sbuf out = { 0 };
	int err = ask(cache, pids, cnt, false, &out);
	struct answers in = { .at = out.s, .left = out.len };
	size_t i = 0;

	if (err)
		return resolve_around(pids, cnt, cache, err, fn, ctx);
	do {
		__cleanup(sbuf__free) struct sbuf why = { 0 };
		struct target t;
		enum failure f = take_answer(&in, cache, NULL, &why, &t);

		fn(ctx, (pid_t)pids[i++], f, sbuf__str(&why), &t);
	} while (in.left && i < cnt);
	return i;
}

void target__resolve_many(const uint32_t *pids, size_t cnt, struct target_cache *cache,
			  target_fn fn, void *ctx)
{
	while (cnt && !ending__has_come()) {
		size_t some = cnt < BUDGET_BATCH ? cnt : BUDGET_BATCH;
		size_t n = resolve_some(pids, some, cache, fn, ctx);

		pids += n;
		cnt -= n;
	}
}

void target__hint_child(pid_t pid, struct target_cache *cache, struct sbuf *ret)
{
	__cleanup(freep) uint32_t *pids = NULL;
	ssize_t n = proc__pids(&pids);
	size_t tried = 0;

	for (ssize_t i = 0; i < n && tried < BUDGET_HINTS && !ending__has_come(); i++) {
		struct target child;

		if (proc__parent((pid_t)pids[i]) != pid)
			continue;
		tried++;
		if (!target__resolve((pid_t)pids[i], cache, NULL, NULL, &child)) {
			sbuf__printf(ret, "; its child %u is (%s): try -p %u or -s", pids[i],
				     child.comm, pids[i]);
			return;
		}
	}
}
