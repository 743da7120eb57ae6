/* SPDX-License-Identifier: BSD-2-Clause */
#include "user/picture/workers.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "user/base/arena.h"
#include "user/base/util.h"

struct box {
	struct worker_groups groups; /* first: a pointer to it is a pointer to the box */
	struct arena arena;
};

/* A process that may be one of a group. */
struct candidate {
	const struct snap_proc *proc;
	const char *program;
	bool is_title; /* it has given itself its name */
	bool unsure;   /* that may not be its name, or it has none: see settle() */
};

/* ---- one worker ---- */

/* What the thread that lost most lost of its time. A process that is stopped loses nothing to the GIL. */
static double worst_delay(const struct snap_proc *p)
{
	const struct snap_thread *worst = NULL;

	if (!p->span_ns || p->halted)
		return NAN;
	/* They are ordered by it; a row of many is only better than none. */
	for (size_t i = 0; i < p->thread_cnt && (!worst || snap_thread__is_fold(worst)); i++)
		if (snap_thread__delay_ns(&p->threads[i]) &&
		    (!worst || !snap_thread__is_fold(&p->threads[i])))
			worst = &p->threads[i];
	if (!worst || !worst->span_ns)
		return 0;
	return (double)snap_thread__delay_ns(worst) / (double)worst->span_ns;
}

static void measure(struct worker *w, const struct snap_proc *p)
{
	const struct snap_gil *g = snap_proc__busiest_gil(p);
	struct snap_held held = { NAN, NAN };
	uint64_t wait_ns = 0, wait_max = 0, switches = 0, observed = 0;

	*w = (struct worker){ .proc = p };
	for (size_t i = 0; i < p->gil_cnt; i++) {
		wait_ns += p->gils[i].wait_ns;
		switches += p->gils[i].switches;
		observed = p->gils[i].observed_ns > observed ? p->gils[i].observed_ns : observed;
	}
	for (size_t i = 0; i < p->thread_cnt; i++) {
		const struct snap_thread *t = &p->threads[i];
		bool open = t->state == SNAP_WAITING && p->alive && !p->halted;

		if (open && t->state_ns != NS_UNKNOWN && t->state_ns > w->open_ns)
			w->open_ns = t->state_ns;
		if (t->wait_max_ns != NS_UNKNOWN && t->wait_max_ns > wait_max)
			wait_max = t->wait_max_ns;
	}
	if (g && p->span_ns)
		held = snap_gil__held(g, p->span_ns);
	w->v[WORKERS_HELD] = held.share;
	w->v[WORKERS_LOAD] = g && p->span_ns ? snap_gil__load(g, p->span_ns) : NAN;
	w->about[WORKERS_HELD] = w->about[WORKERS_LOAD] = !isnan(held.err);
	w->v[WORKERS_DELAY] = worst_delay(p);
	w->v[WORKERS_WAITING] = p->span_ns ? (double)wait_ns / (double)p->span_ns : NAN;
	w->v[WORKERS_WAIT_MAX] =
		p->span_ns ? (double)(wait_max > w->open_ns ? wait_max : w->open_ns) : NAN;
	w->v[WORKERS_SWITCHES] = observed ? (double)switches / ((double)observed / 1e9) : NAN;
}

static double at_least(double v)
{
	return isnan(v) ? 0 : v;
}

/* What is not known of a load is the holding. */
static double badness(const struct worker *w)
{
	double load = w->v[WORKERS_LOAD];

	return at_least(w->v[WORKERS_DELAY]) +
	       (isnan(load) ? at_least(w->v[WORKERS_WAITING]) : load);
}

static uint64_t stuck_ns(const struct worker *w)
{
	return w->open_ns >= WORKER_STUCK_NS ? w->open_ns : 0;
}

static int cmp_worst(const void *a, const void *b)
{
	const struct worker *x = a, *y = b;
	double bx = badness(x), by = badness(y);

	if (x->proc->alive != y->proc->alive)
		return x->proc->alive ? -1 : 1;
	if (stuck_ns(x) != stuck_ns(y))
		return stuck_ns(x) > stuck_ns(y) ? -1 : 1;
	if (bx < by || bx > by)
		return bx > by ? -1 : 1;
	return x->proc->pid < y->proc->pid ? -1 : x->proc->pid > y->proc->pid;
}

/* ---- a group ---- */

static int cmp_double(const void *a, const void *b)
{
	double x = *(const double *)a, y = *(const double *)b;

	return x < y ? -1 : x > y;
}

