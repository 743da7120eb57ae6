/* SPDX-License-Identifier: BSD-2-Clause */
#include "user/app/run_file.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "user/app/recording_words.h"
#include "user/base/log.h"
#include "user/base/sbuf.h"
#include "user/base/units.h"
#include "user/base/util.h"
#include "user/codec/summary.h"
#include "user/model/model.h"
#include "user/picture/snapshot.h"
#include "user/source/recording.h"
#include "user/source/source.h"
#include "user/target/failure.h"

static int cannot_read(const char *path, const char *why)
{
	pr_warn("cannot read %s: %s\n", path, why);
	return EXIT_RUNTIME;
}

static int no_memory(void)
{
	return failure__say(FAIL_NO_MEMORY, NULL, 0);
}

/* Up to its end, from mark to mark, as report does it. */
static int play(struct run_file *f)
{
	struct record mark = { .kind = REC_MARK, .mark = { .first = true } };
	int err;

	while (!(err = f->src->ops->refresh(f->src))) {
		sinks__send(&f->sinks, &mark);
		mark.mark.first = false;
	}
	model__leave_out_pairs(f->model,
			       false); /* what giltop left out of its pictures is in the sums */
	return err == -ENODATA ? 0 : err;
}

/* fd is the recording's. */
static int open_recording(struct run_file *f, const char *path, int fd)
{
	__cleanup(sbuf__free) struct sbuf why = { 0 };
	struct recording *r = recording__open(fd, path, &f->sinks, &why);
	int err;

	if (!r) {
		pr_warn("%s\n", sbuf__str(&why));
		return EXIT_RUNTIME;
	}
	f->src = recording__source(r);
	f->model = model__new();
	if (!f->model || sinks__add(&f->sinks, model__sink(f->model)))
		return no_memory();
	err = play(f);
	if (err)
		return err == -ENOMEM ? no_memory() : cannot_read(path, errstr(err));
	recording_words__say_cut(r, path);
	f->snap = model__snapshot(f->model, MODEL_TOTAL);
	return f->snap ? 0 : no_memory();
}

static int open_summary(struct run_file *f, const char *path, FILE *in)
{
	__cleanup(sbuf__free) struct sbuf why = { 0 };
	int err = summary__read(in, &f->snap, &why);

	if (err == -ENOMEM)
		return no_memory();
	return err ? cannot_read(path, why.len ? sbuf__str(&why) : errstr(err)) : 0;
}

/* Was any thread known for any time? */
static bool is_empty(const struct snapshot *s)
{
	for (size_t i = 0; i < s->proc_cnt; i++)
		for (size_t k = 0; k < s->procs[i].thread_cnt; k++)
			if (s->procs[i].threads[k].span_ns)
				return false;
	return true;
}

int run_file__open(struct run_file *f, const char *path)
{
	__cleanup(fclosep) FILE *in = NULL;
	int code, c,
		fd = strcmp(path, "-") ? open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY)
				       : fcntl(STDIN_FILENO, F_DUPFD_CLOEXEC, 0);

	if (fd < 0)
		return cannot_read(path, errstr(errno));
	in = fdopen(fd, "r");
	if (!in) {
		closep(&fd);
		return no_memory();
	}
	c = getc(in);
	ungetc(c, in);
	if (c != 'g') { /* as recordings begin */
		code = open_summary(f, path, in);
	} else if (lseek(fd, 0, SEEK_SET)) {
		return cannot_read(path, "a recording that comes through a pipe: give its file");
	} else {
		code = open_recording(f, path, fcntl(fd, F_DUPFD_CLOEXEC, 0));
	}
	if (!code && is_empty(f->snap)) {
		pr_warn("cannot compare %s: no thread was measured in it\n", path);
		code = EXIT_RUNTIME;
	}
	return code;
}

void run_file__close(struct run_file *f)
{
	snapshot__free(f->snap);
	model__free(f->model);
	if (f->src)
		f->src->ops->free(f->src);
	*f = (struct run_file){ 0 };
}
