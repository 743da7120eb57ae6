/* SPDX-License-Identifier: BSD-2-Clause */
/* process.c - look into the memory of a running CPython: interpreters, GILs, threads */
#include "user/python/process.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/uio.h>
#include "user/base/budgets.h"
#include "user/base/util.h"
#include "user/base/sbuf.h"
#include "user/python/process_impl.h"
#include "user/python/sym.h"

/* Where it says that the collector is at work, for those who walk stacks. */
static void find_collector(struct py_process *p)
{
	const struct py_objects *o = &p->rt.obj;
	bool of_runtime = o->interp_gc == PY_NONE;

	p->rt.layout.tstate_interp = o->tstate_interp;
	if (of_runtime)
		p->rt.layout.gc_base = p->rt.runtime_va + p->bias;
	p->rt.layout.gc_collecting = (of_runtime ? o->rt_gc : o->interp_gc) + o->gc_collecting;
}

struct py_process *py_process__new(pid_t pid, const struct py_runtime *rt, uint64_t load_bias)
{
	struct py_process *p = calloc(1, sizeof(*p));

	if (!p)
		return NULL;
	p->pid = pid;
	p->rt = *rt;
	p->bias = load_bias;
	p->tids.pthread_off = -1;
	p->rt.layout.code_type = py_process__code_type(p);
	find_collector(p);
	return p;
}

void py_process__free(struct py_process *p)
{
	if (!p)
		return;
	py_tids__free(&p->tids);
	pysym__free(p->sym);
	free(p);
}

pid_t py_process__pid(const struct py_process *p)
{
	return p->pid;
}

const struct py_runtime *py_process__runtime(const struct py_process *p)
{
	return &p->rt;
}

uint64_t py_process__code_type(const struct py_process *p)
{
	return p->rt.code_type_va ? p->rt.code_type_va + p->bias : 0;
}

static int read_here(const struct py_process *p, uint64_t addr, void *dst, size_t len)
{
	struct iovec local = { dst, len };
	struct iovec remote = { (void *)(uintptr_t)addr, len };
	ssize_t n = process_vm_readv(p->pid, &local, 1, &remote, 1, 0);

	if (n < 0)
		return -errno;
	return (size_t)n == len ? 0 : -EFAULT;
}

struct read_args {
	uint64_t addr, len;
};

static int read_there(void *state, const void *in, size_t in_len, struct sbuf *out)
{
	const void *args;
	struct py_process *p = py_guest__open(state, in, in_len, &args, sizeof(struct read_args));
	struct read_args a;
	void *buf;
	int err;

	if (!p)
		return -ENOMEM;
	memcpy(&a, args, sizeof(a));
	buf = malloc(a.len + 1);
	err = buf ? py_process__read(p, a.addr, buf, a.len) : -ENOMEM;
	if (!err)
		sbuf__add(out, buf, a.len);
	free(buf);
	return err;
}

static int read_by_worker(const struct py_process *p, uint64_t addr, void *dst, size_t len)
{
	const struct read_args a = { addr, len };
	struct sbuf out = { 0 };
	/* That it does not answer is remembered; nothing else of it changes. */
	int err =
		py_guest__call((struct py_process *)(uintptr_t)p, read_there, &a, sizeof(a), &out);

	if (!err && out.len != len)
		err = -EFAULT;
	if (!err && len)
		memcpy(dst, out.s, len);
	sbuf__free(&out);
	return err;
}

int py_process__read(const struct py_process *p, uint64_t addr, void *dst, size_t len)
{
	if (p->worker)
		return read_by_worker(p, addr, dst, len);
	return read_here(p, addr, dst, len);
}

int py_process__read_ptr(const struct py_process *p, uint64_t addr, uint64_t *ret)
{
	return py_process__read(p, addr, ret, sizeof(*ret));
}

/* ---- interpreters and GILs -------------------------------------------------------------------- */

