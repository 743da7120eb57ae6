/* SPDX-License-Identifier: BSD-2-Clause */
/* thread_name.c - what a Python program calls its threads
 *
 * From 3.14 on threading gives its names to the kernel. Before, all threads have the program's name
 * there, and Thread.name is only in the interpreter's memory: sys.modules["threading"]._active maps
 * get_ident() to Thread objects, and those have _name. A name that the program has given to the kernel
 * itself (prctl, setproctitle) goes first: that is the one it wants to be seen.
 */
#include "user/python/thread_name.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "bpf/pystack.h"
#include "user/base/budgets.h"
#include "user/base/proc.h"
#include "user/base/sbuf.h"
#include "user/base/text.h"
#include "user/base/util.h"
#include "user/python/object.h"
#include "user/python/process_impl.h"
#include "user/python/sym.h"

#define COMM_LEN 15 /* TASK_COMM_LEN - 1 */
/* For threading._active of all interpreters, which may be as long as it likes: half of what a worker may take. */
#define ACTIVE_CPU_NS (BUDGET_READ_CPU_NS / 2)

/* ---- the kernel's names ------------------------------------------------------------------------ */

/* Names that a thread inherits without anybody having chosen them. */
struct inherited {
	char name[4][COMM_LEN + 1];
	size_t cnt;
};

static void add_inherited(struct inherited *in, const char *path)
{
	snprintf(in->name[in->cnt++], sizeof(in->name[0]), "%.*s", COMM_LEN, path_base(path));
}

static void find_inherited(pid_t pid, struct inherited *in)
{
	struct sbuf b = {};
	char buf[PATH_MAX];

	proc__comm(pid, 0, buf, sizeof(buf));
	add_inherited(in, buf);
	proc__exe(pid, buf, sizeof(buf));
	add_inherited(in, buf);
	/* A script started by its #! line has its own name, which is argv[1]. */
	snprintf(buf, sizeof(buf), "/proc/%d/cmdline", (int)pid);
	if (!read_file(AT_FDCWD, buf, 4096, &b) && b.s) {
		add_inherited(in, b.s);
		if (strlen(b.s) + 1 < b.len)
			add_inherited(in, b.s + strlen(b.s) + 1);
	}
	sbuf__free(&b);
}

static bool is_inherited(const struct inherited *in, const char *comm)
{
	for (size_t i = 0; i < in->cnt; i++) {
		if (!strcmp(in->name[i], comm))
			return true;
	}
	return false;
}

/* ---- threading.Thread.name --------------------------------------------------------------------- */

struct active {
	const struct py_process *p;
	const struct py_thread *threads;
	size_t n;
	int64_t interp_id;
	struct py_thread_name *ret;
	size_t *left;	/* items that are looked at yet */
	uint64_t until; /* on our CPU clock */
	size_t missing; /* threads that have no name yet */
};

/* An item of threading._active: get_ident() -> Thread. */
static bool take_active(void *ctx, uint64_t key, uint64_t value)
{
	struct active *a = ctx;
	uint64_t ident, name;

	if (!*a->left || !a->missing || (!(*a->left % 64) && own_cpu_ns() > a->until))
		return false;
	--*a->left;
	if (py_int__read(a->p, key, &ident))
		return true;
	for (size_t i = 0; i < a->n; i++) {
		if (a->threads[i].ident != ident || a->threads[i].interp_id != a->interp_id ||
		    a->ret[i].source)
			continue;
		if (py_object__attr(a->p, value, "_name", &name))
			break;
		if (py_str__read(a->p, name, a->ret[i].name, sizeof(a->ret[i].name)) > 0)
			a->ret[i].source = PY_NAME_THREADING;
		a->missing--;
		break;
	}
	return true;
}

/* Address of threading._active, or 0. */
static uint64_t find_active(struct py_process *p, const struct py_interp *interp,
			    struct py_actives *known)
{
	const struct py_objects *o = &py_process__runtime(p)->obj;
	uint64_t modules, module, dict, active;

