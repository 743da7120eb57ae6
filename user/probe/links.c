/* SPDX-License-Identifier: BSD-2-Clause */
#include "user/probe/links.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include <bpf/libbpf.h>

#include "user/base/budgets.h"
#include "user/base/child.h"
#include "user/base/util.h"

/* Descriptors that one message may carry (the kernel's SCM_MAX_FD is 253). */
#define FDS_A_MESSAGE 128

static const struct child_limits patience = { BUDGET_ATTACH_CPU_NS, BUDGET_ATTACH_WAIT_NS };

/* What a child says of its work; the descriptors come with it. */
struct news {
	int err;
	struct probe_file file;
	enum probe_group group;
	size_t cnt; /* in this message */
	bool more;
};

union control {
	struct cmsghdr head; /* for its alignment */
	char space[CMSG_SPACE(FDS_A_MESSAGE * sizeof(int))];
};

static struct msghdr message(struct iovec *what, struct news *news, union control *c)
{
	*what = (struct iovec){ news, sizeof(*news) };
	return (struct msghdr){ .msg_iov = what,
				.msg_iovlen = 1,
				.msg_control = c->space,
				.msg_controllen = sizeof(c->space) };
}

/* In the child. */
static int send_some(int fd, struct news news, const int *fds)
{
	size_t cnt = news.cnt;
	union control c;
	struct iovec what;
	struct msghdr m = message(&what, &news, &c);

	memset(&c, 0, sizeof(c));
	if (!cnt) {
		m.msg_control = NULL;
		m.msg_controllen = 0;
	} else {
		struct cmsghdr *h = CMSG_FIRSTHDR(&m);

		m.msg_controllen = CMSG_SPACE(cnt * sizeof(int));
		h->cmsg_level = SOL_SOCKET;
		h->cmsg_type = SCM_RIGHTS;
		h->cmsg_len = CMSG_LEN(cnt * sizeof(int));
		memcpy(CMSG_DATA(h), fds, cnt * sizeof(int));
	}
	return sendmsg(fd, &m, MSG_NOSIGNAL) < 0 ? -errno : 0;
}

/* last: nothing comes after them. */
static int send_group(int fd, const struct probe_file *file, enum probe_group group,
		      const struct link_fds *l, bool last)
{
	int err = 0;

	for (size_t i = 0; i <= l->cnt && !err; i += FDS_A_MESSAGE) {
		size_t rest = l->cnt - i;
		struct news news = { .file = *file,
				     .group = group,
				     .cnt = rest < FDS_A_MESSAGE ? rest : FDS_A_MESSAGE,
				     .more = !last || rest >= FDS_A_MESSAGE };

		err = send_some(fd, news, l->fds + i);
	}
	return err;
}

/* As job says, on the file that its path names now and on no other: a process that has called exec may have another file
 * by that name, where a breakpoint would be in the middle of an instruction.
 */
static int make_on_file(struct probe_job job, struct probe_file *file,
			struct link_fds made[PROBE_GROUP_CNT])
{
	char name[64];
	struct stat st;
	int fd = open(job.path, O_PATH | O_CLOEXEC);

	if (fd < 0 || fstat(fd, &st))
		return -errno;
	*file = (struct probe_file){ st.st_dev, st.st_ino };
	if (job.file.ino && (job.file.dev != file->dev || job.file.ino != file->ino))
		return -ESTALE;
	snprintf(name, sizeof(name), "/proc/self/fd/%d", fd);
	job.path = name;
	return probe_attach__do(&job, made);
}

static void make(void *ctx, int fd)
{
	struct link_fds made[PROBE_GROUP_CNT] = { 0 };
	struct probe_file file = { 0 };
	struct news bad = { .err = make_on_file(*(const struct probe_job *)ctx, &file, made) };
	int err = 0;

	if (bad.err) {
		send_some(fd, bad, NULL); /* what there is goes with this process */
		return;
	}
	for (int g = 0; g < PROBE_GROUP_CNT && !err; g++)
		err = send_group(fd, &file, (enum probe_group)g, &made[g],
				 g == PROBE_GROUP_CNT - 1);
}