static int read_interp(const struct py_process *p, uint64_t addr, struct py_interp *ret,
		       uint64_t *next)
{
	const struct py_objects *o = &p->rt.obj;
	uint64_t id;
	int err;

	ret->addr = addr;
	err = py_process__read_ptr(p, addr + o->interp_id, &id);
	if (!err)
		err = py_process__read_ptr(p, addr + o->interp_next, next);
	ret->id = (int64_t)id;
	if (o->rt_gil != PY_NONE)
		ret->gil = p->rt.runtime_va + p->bias + o->rt_gil;
	else if (!err)
		err = py_process__read_ptr(p, addr + o->interp_gil, &ret->gil);
	return err;
}

ssize_t py_process__interps(struct py_process *p, struct py_interp **ret)
{
	struct py_interp *list = NULL;
	size_t n = 0, cap = 0;
	uint64_t addr, next, round = 0;
	int err;

	err = py_process__read_ptr(p, p->rt.runtime_va + p->bias + p->rt.obj.rt_interp_head, &addr);
	while (!err && addr && n < BUDGET_INTERPRETERS && !goes_round(&round, addr, n)) {
		err = array_grow(&list, n, &cap, sizeof(*list));
		if (!err)
			err = read_interp(p, addr, &list[n], &next);
		if (err)
			break;
		addr = next;
		n++;
	}
	/* What was read before a link broke is still true. */
	if (err && !n) {
		free(list);
		return err;
	}
	*ret = list;
	return (ssize_t)n;
}

static bool has_gil(const struct py_gil *gils, size_t n, uint64_t addr)
{
	for (size_t i = 0; i < n; i++) {
		if (gils[i].addr == addr)
			return true;
	}
	return false;
}

/* The fields of a GIL, without the holder's tid: looking for that takes long. */
static int read_gil(struct py_process *p, uint64_t gil, struct py_gil_state *ret)
{
	const struct py_objects *o = &p->rt.obj;
	struct py_gil_state st = { .enabled = true };
	uint8_t raw[48];
	int32_t v;
	int err = py_process__read(p, gil, raw, sizeof(raw));

	if (err)
		return err;
	if (o->gil_enabled != PY_NONE) {
		memcpy(&v, raw + o->gil_enabled, sizeof(v));
		st.enabled = v != 0;
	}
	memcpy(&v, raw + o->gil_locked, sizeof(v));
	if (v < -1 || v > 1) /* -1: not created yet */
		return -EFAULT;
	st.created = v >= 0;
	st.locked = v > 0;
	memcpy(&st.interval_us, raw + o->gil_interval, 8);
	memcpy(&st.holder_tstate, raw + o->gil_last_holder, 8);
	memcpy(&st.switch_number, raw + o->gil_switch_number, 8);
	*ret = st;
	return 0;
}

static int gils_there(void *state, const void *in, size_t in_len, struct sbuf *out)
{
	const void *args;
	struct py_process *p = py_guest__open(state, in, in_len, &args, 0);
	struct py_gil *list = NULL;
	ssize_t cnt;

	if (!p)
		return -ENOMEM;
	cnt = py_process__gils(p, &list);
	return py_guest__put_list(cnt, list, sizeof(*list), out);
}

ssize_t py_process__gils(struct py_process *p, struct py_gil **ret)
{
	__cleanup(freep) struct py_interp *interps = NULL;
	struct py_gil *list;
	size_t n = 0;
	ssize_t cnt;

	if (p->worker)
		return py_guest__list(p, gils_there, NULL, 0, sizeof(**ret), ret);
	cnt = py_process__interps(p, &interps);
	if (cnt < 0)
		return cnt;
	list = calloc((size_t)cnt + 1, sizeof(*list));
	if (!list)
		return -ENOMEM;
	/* The list runs from the newest interpreter to the main one, who is named first here. */
	for (ssize_t i = cnt - 1; i >= 0; i--) {
		struct py_gil_state st;

		if (!interps[i].gil || has_gil(list, n, interps[i].gil) ||
		    read_gil(p, interps[i].gil, &st))
			continue;
		list[n].addr = interps[i].gil;
		list[n].interp_id = interps[i].id;
		list[n].enabled = st.enabled;
		n++;
	}
	*ret = list;
	return (ssize_t)n;
}

