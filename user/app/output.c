/* SPDX-License-Identifier: BSD-2-Clause */
#include "user/app/output.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <string.h>
#include <sys/random.h>
#include <sys/stat.h>
#include <unistd.h>

#include "user/app/invoker.h"
#include "user/app/opts.h"
#include "user/base/log.h"
#include "user/base/text.h"
#include "user/base/util.h"
#include "user/target/failure.h"

/* Links are refused everywhere; O_CLOEXEC: the command that is started does not get it. */
#define SAFELY (O_WRONLY | O_NOFOLLOW | O_CLOEXEC)
#define MAKE   (SAFELY | O_CREAT | O_EXCL)

/* A new file in the directory of the old one. A descriptor or -errno. */
static int open_beside(struct output *out)
{
	int len = (int)(path_base(out->path) - out->path), n, fd;
	uint64_t unguessable;

	if (getrandom(&unguessable, sizeof(unguessable), 0) != sizeof(unguessable))
		return -EIO;
	n = snprintf(out->beside, sizeof(out->beside), "%.*s.", len, out->path);
	fd = n < PATH_MAX ? open(out->beside, O_TMPFILE | SAFELY, 0600) : -1;
	out->nameless = fd >= 0;
	n = snprintf(out->beside, sizeof(out->beside), "%.*s.giltop-%016" PRIx64, len, out->path,
		     unguessable);
	if (n >= PATH_MAX)
		return -ENAMETOOLONG;
	if (fd < 0) /* not every file system has files without a name */
		fd = open(out->beside, MAKE, 0600);
	if (fd < 0)
		out->beside[0] = '\0';
	return fd < 0 ? -errno : fd;
}

/* What is there: a file is replaced, a pipe or a device is written. The descriptor, or -errno. */
static int open_over(struct output *out)
{
	int fd = open(out->path, SAFELY), err;
	struct stat st;

	if (fd < 0)
		return -errno;
	if (!fstat(fd, &st) && !S_ISREG(st.st_mode))
		return fd;
	close(fd);
	err = open_beside(out);
	if (err == -EACCES)
		pr_warn("%s is replaced by a new file, and none can be made beside it\n",
			out->path);
	return err;
}

int output__open(struct output *out, const struct opts *o)
{
	struct invoker_rights rights = { 0 };
	int fd;

	if (!o->output || !strcmp(o->output, "-")) {
		out->f = stdout;
		return 0;
	}
	out->path = o->output;
	fd = invoker__enter(&rights);
	if (!fd) {
		fd = open(out->path, MAKE, 0600);
		out->made = fd >= 0;
		if (fd < 0)
			fd = errno == EEXIST && o->force ? open_over(out) : -errno;
		invoker__leave(&rights);
	}
	out->f = fd < 0 ? NULL : fdopen(fd, "w");
	if (out->f)
		return 0;
	if (fd == -EEXIST)
		pr_warn("%s exists: give another -o, or --force\n", out->path);
	else
		pr_warn("cannot write %s: %s\n", out->path, errstr(fd < 0 ? fd : errno));
	closep(&fd);
	return EXIT_RUNTIME;
}

/* The new file, whole now, takes the old one's name. */
static int put_in_place(struct output *out)
{
	struct invoker_rights rights = { 0 };
	char fd_path[32];
	int err = invoker__enter(&rights);

	if (err)
		return err;
	snprintf(fd_path, sizeof(fd_path), "/proc/self/fd/%d", fileno(out->f));
	if (out->nameless && linkat(AT_FDCWD, fd_path, AT_FDCWD, out->beside, AT_SYMLINK_FOLLOW)) {
		err = -errno;
	} else {
		out->nameless = false;
		err = rename(out->beside, out->path) ? -errno : 0;
		if (err) /* e.g. somebody else's in /tmp: the data must not be lost for that */
			pr_warn("what was measured is in %s\n", out->beside);
		out->beside[0] = '\0';
	}
	invoker__leave(&rights);
	return err;
}

static void take_away(const struct output *out)
{
	struct invoker_rights rights = { 0 };
	const char *name = out->made ? out->path : out->nameless ? "" : out->beside;

	if (!*name || invoker__enter(&rights))
		return;
	unlink(name);
	invoker__leave(&rights);
}

void output__discard(struct output *out)
{
	if (!out->f || !out->path)
		return;
	fclose(out->f);
	out->f = NULL;
	take_away(out);
}

int output__close(struct output *out, int err)
{
	if (!out->f)
		return 0;
	if (fflush(out->f) && !err)
		err = -errno;
	if (out->beside[0] && !err)
		err = put_in_place(out);
	if (out->path && fclose(out->f) && !err)
		err = -errno;
	out->f = NULL;
	if (out->beside[0])
		take_away(out);
	if (err == -EPIPE)
		return 0;
	if (err)
		pr_warn("cannot write %s: %s\n", out->path ? out->path : "the output", errstr(err));
	return err;
}
