/* SPDX-License-Identifier: BSD-2-Clause */
/* tracked.c - one process that is measured: from its probes to its threads' names */
#include <errno.h>
#include <stdlib.h>

#include "user/base/proc.h"
#include "user/base/sbuf.h"
#include "user/base/util.h"
#include "user/model/model.h"
#include "user/probe/probe.h"
#include "user/python/process.h"
#include "user/python/sym.h"
#include "user/python/thread_name.h"
#include "user/source/collector_impl.h"
#include "user/target/native_sym.h"

#define LOOKS	    3
#define NAMES_EVERY 16 /* refreshes: programs may rename their threads */

void tracked__update_note(struct tracked *t, struct collector *c)
{
	int off = py_process__gil_is_off(t->py);

	if (off < 0 || off == t->target.gil_off)
		return;
	model__set_note(c->model, (uint32_t)t->target.pid, target__free_threaded_note(off));
	t->target.gil_off = off;
}

void tracked__seed(struct tracked *t, struct collector *c)
{
	struct py_gil *gils = NULL;
	ssize_t n = py_process__gils(t->py, &gils);

	for (ssize_t i = 0; i < n; i++) {
		uint64_t cond = gils[i].addr + t->target.py->obj.gil_cond;
		struct py_gil_state st;

		model__set_interpreter(c->model, (uint32_t)t->target.pid, cond, gils[i].interp_id);
		if (!py_process__gil_state(t->py, gils[i].addr, &st) && st.created)
			model__seed_holder(c->model, (uint32_t)t->target.pid, cond, st.locked,
					   st.holder_tid);
	}
	free(gils);
}

void tracked__name_threads(struct tracked *t, struct collector *c)
{
	uint32_t pid = (uint32_t)t->target.pid;
	struct py_thread_name *names;
	struct py_thread *threads = NULL;
	ssize_t n;

	if (!model__has_unnamed(c->model, pid) && ++t->rounds % NAMES_EVERY)
		return;
	n = py_process__threads(t->py, &threads);
	names = n > 0 ? calloc((size_t)n, sizeof(*names)) : NULL;
	if (names)
		py_thread_names__read(t->py, t->sym, threads, (size_t)n, names);
	for (ssize_t i = 0; names && i < n; i++) {
		if (!threads[i].tid || names[i].source == PY_NAME_NONE)
			continue;
		if (names[i].source >= PY_NAME_FUNCTION)
			model__offer_thread_name(c->model, pid, threads[i].tid, names[i].name);
		else
			model__set_thread_name(c->model, pid, threads[i].tid, names[i].name);
	}
	free(names);
	free(threads);
}

/* Tell the books who holds a GIL already. */
static void tell_holders(struct tracked *t, struct collector *c)
{
	__cleanup(freep) struct py_gil *gils = NULL;
	ssize_t n = py_process__gils(t->py, &gils);
	struct py_gil_state st;

	for (ssize_t i = 0; i < n; i++)
		if (!py_process__gil_state(t->py, gils[i].addr, &st) && st.locked && st.holder_tid)
			probe__set_holder(c->probe, t->target.pid, st.holder_tstate, st.holder_tid);
}

/* Refuse what memory shows to be another CPython than the file promises. */
static int check_layout(struct tracked *t, struct sbuf *why)
{
	char misfit[256];
	int err = -ENOTSUP;

	/* It runs meanwhile: what was torn once is whole the next time. */
	for (int i = 0; i < LOOKS && err == -ENOTSUP; i++)
		err = py_process__check(t->py, misfit, sizeof(misfit));
	if (!err || err == -EAGAIN)
		return 0;
	if (err == -ENOTSUP)
		sbuf__printf(why, "%s", misfit);
	else
		sbuf__printf(why, "pid %d: %s", t->target.pid, errstr(err));
	return err;
}

int tracked__start(struct tracked *t, struct collector *c, struct sbuf *why)
{
	const struct target *tg = &t->target;
	struct model_proc_info info = {
		.pid = (uint32_t)tg->pid,
		.comm = tg->comm,
		.cmdline = tg->cmdline,
		.python = tg->py->version,
		.runtime = tg->runtime,
		.sites = "call-sites",
		.note = tg->note,
	};
	uint64_t books_ns;
	int err;

	t->py = py_process__new(tg->pid, tg->py, tg->bias);
	t->sym = t->py ? pysym__new(t->py) : NULL;
	t->native = native_sym__new(tg->pid, target_cache__native_files(c->cache));
	if (!t->py || !t->sym || !t->native)
		return -ENOMEM;
	if (tg->gil_off > 0) {
		sbuf__printf(why,
			     "pid %d runs CPython %s free-threaded with the GIL disabled: nothing "
			     "to wait for",
			     tg->pid, tg->py->version);
		return -EBADE;
	}
	err = check_layout(t, why);
	if (err)
		return err;
	t->pidfd = proc__pidfd(tg->pid);
	if (t->pidfd < 0) {
		sbuf__printf(why, "pid %d: %s", tg->pid, errstr(t->pidfd));
		return t->pidfd;
	}
	t->att = probe__attach(c->probe, tg->pid, tg->open_path, tg->sites);
	if (!t->att) {
		err = -errno;
		if (err == -EACCES || err == -EPERM)
			sbuf__printf(why,
				     "cannot attach to pid %d: uprobes by %s need root, or "
				     "CAP_SYS_ADMIN and CAP_SYS_PTRACE",
				     tg->pid, collector__attach_name(c));
		else
			sbuf__printf(why, "cannot attach to pid %d: %s", tg->pid, errstr(err));
		return err;
	}
	tell_holders(t, c);
	books_ns = probe__activate(c->probe, tg->pid, &tg->py->layout);
	if (!books_ns)
		return -EIO;
	tell_holders(t, c);
	err = model__add_proc(c->model, &info, books_ns);
	if (!err)
		err = collector__watch(c, t->pidfd, (uint64_t)tg->pid);
	if (!err)
		tracked__seed(t, c);
	return err;
}

void tracked__deinit(struct tracked *t, struct collector *c)
{
	probe__detach(c->probe, t->att);
	native_sym__free(t->native);
	pysym__free(t->sym);
	py_process__free(t->py);
	closep(&t->pidfd);
}
