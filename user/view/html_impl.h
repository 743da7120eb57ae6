/* SPDX-License-Identifier: BSD-2-Clause */
/* html_impl.h - the insides of the page, shared by the html_*.c files */
#ifndef GILTOP_VIEW_HTML_IMPL_H
#define GILTOP_VIEW_HTML_IMPL_H

#include <stddef.h>
#include <stdint.h>

#include "user/view/state_bins.h"
#include "user/view/strings.h"
#include "user/view/view.h"

struct states;

/* Over the run: more intervals than that become one of two. */
#define MOMENTS_MAX 1024
/* Things that the user wanted to be told of; further ones are counted. */
#define TOLD_MAX 200
/* Of a name or a frame. */
#define TEXT_COLUMNS 300
/* Rows of all tables of threads: one is a kilobyte. */
#define THREAD_ROWS_MAX 1500
/* Processes with all their tables; further ones are a row each. */
#define PROCS_MAX 8

struct moment {
	uint64_t start_ns, end_ns;
	double held;	/* share of the busiest GIL, 0..1; < 0: not known */
	double waiting; /* threads that waited, on average */
};

struct html {
	struct view view;
	struct states *states;
	struct state_bins bins;
	uint64_t mono_ns, real_ns; /* both clocks at one moment */
	char *host, *kernel, *version;
	size_t moment_cnt;
	struct moment moments[MOMENTS_MAX];
	size_t thread_rows; /* so far */
	size_t told_cnt, untold_cnt;
	char *told[TOLD_MAX]; /* lines of text */
};

/* html_text.c: text of the target, which is only ever text: escaped, cut at TEXT_COLUMNS. */
void html__text(FILE *out, const char *s);
/* The same as a string of JSON within a script element. */
void html__json(FILE *out, const char *s);
/* html_page.c: what is there without scripts, too. 0 or -errno. */
int html__put_facts(struct html *h, const struct snapshot *total, const char *why);
/* html_proc.c: a process's tables. */
int html__put_proc(struct html *h, const struct snapshot *total, const struct snap_proc *p);
/* html_hist.c: how long its waits and holds were. */
void html__put_hists(const struct html *h, const struct snap_proc *p);
/* html_data.c: what the scripts draw, as JSON. */
int html__put_data(struct html *h, const struct snapshot *total);

#endif
