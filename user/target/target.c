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

struct request {
	pid_t pid;
	bool steps; /* are wanted */
};

/* Followed by the steps, and why. */
struct answer {
	enum failure failure;
	struct target target;
	struct analysis analysis; /* of a target that is resolved */
	size_t steps_len;
};

static int answer_request(void *state, const void *in, size_t len, struct sbuf *out)
{
	struct sbuf steps = { 0 }, why = { 0 };
	struct answer a = { 0 };
	struct request r;

	if (len != sizeof(r))
		return -EINVAL;
	memcpy(&r, in, sizeof(r));
	a.failure = target__look(r.pid, state, r.steps ? &steps : NULL, &why, &a.target);
	if (!a.failure) /* both are parts of it */
		a.analysis = *(const struct analysis *)((const char *)a.target.py -
							offsetof(struct analysis, py));
	a.steps_len = steps.len;
	sbuf__add(out, (const char *)&a, sizeof(a));
	sbuf__add(out, sbuf__str(&steps), steps.len);
	sbuf__add(out, sbuf__str(&why), why.len);
	sbuf__free(&steps);
	sbuf__free(&why);
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

enum failure target__resolve(pid_t pid, struct target_cache *cache, struct sbuf *steps,
			     struct sbuf *why, struct target *ret)
{
	__cleanup(sbuf__free) struct sbuf unheard = { 0 }, out = { 0 };
	struct request r = { .pid = pid, .steps = steps };
	const struct analysis *kept;
	struct answer a;
	int err = worker__call(cache->worker, answer_request, &r, sizeof(r), &out);

	if (!why)
		why = &unheard;
	if (!err && out.len < sizeof(a))
		err = -EIO;
	if (err)
		return resolve_lost(pid, cache, err, why);
	memcpy(&a, out.s, sizeof(a));
	if (steps)
		sbuf__add(steps, out.s + sizeof(a), a.steps_len);
	sbuf__add(why, out.s + sizeof(a) + a.steps_len, out.len - sizeof(a) - a.steps_len);
	if (a.failure)
		return a.failure;
	kept = keep(cache, &a.analysis);
	if (!kept && errno == ENOMEM)
		return FAIL_NO_MEMORY;
	if (!kept) {
		sbuf__reset(why);
		sbuf__printf(why, "pid %d: too many different interpreters", pid);
		return FAIL_REFUSED;
	}
	*ret = a.target;
	ret->py = &kept->py;
	ret->sites = &kept->sites;
	where_names__find(cache->names, ret->pid, &ret->where);
	return FAIL_NONE;
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
