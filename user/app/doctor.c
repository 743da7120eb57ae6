/* SPDX-License-Identifier: BSD-2-Clause */
#include "user/app/doctor.h"

#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/utsname.h>
#include <unistd.h>

#include <bpf/libbpf.h>

#include "user/app/opts.h"
#include "user/app/targets_named.h"
#include "user/base/caps.h"
#include "user/base/json_out.h"
#include "user/base/proc.h"
#include "user/base/sbuf.h"
#include "user/base/text.h"
#include "user/base/util.h"
#include "user/base/where.h"
#include "user/gil/gil_site.h"
#include "user/probe/features.h"
#include "user/probe/probe.h"
#include "user/python/process.h"
#include "user/target/failure.h"
#include "user/target/target.h"
#include "user/target/where_names.h"

/* " in web-1", or nothing. */
static void print_label(const struct where_list *where)
{
	char label[WHERE_SZ];

	where__label(where, label, sizeof(label));
	printf("%s%s", *label ? " in " : "", label);
}

struct listing {
	const struct opts *o;
	struct target_cache *cache;
	size_t found;
};

static void list_one(void *ctx, pid_t pid, enum failure err, const char *why,
		     const struct target *found)
{
	struct json_out j = { .out = stdout };
	struct listing *l = ctx;
	const struct opts *o = l->o;
	struct target t = { 0 };
	struct where_list where;

	if (err && !failure__is_loud(err))
		return;
	l->found++;
	if (err) {
		t.pid = pid;
		proc__comm(pid, 0, t.comm, sizeof(t.comm));
		proc__cmdline(pid, t.cmdline, sizeof(t.cmdline));
	} else {
		t = *found;
	}
	where_names__find(target_cache__names(l->cache), pid, &t.where);
	where = where__list(&t.where);
	if (o->json) {
		json__open(&j, NULL, '{');
		json__u64(&j, "pid", (uint64_t)pid);
		json__str(&j, "comm", t.comm);
		json__str(&j, "cmdline", t.cmdline);
		if (err) {
			json__null(&j, "python");
			json__str(&j, "refused", why);
		} else {
			json__str(&j, "python", t.py->version);
			json__str(&j, "runtime", t.runtime);
			json__str(&j, "sites", "call-sites");
			json__u64(&j, "probes", t.sites->site_cnt);
			json__bool(&j, "light", probe__has_light(t.sites));
			if (t.note[0])
				json__str(&j, "note", t.note);
		}
		where__put_json(&j, &where);
		json__close(&j, '}');
		json__end(&j);
	} else if (err) {
		printf("%8d  %-8s %-16.16s refused: %s", pid, "?", t.comm, why);
		print_label(&where);
		putchar('\n');
	} else {
		printf("%8d  %-8s %-16s %zu probes in %s%s%s", pid, t.py->version, t.comm,
		       t.sites->site_cnt, t.runtime,
		       probe__has_light(t.sites) ? "" : " (exact only)",
		       t.gil_off > 0 ? " (GIL disabled)" : "");
		print_label(&where);
		printf("   %.*s\n", (int)text_prefix(t.cmdline, 60, SIZE_MAX, NULL), t.cmdline);
	}
}

int doctor__list(const struct opts *o)
{
	__cleanup(sbuf__free) struct sbuf wanted = { 0 };
	struct target_cache *cache = target_cache__new();
	__cleanup(freep) uint32_t *pids = NULL;
	ssize_t n = proc__pids(&pids);
	struct listing l = { o, cache, 0 };
	size_t kept = 0;

	if (!cache || n < 0)
		return failure__say(FAIL_NO_MEMORY, NULL, 0);
	if (!proc__is_own()) /* its ids are not those that we could ask for */
		return failure__say(FAIL_PID_NAMESPACE, NULL, 0);
	if (!o->json)
		printf("%8s  %-8s %-16s %s\n", "PID", "PYTHON", "NAME", "GIL");
	for (ssize_t i = 0; i < n; i++)
		if (proc_filter__wants(&o->filter, target_cache__names(cache), (pid_t)pids[i]))
			pids[kept++] = pids[i];
	target__resolve_many(pids, kept, cache, list_one, &l);
	proc_filter__words(&o->filter, &wanted);
	if (!l.found && !o->json)
		printf("no Python process%s%s %s\n", wanted.len ? " wanted by " : "",
		       sbuf__str(&wanted),
		       geteuid() ? "that this user may look into: try sudo giltop list"
				 : "on this machine");
	target_cache__free(cache);
	return EXIT_OK;
}

struct finding {
	struct python_list *list;
	size_t cap;
};

