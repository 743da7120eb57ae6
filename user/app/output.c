/* SPDX-License-Identifier: BSD-2-Clause */
#include "user/app/output.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <string.h>
#include <sys/random.h>
#include <sys/stat.h>
#include <unistd.h>

#include "user/app/footing.h"
#include "user/app/invoker.h"
#include "user/app/opts.h"
#include "user/base/log.h"
#include "user/base/put.h"
#include "user/base/text.h"
#include "user/base/units.h"
#include "user/base/util.h"
#include "user/target/failure.h"
#include "user/view/formats.h"

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

/* Of what can be made again at any time: it is there whole, or not at all. The descriptor, or -errno. */
static int open_new(struct output *out, bool force)
{
	struct stat st;

	if (!lstat(out->path, &st))
		return -EEXIST;
	if (errno != ENOENT)
		return -errno;
	if (out->path[strlen(out->path) - 1] == '/')
		return -EISDIR;
	out->is_new = !force;
	return open_beside(out);
}

/* .. else it grows under its name. */
static int open_growing(struct output *out)
{
	int fd = open(out->path, MAKE, 0600);

	out->made = fd >= 0;
	return fd < 0 ? -errno : fd;
}

/* What is there: a file is replaced, a pipe or a device is written. The descriptor, or -errno. */
static int open_over(struct output *out)
{
	int fd = open(out->path, SAFELY | O_NONBLOCK), err;
	struct stat st;

	if (fd < 0)
		return -errno;
	if (!fstat(fd, &st) && !S_ISREG(st.st_mode)) {
		fcntl(fd, F_SETFL, 0); /* was for the open, which waits for a pipe's reader */
		return fd;
	}
	close(fd);
	err = open_beside(out);
	if (err == -EACCES)
		pr_warn("%s is replaced by a new file, and none can be made beside it\n",
			out->path);
	return err;
}

static ssize_t count_and_write(void *ctx, const char *buf, size_t len)
{
	struct output *out = ctx;
	size_t done = 0;

	/* Who has waited long enough does not wait again for the rest. */
	if (!out->write_err)
		out->write_err = put__all(out->fd, buf, len, &done);
	out->failed |= out->write_err != 0;
	errno = -out->write_err;
	for (size_t i = 0; i < done; i++)
		out->line_cnt += buf[i] == '\n';
	out->byte_cnt += done;
	return (ssize_t)done;
}

static int close_fd(void *ctx)
{
	struct output *out = ctx;
	int fd = out->fd;

	out->fd = -1;
	return out->path ? close(fd) : 0;
}

/* A stream that counts what goes through, and can be left when it does not. Whatever it leads to: a pipe has no length that
 * one could ask for.
 */
static FILE *counting(struct output *out)
{
	return fopencookie(out, "w",
			   (cookie_io_functions_t){ .write = count_and_write, .close = close_fd });
}

static FILE *stream(struct output *out, const struct opts *o)
{
	struct stat st;

	if (!opts__converts(o) && !fstat(out->fd, &st) && S_ISREG(st.st_mode))
		return out->path ? fdopen(out->fd, "w") : stdout;
	return counting(out);
}

/* Is what is to be written one of the files that are read? As root, for it need not be the user's to look at. */
static bool is_read(const struct stat *st, const struct opts *o)
{
	struct stat in;

	if (!S_ISREG(st->st_mode))
		return false;
	for (size_t i = 0; i < o->file_cnt; i++) {
		int err = strcmp(o->files[i], "-") ? stat(o->files[i], &in)
						   : fstat(STDIN_FILENO, &in);

		if (!err && in.st_dev == st->st_dev && in.st_ino == st->st_ino)
			return true;
	}
	return false;
}

static void say_cannot_open(const struct output *out, int err)
{
	if (err == -EEXIST)
		pr_warn("%s exists: give another -o, or --force\n", out->path);
	else if (err == -ELOOP)
		pr_warn("cannot write %s: ELOOP: a link, and where it leads is not followed\n",
			out->path);
	else if (err == -ENXIO)
		pr_warn("cannot write %s: nobody reads the pipe: start the reader first\n",
			out->path);
	else
		pr_warn("cannot write %s: %s\n", out->path, errstr(err));
}

int output__open(struct output *out, const struct opts *o)
{
	struct invoker_rights rights = { 0 };
	struct stat there;
	int fd;

	if (!o->output || !strcmp(o->output, "-")) {
		if (!footing__has_stdout()) {
			pr_warn("cannot write the output: stdout is closed; give -o FILE\n");
			return EXIT_RUNTIME;
		}
		if (!fstat(STDOUT_FILENO, &there) && is_read(&there, o)) {
			pr_warn("stdout is what is read: give another file\n");
			return EXIT_RUNTIME;
		}
		out->fd = STDOUT_FILENO;
		out->f = stream(out, o);
		return out->f ? 0 : failure__say(FAIL_NO_MEMORY, NULL, 0);
	}
	out->path = o->output;
	if (!stat(out->path, &there) && is_read(&there, o)) {
		pr_warn("%s is what is read: give another -o\n", out->path);
		return EXIT_RUNTIME;
	}
	fd = invoker__enter(&rights);
	if (!fd) {
		fd = o->file_cnt ? open_new(out, o->force) : open_growing(out);
		if (fd == -EEXIST && o->force)
			fd = open_over(out);
		invoker__leave(&rights);
	}
	out->fd = fd;
	if (fd >= 0)
		out->f = stream(out, o);
	if (out->f)
		return 0;
	say_cannot_open(out, fd < 0 ? fd : -errno);
	closep(&fd);
	return EXIT_RUNTIME;
}

