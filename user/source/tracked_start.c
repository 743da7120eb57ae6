/* SPDX-License-Identifier: BSD-2-Clause */
/* tracked_start.c - a process becomes one that is measured: how, by which probes, since when
 *
 * Most of this is the same for a process that has probes of its own and for one whose file's are shared; one that has been
 * adopted (bpf/adopt.bpf.h) has open books already, and may be over.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "user/base/log.h"
#include "user/base/proc.h"
#include "user/base/sbuf.h"
#include "user/base/text.h"
#include "user/base/util.h"
#include "user/probe/probe.h"
#include "user/python/process.h"
#include "user/python/sym.h"
#include "user/source/collector_impl.h"
#include "user/target/native_sym.h"

/* Tell the books who holds a GIL already. */
static void tell_holders(struct tracked *t, struct collector *c)
{
	__cleanup(freep) struct py_gil *gils = NULL;
	ssize_t n = py_process__gils(t->py, &gils);
	struct py_gil_state st;

	for (ssize_t i = 0; i < n; i++)
		if (!py_process__gil_state(t->py, gils[i].addr, &st) && st.locked && st.holder_tid)
			probe__set_holder(c->probe, t->target.pid,
					  gils[i].addr + t->target.py->obj.gil_cond,
					  st.holder_tstate, st.holder_tid);
}

/* The file whose probes measure it. Two names may lead to one file: then it is the one by which it was adopted. */
static struct shared_file *file_of(const struct tracked *t, struct collector *c,
				   const struct py_layout *layout)
{
	struct shared_file *f = shared__of(c, &t->target, layout);
	struct gt_target known;

	if (f && probe__target(c->probe, t->target.pid, &known) && known.books_ns)
		f = shared__by_no(c, known.file);
	return f;
}

/* .. where its file's probes are shared: they are there. Few can have those of their own that exact books take. */
static enum probe_start start_shared(struct tracked *t, struct collector *c)
{
	struct gt_target known;

	if (t->file->exact)
		return PROBE_ALWAYS_EXACT;
	if (c->opts.mode == COLLECT_LIGHT)
		return PROBE_ALWAYS_LIGHT;
	/* One that has been adopted is light. */
	if (probe__target(c->probe, t->target.pid, &known) && (known.books_ns || known.born_ns))
		return PROBE_LIGHT_FIRST;
	return c->opts.proc_cnt <= SHARED_EXACT_MAX && shared__has_room(c, t->file)
		       ? PROBE_EXACT_FIRST
		       : PROBE_LIGHT_FIRST;
}

/* How it is to be measured. Who has no points behind its waits can be measured exactly alone. */
static enum failure choose_start(struct tracked *t, struct collector *c, struct sbuf *why)
{
	bool can = probe__has_light(t->target.sites);

	t->start = PROBE_ALWAYS_EXACT;
	if (c->opts.mode == COLLECT_LIGHT && !can) {
		sbuf__printf(why,
			     "pid %d: the code of this interpreter does not show when a wait ends: "
			     "it can be measured with --mode exact",
			     t->target.pid);
		return FAIL_REFUSED;
	}
	if (t->file)
		t->start = start_shared(t, c);
	else if (c->opts.mode == COLLECT_LIGHT)
		t->start = PROBE_ALWAYS_LIGHT;
	else if (c->opts.mode == COLLECT_AUTO && c->opts.max_overhead_pct > 0 && can)
		t->start = PROBE_EXACT_FIRST;
	if (c->opts.mode == COLLECT_AUTO && !can)
		pr_verb("pid %d: measured exactly, whatever that costs: its code does not show "
			"when a wait ends\n",
			t->target.pid);
	return FAIL_NONE;
}

static void try_attach(struct tracked *t, struct collector *c)
{
	const struct target *tg = &t->target;

	t->att = probe__attach(c->probe, tg->pid, tg->open_path, tg->sites, t->start,
			       t->file ? t->file->no : 0);
}

/* Its probes in place, or why they are not. */
static enum failure attach(struct tracked *t, struct collector *c, struct sbuf *why)
{
	const struct target *tg = &t->target;
	enum failure f = choose_start(t, c, why);