static void find_one(void *ctx, pid_t pid, enum failure err, const char *why,
		     const struct target *t)
{
	struct finding *f = ctx;
	struct python_entry *e;

	(void)why;
	if (err || array_grow(&f->list->p, f->list->cnt, &f->cap, sizeof(*f->list->p)))
		return;
	e = &f->list->p[f->list->cnt++];
	e->pid = (uint32_t)pid;
	snprintf(e->version, sizeof(e->version), "%s", t->py->version);
	snprintf(e->comm, sizeof(e->comm), "%s", t->comm);
	snprintf(e->cmdline, sizeof(e->cmdline), "%.*s",
		 (int)text_prefix(t->cmdline, SIZE_MAX, sizeof(e->cmdline) - 1, NULL), t->cmdline);
}

int doctor__pythons(struct python_list *ret)
{
	struct target_cache *cache = target_cache__new();
	__cleanup(freep) uint32_t *pids = NULL;
	ssize_t n = proc__pids(&pids);
	struct finding f = { 0 };

	*ret = (struct python_list){ 0 };
	f.list = ret;
	if (!cache)
		return -ENOMEM;
	target__resolve_many(pids, n > 0 ? (size_t)n : 0, cache, find_one, &f);
	target_cache__free(cache);
	return 0;
}

static void say(bool ok, const char *what, const char *detail)
{
	printf("%-4s %-28s %s\n", ok ? "ok" : "NO", what, detail);
}

/* The first thing that is in the way, and its exit code. */
struct obstacle {
	int code; /* EXIT_OK: none */
	struct sbuf why;
};

static void obstacle__add(struct obstacle *ob, bool is_one, int code, const char *fmt, ...)
	__attribute__((format(printf, 4, 5)));

static void obstacle__add(struct obstacle *ob, bool is_one, int code, const char *fmt, ...)
{
	char text[256];
	va_list ap;

	if (!is_one || ob->code)
		return;
	va_start(ap, fmt);
	vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	sbuf__puts(&ob->why, text);
	ob->code = code;
}

static void check_privileges(struct obstacle *ob)
{
	bool trace = caps__may_trace(), ptrace = caps__has(CAP_SYS_PTRACE);
	char detail[160];

	snprintf(detail, sizeof(detail), "%s%s%s%s",
		 caps__has(CAP_SYS_ADMIN) ? "CAP_SYS_ADMIN " : "",
		 caps__has(CAP_BPF) ? "CAP_BPF " : "", caps__has(CAP_PERFMON) ? "CAP_PERFMON " : "",
		 ptrace ? "CAP_SYS_PTRACE" : "");
	say(trace && ptrace, "privileges",
	    detail[0] ? detail : "none: needs root, or CAP_BPF+CAP_PERFMON+CAP_SYS_PTRACE");
	obstacle__add(ob, !trace, EXIT_PERMISSION,
		      "it takes root, or CAP_BPF+CAP_PERFMON+CAP_SYS_PTRACE%s",
		      geteuid() ? " (try sudo giltop doctor)" : "");
	obstacle__add(ob, !ptrace, EXIT_PERMISSION, "CAP_SYS_PTRACE is missing");
}

static void check_kernel(struct obstacle *ob)
{
	bool locked = caps__lockdown_confidential(), own = proc__is_own();
	struct utsname u;
	const char *why;
	char detail[160];

	uname(&u);
	snprintf(detail, sizeof(detail), "%s %s", u.release, u.machine);
	say(true, "kernel", detail);
	check_privileges(ob);
	for (int f = 0; f < FEATURE_CNT; f++) {
		bool ok = feature__has((enum feature)f, &why) || !feature_table[f].needed;

		say(ok, feature_table[f].name, why);
		obstacle__add(ob, !ok, EXIT_UNSUPPORTED, "this kernel has no %s (%s)",
			      feature_table[f].name, why);
	}
	printf("     %-28s %s\n", "attach by",
	       feature__has(FEATURE_MULTI, NULL) ? "uprobe_multi links" : "a perf event per site");
	say(!locked, "lockdown",
	    locked ? "confidentiality: BPF may not read memory" : "not in the way");
	obstacle__add(ob, locked, EXIT_PERMISSION, "the kernel is locked down (confidentiality)");
	say(own, "pid namespace",
	    !own	    ? "not that of /proc here"
	    : proc__pidns() ? "a container's: its processes can be measured"
			    : "the machine's");
	obstacle__add(ob, !own, EXIT_UNSUPPORTED, "/proc is not that of this pid namespace");
}