	for (size_t i = 0; known && i < known->cnt; i++)
		if (known->at[i].interp == interp->addr)
			return known->at[i].dict;
	if (py_process__read_ptr(p, interp->addr + o->interp_modules, &modules) || !modules ||
	    py_dict__get(p, modules, "threading", &module) ||
	    py_process__read_ptr(p, module + o->module_dict, &dict) || !dict ||
	    py_dict__get(p, dict, "_active", &active))
		return 0;
	if (known && known->cnt < PY_ACTIVES_MAX) {
		known->at[known->cnt].interp = interp->addr;
		known->at[known->cnt++].dict = active;
	}
	return active;
}

static void read_active(struct py_process *p, const struct py_interp *interp,
			struct py_actives *known, const struct py_thread *threads, size_t n,
			struct py_thread_name *ret, size_t *left, uint64_t until)
{
	struct active a = { p, threads, n, interp->id, ret, left, until, 0 };
	uint64_t active;

	for (size_t i = 0; i < n; i++)
		a.missing += threads[i].interp_id == interp->id && !ret[i].source;
	active = a.missing ? find_active(p, interp, known) : 0;
	if (active)
		py_dict__each(p, active, take_active, &a);
}

/* ---- the function it started with -------------------------------------------------------------- */

static bool in_threading(const char *file)
{
	return !strcmp(path_base(file), "threading.py");
}

static void name_by_function(struct py_process *p, struct pysym *ps, const struct py_thread *t,
			     struct py_walk *walk, struct py_thread_name *ret)
{
	struct pysym_frame f;

	py_process__walk(p, t->tstate, walk);
	if (walk->stack.end != PY_END_ROOT)
		return;
	pysym__begin(ps);
	for (uint32_t i = walk->stack.cnt; i-- > 0;) {
		if (pysym__resolve(ps, &walk->stack.frames[i], walk->code[i], &f) ||
		    in_threading(f.file))
			continue;
		/* A module's body is the main program. */
		if (f.name[0] == '<')
			return;
		snprintf(ret->name, sizeof(ret->name), "%.*s()",
			 (int)text_prefix(f.name, SIZE_MAX, sizeof(ret->name) - 3, NULL), f.name);
		ret->source = PY_NAME_FUNCTION;
		return;
	}
}

/* Nobody has named it. 3.14+ names all threads but the first one; that is called as it always was. */
static void name_by_program(const struct py_runtime *rt, pid_t pid, uint32_t tid,
			    struct py_thread_name *ret)
{
	ret->source = PY_NAME_PROGRAM;
	if (rt->minor < 14 || tid != (uint32_t)pid)
		return;
	snprintf(ret->name, sizeof(ret->name), "MainThread");
	ret->source = PY_NAME_THREADING;
}

/* Of a thread of a subinterpreter: the first entry of the same kernel thread; else, or if it is itself: -1. */
static ssize_t first_of_tid(const struct py_thread *threads, size_t i)
{
	for (size_t k = 0; k < i && threads[i].interp_id && threads[i].tid; k++)
		if (threads[k].tid == threads[i].tid)
			return (ssize_t)k;
	return -1;
}

/* A kernel thread that runs several interpreters has a name in each ("MainThread" where it was the first
 * to import threading). Its best known name counts everywhere, of several that of the main interpreter.
 */
static void agree(const struct py_thread *threads, size_t n, struct py_thread_name *ret)
{
	for (size_t i = 0; i < n; i++) {
		ssize_t k = first_of_tid(threads, i);

		if (k >= 0 && ret[i].source && (!ret[k].source || ret[i].source < ret[k].source))
			ret[k] = ret[i];
	}
	for (size_t i = 0; i < n; i++) {
		ssize_t k = first_of_tid(threads, i);

		if (k >= 0)
			ret[i] = ret[k];
	}
}

