/* SPDX-License-Identifier: BSD-2-Clause */
/* gecko.c - a profile for the Firefox Profiler (profiler.firefox.com), which reads it on the user's machine
 *
 * The "processed" format, in the version that CPython's own profiler writes (python -m profiling.sampling --gecko), with the
 * same names of markers and the same category, so that both look alike. Later versions of the profiler read it as it is:
 * they bring old ones up to date as they load them, so this need not follow them.
 *
 * All that is about one thread is in one piece, column by column, so nothing can be written before the end: the states are in
 * a spool until then (state_log.h).
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "user/base/sbuf.h"
#include "user/base/util.h"
#include "user/view/gecko_impl.h"

/* ---- for all files ---- */

uint64_t gecko__since(const struct gecko *g, uint64_t ns)
{
	return ns > g->base_ns ? ns - g->base_ns : 0;
}

const char *gecko__pid(const struct gecko *g, const struct state_proc *p, char buf[48])
{
	const struct states *st = state_log__states(g->log);
	unsigned int before = 0;

	for (size_t i = 0; i < p->no; i++)
		before += states__proc(st, i)->pid == p->pid;
	if (before)
		snprintf(buf, 48, "%u.%u", p->pid, before);
	else
		snprintf(buf, 48, "%u", p->pid);
	return buf;
}

uint32_t gecko__label(struct gecko *g, const struct state_thread *t)
{
	__cleanup(sbuf__free) struct sbuf b = { 0 };

	if (g->labels[t->no] != STRINGS_NONE)
		return g->labels[t->no];
	sbuf__puts(&b, *t->name ? t->name : "thread");
	sbuf__printf(&b, " (%u)", t->tid);
	if (b.oom)
		g->strings.err = -ENOMEM;
	return g->labels[t->no] = strings__no(&g->strings, sbuf__str(&b));
}

static void put_time(struct gecko *g, const char *key, uint64_t ns)
{
	if (ns)
		json__ms(&g->json, key, gecko__since(g, ns));
	else
		json__null(&g->json, key);
}

void gecko__open_thread(struct gecko *g, const char *name, const struct state_thread *t,
			const struct state_proc *p, const char *tid)
{
	struct json_out *j = &g->json;
	char pid[48];

	if (!g->proc_firsts[p->no])
		g->proc_firsts[p->no] = g->thread_cnt + 1;
	g->thread_cnt++;
	json__open(j, NULL, '{');
	json__str(j, "name", name);
	json__bool(j, "isMainThread", t && t->tid == p->pid);
	json__str(j, "processType", "default");
	json__str(j, "processName", *p->comm ? p->comm : "Python");
	json__ms(j, "processStartupTime", gecko__since(g, p->start_ns));
	put_time(g, "processShutdownTime", p->end_ns);
	json__ms(j, "registerTime", gecko__since(g, t ? t->first_ns : p->start_ns));
	put_time(g, "unregisterTime", t ? t->end_ns : p->end_ns);
	json__open(j, "pausedRanges", '[');
	json__close(j, ']');
	json__str(j, "pid", gecko__pid(g, p, pid));
	if (tid)
		json__str(j, "tid", tid);
	else
		json__u64(j, "tid", t ? t->tid : 0);
	json__bool(j, "showMarkersInTimeline", true);
}

/* ---- threads ---- */

/* By process, its first thread before the others; those in the order of their ids. */
static int cmp_streams(const void *a, const void *b)
{
	const struct log_stream *x = *(const struct log_stream *const *)a;
	const struct log_stream *y = *(const struct log_stream *const *)b;
	const struct state_thread *s = x->thread, *t = y->thread;
	bool first_s = s->tid == s->proc->pid, first_t = t->tid == t->proc->pid;

	if (s->proc != t->proc)
		return s->proc->no < t->proc->no ? -1 : 1;
	if (first_s != first_t)
		return first_s ? -1 : 1;
	if (s->tid != t->tid)
		return s->tid < t->tid ? -1 : 1;
	if (s != t)
		return s->no < t->no ? -1 : 1;
	return (x->gil->no > y->gil->no) - (x->gil->no < y->gil->no);
}

/* The n-th process with this pid, of those that were seen; NULL: none. */
static const struct state_proc *proc_of(const struct gecko *g, uint32_t pid, size_t n)
{
	const struct states *st = state_log__states(g->log);

	for (size_t i = 0; i < states__proc_cnt(st); i++)
		if (states__proc(st, i)->pid == pid && !n--)
			return states__proc(st, i);
	return NULL;
}

