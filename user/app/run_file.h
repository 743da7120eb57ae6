/* SPDX-License-Identifier: BSD-2-Clause */
/* run_file.h - a run that somebody has kept: a recording, or what --json has written; as one snapshot */
#ifndef GILTOP_APP_RUN_FILE_H
#define GILTOP_APP_RUN_FILE_H

#include "user/books/sink.h"

struct model;
struct snapshot;
struct source;

/* Zero-initialise; run_file__close. */
struct run_file {
	struct snapshot *snap; /* of all of it */
	struct sinks sinks;
	struct source *src; /* of a recording: its frames are the snapshot's */
	struct model *model;
};

/* 0 or an exit code that has been explained. */
int run_file__open(struct run_file *f, const char *path);
void run_file__close(struct run_file *f);

#endif
