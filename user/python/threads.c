/* SPDX-License-Identifier: BSD-2-Clause */
/* threads.c - the threads of a CPython, and their ids in the kernel */
#include <errno.h>
#include <stdlib.h>
#include "user/base/budgets.h"
#include "user/base/proc.h"
#include "user/base/sbuf.h"
#include "user/base/util.h"
#include "user/python/process_impl.h"

/* Threads that began after those that are sought. */
#define NEWEST_STEPS 64

static uint32_t thread_tid(const struct py_process *p, const struct py_tids *tids, uint64_t tstate,
			   uint64_t ident)
{
	uint64_t own;

	if (p->rt.obj.tstate_native_id == PY_NONE)
		return py_tids__of_pthread(tids, p, ident);
	if (py_process__read_ptr(p, tstate + p->rt.obj.tstate_native_id, &own))
		return 0;
	return py_tids__of_own(tids, own);
}

/* As far as the fields of a PyThreadState lie that are read; one read is cheaper than three, and less torn. */
#define TSTATE_BYTES 512

static int read_thread(const struct py_process *p, uint64_t tstate, const struct py_interp *interp,
		       struct py_thread *ret, uint64_t *next)
{
	const struct py_objects *o = &p->rt.obj;
	size_t len = o->tstate_thread_id + 8u;
	uint8_t raw[TSTATE_BYTES];
	int err;

	len = len < o->tstate_interp + 8u ? o->tstate_interp + 8u : len;
	len = len < o->tstate_next + 8u ? o->tstate_next + 8u : len;
	ret->tstate = tstate;
	ret->interp_id = interp->id;
	err = len > sizeof(raw) ? -ENOTSUP : py_process__read(p, tstate, raw, len);
	if (err)
		return err;
	if (load_u64(raw + o->tstate_interp) != interp->addr)
		return -EFAULT; /* freed meanwhile, or no tstate at all */
	ret->ident = load_u64(raw + o->tstate_thread_id);
	*next = load_u64(raw + o->tstate_next);
	return 0;
}

static int add_threads(struct py_process *p, const struct py_interp *interp,
		       struct py_thread **list, size_t *n, size_t *cap)
{
	uint64_t tstate, next, round = 0;
	size_t steps = 0;
	int err = py_process__read_ptr(p, interp->addr + p->rt.obj.interp_threads, &tstate);

	while (!err && tstate && *n < BUDGET_THREADS && !goes_round(&round, tstate, steps++)) {
		err = array_grow(list, *n, cap, sizeof(**list));
		if (!err)
			err = read_thread(p, tstate, interp, &(*list)[*n], &next);
		if (err)
			break;
		tstate = next;
		(*n)++;
	}
	return err;
}

static int threads_there(void *state, const void *in, size_t in_len, struct sbuf *out)
{
	const void *args;
	struct py_process *p = py_guest__open(state, in, in_len, &args, 0);
	struct py_thread *list = NULL;
	ssize_t cnt;

	if (!p)
		return -ENOMEM;
	cnt = py_process__threads(p, &list);
	return py_guest__put_list(cnt, list, sizeof(*list), out);
}

ssize_t py_process__threads(struct py_process *p, struct py_thread **ret)
{
	__cleanup(freep) struct py_interp *interps = NULL;
	struct py_thread *list = NULL;
	size_t n = 0, cap = 0;
	ssize_t interp_cnt;
	int err = 0;

	if (p->worker)
		return py_guest__list(p, threads_there, NULL, 0, sizeof(**ret), ret);
	interp_cnt = py_process__interps(p, &interps);
	if (interp_cnt < 0)
		return interp_cnt;
	for (ssize_t i = interp_cnt - 1; i >= 0; i--) {
		int e = add_threads(p, &interps[i], &list, &n, &cap);

		err = e ? e : err;
	}
	if (!n && err) {
		free(list);
		return err;
	}
	err = py_tids__load(&p->tids, p->pid);
	if (err) {
		free(list);
		return err;
	}
	if (p->rt.obj.tstate_native_id == PY_NONE && p->tids.pthread_off < 0)
		py_tids__find_pthread(&p->tids, p, list, n);
	for (size_t i = 0; i < n; i++)
		list[i].tid = thread_tid(p, &p->tids, list[i].tstate, list[i].ident);
	*ret = list;
	return (ssize_t)n;
}

/* Of one interpreter, whose list begins with the newest. */
static int add_newest(struct py_process *p, const struct py_interp *interp,
		      const struct py_tids *tids, size_t *left, struct py_thread **list, size_t *n,
		      size_t *cap)
{
	size_t steps = NEWEST_STEPS + 4 * tids->cnt;
	uint64_t tstate, next;
	int err = py_process__read_ptr(p, interp->addr + p->rt.obj.interp_threads, &tstate);

	while (!err && tstate && *left && steps--) {
		err = array_grow(list, *n, cap, sizeof(**list));
		if (!err)
			err = read_thread(p, tstate, interp, &(*list)[*n], &next);
		if (err)
			break;
		(*list)[*n].tid = thread_tid(p, tids, tstate, (*list)[*n].ident);
		if ((*list)[*n].tid) {
			(*n)++;
			--*left;
		}
		tstate = next;
	}
	return err;
}