static int put_blames(struct gecko *g, const struct snapshot *total)
{
	int err = 0;

	for (size_t i = 0; i < total->proc_cnt && !err; i++) {
		const struct state_proc *p;
		size_t before = 0;

		for (size_t k = 0; k < i; k++)
			before += total->procs[k].pid == total->procs[i].pid;
		p = proc_of(g, total->procs[i].pid, before);
		if (p)
			err = gecko__put_blame(g, &total->procs[i], p);
	}
	return err;
}

static int put_threads(struct gecko *g, const struct snapshot *total)
{
	size_t cnt = state_log__cnt(g->log);
	__cleanup(freep) const struct log_stream **list = calloc(cnt + 1, sizeof(*list));
	int err = 0;

	if (!list)
		return -ENOMEM;
	for (size_t i = 0; i < cnt; i++)
		list[i] = state_log__stream(g->log, i);
	qsort(list, cnt, sizeof(*list), cmp_streams);
	json__open(&g->json, "threads", '[');
	for (size_t i = 0; i < cnt && !err; i++)
		err = gecko__put_thread(g, list[i]);
	if (!err)
		err = put_blames(g, total);
	if (!err && !g->thread_cnt)
		err = gecko__put_nothing(g);
	json__close(&g->json, ']');
	return err;
}

/* ---- the file ---- */

static void put_list(struct json_out *j, const char *key)
{
	json__open(j, key, '[');
	json__close(j, ']');
}

static void put_shared(struct gecko *g)
{
	struct json_out *j = &g->json;

	json__open(j, "shared", '{');
	json__open(j, "stringArray", '[');
	for (size_t i = 0; i < g->strings.cnt; i++)
		json__str(j, NULL, g->strings.list[i]);
	json__close(j, ']');
	json__open(j, "sources", '{');
	put_list(j, "uuid");
	put_list(j, "filename");
	json__u64(j, "length", 0);
	json__close(j, '}');
	json__close(j, '}');
}

static int put_file(struct gecko *g, const struct snapshot *total)
{
	struct json_out *j = &g->json;
	int err;

	json__open(j, NULL, '{');
	gecko__put_meta(g, total);
	put_list(j, "libs");
	put_list(j, "pages");
	err = put_threads(g, total);
	if (!err)
		err = gecko__put_counters(g);
	put_shared(g);
	json__close(j, '}');
	if (!err)
		err = g->strings.err;
	return err ? err : json__end(j);
}

static int end(struct view *v, const struct snapshot *total, const char *why)
{
	struct gecko *g = (struct gecko *)v;
	const struct states *st = state_log__states(g->log);
	int err = state_log__finish(g->log, total);
	uint64_t first_ns = state_log__first_ns(g->log);
	size_t threads = states__thread_cnt(st);

	(void)why;
	if (err)
		return err;
	g->base_ns = first_ns < total->start_ns ? first_ns : total->start_ns;
	g->labels = malloc((threads + 1) * sizeof(*g->labels));
	g->proc_firsts = calloc(states__proc_cnt(st) + 1, sizeof(*g->proc_firsts));
	if (!g->labels || !g->proc_firsts)
		return -ENOMEM;
	memset(g->labels, 0xff, (threads + 1) * sizeof(*g->labels));
	return put_file(g, total);
}

static int take(struct view *v, const struct record *r)
{
	return state_log__take(((struct gecko *)v)->log, r);
}

static void gecko_free(struct view *v)
{
	struct gecko *g = (struct gecko *)v;

	state_log__free(g->log);
	strings__free(&g->strings);
	free(g->labels);
	free(g->proc_firsts);
	free(g);
}

static const struct view_ops gecko_ops = {
	.take = take,
	.end = end,
	.free = gecko_free,
};

struct view *view_gecko__new(FILE *out, const struct view_opts *o)
{
	struct gecko *g = calloc(1, sizeof(*g));

	if (!g)
		return NULL;
	g->view = (struct view){ .ops = &gecko_ops, .out = out, .opts = o };
	g->json.out = out;
	g->log = state_log__new(o, true);
	if (!g->log) {
		free(g);
		errno = ENOMEM;
		return NULL;
	}
	return &g->view;
}
