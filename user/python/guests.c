/* SPDX-License-Identifier: BSD-2-Clause */
/* guests.c - other processes' memory is read by a worker
 *
 * A page of theirs may be served by a program of theirs, or never. So each function that reads much of it is done by a
 * worker as a whole, and a single read, too: there the process is opened once more, by what identifies it.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "user/base/budgets.h"
#include "user/base/sbuf.h"
#include "user/base/util.h"
#include "user/python/process_impl.h"
#include "user/python/sym.h"

/* Processes that a worker keeps open; then it begins anew. */
#define GUESTS_MAX 256

static const struct worker_limits limits = { .memory = BUDGET_READ_MEMORY,
					     .cpu_ns = BUDGET_READ_CPU_NS,
					     .wait_ns = BUDGET_READ_WAIT_NS,
					     .answer = BUDGET_READ_ANSWER };

struct py_guests {
	struct worker *worker;
	/* the worker's */
	size_t cnt;
	struct py_process *v[GUESTS_MAX];
};

struct header {
	pid_t pid;
	struct py_runtime rt;
	uint64_t bias;
	int pthread_off;
};

struct py_guests *py_guests__new(void)
{
	struct py_guests *g = calloc(1, sizeof(*g));

	if (g)
		g->worker = worker__new(&limits, g);
	if (g && g->worker)
		return g;
	free(g);
	return NULL;
}

void py_guests__free(struct py_guests *g)
{
	if (!g)
		return;
	worker__free(g->worker);
	free(g);
}

uint64_t py_guests__lost_cnt(const struct py_guests *g)
{
	return worker__lost_cnt(g->worker);
}

uint64_t py_guests__cpu_ns(const struct py_guests *g)
{
	return worker__cpu_ns(g->worker);
}

void py_process__by(struct py_process *p, struct py_guests *g)
{
	p->worker = g->worker;
}

/* ---- in giltop ---- */

void py_process__has_ended(struct py_process *p)
{
	p->gone = true;
}

bool py_process__is_silent(const struct py_process *p)
{
	return p->silent_until_ns && now_ns() < p->silent_until_ns;
}

int py_guest__call(struct py_process *p, worker_fn fn, const void *args, size_t len,
		   struct sbuf *out)
{
	struct header h = { p->pid, p->rt, p->bias, p->tids.pthread_off };
	struct sbuf in = { 0 };
	int err;

	if (p->gone)
		return -ESRCH;
	if (py_process__is_silent(p))
		return -ETIMEDOUT;
	sbuf__add(&in, (const char *)&h, sizeof(h));
	sbuf__add(&in, args, len);
	err = in.oom ? -ENOMEM : worker__call(p->worker, fn, in.s, in.len, out);
	sbuf__free(&in);
	if (err == -ETIMEDOUT || err == -EFBIG || err == -EIO) {
		p->silent_ns = p->silent_ns ? 2 * p->silent_ns : BUDGET_READ_SILENT_NS;
		if (p->silent_ns > BUDGET_READ_SILENT_MAX_NS)
			p->silent_ns = BUDGET_READ_SILENT_MAX_NS;
		p->silent_until_ns = now_ns() + p->silent_ns;
		err = -ETIMEDOUT;
	}
	p->gone = err == -ESRCH;
	return err;
}

ssize_t py_guest__list(struct py_process *p, worker_fn fn, const void *args, size_t len, size_t sz,
		       void *ret)
{
	struct sbuf out = { 0 };
	int err = py_guest__call(p, fn, args, len, &out);
	void *list = malloc(out.len + 1);

	if (!err && !list)
		err = -ENOMEM;
	if (err) {
		free(list);
		sbuf__free(&out);
		return err;
	}
	if (out.len)
		memcpy(list, out.s, out.len);
	*(void **)ret = list;
	err = (int)(out.len / sz);
	sbuf__free(&out);
	return err;
}

/* ---- in the worker ---- */

static struct py_process *find(const struct py_guests *g, const struct header *h)
{
	for (size_t i = 0; i < g->cnt; i++)
		if (g->v[i]->pid == h->pid && g->v[i]->bias == h->bias &&
		    g->v[i]->rt.runtime_va == h->rt.runtime_va)
			return g->v[i];
	return NULL;
}

struct py_process *py_guest__open(void *state, const void *in, size_t in_len, const void **args,
				  size_t need)
{
	struct py_guests *g = state;
	struct py_process *p;
	struct header h;

	if (in_len < sizeof(h) + need)
		return NULL;
	memcpy(&h, in, sizeof(h));
	*args = (const char *)in + sizeof(h);
	p = find(g, &h);
	if (!p) {
		if (g->cnt == GUESTS_MAX)
			while (g->cnt)
				py_process__free(g->v[--g->cnt]);
		p = py_process__new(h.pid, &h.rt, h.bias);
		if (!p)
			return NULL;
		g->v[g->cnt++] = p;
	}
	if (p->tids.pthread_off < 0)
		p->tids.pthread_off = h.pthread_off;
	return p;
}

int py_guest__put_list(ssize_t n, void *list, size_t sz, struct sbuf *out)
{
	if (n < 0)
		return (int)n;
	sbuf__add(out, list, (size_t)n * sz);
	free(list);
	return 0;
}
