/* SPDX-License-Identifier: BSD-2-Clause */
/* output.h - where the data goes: stdout, or a file made safely */
#ifndef GILTOP_APP_OUTPUT_H
#define GILTOP_APP_OUTPUT_H

#include <stdbool.h>
#include <stdio.h>

struct opts;

/* Zero-initialise. */
struct output {
	FILE *f;
	const char *path; /* NULL: stdout */
	bool made;	  /* the file was not there before */
};

/* Open what -o says: never over an existing file without --force, no symlinks, mode 0600, owned by the
 * user behind sudo. 0 or an exit code that has been explained.
 */
int output__open(struct output *out, const struct opts *o);
/* Flush and close: 0 or -errno (a closed pipe is no error). err: of an earlier write, or 0. */
int output__close(struct output *out, int err);
/* After the close: take away the file that was made for nothing. */
void output__discard(const struct output *out);

#endif
