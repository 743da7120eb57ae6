/* SPDX-License-Identifier: BSD-2-Clause */
/* opts_stage.h - a line of words as a command line, and what it says; after cmocka.h */
#ifndef GILTOP_OPTS_STAGE_H
#define GILTOP_OPTS_STAGE_H

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "user/app/opts.h"

#define MAX_ARGS 32

/* What the last parse() wrote, to stdout and to stderr. */
static char said[16384];

/* Parse a line of words. */
static inline int parse(const char *line, struct opts *o)
{
	static char copy[512], *argv[MAX_ARGS + 1];
	char *save = NULL;
	FILE *f = tmpfile();
	int argc = 1, err, out = dup(1), keep = dup(2);

	argv[0] = (char *)"giltop";
	memset(&argv[1], 0, sizeof(argv) - sizeof(argv[0]));
	snprintf(copy, sizeof(copy), "%s", line);
	for (char *w = strtok_r(copy, " ", &save); w && argc < MAX_ARGS;
	     w = strtok_r(NULL, " ", &save))
		argv[argc++] = w;
	memset(o, 0, sizeof(*o));
	fflush(stdout);
	dup2(fileno(f), 1);
	dup2(fileno(f), 2);
	err = opts__parse(argc, argv, o);
	fflush(stdout);
	dup2(out, 1);
	dup2(keep, 2);
	close(out);
	close(keep);
	rewind(f);
	said[fread(said, 1, sizeof(said) - 1, f)] = '\0';
	fclose(f);
	return err;
}

static inline void refused(const char *line)
{
	struct opts o;

	if (parse(line, &o) != -EINVAL)
		fail_msg("was not refused: giltop %s", line);
}

#endif
