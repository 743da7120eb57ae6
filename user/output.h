/* SPDX-License-Identifier: BSD-2-Clause */
/* output.h - where the data goes: stdout, or a file made safely */
#ifndef GILTOP_OUTPUT_H
#define GILTOP_OUTPUT_H

#include <stdio.h>

struct opts;

/* Zero-initialise. */
struct output {
	FILE *f;
	const char *path; /* NULL: stdout */
};

/* Open what -o says: never over an existing file without --force, no symlinks, mode 0600, owned by the
 * user behind sudo. 0 or an exit code that has been explained.
 */
int output__open(struct output *out, const struct opts *o);
/* Flush and close: 0 or -errno (a closed pipe is no error). err: of an earlier write, or 0. */
int output__close(struct output *out, int err);

#endif
