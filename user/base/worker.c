/* SPDX-License-Identifier: BSD-2-Clause */
#include "user/base/worker.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

#include "user/base/child.h"
#include "user/base/parse.h"
#include "user/base/sbuf.h"
#include "user/base/util.h"

/* So many that were given up may be stuck at a time. */
#define STUCK_MAX 4

struct request {
	worker_fn fn;
	uint64_t len;
};

struct answer {
	int64_t ret;
	uint64_t len;
};

struct worker {
	struct worker_limits limits;
	void *state;
	struct child child;
	struct children left;
	uint64_t lost_cnt;
	uint64_t lost_cpu_ns, cpu_ns; /* of those given up; of this one, after its last call */
};

/* In the worker: what it is. */
struct duty {
	const struct worker *w;
	pid_t parent;
};

struct worker *worker__new(const struct worker_limits *limits, void *state)
{
	struct worker *w = calloc(1, sizeof(*w));

	if (!w)
		return NULL;
	w->limits = *limits;
	w->state = state;
	w->child = (struct child)CHILD_NONE;
	return w;
}

void worker__free(struct worker *w)
{
	if (!w)
		return;
	child__end(&w->child, true, &w->left);
	children__forget(&w->left);
	free(w);
}

uint64_t worker__lost_cnt(const struct worker *w)
{
	return w->lost_cnt;
}

uint64_t worker__cpu_ns(const struct worker *w)
{
	return w->lost_cpu_ns + w->cpu_ns;
}

/* All of it, or -errno; -EIO: the other end has gone. */
static int send_all(int fd, const void *buf, size_t len)
{
	const char *at = buf;

	while (len) {
		ssize_t n = send(fd, at, len, MSG_NOSIGNAL);

		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0)
			return n ? -errno : -EIO;
		at += n;
		len -= (size_t)n;
	}
	return 0;
}

static int receive_all(int fd, void *buf, size_t len)
{
	char *at = buf;

	while (len) {
		ssize_t n = recv(fd, at, len, 0);

		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0)
			return n ? -errno : -EIO;
		at += n;
		len -= (size_t)n;
	}
	return 0;
}

/* ---- in the worker ---- */

/* What giltop has mapped is no part of it. */
static void limit_memory(uint64_t bytes)
{
	struct sbuf b = { 0 };
	struct rlimit r;
	char *end;
	uint64_t pages;

	if (!bytes || read_file(AT_FDCWD, "/proc/self/statm", 256, &b))
		return;
	pages = strtoull(sbuf__str(&b), &end, 10);
	sbuf__free(&b);
	r.rlim_cur = r.rlim_max = pages * (uint64_t)sysconf(_SC_PAGESIZE) + bytes;
	setrlimit(RLIMIT_AS, &r);
}

static int serve(const struct worker *w, int fd)
{
	struct request req;
	struct answer a = { 0 };
	struct sbuf out = { 0 };
	char *in;
	int err = receive_all(fd, &req, sizeof(req));

	if (err)
		return err;
	in = malloc(req.len + 1);
	err = in ? receive_all(fd, in, req.len) : -ENOMEM;
	if (!err) {
		a.ret = req.fn(w->state, in, req.len, &out);
		if (out.oom)
			a.ret = -ENOMEM;
		a.len = out.len;
		err = send_all(fd, &a, sizeof(a));
	}
	if (!err)
		err = send_all(fd, sbuf__str(&out), out.len);
	free(in);
	sbuf__free(&out);
	return err;
}

static void work(void *ctx, int fd)
{
	const struct duty *d = ctx;

	prctl(PR_SET_PDEATHSIG, SIGKILL);
	if (getppid() != d->parent)
		return;
	limit_memory(d->w->limits.memory);
	while (!serve(d->w, fd))
		;
}

/* ---- in giltop ---- */

/* One that has died by itself has no clock any more. */
static void note_cpu(struct worker *w)
{
	uint64_t cpu_ns = child__cpu_ns(&w->child);

	if (cpu_ns > w->cpu_ns)
		w->cpu_ns = cpu_ns;
}

static int give_up(struct worker *w, int err)
{
	note_cpu(w);
	w->lost_cpu_ns += w->cpu_ns;
	w->cpu_ns = 0;
	child__end(&w->child, true, &w->left);
	w->lost_cnt++;
	return err;
}

static int ask(struct worker *w, worker_fn fn, const void *in, size_t in_len)
{
	struct request req = { fn, in_len };
	struct duty duty = { w, getpid() };
	int err = 0;

	if (!w->child.pid) {
		if (children__left(&w->left) >= STUCK_MAX)
			return -EAGAIN;
		err = child__start(&w->child, "gt-worker", NULL, work, &duty);
	}
	if (err)
		return err;
	err = send_all(w->child.fd, &req, sizeof(req));
	if (!err)
		err = send_all(w->child.fd, in, in_len);
	if (err)
		return give_up(w, -EIO);
	return 0;
}

/* What it says comes in pieces, with pauses if a CPU is wanted elsewhere. */
static int receive(const struct worker *w, const struct child_limits *limits, char *at, size_t len)
{
	int err;

	while (len) {
		ssize_t n = recv(w->child.fd, at, len, MSG_DONTWAIT);

		if (n > 0) {
			at += n;
			len -= (size_t)n;
			continue;
		}
		if (!n || (errno != EAGAIN && errno != EINTR))
			return -EIO;
		err = child__wait(&w->child, limits);
		if (err)
			return err;
	}
	return 0;
}

static int take(struct worker *w, struct sbuf *out)
{
	const struct child_limits limits = { w->limits.cpu_ns, w->limits.wait_ns };
	struct answer a;
	char buf[4096];
	int err = receive(w, &limits, (char *)&a, sizeof(a));

	if (!err && a.len > w->limits.answer)
		err = -EFBIG;
	while (!err && a.len) {
		size_t n = a.len < sizeof(buf) ? a.len : sizeof(buf);

		err = receive(w, &limits, buf, n);
		if (!err)
			sbuf__add(out, buf, n);
		a.len -= n;
	}
	if (err)
		return give_up(w, err);
	note_cpu(w);
	return out->oom ? -ENOMEM : (int)a.ret;
}

int worker__call(struct worker *w, worker_fn fn, const void *in, size_t in_len, struct sbuf *out)
{
	int err = ask(w, fn, in, in_len);

	/* It may have been killed since the last call: by the kernel, for want of memory. */
	if (err == -EIO)
		err = ask(w, fn, in, in_len);
	return err ? err : take(w, out);
}