/* v: room for cnt values */
static struct worker_range range_of(const struct worker *w, size_t cnt, enum worker_figure f,
				    double *v)
{
	struct worker_range r = { .min = NAN, .median = NAN, .max = NAN };

	for (size_t i = 0; i < cnt; i++) {
		if (isnan(w[i].v[f]))
			continue;
		if (!r.known || w[i].v[f] > r.max) {
			r.max = w[i].v[f];
			r.max_pid = w[i].proc->pid;
		}
		r.about |= w[i].about[f];
		v[r.known++] = w[i].v[f];
	}
	if (!r.known)
		return r;
	qsort(v, r.known, sizeof(*v), cmp_double);
	r.min = v[0];
	r.median = (v[(r.known - 1) / 2] + v[r.known / 2]) / 2;
	return r;
}

static void add_up(struct worker_sums *sums, const struct snap_proc *p)
{
	sums->span_ns += p->span_ns;
	for (size_t i = 0; i < p->thread_cnt; i++) {
		sums->yield_ns += p->threads[i].yield_ns;
		sums->blame_ns += p->threads[i].blame_ns;
	}
	for (size_t i = 0; i < p->gil_cnt; i++) {
		const struct snap_gil *g = &p->gils[i];

		sums->wait_ns += g->wait_ns;
		sums->unsure_ns += g->unsure_ns;
		sums->runnable_ns += g->runnable_ns;
		sums->observed_ns += g->observed_ns;
		sums->held_ns += g->held_ns;
		sums->gap_ns += g->gap_ns;
		sums->switches += g->switches;
		sums->acquisitions += g->acquisitions;
		sums->about_held_ns += snap_gil__about_held_ns(g, p->span_ns);
		sums->about |= g->observed_ns < p->span_ns;
	}
}

/* From candidates that belong together. False: no memory. */
static bool make_group(struct worker_group *g, const struct candidate *c, size_t cnt,
		       struct arena *a)
{
	struct worker *w = arena__alloc(a, cnt, sizeof(*w));
	double *v = arena__alloc(a, cnt, sizeof(*v));

	if (!w || !v)
		return false;
	*g = (struct worker_group){ .parent = c->proc->parent,
				    .parent_comm = c->proc->parent_comm,
				    .name = c->program,
				    .workers = w };
	for (size_t i = 0; i < cnt; i++) {
		measure(&w[i], c[i].proc);
		add_up(&g->sums, c[i].proc);
		g->cnt += c[i].proc->alive;
	}
	g->ended = cnt - g->cnt;
	qsort(w, cnt, sizeof(*w), cmp_worst);
	for (int f = 0; f < WORKERS_FIGURES; f++)
		g->range[f] = range_of(w, g->cnt ? g->cnt : cnt, (enum worker_figure)f, v);
	return true;
}

static int cmp_group(const void *a, const void *b)
{
	const struct worker_group *x = a, *y = b;

	return cmp_worst(x->workers, y->workers);
}

/* ---- who belongs together ---- */

static int cmp_candidate(const void *a, const void *b)
{
	const struct candidate *x = a, *y = b;
	int c;

	if (x->proc->parent != y->proc->parent)
		return x->proc->parent < y->proc->parent ? -1 : 1;
	c = strcmp(x->proc->runtime, y->proc->runtime);
	if (!c)
		c = x->unsure - y->unsure;
	if (!c)
		c = strcmp(x->program, y->program);
	if (!c)
		c = (x->proc->pid > y->proc->pid) - (x->proc->pid < y->proc->pid);
	return c ? c : (x->proc > y->proc) - (x->proc < y->proc);
}

static bool same_master(const struct candidate *x, const struct candidate *y)
{
	return x->proc->parent == y->proc->parent && !strcmp(x->proc->runtime, y->proc->runtime);
}

static bool same_group(const struct candidate *x, const struct candidate *y)
{
	return same_master(x, y) && !strcmp(x->program, y->program);
}

static const struct snap_proc *parent_of(const struct snapshot *s, const struct snap_proc *p)
{
	for (size_t i = 0; i < s->proc_cnt; i++)
		if (s->procs[i].pid == p->parent)
			return &s->procs[i];
	return NULL;
}

/* What init has for children came from anywhere. (In a container the first process may be a master, a Python.) */
static bool has_master(const struct snapshot *s, const struct snap_proc *p)
{
	bool init = p->parent == 1 || !strcmp(p->parent_comm, "systemd") ||
		    !strcmp(p->parent_comm, "init");

	return p->parent && (!init || parent_of(s, p));
}

/* Has it the name of its master? It gets that with the fork, and may have been looked at before it took its own. */
static bool is_masters(const struct snapshot *s, const struct candidate *c)
{
	const struct snap_proc *master = parent_of(s, c->proc);
	char program[WORKER_PROGRAM_SZ];

	if (!master)
		return false;
	worker__program(master->cmdline, master->comm, program, sizeof(program));
	return !strcmp(program, c->program);
}

/* One that has the name of its master will be called as the others that have named themselves; one that ended before its
 * command line could be read had that which most of the others have. c: sorted, all of one master.
 */
