/* SPDX-License-Identifier: BSD-2-Clause */
#include "user/app/output.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "user/app/opts.h"
#include "user/base/log.h"
#include "user/base/parse.h"
#include "user/base/util.h"
#include "user/target/failure.h"

/* Files that root writes for a user belong to the user; devices and pipes do not. */
static void give_to_invoker(int fd)
{
	uint64_t uid, gid;
	struct stat st;

	if (fstat(fd, &st) || !S_ISREG(st.st_mode))
		return;
	if (fchmod(fd, 0600)) /* one that was there may have been open to others */
		pr_verb("cannot make the file private: %s\n", errstr(errno));

	if (geteuid() || parse_u64(getenv("SUDO_UID"), 1, UINT32_MAX - 1, &uid) ||
	    parse_u64(getenv("SUDO_GID"), 0, UINT32_MAX - 1, &gid))
		return;
	if (fchown(fd, (uid_t)uid, (gid_t)gid))
		pr_verb("cannot give the file to uid %u: %s\n", (unsigned int)uid, errstr(errno));
}

int output__open(struct output *out, const struct opts *o)
{
	int flags = O_WRONLY | O_CREAT | O_NOFOLLOW | O_CLOEXEC | (o->force ? O_TRUNC : O_EXCL);
	int fd;

	if (!o->output || !strcmp(o->output, "-")) {
		out->f = stdout;
		return 0;
	}
	fd = open(o->output, flags, 0600);
	if (fd < 0) {
		if (errno == EEXIST)
			pr_warn("%s exists: give another -o, or --force\n", o->output);
		else
			pr_warn("cannot write %s: %s\n", o->output, errstr(errno));
		return EXIT_RUNTIME;
	}
	give_to_invoker(fd);
	out->f = fdopen(fd, "w");
	out->path = o->output;
	out->made = !o->force;
	if (!out->f) {
		close(fd);
		return EXIT_RUNTIME;
	}
	return 0;
}

void output__discard(const struct output *out)
{
	if (out->path && out->made)
		unlink(out->path);
}

int output__close(struct output *out, int err)
{
	if (!out->f)
		return 0;
	if (fflush(out->f) && !err)
		err = -errno;
	if (out->path && fclose(out->f) && !err)
		err = -errno;
	if (err == -EPIPE)
		return 0;
	if (err)
		pr_warn("cannot write %s: %s\n", out->path ? out->path : "the output", errstr(err));
	out->f = NULL;
	return err;
}
