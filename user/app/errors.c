/* SPDX-License-Identifier: BSD-2-Clause */
#include "user/app/errors.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "user/app/opts.h"
#include "user/base/caps.h"
#include "user/base/log.h"
#include "user/base/proc.h"
#include "user/base/sbuf.h"
#include "user/base/util.h"
#include "user/target/target.h"

int errors__out_of_memory(void)
{
	pr_warn("out of memory\n");
	return EXIT_RUNTIME;
}

int errors__of_load(int err)
{
	switch (err) {
	case -EPERM:
	case -EACCES:
		pr_warn("cannot load BPF programs: needs root, or "
			"CAP_BPF+CAP_PERFMON+CAP_SYS_PTRACE%s; "
			"try: sudo giltop ..\n",
			caps__lockdown_confidential()
				? " (and the kernel is locked down: confidentiality)"
				: "");
		return EXIT_PERMISSION;
	case -ENOSYS:
		pr_warn("this kernel has no bpf(2) (built without CONFIG_BPF_SYSCALL); see giltop "
			"doctor\n");
		return EXIT_UNSUPPORTED;
	case -ENOMEM: return errors__out_of_memory();
	default:
		pr_warn("cannot load the BPF programs: %s; see giltop doctor, or -vv for the "
			"kernel's words\n",
			errstr(err));
		return EXIT_UNSUPPORTED;
	}
}

/* With the hint that helps: a child that is a CPython. */
static void say_not_python(const char *why, pid_t pid)
{
	struct target_cache *cache = target_cache__new();
	struct sbuf hint = { 0 };

	if (cache)
		target__hint_child(pid, cache, &hint);
	pr_warn("%s%s\n", why, sbuf__str(&hint));
	sbuf__free(&hint);
	target_cache__free(cache);
}

int errors__of_target(int err, const char *why, pid_t pid)
{
	switch (err) {
	case -ENOEXEC: say_not_python(why, pid); return EXIT_NO_TARGET;
	case -ESRCH: pr_warn("%s\n", why); return EXIT_NO_TARGET;
	case -EACCES:
	case -EPERM: pr_warn("%s; try: sudo giltop -p %d\n", why, pid); return EXIT_PERMISSION;
	case -ENOTSUP:
	case -EBADE: pr_warn("%s\n", why); return EXIT_UNSUPPORTED;
	default: pr_warn("%s\n", *why ? why : errstr(err)); return EXIT_RUNTIME;
	}
}

int errors__check_targets(const struct opts *o)
{
	for (size_t i = 0; i < o->pid_cnt; i++) {
		if (proc__exists((pid_t)o->pids[i]))
			continue;
		pr_warn("no process with pid %u\n", o->pids[i]);
		return EXIT_NO_TARGET;
	}
	if (!caps__may_trace()) {
		pr_warn("cannot attach uprobes: needs root, or CAP_BPF+CAP_PERFMON+CAP_SYS_PTRACE; "
			"try: sudo giltop %s\n",
			o->pid_cnt ? "-p PID" : "..");
		return EXIT_PERMISSION;
	}
	/* The kernel's events have the machine's ids, /proc here has others: nothing would be seen. */
	if (!proc__in_init_pidns()) {
		pr_warn("this is a container with process ids of its own: run giltop on the host, "
			"or "
			"in a container with the host's (docker run --pid=host --privileged ..)\n");
		return EXIT_UNSUPPORTED;
	}
	if (!caps__has_btf()) {
		pr_warn("this kernel has no BTF (%s is missing: CONFIG_DEBUG_INFO_BTF); see giltop "
			"doctor\n",
			caps__btf_path());
		return EXIT_UNSUPPORTED;
	}
	return 0;
}