/* One that was not there is not to replace what has come there meanwhile, where the file system can tell. */
static int take_name(const struct output *out)
{
	int err = renameat2(AT_FDCWD, out->beside, AT_FDCWD, out->path,
			    out->is_new ? RENAME_NOREPLACE : 0);

	if (err && errno == EINVAL)
		err = rename(out->beside, out->path);
	return err ? -errno : 0;
}

static int give_name(const struct output *out, const char *name)
{
	char fd_path[32];

	snprintf(fd_path, sizeof(fd_path), "/proc/self/fd/%d", out->fd);
	return linkat(AT_FDCWD, fd_path, AT_FDCWD, name, AT_SYMLINK_FOLLOW) ? -errno : 0;
}

/* The new file, whole now, takes its name. */
static int put_in_place(struct output *out)
{
	struct invoker_rights rights = { 0 };
	int err = invoker__enter(&rights);

	if (err)
		return err;
	if (out->is_new && out->nameless && !give_name(out, out->path)) {
		out->nameless = false;
		out->beside[0] = '\0';
		invoker__leave(&rights);
		return 0;
	}
	err = out->nameless ? give_name(out, out->beside) : 0;
	if (!err) {
		out->nameless = false;
		err = take_name(out);
		if (err) /* e.g. somebody else's in /tmp: the data must not be lost for that */
			pr_warn("what was written is in %s\n", out->beside);
		out->beside[0] = '\0';
	}
	invoker__leave(&rights);
	return err;
}

int output__show(struct output *out)
{
	int err = out->beside[0] ? put_in_place(out) : 0;

	if (err)
		pr_warn("cannot replace %s: %s\n", out->path, errstr(err));
	return err;
}

int output__make(struct output *out, const char *path)
{
	struct invoker_rights rights = { 0 };
	int err = invoker__enter(&rights);

	if (err)
		return err;
	out->path = path;
	out->fd = open(path, MAKE, 0600);
	err = out->fd < 0 ? -errno : 0;
	invoker__leave(&rights);
	out->made = !err;
	out->f = err ? NULL : counting(out);
	if (!err && !out->f) {
		closep(&out->fd);
		err = -ENOMEM;
	}
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

/* Was a file made in which nothing is? */
static bool is_empty_one(const struct output *out)
{
	struct stat st;

	return out->made && !fstat(out->fd, &st) && !st.st_size;
}

int output__close(struct output *out, int err)
{
	const char *name = out->path ? out->path : "the output";
	bool useless;

	if (!out->f)
		return 0;
	if (fflush(out->f) && !err)
		err = -errno;
	if (!err && (out->write_err || ferror(out->f))) /* the stream may have forgotten it */
		err = out->write_err ? out->write_err : -EIO;
	if (out->beside[0] && !err)
		err = put_in_place(out);
	useless = out->beside[0] || (err && is_empty_one(out));
	if (out->f != stdout && fclose(out->f) && !err)
		err = -errno;
	out->f = NULL;
	out->failed |= err != 0;
	if (useless)
		take_away(out);
	err = out->write_err ? out->write_err : err;
	if (err == -EPIPE)
		return 0;
	if (err == -ECANCELED) /* by who wrote it, who has said why */
		return err;
	if (err == -EINTR)
		pr_warn("%s is not whole: nobody reads it\n", name);
	else if (err)
		pr_warn("cannot write %s: %s\n", name, errstr(err));
	return err;
}

static const char *nobody(const struct opts *o)
{
	static const char *const did[] = {
		[WEIGHT_WAIT] = "waited for the GIL",
		[WEIGHT_HOLD] = "held the GIL",
		[WEIGHT_BLAME] = "made others wait for the GIL",
		[WEIGHT_CHAIN] = "waited for the GIL",
	};

	return did[o->view.weight];
}

void output__say(const struct output *out, const struct opts *o, uint64_t span_ns)
{
	const char *where = out->path ? out->path : "stdout", *lines = opts__format(o)->lines;
	char span[UNITS_SZ];

	units__duration(span_ns, span);
	if (out->failed)
		return; /* that is told, or the pipe was closed */
	if (!out->byte_cnt)
		pr_info("no thread%s %s in %s: %s is empty\n", o->view.tid_cnt ? " of -t" : "",
			nobody(o), span, where);
	else if (lines)
		pr_info("wrote %" PRIu64 " %s%s of %s to %s (%" PRIu64 " bytes)\n", out->line_cnt,
			lines, out->line_cnt == 1 ? "" : "s", span, where, out->byte_cnt);
	else
		pr_info("wrote %" PRIu64 " bytes of %s to %s\n", out->byte_cnt, span, where);
}