	if (f)
		return f;
	try_attach(t, c);
	if (!t->att && errno == EALREADY) { /* adopted just now */
		t->start = PROBE_LIGHT_FIRST;
		try_attach(t, c);
	}
	if (t->att)
		return FAIL_NONE;
	switch (errno) {
	case EACCES:
	case EPERM:
		sbuf__printf(why,
			     "cannot attach to pid %d: uprobes by %s need root, or CAP_SYS_ADMIN "
			     "and CAP_SYS_PTRACE",
			     tg->pid, probe_tier__name(probe__tier(c->probe)));
		return FAIL_MAY_NOT_ATTACH;
	case EINTR: return FAIL_INTERRUPTED;
	case ETIMEDOUT:
		sbuf__printf(why, "cannot attach to pid %d: a page of %s does not come", tg->pid,
			     tg->runtime);
		return FAIL_SYSTEM;
	default:
		sbuf__printf(why, "cannot attach to pid %d: %s", tg->pid, errstr(errno));
		return FAIL_SYSTEM;
	}
}

/* Those that look into it. */
static enum failure make_readers(struct tracked *t, struct collector *c)
{
	const struct target *tg = &t->target;

	t->py = py_process__new(tg->pid, tg->py, tg->bias);
	t->sym = t->py ? pysym__new(t->py) : NULL;
	t->native = native_sym__new(tg->pid, target_cache__native_files(c->cache));
	if (!t->py || !t->sym || !t->native)
		return FAIL_NO_MEMORY;
	py_process__by(t->py, c->guests);
	return FAIL_NONE;
}

static enum failure check_fit(struct tracked *t, bool starts, struct sbuf *why)
{
	const struct timespec look = { .tv_nsec = 10000000 };
	char misfit[256];

	while (!starts && !tracked__is_misfit(t, misfit, sizeof(misfit)) && t->misfit_cnt)
		nanosleep(&look, NULL);
	if (!t->misfit_cnt)
		return FAIL_NONE;
	sbuf__puts(why, misfit);
	return FAIL_REFUSED;
}

/* Whose child it is: asked while it is there, else as it was known by (0: it was not). */
static void tell_parent(pid_t pid, pid_t known, char *comm, size_t sz, struct record *start)
{
	pid_t parent = proc__parent(pid);

	if (parent <= 0)
		parent = known;
	if (parent <= 0)
		return;
	proc__comm(parent, 0, comm, sz);
	start->proc.parent = (uint32_t)parent;
	start->proc.parent_comm = comm;
}

/* What the sinks are told of it, and how it is measured. 0 or -errno. late_ns: of its life, before its books. */
static int announce(struct tracked *t, struct collector *c, uint64_t books_ns, uint64_t late_ns)
{
	const struct target *tg = &t->target;
	struct record start = { .kind = REC_PROC_START,
				.proc = { .books_ns = books_ns,
					  .late_ns = late_ns,
					  .cpu_cnt = proc__cpu_cnt(tg->pid),
					  .comm = tg->comm,
					  .cmdline = tg->cmdline,
					  .python = tg->py->version,
					  .runtime = tg->runtime,
					  .sites = "call-sites",
					  .note = tg->note,
					  .where = where__list(&tg->where) } };
	char parent_comm[64];
	int err;

	t->books_ns = books_ns;
	tell_parent(tg->pid, t->parent, parent_comm, sizeof(parent_comm), &start);
	err = tracked__send(t, c, &start);
	snprintf(t->note, sizeof(t->note), "%s", tg->note);
	return err ? err : modes__start(t, c);
}

/* Since when its books can start: with its program, if its waits would have had it adopted since. 0: now. known: before it
 * was claimed.
 */
static uint64_t seen_since(const struct tracked *t, const struct gt_target *known)
{
	bool seen = t->file && known->wanted && known->born_ns > t->file->since_ns &&
		    t->start != PROBE_EXACT_FIRST;

	if (!seen)
		return 0;
	return known->seen_ns ? known->seen_ns : known->born_ns;
}

/* Which program runs in it. */
static struct exe_id exe_of(const struct tracked *t, const struct gt_target *known)
{
	struct exe_id exe = { known->exe_ino, known->exe_dev };

	return exe.ino ? exe : (struct exe_id){ t->target.exe_ino, t->target.exe_dev };
}

/* For how long was it not measured? */
static uint64_t late_of(const struct tracked *t, const struct gt_target *known, uint64_t books_ns)
{
	uint64_t from = seen_since(t, known);

	if (!from)
		from = books_ns;
	return known->born_ns && from > known->born_ns ? from - known->born_ns : 0;
}