int py_process__gil_is_off(struct py_process *p)
{
	__cleanup(freep) struct py_gil *gils = NULL;
	ssize_t n = p->rt.free_threaded ? py_process__gils(p, &gils) : 0;
	struct py_gil_state st;
	int ret = p->rt.free_threaded ? -EAGAIN : 0;

	if (n < 0)
		return (int)n;
	for (ssize_t i = 0; i < n && ret; i++)
		if (!read_gil(p, gils[i].addr, &st) && st.created)
			ret = !st.enabled;
	return ret;
}

static int gil_state_there(void *state, const void *in, size_t in_len, struct sbuf *out)
{
	const void *args;
	struct py_process *p = py_guest__open(state, in, in_len, &args, sizeof(uint64_t));
	struct py_gil_state st = { 0 };
	int err = p ? py_process__gil_state(p, load_u64(args), &st) : -ENOMEM;

	if (!err)
		sbuf__add(out, (const char *)&st, sizeof(st));
	return err;
}

/* Of one answer of a known size. */
static int take_one(int err, struct sbuf *out, void *ret, size_t sz)
{
	if (!err && out->len != sz)
		err = -EFAULT;
	if (!err)
		memcpy(ret, out->s, sz);
	sbuf__free(out);
	return err;
}

int py_process__gil_state(struct py_process *p, uint64_t gil, struct py_gil_state *ret)
{
	struct sbuf out = { 0 };
	int err;

	if (p->worker)
		return take_one(py_guest__call(p, gil_state_there, &gil, sizeof(gil), &out), &out,
				ret, sizeof(*ret));
	err = read_gil(p, gil, ret);
	if (!err && ret->locked && ret->holder_tstate)
		ret->holder_tid = py_process__tid_of(p, ret->holder_tstate);
	return err;
}

/* ---- does it fit? ----------------------------------------------------------------------------- */

static int misfit(char *why, size_t why_sz, const struct py_process *p, const char *what)
{
	snprintf(why, why_sz,
		 "CPython %s in process %d: %s: memory is not laid out as expected, refusing to "
		 "guess",
		 p->rt.version, (int)p->pid, what);
	return -ENOTSUP;
}

/* sys.setswitchinterval() takes seconds; beyond this (in us: 1000 days) it looks like an address. */
#define INTERVAL_MAX_US (1000ull * 86400 * 1000000)

int py_process__check(struct py_process *p, char *why, size_t why_sz)
{
	__cleanup(freep) struct py_interp *interps = NULL;
	const struct py_interp *first;
	uint64_t tstate, back;
	struct py_gil_state st;
	ssize_t n;
	/* Not even the file's data are there: it runs another program by now. */
	int err = py_process__read_ptr(p, p->rt.runtime_va + p->bias, &back);

	if (err)
		return err == -EFAULT ? -ESRCH : err;
	n = py_process__interps(p, &interps);
	if (n == -EPERM || n == -ESRCH || n == -ENOMEM || n == -ETIMEDOUT || n == -EINTR)
		return (int)n;
	if (n < 0)
		return misfit(why, why_sz, p, "the list of interpreters is not readable");
	first = n ? &interps[n - 1] : NULL;
	if (!first || !first->gil)
		return -EAGAIN;
	if (first->id != 0)
		return misfit(why, why_sz, p, "the first interpreter's id is not 0");
	if (read_gil(p, first->gil, &st))
		return misfit(why, why_sz, p, "the GIL is not readable, or is none");
	if (!st.created)
		return -EAGAIN;
	if (!st.interval_us || st.interval_us > INTERVAL_MAX_US)
		return misfit(why, why_sz, p, "the switch interval is odd");
	if (py_process__read_ptr(p, first->addr + p->rt.obj.interp_threads, &tstate))
		return misfit(why, why_sz, p, "the list of threads is not readable");
	if (!tstate)
		return -EAGAIN;
	if (py_process__read_ptr(p, tstate + p->rt.obj.tstate_interp, &back))
		return misfit(why, why_sz, p, "a thread state is not readable");
	if (back != first->addr)
		return misfit(why, why_sz, p, "a thread state does not point to its interpreter");
	return 0;
}
