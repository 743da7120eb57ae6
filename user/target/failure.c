/* SPDX-License-Identifier: BSD-2-Clause */
#include "user/target/failure.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "user/base/log.h"
#include "user/base/sbuf.h"
#include "user/target/target.h"

#define NEEDS "needs root, or CAP_BPF+CAP_PERFMON+CAP_SYS_PTRACE"

/* How one of many is said. */
enum loudness { SILENT, FOR_V, LOUD };

/* remedy: what to do; one that ends in -p goes on with the pid. */
static const struct desc {
	enum exit_code code;
	enum loudness of_many;
	const char *words, *remedy;
} failures[FAIL_CNT] = {
	[FAIL_NONE] = { EXIT_OK, SILENT, "", NULL },
	[FAIL_ALREADY] = { EXIT_OK, SILENT, "it is measured already", NULL },
	[FAIL_GONE] = { EXIT_NO_TARGET, SILENT, "there is no such process", NULL },
	[FAIL_NOT_PYTHON] = { EXIT_NO_TARGET, FOR_V, "it is not a CPython", NULL },
	[FAIL_MAY_NOT_LOOK] = { EXIT_PERMISSION, FOR_V, "may not look into it",
				"try: sudo giltop -p" },
	[FAIL_REFUSED] = { EXIT_UNSUPPORTED, LOUD, "this interpreter is not understood", NULL },
	[FAIL_GIL_OFF] = { EXIT_UNSUPPORTED, LOUD, "it runs without a GIL", NULL },
	[FAIL_MAY_NOT_ATTACH] = { EXIT_PERMISSION, LOUD, "cannot attach", "try: sudo giltop -p" },
	[FAIL_MAY_NOT_TRACE] = { EXIT_PERMISSION, LOUD, "cannot attach uprobes: " NEEDS,
				 "try: sudo giltop -p PID" },
	[FAIL_MAY_NOT_LOAD] = { EXIT_PERMISSION, LOUD, "cannot load BPF programs: " NEEDS,
				"try: sudo giltop .." },
	[FAIL_LOCKED_DOWN] = { EXIT_PERMISSION, LOUD,
			       "cannot load BPF programs: the kernel is locked down "
			       "(confidentiality)",
			       "boot it without, or measure on another machine" },
	[FAIL_NO_BPF] = { EXIT_UNSUPPORTED, LOUD,
			  "this kernel has no bpf(2) (built without CONFIG_BPF_SYSCALL)",
			  "see giltop doctor" },
	[FAIL_NO_BTF] = { EXIT_UNSUPPORTED, LOUD, "this kernel has no BTF", "see giltop doctor" },
	[FAIL_KERNEL] = { EXIT_UNSUPPORTED, LOUD, "cannot load the BPF programs",
			  "see giltop doctor, or -vv for the kernel's words" },
	[FAIL_PID_NAMESPACE] = { EXIT_UNSUPPORTED, LOUD,
				 "/proc here has other process ids than giltop's own pid namespace",
				 "mount it anew there (mount -t proc proc /proc; unshare has "
				 "--mount-proc)" },
	[FAIL_INTERRUPTED] = { EXIT_RUNTIME, SILENT, "interrupted before anything was measured",
			       NULL },
	[FAIL_NO_MEMORY] = { EXIT_RUNTIME, LOUD, "out of memory", NULL },
	[FAIL_SYSTEM] = { EXIT_RUNTIME, LOUD, "it failed", NULL },
};

enum failure failure__of(int err)
{
	switch (err) {
	case 0: return FAIL_NONE;
	case -ENOMEM: return FAIL_NO_MEMORY;
	case -ESRCH: return FAIL_GONE;
	case -EINTR: return FAIL_INTERRUPTED;
	case -ENOEXEC: return FAIL_NOT_PYTHON;
	case -ENOTSUP: return FAIL_REFUSED;
	case -EACCES:
	case -EPERM: return FAIL_MAY_NOT_LOOK;
	default: return FAIL_SYSTEM;
	}
}

/* The hint that helps: a child that is a CPython. */
static void add_child(pid_t pid, struct sbuf *line)
{
	struct target_cache *cache = target_cache__new();

	if (cache)
		target__hint_child(pid, cache, line);
	target_cache__free(cache);
}

static const char *words_of(enum failure f, const char *why)
{
	return why && *why ? why : failures[f].words;
}

int failure__say(enum failure f, const char *why, pid_t pid)
{
	const char *remedy = failures[f].remedy;
	struct sbuf line = { 0 };
	size_t len;

	if (f == FAIL_INTERRUPTED) /* who has sent the signal knows */
		return failures[f].code;
	/* To whom sudo gives nothing that is not there already. */
	if (remedy && strstr(remedy, "sudo") && !geteuid())
		remedy = NULL;

	sbuf__puts(&line, words_of(f, why));
	if (f == FAIL_NOT_PYTHON && pid)
		add_child(pid, &line);
	if (remedy)
		sbuf__printf(&line, "; %s", remedy);
	len = line.len;
	if (remedy && len > 2 && line.s[len - 1] == 'p' && line.s[len - 2] == '-')
		sbuf__printf(&line, " %d", pid);
	pr_warn("%s\n", sbuf__str(&line));
	sbuf__free(&line);
	return failures[f].code;
}

void failure__say_of_many(enum failure f, const char *why)
{
	if (failures[f].of_many == LOUD)
		pr_warn("%s\n", words_of(f, why));
	else if (failures[f].of_many == FOR_V)
		pr_verb("%s\n", words_of(f, why));
}

bool failure__is_loud(enum failure f)
{
	return failures[f].of_many == LOUD;
}
