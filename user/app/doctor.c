/* SPDX-License-Identifier: BSD-2-Clause */
#include "user/app/doctor.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/utsname.h>
#include <unistd.h>

#include <bpf/libbpf.h>

#include "user/app/opts.h"
#include "user/base/caps.h"
#include "user/base/json_out.h"
#include "user/base/proc.h"
#include "user/base/sbuf.h"
#include "user/base/text.h"
#include "user/base/util.h"
#include "user/gil/gil_site.h"
#include "user/probe/features.h"
#include "user/python/process.h"
#include "user/target/failure.h"
#include "user/target/target.h"

static void list_one(pid_t pid, struct target_cache *cache, const struct opts *o, size_t *found)
{
	struct json_out j = { .out = stdout };
	__cleanup(sbuf__free) struct sbuf why = { 0 };
	struct target t;
	enum failure err = target__resolve(pid, cache, NULL, &why, &t);

	if (err && !failure__is_loud(err))
		return;
	(*found)++;
	if (err) {
		t.pid = pid;
		proc__comm(pid, 0, t.comm, sizeof(t.comm));
		proc__cmdline(pid, t.cmdline, sizeof(t.cmdline));
	}
	if (o->json) {
		json__open(&j, NULL, '{');
		json__u64(&j, "pid", (uint64_t)pid);
		json__str(&j, "comm", t.comm);
		json__str(&j, "cmdline", t.cmdline);
		if (err) {
			json__null(&j, "python");
			json__str(&j, "refused", sbuf__str(&why));
		} else {
			json__str(&j, "python", t.py->version);
			json__str(&j, "runtime", t.runtime);
			json__str(&j, "sites", "call-sites");
			json__u64(&j, "probes", t.sites->site_cnt);
			if (t.note[0])
				json__str(&j, "note", t.note);
		}
		json__close(&j, '}');
		json__end(&j);
	} else if (err) {
		printf("%8d  %-8s %-16.16s refused: %s\n", pid, "?", t.comm, sbuf__str(&why));
	} else {
		printf("%8d  %-8s %-16s %zu probes in %s%s   %.*s\n", pid, t.py->version, t.comm,
		       t.sites->site_cnt, t.runtime, t.gil_off > 0 ? " (GIL disabled)" : "",
		       (int)text_prefix(t.cmdline, 60, SIZE_MAX, NULL), t.cmdline);
	}
}

int doctor__list(const struct opts *o)
{
	struct target_cache *cache = target_cache__new();
	__cleanup(freep) uint32_t *pids = NULL;
	ssize_t n = proc__pids(&pids);
	size_t found = 0;

	if (!cache || n < 0)
		return failure__say(FAIL_NO_MEMORY, NULL, 0);
	if (!o->json)
		printf("%8s  %-8s %-16s %s\n", "PID", "PYTHON", "NAME", "GIL");
	for (ssize_t i = 0; i < n; i++)
		list_one((pid_t)pids[i], cache, o, &found);
	if (!found && !o->json)
		printf("no Python process %s\n",
		       geteuid() ? "that this user may look into: try sudo giltop list"
				 : "on this machine");
	target_cache__free(cache);
	return EXIT_OK;
}

int doctor__pythons(struct python_list *ret)
{
	struct target_cache *cache = target_cache__new();
	__cleanup(freep) uint32_t *pids = NULL;
	ssize_t n = proc__pids(&pids);
	size_t cap = 0;

	*ret = (struct python_list){ 0 };
	if (!cache)
		return -ENOMEM;
	for (ssize_t i = 0; i < n; i++) {
		struct python_entry *e;
		struct target t;

		if (target__resolve((pid_t)pids[i], cache, NULL, NULL, &t))
			continue;
		if (array_grow(&ret->p, ret->cnt, &cap, sizeof(*ret->p)))
			break;
		e = &ret->p[ret->cnt++];
		e->pid = pids[i];
		snprintf(e->version, sizeof(e->version), "%s", t.py->version);
		snprintf(e->comm, sizeof(e->comm), "%s", t.comm);
		snprintf(e->cmdline, sizeof(e->cmdline), "%.*s",
			 (int)text_prefix(t.cmdline, SIZE_MAX, sizeof(e->cmdline) - 1, NULL),
			 t.cmdline);
	}
	target_cache__free(cache);
	return 0;
}

static void say(bool ok, const char *what, const char *detail)
{
	printf("%-4s %-28s %s\n", ok ? "ok" : "NO", what, detail);
}

static bool check_kernel(void)
{
	bool trace = caps__may_trace(), usable = trace;
	struct utsname u;
	const char *why;
	char detail[160];

	uname(&u);
	snprintf(detail, sizeof(detail), "%s %s", u.release, u.machine);
	say(true, "kernel", detail);
	snprintf(detail, sizeof(detail), "%s%s%s%s",
		 caps__has(CAP_SYS_ADMIN) ? "CAP_SYS_ADMIN " : "",
		 caps__has(CAP_BPF) ? "CAP_BPF " : "", caps__has(CAP_PERFMON) ? "CAP_PERFMON " : "",
		 caps__has(CAP_SYS_PTRACE) ? "CAP_SYS_PTRACE" : "");
	say(trace && caps__has(CAP_SYS_PTRACE), "privileges",
	    detail[0] ? detail : "none: needs root, or CAP_BPF+CAP_PERFMON+CAP_SYS_PTRACE");
	for (int f = 0; f < FEATURE_CNT; f++) {
		bool ok = feature__has((enum feature)f, &why) || !feature_table[f].needed;

		say(ok, feature_table[f].name, why);
		usable = usable && ok;
	}
	printf("     %-28s %s\n", "attach by",
	       feature__has(FEATURE_MULTI, NULL) ? "uprobe_multi links" : "a perf event per site");
	say(!caps__lockdown_confidential(), "lockdown",
	    caps__lockdown_confidential() ? "confidentiality: BPF may not read memory"
					  : "not in the way");
	say(proc__in_init_pidns(), "pid namespace",
	    proc__in_init_pidns() ? "the machine's"
				  : "a container's: run giltop with the host's pids");
	return usable;
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
}

static void print_gils(const struct target *t)
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
	if (py && py_process__check(py, why, sizeof(why)) == -ENOTSUP)
		printf("  NO: %s\n", why);
	free(gils);
	py_process__free(py);
}

static int check_target(pid_t pid, struct target_cache *cache)
{
	__cleanup(sbuf__free) struct sbuf steps = { 0 }, why = { 0 };
	struct target t;
	enum failure err = target__resolve(pid, cache, &steps, &why, &t);

	printf("\n%s", sbuf__str(&steps));
	if (err) {
		fflush(stdout);
		return failure__say(err, sbuf__str(&why), pid);
	}
	print_sites(&t);
	print_gils(&t);
	if (t.note[0])
		printf("  note: %s\n", t.note);
	return t.gil_off > 0 ? EXIT_UNSUPPORTED : EXIT_OK;
}

int doctor__run(const struct opts *o)
{
	struct target_cache *cache = target_cache__new();
	bool usable = check_kernel();
	int code = usable ? EXIT_OK : caps__may_trace() ? EXIT_UNSUPPORTED : EXIT_PERMISSION;

	if (!cache)
		return failure__say(FAIL_NO_MEMORY, NULL, 0);
	for (size_t i = 0; i < o->pid_cnt; i++) {
		int c = check_target((pid_t)o->pids[i], cache);

		code = code ? code : c;
	}
	target_cache__free(cache);
	return code;
}