/* Its books: how its stacks are walked, whose a PyThreadState is, who holds already. Returns when they start, or 0. */
static uint64_t open_books(struct tracked *t, struct collector *c, struct py_layout *layout,
			   const struct gt_target *known, uint64_t *late_ns)
{
	uint64_t at;

	tell_holders(t, c);
	if (t->start != PROBE_ALWAYS_EXACT)
		probe__price_ns(c->probe); /* while nothing is measured */
	at = probe__activate(c->probe, t->target.pid, layout, t->target.text,
			     t->file ? t->file->no : 0, seen_since(t, known));
	if (at)
		tell_holders(t, c);
	*late_ns = late_of(t, known, at);
	shared__know_exe(c, exe_of(t, known), t->file);
	return at;
}

/* It executed one while it was looked into: who was, is gone. */
static enum failure other_program(pid_t pid, struct sbuf *why)
{
	sbuf__printf(why, "pid %d executes another program", pid);
	return FAIL_GONE;
}

enum failure tracked__start(struct tracked *t, struct collector *c, bool starts, struct sbuf *why)
{
	const struct target *tg = &t->target;
	uint64_t books_ns, late_ns;
	struct gt_target known;
	struct py_layout layout;
	enum failure f = make_readers(t, c);
	int err;

	if (f)
		return f;
	if (tg->gil_off > 0) {
		sbuf__printf(why,
			     "pid %d runs CPython %s free-threaded with the GIL disabled: nothing "
			     "to wait for",
			     tg->pid, tg->py->version);
		return FAIL_GIL_OFF;
	}
	layout = py_process__runtime(t->py)->layout;
	if (c->opts.mode != COLLECT_EXACT)
		modes__find_tids(t, c, &layout);
	t->file = file_of(t, c, &layout);
	f = check_fit(t, starts, why);
	if (f)
		return f;
	t->pidfd = proc__pidfd(tg->pid);
	if (t->pidfd < 0) {
		sbuf__printf(why, "pid %d: %s", tg->pid, errstr(t->pidfd));
		return failure__of(t->pidfd);
	}
	probe__target(c->probe, tg->pid, &known);
	/* What has been found out is of the program before, and so may be what is in the kernel. */
	if (known.over || known.born_ns > t->resolve_ns)
		return other_program(tg->pid, why);
	t->born_ns = known.born_ns;
	f = attach(t, c, why);
	if (f)
		return f;
	books_ns = open_books(t, c, &layout, &known, &late_ns);
	if (!books_ns && collector__execs(c, tg->pid))
		return other_program(tg->pid, why);
	if (!books_ns) {
		sbuf__printf(why, "cannot open the books of pid %d", tg->pid);
		return FAIL_SYSTEM;
	}
	err = collector__watch(c, t->pidfd, (uint64_t)tg->pid);
	if (!err)
		err = announce(t, c, books_ns, late_ns);
	if (!err) {
		tracked__seed(t, c);
		tracked__throttled(t, c);
	}
	return failure__of(err);
}

enum failure tracked__start_ended(struct tracked *t, struct collector *c, struct shared_file *f,
				  const struct gt_note *n)
{
	struct gt_target known;
	enum failure fail;

	t->target.pid = (pid_t)n->tgid;
	t->parent = (pid_t)n->state;
	t->target.py = f->py;
	t->target.sites = f->sites;
	t->file = f;
	t->start = f->exact ? PROBE_ALWAYS_EXACT : PROBE_ALWAYS_LIGHT;
	snprintf(t->target.runtime, sizeof(t->target.runtime), "%s", f->runtime);
	clean_text(n->comm, strnlen(n->comm, sizeof(n->comm)), t->target.comm,
		   sizeof(t->target.comm));
	fail = make_readers(t, c);
	if (fail)
		return fail;
	py_process__has_ended(t->py);
	native_sym__has_ended(t->native);
	probe__target(c->probe, t->target.pid, &known);
	if (!known.over) { /* else that is of the next program */
		t->born_ns = known.born_ns;
		shared__know_exe(c, (struct exe_id){ known.exe_ino, known.exe_dev }, f);
	}
	return failure__of(announce(t, c, n->start_ns, late_of(t, &known, n->start_ns)));
}