static void settle(struct candidate *c, size_t cnt)
{
	const struct candidate *most = NULL, *most_titles = NULL;
	size_t most_cnt = 0, titles_cnt = 0, end;

	for (size_t i = 0; i < cnt && !c[i].unsure; i = end) {
		for (end = i + 1; end < cnt && !c[end].unsure && same_group(&c[i], &c[end]);)
			end++;
		if (end - i > most_cnt) {
			most_cnt = end - i;
			most = &c[i];
		}
		if (c[i].is_title && end - i > titles_cnt) {
			titles_cnt = end - i;
			most_titles = &c[i];
		}
	}
	for (size_t i = 0; i < cnt; i++) {
		const struct candidate *as = c[i].is_title ? most_titles : most;

		if (c[i].unsure && as)
			c[i].program = as->program;
		c[i].unsure = false;
	}
}

/* In the order in which those of a group are side by side. */
static void sort(struct candidate *c, size_t cnt)
{
	size_t end;

	qsort(c, cnt, sizeof(*c), cmp_candidate);
	for (size_t i = 0; i < cnt; i = end) {
		for (end = i + 1; end < cnt && same_master(&c[i], &c[end]);)
			end++;
		settle(&c[i], end - i);
	}
	qsort(c, cnt, sizeof(*c), cmp_candidate);
}

static bool group_all(struct box *b, struct candidate *c, size_t cnt)
{
	struct worker_group *v = arena__alloc(&b->arena, cnt / 2 + 1, sizeof(*v));
	size_t end;

	if (!v)
		return false;
	for (size_t i = 0; i < cnt; i = end) {
		for (end = i + 1; end < cnt && same_group(&c[i], &c[end]);)
			end++;
		if (end - i >= 2 && !make_group(&v[b->groups.cnt++], &c[i], end - i, &b->arena))
			return false;
	}
	qsort(v, b->groups.cnt, sizeof(*v), cmp_group);
	b->groups.v = v;
	return true;
}

struct worker_groups *worker_groups__new(const struct snapshot *s)
{
	struct box *b = calloc(1, sizeof(*b));
	struct candidate *c = b ? arena__alloc(&b->arena, s->proc_cnt, sizeof(*c)) : NULL;
	char program[WORKER_PROGRAM_SZ];
	size_t cnt = 0;

	for (size_t i = 0; i < s->proc_cnt && c; i++) {
		const struct snap_proc *p = &s->procs[i];

		if (p->executed || !has_master(s, p))
			continue;
		c[cnt].is_title = worker__program(p->cmdline, p->comm, program, sizeof(program));
		c[cnt].program = arena__strdup(&b->arena, program);
		c[cnt].proc = p;
		c[cnt].unsure =
			c[cnt].is_title ? is_masters(s, &c[cnt]) : !worker__has_name(p->cmdline);
		cnt++;
	}
	if (cnt)
		sort(c, cnt);
	if (!c || !group_all(b, c, cnt)) {
		worker_groups__free(b ? &b->groups : NULL);
		return NULL;
	}
	return &b->groups;
}

void worker_groups__free(struct worker_groups *g)
{
	struct box *b = (struct box *)g;

	if (!b)
		return;
	arena__free(&b->arena);
	free(b);
}

const struct worker_group *worker_groups__of(const struct worker_groups *g,
					     const struct snap_proc *p)
{
	for (size_t i = 0; i < g->cnt; i++)
		for (size_t k = 0; k < g->v[i].cnt + g->v[i].ended; k++)
			if (g->v[i].workers[k].proc == p)
				return &g->v[i];
	return NULL;
}

const char *worker_figure__name(enum worker_figure f)
{
	static const char *const names[] = {
		[WORKERS_HELD] = "utilization",	    [WORKERS_LOAD] = "load",
		[WORKERS_DELAY] = "delay",	    [WORKERS_WAITING] = "waiting",
		[WORKERS_WAIT_MAX] = "wait_max_ns", [WORKERS_SWITCHES] = "switches_per_s",
	};

	return names[f];
}

const char *worker_figure__text(enum worker_figure f, double v, bool about, char buf[UNITS_SZ])
{
	char one[UNITS_SZ];

	if (isnan(v)) {
		snprintf(buf, UNITS_SZ, "-");
		return buf;
	}
	if (f == WORKERS_HELD && about)
		snprintf(one, sizeof(one), "%.0f", v * 100);
	else if (f == WORKERS_HELD || f == WORKERS_DELAY)
		units__percent((uint64_t)(v * 1e9), 1000000000, one);
	else if (f == WORKERS_WAIT_MAX)
		units__duration((uint64_t)v, one);
	else
		units__count(v, one);
	snprintf(buf, UNITS_SZ, "%s%.*s", about ? "~" : "", UNITS_SZ - 2, one);
	return buf;
}