static int newest_there(void *state, const void *in, size_t in_len, struct sbuf *out)
{
	const void *args;
	struct py_process *p = py_guest__open(state, in, in_len, &args, sizeof(uint64_t));
	const uint32_t *tids;
	struct py_thread *list = NULL;
	uint64_t n = p ? load_u64(args) : 0;
	ssize_t cnt;

	if (!p)
		return -ENOMEM;
	tids = (const uint32_t *)((const char *)args + sizeof(n));
	cnt = py_process__newest(p, tids, n, &list);
	return py_guest__put_list(cnt, list, sizeof(*list), out);
}

static ssize_t newest_by_worker(struct py_process *p, const uint32_t *tids, size_t n,
				struct py_thread **ret)
{
	struct sbuf args = { 0 };
	uint64_t cnt = n;
	ssize_t found;

	sbuf__add(&args, (const char *)&cnt, sizeof(cnt));
	sbuf__add(&args, (const char *)tids, n * sizeof(*tids));
	found = args.oom ? -ENOMEM
			 : py_guest__list(p, newest_there, args.s, args.len, sizeof(**ret), ret);
	sbuf__free(&args);
	return found;
}

ssize_t py_process__newest(struct py_process *p, const uint32_t *tids, size_t n,
			   struct py_thread **ret)
{
	__cleanup(freep) struct py_interp *interps = NULL;
	struct py_tids some = { .pthread_off = p->tids.pthread_off };
	struct py_thread *list = NULL;
	size_t cnt = 0, cap = 0;
	ssize_t interp_cnt;
	int err;

	if (p->worker)
		return newest_by_worker(p, tids, n, ret);
	/* Where the tid is in libc's record is found out from all threads together. */
	if (p->rt.obj.tstate_native_id == PY_NONE && p->tids.pthread_off < 0)
		return py_process__threads(p, ret);
	interp_cnt = py_process__interps(p, &interps);
	if (interp_cnt < 0)
		return interp_cnt;
	err = py_tids__load_some(&some, p->pid, tids, n);
	for (ssize_t i = interp_cnt - 1; i >= 0 && err != -ENOMEM; i--) {
		size_t left = n;

		err = add_newest(p, &interps[i], &some, &left, &list, &cnt, &cap);
	}
	py_tids__free(&some);
	if (err && !cnt) {
		free(list);
		return err;
	}
	*ret = list;
	return (ssize_t)cnt;
}

uint32_t py_process__tid_of(struct py_process *p, uint64_t tstate)
{
	__cleanup(freep) struct py_thread *threads = NULL;
	uint64_t ident;
	uint32_t tid;

	if (py_process__read_ptr(p, tstate + p->rt.obj.tstate_thread_id, &ident))
		return 0;
	tid = thread_tid(p, &p->tids, tstate, ident);
	if (tid)
		return tid;
	if (py_process__threads(p, &threads) < 0)
		return 0;
	return thread_tid(p, &p->tids, tstate, ident);
}

static int pthread_there(void *state, const void *in, size_t in_len, struct sbuf *out)
{
	__cleanup(freep) struct py_thread *threads = NULL;
	const void *args;
	struct py_process *p = py_guest__open(state, in, in_len, &args, 0);

	if (!p)
		return -ENOMEM;
	if (p->tids.pthread_off < 0)
		py_process__threads(p, &threads);
	sbuf__add(out, (const char *)&p->tids.pthread_off, sizeof(p->tids.pthread_off));
	return 0;
}

/* Where libc keeps the tid is found out from all threads. */
static void find_pthread(struct py_process *p)
{
	__cleanup(freep) struct py_thread *threads = NULL;
	struct sbuf out = { 0 };

	if (!p->worker)
		py_process__threads(p, &threads);
	else if (!py_guest__call(p, pthread_there, NULL, 0, &out) &&
		 out.len == sizeof(p->tids.pthread_off))
		memcpy(&p->tids.pthread_off, out.s, out.len);
	sbuf__free(&out);
}

void py_process__find_tid(struct py_process *p, struct py_layout *ret)
{
	uint16_t inner = proc__is_nested(p->pid) ? PY_TID_INNER : 0;

	ret->tstate_tid = ret->pthread_tid = 0;
	if (p->rt.obj.tstate_native_id != PY_NONE) {
		ret->tstate_tid = p->rt.obj.tstate_native_id | inner;
		return;
	}
	if (p->tids.pthread_off < 0)
		find_pthread(p);
	if (p->tids.pthread_off <= 0 || p->tids.pthread_off > UINT16_MAX)
		return;
	ret->tstate_tid = p->rt.obj.tstate_thread_id | inner;
	ret->pthread_tid = (uint16_t)p->tids.pthread_off;
}
