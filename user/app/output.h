/* SPDX-License-Identifier: BSD-2-Clause */
/* output.h - where the data goes: stdout, or a file made safely
 *
 * A file that is there already keeps its content until all of the new one is written: that is made in
 * the same directory, where the file system can without a name, and takes the old one's name at the end. So is what is made
 * of files, for that can be made again; of what is measured something is left in any case.
 */
#ifndef GILTOP_APP_OUTPUT_H
#define GILTOP_APP_OUTPUT_H

#include <limits.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

struct opts;

/* Zero-initialise. */
struct output {
	FILE *f;
	const char *path; /* NULL: stdout */
	bool made;	  /* path was not there before */
	bool is_new;	  /* nothing was there, and it is made beside */
	bool nameless;	  /* beside has not been given to the new file yet */
	int fd;		  /* below f */
	int write_err; /* of f, if it is no regular file: what the first failure was; nothing is written after it */
	/* Of record: what went through, and that not all of it did. */
	uint64_t byte_cnt, line_cnt;
	bool failed;
	char beside
		[PATH_MAX]; /* name of the new file that is to become path; "": path is written itself */
};

/* Open what -o says: never over an existing file without --force, no symlinks; with the rights of the user
 * behind sudo, and what is made is that user's, mode 0600. 0 or an exit code that has been explained.
 */
int output__open(struct output *out, const struct opts *o);
/* A new file, the same way: 0 or -errno (-EEXIST: there is one). */
int output__make(struct output *out, const char *path);
/* What replaces a file does so now, not at the end: 0 or -errno. */
int output__show(struct output *out);
/* Flush, close, and let the new file take the old one's place unless something went wrong: 0 or -errno (a closed
 * pipe is no error; -EINTR: nobody read it, and the end was asked for). err: of an earlier write, or 0; -ECANCELED: why has
 * been said.
 */
int output__close(struct output *out, int err);
/* Say what record has written in span_ns, or that nothing was there to write. After the close. */
void output__say(const struct output *out, const struct opts *o, uint64_t span_ns);
/* Instead of the close: take away the file that was made for nothing. */
void output__discard(struct output *out);

#endif