static void names_here(struct py_process *p, struct pysym *ps, struct py_actives *known,
		       const struct py_thread *threads, size_t n, struct py_thread_name *ret)
{
	const struct py_runtime *rt = py_process__runtime(p);
	__cleanup(freep) struct py_interp *interps = NULL;
	__cleanup(freep) struct py_walk *walk = malloc(sizeof(*walk));
	struct inherited in = {};
	uint64_t until = own_cpu_ns() + ACTIVE_CPU_NS;
	ssize_t interp_cnt = 0;
	size_t left = known && known->newest ? known->newest : BUDGET_THREADS;

	find_inherited(py_process__pid(p), &in);
	memset(ret, 0, n * sizeof(*ret));
	for (size_t i = 0; i < n; i++) {
		if (!threads[i].tid)
			continue;
		proc__comm(py_process__pid(p), (pid_t)threads[i].tid, ret[i].name,
			   sizeof(ret[i].name));
		/* "?": it has ended meanwhile. */
		if (!strcmp(ret[i].name, "?"))
			ret[i].name[0] = '\0';
		else if (!is_inherited(&in, ret[i].name))
			ret[i].source = PY_NAME_COMM;
	}
	if (rt->minor <= 13 && rt->obj.interp_modules != PY_NONE)
		interp_cnt = py_process__interps(p, &interps);
	for (ssize_t i = 0; i < interp_cnt; i++)
		read_active(p, &interps[i], known, threads, n, ret, &left, until);
	for (size_t i = 0; i < n; i++) {
		/* The first one did not start with a function: what is outermost there is the program, or how it is loaded. */
		if (!ret[i].source && ps && walk && threads[i].tid != (uint32_t)py_process__pid(p))
			name_by_function(p, ps, &threads[i], walk, &ret[i]);
		if (!ret[i].source && ret[i].name[0])
			name_by_program(rt, py_process__pid(p), threads[i].tid, &ret[i]);
	}
	agree(threads, n, ret);
}

/* ---- by a worker ---- */

struct names_args {
	bool functions, has_known;
	struct py_actives known;
	uint64_t cnt; /* of the threads that follow */
};

static int names_there(void *state, const void *in, size_t in_len, struct sbuf *out)
{
	const void *args;
	struct py_process *p = py_guest__open(state, in, in_len, &args, sizeof(struct names_args));
	struct py_thread_name *names;
	struct py_thread *threads;
	struct names_args a;

	if (!p)
		return -ENOMEM;
	memcpy(&a, args, sizeof(a));
	if (a.functions && !p->sym)
		p->sym = pysym__new(p);
	threads = calloc(a.cnt + 1, sizeof(*threads));
	names = calloc(a.cnt + 1, sizeof(*names));
	if (threads && names) {
		memcpy(threads, (const char *)args + sizeof(a), a.cnt * sizeof(*threads));
		py_thread_names__read(p, a.functions ? p->sym : NULL, a.has_known ? &a.known : NULL,
				      threads, a.cnt, names);
		sbuf__add(out, (const char *)&a, sizeof(a));
		sbuf__add(out, (const char *)names, a.cnt * sizeof(*names));
	}
	free(threads);
	free(names);
	return out->len ? 0 : -ENOMEM;
}

static void names_by_worker(struct py_process *p, bool functions, struct py_actives *known,
			    const struct py_thread *threads, size_t n, struct py_thread_name *ret)
{
	struct names_args a = { functions, known, { 0 }, n };
	struct sbuf args = { 0 }, out = { 0 };

	memset(ret, 0, n * sizeof(*ret));
	if (known)
		a.known = *known;
	sbuf__add(&args, (const char *)&a, sizeof(a));
	sbuf__add(&args, (const char *)threads, n * sizeof(*threads));
	if (!args.oom && !py_guest__call(p, names_there, args.s, args.len, &out) &&
	    out.len == sizeof(a) + n * sizeof(*ret)) {
		memcpy(&a, out.s, sizeof(a));
		memcpy(ret, out.s + sizeof(a), n * sizeof(*ret));
		if (known)
			*known = a.known;
	}
	sbuf__free(&args);
	sbuf__free(&out);
}

void py_thread_names__read(struct py_process *p, struct pysym *ps, struct py_actives *known,
			   const struct py_thread *threads, size_t n, struct py_thread_name *ret)
{
	if (p->worker)
		names_by_worker(p, ps, known, threads, n, ret);
	else
		names_here(p, ps, known, threads, n, ret);
}
