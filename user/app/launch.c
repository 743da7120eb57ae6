/* SPDX-License-Identifier: BSD-2-Clause */
#include "user/app/launch.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/ptrace.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "user/app/invoker.h"
#include "user/base/util.h"

/* After so many system calls without a CPython, a program is not one: stop looking at its calls. */
#define WATCHED_CALLS 20000

struct traced {
	pid_t pid;
	unsigned int calls; /* left to watch; 0: only exec and fork are */
	bool mapping;	    /* an mmap of code is under way */
	bool seen;	    /* has had its first stop */
};

struct launch {
	pid_t pid;
	bool follow, ended;
	int status;
	launch_try_fn try_fn;
	void *ctx;
	size_t cnt, cap;
	struct traced *traced;
};

static void child(char **argv, int out_fd)
{
	int null, err;
	sigset_t none;

	sigemptyset(&none);
	sigprocmask(SIG_SETMASK, &none, NULL);
	signal(SIGPIPE, SIG_DFL);
	if (out_fd >= 0) {
		null = open("/dev/null", O_RDONLY | O_CLOEXEC);
		dup2(null, STDIN_FILENO);
		dup2(out_fd, STDOUT_FILENO);
		dup2(out_fd, STDERR_FILENO);
	}
	err = invoker__become();
	if (err) {
		fprintf(stderr, "giltop: cannot become the user behind sudo: %s\n", errstr(err));
		_exit(126);
	}
	if (ptrace(PTRACE_TRACEME, 0, NULL, NULL)) {
		fprintf(stderr, "giltop: cannot trace the command: %s\n", errstr(errno));
		_exit(126);
	}
	raise(SIGSTOP);
	execvp(argv[0], argv);
	fprintf(stderr, "giltop: cannot start %s: %s\n", argv[0], errstr(errno));
	_exit(errno == ENOENT ? 127 : 126);
}

static struct traced *find(struct launch *l, pid_t pid)
{
	for (size_t i = 0; i < l->cnt; i++)
		if (l->traced[i].pid == pid)
			return &l->traced[i];
	return NULL;
}

static struct traced *add(struct launch *l, pid_t pid)
{
	if (array_grow(&l->traced, l->cnt, &l->cap, sizeof(*l->traced)))
		return NULL;
	l->traced[l->cnt] = (struct traced){ .pid = pid, .calls = WATCHED_CALLS };
	return &l->traced[l->cnt++];
}

static void forget(struct launch *l, pid_t pid)
{
	struct traced *t = find(l, pid);

	if (t)
		*t = l->traced[--l->cnt];
}

struct launch *launch__start(char **argv, bool follow, int out_fd, launch_try_fn try_fn, void *ctx)
{
	struct launch *l = calloc(1, sizeof(*l));
	long options = PTRACE_O_TRACEEXEC | PTRACE_O_TRACESYSGOOD;
	int status;

	if (!l)
		return NULL;
	l->follow = follow;
	l->try_fn = try_fn;
	l->ctx = ctx;
	if (follow)
		options |= PTRACE_O_TRACEFORK | PTRACE_O_TRACEVFORK | PTRACE_O_TRACECLONE;
	l->pid = fork();
	if (l->pid == 0)
		child(argv, out_fd);
	if (l->pid < 0 || waitpid(l->pid, &status, 0) != l->pid) {
		int err = errno;

		free(l);
		errno = err;
		return NULL;
	}
	if (!WIFSTOPPED(status)) { /* could not become the user, or not trace */
		l->ended = true;
		l->status = status;
		return l;
	}
	if (!add(l, l->pid) || ptrace(PTRACE_SETOPTIONS, l->pid, NULL, (void *)options)) {
		int err = errno;

		kill(l->pid, SIGKILL);
		launch__free(l);
		errno = err;
		return NULL;
	}
	l->traced[0].seen = true;
	return l;
}

static void let_run(struct traced *t, int sig)
{
	ptrace(t->calls ? PTRACE_SYSCALL : PTRACE_CONT, t->pid, NULL, (void *)(long)sig);
}

void launch__go(struct launch *l)
{
	struct traced *t = find(l, l->pid);

	if (t)
		let_run(t, 0);
}

static void try_now(struct launch *l, struct traced *t)
{
	pid_t pid = t->pid;

	if (!l->try_fn(l->ctx, pid)) {
		let_run(t, 0);
		return;
	}
	ptrace(PTRACE_DETACH, pid, NULL, NULL);
	forget(l, pid);
}

/* At a system call: when code has just been mapped (a library), have a look. */
static void on_call(struct launch *l, struct traced *t)
{
	struct __ptrace_syscall_info info;
	bool mapped = false;

	memset(&info, 0, sizeof(info));
	if (ptrace(PTRACE_GET_SYSCALL_INFO, t->pid, (void *)sizeof(info), &info) > 0) {
		if (info.op == PTRACE_SYSCALL_INFO_ENTRY) {
			t->mapping = info.entry.nr == SYS_mmap && (info.entry.args[2] & PROT_EXEC);
		} else if (info.op == PTRACE_SYSCALL_INFO_EXIT && t->mapping) {
			t->mapping = false;
			mapped = !info.exit.is_error;
		}
	}
	if (t->calls)
		t->calls--;
	if (mapped)
		try_now(l, t);
	else
		let_run(t, 0);
}

static void on_stop(struct launch *l, struct traced *t, int status)
{
	int sig = WSTOPSIG(status), event = status >> 16;

	if (sig == (SIGTRAP | 0x80)) {
		on_call(l, t);
	} else if (event == PTRACE_EVENT_EXEC) {
		t->calls = WATCHED_CALLS;
		t->mapping = false;
		try_now(l, t);
	} else if (event) { /* fork and the like: the child comes with a stop of its own */
		let_run(t, 0);
	} else if (!t->seen && sig == SIGSTOP) { /* a new child's first stop */
		t->seen = true;
		let_run(t, 0);
	} else {
		let_run(t, sig);
	}
}

void launch__on_sigchld(struct launch *l)
{
	int status;
	pid_t pid;

	while ((pid = waitpid(-1, &status, WNOHANG | __WALL)) > 0) {
		struct traced *t;

		if (WIFEXITED(status) || WIFSIGNALED(status)) {
			forget(l, pid);
			if (pid == l->pid) {
				l->ended = true;
				l->status = status;
			}
			continue;
		}
		if (!WIFSTOPPED(status))
			continue;
		t = find(l, pid);
		if (!t)
			t = add(l, pid);
		if (t)
			on_stop(l, t, status);
		else
			ptrace(PTRACE_DETACH, pid, NULL, NULL);
	}
}

bool launch__ended(const struct launch *l)
{
	return l->ended;
}

int launch__status(const struct launch *l, int *sig)
{
	*sig = WIFSIGNALED(l->status) ? WTERMSIG(l->status) : 0;
	return *sig ? 128 + *sig : WEXITSTATUS(l->status);
}

bool launch__failed(const struct launch *l)
{
	return l->ended && WIFEXITED(l->status) &&
	       (WEXITSTATUS(l->status) == 126 || WEXITSTATUS(l->status) == 127);
}

void launch__free(struct launch *l)
{
	if (!l)
		return;
	/* The rest is let go by the kernel when we end. */
	free(l->traced);
	free(l);
}