static int receive_some(const struct child *child, struct probe_file *file,
			struct link_fds to[PROBE_GROUP_CNT], bool *more)
{
	struct news news = { .err = -EIO };
	struct link_fds *ret;
	union control c;
	struct iovec what;
	struct msghdr m = message(&what, &news, &c);
	const struct cmsghdr *h;
	ssize_t n;

	*more = false;
	n = recvmsg(child->fd, &m, MSG_CMSG_CLOEXEC);
	if (n != (ssize_t)sizeof(news))
		return n < 0 ? -errno : -EIO;
	*file = news.file;
	ret = &to[news.group];
	h = CMSG_FIRSTHDR(&m);
	if (h && h->cmsg_type == SCM_RIGHTS) {
		size_t cnt = (h->cmsg_len - CMSG_LEN(0)) / sizeof(int);

		/* EMFILE: fewer have arrived than were sent. */
		if (cnt <= ARRAY_SIZE(ret->fds) - ret->cnt) {
			memcpy(ret->fds + ret->cnt, CMSG_DATA(h), cnt * sizeof(int));
			ret->cnt += cnt;
		}
		if (cnt != news.cnt)
			return -EMFILE;
	} else if (news.cnt) {
		return -EMFILE;
	}
	*more = news.more;
	return news.err;
}

static size_t programs(const struct probe_job *job, int *ret)
{
	size_t cnt = 0;

	if (!job->sites)
		ret[cnt++] = bpf_program__fd(job->prog);
	for (int k = 0; job->sites && k < GIL_SITE_KIND_CNT; k++) {
		ret[cnt++] = bpf_program__fd(job->progs.arg0[k]);
		if (job->progs.by_reg[k])
			ret[cnt++] = bpf_program__fd(job->progs.by_reg[k]);
	}
	return cnt;
}

int links__make(struct probe_job *job, struct children *left, struct link_fds ret[PROBE_GROUP_CNT],
		uint64_t *cpu_ns)
{
	int progs[2 * GIL_SITE_KIND_CNT];
	struct child_keep keep = { progs, programs(job, progs) };
	bool more = true, stuck = false;
	struct child child;
	int err = child__start(&child, "gt-attach", &keep, make, job);

	for (int g = 0; g < PROBE_GROUP_CNT; g++)
		ret[g].cnt = 0;
	while (!err && more) {
		err = child__wait(&child, &patience);
		stuck = err != 0;
		if (!err)
			err = receive_some(&child, &job->file, ret, &more);
	}
	*cpu_ns += child__cpu_ns(&child);
	/* One that is stuck is not killed: it would leave behind what it has put in place. */
	child__end(&child, false, left);
	for (int g = 0; err && g < PROBE_GROUP_CNT; g++)
		links__drop(&ret[g], left);
	return err == -EFBIG && stuck ? -ETIMEDOUT : err;
}

/* In the child: until we have closed ours. */
static void hold(void *ctx, int fd)
{
	char none;

	(void)ctx;
	while (recv(fd, &none, 1, 0) < 0 && errno == EINTR)
		;
}

void links__let_go(struct link_fds *l, struct child *ret)
{
	struct child_keep keep = { l->fds, l->cnt };

	*ret = (struct child)CHILD_NONE;
	/* Without a child, for want of memory: here. */
	if (l->cnt)
		child__start(ret, "gt-detach", &keep, hold, NULL);
	for (size_t i = 0; i < l->cnt; i++)
		close(l->fds[i]);
	l->cnt = 0;
	closep(&ret->fd); /* now it is the last */
	ret->fd = -1;
}

void links__drop(struct link_fds *l, struct children *left)
{
	struct child child;

	links__let_go(l, &child);
	child__join(&child, BUDGET_ATTACH_WAIT_NS / BUDGET_MS, left);
}