static void print_sites(const struct target *t)
{
	printf("  %-10s %-14s %-12s %s\n", "site", "address", "file offset", "probed instruction");
	for (size_t i = 0; i < t->sites->site_cnt; i++) {
		const struct gil_site *s = &t->sites->sites[i];

		printf("  %-10s 0x%-12llx 0x%-10llx %s%s\n", gil_site_kind__name(s->kind),
		       (unsigned long long)s->call_va, (unsigned long long)s->probe_off,
		       s->insn_name, s->emulated ? "" : " (single-stepped: dear)");
	}
	if (!probe__has_light(t->sites))
		printf("  light: no, for the wait at 0x%llx is not followed by a jump that can be "
		       "probed\n",
		       (unsigned long long)t->sites->no_after_va);
}

static void print_where(const struct target *t)
{
	__cleanup(sbuf__free) struct sbuf words = { 0 };
	struct where_list where = where__list(&t->where);

	where__words(&where, &words);
	if (where.part[WHERE_CGROUP])
		printf("  cgroup %s\n", where.part[WHERE_CGROUP]);
	if (words.len)
		printf("  runs in %s\n", sbuf__str(&words));
}

/* One that has just started, or that runs on while it is read, may fail once. */
static bool is_misfit(struct py_process *py, char *why, size_t sz)
{
	for (int i = 0; i < 5; i++) {
		if (py_process__check(py, why, sz) != -ENOTSUP)
			return false;
		usleep(10000);
	}
	return true;
}

static void print_gils(const struct target *t, struct obstacle *ob)
{
	struct py_process *py = py_process__new(t->pid, t->py, t->bias);
	struct py_gil *gils = NULL;
	ssize_t n = py ? py_process__gils(py, &gils) : 0;
	char why[256];

	for (ssize_t i = 0; i < n; i++) {
		struct py_gil_state st;

		printf("  GIL of interpreter %lld at 0x%llx", (long long)gils[i].interp_id,
		       (unsigned long long)gils[i].addr);
		if (!gils[i].enabled)
			printf(", disabled (free-threaded)");
		else if (!py_process__gil_state(py, gils[i].addr, &st))
			printf(", %s, switch interval %llu us", st.locked ? "held now" : "free now",
			       (unsigned long long)st.interval_us);
		printf("\n");
	}
	if (py && is_misfit(py, why, sizeof(why))) {
		printf("  NO: %s\n", why);
		obstacle__add(ob, true, EXIT_UNSUPPORTED, "%s", why);
	}
	free(gils);
	py_process__free(py);
}

/* The steps, and what is in the way of measuring this one. */
static void check_target(const struct opts *o, pid_t pid, struct target_cache *cache,
			 struct obstacle *ob)
{
	__cleanup(sbuf__free) struct sbuf steps = { 0 }, why = { 0 };
	enum failure err = FAIL_GONE;
	struct target t;
	int code;

	if (targets_named__is_process(o, pid, &why))
		err = target__resolve(pid, cache, &steps, &why, &t);
	printf("\n%s", sbuf__str(&steps));
	if (err) {
		fflush(stdout);
		code = failure__say(err, sbuf__str(&why), pid);
		obstacle__add(ob, true, code, "%s%s",
			      err == FAIL_MAY_NOT_LOOK		    ? "giltop "
			      : !strncmp(sbuf__str(&why), "no ", 3) ? "there is "
								    : "",
			      why.len ? sbuf__str(&why) : "it failed");
		return;
	}
	print_where(&t);
	print_sites(&t);
	print_gils(&t, ob);
	if (t.note[0])
		printf("  note: %s\n", t.note);
	obstacle__add(ob, t.gil_off > 0, EXIT_UNSUPPORTED, "it runs without a GIL: %s", t.note);
}

static void conclude(const char *what, const struct obstacle *ob)
{
	printf("%s: %s%s\n", what, ob->code ? "no, because " : "yes", sbuf__str(&ob->why));
}

int doctor__run(const struct opts *o)
{
	struct target_cache *cache = target_cache__new();
	struct obstacle machine = { 0 };
	int code;

	if (!cache)
		return failure__say(FAIL_NO_MEMORY, NULL, 0);
	check_kernel(&machine);
	code = machine.code;
	if (!o->pid_cnt)
		conclude("this machine can run giltop", &machine);
	for (size_t i = 0; i < o->pid_cnt; i++) {
		struct obstacle own = { 0 };

		check_target(o, (pid_t)o->pids[i], cache, &own);
		code = code ? code : own.code;
		conclude("this process can be measured", own.code ? &own : &machine);
		sbuf__free(&own.why);
	}
	sbuf__free(&machine.why);
	target_cache__free(cache);
	return code;
}
