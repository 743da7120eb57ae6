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
#include "user/app/limits.h"
#include "user/base/ending.h"
#include "user/base/log.h"
#include "user/base/util.h"

/* After so many system calls without a CPython, a program is not one: stop looking at its calls. */
#define WATCHED_CALLS 20000

/* How it ends before its exec. */
enum { NOT_TOLD = 125, CANNOT_START = 126 };

struct traced {
	pid_t pid;
	unsigned int calls; /* left to watch; 0: only exec and fork are */
	bool mapping;	    /* an mmap of code is under way */
};

struct launch {
	pid_t pid;
	bool ended;
	int go_fd; /* the command waits for a byte from it */
	int status;
	launch_try_fn try_fn;
	void *ctx;
	size_t cnt, cap;
	struct traced *traced;
};

static void prepare(int out_fd, const struct limits *limits, const struct sigaction *sigchld)
{
	int null, err;
	sigset_t none;

	ending__disarm();
	sigemptyset(&none);
	sigprocmask(SIG_SETMASK, &none, NULL);
	signal(SIGPIPE, SIG_DFL);
	sigaction(SIGCHLD, sigchld, NULL);
	if (out_fd >= 0) {
		null = open("/dev/null", O_RDONLY | O_CLOEXEC);
		dup2(null, STDIN_FILENO);
		dup2(out_fd, STDOUT_FILENO);
		dup2(out_fd, STDERR_FILENO);
	}
	limits__restore(limits);
	err = invoker__become();
	if (err) {
		fprintf(stderr, "giltop: cannot become the user behind sudo: %s\n", errstr(err));
		_exit(CANNOT_START);
	}
}

/* Nothing of the command runs before it is traced, and nothing at all if giltop is gone by then. */
static void wait_for_go(int fd)
{
	char go;
	ssize_t n;

	do
		n = read(fd, &go, 1);
	while (n < 0 && errno == EINTR);
	if (n != 1)
		_exit(NOT_TOLD);
}

static void child(char **argv, int out_fd, const struct limits *limits,
		  const struct sigaction *sigchld, const int go[2])
{
	close(go[1]);
	prepare(out_fd, limits, sigchld);
	wait_for_go(go[0]);
	execvp(argv[0], argv);
	fprintf(stderr, "giltop: cannot start %s: %s\n", argv[0], errstr(errno));
	_exit(errno == ENOENT ? 127 : CANNOT_START);
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

/* Have the child traced, and what it becomes. It is not stopped for that, nor is a child of it born with a SIGSTOP, as
 * under PTRACE_TRACEME: whatever moment giltop is killed at, nobody would take that away. No PTRACE_O_EXITKILL: the
 * command lives on.
 */
static int seize(struct launch *l, bool follow)
{
	long options = PTRACE_O_TRACEEXEC | PTRACE_O_TRACESYSGOOD;

	if (follow)
		options |= PTRACE_O_TRACEFORK | PTRACE_O_TRACEVFORK | PTRACE_O_TRACECLONE;
	if (!add(l, l->pid))
		return -ENOMEM;
	return ptrace(PTRACE_SEIZE, l->pid, NULL, (void *)options) ? -errno : 0;
}

/* It ends, not told to go. 0: it had ended already, and said why. */
static int give_up(struct launch *l, int err)
{
	closep(&l->go_fd);
	l->go_fd = -1;
	forget(l, l->pid);
	if (waitpid(l->pid, &l->status, 0) != l->pid)
		return -errno;
	l->ended = true;
	return WIFEXITED(l->status) && WEXITSTATUS(l->status) == CANNOT_START ? 0 : err;
}

static int start(struct launch *l, char **argv, bool follow, int out_fd,
		 const struct limits *limits)
{
	/* Ignored by who started us, SIGCHLD tells of no stop, and how the command ended would be lost. */
	const struct sigaction told = { .sa_handler = SIG_DFL };
	struct sigaction before;
	int go[2], err;

	if (pipe2(go, O_CLOEXEC) || sigaction(SIGCHLD, &told, &before))
		return -errno;
	l->pid = fork();
	if (l->pid == 0)
		child(argv, out_fd, limits, &before, go);
	close(go[0]);
	l->go_fd = go[1];
	if (l->pid < 0)
		return -errno;
	err = seize(l, follow);
	return err ? give_up(l, err) : 0;
}

struct launch *launch__start(char **argv, bool follow, int out_fd, const struct limits *limits,
			     launch_try_fn try_fn, void *ctx)
{
	struct launch *l = calloc(1, sizeof(*l));
	int err;

	if (!l)
		return NULL;
	l->go_fd = -1;
	l->try_fn = try_fn;
	l->ctx = ctx;
	err = start(l, argv, follow, out_fd, limits);
	if (!err)
		return l;
	launch__free(l);
	errno = -err;
	return NULL;
}

static void let_run(struct traced *t, int sig)
{
	ptrace(t->calls ? PTRACE_SYSCALL : PTRACE_CONT, t->pid, NULL, (void *)(long)sig);
}

void launch__go(struct launch *l)
{
	/* SIGPIPE is ignored by now; who is gone is waited for. */
	if (l->go_fd >= 0 && write(l->go_fd, "", 1) < 0)
		pr_verb("the command is gone: %s\n", errstr(errno));
	closep(&l->go_fd);
	l->go_fd = -1;
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
	} else if (event == PTRACE_EVENT_STOP && sig != SIGTRAP) {
		ptrace(PTRACE_LISTEN, t->pid, NULL,
		       NULL); /* ^Z: stopped until it is told to go on */
	} else if (event) {   /* fork and the like, and a new child's first stop */
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
	closep(&l->go_fd);
	free(l->traced);
	free(l);
}
